#include "config.h"

#include "step/http/step_http.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/http/http_url.h"
#include "step/http/step_http_headers.h"

enum { SHOWN_BODY = 4096 };

static void
describe_body(const struct http_check *c, struct step_context *ctx, struct preview *preview)
{
	size_t shown = text_whole(str_cstr(&c->body), c->body.len, SHOWN_BODY);
	char digest[DIGEST_HEX_MAX];
	struct str out = STR_INIT, clean = STR_INIT;

	if (!c->has_body)
		return;
	if (c->body_file) {
		preview_add(preview, PREVIEW_REQUEST, "the body is the file %s, %zu byte%s",
			    c->body_file, c->body.len, c->body.len == 1 ? "" : "s");
		preview_add(preview, PREVIEW_REQUEST, "SHA-256 %s",
			    digest_sha256(str_cstr(&c->body), c->body.len, digest));
		return;
	}
	secrets_redact(ctx->secrets, str_cstr(&c->body), shown, &out);
	text_sanitise(str_cstr(&out), out.len, TEXT_KEEP_NEWLINES, &clean);
	preview_add(preview, PREVIEW_REQUEST, "%s", str_cstr(&clean));
	if (shown < c->body.len)
		preview_add(preview, PREVIEW_REQUEST, "… (%zu bytes in all)", c->body.len);
	str_release(&out);
	str_release(&clean);
}

static void
describe_way(const struct http_check *c, struct preview *preview)
{
	for (size_t i = 0; i < c->ways.count; i++)
		preview_add(preview, PREVIEW_TEXT, "connecting to %s", c->ways.items[i]);
	if (*c->proxy) {
		char *proxy = http_shown_url(c->proxy);

		preview_add(preview, PREVIEW_TEXT, "through the proxy %s, by %s", proxy,
			    c->proxy_why);
		free(proxy);
	} else if (c->proxy_why) {
		preview_add(preview, PREVIEW_TEXT, "through no proxy, by %s", c->proxy_why);
	}
}

static void
describe_redirects(const struct http_check *c, struct preview *preview)
{
	const cJSON *with = c->action->with;
	int max = (int)json_int(with, "max_redirects", 0);

	/* no others are followed: they would have to be sent again */
	if (max > 0 && (strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0))
		preview_add(preview, PREVIEW_TEXT, "follows %d redirect%s at most%s", max,
			    max == 1 ? "" : "s",
			    json_bool(with, "stay_on_host", true) ? ", on the same host" : "");
}

void
http_check_describe(const struct http_check *c, struct step_context *ctx, struct preview *preview)
{
	preview_add(preview, PREVIEW_REQUEST, "%s %s", c->method, c->shown_url);
	for (size_t i = 0; i < c->headers.count; i++) {
		char *line = http_headers_shown(ctx, c->headers.items[i]);

		preview_add(preview, PREVIEW_REQUEST, "%s", line);
		free(line);
	}
	describe_body(c, ctx, preview);
	preview_add(preview, PREVIEW_TEXT, "%s", c->identity);
	if (c->ca_place)
		preview_add(preview, PREVIEW_TEXT, "trusting %s alone", c->ca_place);
	describe_way(c, preview);
	describe_redirects(c, preview);
}
