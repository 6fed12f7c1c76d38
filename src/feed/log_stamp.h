#ifndef LIFEBOAT_FEED_LOG_STAMP_H
#define LIFEBOAT_FEED_LOG_STAMP_H

#include <stdint.h>

/* The time stamp of a log's line in 9 bytes: an instant, and with how many digits it was written. */
struct log_stamp {
	uint64_t instant; /* seconds << 30 | nanoseconds */
	uint8_t digits;	  /* of the fraction, up to 9; LOG_STAMP_NONE: there is no stamp */
};

enum { LOG_STAMP_NONE = 15, LOG_STAMP_MAX = 40 };

/* The second that the latest stamps fell into: most lines of a log share theirs with the one before. */
struct log_second {
	char text[20]; /* "2026-11-21T14:07:32" */
	int64_t value;
};

/*
 * Reads RFC 3339; what can't be read is no stamp. A stamp in UTC, as servers give them, comes back as it
 * was; one with an offset comes back in UTC.
 */
struct log_stamp log_stamp_pack(const char *text);
/* The same, quicker, for one stamp after another; zeros before the first. */
struct log_stamp log_stamp_pack_next(const char *text, struct log_second *second);
/* Back into text, "" for none; out is returned. */
char *log_stamp_unpack(struct log_stamp stamp, char out[LOG_STAMP_MAX]);

#endif
