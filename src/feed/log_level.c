#include "config.h"

#include "feed/log_level.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LOOKED_AT = 160 }; /* bytes of a line: a level stands near its beginning */

static const struct {
	const char *word;
	enum log_level level;
} words[] = {
	{ "trace", LOG_LEVEL_DEBUG },	 { "debug", LOG_LEVEL_DEBUG },
	{ "dbg", LOG_LEVEL_DEBUG },	 { "info", LOG_LEVEL_INFO },
	{ "inf", LOG_LEVEL_INFO },	 { "notice", LOG_LEVEL_INFO },
	{ "warn", LOG_LEVEL_WARN },	 { "warning", LOG_LEVEL_WARN },
	{ "wrn", LOG_LEVEL_WARN },	 { "error", LOG_LEVEL_ERROR },
	{ "err", LOG_LEVEL_ERROR },	 { "fatal", LOG_LEVEL_ERROR },
	{ "critical", LOG_LEVEL_ERROR }, { "panic", LOG_LEVEL_ERROR },
	{ "dpanic", LOG_LEVEL_ERROR },	 { "severe", LOG_LEVEL_ERROR },
	{ "alert", LOG_LEVEL_ERROR },	 { "emergency", LOG_LEVEL_ERROR },
};

enum log_level
log_level_named(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && strncasecmp(word, words[i].word, len) == 0)
			return words[i].level;
	return LOG_LEVEL_NONE;
}

/* "E0412 14:07:32.118200 …". Source: klog, header format. */
static enum log_level
level_of_klog(const char *text, size_t len)
{
	static const char letters[] = "DIWEF";
	static const enum log_level levels[] = { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN,
						 LOG_LEVEL_ERROR, LOG_LEVEL_ERROR };
	const char *letter = len > 8 && text[0] ? strchr(letters, text[0]) : NULL;

	if (!letter || text[5] != ' ')
		return LOG_LEVEL_NONE;
	for (int i = 1; i < 5; i++)
		if (!isdigit((unsigned char)text[i]))
			return LOG_LEVEL_NONE;
	return isdigit((unsigned char)text[6]) ? levels[letter - letters] : LOG_LEVEL_NONE;
}

/* A word in a line. */
struct word {
	const char *text;
	size_t start, end, len; /* of the line */
	bool first;		/* of more than two letters */
};

static bool
ends_in(const struct word *w, const char *before)
{
	size_t len = strlen(before), at = w->start;

	while (at && strchr("\"' ", w->text[at - 1]))
		at--;
	return at >= len && strncasecmp(w->text + at - len, before, len) == 0;
}

static bool
is_upper(const struct word *w)
{
	for (size_t i = w->start; i < w->end; i++)
		if (!isupper((unsigned char)w->text[i]))
			return false;
	return true;
}

/* Whether a word that may be a level stands where levels do; "no errors, info follows" is none. */
static bool
stands_for_level(const struct word *w)
{
	char after = w->end < w->len ? w->text[w->end] : '\0';
	char before = w->start ? w->text[w->start - 1] : '\0';

	if (is_upper(w) && before != '_' && before != '-' && after != '_' && after != '-')
		return true;
	if (before == '[' && after == ']')
		return true;
	if (ends_in(w, "level=") || ends_in(w, "lvl=") || ends_in(w, "severity=") ||
	    ends_in(w, "level\":"))
		return true;
	/* "error: …", and "2026-11-21T10:00:00Z info …" as Istio writes it */
	return w->first && (after == ':' || (isdigit((unsigned char)w->text[0]) && after == ' '));
}

enum log_level
log_level_of(const char *text, size_t len_bytes)
{
	size_t len = len_bytes < LOOKED_AT ? len_bytes : LOOKED_AT, at = 0;
	enum log_level level = level_of_klog(text, len);
	bool first = true;

	while (level == LOG_LEVEL_NONE && at < len) {
		struct word w = {
			.text = text, .start = at, .end = at, .len = len, .first = first
		};

		while (w.end < len && isalpha((unsigned char)text[w.end]))
			w.end++;
		if (w.end - w.start > 2) {
			level = log_level_named(text + w.start, w.end - w.start);
			if (level != LOG_LEVEL_NONE && !stands_for_level(&w))
				level = LOG_LEVEL_NONE;
			first = false;
		}
		at = w.end + (w.end == at);
	}
	return level;
}
