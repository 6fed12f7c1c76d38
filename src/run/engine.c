#include "config.h"

#include "run/engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/engine_internal.h"

static void
broadcast_record(struct engine *engine, struct record *record, bool replayed)
{
	for (size_t i = 0; i < engine->links_count; i++) {
		struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

		event->record = record_ref(record);
		event->replayed = replayed;
		queue_push(engine->links[i].events, event);
	}
}

void
engine_tell(struct engine *engine, enum run_event_type type, const char *step, const char *text)
{
	struct str redacted = STR_INIT;
	char *clean = NULL;

	if (text) {
		secrets_redact(engine->env.secrets, text, strlen(text), &redacted);
		clean = text_clean(str_cstr(&redacted), TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);
	}
	for (size_t i = 0; i < engine->links_count; i++)
		queue_push(engine->links[i].events, run_event_new(type, step, clean));
	str_release(&redacted);
	free(clean);
}

cJSON *
engine_step_data(const char *step)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "step", step);
	return data;
}

/* A journal that cannot be written ends all acting: what is not recorded must not be done. */
static void
declare_broken(struct engine *engine, const struct err *e)
{
	if (engine->broken)
		return;
	engine->broken = true;
	char *text = xasprintf("%s. No further step is begun; leave, mend the cause, and resume",
			       e->message);
	engine_tell(engine, EVENT_WARNING, NULL, text);
	free(text);
}

int
engine_append(struct engine *engine, enum record_type type, cJSON *data, bool durable)
{
	struct record *record = NULL;
	struct err e = ERR_INIT;

	secrets_redact_json(engine->env.secrets, data);
	if (journal_append(engine->journal, type, data, durable, &record, &e) < 0) {
		declare_broken(engine, &e);
		return -1;
	}
	if (run_state_apply(&engine->state, record, &e) < 0) {
		/* our own fold refuses our own record: stop rather than act on a wrong state */
		err_wrap(&e, "internal error");
		declare_broken(engine, &e);
	}
	broadcast_record(engine, record, false);
	record_free(record);
	return engine->broken ? -1 : 0;
}

static void
free_message(void *message)
{
	message_free(message);
}

static void
free_event(void *event)
{
	run_event_free(event);
}

static struct engine *
engine_alloc(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->params =
		options->params ? cJSON_Duplicate(options->params, true) : cJSON_CreateObject();
	engine->folder = xstrdup(options->folder);
	engine->run_id = xstrdup(options->run_id);
	engine->mode = xstrdup(options->mode);
	engine->operator_name = xstrdup(options->operator_name);
	engine->host = xstrdup(options->host);
	engine->outputs = cJSON_CreateObject();
	engine->inbox = queue_new();
	run_state_init(&engine->state);
	engine->env = (struct job_env){
		.runbook = options->runbook,
		.table = options->table,
		.expressions = options->expressions,
		.secrets = options->secrets,
		.run_id = engine->run_id,
		.folder = engine->folder,
		.inbox = engine->inbox,
	};
	return engine;
}

static void
engine_destroy(struct engine *engine)
{
	job_free(engine->prepared);
	frozen_targets_free(engine->env.targets, engine->env.targets_count);
	journal_close(engine->journal);
	run_state_release(&engine->state);
	queue_free(engine->inbox, free_message);
	for (size_t i = 0; i < engine->links_count; i++)
		queue_free(engine->links[i].events, free_event);
	for (size_t i = 0; i < engine->history_count; i++)
		record_free(engine->history[i]);
	free(engine->history);
	free(engine->links);
	cJSON_Delete(engine->params);
	cJSON_Delete(engine->outputs);
	free(engine->folder);
	free(engine->run_id);
	free(engine->mode);
	free(engine->operator_name);
	free(engine->host);
	free(engine->leave_reason);
	free(engine);
}

/* What target fields may refer to: the parameters and the run; there are no steps yet. */
static cJSON *
first_context(const struct engine *engine)
{
	cJSON *context = cJSON_CreateObject();

	json_add(context, "params", cJSON_Duplicate(engine->params, true));
	cJSON_AddObjectToObject(context, "steps");
	cJSON_AddObjectToObject(context, "targets");
	cJSON *run = cJSON_AddObjectToObject(context, "run");
	json_add_string(run, "id", engine->run_id);
	json_add_string(run, "mode", engine->mode);
	json_add_string(run, "operator", engine->operator_name);
	return context;
}

static int
freeze_targets(struct engine *engine, struct err *e)
{
	cJSON *context = first_context(engine);
	int rc = frozen_targets_new(engine->env.runbook, engine->env.table, engine->env.expressions,
				    context, &engine->env.targets, &engine->env.targets_count, e);

	cJSON_Delete(context);
	return rc;
}

static int
copy_runbook(const struct engine *engine, struct err *e)
{
	char *path = xasprintf("%s/runbook.yaml", engine->folder);
	int rc = file_write_atomic(path, engine->env.runbook->source,
				   engine->env.runbook->source_len, 0600, e);

	free(path);
	return rc;
}

int
engine_create(const struct engine_options *options, struct engine **ret_engine, struct err *e)
{
	struct engine *engine = engine_alloc(options);

	if (freeze_targets(engine, e) < 0 ||
	    journal_create(engine->folder, engine->run_id, &engine->journal, e) < 0 ||
	    copy_runbook(engine, e) < 0) {
		engine_destroy(engine);
		return -1;
	}
	*ret_engine = engine;
	return 0;
}

/* Builds the state of an earlier process and keeps its records for the subscribers. */
static int
recall(void *data, struct record *record, struct err *e)
{
	struct engine *engine = data;

	if (run_state_apply(&engine->state, record, e) < 0)
		return -1;
	*VEC_PUSH(engine->history, engine->history_count, engine->history_cap) = record_ref(record);
	return 0;
}

/* The parameters as the first process had them; secrets come anew with the options. */
static void
recall_params(struct engine *engine)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, engine->state.params) {
		const struct param *param = runbook_param(engine->env.runbook, at->string);

		if (param && param->type == PARAM_SECRET)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(engine->params, at->string);
		json_add(engine->params, at->string, cJSON_Duplicate(at, true));
	}
}

/* All identities that any record has told: those of the first one, and those of later targets. */
static void
recall_identities(struct engine *engine)
{
	for (size_t i = 0; i < engine->history_count; i++) {
		const struct record *record = engine->history[i];

		if (record->type == RECORD_RUN) {
			frozen_targets_recall(engine->env.targets, engine->env.targets_count,
					      json_at(record->data, "targets"));
		} else if (record->type == RECORD_TARGET) {
			cJSON *one = cJSON_CreateArray();

			cJSON_AddItemToArray(one, cJSON_Duplicate(record->data, true));
			frozen_targets_recall(engine->env.targets, engine->env.targets_count, one);
			cJSON_Delete(one);
		}
	}
}

int
engine_resume(const struct engine_options *options, struct engine **ret_engine, struct err *e)
{
	struct engine *engine = engine_alloc(options);

	engine->resumed = true;
	if (journal_open(engine->folder, recall, engine, &engine->journal, e) < 0)
		goto fail;
	free(engine->run_id);
	engine->run_id = xstrdup(journal_run_id(engine->journal));
	engine->env.run_id = engine->run_id;
	if (engine->state.phase == RUN_ENDED) {
		err_set(e, ERR_USAGE, "the run %s has ended (%s): there is nothing to resume",
			engine->run_id,
			engine->state.end_title ? engine->state.end_title : engine->state.end_id);
		goto fail;
	}
	if (!str_equal(engine->state.runbook_sha256, options->runbook->sha256)) {
		err_set(e, ERR_SPEC, "runbook.yaml in %s is not the one that the run began with",
			engine->folder);
		goto fail;
	}
	recall_params(engine);
	if (freeze_targets(engine, e) < 0)
		goto fail;
	recall_identities(engine);
	*ret_engine = engine;
	return 0;
fail:
	engine_destroy(engine);
	return -1;
}

static void
submit(void *engine, struct intent *intent)
{
	engine_submit(engine, intent);
}

const struct run_link *
engine_subscribe(struct engine *engine)
{
	size_t count = engine->links_count + 1;

	/* the links are given out by address: room for all subscribers is made with the first */
	enum { MAX_LINKS = 4 };
	if (!engine->links)
		engine->links = xcalloc(MAX_LINKS, sizeof(*engine->links));
	if (count > MAX_LINKS)
		abort();
	engine->links[engine->links_count] = (struct run_link){
		.events = queue_new(),
		.submit = submit,
		.engine = engine,
	};
	return &engine->links[engine->links_count++];
}

void
engine_submit(struct engine *engine, struct intent *intent)
{
	struct message *message = message_new(MESSAGE_INTENT, NULL, NULL);

	message->intent = intent;
	queue_push(engine->inbox, message);
}

/* The time until the running step's deadline; -1: there is none. */
static int64_t
time_left(const struct engine *engine)
{
	int64_t deadline_ms = engine->job ? atomic_load(&engine->job->deadline_ms) : INT64_MAX;
	int64_t left_ms;

	if (deadline_ms == INT64_MAX || atomic_load(&engine->job->timed_out))
		return -1;
	left_ms = deadline_ms - clock_mono_ms();
	return left_ms > 0 ? left_ms : 0;
}

static void
watch_deadline(struct engine *engine)
{
	if (time_left(engine) != 0)
		return;
	atomic_store(&engine->job->timed_out, true);
	cancel_request(engine->job->cancel);
}

static void
handle_message(struct engine *engine, struct message *message)
{
	const char *step = engine->job ? engine->job->step_id : NULL;

	switch (message->type) {
	case MESSAGE_INTENT:
		engine_handle_intent(engine, message->intent);
		break;
	case MESSAGE_OUTPUT:
	case MESSAGE_PROGRESS:
		engine_tell(engine, message->type == MESSAGE_OUTPUT ? EVENT_OUTPUT : EVENT_PROGRESS,
			    step, message->text);
		break;
	case MESSAGE_TARGET:
	case MESSAGE_ATTEMPT:
	case MESSAGE_PROMPT:
		engine_append(engine,
			      message->type == MESSAGE_TARGET	 ? RECORD_TARGET
			      : message->type == MESSAGE_ATTEMPT ? RECORD_ATTEMPT
								 : RECORD_PROMPT,
			      message->data, false);
		message->data = NULL;
		break;
	case MESSAGE_DONE:
		engine_job_done(engine);
		break;
	}
	message_free(message);
}

static void *
engine_main(void *data)
{
	struct engine *engine = data;

	for (size_t i = 0; i < engine->history_count; i++)
		broadcast_record(engine, engine->history[i], true);
	engine_begin(engine);
	while (!engine->closed) {
		struct message *message = queue_pop(engine->inbox, time_left(engine));

		watch_deadline(engine);
		if (message)
			handle_message(engine, message);
	}
	engine_tell(engine, EVENT_CLOSED, NULL, NULL);
	return NULL;
}

void
engine_start(struct engine *engine)
{
	if (pthread_create(&engine->thread, NULL, engine_main, engine) != 0)
		abort();
	pthread_setname_np(engine->thread, "engine");
}

void
engine_free(struct engine *engine)
{
	if (!engine)
		return;
	pthread_join(engine->thread, NULL);
	engine_destroy(engine);
}
