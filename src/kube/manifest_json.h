#ifndef LIFEBOAT_KUBE_MANIFEST_JSON_H
#define LIFEBOAT_KUBE_MANIFEST_JSON_H

#include <cjson/cJSON.h>

#include "base/str.h"

/*
 * Internal to src/kube/. JSON is YAML but for a few things: a text that is one JSON value or several,
 * one after the other, is rewritten so that a YAML parser reads the same from it (surrogate pairs,
 * characters that YAML does not print or takes for line breaks, the seam between two values). Lines
 * stay where they are. Any other text is left alone.
 */
void manifest_json_to_yaml(struct str *text);

/* An object as JSON that a YAML parser, which reads the body of an apply, does not alter. The caller frees. */
char *manifest_json_print(const cJSON *object);

#endif
