#include "config.h"

#include "net/http/http_follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/http/http_proxy.h"
#include "net/http/http_url.h"

void
http_trail_release(struct http_trail *trail)
{
	for (size_t i = 0; i < trail->count; i++) {
		free(trail->hops[i].url);
		free(trail->hops[i].remote_ip);
	}
	free(trail->hops);
	free(trail->url);
	*trail = (struct http_trail){ 0 };
}

char *
http_trail_text(const struct http_trail *trail)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < trail->count; i++)
		str_printf(&out, "%s → ", trail->hops[i].url);
	str_append(&out, trail->url);
	return str_take(&out);
}

/* An exchange that goes on; `at` is where it is now. */
struct walk {
	const struct http_options *options;
	const struct http_request *request;
	const struct http_redirects *rules;
	struct http_trail *trail;
	struct http_url first;
	char *at;
	int64_t begin_ms;
};

static bool
is_first_origin(const struct walk *w)
{
	struct http_url here;
	bool same = http_url_init(&here, w->at) && http_url_same_origin(&here, &w->first);

	http_url_release(&here);
	return same;
}

static int
perform_here(const struct walk *w, struct http_response *ret_response, struct err *e)
{
	struct http_options options = *w->options;
	struct http_request request = *w->request;
	char *proxy = options.proxy_url ? NULL : http_proxy_of_environment(w->at, NULL);
	struct http_client *client;
	int rc = -1;

	if (proxy)
		options.proxy_url = proxy;
	if (w->trail->count && !is_first_origin(w)) {
		w->trail->is_stripped = true;
		options.client_cert_pem = options.client_key_pem = NULL;
		request.headers = NULL;
		request.user = request.password = NULL;
	}
	request.url = w->at;
	request.timeout_from_ms = w->begin_ms;
	client = http_client_new(&options, e);
	if (client)
		rc = http_perform(client, &request, ret_response, e);
	http_client_free(client);
	free(proxy);
	return rc;
}

static bool
is_redirect(const struct walk *w, const struct http_response *r)
{
	const char *method = w->request->method;

	if (w->rules->max == 0 || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
		return false;
	return r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 ||
	       r->status == 308;
}

static void
note_hop(struct walk *w, struct http_response *r)
{
	struct http_trail *trail = w->trail;
	struct http_hop *hop = VEC_PUSH(trail->hops, trail->count, trail->cap);

	*hop = (struct http_hop){ .status = r->status,
				  .url = http_shown_url(w->at),
				  .remote_ip = xstrdup(r->remote_ip) };
}

static bool
was_visited(const struct walk *w, const char *url)
{
	for (size_t i = 0; i < w->trail->count; i++)
		if (strcmp(w->trail->hops[i].url, url) == 0)
			return true;
	return false;
}

/* What is wrong with going on to `next`, as the end of a sentence; NULL: nothing. The caller frees. */
static char *
objection(const struct walk *w, const char *next)
{
	bool gives_up_tls = str_starts_with(w->at, "https:") && str_starts_with(next, "http:");
	struct http_url to;
	char *text = NULL;

	if (!http_url_init(&to, next))
		text = xstrdup("which is no URL");
	else if (strcmp(to.scheme, "https") != 0 && strcmp(to.scheme, "http") != 0)
		text = xstrdup("which is not HTTP");
	else if (gives_up_tls)
		text = xstrdup("which gives up TLS");
	else if (!w->rules->any_host && !http_url_same_host(&to, &w->first))
		text = xasprintf("which leaves the host %s", w->first.host);
	else if (was_visited(w, next))
		text = xstrdup("where it came from: a circle");
	else if (w->trail->count > (size_t)w->rules->max)
		text = xasprintf("one more than the %d allowed", w->rules->max);
	http_url_release(&to);
	return text;
}

/* Goes to where the answer leads, or says why not. */
static int
step_on(struct walk *w, struct http_response *r, struct err *e)
{
	const struct http_hop *hop;
	char *wrong = NULL, *way = http_trail_text(w->trail);
	int rc = 0;

	note_hop(w, r);
	hop = &w->trail->hops[w->trail->count - 1];
	if (r->redirect_url)
		wrong = objection(w, r->redirect_url);
	if (!r->redirect_url || wrong) {
		rc = err_set(e, ERR_CHECK, "%s %s (%s): status %ld, a redirect to %s%s%s",
			     w->request->method, way, hop->remote_ip ? hop->remote_ip : "?",
			     hop->status, r->redirect_url ? r->redirect_url : "nowhere",
			     wrong ? ", " : "", wrong ? wrong : "");
	} else {
		free(w->at);
		w->at = xstrdup(r->redirect_url);
		free(w->trail->url);
		w->trail->url = http_shown_url(w->at);
	}
	free(wrong);
	free(way);
	return rc;
}

static int
walk(struct walk *w, struct http_response *ret_response, struct err *e)
{
	struct http_response r = HTTP_RESPONSE_INIT;
	int rc;

	while ((rc = perform_here(w, &r, e)) == 0 && is_redirect(w, &r)) {
		rc = step_on(w, &r, e);
		http_response_release(&r);
		if (rc < 0)
			return -1;
	}
	if (rc == 0)
		*ret_response = r;
	else if (w->trail->count)
		err_wrap(e, "after %zu redirect%s from %s", w->trail->count,
			 w->trail->count == 1 ? "" : "s", w->trail->hops[0].url);
	return rc;
}

int
http_follow(const struct http_options *options, const struct http_request *request,
	    const struct http_redirects *rules, struct http_trail *trail,
	    struct http_response *ret_response, struct err *e)
{
	struct walk w = {
		.options = options,
		.request = request,
		.rules = rules,
		.trail = trail,
		.at = xstrdup(request->url),
		.begin_ms = clock_mono_ms(),
	};
	int rc;

	trail->url = http_shown_url(w.at);
	if (http_url_init(&w.first, w.at))
		rc = walk(&w, ret_response, e);
	else
		rc = err_set(e, ERR_SPEC, "%s: this is no URL", trail->url);
	trail->duration_ms = clock_mono_ms() - w.begin_ms;
	http_url_release(&w.first);
	free(w.at);
	return rc;
}
