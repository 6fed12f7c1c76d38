#include "config.h"

#include "base/text.h"

#include <string.h>

#include "base/sgr.h"

enum { MAX_MARKS = 4, TAB_WIDTH = 8 };

/* A text on its way through the door. */
struct door {
	struct str *out;
	struct sgr *sgr; /* or NULL */
	enum text_flags flags;
	size_t column;	 /* of the line under way, for the tabs */
	bool line_start; /* a mark here would sit on what stands before the text */
	size_t marks;	 /* on the last character */
};

/* Invisible and format characters, private use and noncharacters, in order. */
static const struct {
	int32_t first, last;
} hidden[] = {
	{ 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x0600, 0x0605 },	  { 0x061c, 0x061c },
	{ 0x06dd, 0x06dd },   { 0x070f, 0x070f },   { 0x0890, 0x0891 },	  { 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },	  { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },	  { 0xe000, 0xf8ff },
	{ 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },	  { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

static bool
is_hidden(int32_t code)
{
	if ((code & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && hidden[i].first <= code; i++)
		if (code <= hidden[i].last)
			return true;
	return false;
}

/* What only changes how an emoji is drawn, and whose width no two terminals agree on. */
static bool
is_dropped(int32_t code)
{
	return code == 0xfe0f || code == 0x200d || (code >= 0x1f3fb && code <= 0x1f3ff);
}

/* The bytes of a complete colour sequence (ESC [ digits ; : m) at `bytes`, or 0. */
static size_t
colour_sequence(const char *bytes, size_t len)
{
	size_t at = 2;

	if (len < 3 || bytes[0] != '\x1b' || bytes[1] != '[')
		return 0;
	while (at < len &&
	       ((bytes[at] >= '0' && bytes[at] <= '9') || bytes[at] == ';' || bytes[at] == ':'))
		at++;
	return at < len && bytes[at] == 'm' ? at + 1 : 0;
}

/* Says how many marks were dropped, before anything else is written. */
static void
end_marks(struct door *d)
{
	if (d->marks > MAX_MARKS) {
		size_t before = d->out->len;

		str_printf(d->out, "<+%zu marks>", d->marks - MAX_MARKS);
		d->column += d->out->len - before;
	}
	d->marks = 0;
}

static void
put(struct door *d, const char *bytes, size_t len, size_t columns)
{
	end_marks(d);
	str_append_bytes(d->out, bytes, len);
	d->column += columns;
	d->line_start = false;
}

static void
put_code(struct door *d, bool byte, unsigned code)
{
	size_t before;

	end_marks(d);
	before = d->out->len;
	str_printf(d->out, byte ? "\\x%02x" : "<U+%04X>", code);
	d->column += d->out->len - before;
	d->line_start = false;
}

static void
put_mark(struct door *d, const char *bytes, size_t len)
{
	if (d->line_start)
		put(d, "◌", strlen("◌"), 1);
	if (++d->marks <= MAX_MARKS)
		str_append_bytes(d->out, bytes, len);
}

static void
reset_look(struct door *d)
{
	if (!d->sgr)
		return;
	d->sgr->now = SGR_PLAIN;
	sgr_mark(d->sgr, d->out->len);
}

static void
put_control(struct door *d, int32_t code)
{
	end_marks(d);
	if (code == '\n' && (d->flags & TEXT_KEEP_NEWLINES)) {
		put(d, "\n", 1, 0);
		d->column = 0;
		d->line_start = true;
		reset_look(d);
	} else if (code == '\t') {
		size_t columns = TAB_WIDTH - d->column % TAB_WIDTH;

		put(d, "        ", columns, columns);
	} else {
		put(d, (char[]){ '^', (char)(code ^ 0x40) }, 2, 2);
	}
}

static void
put_code_point(struct door *d, int32_t code, const char *bytes, size_t len)
{
	int width;

	if (code < 0x20 || code == 0x7f) {
		put_control(d, code);
	} else if (code < 0xa0) {
		put_code(d, true, (unsigned)code);
	} else if (is_dropped(code)) {
		return;
	} else if (is_hidden(code)) {
		put_code(d, false, (unsigned)code);
	} else if ((width = text_width_of(code)) == 0) {
		put_mark(d, bytes, len);
	} else {
		put(d, bytes, len, (size_t)width);
	}
}

/* The bytes of printable ASCII that a text begins with: most of any log. */
static size_t
plain_run(const char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && bytes[at] >= 0x20 && bytes[at] < 0x7f)
		at++;
	return at;
}

/* A run of carriage returns: nothing at the end of a line, else each is shown. Returns its bytes. */
static size_t
put_returns(struct door *d, const char *bytes, size_t len)
{
	size_t run = 1;

	while (run < len && bytes[run] == '\r')
		run++;
	if (run < len && bytes[run] != '\n')
		for (size_t i = 0; i < run; i++)
			put_control(d, '\r');
	return run;
}

/* A colour sequence at `bytes`, where they are not to be shown. Returns the bytes that it took, or 0. */
static size_t
take_colours(struct door *d, const char *bytes, size_t len)
{
	size_t used = d->flags & TEXT_DROP_SGR ? colour_sequence(bytes, len) : 0;

	if (used && d->sgr) {
		sgr_apply(&d->sgr->now, bytes + 2, used - 3);
		sgr_mark(d->sgr, d->out->len);
	}
	return used;
}

static void
pass(struct door *d, const char *bytes, size_t len_bytes)
{
	size_t used;

	str_reserve(d->out, len_bytes);
	for (size_t at = 0; at < len_bytes; at += used) {
		const char *next = bytes + at;
		size_t left = len_bytes - at;
		int32_t code;

		if ((used = plain_run(next, left)) > 0) {
			put(d, next, used, used);
			continue;
		}
		if ((used = take_colours(d, next, left)) > 0)
			continue;
		if (*next == '\r') {
			used = put_returns(d, next, left);
			continue;
		}
		used = text_decode(next, left, &code);
		if (code < 0)
			put_code(d, true, (unsigned char)*next);
		else
			put_code_point(d, code, next, used);
	}
	end_marks(d);
	str_append(d->out, ""); /* a C string, even of no bytes */
}

void
text_sanitise(const char *bytes, size_t len_bytes, enum text_flags flags, struct str *out)
{
	struct door d = { .out = out, .flags = flags, .line_start = true };

	pass(&d, bytes, len_bytes);
}

void
text_sanitise_coloured(const char *bytes, size_t len_bytes, enum text_flags flags, struct str *out,
		       struct sgr *sgr)
{
	struct door d = {
		.out = out, .sgr = sgr, .flags = flags | TEXT_DROP_SGR, .line_start = true
	};

	sgr_mark(sgr, out->len); /* a text in pieces goes on as it was */
	pass(&d, bytes, len_bytes);
}

char *
text_clean(const char *text, enum text_flags flags)
{
	struct str out = STR_INIT;

	text_sanitise(text, strlen(text), flags, &out);
	return str_take(&out);
}
