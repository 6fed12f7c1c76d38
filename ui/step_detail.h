#ifndef LIFEBOAT_UI_STEP_DETAIL_H
#define LIFEBOAT_UI_STEP_DETAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/lines.h"
#include "ui/model.h"

/*
 * Everything there is to say about one step of the run, as it stands: what went wrong and what can be
 * done, its text, exactly what it would do, what it expects, its output and results.
 */
struct step_detail_wish {
	bool keys;	 /* the choices are listed by their keys */
	int output_rows; /* how many lines of output are shown; 0: none */
};
void step_detail(const struct model *model, size_t index, const struct step_detail_wish *wish,
		 struct lines *lines);

/* Only the plan: effect and target, preview, preconditions. What a confirmation must show. */
void step_detail_plan(const struct model *model, const struct step_state *step,
		      struct lines *lines);

/* "CHANGES", "READS ONLY": the effect in capitals, "" before the first plan. */
const char *step_detail_effect(const struct step_state *step);

#endif
