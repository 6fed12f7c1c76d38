#ifndef LIFEBOAT_TESTS_FIXTURE_KUBECTL_H
#define LIFEBOAT_TESTS_FIXTURE_KUBECTL_H

/* kubectl, the judge of what was done. To be included after cmocka.h. */

#include "fixture_live.h"

/*
 * Runs kubectl in the test's namespace with the words of a line, "$1" and "$2" for two more of them, and
 * returns what it printed, its errors too. The caller frees.
 */
static inline char *
kubectl_with(const struct live *live, const char *words, const char *one, const char *two)
{
	char *log = xasprintf("%s/kubectl.out", live->folder), *script;
	struct str out = STR_INIT;
	struct err e = ERR_INIT;
	int status, fd;
	pid_t pid;

	script = xasprintf("exec kubectl --namespace=%s %s", live->ns, words);
	unlink(log);
	pid = fork();
	if (pid == 0) {
		fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		setenv("KUBECONFIG", live_kubeconfig(), 1);
		setenv("HOME", live->folder, 1);
		execl("/bin/sh", "sh", "-c", script, "sh", one, two, (char *)NULL);
		_exit(127);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(file_read(log, 1 << 24, &out, &e), 0);
	free(script);
	free(log);
	return str_take(&out);
}

static inline char *
kubectl(const struct live *live, const char *words)
{
	return kubectl_with(live, words, NULL, NULL);
}

#endif
