#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "runbook/render.h"
#include "runbook/render_sink.h"
#include "runbook_fixture.h"

static struct runbook *
parse(const char *text)
{
	struct diags diags;
	struct runbook *rb = fixture_parse(text, &diags);

	assert_non_null(rb);
	diags_release(&diags);
	return rb;
}

static void
render_text(const char *text, int columns, struct str *out)
{
	struct runbook *rb = parse(text);

	runbook_render_text(rb, columns, out);
	runbook_free(rb);
}

static void
assert_has(const struct str *out, const char *part)
{
	if (!strstr(str_cstr(out), part))
		print_error("no \"%s\" in:\n%s\n", part, str_cstr(out));
	assert_non_null(strstr(str_cstr(out), part));
}

static const char small[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: small, title: Small, version: 1.0, owners: [sre], summary: A summary.}\n"
	"params: {name: {type: choice, choices: [a, b], title: Which}}\n"
	"targets: {k8s: {type: kubernetes, context: prod}}\n"
	"impact: [{operation: Reads, level: none, text: They go on.}]\n"
	"rto: [{title: All, target: 10m, from: del, to: ok}]\n"
	"steps:\n"
	"  - id: del\n"
	"    title: Delete $${it}\n"
	"    section: First\n"
	"    text: Some text.\n"
	"    when: .params.name == \"a\"\n"
	"    uses: kubernetes.delete\n"
	"    target: k8s\n"
	"    with: {resource: secrets}\n"
	"    verify: [{uses: kubernetes.get, with: {resource: secrets}, expect: . == null}]\n"
	"    estimate: 90s\n"
	"  - {id: ok, title: Ok, uses: manual.confirm, with: {prompt: \"Go?\\nReally?\"}}\n"
	"ends: [{id: done, title: Done}]\n";

static void
runbook_render_text_of_small_runbook_is_this(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	render_text(small, 70, &out);
	assert_string_equal(
		str_cstr(&out),
		"Small\n"
		"=====\n"
		"    small 1.0; owned by sre\n"
		"\n"
		"    A summary.\n"
		"\n"
		"Parameters\n"
		"----------\n"
		"    name  choice of a or b;       Which\n"
		"          required\n"
		"\n"
		"Targets\n"
		"-------\n"
		"    k8s  kubernetes  context: prod\n"
		"\n"
		"Impact of the failure\n"
		"---------------------\n"
		"    Reads  none  They go on.\n"
		"\n"
		"Times to keep\n"
		"-------------\n"
		"    10m  All  from the beginning of del to the end of ok\n"
		"\n"
		"Steps\n"
		"-----\n"
		"    2 steps, about 1m30s for the 1 of them with an estimate.\n"
		"\n"
		"First\n"
		".....\n"
		"\n"
		"1. Delete ${it}\n"
		"    DESTROYS things; confirmed by typing the target's name; about\n"
		"    1m30s. (del)\n"
		"\n"
		"    Some text.\n"
		"\n"
		"    - Only if: .params.name == \"a\"\n"
		"    - Does: kubernetes.delete on k8s\n"
		"        resource: secrets\n"
		"    - Verified by: kubernetes.get {resource: secrets}, expecting . ==\n"
		"      null\n"
		"\n"
		"2. Ok\n"
		"    Asks the operator; no confirmation. (ok)\n"
		"\n"
		"    - Does: manual.confirm\n"
		"        prompt: |-\n"
		"          Go?\n"
		"          Really?\n"
		"\n"
		"Outcomes\n"
		"--------\n"
		"    - done: Done\n");
	str_release(&out);
}

static void
runbook_render_text_keeps_within_columns(void **state)
{
	struct runbook *rb = parse(fixture_everything);

	(void)state;
	for (int columns = 40; columns <= 132; columns += 4) {
		struct str out = STR_INIT;
		char *save = NULL;

		runbook_render_text(rb, columns, &out);
		for (char *line = strtok_r(out.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			/* Arguments are verbatim, eight columns in; all else is wrapped. */
			if (strncmp(line, "        ", 8) != 0)
				assert_true(text_width(line) <= columns);
			assert_true(line[strlen(line) - 1] != ' ');
		}
		str_release(&out);
	}
	runbook_free(rb);
}

static void
runbook_render_text_of_every_key_says_it(void **state)
{
	static const char *const parts[] = {
		"management-plane-restore 1.0; owned by platform-sre, on-call; from "
		"management-plane-dr.md",
		"kubernetes (group)",
		"contexts: .params.workloads",
		"limited",
		"45m",
		"path that exists",
		"5 steps, about 2m30s for the 2 of them with an estimate.",
		"- Before it: postgresql.query on config_db",
		"- Keeps: kid = .objects[0].data.kid",
		"every 5s, for 10m at most",
		"- Time limit: 5m",
		"3 times at most, 1s to 30s apart",
		"- On failure: go to troubleshoot\n",
		"- On failure: go to signing-key, 2 times at most",
		"- On failure: the run is aborted",
		"- Taken back by: kubernetes.delete on management",
		"- For each: cluster in .targets.workloads",
		"two people confirm",
		"Only reads",
		"(otherwise: There is no key)",
		"Changes things; confirmed by typing the target's name",
		"The shell's ${HOME} stays.",
	};
	struct str out = STR_INIT;

	(void)state;
	render_text(fixture_everything, 200, &out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_has(&out, parts[i]);
	/* A drill's hints would spoil it. */
	assert_null(strstr(out.data, "Look at the backup"));
	str_release(&out);
}

static const char hostile[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: x, title: \"a\\e[31m <b>\", summary: \"s\\e]0;t\\a | `<ok>` <script>\"}\n"
	"impact: [{operation: \"a|b\", level: none, text: \"one\\ntwo\"}]\n"
	"steps:\n"
	"  - {id: a, title: \"T\\e[2J\", uses: manual.confirm, when: '\"``\" == \"\"',\n"
	"     with: {prompt: \"\\u202e```\\n\\e[0m\"}}\n";

static void
runbook_render_of_escape_sequences_shows_them(void **state)
{
	struct runbook *rb = parse(hostile);
	struct str out = STR_INIT;

	(void)state;
	runbook_render_text(rb, 100, &out);
	runbook_render_markdown(rb, &out);
	for (size_t i = 0; i < out.len; i++)
		assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	assert_has(&out, "T^[[2J");
	str_release(&out);
	runbook_free(rb);
}

static void
runbook_render_markdown_of_markup_keeps_it_text(void **state)
{
	struct runbook *rb = parse(hostile);
	struct str out = STR_INIT;

	(void)state;
	runbook_render_markdown(rb, &out);
	assert_has(&out, "# a^[[31m &lt;b>\n");
	assert_has(&out, "`<ok>` &lt;script>");
	assert_has(&out, "| a\\|b | none | one<br>two |\n");
	assert_has(&out, "- **Only if**: ``` \"``\" == \"\" ```\n");
	assert_has(&out, "  ````yaml\n");
	str_release(&out);
	runbook_free(rb);
}

static void
runbook_render_markdown_of_small_runbook_is_this(void **state)
{
	struct runbook *rb = parse(small);
	struct str out = STR_INIT;

	(void)state;
	runbook_render_markdown(rb, &out);
	assert_string_equal(
		str_cstr(&out),
		"# Small\n"
		"\n"
		"small 1.0; owned by sre\n"
		"\n"
		"A summary.\n"
		"\n"
		"## Parameters\n"
		"\n"
		"| Name | Value | What it is |\n"
		"|---|---|---|\n"
		"| name | choice of a or b; required | Which |\n"
		"\n"
		"## Targets\n"
		"\n"
		"| Name | Type | Where |\n"
		"|---|---|---|\n"
		"| k8s | kubernetes | context: prod |\n"
		"\n"
		"## Impact of the failure\n"
		"\n"
		"| Operation | Impact | What it means |\n"
		"|---|---|---|\n"
		"| Reads | none | They go on. |\n"
		"\n"
		"## Times to keep\n"
		"\n"
		"| Time | What | Measured |\n"
		"|---|---|---|\n"
		"| 10m | All | from the beginning of del to the end of ok |\n"
		"\n"
		"## Steps\n"
		"\n"
		"2 steps, about 1m30s for the 1 of them with an estimate.\n"
		"\n"
		"### First\n"
		"\n"
		"#### 1. Delete ${it}\n"
		"\n"
		"DESTROYS things; confirmed by typing the target's name; about 1m30s. (del)\n"
		"\n"
		"Some text.\n"
		"\n"
		"- **Only if**: `.params.name == \"a\"`\n"
		"- **Does**: `kubernetes.delete on k8s`\n"
		"  ```yaml\n"
		"  resource: secrets\n"
		"  ```\n"
		"- **Verified by**: `kubernetes.get {resource: secrets}, expecting . == null`\n"
		"\n"
		"#### 2. Ok\n"
		"\n"
		"Asks the operator; no confirmation. (ok)\n"
		"\n"
		"- **Does**: `manual.confirm`\n"
		"  ```yaml\n"
		"  prompt: |-\n"
		"    Go?\n"
		"    Really?\n"
		"  ```\n"
		"\n"
		"## Outcomes\n"
		"\n"
		"- **done**: Done\n");
	str_release(&out);
	runbook_free(rb);
}

/* What is written as YAML reads back as the same value. */
static void
render_yaml_reads_back_as_the_same(void **state)
{
	static const char *const values[] = {
		"{\"a\":\"plain\",\"b\":\"1.0\",\"c\":\"yes\",\"d\":\"\",\"e\":\"a: "
		"b\",\"f\":5,\"g\":true}",
		"{\"a\":\"x\\ny\\n\",\"b\":\"x\\n\\ny\",\"c\":\"5m\",\"d\":\"0\",\"e\":\"- "
		"x\",\"f\":\".5\"}",
		"{\"a\":[1,\"two\",[3,{\"b\":null}]],\"c\":{},\"d\":[],\"e\":\"#x\",\"f\":\"${.a}"
		"\"}",
		"{\"a\":{\"b\":{\"c\":\"a long value that is\",\"d\":\"together with this one too "
		"wide\"}}}",
		"{\"a\":\"~\",\"b\":\"null\",\"c\":\"1h\",\"d\":\"0x10\",\"e\":\"1e3\",\"f\":\"/a "
		"b\",\"g\":\" x\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		cJSON *value = json_parse(values[i], strlen(values[i]), NULL), *back;
		struct str lines = STR_INIT;
		struct yaml_stream stream;
		struct mark mark;
		struct err e = ERR_INIT;

		render_yaml_lines(value, 0, &lines);
		if (yaml_parse(lines.data, lines.len, &stream, &mark, &e) < 0)
			fail_msg("%s in:\n%s", e.message, lines.data);
		back = yaml_to_json(stream.documents[0].root);
		if (!cJSON_Compare(value, back, true))
			print_error("%s\n", lines.data);
		assert_true(cJSON_Compare(value, back, true));
		cJSON_Delete(back);
		cJSON_Delete(value);
		yaml_stream_release(&stream);
		str_release(&lines);
	}
}

static void
runbook_render_mdoc_has_every_row_and_balanced_lists(void **state)
{
	struct str out = STR_INIT;
	int open = 0;

	(void)state;
	runbook_render_mdoc(&fixture_catalogue, &out);
	for (const struct field *row = runbook_step_fields; row->name; row++) {
		struct str item = STR_INIT;

		str_printf(&item, ".It Ic \"%s\"\n", row->name);
		assert_has(&out, item.data);
		str_release(&item);
	}
	for (size_t i = 0; i < fixture_catalogue.count; i++)
		assert_has(&out, fixture_catalogue.types[i]->uses);
	for (const char *at = out.data; (at = strstr(at, "\n.")); at++) {
		open += strncmp(at, "\n.Bl ", 5) == 0;
		open -= strncmp(at, "\n.El\n", 5) == 0;
		assert_true(open >= 0);
	}
	assert_int_equal(open, 0);
	assert_null(strstr(out.data, "\n\n"));
	str_release(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(runbook_render_text_of_small_runbook_is_this),
		cmocka_unit_test(runbook_render_text_keeps_within_columns),
		cmocka_unit_test(runbook_render_text_of_every_key_says_it),
		cmocka_unit_test(runbook_render_of_escape_sequences_shows_them),
		cmocka_unit_test(runbook_render_markdown_of_markup_keeps_it_text),
		cmocka_unit_test(runbook_render_markdown_of_small_runbook_is_this),
		cmocka_unit_test(render_yaml_reads_back_as_the_same),
		cmocka_unit_test(runbook_render_mdoc_has_every_row_and_balanced_lists),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
