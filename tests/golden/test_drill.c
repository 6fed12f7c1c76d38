#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"

/* What the screen of a drill says besides: that it is one, what is known, its hints, its end. */

static char *hints[] = {
	(char[]){ "What do the control planes know the Management Plane by?" },
	(char[]){ "Look at the backup folder." },
	(char[]){ "Press Enter: the step applies iam-signing-key.yaml." },
	NULL,
};

static void
drills(struct scenario *s)
{
	s->drill =
		"{\"what\":\"begin\",\"scenario\":\"lost\",\"title\":\"The management cluster is "
		"lost\",\"speed\":10,\"commitment\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"text\":"
		"\"It is 02:40. Nobody reaches mgmt-a.\",\"explain\":false}";
	s->runbook.steps[1].hints = hints;
}

static void
explains(struct scenario *s)
{
	drills(s);
	s->drill = "{\"what\":\"begin\",\"title\":\"The management cluster is lost\",\"speed\":1,"
		   "\"commitment\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"text\":\"It is "
		   "02:40.\",\"explain\":true}";
}

static void
drills_without_colours(struct scenario *s)
{
	drills(s);
	s->options.look.mono = s->options.look.ascii = true;
}

static void
stage_hinted(struct scenario *s)
{
	stage_ready(s);
	scenario_push(s, RECORD_DRILL,
		      "{\"what\":\"hint\",\"step\":\"signing-key\",\"grade\":\"nudge\",\"cost\":1,"
		      "\"text\":\"What do the control planes know the Management Plane by?\"}");
}

static void
drill_ready_step_offers_a_hint(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-ready", stage_ready, drills, NULL, "H hint");
}

static void
drill_hint_that_was_taken_stands_with_the_step(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-hint", stage_hinted, drills, "h",
			      "know the Management Plane by?");
}

static void
drill_explained_shows_the_first_hint_for_nothing(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-explained", stage_ready, explains, NULL,
			      "THINK    What do the control planes know");
}

static void
drill_preflight_tells_what_is_known(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-preflight", stage_ready, drills, "F",
			      "Nobody reaches mgmt-a.");
}

static void
drill_leaving_says_that_it_is_over_then(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-leave", stage_ready, drills, "q", "[y/N]");
}

static void
drill_end_says_where_the_debrief_is(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-ended", stage_ended, drills, NULL, "printed when you leave");
}

static void
drill_without_colours_says_it_in_words(void **state)
{
	(void)state;
	scenario_assert_sizes("drill-mono", stage_ready, drills_without_colours, NULL, "H hint");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drill_ready_step_offers_a_hint),
		cmocka_unit_test(drill_hint_that_was_taken_stands_with_the_step),
		cmocka_unit_test(drill_explained_shows_the_first_hint_for_nothing),
		cmocka_unit_test(drill_preflight_tells_what_is_known),
		cmocka_unit_test(drill_leaving_says_that_it_is_over_then),
		cmocka_unit_test(drill_end_says_where_the_debrief_is),
		cmocka_unit_test(drill_without_colours_says_it_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
