#ifndef LIFEBOAT_STEP_STEP_WITH_H
#define LIFEBOAT_STEP_STEP_WITH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "run/executor.h"

/* What the executors and target drivers of several kinds share. */

/* A list of texts, ending with NULL. In the caller's memory. */
struct step_texts {
	char **items;
	size_t count, cap;
};

/* Adds a text, which the list owns from then on. */
void step_texts_push(struct step_texts *texts, char *text);
/* Adds the texts of a FIELD_LIST or FIELD_ONE_OR_LIST value; NULL adds none. */
void step_texts_load(struct step_texts *texts, const cJSON *value);
void step_texts_release(struct step_texts *texts);
/* As execve(2) and libcurl take them. Never NULL. */
const char *const *step_texts_array(const struct step_texts *texts);
bool step_texts_equal(const struct step_texts *a, const struct step_texts *b);
/* A list as JSON, and as words between commas ("nothing" if empty). The caller frees either. */
cJSON *step_texts_json(const struct step_texts *texts);
char *step_texts_join(const struct step_texts *texts);

/* A text that is there and not empty, or NULL. Borrowed. */
const char *step_optional(const cJSON *object, const char *name);

/* Appends a word of a command line as a person would type it, and a space before it where it is not the first. */
void step_append_word(struct str *out, const char *word);

/*
 * Puts on record that the first write of an action is about to be sent, besides `more` (an object, taken
 * over, or NULL). -1: it is not on record, and nothing may be sent.
 */
int step_begin_writing(struct step_context *ctx, cJSON *more, struct err *e);
/* For a probe: when that was (wall clock); -1: never, so that nothing was sent. */
int64_t step_writing_ms(const struct action *action);

/*
 * The open() and close() of targets whose steps make connections of their own: the connection is a copy
 * of the fields (cJSON), and their password is registered.
 */
int step_target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection,
		     struct err *e);
void step_target_close(void *connection);

#endif
