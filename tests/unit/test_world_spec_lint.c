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

/* One mistake in the sound world: what is said, and what stands where the caret is. */
struct mistake {
	const char *name;
	const char *from, *to;
	const char *message; /* of the first error */
	const char *at;
};

static const struct mistake mistakes[] = {
	/* the tables */
	{ "unknown_key", "    pull: 20s", "    pul: 20s",
	  "unknown key \"pul\" in an entry of \"behaviours\"; did you mean \"pull\"?", "pul: 20s" },
	{ "missing_key", "text: Something is broken.\n", "", "missing key \"text\" in a world",
	  "apiVersion" },
	{ "wrong_word", "state: silent", "state: quiet",
	  "\"state\" wants up, refuses, silent or errors, not \"quiet\"", "quiet" },
	{ "wrong_duration", "ttl: 90s", "ttl: 90", "\"ttl\" wants a duration such as 90s", "90" },
	/* names */
	{ "unknown_cluster", "signal: {name: go",
	  "cluster: {name: ona, state: up}}, {signal: {name: go",
	  "there is no cluster \"ona\"; did you mean \"one\"?", "ona" },
	{ "unknown_cluster_of_behaviour", "  - cluster: one\n", "  - cluster: [one, tow]\n",
	  "there is no cluster \"tow\"; did you mean \"two\"?", "tow" },
	{ "unknown_condition", "needs: [login, sound]", "needs: [login, sund]",
	  "there is no condition \"sund\"; did you mean \"sound\"?", "sund" },
	{ "unknown_condition_of_all", "{all: [login, ready]}", "{all: [login, redy]}",
	  "there is no condition \"redy\"; did you mean \"ready\"?", "redy" },
	{ "unknown_condition_of_surprise", "when: [ready], after", "when: [radey], after",
	  "there is no condition \"radey\"", "radey" },
	{ "unknown_database", "dump: {database: db", "dump: {database: bd",
	  "there is no database \"bd\"", "bd" },
	{ "unknown_site", "site: {name: grpc", "site: {name: grcp",
	  "there is no site \"grcp\"; did you mean \"grpc\"?", "grcp" },
	{ "unknown_site_of_condition", "{not: broken}", "{http: {site: iu}}",
	  "there is no site \"iu\"", "iu" },
	{ "unknown_zone_of_condition", "{not: broken}",
	  "{resolve: {from: one, host: h, zone: example.org}}",
	  "there is no zone \"example.org\"; did you mean \"example.com\"?", "example.org" },
	{ "kept_without_keeps", "{not: broken}",
	  "{dial: {from: one, host: h, port: 9443, kept: 127.0.0.9}}",
	  "\"kept\" has no meaning without keeps", "127.0.0.9" },
	{ "dial_of_no_port", "{not: broken}", "{dial: {from: one, host: h, port: 70000}}",
	  "70000 is not a port", "70000" },
	{ "unknown_authority", "authority: root", "authority: rot",
	  "there is no authority \"rot\"; did you mean \"root\"?", "rot" },
	{ "unknown_certificate", "{certificate: ui}", "{certificate: iu}",
	  "there is no certificate \"iu\"", "iu" },
	{ "unknown_live", "{live: word}", "{live: wrod}",
	  "there is no live value \"wrod\"; did you mean \"word\"?", "wrod" },
	{ "unknown_fault", "{fault: bad}", "{fault: bat}",
	  "there is no fault \"bat\"; did you mean \"bad\"?", "bat" },
	{ "unknown_excluded", "    right: [fix]\n", "    excludes: [no-dunp]\n    right: [fix]\n",
	  "there is no variant \"no-dunp\"; did you mean \"no-dump\"?", "no-dunp" },
	{ "name_twice", "{name: two, address: 20", "{name: one, address: 20",
	  "the name \"one\" is taken: line 11 has it already", "one" },
	{ "key_is_no_name", "  no-dump:\n", "  No-dump:\n", "\"No-dump\" is no name such as",
	  "No-dump" },
	/* conditions */
	{ "condition_of_two_keys", "{signal: go}", "{signal: go, fault: bad}",
	  "a condition has one key, and this one has 2: \"signal\" and \"fault\"", "fault" },
	{ "condition_of_no_key", "{not: broken}", "{}",
	  "a condition has one of these keys: sql, ready, object", "{}" },
	{ "live_of_two_keys", "password: {live: word}", "password: {live: word, text: x}",
	  "a live value has one key, and this one has 2", "text" },
	{ "cycle", "  both: {all: [login, ready]}\n",
	  "  both: {all: [login, three]}\n  three: {not: four}\n  four: {any: [ready, both]}\n",
	  "this condition stands on itself: both, which stands on three, which stands on four, "
	  "which stands on both",
	  "both" },
	{ "cycle_of_held", "{not: broken}", "{held: {condition: sound, for: 1m}}",
	  "this condition stands on itself: sound, which stands on sound", "sound" },
	{ "cycle_of_live",
	  "  word: {object: {cluster: one, kind: ConfigMap, namespace: x, name: a, path: "
	  ".data.word}}\n",
	  "  word: {live: other}\n  other: {live: word}\n", "this live value stands on itself",
	  "word" },
	{ "signal_nobody_gives", "{signal: {name: go", "{signal: {name: gone",
	  "this can never become true: no rule gives the signal \"go\"", "go}" },
	/* addresses and parts */
	{ "address_twice", "address: 20", "address: 10",
	  "the address 10 is taken: line 12 has it already", "10" },
	{ "address_of_a_site_and_a_server", "address: 53", "address: 60", "the address 60 is taken",
	  "60" },
	{ "address_and_port_twice", "ports: [9443]", "ports: [9443, 8443]",
	  "the address 60 is taken: line 30 has it already, with the same port", "60" },
	{ "address_of_a_resolver", "ttl: 90s", "ttl: 90s, resolvers: [{name: r, address: 50}]",
	  "the address 50 is taken", "50" },
	{ "address_too_great", "address: 20", "address: 255",
	  "an address is the last byte of one in the world's network, 2 to 254, not 255", "255" },
	{ "address_of_the_host", "address: 20", "address: 1", "an address is the last byte", "1" },
	{ "port_of_root", "ports: [8443]", "ports: [443]", "a port is 1024 to 65535 here, not 443",
	  "443" },
	{ "role_unknown", "owner: app", "owner: apl", "there is no role \"apl\" on this server",
	  "apl" },
	{ "backup_of_nothing", "  - {path: ca.pem, text: '${.authorities.root.pem}'}",
	  "  - {path: ca.pem}",
	  "a file of the backup has one of text, object, objects and dump, and this one has none",
	  "ca.pem" },
	{ "backup_outside", "path: ca.pem", "path: ../ca.pem", "the file must be within",
	  "../ca.pem" },
	{ "random_of_two_kinds", "{hex: 8}", "{hex: 8, from: 1, to: 2}", "a random value is one of",
	  "{hex" },
	{ "random_backwards", "{hex: 8}", "{from: 3, to: 2}", "\"to\" is less than \"from\"", "2" },
	{ "chart_without_repository", "name: repo/app", "name: app",
	  "a chart is called REPOSITORY/CHART, not \"app\"", "app" },
	{ "answer_of_two_bodies", "body: hello", "body: hello, json: {a: 1}",
	  "an answer has one of body, json and sql", "/, body" },
	{ "certificate_without_key", "{certificate: ui}", "{chain: x}", "a site shows", "{chain" },
	/* objects and files */
	{ "object_without_kind", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a",
	  "{apiVersion: v1, metadata: {name: a", "this is no Kubernetes object: it has no kind",
	  "{apiVersion" },
	{ "object_without_name", "metadata: {name: a, namespace: x}, data",
	  "metadata: {namespace: x}, data", "this Kubernetes object has no metadata.name",
	  "{apiVersion" },
	{ "object_with_bad_name", "metadata: {name: a, namespace: x}, data",
	  "metadata: {name: A_B, namespace: x}, data", "a name of Kubernetes has small letters",
	  "{apiVersion" },
	{ "file_missing", "files: [things.yaml]", "files: [thing.yaml]", "No such file",
	  "thing.yaml" },
	{ "file_is_no_manifest", "files: [things.yaml]", "files: [app.sql]",
	  "app.sql:1: a Kubernetes object is a mapping", "app.sql" },
	{ "sql_missing", "sql: app.sql", "sql: ap.sql", "No such file", "ap.sql" },
	/* behaviours and rules */
	{ "workload_without_kind", "{cluster: one, namespace: x, workload: deployment/app}",
	  "{cluster: one, namespace: x, workload: app}", "a workload is KIND/NAME", "app}" },
	{ "workload_of_unknown_kind", "    workload: deployment/app",
	  "    workload: deploymant/app", "not \"deploymant/app\"; did you mean \"deployment\"?",
	  "deploymant/app" },
	{ "behaviour_twice", "rules:\n",
	  "  - {cluster: [two, one], namespace: x, workload: deployment/app}\nrules:\n",
	  "the behaviour of deployment/app in one/x is given already, in line 48",
	  "deployment/app" },
	{ "without_no_need", "{without: login, as", "{without: ready, as",
	  "\"ready\" is none of its needs", "ready, as" },
	{ "otherwise_never_taken", "      - {without: login",
	  "      - {as: unready}\n      - {without: login",
	  "this is never taken: the entry before it fits always", "{without" },
	{ "action_of_two_keys", "- site: {name: grpc, state: up}",
	  "- {site: {name: grpc, state: up}, fault: {name: bad}}",
	  "an action has one key, such as apply, and this one has 2", "fault" },
	{ "delete_of_anything", "- site: {name: grpc, state: up}",
	  "- delete: {cluster: one, kind: Pod, namespace: x}",
	  "\"delete\" wants a name or a selector", "{cluster: one, kind: Pod" },
	{ "once_and_every", "    after: 1m30s\n", "    once: true\n    every: 5s\n",
	  "a rule acts once, or again and again", "5s" },
	/* templates and expressions */
	{ "template_not_closed", "'${.authorities.root.pem}'", "'${.authorities.root.pem'",
	  "the ${ is not closed", "'${" },
	{ "expression_broken", "path: .data.word", "path: .data..word)", "not a valid expression",
	  ".data..word" },
	{ "template_of_unknown_root", "${.authorities.root.pem}", "${.authority.root.pem}",
	  "\"authority\" is not known here; did you mean", "authority" },
	{ "template_of_unknown_site", "${.sites[\"ui\"].address}", "${.sites[\"iu\"].address}",
	  "there is no site \"iu\"", "iu" },
	{ "live_too_early", "'${.authorities.root.pem}'", "'${.live.word}'",
	  "\"live\" is known only when something happens", "live" },
	{ "look_unknown", ".looks[\"login\"]", ".looks[\"logan\"]",
	  "there is no condition \"logan\"; did you mean \"login\"?", "logan" },
	{ "world_in_a_chart", "${.release.name}", "${.clusters.one.address}",
	  "\"clusters\" is not known in a chart: there are values, release, chart", "clusters" },
	{ "chart_in_the_world", "'${.random.word}'", "'${.values.word}'",
	  "\"values\" is not known here", "values" },
	{ "variable_unknown", "when: .values.on", "when: $valves.on",
	  "\"valves\" is not known in a chart: there are values, release, chart; did you mean "
	  "\"values\"?",
	  "valves" },
	/* the runbook */
	{ "param_unknown", "context: one", "contxt: one",
	  "the runbook has no parameter \"contxt\"; did you mean \"context\"?", "contxt" },
	{ "param_missing", ", password: secret-words", "",
	  "the runbook's parameter \"password\" is not given in params", "{context" },
	{ "operation_unknown", "operation: Reading", "operation: Reding",
	  "the runbook's impact has no operation \"Reding\"; did you mean \"Reading\"?", "Reding" },
	{ "right_unknown", "right: [fix]", "right: [fox]",
	  "there is no step of the runbook \"fox\"; did you mean \"fix\"?", "fox" },
	{ "wrong_unknown", "wrong: {look:", "wrong: {lok:",
	  "there is no step of the runbook \"lok\"; did you mean \"look\"?", "lok" },
	{ "always_wrong_unknown", "wrong: {fix:", "wrong: {fxi:",
	  "there is no step of the runbook \"fxi\"; did you mean \"fix\"?", "fxi" },
	{ "order_unknown", "after: [look]", "after: [luk]",
	  "there is no step of the runbook \"luk\"", "luk" },
	{ "expert_unknown", "{step: look, at", "{step: lookk, at",
	  "there is no step of the runbook \"lookk\"; did you mean \"look\"?", "lookk" },
	{ "expert_twice", "{step: fix, at: 4m}", "{step: look, at: 4m}",
	  "\"look\" is there already", "look" },
	{ "hint_unknown", "hints: {fix:", "hints: {fux:", "there is no step of the runbook \"fux\"",
	  "fux" },
	{ "end_unknown", "ends: [mended]", "ends: [mendet]",
	  "there is no end of the runbook \"mendet\"; did you mean \"mended\"?", "mendet" },
};

enum { MISTAKES = sizeof(mistakes) / sizeof(mistakes[0]) };

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

/* What stands in a text at a line and a column, in characters of one byte. */
static const char *
text_at(const char *text, const struct mark *mark)
{
	for (int line = 1; line < mark->line; line++)
		text = strchr(text, '\n') + 1;
	return text + mark->column - 1;
}

static const struct diag *
first_error(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		if (!diags->items[i].warning)
			return &diags->items[i];
	fail_msg("nothing was found");
	return NULL;
}

static void
lint_mistake_is_found_where_it_is(void **state)
{
	const struct mistake *m = *state;
	char *text = world_changed(m->from, m->to);
	struct str said = STR_INIT;
	struct diags diags;

	world_folder_write(&folder, "small.yaml", text);
	diags_init(&diags, folder.file);
	assert_int_equal(world_spec_lint(folder.file, &diags), -1);
	diags_render(&diags, &said);
	if (!strstr(first_error(&diags)->message, m->message))
		fail_msg("wanted: %s\nsaid:\n%s", m->message, str_cstr(&said));
	if (!str_starts_with(text_at(text, &first_error(&diags)->mark), m->at))
		fail_msg("wanted at: %s\nsaid:\n%s", m->at, str_cstr(&said));
	str_release(&said);
	diags_release(&diags);
	free(text);
}

static void
lint_sound_world_says_nothing(void **state)
{
	struct diags diags;
	struct str said = STR_INIT;

	(void)state;
	world_folder_write(&folder, "small.yaml", world_text);
	diags_init(&diags, folder.file);
	assert_int_equal(world_spec_lint(folder.file, &diags), 0);
	diags_render(&diags, &said);
	assert_string_equal(str_cstr(&said), "");
	str_release(&said);
	diags_release(&diags);
}

static void
lint_text(const char *text, struct diags *diags)
{
	world_folder_write(&folder, "small.yaml", text);
	diags_init(diags, folder.file);
	world_spec_lint(folder.file, diags);
}

static void
lint_unused_condition_is_a_warning(void **state)
{
	char *text = world_changed("  both: {all", "  alone: {fault: bad}\n  both: {all");
	struct diags diags;

	(void)state;
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].message, "nothing asks for the condition \"alone\"");
	diags_release(&diags);
	free(text);
}

static void
lint_without_runbook_leaves_its_names_unchecked(void **state)
{
	char *text = world_changed("runbook: mend", "runbook: mand");
	struct diags diags;

	(void)state;
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(diags.count, 1);
	assert_non_null(
		strstr(diags.items[0].message, "the runbook \"mand\" is not beside the world"));
	diags_release(&diags);
	free(text);
}

static void
lint_mistake_of_a_variant_names_it(void **state)
{
	char *text = world_changed("roles: [{name: app, password: old}]",
				   "roles: [{name: app, pasword: old}]");
	struct diags diags;

	(void)state;
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].message,
			    "unknown key \"pasword\" in an entry of \"roles\"; did you mean "
			    "\"password\"? (with the variant \"old-word\")");
	assert_true(str_starts_with(text_at(text, &diags.items[0].mark), "pasword: old"));
	diags_release(&diags);
	free(text);
}

static void
lint_expression_of_a_variant_is_compiled(void **state)
{
	char *text = world_changed("backup: [{path: app.sql, remove: true}]",
				   "live: {word: {object: {path: '.data['}}}");
	struct diags diags;

	(void)state;
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 1);
	assert_non_null(strstr(diags.items[0].message, "not a valid expression"));
	assert_non_null(strstr(diags.items[0].message, "(with the variant \"no-dump\")"));
	diags_release(&diags);
	free(text);
}

static void
lint_file_without_objects_is_an_error(void **state)
{
	struct diags diags;

	(void)state;
	world_folder_write(&folder, "things.yaml", "# nothing yet\n---\n");
	lint_text(world_text, &diags);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].message, "things.yaml holds no object");
	diags_release(&diags);
	world_folder_write(&folder, "things.yaml",
			   "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: x}\n");
}

static void
lint_cycle_is_told_once(void **state)
{
	char *text = world_changed("  both: {all: [login, ready]}\n",
				   "  both: {all: [login, three]}\n  three: {not: both}\n");
	struct diags diags;

	(void)state;
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 1);
	diags_release(&diags);
	free(text);
}

/* Each stands on all the others: there are more ways than anybody could walk. */
static void
lint_many_cycles_take_no_time(void **state)
{
	struct str tangle = STR_INIT;
	struct diags diags;
	char *text;

	(void)state;
	for (int i = 0; i < 40; i++) {
		str_printf(&tangle, "  c%d: {all: [c0", i);
		for (int j = 1; j < 40; j++)
			str_printf(&tangle, ", c%d", j);
		str_append(&tangle, "]}\n");
	}
	str_append(&tangle, "  both: {all");
	text = world_changed("  both: {all", str_cstr(&tangle));
	lint_text(text, &diags);
	assert_int_equal(diags.errors, 40);
	diags_release(&diags);
	free(text);
	str_release(&tangle);
}

static void
lint_many_mistakes_are_all_found(void **state)
{
	char *text = world_changed("state: silent", "state: quiet");
	char *at = strstr(text, "[login, sound]");
	struct diags diags;

	(void)state;
	memcpy(at, "[logon, sund ]", strlen("[login, sound]"));
	lint_text(text, &diags);
	/* The words, the two names, and `without`, which is none of the needs now. */
	assert_int_equal(diags.errors, 4);
	diags_release(&diags);
	free(text);
}

int
main(void)
{
	struct CMUnitTest tests[MISTAKES + 9];
	size_t count = 0;

	for (size_t i = 0; i < MISTAKES; i++)
		tests[count++] = (struct CMUnitTest){
			.name = mistakes[i].name,
			.test_func = lint_mistake_is_found_where_it_is,
			.initial_state = (void *)(uintptr_t)&mistakes[i],
		};
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_sound_world_says_nothing);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_unused_condition_is_a_warning);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(
		lint_without_runbook_leaves_its_names_unchecked);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_mistake_of_a_variant_names_it);
	tests[count++] =
		(struct CMUnitTest)cmocka_unit_test(lint_expression_of_a_variant_is_compiled);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_file_without_objects_is_an_error);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_cycle_is_told_once);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_many_cycles_take_no_time);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(lint_many_mistakes_are_all_found);
	return _cmocka_run_group_tests("world_spec_lint", tests, count, make_folder, remove_folder);
}
