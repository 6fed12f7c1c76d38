#ifndef LIFEBOAT_UI_TERMINAL_CLIPBOARD_H
#define LIFEBOAT_UI_TERMINAL_CLIPBOARD_H

#include <stdbool.h>

#include "base/str.h"

struct secrets;

enum { CLIPBOARD_MAX = 8 << 10 }; /* bytes of text */

/*
 * What a terminal gets of a text, appended to out: one line, redacted (secrets may be NULL), sanitised and cut to whole
 * characters within CLIPBOARD_MAX, so that nothing that is pasted runs by itself. True: it was cut.
 */
bool clipboard_text(struct secrets *secrets, const char *text, struct str *out);

/*
 * What tells a terminal to put such a text into its clipboard, appended to out. It is encoded: nothing in it can end
 * the sequence. Source: xterm's ctlseqs, OSC 52.
 */
void clipboard_sequence(const char *text, struct str *out);

/* Sends that to the terminal; between frames. */
void clipboard_send(const char *text);

#endif
