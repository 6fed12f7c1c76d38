#include "config.h"

#include "ui/terminal/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static const struct {
	int number;
	unsigned wish; /* 0: ignored */
} table[] = {
	{ SIGWINCH, WISH_RESIZE },
	{ SIGCONT, WISH_RESIZE },
	{ SIGTSTP, WISH_SUSPEND },
	{ SIGINT, WISH_INTERRUPT },
	{ SIGTERM, WISH_LEAVE | WISH_TERMINATE },
	{ SIGHUP, WISH_LEAVE | WISH_HANGUP },
	{ SIGPIPE, 0 },
};

enum { SIGNALS = sizeof(table) / sizeof(table[0]) };

static struct sigaction before[SIGNALS];
static unsigned wanted;
static atomic_uint waiting, terminations;
static int wake[2] = { -1, -1 };

/* Handlers, not signalfd(2): threads that were begun earlier do not block these signals. */
static void
on_signal(int number)
{
	int saved = errno;

	for (size_t i = 0; i < SIGNALS; i++)
		if (table[i].number == number)
			atomic_fetch_or(&waiting, table[i].wish);
	if (number == SIGTERM)
		atomic_fetch_add(&terminations, 1);
	ssize_t ignored = write(wake[1], "", 1);
	(void)ignored;
	errno = saved;
}

static bool
is_ours(size_t i)
{
	return !table[i].wish || (table[i].wish & wanted);
}

void
signals_take(void)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		struct sigaction action = { .sa_handler = table[i].wish ? on_signal : SIG_IGN,
					    .sa_flags = SA_RESTART };

		sigemptyset(&action.sa_mask);
		if (is_ours(i))
			sigaction(table[i].number, &action, NULL);
	}
}

int
signals_open(unsigned wishes, struct err *e)
{
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(e, ERR_IO, "making a pipe for signals");
	wanted = wishes;
	atomic_store(&terminations, 0);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(table[i].number, NULL, &before[i]);
	signals_take();
	return 0;
}

void
signals_close(void)
{
	if (wake[0] < 0)
		return;
	for (size_t i = 0; i < SIGNALS; i++)
		if (is_ours(i))
			sigaction(table[i].number, &before[i], NULL);
	for (int i = 0; i < 2; i++) {
		close(wake[i]);
		wake[i] = -1;
	}
	atomic_store(&waiting, 0);
}

int
signals_fd(void)
{
	return wake[0];
}

unsigned
signals_wishes(void)
{
	char drain[64];

	while (read(wake[0], drain, sizeof(drain)) > 0)
		;
	return atomic_exchange(&waiting, 0);
}

struct intent *
signals_hurry(int64_t seen_seq)
{
	struct intent *intent = intent_new(INTENT_LEAVE, seen_seq, NULL, "SIGTERM");

	intent->patience_ms = atomic_load(&terminations) > 1 ? 0 : SIGNALS_PATIENCE_MS;
	return intent;
}

void
signals_forget(unsigned wishes)
{
	atomic_fetch_and(&waiting, ~wishes);
}
