#ifndef LIFEBOAT_WORLD_OPENAPI_OPENAPI_INTERNAL_H
#define LIFEBOAT_WORLD_OPENAPI_OPENAPI_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/object/kind.h"

/* Internal to openapi*.c: the table of types, and how it is read. */

/* A row: "apps.v1.Deployment", and its fields in the words of openapi_types.c. */
struct openapi_type {
	const char *name;
	const char *fields;
};
extern const struct openapi_type openapi_types[];
extern const size_t openapi_types_count;

/* NULL: there is no such row. */
const struct openapi_type *openapi_type_find(const char *name);
/* The row of a kind; NULL: its fields are not known. */
const struct openapi_type *openapi_type_of(const struct kind *kind);

enum openapi_wrap { OPENAPI_ONE, OPENAPI_LIST, OPENAPI_MAP };

/* One field, parsed; texts point into the table. */
struct openapi_field {
	const char *name;
	size_t name_len;
	bool required, merges, retains_keys;
	enum openapi_wrap wrap;
	char primitive;			 /* 0: `type` */
	const struct openapi_type *type; /* NULL: a primitive */
	const char *merge_key;		 /* NULL: none */
	size_t merge_key_len;
};

/* The field at *cursor, which begins with type->fields and moves on. False: there are no more. */
bool openapi_next_field(const struct openapi_type *type, const char **cursor,
			struct openapi_field *ret_field);

/* Definitions of all types that kinds need, and of kinds without a row; `prefix` is in front of a name in a $ref. */
cJSON *openapi_definitions(const struct kind *const *kinds, size_t count, const char *prefix,
			   bool v3);

/* The paths of kinds, with their operations. */
cJSON *openapi_paths(const struct kind *const *kinds, size_t count, bool v3);

#endif
