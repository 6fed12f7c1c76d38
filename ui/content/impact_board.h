#ifndef LIFEBOAT_UI_CONTENT_IMPACT_BOARD_H
#define LIFEBOAT_UI_CONTENT_IMPACT_BOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/model/model.h"
#include "ui/text/lines.h"

/*
 * What each operation of the runbook's `impact` is at: foreseen by the document, and observed by its probe. Both front ends
 * write it from here. An operation is named by its index in the runbook.
 */

/*
 * How bad it is, 0 to IMPACT_RANK_MAX: what is observed, or where nobody has looked, what is foreseen; what is not as
 * foreseen counts for more.
 */
enum { IMPACT_RANK_MAX = 7 };
int impact_board_rank(const struct model *model, size_t index);

/* " 2 of 4 impaired, 1 not as foreseen"; appended to out. */
void impact_board_title(const struct model *model, struct str *out);

/* The columns that the longest name of an operation takes. */
int impact_board_names(const struct model *model);

/*
 * "✗ total   Management operations  as foreseen since 14:02:11Z, looked 3s ago: …": one line, with names cut to `names`
 * columns; briefly with the time of the last change alone.
 */
void impact_board_row(const struct model *model, size_t index, int names, bool brief,
		      struct lines *lines);

/* The same in full: the name, what is observed, what is foreseen. */
void impact_board_detail(const struct model *model, size_t index, struct lines *lines);

#endif
