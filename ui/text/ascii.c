#include "config.h"

#include "ui/text/ascii.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* Sorted by code. */
static const struct {
	int32_t code;
	const char *look;
} looks[] = {
	{ 0x00a0, " " },  { 0x00ab, "<<" }, { 0x00b1, "+-" }, { 0x00b7, "." },	{ 0x00bb, ">>" },
	{ 0x00d7, "x" },  { 0x2010, "-" },  { 0x2011, "-" },  { 0x2012, "-" },	{ 0x2013, "-" },
	{ 0x2014, "-" },  { 0x2018, "'" },  { 0x2019, "'" },  { 0x201c, "\"" }, { 0x201d, "\"" },
	{ 0x2022, "*" },  { 0x2026, "~" },  { 0x2039, "<" },  { 0x203a, ">" },	{ 0x2190, "<-" },
	{ 0x2191, "^" },  { 0x2192, "->" }, { 0x2193, "v" },  { 0x21d2, "=>" }, { 0x2248, "~" },
	{ 0x2264, "<=" }, { 0x2265, ">=" }, { 0x2500, "-" },  { 0x2502, "|" },	{ 0x250c, "+" },
	{ 0x2510, "+" },  { 0x2514, "+" },  { 0x2518, "+" },  { 0x2713, "v" },	{ 0x2717, "x" },
};

static const char *
look_of(int32_t code)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].code == code)
			return looks[i].look;
	return NULL;
}

void
ascii_append(struct str *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		int32_t code;
		size_t used = text_decode(text, left, &code);
		const char *look = code < 0x80 ? NULL : look_of(code);

		if (code >= 0 && code < 0x80)
			str_append_bytes(out, text, used);
		else if (look)
			str_append(out, look);
		else
			str_printf(out, "<U+%04X>", code < 0 ? 0xfffdu : (unsigned)code);
		text += used;
		left -= used;
	}
}
