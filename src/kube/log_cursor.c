#include "config.h"

#include "kube/log_cursor.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"

const char *
log_cursor_since(const struct log_cursor *c)
{
	return c->stamp[0] ? c->stamp : NULL;
}

void
log_cursor_restart(struct log_cursor *c)
{
	c->replaying = c->stamp[0] != '\0';
	c->skip = c->count;
	c->gap = false;
}

/* The nanoseconds of a stamp's fraction, which may have any number of digits. */
static int64_t
fraction(const char *stamp)
{
	const char *dot = strchr(stamp, '.');
	int64_t value = 0;

	for (int i = 0; i < 9; i++) {
		bool digit = dot && dot[1] >= '0' && dot[1] <= '9';

		value = value * 10 + (digit ? dot[1] - '0' : 0);
		if (digit)
			dot++;
	}
	return value;
}

static int
compare(const char *a, const char *b)
{
	size_t len = strlen(a);
	int64_t a_ms, b_ms;

	/* nearly always: both in UTC, with the same number of digits */
	if (len && len == strlen(b) && a[len - 1] == 'Z' && b[len - 1] == 'Z')
		return strcmp(a, b);
	if (clock_parse_utc(a, &a_ms) < 0 || clock_parse_utc(b, &b_ms) < 0)
		return strcmp(a, b);
	if (a_ms / 1000 != b_ms / 1000)
		return a_ms < b_ms ? -1 : 1;
	a_ms = fraction(a);
	b_ms = fraction(b);
	return a_ms < b_ms ? -1 : a_ms > b_ms;
}

bool
log_cursor_take(struct log_cursor *c, const char *stamp)
{
	size_t len = strlen(stamp);
	int order;

	if (!len || len >= sizeof(c->stamp))
		return true;
	order = c->stamp[0] ? compare(stamp, c->stamp) : 1;
	if (c->replaying) {
		if (order < 0)
			return false;
		if (order == 0 && c->skip) {
			c->skip--;
			return false;
		}
		c->gap = c->skip > 0;
		c->replaying = false;
	}
	if (order > 0) {
		memcpy(c->stamp, stamp, len + 1);
		c->count = 1;
	} else if (order == 0) {
		c->count++;
	}
	return true;
}
