#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/child.h"
#include "step/step_command.h"
#include "step/step_with.h"
#include "step/steps.h"

enum {
	MAX_OUTPUT = 64 << 10, /* of text in the result */
	MAX_JSON = 16 << 20,
	MAX_STDIN = 64 << 20,
	ERROR_LINES = 6,
	ERROR_BYTES = 800,
};

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
	  .help = "Environment variables to add; never a secret." },
	{ .name = "secret_env",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "Environment variables that hold secrets, each ${.params.NAME} of a secret "
		  "parameter, for a "
		  "command that takes them no other way: other processes of the same user can read "
		  "them." },
	{ .name = "folder",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The folder to work in." },
	{ .name = "stdin_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A file that becomes the standard input: the way for secrets." },
	{ .name = "pty",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Give the command a terminal, so that it shows its progress as it goes." },
	{ .name = "exit_codes",
	  .type = FIELD_LIST,
	  .items = FIELD_INT,
	  .otherwise = "[0]",
	  .help = "The exit codes that are good." },
	{ .name = "json",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "The standard output is JSON, to be parsed." },
	{ .name = "effect",
	  .type = FIELD_CHOICE,
	  .choices = effects,
	  .otherwise = "changes",
	  .help = "What the command does to the world: decides how it is confirmed." },
	{ .name = NULL },
};

/* A command as it will be run. In the caller's memory. */
struct command {
	struct step_texts argv, env;
	size_t shown_env;		 /* so many of env may be shown; the rest holds secrets */
	const char *folder, *stdin_file; /* borrowed, or NULL */
	bool pty, json, shell;
};

static void
command_release(struct command *c)
{
	for (size_t i = c->shown_env; i < c->env.count; i++)
		explicit_bzero(c->env.items[i], strlen(c->env.items[i]));
	step_texts_release(&c->argv);
	step_texts_release(&c->env);
}

/* helm and kubectl must not wander off to another cluster than the one that was shown. */
static void
pin_cluster(struct command *c, const struct run_target *target)
{
	const char *kubeconfig, *context;

	if (!target)
		return;
	kubeconfig = step_optional(target->spec, "kubeconfig");
	if (!kubeconfig)
		kubeconfig = getenv("KUBECONFIG");
	context = step_optional(target->spec, "context");
	if (kubeconfig)
		step_texts_push(&c->env, xasprintf("KUBECONFIG=%s", kubeconfig));
	if (context)
		step_texts_push(&c->env, xasprintf("HELM_KUBECONTEXT=%s", context));
}

static int
add_environment(struct command *c, const cJSON *map, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, map) {
		char *value;

		if (!*item->string || strchr(item->string, '='))
			return err_set(e, ERR_SPEC,
				       "command.run: \"%s\" is no name of an environment variable",
				       item->string);
		value = json_text(item);
		step_texts_push(&c->env, xasprintf("%s=%s", item->string, value));
		free(value);
	}
	return 0;
}

/* Arguments and environment can be read by others (ps, /proc) and are journalled. */
static int
refuse_secrets(const struct step_texts *texts, const char *what, struct secrets *secrets,
	       struct err *e)
{
	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->items[i];
		struct str redacted = STR_INIT;

		secrets_redact(secrets, text, strlen(text), &redacted);
		bool secret = strcmp(str_cstr(&redacted), text) != 0;
		str_release(&redacted);
		if (secret)
			return err_set(e, ERR_SPEC,
				       "command.run: %s %zu holds a secret, which other processes "
				       "could read. Pass it by stdin_file, or by secret_env where "
				       "the command takes it no other way",
				       what, i + 1);
	}
	return 0;
}

static int
add_shell(struct command *c, struct err *e)
{
	char *script;

	if (c->argv.count != 1)
		return err_set(e, ERR_SPEC,
			       "command.run: with `shell: true`, argv is exactly one string, and "
			       "here are %zu",
			       c->argv.count);
	script = xstrdup(c->argv.items[0]);
	step_texts_release(&c->argv);
	step_texts_push(&c->argv, xstrdup("/bin/sh"));
	step_texts_push(&c->argv, xstrdup("-c"));
	step_texts_push(&c->argv, script);
	return 0;
}

static int
command_init(struct command *c, const struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	*c = (struct command){
		.folder = step_optional(action->with, "folder"),
		.stdin_file = step_optional(action->with, "stdin_file"),
		.pty = json_bool(action->with, "pty", true),
		.json = json_bool(action->with, "json", false),
		.shell = json_bool(action->with, "shell", false),
	};
	step_texts_load(&c->argv, json_at(action->with, "argv"));
	pin_cluster(c, action->target);
	if (c->argv.count == 0 || !*c->argv.items[0])
		return err_set(e, ERR_SPEC, "command.run: argv names no command");
	if (c->shell && add_shell(c, e) < 0)
		return -1;
	if (add_environment(c, json_at(action->with, "env"), e) < 0 ||
	    refuse_secrets(&c->argv, "argument", ctx->secrets, e) < 0 ||
	    refuse_secrets(&c->env, "environment variable", ctx->secrets, e) < 0)
		return -1;
	c->shown_env = c->env.count;
	return add_environment(c, json_at(action->with, "secret_env"), e);
}

/* As a person would type it. */
static void
append_word(struct str *out, const char *word)
{
	static const char *const plain =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

	if (out->len)
		str_append_char(out, ' ');
	if (*word && strspn(word, plain) == strlen(word)) {
		str_append(out, word);
		return;
	}
	str_append_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_append(out, "'\\''");
		else
			str_append_char(out, *word);
	}
	str_append_char(out, '\'');
}

/* Whether it can be found at all, from where it will be run. */
static int
find_command(const struct command *c, struct err *e)
{
	const char *name = c->argv.items[0];
	bool relative = c->folder && name[0] != '/' && strchr(name, '/');
	char *joined = relative ? xasprintf("%s/%s", c->folder, name) : xstrdup(name);
	char *path = child_find(joined, e);

	free(joined);
	if (!path)
		return err_wrap(e, "command.run");
	free(path);
	return 0;
}

static int
check_command(const struct command *c, struct err *e)
{
	if (find_command(c, e) < 0)
		return -1;
	if (c->stdin_file && !file_exists(c->stdin_file))
		return err_set(e, ERR_NOT_FOUND,
			       "command.run: there is no file %s for the standard input",
			       c->stdin_file);
	if (c->folder && !file_exists(c->folder))
		return err_set(e, ERR_NOT_FOUND, "command.run: there is no folder %s", c->folder);
	return 0;
}

static int
command_ready(struct step_context *ctx, const struct action *action, char **ret_what, struct err *e)
{
	struct command c;
	int rc = -1;

	if (command_init(&c, ctx, action, e) == 0) {
		*ret_what = xasprintf("command %s", c.argv.items[0]);
		rc = find_command(&c, e);
	}
	command_release(&c);
	return rc;
}

static int
command_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	struct str line = STR_INIT;
	struct command c;
	int rc = -1;

	if (command_init(&c, ctx, action, e) < 0 || check_command(&c, e) < 0)
		goto out;
	for (size_t i = 0; i < c.argv.count; i++)
		append_word(&line, c.argv.items[i]);
	preview_add(preview, PREVIEW_REQUEST, "$ %s", line.data);
	for (size_t i = 0; i < c.shown_env; i++)
		preview_add(preview, PREVIEW_TEXT, "with %s", c.env.items[i]);
	for (size_t i = c.shown_env; i < c.env.count; i++)
		preview_add(preview, PREVIEW_TEXT, "with %.*s, a secret",
			    (int)strcspn(c.env.items[i], "="), c.env.items[i]);
	if (c.folder)
		preview_add(preview, PREVIEW_TEXT, "in the folder %s", c.folder);
	if (c.stdin_file)
		preview_add(preview, PREVIEW_TEXT, "reading %s", c.stdin_file);
	if (c.shell)
		preview_add(preview, PREVIEW_WARNING, "A shell interprets this line");
	rc = 0;
out:
	str_release(&line);
	command_release(&c);
	return rc;
}

/* What goes on while the command runs: its output to the pane, and the last of it kept. */
struct listener {
	struct step_context *ctx;
	const char *command;
	struct redactor *redactor; /* before the text is cut, which might cut a secret in two */
	struct str tail;
};

static void
keep_tail(struct str *tail)
{
	if (tail->len > 2 * MAX_OUTPUT)
		str_consume(tail, tail->len - MAX_OUTPUT);
}

static void
listen_to(void *data, const char *bytes, size_t len_bytes)
{
	struct listener *l = data;

	l->ctx->output(l->ctx, bytes, len_bytes);
	redactor_push(l->redactor, bytes, len_bytes, &l->tail);
	keep_tail(&l->tail);
}

/* The last of the output as clean text, beginning with a character. */
static char *
take_text(struct listener *l)
{
	struct str out = STR_INIT;
	size_t begin;

	redactor_flush(l->redactor, &l->tail);
	begin = l->tail.len > MAX_OUTPUT ? l->tail.len - MAX_OUTPUT : 0;
	while (begin && begin < l->tail.len && ((unsigned char)l->tail.data[begin] & 0xc0) == 0x80)
		begin++;
	text_sanitise(str_cstr(&l->tail) + begin, l->tail.len - begin,
		      TEXT_KEEP_NEWLINES | TEXT_DROP_SGR, &out);
	return str_take(&out);
}

/* Where the last lines of a text begin. */
static const char *
last_lines(const char *text)
{
	const char *end = text + strlen(text), *at = end;
	int lines = 0;

	while (at > text && (at[-1] == '\n' || at[-1] == ' '))
		at--;
	for (; at > text && end - at < ERROR_BYTES; at--)
		if (at[-1] == '\n' && ++lines == ERROR_LINES)
			break;
	while (((unsigned char)*at & 0xc0) == 0x80)
		at++;
	return at;
}

static int
judge(const struct action *action, const struct command *c, const struct child_result *done,
      const char *text, struct err *e)
{
	const char *last = last_lines(text);
	size_t len = strlen(last);

	while (len && (last[len - 1] == '\n' || last[len - 1] == ' '))
		len--;
	if (len == 0) {
		last = "(none)";
		len = strlen(last);
	}
	if (done->signal)
		return err_set(
			e, ERR_REMOTE, "%s was ended by signal %d (%s). Its last output: %.*s",
			c->argv.items[0], done->signal, strsignal(done->signal), (int)len, last);
	if (!command_accepts(action, done->exit_code))
		return err_set(e, ERR_REMOTE, "%s ended with exit code %d. Its last output: %.*s",
			       c->argv.items[0], done->exit_code, (int)len, last);
	return 0;
}

/* A command that changes things and was stopped half-way, or left unwatched, may have changed them. */
static void
doubt(const struct action *action, struct err *e)
{
	if (e->kind != ERR_CANCELLED && e->kind != ERR_TIMEOUT && e->kind != ERR_UNKNOWN_OUTCOME)
		return;
	if (command_only_reads(action)) {
		e->kind = e->kind == ERR_UNKNOWN_OUTCOME ? ERR_REMOTE : e->kind;
		return;
	}
	e->kind = ERR_UNKNOWN_OUTCOME;
	err_advise(e, "It may have changed something: look before you go on");
}

static int
on_supervised(void *data, const struct child_supervision *supervision, struct err *e)
{
	struct listener *l = data;

	return command_remember(l->ctx, l->command, supervision, e);
}

/* The standard input is ours no longer than until it is in memory that only the command can read. */
static int
open_input(const char *path, int *ret_fd, struct err *e)
{
	struct str text = STR_INIT;
	int fd = -1;

	if (file_read(path, MAX_STDIN, &text, e) == 0)
		fd = child_input_open(str_cstr(&text), text.len, e);
	str_release_secret(&text);
	if (fd < 0)
		return err_wrap(e, "standard input");
	*ret_fd = fd;
	return 0;
}

static int
run_child(struct step_context *ctx, const struct action *action, const struct command *c,
	  struct listener *l, struct str *captured, struct child_result *ret_done, struct err *e)
{
	struct child_options options = {
		.argv = step_texts_array(&c->argv),
		.env = step_texts_array(&c->env),
		.folder = c->folder,
		.pty = c->pty,
		.on_output = listen_to,
		.data = l,
		.capture = c->json ? captured : NULL,
		.capture_max = MAX_JSON,
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
	if (!c->stdin_file || open_input(c->stdin_file, &options.input_fd, e) == 0)
		rc = child_run(&options, ret_done, e);
	free(status_file);
	return rc;
}

static int
make_result(const struct command *c, const struct child_result *done, const char *text,
	    const struct str *captured, cJSON **ret_result, struct err *e)
{
	cJSON *result, *json = NULL;

	if (c->json) {
		json = json_parse(str_cstr(captured), captured->len, e);
		if (!json) {
			e->kind = ERR_REMOTE;
			return err_wrap(e, "%s: its standard output is no JSON", c->argv.items[0]);
		}
	}
	result = cJSON_CreateObject();
	json_add_int(result, "exit_code", done->exit_code);
	json_add_string(result, "output", text);
	json_add(result, "json", json ? json : cJSON_CreateNull());
	json_add_int(result, "duration_ms", done->duration_ms);
	*ret_result = result;
	return 0;
}

static int
execute(struct step_context *ctx, const struct action *action, const struct command *c,
	cJSON **ret_result, struct err *e)
{
	struct listener l = { .ctx = ctx,
			      .command = c->argv.items[0],
			      .redactor = redactor_new(ctx->secrets) };
	struct str captured = STR_INIT;
	struct child_result done;
	char *text;
	int rc = run_child(ctx, action, c, &l, &captured, &done, e);

	if (rc < 0) {
		doubt(action, e);
	} else {
		if (captured.len)
			listen_to(&l, captured.data, captured.len);
		text = take_text(&l);
		rc = judge(action, c, &done, text, e);
		if (rc == 0)
			rc = make_result(c, &done, text, &captured, ret_result, e);
		free(text);
	}
	redactor_free(l.redactor);
	str_release(&l.tail);
	str_release(&captured);
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
	if (command_init(&c, ctx, action, e) < 0)
		goto out;
	rc = execute(ctx, action, &c, ret_result, e);
	if (rc < 0)
		err_wrap(e, "command.run");
out:
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
		.result = "{exit_code, output, json, duration_ms}; output is the last 64 KiB",
	},
	.ready = command_ready,
	.preview = command_preview,
	.run = command_run,
	.probe = command_probe,
};
