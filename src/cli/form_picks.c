#include "config.h"

#include "cli/form_picks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client.h"
#include "runbook/template.h"

#define NAMESPACES_MAX "500"

enum { PATIENCE_MS = 10000 };

/* ---- which parameters ---- */

/* Whether an expression is just .params.NAME. */
static bool
is_param(const char *text, size_t len, const struct param *param)
{
	static const char root[] = "params.";
	size_t name_len = strlen(param->name), root_len = sizeof(root) - 1;

	while (len > 0 && *text == ' ')
		text++, len--;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len == 1 + root_len + name_len && (*text == '.' || *text == '$') &&
	       strncmp(text + 1, root, root_len) == 0 &&
	       strncmp(text + 1 + root_len, param->name, name_len) == 0;
}

/* Whether a template is just ${.params.NAME}. */
static bool
is_template_of(const cJSON *value, const struct param *param)
{
	const char *text = cJSON_IsString(value) ? value->valuestring : "";
	size_t len = strlen(text);

	return len > 3 && str_starts_with(text, "${") && text[len - 1] == '}' &&
	       is_param(text + 2, len - 3, param);
}

static bool
names_context(const struct target_spec *target, const struct param *param)
{
	const cJSON *contexts = json_at(target->with, "contexts"), *item;

	if (is_template_of(json_at(target->with, "context"), param))
		return true;
	if (cJSON_IsString(contexts))
		return is_param(contexts->valuestring, strlen(contexts->valuestring), param);
	cJSON_ArrayForEach(item, contexts)
		if (is_template_of(item, param))
			return true;
	return false;
}

enum pick_kind
pick_kind_of(const struct runbook *rb, const struct param *param,
	     const struct target_spec **ret_target)
{
	bool takes_text = param->type == PARAM_STRING ||
			  (param->type == PARAM_LIST && param->items == PARAM_STRING);

	for (size_t i = 0; takes_text && i < rb->targets_count; i++) {
		const struct target_spec *target = &rb->targets[i];
		bool is_context;

		if (target->kind != TARGET_KUBERNETES)
			continue;
		is_context = names_context(target, param);
		if (!is_context && !is_template_of(json_at(target->with, "namespace"), param))
			continue;
		*ret_target = target;
		return is_context ? PICK_CONTEXTS : PICK_NAMESPACES;
	}
	return PICK_NONE;
}

/* ---- where to ask ---- */

/* The text that a field of the target comes to; NULL: it has none. Errors: it has, and that has no value yet. */
static int
expand(const cJSON *template, struct expressions *x, const cJSON *context, char **ret_text,
       struct err *e)
{
	struct err ignored = ERR_INIT;
	cJSON *value = NULL;

	if (!cJSON_IsString(template))
		return 0;
	if (template_expand(template->valuestring, x, context, &value, &ignored) == 0 &&
	    cJSON_IsString(value) && *value->valuestring)
		*ret_text = xstrdup(value->valuestring);
	cJSON_Delete(value);
	if (*ret_text)
		return 0;
	return err_set(e, ERR_USAGE,
		       "%s has no value yet, which says where to ask: fill in first "
		       "what it is made of",
		       template->valuestring);
}

/* Of a group, the first of its contexts. */
static int
first_context(const cJSON *contexts, struct expressions *x, const cJSON *context, char **ret_text,
	      struct err *e)
{
	struct err ignored = ERR_INIT;
	cJSON *list = NULL;

	if (cJSON_IsArray(contexts))
		return expand(cJSON_GetArrayItem(contexts, 0), x, context, ret_text, e);
	if (expressions_eval(x, contexts->valuestring, context, context, 0, &list, &ignored) == 0)
		*ret_text = xstrdup(cJSON_GetStringValue(cJSON_GetArrayItem(list, 0)));
	cJSON_Delete(list);
	if (*ret_text)
		return 0;
	return err_set(e, ERR_USAGE,
		       "%s is empty yet, which says where to ask: fill in first what "
		       "it is made of",
		       contexts->valuestring);
}

static int
settle(struct pick_request *request, const struct runbook *rb, const struct target_spec *target,
       struct expressions *x, const cJSON *context, struct err *e)
{
	const cJSON *contexts = json_at(target->with, "contexts");
	char *file = NULL;

	if (expand(json_at(target->with, "kubeconfig"), x, context, &file, e) < 0)
		return -1;
	request->kubeconfig = file ? file_resolve(rb->path, file) : NULL;
	free(file);
	if (request->kind == PICK_CONTEXTS)
		return 0;
	if (contexts)
		return first_context(contexts, x, context, &request->context, e);
	return expand(json_at(target->with, "context"), x, context, &request->context, e);
}

int
pick_request_init(struct pick_request *request, const struct runbook *rb, struct expressions *x,
		  const cJSON *values, const struct param *param, struct secrets *secrets,
		  struct err *e)
{
	const struct target_spec *target = NULL;
	cJSON *context = cJSON_CreateObject();

	*request = (struct pick_request){ .kind = pick_kind_of(rb, param, &target),
					  .secrets = secrets };
	cJSON_AddItemReferenceToObject(context, "params", (cJSON *)(uintptr_t)values);
	int rc = target ? settle(request, rb, target, x, context, e) : 0;
	cJSON_Delete(context);
	return rc;
}

void
pick_request_release(struct pick_request *request)
{
	free(request->kubeconfig);
	free(request->context);
	free(request->remark);
	kubeconfig_free_names(request->items); /* those of namespaces end like them */
	*request = (struct pick_request){ 0 };
}

/* ---- asking ---- */

static void
take_names(struct pick_request *request, const cJSON *list)
{
	const cJSON *items = json_at(list, "items"), *item;
	size_t room = (size_t)cJSON_GetArraySize(items);

	request->items = xcalloc(room + 1, sizeof(*request->items));
	cJSON_ArrayForEach(item, items) {
		const char *name = json_string(item, "metadata/name", NULL);

		if (name)
			request->items[request->count++] = xstrdup(name);
	}
	if (*json_string(list, "metadata/continue", ""))
		request->remark =
			xstrdup("There are more: only the first " NAMESPACES_MAX " are listed.");
}

static int
ask_namespaces(struct pick_request *request, const struct cancel *cancel, struct err *e)
{
	struct kube_client *client = NULL;
	struct kube_request question = {
		.method = "GET",
		.path = "/api/v1/namespaces",
		.query = "limit=" NAMESPACES_MAX,
		.reads = true,
		.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, "
			  "application/json",
		.timeout_ms = PATIENCE_MS,
		.cancel = cancel,
	};
	cJSON *list = NULL;
	int rc;

	if (kube_client_open(request->kubeconfig, request->context, request->secrets, &client, e) <
	    0)
		return -1;
	rc = kube_request(client, &question, NULL, &list, e);
	if (rc == 0)
		take_names(request, list);
	else
		err_wrap(e, "listing the namespaces of %s", kube_client_access(client)->context);
	cJSON_Delete(list);
	kube_client_free(client);
	return rc;
}

static int
read_contexts(struct pick_request *request, struct err *e)
{
	if (kubeconfig_contexts(request->kubeconfig, &request->items, e) < 0)
		return -1;
	while (request->items[request->count])
		request->count++;
	return 0;
}

void
pick_request_run(struct pick_request *request, const struct cancel *cancel)
{
	int rc = request->kind == PICK_CONTEXTS
			 ? read_contexts(request, &request->problem)
			 : ask_namespaces(request, cancel, &request->problem);

	if (rc < 0)
		secrets_redact_err(request->secrets, &request->problem);
}
