#ifndef LIFEBOAT_UI_CONTENT_STEP_DETAIL_H
#define LIFEBOAT_UI_CONTENT_STEP_DETAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/model/model.h"
#include "ui/text/lines.h"

/*
 * Everything there is to say about one step of the run, as it stands. What is decided upon comes first: of a step to come
 * why it is there, exactly what it would do, and what is expected of it; of one that failed what went wrong and the ways
 * on; of one that was done what came of it.
 */
struct step_detail_wish {
	bool keys;	 /* the choices are listed by their keys */
	int output_rows; /* how many lines of output are shown; 0: none */
	int rows; /* the room: where not all of it fits, the text gives way to the plan; 0: any number */
};
void step_detail(const struct model *model, size_t index, const struct step_detail_wish *wish,
		 struct lines *lines);

/* The text of a step as the runbook has it, or as the last plan has filled it in; NULL: there is none. */
const char *step_detail_text(const struct model *model, const struct step_state *step);

#endif
