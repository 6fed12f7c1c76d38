#include "config.h"

#include "runbook/load.h"

#include <regex.h>
#include <string.h>

#include "base/str.h"
#include "runbook/params.h"

/* Keys that only parameters of some types take. */
static const struct {
	const char *key;
	unsigned types; /* set of 1 << param_type */
	const char *whose;
} keys[] = {
	{ "choices", 1u << PARAM_CHOICE, "of type choice" },
	{ "items", 1u << PARAM_LIST, "of type list" },
	{ "must_exist", 1u << PARAM_PATH, "of type path" },
	{ "from", 1u << PARAM_SECRET, "of type secret" },
	{ "pattern", 1u << PARAM_STRING, "of type string" },
};

static void
lint_keys(struct load *l, const struct param *param, const struct yaml_node *node)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml_node *value = yaml_get(node, keys[i].key);

		if (value && !(keys[i].types & 1u << param->type))
			load_error(l, value,
				   "only a parameter %s takes \"%s\", and \"%s\" is of type %s",
				   keys[i].whose, keys[i].key, param->name,
				   param_type_name(param->type));
	}
	if (param->type == PARAM_CHOICE && !yaml_get(node, "choices"))
		load_error(l, node, "missing key \"choices\" in a parameter of type choice");
	if (param->type == PARAM_LIST &&
	    (param->items == PARAM_LIST || param->items == PARAM_SECRET))
		load_error(l, yaml_get(node, "items"), "a list cannot hold elements of type %s",
			   param_type_name(param->items));
}

/* True when the pattern can be used. */
static bool
lint_pattern(struct load *l, const struct param *param, const struct yaml_node *node)
{
	const struct yaml_node *value = yaml_get(node, "pattern");
	char reason[128];
	regex_t regex;
	int rc;

	if (!param->pattern)
		return true;
	rc = regcomp(&regex, param->pattern, REG_EXTENDED | REG_NOSUB);
	if (rc == 0) {
		regfree(&regex);
		return true;
	}
	regerror(rc, &regex, reason, sizeof(reason));
	load_error(l, value, "\"pattern\" is no extended regular expression: %s", reason);
	return false;
}

/* A default is held to what an answer is held to, as far as that does not depend on this machine. */
static void
lint_default_text(struct load *l, const struct param *param, enum param_type type,
		  const struct yaml_node *node)
{
	struct param one = *param;
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	if (!load_scalar(node) || strstr(node->text, "${") || type == PARAM_PATH ||
	    type == PARAM_SECRET || type == PARAM_LIST)
		return;
	one.type = type;
	if (param_convert(&one, node->text, &value, &e) < 0)
		load_error(l, node, "the default of \"%s\": %s", param->name, e.message);
	cJSON_Delete(value);
}

static void
lint_default(struct load *l, const struct param *param, const struct yaml_node *node)
{
	const struct yaml_node *value = yaml_get(node, "default");

	if (!value || !param->otherwise)
		return;
	if (param->type == PARAM_SECRET) {
		load_error(l, value,
			   "a secret has no default: its value must not stand in the file");
		return;
	}
	if (yaml_get(node, "required") && param->required)
		load_warning(l, yaml_get(node, "required"),
			     "\"%s\" has a default, so that \"required\" "
			     "has no meaning",
			     param->name);
	if (param->type != PARAM_LIST)
		lint_default_text(l, param, param->type, value);
	for (size_t i = 0; value->kind == YAML_SEQUENCE && i < value->count; i++)
		lint_default_text(l, param, param->items, value->items[i]);
}

static void
lint_names(struct load *l, const char *key, const char *what, bool plain)
{
	const struct yaml_node *map = yaml_get(l->root, key);

	for (size_t i = 0; map && map->kind == YAML_MAPPING && i < map->count; i++) {
		const struct yaml_node *name = map->pairs[i].key;

		if (!load_name_ok(name->text, plain))
			load_error(l, name,
				   "\"%s\" is no name for %s: a-z, 0-9%s _, a letter first",
				   name->text, what, plain ? " and" : ", - and");
	}
}

void
lint_params(struct load *l, const struct runbook *rb)
{
	const struct yaml_node *map = yaml_get(l->root, "params");

	lint_names(l, "params", "a parameter", true);
	lint_names(l, "targets", "a target", false);
	for (size_t i = 0; i < rb->params_count; i++) {
		const struct param *param = &rb->params[i];
		const struct yaml_node *node = map->pairs[i].value;

		if (node->kind != YAML_MAPPING)
			continue;
		lint_keys(l, param, node);
		if (lint_pattern(l, param, node))
			lint_default(l, param, node);
	}
}
