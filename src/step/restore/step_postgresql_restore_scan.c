#include "config.h"

#include "step/restore/step_postgresql_restore_scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "step/restore/step_postgresql_restore_statement.h"

/*
 * The states are those of psql's own reader, since a backslash is a command for psql exactly where that is
 * not in a literal, a comment or the data of a COPY. Source: PostgreSQL, src/fe_utils/psqlscan.l.
 */
enum scan_state {
	IN_TEXT,
	IN_LINE_COMMENT,
	IN_BLOCK_COMMENT,
	IN_QUOTE,
	IN_NAME,     /* "…" */
	IN_TAG,	     /* the first half of a dollar quote's beginning: $tag */
	IN_DOLLAR,   /* $tag$ … */
	IN_COMMAND,  /* \… to the end of the line */
	BEFORE_COPY, /* the rest of the line of a COPY */
	IN_COPY,
};

enum { NOTE_MAX = 400, COPY_HEAD = 4 };

struct dump_scan {
	struct dump_content content;
	enum scan_state state;
	char previous; /* byte of the same state, or 0 */
	bool standard_strings;
	bool escapes; /* a backslash in this literal takes the next character along */
	bool ended,
		continued; /* a literal; and a line end behind it, so that a quote goes on with it */
	bool escaped;
	int depth; /* of comments */
	struct str note, tag;
	size_t matched; /* of tag */
	struct statement_text statement;
	char head[COPY_HEAD];
	size_t line_len; /* of the line of data */
	int64_t rows;
};

struct dump_scan *
dump_scan_new(void)
{
	struct dump_scan *scan = xcalloc(1, sizeof(*scan));

	scan->standard_strings = true;
	scan->content.lines = 1;
	return scan;
}

void
dump_scan_free(struct dump_scan *scan)
{
	struct dump_content *c = scan ? &scan->content : NULL;

	if (!scan)
		return;
	for (size_t i = 0; i < c->rows_count; i++)
		free(c->rows[i].name);
	free(c->rows);
	step_texts_release(&c->owners);
	step_texts_release(&c->grantees);
	step_texts_release(&c->extensions);
	step_texts_release(&c->schemas);
	step_texts_release(&c->tablespaces);
	free(c->server_version);
	free(c->client_version);
	free(c->problem);
	str_release(&scan->note);
	str_release(&scan->tag);
	statement_release(&scan->statement);
	free(scan);
}

const struct dump_content *
dump_scan_content(const struct dump_scan *scan)
{
	return &scan->content;
}

static void
enter(struct dump_scan *scan, enum scan_state state)
{
	scan->state = state;
	scan->previous = '\0';
	str_clear(&scan->note);
}

/* ---- comments and commands ---- */

static void
take_version(const char *note, const char *label, char **version)
{
	if (str_starts_with(note, label) && !*version)
		*version = xstrndup(note + strlen(label), strcspn(note + strlen(label), " "));
}

static void
end_comment(struct dump_scan *scan)
{
	const char *note = str_cstr(&scan->note) + strspn(str_cstr(&scan->note), " ");

	take_version(note, "Dumped from database version ", &scan->content.server_version);
	take_version(note, "Dumped by pg_dump version ", &scan->content.client_version);
	if (str_equal(note, "PostgreSQL database dump complete"))
		scan->content.complete = true;
	enter(scan, IN_TEXT);
}

static void
refuse(struct dump_scan *scan, char *problem)
{
	if (scan->content.problem)
		free(problem);
	else
		scan->content.problem = problem;
}

/* \restrict and \unrestrict are what pg_dump itself writes, against commands in names. */
static void
end_command(struct dump_scan *scan)
{
	const char *command = str_cstr(&scan->note);
	long long line = (long long)scan->content.lines;

	if (str_starts_with(command, "restrict "))
		scan->content.restricted = true;
	else if (str_starts_with(command, "connect "))
		refuse(scan, xasprintf("line %lld, \\%s, leads to another database. Dump without "
				       "--create, and one database alone",
				       line, command));
	else if (!str_starts_with(command, "unrestrict "))
		refuse(scan, xasprintf("line %lld has the psql command \\%.60s, which can run "
				       "programs on this machine and is not what pg_dump writes",
				       line, command));
	enter(scan, IN_TEXT);
}

static void
keep(struct dump_scan *scan, char c)
{
	if (scan->note.len < NOTE_MAX && c != '\r')
		str_append_char(&scan->note, c);
}

static void
read_block_comment(struct dump_scan *scan, char c)
{
	bool closes = scan->previous == '*' && c == '/';
	bool opens = scan->previous == '/' && c == '*';

	scan->depth += opens ? 1 : closes ? -1 : 0;
	scan->previous = opens || closes ? '\0' : c;
	if (scan->depth == 0)
		enter(scan, IN_TEXT);
}

/* ---- literals ---- */

static void
begin_quote(struct dump_scan *scan)
{
	bool doubled = scan->ended && scan->previous == '\'';

	if (!doubled && !scan->continued)
		scan->escapes =
			!scan->standard_strings || str_equal(statement_word(&scan->statement), "e");
	scan->escaped = scan->ended = scan->continued = false;
	enter(scan, IN_QUOTE);
}

static void
read_quote(struct dump_scan *scan, char c)
{
	if (scan->escapes && !scan->escaped && c == '\\') {
		scan->escaped = true;
		return;
	}
	if (c == '\'' && !scan->escaped) {
		enter(scan, IN_TEXT);
		scan->ended = true;
		scan->previous = '\'';
	}
	scan->escaped = false;
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static void
read_dollar(struct dump_scan *scan, char c)
{
	if (c == scan->tag.data[scan->matched])
		scan->matched++;
	else
		scan->matched = c == '$';
	if (scan->matched == scan->tag.len)
		enter(scan, IN_TEXT);
}

/* ---- statements ---- */

static void
end_statement(struct dump_scan *scan)
{
	struct dump_content *c = &scan->content;
	enum statement_end end = statement_finish(&scan->statement, c);

	if (end == STATEMENT_STRINGS_STANDARD || end == STATEMENT_STRINGS_ESCAPED)
		scan->standard_strings = end == STATEMENT_STRINGS_STANDARD;
	enter(scan, end == STATEMENT_COPIES ? BEFORE_COPY : IN_TEXT);
	scan->rows = 0;
	scan->line_len = 0;
}

static void
track_literal_end(struct dump_scan *scan, char c)
{
	if (!scan->ended)
		return;
	if (c == '\n' || c == '\r')
		scan->continued = true;
	else if (!isspace((unsigned char)c))
		scan->ended = scan->continued = false;
}

static void
read_text(struct dump_scan *scan, char c)
{
	char before = scan->previous;

	if (c != '\'')
		track_literal_end(scan, c);
	scan->previous = c;
	if (before == '-' && c == '-') {
		statement_cut(&scan->statement);
		enter(scan, IN_LINE_COMMENT);
		return;
	}
	if (before == '/' && c == '*') {
		statement_cut(&scan->statement);
		enter(scan, IN_BLOCK_COMMENT);
		scan->depth = 1;
		return;
	}
	if (c == '\\') {
		enter(scan, IN_COMMAND);
		return;
	}
	if (c == '\'') {
		scan->previous = before;
		begin_quote(scan);
	} else if (c == '"') {
		enter(scan, IN_NAME);
	} else if (c == '$' && !is_word_char(before)) {
		enter(scan, IN_TAG);
		str_clear(&scan->tag);
		str_append_char(&scan->tag, '$');
	}
	if (statement_push(&scan->statement, c, scan->content.lines))
		end_statement(scan);
}

static void
read_tag(struct dump_scan *scan, char c)
{
	bool first = scan->tag.len == 1;

	str_append_char(&scan->tag, c);
	if (c == '$') {
		enter(scan, IN_DOLLAR);
		scan->matched = 0;
	} else if (!is_word_char(c) || (first && isdigit((unsigned char)c))) {
		enter(scan, IN_TEXT); /* it was a dollar sign, as in $1 */
		read_text(scan, c);
	}
}

/* ---- data ---- */

static void
before_copy(struct dump_scan *scan, char c)
{
	if (c == '\n')
		enter(scan, IN_COPY);
	else if (!isspace((unsigned char)c))
		refuse(scan, xasprintf("line %lld has something behind a COPY",
				       (long long)scan->content.lines));
}

static bool
is_end_of_data(const struct dump_scan *scan)
{
	size_t len = scan->line_len;

	if (len == 3 && scan->head[2] == '\r')
		len = 2;
	return len == 2 && memcmp(scan->head, "\\.", 2) == 0;
}

static void
end_of_line(struct dump_scan *scan)
{
	scan->content.lines++;
	if (!is_end_of_data(scan)) {
		scan->rows++;
		scan->line_len = 0;
		return;
	}
	scan->content.rows[scan->content.rows_count - 1].rows += scan->rows;
	statement_merge_rows(&scan->content);
	enter(scan, IN_TEXT);
}

/* Whole lines at once: data is most of a dump. Returns how many bytes were taken. */
static size_t
read_copy(struct dump_scan *scan, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	size_t piece = end ? (size_t)(end - bytes) : len;

	for (size_t i = 0; i < piece && scan->line_len + i < COPY_HEAD; i++)
		scan->head[scan->line_len + i] = bytes[i];
	scan->line_len += piece;
	if (!end)
		return piece;
	end_of_line(scan);
	return piece + 1;
}

static void
read_byte(struct dump_scan *scan, char c)
{
	if (scan->state == IN_QUOTE || scan->state == IN_NAME)
		statement_keep(&scan->statement, c);
	switch (scan->state) {
	case IN_LINE_COMMENT:
		c == '\n' ? end_comment(scan) : keep(scan, c);
		break;
	case IN_COMMAND:
		c == '\n' ? end_command(scan) : keep(scan, c);
		break;
	case IN_BLOCK_COMMENT:
		read_block_comment(scan, c);
		break;
	case IN_QUOTE:
		read_quote(scan, c);
		break;
	case IN_NAME:
		if (c == '"')
			enter(scan, IN_TEXT);
		break;
	case IN_TAG:
		read_tag(scan, c);
		break;
	case IN_DOLLAR:
		read_dollar(scan, c);
		break;
	case BEFORE_COPY:
		before_copy(scan, c);
		break;
	case IN_TEXT:
	case IN_COPY:
		read_text(scan, c);
	}
}

void
dump_scan_push(struct dump_scan *scan, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (scan->state == IN_COPY) {
			i += read_copy(scan, bytes + i, len - i);
			continue;
		}
		read_byte(scan, bytes[i]);
		scan->content.lines += bytes[i] == '\n';
		i++;
	}
}
