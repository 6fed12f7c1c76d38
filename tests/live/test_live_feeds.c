#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "feed/logs.h"
#include "feed/pods.h"
#include "fixture_live.h"

enum { PATIENCE_MS = 30000 };

static struct live *live;
static int notify_fd = -1;

static int
setup(void **state)
{
	(void)state;
	if (live_kubeconfig())
		live = live_new();
	notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (live)
		live_free(live);
	close(notify_fd);
	return 0;
}

static void
need_node(void)
{
	if (!live || !live->logs)
		skip();
}

static struct feed_source
source_of(const char *selector)
{
	return (struct feed_source){ .kubeconfig = live_kubeconfig(),
				     .ns = live->ns,
				     .selector = selector };
}

/* Waits for the next notification, and only for that; false when it does not come in time. */
static bool
await_change(int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
	int64_t left_ms = deadline_ms - clock_mono_ms();
	eventfd_t ignored;

	if (left_ms <= 0 || poll(&pfd, 1, (int)left_ms) != 1)
		return false;
	eventfd_read(notify_fd, &ignored);
	return true;
}

/* Waits until a pod's STATUS is the one wanted; "" for its absence. */
static void
await_status(struct pod_feed *feed, const char *name, const char *status)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		struct pod_snapshot *s = pod_feed_snapshot(feed);
		const char *found = "";
		char last[64];
		bool right;

		for (size_t i = 0; i < s->count; i++)
			if (strcmp(s->rows[i].name, name) == 0)
				found = s->rows[i].status;
		right = s->complete && strcmp(found, status) == 0;
		snprintf(last, sizeof(last), "%s", found);
		pod_snapshot_release(s);
		if (right)
			return;
		if (!await_change(deadline_ms))
			fail_msg("%s is %s, not %s", name, last, status);
	}
}

static void
apply_pod(const char *name, const char *status, const char *containers)
{
	char *manifest = xasprintf(
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  labels: {app: feed-%s}\n"
		"  annotations: {test/status: '%s'}\n"
		"spec: {terminationGracePeriodSeconds: 0, containers: [%s]}\n",
		name, name, status, containers);

	assert_int_equal(live_apply(live, manifest), 0);
	free(manifest);
}

static void
delete_pod(const char *name)
{
	char *with = xasprintf("{\"resource\":\"pods\",\"names\":\"%s\"}", name);

	if (bench_run(live->b, &step_kubernetes_delete, with) < 0)
		fail_msg("%s", live->b->e.message);
	free(with);
}

static void
pods_are_followed_from_birth_to_end(void **state)
{
	struct feed_source source;
	struct feed_health health;
	struct pod_feed *feed;
	struct pod_snapshot *s;
	int64_t start_ms;

	(void)state;
	need_node();
	source = source_of("app=feed-one");
	feed = pod_feed_new(&source, NULL, notify_fd);
	await_status(feed, "one", "");
	pod_feed_health(feed, &health);
	assert_int_equal(health.state, FEED_LIVE);
	apply_pod("one", "running", "{name: c, image: x}");
	await_status(feed, "one", "Running");
	s = pod_feed_snapshot(feed);
	assert_int_equal(s->count, 1);
	assert_string_equal(s->rows[0].ready, "1/1");
	assert_string_equal(s->rows[0].node, "node-1");
	assert_true(s->rows[0].healthy);
	assert_true(s->rows[0].created_ms > 0);
	apply_pod("one",
		  "{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"image\":\"x\","
		  "\"imageID\":\"x\",\"ready\":false,\"restartCount\":5,"
		  "\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}",
		  "{name: c, image: x}");
	await_status(feed, "one", "CrashLoopBackOff");
	assert_string_equal(s->rows[0].status, "Running"); /* a snapshot does not change */
	pod_snapshot_release(s);
	s = pod_feed_snapshot(feed);
	assert_string_equal(s->rows[0].restarts, "5");
	assert_int_equal(s->unhealthy, 1);
	pod_snapshot_release(s);
	delete_pod("one");
	await_status(feed, "one", "");
	start_ms = clock_mono_ms();
	pod_feed_free(feed);
	assert_true(clock_mono_ms() - start_ms < 5000);
}

/* What a search through the ring is for, and what it found. */
struct search {
	const char *origin, *text;
	bool marker;
	size_t found;
};

static void
search_line(void *data, const struct log_line *line)
{
	struct search *s = data;

	if (strcmp(line->origin, s->origin) == 0 && strstr(line->text, s->text) &&
	    line->marker == s->marker)
		s->found++;
}

static void
print_line(void *data, const struct log_line *line)
{
	(void)data;
	fprintf(stderr, "%s %s %s%s\n", line->stamp, line->origin, line->marker ? "-- " : "",
		line->text);
}

static size_t
await_line(struct log_feed *feed, const char *origin, const char *text, bool marker)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct search s = { origin, text, marker, 0 };
	uint64_t first, next;

	for (;;) {
		log_feed_range(feed, &first, &next);
		s.found = 0;
		log_feed_read(feed, first, next, search_line, &s);
		if (s.found)
			return s.found;
		if (!await_change(deadline_ms)) {
			log_feed_read(feed, first, UINT64_MAX, print_line, NULL);
			fail_msg("%s did not say \"%s\"", origin, text);
		}
	}
}

static void
touch_end(const char *pod, const char *container, bool there)
{
	char *path = xasprintf("%s/%s_%s_%s.end", live->logs, live->ns, pod, container);

	if (there)
		fclose(fopen(path, "w"));
	else
		unlink(path);
	free(path);
}

static void
logs_join_break_reopen_and_end(void **state)
{
	struct secrets *secrets = secrets_new();
	struct feed_source source;
	struct feed_health health;
	struct log_feed *feed;
	size_t streams;

	(void)state;
	need_node();
	secrets_add(secrets, "password", "hunter2hunter2", 14, NULL);
	live_log(live, "two", "c", "begins\nsays hunter2hunter2\n");
	live_log(live, "two", "d", "other\n");
	source = source_of("app=feed-two");
	feed = log_feed_new(&source, secrets, LOG_FEED_DEFAULT_BYTES, notify_fd);
	apply_pod("two", "running", "{name: c, image: x}, {name: d, image: x}");
	assert_int_equal(await_line(feed, "two/c", "begins", false), 1);
	await_line(feed, "two/c", "password", false);
	await_line(feed, "two/d", "other", false);
	log_feed_health(feed, &health, &streams);
	assert_int_equal(health.state, FEED_LIVE);
	assert_int_equal(streams, 2);
	live_log(live, "two", "c", "goes on\n");
	await_line(feed, "two/c", "goes on", false);
	touch_end("two", "c", true);
	await_line(feed, "two/c", "stream ended", true);
	touch_end("two", "c", false);
	live_log(live, "two", "c", "is back\n");
	await_line(feed, "two/c", "is back", false);
	await_line(feed, "two/c", "reopened after", true);
	delete_pod("two");
	touch_end("two", "d", true);
	await_line(feed, "two/d", "the pod is gone", true);
	log_feed_free(feed);
	secrets_free(secrets);
}

static void
logs_of_a_sole_container_go_by_the_pod(void **state)
{
	struct feed_source source;
	struct log_feed *feed;
	int64_t start_ms;

	(void)state;
	need_node();
	source = source_of("app=feed-three");
	apply_pod("three", "running", "{name: c, image: x}");
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, notify_fd);
	await_line(feed, "three", "line 1", false); /* the node's own, one a second */
	start_ms = clock_mono_ms();
	log_feed_free(feed);
	assert_true(clock_mono_ms() - start_ms < 5000);
	delete_pod("three");
}

static void
logs_beyond_the_bound_are_named(void **state)
{
	struct str manifest = STR_INIT;
	struct feed_source source;
	struct feed_health health;
	struct log_feed *feed;
	int64_t start_ms;
	size_t streams;

	(void)state;
	need_node();
	for (int i = 0; i < 3; i++) {
		str_printf(&manifest,
			   "---\napiVersion: v1\nkind: Pod\n"
			   "metadata: {name: many-%d, labels: {app: many}}\nspec:\n  containers:\n",
			   i);
		for (int c = 0; c < 25; c++) {
			char name[24];

			snprintf(name, sizeof(name), "c%02d", c);
			str_printf(&manifest, "  - {name: %s, image: x}\n", name);
		}
		for (int c = 0; c < 25; c++) {
			char pod[24], name[24];

			snprintf(pod, sizeof(pod), "many-%d", i);
			snprintf(name, sizeof(name), "c%02d", c);
			live_log(live, pod, name, "hello\n");
		}
	}
	assert_int_equal(live_apply(live, str_cstr(&manifest)), 0);
	str_release(&manifest);
	source = source_of("app=many");
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, notify_fd);
	await_line(feed, "many-2/c24", "not followed", true);
	await_line(feed, "many-2/c13", "hello", false);
	log_feed_health(feed, &health, &streams);
	assert_int_equal(streams, 64);
	start_ms = clock_mono_ms();
	log_feed_free(feed);
	assert_true(clock_mono_ms() - start_ms < 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_followed_from_birth_to_end),
		cmocka_unit_test(logs_join_break_reopen_and_end),
		cmocka_unit_test(logs_of_a_sole_container_go_by_the_pod),
		cmocka_unit_test(logs_beyond_the_bound_are_named),
	};

	return cmocka_run_group_tests_name("live_feeds", tests, setup, teardown);
}
