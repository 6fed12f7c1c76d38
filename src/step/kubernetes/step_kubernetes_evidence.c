#include "config.h"

#include "step/kubernetes/step_kubernetes_evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_with.h"

enum { UNDER_WAY_MS = 60 * 1000 };

int
kube_step_begin_writing(struct kube_step *s, cJSON *more, struct err *e)
{
	if (step_begin_writing(s->ctx, more, e) == 0)
		return 0;
	return err_wrap(e, "%s: nothing was sent", s->action->executor->type.uses);
}

bool
kube_step_nothing_under_way(const struct kube_step *s, struct probe *probe)
{
	int64_t sent_ms = step_writing_ms(s->action);
	int64_t end_ms = sent_ms + UNDER_WAY_MS;
	char sent[CLOCK_STAMP_MAX], end[CLOCK_STAMP_MAX];

	if (sent_ms < 0) {
		probe_add(probe, "No write was sent: the first one would be on record");
		return true;
	}
	clock_format_hms(sent_ms, sent);
	clock_format_hms(end_ms, end);
	if (clock_wall_ms() > end_ms) {
		probe_add(probe,
			  "The first write was sent at %s; a server gives up on one after a minute",
			  sent);
		return true;
	}
	probe_add(probe,
		  "The first write was sent at %s, and may be under way until %s: look again "
		  "after that",
		  sent, end);
	return false;
}

const char *
kube_step_written_at(const cJSON *object, const char *manager, const char *operation)
{
	const cJSON *entry;
	const char *last = NULL;

	cJSON_ArrayForEach(entry, json_at(object, "metadata/managedFields")) {
		const char *time = json_string(entry, "time", NULL);

		if (!time || !str_equal(json_string(entry, "manager", ""), manager) ||
		    (operation && !str_equal(json_string(entry, "operation", ""), operation)))
			continue;
		if (!last || strcmp(time, last) > 0)
			last = time;
	}
	return last;
}

/* Whoever wrote last, or NULL. */
static const cJSON *
last_entry(const cJSON *object)
{
	const cJSON *entry, *last = NULL;

	cJSON_ArrayForEach(entry, json_at(object, "metadata/managedFields"))
		if (!last ||
		    strcmp(json_string(entry, "time", ""), json_string(last, "time", "")) > 0)
			last = entry;
	return last;
}

/* The server's stamps are of whole seconds. */
static const char *
before_or_after(const struct kube_step *s, const char *stamp)
{
	int64_t ms;

	if (s->action->begun_ms <= 0 || clock_parse_utc(stamp, &ms) < 0)
		return "";
	return ms + 999 >= s->action->begun_ms ? " (after the step began)"
					       : " (before the step began)";
}

void
kube_step_describe(const struct kube_step *s, const cJSON *object, const char *manager,
		   struct str *out)
{
	const cJSON *last = last_entry(object);
	const char *who = json_string(last, "manager", "?");
	const char *when = json_string(last, "time", "?");
	const char *ours = kube_step_written_at(object, manager, NULL);

	str_printf(out, "uid %s", json_string(object, "metadata/uid", "?"));
	if (json_at(object, "metadata/generation"))
		str_printf(out, ", generation %" PRId64,
			   json_int(object, "metadata/generation", 0));
	if (json_at(object, "status/observedGeneration"))
		str_printf(out, " (observed %" PRId64 ")",
			   json_int(object, "status/observedGeneration", 0));
	str_printf(out, ", resourceVersion %s",
		   json_string(object, "metadata/resourceVersion", "?"));
	if (last)
		str_printf(out, ", last written by %s at %s%s", who, when,
			   before_or_after(s, when));
	if (!ours)
		str_printf(out, ", never by %s", manager);
	else if (!str_equal(who, manager))
		str_printf(out, ", by %s at %s%s", manager, ours, before_or_after(s, ours));
}

void
kube_step_name(const struct kube_step *s, const char *name, struct str *out)
{
	char *label = kube_resource_label(&s->resource, name), *place = kube_step_place(s);

	str_printf(out, "%s in %s: ", label, place);
	free(place);
	free(label);
}

enum probe_verdict
kube_step_verdict(const struct kube_step *s, struct probe *probe, size_t count, size_t done,
		  size_t untouched)
{
	if (done == count)
		return PROBE_DONE;
	if (count > 1)
		probe_add(probe, "%zu of %zu are done, %zu are as they were", done, count,
			  untouched);
	if (untouched < count)
		return PROBE_UNSURE;
	return kube_step_nothing_under_way(s, probe) ? PROBE_NOT_DONE : PROBE_UNSURE;
}
