#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"

/* Whether somebody may, and which function answers. */

/* ---- which verb ---- */

/* In the words of RBAC: "list" and "watch" are GETs without a name, or with ?watch. */
static const char *
verb_of(const struct api_request *request)
{
	static const struct {
		const char *method, *one, *all;
	} verbs[] = {
		{ "GET", "get", "list" },	{ "HEAD", "get", "list" },
		{ "POST", "create", "create" }, { "PUT", "update", "update" },
		{ "PATCH", "patch", "patch" },	{ "DELETE", "delete", "deletecollection" },
	};
	const struct api_place *place = &request->place;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(request->method, verbs[i].method) != 0)
			continue;
		if (i < 2 && !*place->subresource && api_query_bool(request, "watch"))
			return "watch";
		return *place->name ? verbs[i].one : verbs[i].all;
	}
	return "";
}

/* /version is asked by "get", as everything that is no resource by its method. */
static const char *
path_verb_of(const struct api_request *request)
{
	static const char *const verbs[][2] = {
		{ "GET", "get" },	  { "HEAD", "head" },	{ "POST", "post" },
		{ "PUT", "put" },	  { "PATCH", "patch" }, { "DELETE", "delete" },
		{ "OPTIONS", "options" },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(request->method, verbs[i][0]) == 0)
			return verbs[i][1];
	return "";
}

/* ---- whether he may ---- */

static int
ask(const struct api_request *request, const struct access_request *what, struct refusal *r)
{
	struct cluster *cluster = request->cluster;
	char *reason = NULL;
	bool may = access_allowed(cluster->store, cluster->kinds, request->caller, what, &reason);

	int rc = may ? 0 : access_refuse(r, request->caller, what, reason);
	free(reason);
	return rc;
}

static int
check_access(const struct api_request *request, const char *verb, struct refusal *r)
{
	const struct api_place *place = &request->place;
	struct access_request what = { .verb = verb };

	if (!place->is_resource) {
		what.path = request->path;
	} else {
		what.group = place->group;
		what.resource = place->resource;
		what.subresource = place->subresource;
		what.name = place->name;
		what.ns = place->ns;
		/* A namespace is in itself, so that a role in it may speak of it. */
		if (!*place->group && strcmp(place->resource, "namespaces") == 0)
			what.ns = place->name;
	}
	return ask(request, &what, r);
}

static int
ask_to_be(const struct api_request *request, const char *resource, const char *name,
	  struct refusal *r)
{
	const struct access_request what = { .verb = "impersonate",
					     .resource = resource,
					     .name = name };

	return ask(request, &what, r);
}

static int
ask_to_be_user(const struct api_request *request, const char *user, struct refusal *r)
{
	struct access_request what = { .verb = "impersonate", .resource = "serviceaccounts" };
	char *ns;

	if (!caller_is_account(user, &ns, &what.name))
		return ask_to_be(request, "users", user, r);
	what.ns = ns;
	int rc = ask(request, &what, r);
	free(ns);
	return rc;
}

/* Somebody who may be others speaks as one of them, whom *other holds. */
static int
become(struct api_request *request, struct caller *other, struct refusal *r)
{
	if (!request->as)
		return 0;
	if (ask_to_be_user(request, request->as->user, r) < 0)
		return -1;
	for (char **group = request->as->groups; group && *group; group++)
		if (ask_to_be(request, "groups", *group, r) < 0)
			return -1;
	caller_named(request->as, other);
	request->caller = other;
	return 0;
}

/* ---- which function ---- */

struct sub_row {
	const char *word;
	const char *group, *resource; /* NULL: those with the flag */
	unsigned flag;
	api_verb *answer;
};

static const struct sub_row sub_rows[] = {
	{ "scale", NULL, NULL, KIND_SCALE, api_scale },
	{ "log", NULL, NULL, KIND_LOG, api_log },
	{ "eviction", "", "pods", 0, api_eviction },
	{ "binding", "", "pods", 0, api_binding },
	{ "exec", "", "pods", 0, api_inside },
	{ "attach", "", "pods", 0, api_inside },
	{ "portforward", "", "pods", 0, api_inside },
	{ "finalize", "", "namespaces", 0, api_finalize },
	{ "token", "", "serviceaccounts", 0, api_token },
};

static api_verb *
find_sub(const struct api_place *place)
{
	for (size_t i = 0; i < sizeof(sub_rows) / sizeof(sub_rows[0]); i++) {
		const struct sub_row *row = &sub_rows[i];

		if (strcmp(row->word, place->subresource) == 0 &&
		    (row->flag ? (place->kind->flags & row->flag) != 0
			       : strcmp(row->group, place->group) == 0 &&
					 strcmp(row->resource, place->resource) == 0))
			return row->answer;
	}
	return NULL;
}

struct verb_row {
	const char *verb;
	bool has_name, in_status;
	api_verb *answer;
};

static const struct verb_row verb_rows[] = {
	{ "get", true, true, api_get },
	{ "list", false, false, api_list },
	{ "create", false, false, api_create },
	{ "update", true, true, api_update },
	{ "patch", true, true, api_patch },
	{ "delete", true, false, api_delete },
	{ "deletecollection", false, false, api_delete_collection },
};

/* Reviews are made only; namespaces go one by one. */
static bool
has_verb(const struct kind *kind, const char *verb)
{
	if (kind->flags & KIND_CREATE_ONLY)
		return strcmp(verb, "create") == 0;
	return strcmp(verb, "deletecollection") != 0 || *kind->group ||
	       strcmp(kind->resource, "namespaces") != 0;
}

static api_verb *
find_verb(const struct api_place *place, const char *verb)
{
	if (!has_verb(place->kind, verb))
		return NULL;
	if (strcmp(verb, "watch") == 0)
		return api_watch;
	for (size_t i = 0; i < sizeof(verb_rows) / sizeof(verb_rows[0]); i++)
		if (strcmp(verb_rows[i].verb, verb) == 0 &&
		    verb_rows[i].has_name == (*place->name != '\0') &&
		    (verb_rows[i].in_status || !*place->subresource))
			return verb_rows[i].answer;
	return NULL;
}

/* Whether the URL is one that the kind has: in a namespace or not, with such a subresource. */
static int
check_place(const struct api_place *place, const char *verb, struct refusal *r)
{
	bool namespaced = place->kind && (place->kind->flags & KIND_NAMESPACED);

	if (!place->kind)
		return refuse(r, 404, "NotFound", "404 page not found");
	if (*place->ns && !namespaced)
		return api_refuse_path(r);
	if (namespaced && !*place->ns && *place->name)
		return api_refuse_path(r);
	if (namespaced && !*place->ns && !(place->kind->flags & KIND_CREATE_ONLY) &&
	    (strcmp(verb, "create") == 0 || strcmp(verb, "deletecollection") == 0))
		return api_refuse_method(r);
	if (*place->subresource && strcmp(place->subresource, "status") == 0 &&
	    !(place->kind->flags & KIND_STATUS))
		return api_refuse_path(r);
	return 0;
}

/* Whether any kind has this group and version; otherwise the path is nobody's. */
struct search {
	const struct api_place *place;
	bool found;
};

static void
look_at_kind(void *data, const struct kind *kind)
{
	struct search *search = data;

	if (strcmp(kind->group, search->place->group) == 0 &&
	    strcmp(kind->version, search->place->version) == 0)
		search->found = true;
}

static int
answer_resource(struct api_request *request, struct api_answer *answer, const char *verb,
		struct refusal *r)
{
	struct api_place *place = &request->place;
	struct search search = { .place = place };
	api_verb *function;

	if (!place->kind)
		kinds_each(request->cluster->kinds, look_at_kind, &search);
	if (search.found)
		return api_refuse_path(r);
	if (check_place(place, verb, r) < 0)
		return -1;
	if (*place->subresource && strcmp(place->subresource, "status") != 0) {
		function = find_sub(place);
		return function ? function(request, answer, r) : api_refuse_path(r);
	}
	function = find_verb(place, verb);
	return function ? function(request, answer, r) : api_refuse_method(r);
}

void
api_handle(struct api_request *request, struct api_answer *answer)
{
	struct refusal r = REFUSAL_INIT;
	struct caller other = { .user = NULL };
	int rc;

	api_place_parse(&request->place, request->path, request->cluster->kinds);
	const char *verb = request->place.is_resource ? verb_of(request) : path_verb_of(request);
	rc = become(request, &other, &r);
	if (rc == 0)
		rc = check_access(request, verb, &r);
	if (rc == 0)
		rc = request->place.is_resource ? answer_resource(request, answer, verb, &r)
						: api_path(request, answer, &r);
	if (rc < 0)
		api_answer_refusal(answer, &r);
	refusal_release(&r);
	caller_release(&other);
	api_place_release(&request->place);
}
