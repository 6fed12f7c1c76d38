#include "config.h"

#include "cli/form_picks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "cli/form_job.h"
#include "fixture_folder.h"
#include "http_server.h"
#include "step/step_table.h"

static const char text[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: restore, title: Restore}\n"
	"params:\n"
	"  context: {}\n"
	"  namespace: {}\n"
	"  other: {}\n"
	"  edges: {type: list, items: string}\n"
	"  first: {}\n"
	"  number: {type: int, default: 1}\n"
	"  edge_namespace: {}\n"
	"targets:\n"
	"  management: {type: kubernetes, context: \"${ .params.context }\", kubeconfig: config,\n"
	"    namespace: \"${.params.namespace}\"}\n"
	"  workloads: {type: kubernetes, contexts: .params.edges, kubeconfig: config,\n"
	"    namespace: \"${.params.edge_namespace}\"}\n"
	"  listed: {type: kubernetes, contexts: [\"${.params.first}\", fixed]}\n"
	"  mixed: {type: kubernetes, context: \"x-${.params.other}\"}\n"
	"steps:\n"
	"  - {id: go, title: Go, uses: manual.confirm, with: {question: Go?}}\n"
	"ends: [{id: done, title: Done}]\n";

struct world {
	char folder[64];
	struct runbook *rb;
	struct expressions *x;
	struct secrets *secrets;
	cJSON *params;
	struct http_server *server;
	const char *answer; /* of the namespaces; NULL: silence */
	int status;
};

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	const struct world *w = data;

	if (strstr(r->target, "/api/v1/namespaces?limit=500") != r->target)
		return server_json(c, 404, "{}");
	return w->answer ? server_json(c, w->status, w->answer) : server_stay_silent(c);
}

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct diags diags;
	struct err e = ERR_INIT;

	snprintf(w->folder, sizeof(w->folder), "%s", "/tmp/lifeboat-picks-XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	w->server = server_start(answer, w, NULL);
	char *path = xasprintf("%s/runbook.yaml", w->folder);
	char *config = xasprintf("%s/config", w->folder);
	char *yaml = xasprintf("contexts:\n"
			       "- {name: mgmt-b, context: {cluster: a}}\n"
			       "- {name: mgmt-a, context: {cluster: a}}\n"
			       "- {name: mgmt-b, context: {cluster: b}}\n"
			       "clusters:\n"
			       "- {name: a, cluster: {server: \"%s\"}}\n",
			       w->server->url);
	diags_init(&diags, path);
	w->rb = runbook_parse(path, text, sizeof(text) - 1, &step_catalogue, &diags);
	diags_release(&diags);
	int rc = w->rb ? file_write_atomic(config, yaml, strlen(yaml), 0600, &e) : -1;
	free(yaml);
	free(config);
	free(path);
	if (rc < 0)
		return -1;
	w->x = expressions_new((const char *const *)w->rb->expressions, w->rb->expressions_count);
	w->secrets = secrets_new();
	w->params = cJSON_CreateObject();
	w->status = 200;
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	server_stop(w->server);
	cJSON_Delete(w->params);
	secrets_free(w->secrets);
	expressions_free(w->x);
	runbook_free(w->rb);
	folder_remove(w->folder);
	free(w);
	return 0;
}

static void
kind_follows_from_the_targets(void **state)
{
	static const enum pick_kind kinds[] = { PICK_CONTEXTS,	PICK_NAMESPACES, PICK_NONE,
						PICK_CONTEXTS,	PICK_CONTEXTS,	 PICK_NONE,
						PICK_NAMESPACES };
	const struct world *w = *state;

	for (size_t i = 0; i < w->rb->params_count; i++) {
		const struct target_spec *target = NULL;

		assert_int_equal(pick_kind_of(w->rb, &w->rb->params[i], &target), kinds[i]);
		assert_int_equal(target != NULL, kinds[i] != PICK_NONE);
	}
}

/* Settles and fetches the list for a parameter. */
static struct pick_request
fetch(const struct world *w, const char *name, const struct cancel *cancel)
{
	struct pick_request request;
	struct err e = ERR_INIT;

	if (pick_request_init(&request, w->rb, w->x, w->params, runbook_param(w->rb, name),
			      w->secrets, &e) < 0)
		fail_msg("%s", e.message);
	pick_request_run(&request, cancel);
	return request;
}

static void
run_of_contexts_lists_each_once(void **state)
{
	struct pick_request request = fetch(*state, "context", NULL);

	assert_int_equal(request.problem.kind, ERR_NONE);
	assert_int_equal(request.count, 2);
	assert_string_equal(request.items[0], "mgmt-b");
	assert_string_equal(request.items[1], "mgmt-a");
	pick_request_release(&request);
}

static void
run_of_namespaces_asks_the_context_of_the_values(void **state)
{
	struct world *w = *state;

	w->answer = "{\"items\":[{\"metadata\":{\"name\":\"default\"}},{\"metadata\":{\"name\":"
		    "\"tsb\"}}],"
		    "\"metadata\":{\"continue\":\"more\"}}";
	json_add_string(w->params, "context", "mgmt-a");
	struct pick_request request = fetch(w, "namespace", NULL);
	if (request.problem.kind != ERR_NONE)
		fail_msg("%s", request.problem.message);
	assert_string_equal(request.context, "mgmt-a");
	assert_int_equal(request.count, 2);
	assert_string_equal(request.items[1], "tsb");
	assert_non_null(strstr(request.remark, "only the first 500"));
	pick_request_release(&request);
}

static void
run_of_a_groups_namespaces_asks_its_first_context(void **state)
{
	struct world *w = *state;

	w->answer = "{\"items\":[]}";
	json_add(w->params, "edges", cJSON_Parse("[\"mgmt-b\",\"mgmt-a\"]"));
	struct pick_request request = fetch(w, "edge_namespace", NULL);
	assert_int_equal(request.problem.kind, ERR_NONE);
	assert_string_equal(request.context, "mgmt-b");
	assert_int_equal(request.count, 0);
	pick_request_release(&request);
}

static void
run_that_is_refused_says_why(void **state)
{
	struct world *w = *state;

	w->status = 403;
	w->answer =
		"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,"
		"\"message\":\"ana may not list namespaces\"}";
	json_add_string(w->params, "context", "mgmt-a");
	struct pick_request request = fetch(w, "namespace", NULL);
	assert_int_equal(request.problem.kind, ERR_DENIED);
	assert_non_null(strstr(request.problem.message, "listing the namespaces of mgmt-a"));
	assert_non_null(strstr(request.problem.message, "ana may not list"));
	pick_request_release(&request);
}

static void
init_without_the_context_says_what_to_fill_in(void **state)
{
	const struct world *w = *state;
	static const char *const names[] = { "namespace", "edge_namespace" };

	for (size_t i = 0; i < 2; i++) {
		struct pick_request request;
		struct err e = ERR_INIT;

		assert_int_equal(pick_request_init(&request, w->rb, w->x, w->params,
						   runbook_param(w->rb, names[i]), w->secrets, &e),
				 -1);
		assert_int_equal(e.kind, ERR_USAGE);
		assert_non_null(strstr(e.message, "fill in first"));
		pick_request_release(&request);
	}
}

static void
work(void *data, const struct cancel *cancel)
{
	pick_request_run(data, cancel);
}

static void
job_that_is_given_up_ends_at_once(void **state)
{
	const struct world *w = *state;
	struct pick_request request;
	struct err e = ERR_INIT;

	json_add_string(w->params, "context", "mgmt-a");
	assert_int_equal(pick_request_init(&request, w->rb, w->x, w->params,
					   runbook_param(w->rb, "namespace"), w->secrets, &e),
			 0);
	struct form_job *job = form_job_start(work, &request);
	while (atomic_load(&w->server->requests) == 0)
		cancel_sleep(NULL, 1); /* until it waits for the answer */
	int64_t asked_ms = clock_mono_ms();
	assert_false(form_job_end(job));
	assert_true(clock_mono_ms() - asked_ms < 1000);
	assert_int_equal(request.problem.kind, ERR_CANCELLED);
	pick_request_release(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kind_follows_from_the_targets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(run_of_contexts_lists_each_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(run_of_namespaces_asks_the_context_of_the_values,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(run_of_a_groups_namespaces_asks_its_first_context,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(run_that_is_refused_says_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(init_without_the_context_says_what_to_fill_in,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(job_that_is_given_up_ends_at_once, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
