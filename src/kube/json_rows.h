#ifndef LIFEBOAT_KUBE_JSON_ROWS_H
#define LIFEBOAT_KUBE_JSON_ROWS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Internal to src/kube/. Reads small JSON texts, one after the other, into memory that is used again for
 * the next: rows and events come by the thousand, and most of what cJSON spends on one is memory that
 * lives for a microsecond. What comes out is a cJSON tree for reading only.
 */
struct json_rows;

struct json_rows *json_rows_new(void);
void json_rows_free(struct json_rows *rows);

/*
 * The tree of a text, without the members called `omit` wherever they are (NULL: with all). It is
 * valid until the next call and must be neither changed nor deleted. What is not plain is left to
 * json_parse(), whose errors these are; an omitted member is not looked into.
 */
const cJSON *json_rows_parse(struct json_rows *rows, const char *text, size_t len_bytes,
			     const char *omit, struct err *e);

/*
 * The same of the element of an array that a text begins with, where it is there up to the comma or bracket
 * behind it; *ret_used = its bytes. NULL: it is not, or is not plain.
 */
const cJSON *json_rows_parse_next(struct json_rows *rows, const char *text, size_t len_bytes,
				  const char *omit, size_t *ret_used);

#endif
