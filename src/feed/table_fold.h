#ifndef LIFEBOAT_FEED_TABLE_FOLD_H
#define LIFEBOAT_FEED_TABLE_FOLD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "feed/table.h"
#include "kube/list_watch.h"

/*
 * The rows of the server's Tables, folded into what is there now. Used by one thread, or under its
 * owner's lock. Rows are kept sorted by namespace and name and shared with the snapshots, which any
 * thread may release.
 */
struct table_fold;

struct table_fold *table_fold_new(struct secrets *secrets, bool pods);
void table_fold_free(struct table_fold *fold);

/*
 * These return true when the picture is another than before. An age in a cell that came at `now_ms` (wall
 * clock) becomes a moment, from which it goes on by itself.
 */
bool table_fold_columns(struct table_fold *fold, const cJSON *definitions);
bool table_fold_row(struct table_fold *fold, const struct kube_row *row, int64_t now_ms);
bool table_fold_removed(struct table_fold *fold, const struct kube_row *row);
/*
 * The list is complete. What it did not name since table_fold_list_begin() is gone, unless the list is no
 * more than a glance.
 */
bool table_fold_listed(struct table_fold *fold, bool exact);

void table_fold_list_begin(struct table_fold *fold);
size_t table_fold_count(const struct table_fold *fold);

/* ---- reasons ---- */

/*
 * Whether the reason of a row is wanted: it is in trouble, its UID is known, and nobody has asked since it
 * changed. Then that counts as asked, and *ret_uid (the caller frees) says of which object.
 */
bool table_fold_ask(struct table_fold *fold, const char *ns, const char *name, char **ret_uid);
/* There was no answer: the reason is wanted as before. */
void table_fold_unask(struct table_fold *fold, const char *ns, const char *name);
/* Sets the reason of an object that is still there; one that ends with a moment is followed by its age. */
bool table_fold_set_reason(struct table_fold *fold, const char *ns, const char *name,
			   const char *uid, const char *reason, int64_t since_ms, int64_t now_ms);
/* Brings the age in a row's reason up to date. */
bool table_fold_tick(struct table_fold *fold, const char *ns, const char *name, int64_t now_ms);

/* ---- snapshots ---- */

/* The picture as it is now, counted once. */
struct table_snapshot *table_fold_snapshot(struct table_fold *fold, uint64_t generation);
void table_snapshot_retain(struct table_snapshot *snapshot);
/* The moment since which a cell's age counts; false: the cell has none. */
bool table_snapshot_moment(const struct table_snapshot *snapshot, size_t row, size_t column,
			   int64_t *ret_wall_ms);

#endif
