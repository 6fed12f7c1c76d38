#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/apply.h"
#include "kube/client.h"
#include "kube/identity.h"
#include "kube/list_watch.h"
#include "kube/logs.h"
#include "kube/resource.h"

/* A namespace of its own on the cluster of $LIFEBOAT_TEST_KUBECONFIG. */
struct live {
	struct kube_access access;
	struct kube_client *client;
	struct cancel *cancel;
	struct err e;
	char *ns;
	/* what the follower has seen */
	struct kube_list_watch_options options;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct str trace;
};

static const char *
kubeconfig(void)
{
	return getenv("LIFEBOAT_TEST_KUBECONFIG");
}

static cJSON *
parse(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	cJSON *value = json_parse(text, strlen(text), NULL);
	assert_non_null(value);
	free(text);
	return value;
}

static int
apply(struct live *l, const cJSON *object, const char *manager, unsigned flags, cJSON **ret_result)
{
	return kube_apply(l->client, object, l->ns, manager, flags, l->cancel, ret_result, &l->e);
}

static void
apply_or_fail(struct live *l, const cJSON *object, unsigned flags)
{
	cJSON *result = NULL;

	if (apply(l, object, "lifeboat", flags, &result) < 0)
		fail_msg("%s", l->e.message);
	cJSON_Delete(result);
}

static int
set_up(void **state)
{
	static unsigned made;
	struct live *l = xcalloc(1, sizeof(*l));
	cJSON *namespace;

	*state = l;
	if (!kubeconfig())
		return 0;
	if (kubeconfig_resolve(kubeconfig(), NULL, &l->access, &l->e) < 0)
		fail_msg("%s", l->e.message);
	l->client = kube_client_new(&l->access, &l->e);
	l->cancel = cancel_new();
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	/* never the same again: the last one may still be going */
	l->ns = xasprintf("kube-dev-%lld-%ld-%u", (long long)time(NULL) % 100000, (long)getpid(),
			  ++made);
	namespace = parse(
		"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}",
		l->ns);
	apply_or_fail(l, namespace, 0);
	cJSON_Delete(namespace);
	return 0;
}

static int
tear_down(void **state)
{
	struct live *l = *state;

	if (l->client) {
		char *path = xasprintf("/api/v1/namespaces/%s", l->ns);
		struct kube_request request = { .method = "DELETE", .path = path };

		if (kube_request(l->client, &request, NULL, NULL, &l->e) < 0)
			fail_msg("%s", l->e.message);
		free(path);
		pthread_mutex_destroy(&l->lock);
		pthread_cond_destroy(&l->changed);
	}
	kube_client_free(l->client);
	kube_access_release(&l->access);
	cancel_free(l->cancel);
	str_release(&l->trace);
	free(l->ns);
	free(l);
	return 0;
}

#define NEEDS_CLUSTER()                                                                            \
	do {                                                                                       \
		if (!kubeconfig())                                                                 \
			skip();                                                                    \
	} while (0)

static void
assert_message(const struct live *l, const char *part)
{
	if (!strstr(l->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, l->e.message);
}

static void
cluster_uid_is_a_uuid(void **state)
{
	struct live *l = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	NEEDS_CLUSTER();
	assert_int_equal(kube_identify_cluster(l->client, l->cancel, &identity, &l->e), 0);
	assert_int_equal(strlen(identity.uid), 36);
	kube_identity_release(&identity);
}

static void
resources_are_found_by_their_usual_names(void **state)
{
	static const char *const words[][2] = {
		{ "po", "pods" },
		{ "secret", "secrets" },
		{ "Deployment", "deployments" },
		{ "ns", "namespaces" },
		{ "crd", "customresourcedefinitions" },
		{ "ep", "endpoints" },
		{ "sts", "statefulsets" },
		{ "clusterroles.rbac.authorization.k8s.io", "clusterroles" },
	};
	struct live *l = *state;

	NEEDS_CLUSTER();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct kube_resource r = { 0 };

		if (kube_resource_find(l->client, words[i][0], l->cancel, &r, &l->e) < 0)
			fail_msg("%s", l->e.message);
		assert_string_equal(r.name, words[i][1]);
		kube_resource_release(&r);
	}
}

static void
access_review_tells_an_administrator_yes(void **state)
{
	struct live *l = *state;
	bool allowed = false;
	char *reason = NULL;

	NEEDS_CLUSTER();
	assert_int_equal(kube_access_review(l->client, "patch", "apps", "deployments", NULL, "x",
					    l->ns, l->cancel, &allowed, &reason, &l->e),
			 0);
	assert_true(allowed);
	free(reason);
}

static void
request_of_a_stranger_is_denied(void **state)
{
	struct live *l = *state;
	struct kube_access stranger = { .server = l->access.server,
					.ca_pem = l->access.ca_pem,
					.context = l->access.context,
					.source = l->access.source };
	struct kube_request request = { .method = "GET", .path = "/api/v1/nodes" };
	struct kube_client *client;
	long status = 0;

	NEEDS_CLUSTER();
	client = kube_client_new(&stranger, &l->e);
	assert_int_equal(kube_request(client, &request, &status, NULL, &l->e), -1);
	kube_client_free(client);
	assert_int_equal(l->e.kind, ERR_DENIED);
	assert_true(status == 401 || status == 403);
	assert_message(l, "GET nodes on https://");
}

static void
request_without_the_authority_is_denied(void **state)
{
	struct live *l = *state;
	struct kube_access access = { .server = l->access.server };
	struct kube_request request = { .method = "GET", .path = "/version" };
	struct kube_client *client;

	NEEDS_CLUSTER();
	client = kube_client_new(&access, &l->e);
	assert_int_equal(kube_request(client, &request, NULL, NULL, &l->e), -1);
	kube_client_free(client);
	assert_int_equal(l->e.kind, ERR_DENIED);
	assert_message(l, "certificate");
}

static void
collect_diff(void *data, char mark, const char *line)
{
	str_printf(data, "%c %s\n", mark, line);
}

static void
apply_previews_creates_and_shows_the_difference(void **state)
{
	struct live *l = *state;
	struct str diff = STR_INIT;
	cJSON *secret, *current = NULL, *result = NULL;

	NEEDS_CLUSTER();
	secret = parse(
		"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"uid\":"
		"\"another-cluster\",\"resourceVersion\":\"7\",\"creationTimestamp\":"
		"\"2020-01-01T00:00:00Z\"},\"data\":{\"k\":\"dmFsdWU=\"}}");
	assert_int_equal(apply(l, secret, "lifeboat", KUBE_APPLY_DRY_RUN, &result), 0);
	assert_int_equal(kube_apply_current(l->client, secret, l->ns, l->cancel, &current, &l->e),
			 0);
	assert_null(current);
	kube_diff(current, result, collect_diff, &diff);
	assert_non_null(strstr(diff.data, "+ data.k: 5 bytes, #"));
	assert_null(strstr(diff.data, "uid"));
	cJSON_Delete(result);
	apply_or_fail(l, secret, 0);
	assert_int_equal(kube_apply_current(l->client, secret, l->ns, l->cancel, &current, &l->e),
			 0);
	cJSON_ReplaceItemInObject(json_at(secret, "data"), "k", cJSON_CreateString("b3RoZXI="));
	assert_int_equal(apply(l, secret, "lifeboat", KUBE_APPLY_DRY_RUN, &result), 0);
	str_clear(&diff);
	kube_diff(current, result, collect_diff, &diff);
	assert_non_null(strstr(diff.data, "- data.k: 5 bytes, #"));
	assert_non_null(strstr(diff.data, "+ data.k: 5 bytes, #"));
	str_release(&diff);
	cJSON_Delete(result);
	cJSON_Delete(current);
	cJSON_Delete(secret);
}

static void
apply_conflict_names_field_and_owner(void **state)
{
	struct live *l = *state;
	cJSON *mine, *theirs, *result = NULL;

	NEEDS_CLUSTER();
	mine = parse("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},"
		     "\"data\":{\"a\":\"1\"}}");
	theirs =
		parse("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},"
		      "\"data\":{\"a\":\"2\"}}");
	apply_or_fail(l, mine, 0);
	assert_int_equal(apply(l, theirs, "somebody", 0, &result), -1);
	assert_int_equal(l->e.kind, ERR_CONFLICT);
	assert_message(l, ".data.a: conflict with \"lifeboat\"");
	assert_int_equal(apply(l, theirs, "somebody", KUBE_APPLY_FORCE, &result), 0);
	assert_string_equal(json_string(result, "data/a", ""), "2");
	cJSON_Delete(result);
	cJSON_Delete(mine);
	cJSON_Delete(theirs);
}

static void
apply_of_unknown_kind_is_not_found(void **state)
{
	struct live *l = *state;
	cJSON *object, *result = NULL;

	NEEDS_CLUSTER();
	object = parse("{\"apiVersion\":\"none.example/"
		       "v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\"}}");
	assert_int_equal(apply(l, object, "lifeboat", 0, &result), -1);
	assert_int_equal(l->e.kind, ERR_NOT_FOUND);
	assert_message(l, "custom resource definitions");
	cJSON_Delete(object);
}

static bool
no_line(void *data, const char *stamp, const char *text, size_t len_bytes)
{
	(void)data;
	(void)stamp;
	(void)text;
	(void)len_bytes;
	return true;
}

static void
logs_of_absent_pod_are_not_found(void **state)
{
	struct live *l = *state;
	struct kube_logs_options options = { .ns = l->ns, .pod = "absent", .tail_lines = -1 };

	NEEDS_CLUSTER();
	assert_int_equal(kube_logs(l->client, &options, no_line, NULL, l->cancel, &l->e), -1);
	assert_int_equal(l->e.kind, ERR_NOT_FOUND);
	assert_message(l, "GET pods/absent/log in kube-dev-");
}

static void
trace(struct live *l, const char *word, const char *detail)
{
	pthread_mutex_lock(&l->lock);
	str_printf(&l->trace, "%s%s ", word, detail);
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

static void
on_columns(void *data, const cJSON *columns)
{
	trace(data, "columns:", json_string(columns, "0/name", "?"));
}

static void
on_list_begin(void *data)
{
	trace(data, "begin", "");
}

static void
on_row(void *data, const struct kube_row *row)
{
	char *text = xasprintf("%s=%lld", row->name, (long long)json_int(row->cells, "1", -1));

	if (strcmp(row->name, json_string(row->cells, "0", "")) == 0 && strlen(row->uid) == 36 &&
	    str_ends_with(row->created, "Z"))
		trace(data, "row:", text);
	else
		trace(data, "odd:", text);
	free(text);
}

static void
on_listed(void *data, bool exact)
{
	trace(data, exact ? "listed" : "glanced", "");
}

static void
on_removed(void *data, const struct kube_row *row)
{
	trace(data, "removed:", row->name);
}

static void
on_alive(void *data)
{
	(void)data;
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	(void)delay_ms;
	trace(data, "failed:", e->message);
}

static void *
follow(void *data)
{
	static const struct kube_list_watch_handler handler = {
		.columns = on_columns,
		.list_begin = on_list_begin,
		.row = on_row,
		.listed = on_listed,
		.removed = on_removed,
		.alive = on_alive,
		.failed = on_failed,
	};
	struct live *l = data;
	struct err e = ERR_INIT;
	struct kube_client *client = kube_client_new(&l->access, &e);

	kube_list_watch(client, &l->options, &handler, l, l->cancel);
	kube_client_free(client);
	return NULL;
}

static void
wait_for(struct live *l, const char *part)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&l->lock);
	while (rc == 0 && !strstr(str_cstr(&l->trace), part))
		rc = pthread_cond_timedwait(&l->changed, &l->lock, &until);
	pthread_mutex_unlock(&l->lock);
	if (rc != 0)
		fail_msg("\"%s\" did not come in \"%s\"", part, str_cstr(&l->trace));
}

static void
list_watch_follows_what_happens(void **state)
{
	struct live *l = *state;
	struct kube_request request = { .method = "DELETE" };
	cJSON *object, *data;
	pthread_t thread;
	char *collection, *path;

	NEEDS_CLUSTER();
	object = parse("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"w\","
		       "\"labels\":"
		       "{\"who\":\"me\"}},\"data\":{\"a\":\"1\"}}");
	data = json_at(object, "data");
	apply_or_fail(l, object, 0);
	collection = xasprintf("/api/v1/namespaces/%s/configmaps", l->ns);
	path = xasprintf("%s/w", collection);
	request.path = path;
	l->options = (struct kube_list_watch_options){ .path = collection,
						       .label_selector = "who in (me)" };
	pthread_create(&thread, NULL, follow, l);
	wait_for(l, "begin columns:Name row:w=1 listed ");
	json_add_string(data, "b", "2");
	apply_or_fail(l, object, 0);
	wait_for(l, "row:w=2 ");
	assert_int_equal(kube_request(l->client, &request, NULL, NULL, &l->e), 0);
	wait_for(l, "removed:w ");
	cancel_request(l->cancel);
	pthread_join(thread, NULL);
	assert_string_equal(l->trace.data, "begin columns:Name row:w=1 listed row:w=2 removed:w ");
	cJSON_Delete(object);
	free(collection);
	free(path);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cluster_uid_is_a_uuid),
		CASE(resources_are_found_by_their_usual_names),
		CASE(access_review_tells_an_administrator_yes),
		CASE(request_of_a_stranger_is_denied),
		CASE(request_without_the_authority_is_denied),
		CASE(apply_previews_creates_and_shows_the_difference),
		CASE(apply_conflict_names_field_and_owner),
		CASE(apply_of_unknown_kind_is_not_found),
		CASE(logs_of_absent_pod_are_not_found),
		CASE(list_watch_follows_what_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
