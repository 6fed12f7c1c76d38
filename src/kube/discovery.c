#include "config.h"

#include "kube/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client_private.h"

struct known_list {
	char *group_version;
	cJSON *list;
};

struct kube_discovery {
	cJSON *groups;
	struct known_list *lists;
	size_t count, cap;
	bool reused; /* the latest answer came, in part at least, from memory */
};

static void
forget(struct kube_discovery *d)
{
	cJSON_Delete(d->groups);
	d->groups = NULL;
	for (size_t i = 0; i < d->count; i++) {
		free(d->lists[i].group_version);
		cJSON_Delete(d->lists[i].list);
	}
	d->count = 0;
	d->reused = false;
}

void
kube_discovery_free(struct kube_discovery *d)
{
	if (!d)
		return;
	forget(d);
	free(d->lists);
	free(d);
}

static struct kube_discovery *
discovery_of(struct kube_client *client)
{
	struct kube_discovery **d = kube_client_discovery(client);

	if (!*d)
		*d = xcalloc(1, sizeof(**d));
	return *d;
}

bool
kube_discovery_refresh(struct kube_client *client)
{
	struct kube_discovery *d = discovery_of(client);

	if (!d->reused)
		return false;
	forget(d);
	return true;
}

static int
fetch(struct kube_client *client, const char *path, const struct cancel *cancel,
      cJSON **ret_document, struct err *e)
{
	struct kube_request request = { .method = "GET", .path = path, .cancel = cancel };

	return kube_request(client, &request, NULL, ret_document, e);
}

/* The list from memory or the server. */
static int
get_list(struct kube_client *client, const char *group_version, const struct cancel *cancel,
	 const cJSON **ret_list, struct err *e)
{
	struct kube_discovery *d = discovery_of(client);
	struct known_list *known;
	cJSON *list = NULL;

	for (size_t i = 0; i < d->count; i++) {
		if (strcmp(d->lists[i].group_version, group_version) == 0) {
			d->reused = true;
			*ret_list = d->lists[i].list;
			return 0;
		}
	}
	const char *root = strchr(group_version, '/') ? "/apis/" : "/api/";
	char *path = xasprintf("%s%s", root, group_version);
	int rc = fetch(client, path, cancel, &list, e);
	free(path);
	if (rc < 0)
		return -1;
	known = VEC_PUSH(d->lists, d->count, d->cap);
	known->group_version = xstrdup(group_version);
	known->list = list;
	*ret_list = list;
	return 0;
}

int
kube_discovery_list(struct kube_client *client, const char *group_version,
		    const struct cancel *cancel, const cJSON **ret_list, struct err *e)
{
	struct err error = ERR_INIT;

	discovery_of(client)->reused = false;
	if (get_list(client, group_version, cancel, ret_list, &error) == 0)
		return 0;
	if (error.kind == ERR_NOT_FOUND) {
		*ret_list = NULL;
		return 0;
	}
	if (e)
		*e = error;
	return err_wrap(e, "learning the resources of %s", group_version);
}

struct walk {
	struct kube_client *client;
	const struct cancel *cancel;
	kube_discovery_fn *visit;
	void *data;
	unsigned unanswered;
	bool is_over;
};

static int
visit_version(struct walk *walk, const char *group_version, struct err *e)
{
	struct err error = ERR_INIT;
	const cJSON *list;

	if (get_list(walk->client, group_version, walk->cancel, &list, &error) == 0) {
		walk->is_over = walk->visit(walk->data, group_version, list);
		return 0;
	}
	if (error.kind == ERR_REMOTE || error.kind == ERR_NOT_FOUND || error.kind == ERR_DENIED) {
		walk->unanswered++;
		return 0;
	}
	if (e)
		*e = error;
	return err_wrap(e, "learning the resources of %s", group_version);
}

static int
visit_groups(struct walk *walk, const cJSON *groups, bool preferred, struct err *e)
{
	const cJSON *group, *version;

	cJSON_ArrayForEach(group, groups) {
		const char *favourite = json_string(group, "preferredVersion/groupVersion", "");

		cJSON_ArrayForEach(version, json_at(group, "versions")) {
			const char *name = json_string(version, "groupVersion", "");

			if (walk->is_over)
				return 0;
			if (*name && (strcmp(name, favourite) == 0) == preferred &&
			    visit_version(walk, name, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* The core group, whose failure is an error: without it nothing at all could be said. */
static int
visit_core(struct walk *walk, struct err *e)
{
	const cJSON *list;

	if (get_list(walk->client, "v1", walk->cancel, &list, e) < 0)
		return err_wrap(e, "learning the resources of the server");
	walk->is_over = walk->visit(walk->data, "v1", list);
	return 0;
}

int
kube_discovery_walk(struct kube_client *client, kube_discovery_fn *visit, void *data,
		    const struct cancel *cancel, unsigned *ret_unanswered, struct err *e)
{
	struct walk walk = { .client = client, .cancel = cancel, .visit = visit, .data = data };
	struct kube_discovery *d = discovery_of(client);

	d->reused = false;
	if (visit_core(&walk, e) < 0)
		return -1;
	if (walk.is_over)
		return 0;
	if (d->groups)
		d->reused = true;
	else if (fetch(client, "/apis", cancel, &d->groups, e) < 0)
		return err_wrap(e, "learning the API groups of the server");
	if (visit_groups(&walk, json_at(d->groups, "groups"), true, e) < 0 ||
	    visit_groups(&walk, json_at(d->groups, "groups"), false, e) < 0)
		return -1;
	*ret_unanswered = walk.unanswered;
	return 0;
}
