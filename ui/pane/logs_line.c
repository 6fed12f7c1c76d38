#include "config.h"

#include "ui/pane/logs_pane.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "feed/log_json.h"

enum {
	SHOWN_MAX = 8 << 10, /* bytes of a line: more would fill screens */
	MATCHES_MAX = 100,   /* that are marked in a line */
	ORIGIN_LEAST = 12,   /* columns */
	ORIGIN_MOST = 32,
	UNBOUNDED = 1 << 24, /* columns: nothing is wrapped */
	TIME_AT = 11,	     /* of the time of day in a stamp, and its length with milliseconds */
	TIME_LEN = 12,
};

static const enum role level_roles[] = {
	[LOG_LEVEL_NONE] = ROLE_TEXT,	 [LOG_LEVEL_DEBUG] = ROLE_DIM, [LOG_LEVEL_INFO] = ROLE_TEXT,
	[LOG_LEVEL_WARN] = ROLE_WARNING, [LOG_LEVEL_ERROR] = ROLE_BAD,
};

/* The end of a pod's name tells it from its brothers, so the beginning is what goes. */
static void
append_origin(const char *origin, int columns, struct str *out)
{
	int most = columns / 4 < ORIGIN_LEAST  ? ORIGIN_LEAST
		   : columns / 4 > ORIGIN_MOST ? ORIGIN_MOST
					       : columns / 4;
	int width = text_width(origin);

	if (width > most) {
		origin += text_fit(origin, width - most + 1);
		str_append(out, "…");
	}
	str_append(out, origin);
	str_append_char(out, ' ');
}

static void
append_stamp(const char *stamp, struct str *out)
{
	char text[CLOCK_STAMP_MAX];
	int64_t wall_ms;

	if (clock_parse_utc(stamp, &wall_ms) == 0)
		str_printf(out, "%.*s ", TIME_LEN, clock_format_utc(wall_ms, text) + TIME_AT);
}

/* Appends at most SHOWN_MAX bytes, whole characters, and says what is missing. */
static void
append_bounded(const char *text, size_t len, struct str *out)
{
	size_t shown = text_whole(text, len, SHOWN_MAX);

	str_append_bytes(out, text, shown);
	if (shown < len)
		str_printf(out, " … (%zu more bytes; S saves them)", len - shown);
}

static bool
found_in(const struct logs_pane *pane, const char *text, size_t len)
{
	size_t start, end;

	return pane->search && pattern_find(pane->search, text, len, 0, &start, &end);
}

/*
 * What is shown of a line, and how many of its first bytes name its level. A match that only the
 * original has is shown in the original.
 */
static enum log_level
append_text(const struct logs_pane *pane, const char *text, struct str *out, size_t *ret_level_len,
	    bool *ret_original)
{
	size_t len = strlen(text);
	struct str readable = STR_INIT;
	enum log_level level = LOG_LEVEL_NONE;

	if (!pane->raw && log_json_readable(text, len, &readable, &level) &&
	    (!found_in(pane, text, len) || found_in(pane, str_cstr(&readable), readable.len))) {
		append_bounded(str_cstr(&readable), readable.len, out);
		*ret_level_len = level == LOG_LEVEL_NONE ? 0 : strcspn(str_cstr(out), " ");
	} else {
		level = log_level_of(text, len);
		append_bounded(text, len, out);
		*ret_original = true;
		*ret_level_len = out->len;
	}
	str_release(&readable);
	return level;
}

static void
mark_matches(const struct logs_pane *pane, const struct str *text, enum role *roles)
{
	size_t start, end, at = 0;

	for (int i = 0; i < MATCHES_MAX && pane->search; i++) {
		if (!pattern_find(pane->search, str_cstr(text), text->len, at, &start, &end))
			break;
		lines_set_roles(roles, start, end, ROLE_MATCH);
		at = end;
	}
}

/* A level is of the whole line; the line's own colours stand over it, and what a search has found over all. */
static void
lay_out_text(const struct logs_pane *pane, const char *prefix, const struct log_line *line,
	     struct lines *lines)
{
	struct str text = STR_INIT;
	size_t level_len = 0, skip = 0;
	bool original = false;
	enum role level = level_roles[append_text(pane, line->text, &text, &level_len, &original)];
	enum role *roles = xcalloc(text.len + 1, sizeof(*roles));

	lines_set_roles(roles, 0, level_len, level);
	lines_set_roles(roles, level_len, text.len + 1, ROLE_TEXT);
	if (original)
		lines_set_colours(roles, text.len, line->looks, line->looks_count);
	mark_matches(pane, &text, roles);
	if (pane->cut)
		skip = text_fit(str_cstr(&text), pane->skipped_columns);
	lines_wrap_roles(lines, ROLE_ORIGIN, prefix, str_cstr(&text) + skip, roles + skip);
	free(roles);
	str_release(&text);
}

void
logs_lay_out(const struct logs_pane *pane, const struct log_line *line, struct lines *lines)
{
	struct str prefix = STR_INIT;

	lines_reset(lines, pane->cut ? UNBOUNDED : pane->columns);
	if (pane->stamps)
		append_stamp(line->stamp, &prefix);
	if (line->marker)
		str_append(&prefix, "-- ");
	if (pane->origins && *line->origin)
		append_origin(line->origin, pane->columns, &prefix);
	if (line->marker)
		lines_wrap(lines, ROLE_DIM, str_cstr(&prefix), ROLE_DIM, line->text);
	else
		lay_out_text(pane, str_cstr(&prefix), line, lines);
	str_release(&prefix);
}
