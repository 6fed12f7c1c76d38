#ifndef LIFEBOAT_STEP_STEP_TABLE_H
#define LIFEBOAT_STEP_STEP_TABLE_H

#include "run/executor.h"

/* Every step type and target kind of this program: the one table that src/cli/ hands around. */
extern const struct executor_table step_table;

/* The same rows as the document sees them. */
extern const struct step_catalogue step_catalogue;

#endif
