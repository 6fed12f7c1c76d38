#include "config.h"

#include "run/journal/journal.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "run/journal/chain.h"
#include "run/journal/journal_internal.h"
#include "run/journal/journal_walk.h"
#include "run/journal/seals.h"

/* How many bytes the checkpoints claim to cover, as far as they can be read; none for a journal of old. */
static int
read_claim(const char *folder, int64_t *ret_bytes, struct err *e)
{
	char *path = xasprintf("%s/" CHECKPOINTS_NAME, folder);
	struct str text = STR_INIT;
	struct err why = ERR_INIT;
	struct seals seals;
	int rc = file_read(path, JOURNAL_MAX_BYTES, &text, &why);

	if (rc < 0 && why.kind == ERR_NOT_FOUND)
		rc = 0;
	else if (rc < 0)
		*e = why;
	seals_init(&seals, str_cstr(&text), text.len);
	while (seals_next(&seals, &why) == SEALS_CHECKPOINT)
		;
	*ret_bytes = seals.seal.checkpoint.bytes;
	seals_release(&seals);
	str_release(&text);
	free(path);
	return rc;
}

static int
hand_over(const struct journal_walk *walk,
	  int (*each)(void *data, struct record *record, struct err *e), void *data, struct err *e)
{
	struct record *record = NULL;
	int rc = record_parse(walk->line, walk->line_len, &record, e);

	if (rc == 0 && each)
		rc = each(data, record, e);
	record_free(record);
	return rc < 0 ? err_wrap(e, "record %lld of " JOURNAL_NAME, (long long)walk->records - 1)
		      : 0;
}

static int
read_records(struct journal_walk *walk, int64_t claim,
	     int (*each)(void *data, struct record *record, struct err *e), void *data,
	     struct err *e)
{
	enum walk_found found;

	while ((found = journal_walk_next(walk, (int64_t)walk->at < claim, e)) == WALK_RECORD)
		if (hand_over(walk, each, data, e) < 0)
			return -1;
	if (found == WALK_DAMAGED)
		return -1;
	if (walk->records == 0)
		return err_set(e, ERR_SPEC, JOURNAL_NAME " holds no record");
	return 0;
}

int
journal_read(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
	     void *data, struct err *e)
{
	char *path = xasprintf("%s/" JOURNAL_NAME, folder);
	struct str text = STR_INIT;
	struct journal_walk walk;
	int64_t claim = 0;
	int rc = -1;

	/* the claim first: what is written meanwhile is behind it */
	if (read_claim(folder, &claim, e) < 0 || file_read(path, JOURNAL_MAX_BYTES, &text, e) < 0)
		goto out;
	journal_walk_init(&walk, str_cstr(&text), text.len);
	rc = read_records(&walk, claim, each, data, e);
	journal_walk_release(&walk);
	if (rc < 0)
		err_wrap(e, "reading the run in %s", folder);
out:
	str_release(&text);
	free(path);
	return rc;
}

int
journal_holder(const char *folder, char **ret_holder, struct err *e)
{
	char *path = xasprintf("%s/" JOURNAL_NAME, folder);
	struct chain chain;
	bool is_locked = false;

	chain_init(&chain);
	int rc = journal_file_is_locked(path, &is_locked, e);
	if (rc == 0 && is_locked)
		rc = chain_read(folder, NULL, &chain, e);
	if (rc == 0)
		*ret_holder = is_locked && !chain.holder ? xstrdup("another process")
			      : is_locked		 ? xstrdup(chain.holder)
							 : NULL;
	chain_release(&chain);
	free(path);
	return rc;
}
