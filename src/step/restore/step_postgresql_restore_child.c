#include "config.h"

#include "step/restore/step_postgresql_restore_child.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/socket/wait.h"
#include "step/command/step_command.h"

enum { PENDING_MAX = 1 << 20, GRACE_MS = 2000 };

/* What both threads share, all below the lock. */
struct relay {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	int wake_fd; /* tells the caller that there is something */
	struct str output;
	const struct child_supervision *asked; /* to be put on record, while somebody waits */
	int answer;
	bool done;
	int rc;
	struct child_result result;
	struct err e;
	const struct child_options *options;
};

static void
wake(struct relay *relay)
{
	uint64_t one = 1;

	if (write(relay->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

/* ---- on the thread of the command ---- */

static void
take_output(void *data, const char *bytes, size_t len)
{
	struct relay *relay = data;

	pthread_mutex_lock(&relay->lock);
	while (relay->output.len > PENDING_MAX)
		pthread_cond_wait(&relay->moved, &relay->lock);
	str_append_bytes(&relay->output, bytes, len);
	wake(relay);
	pthread_mutex_unlock(&relay->lock);
}

static int
ask_to_begin(void *data, const struct child_supervision *supervision, struct err *e)
{
	struct relay *relay = data;
	int answer;

	pthread_mutex_lock(&relay->lock);
	relay->asked = supervision;
	wake(relay);
	while (relay->asked)
		pthread_cond_wait(&relay->moved, &relay->lock);
	answer = relay->answer;
	if (answer < 0)
		err_set(e, relay->e.kind, "%s", relay->e.message);
	pthread_mutex_unlock(&relay->lock);
	return answer;
}

static void *
command_main(void *data)
{
	struct relay *relay = data;
	struct err e = ERR_INIT;
	struct child_result result = { 0 };
	int rc = child_run(relay->options, &result, &e);

	pthread_mutex_lock(&relay->lock);
	relay->rc = rc;
	relay->result = result;
	relay->e = e;
	relay->done = true;
	wake(relay);
	pthread_mutex_unlock(&relay->lock);
	return NULL;
}

/* ---- on the thread of the step ---- */

static void
put_on_record(struct watched_child *w, struct relay *relay,
	      const struct child_supervision *supervision)
{
	struct err e = ERR_INIT;
	int answer = command_remember(w->ctx, w->argv[0], supervision, &e);

	if (answer == 0)
		w->pid = supervision->command.pid;
	pthread_mutex_lock(&relay->lock);
	relay->answer = answer;
	relay->e = e;
	relay->asked = NULL;
	pthread_cond_broadcast(&relay->moved);
	pthread_mutex_unlock(&relay->lock);
}

/* Takes what has come; false once the command has ended and all is taken. */
static bool
attend(struct watched_child *w, struct relay *relay)
{
	const struct child_supervision *asked;
	struct str output;
	bool done;

	pthread_mutex_lock(&relay->lock);
	output = relay->output;
	relay->output = (struct str)STR_INIT;
	asked = relay->asked;
	done = relay->done;
	pthread_cond_broadcast(&relay->moved);
	pthread_mutex_unlock(&relay->lock);
	if (output.len)
		w->on_output(w->data, output.data, output.len);
	str_release(&output);
	if (asked)
		put_on_record(w, relay, asked);
	return !done;
}

static void
attend_to_end(struct watched_child *w, struct relay *relay)
{
	int64_t look_ms = wait_deadline(w->every_ms);
	struct pollfd pfd = { .fd = relay->wake_fd, .events = POLLIN };
	uint64_t count;

	while (attend(w, relay)) {
		if (poll(&pfd, 1, wait_left_ms(look_ms)) > 0 &&
		    read(relay->wake_fd, &count, sizeof(count)) < 0)
			continue;
		if (wait_left_ms(look_ms) > 0)
			continue;
		if (w->pid > 0 && !cancel_requested(w->ctx->cancel))
			w->look(w->data);
		look_ms = wait_deadline(w->every_ms);
	}
}

/* Signals are for other threads. */
static int
start_thread(struct relay *relay, pthread_t *thread, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, command_main, relay);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = rc;
	return rc == 0 ? 0 : err_errno(e, ERR_IO, "starting a thread");
}

static void
close_input(const struct watched_child *w)
{
	if (w->input_fd > 0)
		close(w->input_fd);
}

static int
run(struct watched_child *w, struct relay *relay, struct child_result *ret_done, struct err *e)
{
	pthread_t thread;

	relay->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (relay->wake_fd < 0) {
		close_input(w);
		return err_errno(e, ERR_IO, "making an eventfd");
	}
	if (start_thread(relay, &thread, e) < 0) {
		close(relay->wake_fd);
		close_input(w);
		return -1;
	}
	attend_to_end(w, relay);
	pthread_join(thread, NULL);
	close(relay->wake_fd);
	if (relay->rc < 0)
		return err_set(e, relay->e.kind, "%s", relay->e.message);
	*ret_done = relay->result;
	return 0;
}

int
watched_child_run(struct watched_child *w, struct child_result *ret_done, struct err *e)
{
	struct child_options options = {
		.argv = w->argv,
		.env = w->env,
		.input_fd = w->input_fd,
		.on_output = take_output,
		.on_supervised = ask_to_begin,
		.cancel = w->ctx->cancel,
		.grace_ms = GRACE_MS,
	};
	struct relay relay = { .lock = PTHREAD_MUTEX_INITIALIZER,
			       .moved = PTHREAD_COND_INITIALIZER,
			       .options = &options };
	int64_t now_ms = clock_mono_ms();
	char *status_file = NULL;
	int rc = command_status_file(w->ctx, w->action, &status_file, e);

	options.data = &relay;
	options.status_file = status_file;
	if (w->ctx->deadline_ms != INT64_MAX)
		options.timeout_ms =
			w->ctx->deadline_ms > now_ms ? w->ctx->deadline_ms - now_ms : 1;
	if (rc == 0)
		rc = run(w, &relay, ret_done, e);
	else
		close_input(w);
	str_release(&relay.output);
	pthread_cond_destroy(&relay.moved);
	pthread_mutex_destroy(&relay.lock);
	free(status_file);
	return rc;
}
