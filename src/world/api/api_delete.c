#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/selector.h"
#include "world/object/store_object.h"

/* Deletion, of one object or of all of a list that are selected. */

/* ---- how ---- */

/* The body's options, with those of the query where it has none. */
static int
read_options(const struct api_request *request, cJSON **ret_options, struct refusal *r)
{
	static const char number_word[] = "gracePeriodSeconds";
	static const char *const words[] = { "propagationPolicy", "orphanDependents", "dryRun" };
	cJSON *options = NULL;
	int64_t number;

	if (request->body_len && api_body(request, &options, r) < 0)
		return -1;
	if (!cJSON_IsObject(options)) {
		cJSON_Delete(options);
		options = cJSON_CreateObject();
	}
	*ret_options = options;
	if (api_query_int(request, number_word, -1, &number, r) < 0)
		return -1;
	if (number >= 0 && !json_at(options, number_word))
		json_add_int(options, number_word, number);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (api_query(request, words[i]) && !json_at(options, words[i]))
			json_add_string(options, words[i], api_query(request, words[i]));
	return 0;
}

/* orphanDependents, which came before propagationPolicy. */
static int
read_propagation(const cJSON *options, struct store_write *how, struct refusal *r)
{
	static const char *const known[] = { "Foreground", "Background", "Orphan" };
	const char *policy = json_string(options, "propagationPolicy", "");
	const cJSON *orphan = json_at(options, "orphanDependents");

	if (*policy && orphan)
		return api_refuse_option(r, "DeleteOptions", "propagationPolicy",
					 "Invalid value: orphanDependents and deletionPropagation "
					 "cannot be both set");
	if (orphan)
		how->propagation =
			cJSON_IsTrue(orphan) || str_equal(cJSON_GetStringValue(orphan), "true")
				? "Orphan"
				: "Background";
	if (!*policy)
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(policy, known[i]) == 0)
			how->propagation = known[i];
	if (how->propagation)
		return 0;
	char *why = xasprintf("Unsupported value: \"%s\": supported values: \"Foreground\", "
			      "\"Background\", \"Orphan\", \"nil\"",
			      policy);
	api_refuse_option(r, "DeleteOptions", "propagationPolicy", why);
	free(why);
	return -1;
}

static int
read_dry_run(const cJSON *options, struct store_write *how, struct refusal *r)
{
	const cJSON *value = json_at(options, "dryRun");
	const char *word = cJSON_GetStringValue(cJSON_IsArray(value) ? value->child : value);

	how->dry_run = word;
	if (!word || strcmp(word, "All") == 0)
		return 0;
	char *why =
		xasprintf("Unsupported value: []string{\"%s\"}: supported values: \"All\"", word);
	api_refuse_option(r, "DeleteOptions", "dryRun", why);
	free(why);
	return -1;
}

int
api_delete_options(const struct api_request *request, struct store_write *how, cJSON **ret_options,
		   struct refusal *r)
{
	*how = (struct store_write){ .grace_s = -1 };
	*ret_options = NULL;
	if (read_options(request, ret_options, r) < 0)
		return -1;
	const cJSON *options = *ret_options;
	how->grace_s = json_int(options, "gracePeriodSeconds", -1);
	how->uid = json_string(options, "preconditions/uid", NULL);
	how->version =
		strtoull(json_string(options, "preconditions/resourceVersion", "0"), NULL, 10);
	if (read_propagation(options, how, r) < 0)
		return -1;
	return read_dry_run(options, how, r);
}

/* ---- one object ---- */

/* A server tells of these what they were, of others that it is done. */
static bool
is_returned(const struct kind *kind)
{
	static const char *const core[] = { "pods",
					    "services",
					    "serviceaccounts",
					    "persistentvolumes",
					    "persistentvolumeclaims",
					    "podtemplates",
					    "resourcequotas" };

	for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++)
		if (kind_is(kind, "", core[i]))
			return true;
	return false;
}

int
api_delete(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct stored *stored = NULL;
	struct store_write how;
	cJSON *options = NULL;
	enum api_form form;
	bool gone = false;
	int rc = -1;

	if (api_form(request, &form, r) == 0 && api_delete_options(request, &how, &options, r) == 0)
		rc = store_delete(request->cluster->store, place->kind, place->ns, place->name,
				  &how, &stored, &gone, r);
	if (rc == 0) {
		if (gone && !is_returned(place->kind))
			api_answer_success(answer, 200, place->kind, stored);
		else
			api_answer_object(request, answer, 200, stored);
	}
	stored_drop(stored);
	cJSON_Delete(options);
	return rc;
}

/* ---- many ---- */

static void
delete_item(struct api_request *request, const struct store_write *how, const struct stored *item)
{
	const struct stored *after = NULL;
	struct refusal r = REFUSAL_INIT;
	bool gone = false;

	if (store_delete(request->cluster->store, request->place.kind, item->ns, item->name, how,
			 &after, &gone, &r) == 0)
		stored_drop(after);
	refusal_release(&r); /* somebody else was faster */
}

/* The answer is the list of what was there; so it is read first. */
int
api_delete_collection(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct selector *labels = NULL, *fields = NULL;
	const char *ns = *request->place.ns ? request->place.ns : NULL;
	const struct stored **items = NULL;
	struct store_write how;
	cJSON *options = NULL;
	size_t count = 0;
	uint64_t version;
	int rc = -1;

	if (api_delete_options(request, &how, &options, r) < 0 ||
	    api_selectors(request, &labels, &fields, r) < 0 || api_list(request, answer, r) < 0)
		goto out;
	items = store_list(request->cluster->store, request->place.kind, ns, &count, &version);
	for (size_t i = 0; i < count; i++)
		if (api_selects(request->place.kind, labels, fields, items[i]))
			delete_item(request, &how, items[i]);
	rc = 0;
out:
	api_drop_items(items, count);
	selector_free(labels);
	selector_free(fields);
	cJSON_Delete(options);
	return rc;
}
