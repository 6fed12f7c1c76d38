#include "config.h"

#include "run/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/autopilot.h"
#include "run/journal.h"
#include "run/state.h"

#include "fixture_folder.h"

/*
 * The engine with executors of the test's own: they act on a counter instead of the world, so that what
 * the engine does with them is seen exactly.
 */

static atomic_int acted;      /* how often test.change and test.destroy ran */
static atomic_int fail_times; /* how many of the next runs fail */
static char *journal_at_act;  /* the journal's text at the moment that test.change ran */
static const char *watched_folder;

static const struct field text_fields[] = {
	{ .name = "text", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Any text." },
	{ .name = NULL },
};

static int
preview_text(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	(void)ctx;
	(void)e;
	preview_add(preview, PREVIEW_REQUEST, "do %s", json_string(action->with, "text", ""));
	preview_set_name(preview, json_string(action->with, "text", NULL));
	return 0;
}

static int
take_failure(struct err *e)
{
	int left = atomic_load(&fail_times);

	if (left <= 0)
		return 0;
	atomic_store(&fail_times, left - 1);
	return err_set(e, ERR_REMOTE, "the world said no");
}

static int
run_read(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	const char *text = json_string(action->with, "text", "");

	if (take_failure(e) < 0)
		return -1;
	ctx->output(ctx, text, strlen(text));
	ctx->output(ctx, "\n", 1);
	*ret_result = cJSON_CreateObject();
	json_add_string(*ret_result, "text", text);
	json_add_int(*ret_result, "acted", atomic_load(&acted));
	return 0;
}

static int
run_change(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	if (watched_folder) {
		struct str text = STR_INIT;
		char *path = xasprintf("%s/journal.jsonl", watched_folder);

		if (file_read(path, 1 << 20, &text, e) < 0)
			return -1;
		free(journal_at_act);
		journal_at_act = str_take(&text);
		free(path);
	}
	atomic_fetch_add(&acted, 1);
	return run_read(ctx, action, ret_result, e);
}

static int
run_slow(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	ctx->progress(ctx, "slowly");
	if (cancel_sleep(ctx->cancel, 60000))
		return err_set(e, ERR_CANCELLED, "cancelled half-way");
	return run_read(ctx, action, ret_result, e);
}

static const char *_Atomic present_uid; /* who the target says it is; NULL: it does not answer */
static atomic_bool present_insecure;	/* nothing proves it */
static atomic_int present_skew_ms;	/* how far its clock is ahead */

static int
target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	(void)secrets;
	(void)e;
	*ret_connection = xstrdup(json_string(spec, "context", ""));
	return 0;
}

static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	(void)connection;
	(void)cancel;
	if (!present_uid)
		return err_set(e, ERR_NET, "nobody answers");
	*ret_identity = cJSON_CreateObject();
	json_add_string(*ret_identity, "uid", present_uid);
	json_add_string(*ret_identity, "user", "ana");
	if (atomic_load(&present_insecure))
		json_add_bool(*ret_identity, "insecure", true);
	if (atomic_load(&present_skew_ms))
		json_add_int(*ret_identity, "skew_ms", atomic_load(&present_skew_ms));
	return 0;
}

static char *
target_describe(const cJSON *spec)
{
	return xasprintf("ctx %s", json_string(spec, "context", ""));
}

static const struct target_driver driver = {
	.kind = TARGET_KUBERNETES,
	.open = target_open,
	.identify = target_identify,
	.describe = target_describe,
	.close = free,
};

static const struct target_driver *const drivers[] = { &driver };

static int
run_lost(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	(void)ctx;
	(void)action;
	(void)ret_result;
	return err_set(e, ERR_UNKNOWN_OUTCOME, "the request was sent, the answer lost");
}

static int
run_ask(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct prompt prompt = {
		.kind = PROMPT_INPUT,
		.question = json_string(action->with, "text", "?"),
		.otherwise = "nothing",
	};

	return ctx->ask(ctx, &prompt, ret_result, e);
}

#define TEST_EXECUTOR(word, danger, function)                                                      \
	{                                                                                          \
		.type = { .uses = word,                                                            \
			  .summary = "For the test.",                                              \
			  .effect = danger,                                                        \
			  .fields = text_fields,                                                   \
			  .result = "an object" },                                                 \
		.preview = preview_text, .run = function,                                          \
	}

#define TARGETED(row)                                                                              \
	{                                                                                          \
		.type = { .uses = row,                                                             \
			  .summary = "For the test.",                                              \
			  .effect = EFFECT_CHANGES,                                                \
			  .target_kinds = TARGET_KUBERNETES,                                       \
			  .target_required = true,                                                 \
			  .fields = text_fields,                                                   \
			  .result = "an object" },                                                 \
		.preview = preview_text, .run = run_change,                                        \
	}

static const struct executor executors[] = {
	TEST_EXECUTOR("test.ask", EFFECT_NONE, run_ask),
	TEST_EXECUTOR("test.change", EFFECT_CHANGES, run_change),
	TEST_EXECUTOR("test.destroy", EFFECT_DESTROYS, run_change),
	TEST_EXECUTOR("test.lost", EFFECT_CHANGES, run_lost),
	TEST_EXECUTOR("test.read", EFFECT_READS, run_read),
	TEST_EXECUTOR("test.slow", EFFECT_READS, run_slow),
	TARGETED("test.target"),
};

enum { EXECUTORS = sizeof(executors) / sizeof(executors[0]) };

static const struct executor *const rows[EXECUTORS] = {
	&executors[0], &executors[1], &executors[2], &executors[3],
	&executors[4], &executors[5], &executors[6],
};

static const struct step_type *const types[EXECUTORS] = {
	&executors[0].type, &executors[1].type, &executors[2].type, &executors[3].type,
	&executors[4].type, &executors[5].type, &executors[6].type,
};

static const struct executor_table table = {
	.executors = rows,
	.count = EXECUTORS,
	.drivers = drivers,
	.drivers_count = 1,
};
static const struct step_catalogue catalogue = { .types = types, .count = EXECUTORS };

static const char head[] = "apiVersion: lifeboat/v1\nkind: Runbook\n"
			   "metadata: {id: test, title: Test, version: 1.0.0}\n"
			   "params: {word: {type: string, default: none}, list: {type: list, "
			   "items: string, default: []},\n"
			   "         key: {type: secret, from: [file], required: false}}\n"
			   "targets: {one: {type: kubernetes, context: first}}\n"
			   "steps:\n";

/* One run with its front end: the test is the operator. */
struct rig {
	char root[64];
	char *folder;
	struct runbook *runbook;
	struct expressions *expressions;
	struct secrets *secrets;
	cJSON *params;
	struct engine *engine;
	const struct run_link *link;
	struct run_state state;
	struct str said; /* what events said besides records */
	bool closed;
};

static void
rig_load(struct rig *rig, const char *steps)
{
	struct str text = STR_INIT, report = STR_INIT;
	struct diags diags;

	str_append(&text, head);
	str_append(&text, steps);
	diags_init(&diags, "test.yaml");
	rig->runbook = runbook_parse("test.yaml", text.data, text.len, &catalogue, &diags);
	diags_render(&diags, &report);
	if (!rig->runbook)
		fail_msg("%s", str_cstr(&report));
	rig->expressions = expressions_new(NULL, 0);
	diags_release(&diags);
	str_release(&text);
	str_release(&report);
}

static void
rig_init(struct rig *rig, const char *steps)
{
	*rig = (struct rig){ .root = "/tmp/test-engine-XXXXXX" };
	assert_non_null(mkdtemp(rig->root));
	rig->folder = xasprintf("%s/runs/one", rig->root);
	rig->secrets = secrets_new();
	rig->params = cJSON_CreateObject();
	run_state_init(&rig->state);
	rig_load(rig, steps);
	atomic_store(&acted, 0);
	atomic_store(&fail_times, 0);
	watched_folder = NULL;
	present_uid = "uid-1";
	atomic_store(&present_insecure, false);
	atomic_store(&present_skew_ms, 0);
}

static void
rig_start(struct rig *rig, bool resume)
{
	struct engine_options options = {
		.runbook = rig->runbook,
		.table = &table,
		.expressions = rig->expressions,
		.secrets = rig->secrets,
		.params = rig->params,
		.folder = rig->folder,
		.run_id = "one",
		.mode = "live",
		.operator_name = "ana",
		.host = "here",
	};
	struct err e = ERR_INIT;

	if ((resume ? engine_resume : engine_create)(&options, &rig->engine, &e) < 0)
		fail_msg("%s", e.message);
	rig->link = engine_subscribe(rig->engine);
	rig->closed = false;
	engine_start(rig->engine);
}

/* Takes one event into the test's own fold; fails when none comes for a long time. */
static void
rig_take(struct rig *rig)
{
	struct run_event *event = queue_pop(rig->link->events, 10000);
	struct err e = ERR_INIT;

	if (!event)
		fail_msg("the engine said nothing for ten seconds");
	if (event->type == EVENT_RECORD && run_state_apply(&rig->state, event->record, &e) < 0)
		fail_msg("%s", e.message);
	if (event->type == EVENT_CLOSED)
		rig->closed = true;
	else if (event->text)
		str_printf(&rig->said, "%s\n", event->text);
	run_event_free(event);
}

static const struct step_state *
rig_wait(struct rig *rig, enum step_status status)
{
	const struct step_state *step;

	while (!(step = run_state_current(&rig->state)) || step->status != status) {
		if (rig->closed)
			fail_msg("the run is over, and no step was %s", step_status_name(status));
		rig_take(rig);
	}
	return step;
}

static void
rig_wait_closed(struct rig *rig)
{
	while (!rig->closed)
		rig_take(rig);
	engine_free(rig->engine);
	rig->engine = NULL;
}

static void
rig_wait_said(struct rig *rig, const char *text)
{
	while (!strstr(str_cstr(&rig->said), text))
		rig_take(rig);
}

static void
rig_send(struct rig *rig, enum intent_type type, const char *text)
{
	const struct step_state *step = run_state_current(&rig->state);

	rig->link->submit(rig->link->engine,
			  intent_new(type, rig->state.seq, step ? step->id : NULL, text));
}

static void
rig_release(struct rig *rig)
{
	if (rig->engine) {
		rig_send(rig, INTENT_LEAVE, NULL);
		rig_wait_closed(rig);
	}
	run_state_release(&rig->state);
	expressions_free(rig->expressions);
	runbook_free(rig->runbook);
	secrets_free(rig->secrets);
	cJSON_Delete(rig->params);
	str_release(&rig->said);
	folder_remove(rig->root);
	free(rig->folder);
	free(journal_at_act);
	journal_at_act = NULL;
}

static char *
rig_journal(const struct rig *rig)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char *path = xasprintf("%s/journal.jsonl", rig->folder);

	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	free(path);
	return str_take(&text);
}

static void
run_two_reads_reach_the_end(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig,
		 " - {id: a, title: T, uses: test.read, with: {text: one}, outputs: {got: .text}}\n"
		 " - {id: b, title: T, uses: test.read, with: {text: '${.steps.a.outputs.got} "
		 "two'},\n"
		 "    outputs: {got: .text}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_false(rig.state.failed);
	assert_string_equal(json_string(rig.state.steps[1].outputs, "got", ""), "one two");
	assert_non_null(strstr(str_cstr(&rig.said), "one\n\none two\n\n"));
	rig_release(&rig);
}

static void
run_change_intent_is_on_disk_before_the_act(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}, verify: []}\n");
	watched_folder = rig.folder;
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	assert_non_null(strstr(journal_at_act, "\"type\":\"intent\""));
	assert_null(strstr(journal_at_act, "\"type\":\"outcome\""));
	rig_release(&rig);
}

static void
run_change_without_a_y_is_refused(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "n");
	rig_wait_said(&rig, "not confirmed");
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_said(&rig, "needs a y");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
	assert_int_equal(atomic_load(&acted), 0);
}

static void
run_destroy_wants_the_exact_name(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.destroy, with: {text: prod}}\n");
	rig_start(&rig, false);
	assert_string_equal(rig_wait(&rig, STEP_PLANNED)->confirm_name, "prod");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "must be typed");
	rig_send(&rig, INTENT_RUN, "prod");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

static void
run_stale_intent_is_refused(void **unused)
{
	struct rig rig;
	int64_t seen;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change, with: {text: it}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	seen = rig.state.seq;
	rig_send(&rig, INTENT_RECHECK, NULL);
	while (rig.state.decision_seq <= seen)
		rig_take(&rig);
	rig.link->submit(rig.link->engine, intent_new(INTENT_RUN, seen, "a", "y"));
	rig_wait_said(&rig, "has changed since");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

static void
run_when_false_skips_by_itself(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, when: '.params.word == \"yes\"', uses: test.change}\n"
		       " - {id: b, title: T, uses: test.ask, with: {text: name}}\n");
	rig_start(&rig, false);
	while (rig.state.prompt.seq < 0)
		rig_take(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_SKIPPED);
	rig_release(&rig);
	assert_int_equal(atomic_load(&acted), 0);
}

static void
run_ask_answer_is_journalled_and_returned(void **unused)
{
	struct rig rig;
	struct intent *intent;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.ask, with: {text: name}, outputs: {name: "
		       ".value}}\n");
	rig_start(&rig, false);
	while (rig.state.prompt.seq < 0)
		rig_take(&rig);
	intent = intent_new(INTENT_ANSWER, rig.state.seq, "a", NULL);
	intent->answer = cJSON_CreateObject();
	json_add_string(intent->answer, "value", "lifeboat");
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_string_equal(json_string(rig.state.steps[0].outputs, "name", ""), "lifeboat");
	rig_release(&rig);
}

static void
run_failed_step_pauses_and_can_be_retried(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: it}}\n");
	atomic_store(&fail_times, 1);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	step = rig_wait(&rig, STEP_FAILED);
	assert_string_equal(step->error, "the world said no");
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].attempt, 2);
	rig_release(&rig);
}

static void
run_retry_rule_repeats_a_read_but_never_a_change(void **unused)
{
	static const char retry[] = "retry: {max_attempts: 3, backoff: {initial: 1ms}}";
	char *steps = xasprintf(" - {id: a, title: T, uses: test.read, with: {text: it}, %s}\n"
				" - {id: b, title: T, uses: test.change, idempotent: true, %s}\n",
				retry, retry);
	struct rig rig;

	(void)unused;
	rig_init(&rig, steps);
	atomic_store(&fail_times, 2);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	assert_int_equal(rig.state.steps[0].attempt, 3);
	rig_wait(&rig, STEP_PLANNED);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 2);
	rig_release(&rig);
	free(steps);
}

static void
run_verify_waits_until_it_holds(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.read\n   wait: {interval: 100ms, "
		       "timeout: 5s}\n"
		       "   verify:\n"
		       "    - {uses: test.read, with: {text: x}, expect: '.text == \"x\"'}\n"
		       "    - {uses: test.read, expect: '.acted >= 1', message: not acted}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_said(&rig, "not acted");
	atomic_store(&acted, 1);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].verify_count, 2);
	assert_true(rig.state.steps[0].verify[1].ok);
	rig_release(&rig);
}

static void
run_precondition_that_fails_blocks_the_step(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   uses: test.change\n   preconditions:\n"
		       "    - {uses: test.read, expect: '.acted == 1', message: somebody must act "
		       "first}\n");
	rig_start(&rig, false);
	step = rig_wait(&rig, STEP_BLOCKED);
	assert_non_null(strstr(step->error, "somebody must act first"));
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "no step that is ready");
	atomic_store(&acted, 1);
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_release(&rig);
}

static void
run_cancel_ends_within_100_ms(void **unused)
{
	struct rig rig;
	int64_t begin_ms;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	begin_ms = clock_mono_ms();
	rig_send(&rig, INTENT_CANCEL, NULL);
	rig_wait(&rig, STEP_CANCELLED);
	print_message("cancelled after %lld ms\n", (long long)(clock_mono_ms() - begin_ms));
	rig_release(&rig);
}

static void
run_timeout_stops_the_step(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow, timeout: 50ms}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	step = rig_wait(&rig, STEP_FAILED);
	assert_string_equal(step->error_kind, "timeout");
	assert_non_null(strstr(step->error, "timeout of 50ms"));
	rig_release(&rig);
}

static void
run_lost_answer_is_unknown_until_marked(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.lost}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait(&rig, STEP_UNKNOWN);
	rig_send(&rig, INTENT_MARK_DONE, " ");
	rig_wait_said(&rig, "with a reason");
	rig_send(&rig, INTENT_MARK_DONE, "seen in the console");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_OK);
	rig_release(&rig);
}

static void
run_skip_needs_a_reason(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.change}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_SKIP, "  ");
	rig_wait_said(&rig, "only with a reason");
	rig_send(&rig, INTENT_SKIP, "done by hand");
	rig_wait_closed(&rig);
	assert_string_equal(rig.state.steps[0].reason, "done by hand");
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

static void
run_abort_on_failure_ends_the_run(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, on_failure: abort}\n - {id: b, "
		       "title: T, uses: test.change}\n");
	atomic_store(&fail_times, 1);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	assert_true(rig.state.failed);
	rig_release(&rig);
}

static void
run_goto_goes_back_and_resets(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read}\n"
		       " - {id: b, title: T, uses: test.read, on_failure: {goto: a, max: 1}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	atomic_store(&fail_times, 1);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_FAILED);
	rig_send(&rig, INTENT_GOTO, NULL);
	while (rig.state.current != 0)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(rig.state.steps[1].status, STEP_TODO);
	rig_release(&rig);
}

static void
run_for_each_makes_one_instance_an_item(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - id: a\n   title: T\n   for_each: {in: .params.list, as: cluster}\n   "
		       "uses: test.read\n"
		       "   with: {text: 'on ${.cluster}'}\n   outputs: {got: .text}\n"
		       " - {id: b, title: T, uses: test.read, with: {text: "
		       "'${.steps.a.items.two.outputs.got}'},\n"
		       "    outputs: {got: .text}}\n");
	json_add(rig.params, "list", cJSON_Parse("[\"one\",\"two\"]"));
	rig_start(&rig, false);
	for (int i = 0; i < 3; i++) {
		while (rig.state.current < i)
			rig_take(&rig);
		rig_wait(&rig, STEP_PLANNED);
		rig_send(&rig, INTENT_RUN, NULL);
	}
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps_count, 3);
	assert_string_equal(rig.state.steps[0].id, "a[one]");
	assert_string_equal(json_string(rig.state.steps[2].outputs, "got", ""), "on two");
	rig_release(&rig);
}

static void
run_secret_is_in_no_journal_and_no_output(void **unused)
{
	static const char secret[] = "correct-horse-battery";
	struct err e = ERR_INIT;
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read, with: {text: 'key=${.params.key}'},\n"
		       "    outputs: {got: .text}}\n"
		       " - {id: b, title: T, uses: test.read, with: {text: '${.steps.a.outputs.got "
		       "| length}'},\n"
		       "    outputs: {got: .text}}\n");
	json_add_string(rig.params, "key", secret);
	assert_int_equal(secrets_add(rig.secrets, "key", secret, strlen(secret), &e), 0);
	rig_start(&rig, false);
	for (int i = 0; i < 2; i++) {
		while (rig.state.current < i)
			rig_take(&rig);
		rig_wait(&rig, STEP_PLANNED);
		rig_send(&rig, INTENT_RUN, NULL);
	}
	rig_wait_closed(&rig);
	journal = rig_journal(&rig);
	assert_null(strstr(journal, secret));
	assert_null(strstr(str_cstr(&rig.said), secret));
	/* the next step still had the real value, whose length is not that of the mask */
	assert_string_equal(json_string(rig.state.steps[1].outputs, "got", ""), "25");
	free(journal);
	rig_release(&rig);
}

static void
resume_after_leaving_goes_on_with_the_next_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig,
		 " - {id: a, title: T, uses: test.read, with: {text: x}, outputs: {got: .text}}\n"
		 " - {id: b, title: T, uses: test.change, with: {text: "
		 "'${.steps.a.outputs.got}'}}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	while (rig.state.current < 1)
		rig_take(&rig);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_LEAVE, "hang-up");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	run_state_release(&rig.state);
	rig_start(&rig, true);
	while (rig.state.phase != RUN_WAITING || rig.state.seq < 8)
		rig_take(&rig);
	assert_string_equal(rig_wait(&rig, STEP_PLANNED)->id, "b");
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	assert_int_equal(rig.state.phase, RUN_ENDED);
	rig_release(&rig);
}

static const char targeted[] =
	" - {id: a, title: T, uses: test.target, target: one, with: {text: it}}\n";

static void
resume_with_another_cluster_behind_the_name_is_blocked(void **unused)
{
	struct rig rig;
	const struct step_state *step;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_string_equal(json_string(rig.state.targets[0].identity, "uid", ""), "uid-1");
	rig_send(&rig, INTENT_LEAVE, "lunch");
	rig_wait_closed(&rig);
	run_state_release(&rig.state);
	present_uid = "uid-2";
	rig_start(&rig, true);
	step = rig_wait(&rig, STEP_BLOCKED);
	assert_non_null(strstr(step->error, "its uid was uid-1, now uid-2"));
	rig_send(&rig, INTENT_RUN, "y");
	rig_wait_said(&rig, "no step that is ready");
	assert_int_equal(atomic_load(&acted), 0);
	present_uid = "uid-1";
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	rig_release(&rig);
}

/* The context leads to another cluster while the plan waits for its confirmation. */
static void
run_after_the_cluster_was_exchanged_does_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = "uid-2";
	rig_send(&rig, INTENT_RUN, "y");
	assert_non_null(strstr(rig_wait(&rig, STEP_FAILED)->error, "its uid was uid-1, now uid-2"));
	assert_int_equal(atomic_load(&acted), 0);
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_BLOCKED);
	rig_release(&rig);
}

static void
run_change_on_a_target_that_is_away_does_nothing(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = NULL;
	rig_send(&rig, INTENT_RUN, "y");
	assert_non_null(strstr(rig_wait(&rig, STEP_FAILED)->error, "nobody answers"));
	assert_int_equal(atomic_load(&acted), 0);
	rig_release(&rig);
}

/* What waits for a server to come back must be able to begin while it is away. */
static void
prepare_on_a_target_that_is_away_for_a_moment_goes_on(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	present_uid = NULL;
	rig_send(&rig, INTENT_RECHECK, NULL);
	int64_t seq = rig.state.decision_seq;
	while (rig.state.decision_seq == seq)
		rig_take(&rig);
	assert_int_equal(run_state_current(&rig.state)->status, STEP_PLANNED);
	rig_release(&rig);
}

static bool
preview_holds(const struct step_state *step, const char *text)
{
	for (size_t i = 0; i < step->preview_count; i++)
		if (step->preview[i].mark == '!' && strstr(step->preview[i].text, text))
			return true;
	return false;
}

static void
run_on_an_insecure_target_is_warned_of_and_not_automatic(void **unused)
{
	const char *const yes[] = { "*", NULL }, *const none[] = { NULL };
	struct autopilot pilot = { .yes = yes, .confirm = none, .answer = none };
	struct intent *intent = NULL;
	const struct step_state *step;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, targeted);
	atomic_store(&present_insecure, true);
	rig_start(&rig, false);
	step = rig_wait(&rig, STEP_PLANNED);
	assert_true(preview_holds(step, "certificate is not verified"));
	assert_string_equal(step->confirm, "ask");
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_STUCK);
	assert_non_null(strstr(why, "--allow-insecure"));
	free(why);
	pilot.allow_insecure = true;
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

/* A kubeconfig that was secure when the run began, and is not any more. */
static void
run_target_that_becomes_insecure_is_noticed(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_false(json_bool(rig.state.targets[0].identity, "insecure", false));
	atomic_store(&present_insecure, true);
	rig_send(&rig, INTENT_RECHECK, NULL);
	while (!json_bool(rig.state.targets[0].identity, "insecure", false))
		rig_take(&rig);
	while (!preview_holds(run_state_current(&rig.state), "certificate is not verified"))
		rig_take(&rig);
	rig_release(&rig);
}

static void
preflight_record_tells_of_clock_and_user(void **unused)
{
	struct rig rig;
	char *journal;

	(void)unused;
	rig_init(&rig, targeted);
	atomic_store(&present_skew_ms, -45200);
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_true(rig.state.preflight[0].ok);
	assert_non_null(strstr(rig.state.preflight[0].message, "at least 45s behind"));
	journal = rig_journal(&rig);
	assert_non_null(strstr(journal, "\"target\":\"one\",\"user\":\"ana\",\"skew_ms\":-45200"));
	free(journal);
	rig_release(&rig);
}

static void
run_target_reached_later_is_frozen_then(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, targeted);
	present_uid = NULL;
	rig_start(&rig, false);
	rig_wait(&rig, STEP_BLOCKED);
	assert_false(rig.state.preflight[0].ok);
	assert_null(rig.state.targets[0].identity);
	assert_non_null(strstr(run_state_current(&rig.state)->error, "target one: nobody answers"));
	present_uid = "uid-9";
	rig_send(&rig, INTENT_RECHECK, NULL);
	rig_wait(&rig, STEP_PLANNED);
	assert_string_equal(json_string(rig.state.targets[0].identity, "uid", ""), "uid-9");
	rig_release(&rig);
}

static void
leave_waits_for_the_running_step(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.slow, timeout: 300ms}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	rig_send(&rig, INTENT_RUN, NULL);
	rig_wait(&rig, STEP_RUNNING);
	rig_send(&rig, INTENT_LEAVE, "hang-up");
	rig_wait_closed(&rig);
	assert_int_equal(rig.state.steps[0].status, STEP_FAILED);
	assert_int_equal(rig.state.phase, RUN_STOPPED);
	rig_release(&rig);
}

static void
autopilot_runs_reads_and_stops_at_changes(void **unused)
{
	const char *const yes[] = { "b*", NULL }, *const none[] = { NULL };
	struct autopilot pilot = { .yes = none, .confirm = none, .answer = none };
	struct intent *intent = NULL;
	struct rig rig;
	char *why = NULL;

	(void)unused;
	rig_init(&rig, " - {id: a, title: T, uses: test.read}\n - {id: bb, title: T, uses: "
		       "test.change}\n");
	rig_start(&rig, false);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	while (rig.state.current < 1)
		rig_take(&rig);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_WAIT);
	rig_wait(&rig, STEP_PLANNED);
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_STUCK);
	assert_non_null(strstr(why, "--yes 'bb'"));
	free(why);
	pilot.yes = yes;
	assert_int_equal(autopilot_decide(&pilot, &rig.state, &intent, &why), AUTOPILOT_ACT);
	rig.link->submit(rig.link->engine, intent);
	rig_wait_closed(&rig);
	assert_int_equal(atomic_load(&acted), 1);
	rig_release(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_two_reads_reach_the_end),
		cmocka_unit_test(run_change_intent_is_on_disk_before_the_act),
		cmocka_unit_test(run_change_without_a_y_is_refused),
		cmocka_unit_test(run_destroy_wants_the_exact_name),
		cmocka_unit_test(run_stale_intent_is_refused),
		cmocka_unit_test(run_when_false_skips_by_itself),
		cmocka_unit_test(run_ask_answer_is_journalled_and_returned),
		cmocka_unit_test(run_failed_step_pauses_and_can_be_retried),
		cmocka_unit_test(run_retry_rule_repeats_a_read_but_never_a_change),
		cmocka_unit_test(run_verify_waits_until_it_holds),
		cmocka_unit_test(run_precondition_that_fails_blocks_the_step),
		cmocka_unit_test(run_cancel_ends_within_100_ms),
		cmocka_unit_test(run_timeout_stops_the_step),
		cmocka_unit_test(run_lost_answer_is_unknown_until_marked),
		cmocka_unit_test(run_skip_needs_a_reason),
		cmocka_unit_test(run_abort_on_failure_ends_the_run),
		cmocka_unit_test(run_goto_goes_back_and_resets),
		cmocka_unit_test(run_for_each_makes_one_instance_an_item),
		cmocka_unit_test(run_secret_is_in_no_journal_and_no_output),
		cmocka_unit_test(resume_after_leaving_goes_on_with_the_next_step),
		cmocka_unit_test(resume_with_another_cluster_behind_the_name_is_blocked),
		cmocka_unit_test(run_after_the_cluster_was_exchanged_does_nothing),
		cmocka_unit_test(run_change_on_a_target_that_is_away_does_nothing),
		cmocka_unit_test(prepare_on_a_target_that_is_away_for_a_moment_goes_on),
		cmocka_unit_test(run_on_an_insecure_target_is_warned_of_and_not_automatic),
		cmocka_unit_test(run_target_that_becomes_insecure_is_noticed),
		cmocka_unit_test(preflight_record_tells_of_clock_and_user),
		cmocka_unit_test(run_target_reached_later_is_frozen_then),
		cmocka_unit_test(leave_waits_for_the_running_step),
		cmocka_unit_test(autopilot_runs_reads_and_stops_at_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
