#ifndef LIFEBOAT_UI_FEEDS_H
#define LIFEBOAT_UI_FEEDS_H

#include <stddef.h>

#include "feed/logs.h"
#include "feed/pods.h"
#include "ui/feed_choice.h"
#include "ui/model.h"

/*
 * The live feeds behind the panes: one of pods and one of logs at a time, of the sources that the
 * current step names or else the runbook. Main thread only.
 */
struct feeds;
struct feeds *feeds_new(const struct ui_options *options);
void feeds_free(struct feeds *feeds);

/* A descriptor that is readable when a feed has something new; feeds_clear() makes it quiet. */
int feeds_fd(const struct feeds *feeds);
void feeds_clear(struct feeds *feeds);

/* Looks whether the run's place calls for other sources, and changes over. */
void feeds_follow(struct feeds *feeds, const struct model *model);

/* Moves to the source before (-1) or after (1). */
void feeds_switch(struct feeds *feeds, enum feed_choice_kind kind, int direction);

/* The feeds of now, or NULL where no source is named. Valid until the next change-over. */
struct pod_feed *feeds_pods(const struct feeds *feeds);
struct log_feed *feeds_logs(const struct feeds *feeds);

/* The source of now, or NULL; *ret_index of *ret_count counts from 0. */
const struct feed_choice *feeds_choice(const struct feeds *feeds, enum feed_choice_kind kind,
				       size_t *ret_index, size_t *ret_count);

#endif
