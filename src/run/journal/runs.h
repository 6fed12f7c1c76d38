#ifndef LIFEBOAT_RUN_JOURNAL_RUNS_H
#define LIFEBOAT_RUN_JOURNAL_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/* What is known of one run of the state folder. Plain data; strings as in the journal, not sanitised. */
struct run_summary {
	char *run_id;
	char *folder;
	char *runbook_id, *runbook_title, *runbook_version;
	char *mode, *operator_name, *host;
	char *step;    /* the current one, or NULL */
	char *outcome; /* "recovered", "aborted": the id of its end; NULL before */
	char *holder;  /* "pid 4711 on db1": it is being worked on; or NULL */
	char *problem; /* why its journal cannot be read; the fields above may be NULL then */
	int64_t started_ms, last_ms; /* wall clock */
	size_t steps_done, steps_count;
	int64_t records;
	bool failed;			      /* ended without success */
	bool is_unknown;		      /* a step may or may not have happened */
	char last_checkpoint[DIGEST_HEX_MAX]; /* SHA-256 of it, or zeros */
};

struct run_summaries {
	struct run_summary *items; /* the latest first */
	size_t count;
};

/* All runs of the state folder; none is no error. A journal that cannot be read becomes a `problem`. */
int run_summaries_read(struct run_summaries *ret_runs, struct err *e);
void run_summaries_release(struct run_summaries *runs);

/*
 * The latest run of the state folder that has a checkpoint, and the SHA-256 of its last one, for the first record of
 * the next run. None: NULL in *ret_run, which the caller frees. Reads no journal.
 */
int run_previous(char **ret_run, char ret_checkpoint[DIGEST_HEX_MAX], struct err *e);

#endif
