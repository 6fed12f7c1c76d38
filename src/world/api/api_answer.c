#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/printer/printer.h"

/* What is answered: objects in the form that is asked for, Statuses, texts. */

void
api_answer_release(struct api_answer *answer)
{
	str_release(&answer->body);
	cJSON_Delete(answer->warnings);
	if (answer->stream)
		answer->stream->free(answer->stream);
	*answer = (struct api_answer)API_ANSWER_INIT;
}

void
api_answer_json(struct api_answer *answer, int code, const cJSON *value)
{
	char *text = json_print(value);

	str_clear(&answer->body);
	str_append(&answer->body, text);
	str_append_char(&answer->body, '\n');
	free(text);
	answer->code = code;
	answer->type = "application/json";
}

void
api_answer_refusal(struct api_answer *answer, const struct refusal *r)
{
	cJSON *status = refusal_status(r);

	if (r->code == 404 && str_equal(r->message, "404 page not found"))
		api_answer_text(answer, 404, "404 page not found\n");
	else
		api_answer_json(answer, r->code, status);
	answer->retry_after_s = (int)json_int(status, "details/retryAfterSeconds", 0);
	cJSON_Delete(status);
}

void
api_answer_text(struct api_answer *answer, int code, const char *text)
{
	str_clear(&answer->body);
	str_append(&answer->body, text);
	answer->code = code;
	answer->type = "text/plain; charset=utf-8";
}

void
api_warn(struct api_answer *answer, const char *text)
{
	const cJSON *said;

	if (!answer->warnings)
		answer->warnings = cJSON_CreateArray();
	cJSON_ArrayForEach(said, answer->warnings)
		if (str_equal(said->valuestring, text))
			return; /* a patch that is tried again says it again */
	cJSON_AddItemToArray(answer->warnings, cJSON_CreateString(text));
}

const cJSON *
api_in_version(const struct kind *kind, const struct stored *stored, cJSON **ret_made)
{
	*ret_made = NULL;
	if (kind == stored->kind && cJSON_HasObjectItem(stored->object, "apiVersion"))
		return stored->object;
	*ret_made = cJSON_Duplicate(stored->object, true);
	if (!cJSON_HasObjectItem(*ret_made, "kind"))
		json_add_string(*ret_made, "kind", kind->name);
	kind_convert(kind, *ret_made);
	return *ret_made;
}

cJSON *
api_table(const struct api_request *request, const struct stored *const *items, size_t count,
	  bool headers)
{
	const char *include = api_query(request, "includeObject");
	const struct kind *kind = request->place.kind;
	enum printer_include how = str_equal(include, "None")	  ? PRINTER_NONE
				   : str_equal(include, "Object") ? PRINTER_OBJECT
								  : PRINTER_METADATA;
	cJSON *table = printer_table(kind, items, count, how, headers, clock_wall_ms());
	cJSON *row;

	if (how != PRINTER_OBJECT || count == 0 || items[0]->kind == kind)
		return table;
	cJSON_ArrayForEach(row, json_at(table, "rows"))
		if (json_at(row, "object"))
			kind_convert(kind, json_at(row, "object"));
	return table;
}

static void
answer_table(const struct api_request *request, struct api_answer *answer, int code,
	     const struct stored *stored)
{
	cJSON *table = api_table(request, &stored, 1, true);
	cJSON *metadata = json_at(table, "metadata");

	if (metadata && !json_at(metadata, "resourceVersion")) {
		char *version = xasprintf("%llu", (unsigned long long)stored->version);

		json_add_string(metadata, "resourceVersion", version);
		free(version);
	}
	api_answer_json(answer, code, table);
	cJSON_Delete(table);
}

void
api_answer_object(const struct api_request *request, struct api_answer *answer, int code,
		  const struct stored *stored)
{
	struct refusal r = REFUSAL_INIT;
	enum api_form form = API_OBJECT;
	cJSON *made = NULL;

	if (api_form(request, &form, &r) < 0)
		refusal_release(&r); /* it was asked before anything was done */
	if (form == API_TABLE) {
		answer_table(request, answer, code, stored);
	} else if (form == API_METADATA) {
		made = printer_metadata(stored);
		api_answer_json(answer, code, made);
	} else {
		api_answer_json(answer, code, api_in_version(request->place.kind, stored, &made));
	}
	cJSON_Delete(made);
}

void
api_answer_success(struct api_answer *answer, int code, const struct kind *kind,
		   const struct stored *about)
{
	cJSON *status = cJSON_CreateObject(), *details;

	json_add_string(status, "kind", "Status");
	json_add_string(status, "apiVersion", "v1");
	json_add(status, "metadata", cJSON_CreateObject());
	json_add_string(status, "status", "Success");
	if (about) {
		details = cJSON_AddObjectToObject(status, "details");
		json_add_string(details, "name", about->name);
		if (*kind->group)
			json_add_string(details, "group", kind->group);
		json_add_string(details, "kind", kind->resource);
		json_add_string(details, "uid", about->uid);
	} else {
		json_add_int(status, "code", code);
	}
	api_answer_json(answer, code, status);
	cJSON_Delete(status);
}

/* ---- what is refused everywhere ---- */

int
api_refuse_method(struct refusal *r)
{
	refuse(r, 405, "MethodNotAllowed",
	       "the server does not allow this method on the requested resource");
	r->details = cJSON_CreateObject();
	return -1;
}

int
api_refuse_path(struct refusal *r)
{
	refuse(r, 404, "NotFound", "the server could not find the requested resource");
	r->details = cJSON_CreateObject();
	return -1;
}

int
api_refuse_option(struct refusal *r, const char *options, const char *field, const char *message)
{
	return refuse_invalid(r, "meta.k8s.io", options, "", field, "%s", message);
}
