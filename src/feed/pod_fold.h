#ifndef LIFEBOAT_FEED_POD_FOLD_H
#define LIFEBOAT_FEED_POD_FOLD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "feed/pods.h"
#include "kube/list_watch.h"

/*
 * The rows of a pods Table, folded into what is there now. Used by one thread, or under its owner's
 * lock. Rows are kept sorted by name and shared with the snapshots, which any thread may release.
 */
struct pod_fold;

struct pod_fold *pod_fold_new(struct secrets *secrets);
void pod_fold_free(struct pod_fold *fold);

/* These return true when the picture is another than before. */
bool pod_fold_row(struct pod_fold *fold, const struct kube_row *row);
bool pod_fold_removed(struct pod_fold *fold, const struct kube_row *row);
/* The list is complete: what it did not name since pod_fold_list_begin() is gone. */
bool pod_fold_listed(struct pod_fold *fold);

/* Finds the cells by the names of their columns. */
void pod_fold_columns(struct pod_fold *fold, const cJSON *definitions);
void pod_fold_list_begin(struct pod_fold *fold);

/* The picture as it is now, counted once. */
struct pod_snapshot *pod_fold_snapshot(struct pod_fold *fold, uint64_t generation);
void pod_snapshot_retain(struct pod_snapshot *snapshot);

#endif
