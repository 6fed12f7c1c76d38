#include "config.h"

#include "run/sealer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum task { TASK_NONE, TASK_SIGN, TASK_SIGNED, TASK_END };

struct sealer {
	struct epoch *epoch;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* under the mutex: */
	enum task task;
	struct checkpoint checkpoint;
	struct str note; /* TASK_SIGNED: empty, with the error beside it, when that failed */
	struct err error;
};

static void
sign(struct sealer *sealer)
{
	struct str text = STR_INIT;

	checkpoint_format(&sealer->checkpoint, &text);
	str_clear(&sealer->note);
	if (epoch_sign(sealer->epoch, &text, &sealer->note, &sealer->error) == 0)
		str_append_char(&sealer->note, '\n');
	else
		str_clear(&sealer->note);
	str_release(&text);
}

/* The owner touches nothing between TASK_SIGN and TASK_SIGNED, so the signing is done under the mutex. */
static void *
run(void *data)
{
	struct sealer *sealer = data;

	pthread_mutex_lock(&sealer->mutex);
	while (sealer->task != TASK_END) {
		if (sealer->task != TASK_SIGN) {
			pthread_cond_wait(&sealer->changed, &sealer->mutex);
			continue;
		}
		sign(sealer);
		sealer->task = TASK_SIGNED;
		pthread_cond_signal(&sealer->changed);
	}
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

	sealer->epoch = epoch;
	pthread_mutex_init(&sealer->mutex, NULL);
	pthread_cond_init(&sealer->changed, NULL);
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

const struct epoch *
sealer_epoch(const struct sealer *sealer)
{
	return sealer->epoch;
}
