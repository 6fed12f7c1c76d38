#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/console.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"
#include "fixture_certificate.h"
#include "fixture_server.h"
#include "kube/access.h"
#include "kube/client.h"
#include "kube/kubeconfig_private.h"

/*
 * Credentials of every kind against the API server of $LIFEBOAT_TEST_KUBECONFIG, whose user must be an
 * administrator by a client certificate. A namespace of its own, and its service accounts.
 */
struct live {
	struct kube_access access;
	struct kube_client *admin, *client; /* client: of the test */
	struct secrets *secrets;
	char *folder, *kubeconfig, *ns;
	struct err e;
};

static const char *
live_kubeconfig(void)
{
	return getenv("LIFEBOAT_TEST_KUBECONFIG");
}

#define NEEDS_CLUSTER()                                                                            \
	do {                                                                                       \
		if (!live_kubeconfig())                                                            \
			skip();                                                                    \
	} while (0)

/* A request of the administrator; `path` and `body` are taken over. */
static cJSON *
administrate(struct live *l, const char *method, char *path, char *body)
{
	struct kube_request request = {
		.method = method, .path = path, .body = body, .body_len = body ? strlen(body) : 0
	};
	cJSON *answer = NULL;

	if (kube_request(l->admin, &request, NULL, &answer, &l->e) < 0)
		fail_msg("%s", l->e.message);
	free(path);
	free(body);
	return answer;
}

/* A token of a service account, which is made where there is none; the caller frees. */
static char *
token_of(struct live *l, const char *account)
{
	cJSON *answer = NULL;
	char *path = xasprintf("/api/v1/namespaces/%s/serviceaccounts", l->ns);
	char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", account);
	struct kube_request request = {
		.method = "POST", .path = path, .body = body, .body_len = strlen(body)
	};
	long status = 0;

	if (kube_request(l->admin, &request, &status, NULL, &l->e) < 0 && status != 409)
		fail_msg("%s", l->e.message);
	free(path);
	free(body);
	answer = administrate(
		l, "POST",
		xasprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", l->ns, account),
		xstrdup("{\"spec\":{\"expirationSeconds\":3600}}"));
	char *token = xstrdup(json_string(answer, "status/token", ""));
	cJSON_Delete(answer);
	return token;
}

static void
delete_account(struct live *l, const char *account)
{
	cJSON_Delete(administrate(
		l, "DELETE", xasprintf("/api/v1/namespaces/%s/serviceaccounts/%s", l->ns, account),
		NULL));
}

static int
set_up(void **state)
{
	static unsigned made;
	struct live *l = xcalloc(1, sizeof(*l));

	*state = l;
	if (!live_kubeconfig())
		return 0;
	if (kubeconfig_resolve(live_kubeconfig(), NULL, &l->access, &l->e) < 0)
		fail_msg("%s", l->e.message);
	l->admin = kube_client_new(&l->access, &l->e);
	l->secrets = secrets_new();
	l->folder = fixture_folder();
	/* never the same again: the last one may still be going */
	l->ns = xasprintf("credentials-%lld-%ld-%u", (long long)clock_wall_ms() % 10000000,
			  (long)getpid(), ++made);
	cJSON_Delete(administrate(l, "POST", xstrdup("/api/v1/namespaces"),
				  xasprintf("{\"metadata\":{\"name\":\"%s\"}}", l->ns)));
	console_own(); /* so that nothing comes to the screen of who tests */
	return 0;
}

static int
tear_down(void **state)
{
	struct live *l = *state;

	console_disown(true);
	if (l->ns)
		cJSON_Delete(
			administrate(l, "DELETE", xasprintf("/api/v1/namespaces/%s", l->ns), NULL));
	kube_client_free(l->client);
	kube_client_free(l->admin);
	kube_access_release(&l->access);
	secrets_free(l->secrets);
	fixture_remove(l->folder);
	free(l->kubeconfig);
	free(l->ns);
	free(l);
	return 0;
}

/* Opens a client of the same cluster, with more members, as a user with these. */
static void
open_as(struct live *l, const char *cluster, const char *user)
{
	char *authority = l->access.ca_pem ? fixture_base64(l->access.ca_pem) : NULL;
	char *text = xasprintf("clusters: [{name: c, cluster: {server: '%s'%s%s%s%s}}]\n"
			       "users: [{name: u, user: {%s}}]\n"
			       "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
			       "current-context: x\n",
			       l->access.server, authority ? ", certificate-authority-data: " : "",
			       authority ? authority : "", *cluster ? ", " : "", cluster, user);

	free(l->kubeconfig);
	l->kubeconfig = fixture_write(l->folder, "config", text);
	free(text);
	free(authority);
	kube_client_free(l->client);
	l->client = NULL;
	if (kube_client_open(l->kubeconfig, NULL, l->secrets, &l->client, &l->e) < 0)
		fail_msg("%s", l->e.message);
}

/* With the administrator's certificate and key in files of the folder. */
#define BY_CERTIFICATE "client-certificate: tls.crt, client-key: tls.key"

static void
write_certificate(struct live *l)
{
	if (!l->access.client_cert_pem)
		fail_msg("the user of the kubeconfig has no client certificate");
	free(fixture_write(l->folder, "tls.crt", l->access.client_cert_pem));
	free(fixture_write(l->folder, "tls.key", l->access.client_key_pem));
}

static int
get_pods(struct live *l, long *ret_status)
{
	char *path = xasprintf("/api/v1/namespaces/%s/pods", l->ns);
	struct kube_request request = { .method = "GET", .path = path };
	int rc = kube_request(l->client, &request, ret_status, NULL, &l->e);

	free(path);
	return rc;
}

static void
assert_message(const struct live *l, const char *part)
{
	if (!strstr(l->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, l->e.message);
}

/* The server knows whom it has to refuse. */
static void
assert_known_as(struct live *l, const char *account)
{
	char *name = xasprintf("User \"system:serviceaccount:%s:%s\" cannot list", l->ns, account);
	long status = 0;

	assert_int_equal(get_pods(l, &status), -1);
	if (status != 403)
		fail_msg("%s", l->e.message);
	assert_message(l, name);
	free(name);
}

#define EXEC                                                                                       \
	"exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, "       \
	"command: ./plugin}"
#define ANSWER(status)                                                                             \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","         \
	"\"status\":{" status "}}"

/* A plugin that writes the file answer-N at its run N. */
static void
write_plugin(struct live *l)
{
	char *path = fixture_write(l->folder, "plugin",
				   "#!/bin/sh\ncd \"${0%/*}\"\necho run >>runs\n"
				   "cat answer-$(($(wc -l <runs)))\n");

	chmod(path, 0700);
	free(path);
}

static void
write_token_answer(struct live *l, const char *name, const char *token, const char *more)
{
	char *text = xasprintf(ANSWER("\"token\":\"%s\"%s"), token, more);

	free(fixture_write(l->folder, name, text));
	free(text);
}

static int
count_runs(const struct live *l)
{
	char *path = xasprintf("%s/runs", l->folder);
	struct str text = STR_INIT;

	file_read(path, 1 << 20, &text, NULL);
	free(path);
	int runs = (int)(text.len / strlen("run\n"));
	str_release(&text);
	return runs;
}

static void
plugin_with_certificate_is_the_administrator(void **state)
{
	struct live *l = *state;
	char *certificate, *key, *text;

	NEEDS_CLUSTER();
	write_certificate(l);
	certificate = fixture_escaped(l->access.client_cert_pem);
	key = fixture_escaped(l->access.client_key_pem);
	text = xasprintf(ANSWER("\"clientCertificateData\":\"%s\",\"clientKeyData\":\"%s\""),
			 certificate, key);
	free(fixture_write(l->folder, "answer-1", text));
	write_plugin(l);
	open_as(l, "", EXEC);
	for (int i = 0; i < 3; i++)
		if (get_pods(l, NULL) < 0)
			fail_msg("%s", l->e.message);
	assert_int_equal(count_runs(l), 1);
	free(text);
	free(certificate);
	free(key);
}

static void
plugin_with_token_that_expires_is_run_again(void **state)
{
	struct live *l = *state;
	char *first, *second;

	NEEDS_CLUSTER();
	first = token_of(l, "first");
	second = token_of(l, "second");
	write_token_answer(l, "answer-1", first,
			   ",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"");
	write_token_answer(l, "answer-2", second, "");
	write_plugin(l);
	open_as(l, "", EXEC);
	assert_known_as(l, "first");
	for (int i = 0; i < 200 && count_runs(l) < 2; i++) {
		fixture_pause();
		get_pods(l, NULL);
	}
	assert_known_as(l, "second");
	assert_int_equal(count_runs(l), 2);
	free(first);
	free(second);
}

static void
plugin_with_token_that_is_refused_is_run_again(void **state)
{
	struct live *l = *state;
	char *gone, *second;

	NEEDS_CLUSTER();
	gone = token_of(l, "gone");
	second = token_of(l, "second");
	delete_account(l, "gone");
	write_token_answer(l, "answer-1", gone, "");
	write_token_answer(l, "answer-2", second, "");
	write_plugin(l);
	open_as(l, "", EXEC);
	assert_known_as(l, "second");
	assert_int_equal(count_runs(l), 2);
	free(gone);
	free(second);
}

static void
plugin_with_refused_tokens_only_says_so(void **state)
{
	struct live *l = *state;
	long status = 0;

	NEEDS_CLUSTER();
	write_token_answer(l, "answer-1", "no-token-of-anybody", "");
	write_token_answer(l, "answer-2", "nor-is-this-one", "");
	write_plugin(l);
	open_as(l, "", EXEC);
	assert_int_equal(get_pods(l, &status), -1);
	assert_int_equal(status, 401);
	assert_int_equal(l->e.kind, ERR_DENIED);
	assert_message(l, "plugin (user u) was asked again");
	assert_null(strstr(l->e.message, "nor-is-this-one"));
	assert_int_equal(count_runs(l), 2);
}

static void
token_file_that_is_rotated_is_followed(void **state)
{
	struct live *l = *state;
	char *gone, *second;

	NEEDS_CLUSTER();
	gone = token_of(l, "gone");
	second = token_of(l, "second");
	delete_account(l, "gone");
	free(fixture_write(l->folder, "tok", gone));
	open_as(l, "", "tokenFile: tok");
	free(fixture_write(l->folder, "tok", second));
	assert_known_as(l, "second");
	free(gone);
	free(second);
}

static void
impersonated_user_is_whom_the_server_sees(void **state)
{
	struct live *l = *state;
	char *user;

	NEEDS_CLUSTER();
	write_certificate(l);
	user = xasprintf(BY_CERTIFICATE ", as: 'system:serviceaccount:%s:nobody'", l->ns);
	open_as(l, "", user);
	assert_known_as(l, "nobody");
	free(user);
}

static void
impersonated_group_gives_its_rights(void **state)
{
	struct live *l = *state;
	long status = 0;

	NEEDS_CLUSTER();
	write_certificate(l);
	open_as(l, "", BY_CERTIFICATE ", as: 'Nína Ö', as-groups: ['system:masters']");
	if (get_pods(l, NULL) < 0)
		fail_msg("%s", l->e.message);
	open_as(l, "",
		BY_CERTIFICATE ", as: nina, as-groups: [harmless], as-user-extra: {a.b/C: [x]}");
	assert_int_equal(get_pods(l, &status), -1);
	assert_int_equal(status, 403);
	assert_message(l, "User \"nina\" cannot list");
}

static void
account_of_a_pod_is_used_in_it(void **state)
{
	struct live *l = *state;
	const char *authority = strstr(l->access.server ? l->access.server : "://", "://") + 3;
	struct kube_access access = { 0 };
	char *token, *host;

	NEEDS_CLUSTER();
	host = xstrndup(authority, strcspn(authority, ":/"));
	setenv("KUBERNETES_SERVICE_HOST", host, 1);
	setenv("KUBERNETES_SERVICE_PORT",
	       authority[strlen(host)] == ':' ? authority + strlen(host) + 1 : "443", 1);
	setenv("HOME", l->folder, 1);
	unsetenv("KUBECONFIG");
	token = token_of(l, "pod");
	free(fixture_write(l->folder, "token", token));
	free(fixture_write(l->folder, "ca.crt", l->access.ca_pem));
	free(fixture_write(l->folder, "namespace", l->ns));
	if (kubeconfig_resolve_with(NULL, NULL, l->folder, &access, &l->e) < 0)
		fail_msg("%s", l->e.message);
	assert_string_equal(access.ns, l->ns);
	l->client = kube_client_new(&access, &l->e);
	kube_access_release(&access);
	assert_known_as(l, "pod");
	free(token);
	free(host);
}

static void
server_name_is_the_one_that_is_verified(void **state)
{
	struct live *l = *state;

	NEEDS_CLUSTER();
	write_certificate(l);
	/* every API server's certificate has this one */
	open_as(l, "tls-server-name: kubernetes", BY_CERTIFICATE);
	if (get_pods(l, NULL) < 0)
		fail_msg("%s", l->e.message);
	open_as(l, "tls-server-name: another.example", BY_CERTIFICATE);
	assert_int_equal(get_pods(l, NULL), -1);
	assert_int_equal(l->e.kind, ERR_DENIED);
	assert_message(l, "tls-server-name of the cluster \"c\"");
}

static void
certificate_of_a_stranger_is_refused(void **state)
{
	struct live *l = *state;
	struct fixture_pair pair = fixture_pair_new("stranger", -7200, -3600);

	NEEDS_CLUSTER();
	free(fixture_write(l->folder, "tls.crt", pair.certificate));
	free(fixture_write(l->folder, "tls.key", pair.key));
	open_as(l, "", BY_CERTIFICATE);
	assert_int_equal(get_pods(l, NULL), -1);
	assert_int_equal(l->e.kind, ERR_DENIED);
	assert_message(l, "The client certificate expired 2");
	fixture_pair_free(&pair);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(plugin_with_certificate_is_the_administrator),
		CASE(plugin_with_token_that_expires_is_run_again),
		CASE(plugin_with_token_that_is_refused_is_run_again),
		CASE(plugin_with_refused_tokens_only_says_so),
		CASE(token_file_that_is_rotated_is_followed),
		CASE(impersonated_user_is_whom_the_server_sees),
		CASE(impersonated_group_gives_its_rights),
		CASE(account_of_a_pod_is_used_in_it),
		CASE(server_name_is_the_one_that_is_verified),
		CASE(certificate_of_a_stranger_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
