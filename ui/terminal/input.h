#ifndef LIFEBOAT_UI_TERMINAL_INPUT_H
#define LIFEBOAT_UI_TERMINAL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One key as the terminal sent it. */
struct key {
	int32_t code; /* a character, or a KEY_… of curses where `function` */
	bool function;
	bool pasted; /* came between the marks of a bracketed paste */
};

/* Reading begins and ends; between newterm() and delscreen(). The terminal marks pasted text. */
void input_open(void);
void input_close(void);

/* The next key that is there already; false: there is none. */
bool input_next(struct key *ret_key);

/* Whether more has come already than was read: behind a key that somebody pressed there is nothing yet. */
bool input_waiting(void);

/* Forgets what was typed ahead: before every confirmation. */
void input_flush(void);

/* What the keymap goes by: 0 for what can't be in it. */
int input_binding_code(const struct key *key);

/* UTF-8 of a code point; returns the bytes it took. */
size_t input_encode(int32_t code, char out[4]);

#endif
