#include "config.h"

#include "net/child/child_words.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

/* What a signal that ended a command says to somebody who did not send it. */
static const struct {
	int number;
	const char *meaning;
} meanings[] = {
	{ SIGKILL, "somebody killed it, or the kernel did for lack of memory: see dmesg" },
	{ SIGTERM, "somebody asked it to end" },
	{ SIGINT, "somebody interrupted it" },
	{ SIGHUP, "its terminal was closed" },
	{ SIGPIPE, "whoever read its output had gone" },
	{ SIGSEGV, "it crashed: a fault of the program" },
	{ SIGBUS, "it crashed, or a file that it had mapped was cut short" },
	{ SIGILL, "it crashed: perhaps a program for another kind of processor" },
	{ SIGFPE, "it crashed: a fault of the program" },
	{ SIGABRT, "it gave up: a fault that it noticed itself" },
	{ SIGXCPU, "it used more processor time than is allowed (ulimit -t)" },
	{ SIGXFSZ, "it wrote a larger file than is allowed (ulimit -f)" },
	{ SIGSYS, "it made a system call that is forbidden here" },
};

char *
child_signal_describe(int number)
{
	const char *name = sigabbrev_np(number);

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].number == number)
			return xasprintf("signal %d (SIG%s: %s)", number, name,
					 meanings[i].meaning);
	return xasprintf("signal %d (%s)", number, strsignal(number));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* Where the last lines begin, of which blank ones do not count. */
static const char *
begin_of_last(const char *text, size_t len, int lines, size_t most)
{
	const char *least = len > most ? text + len - most : text, *at = text + len;
	bool blank = true;

	for (; at > least; at--) {
		if (at[-1] == '\n' && !blank && --lines == 0)
			break;
		blank = at[-1] == '\n' || (blank && is_blank(at[-1]));
	}
	while (((unsigned char)*at & 0xc0) == 0x80)
		at++;
	return at;
}

/* A line without the blanks at its ends; a semicolon stands between two. */
static void
append_line(struct str *out, bool first, const char *line, size_t len)
{
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	if (len == 0)
		return;
	str_append(out, first ? "" : "; ");
	str_append_bytes(out, line, len);
}

void
child_last_lines(const char *bytes, size_t len_bytes, int lines, size_t max_bytes, struct str *out)
{
	struct str clean = STR_INIT;
	size_t before = out->len;
	const char *at, *next;

	text_sanitise(bytes, len_bytes, TEXT_KEEP_NEWLINES | TEXT_DROP_SGR, &clean);
	while (clean.len > 0 && is_blank(clean.data[clean.len - 1]))
		clean.len--;
	at = begin_of_last(str_cstr(&clean), clean.len, lines, max_bytes);
	for (const char *end = str_cstr(&clean) + clean.len; at < end; at = next) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		next = line_end ? line_end + 1 : end;
		append_line(out, out->len == before, at, (size_t)(next - at));
	}
	str_release(&clean);
}
