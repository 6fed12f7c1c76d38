#include "config.h"

#include "world/object/refusal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

void
refusal_release(struct refusal *r)
{
	free(r->message);
	cJSON_Delete(r->details);
	*r = (struct refusal)REFUSAL_INIT;
}

static int
set(struct refusal *r, int code, const char *reason, char *message)
{
	refusal_release(r);
	r->code = code;
	r->reason = reason;
	r->message = message;
	return -1;
}

int
refuse(struct refusal *r, int code, const char *reason, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *message = xvasprintf(format, ap);
	va_end(ap);
	return set(r, code, reason, message);
}

int
refuse_bad_request(struct refusal *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *message = xvasprintf(format, ap);
	va_end(ap);
	return set(r, 400, "BadRequest", message);
}

/* "deployments.apps", "pods". The caller frees. */
static char *
qualified(const char *group, const char *resource)
{
	return *group ? xasprintf("%s.%s", resource, group) : xstrdup(resource);
}

static cJSON *
make_details(const char *group, const char *kind, const char *name)
{
	cJSON *details = cJSON_CreateObject();

	if (name)
		json_add_string(details, "name", name);
	if (*group)
		json_add_string(details, "group", group);
	json_add_string(details, "kind", kind);
	return details;
}

int
refuse_not_found(struct refusal *r, const char *group, const char *resource, const char *name)
{
	char *what = qualified(group, resource);

	refuse(r, 404, "NotFound", "%s \"%s\" not found", what, name);
	r->details = make_details(group, resource, name);
	free(what);
	return -1;
}

int
refuse_exists(struct refusal *r, const char *group, const char *resource, const char *name)
{
	char *what = qualified(group, resource);

	refuse(r, 409, "AlreadyExists", "%s \"%s\" already exists", what, name);
	r->details = make_details(group, resource, name);
	free(what);
	return -1;
}

int
refuse_conflict(struct refusal *r, const char *group, const char *resource, const char *name,
		const char *why)
{
	char *what = qualified(group, resource);

	refuse(r, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s", what, name,
	       why);
	r->details = make_details(group, resource, name);
	free(what);
	return -1;
}

/* `Deployment.apps "x" is invalid: a: b`, and with brackets where there are several causes. */
static void
compose_invalid(struct refusal *r, const char *group, const char *kind, const char *name)
{
	const cJSON *causes = json_at(r->details, "causes"), *cause;
	bool several = cJSON_GetArraySize(causes) > 1;
	char *what = qualified(group, kind);
	struct str text = STR_INIT;

	str_printf(&text, "%s \"%s\" is invalid: %s", what, name, several ? "[" : "");
	cJSON_ArrayForEach(cause, causes)
		str_printf(&text, "%s%s: %s", cause == causes->child ? "" : ", ",
			   json_string(cause, "field", ""), json_string(cause, "message", ""));
	str_append(&text, several ? "]" : "");
	free(r->message);
	r->message = str_take(&text);
	free(what);
}

/* The reason that a cause has besides its message, as the server's field errors name them. */
static const char *
cause_reason(const char *message)
{
	static const struct {
		const char *begin, *reason;
	} known[] = {
		{ "Required value", "FieldValueRequired" },
		{ "Duplicate value", "FieldValueDuplicate" },
		{ "Unsupported value", "FieldValueNotSupported" },
		{ "Forbidden", "FieldValueForbidden" },
		{ "Not found", "FieldValueNotFound" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_starts_with(message, known[i].begin))
			return known[i].reason;
	return "FieldValueInvalid";
}

int
refuse_invalid(struct refusal *r, const char *group, const char *kind, const char *name,
	       const char *field, const char *format, ...)
{
	cJSON *cause = cJSON_CreateObject();
	va_list ap;

	va_start(ap, format);
	char *message = xvasprintf(format, ap);
	va_end(ap);
	if (r->code != 422) {
		refuse(r, 422, "Invalid", "%s", "");
		r->details = make_details(group, kind, name);
		json_add(r->details, "causes", cJSON_CreateArray());
	}
	json_add_string(cause, "reason", cause_reason(message));
	json_add_string(cause, "message", message);
	json_add_string(cause, "field", field);
	cJSON_AddItemToArray(json_at(r->details, "causes"), cause);
	compose_invalid(r, group, kind, name);
	free(message);
	return -1;
}

cJSON *
refusal_status(const struct refusal *r)
{
	cJSON *status = cJSON_CreateObject();

	json_add_string(status, "kind", "Status");
	json_add_string(status, "apiVersion", "v1");
	json_add(status, "metadata", cJSON_CreateObject());
	json_add_string(status, "status", "Failure");
	json_add_string(status, "message", r->message);
	if (*r->reason)
		json_add_string(status, "reason", r->reason);
	if (r->details)
		json_add(status, "details", cJSON_Duplicate(r->details, true));
	json_add_int(status, "code", r->code);
	return status;
}
