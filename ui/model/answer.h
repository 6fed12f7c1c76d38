#ifndef LIFEBOAT_UI_MODEL_ANSWER_H
#define LIFEBOAT_UI_MODEL_ANSWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "run/state/state.h"

/* What an operator said to a question, before it becomes the JSON of an answer. */
struct answer_item {
	bool checked;
	const char *value;
};

/* The caller owns the objects. Their shapes: run/executor.h, step_context.ask. */
cJSON *answer_confirm(bool confirmed);
cJSON *answer_checklist(const struct prompt_state *prompt, const struct answer_item *items);
cJSON *answer_input(const char *value);
cJSON *answer_choice(const char *id);

/*
 * Why a text is no answer to an input ("", or not matching its pattern), as a sentence that the
 * caller frees; NULL: it is one.
 */
char *answer_problem(const struct prompt_state *prompt, const char *value);

#endif
