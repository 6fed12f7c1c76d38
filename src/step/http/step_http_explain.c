#include "config.h"

#include "step/http/step_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "net/http/http_trouble.h"
#include "net/http/http_url.h"

static bool
is_tls(const char *url)
{
	return str_starts_with(url, "https:");
}

static bool
is_bare_address(const char *url)
{
	struct http_url parsed;
	bool found = http_url_init(&parsed, url) && http_url_is_address(&parsed);

	http_url_release(&parsed);
	return found;
}

static void
explain_name(const struct http_check *c, struct err *e)
{
	if (*c->proxy)
		err_advise(e, "The name was to be found here, not by the proxy");
	else
		err_advise(e, "Ask with dns.lookup what this name is; before DNS is changed, "
			      "`resolve` names the address");
}

static void
explain_certificate_name(const struct http_trouble *trouble, const char *url, struct err *e)
{
	if (trouble->names)
		err_advise(e, "The server's certificate is for %s", trouble->names);
	if (is_bare_address(url))
		err_advise(e, "To reach this address under its real name, put that into the URL "
			      "and the address into `resolve`");
	err_advise(e, "tls.check shows the whole chain");
}

static void
explain_tunnel(const struct http_check *c, const struct http_trouble *trouble, struct err *e)
{
	char *proxy = http_shown_url(c->proxy);

	if (trouble->proxy_status == 407)
		err_advise(e,
			   "The proxy %s wants a user and a password: "
			   "proxy: http://USER:PASSWORD@HOST:PORT, with parameters of type secret",
			   proxy);
	else
		err_advise(e, "The proxy %s refused to connect there. `proxy: none` goes directly",
			   proxy);
	free(proxy);
}

static void
explain_trust(const struct http_check *c, struct err *e)
{
	err_advise(e, "Trusted is %s; tls.check shows the whole chain",
		   c->ca_place ? c->ca_place : "what this system trusts");
}

/* Which connection it was about: the proxy's, where there is one. */
static void
explain_connection(const struct http_check *c, enum http_trouble_kind kind, struct err *e)
{
	if (*c->proxy) {
		char *proxy = http_shown_url(c->proxy);

		err_advise(e, "The way leads through the proxy %s, by %s", proxy, c->proxy_why);
		free(proxy);
	} else if (kind == HTTP_TROUBLE_REFUSED) {
		err_advise(e, "The host is there, and nothing listens on that port: does the "
			      "service run?");
	} else if (kind == HTTP_TROUBLE_SILENT_CONNECT) {
		err_advise(e, "Nobody answers there, not even with a refusal: a firewall, or the "
			      "wrong address");
	}
}

static void
explain_our_certificate(const struct http_check *c, struct err *e)
{
	if (c->cert_file)
		err_advise(e, "The server refused the client certificate %s", c->cert_file);
	else
		err_advise(e, "The server wants a client certificate: client_cert_file and "
			      "client_key_file");
}

/* The port speaks something else than the URL says, or so it seems. */
static void
explain_protocol(const struct http_check *c, enum http_trouble_kind kind, const char *url,
		 struct err *e)
{
	if (kind == HTTP_TROUBLE_SILENT_TLS)
		err_advise(e, "Somebody listens there, and does not answer in TLS: is it http:// "
			      "that is meant, or does it hang?");
	else if (kind == HTTP_TROUBLE_NO_TLS)
		err_advise(e, "The port does not speak TLS: is it http:// that is meant?");
	else if (kind == HTTP_TROUBLE_NO_HTTP && is_tls(url))
		err_advise(e, "What came is no HTTP: is it the right port?");
	else if (kind == HTTP_TROUBLE_NO_HTTP)
		err_advise(e, "What came is no HTTP: a port that speaks TLS answers like this; is "
			      "it https:// that is meant?");
	else if (!is_tls(url) && !http_check_writes(c))
		err_advise(e, "If the port speaks TLS, write https://");
}

void
http_explain_trouble(const struct http_check *c, const struct http_trouble *trouble,
		     const struct http_trail *trail, struct err *e)
{
	switch (trouble->kind) {
	case HTTP_TROUBLE_NAME:
		explain_name(c, e);
		break;
	case HTTP_TROUBLE_PROXY_NAME:
	case HTTP_TROUBLE_REFUSED:
	case HTTP_TROUBLE_UNREACHABLE:
	case HTTP_TROUBLE_SILENT_CONNECT:
		explain_connection(c, trouble->kind, e);
		break;
	case HTTP_TROUBLE_TUNNEL:
		explain_tunnel(c, trouble, e);
		break;
	case HTTP_TROUBLE_SILENT_TLS:
	case HTTP_TROUBLE_NO_TLS:
	case HTTP_TROUBLE_NO_HTTP:
	case HTTP_TROUBLE_CUT:
		explain_protocol(c, trouble->kind, trail->url, e);
		break;
	case HTTP_TROUBLE_WRONG_NAME:
		explain_certificate_name(trouble, trail->url, e);
		break;
	case HTTP_TROUBLE_CHAIN:
		explain_trust(c, e);
		break;
	case HTTP_TROUBLE_OUR_CERTIFICATE:
		explain_our_certificate(c, e);
		break;
	case HTTP_TROUBLE_SILENT:
	case HTTP_TROUBLE_OTHER:
		break;
	}
}

static void
explain_denied(const struct http_check *c, const struct http_answer *a, struct err *e)
{
	char *scheme = http_response_header(&a->response, "WWW-Authenticate");

	if (a->response.status == 403)
		err_advise(e, "We came %s; that is not enough for this", c->identity);
	else
		err_advise(e, "We came %s, and the server asks who we are%s%s", c->identity,
			   scheme ? ": " : "", scheme ? scheme : "");
	free(scheme);
}

static void
explain_wait(const struct http_answer *a, struct err *e)
{
	char *after = http_response_header(&a->response, "Retry-After");
	bool seconds = after && *after && after[strspn(after, "0123456789")] == '\0';

	if (after)
		err_advise(e, "The server asks to wait %s%s%s (Retry-After)",
			   seconds ? "" : "until ", after, seconds ? " seconds" : "");
	else if (a->response.status == 429)
		err_advise(e, "These were too many requests: wait before the next");
	free(after);
}

/* What servers of TLS say to plain HTTP, in several words. */
static bool
wants_tls(const struct http_check *c, const struct http_answer *a)
{
	return a->response.status == 400 && !is_tls(c->url) &&
	       (strcasestr(str_cstr(&a->text), "https") || strcasestr(str_cstr(&a->text), "SSL"));
}

void
http_explain_status(const struct http_check *c, const struct http_answer *a, struct err *e)
{
	const struct http_response *r = &a->response;

	if (r->status == 401 || r->status == 403)
		explain_denied(c, a, e);
	else if (r->status == 407)
		err_advise(e, "It is the proxy that asks for a user and a password: "
			      "proxy: http://USER:PASSWORD@HOST:PORT");
	else if (r->status == 429 || r->status == 503)
		explain_wait(a, e);
	else if (r->redirect_url && http_check_writes(c))
		err_advise(e, "It leads to %s: what changes something is not sent on",
			   r->redirect_url);
	else if (r->redirect_url)
		err_advise(e, "It leads to %s: raise max_redirects to follow, or expect it",
			   r->redirect_url);
	else if (wants_tls(c, a))
		err_advise(e, "The port speaks TLS: is it https:// that is meant?");
}
