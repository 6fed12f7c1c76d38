#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "fixture_certificate.h"
#include "kube/access.h"
#include "kube/kubeconfig.h"
#include "kube/kubeconfig_private.h"

static char folder[64];
static struct kube_access access_;
static struct err e;
static struct fixture_pair ours, other;

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lifeboat-kubeconfig-XXXXXX");
	memset(&access_, 0, sizeof(access_));
	e = (struct err)ERR_INIT;
	unsetenv("KUBECONFIG");
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
	return mkdtemp(folder) ? setenv("HOME", folder, 1) : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
		"a",	   "b",	    "ca.pem",	    "ca.crt", "namespace", "tls.crt",
		"tls.key", "token", ".kube/config", ".kube",  "",
	};

	(void)state;
	kube_access_release(&access_);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	return 0;
}

/* Writes a file of the test's folder and returns its path (one of a few static ones). */
static const char *
put(const char *name, const char *text)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];
	FILE *file;

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static void
assert_message(const char *part)
{
	if (!strstr(e.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, e.message);
}

static void
assert_refused(const char *path, const char *context, enum err_kind kind)
{
	if (kubeconfig_resolve(path, context, &access_, &e) == 0)
		fail_msg("was accepted");
	if (e.kind != kind)
		fail_msg("%s, not %s: %s", err_kind_name(e.kind), err_kind_name(kind), e.message);
	assert_null(access_.server);
}

#define CLUSTER "clusters: [{name: c, cluster: {server: 'https://h:6443/prefix/'}}]\n"
#define CONTEXTS                                                                                   \
	"contexts: [{name: one, context: {cluster: c, user: u, namespace: tsb}},"                  \
	"           {name: two, context: {cluster: c, user: u}}]\n"
#define CURRENT "current-context: one\n"
#define WITH_USER(user) CLUSTER CONTEXTS CURRENT "users: [{name: u, user: " user "}]\n"

static void
resolve_current_context_gives_all_fields(void **state)
{
	const char *path = put("a", WITH_USER("{token: abc, username: nina, password: p}"));

	(void)state;
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.context, "one");
	assert_string_equal(access_.cluster, "c");
	assert_string_equal(access_.user, "u");
	assert_string_equal(access_.source, path);
	assert_string_equal(access_.server, "https://h:6443/prefix");
	assert_string_equal(access_.ns, "tsb");
	assert_string_equal(access_.token, "abc");
	assert_string_equal(access_.username, "nina");
	assert_string_equal(access_.password, "p");
	assert_null(access_.ca_pem);
	assert_null(access_.client_cert_pem);
	assert_null(access_.proxy_url);
	assert_false(access_.insecure);
	assert_true(access_.compressed);
}

static void
resolve_named_context_wins_over_current(void **state)
{
	(void)state;
	assert_int_equal(kubeconfig_resolve(put("a", WITH_USER("{}")), "two", &access_, &e), 0);
	assert_string_equal(access_.context, "two");
	assert_string_equal(access_.ns, "default");
	assert_null(access_.token);
}

static void
resolve_json_file_is_read(void **state)
{
	const char *path =
		put("a", "{\"current-context\":\"x\",\n"
			 "\t\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"http://h\"}}],"
			 "\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\"}}]}");

	(void)state;
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.server, "http://h");
	assert_null(access_.user);
}

static void
resolve_cluster_options_are_taken(void **state)
{
	const char *path = put(
		"a", CONTEXTS CURRENT
		"users: [{name: u, user: {}}]\n"
		"clusters: [{name: c, cluster: {server: https://h, tls-server-name: api.example, "
		"insecure-skip-tls-verify: true, proxy-url: 'socks5://p:1', disable-compression: "
		"true}}]\n");

	(void)state;
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.tls_server_name, "api.example");
	assert_string_equal(access_.proxy_url, "socks5://p:1");
	assert_true(access_.insecure);
	assert_false(access_.compressed);
}

static void
resolve_list_first_definition_wins_whole(void **state)
{
	const char *a = put("a", "clusters: [{name: c, cluster: {server: https://first}}]\n"
				 "users: [{name: u, user: {username: first}}]\n" CONTEXTS);
	const char *b = put("b", "clusters: [{name: c, cluster: {server: https://second, "
				 "tls-server-name: x}}]\n"
				 "users: [{name: u, user: {token: second}}]\n"
				 "contexts: [{name: three, context: {cluster: c, user: u}}]\n"
				 "current-context: three\n");
	char *list = xasprintf("%s/missing::%s:%s", folder, a, b);

	(void)state;
	setenv("KUBECONFIG", list, 1);
	free(list);
	assert_int_equal(kubeconfig_resolve(NULL, NULL, &access_, &e), 0);
	assert_string_equal(access_.context, "three");
	assert_string_equal(access_.source, b);
	assert_string_equal(access_.server, "https://first");
	assert_null(access_.tls_server_name);
	assert_string_equal(access_.username, "first");
	assert_null(access_.token);
}

static void
resolve_list_of_missing_files_is_not_found(void **state)
{
	char *list = xasprintf("%s/x:%s/y", folder, folder);

	(void)state;
	setenv("KUBECONFIG", list, 1);
	assert_refused(NULL, NULL, ERR_NOT_FOUND);
	assert_message(list);
	free(list);
}

static void
resolve_explicit_file_ignores_the_list(void **state)
{
	const char *a = put("a", WITH_USER("{token: a}")), *b = put("b", WITH_USER("{token: b}"));

	(void)state;
	setenv("KUBECONFIG", a, 1);
	assert_int_equal(kubeconfig_resolve(b, NULL, &access_, &e), 0);
	assert_string_equal(access_.token, "b");
}

static void
resolve_explicit_missing_file_is_not_found(void **state)
{
	(void)state;
	assert_refused("/nonexistent/kubeconfig", NULL, ERR_NOT_FOUND);
	assert_message("/nonexistent/kubeconfig");
}

static void
resolve_home_file_is_the_last_resort(void **state)
{
	char *dot = xasprintf("%s/.kube", folder);
	struct err missing = ERR_INIT;

	(void)state;
	assert_int_equal(kubeconfig_resolve(NULL, NULL, &access_, &missing), -1);
	assert_int_equal(missing.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(missing.message, ".kube/config"));
	assert_int_equal(mkdir(dot, 0700), 0);
	put(".kube/config", WITH_USER("{token: home}"));
	setenv("KUBECONFIG", "", 1);
	assert_int_equal(kubeconfig_resolve(NULL, NULL, &access_, &e), 0);
	assert_string_equal(access_.token, "home");
	free(dot);
}

static void
resolve_relative_files_count_from_their_file(void **state)
{
	const char *path;

	(void)state;
	put("ca.pem", other.certificate);
	put("tls.crt", ours.certificate);
	put("tls.key", ours.key);
	put("token", "from-file\n");
	path = put("a", CONTEXTS CURRENT
		   "clusters: [{name: c, cluster: {server: https://h, certificate-authority: "
		   "ca.pem}}]\n"
		   "users: [{name: u, user: {client-certificate: ./tls.crt, client-key: tls.key, "
		   "token: literal, tokenFile: token}}]\n");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.ca_pem, other.certificate);
	assert_string_equal(access_.client_cert_pem, ours.certificate);
	assert_string_equal(access_.client_key_pem, ours.key);
	assert_string_equal(access_.token, "from-file");
	assert_true(str_ends_with(access_.token_file, "/token"));
}

/* A user with a certificate and a key in its -data fields; the caller frees. */
static char *
with_pair(const char *certificate, const char *key)
{
	char *certificate_data = fixture_base64(certificate), *key_data = fixture_base64(key);
	char *text = xasprintf(CLUSTER CONTEXTS CURRENT
			       "users: [{name: u, user: {client-certificate: /nonexistent, "
			       "client-certificate-data: %s, client-key: /nonexistent, "
			       "client-key-data: %s}}]\n",
			       certificate_data, key_data);

	free(certificate_data);
	free(key_data);
	return text;
}

static void
resolve_data_beats_file(void **state)
{
	char *text = with_pair(ours.certificate, ours.key), *authority;

	(void)state;
	if (kubeconfig_resolve(put("a", text), NULL, &access_, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(access_.client_cert_pem, ours.certificate);
	assert_string_equal(access_.client_key_pem, ours.key);
	kube_access_release(&access_);
	free(text);
	authority = fixture_base64(other.certificate);
	text = xasprintf(CONTEXTS CURRENT
			 "users: [{name: u, user: {}}]\n"
			 "clusters: [{name: c, cluster: {server: https://h, certificate-authority: "
			 "/nonexistent, certificate-authority-data: \"%.20s\\n%s\"}}]\n",
			 authority, authority + 20);
	assert_int_equal(kubeconfig_resolve(put("a", text), NULL, &access_, &e), 0);
	assert_string_equal(access_.ca_pem, other.certificate);
	free(authority);
	free(text);
}

static void
assert_pair_refused(const char *certificate, const char *key, const char *message)
{
	char *text = with_pair(certificate, key);

	assert_refused(put("a", text), NULL, ERR_SPEC);
	assert_message(message);
	assert_message("user \"u\"");
	free(text);
}

static void
resolve_unusable_certificates_are_spec_errors(void **state)
{
	(void)state;
	assert_pair_refused("CERT", ours.key, "client certificate is not readable");
	assert_pair_refused(ours.certificate, "KEY", "client key is not readable");
	assert_pair_refused(ours.certificate, other.key, "does not belong");
	assert_refused(put("a",
			   CONTEXTS CURRENT "clusters: [{name: c, cluster: {server: https://h, "
					    "certificate-authority-data: Q0E=}}]\n"),
		       NULL, ERR_SPEC);
	assert_message("certificate authority is not readable");
	assert_message("cluster \"c\"");
}

/* Nobody must be asked for a passphrase below the screen. */
static void
resolve_encrypted_key_is_a_spec_error(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	(void)state;
	PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), (const unsigned char *)"sesame", 6,
				 NULL, NULL);
	EVP_PKEY_free(key);
	pem = fixture_pem(bio);
	assert_pair_refused(ours.certificate, pem, "encrypted with a passphrase");
	free(pem);
}

static void
resolve_unknown_context_names_those_there_are(void **state)
{
	(void)state;
	assert_refused(put("a", WITH_USER("{}")), "tow", ERR_NOT_FOUND);
	assert_message("no context \"tow\"");
	assert_message("Did you mean \"two\"?");
	assert_message("one, two");
	assert_message(folder);
}

static void
resolve_without_current_context_is_a_spec_error(void **state)
{
	(void)state;
	assert_refused(put("a", CLUSTER CONTEXTS), NULL, ERR_SPEC);
	assert_message("current-context");
	assert_message("one, two");
}

static void
resolve_dangling_references_are_spec_errors(void **state)
{
	(void)state;
	assert_refused(put("a", CONTEXTS CURRENT), NULL, ERR_SPEC);
	assert_message("cluster \"c\"");
	assert_refused(put("a", CLUSTER CONTEXTS CURRENT), NULL, ERR_SPEC);
	assert_message("user \"u\"");
	assert_refused(put("a", "contexts: [{name: x, context: {}}]\n"), "x", ERR_SPEC);
	assert_message("names no cluster");
}

static void
resolve_bad_server_is_a_spec_error(void **state)
{
	(void)state;
	assert_refused(put("a", CONTEXTS CURRENT "clusters: [{name: c, cluster: {}}]\n"), NULL,
		       ERR_SPEC);
	assert_message("names no server");
	assert_refused(
		put("a", CONTEXTS CURRENT "clusters: [{name: c, cluster: {server: 'h:1'}}]\n"),
		NULL, ERR_SPEC);
	assert_message("\"h:1\"");
}

static void
resolve_auth_provider_is_refused_by_name(void **state)
{
	(void)state;
	assert_refused(put("a", WITH_USER("{auth-provider: {name: gcp}}")), NULL, ERR_SPEC);
	assert_message("gcp");
	assert_message("exec plugin");
}

#define V1 "apiVersion: client.authentication.k8s.io/v1, interactiveMode: "
#define BETA "apiVersion: client.authentication.k8s.io/v1beta1"

static void
resolve_exec_is_taken_whole(void **state)
{
	const char *path = put(
		"a", CONTEXTS CURRENT
		"clusters: [{name: c, cluster: {server: https://h/, tls-server-name: t, "
		"proxy-url: 'http://p:1', disable-compression: true, extensions: [{name: x}, "
		"{name: client.authentication.k8s.io/exec, extension: {port: 6443, flag: "
		"true}}]}}]\n"
		"users: [{name: u, user: {exec: {" V1 "Always, command: bin/tool, args: "
		"[--id, 007], env: [{name: A, value: b c}, {name: NONE}], installHint: Get it., "
		"provideClusterInfo: true}}}]\n");
	char *tool = xasprintf("%s/bin/tool", folder);

	(void)state;
	if (kubeconfig_resolve(path, NULL, &access_, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(access_.exec->who, "tool (user u)");
	assert_string_equal(access_.exec->command, tool);
	assert_string_equal(access_.exec->args[0], "--id");
	assert_string_equal(access_.exec->args[1], "007");
	assert_null(access_.exec->args[2]);
	assert_string_equal(access_.exec->env[0], "A=b c");
	assert_string_equal(access_.exec->env[1], "NONE=");
	assert_null(access_.exec->env[2]);
	assert_string_equal(access_.exec->install_hint, "Get it.");
	assert_int_equal(access_.exec->interactive, KUBE_INTERACTIVE_ALWAYS);
	assert_string_equal(access_.exec->cluster,
			    "{\"server\":\"https://h\",\"tls-server-name\":\"t\",\"proxy-url\":"
			    "\"http://p:1\",\"disable-compression\":true,\"config\":{\"port\":6443,"
			    "\"flag\":true}}");
	free(tool);
}

static void
resolve_exec_tells_the_authority_and_no_check(void **state)
{
	char *authority = fixture_base64(other.certificate);
	char *text = xasprintf(CONTEXTS CURRENT "clusters: [{name: c, cluster: {server: https://h, "
						"certificate-authority-data: %s}}]\n"
						"users: [{name: u, user: {exec: {" BETA
						", command: tool, "
						"provideClusterInfo: true}}}]\n",
			       authority);
	char *wanted = xasprintf("{\"server\":\"https://h\",\"certificate-authority-data\":\"%s\"}",
				 authority);

	(void)state;
	assert_int_equal(kubeconfig_resolve(put("a", text), NULL, &access_, &e), 0);
	assert_string_equal(access_.exec->command, "tool");
	assert_string_equal(access_.exec->cluster, wanted);
	assert_int_equal(access_.exec->interactive, KUBE_INTERACTIVE_IF_AVAILABLE);
	kube_access_release(&access_);
	assert_int_equal(
		kubeconfig_resolve(put("a", CONTEXTS CURRENT
				       "clusters: [{name: c, cluster: {server: https://h, "
				       "insecure-skip-tls-verify: true}}]\n"
				       "users: [{name: u, user: {exec: {" BETA ", command: tool, "
				       "provideClusterInfo: true}}}]\n"),
				   NULL, &access_, &e),
		0);
	assert_string_equal(access_.exec->cluster,
			    "{\"server\":\"https://h\",\"insecure-skip-tls-verify\":true}");
	free(wanted);
	free(text);
	free(authority);
}

static void
resolve_exec_errors_name_user_and_member(void **state)
{
	static const struct {
		const char *exec, *message;
	} cases[] = {
		{ "command: x", "no apiVersion" },
		{ "apiVersion: client.authentication.k8s.io/v1alpha1, command: x", "v1alpha1" },
		{ "apiVersion: client.authentication.k8s.io/v1, command: x", "interactiveMode" },
		{ V1 "Sometimes, command: x", "\"Sometimes\"" },
		{ BETA, "names no command" },
		{ BETA ", command: x, args: y", "args is not a list" },
		{ BETA ", command: x, args: [true]", "args is not a list" },
		{ BETA ", command: x, env: [{value: y}]", "env" },
		{ BETA ", command: x, provideClusterInfo: maybe", "provideClusterInfo" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf(CLUSTER CONTEXTS CURRENT
				       "users: [{name: u, user: {exec: {%s}}}]\n",
				       cases[i].exec);

		assert_refused(put("a", text), NULL, ERR_SPEC);
		assert_message(cases[i].message);
		assert_message("user \"u\"");
		free(text);
	}
}

static void
resolve_token_and_user_name_beat_exec(void **state)
{
	(void)state;
	assert_int_equal(kubeconfig_resolve(put("a", WITH_USER("{token: t0ken, exec: {}}")), NULL,
					    &access_, &e),
			 0);
	assert_null(access_.exec);
	kube_access_release(&access_);
	assert_int_equal(kubeconfig_resolve(put("a", WITH_USER("{username: nina, exec: {}}")), NULL,
					    &access_, &e),
			 0);
	assert_null(access_.exec);
}

static void
resolve_impersonation_becomes_headers(void **state)
{
	static const char *const wanted[] = {
		"Impersonate-User: system:serviceaccount:a:b",
		"Impersonate-Uid: 17",
		"Impersonate-Group: devs",
		"Impersonate-Group: on call",
		"Impersonate-Extra-acme.com%2Fproject: x",
		"Impersonate-Extra-acme.com%2Fproject: z",
	};
	const char *path =
		put("a", WITH_USER("{token: t0ken, as: 'system:serviceaccount:a:b', as-uid: 17, "
				   "as-groups: [devs, on call], as-user-extra: {Acme.com/Project: "
				   "[x, z]}}"));
	struct kube_access copy;

	(void)state;
	if (kubeconfig_resolve(path, NULL, &access_, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(access_.as, "system:serviceaccount:a:b");
	kube_access_copy(&copy, &access_);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_string_equal(copy.impersonate[i], wanted[i]);
	assert_null(copy.impersonate[6]);
	kube_access_release(&copy);
}

static void
resolve_impersonation_that_is_none_or_forges_is_a_spec_error(void **state)
{
	static const struct {
		const char *user, *message;
	} cases[] = {
		{ "as-groups: [g]", "without as" },
		{ "as-uid: u", "without as" },
		{ "as-user-extra: {a: [b]}", "without as" },
		{ "as: \"a\\r\\nImpersonate-Group: system:masters\"", "control character" },
		{ "as: a, as-groups: [\"b\\nX: y\"]", "control character" },
		{ "as: a, as-groups: ['']", "empty Impersonate-Group" },
		{ "as: a, as-groups: b", "as-groups is not a list" },
		{ "as: a, as-user-extra: {b: c}", "as-user-extra \"b\"" },
		{ "as: a, as-user-extra: {b: [[c]]}", "as-user-extra \"b\"" },
		{ "as: a, as-user-extra: b", "no mapping" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf(CLUSTER CONTEXTS CURRENT
				       "users: [{name: u, user: {token: t0ken, %s}}]\n",
				       cases[i].user);

		assert_refused(put("a", text), NULL, ERR_SPEC);
		assert_message(cases[i].message);
		assert_message("user \"u\"");
		free(text);
	}
}

/* A line end or a colon in the key stays within the header's name. */
static void
resolve_impersonation_extra_keys_are_encoded(void **state)
{
	(void)state;
	assert_int_equal(
		kubeconfig_resolve(put("a", WITH_USER("{token: t0ken, as: a, as-user-extra: "
						      "{\"K: x\\r\\nY\": [v]}}")),
				   NULL, &access_, &e),
		0);
	assert_string_equal(access_.impersonate[1], "Impersonate-Extra-k%3A%20x%0D%0Ay: v");
}

static void
resolve_cluster_values_that_forge_are_spec_errors(void **state)
{
	static const struct {
		const char *cluster, *message;
	} cases[] = {
		{ "server: 'https://'", "no URL" },
		{ "server: \"https://h\\r\\nX: y\"", "no URL" },
		{ "server: https://h, tls-server-name: \"a\\r\\nX: y\"", "tls-server-name" },
		{ "server: https://h, proxy-url: 'ftp://user:s3cret@p'", "proxy-url" },
		{ "server: https://h, proxy-url: p:3128", "socks5://" },
		{ "server: https://h, insecure-skip-tls-verify: maybe", "neither true nor false" },
		{ "server: [x]", "is not text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf(CONTEXTS CURRENT "clusters: [{name: c, cluster: {%s}}]\n",
				       cases[i].cluster);

		assert_refused(put("a", text), NULL, ERR_SPEC);
		assert_message(cases[i].message);
		assert_message("cluster \"c\"");
		assert_null(strstr(e.message, "s3cret"));
		free(text);
	}
}

static int
resolve_in_pod(const char *path, const char *context)
{
	return kubeconfig_resolve_with(path, context, folder, &access_, &e);
}

static void
resolve_in_a_pod_without_kubeconfig_is_its_account(void **state)
{
	(void)state;
	put("token", "account-token\n");
	put("ca.crt", other.certificate);
	put("namespace", "tsb\n");
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	assert_int_equal(resolve_in_pod(NULL, NULL), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	if (resolve_in_pod(NULL, NULL) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(access_.context, "in-cluster");
	assert_string_equal(access_.server, "https://10.96.0.1:443");
	assert_string_equal(access_.token, "account-token");
	assert_true(str_ends_with(access_.token_file, "/token"));
	assert_true(str_starts_with(access_.ca_pem, "-----BEGIN CERTIFICATE-----"));
	assert_string_equal(access_.ns, "tsb");
	assert_string_equal(access_.source, folder);
	kube_access_release(&access_);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	assert_int_equal(resolve_in_pod(NULL, NULL), 0);
	assert_string_equal(access_.server, "https://[fd00::1]:443");
}

static void
resolve_in_a_pod_a_kubeconfig_or_a_name_wins(void **state)
{
	const char *path;

	(void)state;
	put("token", "account-token\n");
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_int_equal(resolve_in_pod(NULL, "one"), -1);
	assert_int_equal(resolve_in_pod("/nonexistent/file", NULL), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	path = put("a", WITH_USER("{}"));
	setenv("KUBECONFIG", path, 1);
	assert_int_equal(resolve_in_pod(NULL, NULL), 0);
	assert_string_equal(access_.server, "https://h:6443/prefix");
	kube_access_release(&access_);
	put("a", "clusters: [\n");
	assert_int_equal(resolve_in_pod(NULL, NULL), -1);
	assert_message("/a:");
}

static void
resolve_in_a_pod_broken_account_is_named(void **state)
{
	(void)state;
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	put("token", "\n");
	assert_int_equal(resolve_in_pod(NULL, NULL), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_message("is empty");
	assert_message(folder);
	put("token", "t0ken");
	put("ca.crt", "garbage");
	assert_int_equal(resolve_in_pod(NULL, NULL), -1);
	assert_message("certificate authority is not readable");
}

static void
resolve_bad_credentials_are_spec_errors_without_them(void **state)
{
	(void)state;
	assert_refused(put("a", WITH_USER("{token: \"s3cret\\nX: y\"}")), NULL, ERR_SPEC);
	assert_null(strstr(e.message, "s3cret"));
	assert_refused(put("a", WITH_USER("{client-key-data: 's3cret!'}")), NULL, ERR_SPEC);
	assert_message("client-key-data is no valid base64");
	assert_null(strstr(e.message, "s3cret"));
	assert_refused(put("a", WITH_USER("{client-key-data: S0VZ}")), NULL, ERR_SPEC);
	assert_message("no client-certificate");
	assert_refused(put("a", WITH_USER("{tokenFile: nowhere}")), NULL, ERR_NOT_FOUND);
	assert_message("tokenFile");
	assert_message("nowhere");
	assert_message("user \"u\"");
}

static void
resolve_authority_with_insecure_is_a_spec_error(void **state)
{
	(void)state;
	assert_refused(put("a", WITH_USER("{}") "x: 1\n"), "absent", ERR_NOT_FOUND);
	assert_refused(put("a", CONTEXTS CURRENT
			   "clusters: [{name: c, cluster: {server: https://h, "
			   "insecure-skip-tls-verify: true, certificate-authority-data: Q0E=}}]\n"),
		       NULL, ERR_SPEC);
	assert_message("insecure-skip-tls-verify");
}

static void
resolve_broken_yaml_names_file_and_place(void **state)
{
	const char *path = put("a", "clusters: []\nusers: [\n");

	(void)state;
	assert_refused(path, NULL, ERR_SPEC);
	assert_message(path);
	assert_message("/a:");
}

static void
resolve_odd_shapes_do_not_crash(void **state)
{
	static const char *const texts[] = {
		"",
		"---\n",
		"null\n",
		"[]\n",
		"- a\n",
		"contexts: 7\n",
		"contexts: [1, null, {name: 3}]\n",
		"contexts: [{name: x, context: []}]\ncurrent-context: x\n",
		"contexts: [{name: x}]\ncurrent-context: x\n",
		"current-context: [x]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(kubeconfig_resolve(put("a", texts[i]), NULL, &access_, &e), -1);
		assert_true(strlen(e.message) > 10);
	}
}

static void
resolve_names_and_tokens_like_numbers_are_text(void **state)
{
	const char *path = put(
		"a", "clusters: [{name: 0123, cluster: {server: https://h}}]\n"
		     "users: [{name: 1e3, user: {token: 12345678901234567890}}]\n"
		     "contexts: [{name: 7, context: {cluster: 0123, user: 1e3, namespace: 1.50}}]\n"
		     "current-context: 7\n");

	(void)state;
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.token, "12345678901234567890");
	assert_string_equal(access_.ns, "1.50");
}

static void
contexts_of_all_files_are_listed_once(void **state)
{
	char *list = xasprintf("%s:%s", put("a", CONTEXTS),
			       put("b", "contexts: [{name: two}, {name: three}]\n"));

	(void)state;
	setenv("KUBECONFIG", list, 1);
	free(list);
	assert_int_equal(kubeconfig_resolve(NULL, "nowhere", &access_, &e), -1);
	assert_non_null(strstr(e.message, "one, two, three"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(resolve_current_context_gives_all_fields),
		CASE(resolve_named_context_wins_over_current),
		CASE(resolve_json_file_is_read),
		CASE(resolve_cluster_options_are_taken),
		CASE(resolve_list_first_definition_wins_whole),
		CASE(resolve_list_of_missing_files_is_not_found),
		CASE(resolve_explicit_file_ignores_the_list),
		CASE(resolve_explicit_missing_file_is_not_found),
		CASE(resolve_home_file_is_the_last_resort),
		CASE(resolve_relative_files_count_from_their_file),
		CASE(resolve_data_beats_file),
		CASE(resolve_unknown_context_names_those_there_are),
		CASE(resolve_without_current_context_is_a_spec_error),
		CASE(resolve_dangling_references_are_spec_errors),
		CASE(resolve_bad_server_is_a_spec_error),
		CASE(resolve_unusable_certificates_are_spec_errors),
		CASE(resolve_encrypted_key_is_a_spec_error),
		CASE(resolve_auth_provider_is_refused_by_name),
		CASE(resolve_exec_is_taken_whole),
		CASE(resolve_exec_tells_the_authority_and_no_check),
		CASE(resolve_exec_errors_name_user_and_member),
		CASE(resolve_token_and_user_name_beat_exec),
		CASE(resolve_impersonation_becomes_headers),
		CASE(resolve_impersonation_that_is_none_or_forges_is_a_spec_error),
		CASE(resolve_impersonation_extra_keys_are_encoded),
		CASE(resolve_cluster_values_that_forge_are_spec_errors),
		CASE(resolve_in_a_pod_without_kubeconfig_is_its_account),
		CASE(resolve_in_a_pod_a_kubeconfig_or_a_name_wins),
		CASE(resolve_in_a_pod_broken_account_is_named),
		CASE(resolve_bad_credentials_are_spec_errors_without_them),
		CASE(resolve_authority_with_insecure_is_a_spec_error),
		CASE(resolve_broken_yaml_names_file_and_place),
		CASE(resolve_odd_shapes_do_not_crash),
		CASE(resolve_names_and_tokens_like_numbers_are_text),
		CASE(contexts_of_all_files_are_listed_once),
	};

	ours = fixture_pair_new("ours", -60, 3600);
	other = fixture_pair_new("other", -60, 3600);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_pair_free(&ours);
	fixture_pair_free(&other);
	return failed;
}
