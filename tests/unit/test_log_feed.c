#include "config.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "feed/log_match.h"
#include "feed/log_stream.h"
#include "feed/logs.h"
#include "fixture_logs.h"
#include "kube/client.h"

enum { PATIENCE_MS = 20000, BYTES = 4 << 20, LINES = 100000 };

static int notify_fd = -1;

/* A feed's lines so far, one a line of text: "ORIGIN|TEXT", remarks "ORIGIN*TEXT". */
struct seen {
	struct log_feed *feed;
	struct str text;
	uint64_t next;
};

static void
see_line(void *data, const struct log_line *line)
{
	struct seen *s = data;

	assert_int_equal(line->number, s->next);
	s->next++;
	str_printf(&s->text, "%s%c%s\n", line->origin, line->marker ? '*' : '|', line->text);
}

static void
see(struct seen *s)
{
	uint64_t first, next;

	log_feed_range(s->feed, &first, &next);
	log_feed_read(s->feed, s->next, next, see_line, s);
}

static int
count(const char *text, const char *part)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Waits until the lines hold a text so many times. */
static void
await(struct seen *s, const char *part, int times)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
		eventfd_t ignored;

		see(s);
		if (count(str_cstr(&s->text), part) >= times)
			return;
		if (clock_mono_ms() > deadline_ms || poll(&pfd, 1, PATIENCE_MS) != 1)
			fail_msg("no \"%s\" (%d times) in:\n%s", part, times, str_cstr(&s->text));
		eventfd_read(notify_fd, &ignored);
	}
}

static struct seen
seen_of(struct fake_logs *f, struct feed_source source, struct secrets *secrets)
{
	struct seen s = { .text = STR_INIT };

	source.kubeconfig = f->kubeconfig;
	s.feed = log_feed_new(&source, secrets, BYTES, LINES, notify_fd);
	return s;
}

static void
done(struct seen *s)
{
	int64_t start_ms = clock_mono_ms();

	log_feed_free(s->feed);
	assert_true(clock_mono_ms() - start_ms < 2000);
	str_release(&s->text);
}

static void
assert_has(const struct seen *s, const char *part)
{
	if (!strstr(str_cstr(&s->text), part))
		fail_msg("no \"%s\" in:\n%s", part, str_cstr(&s->text));
}

static void
assert_has_not(const struct seen *s, const char *part)
{
	if (strstr(str_cstr(&s->text), part))
		fail_msg("\"%s\" in:\n%s", part, str_cstr(&s->text));
}

static void
write_line(struct fake_logs *f, struct fake_container *c, const char *text)
{
	static int second;
	char stamp[64];

	second++;
	snprintf(stamp, sizeof(stamp), "2026-11-21T11:%02d:%02d.000000001Z", second / 60 % 60,
		 second % 60);
	fake_write(f, c, stamp, text, strlen(text));
}

/* The numbered lines from `first` to `last`, each once and in order. */
static void
assert_numbered(const struct seen *s, int first, int last)
{
	const char *at = str_cstr(&s->text);
	int expected = first;

	while ((at = strstr(at, "|line "))) {
		if (atoi(at + 6) != expected)
			fail_msg("line %d where %d should be", atoi(at + 6), expected);
		expected++;
		at++;
	}
	assert_int_equal(expected, last + 1);
}

static void
first_opening_shows_the_recent_past_and_says_what_it_does_not(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	for (int i = 0; i < 600; i++)
		fake_write_numbered(f, c, i);
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "line 000599", 1);
	assert_true(
		str_starts_with(str_cstr(&s.text), "web*earlier lines are not shown\nweb|line "));
	assert_numbered(&s, 100, 599);
	fake_write_numbered(f, c, 600);
	await(&s, "line 000600", 1);
	assert_numbered(&s, 100, 600);
	assert_int_equal(server_count(f->server, "labelSelector=app%3Dweb"), 1);
	done(&s);
	fake_free(f);
}

static void
hundred_disconnects_lose_and_repeat_nothing(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;
	int number = 0;

	(void)state;
	f->breaks = 100;
	s = seen_of(f, (struct feed_source){ .pod = "web" }, NULL);
	/* it goes on writing as long as streams are broken, as a container does */
	for (int breaks = 100; breaks > 0;) {
		for (int i = 0; i < 20; i++)
			fake_write_numbered(f, c, number++);
		char wanted[32];
		snprintf(wanted, sizeof(wanted), "line %06d", number - 1);
		await(&s, wanted, 1);
		pthread_mutex_lock(&f->lock);
		breaks = f->breaks;
		pthread_mutex_unlock(&f->lock);
	}
	fake_write_numbered(f, c, number++);
	char wanted[32];
	snprintf(wanted, sizeof(wanted), "line %06d", number - 1);
	await(&s, wanted, 1);
	assert_numbered(&s, 0, number - 1);
	assert_true(count(str_cstr(&s.text), "*stream broke") >= 95);
	assert_true(count(str_cstr(&s.text), "*stream reopened after") >= 95);
	assert_has_not(&s, "may be missing");
	assert_true(server_count(f->server, "fieldSelector=metadata.name%3Dweb") >= 1);
	done(&s);
	fake_free(f);
}

static void
restart_reads_the_rest_of_the_run_before(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	fake_write_numbered(f, c, 0);
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "line 000000", 1);
	/* its last words come in the moment of its end: no stream brings them */
	pthread_mutex_lock(&f->lock);
	c->withheld = 1;
	pthread_mutex_unlock(&f->lock);
	for (int i = 1; i < 30; i++)
		fake_write_numbered(f, c, i);
	fake_restart(f, c, 137);
	pthread_mutex_lock(&f->lock);
	c->withheld = 0;
	pthread_mutex_unlock(&f->lock);
	fake_write(f, c, "2026-11-21T10:00:03.000000000Z", "begins anew", 11);
	await(&s, "begins anew", 1);
	assert_numbered(&s, 0, 29);
	assert_has(&s,
		   "line 000029 of a log\nweb*container restarted: its last run ended with exit "
		   "code 137 (Error); 1 restarts by now\nweb|begins anew\n");
	done(&s);
	fake_free(f);
}

/* The pod is looked at, then the container restarts, then its log is asked for: it is another one. */
static void
restart_between_two_requests_is_noticed(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	fake_write_numbered(f, c, 0);
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "line 000000", 1);
	for (int i = 1; i < 20; i++)
		fake_write_numbered(f, c, i);
	await(&s, "line 000019", 1);
	pthread_mutex_lock(&f->lock);
	c->withheld = 20;
	f->restarts_late = c; /* in the moment after the next look at the pod */
	f->cuts++;
	pthread_mutex_unlock(&f->lock);
	for (int i = 20; i < 30; i++)
		fake_write_numbered(f, c, i);
	await(&s, "|begins anew", 1);
	assert_numbered(&s, 0, 29);
	assert_has(&s, "line 000029 of a log\nweb*container restarted");
	assert_has_not(&s, "may be missing");
	done(&s);
	fake_free(f);
}

static void
end_of_a_container_is_said_and_its_restart_followed(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	fake_write_numbered(f, c, 0);
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "line 000000", 1);
	fake_end(f, c, "waiting", 3);
	fake_event(f, pod, "MODIFIED");
	await(&s, "*the container has ended with exit code 3 (Error); it will be restarted", 1);
	fake_restart(f, c, 3);
	write_line(f, c, "second run");
	fake_event(f, pod, "MODIFIED");
	await(&s, "|second run", 1);
	fake_end(f, c, "terminated", 0);
	pod->phase = "Succeeded";
	fake_event(f, pod, "MODIFIED");
	await(&s, "*the container has ended with exit code 0 (Completed); end of its log", 1);
	assert_numbered(&s, 0, 0);
	assert_has_not(&s, "stream broke");
	assert_int_equal(server_count(f->server, "previous=true"), 0); /* all of it was read */
	done(&s);
	fake_free(f);
}

static void
all_kinds_of_containers_are_read(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *init = fake_container(f, pod, "initContainers", "init");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct fake_container *late;
	struct seen s;

	(void)state;
	write_line(f, init, "prepared");
	fake_end(f, init, "terminated", 0);
	write_line(f, c, "serves");
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "web/c|serves", 1);
	await(&s, "web/init*the init container has ended with exit code 0", 1);
	assert_has(&s, "web/init|prepared\n");
	late = fake_container(f, pod, "ephemeralContainers", "debug");
	write_line(f, late, "looks around");
	fake_event(f, pod, "MODIFIED");
	await(&s, "web/debug|looks around", 1);
	assert_int_equal(server_count(f->server, "container=init&follow"), 0);
	done(&s);
	fake_free(f);
}

static void
sole_container_that_is_wanted_goes_by_the_pod(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct fake_pod *other = fake_pod(f, "odd", "u2");
	struct fake_container *d = fake_container(f, pod, "containers", "d");
	struct seen s;

	(void)state;
	fake_container(f, other, "containers", "e");
	write_line(f, c, "one");
	write_line(f, d, "two");
	s = seen_of(f, (struct feed_source){ .selector = "app", .container = "d" }, NULL);
	await(&s, "web|two", 1);
	await(&s, "odd*has no container \"d\"", 1);
	assert_has_not(&s, "one");
	done(&s);
	fake_free(f);
}

static void
pods_join_and_leave(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *one = fake_pod(f, "one", "u1"), *two;
	struct fake_container *c = fake_container(f, one, "containers", "c"), *d;
	struct feed_health health;
	struct seen s;
	size_t streams;

	(void)state;
	write_line(f, c, "from one");
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "one|from one", 1);
	two = fake_pod(f, "two", "u2");
	d = fake_container(f, two, "containers", "c");
	for (int i = 0; i < 700; i++) /* all of it is wanted: it began under our eyes */
		fake_write_numbered(f, d, i);
	fake_event(f, two, "ADDED");
	await(&s, "two|line 000699", 1);
	assert_numbered(&s, 0, 699);
	log_feed_health(s.feed, &health, &streams);
	assert_int_equal(health.state, FEED_LIVE);
	assert_int_equal(streams, 2);
	write_line(f, c, "last words");
	fake_end(f, c, "terminated", 0);
	fake_event(f, one, "DELETED");
	await(&s, "one*the pod is gone; end of its log", 1);
	assert_has(&s, "one|last words\n");
	done(&s);
	fake_free(f);
}

static void
pod_that_is_no_longer_selected_ends(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	write_line(f, c, "hello");
	s = seen_of(f, (struct feed_source){ .selector = "app=web" }, NULL);
	await(&s, "|hello", 1);
	fake_event(f, pod, "DELETED");
	pthread_mutex_lock(&f->lock);
	pod->exists = true;
	pthread_mutex_unlock(&f->lock);
	await(&s, "*the pod is no longer one of those that are followed", 1);
	done(&s);
	fake_free(f);
}

static void
another_pod_of_the_same_name_is_another_log(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *old = fake_pod(f, "db-0", "u1"), *new;
	struct fake_container *c = fake_container(f, old, "containers", "c");
	struct seen s;

	(void)state;
	fake_write_numbered(f, c, 5);
	s = seen_of(f, (struct feed_source){ .selector = "app=db" }, NULL);
	await(&s, "line 000005", 1);
	fake_end(f, c, "terminated", 1);
	fake_event(f, old, "DELETED");
	new = fake_pod(f, "db-0", "u2");
	c = fake_container(f, new, "containers", "c");
	fake_write_numbered(f, c, 6); /* the same stamp as the other one's */
	fake_event(f, new, "ADDED");
	await(&s, "line 000006", 1);
	assert_numbered(&s, 5, 6);
	done(&s);
	fake_free(f);
}

static void
previous_log_is_read_once(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	fake_container(f, pod, "containers", "fresh");
	for (int i = 0; i < 1000; i++)
		fake_write_numbered(f, c, i);
	fake_restart(f, c, 1);
	write_line(f, c, "now");
	s = seen_of(f, (struct feed_source){ .selector = "app", .previous = true }, NULL);
	await(&s, "web/c*end of the log before the last restart", 1);
	await(&s, "web/fresh*no log from before a restart", 1);
	assert_numbered(&s, 0, 999);
	fake_event(f, pod, "MODIFIED");
	fake_restart(f, c, 1);
	fake_event(f, pod, "MODIFIED");
	assert_has_not(&s, "now");
	assert_int_equal(server_count(f->server, "follow=true"), 0);
	done(&s);
	fake_free(f);
}

static void
workload_is_followed_by_its_selector_once_it_is_there(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct feed_health health;
	struct seen s;
	size_t streams;

	(void)state;
	write_line(f, c, "hello");
	s = seen_of(f, (struct feed_source){ .workload = "deployment/web" }, NULL);
	do {
		struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
		eventfd_t ignored;

		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		eventfd_read(notify_fd, &ignored);
		log_feed_health(s.feed, &health, &streams);
	} while (health.state != FEED_BROKEN && clock_mono_ms() < deadline_ms);
	assert_non_null(strstr(health.problem, "deployment.apps/web"));
	pthread_mutex_lock(&f->lock);
	f->workload = xstrdup(
		"{\"kind\":\"Deployment\",\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}"
		","
		"\"matchExpressions\":[{\"key\":\"tier\",\"operator\":\"In\",\"values\":[\"a\","
		"\"b\"]},{\"key\":\"old\",\"operator\":\"DoesNotExist\"}]}}}");
	pthread_mutex_unlock(&f->lock);
	await(&s, "web|hello", 1);
	assert_int_equal(server_count(f->server, "labelSelector=app%3Dweb%2Ctier%20in%20%28a%2Cb%29"
						 "%2C%21old"),
			 1);
	done(&s);
	fake_free(f);
}

static void
lines_are_redacted_and_any_bytes_survive(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct secrets *secrets = secrets_new();
	struct str huge = STR_INIT;
	struct seen s;

	(void)state;
	secrets_add(secrets, "pw", "hunter2hunter2", 14, NULL);
	write_line(f, c, "says hunter2hunter2");
	fake_write(f, c, "2026-11-21T12:00:00Z", "a\0b\x1b[31mred\xff", 12);
	fake_write(f, c, "", "failed to watch the log file", 28);
	for (int i = 0; i < 300 << 10; i++)
		str_append_char(&huge, 'x');
	fake_write(f, c, "2026-11-21T12:00:01Z", huge.data, huge.len);
	fake_write(f, c, "2026-11-21T12:00:02Z", "after", 5);
	s = seen_of(f, (struct feed_source){ .selector = "app" }, secrets);
	await(&s, "|after", 1);
	assert_has(&s, "|says ‹secret:pw›\n");
	assert_has(&s, "|a^@bred\\xff\n");
	assert_has(&s, "|failed to watch the log file\n");
	assert_has(&s, "xxx … [45077 bytes cut]\n");
	done(&s);
	secrets_free(secrets);
	str_release(&huge);
	fake_free(f);
}

static void
container_that_waits_to_start_is_waited_for(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	f->refusals = 1;
	write_line(f, c, "hello");
	s = seen_of(f, (struct feed_source){ .selector = "app" }, NULL);
	await(&s, "|hello", 1);
	assert_has_not(&s, "broke");
	done(&s);
	fake_free(f);
}

static void
reader_without_a_right_to_pods_goes_on_by_stamps(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	f->forbids_pods = true;
	f->breaks = 5;
	for (int i = 0; i < 400; i++)
		fake_write_numbered(f, c, i);
	s = seen_of(f, (struct feed_source){ .selector = "app" }, NULL);
	await(&s, "line 000399", 1);
	for (int i = 400; i < 900; i++)
		fake_write_numbered(f, c, i);
	await(&s, "line 000899", 1);
	assert_numbered(&s, 0, 899);
	done(&s);
	fake_free(f);
}

static void
log_that_was_rotated_meanwhile_says_that_lines_may_be_missing(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct seen s;

	(void)state;
	write_line(f, c, "one");
	s = seen_of(f, (struct feed_source){ .selector = "app" }, NULL);
	await(&s, "|one", 1);
	pthread_mutex_lock(&f->lock);
	fake_free_run(&c->run);
	f->cuts++;
	pthread_mutex_unlock(&f->lock);
	write_line(f, c, "two");
	await(&s, "*lines may be missing here", 1);
	await(&s, "|two", 1);
	done(&s);
	fake_free(f);
}

struct stalled {
	struct str text;
	pthread_mutex_t lock;
};

static void
take_batch(void *data, uint32_t origin, const struct log_batch *batch)
{
	struct stalled *t = data;

	(void)origin;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < batch->count; i++)
		str_printf(&t->text, "%c%.*s\n", batch->lines[i].marker ? '*' : '|',
			   (int)batch->lines[i].len, batch->text.data + batch->lines[i].offset);
	pthread_mutex_unlock(&t->lock);
	eventfd_write(notify_fd, 1);
}

/* Waits for a text while a keeper would look after the stream. */
static void
await_batch(struct stalled *t, struct log_stream *stream, struct kube_client *client,
	    const char *part)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	bool found = false;

	while (!found && clock_mono_ms() < deadline_ms) {
		struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
		eventfd_t ignored;

		if (poll(&pfd, 1, 100) == 1)
			eventfd_read(notify_fd, &ignored);
		log_stream_watch(stream, client, NULL, 300);
		pthread_mutex_lock(&t->lock);
		found = strstr(str_cstr(&t->text), part) != NULL;
		pthread_mutex_unlock(&t->lock);
	}
	if (!found)
		fail_msg("no \"%s\" in:\n%s", part, str_cstr(&t->text));
}

static void
stream_that_stalls_is_found_out_and_opened_again(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct feed_source source = { .kubeconfig = f->kubeconfig };
	struct kube_client *client = feed_connect(&source, NULL, NULL);
	struct stalled t = { .text = STR_INIT };
	struct log_stream *stream;

	(void)state;
	pthread_mutex_init(&t.lock, NULL);
	c->withheld = 2;
	for (int i = 0; i < 2; i++)
		fake_write_numbered(f, c, i);
	stream = log_stream_new(&(struct log_stream_options){ .source = &source,
							      .ns = "tsb",
							      .pod = "web",
							      .uid = "u1",
							      .container = "c",
							      .tail_lines = 500,
							      .max_line = 1000,
							      .add = take_batch,
							      .data = &t });
	await_batch(&t, stream, client, "|line 000001");
	for (int i = 2; i < 5; i++)
		fake_write_numbered(f, c, i);
	await_batch(&t, stream, client, "*stream had stalled");
	pthread_mutex_lock(&f->lock);
	c->withheld = 0;
	pthread_mutex_unlock(&f->lock);
	await_batch(&t, stream, client, "|line 000004");
	for (int i = 0; i < 5; i++) {
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "|line %06d", i);
		assert_int_equal(count(str_cstr(&t.text), wanted), 1);
	}
	log_stream_free(stream);
	kube_client_free(client);
	str_release(&t.text);
	pthread_mutex_destroy(&t.lock);
	fake_free(f);
}

static void
save_writes_raw_lines_into_a_new_private_file(void **state)
{
	struct fake_logs *f = fake_new();
	struct fake_pod *pod = fake_pod(f, "web", "u1");
	struct fake_container *c = fake_container(f, pod, "containers", "c");
	struct secrets *secrets = secrets_new();
	char *path = xasprintf("%s/saved.log", f->folder);
	struct pattern *pattern = pattern_new("/^err/", NULL);
	struct err e = ERR_INIT;
	struct str text = STR_INIT;
	struct stat st;
	struct seen s;
	uint64_t lines = 0;

	(void)state;
	secrets_add(secrets, "pw", "hunter2hunter2", 14, NULL);
	fake_write(f, c, "2026-11-21T12:00:00.120Z", "err hunter2hunter2 \x1b[1m\xff", 24);
	fake_write(f, c, "2026-11-21T12:00:01Z", "fine", 4);
	fake_write(f, c, "", "no stamp", 8);
	s = seen_of(f, (struct feed_source){ .selector = "app" }, secrets);
	await(&s, "|no stamp", 1);
	assert_int_equal(log_feed_save(s.feed, path, NULL, &lines, &e), 0);
	assert_int_equal(lines, 3);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, 10000, &text, &e), 0);
	assert_string_equal(str_cstr(&text),
			    "web 2026-11-21T12:00:00.120Z err ‹secret:pw› \x1b[1m\xff\n"
			    "web 2026-11-21T12:00:01Z fine\nweb - no stamp\n");
	assert_int_equal(log_feed_save(s.feed, path, NULL, &lines, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "there already"));
	unlink(path);
	assert_int_equal(log_feed_save(s.feed, path, pattern, &lines, &e), 0);
	assert_int_equal(lines, 1);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(log_feed_save(s.feed, path, NULL, &lines, &e), -1);
	done(&s);
	pattern_free(pattern);
	str_release(&text);
	secrets_free(secrets);
	free(path);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_opening_shows_the_recent_past_and_says_what_it_does_not),
		cmocka_unit_test(hundred_disconnects_lose_and_repeat_nothing),
		cmocka_unit_test(restart_reads_the_rest_of_the_run_before),
		cmocka_unit_test(restart_between_two_requests_is_noticed),
		cmocka_unit_test(end_of_a_container_is_said_and_its_restart_followed),
		cmocka_unit_test(all_kinds_of_containers_are_read),
		cmocka_unit_test(sole_container_that_is_wanted_goes_by_the_pod),
		cmocka_unit_test(pods_join_and_leave),
		cmocka_unit_test(pod_that_is_no_longer_selected_ends),
		cmocka_unit_test(another_pod_of_the_same_name_is_another_log),
		cmocka_unit_test(previous_log_is_read_once),
		cmocka_unit_test(workload_is_followed_by_its_selector_once_it_is_there),
		cmocka_unit_test(lines_are_redacted_and_any_bytes_survive),
		cmocka_unit_test(container_that_waits_to_start_is_waited_for),
		cmocka_unit_test(reader_without_a_right_to_pods_goes_on_by_stamps),
		cmocka_unit_test(log_that_was_rotated_meanwhile_says_that_lines_may_be_missing),
		cmocka_unit_test(stream_that_stalls_is_found_out_and_opened_again),
		cmocka_unit_test(save_writes_raw_lines_into_a_new_private_file),
	};

	notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return cmocka_run_group_tests_name("log_feed", tests, NULL, NULL);
}
