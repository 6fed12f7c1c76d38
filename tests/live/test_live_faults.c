#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/json.h"
#include "fixture_proxy.h"
#include "fixture_server.h"
#include "kube/list_watch.h"

/*
 * A follower of pods behind a proxy that breaks, while kubectl makes and deletes pods past it. After
 * each fault the follower's rows must be those of kubectl, names and statuses.
 */

enum {
	PATIENCE_MS = 60000,
	DEAD_LINK_MS = 45000, /* in which a dead link must be noticed */
	MAX_PODS = 64,
};

struct pod {
	char name[64], status[64];
	bool is_listed;
};

struct world {
	char *folder, *ns;
	const char *kubeconfig;
	struct proxy *proxy;
	pthread_t thread;
	struct cancel *cancel;
	struct kube_client *client;
	struct kube_list_watch_options options;
	char *path;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock: */
	struct pod pods[MAX_PODS];
	size_t count;
	int status_column;
	unsigned lists, failures, skips;
	char failure[ERR_MESSAGE_MAX];
	int made; /* pods so far */
};

static struct world *world;

/* ---- the follower ---- */

static void
lock_world(struct world *w)
{
	pthread_mutex_lock(&w->lock);
}

static void
unlock_world(struct world *w)
{
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void
on_columns(void *data, const cJSON *columns)
{
	struct world *w = data;
	const cJSON *column;
	int i = 0;

	cJSON_ArrayForEach(column, columns) {
		if (strcmp(json_string(column, "name", ""), "Status") == 0)
			w->status_column = i;
		i++;
	}
}

static void
on_list_begin(void *data)
{
	struct world *w = data;

	lock_world(w);
	for (size_t i = 0; i < w->count; i++)
		w->pods[i].is_listed = false;
	unlock_world(w);
}

static struct pod *
find_pod(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->pods[i].name, name) == 0)
			return &w->pods[i];
	return NULL;
}

static void
on_row(void *data, const struct kube_row *row)
{
	struct world *w = data;
	const cJSON *cell = cJSON_GetArrayItem(row->cells, w->status_column);
	struct pod *pod;

	lock_world(w);
	pod = find_pod(w, row->name);
	if (!pod && w->count < MAX_PODS)
		pod = &w->pods[w->count++];
	snprintf(pod->name, sizeof(pod->name), "%s", row->name);
	snprintf(pod->status, sizeof(pod->status), "%s", cell ? cell->valuestring : "");
	pod->is_listed = true;
	unlock_world(w);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	struct world *w = data;
	struct pod *pod;

	lock_world(w);
	pod = find_pod(w, row->name);
	if (pod)
		*pod = w->pods[--w->count];
	unlock_world(w);
}

static void
on_listed(void *data, bool exact)
{
	struct world *w = data;

	lock_world(w);
	for (size_t i = w->count; i-- > 0;)
		if (!w->pods[i].is_listed)
			w->pods[i] = w->pods[--w->count];
	w->lists += exact;
	unlock_world(w);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct world *w = data;

	(void)delay_ms;
	lock_world(w);
	w->failures++;
	snprintf(w->failure, sizeof(w->failure), "%s", e->message);
	unlock_world(w);
}

static void
on_skipped(void *data, const char *why)
{
	struct world *w = data;

	(void)why;
	lock_world(w);
	w->skips++;
	unlock_world(w);
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
		.failed = on_failed,
		.skipped = on_skipped,
	};
	struct world *w = data;

	kube_list_watch(w->client, &w->options, &handler, w, w->cancel);
	return NULL;
}

/* ---- the world beside it ---- */

static bool
kubectl(struct world *w, const char *input, struct str *out, const char *const *words)
{
	const char *argv[16] = { "kubectl", "--kubeconfig", w->kubeconfig, "-n", w->ns };
	size_t n = 5;

	while (*words && n < 15)
		argv[n++] = *words++;
	return proxy_kubectl(argv, input, out);
}

#define KUBECTL(w, input, out, ...)                                                                \
	kubectl(w, input, out, (const char *const[]){ __VA_ARGS__, NULL })

/* Makes two pods, of different statuses, and deletes the oldest but one. */
static void
change_pods(struct world *w)
{
	static const char pod[] =
		"---\n{apiVersion: v1, kind: Pod, metadata: {name: p%d, annotations: {test/status: "
		"'%s'}},"
		" spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]}}\n";
	static const char crash[] =
		"{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"image\":\"x\","
		"\"imageID\":"
		"\"x\",\"ready\":false,\"restartCount\":5,\"state\":{\"waiting\":{\"reason\":"
		"\"CrashLoopBackOff\"}}}]}";
	struct str manifest = STR_INIT, out = STR_INIT;
	char *oldest = xasprintf("p%d", w->made / 2 - 1);

	str_printf(&manifest, pod, w->made, "running");
	str_printf(&manifest, pod, w->made + 1, crash);
	w->made += 2;
	assert_true(KUBECTL(w, str_cstr(&manifest), &out, "create", "-f", "-"));
	if (w->made > 4)
		assert_true(KUBECTL(w, "", &out, "delete", "pod", oldest, "--wait=false"));
	free(oldest);
	str_release(&manifest);
	str_release(&out);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name status" of each pod, as kubectl has them. The caller frees. */
static char *
pods_of_kubectl(struct world *w)
{
	struct str out = STR_INIT, lines = STR_INIT;
	char name[64], status[64];

	if (!KUBECTL(w, "", &out, "get", "pods", "--no-headers", "--ignore-not-found"))
		fail_msg("kubectl get pods failed");
	for (const char *at = str_cstr(&out); *at; at += strcspn(at, "\n") + 1)
		if (sscanf(at, "%63s %*s %63s", name, status) == 2)
			str_printf(&lines, "%s %s\n", name, status);
	str_release(&out);
	return str_take(&lines);
}

/* The same of the follower, in kubectl's order. */
static char *
pods_of_follower(struct world *w)
{
	struct str out = STR_INIT;
	char *lines[MAX_PODS];
	size_t count;

	lock_world(w);
	count = w->count;
	for (size_t i = 0; i < count; i++)
		lines[i] = xasprintf("%s %s\n", w->pods[i].name, w->pods[i].status);
	unlock_world(w);
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < count; i++) {
		str_append(&out, lines[i]);
		free(lines[i]);
	}
	return str_take(&out);
}

/* Waits for a change of the follower's, for a second at most. */
static void
await_change(struct world *w)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	pthread_mutex_lock(&w->lock);
	pthread_cond_timedwait(&w->changed, &w->lock, &until);
	pthread_mutex_unlock(&w->lock);
}

/* Waits until the follower has what kubectl has; `after` says after what. */
static void
await_same_pods(struct world *w, const char *after)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		char *wanted = pods_of_kubectl(w), *found = pods_of_follower(w);
		bool same = strcmp(wanted, found) == 0;

		if (!same && clock_mono_ms() > deadline_ms)
			fail_msg("%s:\nkubectl:\n%sfollower:\n%s(%s)", after, wanted, found,
				 w->failure);
		free(wanted);
		free(found);
		if (same) {
			print_message("%s: right after %lld ms\n", after,
				      (long long)(clock_mono_ms() + PATIENCE_MS - deadline_ms));
			return;
		}
		await_change(w);
	}
}

/* Waits until a counter has passed a value; false where that does not happen in time. */
static bool
await_count(struct world *w, const unsigned *counter, unsigned above, int64_t patience_ms)
{
	int64_t deadline_ms = clock_mono_ms() + patience_ms;
	unsigned value;

	for (;;) {
		lock_world(w);
		value = *counter;
		unlock_world(w);
		if (value > above)
			return true;
		if (clock_mono_ms() > deadline_ms)
			return false;
		await_change(w);
	}
}

/* Starts a new follower, which backs off as one that never failed, and waits until its watch is up. */
static void
start_follower(struct world *w)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	w->count = w->lists = w->failures = w->skips = 0;
	w->failure[0] = '\0';
	w->cancel = cancel_new();
	if (pthread_create(&w->thread, NULL, follow, w) != 0)
		abort();
	while (proxy_do(w->proxy, "answering watch=1&.*resourceVersion=") == 0) {
		if (clock_mono_ms() > deadline_ms)
			fail_msg("there is no watch (%s)", w->failure);
		fixture_pause();
	}
}

static void
stop_follower(struct world *w)
{
	int64_t start_ms = clock_mono_ms();

	cancel_request(w->cancel);
	pthread_join(w->thread, NULL);
	cancel_free(w->cancel);
	w->cancel = NULL;
	assert_in_range(clock_mono_ms() - start_ms, 0, 100);
	while (proxy_do(w->proxy, "live .") > 0)
		fixture_pause();
}

static int
set_up(void **state)
{
	struct world *w;
	struct str out = STR_INIT;
	struct kube_access access = { .server = NULL };
	struct err e = ERR_INIT;

	(void)state;
	if (!getenv("LIFEBOAT_TEST_KUBECONFIG"))
		return 0;
	world = w = xcalloc(1, sizeof(*w));
	w->kubeconfig = getenv("LIFEBOAT_TEST_KUBECONFIG");
	w->folder = fixture_folder();
	w->ns = xasprintf("faults-dev-%ld", (long)getpid());
	w->proxy = proxy_start(w->kubeconfig, w->folder);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	if (!KUBECTL(w, "", &out, "create", "namespace", w->ns))
		abort();
	/* a pod is admitted only once its account is there */
	if (!KUBECTL(w, "", &out, "wait", "--for=create", "serviceaccount/default",
		     "--timeout=30s"))
		abort();
	str_release(&out);
	w->path = xasprintf("/api/v1/namespaces/%s/pods", w->ns);
	w->options =
		(struct kube_list_watch_options){ .path = w->path, .ns = w->ns, .glance = true };
	if (kubeconfig_resolve(w->proxy->kubeconfig, NULL, &access, &e) < 0 ||
	    !(w->client = kube_client_new(&access, &e))) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
	kube_access_release(&access);
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = world;
	struct str out = STR_INIT;

	(void)state;
	if (!w)
		return 0;
	if (w->cancel)
		stop_follower(w);
	kube_client_free(w->client);
	proxy_stop(w->proxy);
	KUBECTL(w, "", &out, "delete", "namespace", w->ns, "--wait=false");
	str_release(&out);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	fixture_remove(w->folder);
	free(w->path);
	free(w->ns);
	free(w);
	return 0;
}

/* ---- the faults ---- */

#define NEEDS_CLUSTER()                                                                            \
	do {                                                                                       \
		if (!world)                                                                        \
			skip();                                                                    \
	} while (0)

/* What happens to the watch under way: the commands, and whether it is an error to be told of. */
static void
rows_are_right_after_each_broken_watch(void **state)
{
	static const struct {
		const char *command; /* of the watch */
		bool fails, skips;
	} faults[] = {
		{ "drop watch=1", true, false },
		{ "reset watch=1", true, false },
		{ "half-close watch=1", true, false },
		{ "end watch=1", false, false },
		{ "inject "
		  "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"reason\":\"Expired\","
		  "\"code\":410}}\twatch=1",
		  false, false },
		{ "inject "
		  "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":429}}\twatch=1",
		  true, false },
		{ "inject "
		  "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500}}\twatch=1",
		  true, false },
		{ "inject {\"type\":\"ADDED\",\"obj\twatch=1", false, true },
	};
	struct world *w = world;

	(void)state;
	NEEDS_CLUSTER();
	change_pods(w);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		start_follower(w);
		change_pods(w);
		await_same_pods(w, "two new pods");
		if (proxy_do(w->proxy, "%s", faults[i].command) != 1)
			fail_msg("%s: there was no watch", faults[i].command);
		change_pods(w);
		await_same_pods(w, faults[i].command);
		stop_follower(w);
		if ((w->failures > 0) != faults[i].fails || (w->skips > 0) != faults[i].skips)
			fail_msg("%s: %u failures, %u skipped (%s)", faults[i].command, w->failures,
				 w->skips, w->failure);
	}
}

/* What meets the requests that come after the watch has ended. */
static void
rows_are_right_after_each_refused_request(void **state)
{
	static const char *const faults[] = {
		"status 410 1 watch=1",
		"retry 429 1 1 watch=1",
		"status 500 1 watch=1",
		"body 1 <html>not here</html>\twatch=1",
	};
	/* of the lists that a broken watch leads to */
	static const char *const list_faults[] = {
		"status 410 1 Metadata&resourceVersion=",
		"retry 429 1 2 Metadata&(limit|resourceVersion)=",
		"status 500 2 Metadata&(limit|resourceVersion)=",
		"status 401 1 Metadata&(limit|resourceVersion)=",
		"cut 300 2 Metadata&(limit|resourceVersion)=",
		"body 1 <html>not here</html>\tMetadata&(limit|resourceVersion)=",
	};
	struct world *w = world;

	(void)state;
	NEEDS_CLUSTER();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		start_follower(w);
		proxy_do(w->proxy, "%s", faults[i]);
		assert_int_equal(proxy_do(w->proxy, "end watch=1"), 1);
		change_pods(w);
		await_same_pods(w, faults[i]);
		stop_follower(w);
	}
	for (size_t i = 0; i < sizeof(list_faults) / sizeof(list_faults[0]); i++) {
		start_follower(w);
		proxy_do(w->proxy, "%s", list_faults[i]);
		assert_int_equal(proxy_do(w->proxy, "drop watch=1"), 1);
		change_pods(w);
		await_same_pods(w, list_faults[i]);
		stop_follower(w);
	}
}

static void
rows_are_right_after_the_server_was_away(void **state)
{
	struct world *w = world;

	(void)state;
	NEEDS_CLUSTER();
	start_follower(w);
	proxy_do(w->proxy, "refuse on");
	assert_int_equal(proxy_do(w->proxy, "drop watch=1"), 1);
	change_pods(w);
	assert_true(await_count(w, &w->failures, 1, PATIENCE_MS));
	assert_non_null(strstr(w->failure, "127.0.0.1"));
	proxy_do(w->proxy, "refuse off");
	await_same_pods(w, "refuse");
	stop_follower(w);
}

static void
rows_stay_while_the_stream_is_stalled(void **state)
{
	struct world *w = world;
	char *before, *after;

	(void)state;
	NEEDS_CLUSTER();
	start_follower(w);
	assert_int_equal(proxy_do(w->proxy, "stall watch=1"), 1);
	before = pods_of_follower(w);
	change_pods(w);
	after = pods_of_follower(w);
	assert_string_equal(before, after);
	assert_int_equal(proxy_do(w->proxy, "release watch=1"), 1);
	await_same_pods(w, "stall");
	stop_follower(w);
	free(before);
	free(after);
}

static void
dead_link_is_noticed_in_time(void **state)
{
	struct world *w = world;
	int64_t start_ms;

	(void)state;
	NEEDS_CLUSTER();
	start_follower(w);
	start_ms = clock_mono_ms();
	assert_int_equal(proxy_do(w->proxy, "blackhole watch=1"), 1);
	change_pods(w);
	if (!await_count(w, &w->failures, 0, DEAD_LINK_MS + 10000))
		fail_msg("the dead link was not noticed");
	print_message("the dead link was noticed after %lld ms: %s\n",
		      (long long)(clock_mono_ms() - start_ms), w->failure);
	assert_in_range(clock_mono_ms() - start_ms, 1000, DEAD_LINK_MS);
	await_same_pods(w, "blackhole");
	stop_follower(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_right_after_each_broken_watch),
		cmocka_unit_test(rows_are_right_after_each_refused_request),
		cmocka_unit_test(rows_are_right_after_the_server_was_away),
		cmocka_unit_test(rows_stay_while_the_stream_is_stalled),
		cmocka_unit_test(dead_link_is_noticed_in_time),
	};

	return cmocka_run_group_tests_name("live_faults", tests, set_up, tear_down);
}
