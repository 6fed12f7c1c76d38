#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/skew.h"
#include "step/step_with.h"
#include "step/steps.h"

enum { ANSWER_TIMEOUT_MS = 10000, ANSWER_BYTES = 64 << 10 };

static char *
target_describe(const cJSON *spec)
{
	return xstrdup(json_string(spec, "url", ""));
}

/* Arguments of an http.check that is content with any answer. */
static cJSON *
any_answer(void)
{
	cJSON *with = cJSON_CreateObject(),
	      *statuses = cJSON_AddArrayToObject(with, "expect_status");

	for (int status = 100; status < 600; status++)
		cJSON_AddItemToArray(statuses, cJSON_CreateNumber(status));
	json_add_string(with, "method", "GET");
	json_add_int(with, "timeout", ANSWER_TIMEOUT_MS);
	json_add_int(with, "max_body", ANSWER_BYTES);
	return with;
}

static void
ignore_output(struct step_context *ctx, const char *bytes, size_t len_bytes)
{
	(void)ctx;
	(void)bytes;
	(void)len_bytes;
}

static void __attribute__((format(printf, 2, 3)))
ignore_progress(struct step_context *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

static int
target_answers(void *connection, const struct cancel *cancel, cJSON **ret_facts, struct err *e)
{
	struct run_target target = { .driver = &target_http, .connection = connection };
	struct step_context ctx = {
		.cancel = cancel,
		.deadline_ms = INT64_MAX,
		.output = ignore_output,
		.progress = ignore_progress,
	};
	cJSON *with = any_answer(), *result = NULL;
	struct action action = { .executor = &step_http_check, .target = &target, .with = with };
	int64_t sent_ms = clock_wall_ms(), begin_ms = clock_mono_ms();
	int rc = step_http_check.run(&ctx, &action, &result, e);
	int64_t took_ms = clock_mono_ms() - begin_ms;
	struct skew skew = SKEW_INIT;

	if (rc == 0) {
		*ret_facts = cJSON_CreateObject();
		json_add_int(*ret_facts, "status", json_int(result, "status", 0));
		skew_add_date(&skew, sent_ms, sent_ms + took_ms,
			      json_string(result, "headers/date", NULL));
		if (skew.known)
			json_add_int(*ret_facts, "skew_ms", skew_ms(&skew));
		json_add_int(*ret_facts, "round_trip_ms", took_ms);
	}
	cJSON_Delete(result);
	cJSON_Delete(with);
	return rc;
}

static int
target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	const char *bearer = step_optional(spec, "bearer");

	if (bearer && secrets_add(secrets, "bearer", bearer, strlen(bearer), e) < 0)
		return -1;
	return step_target_open(spec, secrets, ret_connection, e);
}

/* A web site has nothing that identifies it but its name, which DNS may send anywhere. */
const struct target_driver target_http = {
	.kind = TARGET_HTTP,
	.open = target_open,
	.answers = target_answers,
	.describe = target_describe,
	.close = step_target_close,
};
