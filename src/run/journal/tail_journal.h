#ifndef LIFEBOAT_RUN_JOURNAL_TAIL_JOURNAL_H
#define LIFEBOAT_RUN_JOURNAL_TAIL_JOURNAL_H

#include "base/err.h"
#include "base/str.h"
#include "run/journal/growing.h"
#include "run/state/record.h"
#include "run/state/state.h"

/*
 * A journal that another process writes, read and checked as it grows. A torn end is left alone: it becomes a
 * record, or the next process cuts it off. One thread at a time.
 */
struct tail_journal {
	struct growing file;
	struct str pending;	/* read, and no record yet */
	off_t good;		/* bytes of all records so far, */
	size_t last_len;	/* and of the last of them */
	struct run_state state; /* the fold of these */
	char *operator_name;	/* who wrote last, */
	char *holder;		/* as "pid 4711 on db1"; both NULL before the first record */
};

int tail_journal_open(struct tail_journal *journal, const char *folder, struct err *e);
void tail_journal_release(struct tail_journal *journal);

/*
 * Takes in what has come; each record is handed to each(), which keeps none it does not reference, after it was
 * applied. Errors: ERR_SPEC (damaged, cut below what was read, or replaced by another one), ERR_IO.
 */
int tail_journal_look(struct tail_journal *journal, void (*each)(void *data, struct record *record),
		      void *data, struct err *e);

/* Whether a process has it open for writing. */
bool tail_journal_is_held(const struct tail_journal *journal);

#endif
