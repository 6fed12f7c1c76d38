#include "config.h"

#include "run/engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"

/* How a record came to be, as far as it is not on the disk by the hand of this process. */
enum origin { ORIGIN_JOURNAL, ORIGIN_REPLAYED, ORIGIN_PRETENDED };

static void
broadcast_record(struct engine *engine, struct record *record, enum origin origin)
{
	for (size_t i = 0; i < engine->links_count; i++) {
		struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

		event->record = record_ref(record);
		event->replayed = origin == ORIGIN_REPLAYED;
		event->pretended = origin == ORIGIN_PRETENDED;
		queue_push(engine->links[i].events, event);
	}
}

/* Output, which is redacted once more: a secret may have become known since. Where that changes it, its looks are lost. */
static void
tell_output(struct engine *engine, const char *step, const struct message *message)
{
	struct str redacted = STR_INIT;

	secrets_redact(engine->env.secrets, message->text, strlen(message->text), &redacted);
	char *clean = text_clean(str_cstr(&redacted), TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);
	bool is_same = strcmp(clean, message->text) == 0;
	for (size_t i = 0; i < engine->links_count; i++) {
		struct run_event *event = run_event_new(EVENT_OUTPUT, step, clean);

		if (is_same)
			sgr_append(&event->looks, message->looks.spans, message->looks.count, 0);
		queue_push(engine->links[i].events, event);
	}
	str_release(&redacted);
	free(clean);
}

static void
tell(struct engine *engine, enum run_event_type type, const char *step, const char *text,
     bool pretended)
{
	struct str redacted = STR_INIT;
	char *clean = NULL;

	if (text) {
		secrets_redact(engine->env.secrets, text, strlen(text), &redacted);
		clean = text_clean(str_cstr(&redacted), TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);
	}
	for (size_t i = 0; i < engine->links_count; i++) {
		struct run_event *event = run_event_new(type, step, clean);

		event->pretended = pretended;
		queue_push(engine->links[i].events, event);
	}
	str_release(&redacted);
	free(clean);
}

void
engine_tell(struct engine *engine, enum run_event_type type, const char *step, const char *text)
{
	tell(engine, type, step, text, false);
}

cJSON *
engine_step_data(const char *step)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "step", step);
	return data;
}

/* What is not recorded must not be done; what only reads may go on. */
static void
declare_broken(struct engine *engine, const struct err *e)
{
	if (engine->broken)
		return;
	engine->broken = xstrdup(e->message);
	char *text =
		xasprintf("%s. Nothing is changed any more, and no decision taken: leave, mend "
			  "the cause, and resume",
			  e->message);
	tell(engine, EVENT_WARNING, NULL, text, true);
	free(text);
}

/* Our own fold refuses our own record: stop rather than act on a wrong state. */
static void
declare_confused(struct engine *engine, struct err *e)
{
	err_wrap(e, "internal error");
	declare_broken(engine, e);
	engine->confused = true;
}

/* Once: with the clock set back, times go on to be told, and what they seem to say is wrong. */
static void
warn_of_clock(struct engine *engine, bool had_durations)
{
	char back[CLOCK_STAMP_MAX];

	if (!had_durations || run_state_has_durations(&engine->state))
		return;
	char *text = xasprintf("the clock of this machine was set back by %s: how long the run "
			       "takes cannot be told any more",
			       duration_format(engine->state.clock_back_ms, back));
	engine_tell(engine, EVENT_WARNING, NULL, text);
	free(text);
}

/* Takes a record into the state, and tells everybody; gives the reference back. */
static int
take_record(struct engine *engine, struct record *record, enum origin origin)
{
	bool had_durations = run_state_has_durations(&engine->state);
	struct err e = ERR_INIT;

	if (run_state_apply(&engine->state, record, &e) < 0)
		declare_confused(engine, &e);
	engine_impact_heed(engine, record);
	broadcast_record(engine, record, origin);
	record_free(record);
	warn_of_clock(engine, had_durations);
	return engine->confused ? -1 : 0;
}

int
engine_append(struct engine *engine, enum record_type type, cJSON *data, bool durable)
{
	struct record *record = NULL;
	struct err e = ERR_INIT;

	secrets_redact_json(engine->env.secrets, data);
	if (engine->broken) {
		cJSON_Delete(data);
		return -1;
	}
	if (journal_append(engine->journal, type, data, durable, &record, &e) < 0) {
		declare_broken(engine, &e);
		return -1;
	}
	return take_record(engine, record, ORIGIN_JOURNAL);
}

int
engine_show(struct engine *engine, enum record_type type, cJSON *data, bool durable)
{
	cJSON *copy = cJSON_Duplicate(data, true);
	int rc = engine_append(engine, type, data, durable);

	if (rc < 0 && !engine->confused) {
		secrets_redact_json(engine->env.secrets, copy);
		rc = take_record(engine, journal_pretend(engine->journal, type, copy),
				 ORIGIN_PRETENDED);
		copy = NULL;
	}
	cJSON_Delete(copy);
	return rc;
}

bool
engine_only_reads(const struct engine *engine)
{
	const struct step_state *step = run_state_current(&engine->state);

	return step && str_equal(step->effect, step_effect_name(EFFECT_READS));
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

void
engine_warn(struct engine *engine, const char *text)
{
	queue_push(engine->inbox, message_new(MESSAGE_WARNING, xstrdup(text), NULL));
}

/* When the job under way is to be cancelled: its deadline, or our leave; INT64_MAX: never. */
static int64_t
next_deadline(const struct engine *engine)
{
	int64_t deadline_ms = INT64_MAX;

	if (!engine->job)
		return INT64_MAX;
	if (!atomic_load(&engine->job->timed_out))
		deadline_ms = atomic_load(&engine->job->deadline_ms);
	return engine->cancel_at_ms < deadline_ms ? engine->cancel_at_ms : deadline_ms;
}

/* The time until then, or until `turn_ms`; -1: for ever. */
static int64_t
time_left(const struct engine *engine, int64_t turn_ms)
{
	int64_t deadline_ms = next_deadline(engine), now_ms = clock_mono_ms();

	if (turn_ms < deadline_ms)
		deadline_ms = turn_ms;
	if (deadline_ms == INT64_MAX)
		return -1;
	return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

/* Whoever asked us to leave has no more patience with the running step. */
static void
cancel_to_leave(struct engine *engine)
{
	engine->cancel_at_ms = INT64_MAX;
	if (engine->job->kind == JOB_RUN) {
		cJSON *data = engine_step_data(engine->job->step_id);

		json_add_string(data, "by", NULL);
		json_add_string(data, "reason", engine->leave_reason);
		engine_show(engine, RECORD_CANCEL, data, false);
	}
	cancel_request(engine->job->cancel);
}

static void
watch_deadlines(struct engine *engine)
{
	int64_t now_ms = clock_mono_ms();

	if (!engine->job)
		return;
	if (engine->cancel_at_ms <= now_ms)
		cancel_to_leave(engine);
	if (atomic_load(&engine->job->deadline_ms) <= now_ms &&
	    !atomic_load(&engine->job->timed_out)) {
		atomic_store(&engine->job->timed_out, true);
		cancel_request(engine->job->cancel);
	}
}

/* What the job waits for before it goes on. */
static void
take_for_record(struct engine *engine, enum record_type type, cJSON *data)
{
	struct err *receipt = xcalloc(1, sizeof(*receipt));
	int rc =
		(engine_only_reads(engine) ? engine_show : engine_append)(engine, type, data, true);

	if (rc < 0)
		err_set(receipt, ERR_IO,
			"what must be on record before the step goes on could not be written: %s",
			engine->broken);
	queue_push(engine->job->receipts, receipt);
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
		tell_output(engine, step, message);
		break;
	case MESSAGE_PROGRESS:
		engine_tell(engine, EVENT_PROGRESS, step, message->text);
		break;
	case MESSAGE_TARGET:
	case MESSAGE_PROMPT:
		engine_show(engine, message->type == MESSAGE_TARGET ? RECORD_TARGET : RECORD_PROMPT,
			    message->data, false);
		message->data = NULL;
		break;
	case MESSAGE_ATTEMPT:
	case MESSAGE_EVIDENCE:
		take_for_record(engine,
				message->type == MESSAGE_ATTEMPT ? RECORD_ATTEMPT : RECORD_EVIDENCE,
				message->data);
		message->data = NULL;
		break;
	case MESSAGE_IMPACT:
		engine_impact_ended(engine, message->data);
		break;
	case MESSAGE_WARNING:
		engine_tell(engine, EVENT_WARNING, NULL, message->text);
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
		broadcast_record(engine, engine->history[i], ORIGIN_REPLAYED);
	engine_begin(engine);
	while (!engine->closed) {
		int64_t turn_ms = engine_impact_turn(engine);
		struct message *message = queue_pop(engine->inbox, time_left(engine, turn_ms));

		watch_deadlines(engine);
		if (message)
			handle_message(engine, message);
	}
	impact_free(engine->impact);
	engine->impact = NULL;
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
