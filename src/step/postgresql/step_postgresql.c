#include "config.h"

#include "step/postgresql/step_postgresql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* Past white space, opening parentheses and both kinds of comment, which nest. */
static const char *
skip_comments(const char *sql)
{
	for (;;) {
		int depth = 0;

		while (isspace((unsigned char)*sql) || *sql == '(')
			sql++;
		if (str_starts_with(sql, "--")) {
			sql += strcspn(sql, "\r\n");
			continue;
		}
		if (!str_starts_with(sql, "/*"))
			return sql;
		do {
			if (str_starts_with(sql, "/*"))
				depth++, sql += 2;
			else if (str_starts_with(sql, "*/"))
				depth--, sql += 2;
			else
				sql++;
		} while (depth && *sql);
	}
}

const char *
sql_first_word(const char *sql, size_t *ret_len)
{
	const char *word = skip_comments(sql);

	*ret_len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	return word;
}

const char *
sql_next_word(const char *word, size_t *len)
{
	return sql_first_word(word + *len, len);
}

bool
sql_word_is(const char *word, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(word, wanted, len) == 0;
}

const char **
sql_parameters(const cJSON *list, struct step_texts *texts)
{
	const char **params = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*params));
	const cJSON *item;
	size_t i = 0;

	step_texts_load(texts, list);
	cJSON_ArrayForEach(item, list) {
		params[i] = cJSON_IsNull(item) ? NULL : texts->items[i];
		i++;
	}
	return params;
}

int
sql_execute(struct postgres *pg, const char *sql, const char *const *params, size_t count,
	    const struct cancel *cancel, struct err *e)
{
	cJSON *result = NULL;
	int rc = postgres_query(pg, sql, params, count, 1, cancel, &result, e);

	cJSON_Delete(result);
	return rc;
}

bool
sql_failed_with(const struct err *e, const char *sqlstate)
{
	const char *at = strstr(e->message, "SQLSTATE ");

	return at && str_starts_with(at + strlen("SQLSTATE "), sqlstate);
}

/* Past a text in quotes, which begins at `sql`; a backslash escapes in E'…' alone. */
static const char *
skip_quoted(const char *sql, bool escapes)
{
	char quote = *sql++;

	while (*sql && *sql != quote)
		sql += escapes && *sql == '\\' && sql[1] ? 2 : 1;
	return *sql ? sql + 1 : sql;
}

/* Past $tag$ … $tag$; the next character where `sql` begins no such thing. */
static const char *
skip_dollars(const char *sql)
{
	size_t len = 1 + strspn(sql + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
					 "0123456789");
	char *tag;
	const char *end;

	if (sql[len] != '$' || isdigit((unsigned char)sql[1]))
		return sql + 1;
	tag = xstrndup(sql, len + 1);
	end = strstr(sql + len + 1, tag);
	free(tag);
	return end ? end + len + 1 : sql + strlen(sql);
}

bool
sql_has_several(const char *sql)
{
	const char *begin = sql;

	while (*sql) {
		if (*sql == ';') {
			size_t len;

			while (*sql == ';')
				sql = sql_first_word(sql + 1, &len);
			return *sql != '\0';
		}
		if (*sql == '\'' || *sql == '"')
			sql = skip_quoted(sql,
					  *sql == '\'' && sql > begin && strchr("eE", sql[-1]));
		else if (*sql == '$')
			sql = skip_dollars(sql);
		else if (str_starts_with(sql, "--") || str_starts_with(sql, "/*"))
			sql = skip_comments(sql);
		else
			sql++;
	}
	return false;
}

void
sql_advise(const char *sql, struct err *e)
{
	static const struct {
		const char *sqlstate, *advice;
	} known[] = {
		{ "25006",
		  "Nothing can be written here: postgresql.query only reads "
		  "(postgresql.execute writes), and so do a standby and a role or database "
		  "with default_transaction_read_only" },
		{ "40001", "Another transaction was in its way: run the step again" },
		{ "40P01", "It and another transaction waited for each other: run the step again" },
		{ "42501", "GRANT the role that right, or connect as one that has it" },
		{ "42P18", "Say what the parameter is: $1::text" },
		{ "53100", "The server's disk is full: make room there first" },
		{ "57014", "Raise `statement_timeout`, or see with EXPLAIN why it takes so long" },
		{ "55P03", "Raise `lock_timeout`, or end what holds the lock" },
	};

	if (sql_failed_with(e, SQL_SYNTAX_ERROR) && sql_has_several(sql))
		err_advise(e, "The text holds more than one statement: a step runs one, and "
			      "postgresql.execute has `statements` for several");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (sql_failed_with(e, known[i].sqlstate))
			err_advise(e, "%s", known[i].advice);
}
