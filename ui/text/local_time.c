#include "config.h"

#include "ui/text/local_time.h"

#include <time.h>

enum { SECOND_MS = 1000 };

void
local_time_append(struct str *out, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / SECOND_MS);
	struct tm local;
	char text[32];

	if (localtime_r(&seconds, &local) && strftime(text, sizeof(text), " (%H:%M %Z)", &local))
		str_append(out, text);
}
