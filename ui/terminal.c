#include "config.h"

#include "ui/terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"
#include "ui/input.h"
#include "ui/rescue.h"
#include "ui/signals.h"
#include "ui/theme.h"

#define PASTE_MARKS_ON "\033[?2004h"
#define PASTE_MARKS_OFF "\033[?2004l"

static SCREEN *screen;
static bool marks_pastes;

static void
send(const char *sequence)
{
	ssize_t ignored = write(STDOUT_FILENO, sequence, strlen(sequence));
	(void)ignored;
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
	marks_pastes = tigetstr("smcup") && tigetstr("smcup") != (char *)-1;
	theme_init(mono);
	set_modes();
	arm_rescue();
	return 0;
}

void
terminal_close(void)
{
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
	if (marks_pastes)
		send(PASTE_MARKS_OFF);
	endwin();
}

static void
take_again(void)
{
	if (marks_pastes)
		send(PASTE_MARKS_ON);
	terminal_resize();
	refresh();
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
