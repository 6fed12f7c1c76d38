#include "config.h"

#include "step/http/step_http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/http/http_url.h"

enum {
	RESULT_BODY = 1 << 20,
	SHOWN_BODY = 4096,
	ERROR_BODY = 1024,
	ERROR_BODY_COLUMNS = 200,
};

/* What a certificate has left when it is time to say so. */
#define EXPIRES_SOON_MS (INT64_C(14) * 24 * 3600 * 1000)

/* The headers as an object; several of one name are joined by commas. Source: RFC 9110, 5.3. */
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

static cJSON *
certificate_json(const struct http_answer *a)
{
	const struct http_response *r = &a->response;
	cJSON *certificate;
	int64_t left_ms;

	if (!r->certificate_subject)
		return cJSON_CreateNull();
	certificate = cJSON_CreateObject();
	json_add_string(certificate, "subject", r->certificate_subject);
	json_add_string(certificate, "issuer", r->certificate_issuer);
	json_add_string(certificate, "expires", r->certificate_expires);
	if (http_answer_validity(a, &left_ms))
		json_add_int(certificate, "expires_in_s", left_ms / 1000);
	return certificate;
}

static cJSON *
hops_json(const struct http_trail *trail)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < trail->count; i++) {
		cJSON *hop = cJSON_CreateObject();

		json_add_int(hop, "status", trail->hops[i].status);
		json_add_string(hop, "url", trail->hops[i].url);
		json_add_string(hop, "remote_ip", trail->hops[i].remote_ip);
		cJSON_AddItemToArray(list, hop);
	}
	return list;
}

/* What each part of the last exchange took, in milliseconds with fractions. */
static cJSON *
times_json(const struct http_times *t)
{
	int64_t set_up_us = t->tls_us ? t->tls_us : t->connect_us;
	cJSON *times = cJSON_CreateObject();

	cJSON_AddNumberToObject(times, "name_ms", (double)t->name_us / 1000);
	cJSON_AddNumberToObject(times, "connect_ms", (double)(t->connect_us - t->name_us) / 1000);
	cJSON_AddNumberToObject(times, "tls_ms",
				t->tls_us ? (double)(t->tls_us - t->connect_us) / 1000 : 0);
	cJSON_AddNumberToObject(times, "first_byte_ms",
				(double)(t->first_byte_us - set_up_us) / 1000);
	return times;
}

cJSON *
http_result(const struct http_answer *a)
{
	const struct http_response *r = &a->response;
	cJSON *result = cJSON_CreateObject();
	char *body = http_answer_text(a, RESULT_BODY);

	json_add_int(result, "status", r->status);
	json_add(result, "headers", headers_json(&r->headers));
	json_add_string(result, "body", body);
	json_add_int(result, "body_bytes", (int64_t)r->body.len);
	json_add_bool(result, "body_cut", r->is_cut);
	json_add(result, "json", a->json ? cJSON_Duplicate(a->json, true) : cJSON_CreateNull());
	json_add_string(result, "remote_ip", r->remote_ip);
	json_add_string(result, "http_version", r->version);
	json_add_int(result, "duration_ms", a->trail.duration_ms);
	json_add(result, "times", times_json(&r->times));
	json_add_string(result, "url", a->trail.url);
	json_add(result, "hops", hops_json(&a->trail));
	json_add(result, "certificate", certificate_json(a));
	free(body);
	return result;
}

static void
tell_times(struct str *out, const struct http_answer *a)
{
	static const char *const words[] = { "name", "connection", "TLS", "first byte" };
	cJSON *times = times_json(&a->response.times);
	const cJSON *ms;
	size_t i = 0;

	str_append(out, "times: ");
	cJSON_ArrayForEach(ms, times) {
		if (ms->valuedouble >= 0.1)
			str_printf(out, "%s %.1f ms, ", words[i], ms->valuedouble);
		i++;
	}
	str_printf(out, "all %lld ms\n", (long long)a->trail.duration_ms);
	cJSON_Delete(times);
}

static void
tell_certificate(struct str *out, const struct http_answer *a)
{
	const struct http_response *r = &a->response;
	char left[CLOCK_STAMP_MAX];
	int64_t left_ms;

	if (!r->certificate_subject)
		return;
	str_printf(out, "certificate: %s, issued by %s, ", r->certificate_subject,
		   r->certificate_issuer ? r->certificate_issuer : "?");
	if (!http_answer_validity(a, &left_ms)) {
		str_append(out, "with times that are unreadable\n");
		return;
	}
	str_printf(out, "valid until %s\n", r->certificate_expires);
	if (left_ms < EXPIRES_SOON_MS)
		str_printf(out, "warning: the certificate expires in %s: have it renewed\n",
			   duration_format_human(left_ms, left));
}

static void
tell_way(struct str *out, const struct http_check *c, const struct http_answer *a)
{
	const struct http_response *r = &a->response;

	for (size_t i = 0; i < a->trail.count; i++)
		str_printf(out, "%s %s: %ld from %s, a redirect\n", c->method, a->trail.hops[i].url,
			   a->trail.hops[i].status,
			   a->trail.hops[i].remote_ip ? a->trail.hops[i].remote_ip : "?");
	str_printf(out, "%s %s: %ld from %s in %lld ms (%s", c->method, a->trail.url, r->status,
		   r->remote_ip ? r->remote_ip : "?", (long long)a->trail.duration_ms,
		   r->version ? r->version : "HTTP");
	if (*c->proxy) {
		char *proxy = http_shown_url(c->proxy);

		str_printf(out, ", by the proxy %s", proxy);
		free(proxy);
	}
	str_append(out, ")\n");
	if (a->trail.is_stripped)
		str_append(out, "headers and credentials were not sent along to another origin\n");
}

static void
tell_findings(struct str *out, const struct http_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct http_finding *f = &findings->items[i];

		str_printf(out, "%s %s: expected %s; actual: %s\n",
			   f->failure ? "FAILED" : "ok    ", f->what, f->expected, f->actual);
	}
}

static void
tell_body(struct str *out, const struct http_answer *a)
{
	char *body = http_answer_text(a, SHOWN_BODY);

	if (a->response.is_cut)
		str_printf(out,
			   "the body is larger than %zu bytes (max_body): the rest was not read\n",
			   a->response.body.len);
	if (*a->charset)
		str_printf(out, "the body is shown byte by byte: %s\n", a->charset);
	str_append(out, body);
	if (a->text.len > SHOWN_BODY)
		str_printf(out, "\n… (%zu bytes in all)", a->response.body.len);
	if (out->data[out->len - 1] != '\n')
		str_append_char(out, '\n');
	free(body);
}

void
http_output(struct step_context *ctx, const struct http_check *c, const struct http_answer *a,
	    const struct http_findings *findings)
{
	struct str out = STR_INIT;

	tell_way(&out, c, a);
	tell_times(&out, a);
	tell_certificate(&out, a);
	tell_findings(&out, findings);
	tell_body(&out, a);
	ctx->output(ctx, out.data, out.len);
	str_release(&out);
}

/* A gateway that lost the answer of the server behind it knows no more than we do. */
static bool
is_unknown(const struct http_check *c, const struct http_answer *a)
{
	return http_check_writes(c) && (a->response.status == 502 || a->response.status == 504);
}

/* The beginning of the body on one line, or "(empty)". The caller frees. */
static char *
body_line(const struct http_answer *a)
{
	char *text = http_answer_text(a, ERROR_BODY), *to = text, *clean;
	struct str out = STR_INIT;

	for (const char *from = text; *from; from++) {
		bool space = strchr(" \t\r\n", *from);

		if (!space)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	clean = text_clean(text, 0);
	text_append_cut(&out, clean, ERROR_BODY_COLUMNS, false);
	free(clean);
	free(text);
	if (!out.len)
		str_append(&out, "(empty)");
	return str_take(&out);
}

int
http_verdict(const struct http_check *c, const struct http_answer *a,
	     const struct http_findings *findings, struct err *e)
{
	struct str failures = STR_INIT;
	bool is_status = false;
	char *body;

	for (size_t i = 0; i < findings->count; i++) {
		const struct http_finding *f = &findings->items[i];

		if (!f->failure)
			continue;
		is_status = is_status || strcmp(f->what, "status") == 0;
		str_printf(&failures, "%s%s", failures.len ? "; " : "", f->failure);
	}
	if (!failures.len)
		return 0;
	body = body_line(a);
	err_set(e, is_unknown(c, a) ? ERR_UNKNOWN_OUTCOME : ERR_CHECK,
		"%s %s (%s): %s. The body: %s", c->method, a->trail.url,
		a->response.remote_ip ? a->response.remote_ip : "?", failures.data, body);
	if (is_unknown(c, a))
		err_advise(e, "A gateway lost the answer, and it may have been carried out: look "
			      "before you repeat it");
	else if (is_status)
		http_explain_status(c, a, e);
	free(body);
	str_release(&failures);
	return -1;
}
