#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"
#include "runbook/template.h"

/* Of a text from outside in a sentence of ours. */
enum { WORD_MAX_BYTES = 60, SEEN_MAX_BYTES = 200 };

/* The frozen target of a name, which may be a template; NULL in *ret_target where there is none. */
static int
find_target(struct job *job, const struct step_type *type, const char *word,
	    const struct run_target *inherited, const struct run_target **ret_target, struct err *e)
{
	cJSON *value = NULL;
	int rc = -1;

	*ret_target = NULL;
	if (!word) {
		if (inherited && (type->target_kinds & inherited->driver->kind))
			*ret_target = inherited;
		else if (type->target_required)
			return err_set(e, ERR_SPEC, "%s needs a target", type->uses);
		return 0;
	}
	if (job_outputs_known_in_text(job, word, e) < 0 ||
	    template_expand(word, job->env->expressions, job->context, &value, e) < 0)
		return err_wrap(e, "its target");
	const char *name = cJSON_IsString(value) ? value->valuestring : "";
	struct frozen_target *target = job_env_target(job->env, name);
	if (!target) {
		err_set(e, ERR_SPEC, "there is no target \"%s\"", name);
		goto out;
	}
	if (!(type->target_kinds & target->pub.driver->kind)) {
		err_set(e, ERR_SPEC, "%s cannot be done on the target %s, which is of the kind %s",
			type->uses, name, target_kind_name(target->pub.driver->kind));
		goto out;
	}
	if (job_connect(job, target, e) < 0) {
		err_wrap(e, "target %s", target->name);
		goto out;
	}
	*ret_target = &target->pub;
	rc = 0;
out:
	cJSON_Delete(value);
	return rc;
}

bool
job_holds_masks(const cJSON *value)
{
	const cJSON *at;

	if (cJSON_IsString(value) && strstr(value->valuestring, "‹secret:"))
		return true;
	cJSON_ArrayForEach(at, value)
		if (job_holds_masks(at))
			return true;
	return false;
}

int
job_resolve(struct job *job, const struct step_type *type, const char *target, const cJSON *with,
	    const struct run_target *inherited, struct action *ret_action, cJSON **ret_with,
	    struct err *e)
{
	const struct executor *executor = executor_find(job->env->table, type->uses);
	const struct run_target *found = NULL;
	cJSON *resolved = NULL;

	if (!executor)
		return err_set(e, ERR_INTERNAL, "%s has no executor", type->uses);
	if (job_outputs_known_in(job, with, e) < 0)
		return -1;
	if (find_target(job, type, target, inherited, &found, e) < 0)
		return -1;
	if (template_resolve(type->fields, with, job->env->runbook->path, job->env->expressions,
			     job->context, &resolved, e) < 0)
		return -1;
	/* what was made of a mask would be wrong, not secret */
	if (job_holds_masks(resolved)) {
		cJSON_Delete(resolved);
		return err_set(e, ERR_SPEC,
			       "it uses a secret that an earlier step had read, and the journal "
			       "does not hold: go back to that step, and read it again");
	}
	*ret_action = (struct action){ .executor = executor, .target = found, .with = resolved };
	*ret_with = resolved;
	return 0;
}

/* The beginning of a text; half a secret would not be recognised later, so that goes first. */
static void
append_cut(struct job *job, const char *text, int max_bytes, struct str *out)
{
	struct str redacted = STR_INIT;

	secrets_redact(job->env->secrets, text, strlen(text), &redacted);
	str_printf(out, "%.*s", max_bytes, str_cstr(&redacted));
	str_release(&redacted);
}

char *
job_unmet(struct job *job, const struct check_request *check, const cJSON *value)
{
	struct str why = STR_INIT;
	char *seen;

	if (check->message) {
		str_printf(&why, "%s (expected %s)", check->message, check->expect);
	} else {
		seen = json_text(value);
		str_printf(&why, "expected %s, which is ", check->expect);
		append_cut(job, seen, SEEN_MAX_BYTES, &why);
		free(seen);
	}
	return str_take(&why);
}

char *
job_failed(const struct check_request *check, const struct err *e)
{
	return check->message ? xasprintf("%s (%s)", check->message, e->message)
			      : xstrdup(e->message);
}

static int
judge(struct job *job, const struct check_request *check, const cJSON *result, cJSON **ret_value,
      struct err *e)
{
	if (!check->expect) {
		*ret_value = cJSON_CreateTrue();
		return 0;
	}
	if (job_outputs_known(job, check->expect, true, e) < 0)
		return -1;
	return expressions_eval(job->env->expressions, check->expect, result, job->context, 0,
				ret_value, e);
}

/* Failures that waiting may cure; the others are mistakes, refusals, or the operator's wish. */
static bool
may_pass_later(enum err_kind kind)
{
	return kind == ERR_NET || kind == ERR_TIMEOUT || kind == ERR_NOT_FOUND ||
	       kind == ERR_REMOTE || kind == ERR_CONFLICT || kind == ERR_CHECK || kind == ERR_IO;
}

int
job_look(struct job *job, const struct check_request *check, const struct run_target *inherited,
	 cJSON **ret_value, enum check_stage *ret_stage, struct err *e)
{
	struct action action;
	struct job_context ctx;
	cJSON *with = NULL, *result = NULL;
	int rc;

	*ret_stage = CHECK_RESOLVES;
	if (job_resolve(job, check->type, check->target, check->with, inherited, &action, &with,
			e) < 0)
		return -1;
	*ret_stage = CHECK_ACTS;
	job_context_init(&ctx, job, NULL);
	ctx.pub.intent_seq = -1; /* of the step, which the check is not */
	rc = action.executor->run(&ctx.pub, &action, &result, e);
	if (rc == 0) {
		*ret_stage = CHECK_JUDGES;
		rc = judge(job, check, result, ret_value, e);
	}
	cJSON_Delete(with);
	cJSON_Delete(result);
	return rc;
}

int
job_check(struct job *job, const struct check_request *check, const struct run_target *inherited,
	  bool *ret_held, char **ret_why, struct err *e)
{
	enum check_stage stage;
	cJSON *value = NULL;

	*ret_why = NULL;
	*ret_held = false;
	if (job_look(job, check, inherited, &value, &stage, e) < 0) {
		if (stage != CHECK_ACTS || !may_pass_later(e->kind))
			return -1;
		*ret_why = job_failed(check, e);
		*e = (struct err)ERR_INIT;
		return 0;
	}
	*ret_held = json_truthy(value);
	if (!*ret_held)
		*ret_why = job_unmet(job, check, value);
	cJSON_Delete(value);
	return 0;
}

char *
job_words(struct job *job, const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	if (!text || !strstr(text, "${") ||
	    template_expand(text, job->env->expressions, job->context, &value, &e) < 0)
		return xstrdup(text);
	char *words = json_text(value);
	cJSON_Delete(value);
	return words;
}

char *
job_action_title(struct job *job, const struct action_spec *action)
{
	static const char *const telling[] = { "resource", "name", "selector",
					       "url",	   "sql",  "question" };
	struct str title = STR_INIT;

	str_append(&title, action->type->uses);
	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
		char *value = job_words(job, json_string(action->with, telling[i], NULL));

		if (value) {
			str_append_char(&title, ' ');
			append_cut(job, value, WORD_MAX_BYTES, &title);
		}
		free(value);
	}
	return str_take(&title);
}

static int
check_one(struct job *job, const struct check_spec *spec, const struct run_target *inherited,
	  cJSON *results, char **ret_why, struct err *e)
{
	char *message = job_words(job, spec->message);
	struct check_request request = {
		.type = spec->action.type,
		.target = spec->action.target,
		.with = spec->action.with,
		.expect = spec->expect,
		.message = message,
	};
	bool held = false;
	char *why = NULL, *title = job_action_title(job, &spec->action);
	cJSON *entry = cJSON_CreateObject();

	if (job_check(job, &request, inherited, &held, &why, e) < 0)
		why = xstrdup(e->message);
	json_add_string(entry, "title", title);
	json_add_string(entry, "expect", spec->expect);
	json_add_string(entry, "message", held ? NULL : why);
	json_add_bool(entry, "ok", held);
	cJSON_AddItemToArray(results, entry);
	free(title);
	free(message);
	*ret_why = why;
	return held ? 0 : -1;
}

int
job_checks(struct job *job, const struct check_spec *checks, size_t count,
	   const struct run_target *inherited, cJSON **ret_results, struct err *ret_first)
{
	cJSON *results = cJSON_CreateArray();
	int failed = 0;

	for (size_t i = 0; i < count && failed >= 0; i++) {
		struct err e = ERR_INIT;
		char *why = NULL;

		if (check_one(job, &checks[i], inherited, results, &why, &e) == 0)
			continue;
		if (e.kind == ERR_CANCELLED) {
			*ret_first = e;
			failed = -1;
		} else if (failed++ == 0) {
			err_set(ret_first, e.kind == ERR_NONE ? ERR_CHECK : e.kind, "%s",
				why ? why : "a check did not hold");
		}
		free(why);
	}
	*ret_results = results;
	return failed;
}
