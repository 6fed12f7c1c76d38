#include "config.h"

#include "kube/exec_plugin.h"

#include <stdlib.h>
#include <string.h>

#include "base/console.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "net/child/child.h"
#include "net/child/child_words.h"
#include "net/fence/fence.h"

enum {
	GRACE_MS = 30,	      /* it holds nothing that must be brought to an end */
	MAX_OUTPUT = 1 << 20, /* certificates and keys, many times */
	LIKELY_OUTPUT = 64 << 10,
	MAX_TAIL = 1 << 10, /* of what it says, for the error */
	TAIL_LINES = 3,
};

const struct exec_limits exec_limits_usual = {
	.silent_ms = 60000,
	.speaking_ms = 300000,
	.terminal_ms = 300000,
};

/* What was asked of exec_plugin_run(). */
struct request {
	const struct kube_exec *exec;
	const struct exec_limits *limits;
	struct secrets *secrets;
	const struct cancel *cancel;
};

/* One run, with or without the terminal. Errors within it name the plugin at their very end only. */
struct attempt {
	const struct request *request;
	const struct kube_exec *exec;
	struct redactor *redactor; /* NULL: nothing is secret */
	bool interactive;
	bool spoke;
	bool terminal_may_help; /* it failed in a way that a prompt explains */
	struct str output;	/* its answer */
	struct str tail;	/* the end of what it said */
};

/* The ExecCredential that asks; the caller frees. */
static char *
exec_info(const struct attempt *a)
{
	cJSON *root = cJSON_CreateObject(), *spec = cJSON_CreateObject();
	const char *cluster = a->exec->cluster;
	char *text, *variable;

	json_add_string(root, "kind", "ExecCredential");
	json_add_string(root, "apiVersion", a->exec->api_version);
	if (cluster)
		json_add(spec, "cluster", cJSON_CreateRaw(cluster)); /* to the last digit */
	json_add_bool(spec, "interactive", a->interactive);
	json_add(root, "spec", spec);
	text = json_print(root);
	variable = xasprintf("KUBERNETES_EXEC_INFO=%s", text);
	kube_wipe(text);
	kube_json_delete(root);
	return variable;
}

/* A list that borrows: `first` (or NULL), the strings of `list`, `last` (or NULL). The caller frees it. */
static const char **
join(const char *first, char *const *list, const char *last)
{
	size_t count = 0;
	const char **joined;

	for (size_t i = 0; list && list[i]; i++)
		count++;
	joined = xcalloc(count + 3, sizeof(*joined));
	count = 0;
	if (first)
		joined[count++] = first;
	for (size_t i = 0; list && list[i]; i++)
		joined[count++] = list[i];
	joined[count] = last;
	return joined;
}

static void
on_output(void *data, const char *bytes, size_t len_bytes)
{
	struct attempt *a = data;
	struct str clean = STR_INIT;

	if (a->redactor) {
		redactor_push(a->redactor, bytes, len_bytes, &clean);
		redactor_flush(a->redactor, &clean); /* a prompt must be seen to its end */
	} else {
		str_append_bytes(&clean, bytes, len_bytes);
	}
	console_say(a->exec->who, str_cstr(&clean), clean.len);
	a->spoke = true;
	str_append_bytes(&a->tail, str_cstr(&clean), clean.len);
	if (a->tail.len > MAX_TAIL)
		str_consume(&a->tail, a->tail.len - MAX_TAIL);
	str_release(&clean);
}

/* Adds the last lines that it said to the error, on one line. */
static void
add_tail(const struct attempt *a, struct err *e)
{
	struct str line = STR_INIT;

	child_last_lines(str_cstr(&a->tail), a->tail.len, TAIL_LINES, MAX_TAIL, &line);
	if (line.len)
		err_advise(e, "It said: %s", str_cstr(&line));
	str_release(&line);
}

static void
advise_install(const struct kube_exec *exec, struct err *e)
{
	if (exec->install_hint)
		err_advise(e, "The kubeconfig says about installing it: %s", exec->install_hint);
}

/* What went wrong with the run itself. */
static int
explain_failure(struct attempt *a, struct err *e)
{
	if (e->kind == ERR_TIMEOUT)
		a->terminal_may_help = true;
	if (e->kind == ERR_NOT_FOUND || e->kind == ERR_IO) {
		e->kind = ERR_SPEC; /* not found is the command, not what was asked of the server */
		advise_install(a->exec, e);
	}
	if (e->kind != ERR_CANCELLED)
		add_tail(a, e);
	return -1;
}

static int
explain_exit(struct attempt *a, const struct child_result *result, struct err *e)
{
	a->terminal_may_help = true;
	if (result->signal)
		err_set(e, ERR_REMOTE, "it was ended by signal %d (%s)", result->signal,
			strsignal(result->signal));
	else
		err_set(e, ERR_REMOTE, "it gave no credential, but exit code %d",
			result->exit_code);
	add_tail(a, e);
	if (result->exit_code == 127 || result->exit_code == 126)
		advise_install(a->exec, e);
	return -1;
}

static int
run_child(struct attempt *a, const char *const *argv, const char *const *env, struct err *e)
{
	const struct exec_limits *limits = a->request->limits;
	struct child_options options = {
		.argv = argv,
		.env = env,
		.terminal = a->interactive,
		.timeout_ms = a->interactive ? limits->terminal_ms : limits->silent_ms,
		.speaking_timeout_ms = limits->speaking_ms,
		.grace_ms = GRACE_MS,
		.on_output = on_output,
		.data = a,
		.capture = &a->output,
		.capture_max = MAX_OUTPUT,
		.cancel = a->request->cancel,
	};
	struct child_result result;

	if (child_run(&options, &result, e) < 0)
		return explain_failure(a, e);
	if (result.exit_code != 0)
		return explain_exit(a, &result, e);
	return 0;
}

static int
attempt_once(struct attempt *a, struct exec_answer *ret_answer, struct err *e)
{
	const struct kube_exec *exec = a->exec;
	char *info = exec_info(a);
	const char **argv = join(exec->command, exec->args, NULL);
	const char **env = join(NULL, exec->env, info);
	int rc;

	str_reserve(&a->output, LIKELY_OUTPUT); /* so that growing seldom leaves a copy behind */
	rc = run_child(a, argv, env, e);
	if (rc == 0) {
		rc = exec_answer_parse(str_cstr(&a->output), a->output.len, exec->api_version,
				       ret_answer, e);
		if (rc < 0)
			add_tail(a, e);
	}
	free(argv);
	free(env);
	kube_wipe(info);
	return rc;
}

static int
attempt(const struct request *r, bool interactive, struct exec_answer *ret_answer,
	bool *ret_terminal_may_help, struct err *e)
{
	struct attempt a = {
		.request = r,
		.exec = r->exec,
		.redactor = r->secrets ? redactor_new(r->secrets) : NULL,
		.interactive = interactive,
	};
	int rc = attempt_once(&a, ret_answer, e);

	*ret_terminal_may_help = rc < 0 && a.terminal_may_help;
	if (a.spoke)
		console_done(r->exec->who);
	redactor_free(a.redactor);
	str_release_secret(&a.output);
	str_release(&a.tail);
	return rc;
}

static int
run_quietly(const struct request *r, struct exec_answer *ret_answer, struct err *e)
{
	bool may_help;

	return attempt(r, false, ret_answer, &may_help, e);
}

/* The terminal is ours. */
static int
run_on_terminal(const struct request *r, struct exec_answer *ret_answer, struct err *e)
{
	bool may_help;
	int rc = attempt(r, true, ret_answer, &may_help, e);

	console_return();
	return rc;
}

static int
run_quietly_first(const struct request *r, struct exec_answer *ret_answer, struct err *e)
{
	struct err refused = ERR_INIT;
	bool may_help = false;

	if (attempt(r, false, ret_answer, &may_help, e) == 0)
		return 0;
	if (!may_help)
		return -1;
	if (console_borrow(r->exec->who, r->cancel, &refused) == 0)
		return run_on_terminal(r, ret_answer, e);
	if (refused.kind == ERR_CANCELLED)
		*e = refused;
	return -1;
}

static int
run_if_available(const struct request *r, struct exec_answer *ret_answer, struct err *e)
{
	struct err refused = ERR_INIT;

	if (console_is_owned())
		return run_quietly_first(r, ret_answer, e);
	if (console_borrow(r->exec->who, r->cancel, &refused) == 0)
		return run_on_terminal(r, ret_answer, e);
	if (refused.kind == ERR_IO)
		return run_quietly(r, ret_answer, e);
	*e = refused;
	return -1;
}

static int
run_always(const struct request *r, struct exec_answer *ret_answer, struct err *e)
{
	if (console_borrow(r->exec->who, r->cancel, e) == 0)
		return run_on_terminal(r, ret_answer, e);
	if (e->kind == ERR_IO)
		err_advise(
			e,
			"Its interactiveMode is Always: start this program in a terminal, or log "
			"in beforehand and set IfAvailable");
	return -1;
}

int
exec_plugin_run(const struct kube_exec *exec, const struct exec_limits *limits,
		struct secrets *secrets, const struct cancel *cancel,
		struct exec_answer *ret_answer, struct err *e)
{
	struct request r = { exec, limits, secrets, cancel };
	struct err why = ERR_INIT;
	int rc;

	if (fence_stands())
		rc = err_set(&why, ERR_DENIED,
			     "it is not run: a drill never touches anything real, and the world "
			     "of a drill needs no plugin");
	else if (exec->interactive == KUBE_INTERACTIVE_ALWAYS)
		rc = run_always(&r, ret_answer, &why);
	else if (exec->interactive == KUBE_INTERACTIVE_IF_AVAILABLE)
		rc = run_if_available(&r, ret_answer, &why);
	else
		rc = run_quietly(&r, ret_answer, &why);
	if (rc < 0) {
		err_wrap(&why, "the credential plugin %s", exec->who);
		if (e)
			*e = why;
	}
	return rc;
}
