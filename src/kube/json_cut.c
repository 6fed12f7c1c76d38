#include "config.h"

#include "kube/json_cut.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

/* Where the next byte is: around the document, outside of the array, or in it (at depth 2). */
enum place { BEFORE, OUTSIDE, IN_ARRAY, BEHIND };

struct json_cut {
	const char *const *names;
	json_cut_fn *element;
	json_cut_whole_fn *whole; /* or NULL */
	void *data;
	enum place place;
	size_t depth;
	bool in_string, is_escaped; /* the next byte */
	bool has_array, stopped;
	bool was_whole; /* the element before the next comma or bracket: it was taken */
	size_t elements;
	size_t offset;	  /* of the piece's first byte in the document */
	struct str carry; /* the beginning of an element, from pieces before */
	struct str rest;
};

/* One piece: what is before `start` was dealt with, `at` is the next byte to look at. */
struct piece {
	const char *bytes;
	size_t start, at, len;
};

struct json_cut *
json_cut_new(const char *const *names, json_cut_fn *element, void *data)
{
	struct json_cut *cut = xcalloc(1, sizeof(*cut));

	cut->names = names;
	cut->element = element;
	cut->data = data;
	return cut;
}

void
json_cut_offer(struct json_cut *cut, json_cut_whole_fn *whole)
{
	cut->whole = whole;
}

void
json_cut_free(struct json_cut *cut)
{
	if (!cut)
		return;
	str_release(&cut->carry);
	str_release(&cut->rest);
	free(cut);
}

bool
json_cut_stopped(const struct json_cut *cut)
{
	return cut->stopped;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int
fail(const struct json_cut *cut, const struct piece *p, const char *why, struct err *e)
{
	return err_set(e, ERR_REMOTE, "%s at byte %zu of the answer", why, cut->offset + p->at);
}

/* Whether the byte at `at` is escaped by what comes before it, down to `from`. */
static bool
is_escaped(const char *from, const char *at)
{
	const char *slash = at;

	while (slash > from && slash[-1] == '\\')
		slash--;
	return (at - slash) % 2 != 0;
}

/* Moves to the byte behind the string's end, or to the end of the piece. */
static void
pass_string(struct json_cut *cut, struct piece *p)
{
	const char *at = p->bytes + p->at + cut->is_escaped, *end = p->bytes + p->len, *quote;

	cut->is_escaped = false;
	while ((quote = memchr(at, '"', (size_t)(end - at)))) {
		bool counts = !is_escaped(at, quote);

		at = quote + 1;
		if (counts) {
			cut->in_string = false;
			p->at = (size_t)(at - p->bytes);
			return;
		}
	}
	cut->is_escaped = is_escaped(at, end);
	p->at = p->len;
}

static void
pass_space(struct piece *p)
{
	while (p->at < p->len && is_space(p->bytes[p->at]))
		p->at++;
}

/* Keeps what was passed since the start: of an element for the next piece, else for the rest. */
static int
keep(struct json_cut *cut, struct piece *p, struct err *e)
{
	bool in_array = cut->place == IN_ARRAY;
	struct str *to = in_array ? &cut->carry : &cut->rest;
	size_t len = p->at - p->start;

	if (to->len + len > (in_array ? JSON_CUT_MAX_ELEMENT : JSON_CUT_MAX_REST))
		return fail(cut, p,
			    in_array ? "an element of the list is larger than 32 MiB"
				     : "more than 8 MiB beside the list's elements",
			    e);
	str_append_bytes(to, p->bytes + p->start, len);
	p->start = p->at;
	return 0;
}

static void
drop_space_at_end(const char *text, size_t *len)
{
	while (*len > 0 && is_space(text[*len - 1]))
		(*len)--;
}

/* Whether the text ends in `"name":`, as the name of a member and not as the end of some string. */
static bool
ends_in_name(const char *text, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	drop_space_at_end(text, &len);
	if (len == 0 || text[--len] != ':')
		return false;
	drop_space_at_end(text, &len);
	if (len < name_len + 2 || text[len - 1] != '"' || text[len - name_len - 2] != '"' ||
	    memcmp(text + len - name_len - 1, name, name_len) != 0)
		return false;
	len -= name_len + 2;
	drop_space_at_end(text, &len);
	return len > 0 && (text[len - 1] == ',' || text[len - 1] == '{');
}

static bool
begins_array(const struct json_cut *cut)
{
	for (const char *const *name = cut->names; *name; name++)
		if (ends_in_name(str_cstr(&cut->rest), cut->rest.len, *name))
			return true;
	return false;
}

/* At the ',' or ']' after an element: hands it over, from the carry or where it lies. */
static int
end_element(struct json_cut *cut, struct piece *p, struct err *e)
{
	const char *text = p->bytes + p->start;
	size_t len = p->at - p->start;

	if (cut->carry.len) {
		if (keep(cut, p, e) < 0)
			return -1;
		text = cut->carry.data;
		len = cut->carry.len;
	}
	for (; len > 0 && is_space(*text); len--)
		text++;
	drop_space_at_end(text, &len);
	if (cut->was_whole) {
		cut->was_whole = false;
	} else if (len > 0) {
		cut->elements++;
		cut->stopped = !cut->element(cut->data, text, len);
	} else if (p->bytes[p->at] == ',' || cut->elements > 0) {
		return fail(cut, p, "an element of the list is missing", e);
	}
	str_clear(&cut->carry);
	p->start = p->at + (p->bytes[p->at] == ',');
	return 0;
}

static int
open_bracket(struct json_cut *cut, struct piece *p, struct err *e)
{
	cut->depth++;
	if (p->bytes[p->at] != '[' || cut->depth != 2 || cut->has_array)
		return 0;
	if (keep(cut, p, e) < 0)
		return -1;
	if (!begins_array(cut))
		return 0;
	str_append_char(&cut->rest, '[');
	cut->has_array = true;
	cut->place = IN_ARRAY;
	p->start = p->at + 1;
	return 0;
}

static int
close_bracket(struct json_cut *cut, struct piece *p, struct err *e)
{
	if (cut->place == IN_ARRAY && cut->depth == 2) {
		if (p->bytes[p->at] != ']')
			return fail(cut, p, "a bracket without its like", e);
		if (end_element(cut, p, e) < 0)
			return -1;
		cut->place = OUTSIDE;
	}
	if (--cut->depth > 0)
		return 0;
	p->at++;
	if (keep(cut, p, e) < 0)
		return -1;
	p->at--;
	cut->place = BEHIND;
	return 0;
}

static int
take_byte(struct json_cut *cut, struct piece *p, struct err *e)
{
	switch (p->bytes[p->at]) {
	case '"':
		cut->in_string = true;
		return 0;
	case '{':
	case '[':
		return open_bracket(cut, p, e);
	case '}':
	case ']':
		return close_bracket(cut, p, e);
	default: /* a comma */
		return cut->place == IN_ARRAY && cut->depth == 2 ? end_element(cut, p, e) : 0;
	}
}

/* Moves behind the next byte that means something outside of strings, or to the end of the piece. */
static int
pass_plain(struct json_cut *cut, struct piece *p, struct err *e)
{
	static const bool means[256] = {
		['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true, [','] = true
	};
	const char *at = p->bytes + p->at, *end = p->bytes + p->len;

	while (at < end && !means[(unsigned char)*at])
		at++;
	p->at = (size_t)(at - p->bytes);
	if (at == end)
		return 0;
	if (take_byte(cut, p, e) < 0)
		return -1;
	p->at++;
	return 0;
}

/* Offers what begins at the start of an element; true: it was taken. */
static bool
pass_whole(struct json_cut *cut, struct piece *p)
{
	size_t used;

	if (!cut->whole || cut->place != IN_ARRAY || p->at != p->start || cut->carry.len ||
	    cut->was_whole)
		return false;
	used = cut->whole(cut->data, p->bytes + p->at, p->len - p->at);
	if (used == 0)
		return false;
	cut->elements++;
	cut->was_whole = true;
	p->at = p->start = p->at + used;
	return true;
}

static bool
is_at_edge(const struct json_cut *cut)
{
	return cut->place == BEFORE || cut->place == BEHIND;
}

/* Before the document there may be spaces and its bracket, behind it spaces only. */
static int
pass_edge(struct json_cut *cut, struct piece *p, struct err *e)
{
	pass_space(p);
	p->start = p->at;
	if (p->at == p->len)
		return 0;
	if (cut->place == BEHIND || p->bytes[p->at] != '{')
		return fail(cut, p, "something that belongs to no JSON object", e);
	cut->place = OUTSIDE;
	return 0;
}

int
json_cut_feed(struct json_cut *cut, const char *bytes, size_t len_bytes, struct err *e)
{
	struct piece p = { .bytes = bytes, .len = len_bytes };
	int rc;

	while (p.at < p.len && !cut->stopped) {
		if (cut->in_string) {
			pass_string(cut, &p);
			continue;
		}
		if (pass_whole(cut, &p))
			continue;
		if (is_at_edge(cut))
			rc = pass_edge(cut, &p, e);
		else
			rc = pass_plain(cut, &p, e);
		if (rc < 0)
			return -1;
	}
	p.at = p.len;
	if (!cut->stopped && !is_at_edge(cut) && keep(cut, &p, e) < 0)
		return -1;
	cut->offset += len_bytes;
	return 0;
}

cJSON *
json_cut_before(const struct json_cut *cut)
{
	char *text = xasprintf("%s]}", str_cstr(&cut->rest));
	cJSON *before = json_parse(text, strlen(text), NULL);

	free(text);
	return before;
}

int
json_cut_finish(struct json_cut *cut, cJSON **ret_rest, struct err *e)
{
	cJSON *rest;

	if (cut->place != BEHIND)
		return err_set(e, ERR_REMOTE, "the answer ends in the middle, after %zu bytes",
			       cut->offset);
	rest = json_parse(str_cstr(&cut->rest), cut->rest.len, NULL);
	if (!rest)
		return err_set(e, ERR_REMOTE, "the answer (%zu bytes) is not valid JSON",
			       cut->offset);
	*ret_rest = rest;
	return 0;
}
