#include "config.h"

#include "net/postgres_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* The types that become something else than a string. Source: pg_type.dat. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_JSONB = 3802,
};

enum { MAX_KEPT_BYTES = 16 << 20 };

static const double first_inexact = 9007199254740992.0; /* 2^53 */

static cJSON *
number_value(const char *text)
{
	char *end;
	double number = strtod(text, &end);

	if (*end || !isfinite(number) || fabs(number) >= first_inexact)
		return cJSON_CreateString(text);
	return cJSON_CreateNumber(number);
}

static cJSON *
json_value(const char *text, size_t len)
{
	cJSON *value = json_parse(text, len, NULL);

	return value ? value : cJSON_CreateString(text);
}

static cJSON *
cell_value(const PGresult *piece, int row, int column)
{
	const char *text = PQgetvalue(piece, row, column);

	if (PQgetisnull(piece, row, column))
		return cJSON_CreateNull();
	switch (PQftype(piece, column)) {
	case OID_BOOL:
		return cJSON_CreateBool(text[0] == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_FLOAT4:
	case OID_FLOAT8:
		return number_value(text);
	case OID_JSON:
	case OID_JSONB:
		return json_value(text, (size_t)PQgetlength(piece, row, column));
	default:
		return cJSON_CreateString(text);
	}
}

static bool
has_string(const cJSON *array, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
		if (strcmp(item->valuestring, text) == 0)
			return true;
	return false;
}

/* Two columns of one name would be one member of a row: the second becomes name_2. */
static cJSON *
column_names(const PGresult *piece)
{
	cJSON *columns = cJSON_CreateArray();

	for (int i = 0; i < PQnfields(piece); i++) {
		char *name = xstrdup(PQfname(piece, i));

		for (int n = 2; has_string(columns, name); n++) {
			free(name);
			name = xasprintf("%s_%d", PQfname(piece, i), n);
		}
		cJSON_AddItemToArray(columns, cJSON_CreateString(name));
		free(name);
	}
	return columns;
}

static void
keep_row(struct postgres_rows *r, const PGresult *piece, int row)
{
	cJSON *object = cJSON_CreateObject();
	const cJSON *name = r->columns->child;

	for (int i = 0; name; i++, name = name->next) {
		r->kept_bytes += (size_t)PQgetlength(piece, row, i);
		json_add(object, name->valuestring, cell_value(piece, row, i));
	}
	cJSON_AddItemToArray(r->rows, object);
	r->kept++;
}

void
postgres_rows_take(struct postgres_rows *r, const PGresult *piece)
{
	const char *command = PQcmdStatus((PGresult *)(uintptr_t)piece);

	if (!r->columns) {
		r->columns = column_names(piece);
		r->rows = cJSON_CreateArray();
	}
	for (int row = 0; row < PQntuples(piece); row++, r->count++)
		if (r->kept < r->max_rows && r->kept_bytes < MAX_KEPT_BYTES)
			keep_row(r, piece, row);
	if (command && *command) {
		free(r->command);
		r->command = xstrdup(command);
	}
}

cJSON *
postgres_rows_finish(struct postgres_rows *r)
{
	cJSON *result = cJSON_CreateObject();

	json_add(result, "columns", r->columns ? r->columns : cJSON_CreateArray());
	json_add(result, "rows", r->rows ? r->rows : cJSON_CreateArray());
	json_add_int(result, "row_count", (int64_t)r->count);
	json_add_bool(result, "truncated", r->kept < r->count);
	json_add_string(result, "command", r->command ? r->command : "");
	r->columns = r->rows = NULL;
	postgres_rows_release(r);
	return result;
}

void
postgres_rows_release(struct postgres_rows *r)
{
	cJSON_Delete(r->columns);
	cJSON_Delete(r->rows);
	free(r->command);
	*r = (struct postgres_rows){ 0 };
}

enum err_kind
postgres_error_kind(const char *sqlstate)
{
	static const struct {
		const char *prefix;
		enum err_kind kind;
	} kinds[] = {
		{ "28", ERR_DENIED },	    /* invalid authorization */
		{ "42501", ERR_DENIED },    /* insufficient privilege */
		{ "3D000", ERR_NOT_FOUND }, /* no such database */
		{ "55P03", ERR_TIMEOUT },   /* lock_timeout */
		{ "57014", ERR_TIMEOUT },   /* statement_timeout */
		{ "57P0", ERR_NET },	    /* shutting down, or not up yet */
		{ "53300", ERR_NET },	    /* too many connections */
		{ "08", ERR_NET },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts_with(sqlstate, kinds[i].prefix))
			return kinds[i].kind;
	return ERR_REMOTE;
}

int
postgres_report(const PGresult *result, struct err *e)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	struct str text = STR_INIT;

	if (!sqlstate)
		return err_set(e, ERR_NET, "%s", PQresultErrorMessage(result));
	str_printf(&text, "SQLSTATE %s: %s", sqlstate, message ? message : "no message");
	if (position)
		str_printf(&text, ", at character %s of the statement", position);
	if (detail)
		str_printf(&text, ". Detail: %s", detail);
	if (hint)
		str_printf(&text, ". Hint: %s", hint);
	err_set(e, postgres_error_kind(sqlstate), "%s", text.data);
	str_release(&text);
	return -1;
}
