#include "config.h"

#include "ui/terminal/line_input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "ui/terminal/rescue.h"

static struct termios shown;
static bool hiding;

void
line_input_release(struct line_input *input)
{
	str_release_secret(&input->bytes);
}

void
line_input_fill(struct line_input *input)
{
	ssize_t got;

	if (input->bytes.cap < LINE_INPUT_MAX)
		str_reserve(&input->bytes, LINE_INPUT_MAX + 4096); /* no copies left behind */
	if (input->bytes.len >= LINE_INPUT_MAX)
		return;
	got = read(STDIN_FILENO, str_reserve(&input->bytes, 4096), 4096);
	if (got > 0) {
		input->bytes.len += (size_t)got;
		input->bytes.data[input->bytes.len] = '\0';
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		input->ended = true;
	}
}

bool
line_input_take(struct line_input *input, char **ret_line)
{
	char *data = input->bytes.data;
	char *end = input->bytes.len ? memchr(data, '\n', input->bytes.len) : NULL;
	size_t len = end ? (size_t)(end - data) : input->bytes.len;

	if (!end && (len == 0 || (!input->ended && len < LINE_INPUT_MAX)))
		return false;
	*ret_line = xstrndup(data, len > 0 && data[len - 1] == '\r' ? len - 1 : len);
	size_t used = end ? len + 1 : len, left = input->bytes.len - used;
	memmove(data, data + used, left);
	explicit_bzero(data + left, used);
	input->bytes.len = left;
	return true;
}

bool
line_input_ahead(const struct line_input *input)
{
	struct pollfd given = { .fd = STDIN_FILENO, .events = POLLIN };

	return input->bytes.len || input->ended || poll(&given, 1, 0) > 0;
}

void
line_input_flush(struct line_input *input)
{
	if (!isatty(STDIN_FILENO))
		return;
	tcflush(STDIN_FILENO, TCIFLUSH);
	str_clear(&input->bytes);
}

void
line_input_hide(void)
{
	struct termios quiet;

	if (hiding || tcgetattr(STDIN_FILENO, &shown) < 0)
		return;
	rescue_save(STDIN_FILENO);
	rescue_arm(STDIN_FILENO, "\n", 1);
	quiet = shown;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	hiding = true;
}

void
line_input_show(void)
{
	if (!hiding)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &shown);
	rescue_disarm();
	hiding = false;
}
