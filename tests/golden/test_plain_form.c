#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "harness.h"
#include "ui/form/form.h"

/* The form by lines, with an owner that has four parameters and asks no cluster but the test. */

enum { PRODUCT, NAMESPACE, REPLICAS, PASSWORD, PARAMS };

static struct param params[PARAMS] = {
	[PRODUCT] = { .name = (char[]){ "product" },
		      .type = PARAM_CHOICE,
		      .title = (char[]){ "Product" },
		      .choices = (char *[]){ (char[]){ "tsb" }, (char[]){ "tse" }, NULL } },
	[NAMESPACE] = { .name = (char[]){ "namespace" },
			.type = PARAM_STRING,
			.title = (char[]){ "Namespace of the product" },
			.text = (char[]){ "It must be **empty**." } },
	[REPLICAS] = { .name = (char[]){ "replicas" },
		       .type = PARAM_INT,
		       .title = (char[]){ "Replicas" } },
	[PASSWORD] = { .name = (char[]){ "password" },
		       .type = PARAM_SECRET,
		       .title = (char[]){ "Password" },
		       .from = SECRET_FROM_ANYWHERE },
};

static const struct runbook runbook = { .title = (char[]){ "Restore the Management Plane" },
					.version = (char[]){ "1.2.0" },
					.summary = (char[]){ "Builds it anew." },
					.params = params,
					.params_count = PARAMS };

struct fake {
	char *texts[PARAMS];
	enum form_source sources[PARAMS];
	char *problem;
	int pipe[2];
	bool is_waiting;
	bool answers; /* the cluster does, in time */
	bool is_ascii;
};

static void
value(void *data, size_t param, struct form_value *ret_value)
{
	const struct fake *fake = data;

	ret_value->source = fake->sources[param];
	ret_value->last_day = "2026-11-20";
	if (param == NAMESPACE) {
		ret_value->last = "tsb-old";
		ret_value->problem = fake->problem;
	}
	if (param == PASSWORD)
		ret_value->hidden = fake->texts[param] ? strlen(fake->texts[param]) : 0;
	else
		ret_value->text = fake->texts[param];
}

static void
set(void *data, size_t param, const char *text)
{
	struct fake *fake = data;

	free(fake->texts[param]);
	fake->texts[param] = xstrdup(text);
	fake->sources[param] = FORM_TYPED;
	if (param == NAMESPACE)
		fake->problem = strchr(text, ' ') ? (char *)(uintptr_t) "no blanks, please" : NULL;
}

static void
reset(void *data, size_t param)
{
	struct fake *fake = data;

	set(fake, param, "3");
	fake->sources[param] = FORM_DEFAULT;
}

static const char *
picks_name(void *data, size_t param)
{
	(void)data;
	return param == NAMESPACE ? "Namespaces of mgmt-b" : NULL;
}

static void
picks_begin(void *data, size_t param)
{
	struct fake *fake = data;

	(void)param;
	fake->is_waiting = true;
	if (fake->answers && write(fake->pipe[1], "", 1) != 1)
		tty_report("no pipe");
}

static void
picks(void *data, struct form_picks *ret_picks)
{
	static const char *const names[] = { "default", "tsb", "tsb-new" };
	const struct fake *fake = data;

	*ret_picks =
		(struct form_picks){ .is_waiting = fake->is_waiting, .items = names, .count = 3 };
}

static void
stop(void *data)
{
	struct fake *fake = data;

	fake->is_waiting = false;
}

static int
fd(void *data)
{
	const struct fake *fake = data;

	return fake->is_waiting ? fake->pipe[0] : -1;
}

static void
take(void *data)
{
	char byte;
	struct fake *fake = data;

	if (read(fake->pipe[0], &byte, 1) == 1)
		fake->is_waiting = false;
}

static int
child(void *data)
{
	struct fake *fake = data;
	const size_t indices[PARAMS] = { PRODUCT, NAMESPACE, REPLICAS, PASSWORD };
	const struct form_page page = { .runbook = &runbook,
					.params = indices,
					.count = PARAMS,
					.verb = "Start",
					.look = { .ascii = fake->is_ascii } };
	const struct form_owner owner = { .data = fake,
					  .value = value,
					  .set = set,
					  .reset = reset,
					  .picks_name = picks_name,
					  .picks_begin = picks_begin,
					  .picks = picks,
					  .stop = stop,
					  .fd = fd,
					  .take = take };
	struct err e = ERR_INIT;

	setlocale(LC_ALL, "C.UTF-8");
	if (pipe2(fake->pipe, O_CLOEXEC) < 0)
		return 99;
	int rc = ui_form_plain(&page, &owner, &e);
	tty_report(rc == 0 ? "STARTED" : e.message);
	for (size_t i = 0; i < PARAMS; i++) {
		char *line =
			xasprintf("%s=%s", params[i].name, fake->texts[i] ? fake->texts[i] : "");

		tty_report(line);
		free(line);
		free(fake->texts[i]);
	}
	close(fake->pipe[0]);
	close(fake->pipe[1]);
	return rc == 0 ? 0 : err_exit_code(e.kind);
}

static struct fake
fresh(void)
{
	return (struct fake){ .sources = { FORM_MISSING, FORM_MISSING, FORM_DEFAULT, FORM_MISSING },
			      .answers = true };
}

static struct tty *
start(struct fake *fake)
{
	return tty_start(80, 60, child, fake);
}

/* Answers what is missing, up to the last question. */
static void
answer_all(struct tty *tty)
{
	tty_expect(tty, "product (choice, or a number)>");
	tty_type(tty, "2\n");
	tty_expect(tty, "namespace (string, or a number)>");
	tty_type(tty, "mine\n");
	tty_expect(tty, "password (secret, hidden)>");
	tty_type(tty, "s3cret-value\n");
	tty_expect(tty, "Start? [y/N], or the number of one to change>");
}

static void
plain_form_asks_for_what_is_missing_and_starts(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	answer_all(tty);
	tty_expect(tty, "4  password: (hidden, 12 characters) (typed here)");
	tty_assert_golden(tty, "plain-form");
	char *text = tty_text(tty);
	assert_null(strstr(text, "s3cret"));
	free(text);
	tty_type(tty, "y\n");
	tty_expect_report(tty, "STARTED");
	tty_expect_report(tty, "product=tse");
	tty_expect_report(tty, "namespace=mine");
	tty_expect_report(tty, "password=s3cret-value");
	assert_int_equal(tty_wait_end(tty), 0);
	tty_stop(tty);
}

/* The terminal echoes what is typed ahead above its question; the answer stands behind that too. */
static void
plain_form_shows_what_was_typed_ahead_behind_its_question(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	tty_expect(tty, "product (choice, or a number)>");
	tty_type(tty, "2\nmine\n");
	tty_expect(tty, "product (choice, or a number)> 2\nmine\n");
	tty_expect(tty, "namespace (string, or a number)> mine\n");
	tty_expect(tty, "password (secret, hidden)>");
	tty_stop(tty);
}

/* What stands between a row and the last question, before which what was typed ahead is forgotten. */
#define LAST_ROW "  4  password: (hidden, 12 characters) (typed here)\n"

static void
plain_form_changes_by_number(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	answer_all(tty);
	tty_type(tty, "3\n");
	tty_expect(tty, "replicas (int)>");
	tty_type(tty, "2\n");
	tty_expect(tty, "replicas: 2 (typed here)\n" LAST_ROW "Start?");
	tty_type(tty, "3\n");
	tty_expect(tty, "Enter keeps 2)>");
	tty_type(tty, "-\n");
	tty_expect(tty, "replicas: 3 (default)\n" LAST_ROW "Start?");
	tty_type(tty, "y\n");
	tty_expect_report(tty, "replicas=3");
	tty_stop(tty);
}

static void
plain_form_problem_is_said_and_asked_again(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	tty_expect(tty, "product (choice");
	tty_type(tty, "=tsb\n");
	tty_expect(tty, "namespace (string");
	tty_type(tty, "two words\n");
	tty_expect(tty, "! no blanks, please");
	tty_type(tty, "1\n");
	tty_expect(tty, "password (secret");
	tty_type(tty, "abcdef\n");
	tty_expect(tty, "namespace: tsb-old");
	tty_expect(tty, "Start?");
	tty_type(tty, "y\n");
	tty_expect_report(tty, "product=tsb");
	tty_expect_report(tty, "namespace=tsb-old");
	tty_stop(tty);
}

static void
plain_form_lists_what_can_be_picked(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	tty_expect(tty, "product (choice");
	tty_type(tty, "1\n");
	tty_expect(tty, "[2] list: Namespaces of mgmt-b");
	tty_type(tty, "2\n");
	tty_expect(tty, "[3] tsb-new");
	tty_expect(tty, "number>");
	tty_type(tty, "3\n");
	tty_expect(tty, "password (secret");
	tty_type(tty, "abcdef\n");
	tty_expect(tty, "namespace: tsb-new (typed here)");
	tty_stop(tty);
}

static void
plain_form_list_that_does_not_come_is_given_up(void **state)
{
	struct fake fake = fresh();
	struct tty *tty;

	(void)state;
	fake.answers = false;
	tty = start(&fake);
	tty_expect(tty, "product (choice");
	tty_type(tty, "1\n");
	tty_expect(tty, "list: Namespaces");
	tty_type(tty, "2\n");
	tty_expect(tty, "Asking; Enter gives it up.");
	tty_type(tty, "\n");
	tty_expect(tty, "It was given up.");
	tty_stop(tty);
}

static void
assert_nothing_begun(struct tty *tty)
{
	tty_expect_report(tty, "nothing was begun");
	int status = tty_wait_end(tty);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	tty_stop(tty);
}

static void
plain_form_empty_answer_at_the_end_is_no(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	answer_all(tty);
	tty_type(tty, "\n");
	assert_nothing_begun(tty);
}

static void
plain_form_end_of_input_begins_nothing(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	tty_expect(tty, "product (choice");
	tty_type(tty, "\004");
	tty_expect_report(tty, "the input ended before the run");
	assert_nothing_begun(tty);
}

static void
plain_form_control_characters_are_refused(void **state)
{
	struct fake fake = fresh();
	struct tty *tty = start(&fake);

	(void)state;
	tty_expect(tty, "product (choice");
	tty_type(tty, "\026\001x\n");
	tty_expect(tty, "A control character is in it");
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_form_asks_for_what_is_missing_and_starts),
		cmocka_unit_test(plain_form_shows_what_was_typed_ahead_behind_its_question),
		cmocka_unit_test(plain_form_changes_by_number),
		cmocka_unit_test(plain_form_problem_is_said_and_asked_again),
		cmocka_unit_test(plain_form_lists_what_can_be_picked),
		cmocka_unit_test(plain_form_list_that_does_not_come_is_given_up),
		cmocka_unit_test(plain_form_empty_answer_at_the_end_is_no),
		cmocka_unit_test(plain_form_end_of_input_begins_nothing),
		cmocka_unit_test(plain_form_control_characters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
