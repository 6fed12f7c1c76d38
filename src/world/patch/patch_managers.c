#include "config.h"

#include "world/patch/patch_managers.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	UPDATERS_MAX = 10,
};

static void
release(struct manager *manager)
{
	free(manager->name);
	free(manager->api_version);
	free(manager->subresource);
	free(manager->time);
	fields_free(manager->fields);
}

void
managers_release(struct managers *m)
{
	for (size_t i = 0; i < m->count; i++)
		release(&m->items[i]);
	free(m->items);
	*m = (struct managers){ 0 };
}

static void
read_entry(const cJSON *entry, struct managers *m)
{
	struct fields *fields = fields_parse(cJSON_GetObjectItemCaseSensitive(entry, "fieldsV1"));
	const char *operation = json_string(entry, "operation", "");

	if (!fields || (!str_equal(operation, "Apply") && !str_equal(operation, "Update"))) {
		fields_free(fields);
		return;
	}
	*VEC_PUSH(m->items, m->count, m->cap) = (struct manager){
		.name = xstrdup(json_string(entry, "manager", "unknown")),
		.api_version = xstrdup(json_string(entry, "apiVersion", "")),
		.subresource = xstrdup(json_string(entry, "subresource", NULL)),
		.time = xstrdup(json_string(entry, "time", NULL)),
		.applied = str_equal(operation, "Apply"),
		.fields = fields,
	};
}

void
managers_read(const cJSON *object, struct managers *ret_managers)
{
	const cJSON *entries = json_at(object, "metadata/managedFields"), *entry;
	struct managers m = { 0 };

	cJSON_ArrayForEach(entry, entries)
		read_entry(entry, &m);
	*ret_managers = m;
}

struct manager *
managers_entry(struct managers *m, const char *name, bool applied, const char *api_version,
	       const char *subresource)
{
	for (size_t i = 0; i < m->count; i++) {
		struct manager *item = &m->items[i];

		if (item->applied == applied && str_equal(item->name, name) &&
		    str_equal(item->subresource, subresource) &&
		    (applied || str_equal(item->api_version, api_version)))
			return item;
	}

	struct manager *item = VEC_PUSH(m->items, m->count, m->cap);

	*item = (struct manager){
		.name = xstrdup(name),
		.api_version = xstrdup(api_version),
		.subresource = xstrdup(subresource),
		.applied = applied,
		.fields = fields_new(),
	};
	return item;
}

static int
compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int
manager_compare_names(const void *a, const void *b)
{
	const struct manager *x = a, *y = b;
	int order = compare_texts(x->name, y->name);

	if (!order)
		order = (int)y->applied - (int)x->applied;
	if (!order)
		order = compare_texts(x->api_version, y->api_version);
	return order ? order : compare_texts(x->subresource, y->subresource);
}

/* Appliers first, then by time. */
static int
compare_entries(const void *a, const void *b)
{
	const struct manager *x = a, *y = b;
	int order = (int)y->applied - (int)x->applied;

	if (!order)
		order = compare_texts(x->time, y->time);
	return order ? order : manager_compare_names(a, b);
}

static void
drop(struct managers *m, size_t i)
{
	release(&m->items[i]);
	m->count--;
	memmove(&m->items[i], &m->items[i + 1], (m->count - i) * sizeof(m->items[0]));
}

/* Where the first entry behind `from` of the same version is, or the end. */
static size_t
same_version(const struct managers *m, size_t from)
{
	size_t i = from + 1;

	while (i < m->count && !str_equal(m->items[i].api_version, m->items[from].api_version))
		i++;
	return i;
}

/* The entries are in order. Those of one version become one, from the oldest on, until there are few enough. */
static void
cap_updaters(struct managers *m)
{
	size_t first = 0;

	while (first < m->count && m->items[first].applied)
		first++;
	while (first < m->count && m->count > UPDATERS_MAX) {
		struct manager *oldest = &m->items[first];
		size_t next = same_version(m, first), updaters = 0;

		for (size_t i = 0; i < m->count; i++)
			updaters += !m->items[i].applied;
		if (updaters <= UPDATERS_MAX)
			return;
		if (next == m->count) {
			first++;
			continue;
		}
		fields_add(oldest->fields, m->items[next].fields);
		free(oldest->name);
		free(oldest->time);
		free(oldest->subresource);
		oldest->name = xstrdup("ancient-changes");
		oldest->time = xstrdup(m->items[next].time);
		oldest->subresource = NULL;
		drop(m, next);
	}
}

static cJSON *
print_entry(const struct manager *item)
{
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "manager", item->name);
	json_add_string(entry, "operation", item->applied ? "Apply" : "Update");
	json_add_string(entry, "apiVersion", item->api_version);
	if (item->time)
		json_add_string(entry, "time", item->time);
	json_add_string(entry, "fieldsType", "FieldsV1");
	json_add(entry, "fieldsV1", fields_print(item->fields));
	if (item->subresource)
		json_add_string(entry, "subresource", item->subresource);
	return entry;
}

void
managers_write(struct managers *m, cJSON *object)
{
	cJSON *metadata = json_at(object, "metadata"), *entries = cJSON_CreateArray();

	for (size_t i = m->count; i-- > 0;)
		if (fields_empty(m->items[i].fields))
			drop(m, i);
	if (m->count)
		qsort(m->items, m->count, sizeof(m->items[0]), compare_entries);
	cap_updaters(m);
	if (m->count)
		qsort(m->items, m->count, sizeof(m->items[0]), compare_entries);
	for (size_t i = 0; i < m->count; i++)
		cJSON_AddItemToArray(entries, print_entry(&m->items[i]));
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "managedFields");
	if (metadata && m->count)
		json_add(metadata, "managedFields", entries);
	else
		cJSON_Delete(entries);
}
