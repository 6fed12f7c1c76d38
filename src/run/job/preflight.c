#include "config.h"

#include "run/job/preflight.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/preflight_internal.h"
#include "run/state/identity.h"

static void __attribute__((format(printf, 2, 3)))
tell(const struct look *look, const char *format, ...)
{
	va_list ap;

	if (!look->options->progress)
		return;
	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	look->options->progress(look->options->data, text);
	free(text);
}

/* What expressions may refer to before the run: parameters and targets. */
static cJSON *
first_context(const struct preflight_options *options)
{
	cJSON *context = cJSON_CreateObject();

	json_add(context, "params", cJSON_Duplicate(options->params, true));
	cJSON_AddObjectToObject(context, "steps");
	cJSON_AddObjectToObject(context, "targets");
	cJSON_AddObjectToObject(context, "run");
	return context;
}

/* A target is its own name; a group is the list of its members' names. */
static void
add_target_name(cJSON *targets, const struct frozen_target *target)
{
	cJSON *group;

	if (!target->group) {
		json_add_string(targets, target->name, target->name);
		return;
	}
	group = cJSON_GetObjectItemCaseSensitive(targets, target->group);
	if (!group)
		group = cJSON_AddArrayToObject(targets, target->group);
	cJSON_AddItemToArray(group, cJSON_CreateString(target->name));
}

/* Connects to a target of a kind that has no identity, and sees whether anybody answers. */
static int
hear(struct look *look, struct frozen_target *target, cJSON **ret_facts, struct err *e)
{
	if (job_connect(look->job, target, e) < 0)
		return -1;
	if (!target->pub.driver->answers)
		return 0;
	return target->pub.driver->answers(target->pub.connection, look->job->cancel, ret_facts, e);
}

static void
reach(struct look *look, struct frozen_target *target)
{
	struct preflight *report = look->report;
	struct preflight_target *seen =
		VEC_PUSH(report->targets, report->targets_count, report->targets_cap);
	int64_t begin_ms = clock_mono_ms();
	struct err problem = ERR_INIT;
	cJSON *facts = NULL;

	*seen = (struct preflight_target){
		.name = xstrdup(target->name),
		.kind = xstrdup(target_kind_name(target->pub.driver->kind)),
		.group = xstrdup(target->group),
		.describe = target->pub.driver->describe(target->spec),
	};
	tell(look, "reaching target %s (%s)", seen->name, seen->describe);
	if (hear(look, target, &facts, &problem) < 0) {
		target->problem = xstrdup(problem.message);
		seen->problem = xstrdup(problem.message);
		seen->reached = PREFLIGHT_NO;
	}
	seen->duration_ms = clock_mono_ms() - begin_ms;
	seen->identity = facts ? facts : cJSON_Duplicate(target->identity, true);
	seen->warning = identity_warning(seen->identity);
}

static void
reach_all(struct look *look)
{
	cJSON *targets = json_at(look->job->context, "targets");

	for (size_t i = 0; i < look->env.targets_count; i++) {
		reach(look, &look->env.targets[i]);
		add_target_name(targets, &look->env.targets[i]);
	}
	/* a group without members is a list all the same */
	for (size_t i = 0; i < look->env.runbook->targets_count; i++) {
		const struct target_spec *spec = &look->env.runbook->targets[i];

		if (spec->group && !cJSON_GetObjectItemCaseSensitive(targets, spec->name))
			cJSON_AddArrayToObject(targets, spec->name);
	}
}

static void
look_at_checks(struct look *look, const char *what, const struct check_spec *checks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *part = count > 1 ? xasprintf("%s %zu", what, i + 1) : xstrdup(what);

		look_at_check(look, part, &checks[i]);
		free(part);
	}
}

/* Whether the step is on the way, as far as that is known. */
static bool
is_wanted(struct look *look, const struct step_spec *spec)
{
	struct err ignored = ERR_INIT;
	bool wanted = true;

	look->maybe = spec->when && look_is_later(look, spec->when);
	if (!look->maybe && job_wanted(look->job, &wanted, &ignored) < 0)
		look->maybe = true;
	return wanted;
}

static void
look_at_instance(struct look *look, const struct step_spec *spec)
{
	struct preflight *report = look->report;
	size_t before = report->needs_count;
	struct err ignored = ERR_INIT;

	report->steps++;
	if (!is_wanted(look, spec)) {
		report->steps_left_out++;
		return;
	}
	tell(look, "step %s: %zu rights asked for so far", look->step,
	     reviews_count(look->reviews));
	/* what its checks inherit; where it is not known, each of them says so */
	look->target =
		spec->action.target ? look_target(look, spec->action.target, &ignored) : NULL;
	look_at_checks(look, "precondition", spec->preconditions, spec->preconditions_count);
	look_at_own_action(look, spec);
	look_at_checks(look, "verify", spec->verify, spec->verify_count);
	if (spec->undo)
		look_at_action(look, "undo", spec->undo);
	look_at_panes(look, &spec->panes);
	if (report->needs_count == before)
		report->steps_silent++;
}

static void
name_step(struct look *look, char *id)
{
	free(look->step);
	look->step = id;
	free(look->job->step_id);
	look->job->step_id = xstrdup(id);
}

static void
look_at_items(struct look *look, const struct step_spec *spec, const cJSON *items)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, items) {
		name_step(look, xasprintf("%s[%s]", spec->id, item->valuestring));
		json_add_string(look->job->context, spec->for_each_as, item->valuestring);
		look_at_instance(look, spec);
		cJSON_DeleteItemFromObjectCaseSensitive(look->job->context, spec->for_each_as);
	}
}

/* A loop over what nobody knows yet is looked at as one instance, of an unknown item. */
static void
look_at_step(struct look *look, const struct step_spec *spec)
{
	struct err ignored = ERR_INIT;
	cJSON *items = NULL;

	look->job->spec = spec;
	look->unknown_item = NULL;
	if (!spec->for_each_in) {
		name_step(look, xstrdup(spec->id));
		look_at_instance(look, spec);
	} else if (!look_is_later(look, spec->for_each_in) &&
		   job_items(look->job, &items, &ignored) == 0) {
		look_at_items(look, spec, items);
	} else {
		name_step(look, xasprintf("%s[…]", spec->id));
		look->unknown_item = spec->for_each_as;
		look_at_instance(look, spec);
		look->unknown_item = NULL;
	}
	cJSON_Delete(items);
}

/* A probe of a group looks at each of its members. */
static void
look_at_probe(struct look *look, const struct check_spec *probe)
{
	const char *name = probe->action.target;
	const struct target_spec *target = name ? runbook_target(look->env.runbook, name) : NULL;

	if (!target || !target->group) {
		look_at_check(look, "probe", probe);
		return;
	}
	for (size_t i = 0; i < look->env.targets_count; i++) {
		struct check_spec member = *probe;

		member.action.target = look->env.targets[i].name;
		if (str_equal(look->env.targets[i].group, name))
			look_at_check(look, "probe", &member);
	}
}

/* What the runbook itself shows beside all of its steps. */
static void
look_at_runbook(struct look *look)
{
	const struct runbook *rb = look->env.runbook;

	look->target = NULL;
	look->maybe = false;
	name_step(look, xstrdup("panes"));
	look_at_panes(look, &rb->panes);
	name_step(look, xstrdup("impact"));
	for (size_t i = 0; i < rb->impact_count; i++)
		if (rb->impact[i].probe)
			look_at_probe(look, rb->impact[i].probe);
}

static void
free_message(void *message)
{
	message_free(message);
}

static void
look_release(struct look *look)
{
	for (size_t i = 0; i < look->makers_count; i++) {
		free(look->makers[i].step);
		free(look->makers[i].arguments);
	}
	free(look->makers);
	free(look->step);
	reviews_free(look->reviews);
	job_free(look->job);
	frozen_targets_free(look->env.targets, look->env.targets_count);
	queue_free(look->env.inbox, free_message);
	preflight_free(look->report);
}

int
preflight_run(const struct preflight_options *options, struct preflight **ret_preflight,
	      struct err *e)
{
	struct look look = {
		.options = options,
		.report = xcalloc(1, sizeof(*look.report)),
		.env = {
			.runbook = options->runbook,
			.table = options->table,
			.expressions = options->expressions,
			.secrets = options->secrets,
			.run_id = "check",
			.inbox = queue_new(), /* what the steps' functions say to an engine */
		},
		.reviews = reviews_new(),
	};
	int rc = -1;

	look.job = job_new(JOB_FREEZE, &look.env);
	look.job->context = first_context(options);
	if (frozen_targets_new(options->runbook, options->table, options->expressions,
			       look.job->context, &look.env.targets, &look.env.targets_count,
			       e) < 0)
		goto out;
	reach_all(&look);
	for (size_t i = 0; i < options->runbook->steps_count; i++)
		look_at_step(&look, &options->runbook->steps[i]);
	look_at_runbook(&look);
	look.report->reviews = reviews_count(look.reviews);
	*ret_preflight = look.report;
	look.report = NULL;
	rc = 0;
out:
	look_release(&look);
	return rc;
}
