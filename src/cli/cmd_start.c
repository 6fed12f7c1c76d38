#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/library.h"
#include "cli/session.h"
#include "cli/start_rows.h"
#include "ui/start/start_page.h"

/* Words of a command line that is made here. */
struct words {
	char *items[16];
	int count;
};

static void
add_word(struct words *words, const char *word)
{
	words->items[words->count++] = xstrdup(word);
}

/* What was said to the start page holds for what it begins. */
static void
add_options(struct words *words, const struct cli_args *args, const struct cli_command *command)
{
	static const char *const flags[] = { "plain", "ascii", "mono" };
	const char *name = cli_value(args, "operator");

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (cli_flag(args, flags[i])) {
			words->items[words->count++] = xasprintf("--%s", flags[i]);
		}
	if (name && command != &cmd_follow)
		words->items[words->count++] = xasprintf("--operator=%s", name);
	add_word(words, "--");
}

/* The same as if its command had been typed. */
static int
begin(const struct cli_args *args, enum start_action action, const char *word, struct err *e)
{
	static const struct cli_command *const commands[] = {
		[START_BEGIN] = &cmd_run,
		[START_RESUME] = &cmd_resume,
		[START_FOLLOW] = &cmd_follow,
		[START_PRACTISE] = &cmd_drill,
	};
	const struct cli_command *command = commands[action];
	struct cli_args *next = NULL;
	struct words words = { .count = 0 };

	add_options(&words, args, command);
	add_word(&words, word);
	int rc = cli_parse(command, words.count, words.items, &next, e);
	if (rc == 0)
		rc = command->run(next, e);
	cli_args_free(next);
	for (int i = 0; i < words.count; i++)
		free(words.items[i]);
	return rc;
}

/* What is said of a runbook while the screen is there is seen when it has gone. */
static int
begin_on_screen(const struct cli_args *args, enum start_action action, const char *word,
		struct err *e)
{
	struct str said = STR_INIT;

	if (action == START_PRACTISE) { /* a world is started first, which is told by lines */
		ui_close();
		return begin(args, action, word, e);
	}
	session_hand_screen();
	library_keep_words(&said);
	int rc = begin(args, action, word, e);
	library_keep_words(NULL);
	fputs(str_cstr(&said), stderr);
	str_release(&said);
	return rc;
}

static int
start_on_screen(const struct cli_args *args, const struct ui_look *look, struct err *e)
{
	struct start_source source = start_rows;
	enum start_action action;
	char *word;

	if (ui_open(look, e) < 0)
		return -1;
	source.local_time = look->local_time;
	ui_start_page(&source, &action, &word);
	if (action == START_LEAVE)
		ui_close();
	int rc = action == START_LEAVE ? 0 : begin_on_screen(args, action, word, e);
	free(word);
	return rc;
}

static int
start_by_lines(const struct cli_args *args, bool ascii, struct err *e)
{
	enum start_action action;
	char *word;

	ui_start_plain(&start_rows, ascii, &action, &word);
	int rc = action == START_LEAVE ? 0 : begin(args, action, word, e);
	free(word);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	if (!cli_flag(args, "plain") && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		return err_set(e, ERR_USAGE,
			       "the start page needs a terminal for its input and output. "
			       "Use --plain on a pipe or in a file");
	session_init_looking(&session, args);
	session_say_lines(&session);
	bool plain = session.plain;
	struct ui_look look = session_look(&session);
	session_finish(&session, 0, e);
	return plain ? start_by_lines(args, look.ascii, e) : start_on_screen(args, &look, e);
}

static const struct cli_option options[] = {
	{ "operator", 0, "NAME", "Who acts, for the journal (default: the login name)." },
	SESSION_LOOKS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_start = {
	.name = "start",
	.operands = "",
	.summary = "Open the start page, as lifeboat alone does on a terminal",
	.configured = true,
	.options = options,
	.run = run,
};
