#ifndef LIFEBOAT_RUN_SEALER_H
#define LIFEBOAT_RUN_SEALER_H

#include "base/err.h"
#include "base/str.h"
#include "run/checkpoint.h"
#include "run/epoch.h"

/*
 * A thread that signs checkpoints while its owner waits for the disk. It has the key of the process to itself. One
 * thread owns it, and asks for one checkpoint at a time.
 */
struct sealer;

/* Takes ownership of the epoch, also on error. Errors: ERR_INTERNAL. */
int sealer_new(struct epoch *epoch, struct sealer **ret_sealer, struct err *e);
void sealer_free(struct sealer *sealer);

/* Has a checkpoint signed; returns at once. sealer_finish() must follow. */
void sealer_begin(struct sealer *sealer, const struct checkpoint *checkpoint);

/* Waits for it, and appends it as the file `checkpoints` has it, with its empty line. */
int sealer_finish(struct sealer *sealer, struct str *out, struct err *e);

/* The public side of its key. */
const struct epoch *sealer_epoch(const struct sealer *sealer);

#endif
