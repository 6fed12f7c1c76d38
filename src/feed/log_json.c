#include "config.h"

#include "feed/log_json.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "feed/log_level.h"

enum field_role { ROLE_OTHER, ROLE_TIME, ROLE_LEVEL, ROLE_MESSAGE, ROLE_COUNT };

/* What the loggers call their fields; without regard to case, but for the single letters of zap. */
static const struct {
	const char *name;
	enum field_role role;
} names[] = {
	{ "ts", ROLE_TIME },	     { "time", ROLE_TIME },	 { "timestamp", ROLE_TIME },
	{ "@timestamp", ROLE_TIME }, { "datetime", ROLE_TIME },	 { "start_time", ROLE_TIME },
	{ "eventTime", ROLE_TIME },  { "level", ROLE_LEVEL },	 { "lvl", ROLE_LEVEL },
	{ "severity", ROLE_LEVEL },  { "loglevel", ROLE_LEVEL }, { "log.level", ROLE_LEVEL },
	{ "levelname", ROLE_LEVEL }, { "msg", ROLE_MESSAGE },	 { "message", ROLE_MESSAGE },
};

/* A member of the object, and how it stands in the line. */
struct member {
	const cJSON *item;
	const char *raw;
	size_t raw_len;
};

static enum field_role
role_of(const char *name)
{
	if (name[0] && !name[1])
		return *name == 'T'   ? ROLE_TIME
		       : *name == 'L' ? ROLE_LEVEL
		       : *name == 'M' ? ROLE_MESSAGE
				      : ROLE_OTHER;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].role;
	return ROLE_OTHER;
}

/* The end of a string that begins at `at`; the text is known to be JSON. */
static const char *
skip_string(const char *at)
{
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

static const char *
skip_value(const char *at)
{
	int depth = 0;

	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
		at++;
	} while (depth > 0 || (*at && !strchr(",}] \t", *at)));
	return at;
}

/* Calls each() for the members of an object, whose text begins behind its brace. */
static void
walk(const cJSON *object, const char *at, void (*each)(void *data, const struct member *m),
     void *data)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		struct member m = { .item = item };

		at = skip_string(strchr(at, '"'));
		m.raw = strchr(at, ':') + 1;
		m.raw += strspn(m.raw, " \t");
		at = skip_value(m.raw);
		m.raw_len = (size_t)(at - m.raw);
		each(data, &m);
	}
}

/* What is known of a line before it is put together. */
struct line {
	struct str *out;
	struct member main[ROLE_COUNT]; /* the first of each role */
	enum log_level level;
};

static void
note_role(void *data, const struct member *m)
{
	struct line *line = data;
	enum field_role role = role_of(m->item->string);

	if (role != ROLE_OTHER && !line->main[role].item)
		line->main[role] = *m;
}

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* A text for reading; one with control characters (a stack trace's line ends) stays escaped. */
static void
append_text(struct str *out, const struct member *m)
{
	const char *text = m->item->valuestring;

	if (!cJSON_IsString(m->item))
		str_append_bytes(out, m->raw, m->raw_len);
	else if (has_control(text))
		str_append_bytes(out, m->raw + 1, m->raw_len - 2);
	else
		text_sanitise(text, strlen(text), 0, out);
}

static bool
is_plain_word(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isgraph((unsigned char)*at) || strchr("\"=\\", *at))
			return false;
	return *text != '\0';
}

static void
append_member(void *data, const struct member *m)
{
	struct line *line = data;
	const char *name = m->item->string;

	for (size_t role = 0; role < ROLE_COUNT; role++)
		if (line->main[role].item == m->item)
			return;
	str_append(line->out, line->out->len ? "  " : "");
	text_sanitise(name, strlen(name), 0, line->out);
	str_append_char(line->out, '=');
	if (cJSON_IsString(m->item) && is_plain_word(m->item->valuestring))
		str_append(line->out, m->item->valuestring);
	else
		str_append_bytes(line->out, m->raw, m->raw_len);
}

/* bunyan and pino write levels as numbers. */
static const char *
name_of_number(double number, enum log_level *ret_level)
{
	static const struct {
		int least;
		const char *name;
		enum log_level level;
	} levels[] = {
		{ 60, "FATAL", LOG_LEVEL_ERROR }, { 50, "ERROR", LOG_LEVEL_ERROR },
		{ 40, "WARN", LOG_LEVEL_WARN },	  { 30, "INFO", LOG_LEVEL_INFO },
		{ 20, "DEBUG", LOG_LEVEL_DEBUG }, { 10, "TRACE", LOG_LEVEL_DEBUG },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (number >= levels[i].least && number < 100) {
			*ret_level = levels[i].level;
			return levels[i].name;
		}
	return NULL;
}

static void
append_level(struct line *line)
{
	const struct member *m = &line->main[ROLE_LEVEL];
	size_t start = line->out->len;
	const char *name = NULL;

	if (cJSON_IsNumber(m->item))
		name = name_of_number(m->item->valuedouble, &line->level);
	if (name) {
		str_append(line->out, name);
		return;
	}
	append_text(line->out, m);
	line->level = log_level_named(line->out->data + start, line->out->len - start);
	for (size_t i = start; i < line->out->len; i++)
		line->out->data[i] = (char)toupper((unsigned char)line->out->data[i]);
}

bool
log_json_readable(const char *text, size_t len_bytes, struct str *out, enum log_level *ret_level)
{
	struct str whole = STR_INIT, readable = STR_INIT;
	struct line line = { .out = &readable };
	cJSON *object;
	bool is_log;

	if (!len_bytes || text[strspn(text, " ")] != '{')
		return false;
	object = json_parse(text, len_bytes, NULL);
	if (!cJSON_IsObject(object)) {
		cJSON_Delete(object);
		return false;
	}
	str_append_bytes(&whole, text, len_bytes);
	walk(object, strchr(str_cstr(&whole), '{') + 1, note_role, &line);
	is_log = line.main[ROLE_MESSAGE].item || line.main[ROLE_LEVEL].item ||
		 line.main[ROLE_TIME].item;
	if (is_log) {
		if (line.main[ROLE_LEVEL].item)
			append_level(&line);
		if (line.main[ROLE_MESSAGE].item) {
			str_append(&readable, readable.len ? " " : "");
			append_text(&readable, &line.main[ROLE_MESSAGE]);
		}
		walk(object, strchr(str_cstr(&whole), '{') + 1, append_member, &line);
		str_append_bytes(out, str_cstr(&readable), readable.len);
		str_append(out, "");
		*ret_level = line.level;
	}
	cJSON_Delete(object);
	str_release(&whole);
	str_release(&readable);
	return is_log;
}
