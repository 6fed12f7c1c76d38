/*
 * What the drill world's printers and selectors make of objects, for world_tables.py: reads requests, one line of JSON for
 * each, and answers each with one.
 *
 *   {"do": "table", "group", "version", "resource", "items": […], "now_ms", "definition": {…}}: columnDefinitions and rows
 *   {"do": "labels", "text", "items": […]}: {"code", "message"} of a refusal, or {"matches": [true, …]}
 *   {"do": "fields", "text", "group", "version", "resource", "items": […]}: the same
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/object/selector.h"
#include "world/printer/printer.h"

static const struct kind *
find_kind(struct kinds *kinds, const cJSON *request)
{
	struct refusal r = REFUSAL_INIT;
	const cJSON *definition = json_at(request, "definition");

	if (definition && kinds_define(kinds, definition, &r) < 0)
		fprintf(stderr, "%s\n", r.message);
	refusal_release(&r);
	return kinds_by_resource(kinds, json_string(request, "group", ""),
				 json_string(request, "version", ""),
				 json_string(request, "resource", ""));
}

static cJSON *
make_table(struct kinds *kinds, const cJSON *request)
{
	const cJSON *items = json_at(request, "items"), *item;
	size_t count = (size_t)cJSON_GetArraySize(items), at = 0;
	struct stored *stored = xcalloc(count + 1, sizeof(*stored));
	const struct stored **list = xcalloc(count + 1, sizeof(*list));
	const struct kind *kind = find_kind(kinds, request);

	if (!kind)
		return cJSON_CreateNull();
	cJSON_ArrayForEach(item, items) {
		kind_convert(kind->storage, (cJSON *)(uintptr_t)item);
		stored[at] = (struct stored){ .kind = kind->storage, .object = item };
		list[at] = &stored[at];
		at++;
	}
	cJSON *table = printer_table(kind, list, count, PRINTER_OBJECT, true,
				     json_int(request, "now_ms", 0));
	free(stored);
	free(list);
	return table;
}

static cJSON *
make_matches(const struct selector *selector, const cJSON *items)
{
	cJSON *answer = cJSON_CreateObject(), *matches = cJSON_AddArrayToObject(answer, "matches");
	const cJSON *item;

	cJSON_ArrayForEach(item, items)
		cJSON_AddItemToArray(matches, cJSON_CreateBool(selector_matches(selector, item)));
	return answer;
}

static cJSON *
select_items(struct kinds *kinds, const cJSON *request)
{
	const char *text = json_string(request, "text", "");
	struct selector *selector = NULL;
	struct refusal r = REFUSAL_INIT;
	cJSON *answer;
	int rc;

	if (strcmp(json_string(request, "do", ""), "labels") == 0)
		rc = selector_parse_labels(text, &selector, &r);
	else
		rc = selector_parse_fields(text, find_kind(kinds, request), &selector, &r);
	answer = rc < 0 ? refusal_status(&r) : make_matches(selector, json_at(request, "items"));
	refusal_release(&r);
	selector_free(selector);
	return answer;
}

int
main(void)
{
	struct kinds *kinds = kinds_new();
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		cJSON *request = cJSON_ParseWithLength(line, (size_t)len);
		bool table = strcmp(json_string(request, "do", ""), "table") == 0;
		cJSON *answer = table ? make_table(kinds, request) : select_items(kinds, request);
		char *text = json_print(answer);

		puts(text);
		fflush(stdout);
		free(text);
		cJSON_Delete(answer);
		cJSON_Delete(request);
	}
	free(line);
	kinds_free(kinds);
	return 0;
}
