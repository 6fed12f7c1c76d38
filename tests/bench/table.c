/*
 * Measures a table feed: until every row of a namespace's pods is there and formatted, as the screen would
 * show it, and what following them costs then.
 *
 * usage: table KUBECONFIG NAMESPACE ROWS [SECONDS | rows]
 *
 * One line of JSON: milliseconds until all rows were formatted, until the exact list was in, processor time and
 * peak memory by then; with SECONDS, what the feed used of a processor while it followed for so long. With "rows"
 * it ends as soon as all rows were formatted, to be timed from outside.
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
#include "feed/table.h"
#include "feed/table_view.h"

enum { PATIENCE_MS = 120000 };

static double
cpu_ms(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

/* Of this program alone: getrusage(2) counts what the process was before its exec too. */
static long
peak_kb(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kb = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

/* All cells of all rows, as a pane would paint them were it tall enough. Returns the bytes. */
static size_t
format_all(struct table_view *view, struct table_snapshot *snapshot)
{
	struct str text = STR_INIT;
	int64_t now_ms = clock_wall_ms();
	size_t bytes = 0;

	table_view_update(view, &snapshot, 1, &(struct table_view_options){ 0 });
	for (size_t i = 0; i < table_view_count(view); i++) {
		str_clear(&text); /* a pane paints row by row, too */
		for (size_t column = 0; column < snapshot->columns_count; column++)
			table_cell(snapshot, table_view_at(view, i).row, column, now_ms, &text);
		bytes += text.len;
	}
	str_release(&text);
	return bytes;
}

static void
wait_for(int fd)
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	eventfd_t ignored;

	if (poll(&waits, 1, 1000) > 0)
		eventfd_read(fd, &ignored);
}

static void
give_up(struct table_feed *feed, const char *what)
{
	struct feed_health health;

	table_feed_health(feed, &health);
	fprintf(stderr, "table: %s did not come: %s\n", what, health.problem);
	exit(1);
}

/* Waits until the snapshot holds all rows (of an exact list, where wanted). The caller releases it. */
static struct table_snapshot *
wait_rows(struct table_feed *feed, int fd, size_t rows, bool exact)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (clock_mono_ms() < deadline_ms) {
		struct table_snapshot *snapshot = table_feed_snapshot(feed);

		if (snapshot->complete && snapshot->count >= rows && (!exact || snapshot->exact))
			return snapshot;
		table_snapshot_release(snapshot);
		wait_for(fd);
	}
	give_up(feed, exact ? "the exact list" : "all rows");
	return NULL;
}

int
main(int argc, char **argv)
{
	int64_t started_ms = clock_mono_ms(), all_ms, exact_ms;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (argc < 4 || fd < 0) {
		fprintf(stderr, "usage: table KUBECONFIG NAMESPACE ROWS [SECONDS | rows]\n");
		return 2;
	}
	size_t rows = strtoul(argv[3], NULL, 10);
	struct secrets *secrets = secrets_new();
	struct table_view *view = table_view_new();
	struct table_feed *feed = table_feed_new(
		&(struct feed_source){ .kubeconfig = argv[1], .ns = argv[2] }, secrets, fd);

	struct table_snapshot *snapshot = wait_rows(feed, fd, rows, false);
	size_t bytes = format_all(view, snapshot);
	all_ms = clock_mono_ms() - started_ms;
	double all_cpu_ms = cpu_ms();
	long all_kb = peak_kb();
	table_snapshot_release(snapshot);
	if (argc > 4 && strcmp(argv[4], "rows") == 0) {
		printf("{\"all_ms\":%lld,\"all_cpu_ms\":%.0f,\"all_kb\":%ld}\n", (long long)all_ms,
		       all_cpu_ms, all_kb);
		fflush(stdout);
		_exit(bytes == 0); /* what is under way is not waited for */
	}

	snapshot = wait_rows(feed, fd, rows, true);
	exact_ms = clock_mono_ms() - started_ms;
	printf("{\"rows\":%zu,\"bytes\":%zu,\"all_ms\":%lld,\"all_cpu_ms\":%.0f,\"all_kb\":%ld,"
	       "\"exact_ms\":%lld,\"exact_cpu_ms\":%.0f,\"exact_kb\":%ld",
	       snapshot->count, bytes, (long long)all_ms, all_cpu_ms, all_kb, (long long)exact_ms,
	       cpu_ms(), peak_kb());
	table_snapshot_release(snapshot);
	if (argc > 4) {
		int64_t until_ms = clock_mono_ms() + strtol(argv[4], NULL, 10) * 1000;
		int64_t from_ms = clock_mono_ms();
		double before_ms = cpu_ms();
		uint64_t generation = 0;

		while (clock_mono_ms() < until_ms) {
			wait_for(fd);
			snapshot = table_feed_snapshot(feed);
			generation = snapshot->generation;
			table_snapshot_release(snapshot);
		}
		printf(",\"follow_percent\":%.2f,\"generation\":%llu,\"follow_kb\":%ld",
		       (cpu_ms() - before_ms) * 100 / (double)(clock_mono_ms() - from_ms),
		       (unsigned long long)generation, peak_kb());
	}
	printf("}\n");
	table_feed_free(feed);
	table_view_free(view);
	secrets_free(secrets);
	close(fd);
	return 0;
}
