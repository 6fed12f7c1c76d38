#include "config.h"

#include "ui/terminal/terminal.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "ui/terminal/input.h"
#include "ui/terminal/rescue.h"
#include "ui/terminal/signals.h"
#include "ui/terminal/theme.h"

#define PASTE_MARKS_ON "\033[?2004h"
#define PASTE_MARKS_OFF "\033[?2004l"
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

enum { MOUSE_EVENTS = BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED };

static SCREEN *screen;
static bool marks_pastes;
static bool wants_mouse;

void
terminal_send(const char *bytes, size_t len_bytes)
{
	while (len_bytes) {
		ssize_t sent = write(STDOUT_FILENO, bytes, len_bytes);

		if (sent < 0 && errno != EINTR)
			return; /* a terminal that is gone is noticed where it is read */
		if (sent > 0) {
			bytes += sent;
			len_bytes -= (size_t)sent;
		}
	}
}

static void
send(const char *sequence)
{
	terminal_send(sequence, strlen(sequence));
}

static bool
is_capable(const char *name)
{
	const char *text = tigetstr(name);

	return text && text != (const char *)-1;
}

/* A capability without its padding ("$<5>"), which only a real terminal of old needs. */
static void
append_capability(struct str *out, const char *name)
{
	const char *text = tigetstr(name);

	if (!text || text == (const char *)-1)
		return;
	while (*text) {
		size_t len = strcspn(text, "$");

		str_append_bytes(out, text, len);
		text += len;
		if (strncmp(text, "$<", 2) == 0 && strchr(text, '>'))
			text = strchr(text, '>') + 1;
		else if (*text)
			str_append_char(out, *text++);
	}
}

/* The last words that a dying process says to the terminal, from its description. */
static void
arm_rescue(void)
{
	static const char *const capabilities[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	struct str sequence = STR_INIT;

	if (marks_pastes)
		str_append(&sequence, PASTE_MARKS_OFF);
	if (is_capable("kmous"))
		str_append(&sequence, MOUSE_OFF); /* it may be on by then */
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		append_capability(&sequence, capabilities[i]);
	rescue_arm(STDOUT_FILENO, str_cstr(&sequence), sequence.len);
	str_release(&sequence);
}

static void
set_modes(void)
{
	raw(); /* Ctrl-C, Ctrl-Z and Ctrl-\ are keys here */
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	set_escdelay(25);
	curs_set(1);
	input_open();
	if (marks_pastes)
		send(PASTE_MARKS_ON);
}

char *
terminal_problem(void)
{
	const char *term = getenv("TERM");
	char *problem = NULL;
	int known;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return xasprintf("standard %s is no terminal",
				 isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term)
		return xstrdup("no TERM is set");
	if (setupterm(term, STDOUT_FILENO, &known) != OK)
		return xasprintf("the terminal type TERM=%s is not known here", term);
	if (!is_capable("cup") || !is_capable("clear"))
		problem = xasprintf("TERM=%s cannot move its cursor", term);
	del_curterm(cur_term);
	return problem;
}

int
terminal_open(bool mono, struct err *e)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, ERR_USAGE,
			       "the screen needs a terminal for its input and output. "
			       "Use --plain on a pipe or in a file");
	if (signals_open(WISH_RESIZE | WISH_SUSPEND | WISH_INTERRUPT | WISH_LEAVE | WISH_HANGUP,
			 e) < 0)
		return -1;
	rescue_save(STDIN_FILENO);
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		signals_close();
		return err_set(e, ERR_USAGE,
			       "the terminal type TERM=%s is not known here. "
			       "Use --plain, or set TERM",
			       term ? term : "");
	}
	signals_take(); /* curses has handlers of its own for some */
	marks_pastes = is_capable("smcup");
	theme_init(mono);
	set_modes();
	arm_rescue();
	return 0;
}

static bool
has_capability(const char *name, const char *value)
{
	const char *text = tigetstr(name);

	return text && text != (const char *)-1 && strcmp(text, value) == 0;
}

/*
 * curses tells the terminal, in the way of its description. That sets two modes by one sequence, of which some terminals
 * take only the first.
 */
static void
set_mouse(bool on)
{
	mousemask(on ? MOUSE_EVENTS : 0, NULL);
	mouseinterval(
		0); /* a press is an event at once, not after it could have become a double click */
	if (has_capability("kmous", "\033[<"))
		send(on ? MOUSE_ON : MOUSE_OFF);
}

void
terminal_mouse(bool on)
{
	if (on == wants_mouse)
		return;
	wants_mouse = on;
	set_mouse(on);
}

void
terminal_close(void)
{
	terminal_mouse(false);
	if (marks_pastes)
		send(PASTE_MARKS_OFF);
	input_close();
	endwin();
	rescue_disarm();
	signals_close();
	delscreen(screen);
	screen = NULL;
}

void
terminal_resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	reset_prog_mode(); /* whoever stopped us by SIGSTOP may have changed it */
	resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

static void
give_back(void)
{
	if (wants_mouse)
		set_mouse(false);
	if (marks_pastes)
		send(PASTE_MARKS_OFF);
	endwin();
}

/* What was typed meanwhile was for somebody else. */
static void
take_again(void)
{
	input_flush();
	if (marks_pastes)
		send(PASTE_MARKS_ON);
	terminal_resize();
	refresh();
	if (wants_mouse)
		set_mouse(true);
}

void
terminal_suspend(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	give_back();
	sigemptyset(&standard.sa_mask);
	sigaction(SIGTSTP, &standard, NULL);
	kill(getpid(), SIGTSTP); /* the whole process stops here */
	signals_take();
	take_again();
}

static void
forbid_stopping(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes) < 0)
		return;
	modes.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void
terminal_lend(const char *notice, void (*use)(void))
{
	give_back();
	forbid_stopping();
	tcflush(STDIN_FILENO, TCIFLUSH);
	send(notice);
	use();
	tcflush(STDIN_FILENO, TCIFLUSH);
	take_again();
}
