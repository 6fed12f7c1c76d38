#include "config.h"

#include "run/job/job.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/state/intent.h"

struct message *
message_new(enum message_type type, char *text, cJSON *data)
{
	struct message *message = xcalloc(1, sizeof(*message));

	message->type = type;
	message->text = text;
	message->data = data;
	return message;
}

void
message_free(struct message *message)
{
	if (!message)
		return;
	intent_free(message->intent);
	free(message->text);
	sgr_release(&message->looks);
	cJSON_Delete(message->data);
	free(message);
}

struct job *
job_new(enum job_kind kind, struct job_env *env)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->kind = kind;
	job->env = env;
	job->cancel = cancel_new();
	job->answers = queue_new();
	job->receipts = queue_new();
	job->intent_seq = -1;
	atomic_init(&job->timed_out, false);
	atomic_init(&job->deadline_ms, INT64_MAX);
	return job;
}

static void *
job_main(void *data)
{
	static void (*const bodies[])(struct job *) = {
		[JOB_FREEZE] = job_freeze,
		[JOB_PREPARE] = job_prepare,
		[JOB_RUN] = job_run,
		[JOB_PROBE] = job_probe,
	};
	struct job *job = data;

	bodies[job->kind](job);
	queue_push(job->env->inbox, message_new(MESSAGE_DONE, NULL, NULL));
	return NULL;
}

void
job_start(struct job *job)
{
	if (pthread_create(&job->thread, NULL, job_main, job) != 0)
		abort(); /* no thread to be had: the journal is safe, the run can resume */
	pthread_setname_np(job->thread, "step");
	job->started = true;
}

static void
free_answer(void *answer)
{
	cJSON_Delete(answer);
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	if (job->started)
		pthread_join(job->thread, NULL);
	cancel_free(job->cancel);
	queue_free(job->answers, free_answer);
	queue_free(job->receipts, free);
	free(job->step_id);
	free(job->title);
	free(job->item);
	cJSON_Delete(job->context);
	cJSON_Delete(job->with);
	cJSON_Delete(job->seen);
	cJSON_Delete(job->data);
	cJSON_Delete(job->outputs);
	cJSON_Delete(job->evidence);
	cJSON_Delete(job->planned_with);
	cJSON_Delete(job->before);
	free(job->stays);
	free(job->planned_target);
	free(job->key);
	free(job);
}

int
job_put_on_record(struct job *job, enum message_type type, cJSON *data, struct err *e)
{
	queue_push(job->env->inbox, message_new(type, NULL, data));
	/* the engine blocks on nothing but its disk, and outlives the job */
	struct err *receipt = queue_pop(job->receipts, -1);
	int rc = receipt->kind == ERR_NONE ? 0 : -1;

	if (rc < 0)
		*e = *receipt;
	free(receipt);
	return rc;
}

static struct job_context *
of_pub(struct step_context *pub)
{
	return (struct job_context *)pub;
}

static void
ctx_output(struct step_context *pub, const char *bytes, size_t len_bytes)
{
	struct job_context *ctx = of_pub(pub);

	if (ctx->sink)
		sink_write(ctx->sink, bytes, len_bytes);
}

static void
ctx_progress(struct step_context *pub, const char *format, ...)
{
	struct job *job = of_pub(pub)->job;
	struct str redacted = STR_INIT;
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	secrets_redact(job->env->secrets, text, strlen(text), &redacted);
	queue_push(job->env->inbox,
		   message_new(MESSAGE_PROGRESS, text_clean(str_cstr(&redacted), TEXT_DROP_SGR),
			       NULL));
	str_release(&redacted);
	free(text);
}

static cJSON *
prompt_json(const char *step_id, const struct prompt *prompt)
{
	static const char *const kinds[] = {
		[PROMPT_CONFIRM] = "confirm",
		[PROMPT_CHECKLIST] = "checklist",
		[PROMPT_INPUT] = "input",
		[PROMPT_CHOICE] = "choice",
	};
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "step", step_id);
	json_add_string(data, "kind", kinds[prompt->kind]);
	json_add_string(data, "question", prompt->question);
	cJSON *items = cJSON_AddArrayToObject(data, "items");
	for (size_t i = 0; i < prompt->items_count; i++) {
		cJSON *item = cJSON_CreateObject();

		json_add_string(item, "id", prompt->items[i].id);
		json_add_string(item, "text", prompt->items[i].text);
		json_add_bool(item, "value", prompt->items[i].wants_value);
		cJSON_AddItemToArray(items, item);
	}
	json_add_string(data, "default", prompt->otherwise);
	json_add_string(data, "pattern", prompt->pattern);
	json_add_bool(data, "secret", prompt->secret);
	return data;
}

static int
ctx_ask(struct step_context *pub, const struct prompt *prompt, cJSON **ret_answer, struct err *e)
{
	struct job *job = of_pub(pub)->job;

	queue_push(job->env->inbox,
		   message_new(MESSAGE_PROMPT, NULL, prompt_json(job->step_id, prompt)));
	while (!cancel_requested(job->cancel)) {
		struct pollfd fds[] = {
			{ .fd = queue_fd(job->answers), .events = POLLIN },
			{ .fd = cancel_fd(job->cancel), .events = POLLIN },
		};
		cJSON *answer = queue_pop(job->answers, 0);

		if (answer) {
			*ret_answer = answer;
			return 0;
		}
		poll(fds, 2, -1);
	}
	return err_set(e, ERR_CANCELLED, "the question was not answered");
}

static int
ctx_check(struct step_context *pub, const cJSON *check, bool *ret_held, char **ret_why,
	  struct err *e)
{
	struct job *job = of_pub(pub)->job;
	const char *uses = json_string(check, "uses", "");
	const struct executor *executor = executor_find(job->env->table, uses);

	if (!executor)
		return err_set(e, ERR_SPEC, "there is no step type \"%s\"", uses);
	cJSON *none = cJSON_CreateObject();
	const cJSON *with = json_at(check, "with");
	struct check_request request = {
		.type = &executor->type,
		.target = json_string(check, "target", NULL),
		.with = with ? with : none,
		.expect = json_string(check, "expect", NULL),
		.message = json_string(check, "message", NULL),
	};
	int rc = job_check(job, &request, job->action.target, ret_held, ret_why, e);
	cJSON_Delete(none);
	return rc;
}

static int
ctx_evaluate(struct step_context *pub, const char *expression, const cJSON *input,
	     cJSON **ret_value, struct err *e)
{
	struct job *job = of_pub(pub)->job;

	if (job_outputs_known(job, expression, true, e) < 0)
		return -1;
	return expressions_eval(job->env->expressions, expression, input, job->context, 0,
				ret_value, e);
}

static int
ctx_remember(struct step_context *pub, cJSON *evidence, struct err *e)
{
	struct job *job = of_pub(pub)->job;

	job->remembers = true;
	if (pub->intent_seq < 0 || job->kind != JOB_RUN) {
		cJSON_Delete(evidence);
		return job->kind == JOB_PROBE && pub->intent_seq >= 0
			       ? err_set(e, ERR_INTERNAL, "a probe must only read")
			       : 0;
	}
	cJSON *data = cJSON_CreateObject();
	json_add_string(data, "step", job->step_id);
	json_add_int(data, "intent", pub->intent_seq);
	json_add(data, "evidence", evidence);
	return job_put_on_record(job, MESSAGE_EVIDENCE, data, e);
}

void
job_context_init(struct job_context *ctx, struct job *job, struct sink *sink)
{
	*ctx = (struct job_context){
		.pub = {
			.run_id = job->env->run_id,
			.step_id = job->step_id,
			.title = job->title,
			.attempt = job->attempt,
			.idempotency_key = job->key,
			.runbook_path = job->env->runbook->path,
			.cancel = job->cancel,
			.deadline_ms = atomic_load(&job->deadline_ms),
			.secrets = job->env->secrets,
			.output = ctx_output,
			.progress = ctx_progress,
			.ask = ctx_ask,
			.check = ctx_check,
			.evaluate = ctx_evaluate,
			.remember = ctx_remember,
			.run_folder = job->env->folder,
			.intent_seq = job->intent_seq,
		},
		.job = job,
		.sink = sink,
	};
}
