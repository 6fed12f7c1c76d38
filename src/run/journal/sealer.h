#ifndef LIFEBOAT_RUN_JOURNAL_SEALER_H
#define LIFEBOAT_RUN_JOURNAL_SEALER_H

#include "base/err.h"
#include "base/str.h"
#include "run/journal/checkpoint.h"
#include "run/journal/epoch.h"
#include "run/journal/journal_file.h"

/*
 * A thread that signs checkpoints while its owner waits for the disk, and brings those that were written to the disk
 * while its owner does something else. It has the key of the process to itself. One thread owns it, and asks for one
 * checkpoint at a time.
 */
struct sealer;

/* Takes ownership of the epoch, also on error. Errors: ERR_INTERNAL. */
int sealer_new(struct epoch *epoch, struct sealer **ret_sealer, struct err *e);
/* What was written is on the disk then. */
void sealer_free(struct sealer *sealer);

/* Has a checkpoint signed; returns at once. sealer_finish() must follow. */
void sealer_begin(struct sealer *sealer, const struct checkpoint *checkpoint);

/*
 * Waits for it, and appends it as the file `checkpoints` has it, with its empty line. Errors: also ERR_IO, when
 * those before it did not get to the disk.
 */
int sealer_finish(struct sealer *sealer, struct str *out, struct err *e);

/* It is in this file now, which is synced as soon as no other checkpoint follows at once. */
void sealer_written(struct sealer *sealer, const struct journal_file *file);

/*
 * Waits until all that was written is on the disk. Nobody else syncs that file: the kernel tells of a failure once,
 * and only one of two would hear of it. Errors: ERR_IO.
 */
int sealer_settle(struct sealer *sealer, struct err *e);

/* The public side of its key. */
const struct epoch *sealer_epoch(const struct sealer *sealer);

#endif
