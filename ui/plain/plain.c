#include "config.h"

#include "ui/plain/plain.h"

#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/console.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/terminal/signals.h"
#include "ui/text/ascii.h"
#include "ui/ui.h"

enum {
	PIPE_COLUMNS = 100,
	PARTIAL_MAX = 4096, /* an output line is printed in pieces of this size */
	EVENTS_A_ROUND = 1000,
	INTERRUPT_MS = 2000, /* a second SIGINT within this leaves */
};

static void
put(struct plain *plain, const char *text)
{
	struct str looks = STR_INIT;

	if (plain->prompting)
		putchar('\n');
	plain->prompting = false;
	if (plain->ascii)
		ascii_append(&looks, text);
	puts(plain->ascii ? str_cstr(&looks) : text);
	str_release(&looks);
}

void
plain_say(struct plain *plain, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	char *clean = text_clean(text, 0);
	put(plain, clean);
	free(clean);
	free(text);
}

void
plain_submit(struct plain *plain, struct intent *intent, bool decides)
{
	plain->awaiting = plain->awaiting || decides;
	plain->awaited_seq = plain->model.state->decision_seq;
	plain->model.link->submit(plain->model.link->engine, intent);
}

void
plain_leave(struct plain *plain, const char *why)
{
	const struct run_state *state = plain->model.state;

	if (plain->leaving || plain->model.closed)
		return;
	plain->leaving = true;
	if (!model_follows(&plain->model))
		plain_say(plain, "Leaving; what is running is finished first.");
	plain_submit(plain, intent_new(INTENT_LEAVE, state->seq, NULL, why), false);
}

static void
print_partial(struct plain *plain)
{
	char *line;

	if (!plain->partial.len)
		return;
	line = xasprintf("| %s", str_cstr(&plain->partial));
	put(plain, line);
	free(line);
	str_clear(&plain->partial);
}

/* Output is sanitised by the engine; sanitising it again changes nothing and trusts nobody. */
static void
print_output(struct plain *plain, const char *text)
{
	struct str clean = STR_INIT;

	text_sanitise(text, strlen(text), TEXT_KEEP_NEWLINES, &clean);
	for (const char *at = str_cstr(&clean); *at;) {
		size_t len = strcspn(at, "\n");

		str_append_bytes(&plain->partial, at, len);
		at += len;
		if (*at == '\n' && plain->partial.len == 0)
			put(plain, "|");
		if (*at == '\n' || plain->partial.len > PARTIAL_MAX)
			print_partial(plain);
		at += *at == '\n';
	}
	str_release(&clean);
}

static void
print_event(void *data, const struct run_event *event)
{
	struct plain *plain = data;
	char stamp[CLOCK_STAMP_MAX], *text;

	if (event->type == EVENT_OUTPUT) {
		print_output(plain, event->text);
		return;
	}
	print_partial(plain);
	if (event->type == EVENT_REFUSED || plain->model.state->decision_seq != plain->awaited_seq)
		plain->awaiting = false;
	if (event->type == EVENT_REFUSED)
		plain->announced_seq = -1;
	if (event->type == EVENT_REFUSED && plain->model.options->autopilot)
		plain->refused = true;
	if (event->type == EVENT_PROGRESS) {
		if (str_equal(event->text, plain->progress))
			return;
		free(plain->progress);
		plain->progress = xstrdup(event->text);
		plain_say(plain, "%s   %s", clock_format_hms(model_now_ms(&plain->model), stamp),
			  event->text);
		return;
	}
	text = event->replayed && plain->model.options->history_is_known
		       ? NULL
		       : model_sentence(&plain->model, event);
	if (text)
		plain_say(plain, "%s %s",
			  clock_format_hms(event->record ? event->record->ts_ms
							 : model_now_ms(&plain->model),
					   stamp),
			  text);
	free(text);
	plain_say_insecure(plain, false);
}

/* The first interrupt stops the running step, a second one soon after leaves. */
static void
interrupt(struct plain *plain)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);
	int64_t now_ms = clock_mono_ms();
	bool again = plain->interrupted_ms && now_ms - plain->interrupted_ms < INTERRUPT_MS;

	plain->interrupted_ms = now_ms;
	if (plain->feeds) {
		plain->gives_up = true;
		plain->interrupted_ms = 0; /* the next one is a first one */
		plain_say(plain, "Not shown.");
	} else if (model_follows(&plain->model)) { /* nothing of ours is under way */
		plain_leave(plain, NULL);
	} else if (again) {
		plain->interrupted = true;
		plain_leave(plain, "interrupted");
	} else if (step && (model_facts(&plain->model) & FACT_RUNNING)) {
		plain_say(plain,
			  "Asking the running step to stop; Ctrl-C again within 2 s leaves.");
		plain_submit(plain, intent_new(INTENT_CANCEL, state->seq, step->id, NULL), false);
	} else {
		plain_say(plain, "Nothing is running; Ctrl-C again within 2 s leaves.");
	}
}

/* SIGTERM leaves little time, and a second one none. */
static void
hurry(struct plain *plain)
{
	struct intent *intent = signals_hurry(plain->model.state->seq);
	char patience[CLOCK_STAMP_MAX];

	if (intent->patience_ms == 0)
		plain_say(plain, "SIGTERM again: the running step is cancelled now.");
	else if (model_facts(&plain->model) & FACT_RUNNING)
		plain_say(
			plain,
			"SIGTERM: the running step is cancelled in %s; a second one cancels it at "
			"once.",
			duration_format(intent->patience_ms, patience));
	plain_submit(plain, intent, false);
}

static void
heed_wishes(struct plain *plain)
{
	unsigned wishes = signals_wishes();

	if (wishes & WISH_INTERRUPT)
		interrupt(plain);
	if ((wishes & WISH_HANGUP) && !plain->hung_up) {
		plain->hung_up = true;
		console_disown(true); /* nobody waits for a terminal that is gone */
		plain->console_fd = -1;
	}
	if (wishes & WISH_LEAVE)
		plain_leave(plain, wishes & WISH_HANGUP ? "the terminal was hung up" : "SIGTERM");
	if ((wishes & WISH_TERMINATE) && !plain->model.closed)
		hurry(plain);
}

static int
patience_ms(const struct plain *plain)
{
	int64_t left_ms = plain->wake_at_ms - clock_mono_ms();

	return plain->wake_at_ms == 0 ? -1 : left_ms > 0 ? (int)left_ms : 0;
}

void
plain_wait(struct plain *plain, bool input)
{
	struct pollfd fds[] = {
		{ queue_fd(plain->model.link->events), POLLIN, 0 },
		{ signals_fd(), POLLIN, 0 },
		{ input ? STDIN_FILENO : -1, POLLIN, 0 },
		{ plain->console_fd, POLLIN, 0 },
		{ plain->feeds ? feeds_fd(plain->feeds) : -1, POLLIN, 0 },
	};

	if (fflush(stdout) == EOF)
		plain_leave(plain, "the output was closed");
	poll(fds, 5, patience_ms(plain));
	heed_wishes(plain);
	if (fds[4].revents)
		feeds_clear(plain->feeds);
	if (model_take_events(&plain->model, EVENTS_A_ROUND, print_event, plain, &plain->error) < 0)
		plain->failed = true;
	if (fds[2].revents)
		line_input_fill(&plain->input);
	if (fds[3].revents)
		plain_take_console(plain);
}

/* Does what the command line has decided in advance, or leaves where it says nothing. */
static void
fly(struct plain *plain)
{
	struct intent *intent = NULL;
	char *why = NULL, *clean;

	if (plain->refused) { /* the same decision would only be refused again */
		plain->stuck = true;
		plain_leave(plain, "the engine refused what the command line decides");
		return;
	}
	switch (autopilot_decide(plain->model.options->autopilot, plain->model.state, &intent,
				 &why)) {
	case AUTOPILOT_WAIT:
		break;
	case AUTOPILOT_ACT:
		plain_submit(plain, intent, true);
		break;
	case AUTOPILOT_STUCK:
		plain->stuck = true;
		/* fall through */
	case AUTOPILOT_FAILED:
		clean = text_clean(why, 0);
		fflush(stdout);
		fprintf(stderr, "lifeboat: %s\n", clean);
		free(clean);
		plain_leave(plain, why);
		break;
	}
	free(why);
}

/*
 * What only asks is begun by the engine as soon as it is prepared, and a run that can end in one way only is ended: there
 * is nothing to decide in between.
 */
static bool
goes_on_by_itself(const struct plain *plain)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);

	if (plain->model.broken)
		return false;
	if (!step)
		return state->current >= 0 && plain->model.options->runbook->ends_count < 2;
	return step->status == STEP_PLANNED && !step->undoing && str_equal(step->effect, "none") &&
	       str_equal(step->confirm, "none");
}

/* One round: decides what is to be decided, or waits. */
static void
step(struct plain *plain)
{
	unsigned facts = model_facts(&plain->model);

	if (model_follows(&plain->model) && !plain->leaving && !plain->model.replaying)
		plain_meanwhile(plain);
	else if (plain->awaiting || plain->leaving || plain->model.replaying ||
		 (facts & (FACT_BUSY | FACT_OVER)))
		plain_wait(plain, false);
	else if (plain->model.options->autopilot) {
		fly(plain);
		if (!plain->leaving)
			plain_wait(plain, false);
	} else if (facts & FACT_ASKED)
		plain_question(plain);
	else if (facts & FACT_RUNNING)
		plain_meanwhile(plain);
	else if (goes_on_by_itself(plain))
		plain_wait(plain, false);
	else
		plain_decide(plain);
}

static void
say_end(struct plain *plain)
{
	struct lines lines;

	lines_init(&lines, plain->columns);
	end_page_lines(&plain->model, &lines);
	for (size_t i = 0; i < lines.count; i++)
		put(plain, lines.items[i].text);
	lines_release(&lines);
}

static int
conclude(struct plain *plain, enum ui_end *ret_end, struct err *e)
{
	const struct run_state *state = plain->model.state;

	if (plain->failed) {
		*e = plain->error;
		return -1;
	}
	if (state->phase == RUN_ENDED) {
		say_end(plain);
		*ret_end = UI_END_RUN_OVER;
		return 0;
	}
	if (model_follows(&plain->model) && plain->model.warning)
		return err_set(e, ERR_SPEC, "the run cannot be followed any further: %s",
			       plain->model.warning);
	if (model_follows(&plain->model)) {
		*ret_end = plain->leaving ? UI_END_LEFT : UI_END_RELEASED;
		return 0;
	}
	if (!plain->leaving && state->phase != RUN_STOPPED)
		return situation_stopped(state, plain->model.warning, e);
	*ret_end = plain->stuck		? UI_END_NEEDS_DECISION
		   : plain->interrupted ? UI_END_INTERRUPTED
					: UI_END_LEFT;
	return 0;
}

static int
terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 40)
		return PIPE_COLUMNS;
	return size.ws_col;
}

static int
begin(struct plain *plain, const struct ui_beginning *beginning, struct err *e)
{
	if (beginning)
		plain->model.link = beginning->begin(beginning->data, e);
	return plain->model.link ? 0 : -1;
}

int
ui_plain_run(const struct ui_options *options, const struct run_link *link, struct run_state *state,
	     enum ui_end *ret_end, struct err *e)
{
	struct plain plain = {
		.ascii = options->look.ascii || !str_equal(nl_langinfo(CODESET), "UTF-8"),
		.columns = terminal_columns(),
		.announced_seq = -1,
	};
	int rc;

	if (signals_open(WISH_INTERRUPT | WISH_LEAVE | WISH_HANGUP, e) < 0)
		return -1;
	model_init(&plain.model, options, link, state);
	plain.console_fd = console_own();
	rc = begin(&plain, options->beginning, e);
	if (options->holder)
		plain_say(&plain, "Following the run of %s; Ctrl-C leaves it to them%s.",
			  options->holder,
			  options->takes_over ? ", and where they end it is taken over here" : "");
	while (rc == 0 && !plain.model.closed && !plain.failed)
		step(&plain);
	print_partial(&plain);
	if (!plain.hung_up)
		console_disown(false);
	if (rc == 0)
		rc = conclude(&plain, ret_end, e);
	fflush(stdout);
	signals_close();
	line_input_release(&plain.input);
	str_release(&plain.partial);
	str_release(&plain.look.text);
	pattern_free(plain.look.filter);
	free(plain.resource);
	free(plain.progress);
	free(plain.insecure);
	model_release(&plain.model);
	return rc;
}
