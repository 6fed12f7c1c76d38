#include "config.h"

#include "step/kubernetes/step_kubernetes_workload.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/rollout.h"

enum { ROLLOUT_MS = 10 * 60 * 1000, INTERVAL_MS = 2000, PODS_SEEN = 500 };

int
workload_names(const struct action *action, struct step_texts *ret_names, struct err *e)
{
	struct step_texts names = { 0 };

	step_texts_load(&names, cJSON_GetObjectItemCaseSensitive(action->with, "name"));
	if (names.count == 0)
		err_set(e, ERR_SPEC, "`name` is empty. Give at least one name");
	for (size_t i = 0; i < names.count; i++) {
		if (kube_step_check_name(names.items[i], e) < 0)
			goto wrong;
		for (size_t j = 0; j < i; j++) {
			if (!str_equal(names.items[i], names.items[j]))
				continue;
			err_set(e, ERR_SPEC, "`name` says \"%s\" twice", names.items[i]);
			goto wrong;
		}
	}
	if (names.count > 0) {
		*ret_names = names;
		return 0;
	}
wrong:
	step_texts_release(&names);
	return err_wrap(e, "%s", action->executor->type.uses);
}

const cJSON *
workload_seen(const cJSON *seen, const char *name)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(seen, "objects"))
		if (str_equal(json_string(entry, "name", NULL), name))
			return entry;
	return NULL;
}

int
workload_check_kind(const struct kube_step *s, struct err *e)
{
	static const char *const kinds[] = { "Deployment", "StatefulSet", "DaemonSet" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(s->resource.group, "apps") && str_equal(s->resource.kind, kinds[i]))
			return 0;
	return err_set(e, ERR_SPEC,
		       "%s: `resource: %s` has no rollouts. Name deployments, statefulsets or "
		       "daemonsets",
		       s->action->executor->type.uses, s->resource.name);
}

static void
add_operation(struct workload_change *change, const char *op, const char *path, cJSON *value)
{
	cJSON *operation = cJSON_CreateObject();

	if (!change->tests)
		change->tests = cJSON_CreateArray();
	json_add_string(operation, "op", op);
	json_add_string(operation, "path", path);
	json_add(operation, "value", value);
	cJSON_AddItemToArray(change->tests, operation);
}

void
workload_test(struct workload_change *change, const char *path, cJSON *value)
{
	add_operation(change, "test", path, value);
}

/* Takes the change over, and writes it out. */
static char *
finish_change(struct workload_change *change)
{
	char *body;

	add_operation(change, "add", change->path, change->value);
	body = json_print(change->tests);
	cJSON_Delete(change->tests);
	change->tests = change->value = NULL;
	return body;
}

int
workload_patch(struct kube_step *s, const char *name, struct workload_change *change, struct err *e)
{
	char *base = kube_step_path(s, name), *body = finish_change(change);
	char *path = xasprintf("%s%s%s", base, change->part ? "/" : "",
			       change->part ? change->part : "");
	struct kube_request request = {
		.method = "PATCH",
		.path = path,
		.query = "fieldManager=lifeboat",
		.content_type = "application/json-patch+json",
		.body = body,
		.body_len = strlen(body),
		.cancel = s->ctx->cancel,
	};
	long status = 0;
	int rc = kube_request(s->client, &request, &status, NULL, e);

	free(path);
	free(body);
	free(base);
	if (rc == 0)
		return 0;
	/* a test that fails is answered with these words and no cause: apiserver, handlers/patch.go */
	if (status == 409 ||
	    (status == 422 && strstr(e->message, "the server rejected our request")))
		err_set(e, ERR_CONFLICT,
			"somebody changed it at this very moment, and it was left alone. Look at "
			"it, and try again");
	return kube_step_failed(s, name, e);
}

int
workload_say_done(const char *verb, const cJSON *done, struct err *e)
{
	struct str names = STR_INIT;
	const cJSON *entry;

	cJSON_ArrayForEach(entry, done)
		str_printf(&names, "%s%s", names.len ? ", " : "", json_string(entry, "name", ""));
	if (names.len)
		err_advise(e, "%s by then: %s", verb, str_cstr(&names));
	str_release(&names);
	return -1;
}

void
workload_report(struct kube_step *s, const char *name, const char *format, ...)
{
	char *label = kube_resource_label(&s->resource, name);
	struct str line = STR_INIT;
	va_list ap;

	str_printf(&line, "%s ", label);
	va_start(ap, format);
	str_vprintf(&line, format, ap);
	va_end(ap);
	str_append_char(&line, '\n');
	s->ctx->output(s->ctx, str_cstr(&line), line.len);
	str_release(&line);
	free(label);
}

int64_t
workload_deadline_ms(const struct kube_step *s, int64_t otherwise_ms)
{
	int64_t deadline_ms = clock_mono_ms() + json_int(s->action->with, "timeout", otherwise_ms);

	return deadline_ms < s->ctx->deadline_ms ? deadline_ms : s->ctx->deadline_ms;
}

/* One object whose rollout is awaited. */
struct item {
	const char *name, *uid; /* borrowed */
	cJSON *object;		/* as last seen, or NULL */
	struct str sentence;	/* about it, as last said */
	bool done;
};

/* All of them. */
struct rollouts {
	struct kube_step *s;
	const cJSON *fail_on;
	struct item *items;
	size_t count, done;
};

/* What a label selector finds in the action's namespace; NULL: an error. */
static cJSON *
list_items(struct rollouts *r, const char *group, const char *resource, const char *selector,
	   struct err *e)
{
	char *ns = http_encode(r->s->ns), *encoded = http_encode(selector);
	char *path = xasprintf("%s/namespaces/%s/%s", group, ns, resource);
	char *query = xasprintf("labelSelector=%s&limit=%d", encoded, PODS_SEEN);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.query = query,
		.cancel = r->s->ctx->cancel,
	};
	cJSON *answer = NULL, *items = NULL;

	if (kube_request(r->s->client, &request, NULL, &answer, e) == 0) {
		items = cJSON_DetachItemFromObjectCaseSensitive(answer, "items");
		if (!items)
			items = cJSON_CreateArray();
	}
	cJSON_Delete(answer);
	free(query);
	free(path);
	free(encoded);
	free(ns);
	return items;
}

/* The pods of an object's newest revision, or an empty array; NULL: an error. */
static cJSON *
newest_pods(struct rollouts *r, const cJSON *object, struct err *e)
{
	cJSON *replica_sets = NULL, *found;
	char *selector;

	if (str_equal(r->s->resource.kind, "Deployment")) {
		selector = kube_rollout_selector(object);
		replica_sets = list_items(r, "/apis/apps/v1", "replicasets", selector, e);
		free(selector);
		if (!replica_sets)
			return NULL;
	}
	selector = kube_rollout_newest_selector(object, replica_sets);
	found = selector ? list_items(r, "/api/v1", "pods", selector, e) : cJSON_CreateArray();
	free(selector);
	cJSON_Delete(replica_sets);
	return found;
}

static int
check_fail_on(struct rollouts *r, const cJSON *object, const char *what, struct err *e)
{
	const cJSON *word;

	cJSON_ArrayForEach(word, r->fail_on)
		if (cJSON_IsString(word) && kube_step_says(object, word->valuestring))
			return err_set(e, ERR_CHECK,
				       "%s says %s, which `fail_on` names. Look at its events and "
				       "logs",
				       what, word->valuestring);
	return 0;
}

/* Fails where waiting on would be of no use, as `fail_on` says. */
static int
check_signs(struct rollouts *r, const struct item *item, struct err *e)
{
	cJSON *pods;
	const cJSON *pod;
	int rc;

	if (cJSON_GetArraySize(r->fail_on) == 0)
		return 0;
	if (check_fail_on(r, item->object, "it", e) < 0)
		return -1;
	pods = newest_pods(r, item->object, e);
	rc = pods ? 0 : -1;
	cJSON_ArrayForEach(pod, pods) {
		char *what = xasprintf("its pod %s", json_string(pod, "metadata/name", ""));

		if (rc == 0)
			rc = check_fail_on(r, pod, what, e);
		free(what);
	}
	cJSON_Delete(pods);
	return rc;
}

void
workload_signs_permissions(const struct kube_step *s, struct permission_list *list)
{
	const cJSON *fail_on = cJSON_GetObjectItemCaseSensitive(s->action->with, "fail_on");

	if (cJSON_GetArraySize(fail_on) == 0)
		return;
	permission_add(list, "list", "", "pods", NULL, NULL, s->ns);
	if (str_equal(s->resource.kind, "Deployment"))
		permission_add(list, "list", "apps", "replicasets", NULL, NULL, s->ns);
}

/* Keeps what is new about an item, and says it. */
static void
say(struct rollouts *r, struct item *item, struct str *sentence)
{
	if (!str_equal(str_cstr(sentence), str_cstr(&item->sentence))) {
		str_append_char(sentence, '\n');
		r->s->ctx->output(r->s->ctx, sentence->data, sentence->len);
		sentence->data[--sentence->len] = '\0';
		str_release(&item->sentence);
		item->sentence = *sentence;
		*sentence = (struct str)STR_INIT;
	}
	str_release(sentence);
}

static int
judge(struct rollouts *r, struct item *item, struct err *e)
{
	struct str sentence = STR_INIT;
	enum kube_rollout state = kube_rollout_status(item->object, &sentence);

	if (state == KUBE_ROLLOUT_WAITING && kube_rollout_paused(item->object))
		str_append(&sentence, " It is paused, and goes on with kubectl rollout resume.");
	say(r, item, &sentence);
	if (state == KUBE_ROLLOUT_FAILED)
		return err_set(e, ERR_CHECK, "%s. Look at its pods, their events and logs",
			       str_cstr(&item->sentence));
	if (state == KUBE_ROLLOUT_UNSUPPORTED)
		return err_set(e, ERR_SPEC, "%s", str_cstr(&item->sentence));
	item->done = state == KUBE_ROLLOUT_DONE;
	r->done += item->done;
	return item->done ? 0 : check_signs(r, item, e);
}

/* One look at one object. */
static int
look(struct rollouts *r, struct item *item, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct err why = ERR_INIT;

	if (kube_step_fetch(r->s, item->name, KUBE_STEP_OBJECTS, &list, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND || !item->object)
			return err_set(e, why.kind, "%s", why.message);
		err_set(e, ERR_CHECK, "it was deleted while its rollout was awaited");
		return kube_step_failed(r->s, item->name, e);
	}
	cJSON_Delete(item->object);
	item->object = cJSON_DetachItemFromArray(list.items, 0);
	kube_step_list_release(&list);
	if (*item->uid && !str_equal(json_string(item->object, "metadata/uid", ""), item->uid)) {
		err_set(e, ERR_CHECK, "it was deleted and made anew while its rollout was awaited");
		return kube_step_failed(r->s, item->name, e);
	}
	if (judge(r, item, &why) == 0)
		return 0;
	err_set(e, why.kind, "%s", why.message);
	return kube_step_failed(r->s, item->name, e);
}

/* One look at all that are not done. A server that is away for a while is said in *problem only. */
static int
look_at_all(struct rollouts *r, struct err *problem, struct err *e)
{
	problem->message[0] = '\0';
	for (size_t i = 0; i < r->count; i++) {
		struct err why = ERR_INIT;

		if (r->items[i].done || look(r, &r->items[i], &why) == 0)
			continue;
		if (!kube_step_transient(&why))
			return err_set(e, why.kind, "%s", why.message);
		*problem = why;
	}
	return 0;
}

/* "1 of 3 rolled out; Waiting for …": the caller frees. */
static char *
describe(const struct rollouts *r, const struct err *problem)
{
	const struct item *item = r->items;

	while (item->done)
		item++;
	const char *words = *problem->message ? problem->message : str_cstr(&item->sentence);
	if (r->count == 1)
		return xstrdup(words);
	return xasprintf("%zu of %zu rolled out; %s", r->done, r->count, words);
}

static int
time_is_up(struct rollouts *r, const char *seen, int64_t waited_ms, struct err *e)
{
	char waited[CLOCK_STAMP_MAX];

	err_set(e, ERR_TIMEOUT, "not rolled out after %s. Last seen: %s",
		duration_format(waited_ms / 1000 * 1000, waited), seen);
	return kube_step_failed(r->s, r->count == 1 ? r->items->name : NULL, e);
}

static int
wait_for_all(struct rollouts *r, struct err *e)
{
	int64_t start_ms = clock_mono_ms(), deadline_ms = workload_deadline_ms(r->s, ROLLOUT_MS);
	int64_t interval_ms = json_int(r->s->action->with, "interval", INTERVAL_MS);

	if (interval_ms < 100)
		interval_ms = 100;
	for (;;) {
		struct err problem = ERR_INIT;
		int rc = look_at_all(r, &problem, e);
		int64_t now_ms = clock_mono_ms();

		if (rc < 0 || r->done == r->count)
			return rc;
		char *seen = describe(r, &problem);
		r->s->ctx->progress(r->s->ctx, "%s", seen);
		if (now_ms >= deadline_ms)
			rc = time_is_up(r, seen, now_ms - start_ms, e);
		else if (cancel_sleep(r->s->ctx->cancel, interval_ms < deadline_ms - now_ms
								 ? interval_ms
								 : deadline_ms - now_ms))
			rc = err_set(e, ERR_CANCELLED, "%s: cancelled. Last seen: %s",
				     r->s->action->executor->type.uses, seen);
		free(seen);
		if (rc < 0)
			return -1;
	}
}

int
workload_wait_rollout(struct kube_step *s, const cJSON *objects, cJSON **ret_objects, struct err *e)
{
	struct rollouts r = {
		.s = s,
		.fail_on = cJSON_GetObjectItemCaseSensitive(s->action->with, "fail_on"),
		.items = xcalloc((size_t)cJSON_GetArraySize(objects) + 1, sizeof(*r.items)),
	};
	cJSON *found = cJSON_CreateArray();
	const cJSON *object;

	cJSON_ArrayForEach(object, objects)
		r.items[r.count++] = (struct item){ .name = json_string(object, "name", ""),
						    .uid = json_string(object, "uid", "") };
	int rc = wait_for_all(&r, e);
	for (size_t i = 0; i < r.count; i++) {
		if (r.items[i].object)
			cJSON_AddItemToArray(found, r.items[i].object);
		str_release(&r.items[i].sentence);
	}
	free(r.items);
	if (rc == 0)
		*ret_objects = found;
	else
		cJSON_Delete(found);
	return rc;
}
