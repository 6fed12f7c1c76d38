#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/steps.h"

enum { DEFAULT_INTERVAL_MS = 5000, DEFAULT_TIMEOUT_MS = 600000, MIN_INTERVAL_MS = 50 };

static const struct field fields[] = {
	{ .name = "check",
	  .type = FIELD_CHECK,
	  .flags = FIELD_REQUIRED,
	  .help = "What must hold: uses, target, with, expect and message, as in verify." },
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "5s",
	  .help = "How long to wait between two checks." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10m",
	  .help = "How long to go on." },
	{ .name = NULL },
};

/* A server that is away comes back; a check that is wrong, or not allowed, stays so. */
static bool
is_lasting(enum err_kind kind)
{
	return kind == ERR_CANCELLED || kind == ERR_SPEC || kind == ERR_USAGE ||
	       kind == ERR_DENIED || kind == ERR_INTERNAL;
}

/* One look. *ret_seen, what was seen, is the caller's to free; an error that may pass is only seen. */
static int
look(struct step_context *ctx, const cJSON *check, bool *ret_held, char **ret_seen, struct err *e)
{
	struct err failure = ERR_INIT;
	char *why = NULL;

	*ret_held = false;
	if (ctx->check(ctx, check, ret_held, &why, &failure) == 0) {
		*ret_seen = why ? why : xstrdup("it does not hold");
		return 0;
	}
	free(why);
	if (is_lasting(failure.kind))
		return err_set(e, failure.kind, "%s", failure.message);
	*ret_seen = xstrdup(failure.message);
	return 0;
}

static int
give_up(int64_t timeout_ms, int looks, const char *seen, struct err *e)
{
	char waited[CLOCK_STAMP_MAX];

	return err_set(e, ERR_TIMEOUT, "wait.until: not after %s and %d checks; the last: %s",
		       duration_format(timeout_ms, waited), looks, seen);
}

static cJSON *
make_result(int looks, int64_t begin_ms)
{
	cJSON *result = cJSON_CreateObject();

	json_add_bool(result, "held", true);
	json_add_int(result, "checks", looks);
	json_add_int(result, "duration_ms", clock_mono_ms() - begin_ms);
	return result;
}

static int
until_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	int64_t interval_ms = json_int(action->with, "interval", DEFAULT_INTERVAL_MS);
	int64_t timeout_ms = json_int(action->with, "timeout", DEFAULT_TIMEOUT_MS);
	int64_t begin_ms = clock_mono_ms();
	bool held = false;
	int rc = 0;

	if (interval_ms < MIN_INTERVAL_MS)
		interval_ms = MIN_INTERVAL_MS;
	for (int looks = 1; rc == 0 && !held; looks++) {
		char *seen = NULL;

		rc = look(ctx, json_at(action->with, "check"), &held, &seen, e);
		if (rc == 0 && held) {
			*ret_result = make_result(looks, begin_ms);
		} else if (rc == 0) {
			ctx->progress(ctx, "check %d: %s", looks, seen);
			if (clock_mono_ms() + interval_ms > begin_ms + timeout_ms)
				rc = give_up(timeout_ms, looks, seen, e);
			else if (cancel_sleep(ctx->cancel, interval_ms))
				rc = err_set(e, ERR_CANCELLED,
					     "wait.until: cancelled; the last: %s", seen);
		}
		free(seen);
	}
	return rc;
}

static int
until_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	const cJSON *check = json_at(action->with, "check");
	char interval[CLOCK_STAMP_MAX], timeout[CLOCK_STAMP_MAX];
	const char *expect = json_string(check, "expect", NULL);
	char *with = json_print(json_at(check, "with") ? json_at(check, "with") : check);

	(void)ctx;
	(void)e;
	preview_add(
		preview, PREVIEW_TEXT, "Checks every %s, for at most %s, until this holds:",
		duration_format(json_int(action->with, "interval", DEFAULT_INTERVAL_MS), interval),
		duration_format(json_int(action->with, "timeout", DEFAULT_TIMEOUT_MS), timeout));
	preview_add(preview, PREVIEW_REQUEST, "%s %s", json_string(check, "uses", "?"), with);
	if (expect)
		preview_add(preview, PREVIEW_REQUEST, "expect: %s", expect);
	free(with);
	return 0;
}

const struct executor step_wait_until = {
	.type = {
		.uses = "wait.until",
		.summary = "Repeats a check until it holds",
		.target_kinds = TARGET_KUBERNETES | TARGET_POSTGRESQL | TARGET_DNS | TARGET_HTTP,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{held: true, checks, duration_ms}",
	},
	.preview = until_preview,
	.run = until_run,
};
