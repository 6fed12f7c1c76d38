#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "feed/logs_private.h"

enum {
	PIECE_LINES = 256, /* under one hold of the lock: streams wait for it */
	WRITE_BYTES = 256 << 10,
};

/* A file in the making. */
struct saving {
	struct log_feed *feed;
	const struct pattern *pattern;
	int fd;
	struct str out;	  /* not yet written */
	struct str raw;	  /* of one piece, copied out of the ring */
	struct str clean; /* as the pattern sees a line */
	uint64_t lines, lost;
};

/* A line of a piece: its beginning ("ORIGIN STAMP ") and its text in raw. */
struct piece_line {
	size_t offset, text, end;
	bool marker;
};

/* Under the lock. */
static struct piece_line
copy_line(struct saving *s, const struct log_record *record)
{
	struct piece_line line = { .offset = s->raw.len, .marker = record->marker };
	char stamp[LOG_STAMP_MAX];

	str_append(&s->raw, log_ring_origin_name(s->feed->ring, record->origin));
	str_append_char(&s->raw, ' ');
	str_append(&s->raw, log_stamp_unpack(record->stamp, stamp));
	str_append(&s->raw, record->stamp.digits == LOG_STAMP_NONE ? "- " : " ");
	line.text = s->raw.len;
	str_append_bytes(&s->raw, record->text, record->len);
	line.end = s->raw.len;
	return line;
}

/* Copies up to PIECE_LINES lines from *number on, which moves on; lines that have gone are counted. */
static size_t
copy_piece(struct saving *s, uint64_t *number, uint64_t next, struct piece_line *lines)
{
	struct log_feed *feed = s->feed;
	struct log_record record;
	uint64_t first, newest;
	size_t count = 0;

	str_clear(&s->raw);
	pthread_mutex_lock(&feed->lock);
	log_ring_range(feed->ring, &first, &newest);
	if (*number < first) {
		uint64_t kept = first < next ? first : next;

		s->lost += kept - *number;
		*number = kept;
	}
	while (count < PIECE_LINES && *number < next && s->raw.len < WRITE_BYTES &&
	       log_ring_get(feed->ring, *number, &record)) {
		lines[count++] = copy_line(s, &record);
		++*number;
	}
	pthread_mutex_unlock(&feed->lock);
	return count;
}

/* A pattern is held against what the screen shows; a remark of ours is part of any log. */
static bool
is_wanted(struct saving *s, const struct piece_line *line)
{
	if (!s->pattern || line->marker)
		return true;
	str_clear(&s->clean);
	text_sanitise(s->raw.data + line->text, line->end - line->text, TEXT_DROP_SGR, &s->clean);
	return pattern_matches(s->pattern, str_cstr(&s->clean), s->clean.len);
}

static int
write_out(struct saving *s, struct err *e)
{
	int rc = s->out.len ? file_write_all(s->fd, s->out.data, s->out.len, e) : 0;

	str_clear(&s->out);
	return rc;
}

static int
write_lines(struct saving *s, uint64_t first, uint64_t next, struct err *e)
{
	struct piece_line lines[PIECE_LINES];
	uint64_t number = first;

	while (number < next) {
		size_t count = copy_piece(s, &number, next, lines);

		for (size_t i = 0; i < count; i++) {
			if (!is_wanted(s, &lines[i]))
				continue;
			str_append_bytes(&s->out, s->raw.data + lines[i].offset,
					 lines[i].end - lines[i].offset);
			str_append_char(&s->out, '\n');
			s->lines++;
		}
		if (s->out.len >= WRITE_BYTES && write_out(s, e) < 0)
			return -1;
	}
	if (s->lost)
		str_printf(&s->out,
			   "[%" PRIu64 " lines left the buffer while this file was written]\n",
			   s->lost);
	return write_out(s, e);
}

/* Makes the file and its name durable. */
static int
make_durable(int fd, const char *path, struct err *e)
{
	char *folder;
	int rc;

	if (fsync(fd) < 0)
		return err_errno(e, ERR_IO, "fsync");
	folder = file_folder(path);
	rc = file_sync_folder(folder, e);
	free(folder);
	return rc;
}

static int
open_new(const char *path, struct err *e)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST) {
		err_set(e, ERR_IO, "saving the log to %s: the file is there already", path);
		err_advise(e, "Choose another name");
	} else if (fd < 0) {
		err_errno(e, ERR_IO, "saving the log to %s", path);
	}
	return fd;
}

int
log_feed_save(struct log_feed *feed, const char *path, const struct pattern *pattern,
	      uint64_t *ret_lines, struct err *e)
{
	struct saving s = { .feed = feed, .pattern = pattern };
	uint64_t first, next;
	int rc = -1;

	s.fd = open_new(path, e);
	if (s.fd < 0)
		return -1;
	pthread_mutex_lock(&feed->lock);
	log_ring_range(feed->ring, &first, &next);
	pthread_mutex_unlock(&feed->lock);
	if (write_lines(&s, first, next, e) < 0 || make_durable(s.fd, path, e) < 0) {
		err_wrap(e, "saving the log to %s", path);
		unlink(path); /* half a log would look like a whole one */
		goto out;
	}
	*ret_lines = s.lines;
	rc = 0;
out:
	close(s.fd);
	str_release(&s.out);
	str_release(&s.raw);
	str_release(&s.clean);
	return rc;
}
