#ifndef LIFEBOAT_WORLD_OBJECT_SELECTOR_INTERNAL_H
#define LIFEBOAT_WORLD_OBJECT_SELECTOR_INTERNAL_H

#include <stddef.h>

#include "world/object/selector.h"

/* What the parsers of selectors and their matching share. */

enum selector_operator {
	SELECTOR_EQUALS,
	SELECTOR_NOT_EQUALS,
	SELECTOR_IN,
	SELECTOR_NOT_IN,
	SELECTOR_EXISTS,
	SELECTOR_MISSING,
	SELECTOR_GREATER,
	SELECTOR_LESS,
};

/* Where an object has what a field selector asks for. */
struct selector_field {
	const char *group, *resource; /* of the kind, in the version that asks */
	const char *label;
	const char *path;      /* NULL: the field is known, and always empty */
	const char *instead;   /* the path where there is nothing at the first one; or NULL */
	const char *otherwise; /* the value where there is nothing at all */
};

struct requirement {
	char *key;
	enum selector_operator op;
	char **values;
	size_t count, cap;
	const struct selector_field *field; /* of a field selector; NULL: a label */
};

struct selector {
	struct requirement *items; /* all of them hold */
	size_t count, cap;
	bool nothing; /* matches no object at all */
};

struct selector *selector_new(void);
/* A requirement without values yet. Valid until the next one. */
struct requirement *selector_add(struct selector *s, const char *key, enum selector_operator op);
void requirement_add_value(struct requirement *q, const char *value);

#endif
