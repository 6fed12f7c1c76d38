#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "world/part/part_site_internal.h"

enum {
	KINDS_MAX =
		512, /* different requests that are counted one by one; the others only all together */
	LOG_MAX = 4 << 20,
};

struct call_kind {
	char *method, *path;
	uint64_t count;
};

struct site_calls {
	pthread_mutex_t lock;
	int log_fd; /* or -1 */
	size_t logged;
	uint64_t total;
	struct call_kind *kinds;
	size_t count, cap;
};

struct site_calls *
site_calls_new(const char *log)
{
	struct site_calls *calls = xcalloc(1, sizeof(*calls));

	pthread_mutex_init(&calls->lock, NULL);
	calls->log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	return calls;
}

void
site_calls_free(struct site_calls *calls)
{
	if (!calls)
		return;
	if (calls->log_fd >= 0)
		close(calls->log_fd);
	for (size_t i = 0; i < calls->count; i++) {
		free(calls->kinds[i].method);
		free(calls->kinds[i].path);
	}
	free(calls->kinds);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}

static void
count_one(struct site_calls *calls, const char *method, const char *path)
{
	calls->total++;
	for (size_t i = 0; i < calls->count; i++) {
		struct call_kind *kind = &calls->kinds[i];

		if (str_equal(kind->method, method) && str_equal(kind->path, path)) {
			kind->count++;
			return;
		}
	}
	if (calls->count < KINDS_MAX)
		*VEC_PUSH(calls->kinds, calls->count, calls->cap) =
			(struct call_kind){ xstrdup(method), xstrdup(path), 1 };
}

static void
log_one(struct site_calls *calls, const char *from, const char *method, const char *path,
	unsigned status)
{
	char stamp[CLOCK_STAMP_MAX];
	char *clean = text_clean(path, 0);
	char *line = xasprintf("%s %s \"%s %s\" %u\n", clock_format_utc(clock_wall_ms(), stamp),
			       from, method, clean, status);
	size_t len = strlen(line);

	if (calls->log_fd >= 0 && calls->logged + len <= LOG_MAX &&
	    write(calls->log_fd, line, len) > 0)
		calls->logged += len;
	free(line);
	free(clean);
}

void
site_calls_add(struct site_calls *calls, const char *from, const char *method, const char *path,
	       unsigned status)
{
	pthread_mutex_lock(&calls->lock);
	count_one(calls, method, path);
	log_one(calls, from, method, path, status);
	pthread_mutex_unlock(&calls->lock);
}

uint64_t
site_calls_count(struct site_calls *calls, const char *method, const char *path)
{
	uint64_t count = 0;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = 0; i < calls->count; i++) {
		const struct call_kind *kind = &calls->kinds[i];

		if ((!method || str_equal(kind->method, method)) &&
		    (!path || site_path_fits(path, kind->path)))
			count += kind->count;
	}
	if (!method && !path)
		count = calls->total;
	pthread_mutex_unlock(&calls->lock);
	return count;
}
