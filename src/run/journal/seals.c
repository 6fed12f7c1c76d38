#include "config.h"

#include "run/journal/seals.h"

#include <stdbool.h>
#include <string.h>

#include "run/journal/cursor.h"

enum {
	STAMP_LEN = 24,	    /* "2026-11-21T14:07:32.118Z" */
	SIGNATURE_LEN = 92, /* id and signature, 68 bytes, in base64 */
};

void
seals_init(struct seals *seals, const char *bytes, size_t len_bytes)
{
	*seals = (struct seals){ .bytes = bytes, .len = len_bytes, .digest = digest_new() };
	memset(seals->seal.hash, '0', DIGEST_HEX_MAX - 1);
}

void
seals_release(struct seals *seals)
{
	digest_free(seals->digest);
	seals->digest = NULL;
}

/* What stands in a shape for bytes that are not always the same. */
struct span {
	char code;
	const char *of; /* which bytes; NULL: all but control characters and the space */
	size_t least, most;
};

static const struct span spans[] = {
	{ '\1', NULL, 1, NOTE_NAME_MAX - 1 },
	{ '\2', "0123456789", 1, 19 },
	{ '\3', "0123456789abcdef", 64, 64 },
	{ '\4', "0123456789-:.TZ", STAMP_LEN, STAMP_LEN },
	{ '\5', "abcdefghijklmnopqrstuvwxyz", 4, 5 },
	{ '\6', "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", SIGNATURE_LEN,
	  SIGNATURE_LEN },
};

/* A whole checkpoint with its signature and its empty line. */
static const char shape[] = CHECKPOINT_FORMAT "\norigin lifeboat/\1\nrecords \2\nbytes \2\n"
					      "sha256 \3\nhead \3\nprevious \3\ntime \4\n"
					      "state \5\n\n\xe2\x80\x94 \1 \6\n\n";

static const struct span *
span_of(char code)
{
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		if (spans[i].code == code)
			return &spans[i];
	return NULL;
}

/* How many of the next bytes belong to the span. */
static size_t
span_length(const struct span *span, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && n < span->most &&
	       (span->of ? text[n] && strchr(span->of, text[n]) : (unsigned char)text[n] > 0x20))
		n++;
	return n;
}

/* Whether a checkpoint could have begun like this, and was not written to its end. */
static bool
is_beginning(const char *text, size_t len)
{
	for (const char *p = shape; *p; p++) {
		const struct span *span = span_of(*p);

		if (len == 0)
			return true;
		size_t n = span ? span_length(span, text, len) : (size_t)(*text == *p);
		if (n < (span ? span->least : 1) && n < len)
			return false;
		text += n;
		len -= n;
	}
	return false;
}

static bool
take_number(struct cursor *cursor, int64_t *ret_number)
{
	const char *start = cursor->at;
	int64_t number = 0;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
	       cursor->at - start < 18)
		number = number * 10 + (*cursor->at++ - '0');
	*ret_number = number;
	return number > 0 && *start != '0';
}

/* The members are compared by the caller with what they must be: they need no look of their own. */
static bool
take_hash(struct cursor *cursor, const char *name, char out[DIGEST_HEX_MAX])
{
	if (!cursor_take(cursor, name) || cursor->end - cursor->at < DIGEST_HEX_MAX)
		return false;
	memcpy(out, cursor->at, DIGEST_HEX_MAX - 1);
	out[DIGEST_HEX_MAX - 1] = '\0';
	cursor->at += DIGEST_HEX_MAX - 1;
	return true;
}

static bool
skip(struct cursor *cursor, size_t len)
{
	if ((size_t)(cursor->end - cursor->at) < len)
		return false;
	cursor->at += len;
	return true;
}

/* As checkpoint_parse() and note_parse(), but many times as fast: it is read once for each durable record. */
static bool
scan(struct cursor *cursor, struct seal *seal)
{
	struct checkpoint *checkpoint = &seal->checkpoint;

	if (!cursor_take(cursor, CHECKPOINT_FORMAT "\norigin lifeboat/") ||
	    !cursor_take_word(cursor, '\n', checkpoint->run_id, sizeof(checkpoint->run_id)) ||
	    !cursor_take(cursor, "\nrecords ") || !take_number(cursor, &checkpoint->records) ||
	    !cursor_take(cursor, "\nbytes ") || !take_number(cursor, &checkpoint->bytes) ||
	    !take_hash(cursor, "\nsha256 ", checkpoint->sha256) ||
	    !take_hash(cursor, "\nhead ", checkpoint->head) ||
	    !take_hash(cursor, "\nprevious ", checkpoint->previous) ||
	    !cursor_take(cursor, "\ntime ") || !skip(cursor, STAMP_LEN))
		return false;
	checkpoint->is_final = cursor_take(cursor, "\nstate final\n");
	if (!checkpoint->is_final && !cursor_take(cursor, "\nstate open\n"))
		return false;
	return cursor_take(cursor, "\n\xe2\x80\x94 ") &&
	       cursor_take_word(cursor, ' ', seal->name, sizeof(seal->name)) &&
	       cursor_take(cursor, " ") && skip(cursor, SIGNATURE_LEN) &&
	       cursor_take(cursor, "\n\n");
}

static int
follows(const struct seals *seals, const struct checkpoint *next, struct err *e)
{
	const struct seal *last = &seals->seal;

	if (strcmp(next->previous, last->hash) != 0)
		return err_set(e, ERR_SPEC,
			       last->number ? "its `previous` is not the hash of the one before it"
					    : "it is the first, and its `previous` is not zeros");
	if (last->number > 0 &&
	    (next->records <= last->checkpoint.records || next->bytes <= last->checkpoint.bytes))
		return err_set(e, ERR_SPEC, "it is not over more than the one before it");
	return 0;
}

/* What it is that scan() did not like. */
static void
explain(const char *text, size_t len, struct err *e)
{
	struct checkpoint checkpoint;
	struct note note;

	if (note_parse(text, len, &note, e) == 0 &&
	    checkpoint_parse(note.text, note.text_len, &checkpoint, e) == 0)
		err_set(e, ERR_SPEC, "no empty line follows it");
}

enum seals_found
seals_next(struct seals *seals, struct err *e)
{
	const char *text = seals->bytes + seals->at;
	struct cursor cursor = { text, seals->bytes + seals->len };
	struct seal seal = { .number = seals->seal.number + 1, .text = text };
	size_t left = seals->len - seals->at;

	if (left == 0)
		return SEALS_END;
	bool is_whole = scan(&cursor, &seal);
	if (!is_whole && is_beginning(text, left))
		return SEALS_TORN;
	if (!is_whole)
		explain(text, left, e);
	if (!is_whole || follows(seals, &seal.checkpoint, e) < 0) {
		err_wrap(e, "checkpoint %lld", (long long)seal.number);
		return SEALS_DAMAGED;
	}
	seal.len = (size_t)(cursor.at - text);
	digest_update(seals->digest, text, seal.len);
	digest_take(seals->digest, seal.hash);
	seals->at += seal.len;
	seals->seal = seal;
	return SEALS_CHECKPOINT;
}

bool
seal_holds(const struct seal *seal, const struct note_key *key)
{
	struct checkpoint checkpoint;
	struct err ignored = ERR_INIT;
	struct note note;

	return note_parse(seal->text, seal->len, &note, &ignored) == 0 &&
	       note.len + 1 == seal->len && note_holds(&note, key) &&
	       checkpoint_parse(note.text, note.text_len, &checkpoint, &ignored) == 0;
}
