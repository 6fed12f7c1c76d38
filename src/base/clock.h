#ifndef LIFEBOAT_BASE_CLOCK_H
#define LIFEBOAT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Milliseconds of a clock that never jumps; for deadlines and durations. */
int64_t clock_mono_ms(void);

/* Milliseconds since 1970-01-01T00:00:00Z; for time stamps. */
int64_t clock_wall_ms(void);

#define CLOCK_STAMP_MAX 32

/* "2026-11-21T14:07:32.118Z" into out, which is returned. */
char *clock_format_utc(int64_t wall_ms, char out[CLOCK_STAMP_MAX]);

/* "14:07:32Z": the time of day, as shown on the screen. */
char *clock_format_hms(int64_t wall_ms, char out[CLOCK_STAMP_MAX]);

/* Reads an RFC 3339 time stamp in UTC or with an offset, fractions allowed. Returns 0 or -1. */
int clock_parse_utc(const char *text, int64_t *ret_wall_ms);

/*
 * Reads a duration of the runbook format: a whole number and a unit (ms, s, m, h, d), or several of
 * them in falling order ("1h30m"). "0" is allowed without a unit. Errors: ERR_SPEC.
 */
int duration_parse(const char *text, int64_t *ret_ms, struct err *e);

/* "1h30m", "90s" as "1m30s", "250ms": what duration_parse() reads back to the same value. */
char *duration_format(int64_t ms, char out[CLOCK_STAMP_MAX]);

/* For a measured time that somebody reads: "436ms", "5.4s", "12s", "3m5s". */
char *duration_format_brief(int64_t ms, char out[CLOCK_STAMP_MAX]);

/* "0:38:42": hours, minutes, seconds, as a stop-watch shows them; negative with a minus sign. */
char *duration_format_clock(int64_t ms, char out[CLOCK_STAMP_MAX]);

/*
 * An age as kubectl prints it ("15s", "3m10s", "2d4h", "1y30d"); "<invalid>" when in the future.
 * Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
 */
char *duration_format_human(int64_t ms, char out[CLOCK_STAMP_MAX]);

#endif
