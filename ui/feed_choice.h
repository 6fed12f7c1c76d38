#ifndef LIFEBOAT_UI_FEED_CHOICE_H
#define LIFEBOAT_UI_FEED_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "run/state.h"
#include "runbook/runbook.h"

enum feed_choice_kind { FEED_PODS, FEED_LOGS, FEED_KINDS };

/* A source as a pane may show it; all strings resolved. */
struct feed_choice {
	char *label; /* "mgmt-b/tsb name=tsb-operator", sanitised */
	char *kubeconfig, *context, *ns, *selector, *container; /* or NULL */
};

struct feed_choices {
	struct feed_choice *items;
	size_t count, cap;
};

/*
 * The sources for the run's present place: of the current step's own `panes`, else of the runbook's.
 * Groups become one source for each of their targets. Pure.
 */
void feed_choices_make(enum feed_choice_kind kind, const struct runbook *runbook,
		       const struct run_state *state, struct feed_choices *ret_choices);
void feed_choices_release(struct feed_choices *choices);
bool feed_choice_equal(const struct feed_choice *a, const struct feed_choice *b);

#endif
