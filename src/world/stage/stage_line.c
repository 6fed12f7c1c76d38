#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "runbook/template.h"
#include "world/stage/stage_internal.h"

enum { STAMP_MAX = 128 };

/* Lines of logs: their stamps, what ${…} in them sees, and where they go. */

/* By strftime in UTC; %f is the microseconds. */
static void
append_stamp(struct str *out, const char *format, const struct timespec *now)
{
	struct str with = STR_INIT;
	char text[STAMP_MAX];
	struct tm tm;

	for (const char *at = format; *at; at++) {
		if (at[0] == '%' && at[1] == 'f') {
			str_printf(&with, "%06ld", now->tv_nsec / 1000);
			at++;
		} else {
			str_append_char(&with, *at);
			if (at[0] == '%' && at[1])
				str_append_char(&with, *++at);
		}
	}
	gmtime_r(&now->tv_sec, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the world file's own */
	size_t len = strftime(text, sizeof(text), str_cstr(&with), &tm);
#pragma GCC diagnostic pop
	str_append_bytes(out, text, len);
	str_release(&with);
}

/* What ${.pod} and ${.line} are, for as long as one line is made. */
static void
show_line(const struct pen *pen, cJSON *scope)
{
	const struct stage *stage = pen->stage;
	const struct log_state *state = pen->state;
	const cJSON *object = pen->pod->object;
	cJSON *pod = cJSON_AddObjectToObject(scope, "pod");
	cJSON *line = cJSON_AddObjectToObject(scope, "line");
	uint64_t which = (uint64_t)state->lines + (uint64_t)state->instance * 1000003;
	char hex[9];

	json_add_string(pod, "name", pen->pod->name);
	json_add_string(pod, "namespace", pen->pod->ns);
	json_add_string(pod, "cluster", stage->options.clusters[pen->cluster]->name);
	json_add_string(pod, "node", json_string(object, "spec/nodeName", ""));
	json_add_string(pod, "ip", json_string(object, "status/podIP", ""));
	json_add_int(pod, "instance", state->instance);
	snprintf(hex, sizeof(hex), "%08x",
		 (unsigned)(stage_chance(stage, pen->pod->name, which) * 4294967296.0));
	json_add_int(line, "number", state->lines);
	json_add_string(line, "hex", hex);
	json_add_int(
		line, "ms",
		(int64_t)((double)(clock_mono_ms() - state->started_ms) * stage->options.speed));
}

/* The text of a line; NULL: it cannot be made, which is told. */
static char *
expand_line(const struct pen *pen, const char *line)
{
	cJSON *scope = pen->stage->scope, *value = NULL, *details;
	struct err e = ERR_INIT;
	char *text = NULL;

	if (!strchr(line, '$'))
		return xstrdup(line);
	show_line(pen, scope);
	if (template_expand(line, pen->stage->options.expressions, scope, &value, &e) == 0) {
		text = json_text(value);
	} else {
		details = cJSON_CreateObject();
		json_add_string(details, "failed", e.message);
		stage_told(pen->stage, "line", pen->pod->name, details);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(scope, "pod");
	cJSON_DeleteItemFromObjectCaseSensitive(scope, "line");
	cJSON_Delete(value);
	return text;
}

void
pen_write_one(const struct pen *pen, const char *line)
{
	struct podlogs *logs = pen->stage->options.clusters[pen->cluster]->logs;
	const char *container = pen->container ? pen->container : first_container(pen->pod);
	struct timespec now;
	char *text, *rest;

	pen->state->lines++;
	text = expand_line(pen, line);
	clock_gettime(CLOCK_REALTIME, &now);
	/* A value may have several lines: each is one. */
	for (char *at = text; at; at = rest) {
		struct str out = STR_INIT;

		rest = strchr(at, '\n');
		if (rest)
			*rest++ = '\0';
		if (pen->stamp)
			append_stamp(&out, pen->stamp, &now);
		str_append(&out, at);
		podlogs_write(logs, pen->pod->uid, container,
			      (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, str_cstr(&out));
		str_release(&out);
	}
	free(text);
}

void
pen_write(const struct pen *pen, const cJSON *lines)
{
	const cJSON *line;

	cJSON_ArrayForEach(line, lines)
		if (cJSON_IsString(line))
			pen_write_one(pen, line->valuestring);
}

struct log_state
log_state_of(const struct stored *pod)
{
	const char *started =
		json_string(pod->object, "status/containerStatuses/0/state/running/startedAt", "");
	int64_t wall_ms, now_ms = clock_wall_ms();

	if (clock_parse_utc(started, &wall_ms) < 0)
		wall_ms = now_ms;
	return (struct log_state){
		.instance =
			(int)json_int(pod->object, "status/containerStatuses/0/restartCount", 0) +
			1,
		.started_ms = clock_mono_ms() - (now_ms - wall_ms),
	};
}
