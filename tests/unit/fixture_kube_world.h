#ifndef LIFEBOAT_TESTS_FIXTURE_KUBE_WORLD_H
#define LIFEBOAT_TESTS_FIXTURE_KUBE_WORLD_H

/* A bench whose target is an API server of canned answers. To be included after cmocka.h. */

#include "fixture_kube_api.h"
#include "fixture_step.h"

#define NS "/api/v1/namespaces/tsb"
#define METADATA(name, uid)                                                                        \
	"{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid   \
	"\"}}"

struct world {
	struct api *api;
	struct bench *b;
};

static inline int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->api = api_new();
	w->b = bench_new(w->api->kubeconfig, "tsb");
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	bench_free(w->b);
	api_free(w->api);
	free(w);
	return 0;
}

static inline void
assert_holds(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text ? text : "(nothing)");
}

static inline char *
redacted(struct bench *b, const char *text)
{
	struct str out = STR_INIT;

	secrets_redact(b->ctx.secrets, text, strlen(text), &out);
	return str_take(&out);
}

static inline void
assert_hidden(struct bench *b, const char *text)
{
	char *clean = redacted(b, text);

	if (strstr(clean, text))
		fail_msg("%s is not redacted", text);
	free(clean);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
