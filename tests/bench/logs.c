/*
 * Measures a log feed: reads the logs of the pods of a namespace until each has brought its last line, as a
 * pane would (the newest lines, thirty times a second), or with "check" every line, and looks that none is
 * lost and none comes twice.
 *
 * usage: logs KUBECONFIG NAMESPACE PODS LINES BYTES [check]
 *
 * LINES: of each pod; their texts are "line NUMBER …". BYTES: of the ring. One line of JSON.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/xalloc.h"
#include "feed/logs.h"

enum { PATIENCE_MS = 180000, FRAME_MS = 33, PANE_LINES = 50 };

struct tally {
	uint64_t *next; /* the line expected of each pod */
	size_t pods;
	uint64_t at; /* number in the ring of the line expected next */
	uint64_t seen, missed, lost, repeated, reopened;
};

/* Lines of the ring that belong to the log, counted by their own numbers. */
static void
note_line(void *data, const struct log_line *line)
{
	struct tally *t = data;
	const char *dash = strrchr(line->origin, '-');
	size_t pod = dash ? strtoul(dash + 1, NULL, 10) : 0;
	unsigned long long number;

	t->missed += line->number - t->at;
	t->at = line->number + 1;
	if (line->marker) {
		t->reopened += strstr(line->text, "reopened") != NULL;
		return;
	}
	if (pod >= t->pods || sscanf(line->text, "line %llu ", &number) != 1)
		return;
	t->seen++;
	if (number > t->next[pod])
		t->lost += number - t->next[pod];
	if (number < t->next[pod])
		t->repeated++;
	else
		t->next[pod] = number + 1;
}

static double
cpu_ms(const struct rusage *use)
{
	return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e3 +
	       (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1e3;
}

static bool
all_ended(const struct tally *t, uint64_t lines)
{
	for (size_t i = 0; i < t->pods; i++)
		if (t->next[i] < lines)
			return false;
	return true;
}

static void
wait_for(int fd)
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	eventfd_t ignored;

	if (poll(&waits, 1, FRAME_MS) > 0)
		eventfd_read(fd, &ignored);
	poll(NULL, 0, 1);
}

/* One look: everything since the last one, or what fits into a pane. */
static void
look(struct log_feed *feed, struct tally *t, bool check)
{
	uint64_t first, next;

	log_feed_range(feed, &first, &next);
	if (!check)
		t->at = next > PANE_LINES ? next - PANE_LINES : 0;
	log_feed_read(feed, t->at, next, note_line, t);
}

int
main(int argc, char **argv)
{
	int64_t started_ms = clock_mono_ms(), deadline_ms = started_ms + PATIENCE_MS;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct tally tally = { 0 };
	uint64_t looks = 0;
	int64_t slowest_ms = 0;
	struct rusage use;

	if (argc < 6 || fd < 0) {
		fprintf(stderr, "usage: logs KUBECONFIG NAMESPACE PODS LINES BYTES [check]\n");
		return 2;
	}
	bool check = argc > 6;
	uint64_t lines = strtoull(argv[4], NULL, 10);
	tally.pods = strtoul(argv[3], NULL, 10);
	tally.next = xcalloc(tally.pods, sizeof(*tally.next));
	struct secrets *secrets = secrets_new();
	struct log_feed *feed = log_feed_new(
		&(struct feed_source){
			.kubeconfig = argv[1], .ns = argv[2], .selector = "app=bench" },
		secrets, strtoul(argv[5], NULL, 10), LOG_FEED_DEFAULT_LINES, fd);

	while (!all_ended(&tally, lines) && clock_mono_ms() < deadline_ms) {
		int64_t before_ms;

		wait_for(fd);
		before_ms = clock_mono_ms();
		look(feed, &tally, check);
		if (clock_mono_ms() - before_ms > slowest_ms)
			slowest_ms = clock_mono_ms() - before_ms;
		looks++;
	}
	getrusage(RUSAGE_SELF, &use);
	printf("{\"complete\":%s,\"ms\":%lld,\"cpu_ms\":%.0f,\"rss_kb\":%ld,\"looks\":%llu,"
	       "\"slowest_look_ms\":%lld",
	       all_ended(&tally, lines) ? "true" : "false",
	       (long long)(clock_mono_ms() - started_ms), cpu_ms(&use), use.ru_maxrss,
	       (unsigned long long)looks, (long long)slowest_ms);
	if (check)
		printf(",\"seen\":%llu,\"lost\":%llu,\"repeated\":%llu,\"reopened\":%llu,"
		       "\"left_the_ring\":%llu",
		       (unsigned long long)tally.seen, (unsigned long long)tally.lost,
		       (unsigned long long)tally.repeated, (unsigned long long)tally.reopened,
		       (unsigned long long)tally.missed);
	printf("}\n");
	log_feed_free(feed);
	secrets_free(secrets);
	free(tally.next);
	close(fd);
	return 0;
}
