#ifndef LIFEBOAT_DRILL_SCORE_INTERNAL_H
#define LIFEBOAT_DRILL_SCORE_INTERNAL_H

#include "drill/score.h"
#include "runbook/runbook.h"

/* Internal to score*.c: what the fold remembers. Times are wall clock, in ms; 0: never. */

/* One thing that happened to a step, in the order of the journal. */
enum deed_kind { DEED_PLANNED, DEED_BLOCKED, DEED_BEGUN, DEED_ENDED, DEED_SKIPPED, DEED_HINTED };

struct deed {
	enum deed_kind kind;
	char *step, *spec; /* of the instance, and as the runbook has it */
	char *title;
	int64_t at_ms;
	bool changes;	 /* planned, begun: its effect is more than reading */
	bool decided;	 /* begun: somebody said so; a question asks of itself */
	bool asks;	 /* planned: it wants a confirmation */
	bool ok, marked; /* ended: it passed; by somebody's word */
	char *text;	 /* skipped: the reason; hinted: the grade; ended: its status */
	int64_t cost;	 /* hinted */
};

struct score {
	const struct runbook *rb;
	int64_t began_ms, over_ms;
	bool has_ended, failed, has_durations;
	char *end_id, *end_title;
	cJSON *begin;  /* of the drill; NULL: it is none */
	cJSON *opened; /* what it kept back; NULL: not yet */
	struct deed *deeds;
	size_t count, cap;
};

/* score_practise.c: what to practise next, from all the rest of a debrief, into it. */
void score_add_practise(const struct score *score, const cJSON *expected, cJSON *out);

/* Adds a sentence to a list. */
void score_add_text(cJSON *array, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* score_wrong.c: what harms, as far as the scenario says; appended to `array` as {step, title, why, caught}. */
void score_add_wrong(const struct score *score, const cJSON *expected, cJSON *array);
/* Whether a variant says that the step harms. */
bool score_is_wrong(const cJSON *expected, const char *spec);

/* The first or last deed of a kind and a step of the runbook (NULL: of any) before a time (0: at any), or NULL. */
const struct deed *score_first(const struct score *score, enum deed_kind kind, const char *spec);
const struct deed *score_last_ok(const struct score *score, const char *spec, int64_t before_ms);

#endif
