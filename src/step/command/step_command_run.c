#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/command/step_command.h"
#include "step/command/step_command_output.h"
#include "step/command/step_command_plan.h"
#include "step/steps.h"

static const char *const effects[] = { "reads", "changes", "destroys", NULL };

static const struct field fields[] = {
	{ .name = "argv",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The command and its arguments, each an element of the list; no shell reads "
		  "them." },
	{ .name = "shell",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Hand the one string of argv to /bin/sh. Values from outside do not belong into "
		  "it: pass them by env." },
	{ .name = "env",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Environment variables to set; never a secret. Those that lead to a cluster "
		  "(KUBECONFIG and its like) are set by the target, where there is one." },
	{ .name = "secret_env",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "Environment variables that hold secrets, each ${.params.NAME} of a secret "
		  "parameter, for a "
		  "command that takes them no other way: other processes of the same user can read "
		  "them." },
	{ .name = "inherit",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Names of further variables of your own environment that the command needs, such "
		  "as AWS_PROFILE or AWS_*; or all. By themselves only those are passed on that "
		  "say who and where you are (PATH, HOME, LANG, TZ, proxies and the like), and of "
		  "a target whose login plugin needs some, those." },
	{ .name = "folder",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The folder to work in." },
	{ .name = "stdin",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "What the command reads; it may hold secrets, and is then shown nowhere. Without "
		  "it, and without stdin_file, there is nothing to read." },
	{ .name = "stdin_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A file that becomes the standard input; at most 64 MiB." },
	{ .name = "pty",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Give the command a terminal, so that it shows its progress as it goes. A line "
		  "that it draws again and again is shown as it goes, and kept as it was last." },
	{ .name = "columns",
	  .type = FIELD_INT,
	  .otherwise = "80",
	  .help = "How wide that terminal is, in characters: helm and others cut their lines to "
		  "it." },
	{ .name = "rows",
	  .type = FIELD_INT,
	  .otherwise = "24",
	  .help = "How many lines that terminal has." },
	{ .name = "exit_codes",
	  .type = FIELD_LIST,
	  .items = FIELD_INT,
	  .otherwise = "[0]",
	  .help = "The exit codes that are good." },
	{ .name = "unknown_codes",
	  .type = FIELD_LIST,
	  .items = FIELD_INT,
	  .help = "The exit codes that tell nothing of what was done (124 of timeout(1)): the step "
		  "is then unknown, and not failed, and you decide. A command that a signal ended "
		  "is so in any case, unless it only reads." },
	{ .name = "exit_meanings",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .help = "What exit codes mean, to be shown beside them: {2: The release was there "
		  "before}." },
	{ .name = "json",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "The standard output is JSON, to be parsed; at most 16 MiB. What is shown as the "
		  "command runs is its standard error." },
	{ .name = "effect",
	  .type = FIELD_CHOICE,
	  .choices = effects,
	  .otherwise = "changes",
	  .help = "What the command does to the world: decides how it is confirmed." },
	{ .name = NULL },
};

static int
command_ready(struct step_context *ctx, const struct action *action, char **ret_what, struct err *e)
{
	struct command c;
	int rc = -1;

	if (command_init_argv(&c, ctx, action, e) == 0) {
		*ret_what = xasprintf("command %s", c.argv.items[0]);
		rc = command_check_program(&c, e);
	}
	command_release(&c);
	return rc;
}

static int
command_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	struct command c;
	int rc = -1;

	if (command_init(&c, ctx, action, e) == 0 && command_check(&c, e) == 0) {
		command_describe(&c, ctx, preview);
		rc = 0;
	}
	command_release(&c);
	return rc;
}

/* A command that changes things and was stopped half-way, or left unwatched, may have changed them. */
static void
doubt(const struct action *action, struct err *e)
{
	if (command_only_reads(action)) {
		e->kind = e->kind == ERR_UNKNOWN_OUTCOME ? ERR_REMOTE : e->kind;
		return;
	}
	e->kind = ERR_UNKNOWN_OUTCOME;
	err_advise(e, "It may have changed something: look before you go on");
}

/* Why there is no end of the command to be judged; what kept it from beginning is said already. */
static void
explain(const struct action *action, struct command_output *o, struct err *e)
{
	if (!o->begun || (e->kind != ERR_CANCELLED && e->kind != ERR_TIMEOUT &&
			  e->kind != ERR_UNKNOWN_OUTCOME && e->kind != ERR_REMOTE))
		return;
	if (e->kind != ERR_REMOTE) /* that is about the output */
		command_output_explain(o, e);
	doubt(action, e);
}

static int
on_supervised(void *data, const struct child_supervision *supervision, struct err *e)
{
	struct command_output *o = data;

	if (command_remember(o->ctx, o->command, supervision, e) < 0)
		return -1;
	o->begun = true;
	return 0;
}

/* A file is ours no longer than until it is in memory that only the command can read. */
static int
open_file(const char *path, struct err *e)
{
	struct str text = STR_INIT;
	int fd = -1;

	if (file_read(path, COMMAND_MAX_STDIN, &text, e) == 0)
		fd = child_input_open(str_cstr(&text), text.len, e);
	str_release_secret(&text);
	return fd;
}

/* *ret_fd stays 0 where there is nothing to read. */
static int
open_input(const struct command *c, int *ret_fd, struct err *e)
{
	int fd = 0;

	if (c->stdin_file)
		fd = open_file(c->stdin_file, e);
	else if (c->stdin_text)
		fd = child_input_open(c->stdin_text, strlen(c->stdin_text), e);
	if (fd < 0)
		return err_wrap(e, "standard input");
	*ret_fd = fd;
	return 0;
}

static int
run_child(struct step_context *ctx, const struct action *action, struct command *c,
	  struct command_output *o, struct child_result *ret_done, struct err *e)
{
	struct child_options options = {
		.argv = step_texts_array(&c->argv),
		.env = command_environment(c),
		.env_only = true,
		.folder = c->folder,
		.pty = c->pty,
		.columns = c->columns,
		.rows = c->rows,
		.on_output = command_output_take,
		.data = o,
		.capture = c->json ? &o->captured : NULL,
		.capture_max = COMMAND_MAX_JSON,
		.on_supervised = on_supervised,
		.cancel = ctx->cancel,
	};
	int64_t now_ms = clock_mono_ms();
	char *status_file;
	int rc = -1;

	if (ctx->deadline_ms != INT64_MAX)
		options.timeout_ms = ctx->deadline_ms > now_ms ? ctx->deadline_ms - now_ms : 1;
	ctx->progress(ctx, "running %s", c->argv.items[0]);
	if (command_status_file(ctx, action, &status_file, e) < 0)
		return -1;
	options.status_file = status_file;
	o->begun = !status_file; /* nobody says so then */
	if (open_input(c, &options.input_fd, e) == 0)
		rc = child_run(&options, ret_done, e);
	free(status_file);
	return rc;
}

static int
execute(struct step_context *ctx, const struct action *action, struct command *c,
	cJSON **ret_result, struct err *e)
{
	struct command_output o;
	struct child_result done = { .exit_code = -1 };
	int rc;

	command_output_init(&o, ctx, c->argv.items[0]);
	rc = command_cluster_open(c, e);
	if (rc == 0) {
		rc = run_child(ctx, action, c, &o, &done, e);
		command_output_finish(&o, &done);
		if (rc < 0)
			explain(action, &o, e);
		else
			rc = command_judge(action, c, &o, &done, ret_result, e);
		command_cluster_close(c);
	}
	command_output_release(&o);
	return rc;
}

static int
command_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	struct command c;
	int rc = -1;

	if (cancel_requested(ctx->cancel))
		return err_set(e, ERR_CANCELLED, "command.run: cancelled before it was started");
	if (command_init(&c, ctx, action, e) == 0) {
		rc = execute(ctx, action, &c, ret_result, e);
		if (rc < 0)
			err_wrap(e, "command.run");
	}
	command_release(&c);
	return rc;
}

const struct executor step_command_run = {
	.type = {
		.uses = "command.run",
		.summary = "Runs a command of this machine, such as helm",
		.target_kinds = TARGET_KUBERNETES,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.starts = "argv",
		.result = "{exit_code, meaning, output, json, duration_ms}; output is the last "
			  "64 KiB",
	},
	.ready = command_ready,
	.preview = command_preview,
	.run = command_run,
	.probe = command_probe,
};
