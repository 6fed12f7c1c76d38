#ifndef LIFEBOAT_CLI_START_ROWS_H
#define LIFEBOAT_CLI_START_ROWS_H

#include "ui/start/start_page.h"

/* What the start page shows: the runs of the state folder, the runbooks of the library, and its drills. */
extern const struct start_source start_rows;

#endif
