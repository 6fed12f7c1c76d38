#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "base/console.h"
#include "base/file.h"
#include "base/json.h"
#include "fixture_certificate.h"
#include "fixture_server.h"
#include "kube/exec_plugin.h"

#define V1 "client.authentication.k8s.io/v1"
#define BETA "client.authentication.k8s.io/v1beta1"
#define ANSWER(version, status)                                                                    \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" version "\",\"status\":" status "}"
#define SAY_TOKEN "echo '" ANSWER(V1, "{\"token\":\"t0ken-of-plugin\"}") "'\n"

static char who[] = "plugin (user u)", v1[] = V1, beta[] = BETA, bare[] = "plugin",
	    missing[] = "no-such-plugin", missing_path[] = "/nonexistent/plugin",
	    hint[] = "See https://example.com/install.", cluster[] = "{\"server\":\"https://h\"}";

/* A plugin as a script in a folder of its own. */
struct plugin {
	char *folder, *script;
	struct kube_exec exec;
	struct exec_limits limits;
	struct exec_answer answer;
	struct cancel *cancel;
	struct secrets *secrets;
	struct err e;
};

static int
set_up(void **state)
{
	struct plugin *p = xcalloc(1, sizeof(*p));

	p->folder = fixture_folder();
	p->script = xasprintf("%s/plugin", p->folder);
	p->exec = (struct kube_exec){
		.who = who,
		.api_version = v1,
		.command = p->script,
		.interactive = KUBE_INTERACTIVE_NEVER,
	};
	p->limits = exec_limits_usual;
	p->cancel = cancel_new();
	console_own(); /* so that nothing comes to the screen of who tests */
	p->secrets = secrets_new();
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct plugin *p = *state;

	console_disown(true);
	exec_answer_release(&p->answer);
	cancel_free(p->cancel);
	secrets_free(p->secrets);
	free(p->script);
	fixture_remove(p->folder);
	free(p);
	return 0;
}

static void
write_script(struct plugin *p, const char *body)
{
	char *text = xasprintf("#!/bin/sh\n%s", body);

	free(fixture_write(p->folder, "plugin", text));
	chmod(p->script, 0700);
	free(text);
}

static int
run(struct plugin *p, const char *body)
{
	exec_answer_release(&p->answer);
	write_script(p, body);
	return exec_plugin_run(&p->exec, &p->limits, p->secrets, p->cancel, &p->answer, &p->e);
}

static void
run_or_fail(struct plugin *p, const char *body)
{
	if (run(p, body) < 0)
		fail_msg("%s", p->e.message);
}

static void
assert_message(const struct plugin *p, const char *part)
{
	if (!strstr(p->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, p->e.message);
}

static void
assert_refused(struct plugin *p, const char *body, enum err_kind kind, const char *message)
{
	if (run(p, body) == 0)
		fail_msg("was accepted: %s", body);
	if (p->e.kind != kind)
		fail_msg("%s, not %s: %s", err_kind_name(p->e.kind), err_kind_name(kind),
			 p->e.message);
	assert_message(p, message);
	assert_message(p, "plugin (user u)");
	assert_null(strstr(p->e.message, "s3cret"));
	assert_null(p->answer.token);
}

/* What a script wrote into a file of the folder; the caller frees. */
static char *
written(const struct plugin *p, const char *name)
{
	char *path = xasprintf("%s/%s", p->folder, name);
	struct str text = STR_INIT;

	if (file_read(path, 1 << 20, &text, NULL) < 0)
		fail_msg("%s was not written", path);
	free(path);
	return str_take(&text);
}

static void
run_token_and_expiry_are_taken(void **state)
{
	struct plugin *p = *state;

	run_or_fail(p, "echo '" ANSWER(V1, "{\"token\":\"t0ken\",\"expirationTimestamp\":"
					   "\"2026-11-21T14:07:32Z\"}") "'\n");
	assert_string_equal(p->answer.token, "t0ken");
	assert_null(p->answer.client_cert_pem);
	assert_int_equal(p->answer.expires_ms, INT64_C(1795270052000));
	run_or_fail(p, SAY_TOKEN);
	assert_true(p->answer.expires_ms == INT64_MAX);
	p->exec.api_version = beta;
	run_or_fail(p, "echo '" ANSWER(BETA, "{\"token\":\"beta\"}") "'\n");
	assert_string_equal(p->answer.token, "beta");
}

static void
run_certificate_and_key_are_taken(void **state)
{
	struct plugin *p = *state;
	struct fixture_pair pair = fixture_pair_new("me", -60, 3600),
			    other = fixture_pair_new("you", -60, 3600);
	char *certificate = fixture_escaped(pair.certificate), *key = fixture_escaped(pair.key);
	char *body = xasprintf("cat <<'END'\n{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
			       "\",\"status\":{\"clientCertificateData\":\"%s\","
			       "\"clientKeyData\":\"%s\"}}\nEND\n",
			       certificate, key);

	run_or_fail(p, body);
	assert_string_equal(p->answer.client_cert_pem, pair.certificate);
	assert_string_equal(p->answer.client_key_pem, pair.key);
	assert_null(p->answer.token);
	free(body);
	free(certificate);
	certificate = fixture_escaped(other.certificate);
	body = xasprintf("cat <<'END'\n{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
			 "\",\"status\":{\"clientCertificateData\":\"%s\","
			 "\"clientKeyData\":\"%s\"}}\nEND\n",
			 certificate, key);
	assert_refused(p, body, ERR_SPEC, "does not belong");
	free(body);
	free(certificate);
	free(key);
	fixture_pair_free(&pair);
	fixture_pair_free(&other);
}

static void
run_arguments_and_environment_reach_it(void **state)
{
	struct plugin *p = *state;
	char *args[] = { "get token", "$HOME", NULL }, *env[] = { "LIFEBOAT_A=b c", NULL };
	char *got, *info;
	cJSON *value;

	p->exec.args = args;
	p->exec.env = env;
	p->exec.cluster = cluster;
	setenv("LIFEBOAT_PARENT", "kept", 1);
	run_or_fail(p,
		    "cd \"${0%/*}\"\n"
		    "printf '%s|' \"$#\" \"$1\" \"$2\" \"$LIFEBOAT_A\" \"$LIFEBOAT_PARENT\" >got\n"
		    "printf '%s' \"$KUBERNETES_EXEC_INFO\" >info\n" SAY_TOKEN);
	got = written(p, "got");
	assert_string_equal(got, "2|get token|$HOME|b c|kept|");
	info = written(p, "info");
	value = json_parse(info, strlen(info), &p->e);
	assert_string_equal(json_string(value, "kind", ""), "ExecCredential");
	assert_string_equal(json_string(value, "apiVersion", ""), V1);
	assert_string_equal(json_string(value, "spec/cluster/server", ""), "https://h");
	assert_true(cJSON_IsFalse(json_at(value, "spec/interactive")));
	cJSON_Delete(value);
	free(info);
	free(got);
}

static void
run_bare_command_is_found_in_the_path(void **state)
{
	struct plugin *p = *state;
	char *before = xstrdup(getenv("PATH"));
	char *path = xasprintf("%s:%s", p->folder, before);

	p->exec.command = bare;
	setenv("PATH", path, 1);
	run_or_fail(p, SAY_TOKEN);
	setenv("PATH", before, 1);
	assert_string_equal(p->answer.token, "t0ken-of-plugin");
	free(before);
	free(path);
}

static void
run_missing_command_gives_the_install_hint(void **state)
{
	struct plugin *p = *state;

	p->exec.command = missing;
	p->exec.install_hint = hint;
	assert_refused(p, "", ERR_SPEC, "no command \"no-such-plugin\" in PATH");
	assert_message(p, "See https://example.com/install.");
	p->exec.command = missing_path;
	assert_refused(p, "", ERR_SPEC, "/nonexistent/plugin");
	assert_message(p, "See https://example.com/install.");
}

static void
run_answers_that_are_none_are_spec_errors(void **state)
{
	static const struct {
		const char *output, *message;
	} cases[] = {
		{ "s3cret garbage", "not JSON" },
		{ "", "not JSON" },
		{ "{\"token\":\"s3cret\"}", "not ExecCredential" },
		{ ANSWER(BETA, "{\"token\":\"s3cret\"}"),
		  "/v1beta1\", and the kubeconfig asks for" },
		{ ANSWER(V1, "{}"), "neither a token" },
		{ ANSWER(V1, "null"), "neither a token" },
		{ ANSWER(V1, "{\"clientCertificateData\":\"s3cret\"}"), "not both" },
		{ ANSWER(V1, "{\"clientKeyData\":\"s3cret\"}"), "not both" },
		{ ANSWER(V1, "{\"clientCertificateData\":\"s3cret\",\"clientKeyData\":\"s3cret\"}"),
		  "not readable" },
		{ ANSWER(V1, "{\"token\":\"s3cret\\\\r\\\\nX: y\"}"), "control character" },
		{ ANSWER(V1, "{\"token\":[\"s3cret\"]}"), "not text" },
		{ ANSWER(V1, "{\"token\":\"s3cret\",\"expirationTimestamp\":\"tomorrow\"}"),
		  "RFC 3339" },
		{ ANSWER(V1, "{\"token\":\"s3cret\"}") " s3cret", "not JSON" },
	};
	struct plugin *p = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *body = xasprintf("echo '%s'; echo warned >&2\n", cases[i].output);

		assert_refused(p, body, ERR_SPEC, cases[i].message);
		assert_message(p, "It said: warned");
		free(body);
	}
}

static void
run_answer_without_end_is_refused(void **state)
{
	assert_refused(*state, "yes s3cret | head -c 2000000\n", ERR_REMOTE, "more than");
}

static void
run_failure_gives_the_last_lines_redacted(void **state)
{
	struct plugin *p = *state;

	secrets_add(p->secrets, "kubeconfig.token", "hunter2-hunter2", 15, NULL);
	assert_refused(p,
		       "seq 1 2000 >&2\n"
		       "printf 'login \\033[31mexpired\\033[0m\\n\\nfor hunter2-hunter2\\r\\n' "
		       ">&2\nexit 3\n",
		       ERR_REMOTE, "exit code 3");
	assert_message(p, "It said: 2000; login expired; for ‹secret:kubeconfig.token›");
	assert_null(strstr(p->e.message, "hunter2"));
	assert_null(strstr(p->e.message, "1999"));
	assert_refused(p, "kill -11 $$\n", ERR_REMOTE, "signal 11");
}

static void
run_silent_or_speaking_too_long_is_stopped(void **state)
{
	struct plugin *p = *state;

	p->limits = (struct exec_limits){ .silent_ms = 100, .speaking_ms = 60000 };
	assert_refused(p, "exec sleep 60\n", ERR_TIMEOUT, "still running after ");
	p->limits = (struct exec_limits){ .silent_ms = 60000, .speaking_ms = 100 };
	assert_refused(p, "echo wait >&2; exec sleep 60\n", ERR_TIMEOUT, "It said: wait");
}

static void
run_that_speaks_has_more_time(void **state)
{
	struct plugin *p = *state;
	int64_t begin_ms = clock_mono_ms();

	/* speaking_ms counts from the start of it */
	p->limits = (struct exec_limits){ .silent_ms = 1000, .speaking_ms = 60000 };
	run_or_fail(p, "echo 'use code AB-CD' >&2\nsleep 1.3\n" SAY_TOKEN);
	assert_in_range(clock_mono_ms() - begin_ms, 1300, 8000);
}

/* Cancels as soon as the plugin has spoken. */
static void *
cancel_when_it_speaks(void *data)
{
	struct plugin *p = data;
	struct pollfd pfd = { .fd = console_own(), .events = POLLIN };
	struct console_event event;

	poll(&pfd, 1, 5000);
	if (console_next(&event))
		console_event_release(&event);
	int64_t asked_ms = clock_mono_ms();
	cancel_request(p->cancel);
	return (void *)(intptr_t)asked_ms;
}

static void
assert_cancelled_at_once(struct plugin *p, const char *body)
{
	pthread_t thread;
	void *asked;

	console_own();
	pthread_create(&thread, NULL, cancel_when_it_speaks, p);
	assert_refused(p, body, ERR_CANCELLED, "cancelled");
	int64_t now_ms = clock_mono_ms();
	pthread_join(thread, &asked);
	assert_in_range(now_ms - (int64_t)(intptr_t)asked, 0, 500);
}

static void
run_cancelled_returns_at_once(void **state)
{
	assert_cancelled_at_once(*state, "echo ready >&2; exec sleep 60\n");
}

static void
run_cancelled_stubborn_family_is_killed_at_once(void **state)
{
	assert_cancelled_at_once(*state, "trap '' TERM\n(trap '' TERM; sleep 60) &\n"
					 "setsid sleep 2 &\n"
					 "echo ready >&2\nwhile :; do sleep 60; done\n");
}

static void
run_cancelled_before_does_not_start_it(void **state)
{
	struct plugin *p = *state;

	cancel_request(p->cancel);
	assert_refused(p, "touch \"$0.ran\"\n" SAY_TOKEN, ERR_CANCELLED, "cancelled");
	char *mark = xasprintf("%s.ran", p->script);
	assert_false(file_exists(mark));
	free(mark);
}

/* The owner of the screen, who collects what is said and lends the terminal when asked. */
struct owner {
	struct cancel *stop;
	struct str said;
	int asked, done;
	int fd;
	pthread_t thread;
};

static void *
own(void *data)
{
	struct owner *o = data;
	struct console_event event;

	while (!cancel_requested(o->stop)) {
		struct pollfd pfds[] = { { .fd = o->fd, .events = POLLIN },
					 { .fd = cancel_fd(o->stop), .events = POLLIN } };

		poll(pfds, 2, 5000);
		while (console_next(&event)) {
			if (event.type == CONSOLE_TEXT)
				str_append(&o->said, event.text);
			o->done += event.type == CONSOLE_DONE;
			o->asked += event.type == CONSOLE_BORROW;
			if (event.type == CONSOLE_BORROW)
				console_lend();
			console_event_release(&event);
		}
	}
	return NULL;
}

static void
owner_start(struct owner *o)
{
	*o = (struct owner){ .stop = cancel_new(), .fd = console_own() };
	pthread_create(&o->thread, NULL, own, o);
}

static void
owner_end(struct owner *o)
{
	cancel_request(o->stop);
	pthread_join(o->thread, NULL);
	cancel_free(o->stop);
	console_disown(true);
	str_release(&o->said);
}

static void
run_words_reach_the_owner_while_it_runs(void **state)
{
	struct plugin *p = *state;
	struct console_event event;
	struct pollfd pfd = { .fd = console_own(), .events = POLLIN };

	run_or_fail(p, "printf 'use code AB-CD' >&2\n" SAY_TOKEN);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_true(console_next(&event));
	assert_int_equal(event.type, CONSOLE_TEXT);
	assert_string_equal(event.who, "plugin (user u)");
	assert_string_equal(event.text, "use code AB-CD");
	console_event_release(&event);
	assert_true(console_next(&event));
	assert_int_equal(event.type, CONSOLE_DONE);
	console_event_release(&event);
}

/* ---- on a terminal: each part runs in a child whose controlling terminal is a pty ---- */

struct terminal {
	int master;
	pid_t pid;
	struct str seen;
};

/* Reads what comes to the screen until `text` was seen; false at the end. */
static bool
await_screen(struct terminal *t, const char *text)
{
	int64_t until_ms = clock_mono_ms() + 5000;

	while (!strstr(str_cstr(&t->seen), text) && clock_mono_ms() < until_ms) {
		struct pollfd pfd = { .fd = t->master, .events = POLLIN };
		char bytes[512];

		if (poll(&pfd, 1, 100) <= 0)
			continue;
		ssize_t len = read(t->master, bytes, sizeof(bytes));
		if (len <= 0)
			break;
		str_append_bytes(&t->seen, bytes, (size_t)len);
	}
	return strstr(str_cstr(&t->seen), text) != NULL;
}

static void
type_text(struct terminal *t, const char *text)
{
	if (write(t->master, text, strlen(text)) < 0)
		fail_msg("the terminal is gone");
}

static void
start_on_terminal(struct terminal *t, struct plugin *p, int (*part)(struct plugin *))
{
	t->seen = (struct str)STR_INIT;
	t->pid = forkpty(&t->master, NULL, NULL, NULL);
	if (t->pid == 0) {
		console_disown(true);
		int failed = part(p);

		if (failed)
			fprintf(stderr, "part %d: %s\n", failed, p->e.message);
		_exit(failed);
	}
}

static void
end_on_terminal(struct terminal *t)
{
	int status = -1;

	await_screen(t, "\001never");
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	close(t->master);
	if (status != 0)
		fail_msg("status %d: %s", status, str_cstr(&t->seen));
	str_release(&t->seen);
}

#define PROMPT                                                                                     \
	"test -t 0 && test -t 2 || exit 9\n"                                                       \
	"case $KUBERNETES_EXEC_INFO in *'\"interactive\":true'*) ;; *) exit 8;; esac\n"            \
	"printf 'MFA: ' >&2\nread code\n"                                                          \
	"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1                                  \
	"\",\"status\":{\"token\":\"token-'$code'\"}}'\n"

/* The terminal is as it was: ours in front, with its modes, and nothing typed ahead. */
static int
check_terminal(const struct termios *before)
{
	struct termios after;
	int waiting = -1;

	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return 20;
	if (tcgetattr(STDIN_FILENO, &after) < 0 || after.c_lflag != before->c_lflag ||
	    memcmp(after.c_cc, before->c_cc, sizeof(after.c_cc)) != 0)
		return 21;
	return ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting == 0 ? 0 : 22;
}

static int
run_and_check(struct plugin *p, const char *token)
{
	struct termios raw, before;

	tcgetattr(STDIN_FILENO, &raw);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* as a screen leaves it */
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	tcgetattr(STDIN_FILENO, &before);
	if (exec_plugin_run(&p->exec, &p->limits, p->secrets, p->cancel, &p->answer, &p->e) < 0)
		return token ? 10 : check_terminal(&before);
	if (!token || strcmp(p->answer.token, token) != 0)
		return 11;
	return check_terminal(&before);
}

static int
prompt_part(struct plugin *p)
{
	return run_and_check(p, "token-123456");
}

static void
answer_prompt(struct plugin *p, int (*part)(struct plugin *))
{
	struct terminal t;

	start_on_terminal(&t, p, part);
	if (!await_screen(&t, "MFA: "))
		fail_msg("no prompt: %s", str_cstr(&t.seen));
	type_text(&t, "123456\nq"); /* the q must not reach the screen behind it */
	end_on_terminal(&t);
}

static void
run_always_gets_the_terminal_and_gives_it_back(void **state)
{
	struct plugin *p = *state;

	p->exec.interactive = KUBE_INTERACTIVE_ALWAYS;
	write_script(p, PROMPT);
	answer_prompt(p, prompt_part);
}

static void
run_if_available_without_a_screen_gets_the_terminal(void **state)
{
	struct plugin *p = *state;

	p->exec.interactive = KUBE_INTERACTIVE_IF_AVAILABLE;
	write_script(p, PROMPT);
	answer_prompt(p, prompt_part);
}

/* Quietly first: only the failure of that asks the owner for the terminal. */
static int
owned_part(struct plugin *p)
{
	struct owner o;
	int failed;

	owner_start(&o);
	failed = run_and_check(p, "token-123456");
	if (!failed && (o.asked != 1 || !strstr(str_cstr(&o.said), "quiet")))
		failed = 30;
	owner_end(&o);
	return failed;
}

static void
run_if_available_under_a_screen_asks_only_after_a_failure(void **state)
{
	struct plugin *p = *state;

	p->exec.interactive = KUBE_INTERACTIVE_IF_AVAILABLE;
	write_script(p, "test -t 0 || { echo quiet >&2; exit 5; }\n" PROMPT);
	answer_prompt(p, owned_part);
}

static int
owned_quiet_part(struct plugin *p)
{
	struct owner o;
	int failed;

	owner_start(&o);
	failed = run_and_check(p, "t0ken-of-plugin");
	if (!failed && o.asked != 0)
		failed = 30;
	owner_end(&o);
	return failed;
}

static void
run_if_available_that_needs_nobody_leaves_the_screen_alone(void **state)
{
	struct plugin *p = *state;
	struct terminal t;

	p->exec.interactive = KUBE_INTERACTIVE_IF_AVAILABLE;
	write_script(p, "test -t 0 && exit 7\n"
			"case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) ;; *) exit 8;; "
			"esac\n" SAY_TOKEN);
	start_on_terminal(&t, p, owned_quiet_part);
	end_on_terminal(&t);
}

static int
failing_part(struct plugin *p)
{
	return run_and_check(p, NULL);
}

static void
run_on_terminal_interrupted_by_its_user_gives_it_back(void **state)
{
	struct plugin *p = *state;
	struct terminal t;

	p->exec.interactive = KUBE_INTERACTIVE_ALWAYS;
	write_script(p, PROMPT);
	start_on_terminal(&t, p, failing_part);
	assert_true(await_screen(&t, "MFA: "));
	type_text(&t, "\003");
	end_on_terminal(&t);
}

static void *
cancel_it(void *data)
{
	struct plugin *p = data;
	char *mark = xasprintf("%s.ready", p->script);

	for (int i = 0; i < 2000 && !file_exists(mark); i++)
		poll(NULL, 0, 2);
	free(mark);
	cancel_request(p->cancel);
	return NULL;
}

static int
cancelled_part(struct plugin *p)
{
	pthread_t thread;
	int failed;

	pthread_create(&thread, NULL, cancel_it, p);
	failed = run_and_check(p, NULL);
	pthread_join(thread, NULL);
	return failed ? failed : p->e.kind == ERR_CANCELLED ? 0 : 30;
}

static void
run_on_terminal_cancelled_gives_it_back(void **state)
{
	struct plugin *p = *state;
	struct terminal t;

	p->exec.interactive = KUBE_INTERACTIVE_ALWAYS;
	write_script(p, "touch \"$0.ready\"\n" PROMPT);
	start_on_terminal(&t, p, cancelled_part);
	end_on_terminal(&t);
}

static int
no_terminal_part(struct plugin *p)
{
	setsid();
	console_disown(true);
	p->exec.interactive = KUBE_INTERACTIVE_ALWAYS;
	if (exec_plugin_run(&p->exec, &p->limits, p->secrets, NULL, &p->answer, &p->e) == 0)
		return 1;
	if (p->e.kind != ERR_IO || !strstr(p->e.message, "interactiveMode is Always"))
		return 2;
	p->exec.interactive = KUBE_INTERACTIVE_IF_AVAILABLE;
	return exec_plugin_run(&p->exec, &p->limits, p->secrets, NULL, &p->answer, &p->e) < 0 ? 3
											      : 0;
}

static void
run_without_a_terminal_fails_always_and_runs_if_available(void **state)
{
	struct plugin *p = *state;
	int status = -1;
	pid_t pid;

	write_script(p, SAY_TOKEN);
	pid = fork();
	if (pid == 0)
		_exit(no_terminal_part(p));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(run_token_and_expiry_are_taken),
		CASE(run_certificate_and_key_are_taken),
		CASE(run_arguments_and_environment_reach_it),
		CASE(run_bare_command_is_found_in_the_path),
		CASE(run_missing_command_gives_the_install_hint),
		CASE(run_answers_that_are_none_are_spec_errors),
		CASE(run_answer_without_end_is_refused),
		CASE(run_failure_gives_the_last_lines_redacted),
		CASE(run_silent_or_speaking_too_long_is_stopped),
		CASE(run_that_speaks_has_more_time),
		CASE(run_cancelled_returns_at_once),
		CASE(run_cancelled_stubborn_family_is_killed_at_once),
		CASE(run_cancelled_before_does_not_start_it),
		CASE(run_words_reach_the_owner_while_it_runs),
		CASE(run_always_gets_the_terminal_and_gives_it_back),
		CASE(run_if_available_without_a_screen_gets_the_terminal),
		CASE(run_if_available_under_a_screen_asks_only_after_a_failure),
		CASE(run_if_available_that_needs_nobody_leaves_the_screen_alone),
		CASE(run_on_terminal_interrupted_by_its_user_gives_it_back),
		CASE(run_on_terminal_cancelled_gives_it_back),
		CASE(run_without_a_terminal_fails_always_and_runs_if_available),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
