#include "config.h"

#include "step/command/step_command_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/child/child_find.h"
#include "step/command/step_command.h"

enum {
	MIN_COLUMNS = 20,
	MAX_COLUMNS = 500,
	MIN_ROWS = 2,
	MAX_ROWS = 200,
	SHOWN_INPUT = 2048, /* bytes of a standard input in the preview */
};

void
command_release(struct command *c)
{
	step_texts_release(&c->argv);
	command_environment_release(&c->env);
	command_cluster_release(&c->cluster);
}

static bool
holds_secret(const char *text, struct secrets *secrets)
{
	struct str redacted = STR_INIT;

	secrets_redact(secrets, text, strlen(text), &redacted);
	bool holds = strcmp(str_cstr(&redacted), text) != 0;
	str_release(&redacted);
	return holds;
}

/* Arguments and environment can be read by others (ps, /proc) and are journalled. */
static int
refuse_secrets(const struct step_texts *texts, const char *what, struct secrets *secrets,
	       struct err *e)
{
	for (size_t i = 0; i < texts->count; i++)
		if (holds_secret(texts->items[i], secrets))
			return err_set(e, ERR_SPEC,
				       "command.run: %s %zu holds a secret, which other processes "
				       "could read. Pass it by stdin or stdin_file, or by "
				       "secret_env where the command takes it no other way",
				       what, i + 1);
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
check_size(const struct command *c, struct err *e)
{
	if (c->columns < MIN_COLUMNS || c->columns > MAX_COLUMNS)
		return err_set(e, ERR_SPEC, "command.run: columns is %d, and must be %d to %d",
			       c->columns, MIN_COLUMNS, MAX_COLUMNS);
	if (c->rows < MIN_ROWS || c->rows > MAX_ROWS)
		return err_set(e, ERR_SPEC, "command.run: rows is %d, and must be %d to %d",
			       c->rows, MIN_ROWS, MAX_ROWS);
	return 0;
}

int
command_init_argv(struct command *c, const struct step_context *ctx, const struct action *action,
		  struct err *e)
{
	const cJSON *with = action->with;

	*c = (struct command){
		.path = step_optional(with, "env/PATH"),
		.folder = step_optional(with, "folder"),
		.stdin_file = step_optional(with, "stdin_file"),
		.stdin_text = step_optional(with, "stdin"),
		.columns = (int)json_int(with, "columns", 80),
		.rows = (int)json_int(with, "rows", 24),
		.pty = json_bool(with, "pty", true),
		.json = json_bool(with, "json", false),
		.shell = json_bool(with, "shell", false),
	};
	step_texts_load(&c->argv, json_at(with, "argv"));
	if (c->argv.count == 0 || !*c->argv.items[0])
		return err_set(e, ERR_SPEC, "command.run: argv names no command");
	if (c->stdin_file && c->stdin_text)
		return err_set(e, ERR_SPEC,
			       "command.run: stdin and stdin_file are both given, and a command "
			       "has one standard input. Leave one of them out");
	if ((c->shell && add_shell(c, e) < 0) || check_size(c, e) < 0)
		return -1;
	return refuse_secrets(&c->argv, "argument", ctx->secrets, e);
}

int
command_init(struct command *c, const struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	if (command_init_argv(c, ctx, action, e) < 0 || command_check_codes(action, e) < 0 ||
	    command_cluster_init(c, ctx, action->target, e) < 0 ||
	    command_environment_init(c, ctx, action, e) < 0)
		return -1;
	return refuse_secrets(&c->env.set, "environment variable", ctx->secrets, e);
}

int
command_check_program(const struct command *c, struct err *e)
{
	char *path = child_find_for(c->argv.items[0], c->folder, c->path, e);

	if (!path)
		return err_wrap(e, "command.run");
	free(path);
	return 0;
}

static int
check_folder(const char *folder, struct err *e)
{
	struct stat st;

	if (stat(folder, &st) < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
				 "command.run: the folder %s", folder);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_NOT_FOUND, "command.run: %s is a file, and no folder",
			       folder);
	if (access(folder, X_OK) < 0)
		return err_errno(e, ERR_IO, "command.run: the folder %s", folder);
	return 0;
}

static int
check_input(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
				 "command.run: the file %s for the standard input", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC,
			       "command.run: %s is no regular file, as the standard input wants",
			       path);
	if (st.st_size > COMMAND_MAX_STDIN)
		return err_set(e, ERR_SPEC,
			       "command.run: %s has %lld bytes, and a standard input may have %d. "
			       "Name the file in argv, if the command takes it so",
			       path, (long long)st.st_size, COMMAND_MAX_STDIN);
	if (access(path, R_OK) < 0)
		return err_errno(e, ERR_IO, "command.run: the file %s for the standard input",
				 path);
	return 0;
}

int
command_check(const struct command *c, struct err *e)
{
	if (c->folder && check_folder(c->folder, e) < 0)
		return -1;
	if (command_check_program(c, e) < 0)
		return -1;
	return c->stdin_file ? check_input(c->stdin_file, e) : 0;
}

static void
describe_argv(const struct command *c, struct preview *preview)
{
	struct str line = STR_INIT;

	for (size_t i = 0; i < c->argv.count; i++)
		step_append_word(&line, c->argv.items[i]);
	preview_add(preview, PREVIEW_REQUEST, "$ %s", str_cstr(&line));
	str_release(&line);
}

static void
describe_text(const struct command *c, struct secrets *secrets, struct preview *preview)
{
	size_t len = strlen(c->stdin_text), shown = text_whole(c->stdin_text, len, SHOWN_INPUT);
	const char *unit = len == 1 ? "byte" : "bytes";

	if (holds_secret(c->stdin_text, secrets)) {
		preview_add(preview, PREVIEW_TEXT, "standard input: %zu %s, secret", len, unit);
		return;
	}
	preview_add(preview, PREVIEW_TEXT, "standard input: %zu %s", len, unit);
	preview_add(preview, PREVIEW_CONTEXT, "%.*s", (int)shown, c->stdin_text);
	if (shown < len)
		preview_add(preview, PREVIEW_TEXT, "and %zu bytes more", len - shown);
}

void
command_describe(const struct command *c, const struct step_context *ctx, struct preview *preview)
{
	describe_argv(c, preview);
	if (c->shell)
		preview_add(preview, PREVIEW_WARNING, "A shell interprets this line");
	if (c->folder)
		preview_add(preview, PREVIEW_TEXT, "in the folder %s", c->folder);
	if (c->stdin_file)
		preview_add(preview, PREVIEW_TEXT, "reading %s", c->stdin_file);
	if (c->stdin_text)
		describe_text(c, ctx->secrets, preview);
	command_cluster_describe(c, preview);
	command_environment_describe(c, preview);
}
