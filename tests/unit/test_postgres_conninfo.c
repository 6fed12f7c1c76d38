#include "config.h"

#include "net/postgres/postgres_conninfo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_postgres.h"

static struct fixture_postgres server;
static bool have_server;

/* `before` and `after` stand around what is pinned. */
static void
assert_conninfo(struct postgres_options options, const char *before, const char *after)
{
	struct postgres_options ours = { .conninfo = server.conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;
	char *made = NULL, *wanted;

	if (postgres_connect(&ours, &pg, &e) < 0 ||
	    postgres_client_conninfo(pg, &options, "it's", "a b", &made, &e) < 0)
		fail_msg("%s", e.message);
	wanted = xasprintf("%shost=127.0.0.1 hostaddr=127.0.0.1 port=%d dbname='it\\'s' "
			   "application_name='a b'%s",
			   before, server.port, after);
	assert_string_equal(made, wanted);
	free(wanted);
	free(made);
	postgres_free(pg);
}

static void
client_conninfo_is_pinned_to_who_has_answered(void **state)
{
	static const struct {
		struct postgres_options options;
		const char *before, *after;
	} cases[] = {
		{ { .conninfo = "host=a,b hostaddr=1.1.1.1,2.2.2.2 port=1,2 dbname=z user=u" },
		  "user=u ",
		  "" },
		{ { .conninfo = "postgresql://u@other:1/z?sslmode=disable&application_name=y" },
		  "user=u sslmode=disable ",
		  "" },
		{ { .conninfo = "service=tsb options='-c a=b'" },
		  "service=tsb options='-c a=b' ",
		  "" },
		{ { .conninfo = "onlyname" }, "", "" },
		{ { .conninfo = "passfile=/y" }, "passfile=/y ", "" },
		{ { .conninfo = "passfile=/y", .passfile = "/x" }, "", " passfile=/x" },
		{ { .conninfo = "passfile=/y", .passfile = "/x", .password = "secret" },
		  "",
		  " passfile=/dev/stdin password=''" },
	};

	(void)state;
	if (!have_server)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_conninfo(cases[i].options, cases[i].before, cases[i].after);
}

static void
client_passfile_is_private_and_escaped(void **state)
{
	struct err e = ERR_INIT;
	char text[64] = "";
	struct stat st;
	int fd = postgres_client_passfile("a:b\\c d", &e);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "*:*:*:*:a\\:b\\\\c d\n");
	close(fd);
	assert_int_equal(postgres_client_passfile("a\nb", &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
}

static int
start(void **state)
{
	struct postgres_options options = { 0 };
	struct postgres *pg = NULL;
	int64_t until_ms = clock_mono_ms() + 8000;
	struct err e;

	(void)state;
	have_server = fixture_postgres_start(&server);
	options.conninfo = server.conninfo;
	while (have_server && postgres_connect(&options, &pg, &e) < 0 && clock_mono_ms() < until_ms)
		fixture_pause();
	postgres_free(pg);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	if (have_server)
		fixture_postgres_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_conninfo_is_pinned_to_who_has_answered),
		cmocka_unit_test(client_passfile_is_private_and_escaped),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
