#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/text/lines.h"

/* A paragraph as it is collected from its source lines. */
struct paragraph {
	struct lines *lines;
	struct str text;
	struct str plain; /* without its marks */
	enum role *roles; /* of plain, byte for byte, and one more */
	size_t roles_count, roles_cap;
};

static void
put(struct paragraph *p, const char *text, size_t len, enum role role)
{
	str_append_bytes(&p->plain, text, len);
	for (size_t i = 0; i < len; i++)
		*VEC_PUSH(p->roles, p->roles_count, p->roles_cap) = role;
}

/* The text between a mark at `at` and its twin goes into p; returns the bytes taken, 0: no twin. */
static size_t
put_marked(struct paragraph *p, const char *at, const char *mark, enum role role)
{
	size_t len = strlen(mark);
	const char *close;

	if (strncmp(at, mark, len) != 0)
		return 0;
	close = strstr(at + len, mark);
	if (!close || close == at + len)
		return 0;
	put(p, at + len, (size_t)(close - at) - len, role);
	return (size_t)(close - at) + len;
}

static void
flush(struct paragraph *p)
{
	const char *at = str_cstr(&p->text);

	if (!*at)
		return;
	str_clear(&p->plain);
	p->roles_count = 0;
	while (*at) {
		size_t taken = put_marked(p, at, "**", ROLE_STRONG);

		if (!taken)
			taken = put_marked(p, at, "`", ROLE_CODE);
		if (!taken)
			put(p, at, taken = 1, ROLE_TEXT);
		at += taken;
	}
	*VEC_PUSH(p->roles, p->roles_count, p->roles_cap) = ROLE_TEXT;
	lines_wrap_roles(p->lines, ROLE_TEXT, "", str_cstr(&p->plain), p->roles);
	str_clear(&p->text);
}

static bool
begins_item(const char *line)
{
	size_t digits;

	line += strspn(line, " ");
	digits = strspn(line, "0123456789");
	return strncmp(line, "- ", 2) == 0 || strncmp(line, "* ", 2) == 0 ||
	       (digits && strncmp(line + digits, ". ", 2) == 0);
}

static void
take_text_line(struct paragraph *p, const char *line)
{
	size_t hashes = strspn(line, "#");

	if (!line[strspn(line, " ")]) {
		flush(p);
		lines_gap(p->lines);
	} else if (hashes && line[hashes] == ' ') {
		flush(p);
		lines_gap(p->lines);
		lines_wrap(p->lines, ROLE_STRONG, "", ROLE_STRONG, line + hashes + 1);
	} else if (begins_item(line) || p->text.len == 0) {
		flush(p);
		str_append(&p->text, line);
	} else {
		str_append_char(&p->text, ' ');
		str_append(&p->text, line + strspn(line, " "));
	}
}

void
lines_markdown(struct lines *lines, const char *text)
{
	struct paragraph p = { .lines = lines, .text = STR_INIT, .plain = STR_INIT };
	char *clean = text_clean(text, TEXT_KEEP_NEWLINES);
	bool code = false;
	char *next = clean;

	for (char *line = clean; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line + strspn(line, " "), "```", 3) == 0) {
			flush(&p);
			code = !code;
		} else if (code) {
			lines_wrap(lines, ROLE_CODE, "    ", ROLE_CODE, line);
		} else {
			take_text_line(&p, line);
		}
	}
	flush(&p);
	str_release(&p.text);
	str_release(&p.plain);
	free(p.roles);
	free(clean);
}
