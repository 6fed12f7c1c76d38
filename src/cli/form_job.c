#include "config.h"

#include "cli/form_job.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"

struct form_job {
	pthread_t thread;
	struct cancel *cancel;
	int fd;
	void (*work)(void *data, const struct cancel *cancel);
	void *data;
};

static void *
run(void *data)
{
	struct form_job *job = data;
	uint64_t one = 1;

	job->work(job->data, job->cancel);
	ssize_t ignored = write(job->fd, &one, sizeof(one));
	(void)ignored;
	return NULL;
}

struct form_job *
form_job_start(void (*work)(void *data, const struct cancel *cancel), void *data)
{
	struct form_job *job = xcalloc(1, sizeof(*job));

	*job = (struct form_job){ .cancel = cancel_new(), .work = work, .data = data };
	job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (job->fd < 0 || pthread_create(&job->thread, NULL, run, job) != 0)
		abort();
	pthread_setname_np(job->thread, "form");
	return job;
}

int
form_job_fd(const struct form_job *job)
{
	return job->fd;
}

bool
form_job_end(struct form_job *job)
{
	uint64_t count = 0;
	bool done;

	if (!job)
		return false;
	done = read(job->fd, &count, sizeof(count)) > 0;
	if (!done)
		cancel_request(job->cancel);
	pthread_join(job->thread, NULL);
	close(job->fd);
	cancel_free(job->cancel);
	free(job);
	return done;
}
