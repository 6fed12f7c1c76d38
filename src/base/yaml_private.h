#ifndef LIFEBOAT_BASE_YAML_PRIVATE_H
#define LIFEBOAT_BASE_YAML_PRIVATE_H

#include "base/yaml.h"

/* Internal to src/base/: what both ways from YAML to JSON share. */

/* The value of a text that stands without quotes and tag, or NULL: a string. */
cJSON *yaml_resolve(const char *text);
/* Whether such a text is a whole number that is written as one ("0x10", but not "1e3"). */
bool yaml_is_integer(const char *text);
/* The bytes of a !!binary and a NUL, or NULL where it is no base64. The caller frees. */
char *yaml_decode_binary(const struct yaml_node *node, size_t *ret_len);

#endif
