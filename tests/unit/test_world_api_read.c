#include "config.h"

#include "fixture_world_api.h"

/* Reading through the API server of a simulated cluster: paths, forms, lists, pages. */

static void
assert_refused(struct world *w, long code, const char *method, const char *path, const char *text,
	       const char *message)
{
	struct said *s = world_ask(w, method, path, NULL, text);

	if (s->code != code || !s->json)
		fail_msg("%s %s: %ld: %s", method, path, s->code, str_cstr(&s->body));
	assert_string_equal(json_string(s->json, "message", "?"), message);
	assert_int_equal(json_int(s->json, "code", 0), code);
	said_free(s);
}

static void
version_of_a_cluster_is_told(void **state)
{
	struct world *w = *state;
	struct said *s = world_ask(w, "GET", "/version", NULL, NULL);

	assert_int_equal(s->code, 200);
	assert_string_equal(json_string(s->json, "gitVersion", ""), w->cluster->version);
	assert_string_equal(json_string(s->json, "minor", ""), "29");
	said_free(s);
	s = world_ask(w, "GET", "/readyz?verbose", NULL, NULL);
	assert_non_null(strstr(str_cstr(&s->body), "[+]etcd ok\n"));
	said_free(s);
}

static void
path_that_is_unknown_is_404(void **state)
{
	struct world *w = *state;
	static const char nothing[] = "the server could not find the requested resource";
	static const char method[] =
		"the server does not allow this method on the requested resource";
	struct said *s = world_ask(w, "GET", "/apis/nope.io/v1/foos", NULL, NULL);

	assert_int_equal(s->code, 404);
	assert_string_equal(str_cstr(&s->body), "404 page not found\n");
	said_free(s);
	assert_refused(w, 404, "GET", "/apis/apps/v1/nope", NULL, nothing);
	assert_refused(w, 404, "GET", "/apis/apps/v1/deployments/x", NULL, nothing);
	assert_refused(w, 404, "GET", CONFIGS "/a/b/c", NULL, nothing);
	assert_refused(w, 404, "GET", CONFIGS "/a/status", NULL, nothing);
	assert_refused(w, 404, "GET", CONFIGS "/none", NULL, "configmaps \"none\" not found");
	assert_refused(w, 405, "POST", CONFIGS "/a", "{}", method);
	assert_refused(w, 405, "POST", "/api/v1/configmaps", "{}", method);
	assert_refused(w, 405, "DELETE", "/api/v1/namespaces", NULL, method);
	assert_refused(w, 405, "GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		       NULL, method);
}

static void
accept_chooses_the_form(void **state)
{
	static const struct {
		const char *accept, *kind;
		long code;
	} rows[] = {
		{ "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Table", 200 },
		{ "application/json, application/json;as=Table;g=meta.k8s.io;v=v1", "ConfigMapList",
		  200 },
		{ "application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9",
		  "Table", 200 },
		{ "application/vnd.kubernetes.protobuf, */*", "ConfigMapList", 200 },
		{ "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
		  "PartialObjectMetadataList", 200 },
		{ "application/vnd.kubernetes.protobuf", "Status", 406 },
		{ "text/html", "Status", 406 },
	};
	struct world *w = *state;

	world_config(w, "a", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct said *s = said_new(w, "GET", CONFIGS, NULL, NULL);

		s->accept = rows[i].accept;
		said_perform(s);
		assert_int_equal(s->code, rows[i].code);
		assert_string_equal(json_string(s->json, "kind", ""), rows[i].kind);
		said_free(s);
	}
}

static void
list_of_built_in_objects_has_the_kind_once(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	struct said *s = world_ask(w, "GET", CONFIGS, NULL, NULL);
	assert_string_equal(json_string(s->json, "items/0/metadata/name", ""), "a");
	assert_null(json_at(s->json, "items/0/kind"));
	said_free(s);
	s = world_ask(w, "GET", CONFIGS "/a", NULL, NULL);
	assert_string_equal(json_string(s->json, "kind", ""), "ConfigMap");
	said_free(s);
}

static void
list_with_selectors_gives_what_matches(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "\"app\":\"x\"");
	world_config(w, "b", "\"app\":\"y\"");
	struct said *s = world_ask(w, "GET", CONFIGS "?labelSelector=app%3Dy", NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 1);
	assert_string_equal(json_string(s->json, "items/0/metadata/name", ""), "b");
	said_free(s);
	s = world_ask(w, "GET", CONFIGS "?fieldSelector=metadata.name%3Da", NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 1);
	assert_string_equal(json_string(s->json, "items/0/metadata/name", ""), "a");
	said_free(s);
	world_expect(w, 400, "GET", CONFIGS "?fieldSelector=foo%3Db", NULL, NULL);
	world_expect(w, 400, "GET", CONFIGS "?labelSelector=a%3Db%3D", NULL, NULL);
}

/* The next page, and the names on it. */
static char *
page(struct world *w, const char *token, struct str *names)
{
	char *path =
		xasprintf(CONFIGS "?limit=2%s%s", token ? "&continue=" : "", token ? token : "");
	struct said *s = world_ask(w, "GET", path, NULL, NULL);
	const cJSON *item;

	assert_int_equal(s->code, 200);
	cJSON_ArrayForEach(item, json_at(s->json, "items"))
		str_append(names, json_string(item, "metadata/name", ""));
	const char *next = json_string(s->json, "metadata/continue", "");
	char *copy = *next ? xstrdup(next) : NULL;
	said_free(s);
	free(path);
	return copy;
}

static void
list_in_pages_is_of_one_version(void **state)
{
	struct world *w = *state;
	struct str names = STR_INIT;

	world_config(w, "a", "");
	world_config(w, "c", "");
	world_config(w, "e", "");
	world_config(w, "g", "");
	char *token = page(w, NULL, &names);
	world_config(w, "f", ""); /* too late for this list */
	world_expect(w, 200, "DELETE", CONFIGS "/g", NULL, NULL);
	world_expect(w, 200, "PATCH", CONFIGS "/e", MERGE, "{\"data\":{\"a\":\"2\"}}");
	char *next = page(w, token, &names);
	assert_null(next);
	assert_string_equal(str_cstr(&names), "aceg");
	store_compact(w->cluster->store);
	char *path = xasprintf(CONFIGS "?limit=2&continue=%s", token);
	struct said *s = world_ask(w, "GET", path, NULL, NULL);
	assert_int_equal(s->code, 410);
	assert_string_equal(json_string(s->json, "reason", ""), "Expired");
	const char *on = json_string(s->json, "metadata/continue", "");
	assert_true(*on);
	str_clear(&names);
	assert_null(page(w, on, &names)); /* the same place, in the list of now */
	assert_string_equal(str_cstr(&names), "ef");
	said_free(s);
	free(path);
	free(token);
	str_release(&names);
}

static void
list_tells_how_many_remain(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "\"x\":\"y\"");
	world_config(w, "b", "\"x\":\"y\"");
	world_config(w, "c", "\"x\":\"y\"");
	struct said *s = world_ask(w, "GET", CONFIGS "?limit=1", NULL, NULL);
	assert_int_equal(json_int(s->json, "metadata/remainingItemCount", -1), 2);
	said_free(s);
	s = world_ask(w, "GET", CONFIGS "?limit=1&labelSelector=x", NULL, NULL);
	assert_null(json_at(s->json, "metadata/remainingItemCount"));
	assert_true(*json_string(s->json, "metadata/continue", ""));
	said_free(s);
	s = world_ask(w, "GET", CONFIGS "?limit=1&resourceVersion=0", NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 3);
	said_free(s);
}

static void
list_of_an_exact_version_is_as_it_was(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	unsigned long long then = store_version(w->cluster->store);
	world_expect(w, 200, "PATCH", CONFIGS "/a", MERGE, "{\"data\":{\"a\":\"2\"}}");
	world_config(w, "b", "");
	char *path = xasprintf(CONFIGS "?resourceVersion=%llu&resourceVersionMatch=Exact", then);
	struct said *s = world_ask(w, "GET", path, NULL, NULL);
	assert_int_equal(cJSON_GetArraySize(json_at(s->json, "items")), 1);
	assert_string_equal(json_string(s->json, "items/0/data/a", ""), "1");
	assert_int_equal(strtoull(json_string(s->json, "metadata/resourceVersion", "0"), NULL, 10),
			 then);
	said_free(s);
	store_compact(w->cluster->store);
	assert_refused(w, 410, "GET", path, NULL,
		       "The resourceVersion for the provided list is too old.");
	free(path);
}

static void
list_with_bad_versions_is_refused(void **state)
{
	struct world *w = *state;

	struct said *s = world_ask(w, "GET", CONFIGS "?resourceVersion=99999999", NULL, NULL);
	assert_int_equal(s->code, 504);
	assert_string_equal(json_string(s->json, "details/causes/0/reason", ""),
			    "ResourceVersionTooLarge");
	assert_non_null(strstr(str_cstr(&s->headers), "Retry-After: 1"));
	said_free(s);
	world_expect(w, 422, "GET", CONFIGS "?resourceVersionMatch=Exact", NULL, NULL);
	world_expect(w, 422, "GET", CONFIGS "?resourceVersion=4&resourceVersionMatch=Foo", NULL,
		     NULL);
	world_expect(w, 400, "GET", CONFIGS "?limit=abc", NULL, NULL);
	world_expect(w, 400, "GET", CONFIGS "?resourceVersion=abc", NULL, NULL);
	assert_refused(w, 400, "GET", CONFIGS "?continue=foo&limit=1", NULL,
		       "invalid continue token: continue key is not valid");
}

static void
large_answer_is_zipped_where_that_is_accepted(void **state)
{
	struct world *w = *state;
	struct str text = STR_INIT;

	str_append(&text, "{\"metadata\":{\"name\":\"big\"},\"data\":{\"a\":\"");
	str_append_repeated(&text, 'x', 200000);
	str_append(&text, "\"}}");
	world_expect(w, 201, "POST", CONFIGS, NULL, str_cstr(&text));
	struct said *s = said_new(w, "GET", CONFIGS "/big", NULL, NULL);
	s->extra = "Accept-Encoding: gzip";
	said_perform(s);
	assert_non_null(strstr(str_cstr(&s->headers), "Content-Encoding: gzip"));
	assert_true(s->body.len > 20 && s->body.len < 20000);
	assert_int_equal((unsigned char)s->body.data[0], 0x1f);
	said_free(s);
	s = world_ask(w, "GET", CONFIGS "/big", NULL, NULL);
	assert_null(strstr(str_cstr(&s->headers), "Content-Encoding"));
	assert_int_equal(strlen(json_string(s->json, "data/a", "")), 200000);
	said_free(s);
	str_release(&text);
}

/* ---- who asks ---- */

static void
caller_without_rights_is_refused(void **state)
{
	struct world *w = *state;
	static const char *const groups[] = { "system:authenticated", NULL };
	struct said *s = said_new(w, "GET", CONFIGS, NULL, NULL);

	s->nobody = true;
	said_perform(s);
	assert_int_equal(s->code, 403);
	assert_string_equal(
		json_string(s->json, "message", ""),
		"configmaps is forbidden: User \"system:anonymous\" cannot list resource "
		"\"configmaps\" in API group \"\" in the namespace \"default\"");
	said_free(s);
	s = said_new(w, "GET", CONFIGS, NULL, NULL);
	s->nobody = true;
	s->token = "Bearer wrong";
	said_perform(s);
	assert_int_equal(s->code, 401);
	said_free(s);
	tokens_add(w->cluster->tokens, "right", "ana@example.com", groups);
	s = said_new(w, "GET", CONFIGS "/a", NULL, NULL);
	s->nobody = true;
	s->token = "Bearer right";
	said_perform(s);
	assert_int_equal(s->code, 403);
	assert_non_null(strstr(str_cstr(&s->body), "ana@example.com"));
	said_free(s);
}

static void
certificate_of_another_authority_is_refused(void **state)
{
	struct world *w = *state, other = *w;
	static const char *const masters[] = { "system:masters", NULL };
	const struct authority_request admin = { .common_name = "admin",
						 .organisations = masters,
						 .client = 1 };
	struct err e = ERR_INIT;
	struct authority *foreign = authority_new("test-ca", &e);

	assert_int_equal(authority_issue(foreign, &admin, &other.certificate, &other.key, &e), 0);
	struct said *s = world_ask(&other, "GET", CONFIGS, NULL, NULL);
	assert_int_equal(s->code, 401);
	said_free(s);
	free(other.certificate);
	free(other.key);
	authority_free(foreign);
}

static void
administrator_may_be_another(void **state)
{
	struct world *w = *state;
	struct said *s = said_new(w, "GET", CONFIGS, NULL, NULL);

	s->extra = "Impersonate-User: bob";
	said_perform(s);
	assert_int_equal(s->code, 403);
	assert_non_null(strstr(str_cstr(&s->body), "User \\\"bob\\\" cannot list"));
	said_free(s);
}

#define BINDINGS "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"

static void
bind_group(struct world *w, const char *name, const char *kind, const char *role, const char *group)
{
	char *text = xasprintf(
		"{\"metadata\":{\"name\":\"%s\"},\"roleRef\":{\"apiGroup\":"
		"\"rbac.authorization.k8s.io\",\"kind\":\"%s\",\"name\":\"%s\"},\"subjects\":[{"
		"\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Group\",\"name\":\"%s\"}]}",
		name, kind, role, group);

	world_expect(w, 201, "POST", BINDINGS, NULL, text);
	free(text);
}

static void
administrator_may_be_a_service_account_with_its_groups(void **state)
{
	struct world *w = *state;
	struct said *s = said_new(w, "GET", CONFIGS, NULL, NULL);

	bind_group(w, "viewers", "ClusterRole", "view", "system:serviceaccounts:default");
	s->extra = "Impersonate-User: system:serviceaccount:default:robot";
	said_perform(s);
	assert_int_equal(s->code, 200);
	said_free(s);
	s = said_new(w, "GET", CONFIGS, NULL, NULL);
	s->extra = "Impersonate-User: system:serviceaccount:other:robot";
	said_perform(s);
	assert_int_equal(s->code, 403);
	said_free(s);
}

static void
caller_whose_role_is_not_there_is_told_so(void **state)
{
	struct world *w = *state;
	struct said *s = said_new(w, "GET", CONFIGS, NULL, NULL);

	bind_group(w, "lost", "Role", "gone", "system:authenticated");
	s->extra = "Impersonate-User: bob";
	said_perform(s);
	assert_int_equal(s->code, 403);
	assert_non_null(strstr(json_string(s->json, "message", ""),
			       " in the namespace \"default\": RBAC: "
			       "role.rbac.authorization.k8s.io \"gone\" not found"));
	said_free(s);
}

/* A page's list is of one version, whatever becomes of its objects: also of their ends. */
static void
list_of_an_exact_version_has_what_was_deleted_as_it_was(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	struct said *s = world_ask(w, "GET", CONFIGS "/a", NULL, NULL);
	char *version = xstrdup(json_string(s->json, "metadata/resourceVersion", ""));
	said_free(s);
	world_expect(w, 200, "DELETE", CONFIGS "/a", NULL, NULL);
	char *path = xasprintf(CONFIGS "?resourceVersionMatch=Exact&resourceVersion=%s", version);
	s = world_ask(w, "GET", path, NULL, NULL);
	assert_string_equal(json_string(s->json, "items/0/metadata/resourceVersion", ""), version);
	assert_null(json_at(s->json, "items/0/metadata/deletionTimestamp"));
	said_free(s);
	free(path);
	free(version);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_of_a_cluster_is_told, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(path_that_is_unknown_is_404, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(accept_chooses_the_form, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(list_of_built_in_objects_has_the_kind_once,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(list_with_selectors_gives_what_matches, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(list_in_pages_is_of_one_version, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(list_tells_how_many_remain, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(list_of_an_exact_version_is_as_it_was, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(list_with_bad_versions_is_refused, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(large_answer_is_zipped_where_that_is_accepted,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(caller_without_rights_is_refused, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(certificate_of_another_authority_is_refused,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(administrator_may_be_another, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(
			administrator_may_be_a_service_account_with_its_groups, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(caller_whose_role_is_not_there_is_told_so,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			list_of_an_exact_version_has_what_was_deleted_as_it_was, world_setup,
			world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
