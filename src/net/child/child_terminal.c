#include "config.h"

#include "net/child/child_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Blocks SIGTTOU in this thread: who sets a terminal from its background would be stopped by it. */
static void
block_stop(sigset_t *ret_before)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stop, ret_before);
}

static struct termios
usual_mode(const struct termios *now)
{
	struct termios mode = *now;

	mode.c_iflag |= ICRNL | IXON;
	mode.c_iflag &= ~(tcflag_t)(INLCR | IGNCR);
	mode.c_oflag |= OPOST | ONLCR;
	mode.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
	mode.c_cc[VSUSP] = _POSIX_VDISABLE;
	return mode;
}

int
child_terminal_open(struct child_terminal *t, struct err *e)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	sigset_t before;

	if (fd < 0)
		return err_errno(e, ERR_IO, "opening the terminal (/dev/tty)");
	t->foreground = tcgetpgrp(fd);
	if (t->foreground != getpgrp() || tcgetattr(fd, &t->mode) < 0) {
		close(fd);
		return err_set(e, ERR_IO,
			       "the terminal is in use by somebody else: this program runs in "
			       "its background");
	}
	t->fd = fd;
	struct termios mode = usual_mode(&t->mode);
	block_stop(&before);
	tcsetattr(fd, TCSANOW, &mode);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return 0;
}

void
child_terminal_enter(int fd)
{
	setpgid(0, 0);
	tcsetpgrp(fd, getpid());
}

void
child_terminal_close(struct child_terminal *t)
{
	sigset_t before;

	if (t->fd < 0)
		return;
	block_stop(&before);
	tcsetpgrp(t->fd, t->foreground);
	tcsetattr(t->fd, TCSANOW, &t->mode);
	tcflush(t->fd, TCIFLUSH);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(t->fd);
	t->fd = -1;
}
