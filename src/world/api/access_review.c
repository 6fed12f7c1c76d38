#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/access.h"
#include "world/api/access_internal.h"

#define AUTHORIZATION "authorization.k8s.io"

/* {username, groups}. The caller deletes. */
static cJSON *
user_info(const struct caller *caller)
{
	cJSON *info = cJSON_CreateObject(), *groups;

	json_add_string(info, "username", caller->user);
	groups = cJSON_AddArrayToObject(info, "groups");
	for (char **g = caller->groups; g && *g; g++)
		cJSON_AddItemToArray(groups, cJSON_CreateString(*g));
	return info;
}

/* Gives a review its status, which it takes. It is never stored, so that it has no time of creation. */
static void
answer(cJSON *object, cJSON *status)
{
	cJSON *metadata = json_at(object, "metadata");

	if (!cJSON_IsObject(metadata)) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, "metadata");
		metadata = cJSON_AddObjectToObject(object, "metadata");
	}
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "creationTimestamp");
	json_add(metadata, "creationTimestamp", cJSON_CreateNull());
	cJSON_DeleteItemFromObjectCaseSensitive(object, "status");
	json_add(object, "status", status);
}

/* ---- may somebody do this? ---- */

static struct access_request
read_request(const cJSON *spec)
{
	const cJSON *resource = json_at(spec, "resourceAttributes");
	const cJSON *path = json_at(spec, "nonResourceAttributes");

	if (path)
		return (struct access_request){ .verb = json_string(path, "verb", ""),
						.path = json_string(path, "path", "") };
	return (struct access_request){
		.verb = json_string(resource, "verb", ""),
		.group = json_string(resource, "group", ""),
		.resource = json_string(resource, "resource", ""),
		.subresource = json_string(resource, "subresource", ""),
		.name = json_string(resource, "name", ""),
		.ns = json_string(resource, "namespace", ""),
	};
}

static int
check_attributes(const cJSON *spec, struct refusal *r)
{
	const cJSON *path = json_at(spec, "nonResourceAttributes");

	if (!cJSON_IsObject(json_at(spec, "resourceAttributes"))) {
		if (cJSON_IsObject(path))
			return 0;
		return refuse_invalid(
			r, AUTHORIZATION, "", "", "spec.resourceAttributes",
			"Invalid value: \"null\": exactly one of "
			"nonResourceAttributes or resourceAttributes must be specified");
	}
	if (!cJSON_IsObject(path))
		return 0;
	return refuse_invalid(r, AUTHORIZATION, "", "", "spec.nonResourceAttributes",
			      "Invalid value: authorization.NonResourceAttributes{Path:\"%s\", "
			      "Verb:\"%s\"}: cannot be specified in combination with "
			      "resourceAttributes",
			      json_string(path, "path", ""), json_string(path, "verb", ""));
}

static int
check_subject(const cJSON *spec, struct refusal *r)
{
	if (*json_string(spec, "user", "") || cJSON_GetArraySize(json_at(spec, "groups")) > 0)
		return 0;
	return refuse_invalid(
		r, AUTHORIZATION, "", "", "spec.user",
		"Invalid value: \"\": at least one of user or group must be specified");
}

static int
check_local(const cJSON *object, struct refusal *r)
{
	const char *ns = json_string(object, "spec/resourceAttributes/namespace", "");

	if (strcmp(ns, json_string(object, "metadata/namespace", "")) == 0)
		return 0;
	return refuse_invalid(r, AUTHORIZATION, "", "", "spec.resourceAttributes.namespace",
			      "Invalid value: \"%s\": must match metadata.namespace", ns);
}

/* The subject of a review, which borrows from it; its groups are freed by the caller. */
static struct caller
read_subject(const cJSON *spec)
{
	const cJSON *groups = json_at(spec, "groups"), *group;
	struct caller c = { .user = (char *)(uintptr_t)json_string(spec, "user", "") };
	size_t count = 0;

	c.groups = xcalloc((size_t)cJSON_GetArraySize(groups) + 1, sizeof(c.groups[0]));
	cJSON_ArrayForEach(group, groups)
		if (cJSON_IsString(group))
			c.groups[count++] = group->valuestring;
	return c;
}

static void
answer_access(const struct access_review *review, const struct caller *caller, cJSON *object)
{
	struct access_request request = read_request(json_at(object, "spec"));
	cJSON *status = cJSON_CreateObject();
	char *reason = NULL;

	json_add_bool(status, "allowed",
		      access_allowed(review->store, review->kinds, caller, &request, &reason));
	if (*reason)
		json_add_string(status, "reason", reason);
	free(reason);
	answer(object, status);
}

static int
review_own_access(const struct access_review *review, cJSON *object, struct refusal *r)
{
	if (check_attributes(json_at(object, "spec"), r) < 0)
		return -1;
	answer_access(review, review->caller, object);
	return 0;
}

static int
review_access(const struct access_review *review, cJSON *object, struct refusal *r)
{
	const cJSON *spec = json_at(object, "spec");

	if (check_attributes(spec, r) < 0 || check_subject(spec, r) < 0)
		return -1;
	struct caller subject = read_subject(spec);
	answer_access(review, &subject, object);
	free(subject.groups);
	return 0;
}

static int
review_local_access(const struct access_review *review, cJSON *object, struct refusal *r)
{
	if (check_local(object, r) < 0)
		return -1;
	return review_access(review, object, r);
}

/* ---- what may somebody do? ---- */

struct rules {
	cJSON *resource, *other;
};

static void
copy_list(cJSON *to, const cJSON *rule, const char *name)
{
	const cJSON *list = json_at(rule, name);

	if (cJSON_GetArraySize(list) > 0)
		json_add(to, name, cJSON_Duplicate(list, true));
}

static bool
collect(void *data, const struct access_grant *grant, const cJSON *rule)
{
	struct rules *rules = data;
	cJSON *one = cJSON_CreateObject();

	(void)grant;
	copy_list(one, rule, "verbs");
	if (cJSON_GetArraySize(json_at(rule, "resources")) > 0) {
		copy_list(one, rule, "apiGroups");
		copy_list(one, rule, "resources");
		copy_list(one, rule, "resourceNames");
		cJSON_AddItemToArray(rules->resource, one);
	} else {
		copy_list(one, rule, "nonResourceURLs");
		cJSON_AddItemToArray(rules->other, one);
	}
	return true;
}

/* system:masters are allowed before RBAC is asked; the server tells of that first. */
static void
collect_masters(struct rules *rules)
{
	static const char all[] = "[\"*\"]";
	cJSON *rule = cJSON_CreateObject(), *urls = cJSON_CreateObject();

	json_add(rule, "verbs", cJSON_Parse(all));
	json_add(rule, "apiGroups", cJSON_Parse(all));
	json_add(rule, "resources", cJSON_Parse(all));
	json_add(urls, "verbs", cJSON_Parse(all));
	json_add(urls, "nonResourceURLs", cJSON_Parse(all));
	cJSON_AddItemToArray(rules->resource, rule);
	cJSON_AddItemToArray(rules->other, urls);
}

static bool
has_master_rule(const struct rules *rules)
{
	const cJSON *rule;

	cJSON_ArrayForEach(rule, rules->resource)
		if (strcmp(json_string(rule, "verbs/0", ""), "*") == 0 &&
		    strcmp(json_string(rule, "apiGroups/0", ""), "*") == 0)
			return true;
	return false;
}

/* What its roles say, or its masters' rights; why that is not all of it. */
static void
collect_all(const struct access_review *review, const char *ns, struct rules *rules,
	    struct access_visitor *v)
{
	access_visit_rules(review->store, review->kinds, review->caller, ns, v);
	if (caller_in_group(review->caller, "system:masters") && !has_master_rule(rules))
		collect_masters(rules);
}

static int
review_rules(const struct access_review *review, cJSON *object, struct refusal *r)
{
	const char *ns = json_string(object, "spec/namespace", "");

	if (!*ns)
		return refuse_bad_request(r, "no namespace on request");
	struct rules rules = { cJSON_CreateArray(), cJSON_CreateArray() };
	struct access_visitor v = { .visit = collect, .data = &rules };
	cJSON *status = cJSON_CreateObject();
	collect_all(review, ns, &rules, &v);
	json_add(status, "resourceRules", rules.resource);
	json_add(status, "nonResourceRules", rules.other);
	json_add_bool(status, "incomplete", v.errors_count > 0);
	if (v.errors_count > 0) {
		char *reason = access_errors_reason(&v);

		json_add_string(status, "evaluationError", reason + strlen("RBAC: "));
		free(reason);
	}
	str_release(&v.errors);
	answer(object, status);
	return 0;
}

/* ---- who is this? ---- */

static int
review_self(const struct access_review *review, cJSON *object, struct refusal *r)
{
	cJSON *status = cJSON_CreateObject();

	(void)r;
	json_add(status, "userInfo", user_info(review->caller));
	answer(object, status);
	return 0;
}

static int
review_token(const struct access_review *review, cJSON *object, struct refusal *r)
{
	const char *token = json_string(object, "spec/token", "");
	struct caller caller;

	if (!*token)
		return refuse_bad_request(r, "token is required for TokenReview in authentication");
	cJSON *status = cJSON_CreateObject();
	if (!tokens_find(review->tokens, token, &caller)) {
		json_add(status, "user", cJSON_CreateObject());
		json_add_string(status, "error", "invalid bearer token");
	} else {
		json_add_bool(status, "authenticated", true);
		json_add(status, "user", user_info(&caller));
		cJSON_AddItemToArray(cJSON_AddArrayToObject(status, "audiences"),
				     cJSON_CreateString("https://kubernetes.default.svc"));
		caller_release(&caller);
	}
	answer(object, status);
	return 0;
}

static const struct {
	const char *kind;
	int (*answer)(const struct access_review *review, cJSON *object, struct refusal *r);
} reviews[] = {
	{ "LocalSubjectAccessReview", review_local_access },
	{ "SelfSubjectAccessReview", review_own_access },
	{ "SelfSubjectReview", review_self },
	{ "SelfSubjectRulesReview", review_rules },
	{ "SubjectAccessReview", review_access },
	{ "TokenReview", review_token },
};

int
access_review(const struct access_review *review, const struct kind *kind, cJSON *object,
	      struct refusal *r)
{
	for (size_t i = 0; i < sizeof(reviews) / sizeof(reviews[0]); i++)
		if (strcmp(kind->name, reviews[i].kind) == 0)
			return reviews[i].answer(review, object, r);
	return refuse(r, 405, "MethodNotAllowed",
		      "the server does not allow this method on the requested resource");
}
