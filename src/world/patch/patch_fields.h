#ifndef LIFEBOAT_WORLD_PATCH_PATCH_FIELDS_H
#define LIFEBOAT_WORLD_PATCH_PATCH_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct place;

/*
 * A set of fields as a tree, as `fieldsV1` writes it: keys are "f:NAME", "k:{…}", "v:…", "i:N". A node may be a member
 * and have members below it, independently. Source: structured-merge-diff, fieldpath.
 */
struct fields {
	char *key; /* NULL: the root */
	bool member;
	struct fields **children; /* by key */
	size_t count, cap;
};

struct fields *fields_new(void);
struct fields *fields_copy(const struct fields *f);
void fields_free(struct fields *f); /* NULL is legal */

/* The node below, or NULL. */
struct fields *fields_child(const struct fields *f, const char *key);
/* Makes a place a member; the whole object is never one. */
void fields_insert(struct fields *root, const struct place *place);

bool fields_empty(const struct fields *f); /* NULL is empty */
bool fields_equal(const struct fields *a, const struct fields *b);
void fields_add(struct fields *f, const struct fields *more);
void fields_subtract(struct fields *f, const struct fields *less);
void fields_intersect(struct fields *f, const struct fields *with);

/* NULL where it is not an object. Unknown keys are kept. */
struct fields *fields_parse(const cJSON *fields_v1);
/* In the server's order. The caller deletes. */
cJSON *fields_print(const struct fields *f);

/* Calls each() for each member with its path, .spec.containers[name="x"].image, members before what is below them. */
void fields_each(const struct fields *f, void (*each)(void *data, const char *path), void *data);
/* A key as in a path: .name, [name="x"], [="x"], [0]. The caller frees. */
char *fields_key_text(const char *key);

#endif
