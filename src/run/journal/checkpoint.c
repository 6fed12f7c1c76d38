#include "config.h"

#include "run/journal/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const char *
state_name(bool is_final)
{
	return is_final ? "final" : "open";
}

void
checkpoint_format(const struct checkpoint *checkpoint, struct str *out)
{
	char stamp[CLOCK_STAMP_MAX];

	str_printf(out,
		   CHECKPOINT_FORMAT "\norigin lifeboat/%s\nrecords %lld\nbytes %lld\nsha256 %s\n"
				     "head %s\nprevious %s\ntime %s\nstate %s\n",
		   checkpoint->run_id, (long long)checkpoint->records, (long long)checkpoint->bytes,
		   checkpoint->sha256, checkpoint->head, checkpoint->previous,
		   clock_format_utc(checkpoint->time_ms, stamp), state_name(checkpoint->is_final));
}

/* What is still to be read. */
struct cursor {
	const char *at, *end;
};

/* Takes one line that begins with `word` and copies what follows it, which must be less than `cap` bytes. */
static int
take(struct cursor *cursor, const char *word, char *out, size_t cap)
{
	size_t len = strlen(word);
	const char *end = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));

	if (!end || (size_t)(end - cursor->at) < len || memcmp(cursor->at, word, len) != 0)
		return -1;
	size_t rest = (size_t)(end - cursor->at) - len;
	if (rest == 0 || rest >= cap)
		return -1;
	memcpy(out, cursor->at + len, rest);
	out[rest] = '\0';
	cursor->at = end + 1;
	return 0;
}

static int
take_hash(struct cursor *cursor, const char *word, char out[DIGEST_HEX_MAX])
{
	if (take(cursor, word, out, DIGEST_HEX_MAX) < 0)
		return -1;
	return strspn(out, "0123456789abcdef") == DIGEST_HEX_MAX - 1 ? 0 : -1;
}

/* At least 1: an empty journal is never sealed. */
static int
take_count(struct cursor *cursor, const char *word, int64_t *ret_count)
{
	char text[24];

	if (take(cursor, word, text, sizeof(text)) < 0)
		return -1;
	errno = 0;
	*ret_count = strtoll(text, NULL, 10);
	return errno == 0 && *ret_count > 0 ? 0 : -1;
}

static int
take_time(struct cursor *cursor, int64_t *ret_time_ms)
{
	char text[CLOCK_STAMP_MAX];

	return take(cursor, "time ", text, sizeof(text)) < 0 ? -1
							     : clock_parse_utc(text, ret_time_ms);
}

static int
take_state(struct cursor *cursor, bool *ret_is_final)
{
	char text[8];

	if (take(cursor, "state ", text, sizeof(text)) < 0)
		return -1;
	*ret_is_final = str_equal(text, state_name(true));
	return 0;
}

/* Reads more spellings than there are; the caller compares. Returns what could not be read, or NULL. */
static const char *
read_lines(struct cursor *cursor, struct checkpoint *checkpoint)
{
	if (take(cursor, "origin lifeboat/", checkpoint->run_id, sizeof(checkpoint->run_id)) < 0)
		return "origin";
	if (take_count(cursor, "records ", &checkpoint->records) < 0)
		return "records";
	if (take_count(cursor, "bytes ", &checkpoint->bytes) < 0)
		return "bytes";
	if (take_hash(cursor, "sha256 ", checkpoint->sha256) < 0)
		return "sha256";
	if (take_hash(cursor, "head ", checkpoint->head) < 0)
		return "head";
	if (take_hash(cursor, "previous ", checkpoint->previous) < 0)
		return "previous";
	if (take_time(cursor, &checkpoint->time_ms) < 0)
		return "time";
	if (take_state(cursor, &checkpoint->is_final) < 0)
		return "state";
	return NULL;
}

int
checkpoint_parse(const char *text, size_t len_bytes, struct checkpoint *ret_checkpoint,
		 struct err *e)
{
	struct checkpoint checkpoint = { .records = 0 };
	struct cursor cursor = { text, text + len_bytes };
	struct str again = STR_INIT;
	const size_t first = sizeof(CHECKPOINT_FORMAT); /* with its LF */

	if (len_bytes < first || memcmp(text, CHECKPOINT_FORMAT "\n", first) != 0)
		return err_set(e, ERR_SPEC, "its first line is not " CHECKPOINT_FORMAT);
	cursor.at += first;
	const char *wrong = read_lines(&cursor, &checkpoint);
	if (wrong)
		return err_set(e, ERR_SPEC, "its line \"%s\" is missing or not of the format",
			       wrong);
	checkpoint_format(&checkpoint, &again);
	bool same = again.len == len_bytes && memcmp(again.data, text, len_bytes) == 0;
	str_release(&again);
	if (!same)
		return err_set(e, ERR_SPEC, "it is not in the spelling of the format");
	*ret_checkpoint = checkpoint;
	return 0;
}
