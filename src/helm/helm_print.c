#include "config.h"

#include "helm/helm_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "helm/helm_release.h"
#include "helm/helm_time.h"
#include "helm/helm_values.h"
#include "helm/helm_yaml.h"

/* Go's encoder writes these as \u00..; they stand in texts only. */
static void
print_json(const cJSON *value)
{
	char *text = json_print(value);

	for (const char *at = text; *at; at++) {
		if (strchr("<>&", *at))
			printf("\\u%04x", (unsigned)*at);
		else
			putchar(*at);
	}
	putchar('\n');
	free(text);
}

static void
print_yaml(const cJSON *value)
{
	struct str out = STR_INIT;

	helm_yaml_print(value, true, &out);
	fputs(str_cstr(&out), stdout);
	str_release(&out);
}

void
helm_print_value(const cJSON *value, enum helm_output output)
{
	if (output == HELM_JSON)
		print_json(value);
	else
		print_yaml(value);
}

/* ---- a release ---- */

static void
print_values(const cJSON *release)
{
	const cJSON *config = json_at(release, "config");
	cJSON *computed = helm_values_coalesce(config, json_at(release, "chart/values"));
	cJSON *none = cJSON_CreateObject();

	printf("USER-SUPPLIED VALUES:\n");
	print_yaml(config ? config : none);
	printf("\nCOMPUTED VALUES:\n");
	print_yaml(computed);
	putchar('\n');
	cJSON_Delete(none);
	cJSON_Delete(computed);
}

/* Without white space at its ends. */
static void
print_notes(const char *notes)
{
	size_t len;

	notes += strspn(notes, " \t\r\n");
	len = strlen(notes);
	while (len > 0 && strchr(" \t\r\n", notes[len - 1]))
		len--;
	printf("NOTES:\n%.*s\n", (int)len, notes);
}

static void
print_head(const cJSON *release, unsigned flags)
{
	const char *deployed = json_string(release, "info/last_deployed", "");
	char when[HELM_TIME_MAX];

	printf("NAME: %s\n", json_string(release, "name", ""));
	if (*deployed)
		printf("LAST DEPLOYED: %s\n", helm_time_ansic(deployed, when));
	printf("NAMESPACE: %s\n", json_string(release, "namespace", ""));
	printf("STATUS: %s\n", helm_release_status(release));
	printf("REVISION: %lld\n", (long long)helm_release_revision(release));
	if (flags & HELM_PRINT_ALL)
		printf("CHART: %s\nVERSION: %s\nAPP_VERSION: %s\n",
		       json_string(release, "chart/metadata/name", ""),
		       json_string(release, "chart/metadata/version", ""),
		       json_string(release, "chart/metadata/appVersion", ""));
	if (flags & HELM_PRINT_DESCRIPTION)
		printf("DESCRIPTION: %s\n", json_string(release, "info/description", ""));
	printf("TEST SUITE: None\n");
}

static void
print_table(const cJSON *release, unsigned flags)
{
	const char *description = json_string(release, "info/description", "");
	const char *notes = json_string(release, "info/notes", "");

	print_head(release, flags);
	if (flags & HELM_PRINT_ALL)
		print_values(release);
	if ((flags & HELM_PRINT_ALL) || strcasecmp(description, "Dry run complete") == 0)
		printf("HOOKS:\nMANIFEST:\n%s\n", json_string(release, "manifest", ""));
	if (*notes && !(flags & HELM_PRINT_WITHOUT_NOTES))
		print_notes(notes);
}

void
helm_print_release(const cJSON *release, enum helm_output output, unsigned flags)
{
	if (output == HELM_TABLE)
		print_table(release, flags);
	else
		helm_print_value(release, output);
}

/* ---- tables ---- */

/* A cell's text: cut with dots, as uitable does. The caller frees. */
static char *
cell_of(const char *text, size_t max_width)
{
	struct str out = STR_INIT;

	if (max_width == 0 || text_characters(text) <= max_width)
		return xstrdup(text);
	str_append_bytes(&out, text, text_fit(text, (int)max_width - 3));
	str_append(&out, "...");
	return str_take(&out);
}

void
helm_print_table(const char *const *cells, size_t rows, size_t columns, size_t max_width)
{
	char **texts = xcalloc(rows * columns + 1, sizeof(*texts));
	size_t *widths = xcalloc(columns, sizeof(*widths));

	for (size_t i = 0; i < rows * columns; i++) {
		texts[i] = cell_of(cells[i], max_width);
		if (text_characters(texts[i]) > widths[i % columns])
			widths[i % columns] = text_characters(texts[i]);
	}
	for (size_t i = 0; i < rows * columns; i++) {
		printf("%s%*s", texts[i], (int)(widths[i % columns] - text_characters(texts[i])),
		       "");
		putchar(i % columns == columns - 1 ? '\n' : '\t');
		free(texts[i]);
	}
	free(widths);
	free(texts);
}

static void
print_as_table(const cJSON *list, const struct helm_column *columns, size_t count, size_t max_width)
{
	size_t rows = (size_t)cJSON_GetArraySize(list) + 1, at = 0;
	char **texts = xcalloc(rows * count + 1, sizeof(*texts));
	const cJSON *item;

	for (size_t i = 0; i < count; i++)
		texts[at++] = xstrdup(columns[i].head);
	cJSON_ArrayForEach(item, list)
		for (size_t i = 0; i < count; i++)
			texts[at++] = json_text(json_at(item, columns[i].member));
	helm_print_table((const char *const *)texts, rows, count, max_width);
	while (at > 0)
		free(texts[--at]);
	free(texts);
}

void
helm_print_list(const cJSON *list, const struct helm_column *columns, size_t count,
		enum helm_output output, size_t max_width)
{
	if (output == HELM_TABLE)
		print_as_table(list, columns, count, max_width);
	else
		helm_print_value(list, output);
}
