#include "config.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/form/form.h"
#include "ui/terminal/line_input.h"
#include "ui/text/ascii.h"
#include "ui/text/lines.h"

/* The form by lines: it is asked for what is missing, then everything is shown, and can be changed by its number. */

enum { COLUMNS_WIDE = 78 };

struct plain_form {
	const struct form_page *page;
	const struct form_owner *owner;
	struct line_input input;
};

/* ---- lines out and in ---- */

static void
print(const struct plain_form *form, const char *text)
{
	struct str looks = STR_INIT;

	if (form->page->look.ascii)
		ascii_append(&looks, text);
	fputs(form->page->look.ascii ? str_cstr(&looks) : text, stderr);
	str_release(&looks);
}

static void
print_lines(const struct plain_form *form, struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		print(form, lines->items[i].text);
		print(form, "\n");
	}
	lines_release(lines);
}

static void say(const struct plain_form *form, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
say(const struct plain_form *form, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap), *clean = text_clean(text, 0);
	va_end(ap);
	print(form, clean);
	print(form, "\n");
	free(clean);
	free(text);
}

/* The next line; NULL: the input has ended, or something came from the background. */
static char *
wait_line(struct plain_form *form, int background)
{
	char *line = NULL;

	while (!line_input_take(&form->input, &line) && !form->input.ended) {
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { background, POLLIN, 0 } };

		poll(fds, 2, -1);
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents)
			line_input_fill(&form->input);
	}
	return line;
}

static char *
ask(struct plain_form *form, const char *prompt, bool hidden)
{
	char *clean = text_clean(prompt, 0), *line;

	if (hidden)
		line_input_hide(); /* before anybody could answer */
	bool ahead = isatty(STDIN_FILENO) && line_input_ahead(&form->input);
	print(form, clean);
	fflush(stderr);
	free(clean);
	line = wait_line(form, -1);
	line_input_show();
	if (line && ahead) /* its echo stands above the prompt */
		say(form, "%s", hidden ? "(hidden)" : line);
	return line;
}

static void
drop_line(char *line)
{
	if (line)
		explicit_bzero(line, strlen(line));
	free(line);
}

static bool
has_control(const char *line)
{
	for (; *line; line++)
		if (((unsigned char)*line < ' ' && *line != '\t') || *line == 0x7f)
			return true;
	return false;
}

/* Whether the line is a number from 1 to `most`, and which. */
static size_t
number_of(const char *line, size_t most)
{
	size_t len = strlen(line);

	if (len == 0 || len > 4 || strspn(line, "0123456789") < len)
		return 0;
	unsigned long number = strtoul(line, NULL, 10);
	return number <= most ? (size_t)number : 0;
}

/* ---- one parameter ---- */

/* What can be answered by a number. */
struct options {
	char **texts;
	size_t count, cap;
	size_t list; /* the number behind which there is a list; 0: none */
};

static void
options_release(struct options *options)
{
	for (size_t i = 0; i < options->count; i++)
		free(options->texts[i]);
	free(options->texts);
}

static bool
options_add(struct options *options, const char *text)
{
	for (size_t i = 0; i < options->count; i++)
		if (str_equal(options->texts[i], text))
			return false;
	*VEC_PUSH(options->texts, options->count, options->cap) = xstrdup(text);
	return true;
}

static const struct param *
param_at(const struct plain_form *form, size_t row)
{
	return &form->page->runbook->params[form->page->params[row]];
}

static void
value_at(const struct plain_form *form, size_t row, struct form_value *ret_value)
{
	*ret_value = (struct form_value){ 0 };
	form->owner->value(form->owner->data, form->page->params[row], ret_value);
}

static void
offer(const struct plain_form *form, struct options *options, const char *text, const char *why)
{
	if (options_add(options, text))
		say(form, "  [%zu] %s%s%s", options->count, *text ? text : "(empty)",
		    *why ? ": " : "", why);
}

/* Numbers would be taken for values where values are numbers. */
static void
offer_all(const struct plain_form *form, size_t row, struct options *options)
{
	const struct param *param = param_at(form, row);
	struct form_value value;
	const char *name;

	value_at(form, row, &value);
	if (param->type == PARAM_INT || param->type == PARAM_SECRET)
		return;
	for (size_t i = 0; param->choices && param->choices[i]; i++)
		offer(form, options, param->choices[i], "");
	if (param->type == PARAM_BOOL) {
		offer(form, options, "yes", "");
		offer(form, options, "no", "");
	}
	if (value.text && !value.problem) {
		char *source = form_source_words(&value);

		offer(form, options, value.text, source);
		free(source);
	}
	if (value.last) {
		char *why = xasprintf("from the last run, of %s", value.last_day);

		offer(form, options, value.last, why);
		free(why);
	}
	name = form->owner->picks_name(form->owner->data, form->page->params[row]);
	if (name && options_add(options, "\n")) {
		options->list = options->count;
		say(form, "  [%zu] list: %s", options->count, name);
	}
}

static void
set(struct plain_form *form, size_t row, const char *text)
{
	struct form_value value;

	form->owner->set(form->owner->data, form->page->params[row], text);
	value_at(form, row, &value);
	if (!value.is_pending)
		return;
	say(form, "Reading %s; Enter gives it up.", value.place);
	char *line = wait_line(form, form->owner->fd(form->owner->data));
	if (line)
		form->owner->stop(form->owner->data);
	else
		form->owner->take(form->owner->data);
	drop_line(line);
}

/* ---- lists ---- */

static bool
fetch(struct plain_form *form, size_t row, struct form_picks *picks)
{
	form->owner->picks_begin(form->owner->data, form->page->params[row]);
	form->owner->picks(form->owner->data, picks);
	if (!picks->is_waiting)
		return true;
	say(form, "%s", "Asking; Enter gives it up.");
	char *line = wait_line(form, form->owner->fd(form->owner->data));
	bool is_here = !line && !form->input.ended;
	if (is_here)
		form->owner->take(form->owner->data);
	else
		form->owner->stop(form->owner->data);
	drop_line(line);
	form->owner->picks(form->owner->data, picks);
	return is_here;
}

/* "2" or "1,3": the items of those numbers with commas between them, or NULL. */
static char *
picked_text(const char *line, const struct form_picks *picks, bool several)
{
	struct str text = STR_INIT;
	bool is_sound = *line != '\0';

	while (is_sound && *line) {
		size_t len = strcspn(line, ",");
		char *word =
			xstrndup(line + strspn(line, " "), len - (len ? strspn(line, " ") : 0));
		size_t number = number_of(word, picks->count);

		free(word);
		is_sound = number > 0 && (several || text.len == 0);
		if (is_sound)
			str_printf(&text, "%s%s", text.len ? "," : "", picks->items[number - 1]);
		line += len + (line[len] == ',');
	}
	if (is_sound)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

static void
pick(struct plain_form *form, size_t row)
{
	bool several = param_at(form, row)->type == PARAM_LIST;
	struct form_picks picks = { 0 };

	if (!fetch(form, row, &picks)) {
		say(form, "%s", "It was given up.");
		return;
	}
	if (picks.problem) {
		say(form, "! %s", picks.problem);
		return;
	}
	for (size_t i = 0; i < picks.count; i++)
		say(form, "  [%zu] %s", i + 1, picks.items[i]);
	if (picks.remark)
		say(form, "%s", picks.remark);
	if (picks.count == 0) {
		say(form, "%s", "There is none.");
		return;
	}
	char *line = ask(form, several ? "numbers, with commas between them> " : "number> ", false);
	char *text = line ? picked_text(line, &picks, several) : NULL;
	if (text)
		set(form, row, text);
	else if (line)
		say(form, "%s", "That is none of the numbers.");
	free(text);
	drop_line(line);
}

/* ---- asking for one ---- */

static void
explain(const struct plain_form *form, size_t row)
{
	const struct param *param = param_at(form, row);
	struct form_value value;
	struct lines lines;

	value_at(form, row, &value);
	lines_init(&lines, COLUMNS_WIDE);
	lines_add(&lines, ROLE_TEXT, "%s", "");
	lines_add(&lines, ROLE_STRONG, "%s (%s)", param->title, param->name);
	form_explain(param, &value, &lines);
	print_lines(form, &lines);
}

static char *
prompt_for(const struct plain_form *form, size_t row, const struct options *options)
{
	const struct param *param = param_at(form, row);
	struct form_value value;

	value_at(form, row, &value);
	char *words = value.problem ? xstrdup("") : form_value_words(&value);
	bool has_value = value.text && !value.problem;
	char *text = xasprintf("%s (%s%s%s%s%s)> ", param->name, param_type_name(param->type),
			       param->type == PARAM_SECRET ? ", hidden" : "",
			       options->count ? ", or a number" : "",
			       has_value || value.hidden ? ", Enter keeps " : "",
			       *words || !has_value ? words : "it empty");
	free(words);
	return text;
}

/* One answer; a line that begins with = is a value whatever it looks like. */
static void
take_answer(struct plain_form *form, size_t row, const struct options *options, const char *line)
{
	bool is_secret = param_at(form, row)->type == PARAM_SECRET;
	size_t number = number_of(line, options->count);

	if (has_control(line))
		say(form, "%s", "! A control character is in it: type it without");
	else if (*line == '\0')
		return;
	else if (number && number == options->list)
		pick(form, row);
	else if (number)
		set(form, row, options->texts[number - 1]);
	else if (str_equal(line, "-") && !is_secret)
		form->owner->reset(form->owner->data, form->page->params[row]);
	else
		set(form, row, *line == '=' && !is_secret ? line + 1 : line);
}

/* Asks until the parameter may stay as it is; false: the input has ended. */
static bool
ask_row(struct plain_form *form, size_t row)
{
	struct form_value value = { 0 };

	do {
		struct options options = { 0 };
		char *prompt, *line;

		explain(form, row);
		offer_all(form, row, &options);
		prompt = prompt_for(form, row, &options);
		line = ask(form, prompt, param_at(form, row)->type == PARAM_SECRET);
		if (line)
			take_answer(form, row, &options, line);
		options_release(&options);
		free(prompt);
		bool ended = !line;
		drop_line(line);
		if (ended)
			return false;
		value_at(form, row, &value);
	} while (value.problem || value.source == FORM_MISSING);
	return true;
}

/* ---- all of them ---- */

static void
introduce(const struct plain_form *form)
{
	const struct runbook *rb = form->page->runbook;
	bool is_drill = form->page->is_drill;
	struct lines lines;

	lines_init(&lines, COLUMNS_WIDE);
	lines_add(&lines, ROLE_STRONG, "%s: %s%s%s", is_drill ? "DRILL" : "LIVE", rb->title,
		  rb->version ? " " : "", rb->version ? rb->version : "");
	if (rb->summary)
		lines_markdown(&lines, rb->summary);
	char *text = xasprintf(
		"The steps %s; nothing begins before the question at the end. A number in "
		"brackets stands for its text, =TEXT for TEXT whatever it looks like, "
		"and - for the default (again: for what the last run had).",
		is_drill ? "touch nothing real" : "act on real systems");
	lines_wrap(&lines, ROLE_TEXT, "", ROLE_TEXT, text);
	free(text);
	print_lines(form, &lines);
}

static void
summarise(const struct plain_form *form)
{
	say(form, "%s", "");
	for (size_t row = 0; row < form->page->count; row++) {
		struct form_value value;

		value_at(form, row, &value);
		char *words = form_value_words(&value), *source = form_source_words(&value);
		say(form, "%3zu  %s: %s (%s)", row + 1, param_at(form, row)->name, words, source);
		if (value.problem)
			say(form, "     ! %s", value.problem);
		free(words);
		free(source);
	}
}

static bool
ask_open(struct plain_form *form, bool with_last_run)
{
	for (size_t row = 0; row < form->page->count; row++) {
		struct form_value value;

		value_at(form, row, &value);
		bool is_open = value.problem || value.source == FORM_MISSING;
		if ((is_open || (with_last_run && value.source == FORM_LAST_RUN)) &&
		    !ask_row(form, row))
			return false;
	}
	return true;
}

/* The last question, again and again: 1 yes, 0 no, -1 the input has ended. */
static int
conclude(struct plain_form *form)
{
	char *prompt = xasprintf("%s? [y/N], or the number of one to change> ", form->page->verb);
	int answer = -1;
	bool asks = true;

	while (asks) {
		if (!ask_open(form, false))
			break;
		summarise(form);
		line_input_flush(&form->input);
		char *line = ask(form, prompt, false);
		size_t number = line ? number_of(line, form->page->count) : 0;
		asks = number && ask_row(form, number - 1);
		if (line && !number)
			answer = str_equal(line, "y") || str_equal(line, "Y") ||
				 str_equal(line, "yes");
		drop_line(line);
	}
	free(prompt);
	return answer;
}

int
ui_form_plain(const struct form_page *page, const struct form_owner *owner, struct err *e)
{
	struct plain_form form = { .page = page, .owner = owner, .input = { STR_INIT, false } };
	int answer = -1;

	introduce(&form);
	if (ask_open(&form, true))
		answer = conclude(&form);
	line_input_release(&form.input);
	if (answer == 1)
		return 0;
	return err_set(e, ERR_CANCELLED, "%s before the run: nothing was begun",
		       answer == 0 ? "left" : "the input ended");
}
