#ifndef LIFEBOAT_CLI_CONFIGURATION_EXAMPLE_H
#define LIFEBOAT_CLI_CONFIGURATION_EXAMPLE_H

#include "base/str.h"

/* Appends a config.yaml in which every setting stands as a comment with its default, from the tables. */
void configuration_example(struct str *out);

#endif
