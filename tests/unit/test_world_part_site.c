#include "config.h"

#include "world/part/parts.h"

#include "fixture_parts.h"

#include "net/http/http.h"

enum { SITES = 20, PORT = 8443 };

static struct fixture_parts *world;

static int
start_world(void **state)
{
	(void)state;
	world = fixture_parts_new(10);
	return 0;
}

static int
end_world(void **state)
{
	(void)state;
	fixture_parts_free(world);
	return 0;
}

/* Starts a site named by its address; `more` is the rest of its element. */
static void
start_site(int address, const char *more)
{
	char *element = xasprintf("{\"name\": \"s%d\", \"address\": %d, \"ports\": [%d], %s}",
				  address, address, PORT, more);

	fixture_start(world, parts_site, element);
	free(element);
}

static void
change_site(int address, const char *more)
{
	char *change = xasprintf("{\"name\": \"s%d\", %s}", address, more);

	fixture_change(world, "site", change);
	free(change);
}

/* One request to https://tsb.example.com at an address of the world, or to http: there. */
struct call {
	int address, port;
	const char *method, *path, *user, *password;
	bool plain;
	int64_t timeout_ms;
};

static int
perform(const struct call *call, struct http_response *ret_response, struct err *e)
{
	int port = call->port ? call->port : PORT;
	char *resolve = xasprintf("tsb.example.com:%d:%s%d", port, world->prefix, call->address);
	char *url = xasprintf("%s://tsb.example.com:%d%s", call->plain ? "http" : "https", port,
			      call->path ? call->path : "/");
	const char *resolves[] = { resolve, NULL };
	const struct http_options options = { .ca_pem = authority_pem(world->root),
					      .resolve = resolves,
					      .proxy_url = "" };
	const struct http_request request = {
		.method = call->method ? call->method : "GET",
		.url = url,
		.user = call->user,
		.password = call->password,
		.body = str_equal(call->method, "POST") ? "{}" : NULL,
		.body_len = str_equal(call->method, "POST") ? 2 : 0,
		.timeout_ms = call->timeout_ms ? call->timeout_ms : FIXTURE_WAIT_MS,
	};
	struct http_client *client = http_client_new(&options, e);
	int rc = client ? http_perform(client, &request, ret_response, e) : -1;

	http_client_free(client);
	free(url);
	free(resolve);
	return rc;
}

static struct http_response
answer(struct call call)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct err e = ERR_INIT;

	if (perform(&call, &response, &e) < 0)
		fail_msg("%s", e.message);
	return response;
}

static struct err
failure(struct call call)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(perform(&call, &response, &e), -1);
	return e;
}

static void
assert_answer(struct call call, long status, const char *type, const char *body)
{
	struct http_response response = answer(call);

	assert_int_equal(response.status, status);
	assert_string_equal(str_cstr(&response.body), body);
	if (type)
		assert_string_equal(response.content_type, type);
	http_response_release(&response);
}

static void
parts_site_declared_givesTheFirstAnswerThatFits(void **state)
{
	struct http_response response;
	char *header;

	(void)state;
	start_site(20,
		   "\"certificate\": {\"certificate\": \"good\"}, \"answers\": ["
		   "{\"path\": \"/\", \"body\": \"<h1>UI</h1>\"},"
		   "{\"path\": \"/text\", \"body\": \"words\", \"status\": 202},"
		   "{\"path\": \"/v2/*\", \"method\": \"POST\", \"json\": {\"token\": [1, \"a\"]},"
		   " \"headers\": {\"X-Envoy\": \"1\", \"Content-Type\": \"application/x-json\"}},"
		   "{\"path\": \"/v2/login\", \"json\": true},"
		   "{\"path\": \"/v2/*\", \"body\": \"late\"}]");
	assert_answer((struct call){ .address = 20 }, 200, "text/html; charset=utf-8",
		      "<h1>UI</h1>");
	assert_answer((struct call){ .address = 20, .path = "/?a=b" }, 200, NULL, "<h1>UI</h1>");
	assert_answer((struct call){ .address = 20, .path = "/text" }, 202,
		      "text/plain; charset=utf-8", "words");
	assert_answer((struct call){ .address = 20, .path = "/v2/login" }, 200, "application/json",
		      "true");
	assert_answer((struct call){ .address = 20, .path = "/v2/x" }, 200, NULL, "late");
	assert_answer((struct call){ .address = 20, .path = "/none" }, 404, NULL,
		      "404 page not found\n");
	response = answer((struct call){ .address = 20, .path = "/v2/login", .method = "POST" });
	header = http_response_header(&response, "x-envoy");
	assert_string_equal(header, "1");
	assert_string_equal(response.content_type, "application/x-json");
	assert_string_equal(str_cstr(&response.body), "{\"token\":[1,\"a\"]}");
	free(header);
	http_response_release(&response);
	response = answer((struct call){ .address = 20, .path = "/text", .method = "HEAD" });
	assert_int_equal(response.status, 202);
	assert_int_equal(response.body.len, 0);
	http_response_release(&response);
}

static void
parts_site_requests_countsWhatWasAnswered(void **state)
{
	char *log = xasprintf("%s/log/site-s21.log", world->folder);

	(void)state;
	start_site(21, "\"plain\": true, \"answers\": [{\"path\": \"/a\", \"body\": \"x\"}]");
	assert_int_equal(parts_site_requests(world->parts, "s21", NULL, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_answer((struct call){ .address = 21, .plain = true, .path = "/a?q" }, 200,
			      NULL, "x");
	assert_answer((struct call){ .address = 21, .plain = true, .path = "/b", .method = "POST" },
		      404, NULL, "404 page not found\n");
	assert_int_equal(parts_site_requests(world->parts, "s21", NULL, NULL), 4);
	assert_int_equal(parts_site_requests(world->parts, "s21", "GET", "/a"), 3);
	assert_int_equal(parts_site_requests(world->parts, "s21", "POST", "/*"), 1);
	assert_int_equal(parts_site_requests(world->parts, "s21", "GET", "/b"), 0);
	assert_int_equal(parts_site_requests(world->parts, "none", NULL, NULL), 0);
	assert_int_equal(access(log, R_OK), 0);
	free(log);
}

static void
parts_site_certificates_failAsTheyShould(void **state)
{
	(void)state;
	start_site(22, "\"certificate\": {\"certificate\": \"other\"}");
	start_site(23, "\"certificate\": {\"certificate\": \"expired\"}");
	start_site(24, "\"certificate\": {\"certificate\": \"elsewhere\"}");
	start_site(25, "\"answers\": []");
	assert_int_equal(failure((struct call){ .address = 22 }).kind, ERR_DENIED);
	struct err expired = failure((struct call){ .address = 23 });
	assert_non_null(strstr(expired.message, "expired"));
	assert_int_equal(failure((struct call){ .address = 24 }).kind, ERR_DENIED);
	struct err none = failure((struct call){ .address = 25 });
	assert_true(none.kind != ERR_DENIED && none.kind != ERR_TIMEOUT);
	change_site(22, "\"certificate\": {\"certificate\": \"good\"}");
	change_site(25, "\"certificate\": {\"certificate\": \"good\"}");
	assert_answer((struct call){ .address = 22 }, 404, NULL, "404 page not found\n");
	assert_answer((struct call){ .address = 25 }, 404, NULL, "404 page not found\n");
}

static void
parts_site_keyOfAnother_isSpecError(void **state)
{
	cJSON *element = fixture_json("{\"name\": \"wrong\", \"address\": 26, \"ports\": [8443]}");
	cJSON *certificate = cJSON_AddObjectToObject(element, "certificate");
	struct err e = ERR_INIT;

	(void)state;
	json_add_string(certificate, "chain", world->chains[0]);
	json_add_string(certificate, "key", world->keys[1]);
	assert_int_equal(parts_site(world->parts, element, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "wrong"));
	cJSON_Delete(element);
}

static void
parts_site_auth_isNeeded(void **state)
{
	struct call call = { .address = 27, .plain = true, .user = "elastic", .password = "a:b" };
	struct http_response response;
	char *header;

	(void)state;
	start_site(27, "\"plain\": true, \"auth\": {\"user\": \"elastic\", \"password\": \"a:b\"},"
		       "\"answers\": [{\"path\": \"/\", \"body\": \"in\"}]");
	assert_answer(call, 200, NULL, "in");
	call.password = "wrong";
	response = answer(call);
	assert_int_equal(response.status, 401);
	header = http_response_header(&response, "WWW-Authenticate");
	assert_true(str_starts_with(header, "Basic"));
	free(header);
	http_response_release(&response);
	call.user = call.password = NULL;
	assert_answer(call, 401, NULL, "Unauthorized\n");
}

static void *
answer_soon(void *data)
{
	struct call call = { .address = 28, .timeout_ms = FIXTURE_WAIT_MS };

	*(struct http_response *)data = answer(call);
	return NULL;
}

static void
parts_change_state_isSeenFromOutside(void **state)
{
	struct http_response late = HTTP_RESPONSE_INIT;
	struct call call = { .address = 28, .timeout_ms = 300 };
	pthread_t thread;

	(void)state;
	start_site(28, "\"state\": \"down\", \"certificate\": {\"certificate\": \"good\"},"
		       "\"answers\": [{\"path\": \"/\", \"body\": \"here\"}]");
	struct err down = failure(call);
	assert_int_equal(down.kind, ERR_NET);
	change_site(28, "\"state\": \"silent\"");
	assert_int_equal(failure(call).kind, ERR_TIMEOUT);
	pthread_create(&thread, NULL, answer_soon, &late);
	poll(NULL, 0, 100);
	change_site(28, "\"state\": \"up\"");
	pthread_join(thread, NULL);
	assert_string_equal(str_cstr(&late.body), "here");
	http_response_release(&late);
	change_site(28, "\"state\": \"errors\"");
	call.timeout_ms = 0;
	late = answer(call);
	assert_int_equal(late.status, 503);
	http_response_release(&late);
	change_site(28, "\"state\": \"down\"");
	assert_int_equal(failure(call).kind, ERR_NET);
}

static void
parts_change_answers_takeThePlaceOfTheSame(void **state)
{
	struct call root = { .address = 29, .plain = true },
		    more = { .address = 29, .plain = true };

	(void)state;
	more.path = "/more";
	start_site(29, "\"plain\": true, \"answers\": [{\"path\": \"/\", \"body\": \"one\"},"
		       "{\"path\": \"/*\", \"body\": \"all\"}]");
	assert_answer(more, 200, NULL, "all");
	change_site(29, "\"answers\": [{\"path\": \"/\", \"body\": \"two\"},"
			"{\"path\": \"/\", \"method\": \"POST\", \"body\": \"three\"},"
			"{\"path\": \"/more\", \"body\": \"four\"}]");
	assert_answer(root, 200, NULL, "two");
	assert_answer(more, 200, NULL, "four");
	root.method = "POST";
	assert_answer(root, 200, NULL, "three");
}

/* Durations are the world's: at tenfold speed they are a tenth. */
static void
parts_site_delay_isDividedByTheSpeed(void **state)
{
	struct call call = { .address = 30, .plain = true };
	struct http_response response;

	(void)state;
	start_site(30,
		   "\"plain\": true, \"answers\": [{\"path\": \"/\", \"body\": \"x\", \"delay\": "
		   "3000}]");
	response = answer(call);
	assert_true(response.duration_ms >= 280 && response.duration_ms < 3000);
	http_response_release(&response);
	call.timeout_ms = 100; /* given up in the middle */
	assert_int_equal(failure(call).kind, ERR_TIMEOUT);
}

static void
parts_site_severalPorts_allAnswer(void **state)
{
	(void)state;
	fixture_start(world, parts_site,
		      "{\"name\": \"ports\", \"address\": 31, \"ports\": [8443, 9443],"
		      "\"certificate\": {\"certificate\": \"good\"},"
		      "\"answers\": [{\"path\": \"/\", \"body\": \"x\"}]}");
	assert_answer((struct call){ .address = 31 }, 200, NULL, "x");
	assert_answer((struct call){ .address = 31, .port = 9443 }, 200, NULL, "x");
}

static void
parts_site_portTaken_isNetError(void **state)
{
	struct err e;

	(void)state;
	start_site(32, "\"plain\": true");
	e = fixture_start_fails(world, parts_site,
				"{\"name\": \"again\", \"address\": 32, \"ports\": [8443]}");
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "32:8443"));
}

/* --- with a database -------------------------------------------------------------------------------- */

static bool
start_database(void)
{
	cJSON *element = fixture_json("{\"name\": \"config\", \"address\": 50, \"port\": 5432,"
				      "\"databases\": [{\"name\": \"tsb\"}]}");
	struct err e = ERR_INIT;
	bool started = parts_database(world->parts, element, &e) == 0;

	cJSON_Delete(element);
	if (!started && e.kind != ERR_NOT_FOUND)
		fail_msg("%s", e.message);
	return started;
}

static void
parts_site_sql_showsTheRealDatabase(void **state)
{
	struct call call = { .address = 33, .plain = true, .path = "/v2/clusters" };
	struct call bad = { .address = 33, .plain = true, .path = "/bad" };

	(void)state;
	if (!start_database()) {
		print_message("skipped: PostgreSQL is not installed\n");
		skip();
	}
	start_site(33, "\"plain\": true, \"answers\": [{\"path\": \"/v2/clusters\", \"sql\":"
		       " {\"database\": \"config\", \"of\": \"tsb\", \"query\":"
		       "  \"SELECT json_agg(n ORDER BY n) FROM clusters\"}},"
		       "{\"path\": \"/bad\", \"sql\": {\"database\": \"config\", \"of\": \"tsb\","
		       " \"query\": \"SELECT nonsense\"}}]");
	fixture_change(
		world, "database",
		"{\"name\": \"config\", \"of\": \"tsb\", \"sql\":"
		" \"CREATE TABLE clusters (n text); INSERT INTO clusters VALUES ('app-1')\"}");
	assert_answer(call, 200, "application/json", "[\"app-1\"]");
	fixture_change(world, "database",
		       "{\"name\": \"config\", \"of\": \"tsb\", \"sql\":"
		       " \"INSERT INTO clusters VALUES ('app-2')\"}");
	assert_answer(call, 200, "application/json", "[\"app-1\",\"app-2\"]");
	struct http_response response = answer(bad);
	assert_int_equal(response.status, 503);
	assert_non_null(strstr(str_cstr(&response.body), "nonsense"));
	http_response_release(&response);
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"stopped\"}");
	response = answer(call);
	assert_int_equal(response.status, 503);
	http_response_release(&response);
}

/* A question that hangs in a firewall when the world ends. */
static void
parts_free_questionUnderWay_endsInTime(void **state)
{
	struct call call = { .address = 33, .plain = true, .path = "/v2/clusters" };

	(void)state;
	if (access("/usr/lib/postgresql", F_OK) < 0)
		skip();
	fixture_change(world, "database", "{\"name\": \"config\", \"state\": \"blocked\"}");
	call.timeout_ms = 200;
	assert_int_equal(failure(call).kind, ERR_TIMEOUT);
	/* The end of the group frees the world, and fails where that takes long. */
}

static void
parts_site_many_needFewThreads(void **state)
{
	char line[256];
	FILE *file;
	int threads = 0;

	(void)state;
	for (int i = 0; i < SITES; i++) {
		start_site(100 + i, "\"certificate\": {\"certificate\": \"good\"},"
				    "\"answers\": [{\"path\": \"/\", \"body\": \"x\"}]");
		assert_answer((struct call){ .address = 100 + i }, 200, NULL, "x");
	}
	file = fopen("/proc/self/status", "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %d", &threads);
	fclose(file);
	assert_in_range(threads, 2, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_site_declared_givesTheFirstAnswerThatFits),
		cmocka_unit_test(parts_site_requests_countsWhatWasAnswered),
		cmocka_unit_test(parts_site_certificates_failAsTheyShould),
		cmocka_unit_test(parts_site_keyOfAnother_isSpecError),
		cmocka_unit_test(parts_site_auth_isNeeded),
		cmocka_unit_test(parts_change_state_isSeenFromOutside),
		cmocka_unit_test(parts_change_answers_takeThePlaceOfTheSame),
		cmocka_unit_test(parts_site_delay_isDividedByTheSpeed),
		cmocka_unit_test(parts_site_severalPorts_allAnswer),
		cmocka_unit_test(parts_site_portTaken_isNetError),
		cmocka_unit_test(parts_site_many_needFewThreads),
		cmocka_unit_test(parts_site_sql_showsTheRealDatabase),
		cmocka_unit_test(parts_free_questionUnderWay_endsInTime),
	};

	return cmocka_run_group_tests(tests, start_world, end_world);
}
