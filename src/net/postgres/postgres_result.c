#include "config.h"

#include "net/postgres/postgres_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

/* The types that most results are made of. Source: pg_type.dat. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_NUMERIC = 1700,
	OID_JSONB = 3802,
};

static const struct {
	Oid oid;
	const char *name;
} type_names[] = {
	{ OID_BOOL, "bool" },
	{ 17, "bytea" },
	{ 18, "char" },
	{ 19, "name" },
	{ OID_INT8, "int8" },
	{ OID_INT2, "int2" },
	{ OID_INT4, "int4" },
	{ 25, "text" },
	{ 26, "oid" },
	{ OID_JSON, "json" },
	{ OID_FLOAT4, "float4" },
	{ OID_FLOAT8, "float8" },
	{ 790, "money" },
	{ 869, "inet" },
	{ 1042, "bpchar" },
	{ 1043, "varchar" },
	{ 1082, "date" },
	{ 1083, "time" },
	{ 1114, "timestamp" },
	{ 1184, "timestamptz" },
	{ 1186, "interval" },
	{ OID_NUMERIC, "numeric" },
	{ 2950, "uuid" },
	{ 3220, "pg_lsn" },
	{ OID_JSONB, "jsonb" },
};

enum {
	MAX_KEPT_BYTES = 16 << 20,
	MAX_CELL_BYTES = 1 << 20,
	MAX_LATE_CELL_BYTES = 1 << 10, /* of a row with which the above is reached */
	EXACT_DIGITS = 15,	       /* of a decimal number that a double gives back unchanged */
};

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

/*
 * sum() and extract() are numeric: as a text they would be greater than every number that an expression
 * compares them with.
 */
static cJSON *
numeric_value(const char *text)
{
	size_t digits = 0;

	for (const char *at = text; *at; at++)
		digits += *at >= '0' && *at <= '9';
	return digits <= EXACT_DIGITS ? number_value(text) : cJSON_CreateString(text);
}

/* A database in SQL_ASCII holds any bytes: what is no UTF-8 is made visible, as \xe9. */
static cJSON *
text_value(const char *text, size_t len)
{
	struct str out = STR_INIT;
	cJSON *value;

	for (size_t used; len; text += used, len -= used) {
		int32_t code;

		used = text_decode(text, len, &code);
		if (code < 0)
			str_printf(&out, "\\x%02x", (unsigned char)*text);
		else
			str_append_bytes(&out, text, used);
	}
	value = cJSON_CreateString(str_cstr(&out));
	str_release(&out);
	return value;
}

/* The beginning of a value that is too long to be kept. */
static cJSON *
cut_value(const char *text, size_t len, size_t most)
{
	return text_value(text, text_whole(text, len, most));
}

static cJSON *
json_value(const char *text, size_t len)
{
	cJSON *value = json_parse(text, len, NULL);

	return value ? value : text_value(text, len);
}

static cJSON *
cell_value(const PGresult *piece, int row, int column, size_t most)
{
	const char *text = PQgetvalue(piece, row, column);
	size_t len = (size_t)PQgetlength(piece, row, column);

	if (PQgetisnull(piece, row, column))
		return cJSON_CreateNull();
	if (len > most)
		return cut_value(text, len, most);
	switch (PQftype(piece, column)) {
	case OID_BOOL:
		return cJSON_CreateBool(text[0] == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_FLOAT4:
	case OID_FLOAT8:
		return number_value(text);
	case OID_NUMERIC:
		return numeric_value(text);
	case OID_JSON:
	case OID_JSONB:
		return json_value(text, len);
	default:
		return text_value(text, len);
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

/* Each column's type by PostgreSQL's short name, null where it is none of the known ones. */
static cJSON *
column_types(const PGresult *piece)
{
	cJSON *types = cJSON_CreateArray();

	for (int i = 0; i < PQnfields(piece); i++) {
		const char *name = NULL;

		for (size_t j = 0; j < sizeof(type_names) / sizeof(type_names[0]); j++)
			if (type_names[j].oid == PQftype(piece, i))
				name = type_names[j].name;
		cJSON_AddItemToArray(types, name ? cJSON_CreateString(name) : cJSON_CreateNull());
	}
	return types;
}

static void
keep_row(struct postgres_rows *r, const PGresult *piece, int row)
{
	cJSON *object = cJSON_CreateObject();
	const cJSON *name = r->columns->child;

	for (int i = 0; name; i++, name = name->next) {
		size_t len = (size_t)PQgetlength(piece, row, i);
		size_t most = r->kept_bytes < MAX_KEPT_BYTES ? MAX_CELL_BYTES : MAX_LATE_CELL_BYTES;

		r->cut = r->cut || len > most;
		r->kept_bytes += len > most ? most : len;
		json_add(object, name->valuestring, cell_value(piece, row, i, most));
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
		r->types = column_types(piece);
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

/* The cell of a result that is but one; null otherwise. */
static cJSON *
only_value(const struct postgres_rows *r)
{
	const cJSON *row = r->rows ? r->rows->child : NULL;

	if (r->count != 1 || !row || !row->child || row->child->next)
		return cJSON_CreateNull();
	return cJSON_Duplicate(row->child, true);
}

cJSON *
postgres_rows_finish(struct postgres_rows *r)
{
	cJSON *result = cJSON_CreateObject();

	json_add(result, "columns", r->columns ? r->columns : cJSON_CreateArray());
	json_add(result, "types", r->types ? r->types : cJSON_CreateArray());
	json_add(result, "rows", r->rows ? r->rows : cJSON_CreateArray());
	json_add_int(result, "row_count", (int64_t)r->count);
	json_add(result, "value", only_value(r));
	json_add_bool(result, "truncated", r->cut || r->kept < r->count);
	json_add_string(result, "command", r->command ? r->command : "");
	r->columns = r->types = r->rows = NULL;
	postgres_rows_release(r);
	return result;
}

void
postgres_rows_release(struct postgres_rows *r)
{
	cJSON_Delete(r->columns);
	cJSON_Delete(r->types);
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
