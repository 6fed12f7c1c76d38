#include "config.h"

#include "run/journal/tail_journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/xalloc.h"

enum { PIECE_BYTES = 64 << 10 };

static const char zeros[DIGEST_HEX_MAX] =
	"0000000000000000000000000000000000000000000000000000000000000000";

int
tail_journal_open(struct tail_journal *journal, const char *folder, struct err *e)
{
	char *path = xasprintf("%s/journal.jsonl", folder);

	*journal = (struct tail_journal){ 0 };
	growing_init(&journal->file, path);
	run_state_init(&journal->state);
	free(path);
	return growing_open(&journal->file, e);
}

void
tail_journal_release(struct tail_journal *journal)
{
	growing_release(&journal->file);
	str_release(&journal->pending);
	run_state_release(&journal->state);
	free(journal->operator_name);
	free(journal->holder);
}

bool
tail_journal_is_held(const struct tail_journal *journal)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(journal->file.fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int
damaged(const struct tail_journal *journal, struct err *e)
{
	return err_wrap(e, "the journal %s is damaged at record %lld", journal->file.path,
			(long long)journal->state.seq + 1);
}

/* Forgets what is no record yet, to read it once more. */
static void
go_back(struct tail_journal *journal)
{
	str_clear(&journal->pending);
	journal->file.at = journal->good;
}

/* Whether the last record that was read still stands in its place; the chain vouches for those before it. */
static bool
still_there(struct tail_journal *journal)
{
	struct growing again = journal->file;
	struct str line = STR_INIT;
	struct err ignored = ERR_INIT;
	char hash[DIGEST_HEX_MAX];

	if (journal->good == 0)
		return true;
	again.at = journal->good - (off_t)journal->last_len;
	while (line.len < journal->last_len &&
	       growing_read(&again, journal->last_len - line.len, &line, &ignored) > 0)
		;
	bool same = line.len == journal->last_len &&
		    strcmp(digest_sha256(line.data, line.len, hash), journal->state.head) == 0;
	str_release(&line);
	return same;
}

/* A repair cuts a torn end off; a restored copy is another file. Both may be gone on with, if they hold what we saw. */
static int
heed_changes(struct tail_journal *journal, struct err *e)
{
	bool cut = growing_size(&journal->file) < journal->file.at;

	if (growing_is_replaced(&journal->file)) {
		close(journal->file.fd);
		journal->file.fd = -1;
		if (growing_open(&journal->file, e) < 0)
			return -1;
		cut = true;
	}
	if (!cut)
		return 0;
	go_back(journal);
	if (!still_there(journal))
		return err_set(e, ERR_SPEC,
			       "the journal %s was cut or replaced: record %lld, which was there, "
			       "is there no more",
			       journal->file.path, (long long)journal->state.seq);
	return 0;
}

static void
note_holder(struct tail_journal *journal, const struct record *record)
{
	if (record->type != RECORD_RUN && record->type != RECORD_RESUMED)
		return;
	free(journal->operator_name);
	free(journal->holder);
	journal->operator_name = xstrdup(json_string(record->data, "operator", "?"));
	journal->holder = xasprintf("pid %lld on %s", (long long)json_int(record->data, "pid", 0),
				    json_string(record->data, "host", "?"));
}

static int
take_line(struct tail_journal *journal, const char *line, size_t len_bytes,
	  struct record **ret_record, struct err *e)
{
	const char *head = journal->state.seq < 0 ? zeros : journal->state.head;
	struct record *record = NULL;
	int rc = -1;

	if (record_parse(line, len_bytes, &record, e) < 0)
		return -1;
	if (memcmp(record->prev, head, sizeof(record->prev)) != 0)
		err_set(e, ERR_SPEC, "its prev is not the hash of the record before it");
	else
		rc = run_state_apply(&journal->state, record, e);
	if (rc < 0) {
		record_free(record);
		return -1;
	}
	note_holder(journal, record);
	journal->last_len = len_bytes + 1;
	journal->good += (off_t)journal->last_len;
	*ret_record = record;
	return 0;
}

/* Takes all whole lines that are records; *ret_end: where the rest begins. */
static int
take_lines(struct tail_journal *journal, void (*each)(void *data, struct record *record),
	   void *data, struct err *e)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && at < journal->pending.len) {
		const char *line = journal->pending.data + at;
		const char *end = memchr(line, '\n', journal->pending.len - at);
		struct record *record = NULL;

		if (!end)
			break;
		rc = take_line(journal, line, (size_t)(end - line), &record, e);
		if (rc < 0)
			break;
		at += journal->last_len;
		each(data, record);
		record_free(record);
	}
	str_consume(&journal->pending, at);
	return rc;
}

/* All that is there now. */
static int
read_on(struct tail_journal *journal, void (*each)(void *data, struct record *record), void *data,
	struct err *e)
{
	for (;;) {
		ssize_t got = growing_read(&journal->file, PIECE_BYTES, &journal->pending, e);

		if (got < 0)
			return -1;
		if (take_lines(journal, each, data, e) < 0)
			return -1;
		if (got == 0)
			return 0;
	}
}

/* A last line that is no JSON is half of one: what the disk kept of a write. */
static bool
is_torn_end(const struct tail_journal *journal)
{
	const struct str *pending = &journal->pending;
	const char *end = pending->len ? memchr(pending->data, '\n', pending->len) : NULL;
	struct err ignored = ERR_INIT;
	cJSON *value;

	if (!end || end != pending->data + pending->len - 1 ||
	    growing_size(&journal->file) != journal->file.at)
		return false;
	value = json_parse(pending->data, pending->len - 1, &ignored);
	cJSON_Delete(value);
	return !value;
}

int
tail_journal_look(struct tail_journal *journal, void (*each)(void *data, struct record *record),
		  void *data, struct err *e)
{
	struct err first = ERR_INIT;

	if (heed_changes(journal, e) < 0)
		return -1;
	if (read_on(journal, each, data, &first) == 0 || is_torn_end(journal))
		return 0;
	if (first.kind == ERR_IO) {
		*e = first;
		return -1;
	}
	/* a torn end that was cut off and written over since we read its beginning looks like damage, once */
	go_back(journal);
	if (read_on(journal, each, data, e) == 0 || is_torn_end(journal))
		return 0;
	return damaged(journal, e);
}
