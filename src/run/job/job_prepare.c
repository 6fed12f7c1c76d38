#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/job.h"
#include "run/job/preview.h"
#include "run/job/reviews.h"
#include "run/state/identity.h"

enum { PERMITTED_TOLD_MAX = 2 };

/* JOB_BLOCKED with the record's data; `preconditions` (may be NULL) is taken over. */
static void
block(struct job *job, const struct err *e, cJSON *preconditions)
{
	job->result = JOB_BLOCKED;
	job->data = cJSON_CreateObject();
	json_add_string(job->data, "step", job->step_id);
	if (job->undo)
		json_add_bool(job->data, "undo", true);
	json_add(job->data, "error", job_error_json(e));
	json_add(job->data, "preconditions", preconditions ? preconditions : cJSON_CreateArray());
}

int
job_items(struct job *job, cJSON **ret_items, struct err *e)
{
	cJSON *items = NULL;
	const cJSON *at, *other;

	if (job_outputs_known(job, job->spec->for_each_in, false, e) < 0)
		return err_wrap(e, "for_each");
	if (expressions_eval(job->env->expressions, job->spec->for_each_in, job->context,
			     job->context, 0, &items, e) < 0)
		return -1;
	if (!cJSON_IsArray(items)) {
		err_set(e, ERR_SPEC, "for_each: %s is no list", job->spec->for_each_in);
		goto wrong;
	}
	cJSON_ArrayForEach(at, items) {
		if (!cJSON_IsString(at)) {
			err_set(e, ERR_SPEC, "for_each: %s holds something that is no string",
				job->spec->for_each_in);
			goto wrong;
		}
		for (other = items->child; other != at; other = other->next) {
			if (!str_equal(other->valuestring, at->valuestring))
				continue;
			err_set(e, ERR_SPEC, "for_each: %s names %s twice", job->spec->for_each_in,
				at->valuestring);
			goto wrong;
		}
	}
	*ret_items = items;
	return 0;
wrong:
	cJSON_Delete(items);
	return -1;
}

static void
skip(struct job *job, char *reason)
{
	job->result = JOB_SKIPPED;
	job->data = cJSON_CreateObject();
	json_add_string(job->data, "step", job->step_id);
	json_add_string(job->data, "reason", reason);
	json_add_string(job->data, "by", NULL);
	free(reason);
}

static void
prepare_expansion(struct job *job)
{
	struct err e = ERR_INIT;
	cJSON *items = NULL;

	if (job_items(job, &items, &e) < 0) {
		block(job, &e, NULL);
		return;
	}
	if (cJSON_GetArraySize(items) == 0) {
		cJSON_Delete(items);
		skip(job, xasprintf("there is nothing in %s", job->spec->for_each_in));
		return;
	}
	job->result = JOB_EXPANDED;
	job->data = cJSON_CreateObject();
	json_add_string(job->data, "step", job->step_id);
	json_add(job->data, "items", items);
}

int
job_wanted(struct job *job, bool *ret_wanted, struct err *e)
{
	cJSON *value = NULL;

	*ret_wanted = true;
	if (!job->spec->when)
		return 0;
	if (job_outputs_known(job, job->spec->when, false, e) < 0 ||
	    expressions_eval(job->env->expressions, job->spec->when, job->context, job->context, 0,
			     &value, e) < 0)
		return err_wrap(e, "its condition");
	*ret_wanted = json_truthy(value);
	cJSON_Delete(value);
	return 0;
}

/* Asks about one right, and warns where it lacks; *lacking counts those. */
static int
review_permission(struct job *job, struct reviews *reviews, const cJSON *permission,
		  struct preview *preview, size_t *lacking, struct err *e)
{
	const char *reason = NULL;
	bool allowed = true;

	if (reviews_ask(reviews, job->action.target, permission, job->cancel, &allowed, &reason,
			e) < 0)
		return -1;
	if (!allowed) {
		(*lacking)++;
		char *what = permission_text(permission);

		preview_add(preview, PREVIEW_WARNING, "not permitted: %s%s%s", what,
			    *reason ? ": " : "", reason);
		free(what);
	}
	return 0;
}

/* "permitted: patch secrets/a in tsb, patch secrets/b in tsb, and 7 more" */
static void
tell_permitted(const cJSON *permissions, struct preview *preview)
{
	struct str text = STR_INIT;
	int told = 0, count = cJSON_GetArraySize(permissions);
	const cJSON *at;

	cJSON_ArrayForEach(at, permissions) {
		if (told == PERMITTED_TOLD_MAX)
			break;
		char *what = permission_text(at);
		str_printf(&text, "%s%s", told++ ? ", " : "", what);
		free(what);
	}
	if (told < count)
		str_printf(&text, ", and %d more", count - told);
	if (told)
		preview_add(preview, PREVIEW_TEXT, "permitted: %s", str_cstr(&text));
	str_release(&text);
}

/* Says which rights it takes, and warns of each that the target says we lack; the act itself gives the final word. */
static int
review_permissions(struct job *job, struct job_context *ctx, struct preview *preview, struct err *e)
{
	const struct executor *executor = job->action.executor;
	struct permission_list *list;
	struct reviews *reviews;
	size_t lacking = 0;
	const cJSON *at;
	int rc;

	if (!executor->permissions || !job->action.target || !job->action.target->driver->permitted)
		return 0;
	list = permission_list_new();
	reviews = reviews_new();
	rc = executor->permissions(&ctx->pub, &job->action, list, e);
	if (rc == 0)
		cJSON_ArrayForEach(at, permission_list_items(list)) {
			rc = review_permission(job, reviews, at, preview, &lacking, e);
			if (rc < 0)
				break;
		}
	if (rc == 0 && lacking == 0)
		tell_permitted(permission_list_items(list), preview);
	reviews_free(reviews);
	permission_list_free(list);
	return rc;
}

/* The danger of this very action: the type's, or the word of its own `effect` field, or the preview's. */
static enum step_effect
effect_of(const struct job *job, const struct preview *preview)
{
	enum step_effect effect = step_type_effect(&job->action.executor->type, job->with);

	return preview_effect(preview) > effect ? preview_effect(preview) : effect;
}

/* How it must be confirmed: by its danger, or more strictly where the runbook says so. */
static const char *
confirm_of(const struct step_spec *spec, enum step_effect effect)
{
	if (spec->confirm == CONFIRM_TWO_PERSON)
		return "two-person";
	if (spec->confirm == CONFIRM_TYPE_NAME || effect == EFFECT_DESTROYS)
		return "type-name";
	if (spec->confirm == CONFIRM_ASK || effect == EFFECT_CHANGES)
		return "ask";
	return "none";
}

static const char *
confirm_name_of(const struct job *job, const struct preview *preview)
{
	if (preview_name(preview))
		return preview_name(preview);
	return job->action.target ? job->action.target->name : job->step_id;
}

/* Adds the title or the text of the step, where they say something that only the run knows. */
static void
add_words(struct job *job, const char *name, const char *text)
{
	char *words = text && strstr(text, "${") ? job_words(job, text) : NULL;

	json_add_string(job->data, name, words);
	free(words);
}

static void
plan(struct job *job, struct preview *preview, cJSON *preconditions)
{
	enum step_effect effect = effect_of(job, preview);
	const char *confirm = confirm_of(job->spec, effect);

	job->result = JOB_PLANNED;
	job->seen = preview_take_seen(preview);
	job->action.seen = job->seen;
	job->data = cJSON_CreateObject();
	json_add_string(job->data, "step", job->step_id);
	if (job->undo) {
		json_add_bool(job->data, "undo", true);
	} else {
		add_words(job, "title", job->spec->title);
		add_words(job, "text", job->spec->text);
	}
	json_add_string(job->data, "uses", job->action.executor->type.uses);
	json_add_string(job->data, "target", job->action.target ? job->action.target->name : NULL);
	json_add_string(job->data, "effect", step_effect_name(effect));
	json_add_string(job->data, "confirm", confirm);
	json_add_string(job->data, "confirm_name",
			str_equal(confirm, "type-name") ? confirm_name_of(job, preview) : NULL);
	json_add(job->data, "preview", preview_take_lines(preview));
	json_add(job->data, "with", cJSON_Duplicate(job->with, true));
	json_add(job->data, "seen",
		 job->seen ? cJSON_Duplicate(job->seen, true) : cJSON_CreateNull());
	json_add(job->data, "preconditions", preconditions);
}

/* The first line of whatever changes something behind a name that nothing proves. */
static void
warn_insecure(const struct job *job, struct preview *preview)
{
	const struct run_target *target = job->action.target;

	if (target && target->insecure && effect_of(job, preview) >= EFFECT_CHANGES)
		preview_add(preview, PREVIEW_WARNING, "%s: %s", target->name,
			    identity_insecurity(target->identity));
}

/* From the resolved action to its preview. */
static int
look_ahead(struct job *job, struct preview *preview, struct err *e)
{
	struct job_context ctx;

	if (job_resolve_own(job, e) < 0)
		return -1;
	job_context_init(&ctx, job, NULL);
	warn_insecure(job, preview);
	if (review_permissions(job, &ctx, preview, e) < 0)
		return -1;
	return job->undo ? job_undo_preview(job, &ctx.pub, preview, e)
			 : job->action.executor->preview(&ctx.pub, &job->action, preview, e);
}

int
job_own_target(struct job *job, const struct run_target **ret_target, struct err *e)
{
	const struct action_spec *spec = &job->spec->action;
	struct action action;
	cJSON *with = NULL, *none = cJSON_CreateObject();
	static const struct field no_fields[] = { { .name = NULL } };
	struct step_type type = *spec->type;
	int rc;

	type.fields = no_fields;
	rc = job_resolve(job, &type, spec->target, none, NULL, &action, &with, e);
	if (rc == 0)
		*ret_target = action.target;
	cJSON_Delete(with);
	cJSON_Delete(none);
	return rc;
}

void
job_prepare(struct job *job)
{
	struct err e = ERR_INIT;
	struct preview *preview = preview_new();
	const struct run_target *target = NULL;
	cJSON *preconditions = NULL;
	bool is_wanted = true;

	job_forget_confirmations(job);
	if (job->undo) { /* what was to hold before the step is no condition for taking it back */
		if (look_ahead(job, preview, &e) < 0)
			goto blocked;
		plan(job, preview, cJSON_CreateArray());
		goto out;
	}
	if (job->expand) {
		prepare_expansion(job);
		goto out;
	}
	if (job_wanted(job, &is_wanted, &e) < 0)
		goto blocked;
	if (!is_wanted) {
		skip(job, xasprintf("its condition does not hold: %s", job->spec->when));
		goto out;
	}
	if (job_own_target(job, &target, &e) < 0)
		goto blocked;
	if (job_checks(job, job->spec->preconditions, job->spec->preconditions_count, target,
		       &preconditions, &e) != 0 ||
	    look_ahead(job, preview, &e) < 0)
		goto blocked;
	plan(job, preview, preconditions);
	goto out;
blocked:
	block(job, &e, preconditions);
out:
	preview_free(preview);
}
