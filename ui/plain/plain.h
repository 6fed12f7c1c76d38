#ifndef LIFEBOAT_UI_PLAIN_PLAIN_H
#define LIFEBOAT_UI_PLAIN_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pattern.h"
#include "ui/model/feed_choice.h"
#include "ui/model/feeds.h"
#include "ui/model/model.h"
#include "ui/terminal/line_input.h"

/* What somebody looks at in line mode: lines that stand in no journal, said because they were asked for. */
struct look {
	struct str text;	/* all that was said of it, for saving */
	struct pattern *filter; /* or NULL */
	size_t lines, left_out; /* said and not said for the filter */
};

/* Line mode: what is said and asked goes to stdout, a line at a time. Main thread only. */
struct plain {
	struct model model;
	struct line_input input;
	bool ascii;
	int columns;
	struct str partial; /* the output line under way */
	char *progress;	    /* the last one that was printed */
	char *insecure;	    /* the last warning about servers that are not verified, or NULL */
	int console_fd;
	struct feeds *feeds; /* while something of them is being shown; else NULL */
	struct look look;
	char *resource; /* what was looked at last of a cluster, besides the runbook's; or NULL */
	bool is_everywhere;  /* in all namespaces */
	bool has_told_words; /* that words can be said while a step runs */
	int64_t wake_at_ms;  /* monotonic: plain_wait() waits no longer; 0: it does */
	bool gives_up;	     /* what is being waited for to be shown is not wanted any more */
	bool prompting;	     /* the cursor stands behind a prompt */
	bool leaving;
	bool hung_up;		/* the terminal is gone */
	bool knows_impact;	/* the impact board was shown once */
	bool stuck;		/* --auto met a decision */
	bool refused;		/* --auto: the engine did not take a decision */
	bool awaiting;		/* something was submitted that changes the situation */
	int64_t awaited_seq;	/* decision_seq by then */
	int64_t announced_seq;	/* decision_seq of the last situation that was announced */
	int64_t interrupted_ms; /* monotonic: the last SIGINT; 0: none */
	bool interrupted;	/* and left for it */
	struct err error;	/* a record that did not follow */
	bool failed;
};

/* How reading a line ended. */
enum plain_read {
	PLAIN_LINE,
	PLAIN_GONE, /* left, ended, or the situation changed meanwhile */
};

/* plain.c: one line out, through the sanitiser. */
void plain_say(struct plain *plain, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asks the engine to stop in good order. */
void plain_leave(struct plain *plain, const char *why);
/* Hands an intent over; `decides`: the situation is another one after it. */
void plain_submit(struct plain *plain, struct intent *intent, bool decides);
/* Waits for events, signals and, where `input`, for input; prints what comes. */
void plain_wait(struct plain *plain, bool input);

/* plain_console.c: what programs in the background say, and the terminal for those that need it. */
void plain_take_console(struct plain *plain);
/* Warns of servers that are not verified, if that is news or `again`. */
void plain_say_insecure(struct plain *plain, bool again);

/* plain_prompt.c */
/* Asks for a line, which the caller wipes and frees. Goes on printing what comes meanwhile. */
enum plain_read plain_read_line(struct plain *plain, const char *prompt, bool hidden,
				char **ret_line);
/* The same for a long list of choices, which is not repeated as a whole behind what is said meanwhile. */
enum plain_read plain_read_choice(struct plain *plain, const char *prompt, const char *again,
				  char **ret_line);
/* y or n; an empty line is No, anything else asks again. */
enum plain_read plain_read_yes(struct plain *plain, const char *question, bool *ret_yes);
/* A line that is not blank, or PLAIN_GONE; `what` completes "… is required". */
enum plain_read plain_read_text(struct plain *plain, const char *prompt, const char *what,
				char **ret_line);

/* plain_words.c: what can be said instead of a number. Does it, or says why not; main thread, blocks for the look only. */
void plain_word(struct plain *plain, const char *line);
/* Waits while there is nothing to decide, and does what is said meanwhile at a terminal. */
void plain_meanwhile(struct plain *plain);

/* plain_decide.c: everything about the current step, once for each situation. */
void plain_announce(struct plain *plain);
/* Announces the situation and asks what is to be done. */
void plain_decide(struct plain *plain);
/* Puts a remark on record; an empty one is asked for. */
void plain_note(struct plain *plain, const char *text);
/* plain_question.c: asks the open question of the running step. */
void plain_question(struct plain *plain);

#endif
