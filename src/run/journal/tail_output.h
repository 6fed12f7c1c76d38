#ifndef LIFEBOAT_RUN_JOURNAL_TAIL_OUTPUT_H
#define LIFEBOAT_RUN_JOURNAL_TAIL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "run/journal/growing.h"

/*
 * The output file of the step that runs, read as it grows: out/SEQ of the run's folder, in which everything is
 * redacted and sanitised already. One thread at a time.
 */
struct tail_output {
	struct growing file;
	char *step; /* NULL: none is followed */
	struct str pending;
};

/* Follows the file of another intent from now on; `step` NULL: none. */
void tail_output_begin(struct tail_output *output, const char *folder, const char *step,
		       int64_t intent_seq);
void tail_output_release(struct tail_output *output);

/*
 * Appends the next piece to out, in whole lines, sanitised; `last`: the file is complete, so that its last line is
 * too. False: there is nothing more now.
 */
bool tail_output_read(struct tail_output *output, bool last, struct str *out);

#endif
