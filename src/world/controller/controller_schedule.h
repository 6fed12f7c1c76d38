#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_SCHEDULE_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* When a CronJob is due, as crontab(5) has it: five fields, or "@daily" and the like. In UTC. Pure. */
struct schedule {
	uint64_t minutes; /* a bit for each */
	uint32_t hours, days, months, weekdays;
	bool any_day, any_weekday; /* the field is a star: the other one decides alone */
};

/* False: that is no schedule. */
bool schedule_parse(const char *text, struct schedule *ret);

/* The first full minute behind `after_s` (seconds since 1970) that it names; -1: none within five years. */
int64_t schedule_next(const struct schedule *s, int64_t after_s);

#endif
