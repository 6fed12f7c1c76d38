#include "config.h"

#include "cli/form_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "cli/form_last_run.h"
#include "fixture_folder.h"
#include "run/journal/journal.h"
#include "step/step_table.h"

enum { PRODUCT, NAMESPACE, FQDN, URL, REPLICAS, CLUSTERS, NOTE, PASSWORD, BACKUP };

static const char text[] = "apiVersion: lifeboat/v1\n"
			   "kind: Runbook\n"
			   "metadata: {id: restore, title: Restore}\n"
			   "params:\n"
			   "  product: {type: choice, choices: [tsb, tse], default: tsb}\n"
			   "  namespace: {default: \"${.params.product}\"}\n"
			   "  fqdn: {type: hostname}\n"
			   "  url: {type: url, default: \"https://${.params.fqdn}/\"}\n"
			   "  replicas: {type: int, default: 3}\n"
			   "  clusters: {type: list, items: string, required: false}\n"
			   "  note: {default: \"\"}\n"
			   "  password: {type: secret, from: [prompt, file]}\n"
			   "  backup: {type: path, must_exist: true, required: false}\n"
			   "steps:\n"
			   "  - {id: go, title: Go, uses: manual.confirm, with: {question: Go?}}\n"
			   "ends: [{id: done, title: Done}]\n";

struct world {
	struct runbook *rb;
	struct expressions *x;
	struct secrets *secrets;
	cJSON *params;
	struct form_values *values;
};

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct diags diags;

	diags_init(&diags, "runbook.yaml");
	w->rb = runbook_parse("runbook.yaml", text, sizeof(text) - 1, &step_catalogue, &diags);
	diags_release(&diags);
	if (!w->rb)
		return -1;
	w->x = expressions_new((const char *const *)w->rb->expressions, w->rb->expressions_count);
	w->secrets = secrets_new();
	w->params = cJSON_CreateObject();
	w->values = form_values_new(w->rb, w->x, w->secrets, w->params);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	form_values_free(w->values);
	cJSON_Delete(w->params);
	secrets_free(w->secrets);
	expressions_free(w->x);
	runbook_free(w->rb);
	free(w);
	return 0;
}

static void
assert_value(const struct world *w, size_t i, enum form_source source, const char *shown,
	     const char *json)
{
	struct form_value value = { 0 };
	const cJSON *held = cJSON_GetObjectItemCaseSensitive(w->params, w->rb->params[i].name);
	char *got = held ? json_print(held) : xstrdup("");

	form_values_get(w->values, i, &value);
	assert_int_equal(value.source, source);
	if (shown)
		assert_string_equal(value.text, shown);
	else
		assert_null(value.text);
	assert_string_equal(got, json);
	free(got);
}

static void
assert_problem(const struct world *w, size_t i, const char *part)
{
	struct form_value value = { 0 };

	form_values_get(w->values, i, &value);
	assert_non_null(value.problem);
	assert_non_null(strstr(value.problem, part));
	assert_true(form_values_is_open(w->values, i));
}

static void
recall(const struct world *w, const char *json)
{
	cJSON *params = cJSON_Parse(json);

	assert_non_null(params);
	form_values_recall(w->values, params, "2026-11-20");
	cJSON_Delete(params);
}

static void
give(const struct world *w, size_t i, const char *value, enum form_source source)
{
	struct err e = ERR_INIT;

	if (form_values_give(w->values, i, value, source, &e) < 0)
		fail_msg("%s", e.message);
}

static void
new_values_are_defaults_or_missing(void **state)
{
	const struct world *w = *state;

	assert_value(w, PRODUCT, FORM_DEFAULT, "tsb", "\"tsb\"");
	assert_value(w, NAMESPACE, FORM_DEFAULT, "tsb", "\"tsb\"");
	assert_value(w, FQDN, FORM_MISSING, NULL, "");
	assert_value(w, URL, FORM_LATER, NULL, "");
	assert_value(w, REPLICAS, FORM_DEFAULT, "3", "3");
	assert_value(w, CLUSTERS, FORM_OPTIONAL, NULL, "");
	assert_value(w, NOTE, FORM_DEFAULT, "", "\"\"");
	assert_value(w, PASSWORD, FORM_MISSING, NULL, "");
	assert_true(form_values_is_open(w->values, FQDN));
	assert_false(form_values_is_open(w->values, URL));
	assert_false(form_values_is_open(w->values, CLUSTERS));
}

static void
type_changes_defaults_made_of_it(void **state)
{
	const struct world *w = *state;

	form_values_type(w->values, PRODUCT, "tse");
	assert_value(w, NAMESPACE, FORM_DEFAULT, "tse", "\"tse\"");
	form_values_type(w->values, FQDN, "tsb.example.com");
	assert_value(w, URL, FORM_DEFAULT, "https://tsb.example.com/",
		     "\"https://tsb.example.com/\"");
	form_values_type(w->values, NAMESPACE, "mine");
	form_values_type(w->values, PRODUCT, "tsb");
	assert_value(w, NAMESPACE, FORM_TYPED, "mine", "\"mine\"");
	form_values_reset(w->values, NAMESPACE);
	assert_value(w, NAMESPACE, FORM_DEFAULT, "tsb", "\"tsb\"");
}

static void
type_of_wrong_value_keeps_text_and_no_value(void **state)
{
	const struct world *w = *state;

	form_values_type(w->values, FQDN, "tsb.example.com");
	form_values_type(w->values, FQDN, "no_host");
	assert_value(w, FQDN, FORM_TYPED, "no_host", "");
	assert_problem(w, FQDN, "no host name");
	assert_value(w, URL, FORM_LATER, NULL, "");
	form_values_type(w->values, FQDN, "ok.example.com.");
	assert_value(w, FQDN, FORM_TYPED, "ok.example.com", "\"ok.example.com\"");
	assert_false(form_values_is_open(w->values, FQDN));
}

static void
type_of_wrong_default_is_its_problem(void **state)
{
	const struct world *w = *state;

	form_values_type(w->values, PRODUCT, "tse");
	form_values_type(w->values, BACKUP, "/nowhere/at/all");
	assert_problem(w, BACKUP, "there is no /nowhere/at/all");
	form_values_type(w->values, BACKUP, "");
	assert_value(w, BACKUP, FORM_OPTIONAL, NULL, "");
}

static void
type_of_nothing_is_the_default_or_an_empty_text(void **state)
{
	const struct world *w = *state;

	form_values_type(w->values, REPLICAS, "7");
	form_values_type(w->values, REPLICAS, "");
	assert_value(w, REPLICAS, FORM_DEFAULT, "3", "3");
	form_values_type(w->values, NAMESPACE, "");
	assert_value(w, NAMESPACE, FORM_TYPED, "", "\"\"");
	form_values_type(w->values, FQDN, "");
	assert_value(w, FQDN, FORM_MISSING, NULL, "");
}

static void
recall_fills_what_nobody_gave(void **state)
{
	const struct world *w = *state;

	give(w, FQDN, "given.example.com", FORM_COMMAND_LINE);
	give(w, REPLICAS, "9", FORM_FILE);
	recall(w, "{\"product\":\"tse\",\"namespace\":\"tse\",\"fqdn\":\"old.example.com\","
		  "\"url\":\"https://old.example.com/\",\"replicas\":5,"
		  "\"clusters\":[\"a\",\"b,c\"],\"backup\":\"/nowhere/at/all\"}");
	assert_value(w, PRODUCT, FORM_LAST_RUN, "tse", "\"tse\"");
	assert_value(w, NAMESPACE, FORM_DEFAULT, "tse", "\"tse\"");
	assert_value(w, FQDN, FORM_COMMAND_LINE, "given.example.com", "\"given.example.com\"");
	assert_value(w, URL, FORM_DEFAULT, "https://given.example.com/",
		     "\"https://given.example.com/\"");
	assert_value(w, REPLICAS, FORM_FILE, "9", "9");
	assert_value(w, CLUSTERS, FORM_LAST_RUN, "[\"a\",\"b,c\"]", "[\"a\",\"b,c\"]");
	assert_value(w, BACKUP, FORM_OPTIONAL, NULL, "");
}

static void
recall_never_takes_a_secret(void **state)
{
	const struct world *w = *state;
	struct form_value value = { 0 };

	recall(w, "{\"password\":\"‹secret:password›\",\"note\":\"it is ‹secret:password›\","
		  "\"clusters\":[\"x\",\"‹secret:password›\"]}");
	assert_value(w, PASSWORD, FORM_MISSING, NULL, "");
	assert_value(w, NOTE, FORM_DEFAULT, "", "\"\"");
	assert_value(w, CLUSTERS, FORM_OPTIONAL, NULL, "");
	form_values_get(w->values, PASSWORD, &value);
	assert_null(value.last);
	recall(w, "{\"password\":\"in the clear\"}");
	assert_value(w, PASSWORD, FORM_MISSING, NULL, "");
}

static void
reset_goes_round_default_and_last_run(void **state)
{
	const struct world *w = *state;

	recall(w, "{\"replicas\":5}");
	assert_value(w, REPLICAS, FORM_LAST_RUN, "5", "5");
	form_values_reset(w->values, REPLICAS);
	assert_value(w, REPLICAS, FORM_DEFAULT, "3", "3");
	form_values_reset(w->values, REPLICAS);
	assert_value(w, REPLICAS, FORM_LAST_RUN, "5", "5");
}

static void
secret_typed_is_registered_and_hidden(void **state)
{
	const struct world *w = *state;
	struct form_value value = { 0 };
	struct str shown = STR_INIT;

	form_values_type(w->values, PASSWORD, "pässword-1");
	form_values_get(w->values, PASSWORD, &value);
	assert_null(value.text);
	assert_int_equal(value.hidden, 10);
	assert_value(w, PASSWORD, FORM_TYPED, NULL, "\"pässword-1\"");
	secrets_redact(w->secrets, "a pässword-1 b", strlen("a pässword-1 b"), &shown);
	assert_string_equal(str_cstr(&shown), "a ‹secret:password› b");
	str_release(&shown);
}

static void
secret_of_a_place_must_be_there_and_allowed(void **state)
{
	const struct world *w = *state;

	form_values_type(w->values, PASSWORD, "file:/nowhere/at/all");
	assert_problem(w, PASSWORD, "/nowhere/at/all");
	assert_value(w, PASSWORD, FORM_TYPED, NULL, "");
	/* not a place that this one takes: it is the secret itself */
	form_values_type(w->values, PASSWORD, "env:NOT_ALLOWED");
	assert_value(w, PASSWORD, FORM_TYPED, NULL, "\"env:NOT_ALLOWED\"");
	form_values_type(w->values, PASSWORD, "abc");
	assert_value(w, PASSWORD, FORM_TYPED, NULL, "");
	assert_true(form_values_is_open(w->values, PASSWORD));
}

/* ---- the last run ---- */

static void
write_run(const char *root, const char *id, const char *data)
{
	char *folder = xasprintf("%s/lifeboat/runs/%s", root, id);
	struct journal *journal = NULL;
	struct record *record = NULL;
	struct err e = ERR_INIT;

	if (journal_create(folder, id, NULL, &journal, &e) < 0 ||
	    journal_append(journal, RECORD_RUN, cJSON_Parse(data), true, &record, &e) < 0)
		fail_msg("%s", e.message);
	record_free(record);
	journal_close(journal);
	free(folder);
}

static void
last_run_is_the_latest_of_the_runbook(void **state)
{
	char root[] = "/tmp/lifeboat-form-values-XXXXXX", day[CLOCK_STAMP_MAX];

	(void)state;
	assert_non_null(mkdtemp(root));
	setenv("XDG_STATE_HOME", root, 1);
	assert_null(form_last_run("restore", day));
	write_run(root, "20261118T000000-0001",
		  "{\"runbook\":{\"id\":\"restore\"},\"mode\":\"live\",\"params\":{\"n\":1}}");
	write_run(root, "20261119T000000-0001",
		  "{\"runbook\":{\"id\":\"restore\"},\"mode\":\"live\",\"params\":{\"n\":2}}");
	write_run(root, "20261120T000000-0001",
		  "{\"runbook\":{\"id\":\"restore\"},\"mode\":\"drill\",\"params\":{\"n\":3}}");
	write_run(root, "20261121T000000-0001",
		  "{\"runbook\":{\"id\":\"other\"},\"mode\":\"live\",\"params\":{\"n\":4}}");
	cJSON *params = form_last_run("restore", day);
	assert_non_null(params);
	assert_int_equal(json_int(params, "n", 0), 2);
	assert_int_equal(strlen(day), 10);
	assert_int_equal(day[4], '-');
	cJSON_Delete(params);
	folder_remove(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(new_values_are_defaults_or_missing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(type_changes_defaults_made_of_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(type_of_wrong_value_keeps_text_and_no_value, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(type_of_wrong_default_is_its_problem, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(type_of_nothing_is_the_default_or_an_empty_text,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(recall_fills_what_nobody_gave, set_up, tear_down),
		cmocka_unit_test_setup_teardown(recall_never_takes_a_secret, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reset_goes_round_default_and_last_run, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(secret_typed_is_registered_and_hidden, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(secret_of_a_place_must_be_there_and_allowed, set_up,
						tear_down),
		cmocka_unit_test(last_run_is_the_latest_of_the_runbook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
