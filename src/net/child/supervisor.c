#include "config.h"

#include "net/child/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/fork.h"
#include "base/xalloc.h"
#include "net/child/supervisor_main.h"

enum { RESERVE_BYTES = 4096 }; /* for the status, where the disk fills up meanwhile */

/* The status file to be, and both ends of the socket. */
struct preparation {
	char *folder, *temporary;
	struct supervisor_job job;
	int control_fd; /* ours */
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
preparation_release(struct preparation *p)
{
	close_fd(&p->control_fd);
	close_fd(&p->job.control_fd);
	close_fd(&p->job.status_fd);
	close_fd(&p->job.folder_fd);
	free(p->folder);
	free(p->temporary);
}

/* A status of an earlier try goes, or it would be taken for this one's. */
static int
open_status(struct preparation *p, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');

	p->folder = file_folder(path);
	p->job.name = slash ? slash + 1 : path;
	p->job.temporary = p->temporary = xasprintf(".%s.new", p->job.name);
	p->job.folder_fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->job.folder_fd < 0)
		return err_errno(e, ERR_IO, "opening the folder %s", p->folder);
	unlinkat(p->job.folder_fd, p->temporary, 0);
	if (unlinkat(p->job.folder_fd, p->job.name, 0) < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "removing %s", path);
	p->job.status_fd = openat(p->job.folder_fd, p->temporary,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->job.status_fd < 0)
		return err_errno(e, ERR_IO, "creating %s for the exit status", path);
	fallocate(p->job.status_fd, FALLOC_FL_KEEP_SIZE, 0, RESERVE_BYTES);
	return 0;
}

static int
open_socket(struct preparation *p, struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(e, ERR_IO, "making a pair of sockets");
	p->control_fd = fds[0];
	p->job.control_fd = fds[1];
	return 0;
}

static int
prepare(struct preparation *p, const struct child_options *options, struct child_exec *x,
	const struct child_process *process, struct err *e)
{
	p->job.exec = x;
	p->job.output_fd = process->output_fd;
	p->job.capture_fd = process->capture_fd;
	if (open_socket(p, e) < 0 || child_exec_open(x, true, e) < 0)
		return -1;
	return open_status(p, options->status_file, e);
}

static int
fork_supervisor(struct preparation *p, struct err *e)
{
	pid_t pid = fork_quietly();

	if (pid == 0)
		supervisor_main(&p->job);
	child_exec_close(p->job.exec);
	close_fd(&p->job.control_fd);
	return pid < 0 ? err_errno(e, ERR_IO, "forking") : (int)pid;
}

/* Waits for a message of the supervisor; -1: it is gone. */
static int
await_message(int fd, int flags, struct supervisor_message *ret_message)
{
	ssize_t got;

	do {
		got = recv(fd, ret_message, sizeof(*ret_message), flags);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	return got == (ssize_t)sizeof(*ret_message) ? 1 : -1;
}

static int
expect(const struct preparation *p, enum supervisor_word word,
       struct supervisor_message *ret_message, struct err *e)
{
	if (await_message(p->control_fd, 0, ret_message) < 0)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "the process that was to watch the command was killed");
	if (ret_message->word == word)
		return 0;
	return child_failure_err(p->job.exec, &ret_message->failure, e);
}

static int
begin(const struct preparation *p, const struct child_options *options, pid_t supervisor,
      struct child_process *process, struct err *e)
{
	struct supervisor_message message;
	struct child_supervision supervision;

	if (expect(p, SUPERVISOR_READY, &message, e) < 0) {
		if (e && e->kind == ERR_UNKNOWN_OUTCOME)
			e->kind = ERR_IO; /* nothing was begun */
		return -1;
	}
	supervision.command = message.command;
	supervision.supervisor = process_identify(supervisor);
	if (options->on_supervised && options->on_supervised(options->data, &supervision, e) < 0)
		return -1;
	send(p->control_fd, "g", 1, MSG_NOSIGNAL);
	if (expect(p, SUPERVISOR_BEGUN, &message, e) < 0)
		return -1;
	process->pid = message.command.pid;
	process->start = message.command.start;
	return 0;
}

int
supervisor_start(const struct child_options *options, struct child_exec *x,
		 struct child_process *process, struct err *e)
{
	struct preparation p = {
		.job = { .control_fd = -1, .folder_fd = -1, .status_fd = -1 },
		.control_fd = -1,
	};
	pid_t supervisor = -1;
	int rc = -1;

	if (prepare(&p, options, x, process, e) == 0)
		supervisor = fork_supervisor(&p, e);
	if (supervisor < 0 && p.job.status_fd >= 0)
		unlinkat(p.job.folder_fd, p.temporary, 0);
	if (supervisor > 0)
		rc = begin(&p, options, supervisor, process, e);
	process->supervisor = supervisor;
	process->control_fd = p.control_fd;
	p.control_fd = -1;
	if (rc < 0)
		supervisor_leave(process);
	preparation_release(&p);
	return rc;
}

enum supervisor_news
supervisor_ask(const struct child_process *process, int *ret_exit_code, int *ret_signal)
{
	struct supervisor_message message;
	int got = await_message(process->control_fd, MSG_DONTWAIT, &message);

	if (got == 0)
		return SUPERVISOR_SILENT;
	if (got < 0 || message.word != SUPERVISOR_ENDED)
		return SUPERVISOR_LOST;
	*ret_exit_code = message.exit_code;
	*ret_signal = message.signal;
	return SUPERVISOR_HAS_DONE;
}

void
supervisor_leave(struct child_process *process)
{
	close_fd(&process->control_fd);
	while (process->supervisor > 0 && waitpid(process->supervisor, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	process->supervisor = 0;
}
