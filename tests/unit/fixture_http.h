#ifndef LIFEBOAT_TESTS_FIXTURE_HTTP_H
#define LIFEBOAT_TESTS_FIXTURE_HTTP_H

/* A stand for http.check with real jq, and an environment without proxies. */

#include "fixture_executor.h"
#include "runbook/expression.h"

static struct expressions *stand_expressions;

static inline int
stand_evaluate(struct step_context *ctx, const char *expression, const cJSON *input,
	       cJSON **ret_value, struct err *e)
{
	(void)ctx;
	if (!stand_expressions)
		stand_expressions = expressions_new(NULL, 0);
	return expressions_eval(stand_expressions, expression, input, NULL, 10000, ret_value, e);
}

/* Ends the process that evaluates; to be called once, at the end. */
static inline void
stand_end_expressions(void)
{
	expressions_free(stand_expressions);
	stand_expressions = NULL;
}

static inline void
stand_without_proxies(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy",  "ALL_PROXY",	  "no_proxy",
					     "NO_PROXY",   NULL };

	for (size_t i = 0; names[i]; i++)
		unsetenv(names[i]);
}

/* A stand without a target. */
static inline void
stand_init_http(struct stand *s)
{
	stand_init(s);
	s->ctx.evaluate = stand_evaluate;
}

#define assert_lacks(text, unwanted)                                                               \
	do {                                                                                       \
		if ((text) && strstr(text, unwanted))                                              \
			fail_msg("\"%s\" has \"%s\"", text, unwanted);                             \
	} while (0)

#endif
