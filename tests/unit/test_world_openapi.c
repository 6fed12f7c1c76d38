#include "config.h"

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
#include "world/openapi/openapi.h"
#include "world/openapi/openapi_internal.h"

static struct kinds *kinds;

static int
setup(void **state)
{
	static const char definition[] =
		"{\"metadata\":{\"name\":\"managementplanes.install.tetrate.io\"},\"spec\":{"
		"\"group\":"
		"\"install.tetrate.io\",\"scope\":\"Namespaced\",\"names\":{\"plural\":"
		"\"managementplanes\",\"singular\":\"managementplane\",\"kind\":"
		"\"ManagementPlane\","
		"\"listKind\":\"ManagementPlaneList\",\"shortNames\":[\"mp\"]},\"versions\":[{"
		"\"name\":\"v1alpha1\",\"served\":true,\"storage\":true}]}}";
	cJSON *object = cJSON_Parse(definition);
	struct refusal r = REFUSAL_INIT;

	(void)state;
	kinds = kinds_new();
	assert_int_equal(kinds_define(kinds, object, &r), 0);
	cJSON_Delete(object);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kinds_free(kinds);
	return 0;
}

/* The member of that very name, which may have slashes in it. */
static const cJSON *
at(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool
has_named(const cJSON *list, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (strcmp(json_string(item, "name", ""), name) == 0)
			return true;
	return false;
}

/* ---- the table ---- */

static void
types_are_sorted_and_refer_to_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < openapi_types_count; i++) {
		const struct openapi_type *type = &openapi_types[i];
		const char *cursor = type->fields;
		struct openapi_field field;
		size_t count = 0;

		if (i > 0)
			assert_true(strcmp(openapi_types[i - 1].name, type->name) < 0);
		while (openapi_next_field(type, &cursor, &field)) {
			count++;
			if (!field.type &&
			    (!field.primitive || !strchr("sytqxildboa", field.primitive)))
				fail_msg("%s: %.*s", type->name, (int)field.name_len, field.name);
		}
		assert_true(count > 0);
	}
}

static void
each_kind(void *data, const struct kind *kind)
{
	int *unknown = data;

	if (!openapi_type_of(kind))
		(*unknown)++;
}

static void
types_of_all_built_in_kinds_are_known(void **state)
{
	int unknown = 0;

	(void)state;
	kinds_each(kinds, each_kind, &unknown);
	assert_int_equal(unknown, 1); /* the one of the definition */
}

/* ---- documents ---- */

/* Every $ref below a value leads to a definition. */
static void
check_references(const cJSON *value, const cJSON *definitions, const char *prefix)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value) {
		if (item->string && strcmp(item->string, "$ref") == 0 && cJSON_IsString(item)) {
			assert_true(str_starts_with(item->valuestring, prefix));
			if (!at(definitions, item->valuestring + strlen(prefix)))
				fail_msg("%s", item->valuestring);
		} else {
			check_references(item, definitions, prefix);
		}
	}
}

static void
v2_has_what_kubectl_looks_for(void **state)
{
	cJSON *document = openapi_v2(kinds, "v1.27.6");
	const cJSON *definitions = at(document, "definitions");
	const cJSON *pod = at(definitions, "io.k8s.api.core.v1.PodSpec");
	const cJSON *path = at(at(document, "paths"),
			       "/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
	const cJSON *patch = at(path, "patch");

	(void)state;
	assert_string_equal(json_string(document, "info/version", ""), "v1.27.6");
	assert_true(has_named(at(patch, "parameters"), "dryRun"));
	assert_true(has_named(at(patch, "parameters"), "fieldValidation"));
	assert_string_equal(json_string(at(patch, "x-kubernetes-group-version-kind"), "kind", ""),
			    "Deployment");
	const cJSON *containers = json_at(pod, "properties/containers");
	assert_string_equal(json_string(containers, "x-kubernetes-patch-merge-key", ""), "name");
	assert_string_equal(json_string(containers, "x-kubernetes-patch-strategy", ""), "merge");
	assert_string_equal(
		json_string(json_at(pod, "properties/volumes"), "x-kubernetes-patch-strategy", ""),
		"merge,retainKeys");
	assert_string_equal(json_string(pod, "required/0", ""), "containers");
	assert_string_equal(json_string(at(at(definitions, "io.k8s.api.apps.v1.Deployment"),
					   "x-kubernetes-group-version-kind"),
					"0/kind", ""),
			    "Deployment");
	check_references(document, definitions, "#/definitions/");
	cJSON_Delete(document);
}

static void
v2_of_a_definition_allows_anything_and_no_strategic_patch(void **state)
{
	cJSON *document = openapi_v2(kinds, "v1.27.6");
	const cJSON *schema =
		at(at(document, "definitions"), "io.tetrate.install.v1alpha1.ManagementPlane");
	const cJSON *path = at(at(document, "paths"),
			       "/apis/install.tetrate.io/v1alpha1/namespaces/{namespace}/"
			       "managementplanes/{name}");

	(void)state;
	assert_string_equal(json_string(schema, "type", ""), "object");
	assert_null(at(schema, "properties"));
	assert_int_equal(cJSON_GetArraySize(json_at(path, "patch/consumes")), 3);
	cJSON_Delete(document);
}

static void
v3_index_leads_to_documents(void **state)
{
	cJSON *index = openapi_v3(kinds);
	const cJSON *entry;

	(void)state;
	assert_non_null(at(at(index, "paths"), "apis/install.tetrate.io/v1alpha1"));
	cJSON_ArrayForEach(entry, at(index, "paths")) {
		cJSON *document = openapi_v3_of(kinds, entry->string, "v1.27.6");
		char *address = xasprintf("/openapi/v3/%s?hash=", entry->string);

		assert_non_null(document);
		assert_true(str_starts_with(json_string(entry, "serverRelativeURL", ""), address));
		check_references(document, json_at(document, "components/schemas"),
				 "#/components/schemas/");
		free(address);
		cJSON_Delete(document);
	}
	assert_null(openapi_v3_of(kinds, "apis/none/v1", "v1.27.6"));
	cJSON_Delete(index);
}

static void
v3_takes_strategic_patches_for_built_in_kinds_only(void **state)
{
	cJSON *document = openapi_v3_of(kinds, "api/v1", "v1.27.6");
	const cJSON *patch = at(
		at(at(document, "paths"), "/api/v1/namespaces/{namespace}/pods/{name}"), "patch");

	(void)state;
	assert_non_null(at(json_at(patch, "requestBody/content"),
			   "application/strategic-merge-patch+json"));
	assert_string_equal(json_string(patch, "parameters/0/in", ""), "query");
	cJSON_Delete(document);
	document = openapi_v3_of(kinds, "apis/install.tetrate.io/v1alpha1", "v1.27.6");
	patch = at(at(at(document, "paths"), "/apis/install.tetrate.io/v1alpha1/namespaces/"
					     "{namespace}/managementplanes/{name}"),
		   "patch");
	assert_non_null(at(json_at(patch, "requestBody/content"), "application/merge-patch+json"));
	assert_null(at(json_at(patch, "requestBody/content"),
		       "application/strategic-merge-patch+json"));
	cJSON_Delete(document);
}

/* ---- protobuf ---- */

struct reader {
	const unsigned char *at, *end;
};

static uint64_t
read_varint(struct reader *r)
{
	uint64_t value = 0;

	for (int shift = 0;; shift += 7) {
		assert_true(r->at < r->end && shift < 64);
		value |= (uint64_t)(*r->at & 0x7f) << shift;
		if (!(*r->at++ & 0x80))
			return value;
	}
}

/* The next field of a message: its number, and what is in it (of a number: nothing). */
static bool
read_field(struct reader *r, unsigned *ret_number, struct reader *ret_inside)
{
	if (r->at == r->end)
		return false;
	uint64_t tag = read_varint(r);

	*ret_number = (unsigned)(tag >> 3);
	*ret_inside = (struct reader){ r->at, r->at };
	if ((tag & 7) == 0) {
		read_varint(r);
		return true;
	}
	assert_int_equal(tag & 7, 2);
	uint64_t len = read_varint(r);
	assert_true(len <= (uint64_t)(r->end - r->at));
	*ret_inside = (struct reader){ r->at, r->at + len };
	r->at += len;
	return true;
}

/* The message or text in the first field of a number. */
static struct reader
field_of(struct reader message, unsigned wanted)
{
	struct reader inside;
	unsigned number;

	while (read_field(&message, &number, &inside))
		if (number == wanted)
			return inside;
	fail_msg("no field %u", wanted);
	return message;
}

static bool
is_text(struct reader r, const char *text)
{
	return (size_t)(r.end - r.at) == strlen(text) && memcmp(r.at, text, strlen(text)) == 0;
}

/* Of a list of named values, the one of a name. */
static struct reader
value_named(struct reader list, unsigned field, const char *name, size_t *ret_count)
{
	struct reader inside, found = { NULL, NULL };
	unsigned number;

	*ret_count = 0;
	while (read_field(&list, &number, &inside)) {
		assert_int_equal(number, field);
		(*ret_count)++;
		if (is_text(field_of(inside, 1), name))
			found = field_of(inside, 2);
	}
	assert_non_null(found.at);
	return found;
}

static void
v2_protobuf_says_the_same(void **state)
{
	cJSON *document = openapi_v2(kinds, "v1.27.6");
	struct str bytes = STR_INIT;
	size_t count;

	(void)state;
	openapi_v2_protobuf(document, &bytes);
	const unsigned char *begin = (const unsigned char *)bytes.data;
	struct reader whole = { begin, begin + bytes.len };
	assert_true(is_text(field_of(whole, 1), "2.0"));
	assert_true(is_text(field_of(field_of(whole, 2), 2), "v1.27.6"));
	struct reader pod =
		value_named(field_of(whole, 9), 1, "io.k8s.api.core.v1.PodSpec", &count);
	assert_int_equal(count, cJSON_GetArraySize(at(document, "definitions")));
	assert_true(is_text(field_of(field_of(pod, 22), 1), "object"));
	struct reader containers = value_named(field_of(pod, 25), 1, "containers", &count);
	assert_true(is_text(field_of(field_of(field_of(containers, 23), 1), 1),
			    "#/definitions/io.k8s.api.core.v1.Container"));
	struct reader extension = field_of(containers, 31);
	assert_true(is_text(field_of(extension, 1), "x-kubernetes-patch-merge-key"));
	assert_true(is_text(field_of(field_of(extension, 2), 2), "\"name\""));
	struct reader path = value_named(field_of(whole, 8), 2,
					 "/api/v1/namespaces/{namespace}/pods/{name}", &count);
	assert_int_equal(count, cJSON_GetArraySize(at(document, "paths")));
	struct reader parameter =
		field_of(field_of(field_of(field_of(field_of(path, 8), 8), 1), 2), 3);
	assert_true(is_text(field_of(parameter, 4), "dryRun"));
	str_release(&bytes);
	cJSON_Delete(document);
}

static void
wants_protobuf_by_its_accept_header(void **state)
{
	(void)state;
	assert_true(openapi_wants_protobuf(
		"application/com.github.proto-openapi.spec.v2@v1.0+protobuf"));
	assert_false(openapi_wants_protobuf("application/json"));
	assert_false(openapi_wants_protobuf(NULL));
}

/* ---- unknown fields ---- */

static void
note(void *data, const char *path)
{
	str_printf(data, "%s;", path);
}

static void
expect_unknown(const char *api_version, const char *kind, const char *json, const char *wanted)
{
	cJSON *object = cJSON_Parse(json);
	struct str text = STR_INIT;

	assert_non_null(object);
	openapi_unknown_fields(kinds_by_name(kinds, api_version, kind), object, note, &text);
	assert_string_equal(str_cstr(&text), wanted);
	str_release(&text);
	cJSON_Delete(object);
}

static void
unknown_fields_are_named_by_their_place(void **state)
{
	(void)state;
	expect_unknown("apps/v1", "Deployment",
		       "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":"
		       "\"d\",\"labels\":{\"any\":\"x\"}},\"sepc\":{},\"spec\":{\"replica\":1,"
		       "\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"imagee\":\"x\","
		       "\"env\":[{\"nam\":\"x\"}]}]}}}}",
		       "sepc;spec.replica;spec.template.spec.containers[1].imagee;"
		       "spec.template.spec.containers[1].env[0].nam;");
	expect_unknown("v1", "Secret",
		       "{\"data\":{\"any.key\":\"x\"},\"stringData\":{\"a\":\"b\"}}", "");
	expect_unknown("install.tetrate.io/v1alpha1", "ManagementPlane", "{\"anything\":{\"a\":1}}",
		       "");
	expect_unknown("v1", "Pod", "{\"spec\":\"wrong type\",\"status\":[]}", "");
}

/* ---- types ---- */

static void
expect_types(const char *api_version, const char *kind_name, const char *json, const char *wanted)
{
	const struct kind *kind = kinds_by_name(kinds, api_version, kind_name);
	cJSON *object = cJSON_Parse(json);
	struct refusal r = REFUSAL_INIT;
	char *start = xasprintf("%s in version \"%s\" cannot be handled as a %s: ", kind->name,
				kind->version, kind->name);
	int rc;

	assert_non_null(object);
	rc = openapi_check_types(kind, object, &r);
	if (!wanted) {
		assert_int_equal(rc, 0);
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(r.code, 400);
		assert_memory_equal(r.message, start, strlen(start));
		assert_string_equal(r.message + strlen(start), wanted);
	}
	free(start);
	refusal_release(&r);
	cJSON_Delete(object);
}

static void
check_types_of_the_wrong_type_says_the_field(void **state)
{
	(void)state;
	expect_types(
		"apps/v1", "Deployment", "{\"spec\":{\"replicas\":\"3\"}}",
		"json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas "
		"of type int32");
	expect_types("apps/v1", "Deployment", "{\"spec\":{\"replicas\":1.5}}",
		     "json: cannot unmarshal number 1.5 into Go struct field "
		     "DeploymentSpec.spec.replicas of type int32");
	expect_types("v1", "Pod",
		     "{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"image\":[\"x\"]}]}}",
		     "json: cannot unmarshal array into Go struct field "
		     "Container.spec.containers.image of type string");
	expect_types(
		"v1", "Pod", "{\"spec\":{\"containers\":{\"name\":\"a\"}}}",
		"json: cannot unmarshal object into Go struct field PodSpec.spec.containers of "
		"type []v1.Container");
	expect_types(
		"v1", "Pod", "{\"spec\":{\"containers\":[\"a\"]}}",
		"json: cannot unmarshal string into Go struct field PodSpec.spec.containers of "
		"type v1.Container");
	expect_types("v1", "ConfigMap", "{\"data\":[\"a\"]}",
		     "json: cannot unmarshal array into Go struct field ConfigMap.data of type "
		     "map[string]string");
	expect_types("v1", "Secret", "{\"stringData\":[\"a\"]}",
		     "json: cannot unmarshal array into Go struct field Secret.stringData of type "
		     "map[string]string");
	expect_types(
		"install.tetrate.io/v1alpha1", "ManagementPlane",
		"{\"metadata\":{\"labels\":[\"a\"]},\"spec\":7}",
		"json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of "
		"type map[string]string");
}

/* Types that read themselves. */
static void
check_types_of_times_and_quantities_speak_for_themselves(void **state)
{
	(void)state;
	expect_types("v1", "Service", "{\"spec\":{\"ports\":[{\"targetPort\":{}}]}}",
		     "json: cannot unmarshal object into Go value of type int32");
	expect_types("v1", "Pod", "{\"metadata\":{\"deletionTimestamp\":5}}",
		     "json: cannot unmarshal number into Go value of type string");
	expect_types("v1", "Pod",
		     "{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":true}}}]}}",
		     "quantities must match the regular expression "
		     "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

static void
check_types_of_what_is_right_finds_nothing(void **state)
{
	(void)state;
	expect_types(
		"v1", "Pod",
		"{\"metadata\":{\"labels\":null,\"creationTimestamp\":null,\"managedFields\":[{"
		"\"fieldsV1\":{\"f:a\":{}}}]},\"spec\":{\"containers\":[{\"resources\":{"
		"\"limits\":{\"cpu\":2,\"memory\":\"1Gi\"}},\"env\":null}],"
		"\"terminationGracePeriodSeconds\":30,\"anything\":[1]}}",
		NULL);
	expect_types(
		"v1", "Service",
		"{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":\"http\"},{\"targetPort\":8}]}}",
		NULL);
	expect_types("install.tetrate.io/v1alpha1", "ManagementPlane", "{\"spec\":{\"a\":[1]}}",
		     NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_sorted_and_refer_to_what_is_there),
		cmocka_unit_test(types_of_all_built_in_kinds_are_known),
		cmocka_unit_test(v2_has_what_kubectl_looks_for),
		cmocka_unit_test(v2_of_a_definition_allows_anything_and_no_strategic_patch),
		cmocka_unit_test(v3_index_leads_to_documents),
		cmocka_unit_test(v3_takes_strategic_patches_for_built_in_kinds_only),
		cmocka_unit_test(v2_protobuf_says_the_same),
		cmocka_unit_test(wants_protobuf_by_its_accept_header),
		cmocka_unit_test(unknown_fields_are_named_by_their_place),
		cmocka_unit_test(check_types_of_the_wrong_type_says_the_field),
		cmocka_unit_test(check_types_of_times_and_quantities_speak_for_themselves),
		cmocka_unit_test(check_types_of_what_is_right_finds_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
