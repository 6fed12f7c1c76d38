#include "config.h"

#include "step/restore/step_postgresql_restore_dump.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/child/child.h"

enum {
	HEAD_BYTES = 4096,
	TAR_MAGIC_AT = 257,
	READ_BYTES = 1 << 20,
	TAIL_BYTES = 16 << 10, /* of what a program said, for its error */
	TOC_MAX_BYTES = 64 << 20,
	TOOL_TIMEOUT_MS = 120000,
	TOOL_GRACE_MS = 80,
	PROGRESS_EVERY_MS = 500,
};

char *
bytes_format(int64_t bytes, char out[BYTES_TEXT_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(out, BYTES_TEXT_MAX, "%.*f %s", unit > 0 && value < 9.95 ? 1 : 0, value,
		 units[unit]);
	return out;
}

const char *
dump_kind_name(enum dump_kind kind)
{
	static const char *const names[] = { "plain", "custom", "directory" };

	return names[kind];
}

const char *
dump_kind_program(enum dump_kind kind)
{
	return kind == DUMP_PLAIN ? "psql" : "pg_restore";
}

/* ---- what it is ---- */

/* pg_restore 15 reads on for ever at the end of a tar file that was cut off. */
static int
find_kind_by_head(const char *path, const char *head, size_t len, enum dump_kind *ret_kind,
		  struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_SPEC, "the dump %s is empty", path);
	if (str_starts_with(head, "PGDMP")) {
		*ret_kind = DUMP_CUSTOM;
		return 0;
	}
	if (str_starts_with(head, "\x1f\x8b"))
		return err_set(e, ERR_SPEC,
			       "%s is compressed by gzip, which psql does not read. Unpack it "
			       "first (gunzip -k), and give the step the file that this makes",
			       path);
	if (len > TAR_MAGIC_AT + 5 && memcmp(head + TAR_MAGIC_AT, "ustar", 5) == 0)
		return err_set(
			e, ERR_SPEC,
			"%s is a tar file, and pg_restore reads on for ever where one is cut off. "
			"Make SQL of it (pg_restore --file=dump.sql %s: if that does not "
			"come to an end, it is cut off), and restore the SQL",
			path, path);
	if (memmem(head, len, "PostgreSQL database cluster dump", 32))
		return err_set(e, ERR_SPEC,
			       "%s was made by pg_dumpall: it makes roles and databases of its "
			       "own. Run psql with it by command.run, or dump one database by "
			       "pg_dump",
			       path);
	if (!memmem(head, len, "-- PostgreSQL database dump", 27))
		return err_set(e, ERR_SPEC,
			       "%s is no dump of pg_dump: it begins neither with PGDMP nor with "
			       "\"-- PostgreSQL database dump\"",
			       path);
	*ret_kind = DUMP_PLAIN;
	return 0;
}

static int
find_kind_of_folder(const char *path, enum dump_kind *ret_kind, struct err *e)
{
	char *toc = xasprintf("%s/toc.dat", path);
	bool there = file_exists(toc);

	free(toc);
	if (!there)
		return err_set(e, ERR_SPEC, "the folder %s is no dump: it has no toc.dat", path);
	*ret_kind = DUMP_DIRECTORY;
	return 0;
}

static int
stat_dump(const char *path, struct stat *st, struct err *e)
{
	if (stat(path, st) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "there is no dump %s", path);
	return err_errno(e, ERR_IO, "looking at the dump %s", path);
}

int
dump_find_kind(const char *path, enum dump_kind *ret_kind, struct err *e)
{
	char head[HEAD_BYTES + 1];
	struct stat st;
	ssize_t got;
	int fd;

	if (stat_dump(path, &st, e) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return find_kind_of_folder(path, ret_kind, e);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC, "%s is neither a file nor a folder", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, ERR_IO, "opening the dump %s", path);
	got = read(fd, head, HEAD_BYTES);
	close(fd);
	if (got < 0)
		return err_errno(e, ERR_IO, "reading the dump %s", path);
	head[got] = '\0';
	return find_kind_by_head(path, head, (size_t)got, ret_kind, e);
}

/* ---- its files ---- */

struct extent {
	int64_t bytes, changed_ns, files;
	unsigned long long inode;
};

static void
add_file(struct extent *x, const struct stat *st)
{
	int64_t ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;

	x->files++;
	x->bytes += st->st_size;
	x->inode ^= (unsigned long long)st->st_ino;
	if (ns > x->changed_ns)
		x->changed_ns = ns;
}

static int
measure_folder(const char *path, struct extent *x, struct err *e)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	struct stat st;

	if (!folder)
		return err_errno(e, ERR_IO, "reading the folder %s", path);
	while ((entry = readdir(folder)))
		if (fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			add_file(x, &st);
	closedir(folder);
	return 0;
}

static int
measure(const char *path, struct extent *x, struct err *e)
{
	struct stat st;

	*x = (struct extent){ 0 };
	if (stat_dump(path, &st, e) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return measure_folder(path, x, e);
	add_file(x, &st);
	return 0;
}

static char *
stamp_of(const struct extent *x)
{
	return xasprintf("%lld:%lld:%lld:%llx", (long long)x->files, (long long)x->bytes,
			 (long long)x->changed_ns, x->inode);
}

char *
dump_stamp(const char *path, struct err *e)
{
	struct extent x;

	return measure(path, &x, e) < 0 ? NULL : stamp_of(&x);
}

/* ---- programs that read it ---- */

/* What a program says in English, however this machine is set up. */
static const char *const tool_env[] = { "LC_ALL=C", NULL };

struct reading {
	struct step_context *ctx;
	struct dump_scan *scan; /* or NULL */
	struct str tail;
	int64_t bytes, total; /* total: 0 where it isn't known */
	int64_t told_ms;
};

static void
take(void *data, const char *bytes, size_t len)
{
	struct reading *r = data;
	char done[BYTES_TEXT_MAX], all[BYTES_TEXT_MAX];

	r->bytes += (int64_t)len;
	if (r->scan)
		dump_scan_push(r->scan, bytes, len);
	str_append_bytes(&r->tail, bytes + (len > TAIL_BYTES ? len - TAIL_BYTES : 0),
			 len > TAIL_BYTES ? TAIL_BYTES : len);
	if (r->tail.len > TAIL_BYTES)
		str_consume(&r->tail, r->tail.len - TAIL_BYTES);
	if (!r->scan || clock_mono_ms() < r->told_ms + PROGRESS_EVERY_MS)
		return;
	r->told_ms = clock_mono_ms();
	bytes_format(r->bytes, done);
	if (r->total)
		r->ctx->progress(r->ctx, "reading the dump through: %s of %s", done,
				 bytes_format(r->total, all));
	else
		r->ctx->progress(r->ctx, "reading the dump through: %s of SQL so far", done);
}

/* What the program gave as its reason; it may stand in the middle of what it wrote. */
static char *
reason_of(const struct reading *r, const char *program)
{
	char *label = xasprintf("%s: error: ", program);
	const char *at =
		r->tail.len ? memmem(r->tail.data, r->tail.len, label, strlen(label)) : NULL;
	char *reason = at ? xstrndup(at + strlen(label), strcspn(at + strlen(label), "\r\n"))
			  : xstrdup("it gave no reason");

	free(label);
	return reason;
}

/* Runs a program that only reads. *ret_reason: why it failed, or NULL where it did not. */
static int
run_tool(struct reading *r, const struct step_texts *argv, struct str *capture, int64_t timeout_ms,
	 char **ret_reason, struct err *e)
{
	struct child_options options = {
		.argv = step_texts_array(argv),
		.env = tool_env,
		.on_output = take,
		.data = r,
		.capture = capture,
		.capture_max = TOC_MAX_BYTES,
		.timeout_ms = timeout_ms,
		.grace_ms = TOOL_GRACE_MS,
		.cancel = r->ctx->cancel,
	};
	struct child_result done;

	if (child_run(&options, &done, e) < 0)
		return -1;
	*ret_reason = done.exit_code == 0 ? NULL : reason_of(r, argv->items[0]);
	return 0;
}

/* "pg_restore (PostgreSQL) 15.6 (Debian …)". */
static int
find_client(struct dump *d, struct step_context *ctx, struct err *e)
{
	const char *program = dump_kind_program(d->kind), *at;
	struct reading r = { .ctx = ctx };
	struct step_texts argv = { 0 };
	struct str out = STR_INIT;
	char *reason = NULL;
	int rc;

	d->client = child_find(program, e);
	if (!d->client)
		return err_advise(e, "It comes with the client programs of PostgreSQL");
	step_texts_push(&argv, xstrdup(program));
	step_texts_push(&argv, xstrdup("--version"));
	rc = run_tool(&r, &argv, &out, TOOL_TIMEOUT_MS, &reason, e);
	at = rc == 0 ? strstr(str_cstr(&out), ") ") : NULL;
	if (rc == 0 && (reason || !at))
		rc = err_set(e, ERR_REMOTE, "%s --version does not say its version", d->client);
	if (rc == 0)
		d->client_version = xstrndup(at + 2, strcspn(at + 2, " \n"));
	free(reason);
	str_release(&out);
	str_release(&r.tail);
	step_texts_release(&argv);
	return rc;
}

/* ---- the table of contents ---- */

void
dump_add_choices(const cJSON *with, struct step_texts *argv)
{
	const char *owner = step_optional(with, "owner");

	if (owner)
		step_texts_push(argv, xstrdup("--no-owner"));
	if (str_equal(json_string(with, "grants", "keep"), "drop"))
		step_texts_push(argv, xstrdup("--no-privileges"));
}

static void
take_label(const char *line, const char *label, char **value)
{
	const char *at = line + strspn(line, "; ");

	if (!*value && str_starts_with(at, label))
		*value = xstrdup(at + strlen(label));
}

/* "15.6 (Debian 15.6-0)" is 15.6. */
static void
cut_version(char *version)
{
	if (version)
		version[strcspn(version, " ")] = '\0';
}

static void
read_toc(struct dump *d, char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		if (*line && *line != ';')
			d->entries++;
		if (*line != ';')
			continue;
		take_label(line, "Archive created at ", &d->created);
		take_label(line, "dbname: ", &d->database);
		take_label(line, "Compression: ", &d->compression);
		take_label(line, "Dumped from database version: ", &d->server_version);
		take_label(line, "Dumped by pg_dump version: ", &d->tool_version);
	}
	cut_version(d->server_version);
	cut_version(d->tool_version);
}

static int
list_contents(struct dump *d, struct step_context *ctx, const cJSON *with, struct err *e)
{
	struct reading r = { .ctx = ctx };
	struct step_texts argv = { 0 };
	struct str toc = STR_INIT;
	char *reason = NULL;
	int rc;

	step_texts_push(&argv, xstrdup("pg_restore"));
	step_texts_push(&argv, xstrdup("--list"));
	dump_add_choices(with, &argv);
	step_texts_push(&argv, xstrdup(d->path));
	rc = run_tool(&r, &argv, &toc, TOOL_TIMEOUT_MS, &reason, e);
	if (rc == 0 && reason && strstr(reason, "unsupported version"))
		rc = err_set(e, ERR_CONFLICT,
			     "the dump %s is of a newer pg_dump than pg_restore %s reads (%s). "
			     "Install the client programs of the version that made it",
			     d->path, d->client_version, reason);
	else if (rc == 0 && reason)
		rc = err_set(e, ERR_SPEC,
			     "the table of contents of the dump %s cannot be read: %s. It may be "
			     "cut off: fetch it again, or take an older one",
			     d->path, reason);
	if (rc == 0)
		read_toc(d, toc.len ? toc.data : (char[]){ "" });
	free(reason);
	str_release(&toc);
	str_release(&r.tail);
	step_texts_release(&argv);
	return rc;
}

int
dump_open(struct dump *d, struct step_context *ctx, const cJSON *with, struct err *e)
{
	struct extent x;

	*d = (struct dump){ .path = json_string(with, "dump", "") };
	if (dump_find_kind(d->path, &d->kind, e) < 0 || measure(d->path, &x, e) < 0)
		return -1;
	d->bytes = x.bytes;
	d->changed_ms = x.changed_ns / 1000000;
	d->stamp = stamp_of(&x);
	if (find_client(d, ctx, e) < 0)
		return -1;
	return d->kind == DUMP_PLAIN ? 0 : list_contents(d, ctx, with, e);
}

void
dump_release(struct dump *d)
{
	free(d->stamp);
	free(d->client);
	free(d->client_version);
	free(d->created);
	free(d->database);
	free(d->compression);
	free(d->server_version);
	free(d->tool_version);
	dump_scan_free(d->scan);
}

/* ---- all of it ---- */

static int
read_plain(const struct dump *d, struct reading *r, struct err *e)
{
	char *buffer = xmalloc(READ_BYTES);
	int fd = open(d->path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;
	int rc = 0;

	if (fd < 0)
		rc = err_errno(e, ERR_IO, "opening the dump %s", d->path);
	while (rc == 0 && got > 0) {
		if (cancel_requested(r->ctx->cancel)) {
			rc = err_set(e, ERR_CANCELLED, "cancelled while reading the dump");
			break;
		}
		got = read(fd, buffer, READ_BYTES);
		if (got > 0)
			take(r, buffer, (size_t)got);
		else if (got < 0 && errno != EINTR)
			rc = err_errno(e, ERR_IO, "reading the dump %s", d->path);
		else if (got < 0)
			got = 1;
	}
	if (fd >= 0)
		close(fd);
	free(buffer);
	return rc;
}

/* pg_restore makes SQL of all that it would restore, and so has to unpack every byte. */
static int
read_archive(const struct dump *d, struct reading *r, const cJSON *with, struct err *e)
{
	struct step_texts argv = { 0 };
	char *reason = NULL;
	int rc;

	step_texts_push(&argv, xstrdup("pg_restore"));
	step_texts_push(&argv, xstrdup("--file=-"));
	dump_add_choices(with, &argv);
	step_texts_push(&argv, xstrdup(d->path));
	rc = run_tool(r, &argv, NULL, 0, &reason, e);
	if (rc == 0 && reason)
		rc = err_set(e, ERR_SPEC,
			     "the dump %s is not whole: pg_restore says: %s. Nothing was touched. "
			     "Fetch it again, or take an older one",
			     d->path, reason);
	free(reason);
	step_texts_release(&argv);
	return rc;
}

static int
judge_plain(struct dump *d, struct err *e)
{
	const struct dump_content *content = dump_scan_content(d->scan);

	d->server_version = xstrdup(content->server_version);
	d->tool_version = xstrdup(content->client_version);
	if (!content->complete)
		return err_set(e, ERR_SPEC,
			       "the dump %s is not whole: it ends in line %lld without the line "
			       "\"-- PostgreSQL database dump complete\". Nothing was touched. "
			       "Fetch it again, or take an older one",
			       d->path, (long long)content->lines);
	if (content->problem)
		return err_set(e, ERR_SPEC, "the dump %s is refused: %s", d->path,
			       content->problem);
	return 0;
}

int
dump_read(struct dump *d, struct step_context *ctx, const cJSON *with, struct err *e)
{
	struct reading r = { .ctx = ctx, .scan = dump_scan_new(), .told_ms = clock_mono_ms() };
	int rc;

	d->scan = r.scan;
	if (d->kind == DUMP_PLAIN) {
		r.total = d->bytes;
		rc = read_plain(d, &r, e);
		if (rc == 0)
			rc = judge_plain(d, e);
	} else {
		rc = read_archive(d, &r, with, e);
	}
	str_release(&r.tail);
	return rc;
}
