#include "config.h"

#include "kube/resource.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/discovery.h"

void
kube_resource_release(struct kube_resource *r)
{
	free(r->group);
	free(r->version);
	free(r->name);
	free(r->kind);
	memset(r, 0, sizeof(*r));
}

/* "deployments/scale" beside "deployments". */
static bool
has_part(const cJSON *list, const char *name, const char *part)
{
	size_t len = strlen(name);
	const cJSON *description;

	cJSON_ArrayForEach(description, json_at(list, "resources")) {
		const char *other = json_string(description, "name", "");

		if (strncmp(other, name, len) == 0 && other[len] == '/' &&
		    strcmp(other + len + 1, part) == 0)
			return true;
	}
	return false;
}

static void
resource_init(struct kube_resource *r, const char *group_version, const cJSON *list,
	      const cJSON *description)
{
	const char *slash = strchr(group_version, '/');

	r->group = slash ? xstrndup(group_version, (size_t)(slash - group_version)) : xstrdup("");
	r->version = xstrdup(slash ? slash + 1 : group_version);
	r->name = xstrdup(json_string(description, "name", ""));
	r->kind = xstrdup(json_string(description, "kind", ""));
	r->namespaced = json_bool(description, "namespaced", false);
	r->parts = (has_part(list, r->name, "status") ? KUBE_HAS_STATUS : 0) |
		   (has_part(list, r->name, "scale") ? KUBE_HAS_SCALE : 0);
}

static bool
is_subresource(const cJSON *description)
{
	return strchr(json_string(description, "name", "/"), '/') != NULL;
}

/* Plural, singular, kind or short name, without case: what people write. */
static bool
is_called(const cJSON *description, const char *word)
{
	const cJSON *shorter;

	if (is_subresource(description))
		return false;
	if (strcasecmp(word, json_string(description, "name", "")) == 0 ||
	    strcasecmp(word, json_string(description, "singularName", "")) == 0 ||
	    strcasecmp(word, json_string(description, "kind", "")) == 0)
		return true;
	cJSON_ArrayForEach(shorter, json_at(description, "shortNames"))
		if (cJSON_IsString(shorter) && strcasecmp(word, shorter->valuestring) == 0)
			return true;
	return false;
}

/* A search for a word, through the group versions in the server's own order. */
struct search {
	const char *word;  /* "deployments.apps" */
	char *name;	   /* "deployments" */
	const char *group; /* "apps", or NULL: any */
	struct kube_resource *found;
	bool is_found;
	const char **candidates; /* borrowed from the discovery documents */
	size_t count, cap;
};

/* Whether a group version is meant by ".apps" or ".v1.apps". */
static bool
is_in_group(const char *group_version, const char *wanted)
{
	const char *slash = strchr(group_version, '/');
	size_t group_len = slash ? (size_t)(slash - group_version) : 0;
	const char *version = slash ? slash + 1 : group_version;

	if (strlen(wanted) == group_len && strncmp(wanted, group_version, group_len) == 0)
		return true;
	size_t version_len = strlen(version);
	if (strncmp(wanted, version, version_len) != 0)
		return false;
	wanted += version_len;
	return wanted[0] == '.' ? strlen(wanted + 1) == group_len &&
					  strncmp(wanted + 1, group_version, group_len) == 0
				: wanted[0] == '\0' && group_len == 0;
}

/* Looks through one group version; returns true when the search is over. */
static bool
search_list(void *data, const char *group_version, const cJSON *list)
{
	struct search *search = data;
	const cJSON *description;

	cJSON_ArrayForEach(description, json_at(list, "resources")) {
		if (is_subresource(description))
			continue;
		*VEC_PUSH(search->candidates, search->count, search->cap) =
			json_string(description, "name", "");
		*VEC_PUSH(search->candidates, search->count, search->cap) =
			json_string(description, "kind", "");
		if (search->group && !is_in_group(group_version, search->group))
			continue;
		if (!is_called(description, search->name))
			continue;
		resource_init(search->found, group_version, list, description);
		search->is_found = true;
		return true;
	}
	return false;
}

static int
not_found(struct kube_client *client, struct search *search, unsigned unanswered, struct err *e)
{
	const char *nearest;

	*VEC_PUSH(search->candidates, search->count, search->cap) = NULL;
	nearest = str_nearest(search->name, search->candidates);
	err_set(e, ERR_NOT_FOUND, "no resource is called \"%s\" on %s", search->word,
		kube_client_access(client)->server);
	if (nearest && strcasecmp(nearest, search->name) != 0)
		err_advise(e, "Did you mean \"%s\"?", nearest);
	if (unanswered)
		err_advise(e, "%u of its API groups did not answer", unanswered);
	return -1;
}

int
kube_resource_find(struct kube_client *client, const char *word, const struct cancel *cancel,
		   struct kube_resource *ret_resource, struct err *e)
{
	size_t name_len = strcspn(word, ".");
	struct kube_resource found = { 0 };
	struct search search = {
		.word = word,
		.name = xstrndup(word, name_len),
		.group = word[name_len] ? word + name_len + 1 : NULL,
		.found = &found,
	};
	unsigned unanswered = 0;
	int rc = kube_discovery_walk(client, search_list, &search, cancel, &unanswered, e);

	if (rc == 0 && !search.is_found && kube_discovery_refresh(client)) {
		search.count = 0; /* it may be newer than what we remember */
		rc = kube_discovery_walk(client, search_list, &search, cancel, &unanswered, e);
	}
	if (rc == 0 && !search.is_found)
		rc = not_found(client, &search, unanswered, e);
	if (rc == 0)
		*ret_resource = found;
	free(search.candidates);
	free(search.name);
	return rc;
}

static const cJSON *
find_kind(const cJSON *list, const char *kind)
{
	const cJSON *description;

	cJSON_ArrayForEach(description, json_at(list, "resources"))
		if (!is_subresource(description) &&
		    str_equal(json_string(description, "kind", NULL), kind))
			return description;
	return NULL;
}

static int
unknown_kind(struct kube_client *client, const cJSON *list, const char *api_version,
	     const char *kind, struct err *e)
{
	const char *server = kube_client_access(client)->server, *nearest;
	const char **kinds = NULL;
	const cJSON *description;
	size_t count = 0, cap = 0;

	if (!list)
		return err_set(e, ERR_NOT_FOUND,
			       "%s does not know the apiVersion %s (of kind %s). Its "
			       "custom resource definitions may not be installed yet",
			       server, api_version, kind);
	cJSON_ArrayForEach(description, json_at(list, "resources"))
		*VEC_PUSH(kinds, count, cap) = json_string(description, "kind", "");
	*VEC_PUSH(kinds, count, cap) = NULL;
	nearest = str_nearest(kind, kinds);
	err_set(e, ERR_NOT_FOUND, "%s has no kind %s in %s", server, kind, api_version);
	if (nearest)
		err_advise(e, "Did you mean %s?", nearest);
	free(kinds);
	return -1;
}

int
kube_resource_for_kind(struct kube_client *client, const char *api_version, const char *kind,
		       const struct cancel *cancel, struct kube_resource *ret_resource,
		       struct err *e)
{
	const cJSON *list, *description;

	if (kube_discovery_list(client, api_version, cancel, &list, e) < 0)
		return -1;
	description = find_kind(list, kind);
	if (!description && kube_discovery_refresh(client)) {
		if (kube_discovery_list(client, api_version, cancel, &list, e) < 0)
			return -1;
		description = find_kind(list, kind);
	}
	if (!description)
		return unknown_kind(client, list, api_version, kind, e);
	resource_init(ret_resource, api_version, list, description);
	return 0;
}

static void
append_segment(struct str *path, const char *segment)
{
	char *encoded = http_encode(segment);

	str_printf(path, "/%s", encoded);
	free(encoded);
}

char *
kube_resource_path(const struct kube_resource *r, const char *ns, const char *name)
{
	struct str path = STR_INIT;

	str_append(&path, *r->group ? "/apis" : "/api");
	if (*r->group)
		append_segment(&path, r->group);
	append_segment(&path, r->version);
	if (ns && r->namespaced) {
		str_append(&path, "/namespaces");
		append_segment(&path, ns);
	}
	append_segment(&path, r->name);
	if (name)
		append_segment(&path, name);
	return str_take(&path);
}

char *
kube_resource_label(const struct kube_resource *r, const char *name)
{
	char *label = xasprintf("%s%s%s/%s", r->kind, *r->group ? "." : "", r->group, name);

	for (size_t i = 0; r->kind[i]; i++)
		label[i] = (char)tolower((unsigned char)label[i]);
	return label;
}
