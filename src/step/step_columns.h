#ifndef LIFEBOAT_STEP_STEP_COLUMNS_H
#define LIFEBOAT_STEP_STEP_COLUMNS_H

#include <stddef.h>

#include "base/str.h"

/* Rows of short texts, printed in aligned columns below their headings. In the caller's memory. */
struct step_columns {
	const char *const *headings; /* ends with NULL; borrowed */
	char **cells;
	size_t count, cap;
};

/* Adds the next cell, row by row; NULL is an empty one. A text that is too long is cut. */
void step_columns_add(struct step_columns *c, const char *text);
void step_columns_addf(struct step_columns *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends the table, a line for each row. */
void step_columns_print(const struct step_columns *c, struct str *out);
void step_columns_release(struct step_columns *c);

#endif
