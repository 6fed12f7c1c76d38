#include "config.h"

#include "world/controller/controller_schedule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { YEARS = 5, MINUTE = 60, HOUR = 3600, DAY = 86400 };

struct field {
	int from, to;
	const char *names; /* of three letters each, from the first value on; or "" */
};

static const struct field fields[] = {
	{ 0, 59, "" },
	{ 0, 23, "" },
	{ 1, 31, "" },
	{ 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
	{ 0, 7, "sunmontuewedthufrisat" },
};

/* A number or a name; -1: neither. *text moves on. */
static int
read_value(const char **text, const struct field *field)
{
	char *end;
	long value = strtol(*text, &end, 10);

	if (end != *text) {
		*text = end;
		return value >= field->from && value <= field->to ? (int)value : -1;
	}
	for (size_t i = 0; i + 3 <= strlen(field->names); i += 3)
		if (strncasecmp(*text, field->names + i, 3) == 0) {
			*text += 3;
			return field->from + (int)(i / 3);
		}
	return -1;
}

/* "*", "4", "1-5", each maybe with "/15". */
static bool
read_range(const char **text, const struct field *field, uint64_t *bits)
{
	int from = field->from, to = field->to, step = 1;
	bool one = false;

	if (**text == '*' || **text == '?') {
		++*text;
	} else {
		from = to = read_value(text, field);
		one = **text != '-';
		if (!one) {
			++*text;
			to = read_value(text, field);
		}
	}
	if (**text == '/') {
		char *end;

		step = (int)strtol(*text + 1, &end, 10);
		*text = end;
		to = one ? field->to : to;
	}
	if (from < 0 || to < from || step <= 0)
		return false;
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static bool
read_field(const char **text, const struct field *field, uint64_t *bits, bool *ret_any)
{
	*bits = 0;
	*ret_any = **text == '*' || **text == '?';
	for (;;) {
		if (!read_range(text, field, bits))
			return false;
		if (**text != ',')
			break;
		++*text;
	}
	if (**text && **text != ' ' && **text != '\t')
		return false;
	*text += strspn(*text, " \t");
	return true;
}

static const char *
spell_out(const char *text)
{
	static const char *const words[][2] = {
		{ "@yearly", "0 0 1 1 *" },  { "@annually", "0 0 1 1 *" },
		{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
		{ "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
		{ "@hourly", "0 * * * *" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], text) == 0)
			return words[i][1];
	return text;
}

bool
schedule_parse(const char *text, struct schedule *ret)
{
	uint64_t bits[5];
	bool any[5];

	text = spell_out(text);
	text += strspn(text, " \t");
	for (int i = 0; i < 5; i++)
		if (!read_field(&text, &fields[i], &bits[i], &any[i]))
			return false;
	if (*text)
		return false;
	*ret = (struct schedule){
		.minutes = bits[0],
		.hours = (uint32_t)bits[1],
		.days = (uint32_t)bits[2],
		.months = (uint32_t)bits[3],
		.weekdays = (uint32_t)(bits[4] | bits[4] >> 7), /* 7 is Sunday too */
		.any_day = any[2],
		.any_weekday = any[4],
	};
	return true;
}

static bool
is_day(const struct schedule *s, const struct tm *tm)
{
	bool day = s->days >> tm->tm_mday & 1, weekday = s->weekdays >> tm->tm_wday & 1;

	if (!(s->months >> (tm->tm_mon + 1) & 1))
		return false;
	return s->any_day || s->any_weekday ? day && weekday : day || weekday;
}

int64_t
schedule_next(const struct schedule *s, int64_t after_s)
{
	int64_t at = after_s - after_s % MINUTE + MINUTE, end = at + (int64_t)YEARS * 366 * DAY;
	struct tm tm;

	while (at < end) {
		time_t now = (time_t)at;

		gmtime_r(&now, &tm);
		if (!is_day(s, &tm))
			at += DAY - at % DAY;
		else if (!(s->hours >> tm.tm_hour & 1))
			at += HOUR - at % HOUR;
		else if (!(s->minutes >> tm.tm_min & 1))
			at += MINUTE;
		else
			return at;
	}
	return -1;
}
