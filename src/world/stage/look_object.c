#include "config.h"

#include "world/stage/look_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "kube/pod_status.h"
#include "world/object/selector.h"

struct object_ref
object_ref(struct cluster *cluster, const cJSON *spec)
{
	return (struct object_ref){
		.cluster = cluster,
		.word = json_string(spec, "kind", ""),
		.ns = json_string(spec, "namespace", ""),
		.name = json_string(spec, "name", NULL),
	};
}

struct object_ref
workload_ref(struct cluster *cluster, const cJSON *spec, char **ret_word)
{
	char *word = xstrdup(json_string(spec, "workload", ""));
	char *slash = strchr(word, '/');

	if (slash)
		*slash = '\0';
	*ret_word = word;
	return (struct object_ref){
		.cluster = cluster,
		.word = word,
		.ns = json_string(spec, "namespace", ""),
		.name = slash ? slash + 1 : "",
	};
}

bool
object_ref_resolve(struct object_ref *ref)
{
	if (!ref->kind) {
		const struct kind *kind = kinds_by_word(ref->cluster->kinds, ref->word);

		ref->kind = kind ? kind->storage : NULL;
	}
	return ref->kind;
}

bool
object_ref_concerns(struct object_ref *ref, const struct stored *stored)
{
	if (!ref->kind && strcmp(stored->kind->resource, "customresourcedefinitions") == 0)
		return object_ref_resolve(ref);
	if (!object_ref_resolve(ref) || ref->kind != stored->kind)
		return false;
	if (ref->kind->flags & KIND_NAMESPACED && strcmp(ref->ns, stored->ns) != 0)
		return false;
	return !ref->name || strcmp(ref->name, stored->name) == 0;
}

/* As in a message of an API server: "deployments.apps". */
static void
append_not_found(const struct object_ref *ref, struct str *out)
{
	str_printf(out, "%s%s%s \"%s\" not found", ref->kind->resource,
		   *ref->kind->group ? "." : "", ref->kind->group, ref->name);
}

const struct stored *
object_find(struct object_ref *ref, struct str *why)
{
	const struct stored *stored;

	if (!object_ref_resolve(ref)) {
		str_printf(why, "the server doesn't have a resource type \"%s\"", ref->word);
		return NULL;
	}
	stored = store_get(ref->cluster->store, ref->kind, ref->ns, ref->name);
	if (!stored)
		append_not_found(ref, why);
	return stored;
}

cJSON *
object_value(const struct object_eyes *eyes, const cJSON *object, const char *expression,
	     struct str *why)
{
	const cJSON *context = strchr(expression, '$') ? eyes->scope : NULL;
	cJSON *value = NULL;
	struct err e = ERR_INIT;

	if (expressions_eval(eyes->expressions, expression, object, context, 0, &value, &e) < 0) {
		str_append(why, e.message);
		return NULL;
	}
	if (cJSON_IsNull(value)) {
		str_printf(why, "%s is null", expression);
		cJSON_Delete(value);
		return NULL;
	}
	return value;
}

/* Whether it is one of those that are meant; else `why`, where an expression says it. */
static bool
fits(const struct object_eyes *eyes, const struct stored *stored,
     const struct object_filter *filter, const struct selector *selector, struct str *why)
{
	cJSON *value;
	bool holds;

	if (selector && !selector_matches(selector, stored->object))
		return false;
	if (!filter->where)
		return true;
	value = object_value(eyes, stored->object, filter->where, why);
	holds = json_truthy(value);
	if (value && !holds)
		str_printf(why, "%s \"%s\": %s is false", stored->kind->singular, stored->name,
			   filter->where);
	cJSON_Delete(value);
	return holds;
}

static int64_t
count_fitting(struct object_ref *ref, const struct object_eyes *eyes,
	      const struct object_filter *filter, const struct selector *selector, struct str *why)
{
	const char *ns = ref->kind->flags & KIND_NAMESPACED ? ref->ns : NULL;
	int64_t fitting = 0;
	uint64_t version;
	size_t count;
	const struct stored **items =
		store_list(ref->cluster->store, ref->kind, ns, &count, &version);

	for (size_t i = 0; i < count; i++) {
		str_clear(why);
		if (fitting < filter->count && fits(eyes, items[i], filter, selector, why))
			fitting++;
		stored_drop(items[i]);
	}
	free(items);
	return fitting;
}

static bool
some_hold(struct object_ref *ref, const struct object_eyes *eyes,
	  const struct object_filter *filter, struct str *seen)
{
	struct selector *selector = NULL;
	struct refusal r = REFUSAL_INIT;
	struct str why = STR_INIT;
	int64_t fitting = 0;

	if (!object_ref_resolve(ref))
		str_printf(seen, "the server doesn't have a resource type \"%s\"", ref->word);
	else if (filter->selector && selector_parse_labels(filter->selector, &selector, &r) < 0)
		str_append(seen, r.message);
	else
		fitting = count_fitting(ref, eyes, filter, selector, &why);
	if (seen->len == 0)
		str_printf(seen, "%lld of %lld %s", (long long)fitting, (long long)filter->count,
			   ref->kind->resource);
	str_release(&why);
	selector_free(selector);
	refusal_release(&r);
	return fitting >= filter->count;
}

bool
object_holds(struct object_ref *ref, const struct object_eyes *eyes,
	     const struct object_filter *filter, struct str *seen)
{
	const struct stored *stored;
	bool holds;

	if (!ref->name || filter->selector)
		return some_hold(ref, eyes, filter, seen);
	stored = object_find(ref, seen);
	holds = stored && fits(eyes, stored, filter, NULL, seen);
	stored_drop(stored);
	return holds;
}

cJSON *
object_secret(struct object_ref *ref, const char *key, struct str *why)
{
	const struct stored *stored = object_find(ref, why);
	const cJSON *data =
		stored ? cJSON_GetObjectItemCaseSensitive(json_at(stored->object, "data"), key)
		       : NULL;
	const char *text = cJSON_GetStringValue(data);
	cJSON *value = NULL;

	if (text) {
		size_t len = strlen(text);
		char *bytes = xcalloc(len + 1, 1);
		ssize_t got = base64_decode_strict(text, len, (unsigned char *)bytes, len);

		if (got >= 0 && memchr(bytes, '\0', (size_t)got) == NULL)
			value = cJSON_CreateString(bytes);
		else
			str_printf(why, "secret \"%s\": %s is no text", ref->name, key);
		free(bytes);
	} else if (stored) {
		str_printf(why, "secret \"%s\" has no key %s", ref->name, key);
	}
	stored_drop(stored);
	return value;
}

/* How many pods a workload wants, and how many are ready. */
static void
count_ready(const struct stored *stored, int64_t *ret_wanted, int64_t *ret_ready)
{
	const cJSON *object = stored->object;
	const char *kind = stored->kind->name;

	if (strcmp(kind, "DaemonSet") == 0) {
		*ret_wanted = json_int(object, "status/desiredNumberScheduled", 0);
		*ret_ready = json_int(object, "status/numberReady", 0);
	} else if (strcmp(kind, "Job") == 0) {
		*ret_wanted = json_int(object, "spec/completions", 1);
		*ret_ready = json_int(object, "status/succeeded", 0);
	} else if (strcmp(kind, "Pod") == 0) {
		const cJSON *condition = pod_status_condition(object, "Ready");

		*ret_wanted = 1;
		*ret_ready = str_equal(json_string(condition, "status", NULL), "True");
	} else {
		*ret_wanted = json_int(object, "spec/replicas", 1);
		*ret_ready = json_int(object, "status/readyReplicas", 0);
	}
}

bool
object_ready(struct object_ref *ref, struct str *seen)
{
	const struct stored *stored = object_find(ref, seen);
	int64_t wanted = 0, ready = 0;

	if (!stored)
		return false;
	count_ready(stored, &wanted, &ready);
	str_printf(seen, "%lld of %lld ready", (long long)ready, (long long)wanted);
	stored_drop(stored);
	return wanted > 0 && ready >= wanted;
}
