#include "config.h"

#include "step/kubernetes/step_kubernetes_apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_evidence.h"

enum { STAMP_MS = 2000 }; /* the server's stamps are of whole seconds */

/* The namespace that an object of the manifests belongs to. */
static const char *
namespace_of(const struct apply *a, const cJSON *object)
{
	return json_string(object, "metadata/namespace", a->default_ns);
}

cJSON *
apply_identities(const struct apply *a)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < a->count; i++) {
		const cJSON *object = a->trials[i].object, *before = a->trials[i].before;
		cJSON *entry = cJSON_CreateObject();

		json_add_string(entry, "kind", json_string(object, "kind", ""));
		json_add_string(entry, "api_version", json_string(object, "apiVersion", ""));
		json_add_string(entry, "namespace", namespace_of(a, object));
		json_add_string(entry, "name", apply_name(object));
		json_add_string(entry, "uid", json_string(before, "metadata/uid", NULL));
		json_add_string(entry, "resource_version",
				json_string(before, "metadata/resourceVersion", NULL));
		json_add_int(entry, "generation", json_int(before, "metadata/generation", 0));
		json_add_string(entry, "applied_at",
				kube_step_written_at(before, a->manager, "Apply"));
		cJSON_AddItemToArray(list, entry);
	}
	return list;
}

/* What the preview saw of an object of the manifests, or NULL. */
static const cJSON *
seen_of(const struct apply *a, const cJSON *object)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(a->s.action->seen, "objects"))
		if (str_equal(json_string(entry, "name", ""), apply_name(object)) &&
		    str_equal(json_string(entry, "kind", ""), json_string(object, "kind", "")) &&
		    str_equal(json_string(entry, "api_version", ""),
			      json_string(object, "apiVersion", "")) &&
		    str_equal(json_string(entry, "namespace", ""), namespace_of(a, object)))
			return entry;
	return NULL;
}

/*
 * Whether nobody has written what we would: a status that has moved on does not count, since an apply that
 * changes anything leaves its stamp.
 */
static bool
is_untouched(const struct apply *a, const struct trial *trial)
{
	const cJSON *seen = seen_of(a, trial->object), *now = trial->before;
	const char *uid = json_string(seen, "uid", NULL);
	const char *stamp = json_string(seen, "applied_at", NULL);
	int64_t stamp_ms = 0;

	if (!seen || !uid || !now)
		return seen && !uid && !now;
	if (!str_equal(uid, json_string(now, "metadata/uid", "")))
		return false;
	if (str_equal(json_string(seen, "resource_version", NULL),
		      json_string(now, "metadata/resourceVersion", "")))
		return true;
	if (stamp && clock_parse_utc(stamp, &stamp_ms) < 0)
		return false;
	return stamp_ms + STAMP_MS < a->s.action->begun_ms &&
	       str_equal(stamp, kube_step_written_at(now, a->manager, "Apply")) &&
	       json_int(seen, "generation", 0) == json_int(now, "metadata/generation", 0);
}

static void
count_line(void *data, char mark, const char *line)
{
	size_t *changes = data;

	(void)line;
	*changes += mark != ' ';
}

/*
 * Whether an object is as an apply of ours leaves it, which is also the owner of its fields, if it names any;
 * *ret_changes lines would change.
 */
static bool
is_applied(const struct apply *a, const struct trial *trial, size_t *ret_changes)
{
	*ret_changes = 0;
	if (!trial->before || !trial->after)
		return false;
	kube_diff(trial->before, trial->after, count_line, ret_changes);
	return *ret_changes == 0 && (kube_step_written_at(trial->before, a->manager, "Apply") ||
				     !kube_step_written_at(trial->after, a->manager, "Apply"));
}

static void
say(struct apply *a, const struct trial *trial, const char *refusal, struct probe *probe)
{
	struct str line = STR_INIT;
	size_t changes;

	if (a->s.resource.name)
		kube_step_name(&a->s, apply_name(trial->object), &line);
	else
		str_printf(&line, "%s %s: ", json_string(trial->object, "kind", ""),
			   apply_name(trial->object));
	if (trial->before)
		kube_step_describe(&a->s, trial->before, a->manager, &line);
	else
		str_append(&line, "it is not there");
	if (is_untouched(a, trial))
		str_append(&line, ", as the preview saw it");
	if (is_applied(a, trial, &changes))
		str_append(&line, "; applying it would change nothing");
	else if (trial->before && trial->after && !changes)
		str_append(&line, "; applying it would change no value, but make its fields ours");
	else if (trial->before && trial->after)
		str_printf(&line, "; applying it would change %zu lines", changes);
	else if (trial->deferred)
		str_printf(&line, "; it can't be tried: %s", trial->deferred);
	if (refusal)
		str_printf(&line, "; a trial is refused: %.*s", (int)strcspn(refusal, "\n"),
			   refusal);
	probe_add(probe, "%s", line.data);
	str_release(&line);
}

int
apply_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	    enum probe_verdict *ret_verdict, struct err *e)
{
	size_t done = 0, untouched = 0, changes;
	struct apply a;
	int rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	for (size_t i = 0; i < a.count && rc == 0; i++) {
		struct trial *trial = &a.trials[i];
		size_t refused = a.refused, at = a.refusals.len;

		rc = apply_try(&a, trial, false, e);
		if (rc < 0)
			break;
		say(&a, trial, a.refused > refused ? str_cstr(&a.refusals) + at : NULL, probe);
		if (is_applied(&a, trial, &changes))
			done++;
		else
			untouched += is_untouched(&a, trial);
	}
	if (rc == 0)
		*ret_verdict = kube_step_verdict(&a.s, probe, a.count, done, untouched);
	apply_release(&a);
	return rc;
}
