#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/secret_value.h"
#include "step/kubernetes/step_kubernetes.h"
#include "step/steps.h"

enum { MAX_COLUMNS = 12, MAX_SHOWN = 200, MAX_CELL = 48 };

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to read, as kubectl calls it: secrets, svc, deployments.apps." },
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The one object to read; without it, the list." },
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector that narrows the list." },
	{ .name = "field_selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A field selector that narrows the list, such as status.phase=Running." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where to look; the target's namespace if not given." },
	{ .name = "all_namespaces",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Read the list of all namespaces." },
	{ .name = "show",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "Keys of a Secret whose values are no secrets and may be shown, such as kid." },
	{ .name = NULL },
};

static int
check_fields(const struct action *action, struct err *e)
{
	const char *name = json_string(action->with, "name", NULL);

	if (!name)
		return 0;
	if (kube_step_check_name(name, e) < 0)
		return err_wrap(e, "kubernetes.get");
	if (json_string(action->with, "selector", NULL) ||
	    json_string(action->with, "field_selector", NULL) ||
	    json_bool(action->with, "all_namespaces", false))
		return err_set(
			e, ERR_SPEC,
			"kubernetes.get: `name` reads one object and goes with neither a selector "
			"nor `all_namespaces`. Remove one of them");
	return 0;
}

static int
get_permissions(struct step_context *ctx, const struct action *action, struct permission_list *list,
		struct err *e)
{
	const char *name = json_string(action->with, "name", NULL);
	struct kube_step s;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	permission_add(list, name ? "get" : "list", s.resource.group, s.resource.name, NULL, name,
		       s.resource.namespaced && !s.all_namespaces ? s.ns : NULL);
	kube_step_release(&s);
	return 0;
}

static int
get_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	    struct err *e)
{
	const char *name = json_string(action->with, "name", NULL);
	struct kube_step s;
	char *path, *query, *place;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	path = kube_step_path(&s, name);
	query = name ? xstrdup("") : kube_step_query(&s);
	place = kube_step_place(&s);
	preview_add(preview, PREVIEW_TEXT, "Reads %s in %s:", s.resource.name, place);
	preview_add(preview, PREVIEW_REQUEST, "GET %s%s", path, query);
	free(place);
	free(query);
	free(path);
	kube_step_release(&s);
	return 0;
}

/* One printed table: which of the server's columns, and how wide. */
struct grid {
	int columns[MAX_COLUMNS];
	size_t width[MAX_COLUMNS];
	size_t count;
	size_t ns_width; /* 0: the namespace is not shown */
};

static char *
cell_text(const cJSON *cells, int column)
{
	const cJSON *cell = cJSON_GetArrayItem(cells, column);

	return cell ? json_text(cell) : xstrdup("");
}

static void
widen(size_t *width, size_t len)
{
	if (len > MAX_CELL)
		len = MAX_CELL;
	if (*width < len)
		*width = len;
}

static void
grid_measure(struct grid *g, const struct kube_step_list *list)
{
	const cJSON *cells;
	int shown = 0;

	cJSON_ArrayForEach(cells, list->rows) {
		for (size_t i = 0; i < g->count; i++) {
			char *text = cell_text(cells, g->columns[i]);

			widen(&g->width[i], strlen(text));
			free(text);
		}
		if (++shown == MAX_SHOWN)
			return;
	}
}

static void
grid_init(struct grid *g, const struct kube_step_list *list, bool with_ns)
{
	const cJSON *column, *item;
	int index = 0;

	*g = (struct grid){ .count = 0 };
	cJSON_ArrayForEach(column, list->columns) {
		if (json_int(column, "priority", 0) == 0 && g->count < MAX_COLUMNS) {
			g->columns[g->count] = index;
			g->width[g->count++] = strlen(json_string(column, "name", ""));
		}
		index++;
	}
	grid_measure(g, list);
	if (with_ns)
		cJSON_ArrayForEach(item, list->items)
			widen(&g->ns_width, strlen(json_string(item, "metadata/namespace", "")));
}

static void
print_head(const struct grid *g, const cJSON *columns, struct str *out)
{
	if (g->ns_width)
		str_printf(out, "%-*s  ", (int)g->ns_width, "NAMESPACE");
	for (size_t i = 0; i < g->count; i++) {
		const cJSON *column = cJSON_GetArrayItem(columns, g->columns[i]);
		const char *name = json_string(column, "name", "");

		for (const char *p = name; *p; p++)
			str_append_char(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
		if (i + 1 < g->count)
			str_printf(out, "%*s", (int)(g->width[i] - strlen(name)) + 2, "");
	}
	str_append_char(out, '\n');
}

static void
print_row(const struct grid *g, const cJSON *item, const cJSON *cells, struct str *out)
{
	if (g->ns_width)
		str_printf(out, "%-*s  ", (int)g->ns_width,
			   json_string(item, "metadata/namespace", ""));
	for (size_t i = 0; i < g->count; i++) {
		char *text = cell_text(cells, g->columns[i]);

		if (i + 1 < g->count)
			str_printf(out, "%-*s  ", (int)g->width[i], text);
		else
			str_append(out, text);
		free(text);
	}
	str_append_char(out, '\n');
}

/* Where the server has no table: names and the phase, which most things with a status have. */
static void
print_plain(const cJSON *item, struct str *out)
{
	str_printf(out, "%s  %s\n", json_string(item, "metadata/name", ""),
		   json_string(item, "status/phase", ""));
}

static void
print_list(const struct kube_step *s, const struct kube_step_list *list, struct str *out)
{
	int count = cJSON_GetArraySize(list->items), shown = 0;
	const cJSON *cells = list->rows->child, *item;
	struct grid g;

	grid_init(&g, list, s->all_namespaces && s->resource.namespaced);
	if (count && g.count)
		print_head(&g, list->columns, out);
	cJSON_ArrayForEach(item, list->items) {
		if (shown == MAX_SHOWN)
			break;
		if (g.count && cells)
			print_row(&g, item, cells, out);
		else
			print_plain(item, out);
		cells = cells ? cells->next : NULL;
		shown++;
	}
	if (count > shown)
		str_printf(out, "… %d more\n", count - shown);
	if (list->truncated)
		str_printf(out, "There are more than %d; the rest was not read.\n",
			   KUBE_STEP_MAX_ITEMS);
}

static void
print_conditions(const cJSON *object, struct str *out)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(object, "status/conditions")) {
		const char *reason = json_string(c, "reason", ""),
			   *text = json_string(c, "message", "");

		str_printf(out, "  %s=%s%s%s%s%s\n", json_string(c, "type", "?"),
			   json_string(c, "status", "?"), *reason ? "  " : "", reason,
			   *text ? ": " : "", text);
	}
}

/* Its size, and what it can be compared by. */
static void
print_hidden(const cJSON *value, struct str *out)
{
	str_printf(out, "  %s  ", value->string);
	secret_value_describe(value, true, out);
	str_append_char(out, '\n');
}

/* Names and sizes only: a short value could not even be hidden by the redactor. */
static void
print_keys(const cJSON *secret, const cJSON *show, struct str *out)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(secret, "data")) {
		size_t len = 0;
		char *bytes =
			kube_step_decode(cJSON_IsString(value) ? value->valuestring : "", &len);

		if (kube_step_shows(show, value->string))
			str_printf(out, "  %s  %s\n", value->string, bytes);
		else
			print_hidden(value, out);
		explicit_bzero(bytes, len);
		free(bytes);
	}
}

static void
print_single(const struct kube_step *s, const char *name, const struct kube_step_list *list,
	     struct str *out)
{
	char *label = kube_resource_label(&s->resource, name);

	str_printf(out, "%s\n", label);
	if (list->columns)
		print_list(s, list, out);
	if (kube_step_is_secret(s))
		print_keys(list->items->child,
			   cJSON_GetObjectItemCaseSensitive(s->action->with, "show"), out);
	else
		print_conditions(list->items->child, out);
	free(label);
}

static cJSON *
make_result(struct kube_step_list *list, const char *name)
{
	cJSON *result;

	if (name)
		return cJSON_DetachItemFromArray(list->items, 0);
	result = cJSON_CreateObject();
	json_add_int(result, "count", cJSON_GetArraySize(list->items));
	if (list->truncated)
		json_add_bool(result, "truncated", true);
	json_add(result, "items", list->items);
	list->items = NULL;
	return result;
}

static int
get_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	const char *name = json_string(action->with, "name", NULL);
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct str out = STR_INIT;
	struct kube_step s;
	int rc;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	rc = kube_step_fetch(&s, name, KUBE_STEP_TABLE, &list, e);
	if (rc == 0) {
		if (name)
			print_single(&s, name, &list, &out);
		else
			print_list(&s, &list, &out);
		ctx->output(ctx, str_cstr(&out), out.len);
		*ret_result = make_result(&list, name);
		kube_step_list_release(&list);
	}
	str_release(&out);
	kube_step_release(&s);
	return rc;
}

const struct executor step_kubernetes_get = {
	.type = {
		.uses = "kubernetes.get",
		.summary = "Read an object, or a list of objects, from a cluster",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "with `name` the object; otherwise {\"items\": […], \"count\": N}, and "
			  "\"truncated\": true where there are more than 1000",
	},
	.permissions = get_permissions,
	.preview = get_preview,
	.run = get_run,
};
