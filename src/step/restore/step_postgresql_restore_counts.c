#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/restore/step_postgresql_restore_verify.h"
#include "step/step_with.h"

/* Rows, table by table: what there are, what the dump has, what the manifest wants. */

enum { MANIFEST_MAX = 4 << 20, MAX_TABLES = 2000 };

/* ---- the manifest ---- */

/* "schema.table count": between them white space, a tab, '|' or '='. */
static int
read_line(const char *path, int number, char *line, cJSON *expected, struct err *e)
{
	char *end = line + strlen(line), *at, *rest;
	long long count;

	while (end > line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	for (at = end; at > line && isdigit((unsigned char)at[-1]); at--)
		;
	errno = 0;
	count = strtoll(at, &rest, 10);
	if (at == end || at == line || errno || !strchr(" \t|=", at[-1]))
		return err_set(e, ERR_SPEC,
			       "%s, line %d: \"%.60s\" is not a table and its number of rows", path,
			       number, line);
	while (at > line && strchr(" \t|=", at[-1]))
		*--at = '\0';
	cJSON_DeleteItemFromObjectCaseSensitive(expected, line);
	json_add_int(expected, line, count);
	return 0;
}

static int
read_lines(const char *path, char *text, cJSON *expected, struct err *e)
{
	char *line, *rest = text;
	int number = 0, rc = 0;

	while (rc == 0 && (line = strsep(&rest, "\n")))
		rc = read_line(path, ++number, line, expected, e);
	return rc;
}

static int
read_object(const char *path, const struct str *text, cJSON *expected, struct err *e)
{
	cJSON *object = json_parse(text->data, text->len, e);
	const cJSON *item;
	int rc = object ? 0 : err_wrap(e, "%s", path);

	cJSON_ArrayForEach(item, object) {
		if (rc == 0 && (!item->string || !cJSON_IsNumber(item)))
			rc = err_set(e, ERR_SPEC, "%s: it is not an object of numbers of rows",
				     path);
		if (rc == 0)
			json_add_int(expected, item->string, (int64_t)item->valuedouble);
	}
	cJSON_Delete(object);
	return rc;
}

static int
read_manifest(const char *path, cJSON *expected, struct err *e)
{
	struct str text = STR_INIT;
	int rc = file_read(path, MANIFEST_MAX, &text, e);

	if (rc < 0)
		err_wrap(e, "counts_file");
	else if (str_cstr(&text)[strspn(str_cstr(&text), " \t\r\n")] == '{')
		rc = read_object(path, &text, expected, e);
	else
		rc = read_lines(path, text.len ? text.data : (char[]){ "" }, expected, e);
	str_release(&text);
	return rc;
}

int
counts_load(const cJSON *with, cJSON **ret_expected, struct err *e)
{
	const char *path = step_optional(with, "counts_file");
	const cJSON *given = json_at(with, "expect_counts"), *item;
	cJSON *expected;

	*ret_expected = NULL;
	if (!path && cJSON_GetArraySize(given) == 0)
		return 0;
	expected = cJSON_CreateObject();
	if (path && read_manifest(path, expected, e) < 0) {
		cJSON_Delete(expected);
		return -1;
	}
	cJSON_ArrayForEach(item, given) {
		cJSON_DeleteItemFromObjectCaseSensitive(expected, item->string);
		json_add_int(expected, item->string, (int64_t)item->valuedouble);
	}
	*ret_expected = expected;
	return 0;
}

/* ---- counting ---- */

/*
 * Counts one table: of the dump its own rows, since it has those of partitions and heirs apart; of the manifest
 * all that a query of it shows. -1: error; *ret_rows is -1 where there is no such table.
 */
static int
count_rows(struct restore_checks *v, const char *table, bool only, int64_t *ret_rows, struct err *e)
{
	static const char find[] = "SELECT oid::regclass::text AS name, relkind = 'p' AS parent "
				   "FROM pg_class WHERE oid = to_regclass($1)";
	const char *params[] = { table }, *name;
	cJSON *found = NULL, *result = NULL;
	char *sql;
	int rc = postgres_query(v->pg, find, params, 1, 1, v->ctx->cancel, &found, e);

	*ret_rows = -1;
	name = json_string(found, "rows/0/name", NULL);
	if (rc == 0 && name) {
		only = only && !json_bool(found, "rows/0/parent", false);
		sql = xasprintf("SELECT count(*) AS n FROM %s%s", only ? "ONLY " : "", name);
		rc = postgres_query(v->pg, sql, NULL, 0, 1, v->ctx->cancel, &result, e);
		if (rc == 0)
			*ret_rows = json_int(result, "rows/0/n", -1);
		free(sql);
	}
	cJSON_Delete(result);
	cJSON_Delete(found);
	return rc < 0 ? err_wrap(e, "counting the rows of %s", table) : 0;
}

static void
add_table(cJSON *tables, const char *name, int64_t rows)
{
	cJSON *table = cJSON_CreateObject();

	json_add_string(table, "table", name);
	json_add(table, "rows", rows < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)rows));
	cJSON_AddItemToArray(tables, table);
}

/* More than the dump has is no loss: somebody writes already. */
static int
count_of_dump(struct restore_checks *v, cJSON *tables, struct err *e)
{
	const cJSON *given = json_at(v->plan, "rows"), *item;
	int count = cJSON_GetArraySize(given), done = 0;
	size_t failed = v->failed;

	cJSON_ArrayForEach(item, given) {
		int64_t rows, dumped = (int64_t)item->valuedouble;

		v->ctx->progress(v->ctx, "counting table %d of %d: %s", ++done, count,
				 item->string);
		if (count_rows(v, item->string, true, &rows, e) < 0)
			return -1;
		add_table(tables, item->string, rows);
		if (rows < 0)
			restore_checks_add(v, "rows", false, "%s is not there", item->string);
		else if (rows != dumped)
			restore_checks_add(v, "rows", rows > dumped, "%s has %lld, the dump %lld%s",
					   item->string, (long long)rows, (long long)dumped,
					   rows > dumped ? " (somebody writes to it already?)"
							 : "");
	}
	if (count > 0 && v->failed == failed)
		restore_checks_add(v, "rows", true, "%d table%s %s what the dump has", count,
				   count == 1 ? "" : "s", count == 1 ? "has" : "have");
	if (json_int(v->plan, "rows_cut", 0) > 0)
		restore_checks_add(v, "rows", true, "tables not counted: %lld",
				   (long long)json_int(v->plan, "rows_cut", 0));
	return 0;
}

static int
count_of_manifest(struct restore_checks *v, cJSON *tables, struct err *e)
{
	size_t failed = v->failed;
	const cJSON *item;

	cJSON_ArrayForEach(item, v->expected) {
		int64_t rows, wanted = (int64_t)item->valuedouble;

		v->ctx->progress(v->ctx, "counting %s for the manifest", item->string);
		if (count_rows(v, item->string, false, &rows, e) < 0)
			return -1;
		if (!json_at(v->plan, "rows") ||
		    !cJSON_GetObjectItemCaseSensitive(json_at(v->plan, "rows"), item->string))
			add_table(tables, item->string, rows);
		if (rows < 0)
			restore_checks_add(v, "manifest", false, "%s is not there", item->string);
		else if (rows != wanted)
			restore_checks_add(v, "manifest", false, "%s has %lld rows, expected %lld",
					   item->string, (long long)rows, (long long)wanted);
	}
	if (v->expected && v->failed == failed)
		restore_checks_add(v, "manifest", true, "%d of its tables as expected",
				   cJSON_GetArraySize(v->expected));
	return 0;
}

/* A dump of INSERTs tells no numbers: then those of all tables are what there is to show. */
static int
count_all(struct restore_checks *v, cJSON *tables, struct err *e)
{
	static const char sql[] =
		"SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND "
		"relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR "
		"nspname = 'information_schema') ORDER BY 1";
	cJSON *result = NULL;
	const cJSON *row;
	int64_t rows;
	int rc = postgres_query(v->pg, sql, NULL, 0, MAX_TABLES, v->ctx->cancel, &result, e);

	cJSON_ArrayForEach(row, json_at(result, "rows")) {
		if (rc < 0)
			break;
		rc = count_rows(v, json_string(row, "name", ""), true, &rows, e);
		if (rc == 0)
			add_table(tables, json_string(row, "name", ""), rows);
	}
	cJSON_Delete(result);
	return rc;
}

int
verify_counts(struct restore_checks *v, struct err *e)
{
	cJSON *tables = cJSON_CreateArray();

	json_add(v->result, "tables", tables);
	if (cJSON_GetArraySize(json_at(v->plan, "rows")) == 0 && count_all(v, tables, e) < 0)
		return -1;
	if (count_of_dump(v, tables, e) < 0)
		return -1;
	return count_of_manifest(v, tables, e);
}
