#ifndef LIFEBOAT_CLI_FORM_VALUES_H
#define LIFEBOAT_CLI_FORM_VALUES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"
#include "ui/form/form.h"

/*
 * The values of a runbook's parameters before the run, and whose word each of them is: what was given wins over the last
 * run, and that over the default. Defaults are made anew whenever something that they may be made of changes. `param` is an
 * index into the runbook's parameters.
 */
struct form_values;

/* `values` (borrowed) is where valid values stand; what it holds by now counts as given. The others outlive it too. */
struct form_values *form_values_new(const struct runbook *rb, struct expressions *x,
				    struct secrets *secrets, cJSON *values);
void form_values_free(struct form_values *v);

/* Takes a value that was given as text, a secret from the place that it names. Errors: those of param_convert(). */
int form_values_give(struct form_values *v, size_t param, const char *text, enum form_source source,
		     struct err *e);
/*
 * Takes what was typed: where it cannot be taken, it is kept with its problem, but for a secret, of which nothing is kept.
 * An empty text means no value, but for a text or a list that has a default. A secret of a cluster is not read here.
 */
void form_values_type(struct form_values *v, size_t param, const char *text);
/* Takes a secret that was read elsewhere (ownership passes) from `place`; NULL: it failed, and why. */
void form_values_take_secret(struct form_values *v, size_t param, cJSON *value, const char *place,
			     const struct err *problem);
/* Offers what the last run had: never secrets, nor anything that held one; what was a default then is one now. */
void form_values_recall(struct form_values *v, const cJSON *params, const char *day);
void form_values_reset(struct form_values *v, size_t param);

/* How a parameter stands; is_pending is left alone. Borrowed until the next call that changes something. */
void form_values_get(const struct form_values *v, size_t param, struct form_value *ret_value);

/* Whether it wants something of the operator: a value, or another one. */
bool form_values_is_open(const struct form_values *v, size_t param);

/* Whether a text is the place of a secret ("file:PATH"), of one of these sources, that the parameter takes. */
bool form_values_is_place(const struct param *param, unsigned sources, const char *text);

#endif
