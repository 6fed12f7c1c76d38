#ifndef LIFEBOAT_WORLD_OBJECT_KIND_H
#define LIFEBOAT_WORLD_OBJECT_KIND_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "world/object/refusal.h"

struct printer;
struct list_rule;

/* Which verbs and subresources a kind has. */
enum kind_flags {
	KIND_NAMESPACED = 1 << 0,
	KIND_STATUS = 1 << 1,
	KIND_SCALE = 1 << 2,
	KIND_LOG = 1 << 3,	   /* pods */
	KIND_CREATE_ONLY = 1 << 4, /* reviews: an answer is made, nothing is stored */
	KIND_GENERATION = 1 << 5,  /* metadata.generation counts the changes of what is wanted */
};

/* One kind in one version, as discovery tells of it. Immutable; lives as long as its table. */
struct kind {
	const char *group; /* "" for core */
	const char *version;
	const char *resource;		/* "deployments" */
	const char *singular;		/* "deployment" */
	const char *name;		/* "Deployment" */
	const char *const *short_names; /* end with NULL; or NULL */
	const char *const *categories;	/* "all" */
	unsigned flags;
	/* Rows of a Table; NULL: name and age, or the columns of its definition. */
	const struct printer *printer;
	/* additionalPrinterColumns of a definition (maybe empty: then its age is one); NULL: a built-in kind. */
	const cJSON *columns;
	const cJSON *scale; /* subresources.scale of a definition, with its paths, or NULL */
	/* Which lists are maps by which keys, for patches; NULL: unknown, so that lists are whole values. */
	const struct list_rule *lists;
	/*
	 * Of the same kind in the storage version, whose objects it shares; itself where it is the only one. Of a definition
	 * that changes, or comes again, it stays the first one that there was.
	 */
	const struct kind *storage;
};

/* The kinds of one cluster: the built-in ones, and those of its CustomResourceDefinitions. Any thread. */
struct kinds;

struct kinds *kinds_new(void);
void kinds_free(struct kinds *kinds);

/* By the words of a URL; by those of an object ("apps/v1", "Deployment"). NULL: there is none. Never freed before `kinds`. */
const struct kind *kinds_by_resource(struct kinds *kinds, const char *group, const char *version,
				     const char *resource);
const struct kind *kinds_by_name(struct kinds *kinds, const char *api_version, const char *name);
/* The preferred version's, by "deployments", "deployment", "deploy" or "Deployment", maybe with ".group". For files and logs. */
const struct kind *kinds_by_word(struct kinds *kinds, const char *word);

/* Whether a definition could be served. -1: 422 (names taken, no version). */
int kinds_check(struct kinds *kinds, const cJSON *definition, struct refusal *r);
/* A definition has come, changed or gone: its names become served, or no more. -1: as kinds_check(). */
int kinds_define(struct kinds *kinds, const cJSON *definition, struct refusal *r);
void kinds_undefine(struct kinds *kinds, const char *name);

/* Calls each() for every kind, group by group, "" first, versions by preference. */
void kinds_each(struct kinds *kinds, void (*each)(void *data, const struct kind *kind), void *data);

/*
 * Makes an object that was written or stored in one version of its kind one of another: apiVersion, and the fields whose
 * names differ (those of Events). What is one of that version already stays as it is.
 */
void kind_convert(const struct kind *to, cJSON *object);

/* "apps/v1", "v1". Appended by the caller's needs: a new string, which the caller frees. */
char *kind_api_version(const struct kind *kind);

#endif
