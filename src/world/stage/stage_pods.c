#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

/* Pods, and whose they are. */

static const cJSON *
controlling_owner(const cJSON *object)
{
	const cJSON *owner;

	cJSON_ArrayForEach(owner, json_at(object, "metadata/ownerReferences"))
		if (json_bool(owner, "controller", false))
			return owner;
	return NULL;
}

/* "deployment/tsb" */
static char *
workload_name(const char *kind, const char *name)
{
	char *text = xasprintf("%s/%s", kind, name);

	for (char *at = text; *at && *at != '/'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return text;
}

char *
pod_workload(struct cluster *cluster, const struct stored *pod)
{
	const cJSON *owner = controlling_owner(pod->object);
	const char *kind = json_string(owner, "kind", "pod");
	const char *name = json_string(owner, "name", pod->name);
	const struct kind *sets = kinds_by_name(cluster->kinds, "apps/v1", "ReplicaSet");
	const struct stored *set = NULL;
	const cJSON *above;
	char *text;

	if (sets && strcmp(kind, "ReplicaSet") == 0)
		set = store_get(cluster->store, sets, pod->ns, name);
	above = set ? controlling_owner(set->object) : NULL;
	text = above ? workload_name(json_string(above, "kind", ""), json_string(above, "name", ""))
		     : workload_name(kind, name);
	stored_drop(set);
	return text;
}

size_t
workload_fits(const char *pattern, const char *workload)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncasecmp(pattern, workload, len - 1) == 0 ? len : 0;
	return strcasecmp(pattern, workload) == 0 ? SIZE_MAX : 0;
}

static bool
is_running(const struct stored *pod)
{
	const cJSON *status;

	if (!str_equal(json_string(pod->object, "status/phase", NULL), "Running"))
		return false;
	cJSON_ArrayForEach(status, json_at(pod->object, "status/containerStatuses"))
		if (json_at(status, "state/running"))
			return true;
	return false;
}

static bool
is_one_of(struct cluster *cluster, const struct stored *pod, const char *workload)
{
	char *own;
	bool is;

	if (!is_running(pod) || json_at(pod->object, "metadata/deletionTimestamp"))
		return false;
	own = pod_workload(cluster, pod);
	is = workload_fits(workload, own) > 0;
	free(own);
	return is;
}

static int
newest_first(const void *left, const void *right)
{
	const struct stored *a = *(const struct stored *const *)left;
	const struct stored *b = *(const struct stored *const *)right;
	int order = strcmp(json_string(b->object, "metadata/creationTimestamp", ""),
			   json_string(a->object, "metadata/creationTimestamp", ""));

	return order ? order : strcmp(a->name, b->name);
}

const struct stored **
pods_running(struct cluster *cluster, const char *ns, const char *workload, size_t *ret_count)
{
	const struct kind *kind = kinds_by_name(cluster->kinds, "v1", "Pod");
	size_t count, kept = 0;
	uint64_t version;
	const struct stored **items = store_list(cluster->store, kind, ns, &count, &version);

	for (size_t i = 0; i < count; i++) {
		if (is_one_of(cluster, items[i], workload))
			items[kept++] = items[i];
		else
			stored_drop(items[i]);
	}
	qsort(items, kept, sizeof(struct stored *), newest_first);
	*ret_count = kept;
	return items;
}

const char *
first_container(const struct stored *pod)
{
	return json_string(pod->object, "spec/containers/0/name", "");
}
