#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job.h"

/* The members that tell one target from another; the rest of an identity is for people. */
static const char *const identifying[] = { "uid", "system_identifier" };

/* The first member in which two identities differ, or NULL. */
static const char *
identity_difference(const cJSON *then, const cJSON *now)
{
	for (size_t i = 0; i < sizeof(identifying) / sizeof(identifying[0]); i++) {
		const char *a = json_string(then, identifying[i], NULL);
		const char *b = json_string(now, identifying[i], NULL);

		if (a && b && strcmp(a, b) != 0)
			return identifying[i];
	}
	return NULL;
}

/*
 * Another cluster behind the same name is the worst mistake of a recovery: the run stays with the one that
 * it first met.
 */
static int
compare_identity(const struct frozen_target *target, const cJSON *now, struct err *e)
{
	const char *member = identity_difference(target->identity, now);

	if (!member)
		return 0;
	return err_set(
		e, ERR_CONFLICT,
		"it is another one than when the run first met it: its %s "
		"was %s, now %s. Nothing was done; bring back the first one, or start a new run",
		member, json_string(target->identity, member, "?"), json_string(now, member, "?"));
}

static int
identify(struct job *job, struct frozen_target *target, struct err *e)
{
	cJSON *identity = NULL;

	if (target->pub.driver->identify(target->pub.connection, job->cancel, &identity, e) < 0)
		return -1;
	if (target->identity) {
		int rc = compare_identity(target, identity, e);

		cJSON_Delete(identity);
		return rc;
	}
	target->identity = identity;
	target->pub.identity = identity;
	if (job->kind != JOB_FREEZE) {
		cJSON *data = cJSON_CreateObject();

		json_add_string(data, "name", target->name);
		json_add(data, "identity", cJSON_Duplicate(identity, true));
		queue_push(job->env->inbox, message_new(MESSAGE_TARGET, NULL, data));
	}
	return 0;
}

int
job_connect(struct job *job, struct frozen_target *target, struct err *e)
{
	const struct target_driver *driver = target->pub.driver;

	if (!target->pub.connection &&
	    driver->open(target->spec, job->env->secrets, &target->pub.connection, e) < 0)
		return -1;
	if (target->confirmed || !driver->identify)
		return 0;
	if (identify(job, target, e) < 0)
		return -1;
	target->confirmed = true;
	return 0;
}

cJSON *
job_error_json(const struct err *e)
{
	cJSON *error = cJSON_CreateObject();

	json_add_string(error, "kind", err_kind_name(e->kind));
	json_add_string(error, "message", e->message);
	return error;
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
		json_add_string(check, "message", ok ? NULL : e.message);
		json_add_bool(check, "ok", ok);
		cJSON_AddItemToArray(checks, check);
		free(describe);
		free(title);
	}
	job->data = cJSON_CreateObject();
	json_add(job->data, "checks", checks);
	job->result = JOB_DONE;
}
