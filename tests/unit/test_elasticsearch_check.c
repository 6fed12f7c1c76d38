#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "fixture_authority.h"
#include "fixture_server.h"
#include "http_server.h"

/*
 * runbooks/elasticsearch-check.yaml, run as the program runs it, against a server over TLS that answers as
 * Elasticsearch documents it. Source: Elasticsearch reference 8, "Cluster health API", "cat shards API",
 * "Cluster allocation explain API", "Count API".
 */

#define RUNBOOK SRCDIR "/runbooks/elasticsearch-check.yaml"
#define PASSWORD "correct-horse-battery"

/* A cluster as a test wants it. */
struct world {
	struct link root, leaf;
	struct http_server *server;
	char *folder, *ca_file, *log;
	const char *status;
	int data_nodes, unassigned, documents;
	int red_looks;	   /* so many looks at the health are red before it is what `status` says */
	bool is_explained; /* else the shard has found its place meanwhile */
	const char *password; /* ours */
	bool is_foreign;      /* not Elasticsearch at all */
	struct str said;
};

static bool
answer_root(const struct world *w, struct server_connection *c)
{
	if (w->is_foreign)
		return server_json(c, 200, "{\"name\":\"some proxy\"}");
	return server_json(c, 200,
			   "{\"name\":\"es-0\",\"cluster_name\":\"metrics\",\"cluster_uuid\":"
			   "\"vPGdxsC0TUK1_wNRrcN9Dg\",\"version\":{\"number\":\"8.11.1\","
			   "\"build_flavor\":\"default\"},\"tagline\":\"You Know, for Search\"}");
}

static bool
answer_health(struct world *w, struct server_connection *c)
{
	char *text =
		xasprintf("{\"cluster_name\":\"metrics\",\"status\":\"%s\",\"timed_out\":false,"
			  "\"number_of_nodes\":3,\"number_of_data_nodes\":%d,"
			  "\"active_primary_shards\":10,\"active_shards\":18,"
			  "\"relocating_shards\":0,\"initializing_shards\":0,"
			  "\"unassigned_shards\":%d,\"number_of_pending_tasks\":0,"
			  "\"active_shards_percent_as_number\":90.0}",
			  w->red_looks > 0 ? "red" : w->status, w->data_nodes, w->unassigned);
	bool ok = server_json(c, 200, text);

	w->red_looks--;
	free(text);
	return ok;
}

static bool
answer_explain(const struct world *w, struct server_connection *c)
{
	if (!w->is_explained)
		return server_json(
			c, 400,
			"{\"error\":{\"type\":\"illegal_argument_exception\",\"reason\":"
			"\"unable to find any unassigned shards to explain\"},\"status\":"
			"400}");
	return server_json(c, 200,
			   "{\"index\":\"metrics-2026\",\"shard\":0,\"primary\":false,"
			   "\"current_state\":\"unassigned\",\"unassigned_info\":{\"reason\":"
			   "\"NODE_LEFT\",\"at\":\"2026-11-21T09:00:00.000Z\"},\"can_allocate\":"
			   "\"no\",\"allocate_explanation\":\"the disk watermark is exceeded\"}");
}

static bool
answer_count(const struct world *w, struct server_connection *c)
{
	char *text =
		xasprintf("{\"count\":%d,\"_shards\":{\"total\":1,\"successful\":1,\"skipped\":0,"
			  "\"failed\":0}}",
			  w->documents);
	bool ok = server_json(c, 200, text);

	free(text);
	return ok;
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;

	/* elastic:correct-horse-battery */
	if (!server_has_header(r, "Authorization: Basic ZWxhc3RpYzpjb3JyZWN0LWhvcnNlLWJhdHRlcnk="))
		return server_reply(c, 401, "application/json",
				    "WWW-Authenticate: Basic realm=\"security\"\r\n",
				    "{\"error\":{\"type\":\"security_exception\"},\"status\":401}");
	if (strcmp(r->target, "/") == 0)
		return answer_root(w, c);
	if (strncmp(r->target, "/_cluster/health", 16) == 0)
		return answer_health(w, c);
	if (strncmp(r->target, "/_cat/shards?", 13) == 0)
		return server_json(c, 200,
				   "[{\"index\":\"metrics-2026\",\"shard\":\"0\",\"prirep\":\"p\","
				   "\"state\":\"STARTED\",\"unassigned.reason\":null},{\"index\":"
				   "\"metrics-2026\",\"shard\":\"0\",\"prirep\":\"r\",\"state\":"
				   "\"UNASSIGNED\",\"unassigned.reason\":\"NODE_LEFT\"}]");
	if (strcmp(r->target, "/_cluster/allocation/explain") == 0)
		return answer_explain(w, c);
	if (strcmp(r->target, "/metrics-2026/_count") == 0)
		return answer_count(w, c);
	if (strcmp(r->target, "/metrics-2026") == 0 && strcmp(r->method, "HEAD") == 0)
		return server_reply(c, 200, "application/json", "", "");
	return server_json(c, 404, "{\"error\":{\"type\":\"index_not_found_exception\"}}");
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->root = issued_new(NULL, "Example Root", NULL, -60, 100 * 24 * 3600);
	w->leaf = issued_new(&w->root, "es", "DNS:es.example.test", -60, 50 * 24 * 3600);
	w->folder = fixture_folder();
	char *pem = links_pem(LINKS(&w->root));
	w->ca_file = fixture_write(w->folder, "ca.pem", pem);
	free(pem);
	w->log = xasprintf("%s/said", w->folder);
	w->status = "green";
	w->data_nodes = 3;
	w->documents = 1200;
	w->server = server_start(answer, w, issued_server(&w->leaf, NULL));
	setenv("XDG_STATE_HOME", w->folder, 1);
	setenv("XDG_CONFIG_HOME", w->folder, 1);
	w->password = PASSWORD;
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	server_stop(w->server);
	link_free(&w->root);
	link_free(&w->leaf);
	free(w->ca_file);
	free(w->log);
	fixture_remove(w->folder);
	str_release(&w->said);
	free(w);
	return 0;
}

/* Runs a command of the program in this process; what it says goes to w->said. */
static int
run_command(struct world *w, const struct cli_command *command, const char *const *words)
{
	struct cli_args *args = NULL;
	struct err e = ERR_INIT;
	int count = 0, rc, outs[2] = { dup(1), dup(2) };
	int fd = open(w->log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	while (words[count])
		count++;
	fflush(NULL);
	dup2(fd, 1);
	dup2(fd, 2);
	rc = cli_parse(command, count, (char **)(uintptr_t)words, &args, &e);
	if (rc == 0)
		rc = command->run(args, &e);
	cli_args_free(args);
	fflush(NULL);
	dup2(outs[0], 1);
	dup2(outs[1], 2);
	close(outs[0]);
	close(outs[1]);
	close(fd);
	str_clear(&w->said);
	assert_int_equal(file_read(w->log, 16 << 20, &w->said, &e), 0);
	if (rc < 0)
		str_append(&w->said, e.message);
	return rc < 0 ? err_exit_code(e.kind) : rc;
}

static int
run(struct world *w, const char *more)
{
	char *url = xasprintf("es_url=https://es.example.test:%d", w->server->port);
	char *ca = xasprintf("ca_file=%s", w->ca_file);
	const char *const words[] = { "--plain", "--auto",
				      "-p",	 url,
				      "-p",	 ca,
				      "-p",	 "es_address=127.0.0.1",
				      "-p",	 "es_password=env:ES_PASSWORD",
				      "-p",	 "index=metrics-2026",
				      "-p",	 "min_documents=1000",
				      "-p",	 "data_nodes=3",
				      "-p",	 "patience=20s",
				      "--yes",	 "judge-shards",
				      "-p",	 more,
				      RUNBOOK,	 NULL };
	setenv("ES_PASSWORD", w->password, 1); /* it is taken out when it is read */
	int rc = run_command(w, &cmd_run, words);

	free(url);
	free(ca);
	return rc;
}

/* The end of what was said: cmocka's messages are short. */
static const char *
end_of(const struct str *said)
{
	return str_cstr(said) + (said->len > 900 ? said->len - 900 : 0);
}

static void
assert_said(const struct world *w, const char *text)
{
	if (!strstr(str_cstr(&w->said), text))
		fail_msg("\"…%s\" lacks \"%s\"", end_of(&w->said), text);
}

static void
assert_passes(struct world *w, const char *more)
{
	if (run(w, more) != 0)
		fail_msg("…%s", end_of(&w->said));
}

static void
elasticsearch_check_lints_without_a_word(void **state)
{
	static const char *const words[] = { RUNBOOK, NULL };
	struct world *w = *state;

	assert_int_equal(run_command(w, &cmd_lint, words), 0);
	assert_said(w, "8 steps, sound\n");
	assert_null(strchr(strchr(w->said.data, '\n') + 1, '\n'));
}

static void
elasticsearch_check_of_a_green_cluster_passes(void **state)
{
	struct world *w = *state;

	w->red_looks = 1;
	assert_passes(w, "minimum=green");
	assert_said(w, "Elasticsearch can be used");
	assert_null(strstr(w->said.data, PASSWORD));
	assert_int_equal(server_count(w->server, "GET /_cat/shards"), 0);
	assert_int_equal(server_count(w->server, "HEAD /metrics-2026\n"), 1);
}

static void
elasticsearch_check_explains_shards_without_a_place(void **state)
{
	struct world *w = *state;

	w->status = "yellow";
	w->unassigned = 2;
	w->is_explained = true;
	assert_passes(w, "minimum=yellow");
	assert_said(w, "2 shards have no place; missing primaries: none. Of metrics-2026 0 replica "
		       "Elasticsearch says: the disk watermark is exceeded.");
	w->is_explained = false;
	assert_passes(w, "minimum=yellow");
	assert_said(w, "Elasticsearch says: all have found a place");
}

/* Each of these ends the run at the step that finds it, with the reason. */
static void
elasticsearch_check_stops_at_what_is_missing(void **state)
{
	struct world *w = *state;

	w->documents = 12;
	assert_int_not_equal(run(w, "minimum=green"), 0);
	assert_said(w, "json .count >= $params.min_documents: .count is 12");
	w->data_nodes = 2;
	assert_int_not_equal(run(w, "minimum=green"), 0);
	assert_said(w, ".number_of_data_nodes is 2");
	w->status = "yellow";
	assert_int_not_equal(run(w, "patience=1s"), 0);
	assert_said(w, ".number_of_data_nodes is 2"); /* yellow alone is good enough by default */
	w->status = "red";
	assert_int_not_equal(run(w, "patience=1s"), 0);
	assert_said(w, "The cluster is not as healthy as it must be");
}

static void
elasticsearch_check_of_a_wrong_server_or_password_stops_at_once(void **state)
{
	struct world *w = *state;

	w->is_foreign = true;
	assert_int_not_equal(run(w, "minimum=green"), 0);
	assert_said(w, "json .cluster_uuid != null: .cluster_uuid is null");
	w->is_foreign = false;
	w->password = "wrong-password";
	assert_int_not_equal(run(w, "minimum=green"), 0);
	assert_said(w, "We came as user elastic, and the server asks who we are: Basic realm");
	assert_null(strstr(w->said.data, "wrong-password"));
	w->password = PASSWORD;
	assert_int_not_equal(run(w, "index=metrics-2027"), 0);
	assert_said(w, "status 404, expected 200");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(elasticsearch_check_lints_without_a_word),
		CASE(elasticsearch_check_of_a_green_cluster_passes),
		CASE(elasticsearch_check_explains_shards_without_a_place),
		CASE(elasticsearch_check_stops_at_what_is_missing),
		CASE(elasticsearch_check_of_a_wrong_server_or_password_stops_at_once),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
