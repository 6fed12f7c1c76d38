#ifndef LIFEBOAT_CLI_FORM_JOB_H
#define LIFEBOAT_CLI_FORM_JOB_H

#include <stdbool.h>

#include "base/cancel.h"

/* One thing that is done on a thread of its own while a form stays usable. */
struct form_job;

/* work() returns within 100 ms of the cancel. `data` belongs to it until form_job_end(). */
struct form_job *form_job_start(void (*work)(void *data, const struct cancel *cancel), void *data);

/* Readable once work() has returned. */
int form_job_fd(const struct form_job *job);

/* Cancels it if it still works, waits for its end, and frees it; NULL is legal. True: it was done by itself. */
bool form_job_end(struct form_job *job);

#endif
