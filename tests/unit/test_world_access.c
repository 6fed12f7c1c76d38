#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "fixture_world_access.h"

#define RBAC "rbac.authorization.k8s.io"
#define AUTHORIZATION "authorization.k8s.io/v1"

#define CALLER(name, ...)                                                                          \
	((struct caller){ .user = (char *)(uintptr_t)(name),                                       \
			  .groups = (char *[]){ __VA_ARGS__, NULL } })
static char authenticated[] = "system:authenticated";
#define USER(name) CALLER(name, authenticated)
#define ASK(...) ((struct access_request){ __VA_ARGS__ })
#define ASK_ALL(...) ((struct access_request){ __VA_ARGS__, NULL })

static void
expect(struct world *w, struct caller caller, struct access_request request, bool allowed,
       const char *reason)
{
	char *said = NULL;

	assert_int_equal(access_allowed(w->store, w->kinds, &caller, &request, &said), allowed);
	assert_string_equal(said, reason);
	free(said);
}

static void
bind(struct world *w, const char *ns, const char *name, const char *role_kind, const char *role,
     const char *subject)
{
	char *json = xasprintf("{\"apiVersion\":\"" RBAC "/v1\",\"kind\":\"%s\",\"metadata\":{"
			       "\"name\":\"%s\",\"namespace\":\"%s\"},\"roleRef\":{\"kind\":\"%s\","
			       "\"name\":\"%s\"},\"subjects\":[%s]}",
			       *ns ? "RoleBinding" : "ClusterRoleBinding", name, ns, role_kind,
			       role, subject);

	put(w, json);
	free(json);
}

static void
role(struct world *w, const char *kind, const char *name, const char *rules)
{
	char *json = xasprintf("{\"apiVersion\":\"" RBAC "/v1\",\"kind\":\"%s\",\"metadata\":{"
			       "\"name\":\"%s\"%s},\"rules\":[%s]}",
			       kind, name,
			       strcmp(kind, "Role") == 0 ? ",\"namespace\":\"tsb\"" : "", rules);

	put(w, json);
	free(json);
}

#define ANA "{\"kind\":\"User\",\"name\":\"ana\"}"

/* ---- what is allowed ---- */

static void
allowed_for_masters_is_everything(void **state)
{
	expect(*state, CALLER("root", (char[]){ "system:masters" }),
	       ASK(.verb = "delete", .resource = "secrets", .ns = "tsb"), true, "");
	expect(*state, USER("ana"), ASK(.verb = "delete", .resource = "secrets", .ns = "tsb"),
	       false, "");
}

static void
allowed_for_everybody_is_the_version(void **state)
{
	struct caller nobody;

	caller_anonymous(&nobody);
	expect(*state, nobody, ASK(.verb = "get", .path = "/version"), true,
	       "RBAC: allowed by ClusterRoleBinding \"system:public-info-viewer\" of ClusterRole "
	       "\"system:public-info-viewer\" to Group \"system:unauthenticated\"");
	expect(*state, nobody, ASK(.verb = "get", .path = "/api/v1"), false, "");
	expect(*state, USER("ana"), ASK(.verb = "get", .path = "/api/v1"), true,
	       "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole "
	       "\"system:discovery\" to Group \"system:authenticated\"");
	expect(*state, USER("ana"), ASK(.verb = "post", .path = "/version"), false, "");
	expect(*state, USER("ana"), ASK(.verb = "get", .path = "/metrics"), false, "");
	caller_release(&nobody);
}

static void
allowed_by_a_role_binding_is_its_namespace_only(void **state)
{
	bind(*state, "tsb", "readers", "ClusterRole", "view", ANA);
	expect(*state, USER("ana"), ASK(.verb = "list", .resource = "pods", .ns = "tsb"), true,
	       "RBAC: allowed by RoleBinding \"readers/tsb\" of ClusterRole \"view\" to User "
	       "\"ana\"");
	expect(*state, USER("ana"), ASK(.verb = "list", .resource = "pods", .ns = "other"), false,
	       "");
	expect(*state, USER("ana"), ASK(.verb = "list", .resource = "pods"), false, "");
	expect(*state, USER("bea"), ASK(.verb = "list", .resource = "pods", .ns = "tsb"), false,
	       "");
	expect(*state, USER("ana"), ASK(.verb = "get", .resource = "secrets", .ns = "tsb"), false,
	       "");
}

static void
allowed_by_aggregated_roles_is_what_those_below_have(void **state)
{
	struct world *w = *state;

	bind(w, "", "admins", "ClusterRole", "admin", "{\"kind\":\"Group\",\"name\":\"sre\"}");
	const char *why = "RBAC: allowed by ClusterRoleBinding \"admins\" of ClusterRole \"admin\" "
			  "to Group \"sre\"";
	struct caller sre = CALLER("bob", (char[]){ "sre" });

	expect(w, sre, ASK_ALL("get", "", "pods", "log", "x", "tsb"), true, why); /* view's */
	expect(w, sre, ASK_ALL("delete", "apps", "deployments", NULL, "x", "tsb"), true, why);
	expect(w, sre, ASK_ALL("create", RBAC, "roles", NULL, NULL, "tsb"), true, why);
	expect(w, sre, ASK_ALL("list", "install.tetrate.io", "managementplanes", NULL, NULL, "tsb"),
	       false, "");
	put(w, "{\"apiVersion\":\"" RBAC "/v1\",\"kind\":\"ClusterRole\",\"metadata\":{\"name\":"
	       "\"tsb-view\",\"labels\":{\"" RBAC "/aggregate-to-view\":\"true\"}},\"rules\":[{"
	       "\"verbs\":[\"list\"],\"apiGroups\":[\"install.tetrate.io\"],\"resources\":["
	       "\"managementplanes\"]}]}");
	expect(w, sre, ASK_ALL("list", "install.tetrate.io", "managementplanes", NULL, NULL, "tsb"),
	       true, why);
}

static void
allowed_by_rules_follows_their_words(void **state)
{
	static const struct {
		const char *rule;
		struct access_request request;
		bool allowed;
	} cases[] = {
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]",
		  { "get", "", "pods", NULL, "x", "tsb", NULL },
		  true },
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods\"]",
		  { "get", "", "pods", "log", "x", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods/log\"]",
		  { "get", "", "pods", "log", "x", "tsb", NULL },
		  true },
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"pods/log\"]",
		  { "get", "", "pods", NULL, "x", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*/scale\"]",
		  { "update", "apps", "statefulsets", "scale", "x", "tsb", NULL },
		  true },
		{ "\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*/scale\"]",
		  { "update", "apps", "statefulsets", "status", "x", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*/scale\"]",
		  { "update", "apps", "statefulsets", NULL, "x", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*\"]",
		  { "update", "apps", "statefulsets", "scale", "x", "tsb", NULL },
		  true },
		{ "\"verbs\":[\"*\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*\"]",
		  { "update", "", "pods", NULL, "x", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"*\"],\"resources\":[\"secrets\"],"
		  "\"resourceNames\":[\"tsb-certs\"]",
		  { "get", "", "secrets", NULL, "tsb-certs", "tsb", NULL },
		  true },
		{ "\"verbs\":[\"get\"],\"apiGroups\":[\"*\"],\"resources\":[\"secrets\"],"
		  "\"resourceNames\":[\"tsb-certs\"]",
		  { "get", "", "secrets", NULL, "other", "tsb", NULL },
		  false },
		{ "\"verbs\":[\"list\"],\"apiGroups\":[\"*\"],\"resources\":[\"secrets\"],"
		  "\"resourceNames\":[\"tsb-certs\"]",
		  { "list", "", "secrets", NULL, NULL, "tsb", NULL },
		  false },
		{ "\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/metrics/*\"]",
		  { .verb = "get", .path = "/metrics/slis" },
		  true },
		{ "\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/metrics/*\"]",
		  { .verb = "get", .path = "/metrics" },
		  false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		char *rule = xasprintf("{%s}", cases[i].rule), *reason = NULL;

		setup(state);
		w = *state;
		role(w, "ClusterRole", "mine", rule);
		bind(w, "", "mine", "ClusterRole", "mine", ANA);
		if (access_allowed(w->store, w->kinds, &USER("ana"), &cases[i].request, &reason) !=
		    cases[i].allowed)
			fail_msg("case %zu: %s", i, rule);
		free(reason);
		free(rule);
		teardown(state);
	}
	setup(state);
}

static void
allowed_for_a_service_account_by_its_name_and_groups(void **state)
{
	struct caller account = USER("system:serviceaccount:tsb:operator");

	role(*state, "Role", "own",
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"secrets\"]}");
	bind(*state, "tsb", "own", "Role", "own",
	     "{\"kind\":\"ServiceAccount\",\"name\":\"operator\",\"namespace\":\"tsb\"}");
	expect(*state, account, ASK_ALL("get", "", "secrets", NULL, "x", "tsb"), true,
	       "RBAC: allowed by RoleBinding \"own/tsb\" of Role \"own\" to ServiceAccount "
	       "\"operator/tsb\"");
	expect(*state, USER("system:serviceaccount:other:operator"),
	       ASK_ALL("get", "", "secrets", NULL, "x", "tsb"), false, "");
}

static void
allowed_with_roles_that_are_not_there_says_which(void **state)
{
	bind(*state, "tsb", "r1", "ClusterRole", "none", ANA);
	expect(*state, USER("ana"), ASK_ALL("get", "", "pods", NULL, NULL, "tsb"), false,
	       "RBAC: clusterrole." RBAC " \"none\" not found");
	bind(*state, "tsb", "r2", "Role", "none2", ANA);
	expect(*state, USER("ana"), ASK_ALL("get", "", "pods", NULL, NULL, "tsb"), false,
	       "RBAC: [clusterrole." RBAC " \"none\" not found, role." RBAC
	       " \"none2\" not found]");
	expect(*state, USER("bea"), ASK_ALL("get", "", "pods", NULL, NULL, "tsb"), false, "");
}

/* ---- 403 ---- */

static void
refuse_has_the_words_of_the_server(void **state)
{
	static const struct {
		struct access_request request;
		const char *message, *details;
	} cases[] = {
		{ { "list", "", "pods", NULL, NULL, "x", NULL },
		  "pods is forbidden: User \"viewer\" cannot list resource \"pods\" in API group "
		  "\"\" in the namespace \"x\"",
		  "{\"kind\":\"pods\"}" },
		{ { "get", "", "pods", "log", "x", "default", NULL },
		  "pods \"x\" is forbidden: User \"viewer\" cannot get resource \"pods/log\" in "
		  "API "
		  "group \"\" in the namespace \"default\"",
		  "{\"name\":\"x\",\"kind\":\"pods\"}" },
		{ { "list", "apps", "deployments", NULL, NULL, NULL, NULL },
		  "deployments.apps is forbidden: User \"viewer\" cannot list resource "
		  "\"deployments\" in API group \"apps\" at the cluster scope",
		  "{\"group\":\"apps\",\"kind\":\"deployments\"}" },
		{ { .verb = "get", .path = "/logs" },
		  "forbidden: User \"viewer\" cannot get path \"/logs\"",
		  "{}" },
	};
	struct refusal r = REFUSAL_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(access_refuse(&r, &USER("viewer"), &cases[i].request, ""), -1);
		char *details = json_print(r.details);
		assert_int_equal(r.code, 403);
		assert_string_equal(r.message, cases[i].message);
		assert_string_equal(details, cases[i].details);
		free(details);
	}
	access_refuse(&r, &USER("v"), &cases[3].request, "RBAC: x");
	assert_string_equal(r.message, "forbidden: User \"v\" cannot get path \"/logs\": RBAC: x");
	refusal_release(&r);
}

/* ---- reviews ---- */

/* The status that a review gets, or the message of its refusal. The caller frees. */
static char *
review_as(struct world *w, struct caller caller, const char *api_version, const char *kind_name,
	  const char *rest)
{
	const struct kind *kind = kinds_by_name(w->kinds, api_version, kind_name);
	cJSON *review = cJSON_Parse(rest);
	const struct access_review asked = { w->store, w->kinds, w->tokens, &caller };
	struct refusal r = REFUSAL_INIT;
	char *text;

	assert_non_null(kind);
	assert_non_null(review);
	if (access_review(&asked, kind, review, &r) < 0)
		text = xasprintf("%d %s", r.code, r.message);
	else
		text = json_print(json_at(review, "status"));
	refusal_release(&r);
	cJSON_Delete(review);
	return text;
}

static void
expect_review(struct world *w, struct caller caller, const char *kind, const char *rest,
	      const char *wanted)
{
	char *text = review_as(w, caller, AUTHORIZATION, kind, rest);

	assert_string_equal(text, wanted);
	free(text);
}

static void
review_of_access_answers_for_the_one_it_is_about(void **state)
{
	bind(*state, "tsb", "readers", "ClusterRole", "view", ANA);
	expect_review(*state, USER("ana"), "SelfSubjectAccessReview",
		      "{\"spec\":{\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"pods\","
		      "\"namespace\":\"tsb\"}}}",
		      "{\"allowed\":true,\"reason\":\"RBAC: allowed by RoleBinding "
		      "\\\"readers/tsb\\\" of ClusterRole \\\"view\\\" to User \\\"ana\\\"\"}");
	expect_review(*state, USER("ana"), "SelfSubjectAccessReview",
		      "{\"spec\":{\"nonResourceAttributes\":{\"verb\":\"get\",\"path\":\"/x\"}}}",
		      "{\"allowed\":false}");
	expect_review(*state, USER("root"), "SubjectAccessReview",
		      "{\"spec\":{\"user\":\"ana\",\"resourceAttributes\":{\"verb\":\"delete\","
		      "\"resource\":\"pods\",\"namespace\":\"tsb\"}}}",
		      "{\"allowed\":false}");
	expect_review(*state, USER("root"), "SubjectAccessReview",
		      "{\"spec\":{\"groups\":[\"system:masters\"],\"resourceAttributes\":{\"verb\":"
		      "\"delete\",\"resource\":\"pods\"}}}",
		      "{\"allowed\":true}");
	expect_review(
		*state, USER("root"), "LocalSubjectAccessReview",
		"{\"metadata\":{\"namespace\":\"tsb\"},\"spec\":{\"user\":\"bea\","
		"\"resourceAttributes\":{\"verb\":\"get\",\"resource\":\"pods\",\"namespace\":"
		"\"tsb\"}}}",
		"{\"allowed\":false}");
}

static void
review_that_asks_nothing_or_too_much_is_refused(void **state)
{
	expect_review(*state, USER("ana"), "SelfSubjectAccessReview", "{\"spec\":{}}",
		      "422 .authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid "
		      "value: \"null\": exactly one of nonResourceAttributes or resourceAttributes "
		      "must be specified");
	expect_review(*state, USER("ana"), "SelfSubjectAccessReview",
		      "{\"spec\":{\"resourceAttributes\":{},\"nonResourceAttributes\":{\"path\":"
		      "\"/x\"}}}",
		      "422 .authorization.k8s.io \"\" is invalid: spec.nonResourceAttributes: "
		      "Invalid value: authorization.NonResourceAttributes{Path:\"/x\", Verb:\"\"}: "
		      "cannot be specified in combination with resourceAttributes");
	expect_review(
		*state, USER("ana"), "SubjectAccessReview",
		"{\"spec\":{\"resourceAttributes\":{}}}",
		"422 .authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at "
		"least one of user or group must be specified");
	expect_review(*state, USER("ana"), "LocalSubjectAccessReview",
		      "{\"metadata\":{\"namespace\":\"tsb\"},\"spec\":{\"user\":\"a\","
		      "\"resourceAttributes\":{\"namespace\":\"x\"}}}",
		      "422 .authorization.k8s.io \"\" is invalid: "
		      "spec.resourceAttributes.namespace: Invalid value: \"x\": must match "
		      "metadata.namespace");
	expect_review(*state, USER("ana"), "SelfSubjectRulesReview", "{\"spec\":{}}",
		      "400 no namespace on request");
}

static void
review_of_rules_lists_what_somebody_may_do(void **state)
{
	role(*state, "Role", "own",
	     "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],"
	     "\"resourceNames\":[\"a\"]}");
	bind(*state, "tsb", "own", "Role", "own", ANA);
	char *text = review_as(*state, USER("ana"), AUTHORIZATION, "SelfSubjectRulesReview",
			       "{\"spec\":{\"namespace\":\"tsb\"}}");
	assert_non_null(strstr(text, "{\"verbs\":[\"get\"],\"apiGroups\":[\"\"],\"resources\":["
				     "\"secrets\"],\"resourceNames\":[\"a\"]}"));
	assert_non_null(strstr(text, "selfsubjectaccessreviews"));
	assert_non_null(strstr(text, "\"/openapi/*\""));
	assert_non_null(strstr(text, "\"incomplete\":false"));
	free(text);
	text = review_as(*state, USER("ana"), AUTHORIZATION, "SelfSubjectRulesReview",
			 "{\"spec\":{\"namespace\":\"other\"}}");
	assert_null(strstr(text, "secrets"));
	free(text);
}

static void
review_of_oneself_names_user_and_groups(void **state)
{
	char *text = review_as(*state, CALLER("ana", (char[]){ "sre" }, authenticated),
			       "authentication.k8s.io/v1", "SelfSubjectReview", "{}");

	assert_string_equal(text, "{\"userInfo\":{\"username\":\"ana\",\"groups\":[\"sre\","
				  "\"system:authenticated\"]}}");
	free(text);
}

static void
review_of_a_token_tells_its_user_or_not(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"spec\":{\"token\":\"abc\"}}",
		  "{\"authenticated\":true,\"user\":{\"username\":\"ana\",\"groups\":["
		  "\"system:authenticated\"]},\"audiences\":["
		  "\"https://kubernetes.default.svc\"]}" },
		{ "{\"spec\":{\"token\":\"x\"}}",
		  "{\"user\":{},\"error\":\"invalid bearer token\"}" },
		{ "{}", "400 token is required for TokenReview in authentication" },
	};
	struct world *w = *state;

	tokens_add(w->tokens, "abc", "ana", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = review_as(w, USER("root"), "authentication.k8s.io/v1", "TokenReview",
				       cases[i][0]);

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(allowed_for_masters_is_everything),
		WORLD_TEST(allowed_for_everybody_is_the_version),
		WORLD_TEST(allowed_by_a_role_binding_is_its_namespace_only),
		WORLD_TEST(allowed_by_aggregated_roles_is_what_those_below_have),
		cmocka_unit_test_teardown(allowed_by_rules_follows_their_words, teardown),
		WORLD_TEST(allowed_for_a_service_account_by_its_name_and_groups),
		WORLD_TEST(allowed_with_roles_that_are_not_there_says_which),
		cmocka_unit_test(refuse_has_the_words_of_the_server),
		WORLD_TEST(review_of_access_answers_for_the_one_it_is_about),
		WORLD_TEST(review_that_asks_nothing_or_too_much_is_refused),
		WORLD_TEST(review_of_rules_lists_what_somebody_may_do),
		WORLD_TEST(review_of_oneself_names_user_and_groups),
		WORLD_TEST(review_of_a_token_tells_its_user_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
