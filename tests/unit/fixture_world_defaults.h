#ifndef LIFEBOAT_TESTS_FIXTURE_WORLD_DEFAULTS_H
#define LIFEBOAT_TESTS_FIXTURE_WORLD_DEFAULTS_H

/* Objects filled in by defaults_fill(), and what came of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults.h"

/* Expectations are the answers of a kube-apiserver 1.20 to the same objects; newer fields are those of 1.29. */

#define CONTAINER "{\"name\":\"a\",\"image\":\"x\"}"
#define TEMPLATE                                                                                   \
	"{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[" CONTAINER "]}}"
#define TEMPLATE_OF_JOB "{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[" CONTAINER "]}}"
#define SELECTOR "\"selector\":{\"matchLabels\":{\"a\":\"b\"}}"
#define NAMED(spec) "{\"metadata\":{\"name\":\"d\"},\"spec\":{" spec "}}"

static struct kinds *kinds;

static inline char *
one_address(void *data)
{
	(void)data;
	return xstrdup("10.96.1.1");
}

static inline int
next_port(void *data)
{
	return (*(int *)data)++;
}

/* The object filled in, or the refusal's code and message. The caller frees. */
static inline char *
fill(const char *api_version, const char *kind_name, const char *before, const char *json)
{
	const struct kind *kind = kinds_by_name(kinds, api_version, kind_name);
	int port = 30001;
	struct defaults_options options = { one_address, next_port, &port };
	cJSON *object = cJSON_Parse(json), *old = before ? cJSON_Parse(before) : NULL;
	struct refusal r = REFUSAL_INIT;
	char *text;

	assert_non_null(kind);
	assert_non_null(object);
	if (defaults_fill(kind, object, old, &options, &r) < 0)
		text = xasprintf("%d %s", r.code, r.message);
	else
		text = json_print(object);
	refusal_release(&r);
	cJSON_Delete(object);
	cJSON_Delete(old);
	return text;
}

static inline void
expect(const char *api_version, const char *kind, const char *json, const char *wanted)
{
	char *text = fill(api_version, kind, NULL, json);

	assert_string_equal(text, wanted);
	free(text);
}

/* Whether the filled object has all of another one's members. */
static inline void
expect_members(const char *text, const char *path, const char *wanted)
{
	cJSON *object = cJSON_Parse(text), *value = cJSON_Parse(wanted);

	if (!object || !cJSON_Compare(json_at(object, path), value, true)) {
		char *have = object ? json_print(json_at(object, path)) : xstrdup(text);

		fail_msg("%s: %s, not %s", path, have ? have : "nothing", wanted);
	}
	cJSON_Delete(object);
	cJSON_Delete(value);
}

/* Fills, looks, and gives `filled` to the caller as what is there. */
static inline char *
filled(const char *api_version, const char *kind, const char *json)
{
	char *text = fill(api_version, kind, NULL, json);

	assert_int_equal(text[0], '{');
	return text;
}

static inline void
expect_change(const char *api_version, const char *kind, const char *before, const char *json,
	      const char *wanted)
{
	char *old = filled(api_version, kind, before), *text = fill(api_version, kind, old, json);

	assert_string_equal(text, wanted);
	free(old);
	free(text);
}

static inline int
setup(void **state)
{
	(void)state;
	kinds = kinds_new();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	kinds_free(kinds);
	return 0;
}

#endif
