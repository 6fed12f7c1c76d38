#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/postgres/postgres.h"
#include "run/executor.h"
#include "step/step_with.h"

/* What postgresql.query and postgresql.execute share. */

/*
 * The word that a statement begins with, past white space, opening parentheses and comments, and the one
 * behind it. Not terminated: see *ret_len, which is 0 where there is no word.
 */
const char *sql_first_word(const char *sql, size_t *ret_len);
const char *sql_next_word(const char *word, size_t *len);
bool sql_word_is(const char *word, size_t len, const char *wanted);

/*
 * The parameters as libpq takes them: NULL is SQL's. The caller frees the array, and releases the texts
 * that it points into.
 */
const char **sql_parameters(const cJSON *list, struct step_texts *texts);

/* The SQLSTATE values that are told apart here. Source: PostgreSQL manual, appendix A. */
#define SQL_SYNTAX_ERROR "42601"

/* Whether an error of postgres_query() has this SQLSTATE. */
bool sql_failed_with(const struct err *e, const char *sqlstate);

/* Whether a text goes on behind a semicolon that ends a statement. */
bool sql_has_several(const char *sql);

/* Adds what to do about an error that the server gave this statement, where its own words don't say it. */
void sql_advise(const char *sql, struct err *e);

/* Runs a statement whose result nobody wants. */
int sql_execute(struct postgres *pg, const char *sql, const char *const *params, size_t count,
		const struct cancel *cancel, struct err *e);

#endif
