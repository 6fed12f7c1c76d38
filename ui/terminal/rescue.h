#ifndef LIFEBOAT_UI_TERMINAL_RESCUE_H
#define LIFEBOAT_UI_TERMINAL_RESCUE_H

#include <stddef.h>

/*
 * The last resort for the terminal: while armed, exit() and every fatal signal write `sequence` to the
 * terminal and put its modes back; the signal then takes its usual course.
 */

/* Remembers the modes of the terminal, before anything changes them. */
void rescue_save(int fd);
/* At most RESCUE_MAX bytes of sequence are kept. */
enum { RESCUE_MAX = 256 };
void rescue_arm(int fd, const char *sequence, size_t len_bytes);
void rescue_disarm(void);

#endif
