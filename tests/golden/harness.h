#ifndef LIFEBOAT_TESTS_GOLDEN_HARNESS_H
#define LIFEBOAT_TESTS_GOLDEN_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/*
 * A function in a child process on a pseudo terminal, and a terminal emulator (libvterm) that reads
 * what it paints. Waiting is always for a condition, and always bounded.
 */
struct tty;

/* Starts child(data) on a terminal of that size; its return value is the process's exit status. */
struct tty *tty_start(int columns, int rows, int (*child)(void *data), void *data);
/* Ends the child if it still runs, and frees everything. */
void tty_stop(struct tty *tty);

/* Types bytes, as a keyboard would send them. */
void tty_type(struct tty *tty, const char *bytes);
/* Types the number that a choice of line mode has on the screen, and Enter. */
void tty_choose(struct tty *tty, const char *choice);
void tty_resize(struct tty *tty, int columns, int rows);
void tty_signal(struct tty *tty, int signal);
/* SIGTERM, unless it has ended by itself. */
void tty_ask_to_leave(struct tty *tty);

/* Waits until the screen shows the text (or no more shows it); fails the test when it does not. */
void tty_expect(struct tty *tty, const char *text);
void tty_expect_gone(struct tty *tty, const char *text);

/* Waits until the child has read what was typed, waits for more and has sent nothing for a moment: a frame is whole then. */
void tty_settle(struct tty *tty);

/* The screen's text now, a line for each row, without blanks at the ends; the caller frees. */
char *tty_text(struct tty *tty);

/* What the child wrote to its side channel (tty_report()), so far. */
void tty_expect_report(struct tty *tty, const char *line);
bool tty_reported(struct tty *tty, const char *line);
/* Waits until the child has sent those bytes to its terminal, as they are; and whether it has by now. */
void tty_expect_sent(struct tty *tty, const char *bytes);
bool tty_sent(struct tty *tty, const char *bytes);
/* How many bytes it has sent there so far. */
size_t tty_sent_count(const struct tty *tty);
/* All that the child has sent so far; until more of it is taken in. */
const char *tty_all_sent(const struct tty *tty, size_t *ret_len);
/* Takes in what comes until nothing has come for so long. */
void tty_take_in(struct tty *tty, int quiet_ms);
/* Called in the child: a line for the side channel. */
void tty_report(const char *line);

/*
 * Waits until the screen is the golden one, tests/golden/NAME-COLUMNSxROWS.txt: its text, then the
 * runs of attributes that are not plain. GENERATE=1 writes the file from the screen instead.
 */
void tty_assert_golden(struct tty *tty, const char *name);

/* Whether the child has ended, as far as was looked. */
bool tty_is_over(const struct tty *tty);
/* Waits for the end of the child; its status as waitpid(2) gives it. */
int tty_wait_end(struct tty *tty);
/* Waits until the child has stopped itself (SIGTSTP). */
void tty_wait_stopped(struct tty *tty);

/* The modes of the terminal now, and whether the alternate screen is shown. */
struct termios tty_modes(struct tty *tty);
bool tty_alternate(struct tty *tty);
/* Whether the terminal tells the child of clicks; and waits until it does, or no more does. */
bool tty_mouse(struct tty *tty);
void tty_expect_mouse(struct tty *tty, bool wanted);
enum { TTY_LEFT, TTY_WHEEL_UP = 64, TTY_WHEEL_DOWN };
/* Presses and releases a button at a row and a column from 0, as a terminal tells of it. */
void tty_press(struct tty *tty, int button, int row, int column);
/* Where a text is on the screen, once it is there. */
int tty_row_of(struct tty *tty, const char *text);
int tty_column_of(struct tty *tty, const char *text);
/* Waits until the real cursor stands there. */
void tty_expect_cursor(struct tty *tty, int row, int column);

/* Compares a text with a golden file; GENERATE=1 writes it. */
void golden_assert(const char *name, const char *text);

#endif
