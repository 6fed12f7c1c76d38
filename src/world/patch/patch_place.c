#include "config.h"

#include "world/patch/patch_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/patch/patch_fields.h"

struct place
place_root(const struct list_rule *rules)
{
	return (struct place){ .rules = rules ? rules : place_unknown, .unknown = !rules };
}

struct place
place_member(const struct place *up, const char *name)
{
	struct place place = *up;

	place.up = up;
	place.name = name;
	place.element = NULL;
	if (place.unknown && !up->up)
		place.deduced = !str_equal(name, "metadata") && !str_equal(name, "apiVersion") &&
				!str_equal(name, "kind");
	return place;
}

struct place
place_element(const struct place *up, const char *key)
{
	struct place place = *up;

	place.up = up;
	place.name = "*";
	place.element = key;
	return place;
}

/* From the end, as most rules differ there. */
static bool
matches(const struct place *place, const char *path)
{
	size_t len = strlen(path);

	for (;; place = place->up, len--) {
		size_t name = strlen(place->name);

		if (name > len || memcmp(path + len - name, place->name, name) != 0)
			return false;
		len -= name;
		if (!place->up->up || len == 0)
			return !place->up->up && len == 0;
		if (path[len - 1] != '.')
			return false;
	}
}

const struct list_rule *
place_rule(const struct place *place)
{
	if (!place->up || place->deduced)
		return NULL;
	for (const struct list_rule *rule = place->rules; rule->path; rule++)
		if (matches(place, rule->path))
			return rule;
	return NULL;
}

enum shape
place_shape(const struct place *place, const cJSON *value)
{
	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return SHAPE_WHOLE;

	const struct list_rule *rule = place_rule(place);

	if (cJSON_IsObject(value))
		return rule && !rule->keys ? SHAPE_WHOLE : SHAPE_MAP;
	return rule && rule->keys ? SHAPE_LIST : SHAPE_WHOLE;
}

void
elements_release(struct elements *elements)
{
	for (size_t i = 0; i < elements->count; i++)
		free(elements->keys[i]);
	free(elements->keys);
	free(elements->values);
	*elements = (struct elements){ 0 };
}

long
elements_find(const struct elements *elements, const char *key)
{
	for (size_t i = 0; i < elements->count; i++)
		if (strcmp(elements->keys[i], key) == 0)
			return (long)i;
	return -1;
}

static char *
set_key(const cJSON *value, const char **why)
{
	if (cJSON_IsObject(value))
		*why = "associative list without keys has an element that's a map type";
	else if (cJSON_IsArray(value))
		*why = "not supported: associative list with lists as elements";
	else if (cJSON_IsNull(value))
		*why = "associative list without keys has an element that's an explicit null";
	if (*why)
		return NULL;

	char *text = json_print(value);
	char *key = xasprintf("v:%s", text);

	free(text);
	return key;
}

/* One word of a rule's keys, "protocol=TCP", of an element; false where it has neither the field nor a default. */
static bool
take_key(const cJSON *element, const char *word, size_t len, cJSON *keys, char **why)
{
	const char *equals = memchr(word, '=', len);
	char *name = xstrndup(word, equals ? (size_t)(equals - word) : len);
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(element, name);

	if (value) {
		json_add(keys, name, cJSON_Duplicate(value, true));
	} else if (equals) {
		char *otherwise = xstrndup(equals + 1, len - (size_t)(equals + 1 - word));

		json_add_string(keys, name, otherwise);
		free(otherwise);
	} else {
		*why = xasprintf("associative list with keys has an element that omits key field "
				 "\"%s\" (and doesn't have default value)",
				 name);
	}
	free(name);
	return *why == NULL;
}

static char *
map_key(const struct list_rule *rule, const cJSON *element, char **why)
{
	cJSON *keys = cJSON_CreateObject();
	char *text = NULL, *key = NULL;
	const char *word = rule->keys;

	while (*word && !*why) {
		size_t len = strcspn(word, ",");

		take_key(element, word, len, keys, why);
		word += len + (word[len] == ',');
	}
	if (!*why) {
		text = json_print(keys);
		key = xasprintf("k:%s", text);
	}
	free(text);
	cJSON_Delete(keys);
	return key;
}

static char *
element_key(const struct list_rule *rule, const cJSON *element, char **why)
{
	const char *fixed = NULL;
	char *key = NULL;

	if (!*rule->keys)
		key = set_key(element, &fixed);
	else if (cJSON_IsObject(element))
		key = map_key(rule, element, why);
	else if (cJSON_IsNull(element))
		fixed = "associative list with keys may not have a null element";
	else
		fixed = "associative list with keys may not have non-map elements";
	if (fixed)
		*why = xstrdup(fixed);
	return key;
}

bool
elements_read(const struct place *list, const cJSON *value, struct elements *ret_elements,
	      char **ret_why)
{
	const struct list_rule *rule = place_rule(list);
	size_t count = (size_t)cJSON_GetArraySize(value);
	struct elements e = { xcalloc(count + 1, sizeof(char *)),
			      xcalloc(count + 1, sizeof(cJSON *)), 0 };
	const cJSON *element;
	char *why = NULL;

	cJSON_ArrayForEach(element, value) {
		char *detail = NULL, *key = element_key(rule, element, &detail);

		if (!key) {
			why = xasprintf("element %zu: %s", e.count, detail);
		} else if (elements_find(&e, key) >= 0) {
			char *text = fields_key_text(key);

			why = xasprintf("duplicate entries for key %s", text);
			free(text);
		}
		free(detail);
		if (why) {
			free(key);
			break;
		}
		e.keys[e.count] = key;
		e.values[e.count++] = element;
	}
	if (!why) {
		*ret_elements = e;
		return true;
	}
	elements_release(&e);
	if (ret_why)
		*ret_why = why;
	else
		free(why);
	return false;
}
