#include "config.h"

#include "step/http/step_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "net/http/http_trouble.h"
#include "step/steps.h"

enum { DEFAULT_TIMEOUT_MS = 30000, DEFAULT_MAX_BODY = 16 << 20 };

/* The file of the body has the bytes that were shown, or nothing is sent. */
static int
check_body(const struct http_check *c, struct err *e)
{
	const char *seen = json_string(c->action->seen, "body_sha256", NULL);
	char digest[DIGEST_HEX_MAX];

	if (!c->body_file || !seen ||
	    strcmp(seen, digest_sha256(str_cstr(&c->body), c->body.len, digest)) == 0)
		return 0;
	return err_set(e, ERR_CONFLICT,
		       "http.check %s %s: nothing was sent: the file %s has changed since it was "
		       "shown. Prepare the step again",
		       c->method, c->shown_url, c->body_file);
}

static void
remember_body(const struct http_check *c, struct preview *preview)
{
	char digest[DIGEST_HEX_MAX];
	cJSON *seen;

	if (!c->body_file)
		return;
	seen = cJSON_CreateObject();
	json_add_string(seen, "body_sha256",
			digest_sha256(str_cstr(&c->body), c->body.len, digest));
	preview_remember(preview, seen);
}

static int
check_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	struct http_findings expected = { 0 };
	struct http_check c;
	int rc = -1;

	if (http_check_init(&c, ctx, action, e) < 0 ||
	    http_judge(ctx, action->with, NULL, &expected, e) < 0)
		goto out;
	http_check_describe(&c, ctx, preview);
	for (size_t i = 0; i < expected.count; i++)
		preview_add(preview, PREVIEW_TEXT, "expected: %s %s", expected.items[i].what,
			    expected.items[i].expected);
	remember_body(&c, preview);
	preview_raise_effect(preview, c.effect);
	if (c.effect == EFFECT_DESTROYS) {
		char *name = http_check_object(&c);

		preview_set_name(preview, name);
		free(name);
	}
	rc = 0;
out:
	http_findings_release(&expected);
	http_check_release(&c);
	return rc;
}

static enum http_ip
ip_version(const cJSON *with)
{
	const char *word = json_string(with, "ip_version", "any");

	return strcmp(word, "ipv4") == 0   ? HTTP_IP_V4
	       : strcmp(word, "ipv6") == 0 ? HTTP_IP_V6
					   : HTTP_IP_ANY;
}

/* The request, and what follows from the answers: *answer is filled as far as it came. */
static int
perform(struct step_context *ctx, const struct http_check *c, struct http_answer *answer,
	struct err *e)
{
	const cJSON *with = c->action->with;
	struct http_trouble trouble = { .kind = HTTP_TROUBLE_OTHER };
	struct http_options options = {
		.ca_pem = c->ca_pem,
		.client_cert_pem = c->cert_pem,
		.client_key_pem = c->key_pem,
		/* a redirect may lead to where the environment has another proxy */
		.proxy_url = c->has_own_proxy ? c->proxy : NULL,
		.resolve = step_texts_array(&c->resolve),
		.connect_to = step_texts_array(&c->connect_to),
		.ip = ip_version(with),
		.compressed = true,
		.fresh = true,
	};
	struct http_request request = {
		.method = c->method,
		.url = c->url,
		.reads = !http_check_writes(c),
		.headers = step_texts_array(&c->headers),
		.user = c->user,
		.password = c->password,
		.body = c->has_body ? str_cstr(&c->body) : NULL,
		.body_len = c->body.len,
		.timeout_ms = json_int(with, "timeout", DEFAULT_TIMEOUT_MS),
		.max_body_bytes = (size_t)json_int(with, "max_body", DEFAULT_MAX_BODY),
		.cuts_body = true,
		.trouble = &trouble,
		.cancel = ctx->cancel,
	};
	struct http_redirects rules = {
		.max = (int)json_int(with, "max_redirects", 0),
		.any_host = !json_bool(with, "stay_on_host", true),
	};
	int rc;

	ctx->progress(ctx, "%s %s", c->method, c->shown_url);
	rc = http_follow(&options, &request, &rules, &answer->trail, &answer->response, e);
	if (rc < 0)
		http_explain_trouble(c, &trouble, &answer->trail, e);
	http_trouble_release(&trouble);
	return rc;
}

/* A cancel, for instance, came between the answer and what it was to be judged by. */
static void
unjudged(const struct http_check *c, const struct http_answer *answer, struct err *e)
{
	err_wrap(e, "%s %s: status %ld, but the answer was not judged", c->method, c->shown_url,
		 answer->response.status);
	if (http_check_writes(c))
		e->kind = ERR_UNKNOWN_OUTCOME;
}

static int
check_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct http_answer answer = { .json_line = 0 };
	struct http_findings findings = { 0 };
	struct http_check c;
	int rc = -1;

	if (http_check_init(&c, ctx, action, e) < 0 || check_body(&c, e) < 0)
		goto out;
	if (http_check_writes(&c) && step_begin_writing(ctx, NULL, e) < 0) {
		err_wrap(e, "http.check %s %s: nothing was sent", c.method, c.shown_url);
		goto out;
	}
	if (perform(ctx, &c, &answer, e) < 0)
		goto out;
	http_answer_read(&answer);
	if (http_judge(ctx, action->with, &answer, &findings, e) < 0) {
		unjudged(&c, &answer, e);
		goto out;
	}
	http_output(ctx, &c, &answer, &findings);
	rc = http_verdict(&c, &answer, &findings, e);
	if (rc == 0)
		*ret_result = http_result(&answer);
out:
	http_findings_release(&findings);
	http_answer_release(&answer);
	http_check_release(&c);
	return rc;
}

static void
tell_key(const struct http_check *c, struct step_context *ctx, struct probe *probe)
{
	const char *key = http_check_header(c, http_key_header);

	if (key && !str_equal(key, ctx->idempotency_key))
		probe_add(probe, "Its %s is the runbook's own", http_key_header);
	else if (key)
		probe_add(probe,
			  "It was sent with %s: %s. Where the server honours that header, "
			  "sending it again under the same key is harmless",
			  http_key_header, key);
}

/* Nobody but the server knows what became of a request, and there is no common way to ask it. */
static int
check_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	    enum probe_verdict *ret_verdict, struct err *e)
{
	char sent[CLOCK_STAMP_MAX];
	struct http_check c;
	int rc = http_check_init(&c, ctx, action, e);

	if (rc < 0)
		goto out;
	if (!http_check_writes(&c)) {
		probe_add(probe, "%s %s only reads: doing it again changes nothing", c.method,
			  c.shown_url);
		*ret_verdict = PROBE_NOT_DONE;
	} else if (step_writing_ms(action) < 0) {
		probe_add(probe, "%s %s was not sent: it would be on record", c.method,
			  c.shown_url);
		*ret_verdict = PROBE_NOT_DONE;
	} else {
		probe_add(probe, "%s %s was sent at %s, and its answer is not on record", c.method,
			  c.shown_url, clock_format_hms(step_writing_ms(action), sent));
		tell_key(&c, ctx, probe);
		probe_add(probe, "Look at the server, its log or its data, for what became of it");
	}
out:
	http_check_release(&c);
	return rc;
}

const struct executor step_http_check = {
	.type = {
		.uses = "http.check",
		.summary = "Makes one HTTP request and checks the answer",
		.target_kinds = TARGET_HTTP,
		.effect = EFFECT_READS,
		.effect_of = http_check_effect,
		.fields = http_check_fields,
		.result = "{status, headers, body, body_bytes, body_cut, json, remote_ip, http_version, duration_ms, times: {name_ms, connect_ms, tls_ms, first_byte_ms}, url, hops: [{status, url, remote_ip}], certificate: {subject, issuer, expires, expires_in_s}}",
	},
	.preview = check_preview,
	.run = check_run,
	.probe = check_probe,
};
