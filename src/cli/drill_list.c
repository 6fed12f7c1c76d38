#include "config.h"

#include "cli/drill_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/drill_debrief.h"
#include "cli/library.h"
#include "cli/worlds.h"
#include "ui/text/lines.h"

void
drill_text(const char *text, int columns, struct str *out)
{
	struct lines lines;

	lines_init(&lines, columns);
	lines_markdown(&lines, text ? text : "");
	size_t count = lines.count;
	while (count && !*lines.items[count - 1].text)
		count--;
	for (size_t i = 0; i < count; i++)
		str_printf(out, "%s\n", lines.items[i].text);
	lines_release(&lines);
}

/* ---- scenarios ---- */

struct listing {
	const struct drill_results *results;
	cJSON *array;
	struct library_ids ids;
};

static void
add_last(const struct listing *listing, const char *id, cJSON *item)
{
	const struct drill_result *last = drill_results_latest(listing->results, id);
	struct str words = STR_INIT;
	char stamp[CLOCK_STAMP_MAX];

	if (!last)
		return;
	str_printf(&words, "%.10s by %s: ", clock_format_utc(last->started_ms, stamp),
		   last->who ? last->who : "?");
	drill_result_words(last, &words);
	json_add_string(item, "last", str_cstr(&words));
	json_add_string(item, "last_run", last->run_id);
	str_release(&words);
}

static void
add_spec(const struct world_spec *spec, cJSON *item)
{
	const cJSON *teaches = json_at(spec->document, "metadata/teaches");
	cJSON *variants;

	json_add_string(item, "title", spec->title);
	json_add_string(item, "version", spec->version);
	json_add_string(item, "runbook", spec->runbook);
	json_add_int(item, "minutes", spec->minutes);
	json_add(item, "teaches", teaches ? cJSON_Duplicate(teaches, true) : cJSON_CreateArray());
	variants = cJSON_AddArrayToObject(item, "variants");
	for (size_t i = 0; i < spec->variants_count; i++) {
		cJSON *variant = cJSON_CreateObject();

		json_add_string(variant, "name", spec->variants[i].name);
		json_add_string(variant, "title", spec->variants[i].title);
		cJSON_AddItemToArray(variants, variant);
	}
}

static void
add_world(void *data, const char *path)
{
	struct listing *listing = data;
	struct diags diags;
	cJSON *item;

	if (!library_ids_take(&listing->ids, path))
		return;
	diags_init(&diags, path);
	struct world_spec *spec = world_spec_load(path, NULL, &diags);
	char *id = library_id(path);
	item = cJSON_CreateObject();
	json_add_string(item, "id", id);
	json_add_string(item, "path", path);
	if (spec)
		add_spec(spec, item);
	else
		json_add_int(item, "errors", (int64_t)diags.errors);
	add_last(listing, spec ? spec->id : id, item);
	cJSON_AddItemToArray(listing->array, item);
	free(id);
	world_spec_free(spec);
	diags_release(&diags);
}

static void
print_clean(const char *before, const char *text)
{
	char *clean = text_clean(text ? text : "", TEXT_DROP_SGR);

	printf("%s%s\n", before, clean);
	free(clean);
}

static void
print_scenario(const cJSON *item)
{
	const cJSON *at;
	char *head;

	if (json_at(item, "errors")) {
		head = xasprintf("%s  has errors, and cannot be practised: lifeboat lint %s",
				 json_string(item, "id", "?"), json_string(item, "path", "?"));
		print_clean("", head);
		free(head);
		return;
	}
	head = json_int(item, "minutes", 0)
		       ? xasprintf("%s  %s (about %lld minutes)", json_string(item, "id", "?"),
				   json_string(item, "title", ""),
				   (long long)json_int(item, "minutes", 0))
		       : xasprintf("%s  %s", json_string(item, "id", "?"),
				   json_string(item, "title", ""));
	print_clean("", head);
	free(head);
	cJSON_ArrayForEach(at, json_at(item, "teaches"))
		print_clean("  teaches: ", at->valuestring);
	print_clean("  last:    ", json_string(item, "last", "never practised"));
	cJSON_ArrayForEach(at, json_at(item, "variants")) {
		char *line = xasprintf("%-24s %s", json_string(at, "name", "?"),
				       json_string(at, "title", ""));

		print_clean("  --variant ", line);
		free(line);
	}
}

static void
print_json(const cJSON *array)
{
	struct str text = STR_INIT;

	json_print_ascii(array, &text);
	puts(str_cstr(&text));
	str_release(&text);
}

static void
print_scenarios(const cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, array) {
		print_scenario(at);
		putchar('\n');
	}
	puts(cJSON_GetArraySize(array)
		     ? "lifeboat drill SCENARIO begins one; --variant random --seed N is an exam."
		     : "There are no scenarios: they are the world files in the folder drills of a "
		       "folder of runbooks (LIFEBOAT_RUNBOOKS).");
}

int
drill_list_print(bool as_json, struct err *e)
{
	struct drill_results results;
	struct listing listing = { .results = &results };

	if (drill_results_read(&results, e) < 0)
		return -1;
	listing.array = cJSON_CreateArray();
	worlds_each(add_world, &listing);
	(as_json ? print_json : print_scenarios)(listing.array);
	cJSON_Delete(listing.array);
	library_ids_release(&listing.ids);
	drill_results_release(&results);
	return 0;
}

/* ---- results ---- */

static char *
variants_of(const cJSON *debrief)
{
	struct str out = STR_INIT;
	const cJSON *at;

	cJSON_ArrayForEach(at, json_at(debrief, "variants"))
		str_printf(&out, "%s%s", out.len ? "," : "", json_string(at, "name", "?"));
	if (!out.len)
		str_append_char(&out, '-');
	return str_take(&out);
}

static void
print_result(const struct drill_result *result)
{
	char stamp[CLOCK_STAMP_MAX], started[CLOCK_STAMP_MAX] = "-";
	char *variants = variants_of(result->debrief), *line;
	struct str words = STR_INIT;

	drill_result_words(result, &words);
	clock_format_utc(result->started_ms, stamp);
	if (result->started_ms)
		snprintf(started, sizeof(started), "%.10s %.5sZ", stamp, stamp + 11);
	line = xasprintf("%-20s  %-17s  %-12s  %-28s  %-24s  %s%s%s", result->run_id, started,
			 result->who ? result->who : "?", result->scenario ? result->scenario : "?",
			 variants, str_cstr(&words), result->problem ? ": " : "",
			 result->problem ? result->problem : "");
	print_clean("", line);
	free(line);
	free(variants);
	str_release(&words);
}

static cJSON *
result_json(const struct drill_result *result)
{
	cJSON *item = cJSON_CreateObject();
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(item, "run", result->run_id);
	json_add_string(item, "folder", result->folder);
	json_add_string(item, "operator", result->who);
	json_add_string(item, "scenario", result->scenario);
	json_add_bool(item, "goes_on", result->goes_on);
	json_add_string(item, "started",
			result->started_ms ? clock_format_utc(result->started_ms, stamp) : NULL);
	json_add_string(item, "problem", result->problem);
	json_add(item, "debrief",
		 result->debrief ? cJSON_Duplicate(result->debrief, true) : cJSON_CreateNull());
	return item;
}

int
drill_results_print(bool as_json, struct err *e)
{
	struct drill_results results;
	cJSON *array;

	if (drill_results_read(&results, e) < 0)
		return -1;
	array = cJSON_CreateArray();
	if (!as_json && results.count)
		printf("%-20s  %-17s  %-12s  %-28s  %-24s  %s\n", "RUN", "STARTED", "WHO",
		       "SCENARIO", "VARIANTS", "RESULT");
	for (size_t i = 0; i < results.count; i++) {
		if (as_json)
			cJSON_AddItemToArray(array, result_json(&results.items[i]));
		else
			print_result(&results.items[i]);
	}
	if (as_json)
		print_json(array);
	else if (!results.count)
		puts("There was no drill yet. lifeboat drill lists what can be practised.");
	cJSON_Delete(array);
	drill_results_release(&results);
	return 0;
}
