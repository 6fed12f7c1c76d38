#ifndef LIFEBOAT_TESTS_GOLDEN_SCENARIO_H
#define LIFEBOAT_TESTS_GOLDEN_SCENARIO_H

#include "harness.h"
#include "ui/ui.h"

/*
 * A run without an engine: records are made from JSON and handed to a front end, and what the front
 * end submits is reported and answered by more records.
 */
struct scenario {
	struct runbook runbook;
	struct ui_options options;
	struct run_link link;
	struct run_state state;
	struct autopilot autopilot;
	int64_t seq;
	char head[65];
	const char *
		drill; /* the data of a drill's first record, which makes it one; NULL: a live run */
	/* Answers an intent by more records; NULL: nothing happens. */
	void (*answer)(struct scenario *s, const struct intent *intent);
};

/* The front end that plays a scenario: at which point of the run, and how it goes on. */
struct play {
	void (*stage)(struct scenario *s);
	void (*answer)(struct scenario *s, const struct intent *intent);
	void (*adjust)(
		struct scenario *s); /* options and runbook, before the front end starts; or NULL */
	bool plain;
};

/* tty_start()'s child function: plays a struct play; the exit status is the enum ui_end, 100: an error. */
int scenario_play(void *play);

/* The screen on a terminal of that size, at a stage of the run; tty_stop() ends it. */
struct tty *scenario_start(int columns, int rows, void (*stage)(struct scenario *),
			   void (*answer)(struct scenario *, const struct intent *));
struct tty *scenario_start_adjusted(int columns, int rows, void (*stage)(struct scenario *),
				    void (*adjust)(struct scenario *));
/* The same golden screen in the three sizes that the layout knows; `keys` first, if any, then once `until` is shown. */
void scenario_assert_sizes(const char *name, void (*stage)(struct scenario *),
			   void (*adjust)(struct scenario *), const char *keys, const char *until);
/* Leaves by q and y, checks that the program ended as it should, and frees the terminal. */
void scenario_leave(struct tty *tty);

/* The record that follows, from the JSON text of its data. */
void scenario_push(struct scenario *s, enum record_type type, const char *data);
void scenario_event(struct scenario *s, enum run_event_type type, const char *step,
		    const char *text);
/* Output of a step as the engine hands it on: sanitised, its colours beside it. */
void scenario_output(struct scenario *s, const char *step, const char *raw);

/* Records up to usual places of the runbook of the tests. */
void stage_begin(struct scenario *s);	/* preflight done, the first step to be prepared */
void stage_ready(struct scenario *s);	/* a step that changes something is planned */
void stage_destroy(struct scenario *s); /* a step that destroys something is planned */
void stage_two_person(struct scenario *s);
void stage_reads(struct scenario *s);	/* a step that only reads is planned */
void stage_running(struct scenario *s); /* with output */
void stage_failed(struct scenario *s);	/* with a goto */
void stage_probing(struct scenario *s); /* a crash lies behind us, and the step may have happened */
void stage_probed(struct scenario *s, const char *probe); /* with the data of the probe's record */
void stage_unknown(struct scenario *s);			  /* with evidence that decides nothing */
void stage_checklist(struct scenario *s);
void stage_input(struct scenario *s);
void stage_secret(struct scenario *s);
void stage_choice(struct scenario *s);
void stage_confirm(struct scenario *s);
void stage_past_last(struct scenario *s);
void stage_ended(struct scenario *s);

#endif
