#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture_world_spec.h"
#include "runbook/expression.h"
#include "runbook/render.h"

static int
setup(void **state)
{
	static struct world_folder folder;

	world_folder_make(&folder);
	*state = &folder;
	return 0;
}

static int
teardown(void **state)
{
	world_folder_remove(*state);
	return 0;
}

/* The sound world of the folder. */
static struct world_spec *
load_sound(const struct world_folder *folder)
{
	char *said;
	struct world_spec *spec = world_load(folder, NULL, &said);

	assert_string_equal(said, "");
	assert_non_null(spec);
	free(said);
	return spec;
}

static void
load_sound_world_has_its_fields(void **state)
{
	struct world_spec *spec = load_sound(*state);

	assert_string_equal(spec->id, "small");
	assert_string_equal(spec->title, "A small world");
	assert_string_equal(spec->runbook, "mend");
	assert_string_equal(spec->text, "Something is broken.");
	assert_int_equal(spec->minutes, 5);
	assert_int_equal(spec->variants_count, 3);
	assert_string_equal(spec->variants[0].name, "other-word");
	assert_string_equal(spec->variants[0].symptom, "Nobody gets in");
	assert_string_equal(json_string(spec->variants[0].wrong, "look", ""), "it is too late");
	assert_string_equal(spec->folder, ((struct world_folder *)*state)->path);
	world_spec_free(spec);
}

static void
load_durations_become_milliseconds(void **state)
{
	struct world_spec *spec = load_sound(*state);
	const cJSON *document = spec->document;

	assert_int_equal(json_int(document, "rules/0/after", -1), 90000);
	assert_int_equal(json_int(document, "behaviours/0/pull", -1), 20000);
	assert_int_equal(json_int(document, "zones/0/ttl", -1), 90000);
	assert_int_equal(json_int(document, "rules/1/do/0/signal/for", -1), 10000);
	assert_int_equal(json_int(document, "expert/1/at", -1), 240000);
	assert_int_equal(json_int(document, "variants/no-dump/surprise/after", -1), 60000);
	world_spec_free(spec);
}

static void
load_variants_that_were_asked_for_are_chosen(void **state)
{
	static const char *const names[] = { "no-dump", NULL };
	char *said;
	struct world_spec *spec = world_load(*state, names, &said);

	assert_non_null(spec);
	for (size_t i = 0; i < spec->variants_count; i++) {
		const struct world_variant *variant = &spec->variants[i];
		bool is = strcmp(variant->name, "no-dump") == 0;

		assert_int_equal(variant->is_chosen, is);
		assert_string_equal(json_string(variant->surprise, "fault", ""), is ? "bad" : "");
	}
	world_spec_free(spec);
	free(said);
}

static void
load_defaults_are_filled_in(void **state)
{
	struct world_spec *spec = load_sound(*state);
	const cJSON *document = spec->document;

	assert_string_equal(json_string(document, "clusters/0/state", ""), "up");
	assert_int_equal(json_int(document, "clusters/0/nodes", -1), 3);
	assert_int_equal(json_int(document, "databases/0/port", -1), 5432);
	assert_int_equal(json_int(document, "behaviours/0/ready", -1), 1000);
	assert_int_equal(json_int(document, "behaviours/0/otherwise/0/after", -1), 2000);
	assert_int_equal(json_int(document, "conditions/login/sql/again", -1), 5000);
	assert_true(cJSON_IsFalse(json_at(document, "rules/0/once")));
	assert_true(cJSON_IsTrue(json_at(document, "rules/1/do/0/signal/on")));
	assert_null(json_at(document, "rules/0/every"));
	world_spec_free(spec);
}

static void
load_paths_and_lists_have_one_form(void **state)
{
	const struct world_folder *folder = *state;
	struct world_spec *spec = load_sound(folder);
	char *sql = xasprintf("%s/app.sql", folder->path);
	char *things = xasprintf("%s/things.yaml", folder->path);

	assert_string_equal(json_string(spec->document, "databases/0/databases/0/sql", ""), sql);
	assert_string_equal(json_string(spec->document, "clusters/0/files/0", ""), things);
	assert_string_equal(json_string(spec->document, "behaviours/0/cluster/0", ""), "one");
	assert_string_equal(json_string(spec->document, "backup/0/path", ""), "ca.pem");
	free(sql);
	free(things);
	world_spec_free(spec);
}

static void
load_templates_stay(void **state)
{
	struct world_spec *spec = load_sound(*state);

	assert_string_equal(json_string(spec->document, "backup/0/text", ""),
			    "${.authorities.root.pem}");
	world_spec_free(spec);
}

static void
load_missing_file_says_so(void **state)
{
	struct world_folder elsewhere = { .file = "/tmp/lifeboat-no-such-world.yaml" };
	char *said;

	(void)state;
	assert_null(world_load(&elsewhere, NULL, &said));
	assert_non_null(strstr(said, "/tmp/lifeboat-no-such-world.yaml"));
	assert_non_null(strstr(said, "No such file"));
	free(said);
}

static void
load_other_kind_says_so(void **state)
{
	const struct world_folder *folder = *state;
	char *said;

	world_folder_write(folder, "small.yaml", world_runbook_text);
	assert_null(world_load(folder, NULL, &said));
	assert_non_null(
		strstr(said, ":2:7: error: kind is \"Runbook\", and a world is of kind \"World\""));
	free(said);
	assert_false(world_spec_is(folder->file));
	world_folder_write(folder, "small.yaml", world_text);
	assert_true(world_spec_is(folder->file));
}

static void
load_broken_yaml_names_the_place(void **state)
{
	const struct world_folder *folder = *state;
	char *said;

	world_folder_write(folder, "small.yaml", "apiVersion: lifeboat/v1\nkind: [World\n");
	assert_null(world_load(folder, NULL, &said));
	assert_non_null(strstr(said, "small.yaml:3:1: error:"));
	free(said);
	world_folder_write(folder, "small.yaml", "- a\n");
	assert_null(world_load(folder, NULL, &said));
	assert_non_null(strstr(said, "a world is a mapping that begins with"));
	free(said);
}

static void
named_finds_members_of_lists_and_mappings(void **state)
{
	struct world_spec *spec = load_sound(*state);

	assert_int_equal(json_int(world_spec_named(spec, "sites", "grpc"), "ports/0", 0), 9443);
	assert_string_equal(json_string(world_spec_named(spec, "faults", "bad"), "title", ""),
			    "It is bad");
	assert_null(world_spec_named(spec, "sites", "nowhere"));
	assert_null(world_spec_named(spec, "nothing", "ui"));
	world_spec_free(spec);
}

/* {"sites": {"ui": {"address": "127.1.2.60", "port": 8443}}, "gone": null} */
static cJSON *
small_context(void)
{
	const char text[] = "{\"sites\": {\"ui\": {\"address\": \"127.1.2.60\", \"port\": 8443}}, "
			    "\"gone\": null}";

	return json_parse(text, strlen(text), NULL);
}

static void
check_expansion(const char *value, const char *wanted)
{
	struct expressions *x = expressions_new(NULL, 0);
	cJSON *context = small_context(), *in = json_parse(value, strlen(value), NULL), *out = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(world_spec_expand(in, x, context, &out, &e), 0);
	char *text = json_print(out), *before = json_print(in);
	assert_string_equal(text, wanted);
	assert_string_equal(before, value);
	free(text);
	free(before);
	cJSON_Delete(in);
	cJSON_Delete(out);
	cJSON_Delete(context);
	expressions_free(x);
}

static void
expand_templates_everywhere_keep_their_types(void **state)
{
	(void)state;
	check_expansion(
		"{\"a\":[\"${.sites.ui.port}\",{\"b\":\"x:${.sites.ui.address}:y\"}],\"c\":1}",
		"{\"a\":[8443,{\"b\":\"x:127.1.2.60:y\"}],\"c\":1}");
	check_expansion("\"${.sites.ui.port}\"", "8443");
	check_expansion("{\"a\":\"${.gone}\",\"b\":\"$${x}\"}", "{\"a\":null,\"b\":\"${x}\"}");
	check_expansion("{}", "{}");
}

static void
expand_null_in_text_names_the_member(void **state)
{
	struct expressions *x = expressions_new(NULL, 0);
	cJSON *context = small_context(), *out = NULL;
	const char text[] = "{\"list\": [{\"a\": \"x ${.gone} y\"}]}";
	cJSON *in = json_parse(text, strlen(text), NULL);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(world_spec_expand(in, x, context, &out, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "list: a: ${.gone} has no value"));
	assert_null(out);
	cJSON_Delete(in);
	cJSON_Delete(context);
	expressions_free(x);
}

static void
collect(void *data, const char *path)
{
	str_printf(data, "%s\n", path);
}

static void
find_looks_below_each_folder(void **state)
{
	const struct world_folder *folder = *state;
	struct str found = STR_INIT;
	char *drills = xasprintf("%s/drills", folder->path);
	char *wanted =
		xasprintf("%s/drills/a.yaml\n%s/drills/b.yaml\n", folder->path, folder->path);

	assert_int_equal(file_make_folders(drills, 0700, NULL), 0);
	world_folder_write(folder, "drills/b.yaml", world_text);
	world_folder_write(folder, "drills/a.yaml", world_text);
	world_folder_write(folder, "drills/a.sql", "select 1\n");
	setenv("LIFEBOAT_RUNBOOKS", folder->path, 1);
	world_spec_find(collect, &found);
	unsetenv("LIFEBOAT_RUNBOOKS");
	assert_string_equal(str_cstr(&found), wanted);
	str_release(&found);
	free(wanted);
	free(drills);
}

static void
schema_and_manual_know_every_section(void **state)
{
	cJSON *schema = world_spec_schema();
	struct str page = STR_INIT;

	(void)state;
	world_spec_mdoc(&page);
	for (const struct field *row = world_fields; row->name; row++) {
		char *item = xasprintf(".It Ic \"%s\"\n", row->name);

		assert_non_null(json_at(json_at(schema, "properties"), row->name));
		assert_non_null(strstr(str_cstr(&page), item));
		assert_non_null(row->help);
		free(item);
	}
	assert_non_null(strstr(str_cstr(&page), ".Ss Conditions\n"));
	assert_non_null(json_at(json_at(schema, "$defs"), "duration"));
	cJSON_Delete(schema);
	str_release(&page);
}

/* Every row of a table, and of those below it, is complete: it is the manual. */
static void
check_table(const struct field *table, int depth)
{
	assert_true(depth < 12);
	for (const struct field *row = table; row->name; row++) {
		assert_non_null(row->help);
		assert_true(row->type != FIELD_CHOICE || row->choices);
		assert_true(row->type != FIELD_OBJECT || row->fields);
		assert_true(row->items != FIELD_OBJECT || row->fields);
		assert_false(row->flags & FIELD_REQUIRED && row->otherwise);
		if (row->fields)
			check_table(row->fields, depth + 1);
	}
}

static void
tables_are_complete(void **state)
{
	(void)state;
	check_table(world_fields, 0);
}

#define SPEC_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SPEC_TEST(load_sound_world_has_its_fields),
		SPEC_TEST(load_durations_become_milliseconds),
		SPEC_TEST(load_variants_that_were_asked_for_are_chosen),
		SPEC_TEST(load_defaults_are_filled_in),
		SPEC_TEST(load_paths_and_lists_have_one_form),
		SPEC_TEST(load_templates_stay),
		SPEC_TEST(load_missing_file_says_so),
		SPEC_TEST(load_other_kind_says_so),
		SPEC_TEST(load_broken_yaml_names_the_place),
		SPEC_TEST(named_finds_members_of_lists_and_mappings),
		SPEC_TEST(expand_templates_everywhere_keep_their_types),
		SPEC_TEST(expand_null_in_text_names_the_member),
		SPEC_TEST(find_looks_below_each_folder),
		SPEC_TEST(schema_and_manual_know_every_section),
		SPEC_TEST(tables_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
