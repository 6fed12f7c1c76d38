#ifndef LIFEBOAT_FEED_LOG_MATCH_H
#define LIFEBOAT_FEED_LOG_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pattern.h"
#include "feed/logs.h"

/*
 * Which lines of a log feed match a pattern: for a filter, and for going from match to match. It is made
 * piece by piece, so that a large ring never holds up the screen. Remarks of ours always match a
 * filter's pattern and never a search's. One thread; feed and pattern outlive it.
 */
struct log_match;
struct log_match *log_match_new(struct log_feed *feed, const struct pattern *pattern,
				bool with_markers);
void log_match_free(struct log_match *match);

/*
 * Looks at lines that it has not seen, the newest ones first so that a screen fills at once, for at most
 * max_ms. True: it has caught up with the feed.
 */
bool log_match_advance(struct log_match *match, int64_t max_ms);

/* How much of what is kept it has looked at: 0 to 100. */
int log_match_percent(const struct log_match *match);

/* How many of the lines that are kept match, as far as it has looked. */
size_t log_match_count(const struct log_match *match);
/* The match of an index from 0 (the oldest that is kept) to count - 1. */
uint64_t log_match_at(const struct log_match *match, size_t index);
/* The index of the first match with a number of at least `number`; count where there is none. */
size_t log_match_index(const struct log_match *match, uint64_t number);

#endif
