#include "config.h"

#include "run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"

enum {
	JOURNAL_RESERVE_BYTES = 64 << 10, /* room for an outcome on a disk that has become full */
};

struct journal {
	int fd;
	char *path;
	char *run_id;
	int64_t next_seq;
	char head[DIGEST_HEX_MAX];
	struct err broken; /* the first failure to write; ERR_NONE before */
};

static char *
journal_path(const char *folder)
{
	return xasprintf("%s/journal.jsonl", folder);
}

/* A whole-file lock that belongs to the open file, not to the process: threads and forks cannot lose it. */
static int
take_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

static struct journal *
journal_alloc(int fd, const char *path, const char *run_id)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->fd = fd;
	journal->path = xstrdup(path);
	journal->run_id = xstrdup(run_id);
	return journal;
}

int
journal_create(const char *folder, const char *run_id, struct journal **ret_journal, struct err *e)
{
	char *path = journal_path(folder);
	char *parent = file_folder(folder);
	int fd = -1, rc = -1;

	if (file_make_folders(folder, 0700, e) < 0)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || take_lock(fd) < 0) {
		err_errno(e, ERR_IO, "creating the journal %s", path);
		goto out;
	}
	/* not every file system can reserve; the journal is then only without its reserve */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, JOURNAL_RESERVE_BYTES) < 0 && errno == ENOSPC) {
		err_errno(e, ERR_IO, "reserving room for the journal %s", path);
		goto out;
	}
	if (file_sync_folder(folder, e) < 0 || file_sync_folder(parent, e) < 0)
		goto out;
	*ret_journal = journal_alloc(fd, path, run_id);
	fd = -1;
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(path);
	free(parent);
	return rc;
}

void
journal_close(struct journal *journal)
{
	if (!journal)
		return;
	close(journal->fd);
	free(journal->path);
	free(journal->run_id);
	free(journal);
}

const char *
journal_run_id(const struct journal *journal)
{
	return journal->run_id;
}

/* One write(2) for one record: a reader never sees two halves of a line in two orders. */
static int
write_line(struct journal *journal, const struct str *line, bool durable, struct err *e)
{
	ssize_t done = write(journal->fd, line->data, line->len);

	if (done < 0)
		return err_errno(e, ERR_IO, "writing the journal %s", journal->path);
	if ((size_t)done != line->len)
		return err_set(e, ERR_IO,
			       "writing the journal %s: only %zd of %zu bytes were written",
			       journal->path, done, line->len);
	if (durable && fdatasync(journal->fd) < 0)
		return err_errno(e, ERR_IO, "making the journal %s durable", journal->path);
	return 0;
}

int
journal_append(struct journal *journal, enum record_type type, cJSON *data, bool durable,
	       struct record **ret_record, struct err *e)
{
	struct str line = STR_INIT;

	if (journal->broken.kind != ERR_NONE) {
		cJSON_Delete(data);
		*e = journal->broken;
		return -1;
	}
	struct record *record = record_new(journal->next_seq, clock_wall_ms(), journal->run_id,
					   type, data, journal->next_seq ? journal->head : NULL);
	record_format(record, &line);
	int rc = write_line(journal, &line, durable, &journal->broken);
	str_release(&line);
	if (rc < 0) {
		record_free(record);
		*e = journal->broken;
		return -1;
	}
	journal->next_seq++;
	memcpy(journal->head, record->hash, sizeof(journal->head));
	*ret_record = record;
	return 0;
}

/* What reading a journal has come to. */
struct reading {
	int64_t next_seq;
	char head[DIGEST_HEX_MAX];
	char *run_id;
	size_t good_bytes; /* up to the end of the last whole record */
	char *holder;	   /* "pid 4711 on db1" of the last process that wrote */
};

static void
note_holder(struct reading *reading, const struct record *record)
{
	if (record->type != RECORD_RUN && record->type != RECORD_RESUMED)
		return;
	free(reading->holder);
	reading->holder = xasprintf("pid %lld on %s", (long long)json_int(record->data, "pid", 0),
				    json_string(record->data, "host", "?"));
}

static int
check_chain(const struct reading *reading, const struct record *record, struct err *e)
{
	if (record->seq != reading->next_seq)
		return err_set(e, ERR_SPEC, "its number is %lld", (long long)record->seq);
	if (reading->run_id && !str_equal(reading->run_id, record->run_id))
		return err_set(e, ERR_SPEC, "it belongs to the run %s", record->run_id);
	if (record->seq > 0 && memcmp(record->prev, reading->head, sizeof(record->prev)) != 0)
		return err_set(e, ERR_SPEC, "its prev is not the hash of the record before it");
	if (record->seq == 0 && strspn(record->prev, "0") != DIGEST_HEX_MAX - 1)
		return err_set(e, ERR_SPEC, "it is the first, and its prev is not zero");
	return 0;
}

static int
read_line(struct reading *reading, const char *line, size_t len_bytes,
	  int (*each)(void *data, struct record *record, struct err *e), void *data, struct err *e)
{
	struct record *record = NULL;
	int rc = -1;

	if (record_parse(line, len_bytes, &record, e) < 0 || check_chain(reading, record, e) < 0 ||
	    (each && each(data, record, e) < 0)) {
		err_wrap(e, "the journal is damaged at record %lld", (long long)reading->next_seq);
		goto out;
	}
	if (!reading->run_id)
		reading->run_id = xstrdup(record->run_id);
	note_holder(reading, record);
	memcpy(reading->head, record->hash, sizeof(reading->head));
	reading->next_seq++;
	reading->good_bytes += len_bytes + 1;
	rc = 0;
out:
	record_free(record);
	return rc;
}

/* Reads all whole lines; an unfinished last one is left to the caller (text->len > good_bytes). */
static int
read_lines(const char *path, struct str *text, struct reading *reading,
	   int (*each)(void *data, struct record *record, struct err *e), void *data, struct err *e)
{
	if (file_read(path, JOURNAL_MAX_BYTES, text, e) < 0)
		return -1;
	while (reading->good_bytes < text->len) {
		const char *line = text->data + reading->good_bytes;
		const char *end = memchr(line, '\n', text->len - reading->good_bytes);

		if (!end)
			return 0;
		if (read_line(reading, line, (size_t)(end - line), each, data, e) < 0)
			return err_wrap(e, "reading %s", path);
	}
	return 0;
}

/* Keeps the bytes of an unfinished line beside the journal, then cuts them off. */
static int
put_torn_aside(const char *folder, int fd, const struct str *text, size_t offset, struct err *e)
{
	char *path = xasprintf("%s/torn-%zu", folder, offset);
	int rc = file_write_atomic(path, text->data + offset, text->len - offset, 0600, e);

	if (rc == 0 && (ftruncate(fd, (off_t)offset) < 0 || fsync(fd) < 0))
		rc = err_errno(e, ERR_IO, "cutting the unfinished record off the journal in %s",
			       folder);
	free(path);
	return rc;
}

int
journal_read(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
	     void *data, struct err *e)
{
	char *path = journal_path(folder);
	struct str text = STR_INIT;
	struct reading reading = { 0 };
	int rc = read_lines(path, &text, &reading, each, data, e);

	if (rc == 0 && reading.next_seq == 0)
		rc = err_set(e, ERR_SPEC, "reading %s: it holds no record", path);
	free(reading.run_id);
	free(reading.holder);
	str_release(&text);
	free(path);
	return rc;
}

int
journal_open(const char *folder, int (*each)(void *data, struct record *record, struct err *e),
	     void *data, struct journal **ret_journal, struct err *e)
{
	char *path = journal_path(folder);
	struct str text = STR_INIT;
	struct reading reading = { 0 };
	int rc = -1;
	int fd = open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening the journal %s",
			  path);
		goto out;
	}
	bool locked = take_lock(fd) == 0;
	/* a journal that another process holds is read all the same, only to say who that is */
	if (read_lines(path, &text, &reading, locked ? each : NULL, data, e) < 0)
		goto out;
	if (!locked) {
		err_set(e, ERR_LOCKED, "the run in %s is held by %s: use that one, or end it first",
			folder, reading.holder ? reading.holder : "another process");
		goto out;
	}
	if (reading.next_seq == 0) {
		err_set(e, ERR_SPEC, "opening the journal %s: it holds no record", path);
		goto out;
	}
	if (text.len > reading.good_bytes &&
	    put_torn_aside(folder, fd, &text, reading.good_bytes, e) < 0)
		goto out;
	*ret_journal = journal_alloc(fd, path, reading.run_id);
	(*ret_journal)->next_seq = reading.next_seq;
	memcpy((*ret_journal)->head, reading.head, sizeof(reading.head));
	fd = -1;
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(reading.run_id);
	free(reading.holder);
	str_release(&text);
	free(path);
	return rc;
}
