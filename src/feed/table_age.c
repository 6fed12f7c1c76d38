#include "config.h"

#include <ctype.h>
#include <string.h>

#include "feed/table_columns.h"

static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return 1000;
	case 'm':
		return INT64_C(60) * 1000;
	case 'h':
		return INT64_C(3600) * 1000;
	case 'd':
		return INT64_C(86400) * 1000;
	case 'y':
		return INT64_C(365) * 86400 * 1000;
	default:
		return 0;
	}
}

int64_t
table_age_parse(const char *text, size_t len_bytes)
{
	int64_t total = 0, last_unit = INT64_MAX;
	size_t at = 0;

	if (len_bytes == 0)
		return -1;
	while (at < len_bytes) {
		int64_t number = 0, unit;
		size_t digits = 0;

		for (; at < len_bytes && isdigit((unsigned char)text[at]); at++, digits++)
			number = number < 100000 ? number * 10 + (text[at] - '0') : number;
		unit = at < len_bytes ? unit_ms(text[at++]) : 0;
		if (digits == 0 || unit == 0 || unit >= last_unit)
			return -1;
		total += number * unit;
		last_unit = unit;
	}
	return total;
}

const char *
table_restart_age(const char *cell, size_t *ret_len_bytes)
{
	const char *open = strstr(cell, " ("), *close = open ? strstr(open, " ago)") : NULL;

	if (!close || close[strlen(" ago)")])
		return NULL;
	*ret_len_bytes = (size_t)(close - open) - 2;
	return open + 2;
}
