#ifndef LIFEBOAT_UI_TEXT_LOCAL_TIME_H
#define LIFEBOAT_UI_TEXT_LOCAL_TIME_H

#include <stdint.h>

#include "base/str.h"

/* Appends " (15:07 CET)": what clocks on the wall show at that time, for those who want it beside UTC. */
void local_time_append(struct str *out, int64_t wall_ms);

#endif
