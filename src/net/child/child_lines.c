#include "config.h"

#include "net/child/child_lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sgr.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
	MAX_CELLS = 4096,
	MAX_CHARACTER = 4,
	MAX_SEQUENCE = 64, /* of a CSI: a longer one is none */
	MAX_STRING = 1024, /* of a title and the like */
	MAX_STEP = MAX_CELLS,
	ESCAPE = 0x1b,
	BELL = 0x07,
};

/* One character, or a byte that is none. */
struct cell {
	unsigned char len;
	char bytes[MAX_CHARACTER];
	struct sgr_look look;
};

enum phase {
	IN_TEXT,
	AFTER_ESCAPE,
	IN_SEQUENCE, /* ESC [ */
	IN_STRING,   /* ESC ] and its like, to BEL or ESC \ */
	IN_CHARSET,  /* ESC ( and its like: one more byte */
};

struct child_lines {
	struct child_lines_listener listener;
	struct cell cells[MAX_CELLS];
	size_t count, column;
	enum phase phase;
	size_t seen; /* bytes of the sequence or string under way */
	char sequence[MAX_SEQUENCE];
	struct sgr_state pen; /* how what is drawn now looks */
	bool is_coloured;     /* some of the line */
	int parameter;	      /* its first; -1: none */
	bool parameters;      /* it has more */
	char half[MAX_CHARACTER];
	size_t half_len;	   /* of a character whose rest is still to come */
	struct str text, coloured; /* for the listener, while it is called */
};

static const struct sgr_look plain_look = { .colour = SGR_NO_COLOUR };

struct child_lines *
child_lines_new(const struct child_lines_listener *listener)
{
	struct child_lines *l = xcalloc(1, sizeof(*l));

	l->listener = *listener;
	l->pen = SGR_PLAIN;
	return l;
}

void
child_lines_free(struct child_lines *l)
{
	if (!l)
		return;
	str_release(&l->text);
	str_release(&l->coloured);
	free(l);
}

static void
draw_text(struct child_lines *l)
{
	str_clear(&l->text);
	for (size_t i = 0; i < l->count; i++)
		str_append_bytes(&l->text, l->cells[i].bytes, l->cells[i].len);
}

/* The sequence that gives what follows a look. Source: ECMA-48 8.3.117 */
static void
draw_look(const struct sgr_look *look, struct str *out)
{
	str_printf(out, "\x1b[0%s%s", look->bold ? ";1" : "", look->underline ? ";4" : "");
	if (look->colour & SGR_RGB && look->colour != SGR_NO_COLOUR)
		str_printf(out, ";38;2;%d;%d;%d", look->colour >> 16 & 0xff,
			   look->colour >> 8 & 0xff, look->colour & 0xff);
	else if (look->colour != SGR_NO_COLOUR)
		str_printf(out, ";38;5;%d", look->colour);
	str_append_char(out, 'm');
}

static void
draw_coloured(struct child_lines *l)
{
	const struct sgr_look *last = &plain_look;

	str_clear(&l->coloured);
	for (size_t i = 0; i < l->count; i++) {
		const struct cell *cell = &l->cells[i];

		if (!sgr_looks_equal(&cell->look, last))
			draw_look(&cell->look, &l->coloured);
		last = &cell->look;
		str_append_bytes(&l->coloured, cell->bytes, cell->len);
	}
	if (!sgr_looks_equal(last, &plain_look))
		draw_look(&plain_look, &l->coloured);
}

static void
put_line(struct child_lines *l, const char *end)
{
	struct str *coloured = &l->text;

	draw_text(l);
	str_append(&l->text, end);
	if (l->is_coloured) {
		draw_coloured(l);
		str_append(&l->coloured, end);
		coloured = &l->coloured;
	}
	l->count = l->column = 0;
	l->is_coloured = false;
	if (*end)
		l->pen = SGR_PLAIN;
	if (l->text.len)
		l->listener.put(l->listener.data, l->text.data, l->text.len, coloured->data,
				coloured->len);
}

static void
blank(struct child_lines *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		l->cells[i] = (struct cell){ .len = 1, .bytes = " ", .look = plain_look };
}

/* Something that was drawn is about to be drawn over. */
static void
before_redraw(struct child_lines *l)
{
	if (l->count == 0 || l->column < l->count || !l->listener.redrawn)
		return;
	draw_text(l);
	l->listener.redrawn(l->listener.data, l->text.data, l->text.len);
}

static void
put_cell(struct child_lines *l, const char *bytes, size_t len)
{
	if (l->column == MAX_CELLS)
		put_line(l, "");
	if (l->column > l->count)
		blank(l, l->count, l->column);
	struct cell *cell = &l->cells[l->column++];
	cell->len = (unsigned char)len;
	memcpy(cell->bytes, bytes, len);
	cell->look = sgr_look(&l->pen);
	l->is_coloured = l->is_coloured || !sgr_looks_equal(&cell->look, &plain_look);
	if (l->column > l->count)
		l->count = l->column;
}

static void
move_to(struct child_lines *l, int64_t column)
{
	if (column < 0)
		column = 0;
	if (column > MAX_CELLS - 1)
		column = MAX_CELLS - 1;
	if ((size_t)column < l->count)
		before_redraw(l);
	l->column = (size_t)column;
}

/* EL: 0 from here on, 1 up to here, 2 all. */
static void
erase(struct child_lines *l, int what)
{
	size_t here = l->column < l->count ? l->column + 1 : l->count;

	before_redraw(l);
	if (what == 1)
		blank(l, 0, here);
	else if (what == 2)
		l->count = 0;
	else if (l->column < l->count)
		l->count = l->column;
}

/* The cursor goes where no line of ours is. */
static void
leave_line(struct child_lines *l)
{
	if (l->count > 0)
		put_line(l, "\n");
	l->column = 0;
}

static void
end_sequence(struct child_lines *l, char final)
{
	int given = l->parameter < 0 ? 0 : l->parameter, count = given > 0 ? given : 1;
	int64_t column = (int64_t)l->column;

	if (final == 'm' && !strchr("<=>?", l->sequence[0])) /* those are another's own */
		sgr_apply(&l->pen, l->sequence, l->seen - 1);
	else if (final == 'K' || (final == 'J' && given == 0))
		erase(l, given);
	else if (final == 'G' || final == '`')
		move_to(l, count - 1);
	else if (final == 'C')
		move_to(l, column + count);
	else if (final == 'D')
		move_to(l, column - count);
	else if (strchr("ABEFHJdf", final))
		leave_line(l);
}

static void
add_digit(struct child_lines *l, char digit)
{
	int value = l->parameter < 0 ? 0 : l->parameter;

	if (!l->parameters && value < MAX_STEP)
		l->parameter = value * 10 + (digit - '0');
}

/* Returns false where the byte belongs to no sequence: it is text again. */
static bool
take_sequence(struct child_lines *l, char byte)
{
	if (byte < 0x20 || byte > 0x7e || ++l->seen > MAX_SEQUENCE) {
		l->phase = IN_TEXT;
		return false;
	}
	l->sequence[l->seen - 1] = byte;
	if (byte >= 0x40) {
		l->phase = IN_TEXT;
		end_sequence(l, byte);
	} else if (byte >= '0' && byte <= '9') {
		add_digit(l, byte);
	} else {
		l->parameters = true;
	}
	return true;
}

/* Ends at BEL or ESC \; a line's end and a limit keep one without an end from swallowing everything. */
static bool
take_string(struct child_lines *l, char byte)
{
	if (byte == '\n' || ++l->seen > MAX_STRING) {
		l->phase = IN_TEXT;
		return false;
	}
	if (byte == BELL)
		l->phase = IN_TEXT;
	else if (byte == ESCAPE)
		l->phase = AFTER_ESCAPE;
	return true;
}

static bool
take_after_escape(struct child_lines *l, char byte)
{
	l->seen = 0;
	l->parameter = -1;
	l->parameters = false;
	l->phase = IN_TEXT;
	if (byte == '[')
		l->phase = IN_SEQUENCE;
	else if (byte && strchr("]PX^_", byte))
		l->phase = IN_STRING;
	else if (byte && strchr("()*+-./#% ", byte))
		l->phase = IN_CHARSET;
	else if (byte < 0x30 || byte > 0x7e) {
		put_cell(l, "\x1b", 1); /* no sequence: it is shown */
		return false;
	}
	return true;
}

/* Control characters of a line; false: it is none that moves or erases. */
static bool
take_control(struct child_lines *l, char byte)
{
	switch (byte) {
	case '\n':
		put_line(l, "\n");
		return true;
	case '\r':
		move_to(l, 0);
		return true;
	case '\b':
		move_to(l, (int64_t)l->column - 1);
		return true;
	case BELL:
		return true;
	case ESCAPE:
		l->phase = AFTER_ESCAPE;
		return true;
	default:
		return false;
	}
}

static size_t
wanted_of(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
}

/* Puts what `half` holds: a character if it has become one, else its bytes. */
static void
put_half(struct child_lines *l)
{
	size_t at = 0;

	while (at < l->half_len) {
		int32_t code;
		size_t used = text_decode(l->half + at, l->half_len - at, &code);

		put_cell(l, l->half + at, used);
		at += used;
	}
	l->half_len = 0;
}

static void
take_text(struct child_lines *l, char byte)
{
	bool continues = ((unsigned char)byte & 0xc0) == 0x80;

	if (l->half_len > 0 && !continues)
		put_half(l);
	if (l->half_len == 0 && take_control(l, byte))
		return;
	l->half[l->half_len++] = byte;
	if (l->half_len >= wanted_of((unsigned char)l->half[0]))
		put_half(l);
}

static void
take(struct child_lines *l, char byte)
{
	bool taken = false;

	if (l->phase == AFTER_ESCAPE)
		taken = take_after_escape(l, byte);
	else if (l->phase == IN_SEQUENCE)
		taken = take_sequence(l, byte);
	else if (l->phase == IN_STRING)
		taken = take_string(l, byte);
	else if (l->phase == IN_CHARSET) {
		l->phase = IN_TEXT;
		taken = true;
	}
	if (!taken)
		take_text(l, byte);
}

static bool
is_plain(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\r' || line[i] == '\b' || line[i] == ESCAPE || line[i] == BELL)
			return false;
	return true;
}

/* The bytes of whole lines at the beginning in which nothing is drawn: nearly all of any output. */
static size_t
plain_lines(const char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t most = len - at < MAX_CELLS ? len - at : MAX_CELLS;
		const char *end = memchr(bytes + at, '\n', most);
		size_t line = end ? (size_t)(end - bytes) + 1 - at : 0;

		if (line == 0 || !is_plain(bytes + at, line))
			break;
		at += line;
	}
	return at;
}

/* Nothing of a line is there yet, and nothing that it would be drawn with. */
static bool
is_fresh(const struct child_lines *l)
{
	struct sgr_look look = sgr_look(&l->pen);

	return l->phase == IN_TEXT && l->count == 0 && l->column == 0 && l->half_len == 0 &&
	       sgr_looks_equal(&look, &plain_look);
}

void
child_lines_push(struct child_lines *l, const char *bytes, size_t len_bytes)
{
	size_t at = 0;

	while (at < len_bytes) {
		bool fresh = is_fresh(l);
		size_t plain = fresh ? plain_lines(bytes + at, len_bytes - at) : 0;

		if (plain > 0)
			l->listener.put(l->listener.data, bytes + at, plain, bytes + at, plain);
		else
			take(l, bytes[at]);
		at += plain > 0 ? plain : 1;
	}
}

void
child_lines_flush(struct child_lines *l)
{
	put_half(l);
	l->phase = IN_TEXT;
	put_line(l, "");
}
