#include "config.h"

#include "step/kubernetes/step_kubernetes_apply.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

bool
apply_is_secret(const cJSON *object)
{
	return str_equal(json_string(object, "kind", ""), "Secret") &&
	       str_equal(json_string(object, "apiVersion", ""), "v1");
}

const char *
apply_name(const cJSON *object)
{
	return json_string(object, "metadata/name", "");
}

static void
forget_trial(struct trial *trial)
{
	cJSON_Delete(trial->before);
	cJSON_Delete(trial->after);
	free(trial->deferred);
	*trial = (struct trial){ .object = trial->object };
}

void
apply_release(struct apply *a)
{
	for (size_t i = 0; i < a->count; i++)
		forget_trial(&a->trials[i]);
	free(a->trials);
	cJSON_Delete(a->objects);
	str_release(&a->refusals);
	kube_step_release(&a->s);
}

static void
hide(struct apply *a, const cJSON *object)
{
	if (object && apply_is_secret(object))
		kube_step_hide_secret(a->s.ctx, object,
				      cJSON_GetObjectItemCaseSensitive(a->s.action->with, "show"));
}

int
apply_init(struct apply *a, struct step_context *ctx, const struct action *action, struct err *e)
{
	const char *path = json_string(action->with, "file", "");
	const cJSON *object;

	*a = (struct apply){ .objects = NULL };
	if (kube_step_init(&a->s, ctx, action, e) < 0)
		return -1;
	if (manifest_load(path, &a->objects, e) < 0) {
		kube_step_release(&a->s);
		return err_wrap(e, "kubernetes.apply");
	}
	a->default_ns = a->s.ns;
	a->manager = json_string(action->with, "field_manager", "lifeboat");
	a->flags = json_bool(action->with, "force", false) ? KUBE_APPLY_FORCE : 0;
	a->trials = xcalloc((size_t)cJSON_GetArraySize(a->objects), sizeof(*a->trials));
	cJSON_ArrayForEach(object, a->objects) {
		hide(a, object);
		a->trials[a->count++].object = object;
	}
	return 0;
}

/* "tsb.tetrate.io" of "tsb.tetrate.io/v1", "" of "v1". The caller frees. */
static char *
group_of(const cJSON *object)
{
	const char *version = json_string(object, "apiVersion", "");
	const char *slash = strchr(version, '/');

	return slash ? xstrndup(version, (size_t)(slash - version)) : xstrdup("");
}

/* True where another object of the same manifests defines this one's kind. */
static bool
is_defined_here(const struct apply *a, const cJSON *object)
{
	const cJSON *other;
	char *group = group_of(object);
	bool defined = false;

	cJSON_ArrayForEach(other, a->objects)
		defined = defined ||
			  (str_equal(json_string(other, "kind", ""), "CustomResourceDefinition") &&
			   str_equal(json_string(other, "spec/group", ""), group) &&
			   str_equal(json_string(other, "spec/names/kind", ""),
				     json_string(object, "kind", "")));
	free(group);
	return defined;
}

static bool
is_namespace_here(const struct apply *a, const char *ns)
{
	const cJSON *other;

	cJSON_ArrayForEach(other, a->objects)
		if (str_equal(json_string(other, "kind", ""), "Namespace") &&
		    str_equal(json_string(other, "apiVersion", ""), "v1") &&
		    str_equal(apply_name(other), ns))
			return true;
	return false;
}

int
apply_aim(struct apply *a, const cJSON *object, bool *ret_known, struct err *e)
{
	const char *version = json_string(object, "apiVersion", "");
	const char *kind = json_string(object, "kind", "");
	struct err why = ERR_INIT;

	kube_resource_release(&a->s.resource);
	a->s.resource = (struct kube_resource){ .group = NULL };
	a->s.ns = json_string(object, "metadata/namespace", a->default_ns);
	*ret_known = kube_resource_for_kind(a->s.client, version, kind, a->s.ctx->cancel,
					    &a->s.resource, &why) == 0;
	if (*ret_known)
		return 0;
	a->s.resource = (struct kube_resource){ .group = NULL };
	if (why.kind == ERR_NOT_FOUND && is_defined_here(a, object))
		return 0;
	return err_set(e, why.kind, "%s", why.message);
}

/* Trouble on the way, which the other objects would meet too; the rest is about this one object. */
static bool
ends_everything(enum err_kind kind)
{
	return kind == ERR_NET || kind == ERR_TIMEOUT || kind == ERR_CANCELLED || kind == ERR_IO ||
	       kind == ERR_INTERNAL;
}

/* Adds a refusal, and shows it whole; returns -1 where it is an error instead. */
static int
refuse(struct apply *a, const cJSON *object, struct err *why, struct err *e)
{
	char *place = kube_step_place(&a->s), *label, *line;

	if (ends_everything(why->kind)) {
		free(place);
		err_set(e, why->kind, "%s", why->message);
		return kube_step_failed(&a->s, apply_name(object), e);
	}
	if (a->s.resource.name)
		label = kube_resource_label(&a->s.resource, apply_name(object));
	else
		label = xasprintf("%s %s", json_string(object, "kind", ""), apply_name(object));
	line = xasprintf("%s in %s: %s\n", label, place, why->message);
	if (a->refused++ == 0)
		a->refusal = why->kind;
	str_append(&a->refusals, line);
	a->s.ctx->output(a->s.ctx, line, strlen(line));
	free(line);
	free(label);
	free(place);
	return 0;
}

/* A key of this process: what a seal was made of must not be guessed from a journal. */
static unsigned char seal_key[32];

static void
make_seal_key(void)
{
	if (RAND_bytes(seal_key, sizeof(seal_key)) != 1)
		abort();
}

/* What `state` has where `object` says something; lists as a whole. NULL: nothing. */
static cJSON *
project(const cJSON *object, const cJSON *state)
{
	const cJSON *member;
	cJSON *out;

	if (!cJSON_IsObject(object) || !cJSON_IsObject(state))
		return state ? cJSON_Duplicate(state, true) : NULL;
	out = cJSON_CreateObject();
	cJSON_ArrayForEach(member, object) {
		cJSON *value =
			project(member, cJSON_GetObjectItemCaseSensitive(state, member->string));

		if (value)
			json_add(out, member->string, value);
	}
	return out;
}

/*
 * Two trials have the same seal where the same manifest meets the same values: what others change in
 * fields that it does not name (a status, a replica count) is none of its business.
 */
static void
seal(struct trial *trial)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct digest *d = digest_new();
	cJSON *was = project(trial->object, trial->before);
	char *text = json_print(trial->object);

	pthread_once(&once, make_seal_key);
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(was, "metadata"), "managedFields");
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(was, "metadata"), "resourceVersion");
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(was, "metadata"), "generation");
	cJSON_DeleteItemFromObjectCaseSensitive(was, "status");
	digest_update(d, seal_key, sizeof(seal_key));
	digest_update(d, text, strlen(text) + 1);
	free(text);
	text = was ? json_print(was) : xstrdup("");
	digest_update(d, text, strlen(text) + 1);
	digest_update(d, json_string(trial->before, "metadata/uid", ""),
		      strlen(json_string(trial->before, "metadata/uid", "")));
	digest_finish(d, trial->seal);
	free(text);
	cJSON_Delete(was);
}

/* Why the server's refusal is not the last word, or NULL. The caller frees. */
static char *
later(const struct apply *a, const struct trial *trial, const struct err *why, bool stands)
{
	if (why->kind == ERR_NOT_FOUND && !trial->before && a->s.resource.namespaced &&
	    is_namespace_here(a, a->s.ns))
		return xasprintf("the namespace %s comes with these manifests", a->s.ns);
	if (!is_defined_here(a, trial->object) || (stands && why->kind != ERR_NOT_FOUND) ||
	    ends_everything(why->kind))
		return NULL;
	return xasprintf("its definition comes with these manifests; as its kind is now: %s",
			 why->message);
}

static int
try_known(struct apply *a, struct trial *trial, bool stands, struct err *e)
{
	const struct cancel *cancel = a->s.ctx->cancel;
	struct err why = ERR_INIT;

	if (kube_apply_current(a->s.client, trial->object, a->default_ns, cancel, &trial->before,
			       &why) < 0)
		return refuse(a, trial->object, &why, e);
	hide(a, trial->before);
	seal(trial);
	if (kube_apply(a->s.client, trial->object, a->default_ns, a->manager,
		       a->flags | KUBE_APPLY_DRY_RUN, cancel, &trial->after, &why) == 0) {
		hide(a, trial->after);
		return 0;
	}
	/* Source: apiserver, admission/plugin/webhook/errors, NewDryRunUnsupportedErr() */
	trial->blind = strstr(why.message, "does not support dry run") != NULL;
	trial->deferred = trial->blind ? xstrdup(why.message) : later(a, trial, &why, stands);
	if (trial->deferred)
		return 0;
	if (why.kind == ERR_NOT_FOUND && !trial->before && a->s.resource.namespaced)
		err_advise(&why, "These manifests do not make the namespace %s: make it first",
			   a->s.ns);
	return refuse(a, trial->object, &why, e);
}

int
apply_try(struct apply *a, struct trial *trial, bool foundations_stand, struct err *e)
{
	struct err why = ERR_INIT;
	bool known;

	forget_trial(trial);
	if (apply_aim(a, trial->object, &known, &why) < 0)
		return refuse(a, trial->object, &why, e);
	if (known)
		return try_known(a, trial, foundations_stand, e);
	seal(trial);
	trial->deferred = xasprintf("it is of a kind that this file defines");
	return 0;
}

int
apply_try_all(struct apply *a, struct err *e)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->count > 1)
			a->s.ctx->progress(a->s.ctx, "trying %zu of %zu: %s %s", i + 1, a->count,
					   json_string(a->trials[i].object, "kind", ""),
					   apply_name(a->trials[i].object));
		if (apply_try(a, &a->trials[i], false, e) < 0)
			return -1;
	}
	return 0;
}

int
apply_check_refusals(struct apply *a, struct err *e)
{
	const char *lines = str_cstr(&a->refusals);

	if (!a->refused)
		return 0;
	err_set(e, a->refusal, "kubernetes.apply: %s%.*s",
		a->refused == 1 ? "" : "several objects are refused:\n", (int)(a->refusals.len - 1),
		lines);
	if (a->refusal == ERR_DENIED)
		err_advise(e, "Ask for that right, or do it by hand and note it");
	return -1;
}

cJSON *
apply_seals(const struct apply *a)
{
	cJSON *seen = cJSON_CreateObject(), *seals = cJSON_CreateArray();

	for (size_t i = 0; i < a->count; i++)
		cJSON_AddItemToArray(seals, cJSON_CreateString(a->trials[i].seal));
	json_add(seen, "seals", seals);
	json_add(seen, "objects", apply_identities(a));
	return seen;
}

int
apply_check_seals(struct apply *a, struct err *e)
{
	const cJSON *seals = json_at(a->s.action->seen, "seals"), *at;
	size_t i = 0;

	if (!seals)
		return 0;
	if (cJSON_GetArraySize(seals) != (int)a->count)
		return err_set(e, ERR_CONFLICT,
			       "kubernetes.apply: the manifests hold other objects than when they "
			       "were shown, and nothing was applied. Look at them, and try again");
	cJSON_ArrayForEach(at, seals) {
		const struct trial *trial = &a->trials[i++];

		if (cJSON_IsString(at) && str_equal(at->valuestring, trial->seal))
			continue;
		return err_set(e, ERR_CONFLICT,
			       "kubernetes.apply: %s %s is not as it was shown: it was changed "
			       "since, here or in the cluster, and nothing was applied. Look at "
			       "it, and try again",
			       json_string(trial->object, "kind", ""), apply_name(trial->object));
	}
	return 0;
}
