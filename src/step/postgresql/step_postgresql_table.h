#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_TABLE_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_TABLE_H

#include <cjson/cJSON.h>

#include "run/executor.h"

/*
 * A result of postgres_query() as a table, to the step's output: numbers to the right, SQL's NULL as NULL, an
 * empty text as "". Wide columns are cut, with an ellipsis; a few rows that are too wide stand one
 * below the other instead, a line for each column. Says at its end what is missing.
 */
void sql_output_table(struct step_context *ctx, const cJSON *result);

#endif
