#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "runbook_broken.h"

static const struct broken broken_documents[] = {
	{ "empty_file", "",
	  "1:1: error: the file is empty: a runbook begins with apiVersion: lifeboat/v1", NULL },
	{ "only_a_comment", "# nothing\n",
	  "1:1: error: the file is empty: a runbook begins with apiVersion: lifeboat/v1", " ^" },
	{ "a_list",
	  "- a\n"
	  "- b\n",
	  "1:1: error: a runbook is a mapping that begins with apiVersion: lifeboat/v1", " ^" },
	{ "a_text", "hello\n",
	  "1:1: error: a runbook is a mapping that begins with apiVersion: lifeboat/v1", " ^" },
	{ "two_documents",
	  HEAD STEPS "---\n"
		     "a: b\n",
	  "7:1: error: a second document: a file holds one runbook", " ^" },
	{ "tab_indent",
	  HEAD "steps:\n"
	       "\t- id: a\n",
	  "5:1: error: a tab cannot indent YAML: use spaces", " ^~~~~~~~" },
	{ "unclosed_quote", HEAD "ends: \"abc\n",
	  "5:1: error: found unexpected end of stream while scanning a quoted scalar "
	  "that begins on line 4",
	  NULL },
	{ "duplicate_key", HEAD STEPS "kind: Runbook\n",
	  "6:1: error: duplicate key \"kind\" (first on line 2)", " ^" },
	{ "wrong_version",
	  "apiVersion: lifeboat/v2\n"
	  "kind: Runbook\n"
	  "new_key: 1\n",
	  "1:13: error: apiVersion is \"lifeboat/v2\", and this version of lifeboat "
	  "reads \"lifeboat/v1\"",
	  "             ^~~~~~~~~~~" },
	{ "wrong_kind",
	  "apiVersion: lifeboat/v1\n"
	  "kind: Deployment\n"
	  "spec: {}\n",
	  "2:7: error: kind is \"Deployment\", and a runbook is of kind \"Runbook\"",
	  "       ^~~~~~~~~~" },
	{ "missing_api_version",
	  "kind: Runbook\n"
	  "metadata: {id: t, title: T}\n" STEPS,
	  "1:1: error: missing key \"apiVersion\" in a runbook", " ^" },
	{ "missing_steps", HEAD, "1:1: error: missing key \"steps\" in a runbook", " ^" },
	{ "empty_steps", HEAD "steps: []\n",
	  "4:8: error: \"steps\" is empty: at least one is wanted", "        ^" },
	{ "steps_without_value", HEAD "steps:\n", "4:7: error: \"steps\" has no value",
	  "       ^" },
	{ "steps_is_a_mapping", HEAD "steps: {a: b}\n",
	  "4:8: error: \"steps\" wants a list of mappings, not a mapping", "        ^" },
	{ "step_is_a_text", HEAD "steps: [a]\n",
	  "4:9: error: an entry of \"steps\" wants a mapping, not \"a\"", "         ^" },
	{ "unknown_key_at_root", HEAD STEPS "step: 1\n",
	  "6:1: error: unknown key \"step\" in a runbook; did you mean \"steps\"?", " ^~~~" },
	{ "unknown_key_in_step",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    timout: 5m\n",
	  "14:5: error: unknown key \"timout\" in a step; did you mean \"timeout\"?",
	  "     ^~~~~~" },
	{ "unknown_key_few",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    for_each: {in: .targets.many, as: c, xyz: 1}\n",
	  "14:42: error: unknown key \"xyz\" in \"for_each\"; it takes in, as",
	  "                                          ^~~" },
	{ "merge_key",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    <<: {a: b}\n",
	  "14:5: error: merge keys (<<) have no meaning in a step: use an alias for a "
	  "whole value",
	  "     ^~" },
	{ "missing_id",
	  HEAD "steps:\n"
	       "  - title: A\n"
	       "    uses: manual.confirm\n"
	       "    with: {prompt: Go}\n",
	  "5:5: error: missing key \"id\" in a step", "     ^" },
	{ "bad_id",
	  "apiVersion: lifeboat/v1\n"
	  "kind: Runbook\n"
	  "metadata: {id: Restore, title: T}\n" STEPS,
	  "3:16: error: \"id\" wants a name such as rotate-tokens (a-z, 0-9, - and _, "
	  "a letter first), not \"Restore\"",
	  "                ^~~~~~~" },
	{ "empty_title",
	  "apiVersion: lifeboat/v1\n"
	  "kind: Runbook\n"
	  "metadata: {id: t, title: ''}\n" STEPS,
	  "3:26: error: \"title\" is empty", "                          ^~" },
	{ "title_without_value",
	  "apiVersion: lifeboat/v1\n"
	  "kind: Runbook\n"
	  "metadata: {id: t, title:}\n" STEPS,
	  "3:24: error: found unexpected ':' while scanning a plain scalar",
	  "                        ^" },
	{ "title_is_a_list",
	  "apiVersion: lifeboat/v1\n"
	  "kind: Runbook\n"
	  "metadata: {id: t, title: [T]}\n" STEPS,
	  "3:26: error: \"title\" wants a text, not a list", "                          ^" },
	{ "bad_duration",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    timeout: 5 minutes\n",
	  "14:14: error: \"timeout\" wants a duration such as 90s, 5m or 1h30m, not "
	  "\"5 minutes\"",
	  "              ^~~~~~~~~" },
	{ "bad_bool",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    idempotent: \"true\"\n",
	  "14:17: error: \"idempotent\" wants true or false, not \"true\": leave out "
	  "the quotes",
	  "                 ^~~~~~" },
	{ "bad_int",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    retry: {max_attempts: \"3\"}\n",
	  "14:27: error: \"max_attempts\" wants a whole number, not \"3\": leave out "
	  "the quotes",
	  "                           ^~~" },
	{ "fraction_where_whole",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    retry: {max_attempts: 2.5}\n",
	  "14:27: error: \"max_attempts\" wants a whole number, not \"2.5\"",
	  "                           ^~~" },
	{ "bad_choice",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    confirm: typename\n",
	  "14:14: error: \"confirm\" wants ask, type-name or two-person, not "
	  "\"typename\"; did you mean \"type-name\"?",
	  "              ^~~~~~~~" },
	{ "bad_on_failure",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    on_failure: stop\n",
	  "14:17: error: \"on_failure\" wants pause, abort or a mapping with \"goto\", "
	  "not \"stop\"",
	  "                 ^~~~" },
	{ "empty_expression",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: ' '\n",
	  "14:11: error: \"when\" is empty", "           ^~~" },
	{ "nul_in_text",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    section: \"a\\0b\"\n",
	  "14:14: error: \"section\" holds a NUL byte", "              ^~~~~~" },
	{ "custom_tag",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    section: !vault abc\n",
	  "14:14: error: the tag \"!vault\" has no meaning here", "              ^~~~~~~~~~" },
	{ "with_missing",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n",
	  "11:11: error: \"kubernetes.get\" needs with: {resource: \342\200\246}",
	  "           ^~~~~~~~~~~~~~" },
	{ "with_not_a_mapping",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: pods\n",
	  "13:11: error: \"with\" wants a mapping: the arguments of kubernetes.get",
	  "           ^~~~" },
	{ "with_unknown_key",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods, nmae: x}\n",
	  "13:28: error: unknown key \"nmae\" in the arguments of kubernetes.get; did "
	  "you mean \"name\"?",
	  "                            ^~~~" },
	{ "with_missing_key",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {name: x}\n",
	  "13:11: error: missing key \"resource\" in the arguments of kubernetes.get",
	  "           ^" },
	{ "with_wrong_type",
	  HEAD TARGETS STEP "    uses: http.check\n"
			    "    target: web\n"
			    "    with: {status: ok}\n",
	  "13:20: error: \"status\" wants a whole number, not \"ok\"", "                    ^~" },
	{ "with_empty_list",
	  HEAD TARGETS STEP "    uses: command.run\n"
			    "    with: {argv: []}\n"
			    "    verify: [{uses: http.check, target: web}]\n",
	  "12:18: error: \"argv\" is empty: at least one is wanted", "                  ^" },
	{ "check_unknown_key",
	  HEAD TARGETS STEP
	  "    uses: kubernetes.get\n"
	  "    target: k8s\n"
	  "    with: {resource: pods}\n"
	  "    verify: [{uses: kubernetes.get, with: {resource: a}, expects: x}]\n",
	  "14:58: error: unknown key \"expects\" in a check; did you mean \"expect\"?",
	  "                                                          ^~~~~~~" },
	{ "impact_level", HEAD STEPS "impact: [{operation: X, level: partial}]\n",
	  "6:32: error: \"level\" wants none, limited or total, not \"partial\"",
	  "                                ^~~~~~~" },
	{ "crlf",
	  "apiVersion: lifeboat/v1\r\n"
	  "kind: Runbook\r\n"
	  "metadata: {id: t, title: T}\r\n"
	  "steps:\r\n"
	  "  - {id: a, title: A, uses: manual.confirm, with: {prompt: Go}}\r\n"
	  "oops: 1\r\n",
	  "6:1: error: unknown key \"oops\" in a runbook", " ^~~~" },
	{ "byte_order_mark",
	  "\357\273\277apiVersion: lifeboat/v1\n"
	  "kind: Runbok\n",
	  "2:7: error: kind is \"Runbok\", and a runbook is of kind \"Runbook\"", "       ^~~~~~" },
	{ "not_utf8",
	  "apiVersion: lifeboat/v1\n"
	  "kind: \377\n",
	  "2:7: error: invalid leading UTF-8 octet (0xFF)", "       ^~~~" },
};

static void
runbook_parse_of_broken_document_names_place_and_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken_documents) / sizeof(broken_documents[0]); i++)
		assert_broken(&broken_documents[i]);
}

static struct runbook *
parse_everything(void)
{
	struct diags diags;
	struct str out = STR_INIT;
	struct runbook *rb = fixture_parse(fixture_everything, &diags);

	diags_render(&diags, &out);
	assert_string_equal(str_cstr(&out), "");
	assert_non_null(rb);
	diags_release(&diags);
	str_release(&out);
	return rb;
}

static void
runbook_parse_of_every_key_fills_head(void **state)
{
	struct runbook *rb = parse_everything();
	char sha256[DIGEST_HEX_MAX], expected[DIGEST_HEX_MAX];

	(void)state;
	assert_string_equal(rb->path, "f.yaml");
	assert_string_equal(rb->source, fixture_everything);
	assert_int_equal(rb->source_len, strlen(fixture_everything));
	assert_string_equal(
		runbook_sha256(rb, sha256),
		digest_sha256(fixture_everything, strlen(fixture_everything), expected));
	assert_string_equal(rb->id, "management-plane-restore");
	assert_string_equal(rb->version, "1.0");
	assert_string_equal(rb->owners[0], "platform-sre");
	assert_string_equal(rb->owners[1], "on-call");
	assert_null(rb->owners[2]);
	assert_string_equal(rb->sources[0], "management-plane-dr.md");
	assert_string_equal(rb->summary, "Brings the Management Plane back on a new cluster.\n");
	assert_int_equal(rb->rto_count, 1);
	assert_int_equal(rb->rto[0].target_ms, 45 * 60 * 1000);
	assert_string_equal(rb->rto[0].from, "signing-key");
	assert_string_equal(rb->rto[0].to, "rotate-tokens");
	assert_int_equal(rb->impact_count, 3);
	assert_null(rb->impact[0].probe);
	assert_string_equal(rb->impact[1].level, "limited");
	assert_string_equal(rb->impact[1].probe->expect, ".status == 200");
	assert_string_equal(rb->impact[1].probe->action.target, "ui");
	assert_string_equal(rb->impact[1].probe->message, "The UI is down");
	assert_string_equal(rb->panes.pods[0].selector, "app=tsb");
	assert_string_equal(rb->panes.logs[0].container, "op");
	assert_string_equal(rb->panes.logs[0].ns, "tsb");
	assert_int_equal(rb->ends_count, 2);
	assert_string_equal(rb->ends[1].id, "escalated");
	runbook_free(rb);
}

static void
runbook_parse_of_every_key_fills_params(void **state)
{
	struct runbook *rb = parse_everything();

	(void)state;
	assert_int_equal(rb->params_count, 13);
	assert_int_equal(runbook_param(rb, "product")->type, PARAM_CHOICE);
	assert_string_equal(runbook_param(rb, "product")->choices[1], "tse");
	assert_null(runbook_param(rb, "product")->choices[2]);
	assert_string_equal(runbook_param(rb, "product")->otherwise->valuestring, "tsb");
	assert_false(runbook_param(rb, "product")->required);
	assert_string_equal(runbook_param(rb, "namespace")->title, "namespace");
	assert_string_equal(runbook_param(rb, "namespace")->pattern, "[a-z]+");
	assert_string_equal(runbook_param(rb, "namespace")->otherwise->valuestring,
			    "${.params.product}");
	assert_true(runbook_param(rb, "context")->required);
	assert_string_equal(runbook_param(rb, "context")->text, "Its kubeconfig context.");
	assert_false(runbook_param(rb, "address")->required);
	assert_true(runbook_param(rb, "backup_dir")->must_exist);
	assert_true(cJSON_IsTrue(runbook_param(rb, "have_key")->otherwise));
	assert_int_equal(runbook_param(rb, "replicas")->otherwise->valueint, 2);
	assert_string_equal(runbook_param(rb, "patience")->otherwise->valuestring, "5m");
	assert_int_equal(runbook_param(rb, "workloads")->type, PARAM_LIST);
	assert_int_equal(runbook_param(rb, "workloads")->items, PARAM_STRING);
	assert_int_equal(cJSON_GetArraySize(runbook_param(rb, "workloads")->otherwise), 2);
	assert_int_equal(runbook_param(rb, "pg_password")->from,
			 SECRET_FROM_FILE | SECRET_FROM_ENV | SECRET_FROM_PROMPT);
	assert_int_equal(runbook_param(rb, "fqdn")->mark.line, 15);
	assert_int_equal(runbook_param(rb, "fqdn")->mark.column, 3);
	assert_null(runbook_param(rb, "nobody"));
	runbook_free(rb);
}

static void
runbook_parse_of_every_key_fills_targets(void **state)
{
	struct runbook *rb = parse_everything();
	const struct target_spec *zone = runbook_target(rb, "zone");

	(void)state;
	assert_int_equal(rb->targets_count, 6);
	assert_true(runbook_target(rb, "workloads")->group);
	assert_true(runbook_target(rb, "pair")->group);
	assert_false(runbook_target(rb, "management")->group);
	assert_int_equal(zone->kind, TARGET_DNS);
	assert_int_equal(json_int(zone->with, "port", 0), 5353);
	assert_string_equal(json_string(zone->with, "resolvers/0", ""), "1.1.1.1");
	assert_null(json_at(zone->with, "type"));
	assert_string_equal(json_string(runbook_target(rb, "ui")->with, "url", ""),
			    "https://${.params.fqdn}");
	assert_string_equal(json_string(runbook_target(rb, "ui")->with, "headers/Accept", ""),
			    "application/json");
	assert_null(runbook_target(rb, "nobody"));
	runbook_free(rb);
}

static void
runbook_parse_of_every_key_fills_steps(void **state)
{
	struct runbook *rb = parse_everything();
	const struct step_spec *step = &rb->steps[0];

	(void)state;
	assert_int_equal(rb->steps_count, 5);
	assert_int_equal(runbook_step_index(rb, "helm"), 3);
	assert_int_equal(runbook_step_index(rb, "nobody"), -1);
	assert_int_equal(runbook_step_index(rb, NULL), -1);
	assert_string_equal(step->section, "Install Dependencies");
	assert_string_equal(step->when, ".params.have_key");
	assert_ptr_equal(step->action.type, &fixture_apply);
	assert_string_equal(step->action.target, "management");
	assert_string_equal(json_string(step->action.with, "manifest/data/b/1", ""), "${.run.id}");
	assert_int_equal(step->preconditions_count, 1);
	assert_int_equal(json_int(step->preconditions[0].action.with, "params/0", 0), 1);
	assert_int_equal(step->outputs_count, 2);
	assert_string_equal(step->outputs[0].name, "kid");
	assert_string_equal(step->outputs[1].expression, ".objects | length");
	assert_int_equal(step->verify_count, 2);
	assert_null(step->verify[0].action.target);
	assert_string_equal(step->verify[0].message, "There is no key");
	assert_null(step->verify[1].expect);
	assert_int_equal(step->estimate_ms, 60000);
	assert_int_equal(step->timeout_ms, 300000);
	assert_int_equal(step->wait_interval_ms, 5000);
	assert_int_equal(step->wait_timeout_ms, 600000);
	assert_int_equal(step->retry_max_attempts, 3);
	assert_int_equal(step->retry_initial_ms, 1000);
	assert_float_equal(step->retry_factor, 1.5, 0.0001);
	assert_int_equal(step->retry_max_ms, 30000);
	assert_true(step->idempotent);
	assert_int_equal(step->confirm, CONFIRM_TYPE_NAME);
	assert_int_equal(step->on_failure, ON_FAILURE_GOTO);
	assert_string_equal(step->goto_step, "troubleshoot");
	assert_ptr_equal(step->undo->type, &fixture_delete);
	assert_string_equal(step->panes.logs[0].selector, "a=b");
	assert_string_equal(step->hints[2], "kubectl apply -f");
	assert_null(step->hints[3]);
	assert_int_equal(step->mark.line, 50);
	runbook_free(rb);
}

static void
runbook_parse_of_every_key_fills_later_steps(void **state)
{
	struct runbook *rb = parse_everything();
	const struct step_spec *loop = &rb->steps[1], *wait = &rb->steps[2], *helm = &rb->steps[3];

	(void)state;
	assert_string_equal(loop->for_each_in, ".targets.workloads");
	assert_string_equal(loop->for_each_as, "cluster");
	assert_string_equal(loop->action.target, "${.cluster}");
	assert_int_equal(loop->confirm, CONFIRM_TWO_PERSON);
	assert_int_equal(loop->on_failure, ON_FAILURE_ABORT);
	assert_int_equal(loop->retry_max_attempts, 1);
	assert_int_equal(loop->wait_timeout_ms, 0);
	assert_int_equal(wait->goto_max, 2);
	assert_int_equal(json_int(wait->action.with, "until/with/tls/min_days", 0), 3);
	assert_string_equal(json_string(wait->action.with, "interval", ""), "1s");
	assert_int_equal(helm->on_failure, ON_FAILURE_PAUSE);
	assert_int_equal(helm->confirm, CONFIRM_BY_EFFECT);
	assert_true(cJSON_IsFalse(json_at(helm->action.with, "shell")));
	assert_null(helm->undo);
	assert_null(helm->action.target);
	assert_string_equal(json_string(helm->verify[0].action.with, "status", ""),
			    "${.params.replicas}");
	assert_int_equal(rb->steps[4].confirm, CONFIRM_ASK);
	runbook_free(rb);
}

/* Every row of every table of the document is in fixture_everything, and loads. */
static void
fixture_everything_has_every_key(void **state)
{
	static const struct field *const tables[] = {
		runbook_fields,
		runbook_param_fields,
		runbook_step_fields,
		runbook_check_fields,
	};
	char key[64];

	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct field *row = tables[t]; row->name; row++) {
			snprintf(key, sizeof(key), "%s:", row->name);
			assert_non_null(strstr(fixture_everything, key));
		}
	}
	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1) {
		const struct field *row = runbook_target_fields((enum target_kind)kind);

		for (; row->name; row++) {
			snprintf(key, sizeof(key), "%s:", row->name);
			assert_non_null(strstr(fixture_everything, key));
		}
	}
}

static void
runbook_parse_of_plain_yes_keeps_text_where_text_is_wanted(void **state)
{
	struct diags diags;
	struct runbook *rb = fixture_parse(
		HEAD
		"targets: {d: {type: dns, zone: z}}\nsteps:\n"
		"  - {id: a, title: yes, target: d, uses: dns.lookup, with: {name: no, type: 5}}\n",
		&diags);

	(void)state;
	assert_non_null(rb);
	assert_string_equal(rb->steps[0].title, "yes");
	assert_string_equal(json_string(rb->steps[0].action.with, "name", ""), "no");
	assert_string_equal(json_string(rb->steps[0].action.with, "type", ""), "5");
	runbook_free(rb);
	diags_release(&diags);
}

static void
runbook_parse_of_several_faults_reports_all(void **state)
{
	struct diags diags;
	struct runbook *rb = fixture_parse(
		HEAD "oops: 1\nsteps:\n"
		     "  - {id: a, title: A, uses: kubernetes.gte, timeout: x, when: '1 +'}\n"
		     "  - {id: a, title: B, uses: manual.confirm, target: t, with: {promt: x},\n"
		     "     when: .params.x, on_failure: {goto: c}}\n",
		&diags);

	(void)state;
	assert_null(rb);
	assert_int_equal(diags.errors, 10);
	diags_release(&diags);
}

static void
assert_refused(const char *document, size_t len, const char *part)
{
	struct diags diags;

	diags_init(&diags, "f.yaml");
	assert_null(runbook_parse("f.yaml", document, len, &fixture_catalogue, &diags));
	assert_int_equal(diags.errors, 1);
	if (!strstr(diags.items[0].message, part))
		print_error("%s\n", diags.items[0].message);
	assert_non_null(strstr(diags.items[0].message, part));
	diags_release(&diags);
}

static void
runbook_parse_of_alias_bomb_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, HEAD "bomb:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		str_printf(&text, "  - &a%d [", i);
		for (int j = 0; j < 10; j++)
			str_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
		str_append(&text, "]\n");
	}
	assert_refused(text.data, text.len, "aliases");
	str_release(&text);
}

static void
runbook_parse_of_100000_brackets_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, HEAD "steps: ");
	for (int i = 0; i < 100000; i++)
		str_append_char(&text, '[');
	assert_refused(text.data, text.len, "nested deeper");
	str_release(&text);
}

static void
runbook_parse_of_nul_bytes_is_refused(void **state)
{
	static const char text[] = "apiVersion: lifeboat/v1\nkind: \0\n";

	(void)state;
	assert_refused(text, sizeof(text) - 1, "control");
}

static void
runbook_parse_of_1001_steps_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, HEAD "steps:\n");
	for (int i = 0; i < 1001; i++)
		str_printf(&text,
			   "- {id: s%d, title: T, uses: manual.confirm, with: {prompt: x}}\n", i);
	assert_refused(text.data, text.len, "at most 1000 steps");
	str_release(&text);
}

static void
runbook_parse_with_crlf_and_byte_order_mark_loads(void **state)
{
	struct str text = STR_INIT;
	struct diags diags;
	struct runbook *rb;

	(void)state;
	str_append(&text, "\357\273\277");
	for (const char *at = HEAD STEPS; *at; at++) {
		if (*at == '\n')
			str_append_char(&text, '\r');
		str_append_char(&text, *at);
	}
	rb = fixture_parse(text.data, &diags);
	assert_non_null(rb);
	assert_string_equal(rb->steps[0].title, "A");
	assert_int_equal(rb->source_len, text.len);
	runbook_free(rb);
	diags_release(&diags);
	str_release(&text);
}

/* A folder of its own for each test that needs files. */
struct folder {
	char path[64];
	char file[96];
};

static int
make_folder(void **state)
{
	static struct folder folder;

	strncpy(folder.path, "/tmp/lifeboat-loader-XXXXXX", sizeof(folder.path) - 1);
	if (!mkdtemp(folder.path))
		return -1;
	snprintf(folder.file, sizeof(folder.file), "%s/f.yaml", folder.path);
	*state = &folder;
	return 0;
}

static int
remove_folder(void **state)
{
	struct folder *folder = *state;

	unlink(folder->file);
	return rmdir(folder->path);
}

static void
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
runbook_load_of_missing_file_reports_it(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;

	diags_init(&diags, folder->file);
	assert_null(runbook_load(folder->file, &fixture_catalogue, &diags, &e));
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_int_equal(diags.count, 0);
	diags_release(&diags);
}

static void
runbook_load_of_good_file_loads(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;
	struct runbook *rb;

	write_file(folder->file, HEAD STEPS, strlen(HEAD STEPS), 0600);
	diags_init(&diags, folder->file);
	rb = runbook_load(folder->file, &fixture_catalogue, &diags, &e);
	assert_non_null(rb);
	assert_string_equal(rb->path, folder->file);
	assert_int_equal(diags.count, 0);
	runbook_free(rb);
	diags_release(&diags);
}

/* Everything is checked but whether the expressions compile. */
static void
runbook_read_leaves_the_compiling_to_others(void **state)
{
	static const char text[] =
		HEAD "steps:\n  - {id: a, title: A, uses: manual.confirm, with: {prompt: Go}, "
		     "when: .params | nothing_like_it}\n";
	const struct folder *folder = *state;
	struct err e = ERR_INIT;
	struct diags diags;

	write_file(folder->file, text, strlen(text), 0600);
	diags_init(&diags, folder->file);
	struct runbook *rb = runbook_read(folder->file, &fixture_catalogue, &diags, &e);
	assert_non_null(rb);
	assert_int_equal(rb->expressions_count, 1);
	runbook_free(rb);
	assert_null(runbook_load(folder->file, &fixture_catalogue, &diags, &e));
	assert_int_equal(diags.errors, 1);
	diags_release(&diags);
	write_file(folder->file, HEAD, strlen(HEAD), 0600);
	diags_init(&diags, folder->file);
	assert_null(runbook_read(folder->file, &fixture_catalogue, &diags, &e));
	diags_release(&diags);
}

static void
runbook_load_of_broken_file_reports_to_both(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;

	write_file(folder->file, HEAD, strlen(HEAD), 0600);
	diags_init(&diags, folder->file);
	assert_null(runbook_load(folder->file, &fixture_catalogue, &diags, &e));
	assert_int_equal(diags.errors, 1);
	assert_int_equal(e.kind, ERR_SPEC);
	diags_release(&diags);
}

static void
runbook_load_of_world_writable_file_warns(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;
	struct runbook *rb;

	write_file(folder->file, HEAD STEPS, strlen(HEAD STEPS), 0666);
	diags_init(&diags, folder->file);
	rb = runbook_load(folder->file, &fixture_catalogue, &diags, &e);
	assert_non_null(rb);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(diags.count, 1);
	assert_non_null(strstr(diags.items[0].message, "chmod o-w"));
	runbook_free(rb);
	diags_release(&diags);
}

static void
runbook_load_of_too_large_file_is_refused(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;
	size_t len = (4 << 20) + 1;
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, '#', len);
	write_file(folder->file, text, len, 0600);
	diags_init(&diags, folder->file);
	assert_null(runbook_load(folder->file, &fixture_catalogue, &diags, &e));
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "larger than"));
	diags_release(&diags);
	free(text);
}

static void
runbook_load_of_fifo_is_refused_at_once(void **state)
{
	const struct folder *folder = *state;
	struct diags diags;
	struct err e = ERR_INIT;

	assert_int_equal(mkfifo(folder->file, 0600), 0);
	diags_init(&diags, folder->file);
	assert_null(runbook_load(folder->file, &fixture_catalogue, &diags, &e));
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "not a regular file"));
	diags_release(&diags);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(runbook_parse_of_broken_document_names_place_and_fault),
		cmocka_unit_test(runbook_parse_of_every_key_fills_head),
		cmocka_unit_test(runbook_parse_of_every_key_fills_params),
		cmocka_unit_test(runbook_parse_of_every_key_fills_targets),
		cmocka_unit_test(runbook_parse_of_every_key_fills_steps),
		cmocka_unit_test(runbook_parse_of_every_key_fills_later_steps),
		cmocka_unit_test(fixture_everything_has_every_key),
		cmocka_unit_test(runbook_parse_of_plain_yes_keeps_text_where_text_is_wanted),
		cmocka_unit_test(runbook_parse_of_several_faults_reports_all),
		cmocka_unit_test(runbook_parse_of_alias_bomb_is_refused),
		cmocka_unit_test(runbook_parse_of_100000_brackets_is_refused),
		cmocka_unit_test(runbook_parse_of_nul_bytes_is_refused),
		cmocka_unit_test(runbook_parse_of_1001_steps_is_refused),
		cmocka_unit_test(runbook_parse_with_crlf_and_byte_order_mark_loads),
		WITH_FOLDER(runbook_load_of_missing_file_reports_it),
		WITH_FOLDER(runbook_load_of_good_file_loads),
		WITH_FOLDER(runbook_read_leaves_the_compiling_to_others),
		WITH_FOLDER(runbook_load_of_broken_file_reports_to_both),
		WITH_FOLDER(runbook_load_of_world_writable_file_warns),
		WITH_FOLDER(runbook_load_of_too_large_file_is_refused),
		WITH_FOLDER(runbook_load_of_fifo_is_refused_at_once),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
