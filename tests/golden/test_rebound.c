#include "config.h"

#include <curses.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"
#include "ui/keys/rebind.h"
#include "ui/terminal/theme.h"

/* In the child only: the keymap of the tests' own process stays as it is. */
static void
rebind(struct scenario *s)
{
	static const struct key_override keys[] = {
		{ "run", { KEY_F(5) } },
		{ "skip", { 'X', KEY_F(8) } },
		{ "help", { 'H' } },
		{ "zoom", { 0 } },
	};

	(void)s;
	keymap_rebind(keys, sizeof(keys) / sizeof(keys[0]));
}

static void
rebound_keys_are_in_the_bar_and_on_the_help_page(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, rebind);

	(void)state;
	tty_expect(tty, "F5 run");
	tty_assert_golden(tty, "rebound");
	tty_type(tty, "?");
	tty_type(tty, "H");
	tty_expect(tty, "Marks");
	tty_assert_golden(tty, "rebound-help");
	tty_type(tty, "\033");
	tty_expect(tty, "F5 run");
	scenario_leave(tty);
}

static void
rebound_key_does_what_its_command_does(void **state)
{
	struct tty *tty = scenario_start_adjusted(80, 24, stage_ready, rebind);

	(void)state;
	tty_expect(tty, "F5 run");
	tty_type(tty, "\rsz");
	tty_type(tty, "X");
	tty_expect(tty, "passed over");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "passed over");
	tty_type(tty, "\033[15~"); /* F5 */
	tty_expect(tty, "[y/N]");
	tty_type(tty, "n");
	tty_expect(tty, "Not run.");
	scenario_leave(tty);
}

static void
look_light(struct scenario *s)
{
	(void)s;
	theme_configure("light", NULL);
}

static void
look_contrast(struct scenario *s)
{
	(void)s;
	theme_configure("high-contrast", NULL);
}

static void
look_changed(struct scenario *s)
{
	struct theme_change changes[ROLE_COUNT];

	(void)s;
	for (int role = 0; role < ROLE_COUNT; role++)
		changes[role] = (struct theme_change){ THEME_KEEP, THEME_KEEP, THEME_KEEP,
						       THEME_KEEP, THEME_KEEP, THEME_KEEP };
	changes[ROLE_LIVE].foreground = 15;
	changes[ROLE_LIVE].background = 19;
	changes[ROLE_LIVE].reverse = 0;
	changes[ROLE_LABEL].foreground = 33;
	theme_configure("default", changes);
}

static void
themes_change_looks_and_no_words(void **state)
{
	static const struct {
		const char *name;
		void (*adjust)(struct scenario *s);
	} themes[] = {
		{ "theme-light", look_light },
		{ "theme-contrast", look_contrast },
		{ "theme-changed", look_changed },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(themes) / sizeof(themes[0]); i++) {
		struct tty *tty = scenario_start_adjusted(80, 24, stage_failed, themes[i].adjust);

		tty_expect(tty, "retry");
		tty_assert_golden(tty, themes[i].name);
		scenario_leave(tty);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rebound_keys_are_in_the_bar_and_on_the_help_page),
		cmocka_unit_test(rebound_key_does_what_its_command_does),
		cmocka_unit_test(themes_change_looks_and_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
