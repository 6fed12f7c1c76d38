#include "config.h"

#include "kube/kubeconfig_pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "fixture_certificate.h"
#include "fixture_server.h"
#include "kube/kubeconfig_private.h"
#include "net/child/child.h"

/* What kubectl takes for its configuration with this KUBECONFIG, flattened. */
static cJSON *
view(const char *kubeconfig)
{
	const char *argv[] = {
		"kubectl", "config", "view", "--minify", "--raw", "-o", "json", NULL
	};
	char *variable = xasprintf("KUBECONFIG=%s", kubeconfig);
	const char *env[] = { variable, NULL };
	struct str text = STR_INIT;
	struct child_options options = {
		.argv = argv, .env = env, .capture = &text, .capture_max = 1 << 20
	};
	struct child_result result;
	struct err e = ERR_INIT;
	cJSON *json = NULL;

	if (child_run(&options, &result, &e) == 0)
		json = json_parse(str_cstr(&text), text.len, &e);
	str_release(&text);
	free(variable);
	return json;
}

static void
pin_of_a_pods_account_names_its_files(void **state)
{
	char *folder = fixture_folder(), *path;
	struct fixture_pair authority = fixture_pair_new("authority", -60, 3600);
	struct kube_access access = { 0 };
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	cJSON *json;

	(void)state;
	free(child_find("kubectl", &e));
	if (e.kind == ERR_NOT_FOUND)
		skip();
	unsetenv("KUBECONFIG");
	setenv("HOME", folder, 1);
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	free(fixture_write(folder, "token", "account-token\n"));
	free(fixture_write(folder, "ca.crt", authority.certificate));
	if (kubeconfig_resolve_with(NULL, NULL, folder, &access, &e) < 0)
		fail_msg("%s", e.message);
	kubeconfig_pin(&access, "tsb", &text);
	assert_null(strstr(str_cstr(&text), "account-token"));
	path = fixture_write(folder, "pin", str_cstr(&text));
	json = view(path);
	assert_non_null(json);
	assert_string_equal(json_string(json, "clusters/0/cluster/server", ""),
			    "https://10.96.0.1:443");
	assert_true(str_ends_with(json_string(json, "clusters/0/cluster/certificate-authority", ""),
				  "/ca.crt"));
	assert_true(str_ends_with(json_string(json, "users/0/user/tokenFile", ""), "/token"));
	assert_string_equal(json_string(json, "contexts/0/context/namespace", ""), "tsb");
	cJSON_Delete(json);
	kube_access_release(&access);
	str_release(&text);
	fixture_pair_free(&authority);
	free(path);
	fixture_remove(folder);
}

static void
pin_without_a_user_has_none(void **state)
{
	struct kube_access access = { .context = (char *)(uintptr_t) "a \"b\"",
				      .cluster = (char *)(uintptr_t) "c" };
	struct str text = STR_INIT;

	(void)state;
	kubeconfig_pin(&access, "n", &text);
	assert_string_equal(str_cstr(&text),
			    "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\":"
			    "\"a \\\"b\\\"\",\"contexts\":[{\"name\":\"a \\\"b\\\"\",\"context\":"
			    "{\"cluster\":\"c\",\"namespace\":\"n\"}}]}\n");
	str_release(&text);
}

static void
assert_listed(const char *path, const char *wanted)
{
	struct str list = STR_INIT;
	struct err e = ERR_INIT;

	if (kubeconfig_list_files(path, &list, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(str_cstr(&list), wanted);
	str_release(&list);
}

static void
list_files_is_absolute_and_in_order(void **state)
{
	char *folder = fixture_folder(), *kube = xasprintf("%s/.kube", folder), *wanted;
	struct str list = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	setenv("HOME", folder, 1);
	assert_int_equal(chdir(folder), 0);
	unsetenv("KUBECONFIG");
	assert_listed(NULL, "");
	assert_int_equal(mkdir(kube, 0700), 0);
	wanted = fixture_write(kube, "config", "");
	assert_listed(NULL, wanted);
	free(wanted);
	free(fixture_write(folder, "a", ""));
	free(fixture_write(folder, "b", ""));
	setenv("KUBECONFIG", "b::/nonexistent:a", 1);
	wanted = xasprintf("%s/b:%s/a", folder, folder);
	assert_listed(NULL, wanted);
	free(wanted);
	assert_listed("/given", "/given");
	assert_int_equal(kubeconfig_list_files("/a:b", &list, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_int_equal(chdir("/"), 0);
	unsetenv("KUBECONFIG");
	str_release(&list);
	free(kube);
	fixture_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_of_a_pods_account_names_its_files),
		cmocka_unit_test(pin_without_a_user_has_none),
		cmocka_unit_test(list_files_is_absolute_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
