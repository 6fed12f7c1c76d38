#ifndef LIFEBOAT_NET_CHILD_CHILD_H
#define LIFEBOAT_NET_CHILD_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/str.h"
#include "net/child/process.h"

/* Who watches a supervised command, and the command, which has not begun yet. */
struct child_supervision {
	struct process_id supervisor, command;
};

struct child_options {
	const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked up in PATH */
	const char *const
		*env;	    /* "NAME=value" added to, or replacing in, our own; NULL-terminated */
	bool env_only;	    /* `env` is all that the command gets: nothing of our own */
	const char *folder; /* working folder, or NULL */
	const char *input;  /* standard input, or NULL: nothing to read */
	size_t input_len;
	int input_fd; /* > 0: it becomes the standard input instead; child_run() closes it */
	bool pty;     /* output through a pseudo-terminal (80x24 unless set) */
	int columns, rows;
	/*
	 * The command gets our controlling terminal, in the foreground, as its standard input and standard
	 * error; `capture` is needed, and input, pty and on_output() are not used. Nobody of ours may use
	 * the terminal meanwhile. Its modes and its foreground are restored, and what was typed ahead is
	 * thrown away. ERR_IO where there is no terminal.
	 */
	bool terminal;
	int64_t timeout_ms; /* 0: none */
	/* 0: none; else the limit is this once on_output() was called, as somebody may act on what it said. */
	int64_t speaking_timeout_ms;
	int64_t grace_ms; /* between SIGTERM and SIGKILL; 0: 2 s */
	void (*on_output)(void *data, const char *bytes, size_t len_bytes);
	void *data;
	/*
	 * Where set, standard output is appended here, by a pipe of its own, and on_output() gets standard
	 * error only. More than capture_max bytes: ERR_REMOTE, once the command has ended.
	 */
	struct str *capture;
	size_t capture_max;
	/*
	 * Where set, a process stands between us and the command that outlives us: should we die, the
	 * command comes to its end undisturbed, what it puts out is thrown away, and its exit status
	 * is put into this file, a new one (net/supervisor_status.h). Its folder must be there. Not
	 * with `terminal`.
	 */
	const char *status_file;
	/* Called before a supervised command begins; -1: it must not, and child_run() fails with it. */
	int (*on_supervised)(void *data, const struct child_supervision *supervision,
			     struct err *e);
	const struct cancel *cancel;
};

struct child_result {
	int exit_code; /* -1 where a signal ended it */
	int signal;    /* 0, or the signal */
	int64_t duration_ms;
	/* Processes that it left behind still had its output open, a pipe: what they say after its end is not read. (A pty is
	 * taken from them when its session's leader ends.) */
	bool left_behind;
};

/*
 * Runs a command to its end in a session of its own (of ours with `terminal`), its output (stdout and
 * stderr) streamed in the order it came. A cancel or the deadline stops its whole session (its group with
 * `terminal`): SIGTERM at once, then SIGKILL after the grace time; the function still returns only when it has
 * been reaped (so a cancel may take grace_ms). Whoever began a session of its own is out of reach, and what it
 * says after the end of the command is waited for no longer than half a second. Errors: ERR_NOT_FOUND (no such
 * command), ERR_IO, ERR_TIMEOUT, ERR_CANCELLED, ERR_UNKNOWN_OUTCOME (somebody killed its supervisor). A
 * non-zero exit is a result.
 */
int child_run(const struct child_options *options, struct child_result *ret_result, struct err *e);

/*
 * An input as a file in memory, which needs no writer and can be opened again as /dev/stdin: for
 * input_fd, where the bytes are not to be kept. NULL: /dev/null. Returns a descriptor, or -1 and ERR_IO.
 */
int child_input_open(const char *bytes, size_t len, struct err *e);

/* The file that argv[0] stands for, or NULL and ERR_NOT_FOUND with the PATH that was searched. */
char *child_find(const char *command, struct err *e);

#endif
