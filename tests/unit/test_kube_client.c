#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "http_server.h"
#include "kube/apply.h"
#include "kube/client.h"
#include "kube/logs.h"
#include "kube/resource.h"

/* An API server that answers as its path says, and a client of it. */
struct world {
	struct http_server *server;
	struct kube_client *client;
	struct cancel *cancel;
	struct err e;
	struct str sent;   /* bodies of PATCH and POST */
	atomic_int closed; /* connections that /flaky has broken */
	atomic_bool has_late_kind;
};

#define STATUS(code, reason, message, more)                                                        \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message \
	"\","                                                                                      \
	"\"reason\":\"" reason "\",\"code\":" #code more "}"

static const struct {
	const char *target;
	int status;
	const char *body;
} answers[] = {
	{ "/api/v1/namespaces/kube-system", 200, "{\"metadata\":{\"uid\":\"11-22\"}}" },
	{ "/api/v1/namespaces/tsb/secrets/hidden", 403,
	  STATUS(403, "Forbidden",
		 "secrets \\\"hidden\\\" is forbidden: User \\\"u\\\" cannot get resource", "") },
	{ "/api/v1/namespaces/tsb/secrets/absent", 404,
	  STATUS(404, "NotFound", "secrets \\\"absent\\\" not found", "") },
	{ "/api/v1/namespaces/tsb/secrets/late", 504, STATUS(504, "Timeout", "etcd is slow", "") },
	{ "/api/v1/namespaces/tsb/secrets/invalid", 422,
	  STATUS(422, "Invalid", "it is invalid",
		 ",\"details\":{\"causes\":[{\"field\":\"spec.x\",\"message\":\"must be set\"},"
		 "{\"message\":\"it is invalid\"}]}") },
	{ "/api/v1/namespaces/tsb/secrets/expired", 401,
	  STATUS(401, "Unauthorized", "Unauthorized", "") },
	{ "/api/v1/nodes", 502, "<html>bad gateway</html>" },
	{ "/api/v1/pods", 200, "<html>please log in</html>" },
	{ "/api/v1", 200,
	  "{\"resources\":[{\"name\":\"secrets\",\"singularName\":\"\",\"namespaced\":true,"
	  "\"kind\":\"Secret\"},{\"name\":\"services\",\"namespaced\":true,\"kind\":\"Service\","
	  "\"shortNames\":[\"svc\"]},{\"name\":\"pods\",\"namespaced\":true,\"kind\":\"Pod\"},"
	  "{\"name\":\"pods/log\",\"namespaced\":true,\"kind\":\"Pod\"},"
	  "{\"name\":\"nodes\",\"namespaced\":false,\"kind\":\"Node\"}]}" },
	{ "/apis", 200,
	  "{\"groups\":[{\"name\":\"down.example\",\"versions\":[{\"groupVersion\":"
	  "\"down.example/v1\"}],\"preferredVersion\":{\"groupVersion\":\"down.example/v1\"}},"
	  "{\"name\":\"apps\",\"versions\":[{\"groupVersion\":\"apps/v1beta1\"},{\"groupVersion\":"
	  "\"apps/v1\"}],\"preferredVersion\":{\"groupVersion\":\"apps/v1\"}}]}" },
	{ "/apis/apps/v1", 200,
	  "{\"resources\":[{\"name\":\"deployments\",\"singularName\":"
	  "\"deployment\",\"namespaced\":true,\"kind\":\"Deployment\",\"shortNames\":[\"deploy\"]}]"
	  "}" },
	{ "/apis/apps/v1beta1", 200,
	  "{\"resources\":[{\"name\":\"deployments\",\"namespaced\":true,"
	  "\"kind\":\"Deployment\"},{\"name\":\"relics\",\"namespaced\":false,\"kind\":\"Relic\"}]"
	  "}" },
	{ "/apis/down.example/v1", 503, STATUS(503, "ServiceUnavailable", "down", "") },
	{ "/api/v1/namespaces/tsb/pods/p/log?timestamps=true&container=c&previous=true&tailLines=5",
	  200,
	  "2026-11-21T14:07:32.118200143Z one\n2026-11-21T14:07:32+01:00 \nno stamp\r\n"
	  "2026-11-21T14:07:33Z last" },
	{ "/api/v1/namespaces/tsb/pods/waiting/log?timestamps=true", 400,
	  STATUS(400, "BadRequest",
		 "container \\\"c\\\" in pod \\\"waiting\\\" is waiting to start", "") },
};

static bool
apply_answer(struct world *w, struct server_connection *c, const struct server_request *r)
{
	str_clear(&w->sent);
	str_append(&w->sent, r->body);
	if (strstr(r->target, "/secrets/owned"))
		return server_json(
			c, 409,
			STATUS(409, "Conflict", "Apply failed with 2 conflicts:\\n- a",
			       ",\"details\":{\"causes\":[{\"reason\":\"FieldManagerConflict\","
			       "\"message\":"
			       "\"conflict with \\\"kubectl\\\" using v1\",\"field\":\".data.a\"},"
			       "{\"reason\":\"FieldManagerConflict\",\"message\":\"conflict with "
			       "\\\"helm\\\"\","
			       "\"field\":\".data.b\"}]}"));
	if (!server_has_header(r, "Content-Type: application/apply-patch+yaml"))
		return server_json(c, 415, STATUS(415, "UnsupportedMediaType", "no", ""));
	return server_json(c, 200, r->body);
}

static bool
review_answer(struct world *w, struct server_connection *c, const struct server_request *r)
{
	str_clear(&w->sent);
	str_append(&w->sent, r->body);
	if (strstr(r->body, "\"verb\":\"delete\""))
		return server_json(c, 201,
				   "{\"status\":{\"allowed\":false,\"reason\":\"no rule\","
				   "\"evaluationError\":\"role x not found\"}}");
	return server_json(c, 201, "{\"status\":{\"allowed\":true}}");
}

/* A line of 1 MiB and 8 bytes beyond its stamp, and a short one, in odd pieces. */
static bool
long_log_answer(struct server_connection *c)
{
	char piece[4097];
	bool ok = server_begin_chunks(c, "text/plain") && server_chunk(c, "2026-11-21T14:0") &&
		  server_chunk(c, "7:32Z ");

	memset(piece, 'x', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	for (int i = 0; ok && i < 256; i++)
		ok = server_chunk(c, piece);
	return ok && server_chunk(c, "tail-end\n2026-11-21T14:07:33Z sh") &&
	       server_chunk(c, "ort\n") && server_end_chunks(c);
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;

	if (!server_has_header(r, "Authorization: Bearer t0ken"))
		return server_json(c, 401, STATUS(401, "Unauthorized", "no token", ""));
	if (strstr(r->target, "/silent"))
		return server_stay_silent(c);
	if (strstr(r->target, "/flaky") && atomic_fetch_add(&w->closed, 1) == 0)
		return false;
	if (strstr(r->target, "/flaky"))
		return server_json(c, 200, "{\"ok\":true}");
	if (strstr(r->target, "/long/log"))
		return long_log_answer(c);
	if (strstr(r->target, "/broken"))
		return false;
	if (strcmp(r->method, "PATCH") == 0)
		return apply_answer(w, c, r);
	if (strstr(r->target, "selfsubjectaccessreviews"))
		return review_answer(w, c, r);
	if (strcmp(r->target, "/apis/apps/v1") == 0 && w->has_late_kind)
		return server_json(c, 200,
				   "{\"resources\":[{\"name\":\"lates\",\"kind\":\"Late\"}]}");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(r->target, answers[i].target) == 0)
			return server_json(c, answers[i].status, answers[i].body);
	return server_json(
		c, 404,
		STATUS(404, "NotFound", "the server could not find the requested resource", ""));
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct kube_access access = {
		.context = (char[]){ "ctx" },
		.user = (char[]){ "me" },
		.source = (char[]){ "file" },
		.token = (char[]){ "t0ken" },
		.ns = (char[]){ "tsb" },
		.proxy_url = (char[]){ "" },
	};

	w->server = server_start(answer, w, NULL);
	w->cancel = cancel_new();
	access.server = w->server->url;
	w->client = kube_client_new(&access, &w->e);
	*state = w;
	return w->client ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	kube_client_free(w->client);
	server_stop(w->server);
	cancel_free(w->cancel);
	str_release(&w->sent);
	free(w);
	return 0;
}

static void
assert_message(const struct world *w, const char *part)
{
	if (!strstr(w->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, w->e.message);
}

static int
get(struct world *w, const char *path, long *ret_status, cJSON **ret_body)
{
	struct kube_request request = { .method = "GET", .path = path, .cancel = w->cancel };

	return kube_request(w->client, &request, ret_status, ret_body, &w->e);
}

static void
assert_error(struct world *w, const char *path, long status, enum err_kind kind,
	     const char *message)
{
	long got = 0;

	assert_int_equal(get(w, path, &got, NULL), -1);
	assert_int_equal(got, status);
	assert_int_equal(w->e.kind, kind);
	assert_message(w, message);
	assert_null(strstr(w->e.message, "t0ken"));
}

static void
request_errors_come_from_the_status(void **state)
{
	struct world *w = *state;
	char *expected =
		xasprintf("GET secrets/hidden in tsb on %s: 403 Forbidden: secrets \"hidden\" is "
			  "forbidden: User \"u\" cannot get resource",
			  w->server->url);

	assert_error(w, "/api/v1/namespaces/tsb/secrets/hidden", 403, ERR_DENIED, expected);
	assert_string_equal(w->e.message, expected);
	free(expected);
	assert_error(w, "/api/v1/namespaces/tsb/secrets/absent", 404, ERR_NOT_FOUND, "not found");
	assert_error(w, "/api/v1/namespaces/tsb/secrets/late", 504, ERR_TIMEOUT, "etcd is slow");
	assert_error(w, "/api/v1/namespaces/tsb/secrets/invalid", 422, ERR_REMOTE,
		     "it is invalid; spec.x: must be set");
	assert_error(w, "/api/v1/namespaces/tsb/secrets/expired", 401, ERR_DENIED,
		     "user \"me\" (context \"ctx\" in file)");
	assert_error(w, "/apis/apps/v9/namespaces/tsb/deployments", 404, ERR_NOT_FOUND,
		     "GET deployments.apps in tsb on ");
}

static void
request_answer_of_something_else_is_remote(void **state)
{
	struct world *w = *state;
	cJSON *body = NULL;

	assert_error(w, "/api/v1/nodes", 502, ERR_REMOTE, "not that of a Kubernetes API server");
	assert_int_equal(get(w, "/api/v1/pods", NULL, &body), -1);
	assert_int_equal(w->e.kind, ERR_REMOTE);
	assert_message(w, "not that of a Kubernetes API server");
	assert_null(body);
}

static void
request_read_is_tried_once_more_after_a_break(void **state)
{
	struct world *w = *state;
	cJSON *body = NULL;

	assert_int_equal(get(w, "/api/v1/flaky", NULL, &body), 0);
	assert_true(json_bool(body, "ok", false));
	cJSON_Delete(body);
	assert_int_equal(server_count(w->server, "/flaky"), 2);
}

static void
request_read_that_breaks_twice_is_net(void **state)
{
	struct world *w = *state;

	assert_error(w, "/api/v1/broken", 0, ERR_NET, "tried twice");
	assert_int_equal(server_count(w->server, "/broken"), 2);
}

static void
request_write_is_never_repeated(void **state)
{
	struct world *w = *state;
	struct kube_request request = { .method = "DELETE",
					.path = "/api/v1/namespaces/tsb/pods/broken" };

	assert_int_equal(kube_request(w->client, &request, NULL, NULL, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_UNKNOWN_OUTCOME);
	assert_message(w, "DELETE pods/broken in tsb on ");
	assert_int_equal(server_count(w->server, "DELETE"), 1);
}

static void *
cancel_when_asked(void *data)
{
	struct world *w = data;

	while (w->server->requests == 0)
		sched_yield();
	int64_t asked_ms = clock_mono_ms();
	cancel_request(w->cancel);
	return (void *)(intptr_t)asked_ms;
}

static void
request_cancelled_returns_at_once(void **state)
{
	struct world *w = *state;
	pthread_t thread;
	void *asked;

	pthread_create(&thread, NULL, cancel_when_asked, w);
	assert_int_equal(get(w, "/silent", NULL, NULL), -1);
	int64_t now_ms = clock_mono_ms();
	pthread_join(thread, &asked);
	assert_int_equal(w->e.kind, ERR_CANCELLED);
	assert_in_range(now_ms - (int64_t)(intptr_t)asked, 0, 500);
}

static void
access_review_gives_verdict_and_reason(void **state)
{
	struct world *w = *state;
	bool allowed = true;
	char *reason = NULL;

	assert_int_equal(kube_access_review(w->client, "delete", "", "pods", "log", "p", "tsb",
					    w->cancel, &allowed, &reason, &w->e),
			 0);
	assert_false(allowed);
	assert_string_equal(reason, "no rule; role x not found");
	assert_non_null(
		strstr(w->sent.data,
		       "\"resourceAttributes\":{\"namespace\":\"tsb\",\"verb\":"
		       "\"delete\",\"resource\":\"pods\",\"subresource\":\"log\",\"name\":\"p\"}"));
	free(reason);
	assert_int_equal(kube_access_review(w->client, "get", "", "nodes", NULL, NULL, NULL,
					    w->cancel, &allowed, &reason, &w->e),
			 0);
	assert_true(allowed);
	assert_string_equal(reason, "");
	free(reason);
}

static void
assert_found(struct world *w, const char *word, const char *path)
{
	struct kube_resource r = { 0 };
	char *got;

	if (kube_resource_find(w->client, word, w->cancel, &r, &w->e) < 0)
		fail_msg("%s: %s", word, w->e.message);
	got = kube_resource_path(&r, "n", "x:y");
	assert_string_equal(got, path);
	free(got);
	kube_resource_release(&r);
}

static void
find_knows_what_people_write(void **state)
{
	struct world *w = *state;

	assert_found(w, "secrets", "/api/v1/namespaces/n/secrets/x%3Ay");
	assert_found(w, "secret", "/api/v1/namespaces/n/secrets/x%3Ay");
	assert_found(w, "Secret", "/api/v1/namespaces/n/secrets/x%3Ay");
	assert_int_equal(server_count(w->server, "GET /api/v1\n"), 1);
	assert_int_equal(server_count(w->server, "/apis"), 0);
	assert_found(w, "svc", "/api/v1/namespaces/n/services/x%3Ay");
	assert_found(w, "nodes", "/api/v1/nodes/x%3Ay");
	assert_found(w, "deploy", "/apis/apps/v1/namespaces/n/deployments/x%3Ay");
	assert_found(w, "deployments.apps", "/apis/apps/v1/namespaces/n/deployments/x%3Ay");
	assert_found(w, "deployments.v1beta1.apps",
		     "/apis/apps/v1beta1/namespaces/n/deployments/x%3Ay");
	assert_found(w, "relic", "/apis/apps/v1beta1/relics/x%3Ay");
	assert_int_equal(server_count(w->server, "GET /apis/apps/v1\n"), 1);
}

static void
find_unknown_suggests_and_counts_silent_groups(void **state)
{
	struct world *w = *state;
	struct kube_resource r = { 0 };

	assert_int_equal(kube_resource_find(w->client, "deploymnts", w->cancel, &r, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_NOT_FOUND);
	assert_message(w, "no resource is called \"deploymnts\"");
	assert_message(w, "Did you mean \"deployments\"?");
	assert_message(w, "1 of its API groups did not answer");
	assert_null(r.name);
	assert_int_equal(kube_resource_find(w->client, "secrets.apps", w->cancel, &r, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_NOT_FOUND);
}

static void
for_kind_asks_again_for_what_is_new(void **state)
{
	struct world *w = *state;
	struct kube_resource r = { 0 };
	char *label;

	assert_int_equal(kube_resource_for_kind(w->client, "apps/v1", "Late", w->cancel, &r, &w->e),
			 -1);
	assert_int_equal(w->e.kind, ERR_NOT_FOUND);
	w->has_late_kind = true;
	assert_int_equal(kube_resource_for_kind(w->client, "apps/v1", "Late", w->cancel, &r, &w->e),
			 0);
	label = kube_resource_label(&r, "x");
	assert_string_equal(label, "late.apps/x");
	free(label);
	kube_resource_release(&r);
	assert_int_equal(
		kube_resource_for_kind(w->client, "none.example/v1", "X", w->cancel, &r, &w->e),
		-1);
	assert_message(w, "does not know the apiVersion none.example/v1");
	assert_int_equal(kube_resource_for_kind(w->client, "v1", "Sercet", w->cancel, &r, &w->e),
			 -1);
	assert_message(w, "Did you mean Secret?");
}

static cJSON *
object(const char *name)
{
	char *text = xasprintf(
		"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"%s\","
		"\"uid\":\"u\",\"resourceVersion\":\"1\",\"managedFields\":[{}],\"labels\":"
		"{\"a\":\"b\"}},\"status\":{},\"data\":{\"k\":\"dg==\"}}",
		name);
	cJSON *value = json_parse(text, strlen(text), NULL);

	free(text);
	return value;
}

static void
apply_sends_the_object_without_bookkeeping(void **state)
{
	struct world *w = *state;
	cJSON *secret = object("s"), *result = NULL;

	assert_int_equal(kube_apply(w->client, secret, "tsb", "lifeboat", KUBE_APPLY_DRY_RUN,
				    w->cancel, &result, &w->e),
			 0);
	assert_string_equal(
		w->sent.data,
		"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
		"\"labels\":{\"a\":\"b\"},\"namespace\":\"tsb\"},\"data\":{\"k\":\"dg==\"}}");
	assert_string_equal(json_string(result, "metadata/name", ""), "s");
	assert_int_equal(server_count(w->server,
				      "PATCH /api/v1/namespaces/tsb/secrets/s?fieldManager="
				      "lifeboat&fieldValidation=Strict&force=false&dryRun=All\n"),
			 1);
	cJSON_Delete(result);
	assert_int_equal(kube_apply(w->client, secret, "tsb", "a b", KUBE_APPLY_FORCE, w->cancel,
				    &result, &w->e),
			 0);
	assert_int_equal(
		server_count(w->server, "fieldManager=a%20b&fieldValidation=Strict&force=true\n"),
		1);
	cJSON_Delete(result);
	cJSON_Delete(secret);
}

static void
apply_conflict_names_fields_and_owners(void **state)
{
	struct world *w = *state;
	cJSON *secret = object("owned"), *result = NULL;

	assert_int_equal(
		kube_apply(w->client, secret, "tsb", "lifeboat", 0, w->cancel, &result, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_CONFLICT);
	assert_message(
		w, ".data.a: conflict with \"kubectl\" using v1; .data.b: conflict with \"helm\"");
	assert_message(w, "force");
	assert_null(result);
	cJSON_Delete(secret);
}

static void
apply_current_absent_object_is_null(void **state)
{
	struct world *w = *state;
	cJSON *secret = object("absent"), *hidden = object("hidden"), *now = secret;

	assert_int_equal(kube_apply_current(w->client, secret, "tsb", w->cancel, &now, &w->e), 0);
	assert_null(now);
	assert_int_equal(kube_apply_current(w->client, hidden, "tsb", w->cancel, &now, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_DENIED);
	cJSON_Delete(secret);
	cJSON_Delete(hidden);
}

static bool
collect_line(void *data, const char *stamp, const char *text, size_t len_bytes)
{
	str_printf(data, "<%s|%.*s>", stamp, (int)len_bytes, text);
	return !strstr(str_cstr(data), "no stamp");
}

static bool
collect_all(void *data, const char *stamp, const char *text, size_t len_bytes)
{
	str_printf(data, "<%s|%.*s>", stamp, (int)len_bytes, text);
	return true;
}

static void
logs_split_stamps_from_lines(void **state)
{
	struct world *w = *state;
	struct str got = STR_INIT;
	struct kube_logs_options options = {
		.ns = "tsb", .pod = "p", .container = "c", .previous = true, .tail_lines = 5
	};

	assert_int_equal(kube_logs(w->client, &options, collect_all, &got, w->cancel, &w->e), 0);
	assert_string_equal(got.data,
			    "<2026-11-21T14:07:32.118200143Z|one><2026-11-21T14:07:32+01:00|>"
			    "<|no stamp\r><2026-11-21T14:07:33Z|last>");
	str_clear(&got);
	assert_int_equal(kube_logs(w->client, &options, collect_line, &got, w->cancel, &w->e), 0);
	assert_null(strstr(got.data, "last"));
	str_release(&got);
}

static bool
collect_sizes(void *data, const char *stamp, const char *text, size_t len_bytes)
{
	bool is_short = len_bytes < 60;

	str_printf(data, "<%s|%zu|%.*s>", stamp, len_bytes, is_short ? (int)len_bytes : 0, text);
	return true;
}

static void
logs_long_line_comes_in_pieces(void **state)
{
	struct world *w = *state;
	struct str got = STR_INIT;
	struct kube_logs_options options = { .ns = "tsb", .pod = "long", .tail_lines = -1 };

	assert_int_equal(kube_logs(w->client, &options, collect_sizes, &got, w->cancel, &w->e), 0);
	/* the stamp of 20 bytes and its space count as part of the first MiB */
	assert_string_equal(got.data, "<2026-11-21T14:07:32Z|1048555|><|29|xxxxxxxxxxxxxxxxxxxxx"
				      "tail-end><2026-11-21T14:07:33Z|5|short>");
	str_release(&got);
}

static void
logs_refusal_is_the_servers_reason(void **state)
{
	struct world *w = *state;
	struct kube_logs_options options = { .ns = "tsb", .pod = "waiting", .tail_lines = -1 };

	assert_int_equal(kube_logs(w->client, &options, collect_all, NULL, w->cancel, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_REMOTE);
	assert_message(w, "waiting to start");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(request_errors_come_from_the_status),
		CASE(request_answer_of_something_else_is_remote),
		CASE(request_read_is_tried_once_more_after_a_break),
		CASE(request_read_that_breaks_twice_is_net),
		CASE(request_write_is_never_repeated),
		CASE(request_cancelled_returns_at_once),
		CASE(access_review_gives_verdict_and_reason),
		CASE(find_knows_what_people_write),
		CASE(find_unknown_suggests_and_counts_silent_groups),
		CASE(for_kind_asks_again_for_what_is_new),
		CASE(apply_sends_the_object_without_bookkeeping),
		CASE(apply_conflict_names_fields_and_owners),
		CASE(apply_current_absent_object_is_null),
		CASE(logs_split_stamps_from_lines),
		CASE(logs_long_line_comes_in_pieces),
		CASE(logs_refusal_is_the_servers_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
