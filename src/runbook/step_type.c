#include "config.h"

#include "runbook/step_type.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static const struct {
	enum target_kind kind;
	const char *name;
} kinds[] = {
	{ TARGET_KUBERNETES, "kubernetes" },
	{ TARGET_POSTGRESQL, "postgresql" },
	{ TARGET_DNS, "dns" },
	{ TARGET_HTTP, "http" },
};

const char *
target_kind_name(enum target_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "none";
}

enum target_kind
target_kind_from_name(const char *name)
{
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return TARGET_NONE;
}

const char *
step_effect_name(enum step_effect effect)
{
	static const char *const names[] = {
		[EFFECT_NONE] = "none",
		[EFFECT_READS] = "reads",
		[EFFECT_CHANGES] = "changes",
		[EFFECT_DESTROYS] = "destroys",
	};

	return names[effect];
}

enum step_effect
step_type_effect(const struct step_type *type, const cJSON *with)
{
	static const enum step_effect all[] = { EFFECT_READS, EFFECT_CHANGES, EFFECT_DESTROYS };

	if (!type->fields || !field_find(type->fields, "effect"))
		return type->effect;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_equal(json_string(with, "effect", ""), step_effect_name(all[i])))
			return all[i];
	return with && type->effect_of ? type->effect_of(with) : type->effect;
}

const char *
step_type_program(const struct step_type *type, const cJSON *with)
{
	const cJSON *argv = type->starts ? json_at(with, type->starts) : NULL;
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(argv, 0));

	if (!name || !*name || json_bool(with, "shell", false) || strstr(name, "${"))
		return NULL;
	/* where it works, and so which file that is, is known later */
	return name[0] != '/' && strchr(name, '/') ? NULL : name;
}

static int
compare_uses(const void *key, const void *element)
{
	const struct step_type *const *type = element;

	return strcmp(key, (*type)->uses);
}

const struct step_type *
step_catalogue_find(const struct step_catalogue *catalogue, const char *uses)
{
	const struct step_type *const *found;

	if (!uses || catalogue->count == 0)
		return NULL;
	found = bsearch(uses, catalogue->types, catalogue->count, sizeof(*catalogue->types),
			compare_uses);
	return found ? *found : NULL;
}
