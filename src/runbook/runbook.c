#include "config.h"

#include "runbook/runbook.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

static void
free_texts(char **texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

static void
release_action(struct action_spec *action)
{
	free(action->target);
	cJSON_Delete(action->with);
}

static void
release_check(struct check_spec *check)
{
	release_action(&check->action);
	free(check->expect);
	free(check->message);
}

static void
free_checks(struct check_spec *checks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		release_check(&checks[i]);
	free(checks);
}

static void
free_panes(struct pane_spec *panes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(panes[i].target);
		free(panes[i].ns);
		free(panes[i].resource);
		free(panes[i].selector);
		free(panes[i].pod);
		free(panes[i].workload);
		free(panes[i].container);
	}
	free(panes);
}

static void
release_pane_set(struct pane_set *set)
{
	free_panes(set->pods, set->pods_count);
	free_panes(set->resources, set->resources_count);
	free_panes(set->logs, set->logs_count);
}

static void
release_param(struct param *param)
{
	free(param->name);
	free(param->title);
	free(param->text);
	free_texts(param->choices);
	free(param->pattern);
	cJSON_Delete(param->otherwise);
}

static void
release_step(struct step_spec *step)
{
	free(step->id);
	free(step->title);
	free(step->section);
	free(step->text);
	free(step->when);
	release_action(&step->action);
	free(step->for_each_in);
	free(step->for_each_as);
	free_checks(step->preconditions, step->preconditions_count);
	free_checks(step->verify, step->verify_count);
	for (size_t i = 0; i < step->outputs_count; i++) {
		free(step->outputs[i].name);
		free(step->outputs[i].expression);
	}
	free(step->outputs);
	free(step->goto_step);
	if (step->undo)
		release_action(step->undo);
	free(step->undo);
	release_pane_set(&step->panes);
	free_texts(step->hints);
}

static void
release_lists(struct runbook *rb)
{
	for (size_t i = 0; i < rb->params_count; i++)
		release_param(&rb->params[i]);
	for (size_t i = 0; i < rb->targets_count; i++) {
		free(rb->targets[i].name);
		cJSON_Delete(rb->targets[i].with);
	}
	for (size_t i = 0; i < rb->rto_count; i++) {
		free(rb->rto[i].title);
		free(rb->rto[i].from);
		free(rb->rto[i].to);
	}
	for (size_t i = 0; i < rb->impact_count; i++) {
		free(rb->impact[i].operation);
		free(rb->impact[i].level);
		free(rb->impact[i].text);
		free_checks(rb->impact[i].probe, rb->impact[i].probe ? 1 : 0);
	}
	for (size_t i = 0; i < rb->steps_count; i++)
		release_step(&rb->steps[i]);
	for (size_t i = 0; i < rb->ends_count; i++) {
		free(rb->ends[i].id);
		free(rb->ends[i].title);
	}
}

void
runbook_free(struct runbook *rb)
{
	if (!rb)
		return;
	release_lists(rb);
	free(rb->params);
	free(rb->targets);
	free(rb->rto);
	free(rb->impact);
	release_pane_set(&rb->panes);
	free(rb->steps);
	free(rb->ends);
	free(rb->path);
	free(rb->source);
	free(rb->id);
	free(rb->title);
	free(rb->version);
	free(rb->summary);
	free_texts(rb->owners);
	free_texts(rb->sources);
	for (size_t i = 0; i < rb->expressions_count; i++)
		free(rb->expressions[i]);
	free(rb->expressions);
	free(rb);
}

const char *
runbook_sha256(const struct runbook *rb, char out[DIGEST_HEX_MAX])
{
	return digest_sha256(rb->source, rb->source_len, out);
}

int
runbook_step_index(const struct runbook *rb, const char *id)
{
	for (size_t i = 0; id && i < rb->steps_count; i++)
		if (str_equal(rb->steps[i].id, id))
			return (int)i;
	return -1;
}

const struct param *
runbook_param(const struct runbook *rb, const char *name)
{
	for (size_t i = 0; i < rb->params_count; i++)
		if (str_equal(rb->params[i].name, name))
			return &rb->params[i];
	return NULL;
}

const struct target_spec *
runbook_target(const struct runbook *rb, const char *name)
{
	for (size_t i = 0; i < rb->targets_count; i++)
		if (str_equal(rb->targets[i].name, name))
			return &rb->targets[i];
	return NULL;
}
