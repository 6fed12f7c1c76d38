#ifndef LIFEBOAT_REPORT_REPORT_MODEL_H
#define LIFEBOAT_REPORT_REPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/report.h"
#include "run/state/record.h"
#include "run/state/state.h"

/*
 * What all three ways of writing a report are made from: the fold over the records, the records themselves,
 * and what follows from both. Strings are as in the journal: redacted, not sanitised.
 */

/* A record in words, in the state after it. */
struct report_entry {
	struct record *record;
	char *sentence;
	const char *deviation; /* "skipped", "failed": it was not planned so; or NULL */
};

/* A step's way from one intent to what became of it. Records are those of the entries. */
struct report_try {
	const char *step; /* its id */
	bool undo;	  /* it was to take the step back */
	const struct record *plan, *intent;
	const struct record *outcome; /* NULL: none yet, or lost in a crash */
	const struct record *marked;  /* what an operator said instead; or NULL */
	const struct record *
		*others; /* in between: attempt, prompt, answer, evidence, probe, cancel */
	size_t others_count, others_cap;
	const char *
		status; /* of the last outcome; or "running", "unknown", "cut off" (of a question) */
	int64_t started_ms;
	int64_t ended_ms;    /* or of its last sign of life; 0: it goes on */
	int64_t duration_ms; /* -1: not known */
};

/* A time during which no process worked on the run. */
struct report_gap {
	int64_t from_ms, to_ms;
	bool crashed; /* the process before it had not left in good order */
	const struct record *resumed;
};

/* "kept", "missed", "running", "overdue", "not reached", "passed over", "not begun" */
struct report_rto {
	const struct rto_spec *spec;
	int64_t started_ms, ended_ms; /* 0 */
	int64_t taken_ms;	      /* so far, or in all */
	const char *result;
};

/* Somebody who decided something. */
struct report_person {
	const char *name;
	size_t sessions, confirmed, answered, passed_over, marked, notes;
};

enum { REPORT_SUMMARY_LINES = 5 };

struct report {
	const struct report_source *source;
	struct run_state state;
	struct report_entry *entries;
	size_t entries_count, entries_cap;
	struct report_try *tries;
	size_t tries_count, tries_cap;
	struct report_gap *gaps;
	size_t gaps_count, gaps_cap;
	struct report_person *people;
	size_t people_count, people_cap;
	struct report_rto *rto;
	size_t rto_count, rto_cap;
	struct runbook *runbook; /* NULL: its copy cannot be read */
	char *runbook_problem;
	char *damage; /* why no further record could be read, or NULL */
	char *summary[REPORT_SUMMARY_LINES];
};

/* Records are numbered without gaps, from 0. */
static inline const struct report_entry *
report_entry_of(const struct report *report, const struct record *record)
{
	return &report->entries[record->seq];
}

/* report_facts.c: what follows from all records. */
void report_add_person(struct report *report, const struct record *record);
void report_measure_rto(struct report *report);
void report_summarise(struct report *report);
/* "final", "sealed", "corrupt". */
const char *report_verdict_word(const struct report *report);
/* "Final", "open: ana works on it", in words; the caller frees. */
char *report_standing(const struct report *report);
/* Milliseconds from the beginning to the end, or to the last record. */
int64_t report_duration_ms(const struct report *report);
/* Whether a checkpoint covers the record. */
bool report_is_sealed(const struct report *report, const struct record *record);

/* report_output.c: the ends of a file of out/; false where there is none that may be read. */
struct report_excerpt {
	struct str first, last; /* lines; last is empty where first holds it all */
	int64_t bytes;
};
bool report_excerpt_read(const struct report *report, const char *file,
			 struct report_excerpt *ret_excerpt);
void report_excerpt_release(struct report_excerpt *excerpt);

/* report_json.c, report_document.c */
void report_write_json(const struct report *report, struct str *out);

#endif
