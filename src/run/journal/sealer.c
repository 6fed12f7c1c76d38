#include "config.h"

#include "run/journal/sealer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"

/* So long no checkpoint follows before those that are written are synced: steps come slower, and bursts as one. */
enum { PAUSE_MS = 2 };

enum task { TASK_NONE, TASK_SIGN, TASK_SIGNED, TASK_SETTLE, TASK_END };

struct sealer {
	struct epoch *epoch;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex: */
	enum task task;
	struct checkpoint checkpoint;
	struct str note;  /* TASK_SIGNED: empty, with the error beside it, when that failed */
	struct err error; /* the first one is final */
	bool is_asleep;	  /* until something comes */
	const struct journal_file
		*written; /* something of it may not be on the disk yet; or NULL */
};

static void
sign(struct sealer *sealer)
{
	struct str text = STR_INIT;

	checkpoint_format(&sealer->checkpoint, &text);
	str_clear(&sealer->note);
	if (sealer->error.kind == ERR_NONE &&
	    epoch_sign(sealer->epoch, &text, &sealer->note, &sealer->error) == 0)
		str_append_char(&sealer->note, '\n');
	else
		str_clear(&sealer->note);
	str_release(&text);
}

/* Brings what is written to the disk, while the owner may go on. */
static void
settle(struct sealer *sealer)
{
	const struct journal_file *file = sealer->written;
	struct err e = ERR_INIT;

	sealer->written = NULL;
	pthread_mutex_unlock(&sealer->mutex);
	int rc = journal_file_sync(file, &e);
	pthread_mutex_lock(&sealer->mutex);
	if (rc < 0 && sealer->error.kind == ERR_NONE)
		sealer->error = e;
}

/* Waits for something to do; false: nothing came for a while. */
static bool
wait_a_while(struct sealer *sealer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PAUSE_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return pthread_cond_timedwait(&sealer->changed, &sealer->mutex, &until) != ETIMEDOUT;
}

static void
wait_for_task(struct sealer *sealer)
{
	sealer->is_asleep = true;
	pthread_cond_wait(&sealer->changed, &sealer->mutex);
	sealer->is_asleep = false;
}

/*
 * The owner touches nothing between TASK_SIGN and TASK_SIGNED, so the signing is done under the mutex. After it, it
 * is written within the while that is waited: the owner need wake nobody for that.
 */
static void *
run(void *data)
{
	struct sealer *sealer = data;
	bool is_awaited = false;

	pthread_mutex_lock(&sealer->mutex);
	while (sealer->task != TASK_END) {
		if (sealer->task == TASK_SIGN) {
			sign(sealer);
			sealer->task = TASK_SIGNED;
			is_awaited = true;
			pthread_cond_signal(&sealer->changed);
		} else if (sealer->task == TASK_SETTLE) {
			if (sealer->written)
				settle(sealer);
			sealer->task = TASK_NONE;
			pthread_cond_signal(&sealer->changed);
		} else if (!is_awaited && !sealer->written) {
			wait_for_task(sealer);
		} else if (!wait_a_while(sealer) && sealer->task == TASK_NONE) {
			is_awaited = false;
			if (sealer->written)
				settle(sealer);
		}
	}
	if (sealer->written)
		settle(sealer);
	pthread_mutex_unlock(&sealer->mutex);
	return NULL;
}

/* The program's signals go to other threads. */
static int
start(struct sealer *sealer)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&sealer->thread, NULL, run, sealer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void
destroy(struct sealer *sealer)
{
	pthread_cond_destroy(&sealer->changed);
	pthread_mutex_destroy(&sealer->mutex);
	epoch_free(sealer->epoch);
	str_release(&sealer->note);
	free(sealer);
}

int
sealer_new(struct epoch *epoch, struct sealer **ret_sealer, struct err *e)
{
	struct sealer *sealer = xcalloc(1, sizeof(*sealer));
	pthread_condattr_t attributes;

	sealer->epoch = epoch;
	pthread_mutex_init(&sealer->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sealer->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	int rc = start(sealer);
	if (rc != 0) {
		destroy(sealer);
		errno = rc;
		return err_errno(e, ERR_INTERNAL, "starting the thread that seals the journal");
	}
	*ret_sealer = sealer;
	return 0;
}

void
sealer_free(struct sealer *sealer)
{
	if (!sealer)
		return;
	pthread_mutex_lock(&sealer->mutex);
	sealer->task = TASK_END;
	pthread_cond_signal(&sealer->changed);
	pthread_mutex_unlock(&sealer->mutex);
	pthread_join(sealer->thread, NULL);
	destroy(sealer);
}

void
sealer_begin(struct sealer *sealer, const struct checkpoint *checkpoint)
{
	pthread_mutex_lock(&sealer->mutex);
	sealer->checkpoint = *checkpoint;
	sealer->task = TASK_SIGN;
	pthread_cond_signal(&sealer->changed);
	pthread_mutex_unlock(&sealer->mutex);
}

int
sealer_finish(struct sealer *sealer, struct str *out, struct err *e)
{
	pthread_mutex_lock(&sealer->mutex);
	while (sealer->task != TASK_SIGNED)
		pthread_cond_wait(&sealer->changed, &sealer->mutex);
	sealer->task = TASK_NONE;
	bool is_signed = sealer->note.len > 0;
	if (is_signed)
		str_append_bytes(out, sealer->note.data, sealer->note.len);
	else
		*e = sealer->error;
	pthread_mutex_unlock(&sealer->mutex);
	return is_signed ? 0 : -1;
}

void
sealer_written(struct sealer *sealer, const struct journal_file *file)
{
	pthread_mutex_lock(&sealer->mutex);
	sealer->written = file;
	if (sealer->is_asleep)
		pthread_cond_signal(&sealer->changed);
	pthread_mutex_unlock(&sealer->mutex);
}

int
sealer_settle(struct sealer *sealer, struct err *e)
{
	pthread_mutex_lock(&sealer->mutex);
	sealer->task = TASK_SETTLE;
	pthread_cond_signal(&sealer->changed);
	while (sealer->task == TASK_SETTLE)
		pthread_cond_wait(&sealer->changed, &sealer->mutex);
	bool failed = sealer->error.kind != ERR_NONE;
	if (failed)
		*e = sealer->error;
	pthread_mutex_unlock(&sealer->mutex);
	return failed ? -1 : 0;
}

const struct epoch *
sealer_epoch(const struct sealer *sealer)
{
	return sealer->epoch;
}
