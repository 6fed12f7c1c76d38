#ifndef LIFEBOAT_HELM_CHART_H
#define LIFEBOAT_HELM_CHART_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct helm;

/* The charts of the world, as they stand in its file: docs/internals/world-file.md. */

/*
 * Finds REPOSITORY/CHART in the newest version that meets the flag --version. Errors are helm's own: an unknown
 * repository, chart or version, a path that is not there. The caller deletes.
 */
int helm_chart_find(struct helm *h, const char *reference, cJSON **ret_chart, struct err *e);

/* All charts (an array), by their names and the newest version of each first. Never NULL; the caller deletes. */
cJSON *helm_charts_read(const struct helm *h);

/* "managementplane" of "tetrate-tsb-helm/managementplane". Borrowed. */
const char *helm_chart_name(const cJSON *chart);
/* Chart.yaml. The caller deletes. */
cJSON *helm_chart_metadata(const cJSON *chart);

/* Whether the world has charts of a repository. */
bool helm_repository_exists(const struct helm *h, const char *name);

/* Sets h->world: the folder that LIFEBOAT_WORLD names, or the one above the folder where PATH has this program. */
void helm_find_world(struct helm *h);

#endif
