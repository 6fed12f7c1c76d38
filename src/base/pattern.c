#include "config.h"

#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/text.h"
#include "base/xalloc.h"

enum {
	MAX_STEPS = 200000, /* of one match; a few milliseconds */
	MAX_HEAP_KIB = 4096,
	JIT_STACK_FIRST = 32 << 10,
	JIT_STACK_MAX = 512 << 10,
};

struct pattern {
	char *text;
	bool negated;
	pcre2_code *code;
	pcre2_match_data *found;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack; /* NULL where nothing was translated to machine code */
};

/* What is to be compiled: a part of the text as it was written. */
struct body {
	const char *start;
	size_t len;
	bool expression;
};

static bool
is_escaped(const char *start, const char *at)
{
	const char *p = at;

	while (p > start && p[-1] == '\\')
		p--;
	return (at - p) % 2 != 0;
}

static struct body
find_body(const char *text, bool *ret_negated)
{
	struct body b = { .start = text };

	*ret_negated = *b.start == '!';
	b.start += *ret_negated;
	b.expression = *b.start == '/';
	b.start += b.expression;
	b.len = strlen(b.start);
	if (b.expression && b.len && b.start[b.len - 1] == '/' &&
	    !is_escaped(b.start, b.start + b.len - 1))
		b.len--;
	return b;
}

/* The length of an escape sequence, whose letters say nothing about case (\W, \p{Lu}, \x{AB}). */
static size_t
escape_len(const char *text, size_t len)
{
	const char *end;

	if (len < 2)
		return len;
	if (text[1] == 'x' && len > 3 && text[2] != '{')
		return 4;
	if (!strchr("pPNxogk", text[1]) || len < 3 || text[2] != '{')
		return 2;
	end = memchr(text, '}', len);
	return end ? (size_t)(end - text) + 1 : len;
}

static bool
has_capital(const struct body *b)
{
	size_t i = 0;

	while (i < b->len) {
		int32_t code;
		size_t n = text_decode(b->start + i, b->len - i, &code);

		if (b->expression && code == '\\')
			n = escape_len(b->start + i, b->len - i);
		else if (code > 0 && iswupper((wint_t)code))
			return true;
		i += n;
	}
	return false;
}

static int
report(const char *text, const struct body *b, int code, size_t offset, struct err *e)
{
	unsigned char message[256] = "";
	const char *at = b->start + (offset < b->len ? offset : b->len);
	int column = 1;

	pcre2_get_error_message(code, message, sizeof(message));
	for (const char *p = text; p < at; p++)
		column += ((unsigned char)*p & 0xc0) != 0x80;
	err_set(e, ERR_USAGE, "pattern %s: %s, at character %d", text, (const char *)message,
		column);
	if (b->expression)
		err_advise(e, "Without the slash in front it is looked for as it is written");
	return -1;
}

static int
compile(struct pattern *p, const struct body *b, struct err *e)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	size_t offset = 0;
	int code = 0;

	if (!b->len)
		return err_set(e, ERR_USAGE, "pattern \"%s\": there is nothing to look for",
			       p->text);
	options |= b->expression ? PCRE2_NEVER_BACKSLASH_C : PCRE2_LITERAL;
	if (!has_capital(b))
		options |= PCRE2_CASELESS;
	p->code = pcre2_compile((PCRE2_SPTR)b->start, b->len, options, &code, &offset, NULL);
	return p->code ? 0 : report(p->text, b, code, offset, e);
}

/* Where machine code is not to be had (or not allowed) the interpreter does the same, slower. */
static void
translate(struct pattern *p)
{
	if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) < 0)
		return;
	p->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
	if (p->stack)
		pcre2_jit_stack_assign(p->limits, NULL, p->stack);
}

struct pattern *
pattern_new(const char *text, struct err *e)
{
	struct pattern *p = xcalloc(1, sizeof(*p));
	struct body body;

	p->text = xstrdup(text);
	body = find_body(p->text, &p->negated);
	if (compile(p, &body, e) < 0)
		goto failed;
	p->found = pcre2_match_data_create(1, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->found || !p->limits) {
		err_set(e, ERR_INTERNAL, "pattern %s: out of memory", text);
		goto failed;
	}
	pcre2_set_match_limit(p->limits, MAX_STEPS);
	pcre2_set_heap_limit(p->limits, MAX_HEAP_KIB);
	translate(p);
	return p;
failed:
	pattern_free(p);
	return NULL;
}

void
pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_data_free(p->found);
	pcre2_match_context_free(p->limits);
	pcre2_jit_stack_free(p->stack);
	pcre2_code_free(p->code);
	free(p->text);
	free(p);
}

const char *
pattern_text(const struct pattern *p)
{
	return p->text;
}

/* 0 too is a match: one with more groups than we care for. */
static bool
search(const struct pattern *p, const char *text, size_t len, size_t from, uint32_t options)
{
	return pcre2_match(p->code, (PCRE2_SPTR)text, len, from, options, p->found, p->limits) >= 0;
}

bool
pattern_matches(const struct pattern *p, const char *text, size_t len_bytes)
{
	return search(p, text, len_bytes, 0, 0) != p->negated;
}

bool
pattern_find(const struct pattern *p, const char *text, size_t len_bytes, size_t from,
	     size_t *ret_start, size_t *ret_end)
{
	const size_t *range;

	if (p->negated || from >= len_bytes || !search(p, text, len_bytes, from, PCRE2_NOTEMPTY))
		return false;
	range = pcre2_get_ovector_pointer(p->found);
	if (range[0] >= range[1])
		return false;
	*ret_start = range[0];
	*ret_end = range[1];
	return true;
}
