#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/kubernetes/step_kubernetes_scale.h"

static int
begin(struct scaling *c, struct step_context *ctx, const struct action *action, const cJSON *before,
      struct err *e)
{
	if (!cJSON_IsArray(json_at(before, "objects")))
		return err_set(e, ERR_SPEC,
			       "kubernetes.scale: the journal does not say how many there were");
	if (scaling_init(c, ctx, action, e) < 0)
		return -1;
	c->goal = "as it was before the step";
	return 0;
}

/* Only a number that is still the one that run() set is set back, or one that is back already. */
static int
check_ours(struct scaling *c, const cJSON *before, const cJSON *scale, struct err *e)
{
	int64_t old = json_int(before, "replicas", -1), is = scaling_replicas(scale);
	const char *name = json_string(before, "name", "");

	if (!str_equal(json_string(before, "uid", ""), json_string(scale, "metadata/uid", "")))
		err_set(e, ERR_CONFLICT,
			"it was made anew since it was scaled, and is left alone. Look at it, and "
			"scale it by hand if it must have %" PRId64,
			old);
	else if (is != c->wanted && is != old)
		err_set(e, ERR_CONFLICT,
			"it was scaled to %" PRId64 ", and somebody has changed it since, to "
			"%" PRId64 ": it is left alone. Scale it by hand if it must have %" PRId64,
			c->wanted, is, old);
	else
		return 0;
	return kube_step_failed(&c->s, name, e);
}

static int
read_one(struct scaling *c, const cJSON *before, cJSON *entries, struct err *e)
{
	const char *name = json_string(before, "name", "");
	cJSON *scale = NULL;
	int rc = scaling_read(c, name, &scale, e);

	if (rc == 0)
		rc = check_ours(c, before, scale, e);
	if (rc == 0)
		rc = scaling_check_seen(c, name, scale, e);
	if (rc == 0)
		cJSON_AddItemToArray(entries, scaling_entry(name, scale));
	cJSON_Delete(scale);
	return rc;
}

/* Reads all, as they are now, so that nothing is changed where one of them is not as it should be. */
static int
read_now(struct scaling *c, const cJSON *before, cJSON **ret_entries, struct err *e)
{
	cJSON *entries = cJSON_CreateArray();
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(before, "objects"))
		if (read_one(c, entry, entries, e) < 0) {
			cJSON_Delete(entries);
			return -1;
		}
	*ret_entries = entries;
	return 0;
}

static int64_t
number_before(const cJSON *before, const cJSON *entry)
{
	return json_int(workload_seen(before, json_string(entry, "name", "")), "replicas", 0);
}

int
scaling_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
		     struct preview *preview, struct err *e)
{
	cJSON *entries = NULL, *seen;
	const cJSON *entry;
	struct scaling c;

	if (begin(&c, ctx, action, before, e) < 0)
		return -1;
	if (read_now(&c, before, &entries, e) < 0) {
		scaling_release(&c);
		return -1;
	}
	cJSON_ArrayForEach(entry, entries)
		scaling_preview_entry(&c, entry, number_before(before, entry), preview);
	seen = cJSON_CreateObject();
	json_add(seen, "objects", entries);
	preview_remember(preview, seen);
	scaling_release(&c);
	return 0;
}

int
scaling_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
	     struct err *e)
{
	cJSON *entries = NULL, *done = cJSON_CreateArray();
	const cJSON *entry;
	struct scaling c;
	int rc = begin(&c, ctx, action, before, e);

	if (rc < 0)
		goto out;
	rc = read_now(&c, before, &entries, e);
	if (rc == 0)
		rc = kube_step_begin_writing(&c.s, NULL, e);
	cJSON_ArrayForEach(entry, entries) {
		if (rc == 0)
			rc = scaling_set(&c, entry, number_before(before, entry), e);
		if (rc == 0)
			cJSON_AddItemToArray(done, cJSON_Duplicate(entry, true));
	}
	if (rc == 0 && json_bool(action->with, "wait", true))
		rc = scaling_wait(&c, json_at(before, "objects"), -1, e);
	if (rc < 0)
		workload_say_done("Scaled back", done, e);
	cJSON_Delete(entries);
	scaling_release(&c);
out:
	cJSON_Delete(done);
	return rc;
}

int
scaling_undo_probe(struct step_context *ctx, const struct action *action, const cJSON *before,
		   struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	size_t count = 0, done = 0, untouched = 0;
	const cJSON *entry;
	struct scaling c;
	int rc = 0;

	if (begin(&c, ctx, action, before, e) < 0)
		return -1;
	cJSON_ArrayForEach(entry, json_at(before, "objects")) {
		const char *name = json_string(entry, "name", "");
		cJSON *scale = NULL;

		rc = scaling_read(&c, name, &scale, e);
		if (rc < 0)
			break;
		scaling_judge(&c, name, scale, json_int(entry, "replicas", -1), probe, &done,
			      &untouched);
		cJSON_Delete(scale);
		count++;
	}
	if (rc == 0)
		*ret_verdict = kube_step_verdict(&c.s, probe, count, done, untouched);
	scaling_release(&c);
	return rc;
}
