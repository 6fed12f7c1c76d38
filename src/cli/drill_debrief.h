#ifndef LIFEBOAT_CLI_DRILL_DEBRIEF_H
#define LIFEBOAT_CLI_DRILL_DEBRIEF_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The debrief of a drill from its folder, by the score's fold over the journal; NULL in *ret_debrief: the run was no drill, or goes on. The
 * caller deletes. Errors: those of reading the journal.
 */
int drill_debrief_read(const char *folder, cJSON **ret_debrief, struct err *e);

/* A drill that was, for lists. */
struct drill_result {
	char *folder, *run_id, *who;
	char *scenario; /* its id; NULL: it is not known */
	int64_t started_ms;
	bool goes_on;
	cJSON *debrief; /* NULL: it cannot be read, or it goes on */
	char *problem;
};

struct drill_results {
	struct drill_result *items; /* the latest first */
	size_t count;
};

/* All drills of the state folder. */
int drill_results_read(struct drill_results *ret_results, struct err *e);
void drill_results_release(struct drill_results *results);
/* The latest of a scenario, or NULL. */
const struct drill_result *drill_results_latest(const struct drill_results *results,
						const char *scenario);
/* "passed, 97 points, 0:24:10", "not passed, 40 points", "goes on"; appended to out. */
struct str;
void drill_result_words(const struct drill_result *result, struct str *out);

#endif
