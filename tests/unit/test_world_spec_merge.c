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

static struct world_folder folder;

static int
make_folder(void **state)
{
	(void)state;
	world_folder_make(&folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	world_folder_remove(&folder);
	return 0;
}

/* The small world with variants "v" and "w" (NULL: none) of its own, whose changes are given. */
static void
write_variants(const char *v, const char *w)
{
	const char *at = strstr(world_text, "variants:\n"), *rest = strstr(world_text, "impact:");
	struct str text = STR_INIT;

	str_append_bytes(&text, world_text, (size_t)(at - world_text));
	str_printf(&text, "variants:\n  v: {title: V, symptom: V, change: {%s}}\n", v);
	if (w)
		str_printf(&text, "  w: {title: W, symptom: W, change: {%s}}\n", w);
	str_append(&text, rest);
	world_folder_write(&folder, "small.yaml", str_cstr(&text));
	str_release(&text);
}

/* The document with a variant, or both. */
static struct world_spec *
load_with(const char *v, const char *w)
{
	const char *const variants[] = { "v", w ? "w" : NULL, NULL };
	char *said;
	struct world_spec *spec;

	write_variants(v, w);
	spec = world_load(&folder, variants, &said);
	assert_string_equal(said, "");
	assert_non_null(spec);
	free(said);
	return spec;
}

static void
check_refused(const char *v, const char *w, const char *wanted)
{
	const char *const variants[] = { "v", w ? "w" : NULL, NULL };
	char *said;

	write_variants(v, w);
	assert_null(world_load(&folder, variants, &said));
	if (!strstr(said, wanted))
		fail_msg("wanted: %s\nsaid:\n%s", wanted, said);
	free(said);
}

static char *
printed(const struct world_spec *spec, const char *path)
{
	return json_print(json_at(spec->document, path));
}

static void
check_printed(const struct world_spec *spec, const char *path, const char *wanted)
{
	char *text = printed(spec, path);

	assert_string_equal(text, wanted);
	free(text);
}

static void
merge_text_replaces(void **state)
{
	struct world_spec *spec = load_with("text: Another call., params: {context: two}", NULL);

	(void)state;
	assert_string_equal(spec->text, "Another call.");
	check_printed(spec, "params", "{\"context\":\"two\",\"password\":\"secret-words\"}");
	world_spec_free(spec);
}

static void
merge_named_element_keeps_its_other_fields(void **state)
{
	struct world_spec *spec = load_with("clusters: [{name: two, state: up}]", NULL);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "clusters")), 2);
	assert_string_equal(json_string(spec->document, "clusters/1/state", ""), "up");
	assert_int_equal(json_int(spec->document, "clusters/1/address", 0), 20);
	assert_string_equal(json_string(spec->document, "clusters/0/name", ""), "one");
	world_spec_free(spec);
}

static void
merge_new_element_comes_last(void **state)
{
	struct world_spec *spec = load_with("clusters: [{name: three, address: 30}]", NULL);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "clusters")), 3);
	assert_string_equal(json_string(spec->document, "clusters/2/name", ""), "three");
	world_spec_free(spec);
}

static void
merge_goes_deep_into_lists_of_lists(void **state)
{
	struct world_spec *spec = load_with(
		"clusters: [{name: one, objects: [{metadata: {name: a}, data: {more: x}}]}]", NULL);

	(void)state;
	check_printed(spec, "clusters/0/objects/0/data",
		      "{\"word\":\"${.random.word}\",\"more\":\"x\"}");
	assert_string_equal(json_string(spec->document, "clusters/0/objects/0/kind", ""),
			    "ConfigMap");
	world_spec_free(spec);
}

static void
merge_object_of_another_kind_is_another_object(void **state)
{
	struct world_spec *spec = load_with("clusters: [{name: one, objects: [{apiVersion: v1, "
					    "kind: Secret, metadata: {name: a}}]}]",
					    NULL);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "clusters/0/objects")), 2);
	world_spec_free(spec);
}

static void
merge_behaviour_by_workload(void **state)
{
	struct world_spec *spec =
		load_with("behaviours: [{workload: deployment/app, pull: 7s}]", NULL);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "behaviours")), 1);
	assert_int_equal(json_int(spec->document, "behaviours/0/pull", 0), 7000);
	check_printed(spec, "behaviours/0/needs", "[\"login\",\"sound\"]");
	world_spec_free(spec);
}

static void
merge_list_of_words_replaces(void **state)
{
	struct world_spec *spec = load_with("behaviours: [{workload: deployment/app, needs: "
					    "[login], otherwise: [{as: unready}]}], "
					    "rules: [{name: goes, when: [sound, both, given]}]",
					    NULL);

	(void)state;
	check_printed(spec, "behaviours/0/needs", "[\"login\"]");
	check_printed(spec, "rules/0/when", "[\"sound\",\"both\",\"given\"]");
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "rules/0/do")), 2);
	world_spec_free(spec);
}

static void
merge_remove_takes_out_of_lists_and_mappings(void **state)
{
	struct world_spec *spec =
		load_with("backup: [{path: app.sql, remove: true}], hints: {fix: {remove: true}}, "
			  "databases: [{name: db, databases: [{name: app, sql: {remove: true}}]}]",
			  NULL);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "backup")), 1);
	assert_string_equal(json_string(spec->document, "backup/0/path", ""), "ca.pem");
	check_printed(spec, "hints", "{}");
	check_printed(spec, "databases/0/databases", "[{\"name\":\"app\",\"owner\":\"app\"}]");
	world_spec_free(spec);
}

static void
merge_replace_takes_a_mapping_as_it_stands(void **state)
{
	struct world_spec *spec =
		load_with("conditions: {login: {fault: bad, replace: true}}", NULL);

	(void)state;
	check_printed(spec, "conditions/login", "{\"fault\":\"bad\"}");
	world_spec_free(spec);
}

static void
merge_condition_of_another_kind_needs_replace(void **state)
{
	(void)state;
	check_refused("conditions: {login: {fault: bad}}", NULL,
		      "a condition has one key, and this one has 2: \"sql\" and \"fault\"");
}

static void
merge_remove_of_nothing_is_an_error(void **state)
{
	(void)state;
	check_refused("backup: [{path: none, remove: true}]", NULL,
		      "\"none\" is not there, so that it cannot be removed");
	check_refused("hints: {none: {remove: true}}", NULL,
		      "\"none\" is not there, so that it cannot be removed");
}

static void
merge_element_that_fits_several_is_an_error(void **state)
{
	(void)state;
	check_refused("clusters: [{name: one, objects: [{apiVersion: v1, kind: Secret, metadata: "
		      "{name: a}}]}]",
		      "clusters: [{name: one, objects: [{metadata: {name: a}, data: {x: y}}]}]",
		      "\"a\" is there 2 times: say which one is changed (kind)");
}

static void
merge_two_variants_of_different_things_combine(void **state)
{
	struct world_spec *spec = load_with("clusters: [{name: two, state: up}], text: Another.",
					    "clusters: [{name: two, version: v1.20.1}]");

	(void)state;
	assert_string_equal(json_string(spec->document, "clusters/1/state", ""), "up");
	assert_string_equal(json_string(spec->document, "clusters/1/version", ""), "v1.20.1");
	assert_string_equal(spec->text, "Another.");
	world_spec_free(spec);
}

static void
merge_two_variants_of_the_same_value_combine(void **state)
{
	struct world_spec *spec =
		load_with("text: Another., clusters: [{name: two, state: up}]",
			  "text: \"Another.\", clusters: [{name: two, state: up}]");

	(void)state;
	assert_string_equal(spec->text, "Another.");
	world_spec_free(spec);
}

static void
merge_two_variants_that_differ_are_refused(void **state)
{
	(void)state;
	check_refused("text: One.", "text: Other.",
		      "the variants \"v\" and \"w\" cannot be combined: they change \"text\" "
		      "differently");
	check_refused("clusters: [{name: two, state: up}]",
		      "clusters: [{name: two, state: refuses}]",
		      "they change \"state\" differently");
	check_refused("rules: [{name: goes, when: [given]}]", "rules: [{name: goes, when: [both]}]",
		      "they change \"when\" differently");
	check_refused("clusters: [{name: three, address: 30}]",
		      "clusters: [{name: three, address: 31}]",
		      "they change \"address\" differently");
	check_refused("params: {context: two}", "params: {context: one, replace: true}",
		      "they change \"params\" differently");
}

static void
merge_one_removes_what_the_other_changes_is_refused(void **state)
{
	(void)state;
	check_refused("backup: [{path: app.sql, remove: true}]",
		      "backup: [{path: app.sql, private: true}]",
		      "one changes \"app.sql\", and the other one removes it");
	check_refused("backup: [{path: app.sql, private: true}]",
		      "backup: [{path: app.sql, remove: true}]",
		      "one changes \"app.sql\", and the other one removes it");
}

static void
merge_both_remove_combine(void **state)
{
	struct world_spec *spec = load_with("backup: [{path: app.sql, remove: true}]",
					    "backup: [{path: app.sql, remove: true}]");

	(void)state;
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "backup")), 1);
	world_spec_free(spec);
}

static void
merge_excluded_variant_is_refused(void **state)
{
	const char *const variants[] = { "other-word", "no-dump", NULL };
	char *text = world_changed("    surprise:", "    excludes: [other-word]\n    surprise:"),
	     *said;

	(void)state;
	world_folder_write(&folder, "small.yaml", text);
	assert_null(world_load(&folder, variants, &said));
	assert_non_null(strstr(said, "the variants \"other-word\" and \"no-dump\" cannot be "
				     "combined: one excludes the other"));
	free(said);
	free(text);
}

static void
merge_unknown_variant_lists_them(void **state)
{
	const char *const variants[] = { "no-dumb", NULL };
	char *said;

	(void)state;
	world_folder_write(&folder, "small.yaml", world_text);
	assert_null(world_load(&folder, variants, &said));
	assert_non_null(strstr(said,
			       "there is no variant \"no-dumb\"; there are other-word, old-word, "
			       "no-dump; did you mean \"no-dump\"?"));
	free(said);
}

static void
merge_same_variant_twice_is_once(void **state)
{
	const char *const variants[] = { "no-dump", "no-dump", NULL };
	char *said;
	struct world_spec *spec;

	(void)state;
	world_folder_write(&folder, "small.yaml", world_text);
	spec = world_load(&folder, variants, &said);
	assert_string_equal(said, "");
	assert_int_equal(cJSON_GetArraySize(json_at(spec->document, "backup")), 1);
	world_spec_free(spec);
	free(said);
}

/* "a b " for a seed, or "" where nothing was picked. The caller frees. */
static char *
picked(uint64_t seed, size_t *ret_count)
{
	struct diags diags;
	struct str out = STR_INIT;
	char **names;

	diags_init(&diags, folder.file);
	names = world_spec_pick(folder.file, seed, &diags);
	assert_int_equal(diags.errors, 0);
	*ret_count = 0;
	for (char **name = names; name && *name; name++) {
		str_printf(&out, "%s ", *name);
		(*ret_count)++;
		free(*name);
	}
	free(names);
	diags_release(&diags);
	return str_take(&out);
}

static void
pick_is_the_same_for_a_seed_and_fits_together(void **state)
{
	bool seen[4] = { false };

	(void)state;
	world_folder_write(&folder, "small.yaml", world_text);
	for (uint64_t seed = 0; seed < 24; seed++) {
		size_t count, again_count;
		char *names = picked(seed, &count), *again = picked(seed, &again_count);

		assert_string_equal(names, again);
		assert_in_range(count, 1, 2); /* two of the three exclude each other */
		assert_false(strstr(names, "other-word") && strstr(names, "old-word"));
		seen[0] |= strstr(names, "other-word") != NULL;
		seen[1] |= strstr(names, "old-word") != NULL;
		seen[2] |= strstr(names, "no-dump") != NULL;
		seen[3] |= count == 2;
		free(names);
		free(again);
	}
	assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
}

static void
pick_without_variants_says_so(void **state)
{
	const char *at = strstr(world_text, "variants:\n"), *rest = strstr(world_text, "impact:");
	char *text = xasprintf("%.*s%s", (int)(at - world_text), world_text, rest);
	struct diags diags;

	(void)state;
	world_folder_write(&folder, "small.yaml", text);
	diags_init(&diags, folder.file);
	assert_null(world_spec_pick(folder.file, 1, &diags));
	assert_string_equal(diags.items[0].message, "this world has no variants to pick");
	diags_release(&diags);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merge_text_replaces),
		cmocka_unit_test(merge_named_element_keeps_its_other_fields),
		cmocka_unit_test(merge_new_element_comes_last),
		cmocka_unit_test(merge_goes_deep_into_lists_of_lists),
		cmocka_unit_test(merge_object_of_another_kind_is_another_object),
		cmocka_unit_test(merge_behaviour_by_workload),
		cmocka_unit_test(merge_list_of_words_replaces),
		cmocka_unit_test(merge_remove_takes_out_of_lists_and_mappings),
		cmocka_unit_test(merge_replace_takes_a_mapping_as_it_stands),
		cmocka_unit_test(merge_condition_of_another_kind_needs_replace),
		cmocka_unit_test(merge_remove_of_nothing_is_an_error),
		cmocka_unit_test(merge_element_that_fits_several_is_an_error),
		cmocka_unit_test(merge_two_variants_of_different_things_combine),
		cmocka_unit_test(merge_two_variants_of_the_same_value_combine),
		cmocka_unit_test(merge_two_variants_that_differ_are_refused),
		cmocka_unit_test(merge_one_removes_what_the_other_changes_is_refused),
		cmocka_unit_test(merge_both_remove_combine),
		cmocka_unit_test(merge_excluded_variant_is_refused),
		cmocka_unit_test(merge_unknown_variant_lists_them),
		cmocka_unit_test(merge_same_variant_twice_is_once),
		cmocka_unit_test(pick_is_the_same_for_a_seed_and_fits_together),
		cmocka_unit_test(pick_without_variants_says_so),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
