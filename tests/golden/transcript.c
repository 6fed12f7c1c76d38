#include "config.h"

#include "transcript.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

enum { PATIENCE_MS = 30000 };

static void
drain(int fd, struct str *into, int64_t deadline_ms)
{
	struct pollfd pfd = { fd, POLLIN, 0 };
	char bytes[4096];
	ssize_t got = 1;

	while (got > 0 && clock_mono_ms() < deadline_ms) {
		if (poll(&pfd, 1, 100) == 0)
			continue;
		got = read(fd, bytes, sizeof(bytes));
		if (got > 0)
			str_append_bytes(into, bytes, (size_t)got);
	}
}

static void
become(struct play *play, const char *input, const int out[2], const int errors[2])
{
	int in[2];

	if (pipe(in) < 0 || write(in[1], input, strlen(input)) < 0)
		_exit(99);
	close(in[1]);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(errors[1], STDERR_FILENO);
	close(in[0]);
	close(out[0]);
	close(out[1]);
	close(errors[0]);
	close(errors[1]);
	exit(scenario_play(play));
}

struct transcript
transcript_play(struct play *play, const char *input)
{
	struct transcript transcript = { STR_INIT, STR_INIT, 0 };
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	int out[2], errors[2];
	pid_t pid;

	play->plain = true;
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(errors), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(play, input, out, errors);
	close(out[1]);
	close(errors[1]);
	drain(out[0], &transcript.out, deadline_ms);
	drain(errors[0], &transcript.errors, deadline_ms);
	if (clock_mono_ms() >= deadline_ms)
		kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &transcript.status, 0), pid);
	close(out[0]);
	close(errors[0]);
	return transcript;
}

void
transcript_release(struct transcript *transcript)
{
	str_release(&transcript->out);
	str_release(&transcript->errors);
}

void
transcript_assert_says(const struct transcript *transcript, const char *text)
{
	if (!strstr(str_cstr(&transcript->out), text))
		print_error("\"%s\" is not in:\n%s", text, str_cstr(&transcript->out));
	assert_non_null(strstr(str_cstr(&transcript->out), text));
}

void
transcript_assert_ends(const struct transcript *transcript, int status)
{
	assert_true(WIFEXITED(transcript->status));
	if (WEXITSTATUS(transcript->status) != status)
		print_error("on stderr:\n%s", str_cstr(&transcript->errors));
	assert_int_equal(WEXITSTATUS(transcript->status), status);
}
