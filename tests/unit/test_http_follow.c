#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_server.h"
#include "net/http/http_follow.h"

/* Two sites: 127.0.0.1 and, on another port, localhost; both behave as the path says. */
struct world {
	struct http_server *server, *other;
	struct http_trail trail;
	struct http_response response;
	struct err e;
};

static bool
redirect(struct server_connection *c, int status, const char *where)
{
	char text[512];

	snprintf(text, sizeof(text), "Location: %s\r\n", where);
	return server_reply(c, status, "text/plain", text, "");
}

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;
	char url[256];

	if (strcmp(r->target, "/moved") == 0)
		return redirect(c, 301, "/twice");
	if (strcmp(r->target, "/twice") == 0)
		return redirect(c, 308, "echo#part");
	if (strcmp(r->target, "/circle") == 0)
		return redirect(c, 302, "/round");
	if (strcmp(r->target, "/round") == 0)
		return redirect(c, 303, "/circle");
	if (strncmp(r->target, "/slow/", 6) == 0) {
		poll(NULL, 0, 60);
		snprintf(url, sizeof(url), "/slow/%d", atoi(r->target + 6) + 1);
		return redirect(c, 302, url);
	}
	if (strcmp(r->target, "/nowhere") == 0)
		return server_reply(c, 302, "text/plain", "", "");
	if (strcmp(r->target, "/ftp") == 0)
		return redirect(c, 302, "ftp://127.0.0.1/x");
	if (strcmp(r->target, "/cached") == 0)
		return server_reply(c, 304, "text/plain", "Location: /echo\r\n", "");
	snprintf(url, sizeof(url), "http://%s:%d/echo",
		 strcmp(r->target, "/port") == 0 ? "127.0.0.1" : "me:s3cret@localhost",
		 w->other->port);
	if (strcmp(r->target, "/away") == 0 || strcmp(r->target, "/port") == 0)
		return redirect(c, 307, url);
	return server_reply(c, 200, "text/plain", "", r->headers);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->server = server_start(answer, w, NULL);
	w->other = server_start(answer, w, NULL);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	http_response_release(&w->response);
	http_trail_release(&w->trail);
	server_stop(w->server);
	server_stop(w->other);
	free(w);
	return 0;
}

static int
follow_within(struct world *w, const char *method, const char *path, struct http_redirects rules,
	      int64_t timeout_ms)
{
	static const char *const headers[] = { "Cookie: id=s3cret", "X-Own: 1", NULL };
	const struct http_options options = { .proxy_url = "", .fresh = true };
	char url[256];
	struct http_request request = {
		.method = method,
		.url = url,
		.headers = headers,
		.user = "me",
		.password = "s3cret",
		.timeout_ms = timeout_ms,
	};

	snprintf(url, sizeof(url), "%s%s", w->server->url, path);
	http_response_release(&w->response);
	http_trail_release(&w->trail);
	w->e = (struct err)ERR_INIT;
	return http_follow(&options, &request, &rules, &w->trail, &w->response, &w->e);
}

static int
follow(struct world *w, const char *method, const char *path, struct http_redirects rules)
{
	return follow_within(w, method, path, rules, 10000);
}

static void
assert_refused(struct world *w, const char *path, const char *why)
{
	assert_int_equal(follow(w, "GET", path, (struct http_redirects){ .max = 5 }), -1);
	assert_int_equal(w->e.kind, ERR_CHECK);
	if (!strstr(w->e.message, why))
		fail_msg("\"%s\" lacks \"%s\"", w->e.message, why);
	assert_null(strstr(w->e.message, "s3cret"));
	assert_int_equal(w->other->requests, 0);
}

static void
follow_lists_every_hop(void **state)
{
	struct world *w = *state;
	char url[300];

	assert_int_equal(follow(w, "GET", "/moved", (struct http_redirects){ .max = 2 }), 0);
	assert_int_equal(w->response.status, 200);
	assert_int_equal(w->trail.count, 2);
	assert_int_equal(w->trail.hops[0].status, 301);
	assert_int_equal(w->trail.hops[1].status, 308);
	snprintf(url, sizeof(url), "%s/twice", w->server->url);
	assert_string_equal(w->trail.hops[1].url, url);
	assert_string_equal(w->trail.hops[1].remote_ip, "127.0.0.1");
	assert_non_null(strstr(w->trail.url, "/echo"));
	assert_false(w->trail.is_stripped);
	assert_non_null(strstr(w->response.body.data, "Authorization: Basic "));
	assert_non_null(strstr(w->response.body.data, "Cookie: id=s3cret"));
	assert_non_null(strstr(w->response.body.data, "X-Own: 1"));
}

static void
follow_of_one_too_many_says_the_way(void **state)
{
	struct world *w = *state;

	assert_refused(w, "/circle", "where it came from: a circle");
	assert_int_equal(follow(w, "GET", "/moved", (struct http_redirects){ .max = 1 }), -1);
	assert_int_equal(w->e.kind, ERR_CHECK);
	assert_non_null(strstr(w->e.message, "/moved → http"));
	assert_non_null(strstr(w->e.message, "one more than the 1 allowed"));
}

static void
follow_of_none_gives_the_redirect_itself(void **state)
{
	struct world *w = *state;

	assert_int_equal(follow(w, "GET", "/moved", (struct http_redirects){ .max = 0 }), 0);
	assert_int_equal(w->response.status, 301);
	assert_int_equal(w->trail.count, 0);
	assert_int_equal(follow(w, "POST", "/moved", (struct http_redirects){ .max = 3 }), 0);
	assert_int_equal(w->response.status, 301);
	assert_int_equal(follow(w, "GET", "/cached", (struct http_redirects){ .max = 3 }), 0);
	assert_int_equal(w->response.status, 304);
	assert_int_equal(follow(w, "HEAD", "/moved", (struct http_redirects){ .max = 3 }), 0);
	assert_int_equal(w->response.status, 200);
	assert_int_equal(server_count(w->server, "HEAD /echo"), 1);
}

static void
follow_refuses_what_leads_away(void **state)
{
	struct world *w = *state;

	assert_refused(w, "/away", "which leaves the host 127.0.0.1");
	assert_refused(w, "/nowhere", "a redirect to nowhere");
	assert_refused(w, "/ftp", "which is not HTTP");
}

static void
follow_to_another_origin_takes_nothing_along(void **state)
{
	static const char *const paths[] = { "/away", "/port" };
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(follow(w, "GET", paths[i],
					(struct http_redirects){ .max = 1, .any_host = true }),
				 0);
		assert_int_equal(w->other->requests, i + 1);
		assert_true(w->trail.is_stripped);
		assert_null(strstr(w->response.body.data, "Authorization"));
		assert_null(strstr(w->response.body.data, "X-Own"));
		assert_null(strstr(w->response.body.data, "Cookie"));
	}
}

static void
follow_failure_behind_a_redirect_names_where_it_came_from(void **state)
{
	struct world *w = *state;

	shutdown(w->other->fd, SHUT_RDWR); /* nobody accepts there any more */
	assert_int_equal(follow(w, "GET", "/port", (struct http_redirects){ .max = 1 }), -1);
	assert_int_equal(w->e.kind, ERR_NET);
	assert_non_null(strstr(w->e.message, "after 1 redirect from http://127.0.0.1:"));
}

/* Each hop alone is quick enough. */
static void
follow_of_slow_hops_ends_at_the_timeout_of_all(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		follow_within(w, "GET", "/slow/0", (struct http_redirects){ .max = 40 }, 300), -1);
	assert_int_equal(w->e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(w->e.message, "no complete answer within 300ms"));
	assert_in_range(w->trail.count, 1, 5);
	assert_in_range(w->trail.duration_ms, 290, 2000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(follow_lists_every_hop),
		CASE(follow_of_one_too_many_says_the_way),
		CASE(follow_of_none_gives_the_redirect_itself),
		CASE(follow_refuses_what_leads_away),
		CASE(follow_to_another_origin_takes_nothing_along),
		CASE(follow_of_slow_hops_ends_at_the_timeout_of_all),
		CASE(follow_failure_behind_a_redirect_names_where_it_came_from),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
