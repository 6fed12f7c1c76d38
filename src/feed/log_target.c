#include "config.h"

#include "feed/log_target.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client.h"
#include "kube/resource.h"
#include "net/http/http.h"

void
log_target_release(struct log_target *target)
{
	free(target->path);
	free(target->ns);
	free(target->labels);
	free(target->fields);
	*target = (struct log_target){ .path = NULL };
}

static const char *
comma(const struct str *out)
{
	return out->len ? "," : "";
}

static void
append_labels(const cJSON *labels, struct str *out)
{
	const cJSON *label;

	cJSON_ArrayForEach(label, labels)
		if (cJSON_IsString(label))
			str_printf(out, "%s%s=%s", comma(out), label->string, label->valuestring);
}

/* One of matchExpressions. Source: Kubernetes API, LabelSelectorRequirement. */
static int
append_expression(const cJSON *expression, struct str *out, struct err *e)
{
	const char *key = json_string(expression, "key", "");
	const char *operator= json_string(expression, "operator", "");
	const cJSON *value;
	bool first = true;

	if (str_equal(operator, "Exists")) {
		str_printf(out, "%s%s", comma(out), key);
		return 0;
	}
	if (str_equal(operator, "DoesNotExist")) {
		str_printf(out, "%s!%s", comma(out), key);
		return 0;
	}
	if (!str_equal(operator, "In") && !str_equal(operator, "NotIn"))
		return err_set(e, ERR_SPEC,
			       "its selector has the operator \"%s\", which is unknown", operator);
	str_printf(out, "%s%s %s (", comma(out), key, str_equal(operator, "In") ? "in" : "notin");
	cJSON_ArrayForEach(value, json_at(expression, "values")) {
		str_printf(out, "%s%s", first ? "" : ",",
			   cJSON_IsString(value) ? value->valuestring : "");
		first = false;
	}
	str_append_char(out, ')');
	return 0;
}

/* A LabelSelector, or the plain map of labels that the older kinds have, as a query takes it. */
static int
append_selector(const cJSON *selector, struct str *out, struct err *e)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(selector, "matchLabels");
	const cJSON *expressions = cJSON_GetObjectItemCaseSensitive(selector, "matchExpressions");
	const cJSON *expression;

	append_labels(labels || expressions ? labels : selector, out);
	cJSON_ArrayForEach(expression, expressions)
		if (append_expression(expression, out, e) < 0)
			return -1;
	return 0;
}

/* The selector of a workload, which the server is asked for. */
static int
read_workload(struct kube_client *client, const struct kube_resource *resource, const char *ns,
	      const char *name, const struct cancel *cancel, struct str *out, struct err *e)
{
	char *path = kube_resource_path(resource, ns, name);
	char *label = kube_resource_label(resource, name);
	struct kube_request request = { .method = "GET", .path = path, .cancel = cancel };
	cJSON *object = NULL;
	int rc = -1;

	if (kube_request(client, &request, NULL, &object, e) < 0) {
		err_wrap(e, "looking for the pods of %s", label);
		goto out;
	}
	if (append_selector(json_at(object, "spec/selector"), out, e) < 0) {
		err_wrap(e, "looking for the pods of %s", label);
		goto out;
	}
	if (!out->len) {
		err_set(e, ERR_SPEC, "%s has no selector of pods", label);
		err_advise(e, "Name a workload that has, or a label selector");
		goto out;
	}
	rc = 0;
out:
	cJSON_Delete(object);
	free(label);
	free(path);
	return rc;
}

static void
take_pod(struct log_target *target, const char *name)
{
	target->fields = xasprintf("metadata.name=%s", name);
}

static int
find_workload(const struct feed_source *source, struct kube_client *client,
	      const struct cancel *cancel, struct log_target *target, struct err *e)
{
	const char *slash = strchr(source->workload, '/');
	struct kube_resource resource = { .group = NULL };
	struct str labels = STR_INIT;
	char *kind;
	int rc = -1;

	if (!slash || slash == source->workload || !slash[1])
		return err_set(e, ERR_SPEC,
			       "logs of \"%s\": a workload is named as KIND/NAME, as in "
			       "deployment/tsb",
			       source->workload);
	kind = xstrndup(source->workload, (size_t)(slash - source->workload));
	if (kube_resource_find(client, kind, cancel, &resource, e) < 0)
		goto out;
	if (str_equal(resource.name, "pods") && !*resource.group) {
		take_pod(target, slash + 1);
	} else {
		if (read_workload(client, &resource, feed_namespace(source, client), slash + 1,
				  cancel, &labels, e) < 0)
			goto out;
		target->labels = str_take(&labels);
	}
	rc = 0;
out:
	str_release(&labels);
	kube_resource_release(&resource);
	free(kind);
	return rc;
}

/* A workload's pods are beside it, whatever else the source would take in. */
static void
find_path(const struct feed_source *source, const struct kube_client *client,
	  struct log_target *target)
{
	char *encoded;

	if (source->all_namespaces && !source->workload) {
		target->path = xstrdup("/api/v1/pods");
		return;
	}
	target->ns = xstrdup(feed_namespace(source, client));
	encoded = http_encode(target->ns);
	target->path = xasprintf("/api/v1/namespaces/%s/pods", encoded);
	free(encoded);
}

int
log_target_find(const struct feed_source *source, struct kube_client *client,
		const struct cancel *cancel, struct log_target *ret_target, struct err *e)
{
	struct log_target target = { .path = NULL };

	if (source->workload) {
		if (find_workload(source, client, cancel, &target, e) < 0) {
			log_target_release(&target);
			return -1;
		}
	} else if (source->pod) {
		take_pod(&target, source->pod);
	} else {
		target.labels = xstrdup(source->selector);
	}
	find_path(source, client, &target);
	*ret_target = target;
	return 0;
}
