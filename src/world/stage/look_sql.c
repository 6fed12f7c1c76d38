#include "config.h"

#include "world/stage/look_sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/postgres/postgres.h"
#include "world/part/parts.h"

/* The first value of postgres_query()'s result; NULL where it has no row. */
static const cJSON *
first_value(const cJSON *result)
{
	const cJSON *row = json_at(result, "rows/0");

	return row ? row->child : NULL;
}

/* A value of a conninfo in its quotes. */
static void
append_quoted(struct str *out, const char *name, const char *value)
{
	str_printf(out, " %s='", name);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *value);
	}
	str_append_char(out, '\'');
}

/* Where the code of a server's refusal stands: libpq says "FATAL:  28P01: …", ours "SQLSTATE 42P01: …". NULL: there is none. */
static const char *
find_code(const char *message)
{
	static const char *const before[] = { ":  ", "SQLSTATE " };
	static const char *const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		for (const char *at = message; (at = strstr(at, before[i]));) {
			at += strlen(before[i]);
			if (strspn(at, alphabet) == 5 && at[5] == ':')
				return at;
		}
	return NULL;
}

/* Up to the end of the server's own sentence, without what libpq and we have put behind it. */
static size_t
sentence_len(const char *text)
{
	static const char *const ends[] = { "\n", ". Detail: ", ". Hint: ", ", at character ",
					    ". " };
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end = strstr(text, ends[i]);

		if (end && (size_t)(end - text) < len)
			len = (size_t)(end - text);
	}
	return len;
}

static char *
words_of(const struct look_sql *wanted, const struct err *e, const char *severity)
{
	const char *code = find_code(e->message);

	if (code)
		return xasprintf("%s: %.*s (SQLSTATE %.5s)", severity, (int)sentence_len(code + 7),
				 code + 7, code);
	if (e->kind == ERR_TIMEOUT)
		return xasprintf("dial tcp %s:%d: i/o timeout", wanted->address, wanted->port);
	if (e->kind == ERR_NET && strstr(e->message, "refused"))
		return xasprintf("dial tcp %s:%d: connect: connection refused", wanted->address,
				 wanted->port);
	if (e->kind == ERR_NET)
		return xasprintf("read tcp %s:%d: unexpected EOF", wanted->address, wanted->port);
	return xstrdup(e->message);
}

static int
log_in(const struct look_sql *wanted, const struct cancel *cancel, struct postgres **ret_pg,
       struct err *e)
{
	struct str conninfo = STR_INIT;
	int rc;

	append_quoted(&conninfo, "host", wanted->address);
	str_printf(&conninfo, " port=%d sslmode=disable gssencmode=disable", wanted->port);
	append_quoted(&conninfo, "dbname", wanted->database);
	append_quoted(&conninfo, "user", wanted->role);
	rc = postgres_connect(&(struct postgres_options){ .conninfo = str_cstr(&conninfo),
							  .password = wanted->password,
							  .connect_timeout_ms = wanted->timeout_ms,
							  .cancel = cancel },
			      ret_pg, e);
	str_release(&conninfo);
	return rc;
}

static bool
says_yes(const cJSON *value)
{
	if (cJSON_IsNumber(value))
		return value->valuedouble < 0 || value->valuedouble > 0;
	return json_truthy(value);
}

static void
look(void *ask, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct look_sql *wanted = ask;
	struct postgres *pg = NULL;
	cJSON *result = NULL;
	struct err e = ERR_INIT;

	if (log_in(wanted, cancel, &pg, &e) < 0) {
		ret_answer->seen = words_of(wanted, &e, "FATAL");
		return;
	}
	postgres_set_limit(pg, wanted->timeout_ms);
	if (postgres_query(pg, wanted->query, NULL, 0, 1, cancel, &result, &e) < 0) {
		ret_answer->seen = words_of(wanted, &e, "ERROR");
	} else {
		const cJSON *first = first_value(result);

		ret_answer->holds = says_yes(first);
		ret_answer->seen = first ? json_text(first) : xstrdup("no rows in result set");
		ret_answer->value = cJSON_Duplicate(first, true);
	}
	cJSON_Delete(result);
	postgres_free(pg);
}

static bool
same(const void *ask, const void *other)
{
	const struct look_sql *a = ask, *b = other;

	return str_equal(a->address, b->address) && a->port == b->port &&
	       str_equal(a->database, b->database) && str_equal(a->role, b->role) &&
	       str_equal(a->password, b->password) && str_equal(a->query, b->query);
}

static void
free_ask(void *ask)
{
	struct look_sql *wanted = ask;

	free(wanted->address);
	free(wanted->database);
	free(wanted->role);
	free(wanted->password);
	free(wanted->query);
	free(wanted);
}

const struct look_kind look_sql_kind = { .run = look, .same = same, .free = free_ask };

/* ---- as the superuser ---- */

static void
look_query(void *ask, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct look_query *wanted = ask;
	cJSON *result = NULL;
	struct err e = ERR_INIT;

	(void)cancel; /* the parts have one of their own */
	if (parts_query(wanted->parts, wanted->server, wanted->database, wanted->query, &result,
			&e) < 0) {
		ret_answer->seen = xstrdup(e.message);
		return;
	}
	const cJSON *first = first_value(result);
	ret_answer->holds = json_truthy(first);
	ret_answer->seen = first ? json_text(first) : xstrdup("no rows in result set");
	ret_answer->value = cJSON_Duplicate(first, true);
	cJSON_Delete(result);
}

static bool
same_query(const void *ask, const void *other)
{
	const struct look_query *a = ask, *b = other;

	return str_equal(a->server, b->server) && str_equal(a->database, b->database) &&
	       str_equal(a->query, b->query);
}

static void
free_query(void *ask)
{
	struct look_query *wanted = ask;

	free(wanted->server);
	free(wanted->database);
	free(wanted->query);
	free(wanted);
}

const struct look_kind look_query_kind = { .run = look_query,
					   .same = same_query,
					   .free = free_query };
