#ifndef LIFEBOAT_RUN_STATE_STATE_H
#define LIFEBOAT_RUN_STATE_STATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "run/state/record.h"

/*
 * The state of a run: a fold over its records. There is no other state: the engine, the screen, resume
 * and reports each keep one of these and apply the same records to it. Plain data, read freely by the
 * thread that owns it; strings are as in the records (redacted, not sanitised for the screen).
 */

enum step_status {
	STEP_TODO,
	STEP_PLANNED, /* prepared; waits for the operator */
	STEP_BLOCKED, /* could not be prepared; waits for the operator */
	STEP_RUNNING, /* intent without outcome */
	STEP_OK,
	STEP_FAILED,
	STEP_SKIPPED,
	STEP_CANCELLED,
	STEP_UNKNOWN, /* it may or may not have happened */
};

/* "to do", "ready", "blocked", "running", "passed", "failed", "skipped", "cancelled", "unknown". */
const char *step_status_name(enum step_status status);
/* Passed or skipped: the run may go on past it. */
bool step_status_done(enum step_status status);

struct preview_line {
	char mark; /* ' ' sentence, '>' request, '+', '-', '=' context, '!' warning */
	char *text;
};

struct check_result {
	char *title;   /* "kubernetes.get secrets/iam-signing-key" */
	char *expect;  /* the expression, or NULL */
	char *message; /* what was seen instead, and what that means; NULL where it held */
	bool ok;
};

/* What the last look at a step of unknown outcome has shown. */
struct probe_state {
	int64_t seq;   /* of its record; -1: nobody has looked since the step began */
	int64_t ts_ms; /* wall clock */
	char *verdict; /* "done", "not-done", "unsure" */
	char **lines;  /* what was looked at, and what was seen */
	size_t lines_count;
	char *error; /* why it could not be looked, or NULL */
	char *by;    /* who asked for it; NULL: it was done by itself */
};

/* One step, or one instance of a for_each step. */
struct step_state {
	char *id;      /* "rotate-tokens", of an instance "rotate-tokens[app-1]" */
	char *spec_id; /* "rotate-tokens" */
	char *item;    /* "app-1", or NULL */
	char *title;
	char *text;	 /* of the last plan, where it differs from the runbook's; or NULL */
	char *section;	 /* or NULL */
	bool for_each;	 /* not expanded yet */
	bool idempotent; /* doing it twice is harmless: the runbook says so */
	int64_t estimate_ms;
	enum step_status status;
	char *uses; /* from here on: of the last plan; NULL before the first */
	char *target;
	char *effect;	    /* "none", "reads", "changes", "destroys" */
	char *confirm;	    /* "none", "ask", "type-name", "two-person" */
	char *confirm_name; /* what must be typed, or NULL */
	struct preview_line *preview;
	size_t preview_count;
	cJSON *with; /* resolved arguments, redacted, */
	cJSON *seen; /* and what the preview remembered; or NULL */
	struct check_result *preconditions;
	size_t preconditions_count;
	struct check_result *verify; /* of the last outcome */
	size_t verify_count;
	int attempt;
	char *error_kind; /* of the last failure, or NULL */
	char *error;
	char *reason;		      /* why it was skipped */
	char *by;		      /* who confirmed, marked or skipped it */
	bool again;		      /* its next try is the last one once more, under its key */
	bool marked;		      /* passed by the word of an operator: it has no outputs */
	cJSON *outputs;		      /* an object, or NULL */
	char *output_file;	      /* "out/000012", below the run's folder, or NULL */
	int64_t intent_seq;	      /* -1 before */
	int64_t started_ms, ended_ms; /* wall clock; 0 */
	/* of the last try, for finding out whether it happened: */
	char *key;	 /* the idempotency key, "run/step/attempt", or "run/step/undo/attempt" */
	char *begun_by;	 /* "ana, pid 4711 on db1": who began it, in which process */
	cJSON *evidence; /* what it remembered, an object; or NULL */
	struct probe_state probe;
	/*
	 * What all of its tries have done since it was taken back last; a try that fails, or is prepared anew, takes
	 * nothing of that away.
	 */
	bool acted;    /* something was changed, or may have been */
	bool undoable; /* and there is a way to take that back: */
	char *undo_title; /* what that is, "kubernetes.delete secrets/x"; or why there is none; or NULL */
	cJSON *before; /* how things were before the first try, for its executor; an object, or NULL */
	cJSON *done_with; /* the arguments that were done, redacted, and on which target; or NULL */
	char *done_target;
	/*
	 * What status, plan and outcome are about is taking the step back: it was done before. Once it is taken back the
	 * step is to do again; given up (INTENT_KEEP), it is done as it was.
	 */
	bool undoing;
	struct step_state *was; /* while it is taken back: the step as it was; else NULL */
	int undo_attempt;	/* how often taking it back has been begun */
	int64_t undone_ms;	/* when it was taken back last; wall clock; 0 */
};

struct target_state {
	char *name;
	char *kind;
	char *group;	 /* or NULL */
	char *describe;	 /* "ctx mgmt-b ns tsb" */
	cJSON *spec;	 /* resolved fields, redacted */
	cJSON *identity; /* or NULL: not reached yet */
	char *problem;	 /* why it was not reached, or NULL */
};

struct prompt_state_item {
	char *id, *text;
	bool wants_value;
};

/* A question that waits for an answer. */
struct prompt_state {
	int64_t seq; /* of its record: what an answer must name; -1: no question is open */
	char *kind;  /* "confirm", "checklist", "input", "choice" */
	char *question;
	struct prompt_state_item *items;
	size_t items_count;
	char *otherwise; /* the default, or NULL */
	char *pattern;
	bool secret;
};

/* What was observed of one operation of the impact board, in the order of the runbook's `impact`. */
struct impact_state {
	char *level;	  /* "none", "limited", "total"; NULL: it cannot be told */
	char *text;	  /* what was seen, or why it cannot be told; or NULL */
	int64_t since_ms; /* since when it is that level; wall clock; 0: nobody has looked yet */
};

struct note_state {
	int64_t seq, ts_ms;
	char *text, *by, *step;
};

/* A hint of a drill that was taken. */
struct hint_state {
	char *step, *grade, *text;
	int64_t cost;
};

enum run_phase {
	RUN_STARTING, /* targets are being reached; preflight */
	RUN_PREPARING, /* the current step is being prepared, or, where it is STEP_UNKNOWN, looked into:
			* nothing is decided yet */
	RUN_WAITING, /* the operator decides about the current step */
	RUN_WORKING, /* the current step runs */
	RUN_STOPPED, /* left; may be resumed */
	RUN_ENDED,
};

struct run_state {
	char *run_id;
	char *runbook_id, *runbook_title, *runbook_version, *runbook_sha256;
	char *mode; /* "live", "drill" */
	char *operator_name, *host, *program;
	int64_t pid;		      /* of the process that has the run, or had it last */
	int64_t started_ms, ended_ms; /* wall clock; 0 */
	int64_t last_ts_ms;
	int64_t clock_back_ms; /* by how much the wall clock was set back between records, in all */
	int64_t seq;	       /* of the last record; -1 before the first */
	char head[DIGEST_HEX_MAX]; /* SHA-256 of the last line */
	int64_t decision_seq; /* the last record that changed what the operator decides about */
	cJSON *params;	      /* an object; secrets are ‹secret:NAME› */
	struct target_state *targets;
	size_t targets_count;
	struct step_state *steps;
	size_t steps_count, steps_cap;
	int current; /* index into steps; -1: before the first; steps_count: past the last, where
				 * the operator says how the run ended (INTENT_END) */
	int undo_return; /* while the current step is taken back: where the run goes on if it is kept */
	enum run_phase phase;
	struct prompt_state prompt;
	struct note_state *notes;
	size_t notes_count, notes_cap;
	struct hint_state *hints;
	size_t hints_count, hints_cap;
	bool explains;	 /* a drill for a first-timer */
	char *situation; /* of a drill: what is known at its beginning; Markdown-light; or NULL */
	struct impact_state
		*impact; /* as many as were observed; may be fewer than the runbook has */
	size_t impact_count;
	struct check_result *preflight;
	size_t preflight_count;
	char *end_id, *end_title,
		*end_reason; /* RUN_ENDED: "completed", "aborted" or one of `ends` */
	bool failed;	     /* RUN_ENDED without success */
	cJSON *gotos;	     /* {"step": times taken} */
};

void run_state_init(struct run_state *state);
void run_state_release(struct run_state *state);

/*
 * Applies the next record. Pure: no clock, no file, no environment. Errors: ERR_SPEC, for a record that
 * cannot follow (a gap in seq, an outcome without its intent, a step that is not there); the state is
 * then unchanged.
 */
int run_state_apply(struct run_state *state, const struct record *record, struct err *e);

/*
 * After the last record of a run whose process died: an open intent that is no mere question becomes
 * STEP_UNKNOWN; the phase becomes RUN_WAITING.
 */
void run_state_close_crashed(struct run_state *state);

/* The step that the operator decides about, or NULL before the first and past the last one. */
const struct step_state *run_state_current(const struct run_state *state);
const struct step_state *run_state_step(const struct run_state *state, const char *id);
const struct target_state *run_state_target(const struct run_state *state, const char *name);

/*
 * Backing out goes the way back: the index of the step that would be taken back next (the current one, where it was
 * tried already, say failed half way, and is undoable; else the latest one before it that is), or -1. The same from
 * `before` on, for those after it. While one is taken back, those are the ones before it.
 */
int run_state_undo_next(const struct run_state *state);
int run_state_undo_before(const struct run_state *state, int before);

/* How many hints were taken for a step, or an instance of one. */
size_t run_state_hints(const struct run_state *state, const char *step);

/* How many steps are passed or skipped. */
size_t run_state_done(const struct run_state *state);

/* False: the wall clock was set back in between, so that no difference of two of its times is a duration. */
bool run_state_has_durations(const struct run_state *state);
/* What the run took by the wall clock, "1:02:03", or "an unknown time"; returns out. */
const char *run_state_took(const struct run_state *state, int64_t ms, char out[CLOCK_STAMP_MAX]);

/* The value that expressions see: {params, steps, targets, run}; the caller deletes it. */
cJSON *run_state_context(const struct run_state *state);

/*
 * The record as one sentence for the audit tail and for --plain, in the state *after* it was applied:
 * "Step signing-key passed in 2s (3 objects applied)". Appended to out; not sanitised.
 */
void record_sentence(const struct record *record, const struct run_state *state, struct str *out);

/* A level of the impact board in a sentence: "works", "limited", "total". */
const char *impact_level_words(const char *level);

/*
 * What the last probe of a step says, as a reason for what is decided after it: "probe: it happened:
 * secrets/iam-signing-key: uid 1f0c…; …". Appended to out; at most a few hundred bytes; not sanitised.
 */
void probe_sentence(const struct probe_state *probe, struct str *out);

#endif
