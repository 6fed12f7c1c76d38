#include "config.h"

#include "base/libexec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

static void
find_of_test_finds_program_of_its_build(void **state)
{
	struct err e = ERR_INIT;
	char *path = libexec_find("lifeboat-jq", &e);

	(void)state;
	if (!path)
		fail_msg("%s", e.message);
	assert_true(str_ends_with(path, "/lifeboat-jq"));
	assert_null(strstr(path, "/tests/"));
	assert_int_equal(access(path, X_OK), 0);
	free(path);
}

static void
find_of_nothing_names_both_places(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(libexec_find("lifeboat-of-nobody", &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "there is no lifeboat-of-nobody in "));
	assert_non_null(strstr(e.message, ", nor in "));
	assert_non_null(strstr(e.message, "is the installation whole?"));
	assert_null(libexec_find("lifeboat-of-nobody", NULL));
}

static void
find_of_file_that_cannot_be_run_fails(void **state)
{
	(void)state;
	assert_null(libexec_find("config.h", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_of_test_finds_program_of_its_build),
		cmocka_unit_test(find_of_nothing_names_both_places),
		cmocka_unit_test(find_of_file_that_cannot_be_run_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
