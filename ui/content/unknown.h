#ifndef LIFEBOAT_UI_CONTENT_UNKNOWN_H
#define LIFEBOAT_UI_CONTENT_UNKNOWN_H

#include <stddef.h>

#include "ui/keys/keymap.h"
#include "ui/model/model.h"
#include "ui/text/lines.h"

/*
 * What there is to say of a step that may or may not have happened, the most telling first: what a look
 * at the system has shown, why its end is not known, and what was begun by whom.
 */
void unknown_lines(const struct model *model, size_t index, struct lines *lines);

/*
 * The reason that the last look gives for a decision (CMD_MARK_DONE, CMD_MARK_NOT_DONE, CMD_RECHECK),
 * one sanitised line; NULL where it is not certain of just that. The caller frees.
 */
char *unknown_reason(const struct step_state *step, enum command decision);

#endif
