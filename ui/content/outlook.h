#ifndef LIFEBOAT_UI_CONTENT_OUTLOOK_H
#define LIFEBOAT_UI_CONTENT_OUTLOOK_H

#include <stdbool.h>

#include "base/str.h"
#include "ui/model/model.h"

/*
 * How long what is still to do will take, by the runbook's estimates: "about 12 min left", "at least" where steps have
 * none. Appended to out; nothing where nothing is known. `brief`: "~12m left".
 */
void outlook_left(const struct model *model, bool brief, struct str *out);

/*
 * What could be taken back, in the order in which that would happen: "back out: steps 9, 7, 6; about 4 min". Appended to
 * out; nothing where there is nothing. The time is that of their estimates, unsaid where one has none.
 */
void outlook_back(const struct model *model, bool brief, struct str *out);

/* "45s", "12m", "3h": one number for a narrow column. Appended to out. */
void outlook_time(int64_t ms, struct str *out);

/* By how much a step took, or takes, longer than its estimate; 0: it does not. */
int64_t outlook_over_ms(const struct model *model, const struct step_state *step);

/* How long a step took, or takes so far; -1: it has not been begun. */
int64_t outlook_took_ms(const struct model *model, const struct step_state *step);

#endif
