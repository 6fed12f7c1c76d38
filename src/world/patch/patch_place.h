#ifndef LIFEBOAT_WORLD_PATCH_PATCH_PLACE_H
#define LIFEBOAT_WORLD_PATCH_PATCH_PLACE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/patch/patch.h"

/*
 * Where one is in an object, and what that is by the rules of its kind. A place lives on the stack of who walks, and
 * points to the one above it; names are borrowed.
 */
struct place {
	const struct place *up; /* NULL: the whole object */
	const char *name;	/* of a member; "*": an element */
	const char *
		element; /* of an element its key, as in a set of fields: k:{"name":"x"}, v:"x"; else NULL */
	const struct list_rule *rules;
	bool unknown; /* of a kind without rules */
	bool deduced; /* of this field nothing is known */
};

/* What is known of kinds of which nothing is known: their metadata. */
extern const struct list_rule *const place_unknown;

struct place place_root(const struct list_rule *rules); /* NULL: an unknown kind */
struct place place_member(const struct place *up, const char *name);
struct place place_element(const struct place *up, const char *key);

/* The rule for it, or NULL. */
const struct list_rule *place_rule(const struct place *place);

enum shape {
	SHAPE_WHOLE, /* a scalar, or what is one value */
	SHAPE_MAP,   /* members with owners of their own */
	SHAPE_LIST,  /* a map by keys, or a set */
};
/* Of a value there. Null has the shape of what could be there: SHAPE_WHOLE is said. */
enum shape place_shape(const struct place *place, const cJSON *value);

/* The elements of a list with their keys (k:…, v:…), in its order. Plain data; keys are its own, values borrowed. */
struct elements {
	char **keys;
	const cJSON **values;
	size_t count;
};
/* False: it cannot be read as a map or a set; *ret_why (the caller frees, may be NULL) says it in the server's words. */
bool elements_read(const struct place *list, const cJSON *value, struct elements *ret_elements,
		   char **ret_why);
void elements_release(struct elements *elements);
/* The index of a key, or -1. */
long elements_find(const struct elements *elements, const char *key);

#endif
