#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_certificate.h"
#include "fixture_command.h"

/* kubectl is the referee: what it takes for its cluster is what counts. */

#define CLUSTER_A "{name: a, cluster: {server: 'https://a.example:6443'}}"
#define CLUSTER_B                                                                                  \
	"{name: b, cluster: {server: 'https://b.example:6443', certificate-authority: ca.pem}}"
#define CONTEXT_A "{name: mgmt-a, context: {cluster: a, user: u, namespace: of-a}}"
#define CONTEXT_B "{name: mgmt-b, context: {cluster: b, user: u, namespace: of-b}}"
#define USER(text) "users: [{name: u, user: " text "}]\n"
#define BOTH                                                                                       \
	"current-context: mgmt-a\nclusters: [" CLUSTER_A ", " CLUSTER_B "]\n"                      \
	"contexts: [" CONTEXT_A ", " CONTEXT_B "]\n"

static char *folder,
	*both; /* kubeconfigs lie there; one with both contexts, of which mgmt-a is current */
static struct fixture_pair authority;

static void
target(struct stand *s, const char *ns)
{
	begin(s);
	stand_target(s, &target_kubernetes,
		     "{\"context\":\"mgmt-b\",\"kubeconfig\":\"%s\",\"namespace\":\"%s\"}", both,
		     ns);
}

static void
assert_view(struct stand *s, const char *server, const char *ns)
{
	assert_ran(s);
	assert_string_equal(json_string(s->result, "json/clusters/0/cluster/server", ""), server);
	assert_string_equal(json_string(s->result, "json/contexts/0/context/namespace", ""), ns);
	assert_int_equal(cJSON_GetArraySize(json_at(s->result, "json/contexts")), 1);
}

#define VIEW                                                                                       \
	"{\"argv\":[\"kubectl\",\"config\",\"view\",\"--minify\",\"-o\",\"json\"],\"json\":true,"  \
	"\"effect\":\"reads\"}"
#define FLAT                                                                                       \
	"{\"argv\":[\"kubectl\",\"config\",\"view\",\"--minify\",\"--flatten\",\"--raw\",\"-o\","  \
	"\"json\"],\"json\":true,\"effect\":\"reads\",\"folder\":\"/\"}"

static void
cluster_is_the_one_of_the_target_for_kubectl(void **state)
{
	struct stand s;

	(void)state;
	if (!is_installed("kubectl"))
		skip();
	setenv("KUBECONFIG", "/nonexistent/of-the-shell", 1);
	target(&s, "tsb");
	stand_action(&s, &step_command_run, VIEW);
	assert_view(&s, "https://b.example:6443", "tsb");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"kubectl\",\"config\",\"current-context\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "mgmt-b\n");
	stand_release(&s);
	begin(&s); /* the namespace of the context, where the target names none */
	stand_target(&s, &target_kubernetes, "{\"context\":\"mgmt-b\",\"kubeconfig\":\"%s\"}",
		     both);
	stand_action(&s, &step_command_run, VIEW);
	assert_view(&s, "https://b.example:6443", "of-b");
	stand_release(&s);
	begin(&s); /* the context that was current when the run looked */
	stand_target(&s, &target_kubernetes, "{\"kubeconfig\":\"%s\"}", both);
	stand_action(&s, &step_command_run, VIEW);
	assert_view(&s, "https://a.example:6443", "of-a");
	stand_release(&s);
}

static void
cluster_of_several_files_with_relative_names_is_found(void **state)
{
	struct stand s;
	char *wanted;

	(void)state;
	if (!is_installed("kubectl"))
		skip();
	free(fixture_write(folder, "one",
			   "current-context: mgmt-a\nclusters: [" CLUSTER_A "]\n"
			   "contexts: [" CONTEXT_A ", " CONTEXT_B "]\n"));
	free(fixture_write(folder, "two",
			   "clusters: [" CLUSTER_B "]\n" USER("{token: t0ken-t0ken}")));
	assert_int_equal(chdir(folder), 0);
	setenv("KUBECONFIG", "one:missing:./two", 1);
	begin(&s);
	stand_target(&s, &target_kubernetes, "{\"context\":\"mgmt-b\",\"namespace\":\"tsb\"}");
	stand_action(&s, &step_command_run, FLAT);
	assert_view(&s, "https://b.example:6443", "tsb");
	wanted = fixture_base64(authority.certificate);
	assert_string_equal(
		json_string(s.result, "json/clusters/0/cluster/certificate-authority-data", ""),
		wanted);
	free(wanted);
	assert_int_equal(chdir("/"), 0);
	stand_release(&s);
}

static char *
kubeconfig_of(struct stand *s)
{
	stand_action(s, &step_command_run, "{\"argv\":[\"printenv\"]}");
	assert_ran(s);
	return variable_in(str_cstr(&s->output), "KUBECONFIG");
}

static void
overlay_is_named_by_the_preview_and_holds_no_credential(void **state)
{
	struct str text = STR_INIT;
	struct stat st;
	struct stand s;

	(void)state;
	target(&s, "tsb-1");
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\"]}");
	char *preview = stand_preview(&s, NULL);
	char *wanted = xasprintf("with KUBECONFIG=%s/kube/", run_folder);
	assert_says(preview, wanted);
	assert_says(preview, "kubectl and helm find context \"mgmt-b\" alone "
			     "(https://b.example:6443), namespace tsb-1\n");
	assert_says(preview, "with HELM_KUBECONTEXT=mgmt-b\n");
	assert_says(preview, "with HELM_NAMESPACE=tsb-1\n");
	char *value = kubeconfig_of(&s);
	assert_says(preview, value);
	char *overlay = xstrndup(value, strcspn(value, ":"));
	char *whole = xasprintf("%s:%s:%s", overlay, both, overlay);
	assert_string_equal(value, whole); /* Python's client takes the last, not the first */
	assert_int_equal(stat(overlay, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(overlay, 4096, &text, &s.e), 0);
	assert_says(str_cstr(&text), "\"current-context\":\"mgmt-b\"");
	assert_null(strstr(str_cstr(&text), "t0ken"));
	free(whole);
	free(overlay);
	free(value);
	free(wanted);
	free(preview);
	str_release(&text);
	stand_release(&s);
}

static void
overlay_is_not_written_by_a_preview(void **state)
{
	char *kube = xasprintf("%s/kube", run_folder);
	struct stand s;

	(void)state;
	target(&s, "tsb");
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	free(stand_preview(&s, NULL));
	assert_false(file_exists(kube)); /* this is the first test */
	stand_release(&s);
	free(kube);
}

static void
overlay_without_a_run_lasts_no_longer_than_its_command(void **state)
{
	struct stand s;

	(void)state;
	target(&s, "tsb");
	s.ctx.run_folder = NULL;
	s.ctx.intent_seq = -1;
	char *value = kubeconfig_of(&s);
	assert_non_null(value);
	value[strcspn(value, ":")] = '\0';
	assert_says(value, "/lifeboat-kube-");
	assert_null(strstr(value, "XXXXXX"));
	assert_false(file_exists(value));
	free(value);
	stand_release(&s);
}

static void
overlay_that_a_command_has_changed_is_restored(void **state)
{
	struct stand s;

	(void)state;
	if (!is_installed("kubectl"))
		skip();
	target(&s, "tsb");
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"kubectl\",\"config\",\"use-context\",\"mgmt-a\"]}");
	assert_ran(&s);
	stand_action(&s, &step_command_run,
		     "{\"argv\":[\"kubectl\",\"config\",\"current-context\"]}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "output", ""), "mgmt-b\n");
	stand_release(&s);
}

static void
arguments_that_lead_away_from_the_target_are_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "\"kubectl\",\"--context=mgmt-a\",\"version\"",
		  "--context mgmt-a would lead kubectl" },
		{ "\"kubectl\",\"--context\",\"mgmt-a\"", "--context mgmt-a" },
		{ "\"/usr/bin/kubectl\",\"--kubeconfig=x\"", "--kubeconfig x" },
		{ "\"kubectl\",\"-s\",\"https://h\"", "-s https://h" },
		{ "\"kubectl\",\"--cluster=b\"", "--cluster b" },
		{ "\"helm\",\"--kube-context=mgmt-a\"", "--kube-context mgmt-a would lead helm" },
		{ "\"helm\",\"--kube-apiserver\",\"https://h\"", "--kube-apiserver https://h" },
		{ "\"true\"],\"env\":{\"KUBECONFIG\":\"/x\"},\"exit_codes\":[0",
		  "KUBECONFIG in env" },
		{ "\"true\"],\"env\":{\"HELM_KUBETOKEN\":\"x\"},\"exit_codes\":[0",
		  "HELM_KUBETOKEN" },
		{ "\"true\"],\"inherit\":[\"KUBECONFIG\"],\"exit_codes\":[0",
		  "KUBECONFIG in inherit" },
	};
	static const char *const fine[] = {
		"\"kubectl\",\"--context=mgmt-b\",\"version\"",
		"\"kubectl\",\"exec\",\"pod\",\"--\",\"x\",\"--context=mgmt-a\"",
		"\"kubectl\",\"--contexts\"",
		"\"true\",\"--context=mgmt-a\"",
	};
	struct stand s;

	(void)state;
	target(&s, "tsb");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stand_action(&s, &step_command_run, "{\"argv\":[%s]}", rows[i][0]);
		assert_null(stand_preview(&s, NULL));
		assert_says(s.e.message, rows[i][1]);
		assert_int_equal(s.e.kind, ERR_SPEC);
		assert_fails(&s, ERR_SPEC, rows[i][1]);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		stand_action(&s, &step_command_run, "{\"argv\":[%s]}", fine[i]);
		char *preview = stand_preview(&s, NULL);
		if (!preview && s.e.kind != ERR_NOT_FOUND)
			fail_msg("%s", s.e.message);
		free(preview);
	}
	stand_release(&s);
}

static void
variables_that_lead_away_are_not_passed_on(void **state)
{
	struct stand s;

	(void)state;
	setenv("HELM_KUBEAPISERVER", "https://elsewhere", 1);
	setenv("HELM_NAMESPACE", "of-the-shell", 1);
	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	target(&s, "tsb");
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\"],\"inherit\":\"all\"}");
	assert_ran(&s);
	assert_null(variable_in(str_cstr(&s.output), "HELM_KUBEAPISERVER"));
	assert_null(variable_in(str_cstr(&s.output), "KUBERNETES_SERVICE_HOST"));
	char *ns = variable_in(str_cstr(&s.output), "HELM_NAMESPACE");
	assert_string_equal(ns, "tsb");
	free(ns);
	stand_release(&s);
	unsetenv("HELM_KUBEAPISERVER");
	unsetenv("HELM_NAMESPACE");
	unsetenv("KUBERNETES_SERVICE_HOST");
}

static void
without_a_target_the_files_of_the_operator_count(void **state)
{
	struct stand s;

	(void)state;
	if (!is_installed("kubectl"))
		skip();
	setenv("KUBECONFIG", "/tmp/inherited", 1);
	begin(&s);
	char *value = kubeconfig_of(&s);
	assert_string_equal(value, "/tmp/inherited");
	free(value);
	stand_action(&s, &step_command_run, "{\"argv\":[\"kubectl\",\"get\",\"pods\"]}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "! The step has no target and no argument names a context: kubectl "
			     "goes to whatever");
	free(preview);
	stand_action(&s, &step_command_run, "{\"argv\":[\"kubectl\",\"--context=x\",\"get\"]}");
	preview = stand_preview(&s, NULL);
	assert_null(strstr(preview, "The step has no target"));
	free(preview);
	stand_release(&s);
}

static void
assert_login(const char *plugin, const char *aws, const char *google)
{
	char *text = xasprintf("clusters: [" CLUSTER_A "]\ncontexts: [" CONTEXT_A
			       "]\n" USER("{exec: {apiVersion: client.authentication.k8s.io/v1, "
					  "interactiveMode: Never, command: %s}}"),
			       plugin);
	char *path = fixture_write(folder, "plugin", text), *value;
	struct stand s;

	begin(&s);
	stand_target(&s, &target_kubernetes, "{\"context\":\"mgmt-a\",\"kubeconfig\":\"%s\"}",
		     path);
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\"]}");
	assert_ran(&s);
	value = variable_in(str_cstr(&s.output), "AWS_PROFILE");
	assert_true(str_equal(value, aws));
	free(value);
	value = variable_in(str_cstr(&s.output), "GOOGLE_APPLICATION_CREDENTIALS");
	assert_true(str_equal(value, google));
	free(value);
	stand_release(&s);
	free(path);
	free(text);
}

static void
login_plugin_finds_what_it_goes_by(void **state)
{
	struct stand s;

	(void)state;
	setenv("AWS_PROFILE", "prod", 1);
	setenv("GOOGLE_APPLICATION_CREDENTIALS", "/etc/passwd", 1);
	assert_login("aws", "prod", NULL);
	assert_login("/opt/bin/gke-gcloud-auth-plugin", NULL, "/etc/passwd");
	assert_login("our-own-login", "prod", "/etc/passwd");
	target(&s, "tsb"); /* a token: nobody needs them */
	stand_action(&s, &step_command_run, "{\"argv\":[\"printenv\"]}");
	assert_ran(&s);
	assert_null(variable_in(str_cstr(&s.output), "AWS_PROFILE"));
	stand_release(&s);
}

static void
kubeconfig_with_a_colon_in_its_name_is_refused(void **state)
{
	char *path = fixture_write(folder, "a:b", BOTH USER("{token: t0ken-t0ken}"));
	struct stand s;

	(void)state;
	begin(&s);
	stand_target(&s, &target_kubernetes, "{\"context\":\"mgmt-b\",\"kubeconfig\":\"%s\"}",
		     path);
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_SPEC);
	assert_says(s.e.message, "has a colon in its name");
	stand_release(&s);
	free(path);
}

static void
kubeconfig_that_is_missing_fails_in_the_preview(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_target(&s, &target_kubernetes,
		     "{\"context\":\"x\",\"kubeconfig\":\"/nonexistent/k\"}");
	stand_action(&s, &step_command_run, "{\"argv\":[\"true\"]}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NOT_FOUND);
	assert_says(s.e.message, "/nonexistent/k");
	stand_release(&s);
}

static int
set_up(void **state)
{
	make_run_folder(state);
	folder = fixture_folder();
	authority = fixture_pair_new("authority", -60, 3600);
	free(fixture_write(folder, "ca.pem", authority.certificate));
	both = fixture_write(folder, "both", BOTH USER("{token: t0ken-t0ken}"));
	return 0;
}

static int
tear_down(void **state)
{
	fixture_pair_free(&authority);
	free(both);
	fixture_remove(folder);
	return remove_run_folder(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlay_is_not_written_by_a_preview),
		cmocka_unit_test(cluster_is_the_one_of_the_target_for_kubectl),
		cmocka_unit_test(cluster_of_several_files_with_relative_names_is_found),
		cmocka_unit_test(overlay_is_named_by_the_preview_and_holds_no_credential),
		cmocka_unit_test(overlay_without_a_run_lasts_no_longer_than_its_command),
		cmocka_unit_test(overlay_that_a_command_has_changed_is_restored),
		cmocka_unit_test(arguments_that_lead_away_from_the_target_are_refused),
		cmocka_unit_test(variables_that_lead_away_are_not_passed_on),
		cmocka_unit_test(without_a_target_the_files_of_the_operator_count),
		cmocka_unit_test(login_plugin_finds_what_it_goes_by),
		cmocka_unit_test(kubeconfig_with_a_colon_in_its_name_is_refused),
		cmocka_unit_test(kubeconfig_that_is_missing_fails_in_the_preview),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
