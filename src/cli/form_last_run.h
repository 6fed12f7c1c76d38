#ifndef LIFEBOAT_CLI_FORM_LAST_RUN_H
#define LIFEBOAT_CLI_FORM_LAST_RUN_H

#include <cjson/cJSON.h>

#include "base/clock.h"

/*
 * The parameters of the latest run of a runbook, as its journal has them (secrets masked), for the caller to delete, and
 * the day it began, "2026-11-20" (UTC). NULL: there is none among the last runs of this state folder.
 */
cJSON *form_last_run(const char *runbook_id, char ret_day[CLOCK_STAMP_MAX]);

#endif
