#include "config.h"

#include "step/restore/step_postgresql_restore_statement.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { STATEMENT_MAX = 256 << 10 };

void
statement_release(struct statement_text *s)
{
	str_release(&s->text);
}

static bool
is(const struct statement_text *s, int i, const char *word)
{
	return i < s->words_count && strcmp(s->words[i], word) == 0;
}

static bool
is_routine(const struct statement_text *s)
{
	int i = is(s, 1, "or") && is(s, 2, "replace") ? 3 : 1;

	return is(s, 0, "create") && (is(s, i, "function") || is(s, i, "procedure"));
}

const char *
statement_word(const struct statement_text *s)
{
	return s->word_len ? s->word : "";
}

/* A routine's body may be BEGIN ATOMIC … END, with statements and semicolons of its own. */
static void
end_word(struct statement_text *s)
{
	if (s->word_len == 0)
		return;
	if (s->words_count < STATEMENT_WORDS)
		memcpy(s->words[s->words_count++], s->word, sizeof(s->word));
	if (s->parens == 0 && is_routine(s)) {
		if (strcmp(s->word, "begin") == 0 ||
		    (s->begins > 0 && strcmp(s->word, "case") == 0))
			s->begins++;
		else if (s->begins > 0 && strcmp(s->word, "end") == 0)
			s->begins--;
	}
	s->word_len = 0;
}

static void
read_word(struct statement_text *s, char c)
{
	if (!isalnum((unsigned char)c) && c != '_' && c != '$' && (unsigned char)c < 0x80) {
		end_word(s);
		return;
	}
	if (s->word_len < STATEMENT_WORD_MAX - 1)
		s->word[s->word_len++] = (char)tolower((unsigned char)c);
	s->word[s->word_len] = '\0';
}

void
statement_keep(struct statement_text *s, char c)
{
	if (s->text.len < STATEMENT_MAX)
		str_append_char(&s->text, c);
}

bool
statement_push(struct statement_text *s, char c, int64_t line)
{
	if (s->text.len == 0 && isspace((unsigned char)c))
		return false;
	if (s->text.len == 0)
		s->line = line;
	read_word(s, c);
	if (c == '(')
		s->parens++;
	else if (c == ')' && s->parens > 0)
		s->parens--;
	else if (c == ';' && s->parens == 0 && s->begins == 0)
		return true;
	statement_keep(s, c);
	return false;
}

void
statement_cut(struct statement_text *s)
{
	if (s->text.len > 0 && s->text.len < STATEMENT_MAX)
		s->text.data[--s->text.len] = '\0';
	end_word(s);
}

/* ---- what it says ---- */

/* Reads one name; returns it as it is, without quotes, or as SQL has it. NULL: there is none. */
static char *
take_name(const char **at, bool as_sql)
{
	struct str out = STR_INIT;
	const char *c = *at;

	if (*c == '"') {
		if (as_sql)
			str_append_char(&out, '"');
		for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
			if (*c == '"' && !as_sql)
				c++;
			else if (*c == '"')
				str_append_char(&out, *c++);
			str_append_char(&out, *c);
		}
		if (as_sql && *c)
			str_append_char(&out, '"');
		c += *c == '"';
	} else {
		while (isalnum((unsigned char)*c) || *c == '_' || *c == '$' ||
		       (unsigned char)*c >= 0x80)
			str_append_char(&out, *c++);
	}
	*at = c;
	return out.len ? str_take(&out) : NULL;
}

static void
add_once(struct step_texts *texts, char *name)
{
	bool known = !name;

	for (size_t i = 0; i < texts->count; i++)
		known = known || strcmp(texts->items[i], name) == 0;
	if (known)
		free(name);
	else
		step_texts_push(texts, name);
}

/* The name behind the last of such words, if they are there: what stands before may hold any name. */
static void
add_behind(struct step_texts *texts, const char *text, const char *words)
{
	const char *last = NULL, *at = text;

	while ((at = strstr(at, words)))
		last = ++at;
	if (!last)
		return;
	last += strlen(words) - 1;
	add_once(texts, take_name(&last, false));
}

static bool
is_copy_from_here(const char *at)
{
	const char *from = NULL;

	for (const char *found = at; (found = strcasestr(found, " from stdin")); found++)
		from = found;
	return from && !strcasestr(at, " program ");
}

/* COPY name (columns) FROM stdin. */
static enum statement_end
read_copy(struct statement_text *s, struct dump_content *content)
{
	const char *at = s->text.data + strlen("copy");
	struct dump_rows *rows;
	char *name, *rest = NULL;

	at += strspn(at, " \n\t");
	name = take_name(&at, true);
	if (name && *at == '.') {
		at++;
		rest = take_name(&at, true);
	}
	if (!name || !is_copy_from_here(at)) {
		if (!content->problem)
			content->problem = xasprintf(
				"line %lld has a COPY that does not read the dump itself, which "
				"is not what pg_dump writes: %.60s",
				(long long)s->line, s->text.data);
		free(name);
		free(rest);
		return STATEMENT_PLAIN;
	}
	rows = VEC_PUSH(content->rows, content->rows_count, content->rows_cap);
	*rows = (struct dump_rows){ .name = rest ? xasprintf("%s.%s", name, rest) : xstrdup(name) };
	free(name);
	free(rest);
	return STATEMENT_COPIES;
}

void
statement_merge_rows(struct dump_content *content)
{
	struct dump_rows *last = &content->rows[content->rows_count - 1];

	for (size_t i = 0; i + 1 < content->rows_count; i++) {
		if (strcmp(content->rows[i].name, last->name) != 0)
			continue;
		content->rows[i].rows += last->rows;
		free(last->name);
		content->rows_count--;
		return;
	}
}

static void
read_create(const struct statement_text *s, struct dump_content *content)
{
	const char *text = s->text.data, *at;

	if (is(s, 1, "table") || is(s, 2, "table")) {
		content->tables++;
	} else if (is(s, 1, "extension")) {
		at = text + strlen("create extension ");
		if (strncasecmp(at, "if not exists ", strlen("if not exists ")) == 0)
			at += strlen("if not exists ");
		add_once(&content->extensions, take_name(&at, false));
	} else if (is(s, 1, "schema")) {
		at = text + strlen("create schema ");
		add_once(&content->schemas, take_name(&at, false));
	}
}

/* "TO PUBLIC", and what GRANT and REVOKE do to the roles that they name. */
static void
read_grant(const struct statement_text *s, struct dump_content *content)
{
	const char *text = s->text.data;
	bool revokes = is(s, 0, "revoke") || strstr(text, " REVOKE ");

	content->grants = true;
	add_behind(&content->grantees, text, revokes ? " FROM " : " TO ");
	if (is(s, 0, "alter"))
		add_behind(&content->owners, text, " FOR ROLE ");
}

static enum statement_end
read_set(const struct statement_text *s, struct dump_content *content)
{
	const char *text = s->text.data, *at = strchr(text, '\'');

	if (is(s, 1, "session") && is(s, 2, "authorization") && at)
		add_once(&content->owners, xstrndup(at + 1, strcspn(at + 1, "'")));
	if (is(s, 1, "default_tablespace") && !at)
		add_behind(&content->tablespaces, text, " = ");
	if (is(s, 1, "standard_conforming_strings"))
		return strcasestr(text, "off") ? STATEMENT_STRINGS_ESCAPED
					       : STATEMENT_STRINGS_STANDARD;
	return STATEMENT_PLAIN;
}

static bool
ends_transaction(const struct statement_text *s)
{
	static const char *const words[] = { "begin",	 "start", "commit", "end",
					     "rollback", "abort", NULL };

	for (const char *const *word = words; *word; word++)
		if (is(s, 0, *word))
			return true;
	return is(s, 0, "prepare") && is(s, 1, "transaction");
}

static enum statement_end
classify(struct statement_text *s, struct dump_content *content)
{
	bool database = is(s, 1, "database");

	if (is(s, 0, "copy"))
		return read_copy(s, content);
	if (is(s, 0, "set"))
		return read_set(s, content);
	if (ends_transaction(s) && !content->ends_line)
		content->ends_line = s->line;
	if (database && (is(s, 0, "create") || is(s, 0, "drop")) && !content->problem)
		content->problem =
			xasprintf("line %lld, %.60s, makes a database of its own. Dump without "
				  "--create, and one database alone",
				  (long long)s->line, s->text.data);
	if (is(s, 0, "create"))
		read_create(s, content);
	content->drops = content->drops || is(s, 0, "drop");
	if (is(s, 0, "grant") || is(s, 0, "revoke") ||
	    (is(s, 0, "alter") && is(s, 1, "default") && is(s, 2, "privileges")))
		read_grant(s, content);
	else if (is(s, 0, "alter"))
		add_behind(&content->owners, s->text.data, " OWNER TO ");
	return STATEMENT_PLAIN;
}

enum statement_end
statement_finish(struct statement_text *s, struct dump_content *content)
{
	enum statement_end end = STATEMENT_PLAIN;

	end_word(s);
	if (s->words_count > 0) {
		content->statements++;
		end = classify(s, content);
	}
	str_clear(&s->text);
	s->words_count = 0;
	s->parens = s->begins = 0;
	return end;
}
