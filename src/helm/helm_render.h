#ifndef LIFEBOAT_HELM_RENDER_H
#define LIFEBOAT_HELM_RENDER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What templates see of a release. */
struct helm_rendering {
	const cJSON *chart;
	const cJSON *values; /* the user's over the chart's */
	const char *name, *ns;
	int64_t revision;
	bool is_upgrade;
};

/*
 * Expands a chart: its checks, its templates in helm's order of kinds, its notes. *ret_manifest is what helm keeps as the
 * release's manifest, *ret_notes "" where there are none; the caller frees both. Errors: ERR_SPEC with the template.
 */
int helm_render(const struct helm_rendering *rendering, char **ret_manifest, char **ret_notes,
		struct err *e);

/* The chart's custom resource definitions as an array; borrowed, NULL where it has none. */
const cJSON *helm_render_crds(const cJSON *chart);

#endif
