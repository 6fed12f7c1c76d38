#ifndef LIFEBOAT_BASE_JSON_H
#define LIFEBOAT_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Parses exactly one JSON text (trailing white space allowed). NULL: ERR_SPEC with the byte offset. */
cJSON *json_parse(const char *text, size_t len_bytes, struct err *e);

/* Compact, pure ASCII (others as \uXXXX), members in the order they were added; appended to out. */
void json_print_ascii(const cJSON *value, struct str *out);

/* Compact UTF-8 text; the caller frees. */
char *json_print(const cJSON *value);
/* Indented by two spaces, for people; the caller frees. */
char *json_print_pretty(const cJSON *value);

/* The member at a path of names separated by '/' ("status/phase"; "items/0/name"), or NULL. */
cJSON *json_at(const cJSON *object, const char *path);
/* The string there, or `otherwise` when there is none or it is no string. */
const char *json_string(const cJSON *object, const char *path, const char *otherwise);
int64_t json_int(const cJSON *object, const char *path, int64_t otherwise);
bool json_bool(const cJSON *object, const char *path, bool otherwise);

/* cJSON prints 15 digits of a number: a larger integer is kept as its digits (cJSON_Raw) instead. */
#define JSON_EXACT_BELOW INT64_C(1000000000000000)

/* Adders that never fail; NULL strings become null. The object owns what is added. */
void json_add_string(cJSON *object, const char *name, const char *value);
void json_add_int(cJSON *object, const char *name, int64_t value);
void json_add_bool(cJSON *object, const char *name, bool value);
void json_add(cJSON *object, const char *name, cJSON *value); /* takes ownership */
/* The same, in the place of a member that has this name already. */
void json_replace(cJSON *object, const char *name, cJSON *value);

/* True for everything but null, false and absence: what jq calls truthy. */
bool json_truthy(const cJSON *value);
/* A scalar as text ("80", "true", a string without quotes), others as JSON; the caller frees. */
char *json_text(const cJSON *value);

#endif
