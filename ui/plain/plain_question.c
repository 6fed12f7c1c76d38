#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/model/answer.h"
#include "ui/plain/plain.h"

static void
submit_answer(struct plain *plain, cJSON *answer)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);
	struct intent *intent = intent_new(INTENT_ANSWER, state->seq, step ? step->id : NULL, NULL);

	intent->answer = answer;
	plain_submit(plain, intent, true);
}

/* Both are answers here, so an empty line is neither. */
static void
ask_confirm(struct plain *plain, const struct prompt_state *prompt)
{
	char *line, *text = xasprintf("%s [y/n] ", prompt->question);

	line_input_flush(&plain->input);
	if (plain_read_line(plain, text, false, &line) == PLAIN_LINE) {
		if (str_equal(line, "y") || str_equal(line, "yes"))
			submit_answer(plain, answer_confirm(true));
		else if (str_equal(line, "n") || str_equal(line, "no"))
			submit_answer(plain, answer_confirm(false));
		else
			plain_say(plain, "Answer y or n.");
		free(line);
	}
	free(text);
}

static void
ask_checklist(struct plain *plain, const struct prompt_state *prompt)
{
	size_t count = prompt->items_count, asked = 0;
	struct answer_item *items = xcalloc(count, sizeof(*items));
	char **values = xcalloc(count, sizeof(*values));

	plain_say(plain, "%s", prompt->question);
	for (; asked < count; asked++) {
		char *text = xasprintf("[%zu/%zu] %s", asked + 1, count, prompt->items[asked].text);
		enum plain_read outcome = plain_read_yes(plain, text, &items[asked].checked);

		free(text);
		if (outcome == PLAIN_LINE && prompt->items[asked].wants_value)
			outcome = plain_read_line(plain, "      seen> ", false, &values[asked]);
		if (outcome != PLAIN_LINE)
			break;
		items[asked].value = values[asked];
	}
	if (asked == count)
		submit_answer(plain, answer_checklist(prompt, items));
	for (size_t i = 0; i < count; i++)
		free(values[i]);
	free(values);
	free(items);
}

static void
ask_input(struct plain *plain, const struct prompt_state *prompt)
{
	bool shows_default = prompt->otherwise && !prompt->secret;
	char *line, *problem;
	char *text = xasprintf("%s%s%s%s%s> ", prompt->question, shows_default ? " [" : "",
			       shows_default ? prompt->otherwise : "", shows_default ? "]" : "",
			       prompt->secret ? " (hidden)" : "");

	if (plain_read_line(plain, text, prompt->secret, &line) == PLAIN_LINE) {
		problem = answer_problem(prompt, line);
		if (problem)
			plain_say(plain, "%s", problem);
		else
			submit_answer(plain, answer_input(*line || !prompt->otherwise
								  ? line
								  : prompt->otherwise));
		free(problem);
		explicit_bzero(line, strlen(line));
		free(line);
	}
	free(text);
}

/* The index of an answer given as a number or as an id, or items_count. */
static size_t
find_choice(const struct prompt_state *prompt, const char *line)
{
	unsigned long number = strtoul(line, NULL, 10);
	const char *id = *line ? line : prompt->otherwise;

	for (size_t i = 0; i < prompt->items_count; i++)
		if (str_equal(prompt->items[i].id, id))
			return i;
	return number >= 1 && number <= prompt->items_count ? number - 1 : prompt->items_count;
}

static void
ask_choice(struct plain *plain, const struct prompt_state *prompt)
{
	char *line;

	plain_say(plain, "%s", prompt->question);
	for (size_t i = 0; i < prompt->items_count; i++)
		plain_say(plain, "  [%zu] %s%s", i + 1, prompt->items[i].text,
			  str_equal(prompt->items[i].id, prompt->otherwise) ? " (default)" : "");
	if (plain_read_line(plain, "number> ", false, &line) != PLAIN_LINE)
		return;
	size_t chosen = find_choice(prompt, line);
	if (chosen < prompt->items_count)
		submit_answer(plain, answer_choice(prompt->items[chosen].id));
	else
		plain_say(plain, "That is none of the choices.");
	free(line);
}

void
plain_question(struct plain *plain)
{
	static const struct {
		const char *kind;
		void (*ask)(struct plain *plain, const struct prompt_state *prompt);
	} kinds[] = {
		{ "confirm", ask_confirm },
		{ "checklist", ask_checklist },
		{ "input", ask_input },
		{ "choice", ask_choice },
	};
	const struct prompt_state *prompt = &plain->model.state->prompt;

	plain_announce(plain);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].kind, prompt->kind)) {
			kinds[i].ask(plain, prompt);
			return;
		}
	plain_leave(plain, "a question of a kind that is unknown here");
}
