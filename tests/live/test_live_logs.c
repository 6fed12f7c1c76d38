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
#include "fixture_live.h"
#include "fixture_proxy.h"

/*
 * Logs through a real API server. The stand-in node behind it stamps a line when it sends it and knows
 * no sinceTime, so a log that is asked for again comes again, as if it were a new one: what can be shown
 * here is that no line is lost and that every break is told. That none is repeated is shown by
 * tests/unit/test_log_feed.c, whose server serves stamps as a kubelet does.
 */

enum {
	PATIENCE_MS = 30000,
	EARLY_IN_SECOND_MS = 300,
};

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

/*
 * Waits for the beginning of a second. The stand-in node reads the clock twice for a stamp, once for its second and once for
 * its fraction: between 57.99 and 58.04 it writes 57.04. A log that is opened again just then seems to be one that was read.
 */
static void
await_new_second(void)
{
	int64_t ms = clock_wall_ms() % 1000;

	if (ms > EARLY_IN_SECOND_MS)
		poll(NULL, 0, (int)(1000 - ms));
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
	feed = log_feed_new(&source, secrets, LOG_FEED_DEFAULT_BYTES, LOG_FEED_DEFAULT_LINES,
			    notify_fd);
	apply_pod("two", "running", "{name: c, image: x}, {name: d, image: x}");
	await_line(feed, "two/c", "begins", false);
	await_line(feed, "two/c", "password", false);
	await_line(feed, "two/d", "other", false);
	log_feed_health(feed, &health, &streams);
	assert_int_equal(health.state, FEED_LIVE);
	assert_int_equal(streams, 2);
	live_log(live, "two", "c", "goes on\n");
	await_line(feed, "two/c", "goes on", false);
	await_new_second();
	touch_end("two", "c", true);
	await_line(feed, "two/c", "stream broke: it ended", true);
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
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, LOG_FEED_DEFAULT_LINES,
			    notify_fd);
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
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, LOG_FEED_DEFAULT_LINES,
			    notify_fd);
	await_line(feed, "many-2/c24", "not followed", true);
	await_line(feed, "many-2/c13", "hello", false);
	log_feed_health(feed, &health, &streams);
	assert_int_equal(streams, 64);
	start_ms = clock_mono_ms();
	log_feed_free(feed);
	assert_true(clock_mono_ms() - start_ms < 10000);
}

/* The numbers of the lines that came, and how often a stream was opened again. */
struct numbered {
	bool came[4096];
	int reopened;
};

static void
note_line(void *data, const struct log_line *line)
{
	struct numbered *n = data;
	int number;

	if (line->marker)
		n->reopened += strstr(line->text, "reopened") != NULL;
	else if (sscanf(line->text, "line %d", &number) == 1 && number >= 0 && number < 4096)
		n->came[number] = true;
}

static void
logs_through_broken_connections_lose_nothing(void **state)
{
	enum { BREAKS = 20, BURST = 20 };
	struct proxy *proxy;
	struct numbered *n = xcalloc(1, sizeof(*n));
	struct feed_source source;
	struct log_feed *feed;
	char text[64];
	int number = 0;

	(void)state;
	need_node();
	proxy = proxy_start(live_kubeconfig(), live->folder);
	source = source_of("app=feed-four");
	source.kubeconfig = proxy->kubeconfig;
	live_log(live, "four", "c", "begins\n");
	apply_pod("four", "running", "{name: c, image: x}");
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, LOG_FEED_DEFAULT_LINES,
			    notify_fd);
	await_line(feed, "four", "begins", false);
	for (int i = 0; i < BREAKS; i++) {
		for (int k = 0; k < BURST; k++) {
			snprintf(text, sizeof(text), "line %d of the log\n", number++);
			live_log(live, "four", "c", text);
		}
		await_new_second();
		proxy_do(proxy, "%s /pods/four/log.*follow", i % 2 ? "drop" : "reset");
		snprintf(text, sizeof(text), "line %d of", number - 1);
		await_line(feed, "four", text, false);
	}
	log_feed_read(feed, 0, UINT64_MAX, note_line, n);
	for (int i = 0; i < number; i++)
		if (!n->came[i])
			fail_msg("line %d is lost", i);
	assert_true(n->reopened > 0);
	delete_pod("four");
	touch_end("four", "c", true);
	log_feed_free(feed);
	proxy_stop(proxy);
	free(n);
}

static void
logs_of_a_workload_are_those_of_its_pods(void **state)
{
	static const char manifest[] =
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: work}\nspec:\n"
		"  replicas: 0\n  selector:\n    matchLabels: {app: feed-five}\n"
		"    matchExpressions: [{key: tier, operator: NotIn, values: [none]}]\n"
		"  template: {metadata: {labels: {app: feed-five}}, spec: {containers: [{name: c, "
		"image: x}]}}\n";
	struct feed_source source;
	struct log_feed *feed;

	(void)state;
	need_node();
	source = source_of(NULL);
	source.workload = "deployment/work";
	feed = log_feed_new(&source, NULL, LOG_FEED_DEFAULT_BYTES, LOG_FEED_DEFAULT_LINES,
			    notify_fd);
	live_log(live, "five", "c", "of the workload\n");
	apply_pod("five", "running", "{name: c, image: x}");
	assert_int_equal(live_apply(live, manifest), 0);
	await_line(feed, "five", "of the workload", false);
	touch_end("five", "c", true);
	delete_pod("five");
	log_feed_free(feed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_join_break_reopen_and_end),
		cmocka_unit_test(logs_of_a_sole_container_go_by_the_pod),
		cmocka_unit_test(logs_through_broken_connections_lose_nothing),
		cmocka_unit_test(logs_of_a_workload_are_those_of_its_pods),
		cmocka_unit_test(logs_beyond_the_bound_are_named),
	};

	return cmocka_run_group_tests_name("live_logs", tests, setup, teardown);
}
