#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/http.h"
#include "step/step_with.h"
#include "step/steps.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	MAX_BODY = 1 << 20,
	SHOWN_BODY = 4096,
	ERROR_BODY_COLUMNS = 160
};

static const char key_header[] = "Idempotency-Key";
static const char *const methods[] = { "GET", "HEAD", "POST", NULL };

static const struct field fields[] = {
	{ .name = "url",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The address, or a path below the target's; the target's own if not given." },
	{ .name = "method",
	  .type = FIELD_CHOICE,
	  .choices = methods,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "GET",
	  .help = "The method; POST counts as a change, is confirmed, and is sent with an "
		  "Idempotency-Key, unless `headers` has one." },
	{ .name = "headers",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Headers of the request." },
	{ .name = "body",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The body of a POST." },
	{ .name = "user",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "User of HTTP basic authentication; the target's if not given." },
	{ .name = "password",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "The password: ${.params.NAME} of a secret parameter." },
	{ .name = "expect_status",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The status that is good, or several; 200 to 299 if not given." },
	{ .name = "contains",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A text that the body must contain." },
	{ .name = "resolve",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "An address to connect to in place of what DNS says, under the name of the URL; "
		  "or host:port:address." },
	{ .name = "ca_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The certificates to trust (PEM) in place of the target's or the system's." },
	{ .name = "max_redirects",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "0",
	  .help = "How many redirects to follow." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "30s",
	  .help = "How long the exchange may take." },
	{ .name = NULL },
};

/* A request as it will be sent. In the caller's memory; strings not listed as own are borrowed. */
struct check {
	char *url; /* own */
	const char *method;
	const char *user, *password, *ca_file;
	struct step_texts headers; /* "Name: value" */
	struct step_texts resolve; /* "host:port:address" */
};

static void
check_release(struct check *c)
{
	free(c->url);
	step_texts_release(&c->headers);
	step_texts_release(&c->resolve);
}

static const cJSON *
target_spec(const struct action *action)
{
	return action->target ? action->target->connection : NULL;
}

/* The URL; *ret_own says that it is the target's, whose credentials go nowhere else. */
static char *
make_url(const struct action *action, bool *ret_own)
{
	const char *url = step_optional(action->with, "url");
	const char *base = step_optional(target_spec(action), "url");

	*ret_own = false;
	if (url && (str_starts_with(url, "https://") || str_starts_with(url, "http://")))
		return xstrdup(url);
	if (!base)
		return NULL;
	*ret_own = true;
	if (!url)
		return xstrdup(base);
	size_t len = strlen(base);
	while (len && base[len - 1] == '/')
		len--;
	return xasprintf("%.*s/%s", (int)len, base, url + strspn(url, "/"));
}

static void
add_headers(struct check *c, const cJSON *map)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, map) {
		char *value = json_text(header);

		step_texts_push(&c->headers, xasprintf("%s: %s", header->string, value));
		free(value);
	}
}

/* Only an address: host and port are those of the URL. */
static char *
resolve_entry(const char *url, const char *address)
{
	CURLU *parsed = curl_url();
	char *host = NULL, *port = NULL, *entry = NULL;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		entry = xasprintf("%s:%s:%s", host, port, address);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return entry;
}

static bool
is_address(const char *text)
{
	struct in6_addr ignored;

	return text[0] == '[' || inet_pton(AF_INET, text, &ignored) == 1 ||
	       inet_pton(AF_INET6, text, &ignored) == 1;
}

/* What libcurl takes, or NULL. The caller frees. */
static char *
complete_entry(const char *url, const char *text)
{
	const char *colon = strchr(text, ':');

	if (is_address(text))
		return resolve_entry(url, text);
	return colon && strchr(colon + 1, ':') ? xstrdup(text) : NULL;
}

static int
add_resolve(struct check *c, const cJSON *value, struct err *e)
{
	struct step_texts texts = { 0 };
	int rc = 0;

	step_texts_load(&texts, value);
	for (size_t i = 0; i < texts.count && rc == 0; i++) {
		char *entry = complete_entry(c->url, texts.items[i]);

		if (entry)
			step_texts_push(&c->resolve, entry);
		else
			rc = err_set(e, ERR_SPEC,
				     "http.check: `resolve` is \"%s\", and the URL %s: an address "
				     "is wanted, or host:port:address",
				     texts.items[i], c->url);
	}
	step_texts_release(&texts);
	return rc;
}

static int
check_init(struct check *c, const struct action *action, struct err *e)
{
	const cJSON *spec = target_spec(action);
	bool own;

	*c = (struct check){
		.url = make_url(action, &own),
		.method = json_string(action->with, "method", "GET"),
		.user = step_optional(action->with, "user"),
		.password = step_optional(action->with, "password"),
		.ca_file = step_optional(action->with, "ca_file"),
	};
	if (!c->url)
		return err_set(e, ERR_SPEC,
			       "http.check: no URL. Give `url`, or a target of type http");
	if (!c->user && own) {
		c->user = step_optional(spec, "user");
		c->password = step_optional(spec, "password");
	}
	if (!c->ca_file)
		c->ca_file = step_optional(spec, "ca_file");
	if (own)
		add_headers(c, json_at(spec, "headers"));
	add_headers(c, json_at(action->with, "headers"));
	if (step_optional(action->with, "resolve"))
		return add_resolve(c, json_at(action->with, "resolve"), e);
	return add_resolve(c, json_at(spec, "resolve"), e);
}

static bool
writes(const struct check *c)
{
	return strcmp(c->method, "POST") == 0;
}

static bool
has_header(const struct check *c, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < c->headers.count; i++)
		if (strncasecmp(c->headers.items[i], name, len) == 0 &&
		    c->headers.items[i][len] == ':')
			return true;
	return false;
}

/*
 * A server that knows the header takes a request of one key once, however often it comes. Source:
 * draft-ietf-httpapi-idempotency-key-header.
 */
static void
add_key(struct check *c, const struct step_context *ctx)
{
	if (writes(c) && ctx->idempotency_key && !has_header(c, key_header))
		step_texts_push(&c->headers, xasprintf("%s: %s", key_header, ctx->idempotency_key));
}

static char *
expected_statuses(const cJSON *expected)
{
	struct step_texts texts = { 0 };
	char *words;

	step_texts_load(&texts, expected);
	words = texts.count ? step_texts_join(&texts) : xstrdup("200 to 299");
	step_texts_release(&texts);
	return words;
}

static bool
is_expected(const cJSON *expected, long status)
{
	const cJSON *item;

	if (cJSON_IsNumber(expected))
		return (long)expected->valuedouble == status;
	if (cJSON_GetArraySize(expected) == 0)
		return status >= 200 && status < 300;
	cJSON_ArrayForEach(item, expected)
		if (cJSON_IsNumber(item) && (long)item->valuedouble == status)
			return true;
	return false;
}

static int
check_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	const char *contains = step_optional(action->with, "contains");
	char *statuses;
	struct check c;
	int rc = check_init(&c, action, e);

	if (rc < 0)
		goto out;
	add_key(&c, ctx);
	preview_add(preview, PREVIEW_REQUEST, "%s %s", c.method, c.url);
	for (size_t i = 0; i < c.headers.count; i++)
		preview_add(preview, PREVIEW_REQUEST, "%s", c.headers.items[i]);
	if (c.user)
		preview_add(preview, PREVIEW_TEXT, "as user %s", c.user);
	for (size_t i = 0; i < c.resolve.count; i++)
		preview_add(preview, PREVIEW_TEXT, "connecting to %s", c.resolve.items[i]);
	statuses = expected_statuses(json_at(action->with, "expect_status"));
	preview_add(preview, PREVIEW_TEXT, "good is: status %s%s%s", statuses,
		    contains ? ", and a body with: " : "", contains ? contains : "");
	free(statuses);
	if (writes(&c))
		preview_raise_effect(preview, EFFECT_CHANGES);
out:
	check_release(&c);
	return rc;
}

/* The headers as an object; several of one name are joined by commas (RFC 9110, 5.3). */
static cJSON *
headers_json(const struct str *headers)
{
	char *copy = xstrndup(str_cstr(headers), headers->len), *rest = copy, *line;
	cJSON *object = cJSON_CreateObject();

	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':'), *value, *joined;

		if (!colon)
			continue;
		*colon = '\0';
		value = colon + 1 + strspn(colon + 1, " \t");
		for (char *c = line; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		const char *before =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, line));
		joined = before ? xasprintf("%s, %s", before, value) : xstrdup(value);
		cJSON_DeleteItemFromObjectCaseSensitive(object, line);
		json_add_string(object, line, joined);
		free(joined);
	}
	free(copy);
	return object;
}

/* The body as text: as it is where it is valid UTF-8, else with what is not made visible. */
static char *
body_text(const struct str *body)
{
	size_t len = body->len < MAX_BODY ? body->len : MAX_BODY, at = 0;
	struct str out = STR_INIT;
	int32_t code = 0;

	while (at < len && code >= 0) {
		size_t took = text_decode(body->data + at, body->len - at, &code);

		if (code == 0)
			code = -1;
		if (at + took > len)
			len = at; /* the limit would split this character */
		else
			at += took;
	}
	if (code >= 0)
		str_append_bytes(&out, str_cstr(body), len);
	else
		text_sanitise(body->data, len, TEXT_KEEP_NEWLINES, &out);
	return str_take(&out);
}

static cJSON *
certificate_json(const struct http_response *r)
{
	cJSON *certificate;

	if (!r->certificate_subject)
		return cJSON_CreateNull();
	certificate = cJSON_CreateObject();
	json_add_string(certificate, "subject", r->certificate_subject);
	json_add_string(certificate, "issuer", r->certificate_issuer);
	json_add_string(certificate, "expires", r->certificate_expires);
	return certificate;
}

static cJSON *
make_result(const struct http_response *r)
{
	cJSON *result = cJSON_CreateObject();
	char *body = body_text(&r->body);
	cJSON *json = r->body.len ? json_parse(r->body.data, r->body.len, NULL) : NULL;

	json_add_int(result, "status", r->status);
	json_add(result, "headers", headers_json(&r->headers));
	json_add_string(result, "body", body);
	json_add(result, "json", json ? json : cJSON_CreateNull());
	json_add_string(result, "remote_ip", r->remote_ip);
	json_add_int(result, "duration_ms", r->duration_ms);
	json_add_string(result, "url", r->effective_url);
	json_add_string(result, "hops", r->hops);
	json_add(result, "certificate", certificate_json(r));
	free(body);
	return result;
}

static void
output_response(struct step_context *ctx, const struct check *c, const struct http_response *r)
{
	struct str out = STR_INIT;

	str_printf(&out, "%s %s: %ld from %s in %lld ms\n", c->method, c->url, r->status,
		   r->remote_ip ? r->remote_ip : "?", (long long)r->duration_ms);
	if (r->hops)
		str_printf(&out, "redirects: %s\n", r->hops);
	if (r->certificate_subject)
		str_printf(&out, "certificate: %s, issued by %s, expires %s\n",
			   r->certificate_subject,
			   r->certificate_issuer ? r->certificate_issuer : "?",
			   r->certificate_expires ? r->certificate_expires : "?");
	str_append_bytes(&out, str_cstr(&r->body),
			 r->body.len < SHOWN_BODY ? r->body.len : SHOWN_BODY);
	if (r->body.len > SHOWN_BODY)
		str_printf(&out, "\n(%zu bytes in all)", r->body.len);
	if (out.data[out.len - 1] != '\n')
		str_append_char(&out, '\n');
	ctx->output(ctx, out.data, out.len);
	str_release(&out);
}

/* Actual against expected. */
static int
judge(const struct action *action, const struct check *c, const struct http_response *r,
      struct err *e)
{
	const cJSON *expected = json_at(action->with, "expect_status");
	const char *contains = step_optional(action->with, "contains");
	const char *where = r->remote_ip ? r->remote_ip : "?";
	struct str body = STR_INIT;
	char *clean, *statuses;
	int rc = 0;

	clean = body_text(&r->body);
	statuses = expected_statuses(expected);
	char *line = text_clean(clean, 0);
	text_append_cut(&body, line, ERROR_BODY_COLUMNS, false);
	if (!is_expected(expected, r->status))
		rc = err_set(e, ERR_CHECK, "%s %s (%s): status %ld, expected %s. The body: %s",
			     c->method, c->url, where, r->status, statuses,
			     body.len ? body.data : "(empty)");
	else if (contains && !memmem(str_cstr(&r->body), r->body.len, contains, strlen(contains)))
		rc = err_set(e, ERR_CHECK,
			     "%s %s (%s): status %ld, but the body lacks \"%s\". The body: %s",
			     c->method, c->url, where, r->status, contains,
			     body.len ? body.data : "(empty)");
	free(line);
	free(clean);
	free(statuses);
	str_release(&body);
	return rc;
}

static int
perform(struct step_context *ctx, const struct action *action, const struct check *c,
	struct http_response *response, struct err *e)
{
	const char *body = step_optional(action->with, "body");
	struct http_options options = {
		.ca_file = c->ca_file,
		.resolve = step_texts_array(&c->resolve),
		.fresh = true,
	};
	struct http_request request = {
		.method = c->method,
		.url = c->url,
		.headers = step_texts_array(&c->headers),
		.user = c->user,
		.password = c->password,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.timeout_ms = json_int(action->with, "timeout", DEFAULT_TIMEOUT_MS),
		.max_redirects = (int)json_int(action->with, "max_redirects", 0),
		.cancel = ctx->cancel,
	};
	struct http_client *client = http_client_new(&options, e);
	int rc = -1;

	if (client) {
		ctx->progress(ctx, "%s %s", c->method, c->url);
		rc = http_perform(client, &request, response, e);
	}
	http_client_free(client);
	return rc;
}

static int
check_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct check c;
	int rc = -1;

	if (check_init(&c, action, e) < 0)
		goto out;
	add_key(&c, ctx);
	if (writes(&c) && step_begin_writing(ctx, NULL, e) < 0) {
		err_wrap(e, "http.check %s %s: nothing was sent", c.method, c.url);
		goto out;
	}
	if (perform(ctx, action, &c, &response, e) < 0)
		goto out;
	output_response(ctx, &c, &response);
	rc = judge(action, &c, &response, e);
	if (rc == 0)
		*ret_result = make_result(&response);
out:
	http_response_release(&response);
	check_release(&c);
	return rc;
}

/* Nobody but the server knows what became of a request, and there is no common way to ask it. */
static int
check_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	    enum probe_verdict *ret_verdict, struct err *e)
{
	char sent[CLOCK_STAMP_MAX];
	struct check c;
	int rc = check_init(&c, action, e);

	if (rc < 0)
		goto out;
	if (!writes(&c)) {
		probe_add(probe, "%s %s only reads: doing it again changes nothing", c.method,
			  c.url);
		*ret_verdict = PROBE_NOT_DONE;
	} else if (step_writing_ms(action) < 0) {
		probe_add(probe, "%s %s was not sent: it would be on record", c.method, c.url);
		*ret_verdict = PROBE_NOT_DONE;
	} else {
		probe_add(probe, "%s %s was sent at %s, and its answer is not on record", c.method,
			  c.url, clock_format_hms(step_writing_ms(action), sent));
		if (has_header(&c, key_header))
			probe_add(probe, "Its %s is the runbook's own", key_header);
		else
			probe_add(probe,
				  "It was sent with %s: %s. Where the server honours that header, "
				  "sending it again under the same key is harmless",
				  key_header, ctx->idempotency_key);
		probe_add(probe, "Look at the server, its log or its data, for what became of it");
	}
out:
	check_release(&c);
	return rc;
}

const struct executor step_http_check = {
	.type = {
		.uses = "http.check",
		.summary = "Makes one HTTP request and checks the answer",
		.target_kinds = TARGET_HTTP,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{status, headers, body, json, remote_ip, duration_ms, url, hops, certificate: {subject, issuer, expires}}",
	},
	.preview = check_preview,
	.run = check_run,
	.probe = check_probe,
};
