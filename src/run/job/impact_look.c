#include "config.h"

#include "run/job/impact_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum { TEXT_MAX_BYTES = 400 };

static const char *const level_names[] = {
	[IMPACT_NONE] = "none",
	[IMPACT_LIMITED] = "limited",
	[IMPACT_TOTAL] = "total",
};

const char *
impact_level_name(enum impact_level level)
{
	return level <= IMPACT_TOTAL ? level_names[level] : NULL;
}

static void
free_message(void *message)
{
	message_free(message);
}

void
impact_look_init(struct impact_look *look, size_t number, const struct job_env *env,
		 const struct impact_spec *spec, const char *target, bool is_member)
{
	*look = (struct impact_look){
		.number = number,
		.spec = spec,
		.target = xstrdup(target),
		.is_member = is_member,
		.env = *env,
		.results = env->inbox,
	};
	look->env.targets = frozen_targets_copy(env->targets, env->targets_count);
	look->env.inbox = queue_new();
}

/* What the step types say on their way is for a step's pane. */
static void
forget_messages(struct impact_look *look)
{
	struct message *message;

	while ((message = queue_pop(look->env.inbox, 0)))
		message_free(message);
}

void
impact_look_release(struct impact_look *look)
{
	if (look->job) {
		cancel_request(look->job->cancel);
		pthread_join(look->thread, NULL);
		job_free(look->job);
	}
	frozen_targets_free(look->env.targets, look->env.targets_count);
	queue_free(look->env.inbox, free_message);
	free(look->target);
	free(look->text);
	free(look->now_text);
}

/* Redacted before it is cut, since half a secret would not be recognised; a character stays whole. */
static void
set_text(struct impact_look *look, const char *text)
{
	struct str redacted = STR_INIT;
	size_t len;

	free(look->now_text);
	look->now_text = NULL;
	if (!text)
		return;
	secrets_redact(look->env.secrets, text, strlen(text), &redacted);
	len = text_whole(str_cstr(&redacted), redacted.len, TEXT_MAX_BYTES);
	look->now_text = len < redacted.len ? xasprintf("%.*s…", (int)len, redacted.data)
					    : xstrdup(str_cstr(&redacted));
	str_release(&redacted);
}

static void
set_untold(struct impact_look *look, const struct err *e)
{
	look->now = IMPACT_UNTOLD;
	set_text(look, e->message);
}

/* Whether an error is about what is looked at, and not about the look: nobody came that far, or this is what is there. */
static bool
is_observation(const struct impact_look *look, const struct err *e, bool connected,
	       enum check_stage stage)
{
	if (e->kind == ERR_CANCELLED)
		return atomic_load(&look->job->timed_out);
	if (connected && stage != CHECK_ACTS)
		return false;
	if (e->kind == ERR_NET || e->kind == ERR_TIMEOUT || e->kind == ERR_REMOTE)
		return true;
	return connected &&
	       (e->kind == ERR_NOT_FOUND || e->kind == ERR_CONFLICT || e->kind == ERR_CHECK);
}

static void
take_failure(struct impact_look *look, const struct check_request *check, struct err *e)
{
	char timeout[CLOCK_STAMP_MAX], *text;

	if (atomic_load(&look->job->timed_out))
		err_set(e, ERR_TIMEOUT, "no answer within %s",
			duration_format(look->timeout_ms, timeout));
	text = job_failed(check, e);
	look->now = IMPACT_FELL;
	set_text(look, text);
	free(text);
}

static void
take_word(struct impact_look *look, const struct check_request *check, const char *word)
{
	struct err e = ERR_INIT;

	for (enum impact_level level = IMPACT_NONE; level <= IMPACT_TOTAL; level++)
		if (str_equal(level_names[level], word)) {
			look->now = level;
			set_text(look, level == IMPACT_NONE ? NULL : check->message);
			return;
		}
	err_set(&e, ERR_SPEC,
		"%s yields \"%.60s\", which is neither true nor false, nor none, limited or total",
		check->expect, word);
	set_untold(look, &e);
}

static void
take_value(struct impact_look *look, const struct check_request *check, const cJSON *value)
{
	if (cJSON_IsString(value)) {
		take_word(look, check, value->valuestring);
	} else if (json_truthy(value)) {
		look->now = IMPACT_NONE;
		set_text(look, NULL);
	} else {
		char *why = job_unmet(look->job, check, value);

		look->now = IMPACT_FELL;
		set_text(look, why);
		free(why);
	}
}

/* Reaches the target apart from the check: one that is away is what the board is for, a wrong template is not. */
static int
reach(struct impact_look *look, struct err *e)
{
	char *name = job_words(look->job, look->target);
	struct frozen_target *target = name ? job_env_target(&look->env, name) : NULL;
	int rc = 0;

	job_forget_confirmations(look->job);
	if (target && job_connect(look->job, target, e) < 0)
		rc = look->is_member ? -1 : err_wrap(e, "target %s", name);
	free(name);
	return rc;
}

static void
look_at(struct impact_look *look)
{
	const struct check_spec *probe = look->spec->probe;
	char *message = job_words(look->job, probe->message);
	struct check_request check = {
		.type = probe->action.type,
		.target = look->target,
		.with = probe->action.with,
		.expect = probe->expect,
		.message = message,
	};
	enum check_stage stage = CHECK_RESOLVES;
	struct err e = ERR_INIT;
	cJSON *value = NULL;
	bool connected = reach(look, &e) == 0;

	if (connected && job_look(look->job, &check, NULL, &value, &stage, &e) == 0)
		take_value(look, &check, value);
	else if (is_observation(look, &e, connected, stage))
		take_failure(look, &check, &e);
	else
		set_untold(look, &e);
	cJSON_Delete(value);
	free(message);
}

static void *
look_main(void *data)
{
	struct impact_look *look = data;
	cJSON *ended = cJSON_CreateObject();

	look_at(look);
	json_add_int(ended, "look", (int64_t)look->number);
	queue_push(look->results, message_new(MESSAGE_IMPACT, NULL, ended));
	return NULL;
}

void
impact_look_start(struct impact_look *look, const cJSON *context, const cJSON *met,
		  int64_t timeout_ms)
{
	frozen_targets_recall(look->env.targets, look->env.targets_count, met);
	look->job = job_new(JOB_IMPACT, &look->env);
	look->job->step_id = xstrdup("impact");
	look->job->title = xstrdup(look->spec->operation);
	look->job->attempt = 1;
	look->job->context = cJSON_Duplicate(context, true);
	look->timeout_ms = timeout_ms;
	look->deadline_ms = clock_mono_ms() + timeout_ms;
	atomic_store(&look->job->deadline_ms, look->deadline_ms);
	if (pthread_create(&look->thread, NULL, look_main, look) != 0)
		abort(); /* no thread to be had: the journal is safe, the run can resume */
	pthread_setname_np(look->thread, "impact");
}

void
impact_look_time_out(struct impact_look *look)
{
	look->deadline_ms = INT64_MAX;
	atomic_store(&look->job->timed_out, true);
	cancel_request(look->job->cancel);
}

void
impact_look_finish(struct impact_look *look)
{
	pthread_join(look->thread, NULL);
	job_free(look->job);
	look->job = NULL;
	free(look->text);
	look->text = look->now_text;
	look->now_text = NULL;
	look->level = look->now;
	look->looked_ms = clock_wall_ms();
	forget_messages(look);
}
