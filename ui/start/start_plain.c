#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/start/start_page.h"
#include "ui/terminal/line_input.h"
#include "ui/text/ascii.h"
#include "ui/text/lines.h"

enum { COLUMNS = 80, PATIENCE_MS = 5000 };

static const char rules[] = "A number chooses: a run is taken up (or looked on at, where another "
			    "process works on it), a "
			    "runbook is begun, the report of an ended run is shown. v and a number "
			    "shows a runbook or a "
			    "report, r reads everything again, q or the end of the input leaves.";

struct start_lines {
	const struct start_source *source;
	struct start_list list;
	struct line_input input;
	bool ascii;
};

static void
say(const struct start_lines *s, const char *text)
{
	char *clean = text_clean(text, TEXT_KEEP_NEWLINES);
	struct str looks = STR_INIT;

	if (s->ascii)
		ascii_append(&looks, clean);
	puts(s->ascii ? str_cstr(&looks) : clean);
	str_release(&looks);
	free(clean);
}

static void
say_wrapped(const struct start_lines *s, const char *prefix, const char *text)
{
	struct lines lines;

	lines_init(&lines, COLUMNS - 1);
	lines_wrap(&lines, ROLE_TEXT, prefix, ROLE_TEXT, text);
	for (size_t i = 0; i < lines.count; i++)
		say(s, lines.items[i].text);
	lines_release(&lines);
}

/* What hangs is left out after a while, with a word about it. */
static void
collect(struct start_lines *s)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	start_list_init(&s->list, s->source->collectors);
	while (!start_list_is_complete(&s->list) && clock_mono_ms() < deadline_ms)
		start_list_take(&s->list, (int)(deadline_ms - clock_mono_ms()));
}

/* "[3] [?] 20261121T140732-7f3a  Restore …; UNKNOWN: step 3 of 18 (resume)" */
static void
say_row(const struct start_lines *s, size_t number, const struct start_entry *entry)
{
	struct str text = STR_INIT;
	char *prefix = xasprintf("[%zu] %s%s", number,
				 entry->state == START_SOUND ? "" : start_glyph_of(entry),
				 entry->state == START_SOUND ? "" : " ");

	str_printf(&text, "%s  %s", entry->id, entry->title ? entry->title : "");
	size_t len = text.len;
	str_append(&text, "; ");
	start_about(&s->list, entry, &text);
	if (text.len == len + 2)
		text.len = len;
	str_printf(&text, " (%s)", start_verb_of(entry));
	say_wrapped(s, prefix, str_cstr(&text));
	free(prefix);
	str_release(&text);
}

static void
say_list(const struct start_lines *s)
{
	int kind = -1;

	for (size_t i = 0; i < s->list.count; i++) {
		const struct start_entry *entry = s->list.items[i];

		if ((int)entry->kind != kind)
			say(s, start_heading_of(entry->kind));
		kind = (int)entry->kind;
		say_row(s, i + 1, entry);
	}
	if (s->list.count == 0)
		say(s, "No runbook was found, and no run. lifeboat run FILE runs one by its path.");
	if (!start_list_is_complete(&s->list))
		say(s, "Not everything could be read yet; r reads again.");
}

/* NULL: the input has ended. The caller frees. */
static char *
ask(struct start_lines *s)
{
	bool ahead = line_input_ahead(&s->input);
	char *line = NULL;

	fputs("number, v NUMBER, r, ? or q> ", stdout);
	fflush(stdout);
	while (!line_input_take(&s->input, &line) && !s->input.ended) {
		struct pollfd pfd = { STDIN_FILENO, POLLIN, 0 };

		poll(&pfd, 1, -1);
		line_input_fill(&s->input);
	}
	if (!line || ahead || !isatty(STDIN_FILENO))
		say(s, line ? line : "");
	return line;
}

static const struct start_entry *
row_of(const struct start_lines *s, const char *text)
{
	char *end;
	unsigned long number;

	text += strspn(text, " ");
	if (strspn(text, "0123456789") == 0)
		return NULL;
	number = strtoul(text, &end, 10);
	if (end[strspn(end, " ")] || number < 1 || number > s->list.count)
		return NULL;
	return s->list.items[number - 1];
}

static void
show(const struct start_lines *s, const struct start_entry *entry)
{
	struct str text = STR_INIT;

	s->source->show(entry, COLUMNS - 1, &text);
	say(s, str_cstr(&text));
	str_release(&text);
}

/* True: something was chosen. */
static bool
take_line(struct start_lines *s, const char *line, enum start_action *ret_action, char **ret_word)
{
	bool looks = line[0] == 'v';
	const struct start_entry *entry = row_of(s, looks ? line + 1 : line);

	if (entry && (looks || start_action_of(entry) == START_LEAVE)) {
		show(s, entry);
	} else if (entry) {
		*ret_action = start_action_of(entry);
		*ret_word = xstrdup(entry->word);
		return true;
	} else if (strcmp(line, "r") == 0) {
		start_list_release(&s->list);
		collect(s);
		say_list(s);
	} else if (strcmp(line, "?") == 0) {
		say_wrapped(s, "", rules);
	} else if (line[0]) {
		char *text = xasprintf("There is no row \"%s\". ? says what can be chosen.", line);

		say(s, text);
		free(text);
	}
	return false;
}

void
ui_start_plain(const struct start_source *source, bool ascii, enum start_action *ret_action,
	       char **ret_word)
{
	struct start_lines s = { .source = source, .ascii = ascii };
	bool done = false;
	char *line;

	*ret_action = START_LEAVE;
	*ret_word = NULL;
	collect(&s);
	say_list(&s);
	while (!done && (line = ask(&s))) {
		done = strcmp(line, "q") == 0 || take_line(&s, line, ret_action, ret_word);
		free(line);
	}
	line_input_release(&s.input);
	start_list_release(&s.list);
}
