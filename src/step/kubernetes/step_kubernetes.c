#include "config.h"

#include "step/kubernetes/step_kubernetes.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/secret_value.h"
#include "net/http/http.h"
#include "net/tls/certificate.h"
#include "step/kubernetes/target_kubernetes.h"

#define AS_TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
#define AS_METADATA "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
#define AS_METADATA_LIST                                                                           \
	"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"

enum {
	PAGE = 500,
	PAGE_OF_SECRETS = 50, /* one may be a MiB, and an answer is bounded */
	SECRET_MIN_BYTES = 8, /* a shorter value would blacken half of every text */
	RELISTS = 3,	      /* when the server forgets where a list stood */
};

static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";

int
kube_step_init(struct kube_step *s, struct step_context *ctx, const struct action *action,
	       struct err *e)
{
	const char *ns = json_string(action->with, "namespace", NULL);
	const char *word = json_string(action->with, "resource", NULL);
	const char *uses = action->executor->type.uses;

	*s = (struct kube_step){ .ctx = ctx, .action = action };
	if (target_kubernetes_client(action->target, &s->client, &s->ns, e) < 0)
		return err_wrap(e, "%s", uses);
	s->context = kube_client_access(s->client)->context;
	if (ns && *ns)
		s->ns = ns;
	s->all_namespaces = json_bool(action->with, "all_namespaces", false);
	if (word && kube_resource_find(s->client, word, ctx->cancel, &s->resource, e) < 0)
		return err_wrap(e, "%s %s on %s", uses, word, s->context);
	return 0;
}

void
kube_step_release(struct kube_step *s)
{
	kube_resource_release(&s->resource);
}

char *
kube_step_place(const struct kube_step *s)
{
	if (s->resource.name && !s->resource.namespaced)
		return xstrdup(s->context);
	if (s->all_namespaces)
		return xasprintf("%s (all namespaces)", s->context);
	return xasprintf("%s/%s", s->context, s->ns);
}

static void
advise(const struct kube_step *s, struct err *e)
{
	if (e->kind == ERR_DENIED)
		err_advise(e, "Ask for that right, or do it by hand and note it");
	else if (e->kind == ERR_NET)
		err_advise(e, "Check the network and VPN to %s",
			   kube_client_access(s->client)->server);
	else if (e->kind == ERR_NOT_FOUND)
		err_advise(e, "Check the name and the namespace, and that %s is the right cluster",
			   s->context);
}

int
kube_step_failed(const struct kube_step *s, const char *name, struct err *e)
{
	char *label = NULL, *place = kube_step_place(s);

	if (s->resource.name && name)
		label = kube_resource_label(&s->resource, name);
	else
		label = xstrdup(name ? name : s->resource.name ? s->resource.name : "pods");
	err_wrap(e, "%s %s in %s", s->action->executor->type.uses, label, place);
	advise(s, e);
	free(label);
	free(place);
	return -1;
}

int
kube_step_check_name(const char *name, struct err *e)
{
	if (!*name)
		return err_set(e, ERR_SPEC,
			       "the name of the object is empty. Look at the parameter or "
			       "output that it is made of");
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr("/%?#\\", *p))
			return err_set(e, ERR_SPEC,
				       "\"%s\" cannot be the name of an object: it holds \"%c\"",
				       name, *p);
	if (str_equal(name, ".") || str_equal(name, ".."))
		return err_set(e, ERR_SPEC, "\"%s\" cannot be the name of an object", name);
	return 0;
}

char *
kube_step_path(const struct kube_step *s, const char *name)
{
	return kube_resource_path(&s->resource, s->all_namespaces ? NULL : s->ns, name);
}

bool
kube_step_is_secret(const struct kube_step *s)
{
	return s->resource.name && !*s->resource.group && str_equal(s->resource.name, "secrets");
}

static void
add_query(struct str *query, const char *name, const char *value)
{
	char *encoded;

	if (!value || !*value)
		return;
	encoded = http_encode(value);
	str_printf(query, "%s%s=%s", query->len ? "&" : "", name, encoded);
	free(encoded);
}

static void
add_selectors(const struct kube_step *s, struct str *query)
{
	add_query(query, "labelSelector", json_string(s->action->with, "selector", NULL));
	add_query(query, "fieldSelector", json_string(s->action->with, "field_selector", NULL));
	str_printf(query, "%slimit=%d", query->len ? "&" : "",
		   kube_step_is_secret(s) ? PAGE_OF_SECRETS : PAGE);
}

char *
kube_step_query(const struct kube_step *s)
{
	struct str query = STR_INIT;

	add_selectors(s, &query);
	if (query.len) {
		char *text = xasprintf("?%s", str_cstr(&query));

		str_release(&query);
		return text;
	}
	return str_take(&query);
}

/* One answer: the object, or the page of the list that begins at `token`. */
static int
request_page(struct kube_step *s, const char *name, enum kube_step_form form, const char *token,
	     long *ret_status, cJSON **ret_body, struct err *e)
{
	struct str query = STR_INIT;
	char *path = kube_step_path(s, name);
	struct kube_request request = { .method = "GET", .path = path, .cancel = s->ctx->cancel };
	int rc;

	if (!name)
		add_selectors(s, &query);
	add_query(&query, "continue", token);
	if (form == KUBE_STEP_TABLE)
		add_query(&query, "includeObject", "Object");
	if (form == KUBE_STEP_TABLE)
		request.accept = AS_TABLE;
	else if (form == KUBE_STEP_METADATA)
		request.accept = name ? AS_METADATA : AS_METADATA_LIST;
	request.query = query.len ? str_cstr(&query) : NULL;
	rc = kube_request(s->client, &request, ret_status, ret_body, e);
	str_release(&query);
	free(path);
	return rc;
}

/* Keeps an object, unless there are enough. */
static bool
keep_item(struct kube_step_list *list, cJSON *item, cJSON *cells)
{
	if (cJSON_GetArraySize(list->items) >= KUBE_STEP_MAX_ITEMS) {
		cJSON_Delete(item);
		cJSON_Delete(cells);
		list->truncated = true;
		return false;
	}
	cJSON_AddItemToArray(list->items, item);
	if (cells)
		cJSON_AddItemToArray(list->rows, cells);
	return true;
}

/* A server may answer with a Table whose rows hold no whole objects. */
static bool
rows_hold_objects(const cJSON *body)
{
	const cJSON *object = json_at(body, "rows/0/object");

	return !json_at(body, "rows/0") ||
	       (object && !str_equal(json_string(object, "kind", ""), "PartialObjectMetadata"));
}

static void
take_table(struct kube_step_list *list, cJSON *body)
{
	cJSON *rows = cJSON_GetObjectItemCaseSensitive(body, "rows"), *row;

	if (!list->columns)
		list->columns = cJSON_DetachItemFromObjectCaseSensitive(body, "columnDefinitions");
	cJSON_ArrayForEach(row, rows) {
		cJSON *object = cJSON_DetachItemFromObjectCaseSensitive(row, "object");
		cJSON *cells = cJSON_DetachItemFromObjectCaseSensitive(row, "cells");

		if (!keep_item(list, object ? object : cJSON_CreateObject(),
			       cells ? cells : cJSON_CreateArray()))
			return;
	}
}

static void
take_items(struct kube_step_list *list, cJSON *body)
{
	cJSON *items = cJSON_GetObjectItemCaseSensitive(body, "items"), *item;

	while ((item = cJSON_DetachItemFromArray(items, 0)))
		if (!keep_item(list, item, NULL))
			return;
}

/* Takes what an answer holds. False: it must be asked for again, as plain objects. */
static bool
take_page(struct kube_step_list *list, const char *name, cJSON *body)
{
	bool table = str_equal(json_string(body, "kind", ""), "Table");
	bool usable = !table || rows_hold_objects(body);

	if (!table && name) {
		keep_item(list, body, NULL);
		return true;
	}
	if (table && usable)
		take_table(list, body);
	else if (!table)
		take_items(list, body);
	cJSON_Delete(body);
	return usable;
}

void
kube_step_list_release(struct kube_step_list *list)
{
	cJSON_Delete(list->items);
	cJSON_Delete(list->columns);
	cJSON_Delete(list->rows);
	*list = (struct kube_step_list){ NULL, NULL, NULL, false };
}

static void
list_reset(struct kube_step_list *list)
{
	kube_step_list_release(list);
	list->items = cJSON_CreateArray();
	list->rows = cJSON_CreateArray();
}

/* Reads one page into the list; *ret_next is where the next one begins, or NULL. */
static int
fetch_page(struct kube_step *s, const char *name, enum kube_step_form *form, const char *token,
	   struct kube_step_list *list, char **ret_next, long *ret_status, struct err *e)
{
	for (;;) {
		cJSON *body = NULL;
		char *next;

		if (request_page(s, name, *form, token, ret_status, &body, e) < 0)
			return -1;
		next = xstrdup(name ? NULL : json_string(body, "metadata/continue", NULL));
		if (cJSON_IsObject(body) && take_page(list, name, body) &&
		    (!name || list->items->child)) {
			*ret_next = next;
			return 0;
		}
		free(next);
		if (*form != KUBE_STEP_TABLE)
			return err_set(e, ERR_REMOTE, "the server's answer holds no objects");
		*form = KUBE_STEP_OBJECTS;
	}
}

static int
fetch_pages(struct kube_step *s, const char *name, enum kube_step_form form,
	    struct kube_step_list *list, long *ret_status, struct err *e)
{
	char *token = NULL;
	int rc;

	list_reset(list);
	do {
		char *next = NULL;

		rc = fetch_page(s, name, &form, token, list, &next, ret_status, e);
		free(token);
		token = next;
	} while (rc == 0 && token && *token && !list->truncated);
	free(token);
	return rc;
}

/* The objects of a list do not say what they are; one that is asked for by its name does. */
static void
name_kind(const struct kube_step *s, cJSON *item)
{
	const struct kube_resource *r = &s->resource;
	char *version;

	if (json_at(item, "kind") || !r->kind)
		return;
	version = xasprintf("%s%s%s", r->group, *r->group ? "/" : "", r->version);
	json_add_string(item, "apiVersion", version);
	json_add_string(item, "kind", r->kind);
	free(version);
}

int
kube_step_fetch(struct kube_step *s, const char *name, enum kube_step_form form,
		struct kube_step_list *ret_list, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const cJSON *show = cJSON_GetObjectItemCaseSensitive(s->action->with, "show");
	cJSON *item;
	long status = 0;
	int tries = 0;

	if (name && kube_step_check_name(name, e) < 0)
		return kube_step_failed(s, name, e);
	while (fetch_pages(s, name, form, &list, &status, e) < 0) {
		/* 410: the server no longer knows where this list stood */
		if (status != 410 || ++tries == RELISTS) {
			kube_step_list_release(&list);
			return kube_step_failed(s, name, e);
		}
	}
	cJSON_ArrayForEach(item, list.items)
		name_kind(s, item);
	if (kube_step_is_secret(s))
		cJSON_ArrayForEach(item, list.items) {
			kube_step_hide_secret(s->ctx, item, show);
			kube_step_withhold_secret(s->ctx, item, show);
			kube_step_strip_secret(item);
		}
	*ret_list = list;
	return 0;
}

bool
kube_step_shows(const cJSON *show, const char *key)
{
	const cJSON *word;

	cJSON_ArrayForEach(word, show)
		if (cJSON_IsString(word) && str_equal(word->valuestring, key))
			return true;
	return false;
}

char *
kube_step_decode(const char *base64, size_t *ret_len)
{
	size_t len = strlen(base64), padding = 0;
	unsigned char *bytes = xcalloc(1, len + 1);
	int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)len);

	while (padding < 2 && padding < len && base64[len - padding - 1] == '=')
		padding++;
	*ret_len = decoded > (int)padding ? (size_t)decoded - padding : 0;
	bytes[*ret_len] = '\0';
	return (char *)bytes;
}

static void
hide_text(struct step_context *ctx, const char *name, const char *bytes, size_t len)
{
	if (len >= SECRET_MIN_BYTES)
		secrets_add(ctx->secrets, name, bytes, len, NULL);
}

static void
hide_base64(struct step_context *ctx, const char *name, const char *text)
{
	size_t len;
	char *bytes = kube_step_decode(text, &len);

	hide_text(ctx, name, bytes, len);
	if (len >= SECRET_MIN_BYTES)
		hide_text(ctx, name, text, strlen(text));
	explicit_bzero(bytes, len);
	free(bytes);
}

/* What is in a Secret although it is public: certificates, and the name of a namespace. */
static bool
is_public(const cJSON *object, const cJSON *value, bool is_base64)
{
	size_t len = strlen(value->valuestring);
	char *bytes;

	if (strcmp(value->string, "namespace") == 0 &&
	    strcmp(json_string(object, "type", ""), "kubernetes.io/service-account-token") == 0)
		return true;
	bytes = is_base64 ? kube_step_decode(value->valuestring, &len)
			  : xstrdup(value->valuestring);
	bool is = certificates_alone(bytes, len);
	explicit_bzero(bytes, len);
	free(bytes);
	return is;
}

void
kube_step_hide_secret(struct step_context *ctx, const cJSON *object, const cJSON *show)
{
	static const char *const members[] = { "data", "stringData" };
	const char *owner = json_string(object, "metadata/name", "secret");
	const cJSON *value;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(object, members[i])) {
			char *name;

			if (!cJSON_IsString(value) || kube_step_shows(show, value->string) ||
			    is_public(object, value, i == 0))
				continue;
			name = xasprintf("%s.%s", owner, value->string);
			if (i == 0)
				hide_base64(ctx, name, value->valuestring);
			else
				hide_text(ctx, name, value->valuestring,
					  strlen(value->valuestring));
			free(name);
		}
	}
}

void
kube_step_withhold_secret(struct step_context *ctx, cJSON *object, const cJSON *show)
{
	cJSON *value;

	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(object, "data")) {
		size_t len = 0;
		char *bytes;

		if (!cJSON_IsString(value) || kube_step_shows(show, value->string) ||
		    is_public(object, value, true))
			continue;
		bytes = kube_step_decode(value->valuestring, &len);
		if (len >= SECRET_MIN_BYTES &&
		    secrets_add(ctx->secrets, value->string, bytes, len, NULL) < 0)
			secret_value_withhold(value);
		explicit_bzero(bytes, len);
		free(bytes);
	}
}

void
kube_step_strip_secret(cJSON *object)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json_at(object, "metadata/annotations"),
						last_applied);
}

char *
kube_step_age(const cJSON *object, char out[CLOCK_STAMP_MAX])
{
	int64_t created_ms;

	if (clock_parse_utc(json_string(object, "metadata/creationTimestamp", ""), &created_ms) <
	    0) {
		memcpy(out, "<unknown>", sizeof("<unknown>"));
		return out;
	}
	return duration_format_human(clock_wall_ms() - created_ms, out);
}

const cJSON *
kube_step_condition(const cJSON *object, const char *type)
{
	const cJSON *condition;

	cJSON_ArrayForEach(condition, json_at(object, "status/conditions"))
		if (strcasecmp(json_string(condition, "type", ""), type) == 0)
			return condition;
	return NULL;
}

static bool
statuses_name(const cJSON *statuses, const char *word)
{
	const cJSON *status;

	cJSON_ArrayForEach(status, statuses)
		if (strcasecmp(json_string(status, "state/waiting/reason", ""), word) == 0 ||
		    strcasecmp(json_string(status, "state/terminated/reason", ""), word) == 0)
			return true;
	return false;
}

static bool
conditions_name(const cJSON *object, const char *word)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(object, "status/conditions")) {
		const char *type = json_string(c, "type", ""),
			   *status = json_string(c, "status", "");
		size_t len = strlen(type);

		if (strcasecmp(json_string(c, "reason", ""), word) == 0)
			return true;
		if (strncasecmp(word, type, len) == 0 &&
		    strcasecmp(word[len] == '=' ? word + len + 1
			       : word[len]	? ""
						: "True",
			       status) == 0)
			return true;
	}
	return false;
}

bool
kube_step_says(const cJSON *object, const char *word)
{
	return *word && (statuses_name(json_at(object, "status/containerStatuses"), word) ||
			 statuses_name(json_at(object, "status/initContainerStatuses"), word) ||
			 conditions_name(object, word));
}

bool
kube_step_transient(const struct err *e)
{
	return e->kind == ERR_NET || e->kind == ERR_TIMEOUT || e->kind == ERR_REMOTE;
}
