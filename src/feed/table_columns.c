#include "config.h"

#include "feed/table_columns.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "feed/source.h"

/* Columns that hold an age without being of the type "date". */
static const struct {
	const char *name;
	enum table_tick tick;
} ticking[] = {
	{ "AGE", TICK_CREATED },   { "FIRST SEEN", TICK_AGE },	  { "LAST SCHEDULE", TICK_AGE },
	{ "LAST SEEN", TICK_AGE }, { "RESTARTS", TICK_RESTARTS },
};

static enum table_tick
tick_of(const char *name, const char *type)
{
	for (size_t i = 0; i < sizeof(ticking) / sizeof(ticking[0]); i++)
		if (strcmp(name, ticking[i].name) == 0)
			return ticking[i].tick;
	return strcmp(type, "date") == 0 ? TICK_AGE : TICK_NOT;
}

/* Appends the names as they are shown, each with its NUL. */
static size_t
collect_names(struct secrets *secrets, const cJSON *definitions, struct str *names)
{
	struct str scratch = STR_INIT;
	const cJSON *definition;
	size_t count = 0;

	cJSON_ArrayForEach(definition, definitions) {
		const char *name = json_string(definition, "name", "");

		if (count++ == TABLE_MAX_COLUMNS)
			break;
		feed_clean(secrets, name, strlen(name), &scratch, names);
		str_append_bytes(names, "", 1);
	}
	for (size_t i = 0; i < names->len; i++)
		names->data[i] = (char)toupper((unsigned char)names->data[i]);
	str_release(&scratch);
	return count < TABLE_MAX_COLUMNS ? count : TABLE_MAX_COLUMNS;
}

static void
define(struct table_columns *columns, size_t i, const char *name, const cJSON *definition)
{
	const char *type = json_string(definition, "type", "");
	enum table_tick tick = tick_of(name, type);

	columns->items[i] = (struct table_column){
		.name = name,
		.wide = json_int(definition, "priority", 0) > 0,
		.number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0,
		.age = tick == TICK_CREATED || tick == TICK_AGE,
	};
	columns->tick[i] = tick;
	columns->moment[i] = columns->moments;
	columns->moments += tick != TICK_NOT;
}

struct table_columns *
table_columns_new(struct table_pool *pool, struct secrets *secrets, const cJSON *definitions)
{
	const cJSON *definition = definitions ? definitions->child : NULL;
	struct str names = STR_INIT;
	size_t count = collect_names(secrets, definitions, &names);
	struct table_columns *columns = table_pool_alloc(pool, sizeof(*columns) + names.len);
	const char *name = columns->names;

	memcpy(columns->names, str_cstr(&names), names.len);
	columns->count = count;
	columns->moments = 0;
	for (size_t i = 0; i < count; i++, definition = definition->next) {
		define(columns, i, name, definition);
		name += strlen(name) + 1;
	}
	columns->ready = table_columns_find(columns, "READY");
	columns->status = table_columns_find(columns, "STATUS");
	str_release(&names);
	return columns;
}

bool
table_columns_equal(const struct table_columns *a, const struct table_columns *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].name, b->items[i].name) != 0 || a->tick[i] != b->tick[i] ||
		    a->items[i].wide != b->items[i].wide ||
		    a->items[i].number != b->items[i].number)
			return false;
	return true;
}

int
table_columns_find(const struct table_columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->items[i].name, name) == 0)
			return (int)i;
	return -1;
}
