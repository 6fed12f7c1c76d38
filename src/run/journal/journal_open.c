#include "config.h"

#include "run/journal/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "run/journal/chain.h"
#include "run/journal/epoch.h"
#include "run/journal/journal_internal.h"

enum { PIECE_BYTES = 64 << 10 };

/* Says whether a journal that is sound as far as it goes can be gone on with. */
static int
may_go_on(const struct chain *chain, const char *folder, struct err *e)
{
	if (chain->damage.kind != ERR_NONE) {
		*e = chain->damage;
		err_wrap(e, "the run in %s cannot be resumed", folder);
		return err_advise(e, "Nothing was changed: look at it with lifeboat verify");
	}
	if (chain->keys_count == 0)
		return err_set(e, ERR_SPEC,
			       "the run in %s cannot be resumed: its journal has no key, so that "
			       "nothing seals it. It was written by an older lifeboat: go on with "
			       "that one, or begin a new run",
			       folder);
	if (chain->unsealed > CHAIN_UNSEALED_MAX)
		return err_set(
			e, ERR_SPEC,
			"the run in %s cannot be resumed: no checkpoint covers records "
			"%lld to %lld, and no crash leaves so many. The file checkpoints was "
			"cut off or replaced, and these records may have been changed: look "
			"for a copy of both. Nothing was changed",
			folder, (long long)chain->sealed, (long long)chain->records - 1);
	return 0;
}

/* Hands over the bytes of a file between two offsets, in pieces. */
static int
read_range(const struct journal_file *file, int64_t from, int64_t to,
	   void (*take)(void *data, const char *bytes, size_t len), void *data, struct err *e)
{
	char piece[PIECE_BYTES];

	while (from < to) {
		size_t wanted = to - from < PIECE_BYTES ? (size_t)(to - from) : PIECE_BYTES;
		ssize_t got = pread(file->fd, piece, wanted, (off_t)from);

		if (got < 0)
			return err_errno(e, ERR_IO, "reading %s", file->path);
		if (got == 0)
			return err_set(e, ERR_IO, "reading %s: it ends at byte %lld", file->path,
				       (long long)from);
		take(data, piece, (size_t)got);
		from += got;
	}
	return 0;
}

static void
into_str(void *data, const char *bytes, size_t len)
{
	str_append_bytes(data, bytes, len);
}

static void
into_digest(void *data, const char *bytes, size_t len)
{
	digest_update(data, bytes, len);
}

/* The file that was put aside at this place, if there is one. */
static int
read_aside(const char *path, struct str *text, struct err *e)
{
	return file_exists(path) ? file_read(path, JOURNAL_MAX_BYTES, text, e) : 0;
}

/*
 * Keeps torn bytes in a file of their own: behind those that an earlier attempt, which got no further, has kept there
 * for the same place, unless these end with the very same.
 */
static int
keep(const char *path, const struct str *torn, struct err *e)
{
	struct str kept = STR_INIT;
	int rc = read_aside(path, &kept, e);

	if (rc == 0 && (kept.len < torn->len ||
			memcmp(kept.data + kept.len - torn->len, torn->data, torn->len) != 0)) {
		str_append_bytes(&kept, torn->data, torn->len);
		rc = file_write_atomic(path, kept.data, kept.len, 0600, e);
	}
	str_release(&kept);
	return rc;
}

/* What stands aside for this place, which no record tells of yet: it would have moved the place. */
static int
tell_aside(struct journal *journal, const char *path, size_t offset, struct err *e)
{
	struct str kept = STR_INIT;
	char sha256[DIGEST_HEX_MAX];
	int rc = read_aside(path, &kept, e);

	if (rc == 0 && kept.len > 0) {
		cJSON *told = cJSON_CreateObject();

		json_add_string(told, "file", strrchr(path, '/') + 1);
		json_add_int(told, "offset", (int64_t)offset);
		json_add_int(told, "bytes", (int64_t)kept.len);
		json_add_string(told, "sha256", digest_sha256(kept.data, kept.len, sha256));
		cJSON_AddItemToArray(journal->recovered, told);
	}
	str_release(&kept);
	return rc;
}

/* Copies what is torn into a file of its own, which is on the disk before it is cut off here. */
static int
put_aside(const struct journal_file *file, const char *path, size_t sound_bytes, size_t torn_bytes,
	  struct err *e)
{
	struct str torn = STR_INIT;
	int rc = read_range(file, (int64_t)sound_bytes, (int64_t)(sound_bytes + torn_bytes),
			    into_str, &torn, e);

	if (rc == 0)
		rc = keep(path, &torn, e);
	if (rc == 0 && (ftruncate(file->fd, (off_t)sound_bytes) < 0 || fsync(file->fd) < 0))
		rc = err_errno(e, ERR_IO, "cutting the torn end off %s", file->path);
	str_release(&torn);
	return rc;
}

/* Brings a file to its sound bytes. */
static int
cut(struct journal *journal, struct journal_file *file, const char *folder, const char *stem,
    size_t sound_bytes, size_t torn_bytes, struct err *e)
{
	char *path = xasprintf("%s/%s-%zu", folder, stem, sound_bytes);
	int rc = torn_bytes ? put_aside(file, path, sound_bytes, torn_bytes, e) : 0;

	file->bytes = (int64_t)sound_bytes;
	if (rc == 0)
		rc = tell_aside(journal, path, sound_bytes, e);
	free(path);
	return rc;
}

static int
repair(struct journal *journal, const char *folder, const struct chain *chain, struct err *e)
{
	if (journal_file_open(&journal->checkpoints, folder, CHECKPOINTS_NAME, e) < 0 ||
	    cut(journal, &journal->records, folder, "torn", chain->bytes, chain->torn_bytes, e) <
		    0 ||
	    cut(journal, &journal->checkpoints, folder, "torn-checkpoints", chain->checkpoint_bytes,
		chain->torn_checkpoint_bytes, e) < 0)
		return err_wrap(e, "repairing the run in %s", folder);
	return 0;
}

/* Goes on where the chain ends, under a key of this process. */
static int
take_up(struct journal *journal, const struct chain *chain, const struct operator_key *operator_key,
	struct err *e)
{
	struct epoch *epoch = NULL;

	free(journal->run_id);
	journal->run_id = xstrdup(chain->run_id);
	journal->next_seq = chain->records;
	journal->has_ended = chain->has_ended;
	journal->is_over = chain->is_final;
	memcpy(journal->head, chain->head, sizeof(journal->head));
	memcpy(journal->previous, chain->last_checkpoint, sizeof(journal->previous));
	if (read_range(&journal->records, 0, (int64_t)chain->bytes, into_digest, journal->running,
		       e) < 0 ||
	    (!journal->is_over && journal_reserve(journal, e) < 0) ||
	    epoch_new(chain->run_id, (int64_t)chain->keys_count + 1, operator_key, &epoch, e) < 0)
		return -1;
	return sealer_new(epoch, &journal->sealer, e);
}

static int
lock(const struct journal *journal, const char *folder, struct err *e)
{
	char *holder = NULL;

	if (journal_file_lock(&journal->records, e) == 0)
		return 0;
	if (e->kind == ERR_LOCKED) {
		struct err ignored = ERR_INIT;

		journal_holder(folder, &holder, &ignored);
		err_set(e, ERR_LOCKED, "the run in %s is held by %s: use that one, or end it first",
			folder, holder ? holder : "another process");
		free(holder);
	}
	return -1;
}

int
journal_open(const char *folder, const struct operator_key *operator_key,
	     int (*each)(void *data, struct record *record, struct err *e), void *data,
	     struct journal **ret_journal, struct err *e)
{
	const struct chain_reader reader = { .record = each, .data = data };
	struct journal *journal = journal_alloc("");
	struct chain chain;
	int rc = -1;

	chain_init(&chain);
	if (journal_file_open(&journal->records, folder, JOURNAL_NAME, e) < 0 ||
	    lock(journal, folder, e) < 0 || chain_read(folder, &reader, &chain, e) < 0 ||
	    may_go_on(&chain, folder, e) < 0 || repair(journal, folder, &chain, e) < 0 ||
	    take_up(journal, &chain, operator_key, e) < 0)
		goto out;
	*ret_journal = journal;
	journal = NULL;
	rc = 0;
out:
	chain_release(&chain);
	journal_close(journal);
	return rc;
}
