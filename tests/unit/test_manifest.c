#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/apply.h"

static char folder[64];
static cJSON *objects;
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lifeboat-manifest-XXXXXX");
	objects = NULL;
	return mkdtemp(folder) ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
		"a.yaml", "b.yml", "c.json", "d.yaml", "e.yaml", "notes.txt", ".hidden.yaml", "",
	};

	(void)state;
	cJSON_Delete(objects);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	return 0;
}

static const char *
put(const char *name, const char *text)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

/* "Kind/name Kind/name …" of what was loaded. */
static void
assert_objects(const char *expected)
{
	struct str got = STR_INIT;
	const cJSON *object;

	cJSON_ArrayForEach(object, objects)
		str_printf(&got, "%s%s/%s", got.len ? " " : "", json_string(object, "kind", "?"),
			   json_string(object, "metadata/name", "?"));
	assert_string_equal(str_cstr(&got), expected);
	str_release(&got);
}

static void
assert_message(const char *part)
{
	if (!strstr(e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, e.message);
}

#define OBJECT(version, kind, name)                                                                \
	"apiVersion: " version "\nkind: " kind "\nmetadata: {name: " name "}\n"

static void
load_documents_puts_foundations_first(void **state)
{
	const char *path = put(
		"a.yaml",
		"# a comment\n---\n" OBJECT("v1", "Secret", "s") "---\n---\nnull\n---\n" OBJECT(
			"install.tetrate.io/v1", "ManagementPlane",
			"mp") "---\n" OBJECT("apiextensions.k8s.io/v1", "CustomResourceDefinition",
					     "crd") "---\n" OBJECT("example.com/v1", "Namespace",
								   "other") "---\n" OBJECT("v1",
											   "Namespa"
											   "ce",
											   "ns") "."
												 "."
												 "."
												 "\n");

	(void)state;
	assert_int_equal(manifest_load(path, &objects, &e), 0);
	assert_objects("Namespace/ns CustomResourceDefinition/crd Secret/s ManagementPlane/mp "
		       "Namespace/other");
}

static void
load_list_is_taken_apart(void **state)
{
	const char *path = put(
		"c.json",
		"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{},\"items\":[\n"
		"\t{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},"
		"\"data\":{\"k\":\"dg==\"}},\n"
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMapList\",\"items\":["
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"b\"}}]}]}");

	(void)state;
	assert_int_equal(manifest_load(path, &objects, &e), 0);
	assert_objects("Secret/a ConfigMap/b");
	assert_string_equal(json_string(objects, "0/data/k", ""), "dg==");
}

static void
load_folder_reads_manifests_by_name(void **state)
{
	(void)state;
	put("b.yml", OBJECT("v1", "Secret", "b"));
	put("c.json", "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"c\"}}");
	put("a.yaml", OBJECT("v1", "Secret", "a"));
	put("notes.txt", "not: [a manifest");
	put(".hidden.yaml", "not: [a manifest");
	assert_int_equal(manifest_load(folder, &objects, &e), 0);
	assert_objects("Secret/a Secret/b Secret/c");
}

static void
load_names_every_problem_with_its_place(void **state)
{
	(void)state;
	put("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n  name: y\n");
	put("b.yml",
	    "apiVersion: v1\nmetadata: {name: x}\n---\nkind: Secret\nmetadata: {name: x}\n");
	put("d.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {generateName: x}\n");
	put("e.yaml", "apiVersion: v1\nkind: List\nitems:\n- just text\n");
	assert_int_equal(manifest_load(folder, &objects, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_message("/a.yaml:5:3: ");
	assert_message("/b.yml:2:11: the object has no kind\n");
	assert_message("/b.yml:5:11: the object has no apiVersion\n");
	assert_message("/d.yaml:3:11: the object has no metadata.name\n");
	assert_message("/e.yaml:4:3: a mapping");
	assert_null(objects);
}

static void
load_of_nothing_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(manifest_load("/nonexistent/x.yaml", &objects, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_message("/nonexistent/x.yaml");
	assert_int_equal(manifest_load(folder, &objects, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_message("holds no *.yaml");
	assert_int_equal(manifest_load(put("a.yaml", "---\n---\n"), &objects, &e), -1);
	assert_message("holds no Kubernetes object");
	assert_int_equal(manifest_load("/dev/null", &objects, &e), -1);
	assert_message("/dev/null");
}

static void
load_reads_values_as_kubernetes_does(void **state)
{
	const char *path =
		put("a.yaml", OBJECT("v1", "ConfigMap",
				     "x") "data: {a: yes, b: 'yes', c: 0o17, d: 1.5, e: ~}\n");

	(void)state;
	assert_int_equal(manifest_load(path, &objects, &e), 0);
	assert_true(json_bool(objects, "0/data/a", false));
	assert_string_equal(json_string(objects, "0/data/b", ""), "yes");
	assert_true(cJSON_IsNull(json_at(objects, "0/data/e")));
}

static void
load_orders_kinds_as_they_need_each_other(void **state)
{
	(void)state;
	put("a.yaml", OBJECT("apps/v1", "Deployment", "app") "---\n" OBJECT("v1", "Service", "svc") "---\n" OBJECT(
			      "rbac.authorization.k8s.io/v1", "RoleBinding",
			      "rb") "---\n" OBJECT("rbac.authorization.k8s.io/v1", "Role",
						   "r") "---\n" OBJECT("v1", "ConfigMap",
								       "cm") "---\n" OBJECT("v1",
											    "Servic"
											    "eAccou"
											    "nt",
											    "sa"));
	assert_int_equal(manifest_load(folder, &objects, &e), 0);
	assert_objects("ServiceAccount/sa ConfigMap/cm Role/r RoleBinding/rb Service/svc "
		       "Deployment/app");
	assert_false(manifest_is_foundation(objects->child));
}

static void
load_json_keeps_what_yaml_would_not(void **state)
{
	const char *path = put(
		"c.json", " {\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
			  "\"a\"},\n\"data\":{\"pair\":\"\\ud83d\\ude00\",\"half\":\"\\ude00!\","
			  "\"line\":\"a \u2028 b\\u007f\",\"big\":-9223372036854775808,"
			  "\"quote\":\"\\\"\\\\\"}}{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\n"
			  "\"metadata\":{\"name\":\"b\"}}\n\t{\"apiVersion\":\"v1\",\"kind\":"
			  "\"Secret\",\"metadata\":{\"name\":\"c\"}}\n");
	char *big;

	(void)state;
	assert_int_equal(manifest_load(path, &objects, &e), 0);
	assert_objects("Namespace/a Secret/b Secret/c");
	assert_true(manifest_is_foundation(objects->child));
	assert_string_equal(json_string(objects, "0/data/pair", ""), "\U0001f600");
	assert_string_equal(json_string(objects, "0/data/half", ""), "\ufffd!");
	assert_string_equal(json_string(objects, "0/data/line", ""), "a \u2028 b\x7f");
	assert_string_equal(json_string(objects, "0/data/quote", ""), "\"\\");
	big = json_text(json_at(objects, "0/data/big"));
	assert_string_equal(big, "-9223372036854775808");
	free(big);
}

static void
load_broken_json_names_the_place(void **state)
{
	static const char *const broken[] = {
		"{\"kind\": \"x\"", "{\"a\":\"\\ud83d", "{\"a\":\"\\", "[{]", "{\"a\":1}}", "{\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(manifest_load(put("c.json", broken[i]), &objects, &e), -1);
		assert_message("/c.json:");
	}
}

/* Whatever the bytes are, there are objects or a message. */
static void
load_damaged_json_never_breaks(void **state)
{
	static const char text[] =
		"{\"kind\":\"a\\ud83d\\ude00\",\"apiVersion\":\"v1\",\"b\":[1,{}],"
		"\"metadata\":{\"name\":\"\\\\\"}}\n{\"c\":\"\u2028\\u12aB\"}";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char damaged[sizeof(text)];

		memcpy(damaged, text, sizeof(text));
		for (int i = 0; i < 2; i++) {
			seed = seed * 1103515245 + 12345;
			damaged[(seed >> 16) % (sizeof(text) - 1)] =
				text[(seed >> 8) % (sizeof(text) - 1)];
		}
		damaged[sizeof(text) - 1 - (seed >> 20) % 9] = '\0';
		e.message[0] = '\0';
		if (manifest_load(put("c.json", damaged), &objects, &e) < 0)
			assert_true(e.message[0]);
		cJSON_Delete(objects);
		objects = NULL;
	}
}

static void
load_value_that_json_lacks_names_the_place(void **state)
{
	const char *path =
		put("a.yaml", OBJECT("v1", "ConfigMap", "x") "data:\n  a: 1\n  b: .inf\n");

	(void)state;
	assert_int_equal(manifest_load(path, &objects, &e), -1);
	assert_message("/a.yaml:6:6: JSON has no infinity");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(load_documents_puts_foundations_first),
		CASE(load_list_is_taken_apart),
		CASE(load_folder_reads_manifests_by_name),
		CASE(load_names_every_problem_with_its_place),
		CASE(load_of_nothing_is_an_error),
		CASE(load_reads_values_as_kubernetes_does),
		CASE(load_orders_kinds_as_they_need_each_other),
		CASE(load_json_keeps_what_yaml_would_not),
		CASE(load_broken_json_names_the_place),
		CASE(load_damaged_json_never_breaks),
		CASE(load_value_that_json_lacks_names_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
