#include "config.h"

#include "world/printer/printer_cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/selector.h"

void
cell_text(cJSON *cells, const char *text)
{
	cJSON_AddItemToArray(cells, cJSON_CreateString(text));
}

void
cell_number(cJSON *cells, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	cJSON_AddItemToArray(cells, number < JSON_EXACT_BELOW && number > -JSON_EXACT_BELOW
					    ? cJSON_CreateNumber((double)number)
					    : cJSON_CreateRaw(digits));
}

void
cell_take(cJSON *cells, struct str *text)
{
	cell_text(cells, str_cstr(text));
	str_release(text);
}

void
cell_name(cJSON *cells, const cJSON *object)
{
	cell_text(cells, json_string(object, "metadata/name", ""));
}

void
cell_at(cJSON *cells, const cJSON *object, const char *path, const char *otherwise)
{
	const cJSON *value = json_at(object, path);
	char *text = value && !cJSON_IsNull(value) ? json_text(value) : NULL;

	cell_text(cells, text && *text ? text : otherwise);
	free(text);
}

void
cell_count(cJSON *cells, const cJSON *object, const char *path)
{
	cell_number(cells, json_int(object, path, 0));
}

void
cell_size(cJSON *cells, const cJSON *object, const char *path)
{
	cell_number(cells, cJSON_GetArraySize(json_at(object, path)));
}

void
cell_since(cJSON *cells, const char *stamp, int64_t now_ms)
{
	char age[CLOCK_STAMP_MAX];
	int64_t at_ms;

	if (stamp && clock_parse_utc(stamp, &at_ms) == 0)
		cell_text(cells, duration_format_human(now_ms - at_ms, age));
	else
		cell_text(cells, "<unknown>");
}

void
cell_age(cJSON *cells, const cJSON *object, int64_t now_ms)
{
	cell_since(cells, json_string(object, "metadata/creationTimestamp", NULL), now_ms);
}

void
append_item(struct str *out, const char *separator, const char *item)
{
	str_printf(out, "%s%s", out->len ? separator : "", item);
}

void
name_set_add(struct name_set *set, const char *name)
{
	size_t at = 0;

	while (at < set->count && strcmp(set->items[at], name) < 0)
		at++;
	if (at < set->count && strcmp(set->items[at], name) == 0)
		return;
	*VEC_PUSH(set->items, set->count, set->cap) = NULL;
	memmove(&set->items[at + 1], &set->items[at], (set->count - 1 - at) * sizeof(char *));
	set->items[at] = name;
}

void
name_set_release(struct name_set *set)
{
	free(set->items);
	*set = (struct name_set){ .count = 0 };
}

void
append_balancers(struct str *out, const cJSON *object)
{
	struct name_set addresses = { .count = 0 };
	const cJSON *ingress;

	cJSON_ArrayForEach(ingress, json_at(object, "status/loadBalancer/ingress")) {
		const char *ip = json_string(ingress, "ip", "");

		name_set_add(&addresses, *ip ? ip : json_string(ingress, "hostname", ""));
	}
	for (size_t i = 0; i < addresses.count; i++)
		append_item(out, ",", addresses.items[i]);
	name_set_release(&addresses);
}

void
cell_containers(cJSON *cells, const cJSON *pod_spec)
{
	struct str names = STR_INIT, images = STR_INIT;
	const cJSON *container, *containers = json_at(pod_spec, "containers");

	cJSON_ArrayForEach(container, containers) {
		const char *comma = container == containers->child ? "" : ",";

		str_printf(&names, "%s%s", comma, json_string(container, "name", ""));
		str_printf(&images, "%s%s", comma, json_string(container, "image", ""));
	}
	cell_take(cells, &names);
	cell_take(cells, &images);
}

static void
cell_of_selector(cJSON *cells, struct selector *selector)
{
	char *text = selector_format(selector);

	cell_text(cells, *text ? text : "<none>");
	free(text);
	selector_free(selector);
}

void
cell_labels(cJSON *cells, const cJSON *map)
{
	cell_of_selector(cells, selector_from_map(map));
}

void
cell_selector(cJSON *cells, const cJSON *label_selector)
{
	cell_of_selector(cells, selector_from_object(label_selector));
}
