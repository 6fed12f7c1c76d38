#include "config.h"

#include "helm/helm_render.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm_chart.h"
#include "helm/helm_kinds.h"
#include "helm/helm_yaml.h"
#include "runbook/expression.h"
#include "runbook/template.h"

/* One object with the template that it is from. */
struct rendered {
	const char *template; /* borrowed from the chart */
	cJSON *object;
	size_t index; /* in the chart's order */
};

struct renderer {
	const struct helm_rendering *rendering;
	cJSON *context;
	struct expressions *x;
	const char **texts; /* the chart's expressions */
	char **owned;
	size_t texts_count, texts_cap, owned_count, owned_cap;
	struct rendered *objects;
	size_t count, cap;
};

/* ---- what there is to compile ---- */

static void
take_expression(void *data, const char *expression, size_t offset)
{
	struct renderer *r = data;

	(void)offset;
	*VEC_PUSH(r->owned, r->owned_count, r->owned_cap) = xstrdup(expression);
}

static void
collect(struct renderer *r, const cJSON *value)
{
	const cJSON *item;

	if (cJSON_IsString(value))
		template_scan(value->valuestring, take_expression, r, NULL);
	cJSON_ArrayForEach(item, value)
		collect(r, item);
}

static void
collect_all(struct renderer *r)
{
	const cJSON *chart = r->rendering->chart, *item;

	cJSON_ArrayForEach(item, json_at(chart, "checks"))
		take_expression(r, json_string(item, "expect", "true"), 0);
	cJSON_ArrayForEach(item, json_at(chart, "templates")) {
		if (json_string(item, "when", NULL))
			take_expression(r, json_string(item, "when", ""), 0);
		collect(r, json_at(item, "objects"));
	}
	collect(r, json_at(chart, "notes"));
}

static cJSON *
make_context(const struct helm_rendering *rendering)
{
	cJSON *context = cJSON_CreateObject(), *release = cJSON_CreateObject();
	cJSON *chart = cJSON_CreateObject();

	json_add_string(release, "name", rendering->name);
	json_add_string(release, "namespace", rendering->ns);
	json_add_int(release, "revision", rendering->revision);
	json_add_bool(release, "is_upgrade", rendering->is_upgrade);
	json_add_string(chart, "name", helm_chart_name(rendering->chart));
	json_add_string(chart, "version", json_string(rendering->chart, "version", ""));
	json_add_string(chart, "app_version", json_string(rendering->chart, "app_version", NULL));
	json_add(context, "values", cJSON_Duplicate(rendering->values, true));
	json_add(context, "release", release);
	json_add(context, "chart", chart);
	return context;
}

static void
renderer_init(struct renderer *r, const struct helm_rendering *rendering)
{
	*r = (struct renderer){ .rendering = rendering, .context = make_context(rendering) };
	collect_all(r);
	for (size_t i = 0; i < r->owned_count; i++)
		if (!expression_is_path(r->owned[i]))
			*VEC_PUSH(r->texts, r->texts_count, r->texts_cap) = r->owned[i];
	r->x = expressions_new(r->texts, r->texts_count);
}

static void
renderer_release(struct renderer *r)
{
	expressions_free(r->x);
	for (size_t i = 0; i < r->count; i++)
		cJSON_Delete(r->objects[i].object);
	for (size_t i = 0; i < r->owned_count; i++)
		free(r->owned[i]);
	free(r->objects);
	free(r->owned);
	free(r->texts);
	cJSON_Delete(r->context);
}

/* ---- expanding ---- */

/* *ret_value NULL: it became null, and is left out. */
static int
expand(struct renderer *r, const cJSON *value, cJSON **ret_value, struct err *e)
{
	bool is_list = cJSON_IsArray(value);
	const cJSON *item;
	cJSON *result, *inner;

	if (cJSON_IsString(value)) {
		if (template_expand(value->valuestring, r->x, r->context, &result, e) < 0)
			return -1;
		if (cJSON_IsNull(result)) {
			cJSON_Delete(result);
			result = NULL;
		}
		*ret_value = result;
		return 0;
	}
	if (!is_list && !cJSON_IsObject(value)) {
		*ret_value = cJSON_IsNull(value) ? NULL : cJSON_Duplicate(value, true);
		return 0;
	}
	result = is_list ? cJSON_CreateArray() : cJSON_CreateObject();
	cJSON_ArrayForEach(item, value) {
		if (expand(r, item, &inner, e) < 0) {
			cJSON_Delete(result);
			return -1;
		}
		if (inner && is_list)
			cJSON_AddItemToArray(result, inner);
		else if (inner)
			json_add(result, item->string, inner);
	}
	*ret_value = result;
	return 0;
}

static int
holds(struct renderer *r, const char *expression, bool *ret_holds, struct err *e)
{
	cJSON *value = NULL;

	if (expressions_eval(r->x, expression, r->context, r->context, 0, &value, e) < 0)
		return -1;
	*ret_holds = json_truthy(value);
	cJSON_Delete(value);
	return 0;
}

/* As a template's function "fail" has it. */
static int
check_values(struct renderer *r, struct err *e)
{
	const char *chart = helm_chart_name(r->rendering->chart);
	const cJSON *check;
	int line = 0;

	cJSON_ArrayForEach(check, json_at(r->rendering->chart, "checks")) {
		bool is_right = false;

		line++;
		if (holds(r, json_string(check, "expect", "true"), &is_right, e) < 0)
			return err_wrap(e, "template: %s/templates/_checks.tpl:%d", chart, line);
		if (!is_right)
			return err_set(e, ERR_SPEC,
				       "execution error at (%s/templates/_checks.tpl:%d:4): %s",
				       chart, line, json_string(check, "message", ""));
	}
	return 0;
}

static int
render_template(struct renderer *r, const cJSON *template, struct err *e)
{
	const char *when = json_string(template, "when", NULL);
	const cJSON *item;
	bool is_wanted = true;

	if (when && holds(r, when, &is_wanted, e) < 0)
		return -1;
	if (!is_wanted)
		return 0;
	cJSON_ArrayForEach(item, json_at(template, "objects")) {
		cJSON *object = NULL;

		if (expand(r, item, &object, e) < 0)
			return -1;
		if (!cJSON_IsObject(object)) {
			cJSON_Delete(object);
			continue;
		}
		*VEC_PUSH(r->objects, r->count, r->cap) =
			(struct rendered){ json_string(template, "name", ""), object, r->count };
	}
	return 0;
}

static int
render_all(struct renderer *r, struct err *e)
{
	const char *chart = helm_chart_name(r->rendering->chart);
	const cJSON *template;

	cJSON_ArrayForEach(template, json_at(r->rendering->chart, "templates"))
		if (render_template(r, template, e) < 0)
			return err_wrap(e, "template: %s/%s", chart,
					json_string(template, "name", ""));
	return 0;
}

/* ---- the manifest ---- */

static int
order_of_objects(const void *a, const void *b)
{
	const struct rendered *x = a, *y = b;
	int order = helm_kinds_compare(json_string(x->object, "kind", ""),
				       json_string(y->object, "kind", ""));

	if (!order)
		order = strcmp(x->template, y->template);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static char *
print_manifest(struct renderer *r)
{
	const char *chart = helm_chart_name(r->rendering->chart);
	struct str out = STR_INIT;

	if (r->count)
		qsort(r->objects, r->count, sizeof(*r->objects), order_of_objects);
	for (size_t i = 0; i < r->count; i++) {
		str_printf(&out, "---\n# Source: %s/%s\n", chart, r->objects[i].template);
		helm_yaml_print(r->objects[i].object, false, &out);
	}
	return str_take(&out);
}

static int
render_notes(struct renderer *r, char **ret_notes, struct err *e)
{
	const char *notes = json_string(r->rendering->chart, "notes", NULL);
	cJSON *value = NULL;

	if (notes && template_expand(notes, r->x, r->context, &value, e) < 0)
		return err_wrap(e, "template: %s/templates/NOTES.txt",
				helm_chart_name(r->rendering->chart));
	*ret_notes = xstrdup(cJSON_IsString(value) ? value->valuestring : "");
	cJSON_Delete(value);
	return 0;
}

int
helm_render(const struct helm_rendering *rendering, char **ret_manifest, char **ret_notes,
	    struct err *e)
{
	struct renderer r;
	int rc = -1;

	renderer_init(&r, rendering);
	if (check_values(&r, e) == 0 && render_all(&r, e) == 0 &&
	    render_notes(&r, ret_notes, e) == 0) {
		*ret_manifest = print_manifest(&r);
		rc = 0;
	}
	renderer_release(&r);
	return rc;
}

const cJSON *
helm_render_crds(const cJSON *chart)
{
	return json_at(chart, "crds");
}
