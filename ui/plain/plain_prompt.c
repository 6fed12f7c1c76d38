#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/plain/plain.h"
#include "ui/text/ascii.h"

static void
show_prompt(struct plain *plain, const char *prompt)
{
	struct str looks = STR_INIT;
	char *clean = text_clean(prompt, 0);

	if (plain->ascii)
		ascii_append(&looks, clean);
	fputs(plain->ascii ? str_cstr(&looks) : clean, stdout);
	fflush(stdout);
	plain->prompting = true;
	str_release(&looks);
	free(clean);
}

/*
 * On a pipe nobody's typing shows in the transcript, and what was typed ahead of its prompt shows above it, so the
 * answer is put behind the prompt.
 */
static void
echo(struct plain *plain, const char *line, bool hidden, bool ahead)
{
	char *clean = text_clean(line, 0);

	plain->prompting = false;
	if (ahead || !isatty(STDIN_FILENO))
		plain_say(plain, "%s", hidden ? "(hidden)" : clean);
	free(clean);
}

static bool
gone(const struct plain *plain, int64_t decision_seq)
{
	return plain->leaving || plain->failed || plain->model.closed ||
	       plain->model.state->decision_seq != decision_seq;
}

/* `again`: the prompt where it is shown once more, since something was said meanwhile. */
static enum plain_read
read_line(struct plain *plain, const char *prompt, const char *again, bool hidden, char **ret_line)
{
	int64_t decision_seq = plain->model.state->decision_seq;
	bool taken = false, ahead = false;

	while (!gone(plain, decision_seq)) {
		if (queue_len(plain->model.link->events)) {
			plain_wait(plain, false); /* what has happened is said before asking */
			continue;
		}
		if (hidden)
			line_input_hide(); /* again, where the terminal was lent meanwhile */
		if (!plain->prompting) {
			ahead = line_input_ahead(&plain->input);
			show_prompt(plain, prompt);
			prompt = again;
		}
		taken = line_input_take(&plain->input, ret_line);
		if (taken)
			break;
		if (plain->input.ended)
			plain_leave(plain, "the input ended");
		else
			plain_wait(plain, true);
	}
	line_input_show();
	if (!taken) {
		if (plain->prompting)
			plain_say(plain, "%s", "");
		return PLAIN_GONE;
	}
	echo(plain, *ret_line, hidden, ahead);
	return PLAIN_LINE;
}

enum plain_read
plain_read_line(struct plain *plain, const char *prompt, bool hidden, char **ret_line)
{
	return read_line(plain, prompt, prompt, hidden, ret_line);
}

enum plain_read
plain_read_choice(struct plain *plain, const char *prompt, const char *again, char **ret_line)
{
	return read_line(plain, prompt, again, false, ret_line);
}

enum plain_read
plain_read_yes(struct plain *plain, const char *question, bool *ret_yes)
{
	static const char *const yes[] = { "y", "Y", "yes", NULL };
	char *prompt = xasprintf("%s [y/N] ", question), *line;
	enum plain_read outcome;

	line_input_flush(&plain->input);
	outcome = plain_read_line(plain, prompt, false, &line);
	free(prompt);
	if (outcome != PLAIN_LINE)
		return outcome;
	*ret_yes = false;
	for (size_t i = 0; yes[i]; i++)
		if (str_equal(line, yes[i]))
			*ret_yes = true;
	free(line);
	return PLAIN_LINE;
}

enum plain_read
plain_read_text(struct plain *plain, const char *prompt, const char *what, char **ret_line)
{
	enum plain_read outcome = plain_read_line(plain, prompt, false, ret_line);

	if (outcome != PLAIN_LINE || (*ret_line)[strspn(*ret_line, " \t")])
		return outcome;
	plain_say(plain, "%s is required; nothing was done.", what);
	free(*ret_line);
	return PLAIN_GONE;
}
