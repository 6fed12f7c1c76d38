#ifndef LIFEBOAT_TESTS_FIXTURE_ENGINE_H
#define LIFEBOAT_TESTS_FIXTURE_ENGINE_H

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine.h"
#include "run/state/state.h"

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

static inline int
preview_text(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	(void)ctx;
	(void)e;
	preview_add(preview, PREVIEW_REQUEST, "do %s", json_string(action->with, "text", ""));
	preview_set_name(preview, json_string(action->with, "text", NULL));
	return 0;
}

static inline int
take_failure(struct err *e)
{
	int left = atomic_load(&fail_times);

	if (left <= 0)
		return 0;
	atomic_store(&fail_times, left - 1);
	return err_set(e, ERR_REMOTE, "the world said no");
}

static inline int
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

static const char
	*crash_folder; /* where the next change leaves what a kill -9 would leave of the run */
static atomic_bool breaks_journal;  /* the next change makes the disk full */
static atomic_bool breaks_at_start; /* the disk is full before the first record of the process */

/* Whoever writes a byte from now on gets EFBIG, as on a full disk; until mend_disk(). */
static inline void
fill_disk(void)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 1;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static inline void
mend_disk(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static inline void
copy_file(const char *from_folder, const char *to_folder, const char *name)
{
	char *from = xasprintf("%s/%s", from_folder, name);
	char *to = xasprintf("%s/%s", to_folder, name);
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(from, 1 << 20, &text, &e) < 0 ||
	    file_write_atomic(to, text.data ? text.data : "", text.len, 0600, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
	str_release(&text);
	free(from);
	free(to);
}

static inline void
leave_crashed_copy(const char *folder)
{
	struct err e = ERR_INIT;

	if (!crash_folder)
		return;
	if (file_make_folders(crash_folder, 0700, &e) < 0)
		abort();
	copy_file(folder, crash_folder, "journal.jsonl");
	copy_file(folder, crash_folder, "checkpoints");
	copy_file(folder, crash_folder, "runbook.yaml");
	crash_folder = NULL;
}

/* Reads, and may be what a crash interrupts. */
static inline int
run_look(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	leave_crashed_copy(ctx->run_folder);
	return run_read(ctx, action, ret_result, e);
}

static inline int
run_change(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	leave_crashed_copy(ctx->run_folder);
	if (atomic_exchange(&breaks_journal, false))
		fill_disk();
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

static _Atomic(enum probe_verdict) probe_says;
static atomic_bool probe_fails, probe_waits;
static const char *_Atomic remembers; /* what test.probed notes before it acts */
static struct str probe_saw;	      /* what the last probe was given; read between two of them */

static inline int
preview_probed(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	cJSON *seen = cJSON_CreateObject();

	json_add_string(seen, "uid", "u-1");
	preview_remember(preview, seen);
	return preview_text(ctx, action, preview, e);
}

static inline int
run_probed(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	cJSON *first = cJSON_CreateObject(), *second = cJSON_CreateObject();

	json_add_string(first, "xid", "none yet");
	json_add_int(first, "intent", ctx->intent_seq);
	json_add_string(second, "xid", remembers);
	if (ctx->remember(ctx, first, e) < 0) {
		cJSON_Delete(second);
		return -1;
	}
	if (ctx->remember(ctx, second, e) < 0)
		return -1;
	return run_change(ctx, action, ret_result, e);
}

/* The disk becomes full when the step has begun, and before it notes anything. */
static inline int
run_breaking(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	     struct err *e)
{
	fill_disk();
	return run_probed(ctx, action, ret_result, e);
}

static inline int
probe_probed(struct step_context *ctx, const struct action *action, struct probe *probe,
	     enum probe_verdict *ret_verdict, struct err *e)
{
	char *evidence = json_print(action->evidence);

	str_clear(&probe_saw);
	str_printf(&probe_saw, "key=%s intent=%lld attempt=%d text=%s uid=%s evidence=%s begun=%d",
		   ctx->idempotency_key, (long long)ctx->intent_seq, ctx->attempt,
		   json_string(action->with, "text", "?"), json_string(action->seen, "uid", "?"),
		   evidence, action->begun_ms > 0);
	free(evidence);
	probe_add(probe, "the counter stands at %d", atomic_load(&acted));
	if (atomic_load(&probe_waits) && cancel_sleep(ctx->cancel, 60000))
		return err_set(e, ERR_CANCELLED, "cancelled");
	if (atomic_load(&probe_fails))
		return err_set(e, ERR_NET, "the counter does not answer");
	*ret_verdict = atomic_load(&probe_says);
	return 0;
}

static inline int
run_slow(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	ctx->progress(ctx, "slowly");
	if (cancel_sleep(ctx->cancel, 60000))
		return err_set(e, ERR_CANCELLED, "cancelled half-way");
	return run_read(ctx, action, ret_result, e);
}

static const char *gate; /* test.gate waits for this file */

static inline int
run_gate(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	ctx->progress(ctx, "at the gate");
	while (!file_exists(gate))
		if (cancel_sleep(ctx->cancel, 20))
			return err_set(e, ERR_CANCELLED, "cancelled at the gate");
	return run_read(ctx, action, ret_result, e);
}

static const char *_Atomic present_uid; /* who the target says it is; NULL: it does not answer */
static atomic_bool present_insecure;	/* nothing proves it */
static atomic_int present_skew_ms;	/* how far its clock is ahead */

static inline int
target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	(void)secrets;
	(void)e;
	*ret_connection = xstrdup(json_string(spec, "context", ""));
	return 0;
}

static inline int
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

static inline char *
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

static inline int
run_lost(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	(void)ctx;
	(void)action;
	(void)ret_result;
	return err_set(e, ERR_UNKNOWN_OUTCOME, "the request was sent, the answer lost");
}

static inline int
run_ask(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct prompt prompt = {
		.kind = PROMPT_INPUT,
		.question = json_string(action->with, "text", "?"),
		.otherwise = "nothing",
	};

	return ctx->ask(ctx, &prompt, ret_result, e);
}

/* What test.world finds: of the target with the context app-1, app-2, or of any other. */
enum world {
	WORLD_WELL,
	WORLD_ILL,
	WORLD_LIMITED,
	WORLD_ODD,
	WORLD_AWAY,
	WORLD_DENIED,
	WORLD_HANGS
};
static atomic_int worlds[3];
static atomic_int world_looks;	       /* how often it was looked at */
static const char *_Atomic world_says; /* in its errors */

static inline int
run_world(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	static const char *const words[] = { "none", "total", "limited", "odd" };
	const char *name = action->target ? action->target->connection : "";
	int at = !strcmp(name, "app-1") ? 1 : !strcmp(name, "app-2") ? 2 : 0;
	int now = atomic_load(&worlds[at]);

	atomic_fetch_add(&world_looks, 1);
	ctx->progress(ctx, "looking at %s", name);
	if (now == WORLD_AWAY)
		return err_set(e, ERR_NET, "%s", world_says);
	if (now == WORLD_DENIED)
		return err_set(e, ERR_DENIED, "you may not look");
	if (now == WORLD_HANGS && cancel_sleep(ctx->cancel, 60000))
		return err_set(e, ERR_CANCELLED, "cancelled");
	*ret_result = cJSON_CreateObject();
	json_add_bool(*ret_result, "ok", now == WORLD_WELL);
	json_add_string(*ret_result, "word", words[now % 4]);
	return 0;
}

/* What test.turn turns: to the number of its text, and back to what it was. */
static atomic_int turned;
static atomic_int half_times;	 /* how many of the next turns get stuck half way */
static atomic_int undo_previews; /* how often it was asked what taking it back would do */

static inline int
run_turn(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	int was = atomic_load(&turned);

	if (run_change(ctx, action, ret_result, e) < 0)
		return -1;
	if (ctx->remember(ctx, cJSON_CreateObject(), e) < 0)
		return -1;
	atomic_store(&turned, atoi(json_string(action->with, "text", "0")));
	leave_crashed_copy(ctx->run_folder);
	if (atomic_fetch_sub(&half_times, 1) > 0) {
		cJSON_Delete(*ret_result);
		*ret_result = NULL;
		return err_set(e, ERR_REMOTE, "it got stuck half way");
	}
	cJSON *before = cJSON_AddObjectToObject(*ret_result, "before");
	json_add_int(before, "was", was);
	json_add_string(before, "word", remembers);
	return 0;
}

static inline int
preview_turn_back(struct step_context *ctx, const struct action *action, const cJSON *before,
		  struct preview *preview, struct err *e)
{
	cJSON *seen = cJSON_CreateObject();

	(void)ctx;
	(void)action;
	(void)e;
	atomic_fetch_add(&undo_previews, 1);
	preview_add(preview, PREVIEW_REMOVE, "turned to %d", atomic_load(&turned));
	preview_add(preview, PREVIEW_ADD, "turned to %lld", (long long)json_int(before, "was", -1));
	json_add_int(seen, "turned", atomic_load(&turned));
	preview_remember(preview, seen);
	return 0;
}

static inline int
undo_turn(struct step_context *ctx, const struct action *action, const cJSON *before, struct err *e)
{
	leave_crashed_copy(ctx->run_folder);
	if (take_failure(e) < 0)
		return -1;
	if (json_int(action->seen, "turned", -1) != atomic_load(&turned))
		return err_set(e, ERR_CONFLICT, "somebody has turned it since");
	ctx->output(ctx, "back\n", 5);
	atomic_store(&turned, (int)json_int(before, "was", -1));
	return 0;
}

static inline int
probe_turn_back(struct step_context *ctx, const struct action *action, const cJSON *before,
		struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	(void)e;
	probe_add(probe, "%s: it is at %d, was %lld", ctx->idempotency_key, atomic_load(&turned),
		  (long long)json_int(action->seen, "turned", -1));
	*ret_verdict =
		atomic_load(&turned) == json_int(before, "was", -1) ? PROBE_DONE : PROBE_NOT_DONE;
	return 0;
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

#define PROBED(row)                                                                                \
	{                                                                                          \
		.type = { .uses = row,                                                             \
			  .summary = "For the test.",                                              \
			  .effect = EFFECT_CHANGES,                                                \
			  .target_kinds = TARGET_KUBERNETES,                                       \
			  .fields = text_fields,                                                   \
			  .result = "an object" },                                                 \
		.preview = preview_probed, .run = run_probed, .probe = probe_probed,               \
	}

static const struct executor executors[] = {
	TEST_EXECUTOR("test.ask", EFFECT_NONE, run_ask),
	TEST_EXECUTOR("test.breaking", EFFECT_CHANGES, run_breaking),
	TEST_EXECUTOR("test.change", EFFECT_CHANGES, run_change),
	TEST_EXECUTOR("test.destroy", EFFECT_DESTROYS, run_change),
	TEST_EXECUTOR("test.gate", EFFECT_READS, run_gate),
	TEST_EXECUTOR("test.look", EFFECT_READS, run_look),
	TEST_EXECUTOR("test.lost", EFFECT_CHANGES, run_lost),
	PROBED("test.probed"),
	TEST_EXECUTOR("test.read", EFFECT_READS, run_read),
	TEST_EXECUTOR("test.slow", EFFECT_READS, run_slow),
	TARGETED("test.target"),
	{
		.type = { .uses = "test.turn",
			  .summary = "For the test.",
			  .effect = EFFECT_CHANGES,
			  .fields = text_fields,
			  .result = "an object" },
		.preview = preview_text,
		.run = run_turn,
		.undo_preview = preview_turn_back,
		.undo = undo_turn,
		.undo_probe = probe_turn_back,
	},
	{
		.type = { .uses = "test.world",
			  .summary = "For the test.",
			  .effect = EFFECT_READS,
			  .target_kinds = TARGET_KUBERNETES,
			  .fields = text_fields,
			  .result = "an object" },
		.preview = preview_text,
		.run = run_world,
	},
};

enum { EXECUTORS = sizeof(executors) / sizeof(executors[0]) };

static const struct executor *const rows[EXECUTORS] = {
	&executors[0],	&executors[1],	&executors[2],	&executors[3], &executors[4],
	&executors[5],	&executors[6],	&executors[7],	&executors[8], &executors[9],
	&executors[10], &executors[11], &executors[12],
};

static const struct step_type *const types[EXECUTORS] = {
	&executors[0].type,  &executors[1].type, &executors[2].type,  &executors[3].type,
	&executors[4].type,  &executors[5].type, &executors[6].type,  &executors[7].type,
	&executors[8].type,  &executors[9].type, &executors[10].type, &executors[11].type,
	&executors[12].type,
};

static const struct executor_table table = {
	.executors = rows,
	.count = EXECUTORS,
	.drivers = drivers,
	.drivers_count = 1,
};
static const struct step_catalogue catalogue = { .types = types, .count = EXECUTORS };

/* What all runbooks of these tests begin with. */
static const char head[] = "apiVersion: lifeboat/v1\nkind: Runbook\n"
			   "metadata: {id: test, title: Test, version: 1.0.0}\n"
			   "params: {word: {type: string, default: none}, list: {type: list, "
			   "items: string, default: []},\n"
			   "         members: {type: list, items: string, default: []},\n"
			   "         key: {type: secret, from: [file], required: false}}\n"
			   "targets: {one: {type: kubernetes, context: first},\n"
			   "          many: {type: kubernetes, contexts: .params.members}}\n"
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
	const char *operator_name, *previous;
	int pretended;	  /* records that are written nowhere */
	int looked;	  /* how often somebody looked at an operation */
	struct sgr looks; /* of the output that came last */
	const struct impact_pace *pace;
	const struct engine_drill *drill; /* NULL: it is real */
	bool closed;
};

static inline void
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

static inline void
rig_init(struct rig *rig, const char *steps)
{
	*rig = (struct rig){ .root = "/tmp/test-engine-XXXXXX", .operator_name = "ana" };
	assert_non_null(mkdtemp(rig->root));
	rig->folder = xasprintf("%s/runs/one", rig->root);
	rig->secrets = secrets_new();
	rig->params = cJSON_CreateObject();
	cJSON_AddArrayToObject(rig->params, "members");
	run_state_init(&rig->state);
	rig_load(rig, steps);
	atomic_store(&acted, 0);
	atomic_store(&fail_times, 0);
	atomic_store(&half_times, 0);
	atomic_store(&breaks_journal, false);
	atomic_store(&probe_says, PROBE_UNSURE);
	atomic_store(&breaks_at_start, false);
	atomic_store(&probe_fails, false);
	atomic_store(&probe_waits, false);
	atomic_store(&turned, 0);
	atomic_store(&undo_previews, 0);
	remembers = "4711";
	crash_folder = NULL;
	watched_folder = NULL;
	present_uid = "uid-1";
	atomic_store(&present_insecure, false);
	atomic_store(&present_skew_ms, 0);
	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
		atomic_store(&worlds[i], WORLD_WELL);
	atomic_store(&world_looks, 0);
	world_says = "no answer";
}

static inline struct engine_options
rig_options(const struct rig *rig)
{
	return (struct engine_options){
		.runbook = rig->runbook,
		.table = &table,
		.expressions = rig->expressions,
		.secrets = rig->secrets,
		.params = rig->params,
		.folder = rig->folder,
		.run_id = "one",
		.mode = rig->drill ? "drill" : "live",
		.drill = rig->drill,
		.operator_name = rig->operator_name,
		.host = "here",
		.verify_script = "#!/bin/sh\n",
		.previous_run = rig->previous,
		.previous_checkpoint = rig->previous ? "ab12" : NULL,
		.impact_pace = rig->pace,
	};
}

static inline void
rig_start(struct rig *rig, bool resume)
{
	const struct engine_options options = rig_options(rig);
	struct err e = ERR_INIT;

	if ((resume ? engine_resume : engine_create)(&options, &rig->engine, &e) < 0)
		fail_msg("%s", e.message);
	rig->link = engine_subscribe(rig->engine);
	rig->closed = false;
	if (atomic_exchange(&breaks_at_start, false))
		fill_disk();
	engine_start(rig->engine);
}

/* Takes one event into the test's own fold; fails when none comes for a long time. */
static inline void
rig_take(struct rig *rig)
{
	struct run_event *event = queue_pop(rig->link->events, 10000);
	struct err e = ERR_INIT;

	if (!event)
		fail_msg("the engine said nothing for ten seconds, after: %s",
			 str_cstr(&rig->said));
	rig->pretended += event->record && event->pretended;
	rig->looked += event->type == EVENT_IMPACT;
	if (event->type == EVENT_OUTPUT) {
		sgr_clear(&rig->looks);
		sgr_append(&rig->looks, event->looks.spans, event->looks.count, 0);
	}
	if (event->type == EVENT_RECORD && run_state_apply(&rig->state, event->record, &e) < 0)
		fail_msg("%s", e.message);
	if (event->type == EVENT_CLOSED)
		rig->closed = true;
	else if (event->text)
		str_printf(&rig->said, "%s\n", event->text);
	run_event_free(event);
}

static inline const struct step_state *
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

static inline void
rig_wait_closed(struct rig *rig)
{
	while (!rig->closed)
		rig_take(rig);
	engine_free(rig->engine);
	rig->engine = NULL;
}

static inline void
rig_wait_said(struct rig *rig, const char *text)
{
	while (!strstr(str_cstr(&rig->said), text))
		rig_take(rig);
}

static inline void
rig_send(struct rig *rig, enum intent_type type, const char *text)
{
	const struct step_state *step = run_state_current(&rig->state);

	rig->link->submit(rig->link->engine,
			  intent_new(type, rig->state.seq, step ? step->id : NULL, text));
}

static inline void
rig_release(struct rig *rig)
{
	if (rig->engine) {
		rig_send(rig, INTENT_LEAVE, NULL);
		rig_wait_closed(rig);
	}
	mend_disk();
	run_state_release(&rig->state);
	str_release(&probe_saw);
	expressions_free(rig->expressions);
	runbook_free(rig->runbook);
	secrets_free(rig->secrets);
	cJSON_Delete(rig->params);
	str_release(&rig->said);
	sgr_release(&rig->looks);
	folder_remove(rig->root);
	free(rig->folder);
	free(journal_at_act);
	journal_at_act = NULL;
}

static inline char *
rig_journal(const struct rig *rig)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char *path = xasprintf("%s/journal.jsonl", rig->folder);

	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	free(path);
	return str_take(&text);
}

/* Until the current step, of unknown outcome, has been looked into and is to be decided. */
static inline const struct step_state *
rig_wait_unknown(struct rig *rig)
{
	const struct step_state *step = rig_wait(rig, STEP_UNKNOWN);

	while (rig->state.phase != RUN_WAITING)
		rig_take(rig);
	return step;
}

/* Ends this process's part of the run, and goes on with what a crash has left in rig->root/crashed. */
static inline void
rig_resume_crashed(struct rig *rig)
{
	if (rig->engine) {
		rig_send(rig, INTENT_LEAVE, NULL);
		rig_wait_closed(rig);
	}
	run_state_release(&rig->state);
	free(rig->folder);
	rig->folder = xasprintf("%s/crashed", rig->root);
	rig_start(rig, true);
}

/* Lets the process crash in the midst of the first step: it has noted its evidence, and not yet acted. */
static inline void
rig_crash_in_first_step(struct rig *rig, const char *confirm)
{
	char *folder = xasprintf("%s/crashed", rig->root);

	crash_folder = folder;
	rig_start(rig, false);
	rig_wait(rig, STEP_PLANNED);
	rig_send(rig, INTENT_RUN, confirm);
	while (rig->state.steps[0].status == STEP_PLANNED ||
	       rig->state.steps[0].status == STEP_RUNNING)
		rig_take(rig);
	if (rig->state.phase == RUN_WAITING && !run_state_current(&rig->state))
		rig_wait_closed(rig);
	rig_resume_crashed(rig);
	free(folder);
}

#endif
