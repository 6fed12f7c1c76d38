#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

/*
 * A program on a pseudo terminal of its own, read by a terminal emulator, and a clock.
 *
 * screen first COUNT TEXT ROWSxCOLUMNS PROGRAM [WORD]…  from fork() until the screen shows TEXT, COUNT times
 * screen keys COUNT TEXT ROWSxCOLUMNS PROGRAM [WORD]…   once TEXT is shown: j and k in turn, each from write() until
 *                                                       the title of the step pane names the other step
 * screen frames SECONDS TEXT ROWSxCOLUMNS PROGRAM …     once TEXT is shown: how often the program paints
 *
 * Prints one JSON object: microseconds, and what the program used.
 */

enum {
	PATIENCE_MS = 20000,
	GAP_US = 3000,	     /* bytes that come so much later belong to another frame */
	PAUSE_US = 20000,    /* between keys, as a fast typist has them */
	SETTLE_US = 1500000, /* what follows the first frame is not measured with the keys */
};

struct terminal {
	pid_t pid;
	int master, rows, columns;
	VTerm *vterm;
	VTermScreen *screen;
};

static void
fail(const char *what)
{
	fprintf(stderr, "screen: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void
start(struct terminal *t, char **argv)
{
	struct winsize size = { .ws_row = (unsigned short)t->rows,
				.ws_col = (unsigned short)t->columns };

	t->vterm = vterm_new(t->rows, t->columns);
	vterm_set_utf8(t->vterm, 1);
	t->screen = vterm_obtain_screen(t->vterm);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
	t->pid = forkpty(&t->master, NULL, NULL, &size);
	if (t->pid < 0)
		fail("forkpty");
	if (t->pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
}

/* Takes what the program writes within the time; false: nothing came, or it has ended. */
static bool
take(struct terminal *t, int timeout_ms)
{
	struct pollfd pfd = { t->master, POLLIN, 0 };
	char bytes[65536];

	if (poll(&pfd, 1, timeout_ms) <= 0)
		return false;
	ssize_t got = read(t->master, bytes, sizeof(bytes));
	if (got <= 0)
		return false;
	vterm_input_write(t->vterm, bytes, (size_t)got);
	return true;
}

static bool
shows(const struct terminal *t, const char *text)
{
	char row[4096];

	for (int y = 0; y < t->rows; y++) {
		VTermRect rect = { y, y + 1, 0, t->columns };
		size_t len = vterm_screen_get_text(t->screen, row, sizeof(row) - 1, rect);

		row[len] = '\0';
		if (strstr(row, text))
			return true;
	}
	return false;
}

static void
await(struct terminal *t, const char *text)
{
	int64_t deadline_us = now_us() + PATIENCE_MS * INT64_C(1000);

	while (!shows(t, text)) {
		errno = 0;
		if (!take(t, PATIENCE_MS) || now_us() > deadline_us) {
			fprintf(stderr, "screen: \"%s\" was never shown\n", text);
			kill(t->pid, SIGKILL);
			exit(1);
		}
	}
}

/* Ends the program, and returns the CPU time that it used. */
static int64_t
stop(struct terminal *t)
{
	struct rusage usage;
	int status;

	kill(t->pid, SIGTERM);
	while (take(t, 2000))
		;
	kill(t->pid, SIGKILL);
	if (wait4(t->pid, &status, 0, &usage) != t->pid)
		fail("wait4");
	close(t->master);
	vterm_free(t->vterm);
	return usage.ru_utime.tv_sec * INT64_C(1000000) + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_sec * INT64_C(1000000) + usage.ru_stime.tv_usec;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
print_times(int64_t *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	printf("{\"count\": %zu, \"least_us\": %lld, \"median_us\": %lld, \"p99_us\": %lld, "
	       "\"most_us\": %lld}\n",
	       count, (long long)times[0], (long long)times[count / 2],
	       (long long)times[(count - 1) * 99 / 100], (long long)times[count - 1]);
}

static void
measure_first(struct terminal *t, int count, const char *text, char **argv)
{
	int64_t *times = calloc((size_t)count, sizeof(*times));

	if (!times)
		fail("calloc");
	for (int i = 0; i < count; i++) {
		int64_t began_us = now_us();

		start(t, argv);
		await(t, text);
		times[i] = now_us() - began_us;
		stop(t);
	}
	print_times(times, (size_t)count);
	free(times);
}

/* Lets the program paint for so long. */
static void
idle(struct terminal *t, int64_t duration_us)
{
	int64_t deadline_us = now_us() + duration_us, left_us;

	while ((left_us = deadline_us - now_us()) > 0)
		take(t, (int)(left_us / 1000) + 1);
}

/* A page that opens by itself, of targets that do not answer as a cluster does, would hide what is measured. */
static void
settle(struct terminal *t)
{
	idle(t, SETTLE_US);
	if (write(t->master, "\033", 1) != 1)
		fail("write");
	idle(t, SETTLE_US);
}

static void
measure_keys(struct terminal *t, int count, const char *text, char **argv)
{
	int64_t *times = calloc((size_t)count, sizeof(*times));

	if (!times)
		fail("calloc");
	start(t, argv);
	await(t, text);
	settle(t);
	for (int i = 0; i < count; i++) {
		int64_t began_us = now_us();

		if (write(t->master, i % 2 ? "k" : "j", 1) != 1)
			fail("write");
		await(t, i % 2 ? "Step 1:" : "Step 2:");
		times[i] = now_us() - began_us;
		idle(t, PAUSE_US + i % 7 * 1000); /* not in step with the frames */
	}
	stop(t);
	print_times(times, (size_t)count);
	free(times);
}

static void
measure_frames(struct terminal *t, int seconds, const char *text, char **argv)
{
	int64_t last_us = 0, deadline_us;
	int frames = 0;

	start(t, argv);
	await(t, text);
	settle(t);
	deadline_us = now_us() + seconds * INT64_C(1000000);
	while (now_us() < deadline_us) {
		if (!take(t, 100))
			continue;
		frames += now_us() - last_us > GAP_US;
		last_us = now_us();
	}
	printf("{\"frames_per_second\": %.1f, \"cpu_us\": %lld}\n", (double)frames / seconds,
	       (long long)stop(t));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*measure)(struct terminal *t, int count, const char *text, char **argv);
	} modes[] = { { "first", measure_first },
		      { "keys", measure_keys },
		      { "frames", measure_frames } };
	struct terminal t = { 0 };

	if (argc < 6 || sscanf(argv[4], "%dx%d", &t.rows, &t.columns) != 2)
		fail("usage: screen first|keys|frames COUNT TEXT ROWSxCOLUMNS PROGRAM [WORD]...");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			modes[i].measure(&t, atoi(argv[2]), argv[3], argv + 5);
	return 0;
}
