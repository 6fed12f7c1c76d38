#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/plain/plain_look.h"
#include "ui/text/save_text.h"

/* What can be said in line mode instead of a number: looks at everything, and what decides nothing. */

static int
write_look(struct plain *plain, const char *rest, struct err *e)
{
	char *path;
	size_t bytes;

	if (!*rest)
		return err_set(e, ERR_USAGE, "it wants the name of a file that is not there yet");
	if (!plain->look.text.len)
		return err_set(e, ERR_USAGE, "nothing was looked at yet");
	if (save_text(plain->model.options->secrets, &plain->look.text, rest, &path, &bytes, e) < 0)
		return -1;
	plain_say(plain, "Saved %zu bytes as they were shown, secrets redacted, to %s", bytes,
		  path);
	free(path);
	return 0;
}

static int
take_note(struct plain *plain, const char *rest, struct err *e)
{
	if (model_follows(&plain->model))
		return err_set(e, ERR_USAGE, "this run is another's, and only looked at");
	plain_note(plain, rest);
	return 0;
}

static int
cancel(struct plain *plain, const char *rest, struct err *e)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);

	(void)rest;
	if (model_follows(&plain->model) || !step || !(model_facts(&plain->model) & FACT_RUNNING))
		return err_set(e, ERR_USAGE, "nothing is running that could be stopped here");
	plain_say(plain, "Asking the running step to stop.");
	plain_submit(plain, intent_new(INTENT_CANCEL, state->seq, step->id, NULL), false);
	return 0;
}

static int
leave(struct plain *plain, const char *rest, struct err *e)
{
	(void)rest;
	(void)e;
	plain_leave(plain, NULL);
	return 0;
}

static int help(struct plain *plain, const char *rest, struct err *e);

/* clang-format off */
static const struct word {
	const char *name, *usage, *help;
	bool is_look; /* shows lines, and may be followed by a filter */
	int (*act)(struct plain *plain, const char *rest, struct err *e);
} words[] = {
	{ "steps", "", "The steps, and how each stands.", true, plain_look_steps },
	{ "step", "[N|ID]", "Everything about a step; of none that is named, the current one.", true, plain_look_step },
	{ "why", "[N|ID]", "The runbook's whole text about a step.", true, plain_look_why },
	{ "output", "[N|ID]", "What a step has written.", true, plain_look_output },
	{ "pods", "", "The pods that the step or the runbook names, those in trouble first.", true, plain_look_pods },
	{ "resource", "NAME [-A]", "Another resource of those clusters; -A: of all namespaces.", true, plain_look_resource },
	{ "details", "NAME", "Everything about an object, with its events; a part of its name will do, RESOURCE/NAME finds what is no "
	  "pod.", true, plain_look_details },
	{ "logs", "[-p] [-n N] [NAME]", "The last N lines (20) of the logs of a pod or what runs it, or of those that the step "
	  "names; -p: before the last restart.", true, plain_look_logs },
	{ "impact", "", "What works and what does not, as foreseen and as observed.", true, plain_look_impact },
	{ "audit", "", "What has happened; the last 40 entries, or all that match.", true, plain_look_audit },
	{ "preflight", "", "What the run is about to do, with what, and which targets answer.", true, plain_look_preflight },
	{ "search", "TEXT", "Looks for it in the steps, their outputs and the audit.", true, plain_look_search },
	{ "write", "FILE", "Saves what was looked at last in a new file.", false, write_look },
	{ "note", "[TEXT]", "Writes a remark into the journal.", false, take_note },
	{ "cancel", "", "Asks the running step to stop, as Ctrl-C does.", false, cancel },
	{ "leave", "", "Leaves; what is running is finished first.", false, leave },
	{ "help", "", "This list; so does ?.", false, help },
};
/* clang-format on */

enum { WORDS = sizeof(words) / sizeof(words[0]) };

static int
help(struct plain *plain, const char *rest, struct err *e)
{
	struct lines lines;

	(void)rest;
	(void)e;
	lines_init(&lines, plain->columns);
	for (size_t i = 0; i < WORDS; i++) {
		char *usage = xasprintf("%s %s", words[i].name, words[i].usage);
		char *prefix = xasprintf("  %-26s", usage);

		lines_wrap(&lines, ROLE_TEXT, prefix, ROLE_TEXT, words[i].help);
		free(prefix);
		free(usage);
	}
	lines_wrap(
		&lines, ROLE_TEXT, "  ... | TEXT                ", ROLE_TEXT,
		"Behind a word that shows something: only the lines with it; | /so/ for a regular "
		"expression, | !TEXT for the lines without.");
	for (size_t i = 0; i < lines.count; i++)
		plain_say(plain, "%s", lines.items[i].text);
	lines_release(&lines);
	return 0;
}

static const struct word *
find_word(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (str_equal(words[i].name, str_equal(name, "?") ? "help" : name))
			return &words[i];
	return NULL;
}

static void
say_unknown(struct plain *plain, const char *name)
{
	const char *names[WORDS + 1] = { NULL };
	const char *nearest;

	for (size_t i = 0; i < WORDS; i++)
		names[i] = words[i].name;
	nearest = str_nearest(name, names);
	if (nearest)
		plain_say(plain, "There is no word \"%s\"; did you mean \"%s\"? ? lists them.",
			  name, nearest);
	else
		plain_say(plain, "There is no word \"%s\"; ? lists them.", name);
}

/* What was said: "details web | Warning". */
struct said {
	char *name, *rest, *filter; /* without blanks around; no filter: NULL */
};

/* The bytes of a text without the blanks around it; the caller frees. */
static char *
trimmed(const char *text, size_t len)
{
	size_t blanks = strspn(text, " \t");

	blanks = blanks < len ? blanks : len;
	while (len > blanks && strchr(" \t", text[len - 1]))
		len--;
	return xstrndup(text + blanks, len - blanks);
}

/* Of a word that shows nothing all that follows belongs to it, as in a note. */
static struct said
take_apart(const char *line)
{
	const char *at = line + strspn(line, " \t"), *rest = at + strcspn(at, " \t|"), *bar;
	struct said said = { .name = trimmed(at, (size_t)(rest - at)) };
	const struct word *word = find_word(said.name);

	bar = word && word->is_look ? strchr(rest, '|') : NULL;
	said.rest = trimmed(rest, bar ? (size_t)(bar - rest) : strlen(rest));
	if (bar)
		said.filter = trimmed(bar + 1, strlen(bar + 1));
	return said;
}

static void
act(struct plain *plain, const struct word *word, const char *rest, const char *filter)
{
	struct err e = ERR_INIT;
	int rc = 0;

	if (word->is_look)
		rc = plain_look_begin(plain, filter && *filter ? filter : NULL, &e);
	if (rc == 0)
		rc = word->act(plain, rest, &e);
	if (word->is_look)
		plain_look_end(plain);
	if (rc < 0)
		plain_say(plain, "%s: %s", word->name, e.message);
}

void
plain_word(struct plain *plain, const char *line)
{
	struct said said = take_apart(line);
	const struct word *word = find_word(said.name);

	if (word)
		act(plain, word, said.rest, said.filter);
	else
		say_unknown(plain, said.name);
	free(said.name);
	free(said.rest);
	free(said.filter);
}

/* ---- while a step runs ---- */

/* Somebody sits there and can type. On a pipe all answers may be given in advance: they are for what asks. */
static bool
has_typist(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void
take_line(struct plain *plain, const char *line)
{
	const char *text = line + strspn(line, " \t");

	if (*text >= '0' && *text <= '9')
		plain_say(plain, "There is nothing to choose just now; ? lists what can be said.");
	else if (*text)
		plain_word(plain, line);
}

void
plain_meanwhile(struct plain *plain)
{
	char *line;

	if (!has_typist()) {
		plain_wait(plain, false);
		return;
	}
	if (!plain->has_told_words)
		plain_say(plain,
			  "Meanwhile: %sstep, output, search TEXT, …; ? lists what can be said.",
			  plain_has_feed(plain, FEED_TABLES) ? "pods, logs, details NAME, " : "");
	plain->has_told_words = true;
	plain_wait(plain, true);
	while (!plain->leaving && line_input_take(&plain->input, &line)) {
		take_line(plain, line);
		explicit_bzero(line, strlen(line));
		free(line);
	}
	if (plain->input.ended)
		plain_leave(plain, "the input ended");
}
