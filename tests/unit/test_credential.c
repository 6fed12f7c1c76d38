#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/console.h"
#include "base/file.h"
#include "base/secret.h"
#include "fixture_certificate.h"
#include "fixture_server.h"
#include "http_server.h"
#include "kube/client.h"
#include "kube/credential.h"

enum { CLIENTS = 8 };

/* An API server that takes one token, and a plugin that gives another one at each run. */
struct world {
	struct http_server *server;
	char *folder, *kubeconfig;
	struct secrets *secrets;
	struct cancel *cancel;
	struct err e;
	pthread_mutex_t lock;
	char *wanted;	    /* "Authorization: Bearer …"; NULL: it takes none; under the lock */
	char *wanted_name;  /* of the client's certificate, instead */
	struct str headers; /* of the last request */
};

static bool
is_wanted(struct world *w, const struct server_connection *c, const struct server_request *r)
{
	X509 *certificate;
	char name[64] = "";

	if (!w->wanted_name)
		return w->wanted && server_has_header(r, w->wanted);
	certificate = SSL_get1_peer_certificate(c->tls);
	if (certificate)
		X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
					  sizeof(name));
	X509_free(certificate);
	return strcmp(name, w->wanted_name) == 0;
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;
	bool ok;

	pthread_mutex_lock(&w->lock);
	ok = is_wanted(w, c, r);
	str_clear(&w->headers);
	str_append(&w->headers, r->headers);
	pthread_mutex_unlock(&w->lock);
	if (ok)
		return server_json(c, 200, "{\"ok\":true}");
	return server_json(c, 401,
			   "{\"kind\":\"Status\",\"reason\":\"Unauthorized\",\"message\":"
			   "\"Unauthorized\"}");
}

static void
want(struct world *w, const char *token)
{
	pthread_mutex_lock(&w->lock);
	free(w->wanted);
	w->wanted = token ? xasprintf("Authorization: Bearer %s", token) : NULL;
	pthread_mutex_unlock(&w->lock);
}

static void
want_name(struct world *w, const char *name)
{
	pthread_mutex_lock(&w->lock);
	free(w->wanted_name);
	w->wanted_name = xstrdup(name);
	pthread_mutex_unlock(&w->lock);
}

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	w->server = server_start(answer, w, NULL);
	w->folder = fixture_folder();
	w->secrets = secrets_new();
	w->cancel = cancel_new();
	console_own(); /* so that nothing comes to the screen of who tests */
	unsetenv("http_proxy");
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	console_disown(true);
	server_stop(w->server);
	secrets_free(w->secrets);
	cancel_free(w->cancel);
	str_release(&w->headers);
	free(w->wanted);
	free(w->wanted_name);
	free(w->kubeconfig);
	fixture_remove(w->folder);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return 0;
}

/* A kubeconfig whose cluster and user have these members. */
static void
configure(struct world *w, const char *cluster, const char *user)
{
	char *text = xasprintf("clusters: [{name: c, cluster: {server: '%s'%s%s}}]\n"
			       "users: [{name: u, user: {%s}}]\n"
			       "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
			       "current-context: x\n",
			       w->server->url, *cluster ? ", " : "", cluster, user);

	free(w->kubeconfig);
	w->kubeconfig = fixture_write(w->folder, "config", text);
	free(text);
}

#define EXEC                                                                                       \
	"exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, "             \
	"command: ./plugin}"
#define HEAD "#!/bin/sh\ncd \"${0%/*}\"\necho run >>runs\nn=$(($(wc -l <runs)))\n"
#define STATUS(members)                                                                            \
	"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","   \
	"\"status\":{" members "}}'\n"
#define TOKEN STATUS("\"token\":\"token-'$n'\"")

static void
use_plugin(struct world *w, const char *body)
{
	char *text = xasprintf("%s%s", HEAD, body);
	char *path = fixture_write(w->folder, "plugin", text);

	chmod(path, 0700);
	free(path);
	free(text);
	configure(w, "", EXEC);
}

static int
count_runs(const struct world *w)
{
	char *path = xasprintf("%s/runs", w->folder);
	struct str text = STR_INIT;
	int count = 0;

	file_read(path, 1 << 20, &text, NULL);
	for (const char *at = str_cstr(&text); (at = strchr(at, '\n')); at++)
		count++;
	free(path);
	str_release(&text);
	return count;
}

static struct kube_client *
open_client(struct world *w)
{
	struct kube_client *client = NULL;

	if (kube_client_open(w->kubeconfig, NULL, w->secrets, &client, &w->e) < 0)
		fail_msg("%s", w->e.message);
	return client;
}

static int
ask(struct kube_client *client, const char *method, const struct cancel *cancel, long *ret_status,
    struct err *e)
{
	struct kube_request request = { .method = method,
					.path = "/api/v1/namespaces/tsb/pods",
					.cancel = cancel };

	return kube_request(client, &request, ret_status, NULL, e);
}

static void
ask_or_fail(struct world *w, struct kube_client *client)
{
	if (ask(client, "GET", w->cancel, NULL, &w->e) < 0)
		fail_msg("%s", w->e.message);
}

static void
assert_message(const struct world *w, const char *part)
{
	if (!strstr(w->e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, w->e.message);
}

/* A client in a thread of its own. */
struct asker {
	struct world *w;
	struct cancel *cancel;
	struct err e;
	int rc;
	atomic_bool has_begun;
	pthread_t thread;
};

static void *
ask_in_thread(void *data)
{
	struct asker *a = data;
	struct kube_client *client = NULL;

	a->rc = kube_client_open(a->w->kubeconfig, NULL, a->w->secrets, &client, &a->e);
	a->has_begun = true;
	if (a->rc == 0)
		a->rc = ask(client, "GET", a->cancel, NULL, &a->e);
	kube_client_free(client);
	return NULL;
}

static void
asker_start(struct asker *a, struct world *w)
{
	*a = (struct asker){ .w = w, .cancel = cancel_new() };
	pthread_create(&a->thread, NULL, ask_in_thread, a);
	for (int i = 0; i < 1000 && !a->has_begun; i++)
		fixture_pause();
}

static void
asker_end(struct asker *a)
{
	pthread_join(a->thread, NULL);
	cancel_free(a->cancel);
}

#define WAIT_FOR_GO "while ! test -e go; do sleep 0.01; done\n"

static void
let_go(const struct world *w)
{
	free(fixture_write(w->folder, "go", ""));
}

static void
wait_for_runs(const struct world *w, int wanted)
{
	for (int i = 0; i < 1000 && count_runs(w) < wanted; i++)
		fixture_pause();
	assert_int_equal(count_runs(w), wanted);
}

static void
plugin_runs_once_for_all_clients_at_once(void **state)
{
	struct world *w = *state;
	struct asker askers[CLIENTS];

	use_plugin(w, WAIT_FOR_GO TOKEN);
	want(w, "token-1");
	for (int i = 0; i < CLIENTS; i++)
		asker_start(&askers[i], w);
	wait_for_runs(w, 1);
	let_go(w);
	for (int i = 0; i < CLIENTS; i++) {
		asker_end(&askers[i]);
		if (askers[i].rc < 0)
			fail_msg("%s", askers[i].e.message);
	}
	assert_int_equal(count_runs(w), 1);
	/* and for who comes when all of them have gone */
	struct kube_client *client = open_client(w);
	ask_or_fail(w, client);
	kube_client_free(client);
	assert_int_equal(count_runs(w), 1);
}

static void
plugin_failure_is_shared_by_who_waited(void **state)
{
	struct world *w = *state;
	struct asker askers[CLIENTS];
	int failed = 0;

	use_plugin(w, WAIT_FOR_GO "echo 'login expired' >&2\nexit 1\n");
	for (int i = 0; i < CLIENTS; i++)
		asker_start(&askers[i], w);
	wait_for_runs(w, 1);
	let_go(w);
	for (int i = 0; i < CLIENTS; i++) {
		asker_end(&askers[i]);
		failed += askers[i].rc < 0 && strstr(askers[i].e.message, "login expired");
	}
	assert_int_equal(failed, CLIENTS);
	/* a thread that came late, after the end of the run, has begun another */
	assert_in_range(count_runs(w), 1, CLIENTS / 2);
	assert_int_equal(w->server->requests, 0);
}

static void
waiting_for_a_run_is_cancelled_at_once(void **state)
{
	struct world *w = *state;
	struct asker runner, waiter;
	int64_t asked_ms;

	use_plugin(w, WAIT_FOR_GO TOKEN);
	want(w, "token-1");
	asker_start(&runner, w);
	wait_for_runs(w, 1);
	asker_start(&waiter, w);
	asked_ms = clock_mono_ms();
	cancel_request(waiter.cancel);
	asker_end(&waiter);
	assert_in_range(clock_mono_ms() - asked_ms, 0, 500);
	assert_int_equal(waiter.e.kind, ERR_CANCELLED);
	let_go(w);
	asker_end(&runner);
	assert_int_equal(runner.rc, 0);
}

static void
cancelled_run_is_taken_over_by_who_waits(void **state)
{
	struct world *w = *state;
	struct asker runner, waiter;

	use_plugin(w, WAIT_FOR_GO TOKEN);
	want(w, "token-2");
	asker_start(&runner, w);
	wait_for_runs(w, 1);
	asker_start(&waiter, w);
	cancel_request(runner.cancel);
	asker_end(&runner);
	assert_int_equal(runner.e.kind, ERR_CANCELLED);
	wait_for_runs(w, 2);
	let_go(w);
	asker_end(&waiter);
	if (waiter.rc < 0)
		fail_msg("%s", waiter.e.message);
}

static void
answer_that_expires_is_replaced(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	use_plugin(w, STATUS("\"token\":\"token-'$n'\",\"expirationTimestamp\":"
			     "\"2020-01-01T00:00:00Z\""));
	want(w, "token-1");
	client = open_client(w);
	ask_or_fail(w, client);
	ask_or_fail(w, client);
	assert_int_equal(count_runs(w), 1);
	want(w, "token-2");
	/* one that is expired from the start lives for a second */
	for (int i = 0; i < 400 && count_runs(w) < 2; i++) {
		struct err ignored = ERR_INIT;
		bool changed;
		struct credential *c = credential_new(kube_client_access(client), w->secrets);

		assert_int_equal(
			credential_renew(c, false, clock_mono_ms(), w->cancel, &changed, &ignored),
			0);
		credential_free(c);
		fixture_pause();
	}
	ask_or_fail(w, client);
	kube_client_free(client);
	assert_int_equal(count_runs(w), 2);
	assert_int_equal(server_count(w->server, "GET"), 3); /* none was refused */
}

static void
answer_that_expires_in_an_hour_is_kept(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	use_plugin(w, "t=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)\n" STATUS(
			      "\"token\":\"token-'$n'\",\"expirationTimestamp\":\"'$t'\""));
	want(w, "token-1");
	client = open_client(w);
	for (int i = 0; i < 3; i++)
		ask_or_fail(w, client);
	kube_client_free(client);
	assert_int_equal(count_runs(w), 1);
}

static void
refused_token_is_replaced_and_the_request_repeated_once(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	use_plugin(w, TOKEN);
	want(w, "token-2");
	client = open_client(w);
	ask_or_fail(w, client);
	assert_int_equal(count_runs(w), 2);
	assert_int_equal(server_count(w->server, "GET"), 2);
	want(w, "token-3");
	if (ask(client, "DELETE", w->cancel, NULL, &w->e) < 0)
		fail_msg("%s", w->e.message);
	kube_client_free(client);
	assert_int_equal(count_runs(w), 3);
	assert_int_equal(server_count(w->server, "DELETE"), 2);
}

static void
refused_replacement_ends_it(void **state)
{
	struct world *w = *state;
	struct kube_client *client, *other;
	long status = 0;

	use_plugin(w, TOKEN);
	client = open_client(w);
	assert_int_equal(ask(client, "GET", w->cancel, &status, &w->e), -1);
	assert_int_equal(status, 401);
	assert_int_equal(w->e.kind, ERR_DENIED);
	assert_message(w, "401 Unauthorized");
	assert_message(w, "plugin (user u) was asked again");
	assert_message(w, w->kubeconfig);
	assert_int_equal(server_count(w->server, "GET"), 2);
	assert_int_equal(count_runs(w), 2);
	/* nobody logs in again for every request of every pane */
	other = open_client(w);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(client, "GET", w->cancel, NULL, &w->e), -1);
		assert_int_equal(ask(other, "GET", w->cancel, NULL, &w->e), -1);
	}
	assert_int_equal(count_runs(w), 2);
	assert_int_equal(server_count(w->server, "GET"), 8);
	kube_client_free(client);
	kube_client_free(other);
}

static void
refused_token_another_client_has_replaced_is_only_taken(void **state)
{
	struct world *w = *state;
	struct kube_client *a, *b;

	use_plugin(w, TOKEN);
	want(w, "token-1");
	a = open_client(w);
	b = open_client(w);
	ask_or_fail(w, a);
	ask_or_fail(w, b);
	want(w, "token-2");
	ask_or_fail(w, a);
	ask_or_fail(w, b);
	assert_int_equal(count_runs(w), 2);
	kube_client_free(a);
	kube_client_free(b);
}

static void
refused_token_and_failing_plugin_say_both(void **state)
{
	struct world *w = *state;
	struct kube_client *client;
	long status = 0;

	use_plugin(w, "test $n = 1 || { echo 'no network' >&2; exit 4; }\n" TOKEN);
	client = open_client(w);
	assert_int_equal(ask(client, "GET", w->cancel, &status, &w->e), -1);
	assert_int_equal(status, 401);
	assert_message(w, "401 Unauthorized");
	assert_message(w, "exit code 4");
	assert_message(w, "no network");
	kube_client_free(client);
}

static void
missing_plugin_is_a_spec_error_of_the_request(void **state)
{
	struct world *w = *state;
	struct kube_client *client;
	long status = 7;

	configure(w, "",
		  "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: "
		  "no-such-plugin, installHint: See the manual}");
	client = open_client(w);
	assert_int_equal(ask(client, "GET", w->cancel, &status, &w->e), -1);
	kube_client_free(client);
	assert_int_equal(status, 0);
	assert_int_equal(w->e.kind, ERR_SPEC);
	assert_message(w, "GET pods in tsb on http");
	assert_message(w, "user \"u\"");
	assert_message(w, "no-such-plugin");
	assert_message(w, "See the manual");
}

static char *
redacted(const struct world *w, const char *text)
{
	struct str out = STR_INIT;

	secrets_redact(w->secrets, text, strlen(text), &out);
	return str_take(&out);
}

static void
assert_hidden(const struct world *w, const char *text, const char *as)
{
	char *got = redacted(w, text);

	assert_string_equal(got, as);
	free(got);
}

static void
credentials_of_every_kind_are_hidden(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	use_plugin(w, TOKEN);
	want(w, "token-2");
	client = open_client(w);
	ask_or_fail(w, client);
	kube_client_free(client);
	assert_hidden(w, "x token-1 y", "x ‹secret:plugin.token› y");
	assert_hidden(w, "x token-2 y", "x ‹secret:plugin.token› y");
	configure(w, "proxy-url: 'http://nina:pr0xy-word@127.0.0.1:1'",
		  "username: nina, password: passw0rd");
	kube_client_free(open_client(w));
	assert_hidden(w, "passw0rd", "‹secret:kubeconfig.password›");
	assert_hidden(w, "pr0xy-word", "‹secret:kubeconfig.proxy-password›");
}

static void
client_of_an_access_alone_runs_the_plugin(void **state)
{
	struct world *w = *state;
	struct kube_access access = { 0 };
	struct kube_client *client;

	use_plugin(w, TOKEN);
	want(w, "token-1");
	assert_int_equal(kubeconfig_resolve(w->kubeconfig, NULL, &access, &w->e), 0);
	client = kube_client_new(&access, &w->e);
	kube_access_release(&access);
	ask_or_fail(w, client);
	kube_client_free(client);
}

static void
token_file_is_read_again_after_a_minute(void **state)
{
	struct world *w = *state;
	struct kube_access access = { 0 };
	struct credential *c;
	int64_t now_ms;
	bool changed = true;

	configure(w, "", "tokenFile: tok");
	free(fixture_write(w->folder, "tok", "token-a\n"));
	assert_int_equal(kubeconfig_resolve(w->kubeconfig, NULL, &access, &w->e), 0);
	c = credential_new(&access, w->secrets);
	now_ms = clock_mono_ms();
	assert_string_equal(credential_token(c), "token-a");
	char *path = fixture_write(w->folder, "tok", "token-b\n");
	assert_int_equal(credential_renew(c, false, now_ms + 50000, NULL, &changed, &w->e), 0);
	assert_false(changed);
	assert_int_equal(credential_renew(c, false, now_ms + 61000, NULL, &changed, &w->e), 0);
	assert_true(changed);
	assert_string_equal(credential_token(c), "token-b");
	assert_hidden(w, "token-b", "‹secret:kubeconfig.token›");
	/* one that is gone just now is no reason to forget the token that is taken */
	unlink(path);
	assert_int_equal(credential_renew(c, false, now_ms + 200000, NULL, &changed, &w->e), 0);
	assert_string_equal(credential_token(c), "token-b");
	assert_int_equal(credential_renew(c, true, now_ms + 200000, NULL, &changed, &w->e), -1);
	assert_int_equal(w->e.kind, ERR_SPEC);
	assert_message(w, path);
	free(path);
	credential_free(c);
	kube_access_release(&access);
}

static void
refused_token_file_is_read_again_and_the_request_repeated(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	configure(w, "", "tokenFile: tok, token: of-the-kubeconfig");
	free(fixture_write(w->folder, "tok", "token-a"));
	want(w, "token-a");
	client = open_client(w);
	ask_or_fail(w, client);
	free(fixture_write(w->folder, "tok", "token-b"));
	want(w, "token-b");
	ask_or_fail(w, client);
	assert_int_equal(server_count(w->server, "GET"), 3);
	/* the same token again is not shown again */
	want(w, "token-c");
	assert_int_equal(ask(client, "GET", w->cancel, NULL, &w->e), -1);
	assert_int_equal(server_count(w->server, "GET"), 4);
	assert_message(w, "/tok was read again");
	kube_client_free(client);
}

static void
impersonation_is_sent(void **state)
{
	struct world *w = *state;
	struct kube_client *client;

	configure(w, "",
		  "token: t0ken, as: nina, as-uid: 17, as-groups: [a, b], as-user-extra: {s: [v]}");
	want(w, "t0ken");
	client = open_client(w);
	ask_or_fail(w, client);
	kube_client_free(client);
	assert_non_null(strstr(w->headers.data, "Impersonate-User: nina\r\n"));
	assert_non_null(strstr(w->headers.data, "Impersonate-Uid: 17\r\n"));
	assert_non_null(strstr(w->headers.data, "Impersonate-Group: a\r\n"));
	assert_non_null(strstr(w->headers.data, "Impersonate-Group: b\r\n"));
	assert_non_null(strstr(w->headers.data, "Impersonate-Extra-s: v\r\n"));
}

static void
proxy_and_compression_are_used_as_told(void **state)
{
	struct world *w = *state;
	struct kube_client *client;
	char *text = xasprintf("clusters: [{name: c, cluster: {server: 'http://api.invalid:6443', "
			       "proxy-url: '%s', disable-compression: true}}]\n"
			       "users: [{name: u, user: {token: t0ken}}]\n"
			       "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
			       "current-context: x\n",
			       w->server->url);

	w->kubeconfig = fixture_write(w->folder, "config", text);
	free(text);
	want(w, "t0ken");
	client = open_client(w);
	ask_or_fail(w, client);
	kube_client_free(client);
	assert_int_equal(
		server_count(w->server, "GET http://api.invalid:6443/api/v1/namespaces/tsb/pods\n"),
		1);
	assert_null(strcasestr(w->headers.data, "Accept-Encoding"));
}

/* ---- certificates ---- */

static int
accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

/* The server over TLS, which asks for a certificate; its own is written to ca.pem. */
static void
serve_tls(struct world *w)
{
	char *authority;
	SSL_CTX *context = server_tls("api.example", &authority);

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	server_stop(w->server);
	w->server = server_start(answer, w, context);
	free(fixture_write(w->folder, "ca.pem", authority));
	free(authority);
}

#define TRUST "certificate-authority: ca.pem, tls-server-name: api.example"

/* An answer of the plugin in the file answer-N. */
static void
write_answer(const struct world *w, const char *name, const struct fixture_pair *pair)
{
	char *certificate = fixture_escaped(pair->certificate), *key = fixture_escaped(pair->key);
	char *text = xasprintf("{\"kind\":\"ExecCredential\",\"apiVersion\":"
			       "\"client.authentication.k8s.io/v1\",\"status\":"
			       "{\"clientCertificateData\":\"%s\",\"clientKeyData\":\"%s\"}}",
			       certificate, key);

	free(fixture_write(w->folder, name, text));
	free(text);
	free(certificate);
	free(key);
}

static void
refused_certificate_is_replaced_on_a_new_connection(void **state)
{
	struct world *w = *state;
	struct fixture_pair one = fixture_pair_new("one", -60, 3600),
			    two = fixture_pair_new("two", -60, 3600);
	struct kube_client *client;

	serve_tls(w);
	use_plugin(w, "cat answer-$n\n");
	configure(w, TRUST, EXEC);
	write_answer(w, "answer-1", &one);
	write_answer(w, "answer-2", &two);
	want_name(w, "one");
	client = open_client(w);
	ask_or_fail(w, client);
	want_name(w, "two");
	ask_or_fail(w, client);
	assert_int_equal(count_runs(w), 2);
	assert_int_equal(server_count(w->server, "GET"), 3);
	ask_or_fail(w, client);
	assert_int_equal(count_runs(w), 2);
	kube_client_free(client);
	char *line = xstrndup(two.key + strlen("-----BEGIN PRIVATE KEY-----\n"), 40);
	char *got = redacted(w, two.key);
	assert_null(strstr(got, line));
	free(got);
	free(line);
	fixture_pair_free(&one);
	fixture_pair_free(&two);
}

static void
refused_expired_certificate_says_since_when(void **state)
{
	struct world *w = *state;
	struct fixture_pair old = fixture_pair_new("old", -200000, -3 * 86400L);
	struct kube_client *client;

	serve_tls(w);
	free(fixture_write(w->folder, "tls.crt", old.certificate));
	free(fixture_write(w->folder, "tls.key", old.key));
	configure(w, TRUST, "client-certificate: tls.crt, client-key: tls.key");
	client = open_client(w);
	assert_int_equal(ask(client, "GET", w->cancel, NULL, &w->e), -1);
	kube_client_free(client);
	assert_int_equal(w->e.kind, ERR_DENIED);
	assert_message(w, "The client certificate expired 2");
	assert_message(w, ", 3d ago");
	assert_message(w, "user \"u\"");
	fixture_pair_free(&old);
}

static void
foreign_authority_says_where_to_look(void **state)
{
	struct world *w = *state;
	struct fixture_pair other = fixture_pair_new("other", -60, 3600);
	struct kube_client *client;

	serve_tls(w);
	free(fixture_write(w->folder, "ca.pem", other.certificate));
	configure(w, TRUST, "token: t0ken");
	client = open_client(w);
	assert_int_equal(ask(client, "GET", w->cancel, NULL, &w->e), -1);
	kube_client_free(client);
	assert_int_equal(w->e.kind, ERR_DENIED);
	assert_message(w, "certificate");
	assert_message(w, "certificate-authority and tls-server-name of the cluster \"c\" in ");
	assert_message(w, w->kubeconfig);
	fixture_pair_free(&other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(plugin_runs_once_for_all_clients_at_once),
		CASE(plugin_failure_is_shared_by_who_waited),
		CASE(waiting_for_a_run_is_cancelled_at_once),
		CASE(cancelled_run_is_taken_over_by_who_waits),
		CASE(answer_that_expires_is_replaced),
		CASE(answer_that_expires_in_an_hour_is_kept),
		CASE(refused_token_is_replaced_and_the_request_repeated_once),
		CASE(refused_replacement_ends_it),
		CASE(refused_token_another_client_has_replaced_is_only_taken),
		CASE(refused_token_and_failing_plugin_say_both),
		CASE(missing_plugin_is_a_spec_error_of_the_request),
		CASE(credentials_of_every_kind_are_hidden),
		CASE(client_of_an_access_alone_runs_the_plugin),
		CASE(token_file_is_read_again_after_a_minute),
		CASE(refused_token_file_is_read_again_and_the_request_repeated),
		CASE(impersonation_is_sent),
		CASE(proxy_and_compression_are_used_as_told),
		CASE(refused_certificate_is_replaced_on_a_new_connection),
		CASE(refused_expired_certificate_says_since_when),
		CASE(foreign_authority_says_where_to_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
