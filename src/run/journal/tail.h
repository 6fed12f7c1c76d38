#ifndef LIFEBOAT_RUN_JOURNAL_TAIL_H
#define LIFEBOAT_RUN_JOURNAL_TAIL_H

#include "base/err.h"
#include "base/secret.h"
#include "run/state/event.h"

/*
 * A run that another process holds, as it happens: a thread that reads its journal and its outputs while they
 * grow, and gives a front end the same events as an engine would. Reads only; an intent is answered with
 * EVENT_REFUSED, but for INTENT_LEAVE, which ends it.
 */
struct run_tail;

/*
 * Begins at the first record; those that are there already come as `replayed`, but for the last one's situation
 * nothing follows from that. Errors: ERR_NOT_FOUND, ERR_IO, ERR_SPEC (damaged). Damage that appears later is an
 * EVENT_WARNING, and ends it.
 */
int run_tail_new(const char *folder, struct run_tail **ret_tail, struct err *e);

/* The front end's two ends; owned by the tail. */
const struct run_link *run_tail_link(struct run_tail *tail);

/* After EVENT_CLOSED: whether it was closed because nobody holds the run any more (left, ended, or died). */
bool run_tail_released(const struct run_tail *tail);

/* Ends the thread and frees. */
void run_tail_free(struct run_tail *tail);

#endif
