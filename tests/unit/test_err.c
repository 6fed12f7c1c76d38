#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void
set_fills_kind_and_message(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, ERR_NET, "%s is %d", "this", 5), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_string_equal(e.message, "this is 5");
	assert_int_equal(err_set(NULL, ERR_NET, "nobody reads it"), -1);
}

static void
set_from_its_own_message_is_safe(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_NET, "inner");
	err_set(&e, ERR_IO, "outer (%s)", e.message);
	assert_string_equal(e.message, "outer (inner)");
	err_wrap(&e, "again %s", e.message);
	assert_string_equal(e.message, "again outer (inner): outer (inner)");
}

static void
errno_appends_its_text_and_stays(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&e, ERR_IO, "opening %s", "x"), -1);
	assert_string_equal(e.message, "opening x: No such file or directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err_errno(NULL, ERR_IO, "opening"), -1);
}

static void
wrap_puts_the_context_before(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_DENIED, "403 Forbidden");
	assert_int_equal(err_wrap(&e, "reading %s", "secrets"), -1);
	assert_string_equal(e.message, "reading secrets: 403 Forbidden");
	assert_int_equal(e.kind, ERR_DENIED);
	assert_int_equal(err_wrap(NULL, "reading"), -1);
}

static void
advise_ends_the_sentence_once(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_DENIED, "refused.\n");
	assert_int_equal(err_advise(&e, "Ask for %s", "the right"), -1);
	assert_string_equal(e.message, "refused. Ask for the right");
	e = (struct err)ERR_INIT;
	err_advise(&e, "Ask");
	assert_string_equal(e.message, "Ask");
	assert_int_equal(err_advise(NULL, "Ask"), -1);
}

static void
message_that_is_too_long_ends_in_an_ellipsis(void **state)
{
	static char text[3 * ERR_MESSAGE_MAX];
	struct err e = ERR_INIT;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	err_set(&e, ERR_IO, "%s", text);
	assert_int_equal(strlen(e.message), ERR_MESSAGE_MAX - 1);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 5, "x...");
	err_wrap(&e, "context");
	assert_memory_equal(e.message, "context: xxx", 12);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 5, "x...");
	errno = EIO;
	err_errno(&e, ERR_IO, "%s", text);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 5, "x...");
}

static void
message_is_never_cut_inside_a_character(void **state)
{
	char text[2 * ERR_MESSAGE_MAX];
	struct err e = ERR_INIT;

	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		memset(text, 'x', lead);
		for (size_t at = lead; at + 4 < sizeof(text); at += 3)
			memcpy(text + at, "…", 4);
		err_set(&e, ERR_IO, "%s", text);
		assert_in_range(strlen(e.message), ERR_MESSAGE_MAX - 4, ERR_MESSAGE_MAX - 1);
		assert_int_equal((strlen(e.message) - 3 - lead) % 3, 0);
		assert_string_equal(e.message + strlen(e.message) - 6, "…...");
	}
}

static void
kind_names_differ(void **state)
{
	(void)state;
	for (int kind = 0; kind < ERR_KIND_COUNT; kind++) {
		assert_non_null(err_kind_name((enum err_kind)kind));
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(err_kind_name((enum err_kind)kind),
						err_kind_name((enum err_kind)other));
	}
	assert_string_equal(err_kind_name(ERR_KIND_COUNT), "internal");
}

static void
exit_code_is_zero_for_success_only(void **state)
{
	(void)state;
	assert_int_equal(err_exit_code(ERR_NONE), 0);
	for (int kind = 1; kind <= ERR_KIND_COUNT; kind++)
		assert_in_range(err_exit_code((enum err_kind)kind), 1, 125);
	assert_int_equal(err_exit_code(ERR_USAGE), 2);
	assert_int_equal(err_exit_code(ERR_CANCELLED), 3);
	assert_int_equal(err_exit_code(ERR_LOCKED), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_kind_and_message),
		cmocka_unit_test(set_from_its_own_message_is_safe),
		cmocka_unit_test(errno_appends_its_text_and_stays),
		cmocka_unit_test(wrap_puts_the_context_before),
		cmocka_unit_test(advise_ends_the_sentence_once),
		cmocka_unit_test(message_that_is_too_long_ends_in_an_ellipsis),
		cmocka_unit_test(message_is_never_cut_inside_a_character),
		cmocka_unit_test(kind_names_differ),
		cmocka_unit_test(exit_code_is_zero_for_success_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
