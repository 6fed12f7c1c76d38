#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"

/*
 * A step is taken back by the action that its runbook names, or else by its executor, which is given how
 * things were. The first one is an action as any other.
 */
static const struct action_spec *
own_action(const struct job *job)
{
	return job->undo && job->spec->undo ? job->spec->undo : &job->spec->action;
}

const struct executor *
job_executor(const struct job *job)
{
	return executor_find(job->env->table, own_action(job)->type->uses);
}

int
job_resolve_own(struct job *job, struct err *e)
{
	const struct action_spec *spec = own_action(job);
	const struct run_target *inherited = NULL;

	if (spec == job->spec->undo && !spec->target && job_own_target(job, &inherited, e) < 0)
		return -1;
	return job_resolve(job, spec->type, spec->target, spec->with, inherited, &job->action,
			   &job->with, e);
}

bool
job_is_as_planned(struct job *job)
{
	const struct run_target *target = job->action.target;
	cJSON *now = cJSON_Duplicate(job->with, true);

	/* the journal masks secrets */
	secrets_redact_json(job->env->secrets, now);
	bool same = str_equal(target ? target->name : NULL, job->planned_target) &&
		    (!job->planned_with || cJSON_Compare(now, job->planned_with, true));
	cJSON_Delete(now);
	return same;
}

/* Whether its executor can be asked to take back just what was done. */
static int
check_before(struct job *job, struct err *e)
{
	if (!job->action.executor->undo || !job->before)
		return err_set(e, ERR_SPEC,
			       "the journal does not say how things were before step %s: take it "
			       "back by hand, and mark it taken back",
			       job->step_id);
	if (job_holds_masks(job->before))
		return err_set(e, ERR_SPEC,
			       "how things were before step %s is a secret, which the journal "
			       "only names, and the process that had it has ended: take the step "
			       "back by hand, and mark it taken back",
			       job->step_id);
	if (!job_is_as_planned(job))
		return err_set(e, ERR_CONFLICT,
			       "what step %s would do now is not what it did, so that it cannot be "
			       "taken back exactly: do that by hand, and mark it taken "
			       "back",
			       job->step_id);
	return 0;
}

int
job_undo_preview(struct job *job, struct step_context *ctx, struct preview *preview, struct err *e)
{
	const struct executor *executor = job->action.executor;

	preview_add(preview, PREVIEW_TEXT, "Takes step %s back, %s:", job->step_id,
		    job->spec->undo ? "as the runbook says" : "to how things were before it");
	if (job->stays)
		preview_add(preview, PREVIEW_WARNING,
			    "Later steps changed something too, and stay as they are: %s",
			    job->stays);
	if (job->spec->undo)
		return executor->preview(ctx, &job->action, preview, e);
	if (check_before(job, e) < 0)
		return -1;
	return executor->undo_preview(ctx, &job->action, job->before, preview, e);
}

int
job_undo_act(struct job *job, struct step_context *ctx, cJSON **ret_result, struct err *e)
{
	const struct executor *executor = job->action.executor;

	return job->spec->undo ? executor->run(ctx, &job->action, ret_result, e)
			       : executor->undo(ctx, &job->action, job->before, e);
}

int
job_undo_look(struct job *job, struct step_context *ctx, struct probe *probe,
	      enum probe_verdict *ret_verdict, struct err *e)
{
	const struct executor *executor = job->action.executor;

	if (!executor->undo_probe || !job->before || job_holds_masks(job->before)) {
		probe_add(probe, "%s cannot look by itself whether it was taken back",
			  executor->type.uses);
		return 0;
	}
	return executor->undo_probe(ctx, &job->action, job->before, probe, ret_verdict, e);
}

static void
add_way(cJSON *data, const char *uses, const char *title)
{
	cJSON *way = cJSON_CreateObject();

	json_add_string(way, "uses", uses);
	json_add_string(way, "title", title);
	json_add(data, "undo", way);
}

/* Why its executor cannot take back what this try has done, and those before it; NULL: it can. The caller frees. */
static char *
why_not_exactly(struct job *job, const cJSON *result)
{
	const char *why = NULL;

	if (!job->action.executor->undo)
		return xasprintf("the runbook names no undo, and %s has none of its own",
				 job->action.executor->type.uses);
	if (!result)
		why = "it did not come to its end, and the runbook names no undo";
	else if (job->acted && !job_is_as_planned(job))
		why = "an earlier try of it did something else, which stands too";
	else if (job->acted && !job->before)
		why = "an earlier try of it changed something too, and how things were before "
		      "that is not on record";
	else if (!job->before)
		why = json_string(result, "no_undo", "how things were before it is not on record");
	return xstrdup(why);
}

/* How things were before the first try is what counts: the later ones only saw what that had made of it. */
static void
keep_first_before(struct job *job, const cJSON *result)
{
	const cJSON *before = json_at(result, "before");

	if (!job->acted && job->action.executor->undo && cJSON_IsObject(before))
		job->before = cJSON_Duplicate(before, true);
}

static void
add_own_way_back(struct job *job, const cJSON *result, cJSON *data)
{
	const struct executor *executor = job->action.executor;
	bool unchanged = executor->undo &&
			 (result ? json_bool(result, "unchanged", false) : !job->remembers);

	if (unchanged && (job->acted || !result))
		return; /* what was done before is all that there is */
	keep_first_before(job, result);
	/* a try that broke off half way, where how things were before the first one is known */
	if (!result && job->before && job_is_as_planned(job))
		return;
	char *why = why_not_exactly(job, result);
	if (why) {
		json_add_string(data, "no_undo", why);
		if (unchanged)
			json_add_bool(data, "unchanged", true);
	} else {
		char *title = xasprintf("%s (what was before)", executor->type.uses);

		add_way(data, executor->type.uses, title);
		json_add(data, "before", cJSON_Duplicate(job->before, true));
		free(title);
	}
	free(why);
}

void
job_add_way_back(struct job *job, const cJSON *result, cJSON *data)
{
	bool asks = step_type_effect(&job->action.executor->type, job->with) == EFFECT_NONE;

	if (job->only_reads || (asks && !job->spec->undo))
		return;
	if (!job->spec->undo) {
		add_own_way_back(job, result, data);
		return;
	}
	char *title = job_action_title(job, job->spec->undo);

	add_way(data, job->spec->undo->type->uses, title);
	free(title);
}
