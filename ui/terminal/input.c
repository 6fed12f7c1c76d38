#include "config.h"

#include "ui/terminal/input.h"

#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	KEY_PASTE_BEGINS = KEY_MAX + 1,
	KEY_PASTE_ENDS,
};

/* A paste comes in one go. Its end may never come: it was flushed, or whoever had the terminal took it. */
enum { PASTE_GAP_MS = 2000 };

static WINDOW *keys; /* reading from a pad of its own never repaints the screen */
static bool pasting;
static int64_t pasted_ms; /* monotonic: when the last of it came */
static int
	typing_delay_ms; /* how long an Esc that is typed waits for what would make it a sequence */

/* The mark at the end may come in two parts: an Esc among what is pasted can wait for the other longer than a typed one. */
static void
set_pasting(bool now)
{
	if (now && !pasting) {
		typing_delay_ms = get_escdelay();
		set_escdelay(PASTE_GAP_MS);
	} else if (!now && pasting) {
		set_escdelay(typing_delay_ms);
	}
	pasting = now;
}

void
input_open(void)
{
	if (!keys)
		keys = newpad(1, 1);
	keypad(keys, TRUE);
	nodelay(keys, TRUE);
	define_key("\033[200~", KEY_PASTE_BEGINS);
	define_key("\033[201~", KEY_PASTE_ENDS);
	set_pasting(false);
}

void
input_close(void)
{
	if (keys)
		delwin(keys);
	keys = NULL;
}

static bool
is_pasting(void)
{
	int64_t now_ms = pasting ? clock_mono_ms() : 0;

	set_pasting(pasting && now_ms - pasted_ms < PASTE_GAP_MS);
	pasted_ms = now_ms;
	return pasting;
}

bool
input_next(struct key *ret_key)
{
	wint_t code;
	int kind;

	while ((kind = wget_wch(keys, &code)) != ERR) {
		if (kind == KEY_CODE_YES && code == KEY_PASTE_BEGINS) {
			set_pasting(true);
			pasted_ms = clock_mono_ms();
		} else if (kind == KEY_CODE_YES && code == KEY_PASTE_ENDS) {
			set_pasting(false);
		} else if (kind != KEY_CODE_YES || code != KEY_RESIZE) { /* of resizeterm() */
			*ret_key =
				(struct key){ (int32_t)code, kind == KEY_CODE_YES, is_pasting() };
			return true;
		}
	}
	return false;
}

bool
input_waiting(void)
{
	int bytes = 0;

	return ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes > 0;
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
