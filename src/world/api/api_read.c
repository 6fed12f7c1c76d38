#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/selector.h"
#include "world/printer/printer.h"

/* Reading: one object, or a list, whole or in pages. */

int
api_get(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	enum api_form form;

	if (api_form(request, &form, r) < 0)
		return -1;
	const struct stored *stored =
		store_get(request->cluster->store, place->kind, place->ns, place->name);
	if (!stored)
		return refuse_not_found(r, place->group, place->resource, place->name);
	api_answer_object(request, answer, 200, stored);
	stored_drop(stored);
	return 0;
}

/* ---- the token of the next page ---- */

/* Where a page begins: behind this one, of the list of this version (-1: of now). */
struct page {
	int64_t version;
	char *ns, *name;
};

static void
page_release(struct page *page)
{
	free(page->ns);
	free(page->name);
}

static char *
page_token(int64_t version, const char *ns, const char *name)
{
	cJSON *token = cJSON_CreateObject();

	json_add_string(token, "v", "meta.k8s.io/v1");
	json_add_int(token, "rv", version);
	char *start = xasprintf("%s%s%s", ns, *ns ? "/" : "", name);
	json_add_string(token, "start", start);
	free(start);
	char *text = json_print(token);
	char *out = xmalloc(BASE64_MAX(strlen(text)));
	size_t len = base64_encode(text, strlen(text), out);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i]);
	while (len && out[len - 1] == '=')
		out[--len] = '\0';
	free(text);
	cJSON_Delete(token);
	return out;
}

static cJSON *
token_decode(const char *token)
{
	struct str text = STR_INIT;
	cJSON *tree = NULL;

	for (const char *at = token; *at; at++)
		str_append_char(&text, (char)(*at == '-' ? '+' : *at == '_' ? '/' : *at));
	while (text.len % 4)
		str_append_char(&text, '=');
	unsigned char *bytes = xmalloc(text.len + 1);
	ssize_t len = base64_decode_strict(str_cstr(&text), text.len, bytes, text.len);
	if (len > 0)
		tree = json_parse((char *)bytes, (size_t)len, NULL);
	free(bytes);
	str_release(&text);
	return tree;
}

static int
page_parse(const struct kind *kind, const char *token, struct page *page, struct refusal *r)
{
	cJSON *tree = token_decode(token);
	const char *start = json_string(tree, "start", "");
	const char *slash = strchr(start, '/');
	int64_t version = json_int(tree, "rv", 0);

	if (!*start || version == 0 || (slash && !(kind->flags & KIND_NAMESPACED))) {
		cJSON_Delete(tree);
		return refuse_bad_request(r, "invalid continue token: continue key is not valid");
	}
	page->version = version;
	page->ns = slash ? xstrndup(start, (size_t)(slash - start)) : xstrdup("");
	page->name = xstrdup(slash ? slash + 1 : start);
	cJSON_Delete(tree);
	return 0;
}

/* ---- what a list is asked with ---- */

struct list {
	int64_t limit;
	uint64_t version; /* of exactly then; 0: now */
	bool has_page;
	struct page page;
	struct selector *labels, *fields;
	enum api_form form;
	const struct stored **items; /* of the version, then those that match */
	size_t count;
	uint64_t at;	   /* the version that was read */
	char *next;	   /* token, or NULL */
	int64_t remaining; /* -1: not told */
};

static void
list_release(struct list *list)
{
	page_release(&list->page);
	selector_free(list->labels);
	selector_free(list->fields);
	api_drop_items(list->items, list->count);
	free(list->next);
}

static int
refuse_future(struct store *store, uint64_t version, struct refusal *r)
{
	cJSON *cause = cJSON_CreateObject();

	refuse(r, 504, "Timeout", "Timeout: Too large resource version: %llu, current: %llu",
	       (unsigned long long)version, (unsigned long long)store_version(store));
	json_add_string(cause, "reason", "ResourceVersionTooLarge");
	json_add_string(cause, "message", "Too large resource version");
	r->details = cJSON_CreateObject();
	cJSON_AddItemToArray(cJSON_AddArrayToObject(r->details, "causes"), cause);
	json_add_int(r->details, "retryAfterSeconds", 1);
	return -1;
}

static int
check_match(const struct api_request *request, const char *match, struct refusal *r)
{
	const char *version = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(request->query, "resourceVersion"));

	if (!match)
		return 0;
	if (!version || !*version)
		return api_refuse_option(r, "ListOptions", "resourceVersionMatch",
					 "Forbidden: resourceVersionMatch is forbidden unless "
					 "resourceVersion is provided");
	if (api_query(request, "continue"))
		return api_refuse_option(
			r, "ListOptions", "resourceVersionMatch",
			"Forbidden: resourceVersionMatch is forbidden when continue "
			"is provided");
	if (strcmp(match, "Exact") != 0 && strcmp(match, "NotOlderThan") != 0) {
		char *why = xasprintf("Unsupported value: \"%s\": supported values: \"Exact\", "
				      "\"NotOlderThan\", \"\"",
				      match);
		api_refuse_option(r, "ListOptions", "resourceVersionMatch", why);
		free(why);
		return -1;
	}
	if (strcmp(match, "Exact") == 0 && strcmp(version, "0") == 0)
		return api_refuse_option(
			r, "ListOptions", "resourceVersionMatch",
			"Forbidden: resourceVersionMatch \"exact\" is forbidden for "
			"resourceVersion \"0\"");
	return 0;
}

/* Which version is meant: "" the latest, "0" any, others by their match. */
static int
read_version(const struct api_request *request, struct list *list, struct refusal *r)
{
	const char *match = api_query(request, "resourceVersionMatch");
	const char *token = api_query(request, "continue");
	uint64_t version;

	if (check_match(request, match, r) < 0 || api_query_version(request, &version, r) < 0)
		return -1;
	if (token && version)
		return refuse_bad_request(
			r, "specifying resource version is not allowed when using continue");
	if (version > store_version(request->cluster->store))
		return refuse_future(request->cluster->store, version, r);
	if (str_equal(match, "Exact") || (!match && list->limit && version))
		list->version = version;
	if (!token)
		return 0;
	if (page_parse(request->place.kind, token, &list->page, r) < 0)
		return -1;
	list->has_page = true;
	list->version = list->page.version > 0 ? (uint64_t)list->page.version : 0;
	return 0;
}

static int
list_begin(const struct api_request *request, struct list *list, struct refusal *r)
{
	const char *version = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(request->query, "resourceVersion"));

	if (api_form(request, &list->form, r) < 0 ||
	    api_query_int(request, "limit", 0, &list->limit, r) < 0 ||
	    api_selectors(request, &list->labels, &list->fields, r) < 0)
		return -1;
	if (list->limit < 0 || str_equal(version, "0")) /* from the cache, which knows no pages */
		list->limit = 0;
	return read_version(request, list, r);
}

/* ---- the page ---- */

static int
refuse_old_page(const struct list *list, struct refusal *r)
{
	if (!list->has_page)
		return refuse(r, 410, "Expired",
			      "The resourceVersion for the provided list is too old.");
	return refuse(
		r, 410, "Expired",
		"The provided continue parameter is too old to display a consistent list result. "
		"You "
		"can start a new list without the continue parameter, or use the continue token in "
		"this response to retrieve the remainder of the results. Continuing with the "
		"provided token results in an inconsistent list - objects that were created, "
		"modified, or deleted between the time the first chunk was returned and now may "
		"show "
		"up in the list.");
}

/* Whether an item is behind where the page begins. */
static bool
is_behind(const struct list *list, const struct stored *item)
{
	if (!list->has_page)
		return true;
	int order = strcmp(item->ns, list->page.ns);
	return order > 0 || (order == 0 && strcmp(item->name, list->page.name) > 0);
}

/* Keeps what belongs on this page. */
static void
list_cut(const struct api_request *request, struct list *list)
{
	bool selects = api_query(request, "labelSelector") || api_query(request, "fieldSelector");
	int64_t limit = list->limit ? list->limit : INT64_MAX, more = 0;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct stored *item = list->items[i];

		if (!is_behind(list, item) ||
		    !api_selects(request->place.kind, list->labels, list->fields, item)) {
			stored_drop(item);
		} else if ((int64_t)kept < limit) {
			list->items[kept++] = item;
		} else {
			more++;
			stored_drop(item);
		}
	}
	list->count = kept;
	list->remaining = more && !selects ? more : -1;
	if (more)
		list->next = page_token((int64_t)list->at, list->items[kept - 1]->ns,
					list->items[kept - 1]->name);
}

static int
list_read(const struct api_request *request, struct list *list, struct refusal *r)
{
	const char *ns = *request->place.ns ? request->place.ns : NULL;

	if (api_snapshot(request->cluster->store, request->place.kind, ns, list->version,
			 &list->items, &list->count, &list->at, r) < 0)
		return r->code == 410 ? refuse_old_page(list, r) : -1;
	list_cut(request, list);
	return 0;
}

/* ---- as JSON ---- */

static cJSON *
list_metadata(const struct list *list)
{
	cJSON *metadata = cJSON_CreateObject();
	char *version = xasprintf("%llu", (unsigned long long)list->at);

	json_add_string(metadata, "resourceVersion", version);
	if (list->next)
		json_add_string(metadata, "continue", list->next);
	if (list->remaining >= 0)
		json_add_int(metadata, "remainingItemCount", list->remaining);
	free(version);
	return metadata;
}

/* Without what an item of a built-in list does not have, since its list has it. */
static void
append_members(const cJSON *object, bool all, struct str *out)
{
	bool first = true;

	str_append_char(out, '{');
	for (const cJSON *member = object->child; member; member = member->next) {
		if (!all && (strcmp(member->string, "kind") == 0 ||
			     strcmp(member->string, "apiVersion") == 0))
			continue;
		cJSON name = { .type = cJSON_String, .valuestring = member->string };
		char *key = json_print(&name), *value = json_print(member);

		str_printf(out, "%s%s:", first ? "" : ",", key);
		str_append(out, value);
		first = false;
		free(key);
		free(value);
	}
	str_append_char(out, '}');
}

static void
append_item(const struct kind *kind, const struct list *list, const struct stored *item,
	    struct str *out)
{
	cJSON *made = NULL;
	const cJSON *object;

	if (list->form == API_METADATA)
		object = made = printer_metadata(item);
	else
		object = api_in_version(kind, item, &made);
	append_members(object, kind->columns || list->form == API_METADATA, out);
	cJSON_Delete(made);
}

/* Item by item: the tree of a list of thousands would be larger than its text by far. */
static void
answer_items(const struct api_request *request, const struct list *list, struct api_answer *answer)
{
	const struct kind *kind = request->place.kind;
	char *version = kind_api_version(kind);
	cJSON *metadata = list_metadata(list);
	char *text = json_print(metadata);
	struct str *out = &answer->body;

	if (list->form == API_METADATA)
		str_append(out, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":"
				"\"meta.k8s.io/v1\"");
	else
		str_printf(out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\"", kind->name, version);
	str_printf(out, ",\"metadata\":%s,\"items\":[", text);
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			str_append_char(out, ',');
		append_item(kind, list, list->items[i], out);
	}
	str_append(out, "]}\n");
	free(text);
	cJSON_Delete(metadata);
	free(version);
}

static void
answer_table(const struct api_request *request, const struct list *list, struct api_answer *answer)
{
	cJSON *table = api_table(request, list->items, list->count, true);

	cJSON_ReplaceItemInObjectCaseSensitive(table, "metadata", list_metadata(list));
	api_answer_json(answer, 200, table);
	cJSON_Delete(table);
}

/* 410 of a page says where to go on: the same place, in the list of now. */
static void
answer_old_page(const struct list *list, const struct refusal *r, struct api_answer *answer)
{
	cJSON *status = refusal_status(r);
	char *token = page_token(-1, list->page.ns, list->page.name);

	json_add_string(json_at(status, "metadata"), "continue", token);
	api_answer_json(answer, r->code, status);
	free(token);
	cJSON_Delete(status);
}

int
api_list(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct list list = { .remaining = -1 };
	int rc = list_begin(request, &list, r);

	if (rc == 0)
		rc = list_read(request, &list, r);
	if (rc == 0 && list.form == API_TABLE) {
		answer_table(request, &list, answer);
	} else if (rc == 0) {
		answer_items(request, &list, answer);
	} else if (r->code == 410 && list.has_page) {
		answer_old_page(&list, r, answer);
		refusal_release(r);
		rc = 0;
	}
	list_release(&list);
	return rc;
}
