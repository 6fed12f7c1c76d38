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

#include "base/str.h"
#include "base/xalloc.h"
#include "kube/kubeconfig.h"

static char folder[64];
static struct kube_access access_;
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lifeboat-kubeconfig-XXXXXX");
	memset(&access_, 0, sizeof(access_));
	e = (struct err)ERR_INIT;
	unsetenv("KUBECONFIG");
	return mkdtemp(folder) ? setenv("HOME", folder, 1) : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
		"a", "b", "ca.pem", "tls.crt", "tls.key", "token", ".kube/config", ".kube", "",
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
	put("ca.pem", "CA\n");
	put("tls.crt", "CERT\n");
	put("tls.key", "KEY\n");
	put("token", "from-file\n");
	path = put("a", CONTEXTS CURRENT
		   "clusters: [{name: c, cluster: {server: https://h, certificate-authority: "
		   "ca.pem}}]\n"
		   "users: [{name: u, user: {client-certificate: ./tls.crt, client-key: tls.key, "
		   "token: literal, tokenFile: token}}]\n");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.ca_pem, "CA\n");
	assert_string_equal(access_.client_cert_pem, "CERT\n");
	assert_string_equal(access_.client_key_pem, "KEY\n");
	assert_string_equal(access_.token, "from-file");
}

static void
resolve_data_beats_file(void **state)
{
	const char *path =
		put("a", CONTEXTS CURRENT
		    "users: [{name: u, user: {"
		    "client-certificate: /nonexistent, client-certificate-data: Q0VSVA==, "
		    "client-key: /nonexistent, client-key-data: \"S0V\\nZ\"}}]\n"
		    "clusters: [{name: c, cluster: {server: https://h, certificate-authority: "
		    "/nonexistent, "
		    "certificate-authority-data: Q0E=}}]\n");

	(void)state;
	assert_int_equal(kubeconfig_resolve(path, NULL, &access_, &e), 0);
	assert_string_equal(access_.ca_pem, "CA");
	assert_string_equal(access_.client_cert_pem, "CERT");
	assert_string_equal(access_.client_key_pem, "KEY");
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
resolve_plugins_and_impersonation_are_refused_by_name(void **state)
{
	(void)state;
	assert_refused(put("a", WITH_USER("{exec: {command: aws-iam-authenticator, args: [x]}}")),
		       NULL, ERR_SPEC);
	assert_message("aws-iam-authenticator");
	assert_message("user \"u\"");
	assert_refused(put("a", WITH_USER("{auth-provider: {name: gcp}}")), NULL, ERR_SPEC);
	assert_message("gcp");
	assert_refused(put("a", WITH_USER("{token: t, as: root}")), NULL, ERR_SPEC);
	assert_message("impersonates \"root\"");
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
		CASE(resolve_plugins_and_impersonation_are_refused_by_name),
		CASE(resolve_bad_credentials_are_spec_errors_without_them),
		CASE(resolve_authority_with_insecure_is_a_spec_error),
		CASE(resolve_broken_yaml_names_file_and_place),
		CASE(resolve_odd_shapes_do_not_crash),
		CASE(resolve_names_and_tokens_like_numbers_are_text),
		CASE(contexts_of_all_files_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
