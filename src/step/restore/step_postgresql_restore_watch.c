#include "config.h"

#include "step/restore/step_postgresql_restore_watch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"

enum {
	LOOK_EVERY_MS = 300,
	TAIL_MAX = 32 << 10,
	LINE_MAX = 4096,
	REASON_MAX = 900,
	REASON_LINES = 6,
	FIRST_WITH_COPY_PROGRESS = 140000,
	FIRST_WITH_XID8 = 130000,
	FDINFO_MAX = 4096,
};

/* ---- what it says ---- */

/* pg_restore names each entry of the table of contents once as it comes to it. */
static void
take_line(struct restore_watch *w, const char *line)
{
	static const char *const verbs[] = { "creating ", "executing ", "processing data for ",
					     "processing BLOBS", NULL };
	const char *label = "pg_restore: ";

	if (plan_kind(w->plan) == DUMP_PLAIN || !str_starts_with(line, label))
		return;
	line += strlen(label);
	for (const char *const *verb = verbs; *verb; verb++) {
		if (!str_starts_with(line, *verb))
			continue;
		w->done++;
		str_clear(&w->doing);
		str_append(&w->doing, line);
		return;
	}
}

static void
take_output(void *data, const char *bytes, size_t len)
{
	struct restore_watch *w = data;

	w->ctx->output(w->ctx, bytes, len);
	str_append_bytes(&w->tail, bytes, len);
	if (w->tail.len > TAIL_MAX)
		str_consume(&w->tail, w->tail.len - TAIL_MAX);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			if (w->line.len < LINE_MAX)
				str_append_char(&w->line, bytes[i]);
			continue;
		}
		take_line(w, str_cstr(&w->line));
		str_clear(&w->line);
	}
}

/* The end of so many lines, and not of too many bytes. */
static size_t
lines_len(const char *text)
{
	size_t len = 0;

	for (int lines = 0; text[len] && len < REASON_MAX; len++)
		if (text[len] == '\n' && ++lines == REASON_LINES)
			break;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	return len;
}

static char *
one_line(const char *text, size_t len)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			str_append(&out, "; ");
		else
			str_append_char(&out, text[i]);
	}
	return str_take(&out);
}

char *
watch_reason(const struct restore_watch *w)
{
	static const char *const labels[] = { "ERROR: ", "FATAL: ", "PANIC: ", "error: ", NULL };
	const char *text = w->tail.len ? w->tail.data : "", *at = NULL;

	for (const char *const *label = labels; *label && !at; label++)
		at = strstr(text, *label);
	while (at && at > text && at[-1] != '\n')
		at--;
	if (!at && strlen(text) > REASON_MAX)
		at = text + strlen(text) - REASON_MAX;
	if (!at)
		at = text;
	return lines_len(at) ? one_line(at, lines_len(at)) : xstrdup("it said nothing");
}

/* ---- how far psql has read ---- */

static int64_t
position_of(pid_t pid, const char *descriptor)
{
	char *path = xasprintf("/proc/%d/fdinfo/%s", (int)pid, descriptor);
	FILE *file = fopen(path, "re");
	long long at = -1;

	if (file && fscanf(file, "pos: %lld", &at) != 1)
		at = -1;
	if (file)
		fclose(file);
	free(path);
	return at;
}

/* Of its descriptors, the one of the dump. -1: it has none, or may not be looked at. */
static int64_t
bytes_read(const struct restore_watch *w)
{
	char *folder = xasprintf("/proc/%d/fd", (int)w->child.pid);
	DIR *descriptors = opendir(folder);
	const struct dirent *entry;
	struct stat dump, st;
	int64_t at = -1;

	if (descriptors && stat(w->path, &dump) == 0)
		while (at < 0 && (entry = readdir(descriptors)))
			if (fstatat(dirfd(descriptors), entry->d_name, &st, 0) == 0 &&
			    st.st_dev == dump.st_dev && st.st_ino == dump.st_ino)
				at = position_of(w->child.pid, entry->d_name);
	if (descriptors)
		closedir(descriptors);
	free(folder);
	return at;
}

/* ---- what the server does ---- */

/*
 * pg_stat_activity has 32 bits of the number of a transaction. Those before them are of the number nearest to the next
 * one: nothing that is in progress is 2 billion transactions away from it.
 */
#define LOOK_SQL(copy)                                                                             \
	"WITH a AS (SELECT * FROM pg_stat_activity WHERE application_name = $1 AND pid <> "        \
	"pg_backend_pid()), x AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint "   \
	"AS next), f AS (SELECT a.pid, a.backend_xid::text::bigint + (next - next % 4294967296) "  \
	"AS id FROM a, x WHERE a.backend_xid IS NOT NULL) "                                        \
	"SELECT a.pid, left(a.query, 200) AS query, (SELECT (CASE WHEN id - next > 2147483648 "    \
	"THEN id - 4294967296 WHEN next - id > 2147483648 THEN id + 4294967296 ELSE id "           \
	"END)::text "                                                                              \
	"FROM f, x WHERE f.pid = a.pid) AS id, " copy                                              \
	"(SELECT string_agg(format('process %s (%s, %s): %s', b.pid, coalesce(b.usename, '?'), "   \
	"coalesce(b.state, '?'), left(coalesce(b.query, '?'), 80)), '; ') FROM "                   \
	"pg_stat_activity AS b WHERE b.pid = ANY (pg_blocking_pids(a.pid)) AND NOT EXISTS "        \
	"(SELECT FROM a AS own WHERE own.pid = b.pid)) AS holders "

static const char look_sql[] = LOOK_SQL("NULL AS rows, NULL AS bytes, ") "FROM a";
static const char look_copy_sql[] = LOOK_SQL("p.tuples_processed AS rows, p.bytes_processed AS "
					     "bytes, ") "FROM a LEFT JOIN pg_stat_progress_copy AS "
							"p ON p.pid = a.pid ORDER BY p.pid NULLS "
							"LAST";

/* Puts the transaction on record, with its server: what tells later whether it was committed. */
static void
remember(struct restore_watch *w, const char *id, int64_t backend)
{
	struct err ignored = ERR_INIT;
	bool durable = transaction_make_durable(&w->side, id);

	if (w->ctx->remember(w->ctx, transaction_evidence(w->side.server, id, backend, durable),
			     &ignored) == 0)
		w->id = xstrdup(id);
}

/* "COPY s2.orders (id, …) FROM stdin;" is the table s2.orders. */
static void
add_copy(struct str *out, const cJSON *row)
{
	const char *query = json_string(row, "query", ""), *end;
	char bytes[BYTES_TEXT_MAX];

	if (!str_starts_with(query, "COPY ") || !cJSON_IsNumber(json_at(row, "rows")))
		return;
	query += strlen("COPY ");
	end = strstr(query, " (");
	end = end ? end : strstr(query, " FROM");
	str_printf(out, "; %.*s: %lld rows, %s", end ? (int)(end - query) : 80, query,
		   (long long)json_int(row, "rows", 0),
		   bytes_format(json_int(row, "bytes", 0), bytes));
}

static void
add_how_far(struct restore_watch *w, struct str *out)
{
	char done[BYTES_TEXT_MAX], all[BYTES_TEXT_MAX];
	int64_t at;

	if (plan_kind(w->plan) != DUMP_PLAIN) {
		str_printf(out, "entry %lld of %lld", (long long)w->done,
			   (long long)json_int(w->plan, "entries", 0));
		if (w->doing.len)
			str_printf(out, ": %s", w->doing.data);
		return;
	}
	at = bytes_read(w);
	if (at < 0)
		str_append(out, "psql works");
	else
		str_printf(out, "psql has read %s of %s", bytes_format(at, done),
			   bytes_format(json_int(w->plan, "bytes", 0), all));
}

static void
look(void *data)
{
	struct restore_watch *w = data;
	struct postgres *side = side_open(&w->side);
	const char *params[] = { w->application }, *id = NULL, *holders;
	struct err ignored = ERR_INIT;
	struct str text = STR_INIT;
	cJSON *result = NULL;
	const cJSON *row;
	bool modern = side && postgres_version(side) >= FIRST_WITH_COPY_PROGRESS;

	add_how_far(w, &text);
	if (side && postgres_version(side) >= FIRST_WITH_XID8)
		postgres_query(side, modern ? look_copy_sql : look_sql, params, 1, 20,
			       w->ctx->cancel, &result, &ignored);
	cJSON_ArrayForEach(row, json_at(result, "rows")) {
		add_copy(&text, row);
		holders = json_string(row, "holders", "");
		if (*holders)
			str_printf(&text, "; it WAITS for a lock held by %s", holders);
		id = json_string(row, "id", NULL);
		if (id && !w->id && plan_is_single(w->plan))
			remember(w, id, json_int(row, "pid", 0));
	}
	w->ctx->progress(w->ctx, "%s", text.data);
	cJSON_Delete(result);
	str_release(&text);
}

void
watch_init(struct restore_watch *w, struct step_context *ctx, const struct action *action,
	   const struct restore_database *db, const cJSON *plan)
{
	static const char *const env[] = { "LC_ALL=C", "PGCLIENTENCODING=UTF8", NULL };

	*w = (struct restore_watch){
		.ctx = ctx,
		.plan = plan,
		.path = json_string(action->with, "dump", ""),
		.side = { .target = db->connection, .cancel = ctx->cancel, .server = db->server },
		.application = plan_application(plan),
		.child = { .ctx = ctx,
			   .action = action,
			   .env = env,
			   .on_output = take_output,
			   .look = look,
			   .every_ms = LOOK_EVERY_MS },
	};
	w->child.data = w;
}

void
watch_release(struct restore_watch *w)
{
	side_release(&w->side);
	free(w->application);
	free(w->id);
	str_release(&w->line);
	str_release(&w->tail);
	str_release(&w->doing);
}
