#ifndef LIFEBOAT_HELM_YAML_H
#define LIFEBOAT_HELM_YAML_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"

/*
 * Appends a value as YAML the way Go's programs print it: lists not indented, quotes where a text would be read as
 * something else, texts of several lines as blocks. `sorted`: members by their names. Ends with a line end.
 */
void helm_yaml_print(const cJSON *value, bool sorted, struct str *out);

/* The objects of a text of several documents, an array; documents that are empty are left out. */
cJSON *helm_yaml_objects(const char *text);

#endif
