#include "config.h"

#include <ctype.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_kube_api.h"
#include "fixture_tls.h"
#include "net/tls/certificate.h"

/* The same root as a file, a text, a Secret, another server; and pins. */

static struct family family;
static char *folder;

/* A server of the family's that sends its root, and the family's PEM texts as files. */
struct scene {
	struct tls_server *server;
	struct stand s;
	char *root, *namesake, *reissued; /* files */
};

static char *
write_links(const char *name, const struct link *const *links)
{
	char *pem = links_pem(links), *file = fixture_write(folder, name, pem);

	free(pem);
	return file;
}

static void
scene_init(struct scene *scene)
{
	scene->server = tls_server_new(
		TLS_SERVES, LINKS(&family.server, &family.intermediate, &family.root), NULL);
	stand_init(&scene->s);
	scene->root = write_links("root.pem", LINKS(&family.root));
	scene->namesake = write_links("namesake.pem", LINKS(&family.namesake));
	scene->reissued = write_links("reissued.pem", LINKS(&family.reissued));
}

static void
scene_release(struct scene *scene)
{
	tls_server_free(scene->server);
	stand_release(&scene->s);
	free(scene->root);
	free(scene->namesake);
	free(scene->reissued);
}

/* `trust` NULL: whatever the reference makes of it. */
static void
act(struct scene *scene, const char *trust, const char *member, const char *value)
{
	char *ca = trust ? xasprintf("\"ca_file\":\"%s\",", trust) : xstrdup("");
	char *escaped = fixture_escaped(value);

	stand_action(&scene->s, &step_tls_check,
		     "{\"server\":\"127.0.0.1:%d\",%s\"same_root_as\":{\"%s\":\"%s\"}}",
		     scene->server->port, ca, member, escaped);
	free(escaped);
	free(ca);
}

static void
tls_check_same_root_as_a_file_goes_by_digests(void **state)
{
	struct scene scene;
	char *preview;

	(void)state;
	scene_init(&scene);
	act(&scene, NULL, "file", scene.root); /* which is the trust, then */
	preview = stand_preview(&scene.s, NULL);
	assert_says(preview, "trusted is only the file ");
	assert_says(preview, "the same root as in the file ");
	free(preview);
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "same");
	assert_says(scene.s.output.data, "Note: The root is the same as in the file ");
	act(&scene, scene.root, "file", scene.reissued);
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "reissued");
	assert_says(json_string(scene.s.result, "warnings/0", ""), "but was issued anew (SHA-256 ");
	act(&scene, NULL, "file", scene.reissued); /* the sent root shows it, trusted or not */
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "reissued");
	act(&scene, scene.root, "file", scene.namesake);
	assert_fails(&scene.s, ERR_CHECK, "This is another root than in the file ");
	assert_says(scene.s.e.message, "the same name, \"CN = Example Root\", and another key");
	act(&scene, NULL, "file", scene.namesake);
	assert_fails(&scene.s, ERR_CHECK, "the same name, another key");
	assert_says(scene.s.e.message, "and another key (key SHA-256 ");
	act(&scene, scene.root, "file", "/nonexistent");
	assert_fails(&scene.s, ERR_NOT_FOUND, "the root to compare with, in the file /nonexistent");
	scene_release(&scene);
}

/* Which root it is can be told without trusting it. */
static void
tls_check_right_root_behind_a_wrong_trust_is_told(void **state)
{
	struct link stranger =
		link_new(NULL, &(struct link_options){ .name = "Stranger", .is_ca = true });
	char *file = write_links("stranger.pem", LINKS(&stranger));
	struct scene scene;

	(void)state;
	scene_init(&scene);
	tls_server_free(scene.server);
	scene.server =
		tls_server_new(TLS_SERVES, LINKS(&family.server, &family.intermediate), NULL);
	act(&scene, file, "file", scene.root);
	assert_fails(&scene.s, ERR_CHECK, "\"CN = Example Root\", is missing");
	assert_says(scene.s.output.data, "NOT verified");
	assert_says(scene.s.output.data, "Note: The root is the same as in the file ");
	act(&scene, scene.root, "file", file);
	assert_fails(&scene.s, ERR_CHECK, "This is another root than in the file ");
	act(&scene, scene.namesake, "file", file);
	assert_fails(&scene.s, ERR_CHECK, "The root is not the one in the file ");
	free(file);
	link_free(&stranger);
	scene_release(&scene);
}

/* Our client certificate is for the server alone that is checked. */
static void
tls_check_reference_server_gets_no_client_certificate(void **state)
{
	struct tls_server *other =
		tls_server_new(TLS_WANTS_CLIENT, LINKS(&family.server), &family.root);
	struct link own = link_new(&family.root, &(struct link_options){ .name = "operator" });
	char *certificate = write_links("client.pem", LINKS(&own)), *key = link_key_pem(&own),
	     *key_file = fixture_write(folder, "client.key", key);
	struct scene scene;

	(void)state;
	scene_init(&scene);
	stand_action(&scene.s, &step_tls_check,
		     "{\"server\":\"127.0.0.1:%d\",\"ca_file\":\"%s\",\"client_cert_file\":\"%s\","
		     "\"client_key_file\":\"%s\",\"same_root_as\":{\"server\":\"127.0.0.1:%d\"}}",
		     scene.server->port, scene.root, certificate, key_file, other->port);
	assert_fails(&scene.s, ERR_DENIED, "it wants a client certificate, and none was given");
	scene_release(&scene);
	tls_server_free(other);
	link_free(&own);
	free(certificate);
	free(key);
	free(key_file);
}

static void
tls_check_same_root_as_a_text_takes_a_bundle(void **state)
{
	struct link stranger =
		link_new(NULL, &(struct link_options){ .name = "Stranger", .is_ca = true });
	char *bundle = links_pem(LINKS(&family.namesake, &family.root)),
	     *other = links_pem(LINKS(&stranger)), *leaf = links_pem(LINKS(&family.server));
	struct scene scene;

	(void)state;
	scene_init(&scene);
	act(&scene, scene.root, "pem", bundle);
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "same");
	act(&scene, scene.root, "pem", other);
	assert_fails(&scene.s, ERR_CHECK, "\"CN = Example Root\", SHA-256 ");
	assert_says(scene.s.e.message, "; there \"CN = Stranger\", SHA-256 ");
	act(&scene, scene.root, "pem", leaf);
	assert_fails(&scene.s, ERR_CHECK, "This is another root");
	act(&scene, scene.root, "pem", "no PEM");
	assert_fails(&scene.s, ERR_SPEC, "given as `same_root_as`: it holds no certificate");
	free(bundle);
	free(other);
	free(leaf);
	link_free(&stranger);
	scene_release(&scene);
}

static void
tls_check_same_root_as_another_server(void **state)
{
	struct link by_namesake =
		link_new(&family.namesake,
			 &(struct link_options){ .name = "o", .alternatives = FAMILY_NAMES });
	struct tls_server *others[] = {
		tls_server_new(TLS_SERVES, LINKS(&family.server, &family.intermediate), NULL),
		tls_server_new(TLS_SERVES, LINKS(&by_namesake, &family.namesake), NULL),
		tls_server_new(TLS_SERVES, LINKS(&by_namesake), NULL),
	};
	struct scene scene;
	char names[3][32], *preview;

	(void)state;
	scene_init(&scene);
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof(names[i]), "localhost:%d", others[i]->port);
	act(&scene, scene.root, "server", names[0]);
	preview = stand_preview(&scene.s, NULL);
	assert_says(preview, "> TLS handshake with localhost:");
	free(preview);
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "same");
	act(&scene, scene.root, "server", names[1]);
	assert_fails(&scene.s, ERR_CHECK,
		     "(as it sends it: its chain does not verify): the same name");
	act(&scene, scene.root, "server", names[2]);
	assert_fails(&scene.s, ERR_CHECK,
		     "its chain leads to no root that is known: The server's "
		     "certificate comes from another");
	tls_server_free(others[0]);
	act(&scene, scene.root, "server", names[0]);
	assert_fails(&scene.s, ERR_NET, "in the server localhost:");
	assert_says(scene.s.e.message, "connection refused");
	tls_server_free(others[1]);
	tls_server_free(others[2]);
	link_free(&by_namesake);
	scene_release(&scene);
}

static char *
secret_object(const struct link *const *links, const char *more)
{
	char *pem = links_pem(links), *text = xasprintf("%s%s", pem, more),
	     *coded = fixture_base64(text);
	char *object = xasprintf("{\"kind\":\"Secret\",\"metadata\":{\"name\":\"certs\"},\"data\":{"
				 "\"ca.crt\":\"%s\",\"other\":\"eA==\"}}",
				 coded);

	free(pem);
	free(text);
	free(coded);
	return object;
}

static char *
rights_of(struct stand *s)
{
	struct permission_list *list = permission_list_new();
	char *text = NULL;

	if (step_tls_check.permissions(&s->ctx, &s->action, list, &s->e) == 0)
		text = json_print(permission_list_items(list));
	permission_list_free(list);
	return text;
}

static void
tls_check_same_root_as_a_secret(void **state)
{
	struct scene scene;
	struct api *api = api_new();
	char *right = secret_object(LINKS(&family.root), ""),
	     *wrong = secret_object(LINKS(&family.namesake), ""), *text;

	(void)state;
	scene_init(&scene);
	stand_target(&scene.s, &target_kubernetes, "{\"kubeconfig\":\"%s\"}", api->kubeconfig);
	api_on(api, "GET", "/api/v1/namespaces/tsb/secrets/certs", 200, right, 0);
	api_on(api, "GET", "/api/v1/namespaces/other/secrets/certs", 200, wrong, 0);
	act(&scene, NULL, "secret", "certs");
	text = rights_of(&scene.s);
	assert_says(text, "\"verb\":\"get\"");
	assert_says(text, "\"resource\":\"secrets\"");
	assert_says(text, "\"name\":\"certs\"");
	assert_says(text, "\"namespace\":\"tsb\"");
	free(text);
	text = stand_preview(&scene.s, NULL);
	assert_says(text, "> GET /api/v1/namespaces/tsb/secrets/certs\n");
	assert_says(text, "trusted is only the Secret certs, key ca.crt");
	free(text);
	assert_false(api_saw(api, "secrets"));
	assert_ran(&scene.s);
	assert_string_equal(json_string(scene.s.result, "same_root", ""), "same");
	stand_action(
		&scene.s, &step_tls_check,
		"{\"server\":\"127.0.0.1:%d\",\"same_root_as\":{\"secret\":\"certs\",\"namespace\":"
		"\"other\"}}",
		scene.server->port);
	assert_fails(&scene.s, ERR_CHECK, "the same name, another key");
	assert_says(scene.s.e.message, "in the Secret other/certs, key ca.crt");
	stand_action(&scene.s, &step_tls_check,
		     "{\"server\":\"127.0.0.1:%d\",\"same_root_as\":{\"secret\":\"certs\",\"key\":"
		     "\"root.crt\"}}",
		     scene.server->port);
	assert_fails(&scene.s, ERR_NOT_FOUND, "it has no key root.crt, but ca.crt, other");
	api_on(api, "GET", "/api/v1/namespaces/tsb/secrets/denied", 403,
	       "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"not you\"}", 0);
	act(&scene, NULL, "secret", "denied");
	assert_fails(&scene.s, ERR_DENIED, "Ask for the right to get that Secret");
	act(&scene, NULL, "secret", "missing");
	assert_fails(&scene.s, ERR_NOT_FOUND, "in the Secret missing, key ca.crt: ");
	scene_release(&scene);
	api_free(api);
	free(right);
	free(wrong);
}

static void
tls_check_private_key_in_the_secret_stays_one(void **state)
{
	char *key = link_key_pem(&family.root), *object = secret_object(LINKS(&family.root), key);
	struct str redacted = STR_INIT;
	struct api *api = api_new();
	struct scene scene;

	(void)state;
	scene_init(&scene);
	stand_target(&scene.s, &target_kubernetes, "{\"kubeconfig\":\"%s\"}", api->kubeconfig);
	api_on(api, "GET", "/api/v1/namespaces/tsb/secrets/certs", 200, object, 0);
	act(&scene, NULL, "secret", "certs");
	assert_ran(&scene.s);
	secrets_redact(scene.s.ctx.secrets, key, strlen(key), &redacted);
	assert_says(redacted.data, "secret:ca.crt");
	str_release(&redacted);
	scene_release(&scene);
	api_free(api);
	free(key);
	free(object);
}

static void
tls_check_root_pin_takes_certificate_and_key(void **state)
{
	char digest[DIGEST_HEX_MAX], key[DIGEST_HEX_MAX], *colons;
	struct str spelled = STR_INIT;
	struct scene scene;

	(void)state;
	scene_init(&scene);
	certificate_sha256(family.root.certificate, digest);
	certificate_key_sha256(family.root.certificate, key);
	for (size_t i = 0; digest[i]; i += 2)
		str_printf(&spelled, "%s%c%c", i ? ":" : "", toupper((unsigned char)digest[i]),
			   toupper((unsigned char)digest[i + 1]));
	colons = str_take(&spelled);
	const char *good[] = { digest, key, colons };
	for (size_t i = 0; i < 3; i++) {
		stand_action(
			&scene.s, &step_tls_check,
			"{\"server\":\"127.0.0.1:%d\",\"ca_file\":\"%s\",\"root_sha256\":\"%s\"}",
			scene.server->port, scene.root, good[i]);
		assert_ran(&scene.s);
	}
	certificate_sha256(family.reissued.certificate, digest);
	stand_action(&scene.s, &step_tls_check,
		     "{\"server\":\"127.0.0.1:%d\",\"ca_file\":\"%s\",\"root_sha256\":\"%s\"}",
		     scene.server->port, scene.root, digest);
	assert_fails(&scene.s, ERR_CHECK, "it is another root");
	free(colons);
	scene_release(&scene);
}

static int
make_family(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the test's own server may write to one who has gone */
	family_init(&family);
	folder = fixture_folder();
	return 0;
}

static int
free_family(void **state)
{
	(void)state;
	family_release(&family);
	fixture_remove(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_check_same_root_as_a_file_goes_by_digests),
		cmocka_unit_test(tls_check_right_root_behind_a_wrong_trust_is_told),
		cmocka_unit_test(tls_check_reference_server_gets_no_client_certificate),
		cmocka_unit_test(tls_check_same_root_as_a_text_takes_a_bundle),
		cmocka_unit_test(tls_check_same_root_as_another_server),
		cmocka_unit_test(tls_check_same_root_as_a_secret),
		cmocka_unit_test(tls_check_private_key_in_the_secret_stays_one),
		cmocka_unit_test(tls_check_root_pin_takes_certificate_and_key),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
