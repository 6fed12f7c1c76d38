#ifndef LIFEBOAT_CLI_FORM_DESK_H
#define LIFEBOAT_CLI_FORM_DESK_H

#include "cli/form_values.h"
#include "ui/form/form.h"

/*
 * Who answers a form: the values, lists of what may be picked, and what is being fetched in the background. What is
 * borrowed outlives the desk.
 */
struct form_desk;

struct form_desk *form_desk_new(const struct runbook *rb, struct expressions *x,
				struct secrets *secrets, cJSON *params, struct form_values *values);
void form_desk_free(struct form_desk *desk);
const struct form_owner *form_desk_owner(const struct form_desk *desk);

#endif
