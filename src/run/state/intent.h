#ifndef LIFEBOAT_RUN_STATE_INTENT_H
#define LIFEBOAT_RUN_STATE_INTENT_H

#include <cjson/cJSON.h>
#include <stdint.h>

/*
 * What the operator wants: the only way in which a front end acts on a run. It carries the sequence
 * number of the last record that the operator saw; the engine refuses an intent about a step whose
 * situation changed after it (run_state.decision_seq), and says so.
 */
enum intent_type {
	INTENT_RUN, /* run the current step as planned; `text`: what was typed to confirm */
	INTENT_RECHECK, /* prepare the current step again (reads only); of an unknown step: to run it again, with
			   * the reason in `text` */
	INTENT_SKIP,  /* pass over the current step; `text`: the reason, required */
	INTENT_PROBE, /* of an unknown step: look whether it happened (reads only) */
	INTENT_MARK_DONE, /* of an unknown step: it happened; of one that is to be taken back: it was, by hand;
				* `text`: the reason, required */
	INTENT_MARK_NOT_DONE, /* of an unknown step: nothing happened; `text` as above; it is prepared again */
	INTENT_ANSWER, /* answer the open question; `answer` as in run/executor.h */
	INTENT_NOTE,   /* `text`; never stale */
	INTENT_HINT, /* of a drill: the next hint for `step` (NULL: the current one); never stale */
	INTENT_CANCEL, /* stop the running step */
	INTENT_UNDO, /* back out: prepare to take back what run_state_undo_next() names (reads only); it then waits like
			* any step, for INTENT_RUN */
	INTENT_KEEP, /* while something is to be taken back: leave it as it is */
	INTENT_GOTO, /* take the step's on_failure goto */
	INTENT_END, /* end the run; `text`: the id of one of `ends`, "completed" or "aborted" (NULL: the
				 * first of `ends`, or "completed"; only past the last step); `reason` */
	INTENT_LEAVE, /* stop in good order, to be resumed; waits for a running step to end */
};

struct intent {
	enum intent_type type;
	int64_t seen_seq;
	char *step; /* id of the instance that is meant, or NULL where the type needs none */
	char *text;
	char *reason;
	char *by; /* who decides, where it is not the operator (two-person, "probe"), or NULL */
	cJSON *answer; /* INTENT_ANSWER */
	/*
	 * INTENT_LEAVE: how long a running step may take, before it is cancelled; -1: as long as it takes.
	 * May be sent again, to shorten that.
	 */
	int64_t patience_ms;
};

struct intent *intent_new(enum intent_type type, int64_t seen_seq, const char *step,
			  const char *text);
void intent_free(struct intent *intent);

#endif
