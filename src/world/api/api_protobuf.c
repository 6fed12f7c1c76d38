#include "config.h"

#include "world/api/api_protobuf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { DEPTH_MAX = 16, MAGIC_BYTES = 4 };

/* ---- what messages there are ---- */

enum field_type {
	TEXT,	 /* left out where it is empty */
	NUMBER,	 /* left out where it is 0 */
	COUNT,	 /* kept, also where it is 0 */
	FLAG,	 /* left out where it is false */
	CHOICE,	 /* kept, also where it is false */
	MESSAGE, /* left out where nothing is in it */
	MAP,	 /* of texts */
	BYTES,	 /* a map of bytes, which become base64 */
	PORT,	 /* a number or a name: IntOrString */
};

struct field {
	int number;
	const char *name;
	enum field_type type;
	bool repeated;
	const struct field *message;
};

#define END                                                                                        \
	{                                                                                          \
		.number = 0                                                                        \
	}

static const struct field meta[] = {
	{ 1, "name", TEXT, false, NULL },
	{ 2, "generateName", TEXT, false, NULL },
	{ 3, "namespace", TEXT, false, NULL },
	{ 5, "uid", TEXT, false, NULL },
	{ 6, "resourceVersion", TEXT, false, NULL },
	{ 11, "labels", MAP, false, NULL },
	{ 12, "annotations", MAP, false, NULL },
	{ 14, "finalizers", TEXT, true, NULL },
	END,
};
static const struct field only_meta[] = { { 1, "metadata", MESSAGE, false, meta }, END };
static const struct field config_map[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "data", MAP, false, NULL },
	{ 3, "binaryData", BYTES, false, NULL },
	{ 4, "immutable", CHOICE, false, NULL },
	END,
};
static const struct field secret[] = {
	{ 1, "metadata", MESSAGE, false, meta }, { 2, "data", BYTES, false, NULL },
	{ 3, "type", TEXT, false, NULL },	 { 4, "stringData", MAP, false, NULL },
	{ 5, "immutable", CHOICE, false, NULL }, END,
};

static const struct field rule[] = {
	{ 1, "verbs", TEXT, true, NULL },	    { 2, "apiGroups", TEXT, true, NULL },
	{ 3, "resources", TEXT, true, NULL },	    { 4, "resourceNames", TEXT, true, NULL },
	{ 5, "nonResourceURLs", TEXT, true, NULL }, END,
};
static const struct field role[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "rules", MESSAGE, true, rule },
	END,
};
static const struct field subject[] = {
	{ 1, "kind", TEXT, false, NULL },
	{ 2, "apiGroup", TEXT, false, NULL },
	{ 3, "name", TEXT, false, NULL },
	{ 4, "namespace", TEXT, false, NULL },
	END,
};
static const struct field role_ref[] = {
	{ 1, "apiGroup", TEXT, false, NULL },
	{ 2, "kind", TEXT, false, NULL },
	{ 3, "name", TEXT, false, NULL },
	END,
};
static const struct field binding[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "subjects", MESSAGE, true, subject },
	{ 3, "roleRef", MESSAGE, false, role_ref },
	END,
};

static const struct field expression[] = {
	{ 1, "key", TEXT, false, NULL },
	{ 2, "operator", TEXT, false, NULL },
	{ 3, "values", TEXT, true, NULL },
	END,
};
static const struct field selector[] = {
	{ 1, "matchLabels", MAP, false, NULL },
	{ 2, "matchExpressions", MESSAGE, true, expression },
	END,
};
static const struct field container_port[] = {
	{ 1, "name", TEXT, false, NULL },
	{ 3, "containerPort", NUMBER, false, NULL },
	{ 4, "protocol", TEXT, false, NULL },
	END,
};
static const struct field variable[] = {
	{ 1, "name", TEXT, false, NULL },
	{ 2, "value", TEXT, false, NULL },
	END,
};
static const struct field container[] = {
	{ 1, "name", TEXT, false, NULL },
	{ 2, "image", TEXT, false, NULL },
	{ 3, "command", TEXT, true, NULL },
	{ 4, "args", TEXT, true, NULL },
	{ 6, "ports", MESSAGE, true, container_port },
	{ 7, "env", MESSAGE, true, variable },
	{ 14, "imagePullPolicy", TEXT, false, NULL },
	END,
};
static const struct field pod_spec[] = {
	{ 2, "containers", MESSAGE, true, container },
	{ 3, "restartPolicy", TEXT, false, NULL },
	{ 4, "terminationGracePeriodSeconds", COUNT, false, NULL },
	{ 6, "dnsPolicy", TEXT, false, NULL },
	{ 8, "serviceAccountName", TEXT, false, NULL },
	{ 10, "nodeName", TEXT, false, NULL },
	END,
};
static const struct field template[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, pod_spec },
	END,
};
static const struct field deployment_spec[] = {
	{ 1, "replicas", COUNT, false, NULL },
	{ 2, "selector", MESSAGE, false, selector },
	{ 3, "template", MESSAGE, false, template },
	{ 7, "paused", FLAG, false, NULL },
	END,
};
static const struct field deployment[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, deployment_spec },
	END,
};
static const struct field job_spec[] = {
	{ 1, "parallelism", COUNT, false, NULL },
	{ 2, "completions", COUNT, false, NULL },
	{ 6, "template", MESSAGE, false, template },
	{ 7, "backoffLimit", COUNT, false, NULL },
	END,
};
static const struct field job[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, job_spec },
	END,
};
static const struct field cron_spec[] = {
	{ 1, "schedule", TEXT, false, NULL },
	{ 3, "concurrencyPolicy", TEXT, false, NULL },
	{ 4, "suspend", CHOICE, false, NULL },
	{ 5, "jobTemplate", MESSAGE, false, job },
	END,
};
static const struct field cron_job[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, cron_spec },
	END,
};

static const struct field service_port[] = {
	{ 1, "name", TEXT, false, NULL },	{ 2, "protocol", TEXT, false, NULL },
	{ 3, "port", NUMBER, false, NULL },	{ 4, "targetPort", PORT, false, NULL },
	{ 5, "nodePort", NUMBER, false, NULL }, END,
};
static const struct field service_spec[] = {
	{ 1, "ports", MESSAGE, true, service_port }, { 2, "selector", MAP, false, NULL },
	{ 3, "clusterIP", TEXT, false, NULL },	     { 4, "type", TEXT, false, NULL },
	{ 10, "externalName", TEXT, false, NULL },   END,
};
static const struct field service[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, service_spec },
	END,
};

static const struct field resource_attributes[] = {
	{ 1, "namespace", TEXT, false, NULL }, { 2, "verb", TEXT, false, NULL },
	{ 3, "group", TEXT, false, NULL },     { 4, "version", TEXT, false, NULL },
	{ 5, "resource", TEXT, false, NULL },  { 6, "subresource", TEXT, false, NULL },
	{ 7, "name", TEXT, false, NULL },      END,
};
static const struct field path_attributes[] = {
	{ 1, "path", TEXT, false, NULL },
	{ 2, "verb", TEXT, false, NULL },
	END,
};
static const struct field access_spec[] = {
	{ 1, "resourceAttributes", MESSAGE, false, resource_attributes },
	{ 2, "nonResourceAttributes", MESSAGE, false, path_attributes },
	END,
};
static const struct field access_review_message[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, access_spec },
	END,
};
static const struct field rules_spec[] = { { 1, "namespace", TEXT, false, NULL }, END };
static const struct field rules_review[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, rules_spec },
	END,
};
static const struct field token_spec[] = {
	{ 1, "audiences", TEXT, true, NULL },
	{ 4, "expirationSeconds", COUNT, false, NULL },
	END,
};
static const struct field token_request[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, token_spec },
	END,
};
static const struct field scale_spec[] = { { 1, "replicas", COUNT, false, NULL }, END };
static const struct field scale[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "spec", MESSAGE, false, scale_spec },
	END,
};
static const struct field preconditions[] = {
	{ 1, "uid", TEXT, false, NULL },
	{ 2, "resourceVersion", TEXT, false, NULL },
	END,
};
static const struct field delete_options[] = {
	{ 1, "gracePeriodSeconds", COUNT, false, NULL },
	{ 2, "preconditions", MESSAGE, false, preconditions },
	{ 3, "orphanDependents", CHOICE, false, NULL },
	{ 4, "propagationPolicy", TEXT, false, NULL },
	{ 5, "dryRun", TEXT, true, NULL },
	END,
};
static const struct field eviction[] = {
	{ 1, "metadata", MESSAGE, false, meta },
	{ 2, "deleteOptions", MESSAGE, false, delete_options },
	END,
};

static const struct {
	const char *kind;
	const struct field *message;
} messages[] = {
	{ "ClusterRole", role },
	{ "ClusterRoleBinding", binding },
	{ "ConfigMap", config_map },
	{ "CronJob", cron_job },
	{ "DeleteOptions", delete_options },
	{ "Deployment", deployment },
	{ "Eviction", eviction },
	{ "Job", job },
	{ "Namespace", only_meta },
	{ "Role", role },
	{ "RoleBinding", binding },
	{ "Scale", scale },
	{ "Secret", secret },
	{ "SelfSubjectAccessReview", access_review_message },
	{ "SelfSubjectReview", only_meta },
	{ "SelfSubjectRulesReview", rules_review },
	{ "Service", service },
	{ "ServiceAccount", only_meta },
	{ "TokenRequest", token_request },
};

/* ---- the wire ---- */

struct wire {
	const unsigned char *at, *end;
	bool broken;
};

static uint64_t
take_varint(struct wire *w)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		unsigned char byte = *w->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	w->broken = true;
	return 0;
}

static struct wire
take_block(struct wire *w)
{
	uint64_t len = take_varint(w);
	struct wire block = { w->at, w->at, false };

	if (w->broken || len > (uint64_t)(w->end - w->at)) {
		w->broken = true;
		return block;
	}
	block.end = w->at += len;
	return block;
}

/* One field: its number, and its value as a number or as a block. False: the end, or it is broken. */
static bool
take_field(struct wire *w, int *ret_number, uint64_t *ret_value, struct wire *ret_block)
{
	if (w->broken || w->at == w->end)
		return false;
	uint64_t key = take_varint(w);
	*ret_number = (int)(key >> 3 & 0x1fffffff);
	*ret_value = 0;
	*ret_block = (struct wire){ w->at, w->at, false };
	if ((key & 7) == 0)
		*ret_value = take_varint(w);
	else if ((key & 7) == 2)
		*ret_block = take_block(w);
	else
		w->broken = true; /* these messages have no others */
	return !w->broken;
}

static char *
text_of(const struct wire *block)
{
	return xstrndup((const char *)block->at, (size_t)(block->end - block->at));
}

/* ---- from one to the other ---- */

static void
set(cJSON *object, const struct field *field, cJSON *value)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(object, field->name);

	if (!field->repeated) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, field->name);
		json_add(object, field->name, value);
		return;
	}
	if (!list)
		list = cJSON_AddArrayToObject(object, field->name);
	cJSON_AddItemToArray(list, value);
}

static void
set_text(cJSON *object, const struct field *field, const struct wire *block)
{
	char *text = text_of(block);

	if (*text || field->repeated)
		set(object, field, cJSON_CreateString(text));
	free(text);
}

static void
set_entry(cJSON *object, const struct field *field, struct wire entry)
{
	cJSON *map = cJSON_GetObjectItemCaseSensitive(object, field->name);
	struct wire parts[3] = { { NULL, NULL, false } }, block;
	uint64_t value;
	int number;

	while (take_field(&entry, &number, &value, &block))
		if (number == 1 || number == 2)
			parts[number] = block;
	if (!map)
		map = cJSON_AddObjectToObject(object, field->name);
	char *key = parts[1].at ? text_of(&parts[1]) : xstrdup("");
	size_t len = (size_t)(parts[2].end - parts[2].at);
	char *text = xmalloc(BASE64_MAX(len) + len + 1);
	if (field->type == BYTES) {
		base64_encode(parts[2].at ? (const void *)parts[2].at : "", len, text);
	} else {
		memcpy(text, parts[2].at ? (const char *)parts[2].at : "", len);
		text[len] = '\0';
	}
	cJSON_DeleteItemFromObjectCaseSensitive(map, key);
	json_add_string(map, key, text);
	free(text);
	free(key);
}

static void
set_port(cJSON *object, const struct field *field, struct wire port)
{
	uint64_t kind = 0, number_value = 0, value;
	struct wire name = port, block;
	int number;

	name.end = name.at;
	while (take_field(&port, &number, &value, &block)) {
		if (number == 1)
			kind = value;
		else if (number == 2)
			number_value = value;
		else if (number == 3)
			name = block;
	}
	if (kind == 1)
		set_text(object, field, &name);
	else if (number_value)
		set(object, field, cJSON_CreateNumber((double)number_value));
}

static cJSON *read_message(const struct field *fields, struct wire *w, int depth);

static void
set_value(cJSON *object, const struct field *field, uint64_t value, struct wire *block, int depth)
{
	cJSON *inner;

	switch (field->type) {
	case TEXT:
		set_text(object, field, block);
		break;
	case NUMBER:
	case COUNT:
		if (value || field->type == COUNT)
			json_add_int(object, field->name, (int64_t)value);
		break;
	case FLAG:
	case CHOICE:
		if (value || field->type == CHOICE)
			json_add_bool(object, field->name, value != 0);
		break;
	case MESSAGE:
		inner = read_message(field->message, block, depth + 1);
		if (inner && (inner->child || field->repeated))
			set(object, field, inner);
		else
			cJSON_Delete(inner);
		break;
	case MAP:
	case BYTES:
		set_entry(object, field, *block);
		break;
	case PORT:
		set_port(object, field, *block);
		break;
	}
}

/* NULL: it is broken. */
static cJSON *
read_message(const struct field *fields, struct wire *w, int depth)
{
	cJSON *object = depth < DEPTH_MAX ? cJSON_CreateObject() : NULL;
	struct wire block;
	uint64_t value;
	int number;

	while (object && take_field(w, &number, &value, &block))
		for (const struct field *field = fields; field->number; field++)
			if (field->number == number)
				set_value(object, field, value, &block, depth);
	if (object && !w->broken)
		return object;
	cJSON_Delete(object);
	return NULL;
}

/* ---- the envelope ---- */

struct envelope {
	char *api_version, *kind;
	struct wire raw;
};

static void
read_type(struct envelope *e, struct wire type)
{
	struct wire block;
	uint64_t value;
	int number;

	while (take_field(&type, &number, &value, &block)) {
		char **text = number == 1 ? &e->api_version : number == 2 ? &e->kind : NULL;

		if (!text)
			continue;
		free(*text);
		*text = text_of(&block);
	}
}

static const struct field *
message_of(const char *kind)
{
	for (size_t i = 0; kind && i < sizeof(messages) / sizeof(messages[0]); i++)
		if (strcmp(messages[i].kind, kind) == 0)
			return messages[i].message;
	return NULL;
}

static int
read_envelope(struct envelope *e, cJSON **ret, struct refusal *r)
{
	const struct field *fields = message_of(e->kind);

	if (!fields)
		return refuse(r, 415, "UnsupportedMediaType",
			      "objects of kind %s are not understood as "
			      "application/vnd.kubernetes.protobuf here: send them as JSON",
			      e->kind ? e->kind : "(none)");
	*ret = read_message(fields, &e->raw, 0);
	if (!*ret)
		return refuse_bad_request(r, "the protobuf of the %s is broken", e->kind);
	json_add_string(*ret, "kind", e->kind);
	json_add_string(*ret, "apiVersion", e->api_version ? e->api_version : "");
	return 0;
}

int
api_protobuf_read(const char *body, size_t len, cJSON **ret, struct refusal *r)
{
	struct wire w = { (const unsigned char *)body, (const unsigned char *)body + len, false };
	struct envelope e = { NULL, NULL, w }; /* one that is missing is an empty one */
	struct wire block;
	uint64_t value;
	int number;

	if (len < MAGIC_BYTES || memcmp(body, "k8s", MAGIC_BYTES) != 0)
		return refuse_bad_request(r, "provided data does not appear to be a protobuf "
					     "message, expected prefix [107 56 115 0]");
	w.at += MAGIC_BYTES;
	e.raw.at = e.raw.end;
	while (take_field(&w, &number, &value, &block)) {
		if (number == 1)
			read_type(&e, block);
		else if (number == 2)
			e.raw = block;
	}
	int rc = read_envelope(&e, ret, r);
	free(e.api_version);
	free(e.kind);
	return rc;
}
