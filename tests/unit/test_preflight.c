#include "config.h"

#include "run/job/preflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/params.h"

/*
 * A preflight of runbooks whose step types and targets are the test's own: a target permits what its context
 * says, and everything that it is asked is written down.
 */

static struct str asked;    /* "target: verb resource/name namespace\n" of every question */
static const char *lost_at; /* the connection breaks when this resource is asked for */

static const struct field thing_fields[] = {
	{ .name = "resource", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "What." },
	{ .name = "name", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Which." },
	{ .name = "namespace", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Where." },
	{ .name = "count", .type = FIELD_INT, .flags = FIELD_TEMPLATE, .help = "How many." },
	{ .name = "names",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Several." },
	{ .name = "file", .type = FIELD_PATH, .flags = FIELD_TEMPLATE, .help = "A file." },
	{ .name = NULL },
};

static const struct field check_fields[] = {
	{ .name = "check", .type = FIELD_CHECK, .flags = FIELD_REQUIRED, .help = "What holds." },
	{ .name = NULL },
};

static const struct field tool_fields[] = {
	{ .name = "argv",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The command." },
	{ .name = NULL },
};

static int
need_thing(struct step_context *ctx, const struct action *action, struct permission_list *list,
	   struct err *e)
{
	const char *resource = json_string(action->with, "resource", "things");
	const cJSON *names = json_at(action->with, "names"), *name;

	(void)ctx;
	if (strcmp(resource, "nonsense") == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no resource nonsense");
	if (!names)
		permission_add(list, "get", "", resource, NULL,
			       json_string(action->with, "name", NULL),
			       json_string(action->with, "namespace", "home"));
	cJSON_ArrayForEach(name, names)
		permission_add(list, "get", "", resource, NULL, name->valuestring, "home");
	return 0;
}

/* What taking it back would need more. */
static int
need_unmaking(struct step_context *ctx, const struct action *action, struct permission_list *list,
	      struct err *e)
{
	(void)ctx;
	(void)e;
	permission_add(list, "delete", "", json_string(action->with, "resource", "things"), NULL,
		       json_string(action->with, "name", NULL), "home");
	return 0;
}

static int
need_tool(struct step_context *ctx, const struct action *action, char **ret_what, struct err *e)
{
	const char *name = json_string(action->with, "argv/0", "");

	(void)ctx;
	*ret_what = xasprintf("command %s", name);
	return strcmp(name, "absent") == 0 ? err_set(e, ERR_NOT_FOUND, "no command absent") : 0;
}

static int
no_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	   struct err *e)
{
	(void)ctx;
	(void)action;
	(void)preview;
	return err_set(e, ERR_INTERNAL, "a preflight previews nothing");
}

static int
no_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	(void)ctx;
	(void)action;
	(void)ret_result;
	return err_set(e, ERR_INTERNAL, "a preflight runs nothing");
}

#define ROW(word, danger, table, needed)                                                           \
	.type = { .uses = word,                                                                    \
		  .summary = "For the test",                                                       \
		  .effect = danger,                                                                \
		  .target_kinds = TARGET_KUBERNETES,                                               \
		  .target_required = needed,                                                       \
		  .fields = table,                                                                 \
		  .result = "an object" },                                                         \
	.preview = no_preview, .run = no_run

static const struct executor executors[] = {
	{ ROW("test.ask", EFFECT_NONE, thing_fields, false) },
	{ ROW("test.make", EFFECT_CHANGES, thing_fields, true), .permissions = need_thing,
	  .undo_permissions = need_unmaking },
	{ ROW("test.thing", EFFECT_READS, thing_fields, true), .permissions = need_thing },
	{ ROW("test.tool", EFFECT_CHANGES, tool_fields, false), .ready = need_tool },
	{ ROW("test.until", EFFECT_READS, check_fields, false) },
};

enum { EXECUTORS = sizeof(executors) / sizeof(executors[0]) };

static const struct executor *const rows[EXECUTORS] = { &executors[0], &executors[1], &executors[2],
							&executors[3], &executors[4] };
static const struct step_type *const types[EXECUTORS] = { &executors[0].type, &executors[1].type,
							  &executors[2].type, &executors[3].type,
							  &executors[4].type };

static int
open_context(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	(void)secrets;
	(void)e;
	*ret_connection = xstrdup(json_string(spec, "context", json_string(spec, "url", "")));
	return 0;
}

static int
identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	(void)cancel;
	if (strcmp(connection, "down") == 0)
		return err_set(e, ERR_NET, "connection refused");
	*ret_identity = cJSON_CreateObject();
	json_add_string(*ret_identity, "uid", connection);
	if (strcmp(connection, "odd") == 0)
		json_add_int(*ret_identity, "skew_ms", 3200);
	return 0;
}

/* Everything but secrets; of those one. */
static int
permitted(void *connection, const cJSON *permission, const struct cancel *cancel, bool *ret_allowed,
	  char **ret_reason, struct err *e)
{
	const char *resource = json_string(permission, "resource", "");
	const char *name = json_string(permission, "name", "*");

	(void)cancel;
	str_printf(&asked, "%s: %s %s/%s %s\n", (const char *)connection,
		   json_string(permission, "verb", ""), resource, name,
		   json_string(permission, "namespace", "*"));
	if (lost_at && strcmp(lost_at, resource) == 0)
		return err_set(e, ERR_NET, "the connection broke");
	*ret_allowed = strcmp(resource, "secrets") != 0 || strcmp(name, "open") == 0;
	*ret_reason = xstrdup(*ret_allowed ? "" : "no rule");
	return 0;
}

static int
watching(void *connection, const cJSON *pane, const struct cancel *cancel,
	 struct permission_list *list, struct err *e)
{
	(void)connection;
	(void)cancel;
	(void)e;
	permission_add(list, json_bool(pane, "logs", false) ? "read" : "watch", "",
		       json_string(pane, "resource", "pods"), NULL, json_string(pane, "pod", NULL),
		       json_string(pane, "namespace", "home"));
	return 0;
}

static char *
describe(const cJSON *spec)
{
	return xasprintf("ctx %s", json_string(spec, "context", ""));
}

static int
hear(void *connection, const struct cancel *cancel, cJSON **ret_facts, struct err *e)
{
	(void)cancel;
	if (strstr(connection, "silent"))
		return err_set(e, ERR_TIMEOUT, "no answer");
	*ret_facts = cJSON_CreateObject();
	json_add_int(*ret_facts, "status", 200);
	return 0;
}

static const struct target_driver cluster = {
	.kind = TARGET_KUBERNETES,
	.open = open_context,
	.identify = identify,
	.permitted = permitted,
	.watching = watching,
	.describe = describe,
	.close = free,
};

static const struct target_driver site = {
	.kind = TARGET_HTTP,
	.open = open_context,
	.answers = hear,
	.describe = describe,
	.close = free,
};

static const struct target_driver *const drivers[] = { &cluster, &site };

static const struct executor_table table = {
	.executors = rows,
	.count = EXECUTORS,
	.drivers = drivers,
	.drivers_count = 2,
};
static const struct step_catalogue catalogue = { .types = types, .count = EXECUTORS };

static const char head[] = "apiVersion: lifeboat/v1\nkind: Runbook\n"
			   "metadata: {id: test, title: Test, version: 1.0.0}\n"
			   "params: {word: {type: string, default: none}, spaces: {type: list, "
			   "items: string, default: [a, b]},\n"
			   "         context: {type: string, default: first}, group: {type: list, "
			   "items: string, default: [g1, g2]},\n"
			   "         other: {type: string, default: second},\n"
			   "         url: {type: url, default: 'http://site.example'}, next_steps: "
			   "{type: string, default: more}}\n"
			   "targets: {one: {type: kubernetes, context: \"${.params.context}\"},\n"
			   "          two: {type: kubernetes, context: \"${.params.other}\"},\n"
			   "          many: {type: kubernetes, contexts: .params.group},\n"
			   "          site: {type: http, url: \"${.params.url}\"}}\n";

/* A runbook with these lines after its head and these parameters, looked at. */
static struct preflight *
look_with(const char *given, const char *text)
{
	struct str whole = STR_INIT, report = STR_INIT;
	struct preflight *preflight = NULL;
	struct err e = ERR_INIT;
	struct diags diags;

	str_clear(&asked);
	str_append(&whole, head);
	str_append(&whole, text);
	diags_init(&diags, "/nonexistent/test.yaml");
	struct runbook *rb =
		runbook_parse("/nonexistent/test.yaml", whole.data, whole.len, &catalogue, &diags);
	diags_render(&diags, &report);
	if (!rb)
		fail_msg("%s", str_cstr(&report));
	struct expressions *x = expressions_new(NULL, 0);
	struct secrets *secrets = secrets_new();
	cJSON *params = json_parse(given, strlen(given), &e);
	const struct param *missing[8];
	if (params_fill(rb, x, params, missing, &e) != 0)
		fail_msg("%s", e.message);
	struct preflight_options options = {
		.runbook = rb,
		.table = &table,
		.expressions = x,
		.secrets = secrets,
		.params = params,
	};
	if (preflight_run(&options, &preflight, &e) < 0)
		fail_msg("%s", e.message);
	cJSON_Delete(params);
	secrets_free(secrets);
	expressions_free(x);
	runbook_free(rb);
	diags_release(&diags);
	str_release(&whole);
	str_release(&report);
	return preflight;
}

static struct preflight *
look(const char *text)
{
	return look_with("{}", text);
}

/* The needs as lines: "step (parts) target: what = answer; reason; note". */
static char *
needs_text(const struct preflight *p)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < p->needs_count; i++) {
		const struct preflight_need *need = &p->needs[i];

		str_printf(&out, "%s (%s) %s: %s = %s; %s; %s\n", need->step, need->parts,
			   need->target ? need->target : "-", need->what,
			   preflight_answer_name(need->answer), need->reason ? need->reason : "-",
			   need->note ? need->note : "-");
	}
	return str_take(&out);
}

/* What is needed for these steps, line by line. */
static void
assert_needs(const char *text, const char *wanted)
{
	struct preflight *p = look(text);
	char *seen = needs_text(p);

	assert_string_equal(seen, wanted);
	free(seen);
	preflight_free(p);
}

static void
preflight_asks_each_right_once_on_each_target(void **state)
{
	(void)state;
	preflight_free(
		look("steps:\n"
		     " - {id: a, title: T, target: one, uses: test.thing, with: {name: x},\n"
		     "    verify: [{uses: test.thing, with: {name: x}, expect: 'true'}]}\n"
		     " - {id: b, title: T, target: one, uses: test.thing, with: {name: x}}\n"
		     " - {id: c, title: T, target: two, uses: test.thing, with: {name: x}}\n"));
	assert_string_equal(str_cstr(&asked),
			    "first: get things/x home\nsecond: get things/x home\n");
}

static void
preflight_tells_the_part_of_the_step_and_the_reason(void **state)
{
	(void)state;
	assert_needs(
		"steps:\n"
		" - {id: a, title: T, target: one, uses: test.thing, with: {name: x},\n"
		"    preconditions: [{uses: test.thing, with: {resource: pods}, expect: 'true'}],\n"
		"    verify: [{uses: test.thing, with: {name: x}, expect: 'true'},\n"
		"             {uses: test.thing, with: {resource: secrets, name: y}, expect: "
		"'true'}],\n"
		"    undo: {uses: test.thing, with: {resource: secrets, name: open}}}\n",
		"a (precondition) one: get pods in home = yes; -; -\n"
		"a (step, verify 1) one: get things/x in home = yes; -; -\n"
		"a (verify 2) one: get secrets/y in home = no; no rule; -\n"
		"a (undo) one: get secrets/open in home = yes; -; -\n");
}

/* But not where the step says itself how it is taken back. */
static void
preflight_asks_for_what_taking_back_needs(void **state)
{
	(void)state;
	assert_needs(
		"steps:\n"
		" - {id: a, title: T, target: one, uses: test.make, with: {name: x}}\n"
		" - {id: b, title: T, target: one, uses: test.make, with: {resource: secrets, "
		"name: y}}\n"
		" - {id: c, title: T, target: one, uses: test.make, with: {name: z},\n"
		"    undo: {uses: test.thing, with: {resource: secrets, name: open}}}\n",
		"a (step) one: get things/x in home = yes; -; -\n"
		"a (step) one: delete things/x in home = yes; -; only to take the step back\n"
		"b (step) one: get secrets/y in home = no; no rule; -\n"
		"b (step) one: delete secrets/y in home = no; no rule; only to take the step back\n"
		"c (step) one: get things/z in home = yes; -; -\n"
		"c (undo) one: get secrets/open in home = yes; -; -\n");
}

static void
preflight_name_of_an_output_is_asked_without(void **state)
{
	(void)state;
	assert_needs(
		"steps:\n"
		" - {id: a, title: T, uses: test.ask, outputs: {n: .value}}\n"
		" - {id: b, title: T, target: one, uses: test.thing,\n"
		"    with: {name: 'x-${.steps.a.outputs.n}', count: '${.steps.a.outputs.n}'}}\n"
		" - {id: c, title: T, target: one, uses: test.thing,\n"
		"    with: {resource: secrets, namespace: '${.steps.a.outputs.n}'}}\n"
		" - {id: d, title: T, target: one, uses: test.thing,\n"
		"    with: {names: '${.steps.a.outputs.n}'}}\n",
		"b (step) one: get things in home = yes; -; its name is only known later\n"
		"c (step) one: get secrets = unknown; not permitted without it: no rule; "
		"its namespace is only known later\n"
		"d (step) one: get things in home = yes; -; its name is only known later\n");
}

static void
preflight_parameter_called_steps_is_known(void **state)
{
	(void)state;
	assert_needs("steps:\n - {id: a, title: T, target: one, uses: test.thing,\n"
		     "    with: {name: '${.params.next_steps}'}}\n",
		     "a (step) one: get things/more in home = yes; -; -\n");
}

static void
preflight_step_whose_condition_fails_is_left_out(void **state)
{
	(void)state;
	struct preflight *p = look("steps:\n"
				   " - {id: a, title: T, target: one, when: .params.word == "
				   "\"other\", uses: test.thing}\n"
				   " - {id: b, title: T, target: one, when: .params.word == "
				   "\"none\", uses: test.thing}\n"
				   " - {id: c, title: T, target: one, when: .steps.b.outputs.x == "
				   "1, uses: test.thing}\n"
				   " - {id: d, title: T, uses: test.ask}\n");
	char *seen = needs_text(p);

	assert_string_equal(seen,
			    "b (step) one: get things in home = yes; -; -\n"
			    "c (step) one: get things in home = yes; -; only if its condition "
			    "holds then\n");
	assert_int_equal(p->steps, 4);
	assert_int_equal(p->steps_left_out, 1);
	assert_int_equal(p->steps_silent, 1);
	assert_int_equal(p->reviews, 1);
	assert_int_equal(preflight_verdict(p), PREFLIGHT_YES);
	free(seen);
	preflight_free(p);
}

static void
preflight_for_each_is_expanded_as_far_as_known(void **state)
{
	(void)state;
	assert_needs(
		"steps:\n"
		" - {id: a, title: T, for_each: {in: .targets.many, as: c}, target: '${.c}',\n"
		"    uses: test.thing, with: {namespace: '${.c}'}}\n"
		" - {id: b, title: T, for_each: {in: .steps.a.outputs.list, as: c}, target: one,\n"
		"    uses: test.thing, with: {name: '${.c}'}}\n"
		" - {id: d, title: T, for_each: {in: .steps.a.outputs.list, as: c}, target: "
		"'${.c}',\n"
		"    uses: test.thing, verify: [{uses: test.thing, expect: 'true'}]}\n",
		"a[g1] (step) g1: get things in g1 = yes; -; -\n"
		"a[g2] (step) g2: get things in g2 = yes; -; -\n"
		"b[…] (step) one: get things in home = yes; -; its name is only known later\n"
		"d[…] (step, verify) -: the rights of test.thing = unknown; its target is only "
		"known later; -\n");
}

static void
preflight_target_that_is_away_is_not_asked(void **state)
{
	struct preflight *p;
	char *seen;

	(void)state;
	/* the head names its targets by parameters, so that a test may choose others */
	p = look_with("{\"context\": \"down\", \"other\": \"odd\"}",
		      "panes: {pods: [{target: one}]}\n"
		      "steps:\n - {id: a, title: T, target: one, uses: test.thing}\n"
		      " - {id: b, title: T, target: two, uses: test.thing}\n");
	seen = needs_text(p);
	assert_string_equal(
		seen, "a (step) one: the rights of test.thing = unknown; the target was not "
		      "reached; -\n"
		      "b (step) two: get things in home = yes; -; -\n"
		      "panes (pane of pods) one: the rights of the pane of pods = unknown; the "
		      "target was not reached; -\n");
	assert_string_equal(str_cstr(&asked), "odd: get things/* home\n");
	assert_int_equal(p->targets[0].reached, PREFLIGHT_NO);
	assert_string_equal(p->targets[0].problem, "connection refused");
	assert_int_equal(p->targets[1].reached, PREFLIGHT_YES);
	assert_string_equal(p->targets[1].warning,
			    "its clock is at least 3s ahead of this machine's");
	assert_int_equal(preflight_verdict(p), PREFLIGHT_NO);
	free(seen);
	preflight_free(p);
}

static void
preflight_site_without_identity_is_heard(void **state)
{
	struct preflight *p;

	(void)state;
	p = look_with("{\"url\": \"http://silent.example\"}",
		      "steps:\n - {id: a, title: T, uses: test.ask}\n");
	assert_string_equal(p->targets[4].problem, "no answer");
	assert_int_equal(preflight_verdict(p), PREFLIGHT_NO);
	preflight_free(p);
	p = look("steps:\n - {id: a, title: T, uses: test.ask}\n");
	assert_int_equal(json_int(p->targets[4].identity, "status", 0), 200);
	preflight_free(p);
}

static void
preflight_json_holds_everything(void **state)
{
	struct preflight *p = look("steps:\n - {id: a, title: T, target: one, uses: test.thing,\n"
				   "    with: {resource: secrets, name: x}}\n");
	cJSON *document = preflight_json(p);

	(void)state;
	assert_string_equal(json_string(document, "verdict", ""), "no");
	assert_string_equal(json_string(document, "targets/0/identity/uid", ""), "first");
	assert_string_equal(json_string(document, "targets/2/group", ""), "many");
	assert_string_equal(json_string(document, "needs/0/permission/verb", ""), "get");
	assert_string_equal(json_string(document, "needs/0/reason", ""), "no rule");
	assert_string_equal(json_string(document, "needs/0/answer", ""), "no");
	assert_int_equal(json_int(document, "steps/count", 0), 1);
	assert_int_equal(json_int(document, "reviews", 0), 1);
	cJSON_Delete(document);
	preflight_free(p);
}

static void
preflight_check_inside_of_a_step_is_looked_at(void **state)
{
	(void)state;
	assert_needs(
		"steps:\n - {id: a, title: T, target: one, uses: test.until, with: {check: {uses: "
		"test.thing, with: {name: '${.params.word}'}, expect: 'true'}}}\n",
		"a (step) one: get things/none in home = yes; -; -\n");
}

static void
preflight_what_cannot_be_named_is_unknown(void **state)
{
	(void)state;
	assert_needs("steps:\n - {id: a, title: T, target: one, uses: test.thing, with: {resource: "
		     "nonsense}}\n"
		     " - {id: b, title: T, target: one, uses: test.thing, with: {count: "
		     "'${.params.word}'}}\n",
		     "a (step) one: the rights of test.thing = unknown; there is no resource "
		     "nonsense; -\n"
		     "b (step) one: the arguments of test.thing = unknown; count: \"none\" is no "
		     "whole number; -\n");
}

static void
preflight_tools_and_files_are_looked_for(void **state)
{
	char folder[] = "/tmp/test-preflight-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	char *there = xasprintf("%s/there", folder);
	FILE *file = fopen(there, "w");
	assert_non_null(file);
	fclose(file);
	char *text = xasprintf(
		"steps:\n"
		" - {id: a, title: T, uses: test.ask, with: {file: %s}}\n"
		" - {id: b, title: T, uses: test.ask, with: {file: %s/new}}\n"
		" - {id: c, title: T, uses: test.tool, with: {argv: [make, %s/new]}}\n"
		" - {id: d, title: T, uses: test.ask, with: {file: %s/new}}\n"
		" - {id: e, title: T, uses: test.tool, with: {argv: [absent]}}\n"
		" - {id: f, title: T, uses: test.tool, with: {argv: ['${.steps.a.x}']}}\n",
		there, folder, folder, folder);
	char *wanted =
		xasprintf("a (step) -: file %s = yes; -; -\n"
			  "b (step) -: file %s/new = no; it cannot be read: No such file or "
			  "directory; -\n"
			  "c (step) -: command make = yes; -; -\n"
			  "d (step) -: file %s/new = unknown; it is not there now; step c may make "
			  "it; -\n"
			  "e (step) -: command absent = no; no command absent; -\n",
			  there, folder, folder);
	assert_needs(text, wanted);
	free(wanted);
	free(text);
	unlink(there);
	rmdir(folder);
	free(there);
}

static void
preflight_panes_and_probes_are_needs_too(void **state)
{
	(void)state;
	assert_needs(
		"panes: {pods: [{target: one}], resources: [{target: one, resource: secrets}],\n"
		"        logs: [{target: one, pod: p, namespace: '${.steps.a.outputs.ns}'}]}\n"
		"impact: [{operation: O, level: none, text: T,\n"
		"          probe: {uses: test.thing, target: one, with: {name: y}, expect: "
		"'true'}}]\n"
		"steps:\n - {id: a, title: T, uses: test.ask, panes: {pods: [{target: one}]}}\n",
		"a (pane of pods) one: watch pods in home = yes; -; -\n"
		"panes (pane of pods) one: watch pods in home = yes; -; -\n"
		"panes (pane of resources) one: watch secrets in home = no; no rule; -\n"
		"panes (pane of logs) one: read pods/p = yes; -; its namespace is only known "
		"later\n"
		"impact (probe) one: get things/y in home = yes; -; -\n");
}

static void
preflight_connection_that_breaks_ends_the_questions(void **state)
{
	struct preflight *p;
	char *seen;

	(void)state;
	lost_at = "pods";
	p = look("steps:\n"
		 " - {id: a, title: T, target: one, uses: test.thing, with: {resource: pods}}\n"
		 " - {id: b, title: T, target: one, uses: test.thing, with: {resource: things}}\n"
		 " - {id: c, title: T, target: two, uses: test.thing, with: {resource: things}}\n");
	lost_at = NULL;
	seen = needs_text(p);
	assert_string_equal(seen,
			    "a (step) one: get pods in home = unknown; the connection broke; -\n"
			    "b (step) one: the rights of test.thing = unknown; the target was not "
			    "reached; -\n"
			    "c (step) two: get things in home = yes; -; -\n");
	assert_string_equal(str_cstr(&asked),
			    "first: get pods/* home\nsecond: get things/* home\n");
	assert_int_equal(preflight_verdict(p), PREFLIGHT_UNKNOWN);
	free(seen);
	preflight_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preflight_asks_each_right_once_on_each_target),
		cmocka_unit_test(preflight_tells_the_part_of_the_step_and_the_reason),
		cmocka_unit_test(preflight_asks_for_what_taking_back_needs),
		cmocka_unit_test(preflight_name_of_an_output_is_asked_without),
		cmocka_unit_test(preflight_parameter_called_steps_is_known),
		cmocka_unit_test(preflight_step_whose_condition_fails_is_left_out),
		cmocka_unit_test(preflight_for_each_is_expanded_as_far_as_known),
		cmocka_unit_test(preflight_target_that_is_away_is_not_asked),
		cmocka_unit_test(preflight_site_without_identity_is_heard),
		cmocka_unit_test(preflight_json_holds_everything),
		cmocka_unit_test(preflight_check_inside_of_a_step_is_looked_at),
		cmocka_unit_test(preflight_what_cannot_be_named_is_unknown),
		cmocka_unit_test(preflight_tools_and_files_are_looked_for),
		cmocka_unit_test(preflight_panes_and_probes_are_needs_too),
		cmocka_unit_test(preflight_connection_that_breaks_ends_the_questions),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	str_release(&asked);
	return rc;
}
