#include "config.h"

#include "ui/screen/commandline.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/screen/command_words.h"

enum { WORD_MAX = 64 }; /* bytes of a word that can be one of ours */

/* In the order of the help page. */
/* clang-format off */
static const struct command_word words[] = {
	{ "step", "ID|N", "Looks at a step; a number alone does the same.",
	  WORD_WANTS, words_step, words_complete_step },
	{ "pane", "NAME|N", "Gives the keys to a pane.",
	  WORD_WANTS, words_pane, words_complete_pane },
	{ "pods", "[TARGET]", "Goes to the pods, of a target where one is named.",
	  WORD_TAKES, words_pods, words_complete_target },
	{ "resource", "NAME [-A]", "Shows another resource of the cluster in the pane of pods; -A: of all namespaces.",
	  WORD_WANTS, words_resource, words_complete_resource },
	{ "logs", "[POD]", "Goes to the logs, of a pod where one is named.",
	  WORD_TAKES, words_logs, words_complete_logs },
	{ "search", "[TEXT]", "Searches what has the keys, as / does; without a text asks for one.",
	  WORD_TAKES, words_search, NULL },
	{ "filter", "[TEXT]", "Shows only what matches, as f does.",
	  WORD_TAKES, words_filter, NULL },
	{ "set", "[no]WORD", "Switches wrap, times, json (logs), trouble (pods), zoom, clipboard, mouse on, or off with no before it.",
	  WORD_WANTS, words_set, words_complete_set },
	{ "note", "[TEXT]", "Opens the note with that text in it.",
	  WORD_TAKES, words_note, NULL },
	{ "skip", "[REASON]", "Asks whether to pass over the current step, with that reason in it.",
	  WORD_TAKES, words_skip, NULL },
	{ "copy", "[WHAT]", "Copies what the cursor stands on; or head, run, folder: the journal's head, the run's id, its folder.",
	  WORD_TAKES, words_copy, words_complete_copy },
	{ "write", "FILE", "Saves what has the keys in a new file, as it is shown.",
	  WORD_WANTS, words_write, NULL },
	{ "version", "", "Says which lifeboat this is.",
	  WORD_ALONE, words_version, NULL },
};

static const struct {
	const char *name, *stands_for;
} aliases[] = {
	{ "q", "leave" },
	{ "quit", "leave" },
	{ "w", "write" },
	{ "h", "help" },
};
/* clang-format on */

enum { WORDS = sizeof(words) / sizeof(words[0]), ALIASES = sizeof(aliases) / sizeof(aliases[0]) };

static const struct command_word *
word_of(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (str_equal(words[i].name, name))
			return &words[i];
	return NULL;
}

/* Those of the start page have no run to be about. */
static bool
is_of_run(const struct key_binding *row)
{
	return row->when & FACT_ANY;
}

static const struct key_binding *
row_of(const char *name)
{
	for (size_t i = 0; i < keymap_count; i++)
		if (is_of_run(&keymap[i]) && str_equal(keymap[i].name, name))
			return &keymap[i];
	return NULL;
}

/* What a line says: a name, and the rest without the blanks around it; the caller frees both. */
static char *
split(const char *line, char **ret_rest)
{
	line += strspn(line, " :");
	size_t len = strcspn(line, " ");
	const char *rest = line + len + strspn(line + len, " ");
	size_t rest_len = strlen(rest);

	while (rest_len && rest[rest_len - 1] == ' ')
		rest_len--;
	*ret_rest = xstrndup(rest, rest_len);
	for (size_t i = 0; i < ALIASES; i++)
		if (strlen(aliases[i].name) == len && strncmp(aliases[i].name, line, len) == 0)
			return xstrdup(aliases[i].stands_for);
	return xstrndup(line, len);
}

static int
unknown(const char *name, struct err *e)
{
	const char **names = xcalloc(WORDS + keymap_count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < WORDS; i++)
		names[count++] = words[i].name;
	for (size_t i = 0; i < keymap_count; i++)
		if (is_of_run(&keymap[i]))
			names[count++] = keymap[i].name;
	const char *nearest = strlen(name) < WORD_MAX ? str_nearest(name, names) : NULL;
	free(names);
	return nearest ? err_set(e, ERR_USAGE, "there is no command \"%s\"; did you mean \"%s\"?",
				 name, nearest)
		       : err_set(e, ERR_USAGE,
				 "there is no command \"%.*s\"; Tab shows those there are",
				 WORD_MAX, name);
}

/* A command of one pane goes there first. */
static void
go_to_its_pane(struct app *app, const struct key_binding *row)
{
	if (row->when & app_facts(app))
		return;
	if (row->when & FACT_ON_TABLE)
		app_focus(app, PANE_PODS);
	else if (row->when & FACT_ON_LOGS)
		app_focus(app, PANE_LOGS);
}

static int
run_row(struct app *app, const struct key_binding *row, const char *rest, struct err *e)
{
	struct str why = STR_INIT;
	int rc = 0;

	if (*rest)
		return err_set(e, ERR_USAGE, "%s takes nothing behind it, and \"%s\" is there",
			       row->name, rest);
	go_to_its_pane(app, row);
	if (row->when & app_facts(app)) {
		app_dispatch(app, row);
	} else {
		app_why_not(app, row, &why);
		rc = err_set(e, ERR_USAGE, "%s does not apply: %s", row->name, str_cstr(&why));
	}
	str_release(&why);
	return rc;
}

static int
run_word(struct app *app, const struct command_word *word, const char *rest, struct err *e)
{
	if (word->takes == WORD_WANTS && !*rest)
		return err_set(e, ERR_USAGE, "%s %s: what?", word->name, word->usage);
	if (word->takes == WORD_ALONE && *rest)
		return err_set(e, ERR_USAGE, "%s takes nothing behind it, and \"%s\" is there",
			       word->name, rest);
	return word->run(app, rest, e);
}

/* Whether a page stays open for it; any other command is for what lies below. */
static bool
is_of_page(const char *name)
{
	static const char *const names[] = { "search",	   "copy",	     "write",
					     "next-match", "previous-match", "clear" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal(names[i], name))
			return true;
	return false;
}

static bool
is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

int
commandline_run(struct app *app, const char *line, struct err *e)
{
	char *rest, *name = split(line, &rest);
	const struct command_word *word = is_number(name) ? NULL : word_of(name);
	const struct key_binding *row = word ? NULL : row_of(name);
	int rc = 0;

	if (app->page.final && !is_of_page(name) && !str_equal(name, "leave")) {
		rc = err_set(e, ERR_USAGE,
			     "the run is over: search, copy, write and leave are what is left");
		goto out;
	}
	if (app->page.shown && !app->page.final && (word || row || is_number(name)) &&
	    !is_of_page(name))
		page_close(app);
	if (word)
		rc = run_word(app, word, rest, e);
	else if (row)
		rc = run_row(app, row, rest, e);
	else if (is_number(name))
		rc = words_step(app, name, e);
	else if (*name)
		rc = unknown(name, e);
out:
	free(name);
	free(rest);
	return rc;
}

/* ---- completion ---- */

/* Those that do something now; a word's own meaning goes before that of a row of the same name. */
static void
complete_name(const struct app *app, const char *typed, struct completions *out)
{
	unsigned facts = app_facts(app) | FACT_ON_TABLE | FACT_ON_LOGS; /* which are gone to */

	for (size_t i = 0; i < WORDS; i++)
		completions_add(out, typed, words[i].name, words[i].takes != WORD_ALONE);
	for (size_t i = 0; i < keymap_count; i++)
		if ((keymap[i].when & facts) && !word_of(keymap[i].name))
			completions_add(out, typed, keymap[i].name, false);
}

/* How a command is used, from the table that has it. */
static char *
usage_of(const char *name)
{
	const struct command_word *word = word_of(name);
	const struct key_binding *row = word ? NULL : row_of(name);

	if (word)
		return xasprintf("%s%s%s: %s", word->name, *word->usage ? " " : "", word->usage,
				 word->help);
	if (!row)
		return NULL;
	struct str usage = STR_INIT;
	str_printf(&usage, "%s (%s): ", row->name, *row->label ? row->label : "no key");
	keymap_help(row, &usage);
	return str_take(&usage);
}

void
commandline_complete(const struct app *app, const char *line, struct completions *out)
{
	size_t lead = strspn(line, " :"), len = strcspn(line + lead, " ");
	char *name = xstrndup(line + lead, len);
	const char *rest = line + lead + len;
	const struct command_word *word = word_of(name);

	if (*rest && word && word->complete) {
		rest += strspn(rest, " ");
		out->from = (size_t)(rest - line);
		word->complete(app, rest, out);
	} else if (!*rest) {
		out->from = lead;
		complete_name(app, name, out);
	}
	if (*name && (*rest || out->count <= 1 || word || row_of(name)))
		out->hint = usage_of(name);
	free(name);
}

/* ---- asking ---- */

static int
entered(struct app *app, enum command purpose, const char *text, struct err *e)
{
	(void)purpose;
	return commandline_run(app, text, e);
}

static const struct entry_taker taker = { .entered = entered, .complete = commandline_complete };

void
commandline_open(struct app *app)
{
	entry_ask(app, &taker, CMD_COMMAND_LINE, ":", "");
}

void
commandline_help(struct lines *lines)
{
	const char *key = keymap_label(CMD_COMMAND_LINE);

	lines_add(lines, ROLE_LABEL, "Behind %s", *key ? key : "the command line");
	lines_wrap(lines, ROLE_TEXT, "  ", ROLE_TEXT,
		   "Tab completes, and goes on to the next word that fits; Up and Down bring back "
		   "what was "
		   "entered before. q stands for leave, h for help, w for write.");
	lines_wrap(lines, ROLE_KEY, "  NAME             ", ROLE_TEXT,
		   "What a key does, by its name: run, retry, undo, next-pane, help …; Tab shows "
		   "them all.");
	for (size_t i = 0; i < WORDS; i++) {
		char *usage = xasprintf("%s %s", words[i].name, words[i].usage);
		char *prefix = xasprintf("  %-16s ", usage);

		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, words[i].help);
		free(prefix);
		free(usage);
	}
}
