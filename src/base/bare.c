#include "config.h"

#include "base/bare.h"

#include <stdint.h>
#include <string.h>

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* A byte that nothing is under way before. True: it is no part of the bare text. */
static bool
skips_text(struct bare *b, unsigned char c)
{
	if (c == '\n' || c == '\r') {
		b->indent = true;
	} else if (c == '\\') {
		b->state = BARE_BACKSLASH;
	} else if (c == 0x1b) {
		b->state = BARE_ESCAPE;
	} else if (!is_control(c)) {
		return c == ' ' && b->indent;
	}
	return true;
}

static bool
skips_after_backslash(struct bare *b, unsigned char c)
{
	if (c == '\\')
		return true;
	b->state = BARE_TEXT;
	if (c == 'n' || c == 'r')
		b->indent = true;
	return c == 'n' || c == 'r' || c == 't' || skips_text(b, c);
}

static bool
skips_after_escape(struct bare *b, unsigned char c)
{
	if (c == 0 || c < 0x20 || c > 0x7e) {
		b->state = BARE_TEXT;
		return skips_text(b, c);
	}
	if (c == '[')
		b->state = BARE_CSI;
	else if (strchr("]PX^_", c))
		b->state = BARE_STRING;
	else if (c > 0x2f)
		b->state = BARE_TEXT;
	return true;
}

static bool
skips_in_csi(struct bare *b, unsigned char c)
{
	if (c >= 0x20 && c < 0x40)
		return true;
	b->state = BARE_TEXT;
	return (c >= 0x40 && c < 0x7f) || skips_text(b, c);
}

/* Any control byte ends a string: one without an end must not keep the rest of the stream from view. */
static bool
skips_in_string(struct bare *b, unsigned char c)
{
	if (!is_control(c))
		return true;
	b->state = BARE_TEXT;
	if (c == 0x1b)
		b->state = BARE_STRING_ESCAPE;
	else if (c != 0x07)
		return skips_text(b, c);
	return true;
}

static bool
skips(struct bare *b, unsigned char c)
{
	switch (b->state) {
	case BARE_TEXT:
		break;
	case BARE_BACKSLASH:
		return skips_after_backslash(b, c);
	case BARE_ESCAPE:
		return skips_after_escape(b, c);
	case BARE_CSI:
		return skips_in_csi(b, c);
	case BARE_STRING:
		return skips_in_string(b, c);
	case BARE_STRING_ESCAPE:
		b->state = c == '\\' ? BARE_TEXT : BARE_ESCAPE;
		return c == '\\' || skips_after_escape(b, c);
	}
	return skips_text(b, c);
}

size_t
bare_skip(struct bare *b, const char *bytes, size_t len_bytes)
{
	size_t at = 0;

	while (at < len_bytes && skips(b, (unsigned char)bytes[at]))
		at++;
	if (at < len_bytes)
		b->indent = false;
	return at;
}

/* Sixteen bytes at once, as every log passes here: gcc and clang make the machine's own instructions of it. */
typedef unsigned char block __attribute__((vector_size(16)));

static bool
is_bare_block(const char *bytes)
{
	uint64_t halves[2];
	block b;

	memcpy(&b, bytes, sizeof(b));
	b = (block)((b < 0x20) | (b == 0x7f) | (b == '\\'));
	memcpy(halves, &b, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

size_t
bare_run(const char *bytes, size_t len_bytes)
{
	size_t at = 0;

	while (at + sizeof(block) <= len_bytes && is_bare_block(bytes + at))
		at += sizeof(block);
	if (at && at + sizeof(block) > len_bytes &&
	    is_bare_block(bytes + len_bytes - sizeof(block)))
		return len_bytes;
	while (at < len_bytes && !is_control((unsigned char)bytes[at]) && bytes[at] != '\\')
		at++;
	return at;
}
