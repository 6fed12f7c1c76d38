#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libpq-fe.h>

#include "base/late.h"

int lifeboat_of_nobody(void);

LATE_LIBRARY(missing, "liblifeboat-of-nobody.so.7", "libnobody7");
LATE_FUNCTION(missing, int, lifeboat_of_nobody, (void), ())

int lifeboat_of_another(void);

/* libc has no such function */
LATE_LIBRARY(lacking, "libc.so.6", "libc6");
LATE_FUNCTION(lacking, int, lifeboat_of_another, (void), ())

static void
late_load_without_the_library_says_what_to_install(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(late_load(&missing, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "liblifeboat-of-nobody.so.7 cannot be used"));
	assert_non_null(strstr(e.message, "install libnobody7"));
}

static void
late_load_without_one_of_the_functions_names_it(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(late_load(&lacking, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "libc.so.6 cannot be used"));
	assert_non_null(strstr(e.message, "lifeboat_of_another"));
	assert_non_null(strstr(e.message, "install libc6"));
}

static void
late_load_finds_every_function_of_ours(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	if (late_load(&late_curl, &e) < 0 || late_load(&late_ldns, &e) < 0 ||
	    late_load(&late_libpq, &e) < 0 || late_load(&late_libssl, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(late_load(&late_curl, &e), 0);
}

static void
function_without_its_library_names_the_package_and_aborts(void **state)
{
	char said[512];
	size_t len = 0;
	ssize_t got;
	int ends[2], status;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		lifeboat_of_nobody();
		_exit(0);
	}
	close(ends[1]);
	while (len < sizeof(said) - 1 &&
	       (got = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "liblifeboat-of-nobody.so.7 cannot be used"));
	assert_non_null(strstr(said, "install libnobody7"));
}

/* Each kind of argument that a variadic function of libcurl is handed. */
static void
curl_easy_setopt_of_each_kind_arrives(void **state)
{
	CURL *handle = curl_easy_init();
	char *back = NULL;
	char mark = 0;

	(void)state;
	assert_non_null(handle);
	assert_int_equal(curl_easy_setopt(handle, CURLOPT_PRIVATE, &mark), CURLE_OK);
	assert_int_equal(curl_easy_getinfo(handle, CURLINFO_PRIVATE, &back), CURLE_OK);
	assert_ptr_equal(back, &mark);
	assert_int_equal(curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, -1L),
			 CURLE_BAD_FUNCTION_ARGUMENT);
	assert_int_equal(curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, 1L), CURLE_OK);
	assert_int_equal(curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-2),
			 CURLE_BAD_FUNCTION_ARGUMENT);
	assert_int_equal(curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)1 << 40),
			 CURLE_OK);
	curl_easy_cleanup(handle);
}

static void
pqconninfoparse_is_that_of_libpq(void **state)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse("host=here port=5433", &message);
	const char *port = NULL;

	(void)state;
	assert_non_null(options);
	for (PQconninfoOption *at = options; at->keyword; at++)
		if (strcmp(at->keyword, "port") == 0)
			port = at->val;
	assert_string_equal(port, "5433");
	PQconninfoFree(options);
	assert_null(PQconninfoParse("host", &message));
	assert_non_null(message);
	PQfreemem(message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_load_without_the_library_says_what_to_install),
		cmocka_unit_test(late_load_without_one_of_the_functions_names_it),
		cmocka_unit_test(late_load_finds_every_function_of_ours),
		cmocka_unit_test(function_without_its_library_names_the_package_and_aborts),
		cmocka_unit_test(curl_easy_setopt_of_each_kind_arrives),
		cmocka_unit_test(pqconninfoparse_is_that_of_libpq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
