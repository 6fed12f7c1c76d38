#include "config.h"

#include "run/executor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/preview.h"

static int
compare_uses(const void *key, const void *row)
{
	const struct executor *const *executor = row;

	return strcmp(key, (*executor)->type.uses);
}

const struct executor *
executor_find(const struct executor_table *table, const char *uses)
{
	const struct executor *const *row = bsearch(uses, table->executors, table->count,
						    sizeof(*table->executors), compare_uses);

	return row ? *row : NULL;
}

const struct target_driver *
target_driver_find(const struct executor_table *table, enum target_kind kind)
{
	for (size_t i = 0; i < table->drivers_count; i++)
		if (table->drivers[i]->kind == kind)
			return table->drivers[i];
	return NULL;
}

struct preview {
	cJSON *lines; /* as the journal's plan records hold them */
	cJSON *seen;  /* or NULL */
	size_t dropped;
	char *name;
	enum step_effect effect; /* the lowest that the action may have */
};

struct preview *
preview_new(void)
{
	struct preview *p = xcalloc(1, sizeof(*p));

	p->lines = cJSON_CreateArray();
	return p;
}

void
preview_free(struct preview *p)
{
	if (!p)
		return;
	cJSON_Delete(p->lines);
	cJSON_Delete(p->seen);
	free(p->name);
	free(p);
}

static void
add_line(struct preview *p, enum preview_mark mark, const char *text, size_t len_bytes)
{
	static const char *const marks[] = {
		[PREVIEW_TEXT] = " ",	[PREVIEW_REQUEST] = ">", [PREVIEW_ADD] = "+",
		[PREVIEW_REMOVE] = "-", [PREVIEW_CONTEXT] = "=", [PREVIEW_WARNING] = "!",
	};

	if (cJSON_GetArraySize(p->lines) >= PREVIEW_MAX_LINES) {
		p->dropped++;
		return;
	}
	char *line = xstrndup(text, len_bytes);
	cJSON *pair = cJSON_CreateArray();
	cJSON_AddItemToArray(pair, cJSON_CreateString(marks[mark]));
	cJSON_AddItemToArray(pair, cJSON_CreateString(line));
	cJSON_AddItemToArray(p->lines, pair);
	free(line);
}

void
preview_add(struct preview *p, enum preview_mark mark, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	for (const char *at = text;;) {
		size_t len = strcspn(at, "\n");

		if (at == text || len > 0 || at[len])
			add_line(p, mark, at, len);
		if (!at[len])
			break;
		at += len + 1;
	}
	free(text);
}

void
preview_set_name(struct preview *p, const char *name)
{
	free(p->name);
	p->name = xstrdup(name);
}

void
preview_remember(struct preview *p, cJSON *seen)
{
	cJSON_Delete(p->seen);
	p->seen = seen;
}

cJSON *
preview_take_seen(struct preview *p)
{
	cJSON *seen = p->seen;

	p->seen = NULL;
	return seen;
}

void
preview_raise_effect(struct preview *p, enum step_effect effect)
{
	if (effect > p->effect)
		p->effect = effect;
}

enum step_effect
preview_effect(const struct preview *p)
{
	return p->effect;
}

const char *
preview_name(const struct preview *p)
{
	return p->name;
}

cJSON *
preview_take_lines(struct preview *p)
{
	if (p->dropped) {
		size_t dropped = p->dropped;

		cJSON_DeleteItemFromArray(p->lines, PREVIEW_MAX_LINES - 1);
		p->dropped = 0;
		preview_add(p, PREVIEW_TEXT, "… and %zu more lines", dropped + 1);
	}
	cJSON *lines = p->lines;
	p->lines = cJSON_CreateArray();
	return lines;
}

struct probe {
	cJSON *lines; /* as the journal's probe records hold them */
	size_t dropped;
};

struct probe *
probe_new(void)
{
	struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->lines = cJSON_CreateArray();
	return probe;
}

void
probe_free(struct probe *probe)
{
	if (!probe)
		return;
	cJSON_Delete(probe->lines);
	free(probe);
}

void
probe_add(struct probe *probe, const char *format, ...)
{
	va_list ap;

	if (cJSON_GetArraySize(probe->lines) >= PROBE_MAX_LINES) {
		probe->dropped++;
		return;
	}
	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	cJSON_AddItemToArray(probe->lines, cJSON_CreateString(text));
	free(text);
}

cJSON *
probe_take_lines(struct probe *probe)
{
	cJSON *lines = probe->lines;

	if (probe->dropped) {
		char *text = xasprintf("… and %zu more lines", probe->dropped);

		cJSON_AddItemToArray(lines, cJSON_CreateString(text));
		free(text);
	}
	*probe = (struct probe){ .lines = cJSON_CreateArray() };
	return lines;
}

struct permission_list {
	cJSON *items;
};

struct permission_list *
permission_list_new(void)
{
	struct permission_list *list = xcalloc(1, sizeof(*list));

	list->items = cJSON_CreateArray();
	return list;
}

void
permission_list_free(struct permission_list *list)
{
	if (!list)
		return;
	cJSON_Delete(list->items);
	free(list);
}

void
permission_add(struct permission_list *list, const char *verb, const char *group,
	       const char *resource, const char *subresource, const char *name, const char *ns)
{
	cJSON *item = cJSON_CreateObject();

	json_add_string(item, "verb", verb);
	json_add_string(item, "group", group);
	json_add_string(item, "resource", resource);
	json_add_string(item, "subresource", subresource);
	json_add_string(item, "name", name);
	json_add_string(item, "namespace", ns);
	cJSON_AddItemToArray(list->items, item);
}

const cJSON *
permission_list_items(const struct permission_list *list)
{
	return list->items;
}

char *
permission_text(const cJSON *permission)
{
	struct str text = STR_INIT;
	const char *group = json_string(permission, "group", "");
	const char *name = json_string(permission, "name", NULL);
	const char *ns = json_string(permission, "namespace", NULL);
	const char *subresource = json_string(permission, "subresource", NULL);

	str_printf(&text, "%s %s", json_string(permission, "verb", "?"),
		   json_string(permission, "resource", "?"));
	if (*group)
		str_printf(&text, ".%s", group);
	if (name)
		str_printf(&text, "/%s", name);
	if (subresource)
		str_printf(&text, " (%s)", subresource);
	if (ns)
		str_printf(&text, " in %s", ns);
	return str_take(&text);
}
