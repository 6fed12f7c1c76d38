/*
 * Where secrets come in and might come out again: a Kubernetes Secret as a parameter, the messages of
 * libcurl and libpq, and the fingerprints.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "cli/secret_source.h"
#include "fixture_kube_api.h"
#include "fixture_postgres.h"
#include "kube/secret_value.h"
#include "net/http/http_follow.h"
#include "net/postgres/postgres.h"

#define SECRET "s3cret/with&odd=chars%of'all-kinds"

/* The same as it stands in a URL. */
#define SECRET_IN_URL "s3cret%2Fwith%26odd%3Dchars%25of%27all-kinds"

static struct secrets *
registry(void)
{
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;

	if (secrets_add(s, "pw", SECRET, strlen(SECRET), &e) < 0)
		fail_msg("%s", e.message);
	return s;
}

/*
 * That the message had the secret in it is part of the test: else it would pass where nothing could have
 * leaked.
 */
static void
assert_message_is_hidden(struct err *e, const char *leak)
{
	struct secrets *s = registry();

	if (!strstr(e->message, leak))
		fail_msg("\"%s\" never held \"%s\"", e->message, leak);
	secrets_redact_err(s, e);
	assert_null(strstr(e->message, leak));
	assert_null(strstr(e->message, "s3cret"));
	assert_non_null(strstr(e->message, "‹secret:pw›"));
	secrets_free(s);
}

static void
fetch_in_vain(const char *url, int redirects, struct err *e)
{
	const struct http_options options = { .proxy_url = "" };
	const struct http_request request = {
		.method = "GET",
		.url = url,
		.reads = true,
		.timeout_ms = 2000,
	};
	const struct http_redirects rules = { .max = redirects };
	struct http_response response = HTTP_RESPONSE_INIT;
	struct http_trail trail = { 0 };

	assert_int_equal(http_follow(&options, &request, &rules, &trail, &response, e), -1);
	http_response_release(&response);
	http_trail_release(&trail);
}

static void
http_failures_with_the_secret_in_the_url_are_hidden(void **state)
{
	static const char *const urls[] = {
		"http://127.0.0.1:%d/?token=" SECRET_IN_URL, /* refused */
		"https://127.0.0.1:%d/" SECRET_IN_URL "/x",
		"http://127.0.0.1:%d/?" SECRET_IN_URL "=1",
		"gopherx://127.0.0.1:%d/" SECRET_IN_URL, /* no such protocol */
		"http://name.invalid:%d/" SECRET_IN_URL, /* no such name */
	};
	int port = fixture_free_port();

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct err e = ERR_INIT;
		char *at = strstr(urls[i], "%d"), *url = NULL;

		url = xasprintf("%.*s%d%s", (int)(at - urls[i]), urls[i], port, at + 2);
		fetch_in_vain(url, 0, &e);
		assert_message_is_hidden(&e, SECRET_IN_URL);
		free(url);
	}
}

/* A URL that never gets as far as a request: libcurl says what it does not like of it. */
static void
http_failure_of_a_malformed_url_is_hidden(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	fetch_in_vain("http://host:99999999/" SECRET_IN_URL, 0, &e);
	assert_message_is_hidden(&e, SECRET_IN_URL);
}

static void
connect_in_vain(const char *conninfo, const char *password, struct err *e)
{
	const struct postgres_options options = {
		.conninfo = conninfo,
		.password = password,
		.connect_timeout_ms = 2000,
	};
	struct postgres *pg = NULL;

	assert_int_equal(postgres_connect(&options, &pg, e), -1);
	assert_null(pg);
}

/* libpq names the words that it does not understand, and a password's bytes may be such. */
static void
conninfo_failures_with_the_secret_are_hidden(void **state)
{
	static const char *const conninfos[] = {
		"host=127.0.0.1 " SECRET_IN_URL,
		"postgresql://user@127.0.0.1:" SECRET_IN_URL "/db",
		"host=127.0.0.1 sslmode=" SECRET_IN_URL,
		"host=127.0.0.1 port=" SECRET_IN_URL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(conninfos) / sizeof(conninfos[0]); i++) {
		struct err e = ERR_INIT;

		connect_in_vain(conninfos[i], NULL, &e);
		assert_message_is_hidden(&e, "s3cret");
	}
}

/* A server takes connections a moment before it is ready for them. */
static struct postgres *
connect_to(const struct fixture_postgres *server)
{
	const struct postgres_options options = { .conninfo = server->conninfo };
	int64_t deadline_ms = clock_mono_ms() + 10000;
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	while (postgres_connect(&options, &pg, &e) < 0) {
		if (clock_mono_ms() > deadline_ms)
			fail_msg("%s", e.message);
		fixture_pause();
	}
	return pg;
}

/* A server that echoes what it was sent, in its own words and in the detail. */
static void
query_failures_with_the_secret_are_hidden(void **state)
{
	static const char *const statements[] = {
		"SELECT 's3cret/with&odd=chars%of''all-kinds'::int",
		"SELECT $1::int",
		"SELECT \"s3cret/with&odd=chars%of'all-kinds\"",
		"DO $$BEGIN RAISE EXCEPTION 'no' USING DETAIL = "
		"E'got s3cret/with&odd=chars%of\\'all-kinds here'; END$$",
	};
	static const char *const params[] = { SECRET };
	const struct cancel *none = NULL;
	struct fixture_postgres server = { 0 };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	(void)state;
	if (!fixture_postgres_start(&server))
		skip();
	pg = connect_to(&server);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		cJSON *result = NULL;

		e = (struct err)ERR_INIT;
		assert_int_equal(
			postgres_query(pg, statements[i], params, i == 1, 10, none, &result, &e),
			-1);
		assert_message_is_hidden(&e, "s3cret");
	}
	postgres_free(pg);
	e = (struct err)ERR_INIT;
	char *wrong = xasprintf("host=127.0.0.1 port=%d user=wrong dbname=postgres", server.port);
	connect_in_vain(wrong, SECRET, &e);
	assert_null(strstr(e.message, "s3cret"));
	free(wrong);
	fixture_postgres_stop(&server);
}

/* ---- a Secret of a cluster ---- */

static const char secret_object[] =
	"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"db\"},"
	"\"data\":{\"password\":\"aHVudGVyMi1vZi10aGUtY2x1c3Rlcgo=\",\"ca.crt\":\"Y2VydA==\","
	"\"broken\":\"!\",\"empty\":\"\"}}";

static const struct param cluster_param = {
	.name = (char[]){ "pw" },
	.type = PARAM_SECRET,
	.from = SECRET_FROM_KUBERNETES,
};

static struct api *
cluster(void)
{
	struct api *api = api_new();

	api_on(api, "GET", "/api/v1/namespaces/tsb/secrets/db", 200, secret_object, 0);
	api_on(api, "GET", "/api/v1/namespaces/tsb/secrets/shut", 403,
	       "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"code\":403,\"message\":\"secrets "
	       "\\\"shut\\\" is forbidden: User \\\"u\\\" cannot get resource\"}",
	       0);
	setenv("KUBECONFIG", api->kubeconfig, 1);
	return api;
}

static void
load_secret_of_a_cluster_registers_and_returns_it(void **state)
{
	static const char *const places[] = { "kubernetes:tsb/db/password",
					      "kubernetes:tsb/db/password@mgmt" };
	struct api *api = cluster();

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct secrets *secrets = secrets_new();
		struct str out = STR_INIT;
		struct err e = ERR_INIT;
		cJSON *value = NULL;

		if (secret_source_load(&cluster_param, places[i], secrets, NULL, &value, &e) < 0)
			fail_msg("%s", e.message);
		assert_string_equal(value->valuestring, "hunter2-of-the-cluster");
		secrets_redact(secrets, "hunter2-of-the-cluster", 22, &out);
		assert_string_equal(str_cstr(&out), "‹secret:pw›");
		str_release(&out);
		cJSON_Delete(value);
		secrets_free(secrets);
	}
	api_free(api);
}

static void
assert_load_fails(const struct param *param, const char *text, enum err_kind kind, const char *part)
{
	struct secrets *secrets = secrets_new();
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	assert_int_equal(secret_source_load(param, text, secrets, NULL, &value, &e), -1);
	assert_null(value);
	assert_int_equal(e.kind, kind);
	if (!strstr(e.message, part))
		fail_msg("\"%s\" does not say \"%s\"", e.message, part);
	assert_non_null(strstr(e.message, "parameter pw: "));
	assert_null(strstr(e.message, "hunter2"));
	secrets_free(secrets);
}

static void
load_secret_of_a_cluster_fails_with_what_to_do(void **state)
{
	const struct param *p = &cluster_param;
	struct param other = cluster_param;
	struct api *api = cluster();

	(void)state;
	assert_load_fails(p, "kubernetes:tsb/db/nothing", ERR_NOT_FOUND,
			  "it has no key nothing, but password, ca.crt, broken, empty");
	assert_load_fails(p, "kubernetes:tsb/db/nothing", ERR_NOT_FOUND,
			  "key nothing of the Secret tsb/db (context mgmt)");
	assert_load_fails(p, "kubernetes:tsb/db/broken", ERR_REMOTE, "is no base64");
	assert_load_fails(p, "kubernetes:tsb/db/empty", ERR_USAGE, "the secret is empty");
	assert_load_fails(p, "kubernetes:tsb/absent/password", ERR_NOT_FOUND, "404");
	assert_load_fails(p, "kubernetes:tsb/shut/password", ERR_DENIED, "Ask for the right");
	assert_load_fails(p, "kubernetes:tsb/db/password@arn:aws:eks:eu-1:1:cluster/x@y",
			  ERR_NOT_FOUND, "arn:aws:eks:eu-1:1:cluster/x@y");
	other.from = SECRET_FROM_FILE;
	assert_load_fails(&other, "kubernetes:tsb/db/password", ERR_USAGE,
			  "does not take this secret from Kubernetes, but from file:PATH");
	api_free(api);
}

static void
load_secret_from_a_malformed_place_is_refused(void **state)
{
	static const char *const places[] = {
		"kubernetes:",		"kubernetes:tsb",	 "kubernetes:tsb/db",
		"kubernetes:/db/key",	"kubernetes:tsb//key",	 "kubernetes:tsb/db/",
		"kubernetes:tsb/db/k@", "kubernetes:tsb/db/k/x", "kubernetes:tsb/db@ctx/k",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_load_fails(&cluster_param, places[i], ERR_USAGE,
				  "write kubernetes:NAMESPACE/SECRET/KEY");
}

/* ---- fingerprints ---- */

static char *
described(const char *text)
{
	cJSON *value = cJSON_CreateString(text);
	struct str out = STR_INIT;

	secret_value_describe(value, false, &out);
	cJSON_Delete(value);
	return str_take(&out);
}

static void
fingerprints_have_one_key_beside_the_runs(void **state)
{
	char *folder = fixture_folder(), *path = xasprintf("%s/lifeboat/fingerprint.key", folder);
	struct str first = STR_INIT, again = STR_INIT;
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	setenv("XDG_STATE_HOME", folder, 1);
	secret_source_fingerprints();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, 1024, &first, &e), 0);
	assert_int_equal(first.len, FINGERPRINT_KEY_BYTES);
	char *one = described("hunter2"), *other = described("hunter3");
	assert_string_not_equal(one, other);
	secret_source_fingerprints();
	assert_int_equal(file_read(path, 1024, &again, &e), 0);
	assert_string_equal(str_cstr(&first), str_cstr(&again));
	char *later = described("hunter2");
	assert_string_equal(one, later);
	/* one that others can read is not used, and not overwritten either */
	assert_int_equal(file_write_atomic(path, "another key of thirty-two bytes!", 32, 0644, &e),
			 0);
	secret_source_fingerprints();
	free(later);
	later = described("hunter2");
	assert_string_equal(one, later);
	str_clear(&again);
	assert_int_equal(file_read(path, 1024, &again, &e), 0);
	assert_string_equal(str_cstr(&again), "another key of thirty-two bytes!");
	free(one);
	free(other);
	free(later);
	str_release(&first);
	str_release(&again);
	free(path);
	fixture_remove(folder);
	unsetenv("XDG_STATE_HOME");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_failures_with_the_secret_in_the_url_are_hidden),
		cmocka_unit_test(http_failure_of_a_malformed_url_is_hidden),
		cmocka_unit_test(conninfo_failures_with_the_secret_are_hidden),
		cmocka_unit_test(query_failures_with_the_secret_are_hidden),
		cmocka_unit_test(load_secret_of_a_cluster_registers_and_returns_it),
		cmocka_unit_test(load_secret_of_a_cluster_fails_with_what_to_do),
		cmocka_unit_test(load_secret_from_a_malformed_place_is_refused),
		cmocka_unit_test(fingerprints_have_one_key_beside_the_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
