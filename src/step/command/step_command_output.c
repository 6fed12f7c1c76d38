#include "config.h"

#include "step/command/step_command_output.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/child/child_words.h"
#include "step/command/step_command.h"

enum {
	MAX_OUTPUT = 64 << 10, /* of text in the result */
	MAX_SECRET = 64 << 10, /* what is cut off may begin with the end of one */
	ERROR_LINES = 6,
	ERROR_BYTES = 800,
	FIRST_BYTES = 60,   /* of what should have been JSON */
	PROGRESS_MS = 100,  /* between two looks at a line that is drawn again and again */
	LINE_SHOWN = 200,   /* bytes of it */
	SHELL_SIGNAL = 128, /* a shell's exit code for a signal is above */
};

static void
keep_tail(struct str *tail)
{
	if (tail->len > 2 * (MAX_OUTPUT + MAX_SECRET))
		str_consume(tail, tail->len - MAX_OUTPUT - MAX_SECRET);
}

static void
put(void *data, const char *bytes, size_t len_bytes, const char *coloured, size_t coloured_bytes)
{
	struct command_output *o = data;

	o->ctx->output(o->ctx, coloured, coloured_bytes);
	str_append_bytes(&o->tail, bytes, len_bytes);
	keep_tail(&o->tail);
}

/* A bar that grows is progress, and only its last state output. */
static void
show_redrawn(void *data, const char *line, size_t len_bytes)
{
	struct command_output *o = data;
	int64_t now_ms = clock_mono_ms();
	struct str redacted = STR_INIT;

	if (now_ms < o->progress_ms + PROGRESS_MS)
		return;
	o->progress_ms = now_ms;
	secrets_redact(o->ctx->secrets, line, len_bytes,
		       &redacted); /* half of one would not be known */
	o->ctx->progress(o->ctx, "%.*s",
			 (int)text_whole(str_cstr(&redacted), redacted.len, LINE_SHOWN),
			 str_cstr(&redacted));
	str_release(&redacted);
}

void
command_output_init(struct command_output *o, struct step_context *ctx, const char *command)
{
	const struct child_lines_listener listener = { o, put, show_redrawn };

	*o = (struct command_output){
		.ctx = ctx,
		.command = command,
		.drawn = redactor_new(ctx->secrets),
		.lines = child_lines_new(&listener),
	};
}

void
command_output_release(struct command_output *o)
{
	redactor_free(o->drawn);
	child_lines_free(o->lines);
	str_release_secret(&o->tail);
	str_release_secret(&o->captured);
}

void
command_output_take(void *data, const char *bytes, size_t len_bytes)
{
	struct command_output *o = data;
	struct str redacted = STR_INIT;

	redactor_push(o->drawn, bytes, len_bytes, &redacted);
	child_lines_push(o->lines, str_cstr(&redacted), redacted.len);
	str_release(&redacted);
}

void
command_output_finish(struct command_output *o, const struct child_result *done)
{
	static const char note[] = "[processes that it started still have its output open; what "
				   "they say from now on is not read]\n";

	struct str rest = STR_INIT;

	redactor_flush(o->drawn, &rest);
	child_lines_push(o->lines, str_cstr(&rest), rest.len);
	child_lines_flush(o->lines);
	str_release(&rest);
	if (o->captured.len)
		put(o, o->captured.data, o->captured.len, o->captured.data, o->captured.len);
	if (done->left_behind)
		put(o, note, sizeof(note) - 1, note, sizeof(note) - 1);
}

/* The last of the output as clean text, beginning with a character. */
static char *
take_text(struct command_output *o)
{
	struct str redacted = STR_INIT, out = STR_INIT;
	size_t begin;

	secrets_redact(o->ctx->secrets, str_cstr(&o->tail), o->tail.len, &redacted);
	begin = redacted.len > MAX_OUTPUT ? redacted.len - MAX_OUTPUT : 0;
	while (begin && begin < redacted.len &&
	       ((unsigned char)redacted.data[begin] & 0xc0) == 0x80)
		begin++;
	text_sanitise(str_cstr(&redacted) + begin, redacted.len - begin,
		      TEXT_KEEP_NEWLINES | TEXT_DROP_SGR, &out);
	str_release(&redacted);
	return str_take(&out);
}

static void
add_last_lines(const char *text, struct err *e)
{
	struct str last = STR_INIT;

	child_last_lines(text, strlen(text), ERROR_LINES, ERROR_BYTES, &last);
	if (last.len)
		err_advise(e, "Its last output: %s", str_cstr(&last));
	else
		err_advise(e, "It said nothing");
	str_release(&last);
}

void
command_output_explain(struct command_output *o, struct err *e)
{
	char *text = take_text(o);

	add_last_lines(text, e);
	free(text);
}

/*
 * What an exit code means by convention, where the runbook does not say it.
 * Source: POSIX, "Exit Status for Commands".
 */
static char *
usual_meaning(int exit_code)
{
	const char *name;

	if (exit_code == 126)
		return xstrdup("by convention: a command could not be executed");
	if (exit_code == 127)
		return xstrdup("by convention: a command was not found");
	name = exit_code > SHELL_SIGNAL ? sigabbrev_np(exit_code - SHELL_SIGNAL) : NULL;
	return name ? xasprintf("by convention: a command was ended by SIG%s", name) : NULL;
}

static char *
describe_code(const struct action *action, int exit_code)
{
	const char *meaning = command_meaning(action, exit_code);
	char *usual = meaning ? NULL : usual_meaning(exit_code);
	char *text = meaning || usual
			     ? xasprintf("exit code %d (%s)", exit_code, meaning ? meaning : usual)
			     : xasprintf("exit code %d", exit_code);

	free(usual);
	return text;
}

/* A command that fails may have done half of its work; only the runbook knows which codes tell that it has not. */
static void
advise_look(const struct action *action, struct err *e)
{
	if (!command_only_reads(action))
		err_advise(e, "It may have changed something before: look before you try again");
}

static int
judge_end(const struct action *action, const struct command *c, const struct child_result *done,
	  const char *text, struct err *e)
{
	bool changes = !command_only_reads(action);
	const char *name = c->argv.items[0];
	char *how;

	if (!done->signal && command_accepts(action, done->exit_code))
		return 0;
	if (done->signal) {
		how = child_signal_describe(done->signal);
		err_set(e, changes ? ERR_UNKNOWN_OUTCOME : ERR_REMOTE, "%s was ended by %s", name,
			how);
	} else {
		how = describe_code(action, done->exit_code);
		err_set(e,
			changes && command_knows_nothing(action, done->exit_code)
				? ERR_UNKNOWN_OUTCOME
				: ERR_REMOTE,
			"%s ended with %s", name, how);
	}
	free(how);
	add_last_lines(text, e);
	advise_look(action, e);
	return -1;
}

/* It has done its work by its own word; only what it should have told about it cannot be used. */
static int
refuse_json(const struct action *action, const struct command *c, const struct str *captured,
	    struct err *e)
{
	struct str first = STR_INIT;
	char reason[ERR_MESSAGE_MAX];

	memcpy(reason, e->message, sizeof(reason));
	text_sanitise(str_cstr(captured),
		      text_whole(str_cstr(captured), captured->len, FIRST_BYTES), 0, &first);
	err_set(e, command_only_reads(action) ? ERR_REMOTE : ERR_UNKNOWN_OUTCOME,
		"%s ended well, but its standard output is no JSON: %s", c->argv.items[0], reason);
	if (captured->len == 0)
		err_advise(e, "It wrote nothing there");
	else
		err_advise(e, "Its %zu %s begin%s: %s", captured->len,
			   captured->len == 1 ? "byte" : "bytes", captured->len == 1 ? "s" : "",
			   str_cstr(&first));
	if (!command_only_reads(action))
		err_advise(e, "What it does is done");
	str_release(&first);
	return -1;
}

static cJSON *
make_result(const struct action *action, const struct child_result *done, const char *text,
	    cJSON *json)
{
	cJSON *result = cJSON_CreateObject();

	json_add_int(result, "exit_code", done->exit_code);
	json_add_string(result, "meaning", command_meaning(action, done->exit_code));
	json_add_string(result, "output", text);
	json_add(result, "json", json ? json : cJSON_CreateNull());
	json_add_int(result, "duration_ms", done->duration_ms);
	return result;
}

int
command_judge(const struct action *action, const struct command *c, struct command_output *o,
	      const struct child_result *done, cJSON **ret_result, struct err *e)
{
	char *text = take_text(o);
	cJSON *json = NULL;
	int rc = judge_end(action, c, done, text, e);

	if (rc == 0 && c->json) {
		json = json_parse(str_cstr(&o->captured), o->captured.len, e);
		if (!json)
			rc = refuse_json(action, c, &o->captured, e);
	}
	if (rc == 0)
		*ret_result = make_result(action, done, text, json);
	free(text);
	return rc;
}
