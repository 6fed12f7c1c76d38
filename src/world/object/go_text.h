#ifndef LIFEBOAT_WORLD_OBJECT_GO_TEXT_H
#define LIFEBOAT_WORLD_OBJECT_GO_TEXT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/str.h"

/* Values as Go's libraries print them, which is what some of the server's messages and cells have in them. */

/* Appends a value as fmt's %v has it: map[a:1 b:[x y]]. */
void go_text(const cJSON *value, struct str *out);
/* Appends a value as encoding/json has it: members by their names, what would be markup in a page escaped. */
void go_json(const cJSON *value, struct str *out);

/* What encoding/json calls the type of a value: "object", "array", "string", "bool", "number". Static. */
const char *go_type(const cJSON *value);

/* The members of a map in the order of their names; there are *ret_count. The caller frees the array. */
const cJSON **go_members(const cJSON *map, size_t *ret_count);

#endif
