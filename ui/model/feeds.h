#ifndef LIFEBOAT_UI_MODEL_FEEDS_H
#define LIFEBOAT_UI_MODEL_FEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/logs.h"
#include "feed/table.h"
#include "ui/model/feed_choice.h"
#include "ui/model/model.h"

/*
 * The live feeds behind the panes: tables (pods and other resources) and one of logs, of the sources that
 * the current step names or else the runbook, and of those that the operator has added. Of tables one
 * runs at a time, or two side by side, or those of all sources. Main thread only.
 */
struct feeds;
struct feeds *feeds_new(const struct ui_options *options);
void feeds_free(struct feeds *feeds);

/* A descriptor that is readable when a feed has something new; feeds_clear() makes it quiet. */
int feeds_fd(const struct feeds *feeds);
void feeds_clear(struct feeds *feeds);

/* Looks whether the run's place calls for other sources, and changes over. */
void feeds_follow(struct feeds *feeds, const struct model *model);

/* The source of now, or NULL; *ret_index of *ret_count counts from 0. Of tables: of slot 0. */
const struct feed_choice *feeds_choice(const struct feeds *feeds, enum feed_choice_kind kind,
				       size_t *ret_index, size_t *ret_count);

/* The index-th of all sources of a kind, or NULL; valid until the next record or change-over. */
const struct feed_choice *feeds_source(const struct feeds *feeds, enum feed_choice_kind kind,
				       size_t index);

/* ---- tables ---- */

/* Merged are those sources that show the same resource as the one that is looked at. */
enum feeds_shape { FEEDS_ONE, FEEDS_SPLIT, FEEDS_MERGED };
/* A shape for which there are too few sources is the shape for fewer, until there are more. */
void feeds_set_shape(struct feeds *feeds, enum feeds_shape shape);
enum feeds_shape feeds_shape(const struct feeds *feeds);
/* Grows with every change-over of a table. */
uint64_t feeds_tables_generation(const struct feeds *feeds);
/* How many tables are shown: 0 where no source is named. */
size_t feeds_tables_count(const struct feeds *feeds);
/* The table of a slot (left 0, right 1; merged: in the order of the sources) and its source. */
struct table_feed *feeds_table(const struct feeds *feeds, size_t slot);
const struct feed_choice *feeds_table_choice(const struct feeds *feeds, size_t slot);
/* Where the source of a slot is among all of them, from 0. */
size_t feeds_table_index(const struct feeds *feeds, size_t slot);
/* Moves a slot to the source before (-1) or after (1); merged: all are shown anyway. */
void feeds_switch_table(struct feeds *feeds, size_t slot, int direction);
/* Shows the index-th source in a slot; merged: in one list alone. */
void feeds_go_table(struct feeds *feeds, size_t slot, size_t index);
/*
 * Adds a source of another resource ("deployments") in the place of a slot's, without its selector. Merged:
 * one for each of those that are shown.
 */
void feeds_add_resource(struct feeds *feeds, size_t slot, const char *resource,
			bool all_namespaces);

/* ---- logs ---- */

/* The feed of now, or NULL where no source is named. Valid until the next change-over. */
struct log_feed *feeds_logs(const struct feeds *feeds);
/* Grows with every change-over, so that a pane notices that its feed is another. */
uint64_t feeds_logs_generation(const struct feeds *feeds);
void feeds_switch_logs(struct feeds *feeds, int direction);
void feeds_go_logs(struct feeds *feeds, size_t index);
/*
 * Adds the logs of one object of a table's source, and shows them. False: objects of that resource have no
 * logs; nothing is changed.
 */
bool feeds_add_logs(struct feeds *feeds, const struct feed_choice *of, const char *ns,
		    const char *name);
/* The same source, but what its containers wrote before their last restarts; or back. */
void feeds_set_previous(struct feeds *feeds, bool previous);

#endif
