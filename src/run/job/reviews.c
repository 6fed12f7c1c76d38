#include "config.h"

#include "run/job/reviews.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

struct review {
	char *target;
	char *right; /* the permission as JSON: equal texts are equal rights */
	char *reason;
	bool allowed;
};

struct reviews {
	struct review *items;
	size_t count, cap;
};

struct reviews *
reviews_new(void)
{
	return xcalloc(1, sizeof(struct reviews));
}

void
reviews_free(struct reviews *reviews)
{
	if (!reviews)
		return;
	for (size_t i = 0; i < reviews->count; i++) {
		free(reviews->items[i].target);
		free(reviews->items[i].right);
		free(reviews->items[i].reason);
	}
	free(reviews->items);
	free(reviews);
}

static const struct review *
find(const struct reviews *reviews, const char *target, const char *right)
{
	for (size_t i = 0; i < reviews->count; i++)
		if (strcmp(reviews->items[i].right, right) == 0 &&
		    strcmp(reviews->items[i].target, target) == 0)
			return &reviews->items[i];
	return NULL;
}

int
reviews_ask(struct reviews *reviews, const struct run_target *target, const cJSON *permission,
	    const struct cancel *cancel, bool *ret_allowed, const char **ret_reason, struct err *e)
{
	char *right = json_print(permission), *reason = NULL;
	const struct review *review = find(reviews, target->name, right);
	bool allowed = false;

	if (!review) {
		if (target->driver->permitted(target->connection, permission, cancel, &allowed,
					      &reason, e) < 0) {
			free(right);
			return -1;
		}
		struct review *added = VEC_PUSH(reviews->items, reviews->count, reviews->cap);
		*added = (struct review){ xstrdup(target->name), right, reason, allowed };
		review = added;
		right = NULL;
	}
	*ret_allowed = review->allowed;
	*ret_reason = review->reason ? review->reason : "";
	free(right);
	return 0;
}

size_t
reviews_count(const struct reviews *reviews)
{
	return reviews->count;
}
