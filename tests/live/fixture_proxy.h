#ifndef LIFEBOAT_TESTS_FIXTURE_PROXY_H
#define LIFEBOAT_TESTS_FIXTURE_PROXY_H

/*
 * proxy.py between a test and the API server, and kubectl beside it. Include it in one file of a test
 * program only. SRCDIR is the top of the sources.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

struct proxy {
	pid_t pid;
	FILE *commands, *answers;
	char *kubeconfig; /* the way through the proxy; in a folder of the caller's */
};

/* Starts a program with its standard input and output on pipes; it ends with us at the latest. */
static inline pid_t
proxy_spawn(const char *const *argv, FILE **ret_in, FILE **ret_out)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*ret_in = fdopen(in[1], "w");
	*ret_out = fdopen(out[0], "r");
	return pid;
}

static inline struct proxy *
proxy_start(const char *kubeconfig, const char *folder)
{
	struct proxy *p = xcalloc(1, sizeof(*p));
	char port[16];

	p->kubeconfig = xasprintf("%s/proxy.kubeconfig", folder);
	const char *const argv[] = { "python3", SRCDIR "/tests/live/proxy.py", kubeconfig,
				     p->kubeconfig, NULL };
	p->pid = proxy_spawn(argv, &p->commands, &p->answers);
	if (!fgets(port, sizeof(port), p->answers))
		abort();
	return p;
}

static inline void
proxy_stop(struct proxy *p)
{
	fclose(p->commands);
	fclose(p->answers);
	waitpid(p->pid, NULL, 0);
	free(p->kubeconfig);
	free(p);
}

/* Gives a command (see proxy.py) and returns the number in the answer; an error ends the program. */
static inline int __attribute__((format(printf, 2, 3)))
proxy_do(struct proxy *p, const char *format, ...)
{
	char answer[256] = "";
	va_list ap;
	int number;

	va_start(ap, format);
	vfprintf(p->commands, format, ap);
	va_end(ap);
	fputc('\n', p->commands);
	fflush(p->commands);
	if (!fgets(answer, sizeof(answer), p->answers) || sscanf(answer, "ok %d", &number) != 1) {
		fprintf(stderr, "the proxy says: %s\n", answer);
		abort();
	}
	return number;
}

/* Runs kubectl with `input` to its end, appends its output; true where that was good. */
static inline bool
proxy_kubectl(const char *const *argv, const char *input, struct str *out)
{
	FILE *to, *from;
	pid_t pid = proxy_spawn(argv, &to, &from);
	char buffer[4096];
	size_t len;
	int status = -1;

	fputs(input, to);
	fclose(to);
	while ((len = fread(buffer, 1, sizeof(buffer), from)) > 0)
		str_append_bytes(out, buffer, len);
	fclose(from);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
