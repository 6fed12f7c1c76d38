#ifndef LIFEBOAT_HELM_PRINT_H
#define LIFEBOAT_HELM_PRINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "helm/helm_args.h"

/* What goes to standard output. */

enum helm_print_flags {
	HELM_PRINT_DESCRIPTION = 1 << 0,
	HELM_PRINT_ALL = 1 << 1, /* as helm get all */
	HELM_PRINT_WITHOUT_NOTES = 1 << 2,
};

/* A release: as helm install and status show it, or as JSON or YAML. */
void helm_print_release(const cJSON *release, enum helm_output output, unsigned flags);

/* A value as JSON in one line, or as YAML. */
void helm_print_value(const cJSON *value, enum helm_output output);

/* A table: rows of `columns` texts, the first row being the heads; cells end at max_width (0: none). */
void helm_print_table(const char *const *cells, size_t rows, size_t columns, size_t max_width);

/*
 * A list of objects with texts: as a table with these columns and heads, or as JSON or YAML.
 */
struct helm_column {
	const char *head, *member;
};
void helm_print_list(const cJSON *list, const struct helm_column *columns, size_t count,
		     enum helm_output output, size_t max_width);

#endif
