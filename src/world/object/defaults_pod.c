#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults_internal.h"

enum { FILE_MODE = 0644, TOKEN_S = 3600, TOLERATED_S = 300, NAME_MAX_BYTES = 63 };

/* ---- containers ---- */

/* The tag is what follows the last colon behind the last slash; a digest needs none. */
static const char *
pull_policy(const char *image)
{
	const char *name = strrchr(image, '/'), *tag;

	name = name ? name + 1 : image;
	tag = strrchr(name, ':');
	if (strchr(name, '@'))
		return "IfNotPresent";
	return !tag || strcmp(tag, ":latest") == 0 ? "Always" : "IfNotPresent";
}

static void
fill_http(cJSON *action)
{
	if (!action)
		return;
	give_string(action, "path", "/");
	give_string(action, "scheme", "HTTP");
}

static void
fill_probe(cJSON *container, const char *name)
{
	cJSON *probe = member_of(container, name);

	if (!cJSON_IsObject(probe))
		return;
	fill_http(member_of(probe, "httpGet"));
	give_int(probe, "timeoutSeconds", 1);
	give_int(probe, "periodSeconds", 10);
	give_int(probe, "successThreshold", 1);
	give_int(probe, "failureThreshold", 3);
}

/* What is limited and not asked for is asked for in full. */
static void
fill_resources(cJSON *container)
{
	cJSON *resources = give_object(container, "resources"), *requests;
	const cJSON *limits = member_of(resources, "limits"), *limit;

	if (!limits || !limits->child)
		return;
	requests = give_object(resources, "requests");
	cJSON_ArrayForEach(limit, limits)
		if (!member_of(requests, limit->string))
			json_add(requests, limit->string, cJSON_Duplicate(limit, true));
}

static void
fill_container(cJSON *container, bool host_network)
{
	cJSON *item, *field;

	cJSON_ArrayForEach(item, member_of(container, "ports")) {
		give_string(item, "protocol", "TCP");
		if (host_network)
			give_int(item, "hostPort", json_int(item, "containerPort", 0));
	}
	cJSON_ArrayForEach(item, member_of(container, "env"))
		if ((field = json_at(item, "valueFrom/fieldRef")))
			give_string(field, "apiVersion", "v1");
	fill_resources(container);
	fill_probe(container, "livenessProbe");
	fill_probe(container, "readinessProbe");
	fill_probe(container, "startupProbe");
	fill_http(json_at(container, "lifecycle/postStart/httpGet"));
	fill_http(json_at(container, "lifecycle/preStop/httpGet"));
	give_string(container, "terminationMessagePath", "/dev/termination-log");
	give_string(container, "terminationMessagePolicy", "File");
	give_string(container, "imagePullPolicy", pull_policy(json_string(container, "image", "")));
}

/* ---- volumes ---- */

static void
fill_field_versions(cJSON *items)
{
	cJSON *item, *field;

	cJSON_ArrayForEach(item, items)
		if ((field = member_of(item, "fieldRef")))
			give_string(field, "apiVersion", "v1");
}

static void
fill_volume(cJSON *volume)
{
	static const char *const with_mode[] = { "secret", "configMap", "downwardAPI",
						 "projected" };
	cJSON *source, *token;

	for (size_t i = 0; i < sizeof(with_mode) / sizeof(with_mode[0]); i++)
		if ((source = member_of(volume, with_mode[i])))
			give_int(source, "defaultMode", FILE_MODE);
	fill_field_versions(json_at(volume, "downwardAPI/items"));
	cJSON_ArrayForEach(source, json_at(volume, "projected/sources")) {
		fill_field_versions(json_at(source, "downwardAPI/items"));
		if ((token = member_of(source, "serviceAccountToken")))
			give_int(token, "expirationSeconds", TOKEN_S);
	}
	if ((source = member_of(volume, "hostPath")))
		if (!member_of(source, "type"))
			json_add_string(source, "type", "");
	if (cJSON_GetArraySize(volume) == 1)
		cJSON_AddObjectToObject(volume, "emptyDir");
}

/* ---- specs ---- */

static void
fill_spec(cJSON *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	bool host_network = json_bool(spec, "hostNetwork", false);
	const char *account = json_string(spec, "serviceAccountName", "");
	cJSON *item;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		cJSON_ArrayForEach(item, member_of(spec, lists[i]))
			if (cJSON_IsObject(item))
				fill_container(item, host_network);
	cJSON_ArrayForEach(item, member_of(spec, "volumes"))
		if (cJSON_IsObject(item))
			fill_volume(item);
	give_string(spec, "restartPolicy", "Always");
	give_int(spec, "terminationGracePeriodSeconds", 30);
	give_string(spec, "dnsPolicy", "ClusterFirst");
	if (!*account)
		account = json_string(spec, "serviceAccount", "");
	if (*account) { /* two names of one field */
		give_string(spec, "serviceAccountName", account);
		give_string(spec, "serviceAccount", account);
	}
	give_object(spec, "securityContext");
	give_string(spec, "schedulerName", "default-scheduler");
}

void
defaults_fill_template(cJSON *spec)
{
	cJSON *pod = give_object(spec, "template");
	cJSON *metadata = give_object(pod, "metadata");

	if (!cJSON_GetObjectItemCaseSensitive(metadata, "creationTimestamp"))
		json_add(metadata, "creationTimestamp", cJSON_CreateNull());
	fill_spec(give_object(pod, "spec"));
}

/* ---- pods ---- */

static bool
tolerates(const cJSON *tolerations, const char *taint)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, tolerations) {
		const char *key = json_string(item, "key", ""),
			   *effect = json_string(item, "effect", "");

		if ((!*key || strcmp(key, taint) == 0) &&
		    (!*effect || strcmp(effect, "NoExecute") == 0))
			return true;
	}
	return false;
}

/* Source: the admission plugin DefaultTolerationSeconds. */
static void
tolerate(cJSON *spec, const char *taint)
{
	cJSON *list = member_of(spec, "tolerations"), *one;

	if (tolerates(list, taint))
		return;
	if (!list) {
		take_away(spec, "tolerations");
		list = cJSON_AddArrayToObject(spec, "tolerations");
	}
	one = cJSON_CreateObject();
	json_add_string(one, "key", taint);
	json_add_string(one, "operator", "Exists");
	json_add_string(one, "effect", "NoExecute");
	json_add_int(one, "tolerationSeconds", TOLERATED_S);
	cJSON_AddItemToArray(list, one);
}

/* Of the classes that every cluster has. */
static int64_t
priority_of(const char *name)
{
	if (strcmp(name, "system-cluster-critical") == 0)
		return 2000000000;
	return strcmp(name, "system-node-critical") == 0 ? 2000001000 : 0;
}

/* Source: kubernetes.io, "Pod Quality of Service Classes". */
static const char *
quality(const cJSON *spec)
{
	bool any = false, all = true;
	const cJSON *container;

	cJSON_ArrayForEach(container, member_of(spec, "containers")) {
		const cJSON *limits = json_at(container, "resources/limits");
		const cJSON *requests = json_at(container, "resources/requests");

		any = any || cJSON_GetArraySize(limits) > 0 || cJSON_GetArraySize(requests) > 0;
		all = all && member_of(limits, "cpu") && member_of(limits, "memory") &&
		      same_member(limits, requests, "cpu") &&
		      same_member(limits, requests, "memory");
	}
	return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

void
defaults_fill_pod(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *status;

	fill_spec(spec);
	give_bool(spec, "enableServiceLinks", true);
	if (d->before)
		return;
	give_string(spec, "serviceAccountName", "default");
	give_string(spec, "serviceAccount", json_string(spec, "serviceAccountName", ""));
	tolerate(spec, "node.kubernetes.io/not-ready");
	tolerate(spec, "node.kubernetes.io/unreachable");
	give_int(spec, "priority", priority_of(json_string(spec, "priorityClassName", "")));
	give_string(spec, "preemptionPolicy", "PreemptLowerPriority");
	status = give_object(d->object, "status");
	give_string(status, "phase", "Pending");
	give_string(status, "qosClass", quality(spec));
}

/* ---- checks ---- */

static bool
is_label(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_BYTES || name[0] == '-' || name[len - 1] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static void
check_container_name(struct defaults *d, const cJSON *containers, const cJSON *container,
		     const char *prefix)
{
	const char *name = json_string(container, "name", "");
	char *field = xasprintf("%sname", prefix);
	const cJSON *other;

	if (!*name)
		wrong(d, field, "Required value");
	else if (!is_label(name))
		wrong(d, field,
		      "Invalid value: \"%s\": a lowercase RFC 1123 label must consist of lower "
		      "case "
		      "alphanumeric characters or '-', and must start and end with an alphanumeric "
		      "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
		      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
		      name);
	for (other = containers->child; *name && other != container; other = other->next)
		if (strcmp(json_string(other, "name", ""), name) == 0) {
			wrong(d, field, "Duplicate value: \"%s\"", name);
			break;
		}
	free(field);
}

static bool
has_volume(const cJSON *spec, const char *name)
{
	const cJSON *volume;

	cJSON_ArrayForEach(volume, member_of(spec, "volumes"))
		if (strcmp(json_string(volume, "name", ""), name) == 0)
			return true;
	return false;
}

static void
check_mounts(struct defaults *d, const cJSON *spec, const cJSON *container, const char *prefix)
{
	const cJSON *mount;
	size_t i = 0;

	cJSON_ArrayForEach(mount, member_of(container, "volumeMounts")) {
		const char *name = json_string(mount, "name", "");
		char *field = xasprintf("%svolumeMounts[%zu].", prefix, i++);

		if (!*name) {
			wrong_missing(d, field, "name");
		} else if (!has_volume(spec, name)) {
			char *whole = xasprintf("%sname", field);

			wrong(d, whole, "Not found: \"%s\"", name);
			free(whole);
		}
		if (!*json_string(mount, "mountPath", ""))
			wrong_missing(d, field, "mountPath");
		free(field);
	}
}

static void
check_ports(struct defaults *d, const cJSON *container, const char *prefix)
{
	const cJSON *port;
	size_t i = 0;

	cJSON_ArrayForEach(port, member_of(container, "ports")) {
		int64_t number = json_int(port, "containerPort", 0);
		char *field = xasprintf("%sports[%zu].containerPort", prefix, i++);

		if (number == 0)
			wrong(d, field, "Required value");
		else if (number < 1 || number > 65535)
			wrong(d, field,
			      "Invalid value: %lld: must be between 1 and 65535, inclusive",
			      (long long)number);
		free(field);
	}
}

static void
check_variables(struct defaults *d, const cJSON *container, const char *prefix)
{
	const cJSON *variable;
	size_t i = 0;

	cJSON_ArrayForEach(variable, member_of(container, "env")) {
		char *field = xasprintf("%senv[%zu].", prefix, i++);

		if (!*json_string(variable, "name", ""))
			wrong_missing(d, field, "name");
		free(field);
	}
}

static bool
is_one_of(const char *value, const char *const *values)
{
	for (; *values; values++)
		if (strcmp(value, *values) == 0)
			return true;
	return false;
}

static void
check_container(struct defaults *d, const cJSON *spec, const cJSON *container, const char *prefix)
{
	static const char *const policies[] = { "Always", "IfNotPresent", "Never", NULL };
	const char *policy = json_string(container, "imagePullPolicy", "Always");

	if (!*json_string(container, "image", ""))
		wrong_missing(d, prefix, "image");
	check_ports(d, container, prefix);
	check_variables(d, container, prefix);
	check_mounts(d, spec, container, prefix);
	if (!is_one_of(policy, policies)) {
		char *field = xasprintf("%simagePullPolicy", prefix);

		wrong_unsupported(d, field, policy, "\"Always\", \"IfNotPresent\", \"Never\"");
		free(field);
	}
}

static void
check_containers(struct defaults *d, const cJSON *spec, const char *list, const char *field)
{
	const cJSON *containers = member_of(spec, list), *container;
	size_t i = 0;

	cJSON_ArrayForEach(container, containers) {
		char *prefix = xasprintf("%s.%s[%zu].", field, list, i++);

		check_container_name(d, containers, container, prefix);
		check_container(d, spec, container, prefix);
		free(prefix);
	}
}

void
defaults_check_pod_spec(struct defaults *d, const cJSON *spec, const char *field)
{
	static const char *const policies[] = { "Always", "OnFailure", "Never", NULL };
	const char *policy = json_string(spec, "restartPolicy", "Always");

	if (cJSON_GetArraySize(member_of(spec, "containers")) == 0) {
		char *prefix = xasprintf("%s.", field);

		wrong_missing(d, prefix, "containers");
		free(prefix);
	}
	check_containers(d, spec, "containers", field);
	check_containers(d, spec, "initContainers", field);
	if (!is_one_of(policy, policies)) {
		char *whole = xasprintf("%s.restartPolicy", field);

		wrong_unsupported(d, whole, policy, "\"Always\", \"OnFailure\", \"Never\"");
		free(whole);
	}
}

/* What a pod's writer may change later is made the same in a copy, which is then compared. */
static void
forget_changeable(cJSON *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	cJSON *item;

	take_away(spec, "activeDeadlineSeconds");
	take_away(spec, "tolerations");
	take_away(spec, "terminationGracePeriodSeconds");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		cJSON_ArrayForEach(item, member_of(spec, lists[i]))
			take_away(item, "image");
}

void
defaults_check_pod(struct defaults *d)
{
	defaults_check_pod_spec(d, json_at(d->object, "spec"), "spec");
	if (!d->before || d->r->code)
		return;
	cJSON *now = cJSON_Duplicate(json_at(d->object, "spec"), true);
	cJSON *then = cJSON_Duplicate(json_at(d->before, "spec"), true);
	forget_changeable(now);
	forget_changeable(then);
	if (!cJSON_Compare(now, then, true))
		wrong(d, "spec",
		      "Forbidden: pod updates may not change fields other than "
		      "`spec.containers[*].image`, `spec.initContainers[*].image`, "
		      "`spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to "
		      "existing tolerations)");
	cJSON_Delete(now);
	cJSON_Delete(then);
}
