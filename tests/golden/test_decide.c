#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"

/* Decisions by keys: taking a step back, and leaving it as it is. */

static void
plan_next(struct scenario *s)
{
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"drop-tokens\",\"uses\":\"kubernetes.delete\",\"target\":"
		      "\"management\",\"effect\":\"destroys\",\"confirm\":\"type-name\","
		      "\"confirm_name\":\"tsb/old-tokens\",\"preview\":[[\">\",\"DELETE "
		      "/api/v1/namespaces/tsb/secrets/old-tokens\"]]}");
}

/* A step that can be taken back lies behind, and another one is ready. */
static void
stage_way_back(struct scenario *s)
{
	stage_ready(s);
	scenario_push(
		s, RECORD_INTENT,
		"{\"step\":\"signing-key\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1}");
	scenario_push(s, RECORD_OUTCOME,
		      "{\"step\":\"signing-key\",\"status\":\"ok\",\"duration_ms\":2000,"
		      "\"outputs\":{},\"verify\":[],\"undo\":{\"uses\":\"kubernetes.delete\","
		      "\"title\":\"kubernetes.delete secrets iam-signing-key\"}}");
	plan_next(s);
}

static void
plan_undo(struct scenario *s)
{
	scenario_push(
		s, RECORD_PLAN,
		"{\"step\":\"signing-key\",\"undo\":true,\"uses\":\"kubernetes.delete\","
		"\"target\":\"management\",\"effect\":\"destroys\",\"confirm\":\"type-name\","
		"\"confirm_name\":\"iam-signing-key\",\"preview\":["
		"[\" \",\"Takes step signing-key back, as the runbook says:\"],"
		"[\">\",\"DELETE /api/v1/namespaces/tsb/secrets/iam-signing-key, only uid 4711\"],"
		"[\"-\",\"secret/iam-signing-key  uid 4711  age 2m\"]]}");
}

/* The engine's part, as far as these scripts need it. */
static void
answer(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_UNDO || intent->type == INTENT_RECHECK) {
		plan_undo(s);
	} else if (intent->type == INTENT_KEEP) {
		scenario_push(s, RECORD_KEPT, "{\"step\":\"signing-key\",\"by\":\"ana\"}");
		plan_next(s);
	} else if (intent->type == INTENT_RUN) {
		scenario_push(s, RECORD_INTENT,
			      "{\"step\":\"signing-key\",\"undo\":true,\"confirmed\":\"name\","
			      "\"by\":\"ana\",\"attempt\":1}");
		scenario_push(s, RECORD_OUTCOME,
			      "{\"step\":\"signing-key\",\"undo\":true,\"status\":\"ok\","
			      "\"duration_ms\":1000}");
		scenario_push(s, RECORD_PLAN,
			      "{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"effect\":"
			      "\"changes\",\"confirm\":\"ask\",\"preview\":[[\">\",\"PATCH …\"]]}");
	}
}

/* Taking back fails. */
static void
answer_failing(struct scenario *s, const struct intent *intent)
{
	if (intent->type != INTENT_RUN) {
		answer(s, intent);
		return;
	}
	scenario_push(s, RECORD_INTENT,
		      "{\"step\":\"signing-key\",\"undo\":true,\"confirmed\":\"name\",\"by\":"
		      "\"ana\",\"attempt\":1}");
	scenario_push(s, RECORD_OUTCOME,
		      "{\"step\":\"signing-key\",\"undo\":true,\"status\":\"failed\",\"error\":{"
		      "\"kind\":\"conflict\",\"message\":\"it was changed since it was looked "
		      "at\"},\"duration_ms\":1000}");
}

static struct tty *
start_plain(void (*stage)(struct scenario *),
	    void (*answer_by)(struct scenario *, const struct intent *))
{
	static struct play play;

	play = (struct play){ .stage = stage, .answer = answer_by, .plain = true };
	return tty_start(120, 60, scenario_play, &play);
}

static void
undo_is_prepared_shown_and_confirmed_by_name(void **state)
{
	struct tty *tty = scenario_start(120, 36, stage_way_back, answer);

	(void)state;
	tty_expect(tty, "U undo");
	tty_expect(tty, "s skip");
	tty_type(tty, "U");
	tty_expect_report(tty, "UNDO drop-tokens seen=9");
	tty_expect(tty, "step signing-key is to be taken back");
	tty_expect(tty, "only uid 4711");
	tty_expect(tty, "K keep");
	tty_expect_gone(tty, "s skip");
	tty_assert_golden(tty, "undo");
	tty_type(tty, "s");
	tty_settle(tty);
	assert_false(tty_reported(tty, "SKIP"));
	tty_type(tty, "\r");
	tty_expect(tty, "Type  iam-signing-key  to take this step back:");
	tty_assert_golden(tty, "undo-confirm");
	tty_type(tty, "tsb/old-tokens\r");
	tty_expect(tty, "That is not the name");
	tty_type(tty, "\025iam-signing-key\r");
	tty_expect_report(tty, "RUN signing-key seen=10 text=iam-signing-key");
	tty_expect(tty, "step signing-key is ready");
	tty_expect_gone(tty, "K keep");
	scenario_leave(tty);
}

static void
undo_kept_leads_back(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_way_back, answer);

	(void)state;
	tty_expect(tty, "step drop-tokens is ready");
	tty_type(tty, "U");
	tty_expect(tty, "K keep");
	tty_assert_golden(tty, "undo");
	tty_type(tty, "\r");
	tty_expect(tty, "to take this step back:");
	tty_type(tty, "\033");
	tty_expect(tty, "Not taken back.");
	tty_type(tty, "K");
	tty_expect_report(tty, "KEEP signing-key seen=10");
	tty_expect(tty, "step drop-tokens is ready");
	assert_false(tty_reported(tty, "RUN"));
	scenario_leave(tty);
}

static void
undo_that_failed_offers_again_and_keep(void **state)
{
	struct tty *tty = scenario_start(120, 36, stage_way_back, answer_failing);

	(void)state;
	tty_expect(tty, "U undo");
	tty_type(tty, "U");
	tty_expect(tty, "K keep");
	tty_type(tty, "\r");
	tty_expect(tty, "to take this step back:");
	tty_type(tty, "iam-signing-key\r");
	tty_expect(tty, "was not taken back: that failed");
	tty_expect(tty, "leave it as it is");
	tty_assert_golden(tty, "undo-failed");
	tty_type(tty, "r");
	tty_expect_report(tty, "RECHECK signing-key seen=12");
	tty_expect(tty, "step signing-key is to be taken back");
	tty_type(tty, "K");
	tty_expect(tty, "step drop-tokens is ready");
	scenario_leave(tty);
}

static void
undo_where_nothing_can_be_taken_back_is_no_key(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_ready, answer);

	(void)state;
	tty_expect(tty, "Enter run");
	tty_type(tty, "UK");
	tty_settle(tty);
	assert_false(tty_reported(tty, "UNDO"));
	assert_false(tty_reported(tty, "KEEP"));
	scenario_leave(tty);
}

static void
plain_undo_by_numbers(void **state)
{
	struct tty *tty = start_plain(stage_way_back, answer);

	(void)state;
	tty_expect(tty, "[4] take back step signing-key");
	tty_type(tty, "4\n");
	tty_expect(tty, "Step 2 of 4, to be taken back: Restore the iam-signing-key");
	tty_expect(tty, "[1] take it back");
	tty_expect(tty, "leave it as it is");
	tty_type(tty, "1\n");
	tty_expect(tty, "Type iam-signing-key to take this step back>");
	tty_type(tty, "iam-signing-keys\n");
	tty_expect(tty, "That is not the name; nothing was done.");
	tty_settle(tty);
	tty_type(tty, "1\n");
	tty_settle(tty);
	tty_type(tty, "iam-signing-key\n");
	tty_expect(tty, "Step signing-key was taken back after 1s");
	tty_expect_report(tty, "RUN signing-key seen=10 text=iam-signing-key");
	tty_stop(tty);
}

static void
plain_keep_by_number(void **state)
{
	struct tty *tty = start_plain(stage_way_back, answer);

	(void)state;
	tty_expect(tty, "[4] take back step signing-key");
	tty_type(tty, "4\n");
	tty_expect(tty, "[3] leave it as it is");
	tty_type(tty, "3\n");
	tty_expect(tty, "Step signing-key is not taken back, and stays as it is by ana");
	tty_expect_report(tty, "KEEP signing-key seen=10");
	tty_stop(tty);
}

static void
plain_taken_back_by_hand_by_number(void **state)
{
	struct tty *tty = start_plain(stage_way_back, answer);

	(void)state;
	tty_expect(tty, "[4] take back step signing-key");
	tty_type(tty, "4\n");
	tty_expect(tty, "[4] it was taken back by hand");
	tty_type(tty, "4\n");
	tty_expect(tty, "How do you know that it was taken back?>");
	tty_settle(tty);
	tty_type(tty, "\n");
	tty_expect(tty, "A reason is required; nothing was done.");
	tty_settle(tty);
	tty_type(tty, "4\n");
	tty_settle(tty);
	tty_type(tty, "kubectl get\n");
	tty_expect_report(tty, "MARK_DONE signing-key seen=10 text=kubectl get");
	tty_stop(tty);
}

/* What an operator sees on the way back, on the smallest screen and on a wide one. */
static void
see_the_way_back(int columns, int rows)
{
	struct tty *tty = scenario_start(columns, rows, stage_way_back, answer_failing);

	tty_expect(tty, "U undo");
	tty_type(tty, "U");
	tty_expect(tty, "K keep");
	tty_assert_golden(tty, "undo");
	tty_type(tty, "\r");
	tty_expect(tty, "to take this step back:");
	tty_assert_golden(tty, "undo-confirm");
	tty_type(tty, "iam-signing-key\r");
	tty_expect(tty, "leave it as it is");
	tty_assert_golden(tty, "undo-failed");
	tty_type(tty, "M");
	tty_expect(tty, "How do you know that it was taken back?");
	tty_type(tty, "kubectl get\r");
	tty_expect_report(tty, "MARK_DONE signing-key seen=12 text=kubectl get");
	scenario_leave(tty);
}

static void
undo_at_80x24(void **state)
{
	(void)state;
	see_the_way_back(80, 24);
}

static void
undo_at_160x48(void **state)
{
	(void)state;
	see_the_way_back(160, 48);
}

/* The failure page: what happened, and all that the runbook offers. */
static void
failure_offers_its_ways(void **state)
{
	static const struct {
		int columns, rows;
	} sizes[] = { { 80, 24 }, { 160, 48 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tty *tty =
			scenario_start(sizes[i].columns, sizes[i].rows, stage_failed, NULL);

		tty_expect(tty, "WHAT NOW");
		tty_expect(tty, "prepare it again");
		tty_expect(tty, "go where the runbook says");
		tty_expect(tty, "end the run as");
		tty_assert_golden(tty, "failure-offers");
		scenario_leave(tty);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undo_is_prepared_shown_and_confirmed_by_name),
		cmocka_unit_test(undo_kept_leads_back),
		cmocka_unit_test(undo_at_80x24),
		cmocka_unit_test(undo_at_160x48),
		cmocka_unit_test(failure_offers_its_ways),
		cmocka_unit_test(undo_that_failed_offers_again_and_keep),
		cmocka_unit_test(undo_where_nothing_can_be_taken_back_is_no_key),
		cmocka_unit_test(plain_undo_by_numbers),
		cmocka_unit_test(plain_keep_by_number),
		cmocka_unit_test(plain_taken_back_by_hand_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
