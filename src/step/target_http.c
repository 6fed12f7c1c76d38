#include "config.h"

#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_with.h"
#include "step/steps.h"

static char *
target_describe(const cJSON *spec)
{
	return xstrdup(json_string(spec, "url", ""));
}

/* A web site has nothing that identifies it but its name, which DNS may send anywhere. */
const struct target_driver target_http = {
	.kind = TARGET_HTTP,
	.open = step_target_open,
	.describe = target_describe,
	.close = step_target_close,
};
