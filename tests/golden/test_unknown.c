#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "harness.h"
#include "scenario.h"

/* The page of a step that may or may not have happened, on the screen and by lines. */

#define LOOKED_AT "\"step\":\"signing-key\",\"intent\":7"

static void
stage_done(struct scenario *s)
{
	stage_probed(s,
		     "{" LOOKED_AT ",\"verdict\":\"done\",\"lines\":["
		     "\"secrets/iam-signing-key in tsb: uid 5f1c, generation 7, last written by "
		     "lifeboat at 14:07:01Z with what the step would write\","
		     "\"verify: kubernetes.get secrets/iam-signing-key holds\"],\"error\":null}");
}

static void
stage_not_done(struct scenario *s)
{
	stage_probed(s,
		     "{" LOOKED_AT ",\"verdict\":\"not-done\",\"lines\":["
		     "\"secrets/iam-signing-key in tsb: uid 5f1c, generation 6, as before the step "
		     "was begun\"],\"error\":null}");
}

static void
stage_no_answer(struct scenario *s)
{
	stage_probed(s, "{" LOOKED_AT ",\"verdict\":\"unsure\",\"lines\":[],\"error\":{\"kind\":"
			"\"net\",\"message\":\"target management: connecting to "
			"https://10.0.0.5:6443: connection refused\"}}");
}

static void
assert_pages(const char *name, void (*stage)(struct scenario *), const char *until)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = scenario_start(sizes[i][0], sizes[i][1], stage, NULL);

		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		scenario_leave(tty);
	}
}

static void
screen_while_it_is_looked_into_decides_nothing(void **state)
{
	(void)state;
	assert_pages("unknown-probing", stage_probing, "LOOKING");
}

static void
screen_certain_of_done_says_so(void **state)
{
	(void)state;
	assert_pages("unknown-done", stage_done, "HAPPENED");
}

static void
screen_certain_of_not_done_says_so(void **state)
{
	(void)state;
	assert_pages("unknown-not-done", stage_not_done, "NOT DONE");
}

static void
screen_probe_without_an_answer_says_why(void **state)
{
	(void)state;
	assert_pages("unknown-no-answer", stage_no_answer, "NO ANSWER");
}

/* The smallest screen shows the verdict and the evidence at once. */
static void
screen_80x24_shows_verdict_and_evidence(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "NOT SURE");
	tty_expect(tty, "secrets/iam-signing-key in tsb: uid 5f1c");
	tty_expect(tty, "generation 7, last written by kubectl");
	tty_expect(tty, "p probe  m done  u not done  r again");
	tty_expect(tty, "q leave");
	scenario_leave(tty);
}

static void
key_p_looks_again(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "NOT SURE");
	tty_type(tty, "p");
	tty_expect_report(tty, "PROBE signing-key seen=9");
	scenario_leave(tty);
}

/* What the probe is certain of is a reason that one can take by Enter. */
static void
key_m_offers_the_evidence_as_reason(void **state)
{
	struct tty *tty = scenario_start(120, 36, stage_done, NULL);

	(void)state;
	tty_expect(tty, "HAPPENED");
	tty_type(tty, "m");
	tty_expect(tty, "How do you know that it happened?");
	tty_type(tty, "\r");
	tty_expect_report(tty,
			  "MARK_DONE signing-key seen=9 text=probe: it happened; "
			  "secrets/iam-signing-key in tsb: uid 5f1c, generation 7, last written by "
			  "lifeboat at 14:07:01Z with what the step would write; verify: "
			  "kubernetes.get secrets/iam-signing-key holds");
	scenario_leave(tty);
}

/* The evidence says the contrary: who marks it all the same has a reason of their own. */
static void
key_u_against_the_evidence_offers_no_reason(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_done, NULL);

	(void)state;
	tty_expect(tty, "HAPPENED");
	tty_type(tty, "u");
	tty_expect(tty, "How do you know that nothing of it happened?");
	tty_type(tty, "\r");
	tty_expect(tty, "Something must be written here");
	tty_type(tty, "it is gone again\r");
	tty_expect_report(tty, "MARK_NOT_DONE signing-key seen=9 text=it is gone again");
	scenario_leave(tty);
}

static void
key_r_asks_why_it_may_be_run_again(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "NOT SURE");
	tty_type(tty, "r");
	tty_expect(tty, "Why may it be run again?");
	tty_type(tty, "an apply is harmless\r");
	tty_expect_report(tty, "RECHECK signing-key seen=9 text=an apply is harmless");
	scenario_leave(tty);
}

static void
key_b_leads_nowhere_from_an_unknown_step(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, NULL);

	(void)state;
	tty_expect(tty, "NOT SURE");
	tty_type(tty, "b");
	tty_expect(tty, "b does not apply");
	scenario_leave(tty);
}

/* A probe's answer arrives while the operator writes: what was decided before it is not taken. */
static void
prove(struct scenario *s, const struct intent *intent)
{
	if (intent->type == INTENT_PROBE)
		scenario_push(s, RECORD_PROBE,
			      "{" LOOKED_AT
			      ",\"verdict\":\"not-done\",\"lines\":[],\"error\":null}");
}

static void
key_c_without_a_look_under_way_says_so(void **state)
{
	struct tty *tty = scenario_start(80, 24, stage_unknown, prove);

	(void)state;
	tty_expect(tty, "NOT SURE");
	tty_type(tty, "c");
	tty_expect(tty, "Nothing is under way");
	tty_type(tty, "p");
	tty_expect(tty, "NOT DONE");
	scenario_leave(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen_while_it_is_looked_into_decides_nothing),
		cmocka_unit_test(screen_certain_of_done_says_so),
		cmocka_unit_test(screen_certain_of_not_done_says_so),
		cmocka_unit_test(screen_probe_without_an_answer_says_why),
		cmocka_unit_test(screen_80x24_shows_verdict_and_evidence),
		cmocka_unit_test(key_p_looks_again),
		cmocka_unit_test(key_m_offers_the_evidence_as_reason),
		cmocka_unit_test(key_u_against_the_evidence_offers_no_reason),
		cmocka_unit_test(key_r_asks_why_it_may_be_run_again),
		cmocka_unit_test(key_b_leads_nowhere_from_an_unknown_step),
		cmocka_unit_test(key_c_without_a_look_under_way_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
