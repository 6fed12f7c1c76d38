#ifndef LIFEBOAT_TESTS_FIXTURE_PATCH_H
#define LIFEBOAT_TESTS_FIXTURE_PATCH_H

/* JSON with ' for ", and what patches make of it. To be included behind cmocka.h. */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/patch/patch.h"

static inline cJSON *
json(const char *text)
{
	struct err e = ERR_INIT;
	char *copy = xstrdup(text);
	cJSON *value;

	for (char *c = copy; (c = strchr(c, '\''));)
		*c = '"';
	value = json_parse(copy, strlen(copy), &e);
	if (!value)
		fail_msg("%s: %s", e.message, copy);
	free(copy);
	return value;
}

/* Members in this order; `value` is deleted. */
static inline void
assert_json(cJSON *value, const char *expected)
{
	cJSON *wanted = json(expected);
	char *seen = json_print(value), *text = json_print(wanted);

	assert_string_equal(seen, text);
	free(seen);
	free(text);
	cJSON_Delete(wanted);
	cJSON_Delete(value);
}

static inline void
assert_refusal(struct refusal *r, int code, const char *reason, const char *message)
{
	assert_int_equal(r->code, code);
	assert_string_equal(r->reason, reason);
	assert_string_equal(r->message, message);
	refusal_release(r);
}

#define MANIFEST(data) "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}" data "}"

/* The fields of the entry of a manager, or NULL: there is none. Borrowed. */
static inline const cJSON *
entry_of(const cJSON *object, const char *manager, const char *operation)
{
	const cJSON *entries = json_at(object, "metadata/managedFields"), *entry;

	cJSON_ArrayForEach(entry, entries)
		if (strcmp(json_string(entry, "manager", ""), manager) == 0 &&
		    strcmp(json_string(entry, "operation", ""), operation) == 0)
			return entry;
	return NULL;
}

static inline void
assert_owns(const cJSON *object, const char *manager, const char *operation, const char *fields)
{
	const cJSON *entry = entry_of(object, manager, operation);

	if (!fields) {
		assert_null(entry);
		return;
	}
	if (!entry)
		fail_msg("%s (%s) has no entry", manager, operation);
	assert_json(cJSON_Duplicate(json_at(entry, "fieldsV1"), true), fields);
}

/* One apply; the object is replaced by the result. -1: refused. */
static inline int
apply_with(cJSON **object, const char *applied, const char *manager, bool force,
	   const struct list_rule *rules, const char *now, struct refusal *r)
{
	cJSON *wanted = json(applied), *result = NULL;
	int rc = patch_apply(*object, wanted, json_string(wanted, "apiVersion", ""), manager, force,
			     rules, now, &result, r);

	if (rc == 0) {
		cJSON_Delete(*object);
		*object = result;
	} else {
		assert_null(result);
	}
	cJSON_Delete(wanted);
	return rc;
}

/* One plain write: `after` is the object without its managedFields. */
static inline void
track_with(cJSON **object, const char *after, const char *manager, const char *subresource,
	   const struct list_rule *rules, const char *now)
{
	cJSON *written = json(after);

	patch_track(*object, written, json_string(written, "apiVersion", ""), manager, subresource,
		    rules, now);
	cJSON_Delete(*object);
	*object = written;
}

#endif
