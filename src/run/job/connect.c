#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"
#include "run/state/identity.h"

/*
 * Another cluster behind the same name is the worst mistake of a recovery: the run stays with the one that
 * it first met.
 */
static int
compare_identity(const struct frozen_target *target, const cJSON *now, struct err *e)
{
	const char *member = identity_difference(target->pub.driver->kind, target->identity, now);

	if (!member)
		return 0;
	return err_set(
		e, ERR_CONFLICT,
		"it is another one than when the run first met it: its %s "
		"was %s, now %s. Nothing was done; bring back the first one, or start a new run",
		member, json_string(target->identity, member, "?"), json_string(now, member, "?"));
}

/* True where an answer says what the run must know for good and the one that it keeps does not. */
static bool
tells_more(const cJSON *kept, const cJSON *now)
{
	return !kept || json_bool(kept, "insecure", false) != json_bool(now, "insecure", false) ||
	       (json_at(now, "uid") && !json_at(kept, "uid")) ||
	       (json_at(now, "system_identifier") && !json_at(kept, "system_identifier"));
}

/* Takes ownership. */
static void
keep_identity(struct job *job, struct frozen_target *target, cJSON *identity)
{
	cJSON_Delete(target->identity);
	target->identity = identity;
	target->pub.identity = identity;
	if (job->kind != JOB_FREEZE) {
		cJSON *data = cJSON_CreateObject();

		json_add_string(data, "name", target->name);
		json_add(data, "identity", cJSON_Duplicate(identity, true));
		queue_push(job->env->inbox, message_new(MESSAGE_TARGET, NULL, data));
	}
}

static int
identify(struct job *job, struct frozen_target *target, struct err *e)
{
	cJSON *identity = NULL;

	if (target->pub.driver->identify(target->pub.connection, job->cancel, &identity, e) < 0)
		return -1;
	if (target->identity && compare_identity(target, identity, e) < 0) {
		cJSON_Delete(identity);
		return -1;
	}
	target->met = target->confirmed = true;
	target->pub.insecure = json_bool(identity, "insecure", false);
	/* only what the run itself does decides whom it stays with */
	if (job->kind != JOB_IMPACT && tells_more(target->identity, identity))
		keep_identity(job, target, identity);
	else
		cJSON_Delete(identity);
	return 0;
}

int
job_connect(struct job *job, struct frozen_target *target, struct err *e)
{
	const struct target_driver *driver = target->pub.driver;
	struct err problem = ERR_INIT;

	if (!target->pub.connection &&
	    driver->open(target->spec, job->env->secrets, &target->pub.connection, e) < 0)
		return -1;
	if (target->confirmed || !driver->identify || identify(job, target, &problem) == 0)
		return 0;
	/* one that is away for a moment may be what the step waits for */
	if (target->met && (problem.kind == ERR_NET || problem.kind == ERR_TIMEOUT))
		return 0;
	*e = problem;
	return -1;
}

int
job_confirm(struct job *job, const struct run_target *target, struct err *e)
{
	struct frozen_target *frozen = target ? job_env_target(job->env, target->name) : NULL;

	if (!frozen || !frozen->pub.driver->identify)
		return 0;
	frozen->confirmed = false;
	if (identify(job, frozen, e) < 0)
		return err_wrap(e, "target %s, looked at once more before the step", frozen->name);
	return 0;
}

void
job_forget_confirmations(struct job *job)
{
	for (size_t i = 0; i < job->env->targets_count; i++)
		job->env->targets[i].confirmed = false;
}

cJSON *
job_error_json(const struct err *e)
{
	cJSON *error = cJSON_CreateObject();

	json_add_string(error, "kind", err_kind_name(e->kind));
	json_add_string(error, "message", e->message);
	return error;
}

/* What a preflight record says of a target besides its title. */
static void
add_findings(cJSON *check, const struct frozen_target *target, const struct err *problem)
{
	static const char *const told[] = { "user", "insecure", "skew_ms" };
	char *warning = problem ? NULL : identity_warning(target->identity);

	json_add_string(check, "message", problem ? problem->message : warning);
	json_add_bool(check, "ok", !problem);
	json_add_string(check, "target", target->name);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const cJSON *value = problem ? NULL : json_at(target->identity, told[i]);

		if (value)
			json_add(check, told[i], cJSON_Duplicate(value, true));
	}
	free(warning);
}

/* Reaches every target once; one that does not answer is no error yet: the first step may build it. */
void
job_freeze(struct job *job)
{
	cJSON *checks = cJSON_CreateArray();

	for (size_t i = 0; i < job->env->targets_count; i++) {
		struct frozen_target *target = &job->env->targets[i];
		struct err e = ERR_INIT;
		cJSON *check = cJSON_CreateObject();
		char *describe = target->pub.driver->describe(target->spec);
		char *title = xasprintf("target %s (%s)", target->name, describe);
		bool ok;

		queue_push(job->env->inbox,
			   message_new(MESSAGE_PROGRESS, xasprintf("reaching %s", title), NULL));
		ok = job_connect(job, target, &e) == 0;
		if (!ok)
			target->problem = xstrdup(e.message);
		json_add_string(check, "title", title);
		add_findings(check, target, ok ? NULL : &e);
		cJSON_AddItemToArray(checks, check);
		free(describe);
		free(title);
	}
	job->data = cJSON_CreateObject();
	json_add(job->data, "checks", checks);
	job->result = JOB_DONE;
}
