#include "config.h"

#include "helm/helm_wait.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "kube/rollout.h"
#include "net/http/http.h"

/* Helm itself looks every two seconds. */
enum { INTERVAL_MS = 1000 };

/* ---- one look ---- */

/* The newest of the ReplicaSets that a Deployment owns: that of its own revision. Borrowed from `list`. */
static const cJSON *
newest_of(const cJSON *deployment, const cJSON *list)
{
	static const char revision[] = "deployment.kubernetes.io/revision";
	const char *uid = json_string(deployment, "metadata/uid", "");
	const cJSON *own = json_at(deployment, "metadata/annotations"), *set;
	const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(own, revision);

	cJSON_ArrayForEach(set, json_at(list, "items")) {
		const cJSON *other = json_at(set, "metadata/annotations");

		if (strcmp(json_string(set, "metadata/ownerReferences/0/uid", ""), uid) == 0 &&
		    wanted &&
		    cJSON_Compare(cJSON_GetObjectItemCaseSensitive(other, revision), wanted, true))
			return set;
	}
	return NULL;
}

static int
look_at_deployment(struct helm *h, const cJSON *deployment, struct err *e)
{
	char *selector = kube_rollout_selector(deployment), *encoded = http_encode(selector);
	char *query = xasprintf("labelSelector=%s", encoded);
	char *path = xasprintf("/apis/apps/v1/namespaces/%s/replicasets",
			       json_string(deployment, "metadata/namespace", ""));
	cJSON *list = NULL;
	int rc = helm_api_get(h, path, query, &list, e);

	if (rc == 0)
		rc = helm_ready(deployment, newest_of(deployment, list), false, e);
	cJSON_Delete(list);
	free(path);
	free(query);
	free(encoded);
	free(selector);
	return rc;
}

/* 1, 0 or -1. */
static int
look(struct helm *h, const struct helm_place *place, bool jobs, struct err *e)
{
	cJSON *object = NULL;
	int rc;

	if (helm_api_get(h, place->path, NULL, &object, e) < 0)
		return -1;
	rc = strcmp(place->kind, "Deployment") == 0 ? look_at_deployment(h, object, e)
						    : helm_ready(object, NULL, jobs, e);
	cJSON_Delete(object);
	return rc;
}

/* Whether it is worth to go on after an error: the server may be on its way back. */
static bool
may_pass(const struct err *why)
{
	return why->kind == ERR_NET || why->kind == ERR_TIMEOUT || why->kind == ERR_REMOTE;
}

/* ---- waiting ---- */

typedef int look_fn(struct helm *h, const struct helm_place *place, bool jobs, struct err *e);

static int
pause_until(struct helm *h, int64_t deadline_ms, struct err *e)
{
	int64_t left_ms = deadline_ms - clock_mono_ms();

	if (left_ms <= 0)
		return err_set(e, ERR_TIMEOUT, "context deadline exceeded");
	if (cancel_sleep(h->cancel, left_ms < INTERVAL_MS ? left_ms : INTERVAL_MS))
		return err_set(e, ERR_CANCELLED, "context canceled");
	return 0;
}

static int
wait_for(struct helm *h, const struct helm_resources *resources, look_fn *look_at, bool jobs,
	 int64_t timeout_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;

	for (size_t i = 0; i < resources->count;) {
		struct err why = ERR_INIT;
		int rc = look_at(h, &resources->items[i], jobs, &why);

		if (rc > 0) {
			i++;
			continue;
		}
		if (rc < 0 && why.kind == ERR_CANCELLED)
			return err_set(e, ERR_CANCELLED, "context canceled");
		if (rc < 0 && !may_pass(&why))
			return err_set(e, why.kind, "%s", why.message);
		if (pause_until(h, deadline_ms, e) < 0)
			return -1;
		i = 0; /* all of them at the same time */
	}
	return 0;
}

int
helm_wait_ready(struct helm *h, const struct helm_resources *resources, bool jobs,
		int64_t timeout_ms, struct err *e)
{
	return wait_for(h, resources, look, jobs, timeout_ms, e);
}

static int
look_gone(struct helm *h, const struct helm_place *place, bool jobs, struct err *e)
{
	cJSON *object = NULL;
	int rc;

	(void)jobs;
	rc = helm_api_get(h, place->path, NULL, &object, e);
	cJSON_Delete(object);
	if (rc < 0 && e->kind == ERR_NOT_FOUND)
		return 1;
	return rc;
}

int
helm_wait_gone(struct helm *h, const struct helm_resources *resources, int64_t timeout_ms,
	       struct err *e)
{
	return wait_for(h, resources, look_gone, false, timeout_ms, e);
}
