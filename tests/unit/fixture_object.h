#ifndef LIFEBOAT_TESTS_FIXTURE_OBJECT_H
#define LIFEBOAT_TESTS_FIXTURE_OBJECT_H

/* JSON in tests, which is easier to read with ' in place of ". Needs cmocka.h before it. */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

/* The caller deletes. */
static inline cJSON *
object_of(const char *text)
{
	char *json = xstrdup(text);

	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	cJSON *object = cJSON_Parse(json);
	if (!object)
		fail_msg("no JSON: %s", json);
	free(json);
	return object;
}

/* Compares by text, so that a failure shows both. */
static inline void
assert_json(const cJSON *value, const char *expected)
{
	cJSON *wanted = object_of(expected);
	char *a = json_print(value), *b = json_print(wanted);

	assert_string_equal(a, b);
	free(a);
	free(b);
	cJSON_Delete(wanted);
}

#endif
