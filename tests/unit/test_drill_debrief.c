#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture_drill_records.h"

static void
assert_has(const struct str *text, const char *part)
{
	if (!strstr(str_cstr(text), part))
		fail_msg("no \"%s\" in\n%s", part, str_cstr(text));
}

static void
score_markdown_tells_everything(void **state)
{
	struct str text = STR_INIT;
	struct drill_story s;

	(void)state;
	story_begin(&s, "");
	story_put(&s, 10, RECORD_DRILL,
		  "{\"what\":\"hint\",\"step\":\"look\",\"grade\":\"nudge\",\"text\":\"Think\","
		  "\"cost\":1}");
	story_run(&s, "look", false, 100, "ok");
	story_run(&s, "fix", true, 700, "ok");
	story_run(&s, "harm", true, 5000, "failed");
	story_skip(&s, "harm");
	story_skip(&s, "check");
	story_open(&s, DRILL_EXPECTED, true);
	story_end(&s, "recovered");
	cJSON *debrief = story_debrief(&s);
	score_markdown(debrief, &text);
	assert_has(&text, "# Debrief: It is lost\n\n**Not passed**, 46 of 100 points.");
	assert_has(&text, "- Harm it (harm) harms here: It breaks more");
	assert_has(&text,
		   "- **v**: It is different. What showed of it: It shows. What helps: Mend it");
	assert_has(&text, "| Back, within 0:00:30            | not reached |\n");
	assert_has(&text, "- **landed**: Harm it. It breaks more");
	assert_has(&text, "- Check it: no time");
	assert_has(&text, "- hints: 1 to think, 0 where to look, 0 what to type; 1 point\n");
	assert_has(&text, "- confirmed after 700ms: Fix it");
	assert_has(&text, "| 0:00:02 | 0:00:02 | Look: passed |");
	assert_has(&text, "Harm it: failed");
	assert_has(&text, "- Never skip a check: Check it.");
	cJSON_Delete(debrief);
	str_release(&text);
}

/* What comes from a file stays a text. */
static void
score_markdown_texts_stay_texts(void **state)
{
	static const char json[] =
		"{\"title\":\"a|b\\n# c\",\"passed\":false,\"points\":1,\"reasons\":[\"*x* "
		"\\u001b[2J<b>\"],\"timeline\":[{\"at_ms\":1,\"what\":\"a|b\"}]}";
	cJSON *debrief = json_parse(json, strlen(json), NULL);
	struct str text = STR_INIT;

	(void)state;
	score_markdown(debrief, &text);
	assert_has(&text, "# Debrief: a\\|b # c\n");
	assert_has(&text, "\\*x\\* ");
	assert_null(strchr(str_cstr(&text), '\033'));
	assert_has(&text, "| a\\|b |");
	cJSON_Delete(debrief);
	str_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(score_markdown_tells_everything),
		cmocka_unit_test(score_markdown_texts_stay_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
