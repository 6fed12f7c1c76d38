#ifndef LIFEBOAT_TESTS_GOLDEN_FAKE_LOGS_H
#define LIFEBOAT_TESTS_GOLDEN_FAKE_LOGS_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/logs.h"

/*
 * A log feed in place of the one of src/feed/logs.c, whose lines are those that a test gives it: what the
 * pane makes of them must not depend on when they come.
 */

/* Fills every feed as soon as it is made; of the source that it is for. */
extern void (*fake_logs_fill)(struct log_feed *feed, const struct feed_source *source);
/* The feed that was made last, or NULL. */
extern struct log_feed *fake_logs_now;

void fake_logs_add(struct log_feed *feed, const char *origin, const char *stamp, const char *text);
void fake_logs_mark(struct log_feed *feed, const char *text);
/* Only the last `count` lines are still kept. */
void fake_logs_keep(struct log_feed *feed, size_t count);
void fake_logs_set_health(struct log_feed *feed, const struct feed_health *health, size_t streams);

#endif
