#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/store_object.h"

/* Subresources that are something to do: evict, bind, finalize, a token; and what cannot be done. */

static int
only_post(const struct api_request *request, struct refusal *r)
{
	return strcmp(request->method, "POST") == 0 ? 0 : api_refuse_method(r);
}

/* A body that may be missing; the caller deletes. */
static int
read_body(const struct api_request *request, cJSON **ret, struct refusal *r)
{
	if (request->body_len)
		return api_body(request, ret, r);
	*ret = cJSON_CreateObject();
	return 0;
}

int
api_eviction(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct stored *after = NULL;
	struct store_write how = { .grace_s = -1 };
	cJSON *body = NULL;
	bool gone;

	if (only_post(request, r) < 0 || read_body(request, &body, r) < 0)
		return -1;
	how.grace_s = json_int(body, "deleteOptions/gracePeriodSeconds", -1);
	how.uid = json_string(body, "deleteOptions/preconditions/uid", NULL);
	how.dry_run = json_at(body, "deleteOptions/dryRun") || api_query(request, "dryRun");
	int rc = store_delete(request->cluster->store, place->kind, place->ns, place->name, &how,
			      &after, &gone, r);
	if (rc == 0)
		api_answer_success(answer, 201, place->kind, NULL);
	stored_drop(after);
	cJSON_Delete(body);
	return rc;
}

/* ---- binding ---- */

static bool
bind_to(void *node, cJSON *object)
{
	cJSON *spec = json_at(object, "spec");

	if (*json_string(spec, "nodeName", ""))
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "nodeName");
	json_add_string(spec, "nodeName", node);
	return true;
}

int
api_binding(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct store_write how = { .grace_s = -1, .dry_run = api_query(request, "dryRun") };
	const struct stored *after = NULL;
	cJSON *body = NULL;

	if (only_post(request, r) < 0 || read_body(request, &body, r) < 0)
		return -1;
	char *node = xstrdup(json_string(body, "target/name", ""));
	int rc = *node ? 0
		       : refuse_invalid(r, "", "Binding", place->name, "target.name",
					"Required value");
	if (rc == 0)
		rc = store_change(request->cluster->store, place->kind, place->ns, place->name,
				  &how, bind_to, node, &after, r);
	if (rc == 0 && strcmp(json_string(after->object, "spec/nodeName", ""), node) != 0) {
		char *why = xasprintf("pod %s is already assigned to node \"%s\"", place->name,
				      json_string(after->object, "spec/nodeName", ""));
		rc = refuse_conflict(r, "", "pods/binding", place->name, why);
		free(why);
	}
	if (rc == 0)
		api_answer_success(answer, 201, place->kind, NULL);
	stored_drop(after);
	free(node);
	cJSON_Delete(body);
	return rc;
}

/* ---- what would be inside of a container ---- */

/* A 404 here would only be taken for a mistake of one's own. */
int
api_inside(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct stored *pod =
		store_get(request->cluster->store, place->kind, place->ns, place->name);

	(void)answer;
	if (!pod)
		return refuse_not_found(r, place->group, place->resource, place->name);
	stored_drop(pod);
	return refuse_bad_request(r,
				  "containers of a practice world run no programs: %s of pod %s is "
				  "not possible",
				  place->subresource, place->name);
}

/* ---- finalize ---- */

static bool
take_finalizers(void *wanted, cJSON *object)
{
	cJSON *spec = json_at(object, "spec");
	const cJSON *list = wanted;

	if (!spec)
		return false;
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "finalizers");
	if (cJSON_GetArraySize(list))
		json_add(spec, "finalizers", cJSON_Duplicate(list, true));
	return true;
}

int
api_finalize(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct store_write how = { .grace_s = -1, .dry_run = api_query(request, "dryRun") };
	const struct stored *after = NULL;
	cJSON *body = NULL;

	if (strcmp(request->method, "PUT") != 0)
		return api_refuse_method(r);
	if (api_body_object(request, &body, r) < 0)
		return -1;
	int rc = store_change(request->cluster->store, place->kind, "", place->name, &how,
			      take_finalizers, json_at(body, "spec/finalizers"), &after, r);
	if (rc == 0)
		api_answer_object(request, answer, 200, after);
	stored_drop(after);
	cJSON_Delete(body);
	return rc;
}

/* ---- a token of a service account ---- */

enum { TOKEN_BYTES = 48, TOKEN_S = 3600, TOKEN_LEAST_S = 600 };

#define TOKEN_MOST_S (INT64_C(1) << 32)

static int
check_token(const cJSON *review, struct refusal *r)
{
	const cJSON *said = json_at(review, "spec/expirationSeconds");
	int64_t seconds = json_int(review, "spec/expirationSeconds", said ? INT64_MAX : TOKEN_S);

	if (!cJSON_IsObject(review))
		return refuse_bad_request(r, "the object provided is unrecognized (must be of type "
					     "TokenRequest): couldn't get version/kind");
	if (seconds >= TOKEN_LEAST_S && seconds <= TOKEN_MOST_S)
		return 0;
	return refuse_invalid(
		r, "authentication.k8s.io", "TokenRequest", "", "spec.expirationSeconds",
		"Invalid value: %lld: may not specify a duration %s", (long long)seconds,
		seconds < TOKEN_LEAST_S ? "less than 10 minutes" : "larger than 2^32 seconds");
}

/* Nobody looks into it: it only must not be guessed. */
static char *
make_token(void)
{
	unsigned char bytes[TOKEN_BYTES];
	char *text = xmalloc(BASE64_MAX(TOKEN_BYTES));

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort(); /* only where the kernel has no such call */
	base64_encode(bytes, sizeof(bytes), text);
	for (char *at = text; *at; at++)
		*at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
	return text;
}

static void
register_token(const struct api_request *request, const char *token)
{
	struct caller caller;

	caller_account(request->place.ns, request->place.name, &caller);
	tokens_add(request->cluster->tokens, token, caller.user,
		   (const char *const *)(uintptr_t)caller.groups);
	caller_release(&caller);
}

static void
answer_token(const struct api_request *request, cJSON *review, struct api_answer *answer)
{
	char stamp[CLOCK_STAMP_MAX], *token = make_token();
	cJSON *spec = json_at(review, "spec"), *status;
	int64_t seconds = json_int(spec, "expirationSeconds", TOKEN_S);

	if (!cJSON_IsObject(spec)) {
		cJSON_DeleteItemFromObjectCaseSensitive(review, "spec");
		spec = cJSON_AddObjectToObject(review, "spec");
	}
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "expirationSeconds");
	json_add_int(spec, "expirationSeconds", seconds);
	if (!cJSON_GetArraySize(json_at(spec, "audiences"))) {
		cJSON_DeleteItemFromObjectCaseSensitive(spec, "audiences");
		cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "audiences"),
				     cJSON_CreateString("https://kubernetes.default.svc"));
	}
	cJSON_DeleteItemFromObjectCaseSensitive(review, "status");
	status = cJSON_AddObjectToObject(review, "status");
	json_add_string(status, "token", token);
	json_add_string(status, "expirationTimestamp",
			object_time(clock_wall_ms() + seconds * 1000, stamp));
	register_token(request, token);
	api_answer_json(answer, 201, review);
	free(token);
}

int
api_token(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	cJSON *body = NULL;

	if (only_post(request, r) < 0)
		return -1;
	const struct stored *account =
		store_get(request->cluster->store, place->kind, place->ns, place->name);
	if (!account)
		return refuse_not_found(r, place->group, place->resource, place->name);
	stored_drop(account);
	if (read_body(request, &body, r) < 0)
		return -1;
	int rc = check_token(body, r);
	if (rc == 0)
		answer_token(request, body, answer);
	cJSON_Delete(body);
	return rc;
}
