#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "step/restore/step_postgresql_restore_dump.h"

/* What a dump is, in words, and which programs and servers take it. */

/* 1500 of "15.6", 906 of "9.6.24", as the numbers rise; 0 where there is none. */
static int
major_of(const char *version)
{
	int first = 0, second = 0;

	if (!version || sscanf(version, "%d.%d", &first, &second) < 1)
		return 0;
	return first >= 10 ? first * 100 : first * 100 + second;
}

/* Source: release notes of 2025-08-14. */
bool
psql_knows_restrict(const char *version)
{
	static const int since[][2] = { { 13, 22 }, { 14, 19 }, { 15, 14 }, { 16, 10 }, { 17, 6 } };
	int major = 0, minor = 0;

	if (sscanf(version, "%d.%d", &major, &minor) < 1)
		return false;
	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		if (major == since[i][0])
			return minor >= since[i][1];
	return major > since[sizeof(since) / sizeof(since[0]) - 1][0];
}

int
dump_check_versions(const struct dump *d, int server_version, struct err *e)
{
	const char *program = dump_kind_program(d->kind);
	char server[32];

	snprintf(server, sizeof(server), "%d.%d", server_version / 10000, server_version % 10000);
	if (major_of(d->tool_version) > major_of(d->client_version))
		return err_set(e, ERR_CONFLICT,
			       "the dump %s was made by pg_dump %s, and %s here is %s: an older "
			       "one may not understand it. Install the client programs of %s",
			       d->path, d->tool_version, program, d->client_version,
			       d->tool_version);
	if (major_of(d->server_version) > major_of(server))
		return err_set(e, ERR_CONFLICT,
			       "the dump %s is of PostgreSQL %s, and the server is %s: an older "
			       "server does not take the dump of a newer one. Restore into %s or "
			       "later",
			       d->path, d->server_version, server, d->server_version);
	if (major_of(d->tool_version) > major_of(server))
		return err_set(e, ERR_CONFLICT,
			       "the dump %s was made by pg_dump %s, and the server is %s: pg_dump "
			       "writes for servers of its own version and later",
			       d->path, d->tool_version, server);
	if (d->kind == DUMP_PLAIN && d->scan && dump_scan_content(d->scan)->restricted &&
	    !psql_knows_restrict(d->client_version))
		return err_set(e, ERR_CONFLICT,
			       "the dump %s has \\restrict commands, which psql %s does not know. "
			       "Update it: 13.22, 14.19, 15.14, 16.10, 17.6 and all later do",
			       d->path, d->client_version);
	return 0;
}

static int64_t
rows_of(const struct dump_content *content)
{
	int64_t sum = 0;

	for (size_t i = 0; i < content->rows_count; i++)
		sum += content->rows[i].rows;
	return sum;
}

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static void
describe_contents(const struct dump *d, struct preview *preview)
{
	const struct dump_content *content = dump_scan_content(d->scan);
	int64_t rows = rows_of(content);
	struct str line = STR_INIT;

	str_printf(&line, "It is whole: ");
	if (d->kind != DUMP_PLAIN)
		str_printf(&line, "%lld entries, ", (long long)d->entries);
	str_printf(&line, "%lld statement%s, %lld table%s", (long long)content->statements,
		   plural(content->statements), (long long)content->tables,
		   plural(content->tables));
	if (content->rows_count)
		str_printf(&line, ", %lld row%s of %zu table%s", (long long)rows, plural(rows),
			   content->rows_count, plural((int64_t)content->rows_count));
	str_append(&line, content->rows_count ? "." : "; no COPY, so its rows are not counted.");
	preview_add(preview, PREVIEW_TEXT, "%s", line.data);
	str_release(&line);
}

void
dump_describe(const struct dump *d, struct preview *preview)
{
	char size[BYTES_TEXT_MAX], changed[CLOCK_STAMP_MAX];
	struct str line = STR_INIT;

	preview_add(preview, PREVIEW_TEXT, "Dump %s: %s format, %s, last changed %s", d->path,
		    dump_kind_name(d->kind), bytes_format(d->bytes, size),
		    clock_format_utc(d->changed_ms, changed));
	str_printf(&line, "Made by pg_dump %s from PostgreSQL %s",
		   d->tool_version ? d->tool_version : "of an unknown version",
		   d->server_version ? d->server_version : "of an unknown version");
	if (d->database)
		str_printf(&line, ", database %s", d->database);
	if (d->created)
		str_printf(&line, ", at %s", d->created);
	if (d->kind != DUMP_PLAIN)
		str_append(&line,
			   str_equal(d->compression, "0") ? ", not compressed" : ", compressed");
	preview_add(preview, PREVIEW_TEXT, "%s", line.data);
	describe_contents(d, preview);
	str_release(&line);
}
