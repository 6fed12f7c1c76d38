#include "config.h"

#include "run/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "run/state/foresee.h"

/* A fold that is fed records written as the JSON of their data. */
struct fold {
	struct run_state state;
	int64_t seq;
};

static const char first[] =
	"{'runbook':{'id':'r','title':'R','version':'1','sha256':'ab'},'mode':'live','operator':'"
	"ana',"
	"'host':'here','program':'lifeboat','params':{'word':'x'},"
	"'targets':[{'name':'m','kind':'kubernetes','group':null,'describe':'ctx m','spec':{},"
	"'identity':null,'problem':'no "
	"route'},{'name':'w1','kind':'kubernetes','group':'w','spec':{}},"
	"{'name':'w2','kind':'kubernetes','group':'w','spec':{}}],"
	"'steps':[{'id':'a','title':'A','for_each':false,'estimate_ms':0},"
	"{'id':'b','title':'B','for_each':true,'estimate_ms':0},"
	"{'id':'c','title':'C','for_each':false,'estimate_ms':0}]}";

static int
try_apply(struct fold *fold, enum record_type type, const char *data, struct err *e)
{
	char *text = strdup(data);

	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	cJSON *object = cJSON_Parse(text);
	assert_non_null(object);
	struct record *record =
		record_new(fold->seq, 1000 + fold->seq, "run", type, object, fold->state.head);
	int rc = run_state_apply(&fold->state, record, e);
	record_free(record);
	free(text);
	if (rc == 0)
		fold->seq++;
	return rc;
}

static void
apply(struct fold *fold, enum record_type type, const char *data)
{
	struct err e = ERR_INIT;

	if (try_apply(fold, type, data, &e) < 0)
		fail_msg("%s", e.message);
}

static void
refuse(struct fold *fold, enum record_type type, const char *data, const char *expected)
{
	struct err e = ERR_INIT;
	int64_t seq = fold->state.seq, decision = fold->state.decision_seq;
	enum run_phase phase = fold->state.phase;

	assert_int_equal(try_apply(fold, type, data, &e), -1);
	if (!strstr(e.message, expected))
		fail_msg("\"%s\" does not say \"%s\"", e.message, expected);
	assert_int_equal(fold->state.seq, seq);
	assert_int_equal(fold->state.decision_seq, decision);
	assert_int_equal(fold->state.phase, phase);
}

static int
setup(void **state)
{
	struct fold *fold = calloc(1, sizeof(*fold));

	run_state_init(&fold->state);
	apply(fold, RECORD_RUN, first);
	apply(fold, RECORD_PREFLIGHT, "{'checks':[{'title':'t','ok':false,'message':'no'}]}");
	*state = fold;
	return 0;
}

static int
teardown(void **state)
{
	struct fold *fold = *state;

	run_state_release(&fold->state);
	free(fold);
	return 0;
}

static const char plan_a[] = "{'step':'a','uses':'x.y','target':'m','effect':'changes',"
			     "'confirm':'ask','confirm_name':null,'preview':[['>','do'],['+','l']],"
			     "'with':{},'preconditions':[]}";

static void
pass(struct fold *fold, const char *step)
{
	char data[512];

	snprintf(data, sizeof(data), "{'step':'%s','uses':'x.y','effect':'reads','confirm':'none'}",
		 step);
	apply(fold, RECORD_PLAN, data);
	snprintf(data, sizeof(data), "{'step':'%s','by':'ana'}", step);
	apply(fold, RECORD_INTENT, data);
	snprintf(data, sizeof(data), "{'step':'%s','status':'ok','outputs':{'o':1}}", step);
	apply(fold, RECORD_OUTCOME, data);
}

static void
run_state_apply_whole_step_passes_and_advances(void **state)
{
	struct fold *fold = *state;

	assert_int_equal(fold->state.phase, RUN_PREPARING);
	apply(fold, RECORD_PLAN, plan_a);
	assert_int_equal(fold->state.phase, RUN_WAITING);
	assert_int_equal(fold->state.steps[0].preview_count, 2);
	assert_int_equal(fold->state.steps[0].preview[1].mark, '+');
	apply(fold, RECORD_INTENT, "{'step':'a','by':'ana','attempt':1}");
	assert_int_equal(fold->state.phase, RUN_WORKING);
	apply(fold, RECORD_OUTCOME, "{'step':'a','status':'ok','outputs':{'k':'v'}}");
	assert_int_equal(fold->state.current, 1);
	assert_int_equal(run_state_done(&fold->state), 1);
}

static void
run_state_apply_impossible_records_are_refused(void **state)
{
	struct fold *fold = *state;

	refuse(fold, RECORD_OUTCOME, "{'step':'a','status':'ok'}", "is to do");
	refuse(fold, RECORD_INTENT, "{'step':'a'}", "is to do");
	refuse(fold, RECORD_PLAN, "{'step':'c','uses':'x','effect':'reads','confirm':'none'}",
	       "not the current one");
	refuse(fold, RECORD_PLAN, "{'step':'a'}", "what would be done");
	refuse(fold, RECORD_ANSWER, "{'step':'a','prompt':1}", "is to do");
	refuse(fold, RECORD_TARGET, "{'name':'nobody'}", "no target");
	refuse(fold, RECORD_EXPAND, "{'step':'a','items':['x']}", "no for_each");
	refuse(fold, RECORD_NOTE, "{}", "no text");
	refuse(fold, RECORD_RUN, first, "of type run");
	apply(fold, RECORD_PLAN, plan_a);
	apply(fold, RECORD_INTENT, "{'step':'a'}");
	refuse(fold, RECORD_INTENT, "{'step':'a'}", "is running");
	refuse(fold, RECORD_SKIP, "{'step':'a','reason':'r'}", "is running");
	refuse(fold, RECORD_OUTCOME, "{'step':'a','status':'wonderful'}", "unknown");
	apply(fold, RECORD_END, "{'id':'aborted'}");
	refuse(fold, RECORD_PLAN, plan_a, "after the end");
	apply(fold, RECORD_NOTE, "{'text':'afterwards'}");
}

static void
run_state_apply_gap_in_seq_is_refused(void **state)
{
	struct fold *fold = *state;

	fold->seq += 1;
	refuse(fold, RECORD_NOTE, "{'text':'x'}", "follows record");
}

static void
run_state_apply_expand_puts_instances_in_place(void **state)
{
	struct fold *fold = *state;
	cJSON *context;

	pass(fold, "a");
	apply(fold, RECORD_EXPAND, "{'step':'b','items':['w1','w2']}");
	assert_int_equal(fold->state.steps_count, 4);
	assert_string_equal(fold->state.steps[1].id, "b[w1]");
	assert_string_equal(fold->state.steps[2].title, "B: w2");
	assert_string_equal(fold->state.steps[3].id, "c");
	pass(fold, "b[w1]");
	pass(fold, "b[w2]");
	context = run_state_context(&fold->state);
	assert_int_equal(json_int(context, "steps/b/items/w2/outputs/o", 0), 1);
	assert_int_equal(json_int(context, "steps/a/outputs/o", 0), 1);
	assert_string_equal(json_string(context, "targets/w/1", ""), "w2");
	assert_string_equal(json_string(context, "targets/m", ""), "m");
	assert_string_equal(json_string(context, "params/word", ""), "x");
	cJSON_Delete(context);
	pass(fold, "c");
	assert_null(run_state_current(&fold->state));
	assert_int_equal(fold->state.phase, RUN_WAITING);
}

static void
run_state_close_crashed_open_intent_is_unknown(void **state)
{
	struct fold *fold = *state;

	apply(fold, RECORD_PLAN, plan_a);
	apply(fold, RECORD_INTENT, "{'step':'a'}");
	apply(fold, RECORD_RESUMED, "{'operator':'bo','host':'there'}");
	assert_int_equal(fold->state.steps[0].status, STEP_UNKNOWN);
	assert_int_equal(fold->state.phase, RUN_PREPARING); /* it is looked into first */
	assert_string_equal(fold->state.operator_name, "bo");
	refuse(fold, RECORD_PLAN, plan_a, "is unknown");
	refuse(fold, RECORD_OUTCOME, "{'step':'a','status':'ok'}", "is unknown");
	refuse(fold, RECORD_OUTCOME, "{'step':'a','status':'failed','marked':true}", "unknown");
	apply(fold, RECORD_OUTCOME, "{'step':'a','status':'ok','marked':true,'reason':'seen'}");
	assert_int_equal(fold->state.steps[0].status, STEP_OK);
	assert_true(fold->state.steps[0].marked);
	cJSON *context = run_state_context(&fold->state);
	assert_true(json_bool(context, "steps/a/marked", false));
	cJSON_Delete(context);
}

/* A step that was begun by ana, remembered two things, and was cut off. */
static void
cut_off(struct fold *fold)
{
	apply(fold, RECORD_PLAN,
	      "{'step':'a','uses':'x.y','target':'m','effect':'changes','confirm':'ask',"
	      "'with':{'w':1},'seen':{'uid':'u-1'}}");
	apply(fold, RECORD_INTENT, "{'step':'a','by':'ana','attempt':1,'key':'run/a/1'}");
	apply(fold, RECORD_EVIDENCE, "{'step':'a','intent':3,'evidence':{'xid':'7','pid':1}}");
	apply(fold, RECORD_EVIDENCE, "{'step':'a','evidence':{'pid':2}}");
}

static void
run_state_evidence_survives_the_crash(void **state)
{
	struct fold *fold = *state;
	const struct step_state *step = &fold->state.steps[0];

	cut_off(fold);
	refuse(fold, RECORD_EVIDENCE, "{'step':'a','intent':2,'evidence':{}}",
	       "was begun by record 3");
	refuse(fold, RECORD_EVIDENCE, "{'step':'a','evidence':7}", "no object");
	apply(fold, RECORD_RESUMED, "{'operator':'bo','host':'there','pid':9}");
	apply(fold, RECORD_RESUMED, "{'operator':'cy','host':'elsewhere','pid':10}");
	assert_int_equal(step->status, STEP_UNKNOWN);
	assert_string_equal(json_string(step->evidence, "xid", ""), "7");
	assert_int_equal(json_int(step->evidence, "pid", 0), 2);
	assert_string_equal(json_string(step->seen, "uid", ""), "u-1");
	assert_int_equal(json_int(step->with, "w", 0), 1);
	assert_string_equal(step->key, "run/a/1");
	assert_string_equal(step->begun_by, "ana, pid 0 on here");
	assert_int_equal(step->intent_seq, 3);
	assert_int_equal(fold->state.pid, 10);
}

static void
run_state_probe_opens_the_decision(void **state)
{
	struct fold *fold = *state;
	const struct step_state *step = &fold->state.steps[0];

	cut_off(fold);
	refuse(fold, RECORD_PROBE, "{'step':'a','verdict':'done'}", "is running");
	apply(fold, RECORD_OUTCOME,
	      "{'step':'a','status':'unknown','error':{'kind':'net','message':'lost'}}");
	assert_int_equal(fold->state.phase, RUN_PREPARING);
	refuse(fold, RECORD_PROBE, "{'step':'a','verdict':'perhaps'}", "verdict \"perhaps\"");
	apply(fold, RECORD_PROBE,
	      "{'step':'a','intent':3,'verdict':'unsure','lines':['one','two'],'error':{'kind':'"
	      "net',"
	      "'message':'nobody answers'},'by':'bo'}");
	assert_int_equal(fold->state.phase, RUN_WAITING);
	assert_int_equal(fold->state.decision_seq, fold->seq - 1);
	assert_int_equal(step->probe.lines_count, 2);
	assert_string_equal(step->probe.error, "nobody answers");
	apply(fold, RECORD_PROBE, "{'step':'a','verdict':'done','lines':['three'],'error':null}");
	assert_string_equal(step->probe.verdict, "done");
	assert_int_equal(step->probe.lines_count, 1);
	assert_null(step->probe.error);
	assert_string_equal(step->error, "lost");
	struct str reason = STR_INIT;
	probe_sentence(&step->probe, &reason);
	assert_string_equal(str_cstr(&reason), "probe: it happened; three");
	str_release(&reason);
}

static void
run_state_mark_not_done_prepares_again(void **state)
{
	static const char *const words[] = { "not-done", "again" };
	struct fold *fold = *state;
	const struct step_state *step = &fold->state.steps[0];

	for (int i = 0; i < 2; i++) {
		char data[128];

		apply(fold, RECORD_PLAN, plan_a);
		apply(fold, RECORD_INTENT, "{'step':'a'}");
		assert_int_equal(step->probe.seq, -1);
		apply(fold, RECORD_RESUMED, "{'operator':'bo','host':'there'}");
		apply(fold, RECORD_PROBE, "{'step':'a','verdict':'not-done'}");
		snprintf(data, sizeof(data),
			 "{'step':'a','status':'%s','marked':true,'reason':'r','by':'bo'}",
			 words[i]);
		apply(fold, RECORD_OUTCOME, data);
		assert_int_equal(step->status, STEP_TODO);
		assert_int_equal(fold->state.phase, RUN_PREPARING);
		assert_int_equal(fold->state.current, 0);
		assert_string_equal(step->reason, "r");
		refuse(fold, RECORD_OUTCOME, data, "is to do");
	}
	refuse(fold, RECORD_INTENT, "{'step':'a'}", "is to do");
}

static void
run_state_resumed_after_the_end_changes_nothing(void **state)
{
	struct fold *fold = *state;

	apply(fold, RECORD_END, "{'id':'aborted','title':'Aborted'}");
	int64_t decision = fold->state.decision_seq;
	apply(fold, RECORD_RESUMED, "{'operator':'bo','host':'there','pid':9,'recovered':[]}");
	assert_int_equal(fold->state.phase, RUN_ENDED);
	assert_int_equal(fold->state.decision_seq, decision);
	assert_string_equal(fold->state.operator_name, "ana");
}

static void
record_sentence_resumed_tells_what_was_put_aside(void **state)
{
	struct fold *fold = *state;
	struct str out = STR_INIT;
	struct record *record = record_new(fold->seq, 5000, "run", RECORD_RESUMED,
					   cJSON_Parse("{\"operator\":\"bo\",\"recovered\":[{"
						       "\"file\":\"torn-512\",\"bytes\":37}]}"),
					   NULL);

	record_sentence(record, &fold->state, &out);
	assert_non_null(strstr(str_cstr(&out), "37 unfinished bytes"));
	assert_non_null(strstr(str_cstr(&out), "torn-512"));
	record_free(record);
	str_release(&out);
}

static void
run_state_resumed_plan_must_be_made_again(void **state)
{
	struct fold *fold = *state;

	apply(fold, RECORD_PLAN, plan_a);
	apply(fold, RECORD_STOP, "{'reason':'hang-up'}");
	assert_int_equal(fold->state.phase, RUN_STOPPED);
	apply(fold, RECORD_RESUMED, "{'operator':'bo','host':'there'}");
	assert_int_equal(fold->state.steps[0].status, STEP_TODO);
	assert_int_equal(fold->state.phase, RUN_PREPARING);
}

static void
run_state_note_leaves_the_decision_fresh(void **state)
{
	struct fold *fold = *state;

	apply(fold, RECORD_PLAN, plan_a);
	int64_t decision = fold->state.decision_seq;
	apply(fold, RECORD_NOTE, "{'text':'hm'}");
	apply(fold, RECORD_TARGET, "{'name':'m','identity':{'uid':'1'}}");
	assert_int_equal(fold->state.decision_seq, decision);
	assert_string_equal(json_string(run_state_target(&fold->state, "m")->identity, "uid", ""),
			    "1");
	assert_null(run_state_target(&fold->state, "m")->problem);
}

static void
run_state_impact_is_kept_since_its_level_changed(void **state)
{
	struct fold *fold = *state;
	const struct impact_state *impact;

	apply(fold, RECORD_PLAN, plan_a);
	int64_t decision = fold->state.decision_seq;
	apply(fold, RECORD_IMPACT, "{'index':1,'operation':'O','level':'total','text':'away'}");
	assert_int_equal(fold->state.impact_count, 2);
	assert_int_equal(fold->state.impact[0].since_ms, 0);
	impact = &fold->state.impact[1];
	int64_t since_ms = impact->since_ms;
	assert_true(since_ms > 0);
	apply(fold, RECORD_IMPACT, "{'index':1,'operation':'O','level':'total','text':'503'}");
	assert_int_equal(impact->since_ms, since_ms);
	assert_string_equal(impact->text, "503");
	apply(fold, RECORD_IMPACT, "{'index':1,'operation':'O','level':null,'text':null}");
	assert_true(impact->since_ms > since_ms);
	assert_null(impact->level);
	assert_null(impact->text);
	assert_int_equal(fold->state.decision_seq, decision);
	refuse(fold, RECORD_IMPACT, "{'index':-1,'operation':'O','level':'none'}", "no operation");
	refuse(fold, RECORD_IMPACT, "{'index':1000,'operation':'O','level':'none'}",
	       "no operation");
	refuse(fold, RECORD_IMPACT, "{'index':0,'operation':'O','level':'some'}", "its level");
	refuse(fold, RECORD_IMPACT, "{'index':0,'operation':'O'}", "its level");
	assert_int_equal(fold->state.impact_count, 2);
}

static void
run_state_prompt_opens_and_closes(void **state)
{
	struct fold *fold = *state;

	apply(fold, RECORD_PLAN, plan_a);
	apply(fold, RECORD_INTENT, "{'step':'a'}");
	apply(fold, RECORD_PROMPT,
	      "{'step':'a','kind':'checklist','question':'q','items':"
	      "[{'id':'i','text':'t','value':true}],'secret':false}");
	assert_int_equal(fold->state.prompt.seq, fold->seq - 1);
	assert_true(fold->state.prompt.items[0].wants_value);
	refuse(fold, RECORD_ANSWER, "{'step':'a','prompt':1,'answer':{}}", "not open");
	char answer[64];
	snprintf(answer, sizeof(answer), "{'step':'a','prompt':%lld,'answer':{}}",
		 (long long)fold->state.prompt.seq);
	apply(fold, RECORD_ANSWER, answer);
	assert_int_equal(fold->state.prompt.seq, -1);
}

static void
run_state_goto_resets_or_passes_over(void **state)
{
	struct fold *fold = *state;

	pass(fold, "a");
	apply(fold, RECORD_BLOCKED, "{'step':'b','error':{'kind':'net','message':'m'}}");
	apply(fold, RECORD_GOTO, "{'step':'b','to':'a'}");
	assert_int_equal(fold->state.current, 0);
	assert_int_equal(fold->state.steps[0].status, STEP_TODO);
	assert_int_equal(json_int(fold->state.gotos, "b", 0), 1);
	apply(fold, RECORD_GOTO, "{'step':'a','to':'c'}");
	assert_int_equal(fold->state.current, 2);
	assert_int_equal(fold->state.steps[0].status, STEP_SKIPPED);
	assert_int_equal(fold->state.steps[1].status, STEP_SKIPPED);
	assert_non_null(strstr(fold->state.steps[1].reason, "c"));
}

static void
record_sentence_every_type_says_something(void **state)
{
	struct fold *fold = *state;

	for (int type = RECORD_RUN; type < RECORD_TYPE_COUNT; type++) {
		struct str out = STR_INIT;
		cJSON *data =
			cJSON_Parse("{\"step\":\"a\",\"reason\":\"because\",\"text\":\"note\"}");
		struct record *record =
			record_new(fold->seq, 5000, "run", (enum record_type)type, data, NULL);

		record_sentence(record, &fold->state, &out);
		assert_true(out.len > 8);
		record_free(record);
		str_release(&out);
	}
}

static void
note_at(struct fold *fold, int64_t ts_ms)
{
	struct record *record =
		record_new(fold->seq++, ts_ms, "run", RECORD_NOTE,
			   cJSON_Parse("{\"text\":\"t\",\"by\":\"ana\"}"), fold->state.head);
	struct err e = ERR_INIT;

	assert_int_equal(run_state_apply(&fold->state, record, &e), 0);
	record_free(record);
}

/* Small steps keep a clock right; beyond them nothing can be told of how long anything took. */
static void
run_state_took_is_unknown_once_the_clock_was_set_back(void **state)
{
	struct fold *fold = *state;
	char took[CLOCK_STAMP_MAX];

	note_at(fold, 7200000);
	note_at(fold, 7199100);
	assert_int_equal(fold->state.clock_back_ms, 900);
	assert_string_equal(run_state_took(&fold->state, 61000, took), "0:01:01");
	note_at(fold, 3599100);
	assert_int_equal(fold->state.clock_back_ms, 3600900);
	note_at(fold, 7200000);
	assert_false(run_state_has_durations(&fold->state));
	assert_string_equal(run_state_took(&fold->state, 61000, took), "an unknown time");
}

/* What is shown before the first record goes when that comes. */
static void
foresee_run_is_replaced_by_the_first_record(void **state)
{
	struct step_spec specs[] = {
		{ .id = (char *)"x", .title = (char *)"X", .estimate_ms = 60000 },
		{ .id = (char *)"y", .title = (char *)"Y", .section = (char *)"S" },
	};
	const struct runbook rb = { .id = (char *)"r",
				    .title = (char *)"Foreseen",
				    .version = (char *)"1",
				    .steps = specs,
				    .steps_count = 2 };
	struct fold fold = { 0 };

	(void)state;
	run_state_init(&fold.state);
	foresee_run(&fold.state, &rb, "live");
	assert_int_equal(fold.state.steps_count, 2);
	assert_string_equal(fold.state.steps[1].title, "Y");
	assert_string_equal(fold.state.steps[1].section, "S");
	assert_int_equal(fold.state.steps[0].estimate_ms, 60000);
	assert_string_equal(fold.state.mode, "live");
	assert_null(run_state_current(&fold.state));
	refuse(&fold, RECORD_PREFLIGHT, "{'checks':[]}", "is of type preflight");
	refuse(&fold, RECORD_RUN, "{'mode':'live'}", "names no runbook");
	assert_int_equal(fold.state.steps_count, 2);
	apply(&fold, RECORD_RUN, first);
	assert_int_equal(fold.state.steps_count, 3);
	assert_string_equal(fold.state.steps[0].id, "a");
	assert_string_equal(fold.state.runbook_title, "R");
	run_state_release(&fold.state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foresee_run_is_replaced_by_the_first_record),
		cmocka_unit_test_setup_teardown(run_state_apply_whole_step_passes_and_advances,
						setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_apply_impossible_records_are_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_apply_gap_in_seq_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_apply_expand_puts_instances_in_place,
						setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_close_crashed_open_intent_is_unknown,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			run_state_took_is_unknown_once_the_clock_was_set_back, setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_evidence_survives_the_crash, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_probe_opens_the_decision, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_mark_not_done_prepares_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_resumed_after_the_end_changes_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(record_sentence_resumed_tells_what_was_put_aside,
						setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_resumed_plan_must_be_made_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_note_leaves_the_decision_fresh, setup,
						teardown),
		cmocka_unit_test_setup_teardown(run_state_impact_is_kept_since_its_level_changed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_prompt_opens_and_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(run_state_goto_resets_or_passes_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(record_sentence_every_type_says_something, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
