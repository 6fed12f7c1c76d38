#include "config.h"

#include "ui/input.h"

#include <curses.h>

enum {
	KEY_PASTE_BEGINS = KEY_MAX + 1,
	KEY_PASTE_ENDS,
};

static WINDOW *keys; /* reading from a pad of its own never repaints the screen */
static bool pasting;

void
input_open(void)
{
	if (!keys)
		keys = newpad(1, 1);
	keypad(keys, TRUE);
	nodelay(keys, TRUE);
	define_key("\033[200~", KEY_PASTE_BEGINS);
	define_key("\033[201~", KEY_PASTE_ENDS);
	pasting = false;
}

void
input_close(void)
{
	if (keys)
		delwin(keys);
	keys = NULL;
}

bool
input_next(struct key *ret_key)
{
	wint_t code;
	int kind;

	while ((kind = wget_wch(keys, &code)) != ERR) {
		if (kind == KEY_CODE_YES && code == KEY_PASTE_BEGINS) {
			pasting = true;
		} else if (kind == KEY_CODE_YES && code == KEY_PASTE_ENDS) {
			pasting = false;
		} else if (kind != KEY_CODE_YES || code != KEY_RESIZE) { /* of resizeterm() */
			*ret_key = (struct key){ (int32_t)code, kind == KEY_CODE_YES, pasting };
			return true;
		}
	}
	return false;
}

void
input_flush(void)
{
	flushinp();
}

int
input_binding_code(const struct key *key)
{
	return key->function || key->code < 0x80 ? key->code : 0;
}

size_t
input_encode(int32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}
