#include "config.h"

#include "world/object/defaults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults_internal.h"
#include "world/object/go_text.h"

/* ---- members ---- */

cJSON *
member_of(const cJSON *object, const char *name)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return member && !cJSON_IsNull(member) ? member : NULL;
}

void
take_away(cJSON *object, const char *name)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
}

void
give_string(cJSON *object, const char *name, const char *value)
{
	const cJSON *there = member_of(object, name);

	if (there && !(cJSON_IsString(there) && !*there->valuestring))
		return;
	take_away(object, name);
	json_add_string(object, name, value);
}

void
give_int(cJSON *object, const char *name, int64_t value)
{
	if (member_of(object, name))
		return;
	take_away(object, name);
	json_add_int(object, name, value);
}

void
give_bool(cJSON *object, const char *name, bool value)
{
	if (member_of(object, name))
		return;
	take_away(object, name);
	json_add_bool(object, name, value);
}

cJSON *
give_object(cJSON *object, const char *name)
{
	cJSON *there = member_of(object, name);

	if (there)
		return there;
	take_away(object, name);
	return cJSON_AddObjectToObject(object, name);
}

bool
same_member(const cJSON *a, const cJSON *b, const char *path)
{
	const cJSON *x = json_at(a, path), *y = json_at(b, path);

	return !x || !y ? x == y : cJSON_Compare(x, y, true);
}

/* ---- causes ---- */

void
wrong(struct defaults *d, const char *field, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	refuse_invalid(d->r, d->kind->group, d->kind->name,
		       json_string(d->object, "metadata/name", ""), field, "%s", text);
	free(text);
}

void
wrong_missing(struct defaults *d, const char *prefix, const char *name)
{
	char *field = xasprintf("%s%s", prefix, name);

	wrong(d, field, "Required value");
	free(field);
}

void
wrong_unsupported(struct defaults *d, const char *field, const char *value, const char *supported)
{
	wrong(d, field, "Unsupported value: \"%s\": supported values: %s", value, supported);
}

void
check_not_negative(struct defaults *d, const char *path, const char *field)
{
	const cJSON *number = json_at(d->object, path);

	if (cJSON_IsNumber(number) && number->valuedouble < 0)
		wrong(d, field, "Invalid value: %.0f: must be greater than or equal to 0",
		      number->valuedouble);
}

char *
go_map(const cJSON *map)
{
	size_t count;
	const cJSON **items = go_members(map, &count);
	struct str text = STR_INIT;

	str_append(&text, "map[string]string");
	str_append(&text, count ? "{" : "(nil)");
	for (size_t i = 0; i < count; i++)
		str_printf(&text, "%s\"%s\":\"%s\"%s", i ? ", " : "", items[i]->string,
			   cJSON_IsString(items[i]) ? items[i]->valuestring : "",
			   i + 1 == count ? "}" : "");
	free(items);
	return str_take(&text);
}

char *
go_selector(const cJSON *selector)
{
	char *labels = go_map(json_at(selector, "matchLabels"));
	char *text = xasprintf("v1.LabelSelector{MatchLabels:%s, "
			       "MatchExpressions:[]v1.LabelSelectorRequirement(nil)}",
			       labels);

	free(labels);
	return text;
}

/* ---- kinds ---- */

static const struct {
	const char *group, *name;
	void (*fill)(struct defaults *d);
	void (*check)(struct defaults *d); /* either may be NULL */
} known[] = {
	{ "", "Pod", defaults_fill_pod, defaults_check_pod },
	{ "", "Service", defaults_fill_service, defaults_check_service },
	{ "", "Secret", defaults_fill_secret, defaults_check_secret },
	{ "", "ConfigMap", NULL, defaults_check_configmap },
	{ "", "PersistentVolumeClaim", defaults_fill_claim, defaults_check_claim },
	{ "", "Endpoints", defaults_fill_endpoints, NULL },
	{ "apps", "Deployment", defaults_fill_deployment, defaults_check_deployment },
	{ "apps", "ReplicaSet", defaults_fill_replicaset, defaults_check_replicaset },
	{ "", "ReplicationController", defaults_fill_replicaset, NULL },
	{ "apps", "StatefulSet", defaults_fill_statefulset, defaults_check_statefulset },
	{ "apps", "DaemonSet", defaults_fill_daemonset, defaults_check_daemonset },
	{ "batch", "Job", defaults_fill_job, defaults_check_job },
	{ "batch", "CronJob", defaults_fill_cronjob, defaults_check_cronjob },
	{ "rbac.authorization.k8s.io", "Role", NULL, defaults_check_role },
	{ "rbac.authorization.k8s.io", "ClusterRole", NULL, defaults_check_role },
	{ "rbac.authorization.k8s.io", "RoleBinding", defaults_fill_binding,
	  defaults_check_binding },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", defaults_fill_binding,
	  defaults_check_binding },
	{ "networking.k8s.io", "NetworkPolicy", defaults_fill_network_policy, NULL },
};

/* What was there may have been written by who knows no defaults, such as a controller: a comparison needs them. */
static cJSON *
fill_before(size_t row, const struct defaults *d)
{
	cJSON *then = cJSON_Duplicate(d->before, true);
	struct defaults old = { d->kind, then, then, d->options, d->r };

	if (then && known[row].fill)
		known[row].fill(&old);
	return then;
}

static int
fill_and_check(size_t row, struct defaults *d)
{
	cJSON *then = fill_before(row, d);

	d->before = then;
	if (known[row].fill)
		known[row].fill(d);
	if (known[row].check && d->r->code == 0)
		known[row].check(d);
	cJSON_Delete(then);
	return d->r->code == 0 ? 0 : -1;
}

int
defaults_fill(const struct kind *kind, cJSON *object, const cJSON *before,
	      const struct defaults_options *options, struct refusal *r)
{
	static const struct defaults_options none = { .cluster_ip = NULL };
	struct defaults d = { kind, object, before, options ? options : &none, r };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].group, kind->group) == 0 &&
		    strcmp(known[i].name, kind->name) == 0)
			return fill_and_check(i, &d);
	return 0;
}
