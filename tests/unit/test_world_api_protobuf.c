#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "world/api/api_protobuf.h"

/* Bodies as kubectl 1.33 sends them. */

#define MAGIC "k8s\0"

static void
assert_read(const char *body, size_t len, const char *wanted)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = NULL;

	assert_int_equal(api_protobuf_read(body, len, &object, &r), 0);
	char *text = json_print(object);
	assert_string_equal(text, wanted);
	free(text);
	cJSON_Delete(object);
}

static void
assert_refused(const char *body, size_t len, int code)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *object = NULL;

	assert_int_equal(api_protobuf_read(body, len, &object, &r), -1);
	assert_int_equal(r.code, code);
	assert_null(object);
	refusal_release(&r);
}

static const char config[] = MAGIC "\x0a\x0f\x0a\x02v1\x12\x09"
				   "ConfigMap"
				   "\x12\x14\x0a\x0a\x0a\x03"
				   "abc\x12\x00\x1a\x01n"
				   "\x12\x06\x0a\x01k\x12\x01v"
				   "\x1a\x00\x22\x00";

static void
config_map_is_read(void **state)
{
	(void)state;
	assert_read(config, sizeof(config) - 1,
		    "{\"metadata\":{\"name\":\"abc\",\"namespace\":\"n\"},\"data\":{\"k\":\"v\"},"
		    "\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"}");
}

static void
secret_has_its_bytes_in_base64(void **state)
{
	static const char body[] = MAGIC "\x0a\x0c\x0a\x02v1\x12\x06"
					 "Secret"
					 "\x12\x12\x0a\x03\x0a\x01s\x12\x0b\x0a\x01k\x12\x06sesame";

	(void)state;
	assert_read(body, sizeof(body) - 1,
		    "{\"metadata\":{\"name\":\"s\"},\"data\":{\"k\":\"c2VzYW1l\"},\"kind\":"
		    "\"Secret\",\"apiVersion\":\"v1\"}");
}

static void
number_that_is_there_is_kept_when_it_is_zero(void **state)
{
	static const char body[] = MAGIC "\x0a\x17\x0a\x0e"
					 "autoscaling/v1\x12\x05Scale"
					 "\x12\x04\x12\x02\x08\x00";

	(void)state;
	assert_read(
		body, sizeof(body) - 1,
		"{\"spec\":{\"replicas\":0},\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\"}");
}

static void
body_that_is_cut_or_foreign_is_refused(void **state)
{
	static const char foreign[] = MAGIC "\x0a\x0b\x0a\x02v1\x12\x05Thing";

	(void)state;
	assert_refused("{}", 2, 400);
	assert_refused("", 0, 400);
	assert_refused(foreign, sizeof(foreign) - 1, 415);
	for (size_t len = 4; len < sizeof(config) - 1;
	     len++) { /* wherever it ends, nothing is read behind */
		struct refusal r = REFUSAL_INIT;
		cJSON *object = NULL;
		char *copy = malloc(len);

		memcpy(copy, config, len);
		if (api_protobuf_read(copy, len, &object, &r) == 0)
			cJSON_Delete(object);
		refusal_release(&r);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_map_is_read),
		cmocka_unit_test(secret_has_its_bytes_in_base64),
		cmocka_unit_test(number_that_is_there_is_kept_when_it_is_zero),
		cmocka_unit_test(body_that_is_cut_or_foreign_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
