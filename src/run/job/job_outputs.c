#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "run/job/job.h"
#include "runbook/template.h"

/* An expression whose references to steps are being looked at. */
struct look {
	const struct job *job;
	const char *text;
	bool over_result;
	const char *unknown; /* the first step whose outputs are wanted and not known, or NULL */
};

static bool
is_marked(const cJSON *step)
{
	const cJSON *item;

	if (json_bool(step, "marked", false))
		return true;
	cJSON_ArrayForEach(item, json_at(step, "items"))
		if (json_bool(item, "marked", false))
			return true;
	return false;
}

/* In an expression over a result, .steps is a member of that result; $steps is ours. */
static bool
is_ours(const struct look *look, size_t offset)
{
	static const char root[] = "steps";
	size_t at = offset;

	if (!look->over_result)
		return true;
	while (at > 0 && strchr(".[\" ", look->text[at - 1]))
		at--;
	return at >= sizeof(root) && look->text[at - sizeof(root)] == '$';
}

/* Whether the path that goes on behind a step's name leads to its outputs. */
static bool
wants_outputs(const char *rest)
{
	size_t len = strcspn(rest, "|,;()+*/<>= \t\n");

	return memmem(rest, len, "outputs", strlen("outputs")) != NULL;
}

static void
found(void *data, const char *name, size_t offset)
{
	struct look *look = data;
	const cJSON *step =
		cJSON_GetObjectItemCaseSensitive(json_at(look->job->context, "steps"), name);

	if (!look->unknown && step && is_marked(step) && is_ours(look, offset) &&
	    wants_outputs(look->text + offset + strlen(name)))
		look->unknown = step->string;
}

int
job_outputs_known(const struct job *job, const char *expression, bool over_result, struct err *e)
{
	struct look look = { .job = job, .text = expression, .over_result = over_result };

	expression_references(expression, "steps", found, &look);
	if (!look.unknown)
		return 0;
	return err_set(
		e, ERR_SPEC,
		"it uses what step %s would have yielded, and nobody saw that step's end, so "
		"that is not known (%s). Do this one by hand, and skip it with a reason",
		look.unknown, expression);
}

/* What template_scan() calls for each ${…}. */
struct scan {
	const struct job *job;
	struct err *e;
	int rc;
};

static void
scan_expression(void *data, const char *expression, size_t offset)
{
	struct scan *scan = data;

	(void)offset;
	if (scan->rc == 0)
		scan->rc = job_outputs_known(scan->job, expression, false, scan->e);
}

int
job_outputs_known_in_text(const struct job *job, const char *text, struct err *e)
{
	struct scan scan = { .job = job, .e = e };
	struct err ignored = ERR_INIT;

	/* a template that is not closed is told by those who expand it */
	template_scan(text, scan_expression, &scan, &ignored);
	return scan.rc;
}

int
job_outputs_known_in(const struct job *job, const cJSON *with, struct err *e)
{
	const cJSON *at;

	if (cJSON_IsString(with))
		return job_outputs_known_in_text(job, with->valuestring, e);
	cJSON_ArrayForEach(at, with)
		if (job_outputs_known_in(job, at, e) < 0)
			return -1;
	return 0;
}
