#include "config.h"

#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	PATIENCE_MS = 30000,
	QUIET_MS =
		200, /* a screen that did not change for so long, while the child waits, is whole */
	LOOK_MS = 10, /* how often it is looked whether it waits */
};

struct tty {
	int master;
	int reports;
	pid_t pid;
	int status;
	bool ended;
	int columns, rows;
	VTerm *vterm;
	VTermScreen *screen;
	bool alternate, mouse;
	struct str reported;
	struct str sent; /* all that came from the child's terminal */
};

static int report_fd = -1;

static int
on_property(VTermProp prop, VTermValue *value, void *data)
{
	struct tty *tty = data;

	if (prop == VTERM_PROP_ALTSCREEN)
		tty->alternate = value->boolean;
	if (prop == VTERM_PROP_MOUSE)
		tty->mouse = value->number != VTERM_PROP_MOUSE_NONE;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

/* Signals as a fresh program has them: the test library has handlers of its own. */
static void
reset_signals(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
}

/*
 * The session's leader: a shell as far as job control is concerned, without which nothing can be
 * stopped. Reports the pid of the child and its stops, and ends as it ended.
 */
static void
lead(int (*child)(void *data), void *data)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		_exit(101);
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		reset_signals();
		exit(child(data));
	}
	dprintf(report_fd, "PID %d\n", (int)pid);
	while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status))
		tty_report("STOPPED");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
become_child(int (*child)(void *data), void *data)
{
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	unsetenv("ESCDELAY");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	lead(child, data);
}

struct tty *
tty_start(int columns, int rows, int (*child)(void *data), void *data)
{
	struct tty *tty = xcalloc(1, sizeof(*tty));
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	int channel[2];

	assert_int_equal(pipe2(channel, O_CLOEXEC), 0);
	fflush(NULL);
	tty->pid = forkpty(&tty->master, NULL, NULL, &size);
	assert_true(tty->pid >= 0);
	if (tty->pid == 0) {
		report_fd = channel[1];
		become_child(child, data);
	}
	close(channel[1]);
	tty->reports = channel[0];
	fcntl(tty->reports, F_SETFL, O_NONBLOCK);
	tty->columns = columns;
	tty->rows = rows;
	tty->vterm = vterm_new(rows, columns);
	vterm_set_utf8(tty->vterm, 1);
	tty->screen = vterm_obtain_screen(tty->vterm);
	vterm_screen_set_callbacks(tty->screen, &callbacks, tty);
	vterm_screen_enable_altscreen(tty->screen, 1);
	vterm_screen_reset(tty->screen, 1);
	return tty;
}

static pid_t
child_pid(struct tty *tty)
{
	int pid = 0;

	tty_expect_report(tty, "PID ");
	assert_int_equal(sscanf(str_cstr(&tty->reported), "PID %d", &pid), 1);
	return pid;
}

void
tty_stop(struct tty *tty)
{
	if (!tty->ended) {
		kill(child_pid(tty), SIGKILL);
		waitpid(tty->pid, &tty->status, 0);
	}
	close(tty->master);
	close(tty->reports);
	vterm_free(tty->vterm);
	str_release(&tty->reported);
	str_release(&tty->sent);
	free(tty);
}

void
tty_type(struct tty *tty, const char *bytes)
{
	assert_int_equal(write(tty->master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

void
tty_choose(struct tty *tty, const char *choice)
{
	tty_expect(tty, choice);
	char *text = tty_text(tty), *at = strstr(text, choice);
	char typed[16];

	assert_non_null(at);
	while (at > text && *at != '[')
		at--;
	snprintf(typed, sizeof(typed), "%d\r", atoi(at + 1));
	free(text);
	tty_type(tty, typed);
}

void
tty_resize(struct tty *tty, int columns, int rows)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	tty->columns = columns;
	tty->rows = rows;
	vterm_set_size(tty->vterm, rows, columns);
	assert_int_equal(ioctl(tty->master, TIOCSWINSZ, &size), 0);
}

void
tty_signal(struct tty *tty, int signal)
{
	assert_int_equal(kill(child_pid(tty), signal), 0);
}

void
tty_ask_to_leave(struct tty *tty)
{
	if (!tty->ended && kill(child_pid(tty), SIGTERM) < 0)
		assert_int_equal(errno, ESRCH);
}

void
tty_report(const char *line)
{
	if (report_fd >= 0) /* not on plain pipes */
		dprintf(report_fd, "%s\n", line);
}

/* Takes in what the child has painted and reported, waiting at most so long for more. */
static bool
take_in(struct tty *tty, int timeout_ms)
{
	struct pollfd fds[] = { { tty->master, POLLIN, 0 }, { tty->reports, POLLIN, 0 } };
	char bytes[16384];
	ssize_t got;
	bool any = false;

	poll(fds, 2, timeout_ms);
	got = fds[0].revents & POLLIN ? read(tty->master, bytes, sizeof(bytes)) : 0;
	if (got > 0) {
		vterm_input_write(tty->vterm, bytes, (size_t)got);
		str_append_bytes(&tty->sent, bytes, (size_t)got);
		any = true;
	}
	got = fds[1].revents & POLLIN ? read(tty->reports, bytes, sizeof(bytes)) : 0;
	if (got > 0) {
		str_append_bytes(&tty->reported, bytes, (size_t)got);
		any = true;
	}
	if (!tty->ended && waitpid(tty->pid, &tty->status, WNOHANG) == tty->pid) {
		tty->ended = true;
		any = true;
	}
	return any;
}

static VTermScreenCell
cell_at(struct tty *tty, int row, int column)
{
	VTermScreenCell cell;

	memset(&cell, 0, sizeof(cell));
	vterm_screen_get_cell(tty->screen, (VTermPos){ .row = row, .col = column }, &cell);
	return cell;
}

static void
append_code(struct str *out, uint32_t code)
{
	if (code < 0x80) {
		str_append_char(out, (char)code);
	} else if (code < 0x800) {
		str_append_char(out, (char)(0xc0 | code >> 6));
		str_append_char(out, (char)(0x80 | (code & 0x3f)));
	} else {
		str_append_char(out, (char)(0xe0 | code >> 12));
		str_append_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_append_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

static void
append_text(struct tty *tty, struct str *out)
{
	for (int row = 0; row < tty->rows; row++) {
		size_t end = out->len;

		for (int column = 0; column < tty->columns; column++) {
			VTermScreenCell cell = cell_at(tty, row, column);

			if (cell.chars[0] == (uint32_t)-1)
				continue; /* the right half of a wide character */
			append_code(out, cell.chars[0] ? cell.chars[0] : ' ');
			if (cell.chars[0] && cell.chars[0] != ' ')
				end = out->len;
		}
		out->len = end;
		str_append_char(out, '\n');
	}
}

/* "bold reverse fg208": what is not plain about a cell. */
static void
append_attributes(const VTermScreenCell *cell, struct str *out)
{
	if (cell->attrs.bold)
		str_append(out, " bold");
	if (cell->attrs.underline)
		str_append(out, " underline");
	if (cell->attrs.blink)
		str_append(out, " blink");
	if (cell->attrs.reverse)
		str_append(out, " reverse");
	if (!VTERM_COLOR_IS_DEFAULT_FG(&cell->fg) && VTERM_COLOR_IS_INDEXED(&cell->fg))
		str_printf(out, " fg%d", cell->fg.indexed.idx);
	if (!VTERM_COLOR_IS_DEFAULT_BG(&cell->bg) && VTERM_COLOR_IS_INDEXED(&cell->bg))
		str_printf(out, " bg%d", cell->bg.indexed.idx);
}

static void
append_runs(struct tty *tty, int row, struct str *out)
{
	struct str now = STR_INIT, run = STR_INIT;
	int begin = 0;

	for (int column = 0; column <= tty->columns; column++) {
		str_clear(&now);
		if (column < tty->columns) {
			VTermScreenCell cell = cell_at(tty, row, column);

			append_attributes(&cell, &now);
		}
		if (strcmp(str_cstr(&now), str_cstr(&run)) == 0)
			continue;
		if (run.len)
			str_printf(out, "%d:%d-%d%s\n", row, begin, column - 1, str_cstr(&run));
		begin = column;
		str_clear(&run);
		str_append(&run, str_cstr(&now));
	}
	str_release(&now);
	str_release(&run);
}

static char *
picture(struct tty *tty)
{
	struct str out = STR_INIT;

	append_text(tty, &out);
	str_append(&out, "--- attributes\n");
	for (int row = 0; row < tty->rows; row++)
		append_runs(tty, row, &out);
	return str_take(&out);
}

char *
tty_text(struct tty *tty)
{
	struct str out = STR_INIT;

	append_text(tty, &out);
	return str_take(&out);
}

static bool
shows(struct tty *tty, const char *text)
{
	char *now = tty_text(tty);
	bool found = strstr(now, text) != NULL;

	free(now);
	return found;
}

static void
fail_with_screen(struct tty *tty, const char *what, const char *text)
{
	char *now = tty_text(tty);

	/* not print_error(), which keeps 1,023 bytes */
	fprintf(stderr, "%s \"%s\"; the screen:\n%s(child %s)\n", what, text, now,
		tty->ended ? "ended" : "running");
	free(now);
	fail();
}

static void
expect(struct tty *tty, const char *text, bool wanted)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (shows(tty, text) != wanted) {
		if (clock_mono_ms() > deadline_ms)
			fail_with_screen(tty, wanted ? "did not show" : "still shows", text);
		take_in(tty, 50);
	}
}

void
tty_expect(struct tty *tty, const char *text)
{
	expect(tty, text, true);
}

void
tty_expect_gone(struct tty *tty, const char *text)
{
	expect(tty, text, false);
}

bool
tty_reported(struct tty *tty, const char *line)
{
	return strstr(str_cstr(&tty->reported), line) != NULL;
}

void
tty_expect_report(struct tty *tty, const char *line)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (!tty_reported(tty, line)) {
		if (clock_mono_ms() > deadline_ms) {
			print_error("reported so far:\n%s", str_cstr(&tty->reported));
			fail_with_screen(tty, "did not report", line);
		}
		take_in(tty, 50);
	}
}

bool
tty_sent(struct tty *tty, const char *bytes)
{
	return memmem(str_cstr(&tty->sent), tty->sent.len, bytes, strlen(bytes)) != NULL;
}

size_t
tty_sent_count(const struct tty *tty)
{
	return tty->sent.len;
}

void
tty_expect_sent(struct tty *tty, const char *bytes)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (!tty_sent(tty, bytes)) {
		if (clock_mono_ms() > deadline_ms)
			fail_with_screen(tty, "did not send", bytes);
		take_in(tty, 50);
	}
}

const char *
tty_all_sent(const struct tty *tty, size_t *ret_len)
{
	*ret_len = tty->sent.len;
	return str_cstr(&tty->sent);
}

void
tty_take_in(struct tty *tty, int quiet_ms)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (take_in(tty, quiet_ms) && clock_mono_ms() < deadline_ms)
		;
}

static bool
generating(void)
{
	return getenv("GENERATE") != NULL;
}

static char *
golden_path(const char *name)
{
	return xasprintf("%s/tests/golden/%s.txt", SRCDIR, name);
}

static void
write_golden(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	assert_int_equal(fclose(file), 0);
}

static char *
read_golden(const char *path)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 1 << 20, &text, &e) < 0)
		print_error("%s\n", e.message);
	return str_take(&text);
}

void
golden_assert(const char *name, const char *text)
{
	char *path = golden_path(name), *wanted;

	if (generating())
		write_golden(path, text);
	wanted = read_golden(path);
	assert_string_equal(text, wanted);
	free(wanted);
	free(path);
}

/* Whether the child has taken everything that was typed. */
static bool
has_read_all(struct tty *tty)
{
	int slave = open(ptsname(tty->master), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC),
	    left = 0;

	if (slave < 0)
		return true; /* nobody is there any more to read it */
	ioctl(slave, FIONREAD, &left);
	close(slave);
	return left == 0;
}

/* proc(5): "PID (NAME) STATE ..."; R for one that runs or would like to, D for one that waits for a disk. */
static bool
thread_works(int folder, const char *id)
{
	char *path = xasprintf("%s/stat", id), bytes[256];
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, bytes, sizeof(bytes) - 1) : -1;

	free(path);
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return false; /* it has ended */
	bytes[got] = '\0';
	const char *name_end = strrchr(bytes, ')');
	return name_end && (name_end[2] == 'R' || name_end[2] == 'D');
}

static bool
child_works(struct tty *tty)
{
	char *path = xasprintf("/proc/%d/task", (int)child_pid(tty));
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool works = false;

	free(path);
	while (folder && !works && (entry = readdir(folder)) != NULL)
		works = entry->d_name[0] != '.' && thread_works(dirfd(folder), entry->d_name);
	if (folder)
		closedir(folder);
	return works;
}

void
tty_settle(struct tty *tty)
{
	int64_t now_ms = clock_mono_ms(), deadline_ms = now_ms + PATIENCE_MS, quiet_ms = now_ms;

	while (now_ms < deadline_ms && now_ms - quiet_ms < QUIET_MS) {
		bool came = take_in(tty, LOOK_MS);

		now_ms = clock_mono_ms();
		if (came || (!tty->ended && (!has_read_all(tty) || child_works(tty))))
			quiet_ms = now_ms;
	}
}

static void
generate(struct tty *tty, const char *path)
{
	char *now;

	tty_settle(tty);
	now = picture(tty);
	write_golden(path, now);
	free(now);
}

void
tty_assert_golden(struct tty *tty, const char *name)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	char *full = xasprintf("%s-%dx%d", name, tty->columns, tty->rows);
	char *path = golden_path(full), *wanted, *now;

	if (generating())
		generate(tty, path);
	wanted = read_golden(path);
	while ((now = picture(tty)) && strcmp(now, wanted) != 0 && clock_mono_ms() < deadline_ms) {
		take_in(tty, 50);
		free(now);
	}
	if (strcmp(now, wanted) != 0)
		fprintf(stderr, "%s: the screen is not as in the file, but:\n%s", full, now);
	assert_true(strcmp(now, wanted) == 0);
	free(now);
	free(wanted);
	free(path);
	free(full);
}

bool
tty_is_over(const struct tty *tty)
{
	return tty->ended;
}

int
tty_wait_end(struct tty *tty)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (!tty->ended && clock_mono_ms() < deadline_ms)
		take_in(tty, 50);
	if (!tty->ended)
		fail_with_screen(tty, "the child did not end", "");
	while (take_in(tty, 0))
		;
	return tty->status;
}

void
tty_wait_stopped(struct tty *tty)
{
	tty_expect_report(tty, "STOPPED");
	while (take_in(tty, 20))
		;
}

struct termios
tty_modes(struct tty *tty)
{
	struct termios modes;

	assert_int_equal(tcgetattr(tty->master, &modes), 0);
	return modes;
}

bool
tty_alternate(struct tty *tty)
{
	return tty->alternate;
}

bool
tty_mouse(struct tty *tty)
{
	return tty->mouse;
}

void
tty_expect_mouse(struct tty *tty, bool wanted)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;

	while (tty->mouse != wanted) {
		if (clock_mono_ms() > deadline_ms)
			fail_with_screen(tty, "the mouse stays", wanted ? "off" : "on");
		take_in(tty, 50);
	}
}

void
tty_press(struct tty *tty, int button, int row, int column)
{
	char *bytes = xasprintf("\033[<%d;%d;%dM\033[<%d;%d;%dm", button, column + 1, row + 1,
				button, column + 1, row + 1);

	tty_type(tty, bytes);
	free(bytes);
}

/* Waits for a text and says how many bytes of its line, or how many lines, are before it. */
static int
count_before(struct tty *tty, const char *text, bool lines)
{
	int count = 0;

	tty_expect(tty, text);
	char *screen = tty_text(tty), *at = strstr(screen, text);
	for (char *c = at; c > screen && (lines || c[-1] != '\n'); c--)
		count += !lines || c[-1] == '\n';
	free(screen);
	return count;
}

int
tty_row_of(struct tty *tty, const char *text)
{
	return count_before(tty, text, true);
}

int
tty_column_of(struct tty *tty, const char *text)
{
	return count_before(tty, text, false);
}

void
tty_expect_cursor(struct tty *tty, int row, int column)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	VTermPos at = { -1, -1 };

	while (at.row != row || at.col != column) {
		if (clock_mono_ms() > deadline_ms)
			fail_with_screen(tty, "the cursor is elsewhere", "");
		vterm_state_get_cursorpos(vterm_obtain_state(tty->vterm), &at);
		if (at.row != row || at.col != column)
			take_in(tty, 50);
	}
}
