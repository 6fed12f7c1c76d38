#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "feed/detail.h"
#include "feed/detail_page.h"
#include "fixture_server.h"
#include "http_server.h"

#define NOW_MS INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

/* The lines of a page, each behind the letter of its role. The caller frees. */
static char *
page_text(struct detail_page *page)
{
	static const char roles[] = { 'H', ' ', '+', '!', '.' };
	struct str out = STR_INIT;

	for (size_t i = 0; i < page->count; i++)
		str_printf(&out, "%c%s\n", roles[page->marks[i].role],
			   page->text.data + page->marks[i].at);
	return str_take(&out);
}

static char *
write_object(const char *text, void (*write)(struct detail_page *, const cJSON *),
	     struct secrets *secrets)
{
	struct err e = ERR_INIT;
	cJSON *object = json_parse(text, strlen(text), &e);
	struct detail_page page;
	char *lines;

	if (!object)
		fail_msg("%s", e.message);
	detail_page_init(&page, secrets, NOW_MS);
	write(&page, object);
	detail_page_end(&page);
	lines = page_text(&page);
	detail_page_release(&page);
	cJSON_Delete(object);
	return lines;
}

static const char pod_text[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"tsb-0\",\"uid\":\"u1\","
	"\"creationTimestamp\":\"2026-11-18T06:00:00Z\",\"labels\":{\"app\":\"tsb\"},"
	"\"ownerReferences\":[{\"kind\":\"StatefulSet\",\"name\":\"tsb\"}]},"
	"\"spec\":{\"nodeName\":\"node-1\",\"initContainers\":[{\"name\":\"setup\",\"image\":"
	"\"i/setup\"},{\"name\":\"mesh\",\"image\":\"i/mesh\",\"restartPolicy\":\"Always\"}],"
	"\"containers\":[{\"name\":\"main\",\"image\":\"i/main:1\",\"readinessProbe\":{}}],"
	"\"ephemeralContainers\":[{\"name\":\"debug\",\"image\":\"i/debug\"}]},"
	"\"status\":{\"phase\":\"Running\",\"hostIP\":\"10.0.0.1\",\"podIP\":\"10.1.2.3\","
	"\"qosClass\":\"Burstable\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
	"\"reason\":\"ContainersNotReady\",\"message\":\"containers with unready status: [main]\","
	"\"lastTransitionTime\":\"2026-11-21T09:57:00Z\"},{\"type\":\"PodScheduled\",\"status\":"
	"\"True\"}],\"initContainerStatuses\":[{\"name\":\"setup\",\"state\":{\"terminated\":{"
	"\"exitCode\":0,\"reason\":\"Completed\",\"startedAt\":\"2026-11-18T06:00:01Z\","
	"\"finishedAt\":\"2026-11-18T06:00:04Z\"}}},{\"name\":\"mesh\",\"ready\":true,\"started\":"
	"true,\"restartCount\":0,\"state\":{\"running\":{\"startedAt\":\"2026-11-21T08:00:00Z\"}}}"
	"],\"containerStatuses\":[{\"name\":\"main\",\"ready\":false,\"restartCount\":7,\"state\":"
	"{\"waiting\":{\"reason\":\"CrashLoopBackOff\",\"message\":\"back-off 5m0s\"}},"
	"\"lastState\":{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\",\"message\":\"panic\\n"
	"  at main\",\"startedAt\":\"2026-11-21T09:56:00Z\",\"finishedAt\":"
	"\"2026-11-21T09:57:00Z\"}}}]}}";

static void
pod_is_told_in_words(void **state)
{
	char *text = write_object(pod_text, detail_pod, NULL);

	(void)state;
	assert_string_equal(
		text,
		"!Status    CrashLoopBackOff, 1/2 ready, 7 restarts, the last 3m ago\n"
		"!Why       main: back-off 5m0s; last end: Error, exit 1, 3m ago\n"
		" Node      node-1 (10.0.0.1)\n"
		" IP        10.1.2.3\n"
		" Created   3d4h ago (2026-11-18T06:00:00Z)\n"
		" Owner     StatefulSet/tsb\n"
		" QoS       Burstable\n"
		" \n"
		"HContainers\n"
		"   setup (init)\n"
		"     image    i/setup\n"
		".    state    ended 3d3h ago: Completed, exit 0 after 3s\n"
		"   mesh (sidecar)\n"
		"     image    i/mesh\n"
		"+    state    running, ready, started 120m ago\n"
		"   main\n"
		"     image    i/main:1\n"
		"!    state    waiting: CrashLoopBackOff, back-off 5m0s\n"
		"!    restarts 7\n"
		"!    last run ended 3m ago: Error, exit 1 after 60s\n"
		"              panic\n"
		"                at main\n"
		"   debug (ephemeral)\n"
		"     image    i/debug\n"
		".    state    not known yet\n"
		" \n"
		"HConditions\n"
		"!  Ready            False   3m ago  ContainersNotReady: containers with unready "
		"status: [main]\n"
		"   PodScheduled     True    \n");
	free(text);
}

static void
pod_without_anything_is_told_too(void **state)
{
	static const char *const texts[] = {
		"{}", "{\"status\":{\"containerStatuses\":7,\"conditions\":[null]}}",
		"{\"spec\":{\"containers\":[null,{}]}}"
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = write_object(texts[i], detail_pod, NULL);

		assert_non_null(strstr(text, "Status"));
		free(text);
	}
}

static void
object_is_written_as_yaml(void **state)
{
	char *text = write_object(
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"finalizers\":[\"x\",\"y\"],"
		"\"annotations\":{\"kubectl.kubernetes.io/"
		"last-applied-configuration\":\"{\\\"a\\\":1}"
		"\"}},\"data\":{\"one\":\"1\",\"yes\":\"true\",\"text\":\"a\\nb\\n\",\"empty\":"
		"\"\"},"
		"\"spec\":{\"n\":3,\"none\":null,\"list\":[],\"map\":{},\"items\":[{\"a\":1,\"b\":{"
		"\"c\":2}},[7,8]]}}",
		detail_object, NULL);

	(void)state;
	assert_string_equal(text, " kind: ConfigMap\n"
				  "Hmetadata:\n"
				  "   name: a\n"
				  "   finalizers:\n"
				  "   - x\n"
				  "   - \"y\"\n"
				  "   annotations:\n"
				  ".    kubectl.kubernetes.io/last-applied-configuration: 7 bytes\n"
				  "Hdata:\n"
				  "   one: \"1\"\n"
				  "   yes: \"true\"\n"
				  "   text: |\n"
				  "     a\n"
				  "     b\n"
				  "   empty: \"\"\n"
				  "Hspec:\n"
				  "   n: 3\n"
				  "   none: null\n"
				  "   list: []\n"
				  "   map: {}\n"
				  "   items:\n"
				  "   - a: 1\n"
				  "     b:\n"
				  "       c: 2\n"
				  "   - - 7\n"
				  "     - 8\n");
	free(text);
}

static void
object_of_a_secret_shows_sizes_only(void **state)
{
	char *text = write_object(
		"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"annotations\":{"
		"\"kubectl.kubernetes.io/last-applied-configuration\":\"{aHVudGVyMg==}\"}},"
		"\"data\":{\"password\":\"aHVudGVyMg==\",\"one\":\"YQ==\",\"none\":\"\",\"null\":"
		"null},"
		"\"stringData\":{\"plain\":\"hunter2\"},\"type\":\"Opaque\"}",
		detail_object, NULL);

	(void)state;
	assert_null(strstr(text, "aHVudGVy"));
	assert_null(strstr(text, "hunter2"));
	const char *first = strstr(text, ".  password: 7 bytes, #");
	const char *again = strstr(text, ".  plain: 7 bytes, #");

	assert_true(first && again);
	/* equal values can be told by their fingerprints */
	assert_memory_equal(strchr(first, '#'), strchr(again, '#'), strlen("#1a2b3c4d\n"));
	assert_non_null(strstr(text, ".  one: 1 byte, #"));
	assert_non_null(strstr(text, ".  none: 0 bytes\n.  null: 0 bytes\nHstringData:\n"));
	free(text);
}

static void
object_passes_both_doors(void **state)
{
	struct secrets *secrets = secrets_new();
	char *text;

	(void)state;
	secrets_add(secrets, "token", "hunter2hunter2", 14, NULL);
	text = write_object("{\"kind\":\"X\",\"a\\u001b[31m\":\"b\\u0007\",\"data\":{\"k\":\"is "
			    "hunter2hunter2 it\\n\\u001b]0;x\\u0007\"}}",
			    detail_object, secrets);
	assert_null(strpbrk(text, "\x1b\a"));
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "token"));
	free(text);
	secrets_free(secrets);
}

static void
object_beyond_the_bounds_is_cut_and_says_so(void **state)
{
	struct str huge = STR_INIT, *s = &huge;
	char *text, *last;

	(void)state;
	str_append(s, "{\"kind\":\"X\",\"long\":\"");
	for (int i = 0; i < 3000; i++)
		str_append(s, "é");
	str_append(s, "\",\"lines\":\"");
	for (int i = 0; i < 20000; i++)
		str_append(s, "x\\n");
	str_append(s, "\"}");
	text = write_object(str_cstr(s), detail_object, NULL);
	assert_non_null(strstr(text, "é… (6006 bytes)\n"));
	last = strrchr(text, '(');
	assert_string_equal(last, "(10004 more lines are not shown)\n");
	free(text);
	str_release(s);
}

#define EVENT(uid, about, type, reason, count, last)                                               \
	"{\"metadata\":{\"uid\":\"" uid "\"},\"involvedObject\":{\"uid\":\"" about                 \
	"\"},\"type\":\"" type "\",\"reason\":\"" reason                                           \
	"\",\"message\":\"says it\\n\",\"count\":" count ",\"lastTimestamp\":\"" last              \
	"\",\"source\":{\"component\":\"kubelet\"}}"

static void
put_event(struct detail_events *events, const char *text)
{
	cJSON *event = cJSON_Parse(text);

	assert_non_null(event);
	detail_events_put(events, event);
	cJSON_Delete(event);
}

static char *
show_events(struct detail_events *events, bool listed, const char *problem)
{
	struct detail_page page;
	char *text;

	detail_page_init(&page, NULL, NOW_MS);
	detail_events_show(&page, events, "u2", "tsb-0", listed, problem);
	text = page_text(&page);
	detail_page_release(&page);
	return text;
}

static void
events_are_those_of_the_uid_with_the_newest_last(void **state)
{
	struct detail_events events = { 0 };
	char *text;

	(void)state;
	text = show_events(&events, false, "");
	assert_string_equal(text, " \nHEvents\n.  waiting for the list of events\n");
	free(text);
	text = show_events(&events, true, "");
	assert_string_equal(text, " \nHEvents\n.  none\n");
	free(text);
	put_event(&events, EVENT("e1", "u2", "Normal", "Pulled", "1", "2026-11-21T09:59:00Z"));
	put_event(&events, EVENT("e2", "u1", "Normal", "Old", "1", "2026-11-21T09:59:30Z"));
	put_event(&events, EVENT("e3", "u2", "Warning", "BackOff", "2", "2026-11-21T09:50:00Z"));
	put_event(&events, EVENT("e3", "u2", "Warning", "BackOff", "12", "2026-11-21T09:59:50Z"));
	put_event(&events,
		  "{\"metadata\":{\"uid\":\"e4\"},\"involvedObject\":{\"uid\":\"u2\"},\"type\":"
		  "\"Normal\",\"reason\":\"New\",\"message\":\"api\",\"eventTime\":"
		  "\"2026-11-21T09:00:00.123456Z\",\"series\":{\"count\":3,\"lastObservedTime\":"
		  "\"2026-11-21T09:58:00.5Z\"},\"reportingComponent\":\"x/y\"}");
	text = show_events(&events, true, "");
	assert_string_equal(text, " \nHEvents\n"
				  "   119s  Normal  New ×3  api (x/y)\n"
				  "   60s  Normal  Pulled  says it (kubelet)\n"
				  "!  10s  Warning  BackOff ×12  says it (kubelet)\n");
	free(text);
	detail_events_remove(&events, "e3");
	detail_events_remove(&events, "none");
	text = show_events(&events, true, "403 Forbidden");
	assert_null(strstr(text, "BackOff"));
	assert_non_null(strstr(text, "!  not readable: 403 Forbidden\n"));
	free(text);
	detail_events_clear(&events);
}

static void
events_are_bounded_and_the_oldest_go_first(void **state)
{
	struct detail_events events = { 0 };

	(void)state;
	for (int i = 0; i < DETAIL_MAX_EVENTS + 50; i++) {
		char *text = xasprintf(
			EVENT("e%d", "u2", "Normal", "R%d", "1", "2026-11-21T09:%02d:%02dZ"), i, i,
			i / 60, i % 60);

		put_event(&events, text);
		free(text);
	}
	assert_int_equal(events.count, DETAIL_MAX_EVENTS);
	for (size_t i = 0; i < events.count; i++)
		assert_true(strtol(events.items[i].uid + 1, NULL, 10) >= 50);
	detail_events_clear(&events);
}

/* ---- the feed, against a server that goes on when the test says so ---- */

#define TABLE(rows)                                                                                \
	"{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"5\"},\"columnDefinitions\":["     \
	"{\"name\":\"Name\",\"type\":\"string\"}],\"rows\":[" rows "]}"
#define ROW(object) "{\"cells\":[\"x\"],\"object\":" object "}"
#define CHANGE(type, object)                                                                       \
	"{\"type\":\"" type                                                                        \
	"\",\"object\":{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"6\"},"              \
	"\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\"}],\"rows\":[" ROW(          \
		object) "]}}\n"
#define POD(uid, phase)                                                                            \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"tsb-0\",\"namespace\":"  \
	"\"tsb\",\"uid\":\"" uid "\",\"resourceVersion\":\"5\",\"managedFields\":[{\"manager\":"   \
	"\"bookkeeper\"}]},\"spec\":{\"initContainers\":[{\"name\":\"setup\"}],\"containers\":["   \
	"{\"name\":\"main\"}]},\"status\":{\"phase\":\"" phase "\"}}"
#define POD_EVENT(uid, about, reason)                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"" uid                  \
	"\",\"namespace\":\"tsb\",\"uid\":\"" uid                                                  \
	"\",\"resourceVersion\":\"5\"},\"involvedObject\":{\"uid\":\"" about                       \
	"\"},\"type\":\"Normal\",\"reason\":\"" reason "\",\"message\":\"m\"}"

struct world {
	struct http_server *server;
	char *folder, *kubeconfig;
	const char *list;	/* of the object */
	const char *changes[4]; /* of it, one for each stage */
	const char *events;	/* the list of events, or NULL: forbidden */
	atomic_int stage;	/* how many of the changes may be told */
	atomic_bool holds_events;
};

static bool
serve_changes(struct world *w, struct server_connection *c)
{
	server_begin_chunks(c, "application/json");
	for (int i = 0; i < 4 && w->changes[i]; i++) {
		while (atomic_load(&w->stage) <= i && !w->server->is_stopping)
			fixture_pause();
		if (w->server->is_stopping || !server_chunk(c, w->changes[i]))
			return false;
	}
	return server_stay_silent(c);
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	static const char refused[] = "{\"kind\":\"Status\",\"code\":400,\"message\":\"no\"}";
	struct world *w = data;

	if (strstr(r->target, "sendInitialEvents"))
		return server_json(c, 400, refused);
	if (strstr(r->target, "/events?")) {
		if (strstr(r->target, "watch=1")) {
			server_begin_chunks(c, "application/json");
			return server_stay_silent(c);
		}
		while (atomic_load(&w->holds_events) && !w->server->is_stopping)
			fixture_pause();
		return w->events ? server_json(c, 200, w->events)
				 : server_json(c, 403,
					       "{\"kind\":\"Status\",\"code\":403,\"reason\":"
					       "\"Forbidden\",\"message\":\"may not list\"}");
	}
	if (strstr(r->target, "watch=1"))
		return serve_changes(w, c);
	return server_json(c, 200, w->list);
}

static void
world_begin(struct world *w)
{
	char *text;

	w->server = server_start(answer, w, NULL);
	w->folder = fixture_folder();
	text = xasprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
			 "clusters: [{name: c, cluster: {server: '%s'}}]\n"
			 "users: [{name: c, user: {token: sesame-open-sesame}}]\n"
			 "contexts: [{name: c, context: {cluster: c, user: c, namespace: tsb}}]\n",
			 w->server->url);
	w->kubeconfig = fixture_write(w->folder, "config", text);
	free(text);
}

static void
world_end(struct world *w)
{
	server_stop(w->server);
	fixture_remove(w->folder);
	free(w->kubeconfig);
}

static bool
has_line(const struct detail_snapshot *s, const char *part)
{
	for (size_t i = 0; i < s->count; i++)
		if (strstr(s->lines[i].text, part))
			return true;
	return false;
}

/* Waits for a snapshot with a line that has the text in it; it is to be released. */
static struct detail_snapshot *
await_line(struct detail_feed *feed, const char *part)
{
	int64_t deadline_ms = clock_mono_ms() + 8000;
	struct detail_snapshot *s = detail_feed_snapshot(feed);

	while (!has_line(s, part)) {
		if (clock_mono_ms() > deadline_ms) {
			for (size_t i = 0; i < s->count; i++)
				print_message("%s\n", s->lines[i].text);
			fail_msg("no line \"%s\"", part);
		}
		detail_snapshot_release(s);
		fixture_pause();
		s = detail_feed_snapshot(feed);
	}
	return s;
}

static void
feed_follows_a_pod_through_its_end_and_its_successor(void **state)
{
	struct world w = {
		.list = TABLE(ROW(POD("u1", "Pending"))),
		.changes = { CHANGE("MODIFIED", POD("u1", "Running")),
			     CHANGE("DELETED", POD("u1", "Failed")),
			     CHANGE("ADDED", POD("u2", "Pending")) },
		.events = TABLE(ROW(POD_EVENT("e1", "u1", "First")) "," ROW(
			POD_EVENT("e2", "u2", "Second"))),
	};
	struct feed_health health;
	struct detail_snapshot *s, *old;
	struct detail_feed *feed;

	(void)state;
	world_begin(&w);
	struct feed_source source = { .kubeconfig = w.kubeconfig };
	feed = detail_feed_new(&source, "tsb", "tsb-0", NULL, -1);
	detail_snapshot_release(await_line(feed, "Pending"));
	s = await_line(feed, "First");
	assert_string_equal(s->lines[0].text, "Pod tsb-0 in tsb");
	assert_true(s->complete && !s->gone);
	assert_false(has_line(s, "Second")); /* of another that bears the name later */
	assert_false(has_line(s, "bookkeeper"));
	assert_int_equal(s->containers_count, 2);
	assert_string_equal(s->containers[0], "setup");
	assert_string_equal(s->containers[1], "main");
	detail_feed_health(feed, &health);
	assert_int_equal(health.state, FEED_LIVE);
	assert_int_equal(server_count(w.server, "fieldSelector=metadata.name%3Dtsb-0"), 3);
	old = s;
	atomic_store(&w.stage, 1);
	s = await_line(feed, "Running");
	assert_true(s->generation > old->generation);
	assert_true(has_line(old, "Pending"));
	detail_snapshot_release(old);
	detail_snapshot_release(s);
	atomic_store(&w.stage, 2);
	s = await_line(feed, "has been deleted");
	assert_true(s->gone && s->complete);
	assert_true(has_line(s, "Failed"));
	detail_snapshot_release(s);
	atomic_store(&w.stage, 3);
	s = await_line(feed, "Second");
	assert_false(s->gone);
	assert_false(has_line(s, "First"));
	detail_snapshot_release(s);
	detail_feed_free(feed);
	world_end(&w);
}

static void
feed_without_the_right_to_events_shows_the_rest(void **state)
{
	struct world w = { .list = TABLE(ROW(POD("u1", "Pending"))) };
	struct feed_health health;
	struct detail_snapshot *s;
	struct detail_feed *feed;

	(void)state;
	world_begin(&w);
	struct feed_source source = { .kubeconfig = w.kubeconfig };
	feed = detail_feed_new(&source, "tsb", "tsb-0", NULL, -1);
	detail_snapshot_release(await_line(feed, "Pending"));
	s = await_line(feed, "may not list");
	assert_true(s->complete);
	detail_feed_health(feed, &health);
	assert_int_equal(health.state, FEED_LIVE);
	detail_snapshot_release(s);
	detail_feed_free(feed);
	world_end(&w);
}

/* "none" is said of events only once the server has said it. */
static void
feed_without_its_events_yet_says_so(void **state)
{
	struct world w = { .list = TABLE(ROW(POD("u1", "Pending"))), .events = TABLE("") };
	struct detail_snapshot *s;
	struct detail_feed *feed;
	int64_t deadline_ms = clock_mono_ms() + 8000;
	bool known;

	(void)state;
	atomic_store(&w.holds_events, true);
	world_begin(&w);
	struct feed_source source = { .kubeconfig = w.kubeconfig };
	feed = detail_feed_new(&source, "tsb", "tsb-0", NULL, -1);
	s = await_line(feed, "waiting for the list of events");
	assert_true(s->complete && !s->events_known);
	detail_snapshot_release(s);
	atomic_store(&w.holds_events, false);
	do { /* a pod says "none" of other things too */
		s = await_line(feed, "none");
		known = s->events_known;
		if (!known)
			assert_string_equal(s->lines[s->count - 1].text,
					    "  waiting for the list of events");
		else
			assert_string_equal(s->lines[s->count - 1].text, "  none");
		detail_snapshot_release(s);
		fixture_pause();
	} while (!known && clock_mono_ms() < deadline_ms);
	assert_true(known);
	detail_feed_free(feed);
	world_end(&w);
}

static void
feed_of_what_is_not_there_says_so(void **state)
{
	struct world w = { .list = TABLE(""), .events = TABLE("") };
	struct detail_snapshot *s;
	struct detail_feed *feed;

	(void)state;
	world_begin(&w);
	struct feed_source source = { .kubeconfig = w.kubeconfig };
	feed = detail_feed_new(&source, "tsb", "tsb-0", NULL, -1);
	s = await_line(feed, "There is no tsb-0 any more in tsb");
	assert_true(s->gone && !s->complete);
	assert_int_equal(s->containers_count, 0);
	detail_snapshot_release(s);
	detail_feed_free(feed);
	world_end(&w);
}

static void
feed_without_kubeconfig_says_so_and_ends_at_once(void **state)
{
	struct feed_source source = { .kubeconfig = "/nonexistent/config" };
	struct detail_feed *feed = detail_feed_new(&source, "tsb", "tsb-0", NULL, -1);
	struct feed_health health = { .state = FEED_STARTING };
	int64_t start_ms = clock_mono_ms();

	(void)state;
	while (health.state != FEED_BROKEN && clock_mono_ms() - start_ms < 8000) {
		fixture_pause();
		detail_feed_health(feed, &health);
	}
	assert_non_null(strstr(health.problem, "/nonexistent/config"));
	start_ms = clock_mono_ms();
	detail_feed_free(feed);
	assert_in_range(clock_mono_ms() - start_ms, 0, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_is_told_in_words),
		cmocka_unit_test(pod_without_anything_is_told_too),
		cmocka_unit_test(object_is_written_as_yaml),
		cmocka_unit_test(object_of_a_secret_shows_sizes_only),
		cmocka_unit_test(object_passes_both_doors),
		cmocka_unit_test(object_beyond_the_bounds_is_cut_and_says_so),
		cmocka_unit_test(events_are_those_of_the_uid_with_the_newest_last),
		cmocka_unit_test(events_are_bounded_and_the_oldest_go_first),
		cmocka_unit_test(feed_follows_a_pod_through_its_end_and_its_successor),
		cmocka_unit_test(feed_without_the_right_to_events_shows_the_rest),
		cmocka_unit_test(feed_without_its_events_yet_says_so),
		cmocka_unit_test(feed_of_what_is_not_there_says_so),
		cmocka_unit_test(feed_without_kubeconfig_says_so_and_ends_at_once),
	};

	return cmocka_run_group_tests_name("detail_feed", tests, NULL, NULL);
}
