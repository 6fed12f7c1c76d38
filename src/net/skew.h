#ifndef LIFEBOAT_NET_SKEW_H
#define LIFEBOAT_NET_SKEW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far a server's clock is from ours, as its answers bound it: each narrows the range. Plain data,
 * begun with SKEW_INIT.
 */
struct skew {
	int64_t low_ms, high_ms; /* server minus us */
	bool known;
};

#define SKEW_INIT                                                                                  \
	{                                                                                          \
		INT64_MIN, INT64_MAX, false                                                        \
	}

/*
 * Takes one answer: its stamp, cut to `resolution_ms`, was made between sent_ms and received_ms of our
 * wall clock. An answer that contradicts the earlier ones (a clock was set) takes their place.
 */
void skew_add(struct skew *skew, int64_t sent_ms, int64_t received_ms, int64_t stamp_ms,
	      int64_t resolution_ms);

/* The same from a Date header (NULL or unreadable: nothing is learnt). Source: RFC 9110, 5.6.7. */
void skew_add_date(struct skew *skew, int64_t sent_ms, int64_t received_ms, const char *date);

/* The least difference that the answers prove: 0 where the clocks may agree. Positive: it is ahead. */
int64_t skew_ms(const struct skew *skew);

#endif
