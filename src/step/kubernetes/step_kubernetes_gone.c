#include "config.h"

#include "step/kubernetes/step_kubernetes_gone.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_evidence.h"

enum { LOOK_AGAIN_MS = 500, WAIT_MS = 5 * 60 * 1000 };

/* 1: the object is still there (*ret_held_by, the caller frees); 0: it is gone; -1: error. */
static int
still_there(struct kube_step *s, const cJSON *entry, char **ret_held_by, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const char *name = json_string(entry, "name", "");
	const cJSON *finalizer;
	struct str held = STR_INIT;
	struct err why = ERR_INIT;
	bool same;

	if (kube_step_fetch(s, name, KUBE_STEP_METADATA, &list, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		return err_set(e, why.kind, "%s", why.message);
	}
	same = str_equal(json_string(list.items->child, "metadata/uid", ""),
			 json_string(entry, "uid", ""));
	str_append(&held, name);
	cJSON_ArrayForEach(finalizer, json_at(list.items->child, "metadata/finalizers"))
		if (cJSON_IsString(finalizer))
			str_printf(&held, " (held by finalizer %s)", finalizer->valuestring);
	kube_step_list_release(&list);
	if (same)
		*ret_held_by = str_take(&held);
	str_release(&held);
	return same ? 1 : 0;
}

/* The first one that is still there, in *ret_held_by; NULL when all are gone. */
static int
look_for_rest(struct kube_step *s, cJSON *waiting, char **ret_held_by, struct err *e)
{
	while (waiting->child) {
		int there = still_there(s, waiting->child, ret_held_by, e);

		if (there != 0)
			return there < 0 ? -1 : 0;
		cJSON_DeleteItemFromArray(waiting, 0);
	}
	return 0;
}

/* What a namespace that won't go says of itself; "" for others. The caller frees. */
static char *
leftovers(struct kube_step *s, const cJSON *entry)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct str text = STR_INIT;
	struct err ignored = ERR_INIT;
	const cJSON *c;

	if (!str_equal(s->resource.name, "namespaces") ||
	    kube_step_fetch(s, json_string(entry, "name", ""), KUBE_STEP_OBJECTS, &list, &ignored) <
		    0)
		return xstrdup("");
	cJSON_ArrayForEach(c, json_at(list.items->child, "status/conditions"))
		if (str_equal(json_string(c, "status", ""), "True"))
			str_printf(&text, "; %s", json_string(c, "message", ""));
	kube_step_list_release(&list);
	return str_take(&text);
}

static int
still_not_gone(struct kube_step *s, const cJSON *waiting, const char *held_by, struct err *e)
{
	char *rest = leftovers(s, waiting->child);

	err_set(e, ERR_TIMEOUT, "%s: it was deleted, but is still there: %s%s",
		s->action->executor->type.uses, held_by, rest);
	if (strstr(held_by, "finalizer"))
		err_advise(e, "Whoever put a finalizer there must take it away: look whether that "
			      "controller runs");
	free(rest);
	return -1;
}

static int64_t
wait_deadline(const struct kube_step *s)
{
	int64_t deadline_ms = clock_mono_ms() + json_int(s->action->with, "timeout", WAIT_MS);

	return deadline_ms < s->ctx->deadline_ms ? deadline_ms : s->ctx->deadline_ms;
}

int
kube_step_wait_gone(struct kube_step *s, const cJSON *deleted, struct err *e)
{
	int64_t deadline_ms = wait_deadline(s);
	cJSON *waiting = cJSON_Duplicate(deleted, true);
	int total = cJSON_GetArraySize(deleted), rc = 0;

	while (rc == 0) {
		char *held_by = NULL;
		struct err why = ERR_INIT;

		if (look_for_rest(s, waiting, &held_by, &why) < 0 && !kube_step_transient(&why))
			rc = err_set(e, why.kind, "%s", why.message);
		else if (!waiting->child)
			break;
		else if (clock_mono_ms() >= deadline_ms)
			rc = still_not_gone(s, waiting, held_by ? held_by : why.message, e);
		else
			s->ctx->progress(s->ctx, "%d of %d gone; still there: %s",
					 total - cJSON_GetArraySize(waiting), total,
					 held_by ? held_by : why.message);
		free(held_by);
		if (rc == 0 && cancel_sleep(s->ctx->cancel, LOOK_AGAIN_MS))
			rc = err_set(e, ERR_CANCELLED, "%s: waiting for the end was cancelled",
				     s->action->executor->type.uses);
	}
	cJSON_Delete(waiting);
	return rc;
}

static enum fate
tell_fate(const struct kube_step *s, const cJSON *entry, const cJSON *now, struct str *line)
{
	const char *going = json_string(now, "metadata/deletionTimestamp", NULL);
	const cJSON *finalizer;
	char age[CLOCK_STAMP_MAX];

	if (!str_equal(json_string(now, "metadata/uid", ""), json_string(entry, "uid", ""))) {
		str_printf(line, "gone; ANOTHER one of that name is there since %s: uid %s",
			   kube_step_age(now, age), json_string(now, "metadata/uid", "?"));
		return FATE_GONE;
	}
	str_append(line, going ? "it is being deleted" : "it is there");
	if (going)
		str_printf(line, " since %s", going);
	cJSON_ArrayForEach(finalizer, json_at(now, "metadata/finalizers"))
		if (going && cJSON_IsString(finalizer))
			str_printf(line, ", held by finalizer %s", finalizer->valuestring);
	str_append(line, ": ");
	kube_step_describe(s, now, "lifeboat", line);
	return going ? FATE_GOING : FATE_THERE;
}

int
kube_step_find_fate(struct kube_step *s, const cJSON *entry, struct probe *probe,
		    enum fate *ret_fate, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const char *name = json_string(entry, "name", "");
	struct str line = STR_INIT;
	struct err why = ERR_INIT;
	int rc = 0;

	kube_step_name(s, name, &line);
	if (kube_step_fetch(s, name, KUBE_STEP_METADATA, &list, &why) == 0) {
		*ret_fate = tell_fate(s, entry, list.items->child, &line);
	} else if (why.kind == ERR_NOT_FOUND) {
		str_printf(&line, "gone; it was uid %s", json_string(entry, "uid", "?"));
		*ret_fate = FATE_GONE;
	} else {
		rc = err_set(e, why.kind, "%s", why.message);
	}
	if (rc == 0)
		probe_add(probe, "%s", line.data);
	kube_step_list_release(&list);
	str_release(&line);
	return rc;
}

int
kube_step_probe_fates(struct step_context *ctx, const struct action *action, bool waits,
		      kube_step_fate_fn *find, struct probe *probe, enum probe_verdict *ret_verdict,
		      struct err *e)
{
	const cJSON *entry, *found = json_at(action->seen, "found");
	size_t count = 0, done = 0, there = 0;
	struct kube_step s;
	int rc = 0;

	if (!found) {
		probe_add(probe, "The journal does not say which objects were to be deleted");
		return 0;
	}
	if (kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	cJSON_ArrayForEach(entry, found) {
		enum fate fate = FATE_THERE;

		if (rc == 0)
			rc = find(&s, entry, probe, &fate, e);
		count++;
		done += fate == FATE_GONE || (fate == FATE_GOING && !waits);
		there += fate == FATE_THERE;
	}
	if (!found->child)
		probe_add(probe, "There was nothing to delete");
	if (rc == 0)
		*ret_verdict = kube_step_verdict(&s, probe, count, done, there);
	kube_step_release(&s);
	return rc;
}

int
kube_step_probe_gone(struct step_context *ctx, const struct action *action, struct probe *probe,
		     enum probe_verdict *ret_verdict, struct err *e)
{
	return kube_step_probe_fates(ctx, action, json_bool(action->with, "wait", true),
				     kube_step_find_fate, probe, ret_verdict, e);
}
