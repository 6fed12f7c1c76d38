#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture_world_api.h"

/* Answers that go on, of the API server of a simulated cluster: watches, logs, and how they end. */

/* A watch that has begun: what is there has come. */
static struct said *
watch(struct world *w, const char *more)
{
	char *path = xasprintf(CONFIGS "?watch=1%s", more);
	struct said *s = world_follow(w, path);

	free(path);
	return s;
}

static void
stop(struct said *s)
{
	s->hang_up = true;
	said_join(s);
	said_free(s);
}

/* How many threads this process has. */
static int
threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Waits until there are so many threads at most. */
static bool
wait_for_threads(int most)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_S * 1000;

	while (threads() > most && clock_mono_ms() < until_ms)
		poll(NULL, 0, 5);
	return threads() <= most;
}

static void
watch_tells_what_is_there_and_what_comes(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	struct said *s = watch(w, "");
	assert_true(said_wait(s, "\"type\":\"ADDED\""));
	world_config(w, "b", "");
	world_expect(w, 200, "PATCH", CONFIGS "/b", MERGE, "{\"data\":{\"a\":\"2\"}}");
	world_expect(w, 200, "DELETE", CONFIGS "/b", NULL, NULL);
	assert_true(said_wait(s, "\"type\":\"DELETED\""));
	assert_int_equal(said_count(s, "\"type\":\"ADDED\""), 2);
	assert_int_equal(said_count(s, "\"type\":\"MODIFIED\""), 1);
	stop(s);
}

static void
watch_with_selector_sees_objects_come_and_go(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "\"x\":\"n\"");
	struct said *s = watch(w, "&labelSelector=x%3Dy");
	world_expect(w, 200, "PATCH", CONFIGS "/a", MERGE,
		     "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
	assert_true(said_wait(s, "\"type\":\"ADDED\""));
	world_expect(w, 200, "PATCH", CONFIGS "/a", MERGE, "{\"data\":{\"a\":\"2\"}}");
	world_expect(w, 200, "PATCH", CONFIGS "/a", MERGE,
		     "{\"metadata\":{\"labels\":{\"x\":\"n\"}}}");
	assert_true(said_wait(s, "\"type\":\"DELETED\""));
	world_expect(w, 200, "DELETE", CONFIGS "/a", NULL, NULL);
	world_config(w, "z", "\"x\":\"y\"");
	assert_true(said_wait(s, "\"name\":\"z\""));
	assert_int_equal(said_count(s, "\"type\":\"ADDED\""), 2);
	assert_int_equal(said_count(s, "\"type\":\"MODIFIED\""), 1);
	assert_int_equal(said_count(s, "\"type\":\"DELETED\""), 1);
	stop(s);
}

static void
watch_from_a_version_tells_what_came_behind_it(void **state)
{
	struct world *w = *state;
	unsigned long long version;

	world_config(w, "a", "");
	version = store_version(w->cluster->store);
	world_config(w, "b", "");
	char *more = xasprintf("&resourceVersion=%llu&timeoutSeconds=1", version);
	struct said *s = watch(w, more);
	said_join(s);
	assert_int_equal(s->result, CURLE_OK);
	assert_int_equal(said_count(s, "\"type\":\"ADDED\""), 1);
	assert_non_null(strstr(str_cstr(&s->body), "\"name\":\"b\""));
	said_free(s);
	store_compact(w->cluster->store);
	s = watch(w, more);
	said_join(s);
	assert_int_equal(s->code, 200);
	assert_non_null(
		strstr(str_cstr(&s->body), "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\""));
	assert_non_null(strstr(str_cstr(&s->body), "\"reason\":\"Expired\",\"code\":410"));
	said_free(s);
	free(more);
}

static void
watch_ends_in_time_with_a_bookmark(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	struct said *s = watch(w, "&allowWatchBookmarks=true&timeoutSeconds=1");
	said_join(s);
	assert_int_equal(s->result, CURLE_OK);
	assert_int_equal(said_count(s, "\"type\":\"BOOKMARK\""), 1);
	char *version = xasprintf("\"resourceVersion\":\"%llu\",\"creationTimestamp\":null",
				  (unsigned long long)store_version(w->cluster->store));
	assert_non_null(strstr(str_cstr(&s->body), version));
	free(version);
	said_free(s);
}

static void
watch_with_initial_events_says_where_they_end(void **state)
{
	struct world *w = *state;

	world_config(w, "a", "");
	struct said *s = watch(w, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
				  "&allowWatchBookmarks=true");
	assert_true(said_wait(s, "\"k8s.io/initial-events-end\":\"true\""));
	assert_int_equal(said_count(s, "\"type\":\"ADDED\""), 1);
	world_config(w, "b", "");
	assert_true(said_wait(s, "\"name\":\"b\""));
	stop(s);
	world_expect(w, 422, "GET", CONFIGS "?watch=1&sendInitialEvents=true", NULL, NULL);
	s = world_follow(w, "/api/v1/namespaces/default/secrets?watch=1&sendInitialEvents=true&"
			    "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
	assert_true(said_wait(s, "initial-events-end")); /* of nothing, too */
	stop(s);
}

static void
watch_as_table_gives_the_columns_once(void **state)
{
	struct world *w = *state;
	struct said *s = said_new(w, "GET", CONFIGS "?watch=1", NULL, NULL);

	world_config(w, "a", "");
	s->accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
	assert_int_equal(pthread_create(&s->thread, NULL, said_run, s), 0);
	assert_true(said_wait(s, "\"kind\":\"Table\""));
	world_config(w, "b", "");
	assert_true(said_wait(s, "[\"b\","));
	assert_int_equal(said_count(s, "\"description\":\"Name must be"), 1);
	stop(s);
}

/* ---- ends ---- */

static void
watch_whose_client_hangs_up_leaves_no_thread(void **state)
{
	struct world *w = *state;
	int before = threads();
	struct said *s[5];

	for (int i = 0; i < 5; i++)
		s[i] = watch(w, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
				"allowWatchBookmarks=true");
	for (int i = 0; i < 5; i++)
		assert_true(said_wait(s[i], "initial-events-end"));
	assert_true(threads() > before);
	for (int i = 0; i < 5; i++)
		stop(s[i]);
	assert_true(wait_for_threads(before)); /* without any event that would show it */
}

static void
states_cut_streams_and_come_back(void **state)
{
	struct world *w = *state;
	static const enum cluster_state bad[] = { CLUSTER_ERRORS, CLUSTER_REFUSES, CLUSTER_SILENT };

	world_config(w, "a", "");
	for (size_t i = 0; i < 3; i++) {
		struct said *s = watch(w, "");

		assert_true(said_wait(s, "ADDED"));
		cluster_set_state(w->cluster, bad[i]);
		said_join(s);
		assert_int_not_equal(s->result, CURLE_OK); /* it is no regular end */
		said_free(s);
		cluster_set_state(w->cluster, CLUSTER_UP);
		world_expect(w, 200, "GET", CONFIGS "/a", NULL, NULL);
	}
}

static void
cluster_with_errors_answers_500(void **state)
{
	struct world *w = *state;

	cluster_set_state(w->cluster, CLUSTER_ERRORS);
	struct said *s = world_ask(w, "GET", CONFIGS, NULL, NULL);
	assert_int_equal(s->code, 500);
	assert_string_equal(json_string(s->json, "message", ""),
			    "Internal error occurred: etcdserver: request timed out");
	said_free(s);
}

static int
dial(struct world *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)w->cluster->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
cluster_that_refuses_has_nobody_listening(void **state)
{
	struct world *w = *state;

	cluster_set_state(w->cluster, CLUSTER_REFUSES);
	assert_int_equal(dial(w), -1);
	cluster_set_state(w->cluster, CLUSTER_REFUSES);
	cluster_set_state(w->cluster, CLUSTER_UP);
	int fd = dial(w);
	assert_true(fd >= 0);
	close(fd);
}

static void
cluster_that_is_silent_takes_connections_only(void **state)
{
	struct world *w = *state;
	static const unsigned char hello[] = { 0x16, 3, 1, 0, 1, 1 };

	cluster_set_state(w->cluster, CLUSTER_SILENT);
	int fd = dial(w);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, hello, sizeof(hello)), sizeof(hello));
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&readable, 1, 300), 0);
	close(fd);
	cluster_set_state(w->cluster, CLUSTER_UP);
	world_expect(w, 200, "GET", CONFIGS, NULL, NULL);
}

static void
second_cluster_at_an_address_is_refused(void **state)
{
	struct world *w = *state;
	struct cluster *other = cluster_new("other", 0);
	struct err e = ERR_INIT;

	assert_int_equal(cluster_open(other, "127.0.0.1", w->cluster->port, w->ca, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "127.0.0.1"));
	cluster_close(other);
	cluster_free(other);
}

static void
many_watches_at_rest_take_no_time(void **state)
{
	struct world *w = *state;
	enum { MANY = 30 };
	struct said *s[MANY];
	struct timespec before, after;

	for (int i = 0; i < MANY; i++)
		s[i] = watch(w, "&allowWatchBookmarks=true&sendInitialEvents=true&"
				"resourceVersionMatch=NotOlderThan");
	for (int i = 0; i < MANY; i++)
		assert_true(said_wait(s[i], "initial-events-end"));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	poll(NULL, 0, 1000); /* what is measured is a time of rest */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	int64_t used_ms =
		(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(used_ms <
		    100); /* with the clients of this test, which look each second or so */
	for (int i = 0; i < MANY; i++)
		s[i]->hang_up = true;
	for (int i = 0; i < MANY; i++)
		stop(s[i]);
}

/* ---- logs ---- */

#define PODS "/api/v1/namespaces/default/pods"

/* A pod on a node whose containers a and b run. Returns its uid, which the caller frees. */
static char *
make_pod(struct world *w)
{
	struct said *s = world_ask(w, "POST", PODS, NULL,
				   "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n\","
				   "\"containers\":[{\"name\":\"a\",\"image\":\"i\"},"
				   "{\"name\":\"b\",\"image\":\"i\"}]}}");
	char *uid = xstrdup(json_string(s->json, "metadata/uid", ""));

	assert_int_equal(s->code, 201);
	said_free(s);
	world_expect(
		w, 200, "PATCH", PODS "/p/status", MERGE,
		"{\"status\":{\"containerStatuses\":[{\"name\":\"a\",\"state\":{\"running\":{}}},"
		"{\"name\":\"b\",\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}]}}");
	return uid;
}

static void
assert_log(struct world *w, const char *more, long code, const char *text)
{
	char *path = xasprintf(PODS "/p/log%s", more);
	struct said *s = world_ask(w, "GET", path, NULL, NULL);

	assert_int_equal(s->code, code);
	assert_string_equal(s->json ? json_string(s->json, "message", "") : str_cstr(&s->body),
			    text);
	said_free(s);
	free(path);
}

static void
log_gives_lines_as_they_are_asked_for(void **state)
{
	struct world *w = *state;
	char *uid = make_pod(w);
	const int64_t now_ns = clock_wall_ms() * 1000000;

	podlogs_write(w->cluster->logs, uid, "a", now_ns - INT64_C(100000000000), "one");
	podlogs_write(w->cluster->logs, uid, "a", now_ns, "two");
	assert_log(w, "?container=a", 200, "one\ntwo\n");
	assert_log(w, "?container=a&tailLines=1", 200, "two\n");
	assert_log(w, "?container=a&tailLines=0", 200, "");
	assert_log(w, "?container=a&sinceSeconds=60", 200, "two\n");
	assert_log(w, "?container=a&sinceSeconds=9223372036854775807", 200, "one\ntwo\n");
	assert_log(w, "?container=a&sinceTime=1000-01-01T00:00:00Z", 200, "one\ntwo\n");
	assert_log(w, "?container=a&sinceTime=9999-12-31T00:00:00Z", 200, "");
	assert_log(w, "?container=a&limitBytes=5", 200, "one\nt");
	podlogs_restart(w->cluster->logs, uid, "a");
	podlogs_write(w->cluster->logs, uid, "a", now_ns, "three");
	assert_log(w, "?container=a", 200, "three\n");
	assert_log(w, "?container=a&previous=true", 200, "one\ntwo\n");
	free(uid);
}

static void
log_that_cannot_be_is_refused(void **state)
{
	struct world *w = *state;

	free(make_pod(w));
	assert_log(w, "", 400,
		   "a container name must be specified for pod p, choose one of: [a b]");
	assert_log(w, "?container=x", 400, "container x is not valid for pod p");
	assert_log(w, "?container=b", 400,
		   "container \"b\" in pod \"p\" is waiting to start: PodInitializing");
	assert_log(w, "?container=a&previous=true", 400,
		   "previous terminated container \"a\" in pod \"p\" not found");
	assert_log(w, "?tailLines=-1", 422,
		   "PodLogOptions \"p\" is invalid: tailLines: Invalid value: -1: must be greater "
		   "than "
		   "or equal to 0");
	assert_log(
		w, "?sinceSeconds=0", 422,
		"PodLogOptions \"p\" is invalid: sinceSeconds: Invalid value: 0: must be greater "
		"than 0");
	assert_log(w, "?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z", 422,
		   "PodLogOptions \"p\" is invalid: []: Forbidden: at most one of `sinceTime` or "
		   "`sinceSeconds` may be specified");
	assert_log(w, "?container=a", 200, "");
}

static void
log_that_is_followed_ends_with_the_container(void **state)
{
	struct world *w = *state;
	char *uid = make_pod(w);
	struct said *s = world_follow(w, PODS "/p/log?container=a&follow=true");

	podlogs_write(w->cluster->logs, uid, "a", clock_wall_ms() * 1000000, "one");
	assert_true(said_wait(s, "one\n"));
	podlogs_write(w->cluster->logs, uid, "a", clock_wall_ms() * 1000000, "last");
	podlogs_end(w->cluster->logs, uid, "a");
	said_join(s);
	assert_int_equal(s->result, CURLE_OK);
	assert_true(str_ends_with(str_cstr(&s->body), "last\n"));
	said_free(s);
	free(uid);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(watch_tells_what_is_there_and_what_comes),
		ROW(watch_with_selector_sees_objects_come_and_go),
		ROW(watch_from_a_version_tells_what_came_behind_it),
		ROW(watch_ends_in_time_with_a_bookmark),
		ROW(watch_with_initial_events_says_where_they_end),
		ROW(watch_as_table_gives_the_columns_once),
		ROW(watch_whose_client_hangs_up_leaves_no_thread),
		ROW(states_cut_streams_and_come_back),
		ROW(cluster_with_errors_answers_500),
		ROW(cluster_that_refuses_has_nobody_listening),
		ROW(cluster_that_is_silent_takes_connections_only),
		ROW(second_cluster_at_an_address_is_refused),
		ROW(many_watches_at_rest_take_no_time),
		ROW(log_gives_lines_as_they_are_asked_for),
		ROW(log_that_cannot_be_is_refused),
		ROW(log_that_is_followed_ends_with_the_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
