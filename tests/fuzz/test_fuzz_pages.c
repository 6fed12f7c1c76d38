#include "config.h"

/*
 * Texts that mean harm on the pages before a run, and in the tables beside it. As test_fuzz_screen: the first argument
 * is how many rounds there are to be; LIFEBOAT_FUZZ_SEED is where they begin.
 */

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "fixture_tables.h"
#include "fuzz.h"
#include "harness.h"
#include "hostile.h"
#include "scenario.h"
#include "ui/form/form.h"
#include "ui/start/start_page.h"

enum { ROUNDS = 4, PODS = 12 };

static struct hostile words;
static const struct fuzz_place *place_now;
static char target[] = "management";

/* ---- the start page and the form ---- */

static struct start_entry *
hostile_entry(enum start_kind kind, enum start_state state)
{
	struct start_entry *made = xcalloc(1, sizeof(*made));

	*made = (struct start_entry){ .kind = kind,
				      .state = state,
				      .word = hostile_line(&words, 20),
				      .id = hostile_line(&words, 30),
				      .title = hostile_line(&words, 80),
				      .about = hostile_line(&words, 40),
				      .details = hostile_line(&words, 200),
				      .runbook = hostile_line(&words, 20) };
	return made;
}

static void
collect(struct start_inbox *inbox)
{
	for (int i = 0; i < 5; i++) {
		start_inbox_add(inbox, hostile_entry(START_OPEN_RUN, START_UNKNOWN));
		start_inbox_add(inbox, hostile_entry(START_RUNBOOK, START_BROKEN));
		start_inbox_add(inbox, hostile_entry(START_ENDED_RUN, START_FAILED));
	}
}

static void
show_entry(const struct start_entry *entry, int columns, struct str *out)
{
	str_append(out, entry->details);
	hostile_bytes(&words, (size_t)columns * 20, out);
}

static void
form_value_of(void *data, size_t param, struct form_value *ret_value)
{
	(void)data;
	*ret_value = (struct form_value){ .source = FORM_FILE,
					  .text = param == 1 ? NULL : hostile_line(&words, 60),
					  .hidden = param == 1 ? 9 : 0,
					  .place = param == 1 ? hostile_line(&words, 60) : NULL,
					  .problem = hostile_line(&words, 200),
					  .last = hostile_line(&words, 60),
					  .last_day = "2026-11-20" };
}

static void
set_value(void *data, size_t param, const char *text)
{
	(void)data;
	(void)param;
	(void)text;
}

static void
do_nothing_with(void *data, size_t param)
{
	(void)data;
	(void)param;
}

static const char *
name_of_picks(void *data, size_t param)
{
	(void)data;
	return param == 0 ? "contexts" : NULL;
}

static void
give_picks(void *data, struct form_picks *ret_picks)
{
	static const char *items[8];

	(void)data;
	for (size_t i = 0; i < 8; i++)
		items[i] = hostile_line(&words, 60);
	*ret_picks = (struct form_picks){ .items = items, .count = 8, .remark = items[0] };
}

static void
do_nothing(void *data)
{
	(void)data;
}

static int
no_fd(void *data)
{
	(void)data;
	return -1;
}

static int
show_form(const struct ui_look *look)
{
	static const struct form_owner owner = {
		NULL,	       form_value_of,	set_value,  do_nothing_with,
		name_of_picks, do_nothing_with, give_picks, do_nothing,
		no_fd,	       do_nothing,
	};
	static char no_word[] = "";
	static char *choices[] = { no_word, NULL };
	static const size_t shown[] = { 0, 1, 2 };
	struct param params[3] = { { .type = PARAM_STRING },
				   { .type = PARAM_SECRET, .from = SECRET_FROM_ANYWHERE },
				   { .type = PARAM_CHOICE, .choices = choices } };
	struct runbook rb = { .id = target,
			      .title = hostile_line(&words, 80),
			      .params = params,
			      .params_count = 3,
			      .version = hostile_line(&words, 8),
			      .summary = hostile_line(&words, 200) };
	struct form_page page = {
		.runbook = &rb, .params = shown, .count = 3, .verb = "Start", .look = *look
	};
	struct err e = ERR_INIT;

	choices[0] = hostile_line(&words, 40);
	for (size_t i = 0; i < 3; i++) {
		params[i].name = target;
		params[i].title = hostile_line(&words, 60);
		params[i].text = hostile_line(&words, 400);
	}
	return ui_form_screen(&page, &owner, &e);
}

static int
show_pages(void *data)
{
	static const struct start_collector collectors[] = { { collect }, { NULL } };
	const struct start_source source = { .collectors = collectors, .show = show_entry };
	struct ui_look look = { .ascii = place_now->ascii, .mono = place_now->mono };
	enum start_action action;
	struct err e = ERR_INIT;
	char *word;

	(void)data;
	setlocale(LC_ALL, place_now->ascii ? "C" : "C.UTF-8");
	setenv("TERM", place_now->term, 1);
	if (ui_open(&look, &e) < 0)
		return 100;
	ui_start_page(&source, &action, &word);
	show_form(&look);
	ui_close();
	return 0;
}

static void
pages_send_only_expected_bytes(void **state)
{
	static const char *const keys[] = { "jj", "v", "G", "q", "/e\r", "\033", "?", "q", "q",
					    /* the form */
					    "jj", "?", "q", "\r", "x\033", "\t", "\022", "\003",
					    "y", "\003" };

	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		place_now = fuzz_place(round + 3);
		words = fuzz_hostile(round, 5);
		struct tty *tty = tty_start(place_now->columns, place_now->rows, show_pages, NULL);
		fuzz_type(tty, keys, sizeof(keys) / sizeof(keys[0]));
		fuzz_assert_sent(tty, place_now, "pages", round);
		tty_stop(tty);
	}
}

/* ---- tables, as a server sends them ---- */

static struct pane_spec pods[] = { { .target = target } };
static struct clusters *world;

/* Between the quotes of a JSON text, behind what it begins with. */
static char *
hostile_word(const char *prefix, size_t max)
{
	char *text = hostile_json(&words, max);
	char *word = xasprintf("%s%.*s", prefix, (int)strlen(text) - 2, text + 1);

	free(text);
	return word;
}

static void
make_rows(struct cluster_row *rows)
{
	for (int i = 0; i < PODS; i++) {
		char *cells[5];

		for (size_t at = 0; at < 5; at++)
			cells[at] = hostile_json(&words, 40);
		rows[i] = (struct cluster_row){
			.ns = "tsb",
			.name = hostile_word("pod", 60),
			.cells = xasprintf("%s,%s,%d,\"\",%s,%s,%s,\"\"", cells[0], cells[1], i,
					   cells[2], cells[3], cells[4]),
			.created = "2026-11-21T14:00:00Z",
		};
		for (size_t at = 0; at < 5; at++)
			free(cells[at]);
	}
}

static void
free_rows(struct cluster_row *rows)
{
	for (int i = 0; i < PODS; i++) {
		free((char *)rows[i].name);
		free((char *)rows[i].cells);
	}
}

static void
stage_of_tables(struct scenario *s)
{
	setenv("KUBECONFIG", world->kubeconfig, 1);
	scenario_push(
		s, RECORD_RUN,
		"{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore\",\"version\":\"1.0.0\"},"
		"\"mode\":\"live\",\"operator\":\"ana\",\"host\":\"bastion-1\",\"params\":{},"
		"\"targets\":[{\"name\":\"management\",\"kind\":\"kubernetes\",\"describe\":"
		"\"ctx mgmt-b\",\"spec\":{\"context\":\"mgmt-b\",\"namespace\":\"tsb\"}}],"
		"\"steps\":[{\"id\":\"look\",\"title\":\"Look at the cluster\"}]}");
	scenario_push(s, RECORD_PREFLIGHT, "{\"checks\":[]}");
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":\"management\","
		      "\"effect\":\"reads\",\"confirm\":\"none\",\"preview\":[]}");
}

static void
go_to_tables(struct scenario *s)
{
	setenv("TERM", place_now->term, 1);
	if (place_now->ascii)
		setlocale(LC_ALL, "C");
	s->options.look.mono = place_now->mono;
	s->runbook.panes = (struct pane_set){ .pods = pods, .pods_count = 1 };
}

static void
look_at_tables(int round)
{
	static const char *const keys[] = { "3", "jjj", "z", "/o\r", "n", "fpod\r", ">",   "i",
					    "d", "G",	"q", "v",    "a", "RRpo\r", "\033" };
	struct play play = { .stage = stage_of_tables, .adjust = go_to_tables };
	struct tty *tty = tty_start(place_now->columns, place_now->rows, scenario_play, &play);

	if (place_now->rows >= 24)
		tty_expect(tty, "12 pods"); /* what is painted is what they hold */
	fuzz_type(tty, keys, sizeof(keys) / sizeof(keys[0]));
	fuzz_assert_sent(tty, place_now, "tables", round);
	tty_stop(tty);
}

static void
tables_send_only_expected_bytes(void **state)
{
	static const char columns[] = "Ready|Status|Restarts#|Age|IP|Node|Nominated Node*|Gates*";

	(void)state;
	for (int round = 0; round < fuzz_rounds(); round++) {
		struct cluster_row rows[PODS];
		struct cluster_table tables[] = {
			{ "/api/v1/namespaces/tsb/pods", columns, rows, PODS, "tsb" },
			{ .path = NULL },
		};

		place_now = fuzz_place(round);
		words = fuzz_hostile(round, 6);
		make_rows(rows);
		world = clusters_new(tables);
		look_at_tables(round);
		clusters_free(world);
		free_rows(rows);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_send_only_expected_bytes),
		cmocka_unit_test(tables_send_only_expected_bytes),
	};

	fuzz_begin(argc, argv, ROUNDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
