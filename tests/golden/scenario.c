#include "config.h"

#include "scenario.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "harness.h"

enum { BEGIN_S = 1795269600 }; /* 2026-11-21T14:00:00Z */

static const struct step_type types[] = {
	{ .uses = "kubernetes.get", .effect = EFFECT_READS, .target_kinds = TARGET_KUBERNETES },
	{ .uses = "kubernetes.apply", .effect = EFFECT_CHANGES, .target_kinds = TARGET_KUBERNETES },
	{ .uses = "kubernetes.delete",
	  .effect = EFFECT_DESTROYS,
	  .target_kinds = TARGET_KUBERNETES },
	{ .uses = "manual.checklist", .effect = EFFECT_NONE },
};

static char why_key[] =
	"The control planes trust tokens that were signed with **this key**. Restore it before the "
	"operator starts, or every cluster must be onboarded again.\n\n"
	"- the file comes from `backup_dir`\n"
	"- an object that is there already is left as it is\n\n"
	"1. look at the difference below\n2. compare the `kid` with the inventory\n";
static char why_hostile[] =
	"A title with \033[31mcolours\033[0m, \302\233 and \342\200\256reversed text.";

static struct check_spec key_checks[] = {
	{ .action = { .type = &types[0] },
	  .expect = (char[]){ ".data.kid != null" },
	  .message = (char[]){ "the secret holds a key id" } },
};

static struct step_spec steps[] = {
	{ .id = (char[]){ "look" },
	  .title = (char[]){ "Look at the cluster" },
	  .section = (char[]){ "Before" },
	  .action = { .type = &types[0] },
	  .retry_max_attempts = 1 },
	{ .id = (char[]){ "signing-key" },
	  .title = (char[]){ "Restore the iam-signing-key" },
	  .section = (char[]){ "Secrets" },
	  .text = why_key,
	  .action = { .type = &types[1] },
	  .verify = key_checks,
	  .verify_count = 1,
	  .on_failure = ON_FAILURE_GOTO,
	  .goto_step = (char[]){ "look" },
	  .goto_max = 2,
	  .estimate_ms = 60000 },
	{ .id = (char[]){ "drop-tokens" },
	  .title = (char[]){ "Drop the old tokens" },
	  .section = (char[]){ "Secrets" },
	  .text = why_hostile,
	  .action = { .type = &types[2] } },
	{ .id = (char[]){ "inspect" },
	  .title = (char[]){ "Inspect the control planes" },
	  .action = { .type = &types[3] } },
};

static struct end_spec ends[] = {
	{ (char[]){ "recovered" }, (char[]){ "Fully recovered" } },
	{ (char[]){ "escalated" }, (char[]){ "Handed to support" } },
};

static const char run_data[] =
	"{\"runbook\":{\"id\":\"restore\",\"title\":\"Restore the Management "
	"Plane\",\"version\":\"1.0.0\"},"
	"\"mode\":\"live\",\"operator\":\"ana\",\"host\":\"bastion-1\",\"pid\":4711,\"params\":{"
	"\"fqdn\":\"tsb."
	"example.com\"},"
	"\"targets\":[{\"name\":\"management\",\"kind\":\"kubernetes\",\"describe\":\"ctx mgmt-b "
	"ns tsb\","
	"\"spec\":{\"context\":\"mgmt-b\",\"namespace\":\"tsb\",\"kubeconfig\":\"/nonexistent/"
	"kubeconfig\"}}],"
	"\"steps\":["
	"{\"id\":\"look\",\"title\":\"Look at the cluster\",\"section\":\"Before\"},"
	"{\"id\":\"signing-key\",\"title\":\"Restore the "
	"iam-signing-key\",\"section\":\"Secrets\",\"estimate_ms\":60000},"
	"{\"id\":\"drop-tokens\",\"title\":\"Drop the old tokens\",\"section\":\"Secrets\"},"
	"{\"id\":\"inspect\",\"title\":\"Inspect the control planes\"}]}";

static int64_t
frozen_clock(void)
{
	return (BEGIN_S + 38 * 60 + 42) * INT64_C(1000);
}

void
scenario_event(struct scenario *s, enum run_event_type type, const char *step, const char *text)
{
	queue_push(s->link.events, run_event_new(type, step, text));
}

void
scenario_output(struct scenario *s, const char *step, const char *raw)
{
	struct run_event *event = run_event_new(EVENT_OUTPUT, step, NULL);
	struct sgr looks = SGR_INIT;
	struct str text = STR_INIT;

	text_sanitise_coloured(raw, strlen(raw), TEXT_KEEP_NEWLINES, &text, &looks);
	event->text = str_take(&text);
	event->looks = looks;
	queue_push(s->link.events, event);
}

void
scenario_push(struct scenario *s, enum record_type type, const char *data)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse(data, strlen(data), &e);
	struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

	if (!value) {
		fprintf(stderr, "scenario: %s in %s\n", e.message, data);
		abort();
	}
	event->record = record_new(s->seq, (BEGIN_S + s->seq * 60) * 1000, "20261121-7f3a", type,
				   value, s->seq ? s->head : NULL);
	memcpy(s->head, event->record->hash, sizeof(s->head));
	s->seq++;
	queue_push(s->link.events, event);
}

static const char *
intent_name(enum intent_type type)
{
	static const char *const names[] = {
		[INTENT_RUN] = "RUN",	    [INTENT_RECHECK] = "RECHECK",
		[INTENT_SKIP] = "SKIP",	    [INTENT_MARK_DONE] = "MARK_DONE",
		[INTENT_PROBE] = "PROBE",   [INTENT_MARK_NOT_DONE] = "MARK_NOT_DONE",
		[INTENT_ANSWER] = "ANSWER", [INTENT_NOTE] = "NOTE",
		[INTENT_CANCEL] = "CANCEL", [INTENT_GOTO] = "GOTO",
		[INTENT_UNDO] = "UNDO",	    [INTENT_KEEP] = "KEEP",
		[INTENT_END] = "END",	    [INTENT_LEAVE] = "LEAVE",
	};

	return names[type];
}

/* "RUN signing-key seen=4 text=y": every intent, in the order in which they came. */
static void
submit(void *engine, struct intent *intent)
{
	struct scenario *s = engine;
	struct str line = STR_INIT;
	char *answer = intent->answer ? json_print(intent->answer) : NULL;

	str_printf(&line, "%s %s seen=%lld", intent_name(intent->type),
		   intent->step ? intent->step : "-", (long long)intent->seen_seq);
	if (intent->text)
		str_printf(&line, " text=%s", intent->text);
	if (intent->reason)
		str_printf(&line, " reason=%s", intent->reason);
	if (intent->by)
		str_printf(&line, " by=%s", intent->by);
	if (answer)
		str_printf(&line, " answer=%s", answer);
	tty_report(str_cstr(&line));
	if (intent->type == INTENT_LEAVE) {
		scenario_push(s, RECORD_STOP, "{\"by\":\"ana\"}");
		scenario_event(s, EVENT_CLOSED, NULL, NULL);
	} else if (s->answer) {
		s->answer(s, intent);
	}
	free(answer);
	str_release(&line);
	intent_free(intent);
}

static void
free_event(void *event)
{
	run_event_free(event);
}

int
scenario_play(void *data)
{
	const struct play *play = data;
	struct scenario s = { .answer = play->answer };
	struct err e = ERR_INIT;
	enum ui_end end = UI_END_LEFT;
	int rc;

	setlocale(LC_ALL, "C.UTF-8");
	s.runbook = (struct runbook){ .title = (char[]){ "Restore the Management Plane" },
				      .steps = steps,
				      .steps_count = 4,
				      .ends = ends,
				      .ends_count = 2 };
	s.link = (struct run_link){ queue_new(), submit, &s };
	s.options = (struct ui_options){ .runbook = &s.runbook,
					 .run_folder = "/nonexistent/run",
					 .now_ms = frozen_clock };
	run_state_init(&s.state);
	if (play->adjust)
		play->adjust(&s);
	play->stage(&s);
	rc = (play->plain ? ui_plain_run : ui_screen_run)(
		&s.options, s.options.beginning ? NULL : &s.link, &s.state, &end, &e);
	if (rc < 0) {
		fprintf(stderr, "%s\n", e.message);
		tty_report(e.message);
	}
	queue_free(s.link.events, free_event);
	run_state_release(&s.state);
	return rc < 0 ? 100 : (int)end;
}

static void
push_run(struct scenario *s)
{
	static const char live[] = "\"mode\":\"live\"";
	const char *mode = strstr(run_data, live);
	char *data = xasprintf("%.*s\"mode\":\"%s\"%s", (int)(mode - run_data), run_data,
			       s->drill ? "drill" : "live", mode + strlen(live));

	scenario_push(s, RECORD_RUN, data);
	if (s->drill)
		scenario_push(s, RECORD_DRILL, s->drill);
	free(data);
}

void
stage_begin(struct scenario *s)
{
	push_run(s);
	scenario_push(s, RECORD_TARGET,
		      "{\"name\":\"management\",\"identity\":{\"uid\":\"5f1c\"}}");
	scenario_push(s, RECORD_PREFLIGHT,
		      "{\"checks\":[{\"title\":\"management reachable\",\"ok\":true}]}");
}

void
stage_reads(struct scenario *s)
{
	stage_begin(s);
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"look\",\"uses\":\"kubernetes.get\",\"target\":\"management\","
		      "\"effect\":\"reads\",\"confirm\":\"none\",\"preview\":[[\">\","
		      "\"GET /api/v1/namespaces/tsb/pods\"]]}");
}

/* The first step has passed. */
static void
stage_looked(struct scenario *s)
{
	stage_reads(s);
	scenario_push(s, RECORD_INTENT, "{\"step\":\"look\",\"confirmed\":\"none\",\"attempt\":1}");
	scenario_push(s, RECORD_OUTCOME,
		      "{\"step\":\"look\",\"status\":\"ok\",\"duration_ms\":1200,\"outputs\":{"
		      "\"pods\":9},"
		      "\"verify\":[{\"title\":\"kubernetes.get pods\",\"ok\":true}]}");
}

void
stage_ready(struct scenario *s)
{
	stage_looked(s);
	scenario_push(
		s, RECORD_PLAN,
		"{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"target\":\"management\","
		"\"effect\":\"changes\",\"confirm\":\"ask\",\"preview\":["
		"[\" \",\"1 object from iam-signing-key.yaml\"],"
		"[\">\",\"PATCH "
		"/api/v1/namespaces/tsb/secrets/iam-signing-key?fieldManager=lifeboat\"],"
		"[\"=\",\"kind: Secret\"],[\"-\",\"  kid: b2xk\"],[\"+\",\"  kid: "
		"\\u2039secret:kid\\u203a\"],"
		"[\"!\",\"the object was last changed by helm\"]],"
		"\"preconditions\":[{\"title\":\"kubernetes.get namespaces/tsb\",\"ok\":true}]}");
}

void
stage_destroy(struct scenario *s)
{
	stage_ready(s);
	scenario_push(s, RECORD_SKIP,
		      "{\"step\":\"signing-key\",\"by\":\"ana\",\"reason\":\"the key is there\"}");
	scenario_push(
		s, RECORD_PLAN,
		"{\"step\":\"drop-tokens\",\"uses\":\"kubernetes.delete\",\"target\":"
		"\"management\","
		"\"effect\":\"destroys\",\"confirm\":\"type-name\",\"confirm_name\":\"tsb/"
		"old-tokens\","
		"\"preview\":[[\">\",\"DELETE /api/v1/namespaces/tsb/secrets/old-tokens\"]]}");
}

void
stage_two_person(struct scenario *s)
{
	stage_looked(s);
	scenario_push(
		s, RECORD_PLAN,
		"{\"step\":\"signing-key\",\"uses\":\"kubernetes.apply\",\"target\":\"management\","
		"\"effect\":\"changes\",\"confirm\":\"two-person\",\"preview\":[]}");
}

void
stage_running(struct scenario *s)
{
	stage_ready(s);
	scenario_push(
		s, RECORD_INTENT,
		"{\"step\":\"signing-key\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1}");
	scenario_event(s, EVENT_OUTPUT, "signing-key",
		       "applying secret/iam-signing-key\nanswer: 200 OK\n");
	scenario_event(s, EVENT_PROGRESS, "signing-key", "2 of 3 servers show the new value");
}

void
stage_failed(struct scenario *s)
{
	stage_running(s);
	scenario_push(
		s, RECORD_OUTCOME,
		"{\"step\":\"signing-key\",\"status\":\"failed\",\"duration_ms\":60000,\"error\":{"
		"\"kind\":\"denied\",\"message\":\"kubernetes.apply secret/iam-signing-key in "
		"mgmt-b/tsb: "
		"403 Forbidden: user dr-operator may not patch secrets. Ask for that right, then "
		"press r\"},"
		"\"verify\":[{\"title\":\"kubernetes.get secrets/iam-signing-key\",\"expect\":"
		"\".data.kid != null\",\"message\":\"the secret holds no key id\",\"ok\":false}]}");
}

void
stage_probing(struct scenario *s)
{
	stage_ready(s);
	scenario_push(s, RECORD_INTENT,
		      "{\"step\":\"signing-key\",\"confirmed\":\"y\",\"by\":\"ana\",\"attempt\":1,"
		      "\"key\":\"20261121-7f3a/signing-key/1\"}");
	scenario_push(s, RECORD_RESUMED,
		      "{\"operator\":\"bo\",\"host\":\"bastion-2\",\"pid\":812,\"recovered\":[]}");
	scenario_event(s, EVENT_PROGRESS, "signing-key", "looking whether it happened");
}

/* The step may have happened: what a look at the system has shown. */
void
stage_probed(struct scenario *s, const char *probe)
{
	stage_probing(s);
	scenario_push(s, RECORD_PROBE, probe);
}

void
stage_unknown(struct scenario *s)
{
	stage_probed(s,
		     "{\"step\":\"signing-key\",\"intent\":7,\"verdict\":\"unsure\",\"lines\":["
		     "\"secrets/iam-signing-key in tsb: uid 5f1c, generation 7, last written by "
		     "kubectl at 14:07:31Z, after the step had begun\","
		     "\"verify: kubernetes.get secrets/iam-signing-key holds\"],\"error\":null}");
}

/* The last step runs and asks. */
static void
stage_asking(struct scenario *s, const char *prompt)
{
	stage_destroy(s);
	scenario_push(s, RECORD_SKIP,
		      "{\"step\":\"drop-tokens\",\"by\":\"ana\",\"reason\":\"none left\"}");
	scenario_push(s, RECORD_PLAN,
		      "{\"step\":\"inspect\",\"uses\":\"manual.checklist\",\"effect\":\"none\","
		      "\"confirm\":\"none\",\"preview\":[]}");
	scenario_push(s, RECORD_INTENT,
		      "{\"step\":\"inspect\",\"confirmed\":\"none\",\"attempt\":1}");
	scenario_push(s, RECORD_PROMPT, prompt);
}

void
stage_checklist(struct scenario *s)
{
	stage_asking(
		s, "{\"step\":\"inspect\",\"kind\":\"checklist\",\"question\":\"What do you see?\","
		   "\"items\":[{\"id\":\"ui\",\"text\":\"The UI answers by its name\"},"
		   "{\"id\":\"count\",\"text\":\"Clusters are listed\",\"value\":true}]}");
}

void
stage_input(struct scenario *s)
{
	stage_asking(s,
		     "{\"step\":\"inspect\",\"kind\":\"input\",\"question\":\"How many clusters?\","
		     "\"pattern\":\"[0-9]+\",\"default\":\"3\"}");
}

void
stage_secret(struct scenario *s)
{
	stage_asking(s,
		     "{\"step\":\"inspect\",\"kind\":\"input\",\"question\":\"The admin password\","
		     "\"secret\":true}");
}

void
stage_choice(struct scenario *s)
{
	stage_asking(
		s,
		"{\"step\":\"inspect\",\"kind\":\"choice\",\"question\":\"Which way?\",\"default\":"
		"\"right\",\"items\":[{\"id\":\"left\",\"text\":\"The left one\"},"
		"{\"id\":\"right\",\"text\":\"The right one\"}]}");
}

void
stage_confirm(struct scenario *s)
{
	stage_asking(s,
		     "{\"step\":\"inspect\",\"kind\":\"confirm\",\"question\":\"Is the UI up?\"}");
}

void
stage_past_last(struct scenario *s)
{
	stage_confirm(s);
	char *answer = xasprintf("{\"step\":\"inspect\",\"prompt\":%lld,\"answer\":{\"confirmed\":"
				 "true},\"by\":\"ana\"}",
				 (long long)s->seq - 1);
	scenario_push(s, RECORD_ANSWER, answer);
	free(answer);
	scenario_push(s, RECORD_OUTCOME,
		      "{\"step\":\"inspect\",\"status\":\"ok\",\"duration_ms\":120000}");
}

void
stage_ended(struct scenario *s)
{
	stage_past_last(s);
	scenario_push(s, RECORD_END,
		      "{\"id\":\"recovered\",\"title\":\"Fully recovered\",\"by\":\"ana\"}");
	scenario_event(s, EVENT_CLOSED, NULL, NULL);
}

struct tty *
scenario_start(int columns, int rows, void (*stage)(struct scenario *),
	       void (*answer)(struct scenario *, const struct intent *))
{
	struct play play = { .stage = stage, .answer = answer };

	return tty_start(columns, rows, scenario_play, &play);
}

struct tty *
scenario_start_adjusted(int columns, int rows, void (*stage)(struct scenario *),
			void (*adjust)(struct scenario *))
{
	struct play play = { .stage = stage, .adjust = adjust };

	return tty_start(columns, rows, scenario_play, &play);
}

void
scenario_assert_sizes(const char *name, void (*stage)(struct scenario *),
		      void (*adjust)(struct scenario *), const char *keys, const char *until)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 160, 48 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tty *tty = scenario_start_adjusted(sizes[i][0], sizes[i][1], stage, adjust);

		if (keys) {
			tty_expect(tty, "Now:");
			tty_type(tty, keys);
		}
		tty_expect(tty, until);
		tty_assert_golden(tty, name);
		tty_stop(tty);
	}
}

void
scenario_leave(struct tty *tty)
{
	tty_type(tty, "q");
	tty_expect(tty, "Leave the run now?");
	tty_type(tty, "y");
	assert_true(WIFEXITED(tty_wait_end(tty)));
	assert_int_equal(WEXITSTATUS(tty_wait_end(tty)), UI_END_LEFT);
	tty_stop(tty);
}
