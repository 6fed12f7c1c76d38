#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults_internal.h"
#include "world/object/go_text.h"

#define RBAC "rbac.authorization.k8s.io"

/* ---- Secret, ConfigMap ---- */

/* stringData is only ever written: it is put into data, whose entries of the same names it replaces. */
void
defaults_fill_secret(struct defaults *d)
{
	cJSON *texts = cJSON_DetachItemFromObjectCaseSensitive(d->object, "stringData");
	const cJSON *text;

	cJSON_ArrayForEach(text, texts) {
		const char *value = cJSON_IsString(text) ? text->valuestring : "";
		cJSON *data = give_object(d->object, "data");
		char *encoded = xmalloc(BASE64_MAX(strlen(value)));

		base64_encode(value, strlen(value), encoded);
		take_away(data, text->string);
		json_add_string(data, text->string, encoded);
		free(encoded);
	}
	cJSON_Delete(texts);
	give_string(d->object, "type",
		    d->before ? json_string(d->before, "type", "Opaque") : "Opaque");
}

static void
check_keys(struct defaults *d, const char *member)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member_of(d->object, member)) {
		const char *key = item->string;
		size_t good = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789-_.");

		if (*key && !key[good])
			continue;
		char *field = xasprintf("%s[%s]", member, key);
		wrong(d, field,
		      "Invalid value: \"%s\": a valid config key must consist of alphanumeric "
		      "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
		      "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
		      key);
		free(field);
	}
}

static void
check_immutable(struct defaults *d)
{
	static const char *const members[] = { "data", "binaryData" };

	if (!json_bool(d->before, "immutable", false))
		return;
	if (!json_bool(d->object, "immutable", false))
		wrong(d, "immutable", "Forbidden: field is immutable when `immutable` is set");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!same_member(d->object, d->before, members[i]))
			wrong(d, members[i],
			      "Forbidden: field is immutable when `immutable` is set");
}

/* Data of this type must be whole. */
static void
check_needed(struct defaults *d, const char *type, const char *first, const char *second)
{
	const char *const keys[] = { first, second };
	const cJSON *data = member_of(d->object, "data");

	if (strcmp(json_string(d->object, "type", ""), type) != 0)
		return;
	for (size_t i = 0; i < 2 && keys[i]; i++) {
		char *field = xasprintf("data[%s]", keys[i]);

		if (!cJSON_GetObjectItemCaseSensitive(data, keys[i]))
			wrong(d, field, "Required value");
		free(field);
	}
}

static int
check_base64(struct defaults *d)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member_of(d->object, "data")) {
		const char *text = cJSON_IsString(item) ? item->valuestring : "";
		size_t len = strlen(text);
		unsigned char *bytes = xmalloc(len + 1);
		bool good = base64_decode_strict(text, len, bytes, len) >= 0;

		free(bytes);
		if (!good)
			return refuse_bad_request(
				d->r,
				"Secret in version \"v1\" cannot be handled as a Secret: illegal "
				"base64 data at input byte 0");
	}
	return 0;
}

void
defaults_check_secret(struct defaults *d)
{
	if (check_base64(d) < 0)
		return;
	check_keys(d, "data");
	check_needed(d, "kubernetes.io/tls", "tls.crt", "tls.key");
	check_needed(d, "kubernetes.io/dockerconfigjson", ".dockerconfigjson", NULL);
	if (d->before && !same_member(d->object, d->before, "type"))
		wrong(d, "type", "Invalid value: \"%s\": field is immutable",
		      json_string(d->object, "type", ""));
	check_immutable(d);
}

void
defaults_check_configmap(struct defaults *d)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member_of(d->object, "data")) {
		if (cJSON_IsString(item))
			continue;
		refuse_bad_request(d->r,
				   "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: "
				   "json: cannot unmarshal %s into Go struct field ConfigMap.data "
				   "of type string",
				   go_type(item));
		return;
	}
	check_keys(d, "data");
	check_keys(d, "binaryData");
	check_immutable(d);
}

/* ---- PersistentVolumeClaim, Endpoints ---- */

void
defaults_fill_claim(struct defaults *d)
{
	cJSON *metadata = give_object(d->object, "metadata"), *finalizers;

	give_string(give_object(d->object, "spec"), "volumeMode", "Filesystem");
	if (d->before)
		return;
	give_string(give_object(d->object, "status"), "phase", "Pending");
	finalizers = member_of(metadata, "finalizers");
	if (finalizers)
		return;
	take_away(metadata, "finalizers");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(metadata, "finalizers"),
			     cJSON_CreateString("kubernetes.io/pvc-protection"));
}

void
defaults_check_claim(struct defaults *d)
{
	if (cJSON_GetArraySize(json_at(d->object, "spec/accessModes")) == 0)
		wrong(d, "spec.accessModes", "Required value: at least 1 access mode is required");
	if (!json_at(d->object, "spec/resources/requests/storage"))
		wrong(d, "spec.resources[storage]", "Required value");
}

void
defaults_fill_endpoints(struct defaults *d)
{
	cJSON *subset, *port;

	cJSON_ArrayForEach(subset, member_of(d->object, "subsets"))
		cJSON_ArrayForEach(port, member_of(subset, "ports"))
			give_string(port, "protocol", "TCP");
}

/* ---- RBAC ---- */

void
defaults_fill_binding(struct defaults *d)
{
	cJSON *subject;

	give_string(give_object(d->object, "roleRef"), "apiGroup", RBAC);
	cJSON_ArrayForEach(subject, member_of(d->object, "subjects")) {
		const char *kind = json_string(subject, "kind", "");

		if (strcmp(kind, "User") == 0 || strcmp(kind, "Group") == 0)
			give_string(subject, "apiGroup", RBAC);
	}
}

void
defaults_check_binding(struct defaults *d)
{
	const cJSON *role = json_at(d->object, "roleRef"), *subject;
	const char *kind = json_string(role, "kind", ""), *name = json_string(role, "name", "");
	size_t i = 0;

	if (strcmp(kind, "ClusterRole") != 0 &&
	    (strcmp(kind, "Role") != 0 || strcmp(d->kind->name, "RoleBinding") != 0))
		wrong_unsupported(d, "roleRef.kind", kind,
				  strcmp(d->kind->name, "RoleBinding") == 0
					  ? "\"Role\", \"ClusterRole\""
					  : "\"ClusterRole\"");
	if (!*name)
		wrong(d, "roleRef.name", "Required value");
	cJSON_ArrayForEach(subject, member_of(d->object, "subjects")) {
		char *prefix = xasprintf("subjects[%zu].", i++);

		if (!*json_string(subject, "name", ""))
			wrong_missing(d, prefix, "name");
		if (strcmp(json_string(subject, "kind", ""), "ServiceAccount") == 0 &&
		    !*json_string(subject, "namespace", ""))
			wrong_missing(d, prefix, "namespace");
		free(prefix);
	}
	if (d->before && !same_member(d->object, d->before, "roleRef"))
		wrong(d, "roleRef",
		      "Invalid value: rbac.RoleRef{APIGroup:\"" RBAC
		      "\", Kind:\"%s\", Name:\"%s\"}: cannot change roleRef",
		      kind, name);
}

void
defaults_check_role(struct defaults *d)
{
	const cJSON *rule;
	size_t i = 0;

	cJSON_ArrayForEach(rule, member_of(d->object, "rules")) {
		char *field = xasprintf("rules[%zu].verbs", i++);

		if (cJSON_GetArraySize(json_at(rule, "verbs")) == 0)
			wrong(d, field, "Required value: verbs must contain at least one value");
		free(field);
	}
}

/* ---- NetworkPolicy ---- */

static void
fill_policy_ports(cJSON *rules)
{
	cJSON *rule, *port;

	cJSON_ArrayForEach(rule, rules)
		cJSON_ArrayForEach(port, member_of(rule, "ports"))
			give_string(port, "protocol", "TCP");
}

void
defaults_fill_network_policy(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec"), *types;

	fill_policy_ports(member_of(spec, "ingress"));
	fill_policy_ports(member_of(spec, "egress"));
	if (member_of(spec, "policyTypes"))
		return;
	take_away(spec, "policyTypes");
	types = cJSON_AddArrayToObject(spec, "policyTypes");
	cJSON_AddItemToArray(types, cJSON_CreateString("Ingress"));
	if (cJSON_GetArraySize(member_of(spec, "egress")) > 0)
		cJSON_AddItemToArray(types, cJSON_CreateString("Egress"));
}
