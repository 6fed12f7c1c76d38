#include "config.h"

#include "world/object/store_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	GENERATED_MAX = 63,    /* characters of a generated name */
	SUFFIX_CHARACTERS = 5, /* of a generated name */
	POD_GRACE_S = 30,
};

char *
object_time(int64_t wall_ms, char out[CLOCK_STAMP_MAX])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	strftime(out, CLOCK_STAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
	return out;
}

bool
kind_is(const struct kind *kind, const char *group, const char *resource)
{
	return strcmp(kind->group, group) == 0 && strcmp(kind->resource, resource) == 0;
}

static void
set_string(cJSON *object, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	json_add_string(object, name, value);
}

static void
set_int(cJSON *object, const char *name, int64_t value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	json_add_int(object, name, value);
}

/* Takes a member of one tree into the other; there is none: none there either. */
static void
take_over(cJSON *to, const cJSON *from, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(from, name);

	cJSON_DeleteItemFromObjectCaseSensitive(to, name);
	if (value)
		json_add(to, name, cJSON_Duplicate(value, true));
}

static void
fill_random(void *bytes, size_t size)
{
	if (getrandom(bytes, size, 0) != (ssize_t)size)
		abort(); /* only where the kernel has no such call */
}

/* Source: RFC 9562, 5.4. */
static void
make_uid(char text[37])
{
	unsigned char b[16];

	fill_random(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

/* No vowels, so that no word comes out by chance. */
static char *
generate_name(const char *prefix)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	unsigned char random[SUFFIX_CHARACTERS];
	char suffix[SUFFIX_CHARACTERS + 1] = "";

	fill_random(random, sizeof(random));
	for (int i = 0; i < SUFFIX_CHARACTERS; i++)
		suffix[i] = letters[random[i] % (sizeof(letters) - 1)];
	return xasprintf("%.*s%s", GENERATED_MAX - SUFFIX_CHARACTERS, prefix, suffix);
}

cJSON *
object_metadata(cJSON *object)
{
	cJSON *metadata = json_at(object, "metadata");

	if (cJSON_IsObject(metadata))
		return metadata;
	cJSON_DeleteItemFromObjectCaseSensitive(object, "metadata");
	return cJSON_AddObjectToObject(object, "metadata");
}

static void
begin_namespace(cJSON *object, cJSON *metadata)
{
	cJSON *labels = json_at(metadata, "labels"), *spec = json_at(object, "spec"), *status;

	if (!cJSON_IsObject(labels)) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "labels");
		labels = cJSON_AddObjectToObject(metadata, "labels");
	}
	set_string(labels, "kubernetes.io/metadata.name", json_string(metadata, "name", ""));
	if (!cJSON_IsObject(spec)) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, "spec");
		spec = cJSON_AddObjectToObject(object, "spec");
	}
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "finalizers");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "finalizers"),
			     cJSON_CreateString("kubernetes"));
	cJSON_DeleteItemFromObjectCaseSensitive(object, "status");
	status = cJSON_AddObjectToObject(object, "status");
	json_add_string(status, "phase", "Active");
}

int
object_begin(const struct kind *kind, const char *ns, cJSON *object, int64_t now_ms,
	     struct refusal *r)
{
	static const char *const ours[] = { "uid", "selfLink", "deletionTimestamp",
					    "deletionGracePeriodSeconds", "generation" };
	cJSON *metadata = object_metadata(object);
	const char *prefix = json_string(metadata, "generateName", "");
	char stamp[CLOCK_STAMP_MAX], uid[37];

	if (!*json_string(metadata, "name", "") && *prefix) {
		char *name = generate_name(prefix);

		set_string(metadata, "name", name);
		free(name);
	}
	if (object_check_name(kind, json_string(metadata, "name", ""), r) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, ours[i]);
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "namespace");
	if (kind->flags & KIND_NAMESPACED)
		json_add_string(metadata, "namespace", ns);
	make_uid(uid);
	json_add_string(metadata, "uid", uid);
	if (!json_at(metadata, "creationTimestamp") ||
	    cJSON_IsNull(json_at(metadata, "creationTimestamp")))
		set_string(metadata, "creationTimestamp", object_time(now_ms, stamp));
	if (kind->flags & KIND_GENERATION)
		json_add_int(metadata, "generation", 1);
	if (kind_is(kind, "", "namespaces"))
		begin_namespace(object, metadata);
	return 0;
}

static bool
is_empty_list(const cJSON *list)
{
	return cJSON_GetArraySize(list) == 0;
}

bool
object_is_done(const struct kind *kind, const cJSON *object)
{
	if (!json_at(object, "metadata/deletionTimestamp") ||
	    !is_empty_list(json_at(object, "metadata/finalizers")))
		return false;
	if (kind_is(kind, "", "namespaces"))
		return is_empty_list(json_at(object, "spec/finalizers"));
	return json_int(object, "metadata/deletionGracePeriodSeconds", 0) == 0;
}

/*
 * Whether all members are the same but its metadata and, where the kind has one that is written apart, its status: what is
 * wanted of the object.
 */
static bool
wants_the_same(const struct kind *kind, const cJSON *a, const cJSON *b)
{
	for (const cJSON *member = a->child; member; member = member->next) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(b, member->string);

		if (strcmp(member->string, "metadata") != 0 &&
		    !((kind->flags & KIND_STATUS) && strcmp(member->string, "status") == 0) &&
		    !(other && cJSON_Compare(member, other, true)))
			return false;
	}
	return true;
}

/* Of a write of the status: only that, and who wrote it. */
static void
keep_all_but_status(cJSON *object, const cJSON *before)
{
	cJSON *managed =
		cJSON_DetachItemFromObjectCaseSensitive(object_metadata(object), "managedFields");
	cJSON *status = cJSON_DetachItemFromObjectCaseSensitive(object, "status");

	while (object->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, object->child));
	for (const cJSON *member = before->child; member; member = member->next)
		if (strcmp(member->string, "status") != 0)
			json_add(object, member->string, cJSON_Duplicate(member, true));
	if (status)
		json_add(object, "status", status);
	if (!managed)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(object_metadata(object), "managedFields");
	json_add(object_metadata(object), "managedFields", managed);
}

void
object_keep_ours(const struct kind *kind, cJSON *object, const cJSON *before,
		 const char *subresource)
{
	static const char *const ours[] = { "name",
					    "namespace",
					    "uid",
					    "generateName",
					    "creationTimestamp",
					    "deletionTimestamp",
					    "deletionGracePeriodSeconds",
					    "generation",
					    "resourceVersion" };
	const cJSON *old = json_at(before, "metadata");

	if (str_equal(subresource, "status"))
		keep_all_but_status(object, before);
	else if (kind->flags & KIND_STATUS)
		take_over(object, before, "status");
	cJSON *metadata = object_metadata(object);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		take_over(metadata, old, ours[i]);
	if ((kind->flags & KIND_GENERATION) &&
	    !(wants_the_same(kind, before, object) && wants_the_same(kind, object, before)))
		set_int(metadata, "generation", json_int(metadata, "generation", 0) + 1);
}

void
object_add_finalizer(cJSON *object, const char *name)
{
	cJSON *metadata = object_metadata(object);
	cJSON *finalizers = json_at(metadata, "finalizers"), *item;

	if (!cJSON_IsArray(finalizers)) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "finalizers");
		finalizers = cJSON_AddArrayToObject(metadata, "finalizers");
	}
	cJSON_ArrayForEach(item, finalizers)
		if (str_equal(cJSON_GetStringValue(item), name))
			return;
	cJSON_AddItemToArray(finalizers, cJSON_CreateString(name));
}

static int64_t
grace_of(const struct kind *kind, const cJSON *object, const struct store_write *how)
{
	if (!kind_is(kind, "", "pods") || !*json_string(object, "spec/nodeName", ""))
		return 0;
	return how->grace_s >= 0
		       ? how->grace_s
		       : json_int(object, "spec/terminationGracePeriodSeconds", POD_GRACE_S);
}

void
object_mark_deleted(const struct kind *kind, cJSON *object, int64_t now_ms,
		    const struct store_write *how)
{
	cJSON *metadata = object_metadata(object);
	int64_t grace_s = grace_of(kind, object, how);
	char stamp[CLOCK_STAMP_MAX];

	if (str_equal(how->propagation, "Foreground"))
		object_add_finalizer(object, "foregroundDeletion");
	else if (str_equal(how->propagation, "Orphan"))
		object_add_finalizer(object, "orphan");
	if (!json_at(metadata, "deletionTimestamp")) {
		int64_t at_ms = now_ms + grace_s * 1000;

		json_add_string(metadata, "deletionTimestamp", object_time(at_ms, stamp));
		if (kind->flags & KIND_GENERATION)
			set_int(metadata, "generation", json_int(metadata, "generation", 0) + 1);
	}
	if (grace_s < json_int(metadata, "deletionGracePeriodSeconds", INT64_MAX))
		set_int(metadata, "deletionGracePeriodSeconds", grace_s);
	if (kind_is(kind, "", "namespaces") && json_at(object, "status"))
		set_string(json_at(object, "status"), "phase", "Terminating");
}
