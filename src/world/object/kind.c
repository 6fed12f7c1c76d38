#include "config.h"

#include "world/object/kind.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/kind_internal.h"
#include "world/patch/patch.h"

/* ---- the list ---- */

struct kind *
kinds_add(struct kinds *kinds, const struct kind *kind)
{
	struct kind *copy = xmalloc(sizeof(*copy));

	*copy = *kind;
	copy->lists = patch_rules(kind->group, kind->name);
	if (!copy->storage)
		copy->storage = copy;
	*VEC_PUSH(kinds->all, kinds->all_count, kinds->all_cap) = copy;
	*VEC_PUSH(kinds->served, kinds->served_count, kinds->served_cap) = copy;
	return copy;
}

static struct kind *
find(struct kinds *kinds, const char *group, const char *version, const char *resource)
{
	for (size_t i = 0; i < kinds->served_count; i++) {
		struct kind *kind = kinds->served[i];

		if (strcmp(kind->resource, resource) == 0 && strcmp(kind->group, group) == 0 &&
		    strcmp(kind->version, version) == 0)
			return kind;
	}
	return NULL;
}

struct kinds *
kinds_new(void)
{
	struct kinds *kinds = xcalloc(1, sizeof(*kinds));

	pthread_mutex_init(&kinds->lock, NULL);
	for (size_t i = 0; i < kind_table_count; i++)
		kinds_add(kinds, &kind_table[i]);
	/* The same Events, told in two ways. */
	find(kinds, "events.k8s.io", "v1", "events")->storage = find(kinds, "", "v1", "events");
	return kinds;
}

void
kinds_free(struct kinds *kinds)
{
	if (!kinds)
		return;
	for (size_t i = 0; i < kinds->all_count; i++) {
		if (kinds->all[i]->columns) { /* the texts of a table's row are constant */
			free((void *)(uintptr_t)kinds->all[i]->short_names);
			free((void *)(uintptr_t)kinds->all[i]->categories);
		}
		free(kinds->all[i]);
	}
	for (size_t i = 0; i < kinds->definitions_count; i++)
		cJSON_Delete(kinds->definitions[i].tree);
	free(kinds->definitions);
	free(kinds->served);
	free(kinds->all);
	pthread_mutex_destroy(&kinds->lock);
	free(kinds);
}

/* ---- order ---- */

/* Where a group of the table stands in it; SIZE_MAX: it is none of them. */
static size_t
group_rank(const char *group)
{
	for (size_t i = 0; i < kind_table_count; i++)
		if (strcmp(kind_table[i].group, group) == 0)
			return i;
	return SIZE_MAX;
}

/* "v1" is better than "v2beta1", this one than "v2alpha1", and all of them than "next". */
static int
version_grade(const char *version, long *ret_major, long *ret_minor)
{
	char *at;

	*ret_major = *ret_minor = 0;
	if (version[0] != 'v' || version[1] < '0' || version[1] > '9')
		return 0;
	*ret_major = strtol(version + 1, &at, 10);
	if (!*at)
		return 3;
	int grade = str_starts_with(at, "beta") ? 2 : str_starts_with(at, "alpha") ? 1 : 0;
	*ret_minor = grade ? strtol(at + (grade == 2 ? 4 : 5), &at, 10) : 0;
	return *at ? 0 : grade;
}

/* Source: Kubernetes, "Versions in CustomResourceDefinitions", version priority. */
static int
compare_versions(const char *a, const char *b)
{
	long major_a, minor_a, major_b, minor_b;
	int grade_a = version_grade(a, &major_a, &minor_a);
	int grade_b = version_grade(b, &major_b, &minor_b);

	if (grade_a != grade_b)
		return grade_b - grade_a;
	if (grade_a && major_a != major_b)
		return major_a < major_b ? 1 : -1;
	if (grade_a && minor_a != minor_b)
		return minor_a < minor_b ? 1 : -1;
	return strcmp(a, b);
}

static int
compare_kinds(const void *left, const void *right)
{
	const struct kind *a = *(struct kind *const *)left, *b = *(struct kind *const *)right;
	size_t rank_a = group_rank(a->group), rank_b = group_rank(b->group);
	int order;

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	order = strcmp(a->group, b->group);
	if (order == 0)
		order = compare_versions(a->version, b->version);
	return order ? order : strcmp(a->resource, b->resource);
}

void
kinds_sort(struct kinds *kinds)
{
	qsort(kinds->served, kinds->served_count, sizeof(struct kind *), compare_kinds);
}

/* ---- looking up ---- */

const struct kind *
kinds_by_resource(struct kinds *kinds, const char *group, const char *version, const char *resource)
{
	pthread_mutex_lock(&kinds->lock);
	const struct kind *kind = find(kinds, group, version, resource);
	pthread_mutex_unlock(&kinds->lock);
	return kind;
}

/* Whether "apps/v1", or "v1" of the core group, is the kind's. */
static bool
has_api_version(const struct kind *kind, const char *api_version)
{
	size_t len = strlen(kind->group);

	if (!len)
		return strcmp(kind->version, api_version) == 0;
	return strncmp(api_version, kind->group, len) == 0 && api_version[len] == '/' &&
	       strcmp(api_version + len + 1, kind->version) == 0;
}

const struct kind *
kinds_by_name(struct kinds *kinds, const char *api_version, const char *name)
{
	const struct kind *found = NULL;

	pthread_mutex_lock(&kinds->lock);
	for (size_t i = 0; i < kinds->served_count && !found; i++)
		if (strcmp(kinds->served[i]->name, name) == 0 &&
		    has_api_version(kinds->served[i], api_version))
			found = kinds->served[i];
	pthread_mutex_unlock(&kinds->lock);
	return found;
}

static bool
is_called(const struct kind *kind, const char *word)
{
	if (strcasecmp(kind->resource, word) == 0 || strcasecmp(kind->singular, word) == 0 ||
	    strcasecmp(kind->name, word) == 0)
		return true;
	for (const char *const *at = kind->short_names; at && *at; at++)
		if (strcasecmp(*at, word) == 0)
			return true;
	return false;
}

/* "apps" or "v1.apps", behind the first dot of a word; a core kind's is "v1" or empty. */
static bool
is_of(const struct kind *kind, const char *group)
{
	size_t len = strlen(kind->version);

	if (strcmp(kind->group, group) == 0)
		return true;
	return strncmp(group, kind->version, len) == 0 &&
	       (group[len] == '.' ? strcmp(group + len + 1, kind->group) == 0
				  : !group[len] && !*kind->group);
}

const struct kind *
kinds_by_word(struct kinds *kinds, const char *word)
{
	size_t len = strcspn(word, ".");
	char *name = xstrndup(word, len);
	const struct kind *found = NULL;

	pthread_mutex_lock(&kinds->lock);
	for (size_t i = 0; i < kinds->served_count && !found; i++)
		if (is_called(kinds->served[i], name) &&
		    (!word[len] || is_of(kinds->served[i], word + len + 1)))
			found = kinds->served[i];
	pthread_mutex_unlock(&kinds->lock);
	free(name);
	return found;
}

void
kinds_each(struct kinds *kinds, void (*each)(void *data, const struct kind *kind), void *data)
{
	pthread_mutex_lock(&kinds->lock);
	size_t count = kinds->served_count;
	const struct kind **served = xcalloc(count + 1, sizeof(*served));
	for (size_t i = 0; i < count; i++)
		served[i] = kinds->served[i];
	pthread_mutex_unlock(&kinds->lock);
	for (size_t i = 0; i < count; i++) /* without the lock: it may look kinds up */
		each(data, served[i]);
	free(served);
}

char *
kind_api_version(const struct kind *kind)
{
	return *kind->group ? xasprintf("%s/%s", kind->group, kind->version)
			    : xstrdup(kind->version);
}
