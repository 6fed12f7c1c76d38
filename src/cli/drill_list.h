#ifndef LIFEBOAT_CLI_DRILL_LIST_H
#define LIFEBOAT_CLI_DRILL_LIST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Prints the scenarios of the library: what they teach, their variants, how the last drill went. */
int drill_list_print(bool as_json, struct err *e);

/* Prints the results of all drills, the latest first. */
int drill_results_print(bool as_json, struct err *e);

/* A Markdown-light text of a world file as it is read: lines of at most so many columns. Appended. */
void drill_text(const char *text, int columns, struct str *out);

#endif
