#ifndef LIFEBOAT_CLI_FOLLOW_H
#define LIFEBOAT_CLI_FOLLOW_H

#include "cli/session.h"
#include "ui/ui.h"

/*
 * Looks on at the run in s->folder, which another process holds, until it has ended or is let go, or until the operator
 * leaves; says afterwards how it stands. `takes_over`: the caller goes on with a run that is let go
 * (*ret_end is UI_END_RELEASED then). Returns an exit code, or -1.
 */
int session_follow(struct session *s, bool takes_over, enum ui_end *ret_end, struct err *e);

#endif
