#ifndef LIFEBOAT_TESTS_FIXTURE_SERVER_H
#define LIFEBOAT_TESTS_FIXTURE_SERVER_H

/*
 * What tests with real servers need: a temporary folder, free ports, and processes that are started
 * without privileges, awaited, and stopped by the number they were started with.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

static inline void
fixture_pause(void)
{
	poll(NULL, 0, 5);
}

static inline int
fixture_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* The caller hands it to fixture_remove(). */
static inline char *
fixture_folder(void)
{
	const char *root = getenv("TMPDIR");
	char *path = xasprintf("%s/lifeboat-test-XXXXXX", root ? root : "/tmp");

	if (!mkdtemp(path))
		abort();
	return path;
}

static inline void
fixture_remove(char *folder)
{
	if (folder)
		nftw(folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

static inline char *
fixture_write(const char *folder, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
	return path;
}

static inline int
fixture_bind(int type, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline int
fixture_port_of(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		abort();
	return ntohs(sa.sin_port);
}

/* A port of 127.0.0.1 that is free for TCP and UDP. */
static inline int
fixture_free_port(void)
{
	for (int attempt = 0; attempt < 100; attempt++) {
		int tcp = fixture_bind(SOCK_STREAM, 0), port = fixture_port_of(tcp);
		int udp = fixture_bind(SOCK_DGRAM, port);

		close(tcp);
		if (udp < 0)
			continue;
		close(udp);
		return port;
	}
	abort();
}

/* Somebody without privileges, for servers that refuse root. */
static inline const struct passwd *
fixture_nobody(void)
{
	return getpwnam("nobody");
}

/* Gives a path to that somebody, if we are root. */
static inline void
fixture_give(const char *path)
{
	const struct passwd *user = fixture_nobody();

	if (geteuid() == 0 && user && chown(path, user->pw_uid, user->pw_gid) < 0)
		abort();
}

/* Starts a process that ends with us at the latest; as nobody, if we are root. Its output goes to `log`. */
static inline pid_t
fixture_spawn(const char *const *argv, const char *log)
{
	const struct passwd *user = geteuid() == 0 ? fixture_nobody() : NULL;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	int null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (user && (setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
		_exit(126);
	setenv("HOME", "/nonexistent", 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Runs it to its end; true where that was good. */
static inline bool
fixture_run(const char *const *argv, const char *log)
{
	int status = -1;

	return waitpid(fixture_spawn(argv, log), &status, 0) > 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* Sends the signal, and SIGKILL if that does not end it within three seconds. */
static inline void
fixture_stop(pid_t pid, int number)
{
	int64_t until_ms = clock_mono_ms() + 3000;

	if (pid <= 0)
		return;
	kill(pid, number);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_mono_ms() > until_ms)
			kill(pid, SIGKILL);
		fixture_pause();
	}
}

/* Waits until somebody listens at an address, of either family. */
static inline bool
fixture_wait_listener(const char *address, int port, pid_t pid, int64_t timeout_ms)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool six = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
	int64_t until_ms = clock_mono_ms() + timeout_ms;

	inet_pton(AF_INET, address, &v4.sin_addr);
	while (clock_mono_ms() < until_ms && (pid <= 0 || kill(pid, 0) == 0)) {
		int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = connect(fd, six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
				 six ? sizeof(v6) : sizeof(v4));

		close(fd);
		if (rc == 0)
			return true;
		fixture_pause();
	}
	return false;
}

/* The same at 127.0.0.1. */
static inline bool
fixture_wait_port(int port, pid_t pid, int64_t timeout_ms)
{
	return fixture_wait_listener("127.0.0.1", port, pid, timeout_ms);
}

/* The first of these programs that can be executed, or NULL. */
static inline const char *
fixture_program(const char *const *candidates)
{
	for (; *candidates; candidates++)
		if (access(*candidates, X_OK) == 0)
			return *candidates;
	return NULL;
}

#endif
