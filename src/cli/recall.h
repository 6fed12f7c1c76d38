#ifndef LIFEBOAT_CLI_RECALL_H
#define LIFEBOAT_CLI_RECALL_H

#include "cli/session.h"

/*
 * Makes a session of a run that is there already, s->folder: its own copy of the runbook, and its parameters
 * but for secrets, which no journal holds. Errors: ERR_SPEC (the journal is damaged, the copy not sound), ERR_IO.
 */
int session_recall(struct session *s, struct err *e);

/*
 * For whatever reads a run: what is wrong with its own record is no mistake of the command line, and the exit code says
 * so, the same for all commands. Returns rc.
 */
int recall_blame(int rc, struct err *e);

#endif
