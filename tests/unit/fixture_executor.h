#ifndef LIFEBOAT_TESTS_FIXTURE_EXECUTOR_H
#define LIFEBOAT_TESTS_FIXTURE_EXECUTOR_H

/*
 * What the engine gives to an executor, for tests of one: arguments with their defaults filled in, a
 * target, and callbacks that keep what was said and answer what the test has prepared.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/executor.h"
#include "run/job/preview.h"
#include "runbook/runbook.h"
#include "runbook/template.h"
#include "step/steps.h"

#define STAND_RUNBOOK "/nonexistent/runbook.yaml"

struct stand {
	struct step_context ctx; /* first: callbacks get it */
	struct run_target target;
	cJSON *spec; /* NULL: no target */
	struct action action;
	cJSON *with;
	cJSON *seen; /* of the last preview */
	struct cancel *cancel;
	struct str output, progress; /* what was said; a line for each progress */
	cJSON *answer;		     /* to the next question */
	struct str asked;	     /* the questions, and their items, as lines */
	const char *checks; /* of wait.until: a character a look, 't' 'f' 'e'(rror) 'd'(enied) */
	void (*on_progress)(struct stand *s);
	cJSON *evidence;      /* what run() remembered; goes to a probe, too */
	bool refuses_to_keep; /* remember() fails, as when the journal cannot be written */
	void (*on_remembered)(struct stand *s);
	struct err e;
	cJSON *result;
};

static inline void
stand_output(struct step_context *ctx, const char *bytes, size_t len_bytes)
{
	str_append_bytes(&((struct stand *)ctx)->output, bytes, len_bytes);
}

static inline void __attribute__((format(printf, 2, 3)))
stand_progress(struct step_context *ctx, const char *format, ...)
{
	struct stand *s = (struct stand *)ctx;
	va_list ap;

	va_start(ap, format);
	str_vprintf(&s->progress, format, ap);
	va_end(ap);
	str_append_char(&s->progress, '\n');
	if (s->on_progress)
		s->on_progress(s);
}

static inline int
stand_ask(struct step_context *ctx, const struct prompt *prompt, cJSON **ret_answer, struct err *e)
{
	struct stand *s = (struct stand *)ctx;

	str_printf(&s->asked, "%d %s%s\n", (int)prompt->kind, prompt->question,
		   prompt->secret ? " (secret)" : "");
	for (size_t i = 0; i < prompt->items_count; i++)
		str_printf(&s->asked, "%s: %s%s\n", prompt->items[i].id, prompt->items[i].text,
			   prompt->items[i].wants_value ? " = ?" : "");
	if (!s->answer)
		return err_set(e, ERR_CANCELLED, "nobody answers");
	*ret_answer = s->answer;
	s->answer = NULL;
	return 0;
}

static inline int
stand_check(struct step_context *ctx, const cJSON *check, bool *ret_held, char **ret_why,
	    struct err *e)
{
	struct stand *s = (struct stand *)ctx;
	char next = *s->checks;

	(void)check;
	if (next)
		s->checks++;
	if (next == 'e')
		return err_set(e, ERR_NET, "no connection");
	if (next == 'd')
		return err_set(e, ERR_DENIED, "not allowed");
	*ret_held = next == 't';
	*ret_why = xstrdup(next == 't' ? "fine" : "2 of 3 ready");
	return 0;
}

static inline int
stand_remember(struct step_context *ctx, cJSON *evidence, struct err *e)
{
	struct stand *s = (struct stand *)ctx;

	if (s->refuses_to_keep) {
		cJSON_Delete(evidence);
		return err_set(e, ERR_IO, "the journal cannot be written");
	}
	while (evidence->child) {
		cJSON *member = cJSON_DetachItemViaPointer(evidence, evidence->child);

		cJSON_DeleteItemFromObjectCaseSensitive(s->evidence, member->string);
		cJSON_AddItemToObject(s->evidence, member->string, member);
	}
	cJSON_Delete(evidence);
	if (s->on_remembered)
		s->on_remembered(s);
	return 0;
}

static inline void
stand_init(struct stand *s)
{
	*s = (struct stand){ .cancel = cancel_new(),
			     .checks = "",
			     .evidence = cJSON_CreateObject() };
	s->ctx = (struct step_context){
		.run_id = "run",
		.step_id = "step",
		.title = "A step",
		.attempt = 1,
		.idempotency_key = "run/step/1",
		.runbook_path = STAND_RUNBOOK,
		.cancel = s->cancel,
		.deadline_ms = INT64_MAX,
		.secrets = secrets_new(),
		.output = stand_output,
		.progress = stand_progress,
		.ask = stand_ask,
		.check = stand_check,
		.remember = stand_remember,
		.run_folder = "/nonexistent/run",
		.intent_seq = 7,
	};
}

static inline void
stand_close_target(struct stand *s)
{
	if (s->spec)
		s->target.driver->close(s->target.connection);
	cJSON_Delete(s->spec);
	s->spec = NULL;
}

static inline void
stand_release(struct stand *s)
{
	stand_close_target(s);
	cJSON_Delete(s->with);
	cJSON_Delete(s->seen);
	cJSON_Delete(s->evidence);
	cJSON_Delete(s->answer);
	cJSON_Delete(s->result);
	cancel_free(s->cancel);
	secrets_free(s->ctx.secrets);
	str_release(&s->output);
	str_release(&s->progress);
	str_release(&s->asked);
}

/* Fills in the defaults of a table, as the engine does; `json` is an object and is freed. */
static inline cJSON *
stand_resolve(const struct field *fields, char *json)
{
	struct err e = ERR_INIT;
	cJSON *given = json_parse(json, strlen(json), &e), *resolved = NULL;

	if (!given ||
	    template_resolve(fields, given, STAND_RUNBOOK, NULL, NULL, &resolved, &e) < 0) {
		fprintf(stderr, "%s: %s\n", json, e.message);
		abort();
	}
	cJSON_Delete(given);
	free(json);
	return resolved;
}

/* `format` makes the JSON of the target's fields. */
static inline void __attribute__((format(printf, 3, 4)))
stand_target(struct stand *s, const struct target_driver *driver, const char *format, ...)
{
	va_list ap;

	stand_close_target(s);
	va_start(ap, format);
	s->spec = stand_resolve(runbook_target_fields(driver->kind), xvasprintf(format, ap));
	va_end(ap);
	s->target = (struct run_target){ .name = "target", .driver = driver, .spec = s->spec };
	if (driver->open(s->spec, s->ctx.secrets, &s->target.connection, &s->e) < 0)
		abort();
}

/* `format` makes the JSON of the action's arguments. What was said before is forgotten. */
static inline void __attribute__((format(printf, 3, 4)))
stand_action(struct stand *s, const struct executor *executor, const char *format, ...)
{
	va_list ap;

	cJSON_Delete(s->with);
	va_start(ap, format);
	s->with = stand_resolve(executor->type.fields, xvasprintf(format, ap));
	va_end(ap);
	cJSON_Delete(s->seen);
	s->seen = NULL;
	cJSON_Delete(s->evidence);
	s->evidence = cJSON_CreateObject();
	s->action = (struct action){
		.executor = executor,
		.target = s->spec ? &s->target : NULL,
		.with = s->with,
	};
	str_clear(&s->output);
	str_clear(&s->progress);
	str_clear(&s->asked);
}

static inline int
stand_run(struct stand *s)
{
	cJSON_Delete(s->result);
	s->result = NULL;
	s->e = (struct err)ERR_INIT;
	return s->action.executor->run(&s->ctx, &s->action, &s->result, &s->e);
}

/*
 * The preview as text, each line after its mark; NULL on an error. The caller frees. A run after it is
 * held to what it saw, as the engine does it.
 */
static inline char *
stand_look_ahead(struct stand *s, const cJSON *before, enum step_effect *ret_effect)
{
	struct preview *preview = preview_new();
	struct str text = STR_INIT;
	cJSON *lines, *line;
	int rc;

	s->e = (struct err)ERR_INIT;
	rc = before ? s->action.executor->undo_preview(&s->ctx, &s->action, before, preview, &s->e)
		    : s->action.executor->preview(&s->ctx, &s->action, preview, &s->e);
	lines = preview_take_lines(preview);
	cJSON_ArrayForEach(line, lines)
		str_printf(&text, "%s %s\n", json_string(line, "0", "?"),
			   json_string(line, "1", "?"));
	if (ret_effect)
		*ret_effect = preview_effect(preview);
	cJSON_Delete(s->seen);
	s->seen = preview_take_seen(preview);
	s->action.seen = s->seen;
	cJSON_Delete(lines);
	preview_free(preview);
	if (rc == 0)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

static inline char *
stand_preview(struct stand *s, enum step_effect *ret_effect)
{
	return stand_look_ahead(s, NULL, ret_effect);
}

/* The same of taking the action back to `before`. */
static inline char *
stand_undo_preview(struct stand *s, const cJSON *before)
{
	return stand_look_ahead(s, before, NULL);
}

/*
 * What a probe finds of the last action, given what its preview saw and its run remembered, as the journal
 * hands that back: a line for each piece of evidence; NULL on an error. The caller frees.
 */
static inline char *
stand_look_back(struct stand *s, const cJSON *before, enum probe_verdict *ret_verdict)
{
	struct probe *probe = probe_new();
	struct str text = STR_INIT;
	cJSON *lines, *line;
	int rc;

	s->e = (struct err)ERR_INIT;
	s->action.evidence = s->evidence;
	*ret_verdict = PROBE_UNSURE;
	rc = before ? s->action.executor->undo_probe(&s->ctx, &s->action, before, probe,
						     ret_verdict, &s->e)
		    : s->action.executor->probe(&s->ctx, &s->action, probe, ret_verdict, &s->e);
	lines = probe_take_lines(probe);
	cJSON_ArrayForEach(line, lines)
		str_printf(&text, "%s\n", line->valuestring);
	cJSON_Delete(lines);
	probe_free(probe);
	if (rc == 0)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

static inline char *
stand_probe(struct stand *s, enum probe_verdict *ret_verdict)
{
	return stand_look_back(s, NULL, ret_verdict);
}

/* The same of taking the action back to `before`. */
static inline char *
stand_undo_probe(struct stand *s, const cJSON *before, enum probe_verdict *ret_verdict)
{
	return stand_look_back(s, before, ret_verdict);
}

/* For a test's last line of defence: says what the error was. */
#define assert_ran(s)                                                                              \
	do {                                                                                       \
		if (stand_run(s) < 0)                                                              \
			fail_msg("%s", (s)->e.message);                                            \
	} while (0)

#define assert_fails(s, wanted_kind, text)                                                         \
	do {                                                                                       \
		assert_int_equal(stand_run(s), -1);                                                \
		assert_says((s)->e.message, text);                                                 \
		assert_int_equal((s)->e.kind, wanted_kind);                                        \
	} while (0)

#define assert_says(text, wanted)                                                                  \
	do {                                                                                       \
		if (!(text) || !strstr(text, wanted))                                              \
			fail_msg("\"%s\" lacks \"%s\"", (text) ? (text) : "(null)", wanted);       \
	} while (0)

#endif
