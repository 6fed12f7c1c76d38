#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/preflight_internal.h"
#include "run/job/preview.h"
#include "runbook/template.h"

/* An action as far as it can be made ready before the run. In the caller's memory. */
struct outlook {
	struct look *look;
	const char *part;
	struct action action;
	cJSON *with;
	const struct frozen_target *target; /* NULL: it has none */
	bool later;			    /* some of `with` is only known later */
	bool lacks_file;		    /* a file that it names cannot be read */
};

/* Adds ", word" to a list of words, or begins it. */
static void
add_word(char **list, const char *word)
{
	char *longer = *list ? xasprintf("%s, %s", *list, word) : xstrdup(word);

	free(*list);
	*list = longer;
}

static struct preflight_need *
find_need(const struct look *look, const char *target, const char *what)
{
	for (size_t i = look->report->needs_count; i-- > 0;) {
		struct preflight_need *need = &look->report->needs[i];

		if (!str_equal(need->step, look->step))
			break;
		if (str_equal(need->target, target) && str_equal(need->what, what))
			return need;
	}
	return NULL;
}

/*
 * A need of the step; what it needs for several of its parts is one need. Takes ownership of `what`, and of
 * nothing else; `permission`, `reason` and `note` may be NULL.
 */
static void
add_need(struct look *look, const char *part, const char *target, char *what,
	 const cJSON *permission, enum preflight_answer answer, const char *reason,
	 const char *note)
{
	struct preflight_need *need = find_need(look, target, what);

	if (need) {
		if (!strstr(need->parts, part))
			add_word(&need->parts, part);
		free(what);
		return;
	}
	need = VEC_PUSH(look->report->needs, look->report->needs_count, look->report->needs_cap);
	*need = (struct preflight_need){
		.step = xstrdup(look->step),
		.parts = xstrdup(part),
		.target = xstrdup(target),
		.what = what,
		.permission = permission ? cJSON_Duplicate(permission, true) : NULL,
		.answer = answer,
		.reason = reason && *reason ? xstrdup(reason) : NULL,
		.note = xstrdup(note),
	};
	if (look->maybe)
		add_word(&need->note, "only if its condition holds then");
}

/* Takes the member away where it is only known later, and says so in *note. */
static void
forget_later(cJSON *permission, const char *member, const char *words, char **note)
{
	if (!strstr(json_string(permission, member, ""), PREFLIGHT_LATER))
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(permission, member);
	json_add_string(permission, member, NULL);
	add_word(note, words);
}

/* A target that stopped answering is not asked a hundred questions more. */
static void
lose_target(struct look *look, const struct frozen_target *lost, const struct err *problem)
{
	if (problem->kind != ERR_NET && problem->kind != ERR_TIMEOUT)
		return;
	for (size_t i = 0; i < look->env.targets_count; i++)
		if (&look->env.targets[i] == lost && !look->env.targets[i].problem)
			look->env.targets[i].problem = xstrdup(problem->message);
}

/* `purpose`: what it is for, if it is not for the step itself, or NULL. */
static void
ask(struct look *look, const char *part, const char *purpose, const struct frozen_target *target,
    const cJSON *item)
{
	cJSON *permission = cJSON_Duplicate(item, true);
	struct err problem = ERR_INIT;
	const char *reason = NULL;
	bool allowed = false, is_narrow;
	char *note = NULL;

	forget_later(permission, "name", "its name is only known later", &note);
	forget_later(permission, "namespace", "its namespace is only known later", &note);
	is_narrow = note == NULL;
	if (purpose)
		add_word(&note, purpose);
	char *what = permission_text(permission);
	if (target->problem) {
		add_need(look, part, target->name, what, permission, PREFLIGHT_UNKNOWN,
			 "the target was not reached", note);
	} else if (reviews_ask(look->reviews, &target->pub, permission, look->job->cancel, &allowed,
			       &reason, &problem) < 0) {
		lose_target(look, target, &problem);
		add_need(look, part, target->name, what, permission, PREFLIGHT_UNKNOWN,
			 problem.message, note);
	} else if (allowed || is_narrow) {
		add_need(look, part, target->name, what, permission,
			 allowed ? PREFLIGHT_YES : PREFLIGHT_NO, reason, note);
	} else {
		/* what is not known yet may be just what is allowed */
		char *refusal =
			xasprintf("not permitted without it%s%s", *reason ? ": " : "", reason);

		add_need(look, part, target->name, what, permission, PREFLIGHT_UNKNOWN, refusal,
			 note);
		free(refusal);
	}
	free(note);
	cJSON_Delete(permission);
}

static void
ask_all(struct look *look, const char *part, const char *purpose,
	const struct frozen_target *target, const struct permission_list *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, permission_list_items(list))
		ask(look, part, purpose, target, item);
}

/* Why the rights of an action could not even be named. */
static const char *
why_not_named(const struct outlook *o, const struct err *problem)
{
	if (o->lacks_file)
		return "the file that tells them is not there";
	return o->later ? "what it works on is only known later" : problem->message;
}

typedef int rights_fn(struct step_context *ctx, const struct action *action,
		      struct permission_list *list, struct err *e);

static void
ask_rights(struct outlook *o, rights_fn *rights, const char *purpose)
{
	const char *uses = o->action.executor->type.uses;
	struct permission_list *list;
	struct job_context ctx;
	struct err problem = ERR_INIT;

	if (!rights || !o->target || !o->target->pub.driver->permitted)
		return;
	if (o->target->problem) {
		add_need(o->look, o->part, o->target->name, xasprintf("the rights of %s", uses),
			 NULL, PREFLIGHT_UNKNOWN, "the target was not reached", NULL);
		return;
	}
	list = permission_list_new();
	job_context_init(&ctx, o->look->job, NULL);
	if (rights(&ctx.pub, &o->action, list, &problem) < 0) {
		lose_target(o->look, o->target, &problem);
		add_need(o->look, o->part, o->target->name, xasprintf("the rights of %s", uses),
			 NULL, PREFLIGHT_UNKNOWN, why_not_named(o, &problem), NULL);
	}
	ask_all(o->look, o->part, purpose, o->target, list);
	permission_list_free(list);
}

/* An earlier step whose command names the file, from wherever it works, or its folder; or NULL. */
static const struct maker *
maker_of(const struct look *look, const char *path)
{
	char *folder = file_folder(path);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct maker *found = NULL;

	for (size_t i = 0; i < look->makers_count && !found; i++)
		if ((*name && strstr(look->makers[i].arguments, name)) ||
		    (folder[1] && strstr(look->makers[i].arguments, folder)))
			found = &look->makers[i];
	free(folder);
	return found;
}

static void
look_at_path(struct outlook *o, const char *path)
{
	const struct maker *maker = maker_of(o->look, path);
	enum preflight_answer answer = PREFLIGHT_NO;
	char *reason = NULL;
	struct err why = ERR_INIT;

	if (access(path, R_OK) == 0) {
		answer = PREFLIGHT_YES;
	} else if (maker) {
		o->lacks_file = true;
		answer = PREFLIGHT_UNKNOWN;
		reason = xasprintf("it is not there now; step %s may make it", maker->step);
	} else {
		o->lacks_file = true;
		err_errno(&why, ERR_IO, "it cannot be read");
		reason = xstrdup(why.message);
	}
	add_need(o->look, o->part, NULL, xasprintf("file %s", path), NULL, answer, reason, NULL);
	free(reason);
}

/* What the action needs of this machine: its command, and the files that it names. */
static void
look_at_machine(struct outlook *o)
{
	const struct executor *executor = o->action.executor;
	struct err problem = ERR_INIT;
	struct job_context ctx;
	char *what = NULL;

	for (const struct field *field = executor->type.fields; field->name; field++) {
		const char *path = json_string(o->with, field->name, "");

		if (field->type == FIELD_PATH && *path && !strstr(path, PREFLIGHT_LATER))
			look_at_path(o, path);
	}
	if (!executor->ready)
		return;
	job_context_init(&ctx, o->look->job, NULL);
	int rc = executor->ready(&ctx.pub, &o->action, &what, &problem);
	if (rc < 0 && !what)
		what = xasprintf("what %s needs", executor->type.uses);
	if (what && !strstr(what, PREFLIGHT_LATER))
		add_need(o->look, o->part, NULL, what, NULL, rc < 0 ? PREFLIGHT_NO : PREFLIGHT_YES,
			 rc < 0 ? problem.message : NULL, NULL);
	else
		free(what);
}

/* Remembers what a command of this machine may make, for the steps after it. */
static void
note_maker(struct outlook *o)
{
	struct look *look = o->look;

	if (!o->action.executor->ready ||
	    step_type_effect(&o->action.executor->type, o->with) < EFFECT_CHANGES)
		return;
	*VEC_PUSH(look->makers, look->makers_count, look->makers_cap) =
		(struct maker){ xstrdup(look->step), json_print(o->with) };
}

const struct frozen_target *
look_target(const struct look *look, const char *word, struct err *e)
{
	const struct frozen_target *target = NULL;
	cJSON *value = NULL;

	if (look_template_is_later(look, word)) {
		err_set(e, ERR_SPEC, "its target is only known later");
		return NULL;
	}
	if (template_expand(word, look->env.expressions, look->job->context, &value, e) < 0)
		return NULL;
	const char *name = cJSON_IsString(value) ? value->valuestring : "";
	target = job_env_target(&look->env, name);
	if (!target)
		err_set(e, ERR_SPEC, "there is no target \"%s\"", name);
	cJSON_Delete(value);
	return target;
}

/* False where the action's target can't be told now; a need says so where that matters. */
static bool
find_target(struct look *look, const char *part, const struct executor *executor, const char *word,
	    const struct frozen_target **ret_target)
{
	const struct step_type *type = &executor->type;
	struct err problem = ERR_INIT;

	*ret_target = NULL;
	if (!word) {
		if (look->target && type->target_kinds & look->target->pub.driver->kind)
			*ret_target = look->target;
		else if (type->target_required && executor->permissions)
			add_need(look, part, NULL, xasprintf("the rights of %s", type->uses), NULL,
				 PREFLIGHT_UNKNOWN, "its target is only known later", NULL);
		return true;
	}
	*ret_target = look_target(look, word, &problem);
	if (!*ret_target && executor->permissions)
		add_need(look, part, NULL, xasprintf("the rights of %s", type->uses), NULL,
			 PREFLIGHT_UNKNOWN, problem.message, NULL);
	return *ret_target != NULL;
}

/* The check inside of an action that repeats one. */
static void
look_inside(struct outlook *o)
{
	for (const struct field *field = o->action.executor->type.fields; field->name; field++) {
		const cJSON *check = json_at(o->with, field->name);
		const struct executor *executor;
		cJSON *none;

		if (field->type != FIELD_CHECK || !cJSON_IsObject(check))
			continue;
		executor = executor_find(o->look->env.table, json_string(check, "uses", ""));
		if (!executor)
			continue;
		none = cJSON_CreateObject();
		struct action_spec spec = {
			.type = &executor->type,
			.target = xstrdup(json_string(check, "target", NULL)),
			.with = json_at(check, "with") ? json_at(check, "with") : none,
		};
		look_at_action(o->look, o->part, &spec);
		free(spec.target);
		cJSON_Delete(none);
	}
}

/* `is_undone`: by its executor, which may need more for that. */
static void
look_at(struct look *look, const char *part, const struct action_spec *spec, bool is_undone)
{
	struct outlook o = { .look = look, .part = part };
	const struct executor *executor = executor_find(look->env.table, spec->type->uses);
	struct err problem = ERR_INIT;
	cJSON *known;

	if (!executor || !find_target(look, part, executor, spec->target, &o.target))
		return;
	known = look_without_later(look, executor->type.fields, spec->with, &o.later);
	if (template_resolve(executor->type.fields, known, look->env.runbook->path,
			     look->env.expressions, look->job->context, &o.with, &problem) == 0) {
		o.action = (struct action){
			.executor = executor,
			.target = o.target ? &o.target->pub : NULL,
			.with = o.with,
		};
		look_at_machine(&o);
		ask_rights(&o, executor->permissions, NULL);
		if (is_undone)
			ask_rights(&o, executor->undo_permissions, "only to take the step back");
		look_inside(&o);
		note_maker(&o);
	} else if (executor->permissions || executor->ready || !o.later) {
		add_need(look, part, o.target ? o.target->name : NULL,
			 xasprintf("the arguments of %s", executor->type.uses), NULL,
			 PREFLIGHT_UNKNOWN, o.later ? "they are only known later" : problem.message,
			 NULL);
	}
	cJSON_Delete(o.with);
	cJSON_Delete(known);
}

void
look_at_action(struct look *look, const char *part, const struct action_spec *spec)
{
	look_at(look, part, spec, false);
}

void
look_at_own_action(struct look *look, const struct step_spec *step)
{
	look_at(look, "step", &step->action, step->undo == NULL);
}

void
look_at_check(struct look *look, const char *part, const struct check_spec *spec)
{
	look_at_action(look, part, &spec->action);
}

/* One member of a pane: as written, expanded, or PREFLIGHT_LATER. Left out where it is NULL. */
static void
add_member(const struct look *look, cJSON *pane, const char *name, const char *text)
{
	struct err ignored = ERR_INIT;
	cJSON *value = NULL;

	if (!text)
		return;
	if (look_template_is_later(look, text))
		json_add_string(pane, name, PREFLIGHT_LATER);
	else if (template_expand(text, look->env.expressions, look->job->context, &value,
				 &ignored) == 0 &&
		 cJSON_IsString(value))
		json_add(pane, name, value);
	else
		cJSON_Delete(value);
}

static cJSON *
pane_json(const struct look *look, const struct pane_spec *spec, bool logs)
{
	cJSON *pane = cJSON_CreateObject();

	add_member(look, pane, "namespace", spec->ns);
	add_member(look, pane, "resource", spec->resource);
	add_member(look, pane, "pod", spec->pod);
	add_member(look, pane, "workload", spec->workload);
	json_add_bool(pane, "all_namespaces", spec->all_namespaces);
	json_add_bool(pane, "logs", logs);
	return pane;
}

static void
look_at_pane(struct look *look, const char *part, const struct pane_spec *spec, bool logs)
{
	struct err problem = ERR_INIT;
	const struct frozen_target *target = look_target(look, spec->target, &problem);
	struct permission_list *list;
	cJSON *pane;

	if (!target || !target->pub.driver->watching)
		return;
	if (target->problem) {
		add_need(look, part, target->name, xasprintf("the rights of the %s", part), NULL,
			 PREFLIGHT_UNKNOWN, "the target was not reached", NULL);
		return;
	}
	list = permission_list_new();
	pane = pane_json(look, spec, logs);
	if (target->pub.driver->watching(target->pub.connection, pane, look->job->cancel, list,
					 &problem) < 0) {
		lose_target(look, target, &problem);
		add_need(look, part, target->name, xasprintf("the rights of the %s", part), NULL,
			 PREFLIGHT_UNKNOWN, problem.message, NULL);
	}
	ask_all(look, part, NULL, target, list);
	cJSON_Delete(pane);
	permission_list_free(list);
}

void
look_at_panes(struct look *look, const struct pane_set *panes)
{
	for (size_t i = 0; i < panes->pods_count; i++)
		look_at_pane(look, "pane of pods", &panes->pods[i], false);
	for (size_t i = 0; i < panes->resources_count; i++)
		look_at_pane(look, "pane of resources", &panes->resources[i], false);
	for (size_t i = 0; i < panes->logs_count; i++)
		look_at_pane(look, "pane of logs", &panes->logs[i], true);
}
