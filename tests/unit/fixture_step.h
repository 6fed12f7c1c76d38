#ifndef LIFEBOAT_TESTS_FIXTURE_STEP_H
#define LIFEBOAT_TESTS_FIXTURE_STEP_H

/* What the engine gives to an executor of the kubernetes.* family, with everything it says kept. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/executor.h"
#include "run/job/preview.h"
#include "step/steps.h"

struct bench {
	struct step_context ctx; /* first: callbacks get it */
	struct run_target target;
	struct action action;
	cJSON *spec, *with;
	cJSON *seen;	 /* of the last preview */
	cJSON *evidence; /* what run() remembered; goes to a probe, too */
	int remembered;	 /* how often it did */
	struct str output, progress;
	struct str probed; /* the lines of the last probe */
	struct err e;
	cJSON *result;
};

static inline void
bench_output(struct step_context *ctx, const char *bytes, size_t len)
{
	str_append_bytes(&((struct bench *)ctx)->output, bytes, len);
}

static inline void __attribute__((format(printf, 2, 3)))
bench_progress(struct step_context *ctx, const char *format, ...)
{
	struct bench *b = (struct bench *)ctx;
	va_list ap;

	va_start(ap, format);
	str_vprintf(&b->progress, format, ap);
	va_end(ap);
	str_append_char(&b->progress, '\n');
}

/* Stands in for jq: the expression is the path of a member. */
static inline int
bench_evaluate(struct step_context *ctx, const char *expression, const cJSON *input,
	       cJSON **ret_value, struct err *e)
{
	const cJSON *value = json_at(input, expression);

	(void)ctx;
	(void)e;
	*ret_value = value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
	return 0;
}

static inline int
bench_remember(struct step_context *ctx, cJSON *evidence, struct err *e)
{
	struct bench *b = (struct bench *)ctx;

	(void)e;
	cJSON_Delete(b->evidence);
	b->evidence = evidence;
	b->remembered++;
	return 0;
}

static inline struct bench *
bench_new(const char *kubeconfig, const char *ns)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->spec = cJSON_CreateObject();
	json_add_string(b->spec, "kubeconfig", kubeconfig);
	json_add_string(b->spec, "namespace", ns);
	b->ctx = (struct step_context){
		.cancel = cancel_new(),
		.deadline_ms = INT64_MAX,
		.secrets = secrets_new(),
		.output = bench_output,
		.progress = bench_progress,
		.evaluate = bench_evaluate,
		.remember = bench_remember,
		.idempotency_key = "run/step/1",
		.intent_seq = 7,
	};
	b->target = (struct run_target){ .name = "management",
					 .driver = &target_kubernetes,
					 .spec = b->spec };
	if (target_kubernetes.open(b->spec, b->ctx.secrets, &b->target.connection, &b->e) < 0)
		abort();
	return b;
}

/* Forgets what was said and sets the action; `with` is JSON. */
static inline void
bench_set(struct bench *b, const struct executor *executor, const char *with)
{
	cJSON_Delete(b->with);
	cJSON_Delete(b->result);
	b->result = NULL;
	b->with = cJSON_Parse(with);
	if (!b->with)
		abort();
	cJSON_Delete(b->evidence);
	b->evidence = NULL;
	b->remembered = 0;
	b->action = (struct action){ .executor = executor, .target = &b->target, .with = b->with };
	b->e = (struct err)ERR_INIT;
	str_clear(&b->output);
	str_clear(&b->progress);
}

static inline int
bench_run(struct bench *b, const struct executor *executor, const char *with)
{
	bench_set(b, executor, with);
	return executor->run(&b->ctx, &b->action, &b->result, &b->e);
}

/* Runs what was previewed last, held to what the preview saw, as the engine does it. */
static inline int
bench_run_previewed(struct bench *b)
{
	return b->action.executor->run(&b->ctx, &b->action, &b->result, &b->e);
}

static inline char *
bench_look_ahead(struct bench *b, const cJSON *before)
{
	struct preview *p = preview_new();
	struct str text = STR_INIT;
	cJSON *lines, *line;
	int rc;

	b->e = (struct err)ERR_INIT;
	b->action.seen = NULL;
	rc = before ? b->action.executor->undo_preview(&b->ctx, &b->action, before, p, &b->e)
		    : b->action.executor->preview(&b->ctx, &b->action, p, &b->e);
	lines = preview_take_lines(p);
	cJSON_ArrayForEach(line, lines)
		str_printf(&text, "%s%s\n", line->child->valuestring,
			   line->child->next->valuestring);
	if (preview_name(p))
		str_printf(&text, "name: %s\n", preview_name(p));
	cJSON_Delete(b->seen);
	b->seen = preview_take_seen(p);
	b->action.seen = b->seen;
	cJSON_Delete(lines);
	preview_free(p);
	if (rc == 0)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

/* The preview as text: a mark and a line each; NULL on an error. The caller frees. */
static inline char *
bench_preview(struct bench *b, const struct executor *executor, const char *with)
{
	bench_set(b, executor, with);
	return bench_look_ahead(b, NULL);
}

/* The same of taking the last action back to `before`. */
static inline char *
bench_undo_preview(struct bench *b, const cJSON *before)
{
	return bench_look_ahead(b, before);
}

static inline enum probe_verdict
bench_look_back(struct bench *b, const cJSON *before)
{
	enum probe_verdict verdict = PROBE_UNSURE;
	struct probe *probe = probe_new();
	cJSON *lines, *line;

	b->action.evidence = b->evidence;
	str_clear(&b->probed);
	b->e = (struct err)ERR_INIT;
	if ((before ? b->action.executor->undo_probe(&b->ctx, &b->action, before, probe, &verdict,
						     &b->e)
		    : b->action.executor->probe(&b->ctx, &b->action, probe, &verdict, &b->e)) < 0)
		verdict = PROBE_UNSURE;
	lines = probe_take_lines(probe);
	cJSON_ArrayForEach(line, lines)
		str_printf(&b->probed, "%s\n", line->valuestring);
	cJSON_Delete(lines);
	probe_free(probe);
	return verdict;
}

/*
 * What a probe says of the last action, given what its preview saw and its run remembered; the lines go to
 * b->probed, or else an error to b->e, and the verdict is then PROBE_UNSURE.
 */
static inline enum probe_verdict
bench_probe(struct bench *b)
{
	return bench_look_back(b, NULL);
}

/* The same of taking the last action back to `before`. */
static inline enum probe_verdict
bench_undo_probe(struct bench *b, const cJSON *before)
{
	return bench_look_back(b, before);
}

/* As if a write had been sent so long ago that nothing of it can be under way. */
static inline void
bench_begin_writing(struct bench *b)
{
	cJSON_Delete(b->evidence);
	b->evidence = cJSON_CreateObject();
	json_add_int(b->evidence, "writing_ms", clock_wall_ms() - 3600 * 1000);
}

/* As if the first write of the last run had been sent so long ago. */
static inline void
bench_age_evidence(struct bench *b, int64_t ago_ms)
{
	cJSON_DeleteItemFromObjectCaseSensitive(b->evidence, "writing_ms");
	json_add_int(b->evidence, "writing_ms", clock_wall_ms() - ago_ms);
}

/* The rights of an action as JSON; NULL on an error. The caller frees. */
static inline char *
bench_permissions(struct bench *b, const struct executor *executor, const char *with)
{
	struct permission_list *list = permission_list_new();
	char *text = NULL;

	bench_set(b, executor, with);
	if (executor->permissions(&b->ctx, &b->action, list, &b->e) == 0)
		text = json_print(permission_list_items(list));
	permission_list_free(list);
	return text;
}

static inline void
bench_free(struct bench *b)
{
	target_kubernetes.close(b->target.connection);
	cancel_free((struct cancel *)b->ctx.cancel);
	secrets_free(b->ctx.secrets);
	cJSON_Delete(b->spec);
	cJSON_Delete(b->with);
	cJSON_Delete(b->seen);
	cJSON_Delete(b->evidence);
	cJSON_Delete(b->result);
	str_release(&b->probed);
	str_release(&b->output);
	str_release(&b->progress);
	free(b);
}

#endif
