#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "net/route53/route53_private.h"

enum {
	REQUEST_TIMEOUT_MS = 20000,
	MAX_ANSWER = 8 << 20,
	MAX_TRIES = 5, /* of a read; 3.75 s of pauses in all */
	FIRST_PAUSE_MS = 250,
	RATE_WINDOW_MS = 1000,
	SHOWN_KEY = 4, /* characters of the access key at either end */
};

static const char api_version[] = "/2013-04-01/";

/* Route 53 is one for each partition, wherever the profile's machines are. */
static const struct {
	const char *prefix; /* of the region's name */
	const char *endpoint;
	const char *region; /* that signatures are for */
} partitions[] = {
	{ "cn-", "https://route53.amazonaws.com.cn", "cn-northwest-1" },
	{ "us-gov-", "https://route53.us-gov.amazonaws.com", "us-gov-west-1" },
	{ "us-isob-", "https://route53.sc2s.sgov.gov", "us-isob-east-1" },
	{ "us-iso-", "https://route53.c2s.ic.gov", "us-iso-east-1" },
	{ "", "https://route53.amazonaws.com", "us-east-1" },
};

/* A signature over plain HTTP could be read, and its token used, by anybody on the way. */
static int
check_endpoint(const char *url, struct err *e)
{
	static const char *const loopback[] = { "http://127.0.0.1", "http://[::1]",
						"http://localhost" };
	bool fits = str_starts_with(url, "https://");

	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
		fits |= str_starts_with(url, loopback[i]) &&
			strchr("/:", url[strlen(loopback[i])]) != NULL;
	if (!fits || strpbrk(url, "?#@ "))
		return err_set(e, ERR_SPEC,
			       "\"%s\" is no endpoint of Route 53: give https://HOST (plain http "
			       "for this machine only)",
			       url);
	return 0;
}

static int
choose_endpoint(struct route53 *r, const struct route53_options *options, struct err *e)
{
	const char *region = options->region ? options->region : r->credentials.region;
	size_t i = 0, len;

	while (*partitions[i].prefix &&
	       !str_starts_with(region ? region : "", partitions[i].prefix))
		i++;
	r->endpoint = xstrdup(options->endpoint ? options->endpoint : partitions[i].endpoint);
	r->scope = xasprintf("aws:amz:%s:route53", partitions[i].region);
	len = strlen(r->endpoint);
	if (len > 0 && r->endpoint[len - 1] == '/')
		r->endpoint[len - 1] = '\0';
	return check_endpoint(r->endpoint, e);
}

static int
load_credentials(struct route53 *r, const struct cancel *cancel, struct err *e)
{
	struct aws_credentials_options options = {
		.profile = r->profile,
		.credentials_file = r->credentials_file,
		.secrets = r->secrets,
		.cancel = cancel,
	};
	struct aws_credentials loaded;
	const char *key;

	if (aws_credentials_load(&options, &loaded, e) < 0)
		return -1;
	aws_credentials_release(&r->credentials);
	r->credentials = loaded;
	free(r->who);
	key = loaded.access_key_id;
	r->who = xasprintf("%.*s…%s, %s", SHOWN_KEY, key,
			   strlen(key) > 2 * SHOWN_KEY ? key + strlen(key) - SHOWN_KEY : "",
			   loaded.source);
	return 0;
}

static int
connect_client(struct route53 *r, const struct route53_options *options, struct err *e)
{
	const char *ca_file = options->ca_file ? options->ca_file : r->credentials.ca_bundle;
	struct http_options http = { .ca_file = ca_file };

	if (ca_file && !file_exists(ca_file))
		return err_set(e, ERR_SPEC, "there is no file %s with certificates to trust",
			       ca_file);
	r->http = http_client_new(&http, e);
	return r->http ? 0 : -1;
}

struct route53 *
route53_new(const struct route53_options *options, const struct cancel *cancel, struct err *e)
{
	struct route53 *r = xcalloc(1, sizeof(*r));

	r->credentials = (struct aws_credentials)AWS_CREDENTIALS_INIT;
	r->skew = (struct skew)SKEW_INIT;
	r->profile = xstrdup(options->profile);
	r->credentials_file = xstrdup(options->credentials_file);
	r->secrets = options->secrets;
	if (load_credentials(r, cancel, e) == 0 && choose_endpoint(r, options, e) == 0 &&
	    connect_client(r, options, e) == 0)
		return r;
	route53_free(r);
	return NULL;
}

void
route53_free(struct route53 *r)
{
	if (!r)
		return;
	aws_credentials_release(&r->credentials);
	http_client_free(r->http);
	free(r->profile);
	free(r->credentials_file);
	free(r->endpoint);
	free(r->scope);
	free(r->who);
	free(r);
}

const char *
route53_who(const struct route53 *r)
{
	return r->who;
}

const char *
route53_endpoint(const struct route53 *r)
{
	return r->endpoint;
}

const char *
route53_warning(const struct route53 *r)
{
	return r->credentials.warning;
}

int64_t
route53_skew_ms(const struct route53 *r)
{
	return skew_ms(&r->skew);
}

char *
route53_bare_id(const char *text)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *slash = strrchr(text, '/');

	if (slash)
		text = slash + 1;
	if (!*text || text[strspn(text, allowed)])
		return NULL;
	return xstrdup(text);
}

static int
send_signed(struct route53 *r, const struct route53_call *call, const char *url,
	    struct http_response *ret_response, struct err *e)
{
	const struct aws_credentials *c = &r->credentials;
	struct str token = STR_INIT, label = STR_INIT;
	const char *headers[3] = { "Content-Type: text/xml", NULL, NULL };
	struct http_request request = {
		.method = call->body ? "POST" : "GET",
		.url = url,
		.headers = headers,
		.user = c->access_key_id,
		.password = c->secret_access_key,
		.aws_sigv4 = r->scope,
		.body = call->body,
		.body_len = call->body ? strlen(call->body) : 0,
		.timeout_ms = REQUEST_TIMEOUT_MS,
		.max_body_bytes = MAX_ANSWER,
		.cancel = call->cancel,
	};
	int rc;

	str_printf(&label, "Route 53, %s at %s", call->action, r->endpoint);
	request.label = label.data;
	if (c->session_token) {
		str_reserve(&token, strlen(c->session_token) + 64);
		str_printf(&token, "X-Amz-Security-Token: %s", c->session_token);
		headers[1] = token.data;
	}
	rc = http_perform(r->http, &request, ret_response, e);
	str_release_secret(&token);
	str_release(&label);
	return rc;
}

static void
note_clock(struct route53 *r, int64_t sent_ms, const struct http_response *response)
{
	char *date = http_response_header(response, "Date");

	skew_add_date(&r->skew, sent_ms, clock_wall_ms(), date);
	free(date);
}

static int
not_theirs(const struct route53 *r, const struct route53_call *call, struct err *e)
{
	err_wrap(e, "Route 53, %s at %s", call->action, r->endpoint);
	if (!call->body)
		return err_advise(e, "Is a proxy in between, or the `endpoint` another one?");
	e->kind = ERR_UNKNOWN_OUTCOME;
	return err_advise(e, "It may have been carried out: look before you repeat it");
}

/* An answer that says success must look like theirs too: somebody's login page holds no records. */
static struct xml_element *
read_answer(const struct route53 *r, const struct route53_call *call,
	    const struct http_response *response, struct err *e)
{
	struct xml_element *root = xml_parse(str_cstr(&response->body), response->body.len, e);
	size_t len = strlen(call->action);

	if (root && (strncmp(root->name, call->action, len) != 0 ||
		     strcmp(root->name + len, "Response") != 0)) {
		err_set(e, ERR_REMOTE, "the answer is a <%.40s>, and no <%sResponse>", root->name,
			call->action);
		xml_free(root);
		root = NULL;
	}
	if (!root)
		not_theirs(r, call, e);
	return root;
}

/*
 * A read that is throttled is tried again, a write is not: it waits until our own reads of the last second
 * no longer stand in its way.
 */
static int
wait_for_room(struct route53 *r, const struct route53_call *call, struct err *e)
{
	int64_t oldest_ms = r->sent < ROUTE53_RATE ? 0 : r->sent_ms[r->sent % ROUTE53_RATE];
	int64_t left_ms = oldest_ms + RATE_WINDOW_MS - clock_mono_ms();

	if (call->body && oldest_ms > 0 && left_ms > 0 && cancel_sleep(call->cancel, left_ms))
		return err_set(e, ERR_CANCELLED, "Route 53, %s: cancelled, nothing was sent",
			       call->action);
	r->sent_ms[r->sent++ % ROUTE53_RATE] = clock_mono_ms();
	return 0;
}

static struct xml_element *
try_call(struct route53 *r, const struct route53_call *call, const char *url,
	 bool *ret_is_momentary, struct err *e)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct xml_element *root = NULL;
	int64_t sent_ms;

	*ret_is_momentary = false;
	if (wait_for_room(r, call, e) < 0)
		return NULL;
	sent_ms = clock_wall_ms();
	if (send_signed(r, call, url, &response, e) < 0) {
		/* too long an answer is one: the request had arrived */
		if (call->body && e->kind == ERR_REMOTE)
			e->kind = ERR_UNKNOWN_OUTCOME;
		return NULL;
	}
	note_clock(r, sent_ms, &response);
	if (response.status == 200)
		root = read_answer(r, call, &response, e);
	else
		route53_fail(r, call, &response, ret_is_momentary, e);
	http_response_release(&response);
	return root;
}

struct xml_element *
route53_call(struct route53 *r, const struct route53_call *call, struct err *e)
{
	char *url = xasprintf("%s%s%s", r->endpoint, api_version, call->path);
	struct xml_element *root = NULL;
	struct err why = ERR_INIT; /* of a try that another one may make good */
	bool is_momentary = true;

	if (aws_credentials_are_stale(&r->credentials) &&
	    load_credentials(r, call->cancel, &why) < 0)
		goto out;
	for (int i = 0; i < MAX_TRIES && !root && is_momentary; i++) {
		if (i > 0 && cancel_sleep(call->cancel, FIRST_PAUSE_MS << (i - 1))) {
			err_set(&why, ERR_CANCELLED, "Route 53, %s: cancelled", call->action);
			break;
		}
		root = try_call(r, call, url, &is_momentary, &why);
		if (call->body)
			break; /* never sent twice */
	}
out:
	if (!root && e)
		*e = why;
	free(url);
	return root;
}
