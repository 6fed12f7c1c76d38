#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/report_model.h"

enum {
	ENDS_MAX_BYTES = 4 << 10, /* read of each end */
	ENDS_MAX_LINES = 10,
};

/*
 * Opens "out/000012" of the run's folder. The name comes from the journal, and the folder may have come from
 * anywhere: nothing outside of it is followed.
 */
static int
open_output(const char *folder, const char *file)
{
	const char *name = str_starts_with(file, "out/") ? file + strlen("out/") : "";
	int run = -1, out = -1, fd = -1;

	if (!*name || name[strspn(name, "0123456789")] != '\0')
		return -1;
	run = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run >= 0)
		out = openat(run, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out >= 0)
		fd = openat(out, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (run >= 0)
		close(run);
	if (out >= 0)
		close(out);
	return fd;
}

static void
read_at(int fd, off_t offset, size_t len_bytes, struct str *out)
{
	ssize_t got = pread(fd, str_reserve(out, len_bytes), len_bytes, offset);

	out->len += got > 0 ? (size_t)got : 0;
	str_append(out, "");
}

/* How many bytes the first lines take. */
static size_t
head_len(const char *text, size_t len)
{
	size_t at = 0;

	for (int lines = 0; lines < ENDS_MAX_LINES && at < len; lines++) {
		const char *end = memchr(text + at, '\n', len - at);

		at = end ? (size_t)(end - text) + 1 : len;
	}
	return at;
}

/* Where the last lines begin, but not before `from`. */
static size_t
tail_start(const char *text, size_t from, size_t len)
{
	size_t at = len;

	for (int lines = 0; lines < ENDS_MAX_LINES && at > from; lines++) {
		const char *before =
			at > from + 1 ? memrchr(text + from, '\n', at - from - 1) : NULL;

		at = before ? (size_t)(before - text) + 1 : from;
	}
	return at;
}

/* Both ends of what is small are in one piece of it. */
static void
split_whole(struct str *whole, struct report_excerpt *excerpt)
{
	size_t head = head_len(whole->data, whole->len);
	size_t tail = tail_start(whole->data, head, whole->len);

	if (tail == head)
		head = whole->len;
	else
		str_append_bytes(&excerpt->last, whole->data + tail, whole->len - tail);
	str_append_bytes(&excerpt->first, whole->data, head);
}

static void
read_ends(int fd, off_t size, struct report_excerpt *excerpt)
{
	struct str head = STR_INIT, tail = STR_INIT;

	read_at(fd, 0, ENDS_MAX_BYTES, &head);
	read_at(fd, size - ENDS_MAX_BYTES, ENDS_MAX_BYTES, &tail);
	str_append_bytes(&excerpt->first, head.data, head_len(head.data, head.len));
	size_t start = tail_start(tail.data, 0, tail.len);
	str_append_bytes(&excerpt->last, tail.data + start, tail.len - start);
	str_release(&head);
	str_release(&tail);
}

bool
report_excerpt_read(const struct report *report, const char *file,
		    struct report_excerpt *ret_excerpt)
{
	struct report_excerpt excerpt = { .first = STR_INIT, .last = STR_INIT };
	int fd = file ? open_output(report->source->folder, file) : -1;
	struct str whole = STR_INIT;
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	excerpt.bytes = st.st_size;
	if (st.st_size <= 2 * ENDS_MAX_BYTES) {
		read_at(fd, 0, (size_t)st.st_size, &whole);
		split_whole(&whole, &excerpt);
	} else {
		read_ends(fd, st.st_size, &excerpt);
	}
	close(fd);
	str_release(&whole);
	*ret_excerpt = excerpt;
	return true;
}

void
report_excerpt_release(struct report_excerpt *excerpt)
{
	str_release(&excerpt->first);
	str_release(&excerpt->last);
}
