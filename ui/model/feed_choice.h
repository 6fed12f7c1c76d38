#ifndef LIFEBOAT_UI_MODEL_FEED_CHOICE_H
#define LIFEBOAT_UI_MODEL_FEED_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "run/state/state.h"
#include "runbook/runbook.h"

enum feed_choice_kind { FEED_TABLES, FEED_LOGS, FEED_KINDS };

/* A source as a pane may show it; all strings resolved. */
struct feed_choice {
	char *label;  /* "mgmt-b/tsb name=tsb-operator", sanitised; without the resource */
	char *target; /* name of the run's target */
	char *kubeconfig, *context, *ns, *resource, *selector; /* or NULL */
	char *pod, *workload, *container;		       /* or NULL */
	bool all_namespaces, previous;
};

struct feed_choices {
	struct feed_choice *items;
	size_t count, cap;
};

/*
 * The sources for the run's present place: of the current step's own `panes`, else of the runbook's.
 * Groups become one source for each of their targets. One with a field that has no value here (of a
 * loop that the run is not in) is left out: without it, it would be another source. Pure.
 */
void feed_choices_make(enum feed_choice_kind kind, const struct runbook *runbook,
		       const struct run_state *state, struct feed_choices *ret_choices);
void feed_choices_release(struct feed_choices *choices);
/* Appends a copy unless an equal one is there; returns where it is. */
size_t feed_choices_add(struct feed_choices *choices, const struct feed_choice *choice);
/* Where an equal one is, or SIZE_MAX. */
size_t feed_choices_find(const struct feed_choices *choices, const struct feed_choice *choice);

/* The same data, whatever it is called. */
bool feed_choice_equal(const struct feed_choice *a, const struct feed_choice *b);
/* The same cluster and kind of objects: what may stand in one list. */
bool feed_choice_alike(const struct feed_choice *a, const struct feed_choice *b);
/* Whether everything that `b` shows is in what `a` shows. */
bool feed_choice_covers(const struct feed_choice *a, const struct feed_choice *b);
/* "pods", or the name of the other resource. */
const char *feed_choice_resource(const struct feed_choice *choice);
/* Makes the label anew from the other fields. */
void feed_choice_name(struct feed_choice *choice);
struct feed_choice feed_choice_copy(const struct feed_choice *choice);
void feed_choice_release(struct feed_choice *choice);

#endif
