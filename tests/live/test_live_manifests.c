#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_kubectl.h"
#include "fixture_live_shared.h"
#include "kube/apply.h"

/* Manifests, as kubectl converts them. */

static const char values[] =
	"  bools: [y, n, Yes, NO, on, Off, true, False, tRue, yEs]\n"
	"  nulls: [~, null, Null, NULL, nUll, '', \"\", ]\n"
	"  ints: [0, -0, +1, 017, 0777, 0o777, 0O17, 0x1F, 0XfF, -0x10, +0x10, 0b101, 0B11, "
	"-0b11]\n"
	"  odd: [1_000, 1_, 1__0, 0_7, 0x_1, 0b_1, 0o_7, 0_, _1, +_1, 08, 0o8, 0b12, 0x, 0b, 0o, "
	"--1]\n"
	"  floats: [1.0, 1., .5, +.5, -.5, 1e3, 1E3, 1.e3, .e3, 1e+3, 1e-3, 12e03, -2E+05, 1e, "
	"e1]\n"
	"  more: [1_000.5, 1._5, 1_.5, ._5, 1e_5, 09.5, 0., ., .., 1e21, 1e20, 1e-7, 4.9e-324]\n"
	"  large: [1e400, 123456789012345678901234567890, 0777777777777777777777777, 12345678.9]\n"
	"  hexfloats: [0x1p4, 0x1.8p1, infinity, inf, nan, 1.2.3, \"1,000\", 1:30, 190:20:30]\n"
	"  stamps: [2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-1-1, !!timestamp 2001-12-14]\n"
	"  tags: [!!str 1, !!str yes, !!float 1, !!int \"5\", !!bool \"yes\", !!null \"\", !own x, "
	"! 1]\n"
	"  binary: [!!binary aGVsbG8=, !!binary gIGC]\n"
	"  collections: [!!set {a, b}, !!omap [a: 1], !own [1], [a: b, c], {a: , b}]\n"
	"  keys: {1: a, true: b, 1.5: c, 0x10: d, 1e3: e, '': f, 2001-12-14: g, !!str 2: h, off: "
	"i}\n"
	"  float_keys: {1.23456789: a, 16777217.0: b, 1e10: c, 0.1: d, 1e-7: e, 100000.0: f, 1e6: "
	"g}\n"
	"  infinite_keys: [{.inf: a}, {3.4e39: b2}]\n"
	"  merged: {l: 3, <<: {l: 6, m: 1}, m: 2}\n"
	"  merged_list: {w: 7, <<: [{k: 1, w: 3}, {k: 2, z: 5}]}\n"
	"  merged_deep: {<<: {a: 1, <<: {a: 2, b: 3}}}\n"
	"  quoted_merge: {\"<<\": {a: 1}}\n"
	"  anchors: [&x {a: [1, &y b]}, *x, *y, &y 2, *y]\n"
	"  quotes: ['it''s', \"\\x41\\u00e9\\U0001F600\\t\\e\\N\\_\\L\", \"a\\\n    b\", \"a b\n\n "
	"   c\"]\n"
	"  plain: a b\n    c d\n\n    e\n"
	"  words: [a#b, a:b, '-', =]\n"
	"  literal: |\n    a\n     b\n\n    c\n"
	"  literal_clip: |\n    a\n\n\n"
	"  literal_strip: |-\n    a\n\n\n"
	"  literal_keep: |+\n    a\n\n\n"
	"  literal_indent: |2\n      a\n     b\n"
	"  folded: >\n    a\n    b\n\n    c\n     d\n    e\n"
	"  folded_strip: >-\n    a\n    b\n"
	"  folded_keep: >+\n    a\n\n\n"
	"  empty_literal: |\n"
	"  last: end\n";

/* What kubectl makes of a manifest, as it prints it. The caller frees. */
static char *
judge(const char *path)
{
	return kubectl_with(live, "create --dry-run=client --validate=false -o json -f \"$1\"",
			    path, "");
}

static void
manifest_values_are_those_of_kubectl(void **state)
{
	static const char head[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata:\n";
	struct err e = ERR_INIT;
	cJSON *ours = NULL, *theirs;
	const cJSON *value;
	char *path, *text;

	(void)state;
	need_cluster();
	text = xasprintf("%s%s", head, values);
	path = fixture_write(live->folder, "values.yaml", text);
	free(text);
	text = judge(path);
	theirs = cJSON_Parse(text);
	if (!theirs)
		fail_msg("kubectl: %s", text);
	if (manifest_load(path, &ours, &e) < 0)
		fail_msg("%s", e.message);
	cJSON_ArrayForEach(value, json_at(theirs, "data")) {
		cJSON *other =
			cJSON_GetObjectItemCaseSensitive(json_at(ours, "0/data"), value->string);
		char *one = json_print(value), *two = other ? json_print(other) : xstrdup("none");

		if (!cJSON_Compare(value, other, true))
			fail_msg("%s: kubectl makes %s, we make %s", value->string, one, two);
		free(one);
		free(two);
	}
	assert_int_equal(cJSON_GetArraySize(json_at(theirs, "data")),
			 cJSON_GetArraySize(json_at(ours, "0/data")));
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	free(text);
	free(path);
}

static void
manifest_errors_are_those_of_kubectl(void **state)
{
	static const char *const wrong[] = {
		".inf",		  "-.INF",	"+.inf",    ".nan",	   "!!int 1.0",
		"!!int foo",	  "!!null foo", "!!bool 1", "!!float foo", "!!float .inf",
		"{null: a}",	  "{~: a}",	"{<<: 5}",  "{<<: [5]}",   "!!binary a",
		"{!!null '': a}", "{[a]: b}",	"*x",	    "&x [*x]",	   "\"\\ud83d\\ude00\"",
	};

	(void)state;
	need_cluster();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *text = xasprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\n"
				       "data:\n  v: %s\n",
				       wrong[i]);
		char *path = fixture_write(live->folder, "wrong.yaml", text), *said = judge(path);
		struct err e = ERR_INIT;
		cJSON *objects = NULL;

		if (!strstr(said, "error converting YAML to JSON"))
			fail_msg("kubectl takes %s: %s", wrong[i], said);
		if (manifest_load(path, &objects, &e) == 0)
			fail_msg("we take %s", wrong[i]);
		assert_holds(e.message, "wrong.yaml:5:");
		free(said);
		free(path);
		free(text);
	}
}

static void
manifest_of_json_is_that_of_kubectl(void **state)
{
	static const char json[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},"
		"\"data\":{\"pair\":\"\\ud83d\\ude00\",\"half\":\"\\ud83d!\",\"slash\":\"\\/\","
		"\"raw\":\"\u2028\xc2\x85\ufeff\x7f\","
		"\"big\":9007199254740993,\"yes\":\"yes\",\"e\":1E2,\"no\":false,\"long\":[1,-2]}}"
		"\n"
		"\t{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\n\t\"metadata\":{\"name\":\"b\"}"
		"}";
	struct err e = ERR_INIT;
	cJSON *ours = NULL, *theirs;
	char *path, *text, *big;

	(void)state;
	need_cluster();
	path = fixture_write(live->folder, "values.json", json);
	text = judge(path);
	theirs = cJSON_Parse(text);
	if (!theirs)
		fail_msg("kubectl: %s", text);
	if (manifest_load(path, &ours, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(cJSON_GetArraySize(ours), 2);
	big = json_text(json_at(ours, "0/data/big"));
	assert_string_equal(big, "9007199254740993");
	assert_holds(text, "\"big\": 9007199254740993,");
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(ours, "0/data"), "big");
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(theirs, "data"), "big");
	assert_true(cJSON_Compare(json_at(ours, "0/data"), json_at(theirs, "data"), true));
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	free(big);
	free(text);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_values_are_those_of_kubectl),
		cmocka_unit_test(manifest_errors_are_those_of_kubectl),
		cmocka_unit_test(manifest_of_json_is_that_of_kubectl),
	};

	return cmocka_run_group_tests_name("live_manifests", tests, setup, teardown);
}
