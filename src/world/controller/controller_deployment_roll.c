#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_deployment.h"

/* How a Deployment gets from its old ReplicaSets to the newest one. */

static int64_t
lower(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The pods that all sets want; `available`: that they have available. */
static int64_t
sum(const struct deployment *d, bool with_newest, bool available)
{
	int64_t all = 0;

	for (size_t i = 0; i < d->old.count; i++)
		all += available ? set_available(d->old.items[i]) : set_replicas(d->old.items[i]);
	if (with_newest && d->newest)
		all += available ? set_available(d->newest) : set_replicas(d->newest);
	return all;
}

int64_t
deployment_newest_replicas(const struct deployment *d, const struct thing *newest)
{
	int64_t wanted = deployment_replicas(d), has = newest ? set_replicas(newest) : 0;
	int64_t room = wanted + deployment_surge(d) - sum(d, true, false);

	if (deployment_recreates(d))
		return wanted;
	return room <= 0 ? has : has + lower(room, wanted - has);
}

/* True: something was changed, so that the rest is for the next look. */
static bool
roll_newest(struct deployment *d)
{
	int64_t has = set_replicas(d->newest), wanted = deployment_replicas(d), next;

	if (has == wanted)
		return false;
	next = has > wanted ? wanted : deployment_newest_replicas(d, d->newest);
	if (next == has)
		return false;
	deployment_scale_set(d, d->newest, next);
	return true;
}

/* Those of their pods that are not available nobody misses. */
static int64_t
drop_unhealthy(struct deployment *d, int64_t most)
{
	int64_t dropped = 0;

	for (size_t i = 0; i < d->old.count && dropped < most; i++) {
		int64_t has = set_replicas(d->old.items[i]);
		int64_t fewer = lower(most - dropped, has - set_available(d->old.items[i]));

		if (has == 0 || fewer <= 0)
			continue;
		deployment_scale_set(d, d->old.items[i], has - fewer);
		dropped += fewer;
	}
	return dropped;
}

static int64_t
drop_available(struct deployment *d, int64_t least)
{
	int64_t most = sum(d, true, true) - least, dropped = 0;

	for (size_t i = 0; i < d->old.count && dropped < most; i++) {
		int64_t has = set_replicas(d->old.items[i]);
		int64_t fewer = lower(has, most - dropped);

		if (has == 0)
			continue;
		deployment_scale_set(d, d->old.items[i], has - fewer);
		dropped += fewer;
	}
	return dropped;
}

static void
roll_old(struct deployment *d)
{
	int64_t least = deployment_replicas(d) - deployment_unavailable(d);
	int64_t not_yet = set_replicas(d->newest) - set_available(d->newest);
	int64_t most = sum(d, true, false) - least - not_yet;

	if (sum(d, false, false) == 0 || most <= 0)
		return;
	drop_unhealthy(d, most);
	if (d->thing->stored)
		drop_available(d, least);
}

void
deployment_roll(struct deployment *d)
{
	deployment_need_newest(d);
	if (!d->thing->stored || !d->newest || !d->newest->stored || roll_newest(d))
		return;
	if (d->thing->stored && d->newest->stored)
		roll_old(d);
}

/* ---- all at once ---- */

static bool
old_pods_live(const struct deployment *d)
{
	for (size_t i = 0; i < d->old.count; i++)
		for (size_t at = 0; at < d->old.items[i]->owned.count; at++) {
			const struct thing *pod = d->old.items[i]->owned.items[at];

			if (thing_is(pod, d->c->kinds.pods) && !pod->pod.succeeded &&
			    !pod->pod.failed)
				return true;
		}
	return false;
}

void
deployment_recreate(struct deployment *d)
{
	bool scaled = false;

	for (size_t i = 0; i < d->old.count && d->thing->stored; i++)
		if (set_replicas(d->old.items[i]) > 0) {
			deployment_scale_set(d, d->old.items[i], 0);
			scaled = true;
		}
	if (!d->thing->stored || scaled || old_pods_live(d))
		return;
	deployment_need_newest(d);
	if (d->thing->stored && d->newest && d->newest->stored)
		roll_newest(d);
}

/* ---- scaling ---- */

static struct thing *
only_active(const struct deployment *d, size_t *ret_count)
{
	struct thing *active = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < d->old.count; i++)
		if (set_replicas(d->old.items[i]) > 0) {
			active = d->old.items[i];
			++*ret_count;
		}
	if (d->newest && set_replicas(d->newest) > 0) {
		active = d->newest;
		++*ret_count;
	}
	return active;
}

static bool
is_saturated(const struct deployment *d)
{
	int64_t wanted = deployment_replicas(d);

	return d->newest && d->newest->stored && set_replicas(d->newest) == wanted &&
	       set_available(d->newest) == wanted &&
	       atoll(annotation_of(d->newest->stored->object, DEPLOYMENT_DESIRED)) == wanted;
}

/* What a set gets of so many pods (less than 0: gives) by its share of all that there might have been. */
static int64_t
share_of(const struct deployment *d, const struct thing *set, int64_t left)
{
	int64_t has = set_replicas(set), wanted = deployment_replicas(d);
	double before = (double)atoll(annotation_of(set->stored->object, DEPLOYMENT_MAX));
	int64_t share = -has;

	if (wanted && before > 0)
		share = (int64_t)round((double)(has * (wanted + deployment_surge(d))) / before) -
			has;
	if (left > 0)
		return lower(share > 0 ? share : 0, left);
	return -lower(share < 0 ? -share : 0, -left);
}

/* The biggest first; of the same size the newer one, where there is more to give. */
static struct things
active_by_size(const struct deployment *d, bool newer_first)
{
	struct things all = { NULL, 0, 0 };

	if (newer_first && d->newest && set_replicas(d->newest) > 0)
		things_add(&all, d->newest);
	for (size_t i = 0; i < d->old.count; i++) {
		struct thing *set = d->old.items[newer_first ? d->old.count - 1 - i : i];

		if (set_replicas(set) > 0)
			things_add(&all, set);
	}
	if (!newer_first && d->newest && set_replicas(d->newest) > 0)
		things_add(&all, d->newest);
	for (size_t i = 1; i < all.count; i++) {
		struct thing *set = all.items[i];
		size_t at = i;

		for (; at > 0 && set_replicas(all.items[at - 1]) < set_replicas(set); at--)
			all.items[at] = all.items[at - 1];
		all.items[at] = set;
	}
	return all;
}

static void
scale_in_proportion(struct deployment *d)
{
	int64_t most =
		deployment_replicas(d) > 0 ? deployment_replicas(d) + deployment_surge(d) : 0;
	int64_t left = most - sum(d, true, false);
	struct things all = active_by_size(d, left > 0);
	int64_t *sizes = xcalloc(all.count, sizeof(*sizes));

	for (size_t i = 0; i < all.count; i++) {
		int64_t share = left ? share_of(d, all.items[i], left) : 0;

		sizes[i] = set_replicas(all.items[i]) + share;
		left -= share;
	}
	sizes[0] = sizes[0] + left > 0 ? sizes[0] + left : 0;
	for (size_t i = 0; i < all.count && d->thing->stored; i++)
		deployment_scale_set(d, all.items[i], sizes[i]);
	free(sizes);
	things_release(&all);
}

void
deployment_scale(struct deployment *d)
{
	size_t active;
	struct thing *only = only_active(d, &active);

	if (active == 0)
		only = d->newest ? d->newest : d->old.count ? d->old.items[d->old.count - 1] : NULL;
	if (active <= 1 && only) {
		deployment_scale_set(d, only, deployment_replicas(d));
	} else if (is_saturated(d)) {
		for (size_t i = 0; i < d->old.count && d->thing->stored; i++)
			if (set_replicas(d->old.items[i]) > 0)
				deployment_scale_set(d, d->old.items[i], 0);
	} else if (active > 1 && !deployment_recreates(d)) {
		scale_in_proportion(d);
	}
}
