#include "config.h"

#include "runbook/load.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

static char *
text_of(const cJSON *object, const char *name)
{
	return xstrdup(json_string(object, name, NULL));
}

/* The strings of a list, ending with NULL; never NULL itself. */
static char **
texts_of(const cJSON *object, const char *name)
{
	const cJSON *list = json_at(object, name), *item;
	char **texts = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*texts));
	size_t count = 0;

	cJSON_ArrayForEach(item, list)
		if (cJSON_IsString(item))
			texts[count++] = xstrdup(item->valuestring);
	return texts;
}

/* A duration, or the default of its table. */
static int64_t
duration_of(const cJSON *object, const struct field *table, const char *name)
{
	const char *text = json_string(object, name, field_find(table, name)->otherwise);
	int64_t ms = 0;

	if (text && duration_parse(text, &ms, NULL) < 0)
		return 0;
	return ms;
}

static int
word_of(const cJSON *object, const struct field *table, const char *name)
{
	const struct field *field = field_find(table, name);
	const char *word = json_string(object, name, field->otherwise);

	for (int i = 0; word && field->choices[i]; i++)
		if (strcmp(field->choices[i], word) == 0)
			return i;
	return -1;
}

/* The first element or member, and the one after; NULL in, NULL out. */
static const cJSON *
first_of(const cJSON *list)
{
	return list ? list->child : NULL;
}

static const cJSON *
next_of(const cJSON *item)
{
	return item ? item->next : NULL;
}

static struct mark
mark_of(const struct yaml_node *node, const char *key)
{
	const struct yaml_node *value = node->kind == YAML_MAPPING ? yaml_get(node, key) : NULL;

	return value ? value->mark : node->mark;
}

static const struct yaml_node *
child(const struct yaml_node *node, const char *key)
{
	return node && node->kind == YAML_MAPPING ? yaml_get(node, key) : NULL;
}

static void
build_param(const cJSON *in, const struct yaml_pair *pair, struct param *param)
{
	const cJSON *source, *otherwise = json_at(in, "default");
	int type = word_of(in, runbook_param_fields, "type");
	int items = word_of(in, runbook_param_fields, "items");

	param->name = xstrdup(pair->key->text);
	param->type = type < 0 ? PARAM_STRING : (enum param_type)type;
	param->items = items < 0 ? PARAM_STRING : (enum param_type)items;
	param->title = xstrdup(json_string(in, "title", pair->key->text));
	param->text = text_of(in, "text");
	if (param->type == PARAM_CHOICE)
		param->choices = texts_of(in, "choices");
	param->pattern = text_of(in, "pattern");
	if (otherwise && !cJSON_IsNull(otherwise))
		param->otherwise = cJSON_Duplicate(otherwise, true);
	param->required = json_bool(in, "required", !param->otherwise);
	param->must_exist = json_bool(in, "must_exist", false);
	cJSON_ArrayForEach(source, json_at(in, "from")) {
		const char *word = cJSON_IsString(source) ? source->valuestring : "";

		param->from |= strcmp(word, "file") == 0	 ? SECRET_FROM_FILE
			       : strcmp(word, "env") == 0	 ? SECRET_FROM_ENV
			       : strcmp(word, "kubernetes") == 0 ? SECRET_FROM_KUBERNETES
								 : SECRET_FROM_PROMPT;
	}
	if (param->type == PARAM_SECRET && param->from == 0)
		param->from = SECRET_FROM_ANYWHERE;
	param->mark = pair->key->mark;
}

static void
build_params(const cJSON *in, const struct yaml_node *node, struct runbook *rb)
{
	if (!node || node->kind != YAML_MAPPING)
		return;
	rb->params = xcalloc(node->count, sizeof(*rb->params));
	rb->params_count = node->count;
	const cJSON *item = first_of(in);
	for (size_t i = 0; i < node->count; i++, item = next_of(item))
		build_param(item, &node->pairs[i], &rb->params[i]);
}

static void
build_targets(const cJSON *in, const struct yaml_node *node, struct runbook *rb)
{
	if (!node || node->kind != YAML_MAPPING)
		return;
	rb->targets = xcalloc(node->count, sizeof(*rb->targets));
	rb->targets_count = node->count;
	const cJSON *fields = first_of(in);
	for (size_t i = 0; i < node->count; i++, fields = next_of(fields)) {
		struct target_spec *target = &rb->targets[i];

		target->name = xstrdup(node->pairs[i].key->text);
		target->kind = target_kind_from_name(json_string(fields, "type", NULL));
		target->group = json_at(fields, "contexts") != NULL;
		target->with = cJSON_IsObject(fields) ? cJSON_Duplicate(fields, true)
						      : cJSON_CreateObject();
		cJSON_DeleteItemFromObjectCaseSensitive(target->with, "type");
		target->mark = node->pairs[i].key->mark;
	}
}

static void
build_action(const struct load *l, const cJSON *in, const struct yaml_node *node,
	     struct action_spec *action)
{
	const cJSON *with = json_at(in, "with");

	action->type = step_catalogue_find(l->catalogue, json_string(in, "uses", NULL));
	action->target = text_of(in, "target");
	action->with = with ? cJSON_Duplicate(with, true) : cJSON_CreateObject();
	action->mark = node->mark;
}

static void
build_check(const struct load *l, const cJSON *in, const struct yaml_node *node,
	    struct check_spec *check)
{
	build_action(l, in, node, &check->action);
	check->expect = text_of(in, "expect");
	check->message = text_of(in, "message");
}

static struct check_spec *
build_checks(const struct load *l, const cJSON *in, const struct yaml_node *node, size_t *ret_count)
{
	struct check_spec *checks;

	if (!node || node->kind != YAML_SEQUENCE)
		return NULL;
	checks = xcalloc(node->count, sizeof(*checks));
	const cJSON *item = first_of(in);
	for (size_t i = 0; i < node->count; i++, item = next_of(item))
		build_check(l, item, node->items[i], &checks[i]);
	*ret_count = node->count;
	return checks;
}

static struct pane_spec *
build_pane(const cJSON *in, const struct yaml_node *node, size_t *ret_count)
{
	struct pane_spec *panes;

	if (!node || node->kind != YAML_SEQUENCE)
		return NULL;
	panes = xcalloc(node->count, sizeof(*panes));
	const cJSON *pane = first_of(in);
	for (size_t i = 0; i < node->count; i++, pane = next_of(pane)) {
		panes[i].target = text_of(pane, "target");
		panes[i].ns = text_of(pane, "namespace");
		panes[i].all_namespaces = json_bool(pane, "all_namespaces", false);
		panes[i].resource = text_of(pane, "resource");
		panes[i].selector = text_of(pane, "selector");
		panes[i].pod = text_of(pane, "pod");
		panes[i].workload = text_of(pane, "workload");
		panes[i].container = text_of(pane, "container");
		panes[i].previous = json_bool(pane, "previous", false);
		panes[i].mark = mark_of(node->items[i], "target");
	}
	*ret_count = node->count;
	return panes;
}

static void
build_panes(const cJSON *in, const struct yaml_node *node, struct pane_set *panes)
{
	panes->pods = build_pane(json_at(in, "pods"), child(node, "pods"), &panes->pods_count);
	panes->resources = build_pane(json_at(in, "resources"), child(node, "resources"),
				      &panes->resources_count);
	panes->logs = build_pane(json_at(in, "logs"), child(node, "logs"), &panes->logs_count);
}

static void
build_outputs(const cJSON *in, struct step_spec *step)
{
	const cJSON *output;

	if (!cJSON_IsObject(in))
		return;
	step->outputs = xcalloc((size_t)cJSON_GetArraySize(in), sizeof(*step->outputs));
	cJSON_ArrayForEach(output, in) {
		struct step_output *to = &step->outputs[step->outputs_count++];

		to->name = xstrdup(output->string);
		to->expression = xstrdup(cJSON_IsString(output) ? output->valuestring : "null");
	}
}

static void
build_retry(const cJSON *retry, struct step_spec *step)
{
	const cJSON *backoff = json_at(retry, "backoff"), *factor = json_at(backoff, "factor");

	step->retry_max_attempts = (int)json_int(retry, "max_attempts", 1);
	step->retry_initial_ms = duration_of(backoff, runbook_backoff_fields, "initial");
	step->retry_max_ms = duration_of(backoff, runbook_backoff_fields, "max");
	step->retry_factor = cJSON_IsNumber(factor) ? factor->valuedouble : 2;
}

static void
build_failure(const cJSON *in, struct step_spec *step)
{
	const cJSON *on_failure = json_at(in, "on_failure");

	if (cJSON_IsObject(on_failure)) {
		step->on_failure = ON_FAILURE_GOTO;
		step->goto_step = text_of(on_failure, "goto");
		step->goto_max = (int)json_int(on_failure, "max", 0);
	} else if (word_of(in, runbook_step_fields, "on_failure") == 1) {
		step->on_failure = ON_FAILURE_ABORT;
	}
}

static void
build_times(const cJSON *in, struct step_spec *step)
{
	const cJSON *wait = json_at(in, "wait");

	step->estimate_ms = duration_of(in, runbook_step_fields, "estimate");
	step->timeout_ms = duration_of(in, runbook_step_fields, "timeout");
	if (!wait)
		return;
	step->wait_interval_ms = duration_of(wait, runbook_wait_fields, "interval");
	step->wait_timeout_ms = duration_of(wait, runbook_wait_fields, "timeout");
}

static void
build_step(const struct load *l, const cJSON *in, const struct yaml_node *node,
	   struct step_spec *step)
{
	step->id = text_of(in, "id");
	step->title = text_of(in, "title");
	step->section = text_of(in, "section");
	step->text = text_of(in, "text");
	step->when = text_of(in, "when");
	build_action(l, in, node, &step->action);
	step->for_each_in = text_of(in, "for_each/in");
	step->for_each_as = text_of(in, "for_each/as");
	step->preconditions =
		build_checks(l, json_at(in, "preconditions"), child(node, "preconditions"),
			     &step->preconditions_count);
	step->verify =
		build_checks(l, json_at(in, "verify"), child(node, "verify"), &step->verify_count);
	build_outputs(json_at(in, "outputs"), step);
	build_times(in, step);
	build_retry(json_at(in, "retry"), step);
	step->idempotent = json_bool(in, "idempotent", false);
	step->confirm =
		(enum step_confirm)(CONFIRM_ASK + word_of(in, runbook_step_fields, "confirm"));
	build_failure(in, step);
	if (cJSON_IsObject(json_at(in, "undo"))) {
		step->undo = xcalloc(1, sizeof(*step->undo));
		build_action(l, json_at(in, "undo"), child(node, "undo"), step->undo);
	}
	build_panes(json_at(in, "panes"), child(node, "panes"), &step->panes);
	step->hints = texts_of(in, "drill/hint");
	step->mark = node->mark;
}

static void
build_steps(const struct load *l, const cJSON *in, const struct yaml_node *node, struct runbook *rb)
{
	if (!node || node->kind != YAML_SEQUENCE)
		return;
	rb->steps = xcalloc(node->count, sizeof(*rb->steps));
	rb->steps_count = node->count;
	const cJSON *item = first_of(in);
	for (size_t i = 0; i < node->count; i++, item = next_of(item))
		build_step(l, item, node->items[i], &rb->steps[i]);
}

static void
build_rto(const cJSON *in, struct runbook *rb)
{
	static const struct field target[] = { { .name = "target", .type = FIELD_DURATION },
					       { 0 } };
	const cJSON *item;

	rb->rto = xcalloc((size_t)cJSON_GetArraySize(in), sizeof(*rb->rto));
	cJSON_ArrayForEach(item, in) {
		struct rto_spec *rto = &rb->rto[rb->rto_count++];

		rto->title = text_of(item, "title");
		rto->target_ms = duration_of(item, target, "target");
		rto->from = text_of(item, "from");
		rto->to = text_of(item, "to");
	}
}

static void
build_impact(const struct load *l, const cJSON *in, const struct yaml_node *node,
	     struct runbook *rb)
{
	if (!node || node->kind != YAML_SEQUENCE)
		return;
	rb->impact = xcalloc(node->count, sizeof(*rb->impact));
	rb->impact_count = node->count;
	const cJSON *item = first_of(in);
	for (size_t i = 0; i < node->count; i++, item = next_of(item)) {
		struct impact_spec *impact = &rb->impact[i];

		impact->operation = text_of(item, "operation");
		impact->level = text_of(item, "level");
		impact->text = text_of(item, "text");
		if (!cJSON_IsObject(json_at(item, "probe")))
			continue;
		impact->probe = xcalloc(1, sizeof(*impact->probe));
		build_check(l, json_at(item, "probe"), child(node->items[i], "probe"),
			    impact->probe);
	}
}

static void
build_ends(const cJSON *in, struct runbook *rb)
{
	const cJSON *item;

	rb->ends = xcalloc((size_t)cJSON_GetArraySize(in), sizeof(*rb->ends));
	cJSON_ArrayForEach(item, in) {
		struct end_spec *end = &rb->ends[rb->ends_count++];

		end->id = text_of(item, "id");
		end->title = text_of(item, "title");
	}
}

void
load_build(struct load *l, const cJSON *document, struct runbook *rb)
{
	const cJSON *metadata = json_at(document, "metadata");

	rb->id = text_of(metadata, "id");
	rb->title = text_of(metadata, "title");
	rb->version = text_of(metadata, "version");
	rb->summary = text_of(metadata, "summary");
	rb->owners = texts_of(metadata, "owners");
	rb->sources = texts_of(metadata, "sources");
	build_params(json_at(document, "params"), child(l->root, "params"), rb);
	build_targets(json_at(document, "targets"), child(l->root, "targets"), rb);
	build_rto(json_at(document, "rto"), rb);
	build_impact(l, json_at(document, "impact"), child(l->root, "impact"), rb);
	build_panes(json_at(document, "panes"), child(l->root, "panes"), &rb->panes);
	build_steps(l, json_at(document, "steps"), child(l->root, "steps"), rb);
	build_ends(json_at(document, "ends"), rb);
}
