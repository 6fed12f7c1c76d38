#ifndef LIFEBOAT_UI_CONTENT_OBJECTIVE_H
#define LIFEBOAT_UI_CONTENT_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/model/model.h"

/* How one recovery time objective stands; the words are those of the report. */
enum objective_status {
	OBJECTIVE_NOT_BEGUN,
	OBJECTIVE_RUNNING,
	OBJECTIVE_OVERDUE, /* running, and past its time */
	OBJECTIVE_KEPT,
	OBJECTIVE_MISSED,
	OBJECTIVE_PASSED_OVER, /* its last step was skipped */
	OBJECTIVE_NOT_REACHED, /* the run ended before */
	OBJECTIVE_UNTOLD,      /* the clock was set back during the run */
};

struct objective {
	const struct rto_spec *spec;
	enum objective_status status;
	int64_t begun_ms; /* wall clock; 0 */
	int64_t took_ms;  /* so far, or until it was reached */
};

/* The index-th of the runbook's `rto`, from the first begin of its first step to the end of its last one. */
struct objective objective_measure(const struct model *model, size_t index);

/* The one that matters now: of those under way the next to end, else the next to begin, else the last one; false: none. */
bool objective_now(const struct model *model, struct objective *ret_objective);

/* "kept", "MISSED", "OVERDUE": what is bad is in capitals. */
const char *objective_word(enum objective_status status);

#endif
