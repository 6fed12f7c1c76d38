#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/console.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "cli/form_desk.h"
#include "cli/form_values.h"
#include "harness.h"
#include "step/step_table.h"
#include "ui/form/form.h"

#define DOWN "\033OB"
#define UP "\033OA"
#define LEFT "\033OD"
#define CTRL_R "\022"
#define CTRL_S "\023"
#define PASTE(text) "\033[200~" text "\033[201~"

static const char runbook_text[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: restore, title: Restore the Management Plane, version: 1.2.0, owners: "
	"[sre],\n"
	"  summary: \"Builds the Management Plane anew on another cluster. The lost one need not "
	"answer.\"}\n"
	"params:\n"
	"  product: {type: choice, choices: [tsb, tse], default: tsb, title: Product}\n"
	"  namespace: {default: \"${.params.product}\", title: Namespace of the Management Plane}\n"
	"  context: {title: Context of the new cluster, text: \"The cluster that **carries** it "
	"from now on.\"}\n"
	"  fqdn: {type: hostname, title: DNS name}\n"
	"  backup_dir: {type: path, must_exist: true, title: Folder with the backups}\n"
	"  replicas: {type: int, default: 3, title: Replicas}\n"
	"  patience: {type: duration, default: 5m, title: How long to wait}\n"
	"  have_key: {type: bool, title: Was the key recovered?}\n"
	"  workloads: {type: list, items: string, title: Workload clusters}\n"
	"  pg_password: {type: secret, title: Password of the database}\n"
	"targets:\n"
	"  management: {type: kubernetes, context: \"${.params.context}\", namespace: "
	"\"${.params.namespace}\",\n"
	"    kubeconfig: kubeconfig}\n"
	"  edges: {type: kubernetes, contexts: .params.workloads, kubeconfig: kubeconfig}\n"
	"steps:\n"
	"  - {id: look, title: Look, target: management, uses: kubernetes.get, with: {resource: "
	"pods}}\n"
	"ends: [{id: done, title: Done}]\n";

static const char kubeconfig_text[] = "apiVersion: v1\n"
				      "kind: Config\n"
				      "contexts:\n"
				      "- {name: mgmt-a, context: {cluster: a}}\n"
				      "- {name: mgmt-b, context: {cluster: a}}\n"
				      "- {name: edge-1, context: {cluster: a}}\n"
				      "- {name: edge-2, context: {cluster: a}}\n"
				      "clusters:\n"
				      "- {name: a, cluster: {server: \"https://127.0.0.1:1\"}}\n";

static const char last_run[] = "{\"product\":\"tsb\",\"namespace\":\"tsb\",\"context\":\"mgmt-a\","
			       "\"fqdn\":\"tsb.example.com\",\"backup_dir\":\"/\",\"replicas\":5,"
			       "\"patience\":\"5m\",\"pg_password\":\"‹secret:pg_password›\"}";

/* What a test wants otherwise than the form usually is. */
struct setting {
	struct ui_look look;
	bool recalls;				  /* there was a last run */
	bool is_drill;				  /* nothing real is touched */
	const char *says;			  /* by a plugin, in place of an answer */
	void (*ask_cluster)(struct form_picks *); /* what the cluster answers; NULL: nothing yet */
};

static char folder[] = "/tmp/lifeboat-form-XXXXXX";

/* ---- the child ---- */

static int answers[2] = { -1, -1 };
static const struct form_owner *desk_owner;
static const struct setting *setting;
static bool asked_cluster;

/* Namespaces come from the test; contexts are read from the file. */
static void
begin_picks(void *data, size_t param)
{
	asked_cluster = param == 1;
	if (!asked_cluster)
		desk_owner->picks_begin(data, param);
	else if (setting->says)
		console_say("cloud-login", setting->says, strlen(setting->says));
	else if (setting->ask_cluster && write(answers[1], "", 1) != 1)
		tty_report("no pipe");
}

static void
give_picks(void *data, struct form_picks *ret_picks)
{
	if (!asked_cluster) {
		desk_owner->picks(data, ret_picks);
		return;
	}
	*ret_picks = (struct form_picks){ .is_waiting = answers[0] >= 0 };
	if (answers[0] < 0)
		setting->ask_cluster(ret_picks);
}

static int
fd(void *data)
{
	return answers[0] >= 0 ? answers[0] : desk_owner->fd(data);
}

static void
take(void *data)
{
	close(answers[0]);
	answers[0] = -1;
	desk_owner->take(data);
}

static void
report_values(const struct runbook *rb, const cJSON *params)
{
	for (size_t i = 0; i < rb->params_count; i++) {
		char *text =
			json_print(cJSON_GetObjectItemCaseSensitive(params, rb->params[i].name));
		char *line = xasprintf("%s=%s", rb->params[i].name, text ? text : "");

		tty_report(line);
		free(line);
		free(text);
	}
}

static int
show(const struct runbook *rb, const struct form_owner *owner, const cJSON *params)
{
	size_t indices[16];
	struct form_page page = { .runbook = rb,
				  .params = indices,
				  .count = rb->params_count,
				  .verb = "Start",
				  .is_drill = setting->is_drill,
				  .look = setting->look };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < rb->params_count; i++)
		indices[i] = i;
	if (ui_form_screen(&page, owner, &e) < 0) {
		tty_report(e.message);
		return err_exit_code(e.kind);
	}
	tty_report("STARTED");
	report_values(rb, params);
	return 0;
}

static int
child(void *data)
{
	char *path = xasprintf("%s/runbook.yaml", folder);
	struct diags diags;
	struct err e = ERR_INIT;

	setting = data;
	setlocale(LC_ALL, "C.UTF-8");
	diags_init(&diags, path);
	struct runbook *rb = runbook_parse(path, runbook_text, sizeof(runbook_text) - 1,
					   &step_catalogue, &diags);
	if (!rb || pipe2(answers, O_CLOEXEC) < 0) {
		tty_report("the runbook is wrong");
		return 99;
	}
	struct expressions *x =
		expressions_new((const char *const *)rb->expressions, rb->expressions_count);
	struct secrets *secrets = secrets_new();
	cJSON *params = cJSON_CreateObject(), *last = cJSON_Parse(last_run);
	struct form_values *values = form_values_new(rb, x, secrets, params);
	form_values_give(values, 4, "/", FORM_COMMAND_LINE, &e);
	form_values_give(values, 7, "no", FORM_FILE, &e);
	if (setting->recalls)
		form_values_recall(values, last, "2026-11-20");
	struct form_desk *desk = form_desk_new(rb, x, secrets, params, values);
	desk_owner = form_desk_owner(desk);
	struct form_owner owner = *desk_owner;
	owner.picks_begin = begin_picks;
	owner.picks = give_picks;
	owner.fd = fd;
	owner.take = take;
	int rc = show(rb, &owner, params);
	form_desk_free(desk);
	form_values_free(values);
	cJSON_Delete(last);
	cJSON_Delete(params);
	secrets_free(secrets);
	expressions_free(x);
	runbook_free(rb);
	diags_release(&diags);
	free(path);
	return rc;
}

/* ---- the tests ---- */

static int
make_folder(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	char *path = xasprintf("%s/kubeconfig", folder);
	int rc = file_write_atomic(path, kubeconfig_text, sizeof(kubeconfig_text) - 1, 0600, &e);
	free(path);
	return rc;
}

static int
remove_folder(void **state)
{
	char *path = xasprintf("%s/kubeconfig", folder);

	(void)state;
	unlink(path);
	free(path);
	return rmdir(folder);
}

static struct setting usual = { .recalls = false };
static struct setting recalling = { .recalls = true };

static struct tty *
start(int columns, int rows, struct setting *wanted)
{
	struct tty *tty = tty_start(columns, rows, child, wanted);

	tty_expect(tty, "LIVE");
	return tty;
}

static void
assert_golden_sizes(const char *name, struct setting *wanted, const char *keys, const char *until)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

	for (size_t i = 0; i < 3; i++) {
		struct tty *tty = start(sizes[i][0], sizes[i][1], wanted);

		tty_expect(tty, "Start");
		if (keys)
			tty_type(tty, keys);
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

static void
assert_left(struct tty *tty)
{
	tty_expect_report(tty, "nothing was begun");
	int status = tty_wait_end(tty);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_false(tty_alternate(tty));
	tty_stop(tty);
}

static void
form_shows_each_parameter_and_its_source(void **state)
{
	(void)state;
	assert_golden_sizes("form", &usual, NULL, "given by -p");
}

static void
form_offers_what_the_last_run_had(void **state)
{
	(void)state;
	assert_golden_sizes("form-last-run", &recalling, NULL, "last run, 2026-11-20");
}

static void
form_small_screen_shows_the_focused_row(void **state)
{
	struct tty *tty = start(60, 15, &usual);

	(void)state;
	tty_type(tty, DOWN DOWN DOWN DOWN DOWN DOWN);
	tty_expect(tty, "row 9 of 11");
	tty_assert_golden(tty, "form-small");
	tty_stop(tty);
}

static void
form_wrong_value_says_so_below_it(void **state)
{
	(void)state;
	assert_golden_sizes("form-problem", &usual, DOWN "tsb_example.com\r", "is no host name");
}

static void
form_mono_ascii_stays_in_ascii(void **state)
{
	struct setting wanted = { .look = { .ascii = true, .mono = true }, .recalls = true };
	struct tty *tty = start(80, 24, &wanted);

	(void)state;
	tty_type(tty, UP UP UP UP UP UP UP UP UP UP);
	tty_expect(tty, "< tsb >");
	tty_assert_golden(tty, "form-ascii");
	char *text = tty_text(tty);
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at < 0x80);
	free(text);
	tty_stop(tty);
}

static void
form_contexts_are_listed_and_filtered(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, "\t");
	tty_expect(tty, "edge-2");
	tty_assert_golden(tty, "form-contexts");
	tty_type(tty, "xyz");
	tty_expect(tty, "Nothing matches");
	tty_type(tty, "\177\177\177T-B");
	tty_expect_gone(tty, "edge-1");
	tty_type(tty, "\r");
	tty_expect(tty, "mgmt-b");
	tty_expect(tty, "typed here");
	tty_stop(tty);
}

static void
answer_names(struct form_picks *picks)
{
	static const char *const names[] = { "default", "istio-system", "tsb", "tsb-old" };

	*picks = (struct form_picks){ .items = names,
				      .count = 4,
				      .remark = "There are more: only the first 4 are listed." };
}

static void
answer_problem(struct form_picks *picks)
{
	*picks = (struct form_picks){
		.problem = "listing the namespaces of mgmt-b: 403 Forbidden: ana may not list"
	};
}

static void
form_namespaces_are_listed_when_they_come(void **state)
{
	struct setting wanted = { .ask_cluster = answer_names };
	struct tty *tty = start(80, 24, &wanted);

	(void)state;
	tty_type(tty, UP "\t");
	tty_expect(tty, "istio-system");
	tty_assert_golden(tty, "form-namespaces");
	tty_type(tty, DOWN "\r");
	tty_expect_gone(tty, "istio-system");
	tty_expect(tty, "tsb-old");
	tty_stop(tty);
}

static void
form_namespaces_that_do_not_come_can_be_given_up(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, UP "\t");
	tty_expect(tty, "Asking; Esc gives it up");
	tty_assert_golden(tty, "form-asking");
	tty_type(tty, "\033");
	tty_expect_gone(tty, "Asking");
	tty_type(tty, "mine" DOWN);
	tty_expect(tty, "typed here");
	tty_stop(tty);
}

static void
form_plugin_is_heard_while_it_is_waited_for(void **state)
{
	struct setting wanted = { .says = "To sign in, open https://login.example.com/device\n"
					  "and enter the code KXW-4711\n" };
	struct tty *tty = start(80, 24, &wanted);

	(void)state;
	tty_type(tty, UP "\t");
	tty_expect(tty, "and enter the code KXW-4711");
	tty_assert_golden(tty, "form-plugin");
	tty_stop(tty);
}

static void
form_namespaces_that_are_refused_say_why(void **state)
{
	struct setting wanted = { .ask_cluster = answer_problem };
	struct tty *tty = start(80, 24, &wanted);

	(void)state;
	tty_type(tty, UP "\t");
	tty_expect(tty, "ana may not list");
	tty_assert_golden(tty, "form-refused");
	tty_stop(tty);
}

static void
form_list_takes_several(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, DOWN DOWN DOWN DOWN DOWN DOWN "\t");
	tty_expect(tty, "[ ] edge-1");
	tty_type(tty, DOWN DOWN " " DOWN " ");
	tty_expect(tty, "[x] edge-2");
	tty_assert_golden(tty, "form-several");
	tty_type(tty, "\r");
	tty_expect(tty, "edge-1,edge-2");
	tty_stop(tty);
}

static void
form_choice_goes_by_list_letter_and_arrow(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, UP UP "\r");
	tty_expect(tty, "> tsb");
	tty_assert_golden(tty, "form-choice");
	tty_type(tty, "j\r");
	tty_expect(tty, "‹ tse ›");
	tty_type(tty, LEFT);
	tty_expect(tty, "‹ tsb ›");
	tty_type(tty, "t");
	tty_expect(tty, "‹ tse ›");
	tty_stop(tty);
}

static void
form_default_follows_what_it_is_made_of(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, UP UP LEFT);
	tty_expect(tty, "Pla… tse");
	tty_type(tty, DOWN "other\r");
	tty_expect(tty, "Pla… other");
	tty_type(tty, UP UP LEFT);
	tty_expect(tty, "‹ tsb ›");
	tty_expect(tty, "Pla… other");
	tty_type(tty, DOWN CTRL_R);
	tty_expect(tty, "Pla… tsb");
	tty_stop(tty);
}

static void
form_reset_goes_to_the_default_and_to_the_last_run(void **state)
{
	struct tty *tty = start(80, 24, &recalling);

	(void)state;
	tty_type(tty, UP UP UP);
	tty_expect(tty, "row 6 of 11");
	tty_expect(tty, "  5   ");
	tty_type(tty, CTRL_R);
	tty_expect_gone(tty, "  5   ");
	tty_type(tty, CTRL_R);
	tty_expect(tty, "  5   ");
	tty_stop(tty);
}

static void
form_typing_replaces_and_arrows_change(void **state)
{
	struct tty *tty = start(80, 24, &recalling);

	(void)state;
	tty_type(tty, UP UP UP UP UP UP UP "new.example.org\r");
	tty_expect(tty, "new.example.org");
	tty_type(tty, UP LEFT LEFT LEFT "xx\r");
	tty_expect(tty, "new.example.xxorg");
	tty_stop(tty);
}

static void
form_secret_is_hidden_and_registered(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, DOWN DOWN DOWN DOWN DOWN DOWN DOWN "hunter2 hunter2");
	tty_expect(tty, "(hidden, 15 characters)");
	tty_assert_golden(tty, "form-secret");
	tty_type(tty, "\r");
	tty_expect(tty, "[ Start ]");
	tty_expect(tty, "typed here");
	tty_type(tty, UP "file:/nowhere/at/all\r");
	tty_expect(tty, "/nowhere/at/all");
	tty_expect(tty, "cannot be taken");
	tty_stop(tty);
}

static void
form_starts_when_everything_is_valid(void **state)
{
	struct tty *tty = start(120, 36, &recalling);

	(void)state;
	tty_type(tty, CTRL_S);
	tty_expect(tty, "it is to be filled in");
	tty_type(tty, "edge-1, edge-2\r");
	tty_type(tty, "s3cret-value\r");
	tty_expect(tty, "everything is filled in");
	tty_assert_golden(tty, "form-ready");
	tty_type(tty, "\r");
	tty_expect_report(tty, "STARTED");
	tty_expect_report(tty, "context=\"mgmt-a\"");
	tty_expect_report(tty, "replicas=5");
	tty_expect_report(tty, "have_key=false");
	tty_expect_report(tty, "workloads=[\"edge-1\",\"edge-2\"]");
	tty_expect_report(tty, "pg_password=\"s3cret-value\"");
	assert_int_equal(tty_wait_end(tty), 0);
	tty_stop(tty);
}

static void
form_paste_is_text_and_triggers_no_key(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, PASTE("one\rtwo\003\033q?\t"));
	tty_expect(tty, "one two");
	tty_expect(tty, "control character");
	tty_expect(tty, "row 3 of 11");
	tty_type(tty, "\r" DOWN DOWN DOWN DOWN PASTE("y"));
	tty_expect(tty, "Nothing can be pasted here");
	tty_type(tty, DOWN PASTE("a\nb\nc\n"));
	tty_expect(tty, "a,b,c ");
	tty_type(tty, "\r" PASTE("-----BEGIN\nKEY\n"));
	tty_expect(tty, "Several lines were pasted");
	tty_stop(tty);
}

static void
form_too_long_a_text_is_bounded(void **state)
{
	struct tty *tty = start(80, 24, &usual);
	char many[1025];

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	tty_expect(tty, "row 3 of 11"); /* a terminal that takes lines keeps no longer one */
	for (int i = 0; i < 5; i++)
		tty_type(tty, many);
	tty_expect(tty, "no more than 4096 bytes fit");
	tty_stop(tty);
}

static void
form_too_small_waits_and_comes_back(void **state)
{
	struct tty *tty = start(50, 10, &usual);

	(void)state;
	tty_expect(tty, "too small: 50x10, needs 60x15");
	tty_assert_golden(tty, "form-too-small");
	tty_resize(tty, 80, 24);
	tty_expect(tty, "row 3 of 11");
	tty_stop(tty);
}

static void
form_help_lists_its_keys(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, "\033OP");
	tty_expect(tty, "Help: the form");
	tty_assert_golden(tty, "form-help");
	tty_type(tty, "x");
	tty_expect_gone(tty, "Help: the form");
	tty_type(tty, UP UP "?");
	tty_expect(tty, "Help: the form");
	tty_stop(tty);
}

static void
form_escape_leaves_and_asks_where_something_is_lost(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, "mgmt-b\033");
	tty_expect_gone(tty, "mgmt-b");
	tty_type(tty, "mgmt-b\r\033");
	tty_expect(tty, "Leave? Nothing has begun");
	tty_assert_golden(tty, "form-leave");
	tty_type(tty, "n");
	tty_expect_gone(tty, "Leave?");
	tty_type(tty, "\003");
	tty_expect(tty, "Leave?");
	tty_type(tty, "y");
	assert_left(tty);
}

static void
form_untouched_leaves_at_once(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_expect(tty, "Start");
	tty_type(tty, "\033");
	assert_left(tty);
}

static void
form_sigterm_leaves_and_restores_the_terminal(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_expect(tty, "Start");
	tty_signal(tty, SIGTERM);
	tty_expect_report(tty, "left before the run, by SIGTERM");
	assert_left(tty);
}

static void
form_suspended_comes_back_as_it_was(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_type(tty, "mgmt");
	tty_expect(tty, "mgmt");
	tty_type(tty, "\032");
	tty_wait_stopped(tty);
	assert_false(tty_alternate(tty));
	tty_signal(tty, SIGCONT);
	tty_expect(tty, "row 3 of 11");
	tty_type(tty, "-b\r");
	tty_expect(tty, "mgmt-b");
	tty_stop(tty);
}

static void
form_cursor_stands_on_the_focused_row(void **state)
{
	struct tty *tty = start(80, 24, &usual);

	(void)state;
	tty_expect(tty, "Start");
	tty_expect_cursor(tty, 7, 35);
	tty_type(tty, "ab");
	tty_expect_cursor(tty, 7, 37);
	tty_stop(tty);
}

/* It goes to rows, also to those of a list; a value is taken, and the run begun, by keys alone. */
static void
form_mouse_goes_to_rows_and_sets_nothing(void **state)
{
	struct setting clickable = { .look = { .mouse = true } };
	struct tty *tty = start(80, 24, &clickable);

	(void)state;
	tty_expect(tty, "row 3 of 11");
	assert_true(tty_mouse(tty));
	tty_type(tty, "mgmt");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "Replicas"), 4);
	tty_expect(tty, "row 6 of 11");
	tty_expect(tty, "mgmt"); /* what was typed was taken */
	tty_press(tty, TTY_WHEEL_DOWN, tty_row_of(tty, "Replicas"), 4);
	tty_expect(tty, "row 7 of 11");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "Was the key"), 50);
	tty_expect(tty, "row 8 of 11");
	tty_expect(tty, "[ ] no");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "Was the key"), 50);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "Context of"), 4);
	tty_expect(tty, "row 3 of 11");
	tty_type(tty, "\t");
	tty_expect(tty, "filter:");
	tty_expect(tty, "edge-2");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "mgmt-a"), 10);
	tty_expect(tty, "> mgmt-a");
	tty_press(tty, TTY_WHEEL_DOWN, 0, 0);
	tty_expect(tty, "> mgmt-b");
	tty_type(tty, "\r");
	tty_expect_gone(tty, "filter:");
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ Start ]"), 4);
	tty_press(tty, TTY_LEFT, tty_row_of(tty, "[ Start ]"), 4);
	tty_expect(tty, "row 11 of 11");
	tty_stop(tty);
}

/* Nobody who practises reads LIVE, and the other way round. */
static void
form_of_a_drill_says_so(void **state)
{
	struct setting drill = { .is_drill = true };
	struct tty *tty = tty_start(80, 24, child, &drill);

	(void)state;
	tty_expect(tty, " DRILL ");
	tty_expect(tty, "A drill: nothing real is touched.");
	tty_expect_gone(tty, "LIVE");
	tty_resize(tty, 30, 8);
	tty_expect(tty, "too small: 30x8");
	tty_expect(tty, "DRILL");
	tty_expect_gone(tty, "LIVE");
	tty_stop(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_shows_each_parameter_and_its_source),
		cmocka_unit_test(form_of_a_drill_says_so),
		cmocka_unit_test(form_mouse_goes_to_rows_and_sets_nothing),
		cmocka_unit_test(form_offers_what_the_last_run_had),
		cmocka_unit_test(form_small_screen_shows_the_focused_row),
		cmocka_unit_test(form_wrong_value_says_so_below_it),
		cmocka_unit_test(form_mono_ascii_stays_in_ascii),
		cmocka_unit_test(form_contexts_are_listed_and_filtered),
		cmocka_unit_test(form_namespaces_are_listed_when_they_come),
		cmocka_unit_test(form_namespaces_that_do_not_come_can_be_given_up),
		cmocka_unit_test(form_namespaces_that_are_refused_say_why),
		cmocka_unit_test(form_plugin_is_heard_while_it_is_waited_for),
		cmocka_unit_test(form_list_takes_several),
		cmocka_unit_test(form_choice_goes_by_list_letter_and_arrow),
		cmocka_unit_test(form_default_follows_what_it_is_made_of),
		cmocka_unit_test(form_reset_goes_to_the_default_and_to_the_last_run),
		cmocka_unit_test(form_typing_replaces_and_arrows_change),
		cmocka_unit_test(form_secret_is_hidden_and_registered),
		cmocka_unit_test(form_starts_when_everything_is_valid),
		cmocka_unit_test(form_paste_is_text_and_triggers_no_key),
		cmocka_unit_test(form_too_long_a_text_is_bounded),
		cmocka_unit_test(form_too_small_waits_and_comes_back),
		cmocka_unit_test(form_help_lists_its_keys),
		cmocka_unit_test(form_escape_leaves_and_asks_where_something_is_lost),
		cmocka_unit_test(form_untouched_leaves_at_once),
		cmocka_unit_test(form_sigterm_leaves_and_restores_the_terminal),
		cmocka_unit_test(form_suspended_comes_back_as_it_was),
		cmocka_unit_test(form_cursor_stands_on_the_focused_row),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
