#include "config.h"

#include "ui/terminal/rescue.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The last three only where nobody else takes them. */
static const int fatal[] = { SIGSEGV, SIGBUS,  SIGILL, SIGFPE,	SIGABRT, SIGQUIT,
			     SIGSYS,  SIGXCPU, SIGINT, SIGTERM, SIGHUP };

enum { FATAL_COUNT = sizeof(fatal) / sizeof(fatal[0]) };

static struct sigaction before[FATAL_COUNT];
static bool taken[FATAL_COUNT];
static struct termios modes;
static bool modes_known;
static char words[RESCUE_MAX];
static size_t words_len;
static int terminal = -1;
static atomic_bool armed;

/* Only what signal-safety(7) allows. */
static void
restore(void)
{
	if (!atomic_exchange(&armed, false))
		return;
	ssize_t ignored = write(terminal, words, words_len);
	(void)ignored;
	if (modes_known)
		tcsetattr(terminal, TCSANOW, &modes);
}

static void
on_fatal(int number)
{
	restore();
	for (size_t i = 0; i < FATAL_COUNT; i++)
		if (fatal[i] == number)
			sigaction(number, &before[i], NULL);
	raise(number);
}

void
rescue_save(int fd)
{
	modes_known = tcgetattr(fd, &modes) == 0;
}

/* A stack of its own for the handler, so that running out of stack is survived long enough. */
static void
prepare_stack(void)
{
	static char memory[64 * 1024];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) }, old;

	if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
		sigaltstack(&stack, NULL);
}

void
rescue_arm(int fd, const char *sequence, size_t len_bytes)
{
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER };
	static bool registered;

	words_len = len_bytes < RESCUE_MAX ? len_bytes : RESCUE_MAX;
	memcpy(words, sequence, words_len);
	terminal = fd;
	sigemptyset(&action.sa_mask);
	prepare_stack();
	for (size_t i = 0; i < FATAL_COUNT; i++) {
		sigaction(fatal[i], NULL, &before[i]);
		taken[i] = i < FATAL_COUNT - 3 || before[i].sa_handler == SIG_DFL;
		if (taken[i])
			sigaction(fatal[i], &action, NULL);
	}
	if (!registered)
		registered = atexit(restore) == 0;
	atomic_store(&armed, true);
}

void
rescue_disarm(void)
{
	if (!atomic_exchange(&armed, false))
		return;
	for (size_t i = 0; i < FATAL_COUNT; i++)
		if (taken[i])
			sigaction(fatal[i], &before[i], NULL);
}
