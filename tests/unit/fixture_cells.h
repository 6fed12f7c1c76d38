#ifndef LIFEBOAT_TESTS_FIXTURE_CELLS_H
#define LIFEBOAT_TESTS_FIXTURE_CELLS_H

/*
 * Rows of the world's tables. What is expected in these tests is what a real kube-apiserver has printed of the same objects
 * (tests/live/world_tables.py compares them anew).
 */

#include "base/clock.h"
#include "fixture_object.h"
#include "world/printer/printer.h"

/* Now: 2026-01-02T04:04:05Z. CREATED is a day before, SINCE an hour. */
#define NOW_MS INT64_C(1767326645000)
#define CREATED "'creationTimestamp':'2026-01-01T04:04:05Z'"
#define SINCE "2026-01-02T03:04:05Z"

struct cells_case {
	const char *
		object; /* its metadata has the name "x" and CREATED where it has none of its own */
	const char *expected; /* all of its cells */
};

static inline cJSON *
cells_object(const char *text)
{
	cJSON *object = object_of(text);

	if (!json_at(object, "metadata"))
		json_add(object, "metadata", object_of("{'name':'x'," CREATED "}"));
	return object;
}

/* The table of one object. The caller deletes. */
static inline cJSON *
cells_table(const struct kind *kind, const cJSON *object, enum printer_include include)
{
	struct stored stored = { .kind = kind->storage, .object = object };
	const struct stored *items[] = { &stored };

	return printer_table(kind, items, 1, include, true, NOW_MS);
}

static inline void
assert_cells(struct kinds *kinds, const char *word, const struct cells_case *cases, size_t count)
{
	const struct kind *kind = kinds_by_word(kinds, word);

	assert_non_null(kind);
	for (size_t i = 0; i < count; i++) {
		cJSON *object = cells_object(cases[i].object);
		cJSON *table = cells_table(kind, object, PRINTER_NONE);
		const cJSON *cells = json_at(table, "rows/0/cells");

		assert_int_equal(cJSON_GetArraySize(cells),
				 cJSON_GetArraySize(json_at(table, "columnDefinitions")));
		assert_json(cells, cases[i].expected);
		cJSON_Delete(table);
		cJSON_Delete(object);
	}
}

#define ASSERT_CELLS(kinds, word, cases)                                                           \
	assert_cells(kinds, word, cases, sizeof(cases) / sizeof((cases)[0]))

#endif
