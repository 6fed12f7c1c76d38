#ifndef LIFEBOAT_TESTS_FIXTURE_DRILL_RECORDS_H
#define LIFEBOAT_TESTS_FIXTURE_DRILL_RECORDS_H

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/score.h"
#include "runbook/runbook.h"
#include "step/step_table.h"

/* A drill from records that a test writes: each a second after the one before, unless it says when. */

#define DRILL_RUNBOOK                                                                              \
	"apiVersion: lifeboat/v1\n"                                                                \
	"kind: Runbook\n"                                                                          \
	"metadata: {id: restore, title: Restore it}\n"                                             \
	"rto: [{title: Back, target: 30s, from: look, to: check}]\n"                               \
	"steps:\n"                                                                                 \
	"  - {id: look, title: Look, uses: command.run, with: {argv: [ls], effect: reads}}\n"      \
	"  - {id: fix, title: Fix it, uses: command.run, with: {argv: [rm, x], effect: "           \
	"changes}}\n"                                                                              \
	"  - {id: harm, title: Harm it, uses: command.run, with: {argv: [rm, y], effect: "         \
	"changes}}\n"                                                                              \
	"  - {id: check, title: Check it, uses: command.run, with: {argv: [ls], effect: reads}}\n" \
	"  - {id: rush, title: Rush it, uses: command.run, with: {argv: [rm, z], effect: "         \
	"changes}}\n"

/* What the scenario expects; nobody sees it before the end. */
#define DRILL_EXPECTED                                                                             \
	"{\"scenario\":\"lost\",\"seed\":7,\"variants\":[{\"name\":\"v\",\"title\":\"It is "       \
	"different\",\"symptom\":\"It shows\",\"fix\":\"Mend it\",\"teaches\":[\"look "            \
	"first\"],\"right\":[\"fix\"],\"wrong\":{\"harm\":\"It breaks more\"}}],"                  \
	"\"others\":[\"w\"],\"order\":[{\"step\":\"fix\",\"after\":[\"look\"],\"why\":\"You "      \
	"must look before\"}],\"wrong\":{\"rush\":\"It only looks faster\",\"harm\":\"It is "      \
	"never "                                                                                   \
	"good\",\"fix\":\"It is not always "                                                       \
	"right\"},\"expert\":[{\"step\":\"look\",\"at\":2000},{\"step\":\"check\","                \
	"\"at\":9000}],\"passes\":{\"ends\":[\"recovered\"],\"when\":[\"in-step\"]},"              \
	"\"salt\":\"00\"}"

struct drill_story {
	struct runbook *rb;
	struct score *score;
	struct run_state state;
	int64_t seq, now_ms;
};

static void
story_put(struct drill_story *s, int64_t after_ms, enum record_type type, const char *json)
{
	struct err e = ERR_INIT;
	cJSON *data = json_parse(json, strlen(json), &e);

	if (!data)
		fail_msg("%s: %s", e.message, json);
	s->now_ms += after_ms;
	struct record *record = record_new(s->seq++, s->now_ms, "r", type, data, NULL);
	if (run_state_apply(&s->state, record, &e) < 0)
		fail_msg("%s: %s", e.message, json);
	score_apply(s->score, &s->state, record);
	record_free(record);
}

/* `sealed` is what is kept back until the end; `more`, further members of the first record of the drill. */
static void
story_begin_with(struct drill_story *s, const char *sealed, const char *more)
{
	char sha256[DIGEST_HEX_MAX];
	struct diags diags;

	*s = (struct drill_story){ .now_ms = 1000000 };
	diags_init(&diags, "restore.yaml");
	s->rb = runbook_parse("restore.yaml", DRILL_RUNBOOK, strlen(DRILL_RUNBOOK), &step_catalogue,
			      &diags);
	if (!s->rb)
		fail_msg("%s", diags.count ? diags.items[0].message : "no runbook");
	diags_release(&diags);
	s->score = score_new(s->rb);
	run_state_init(&s->state);
	story_put(s, 0, RECORD_RUN,
		  "{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore "
		  "it\"},\"mode\":\"drill\",\"operator\":\"ana\",\"host\":\"h\",\"params\":{},"
		  "\"targets\":[],\"steps\":[{\"id\":\"look\",\"title\":\"Look\"},{\"id\":\"fix\","
		  "\"title\":\"Fix it\"},{\"id\":\"harm\",\"title\":\"Harm "
		  "it\"},{\"id\":\"check\",\"title\":\"Check it\"},"
		  "{\"id\":\"rush\",\"title\":\"Rush it\"}]}");
	char *begin = xasprintf("{\"what\":\"begin\",\"scenario\":\"lost\",\"title\":\"It is "
				"lost\",\"speed\":1,\"commitment\":\"%s\"%s}",
				digest_sha256(sealed, strlen(sealed), sha256), more);
	story_put(s, 0, RECORD_DRILL, begin);
	free(begin);
	story_put(s, 0, RECORD_PREFLIGHT, "{\"checks\":[]}");
}

static void
story_begin(struct drill_story *s, const char *more)
{
	story_begin_with(s, DRILL_EXPECTED, more);
}

static void
story_plan(struct drill_story *s, const char *step, bool changes)
{
	char *text = xasprintf("{\"step\":\"%s\",\"uses\":\"command.run\",\"effect\":\"%s\","
			       "\"confirm\":\"%s\"}",
			       step, changes ? "changes" : "reads", changes ? "ask" : "none");

	story_put(s, 1000, RECORD_PLAN, text);
	free(text);
}

/* Confirmed after so long, and ended a second later. */
static void
story_run(struct drill_story *s, const char *step, bool changes, int64_t after_ms,
	  const char *status)
{
	char *intent = xasprintf("{\"step\":\"%s\",\"attempt\":1,\"effect\":\"%s\",\"by\":\"ana\"}",
				 step, changes ? "changes" : "reads");
	char *outcome = NULL;

	story_plan(s, step, changes);
	story_put(s, after_ms, RECORD_INTENT, intent);
	outcome = xasprintf("{\"step\":\"%s\",\"intent\":%lld,\"status\":\"%s\"}", step,
			    (long long)s->seq - 1, status);
	story_put(s, 1000, RECORD_OUTCOME, outcome);
	free(intent);
	free(outcome);
}

static void
story_skip(struct drill_story *s, const char *step)
{
	char *text = xasprintf("{\"step\":\"%s\",\"reason\":\"no time\",\"by\":\"ana\"}", step);

	story_put(s, 1000, RECORD_SKIP, text);
	free(text);
}

static void
story_open(struct drill_story *s, const char *expected, bool in_step)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "what", "opened");
	json_add_string(data, "text", expected);
	json_add(data, "faults",
		 json_parse("[{\"at_ms\":3500,\"name\":\"f\",\"title\":\"The disk\",\"on\":true}]",
			    strlen("[{\"at_ms\":3500,\"name\":\"f\",\"title\":\"The "
				   "disk\",\"on\":true}]"),
			    NULL));
	json_add_bool(cJSON_AddObjectToObject(data, "conditions"), "in-step", in_step);
	char *text = json_print(data);
	story_put(s, 0, RECORD_DRILL, text);
	free(text);
	cJSON_Delete(data);
}

static void
story_end(struct drill_story *s, const char *id)
{
	char *text = xasprintf("{\"id\":\"%s\",\"title\":\"The end\",\"failed\":%s}", id,
			       str_equal(id, "aborted") ? "true" : "false");

	story_put(s, 1000, RECORD_END, text);
	free(text);
}

static cJSON *
story_debrief(struct drill_story *s)
{
	cJSON *debrief = score_debrief(s->score);

	score_free(s->score);
	run_state_release(&s->state);
	runbook_free(s->rb);
	return debrief;
}

#endif
