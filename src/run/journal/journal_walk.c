#include "config.h"

#include "run/journal/journal_walk.h"

#include <string.h>

#include "base/json.h"
#include "run/journal/cursor.h"

enum { FORMAT_VERSION = 1 };

void
journal_walk_init(struct journal_walk *walk, const char *bytes, size_t len_bytes)
{
	*walk = (struct journal_walk){ .bytes = bytes, .len = len_bytes, .digest = digest_new() };
	memset(walk->head, '0', DIGEST_HEX_MAX - 1);
}

void
journal_walk_release(struct journal_walk *walk)
{
	digest_free(walk->digest);
	walk->digest = NULL;
}

/* A number as JSON spells it; -1 for anything else. */
static int64_t
take_number(struct cursor *cursor)
{
	const char *start = cursor->at;
	int64_t number = 0;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
	       cursor->at - start < 16)
		number = number * 10 + (*cursor->at++ - '0');
	bool is_number = cursor->at > start && (*start != '0' || cursor->at - start == 1);
	return is_number ? number : -1;
}

/* "2026-11-21T14:07:32.118Z": digits where the pattern has a 0. */
static bool
take_stamp(struct cursor *cursor)
{
	static const char pattern[] = "0000-00-00T00:00:00.000Z";

	if ((size_t)(cursor->end - cursor->at) < sizeof(pattern) - 1)
		return false;
	for (const char *p = pattern; *p; p++, cursor->at++)
		if (*p == '0' ? *cursor->at < '0' || *cursor->at > '9' : *cursor->at != *p)
			return false;
	return true;
}

/* A word up to the quotation mark behind it, which stays. */
static bool
take_word(struct cursor *cursor, char *out, size_t cap)
{
	return cursor_take_word(cursor, '"', out, cap) && !strchr(out, '\\');
}

/* The members in front of `data`. */
static int
scan_head(struct journal_walk *walk, struct cursor *cursor, struct err *e)
{
	char run_id[RUN_ID_MAX], type[32];

	if (!cursor_take(cursor, "{\"v\":1,\"seq\":"))
		return err_set(e, ERR_SPEC, "it does not begin as a record does");
	int64_t seq = take_number(cursor);
	if (seq < 0 || !cursor_take(cursor, ",\"ts\":\"") || !take_stamp(cursor))
		return err_set(e, ERR_SPEC, "its number or its time is not of the format");
	if (!cursor_take(cursor, "\",\"run\":\"") || !take_word(cursor, run_id, sizeof(run_id)) ||
	    !cursor_take(cursor, "\",\"type\":\"") || !take_word(cursor, type, sizeof(type)) ||
	    !cursor_take(cursor, "\",\"data\":{"))
		return err_set(e, ERR_SPEC, "its run, type or data is not of the format");
	if (seq != walk->records)
		return err_set(e, ERR_SPEC, "its number is %lld", (long long)seq);
	if (walk->records > 0 && strcmp(run_id, walk->run_id) != 0)
		return err_set(e, ERR_SPEC, "it belongs to another run");
	walk->type = record_type_from_name(type);
	if (walk->type == RECORD_TYPE_COUNT)
		return err_set(e, ERR_SPEC, "its type is unknown");
	if (walk->records == 0)
		memcpy(walk->run_id, run_id, sizeof(run_id));
	return 0;
}

/* The member behind `data`. */
static int
scan_tail(const struct journal_walk *walk, const struct cursor *cursor, struct err *e)
{
	static const char name[] = "},\"prev\":\"";
	enum { HEX = DIGEST_HEX_MAX - 1, TAIL = sizeof(name) - 1 + HEX + 2 };
	const char *tail = cursor->end - TAIL;

	if (cursor->end - cursor->at < TAIL || memcmp(tail, name, sizeof(name) - 1) != 0 ||
	    memcmp(cursor->end - 2, "\"}", 2) != 0)
		return err_set(e, ERR_SPEC, "it does not end as a record does");
	if (memcmp(tail + sizeof(name) - 1, walk->head, HEX) != 0)
		return err_set(e, ERR_SPEC,
			       walk->records ? "its prev is not the hash of the record before it"
					     : "it is the first, and its prev is not zeros");
	return 0;
}

/*
 * Records are written in ASCII without control characters; in a page that never came to the disk are zeros. Eight
 * bytes at a time: the highest bit of one is set in x from 0x80, in x + 1 from 0x7f, and in x - 0x20 below 0x20.
 */
static bool
is_printable(const char *line, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t wrong = 0, eight;

	for (; len >= sizeof(eight); line += sizeof(eight), len -= sizeof(eight)) {
		memcpy(&eight, line, sizeof(eight));
		wrong |= eight | (eight + ones) | (eight - ones * 0x20);
	}
	eight = ones * ' ';
	memcpy(&eight, line, len);
	wrong |= eight | (eight + ones) | (eight - ones * 0x20);
	return (wrong & ones * 0x80) == 0;
}

static int
scan_line(struct journal_walk *walk, struct err *e)
{
	struct cursor cursor = { walk->line, walk->line + walk->line_len };

	if (!is_printable(walk->line, walk->line_len))
		return err_set(e, ERR_SPEC, "it holds bytes that are not of the format");
	return scan_head(walk, &cursor, e) < 0 ? -1 : scan_tail(walk, &cursor, e);
}

static bool
is_json(const char *line, size_t len)
{
	struct err ignored = ERR_INIT;
	cJSON *value = is_printable(line, len) ? json_parse(line, len, &ignored) : NULL;

	cJSON_Delete(value);
	return value != NULL;
}

/* What is known from the very first bytes: that this lifeboat cannot know what is torn and what damaged. */
static bool
is_foreign(const struct journal_walk *walk, struct err *e)
{
	struct cursor cursor = { walk->bytes + walk->at, walk->bytes + walk->len };

	if (!cursor_take(&cursor, "{\"v\":")) {
		size_t left = (size_t)(cursor.end - cursor.at);

		if (walk->records > 0 || memcmp(cursor.at, "{\"v\":", left < 5 ? left : 5) == 0)
			return false;
		err_set(e, ERR_SPEC,
			"journal.jsonl is of another program: its first line is no record of a "
			"run. See whether it is the right folder");
		return true;
	}
	int64_t version = take_number(&cursor);
	if (version < 0 || version == FORMAT_VERSION || !cursor_take(&cursor, ","))
		return false;
	err_set(e, ERR_SPEC,
		"record %lld of journal.jsonl is of version %lld of the format, and this lifeboat "
		"knows version %d. Use the lifeboat that wrote it, or a later one",
		(long long)walk->records, (long long)version, FORMAT_VERSION);
	return true;
}

static enum walk_found
unfinished(struct journal_walk *walk, bool is_sealed, struct err *e)
{
	if (!is_sealed)
		return WALK_TORN;
	err_set(e, ERR_SPEC, "record %lld of journal.jsonl: it has no end",
		(long long)walk->records);
	return WALK_DAMAGED;
}

enum walk_found
journal_walk_next(struct journal_walk *walk, bool is_sealed, struct err *e)
{
	const char *line = walk->bytes + walk->at;
	size_t left = walk->len - walk->at;
	const char *end = left ? memchr(line, '\n', left) : NULL;

	if (left == 0)
		return WALK_END;
	if (is_foreign(walk, e))
		return WALK_DAMAGED;
	if (!end)
		return unfinished(walk, is_sealed, e);
	walk->line = line;
	walk->line_len = (size_t)(end - line);
	if (!is_sealed && !is_json(line, walk->line_len))
		return WALK_TORN;
	if (scan_line(walk, e) < 0) {
		err_wrap(e, "record %lld of journal.jsonl", (long long)walk->records);
		return WALK_DAMAGED;
	}
	digest_update(walk->digest, line, walk->line_len + 1);
	digest_take(walk->digest, walk->head);
	walk->at += walk->line_len + 1;
	walk->records++;
	return WALK_RECORD;
}
