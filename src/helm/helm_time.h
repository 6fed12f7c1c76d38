#ifndef LIFEBOAT_HELM_TIME_H
#define LIFEBOAT_HELM_TIME_H

#include <time.h>

/* Times as Go prints them. */

enum { HELM_TIME_MAX = 80 };

/* Now, with nanoseconds and the local offset: "2026-11-21T21:15:33.123456789Z". Into out, which is returned. */
char *helm_time_now(char out[HELM_TIME_MAX]);
/* Such a text as time.ANSIC: "Sat Nov 21 21:15:33 2026". */
char *helm_time_ansic(const char *stamp, char out[HELM_TIME_MAX]);
/* Such a text as time.Time.String(): "2026-11-21 21:15:33.123456789 +0000 UTC". */
char *helm_time_string(const char *stamp, char out[HELM_TIME_MAX]);

#endif
