#include "config.h"

#include "kube/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "http_server.h"
#include "kube/client.h"

/* An API server of which the test says what it knows, and by which clock. */
struct world {
	struct http_server *server;
	struct kube_client *client;
	const char *served; /* the version of SelfSubjectReview that it has, or NULL */
	int review_status;
	int cluster_status;
	int64_t ahead_ms;
};

#define REFUSAL                                                                                    \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"selfsubjectreviews."            \
	"authentication.k8s.io is forbidden: User \\\"system:serviceaccount:a:b\\\" cannot "       \
	"create resource \\\"selfsubjectreviews\\\"\",\"reason\":\"Forbidden\",\"code\":403}"

static bool
reply(struct world *w, struct server_connection *c, int status, const char *body)
{
	time_t now = (time_t)((clock_wall_ms() + w->ahead_ms) / 1000);
	char extra[80];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(extra, sizeof(extra), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	return server_reply(c, status, "application/json", extra, body);
}

static bool
review(struct world *w, struct server_connection *c, const struct server_request *r)
{
	char *path = xasprintf("/apis/authentication.k8s.io/%s/selfsubjectreviews",
			       w->served ? w->served : "-");
	bool served = strcmp(r->target, path) == 0 && strstr(r->body, w->served);

	free(path);
	if (!served)
		return reply(w, c, 404, "{\"kind\":\"Status\",\"message\":\"not found\"}");
	if (w->review_status != 201)
		return reply(w, c, w->review_status, REFUSAL);
	return reply(w, c, 201,
		     "{\"kind\":\"SelfSubjectReview\",\"status\":{\"userInfo\":{\"username\":"
		     "\"ana\",\"groups\":[\"dr\"]}}}");
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;

	if (strcmp(r->target, "/version") == 0)
		return reply(w, c, 200, "{\"gitVersion\":\"v1.30.2\"}");
	if (strcmp(r->target, "/api/v1/namespaces/kube-system") == 0)
		return reply(w, c, w->cluster_status,
			     w->cluster_status == 200
				     ? "{\"metadata\":{\"uid\":\"11-22\"}}"
				     : "{\"kind\":\"Status\",\"message\":\"no such thing\"}");
	return review(w, c, r);
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct kube_access access = { .context = (char *)(uintptr_t) "mgmt" };
	struct err e = ERR_INIT;

	w->served = "v1";
	w->review_status = 201;
	w->cluster_status = 200;
	w->server = server_start(answer, w, NULL);
	access.server = w->server->url;
	w->client = kube_client_new(&access, &e);
	*state = w;
	return w->client ? 0 : -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	kube_client_free(w->client);
	server_stop(w->server);
	free(w);
	return 0;
}

static void
identify(struct world *w, struct kube_identity *identity)
{
	struct err e = ERR_INIT;

	if (kube_identify_cluster(w->client, NULL, identity, &e) < 0 ||
	    kube_identify_user(w->client, NULL, identity, &e) < 0)
		fail_msg("%s", e.message);
}

static void
identify_tells_uid_version_user_and_clock(void **state)
{
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	identify(*state, &identity);
	assert_string_equal(identity.uid, "11-22");
	assert_string_equal(identity.version, "v1.30.2");
	assert_string_equal(identity.user, "ana");
	assert_true(identity.skew.known);
	assert_int_equal(skew_ms(&identity.skew), 0);
	assert_true(identity.round_trip_ms < 10000);
	kube_identity_release(&identity);
}

static void
identify_older_server_is_asked_in_its_own_version(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	w->served = "v1alpha1";
	identify(w, &identity);
	assert_string_equal(identity.user, "ana");
	assert_int_equal(server_count(w->server, "/selfsubjectreviews"), 3);
	kube_identity_release(&identity);
}

static void
identify_server_without_reviews_leaves_the_user_unknown(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	w->served = NULL;
	identify(w, &identity);
	assert_null(identity.user);
	assert_string_equal(identity.uid, "11-22");
	kube_identity_release(&identity);
}

static void
identify_refusal_names_the_user(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	w->review_status = 403;
	identify(w, &identity);
	assert_string_equal(identity.user, "system:serviceaccount:a:b");
	kube_identity_release(&identity);
}

static void
identify_without_the_right_has_no_uid_and_no_error(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;

	w->cluster_status = 403;
	identify(w, &identity);
	assert_null(identity.uid);
	assert_string_equal(identity.user, "ana");
	kube_identity_release(&identity);
}

static void
identify_credentials_that_are_refused_are_an_error(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;
	struct err e = ERR_INIT;

	w->cluster_status = 401;
	assert_int_equal(kube_identify_cluster(w->client, NULL, &identity, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "401"));
	kube_identity_release(&identity);
}

static void
identify_something_else_than_a_cluster_is_an_error(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;
	struct err e = ERR_INIT;

	w->cluster_status = 404;
	assert_int_equal(kube_identify_cluster(w->client, NULL, &identity, &e), -1);
	assert_non_null(strstr(e.message, "Is it a Kubernetes API server?"));
	kube_identity_release(&identity);
}

static void
identify_clock_that_is_off_is_told(void **state)
{
	struct world *w = *state;
	struct kube_identity identity = KUBE_IDENTITY_INIT;
	int64_t skew;

	w->ahead_ms = 45000;
	identify(w, &identity);
	skew = skew_ms(&identity.skew);
	if (skew < 40000 || skew > 45000)
		fail_msg("45 s ahead, and %lld ms are told", (long long)skew);
	kube_identity_release(&identity);
	w->ahead_ms = -45000;
	identify(w, &identity);
	skew = skew_ms(&identity.skew);
	if (skew > -40000 || skew < -46000)
		fail_msg("45 s behind, and %lld ms are told", (long long)skew);
	kube_identity_release(&identity);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identify_tells_uid_version_user_and_clock),
		TEST(identify_older_server_is_asked_in_its_own_version),
		TEST(identify_server_without_reviews_leaves_the_user_unknown),
		TEST(identify_refusal_names_the_user),
		TEST(identify_without_the_right_has_no_uid_and_no_error),
		TEST(identify_credentials_that_are_refused_are_an_error),
		TEST(identify_something_else_than_a_cluster_is_an_error),
		TEST(identify_clock_that_is_off_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
