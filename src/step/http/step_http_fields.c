#include "config.h"

#include "step/http/step_http.h"

#include <stddef.h>

static const char *const methods[] = { "GET", "HEAD",  "OPTIONS", "POST",
				       "PUT", "PATCH", "DELETE",  NULL };
static const char *const effects[] = { "reads", "changes", "destroys", NULL };
static const char *const ip_versions[] = { "any", "ipv4", "ipv6", NULL };

static const struct field certificate_fields[] = {
	{ .name = "subject",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Whom it is for, as in O = Example, CN = ui.example.com; or /expression/." },
	{ .name = "issuer",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Who has issued it, in the same form; or /expression/." },
	{ .name = NULL },
};

const struct field http_check_fields[] = {
	{ .name = "url",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The address, or a path below the target's; the target's own if not given." },
	{ .name = "method",
	  .type = FIELD_CHOICE,
	  .choices = methods,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "GET",
	  .help = "The method. POST, PUT and PATCH count as changes and are confirmed; "
		  "DELETE destroys, and the last word of the path is typed to confirm it. A "
		  "POST or PATCH is sent with an Idempotency-Key, unless `headers` has one." },
	{ .name = "effect",
	  .type = FIELD_CHOICE,
	  .choices = effects,
	  .help = "What the request does to the world, where its method says something else: "
		  "`reads` for a POST that only searches." },
	{ .name = "headers",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Headers of the request; they replace those of the target. The values of "
		  "Authorization, Cookie, and of names with token, secret, password or "
		  "api-key in them are never shown." },
	{ .name = "body",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The body of the request, a text; text/plain unless `headers` has a "
		  "Content-Type." },
	{ .name = "json",
	  .type = FIELD_ANY,
	  .help = "The body of the request as a value, which is sent as JSON." },
	{ .name = "body_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A file that is the body of the request, of at most 16 MiB. It must be the "
		  "same when it is sent as when it was shown." },
	{ .name = "user",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "User of HTTP basic authentication; the target's credentials if none are "
		  "given." },
	{ .name = "password",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "The password: ${.params.NAME} of a secret parameter." },
	{ .name = "bearer",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "A token, sent as Authorization: Bearer: ${.params.NAME} of a secret "
		  "parameter." },
	{ .name = "client_cert_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "Our certificate (PEM), for a server that wants one; the target's if not "
		  "given." },
	{ .name = "client_key_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The key of our certificate (PEM, without a passphrase); in the same file "
		  "if not given." },
	{ .name = "ca_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The certificates to trust (PEM), and no others, in place of the target's "
		  "or the system's." },
	{ .name = "ca",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The same as a text, such as an output of a step that read a Secret." },
	{ .name = "resolve",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "An address to connect to in place of what DNS says, on every port of the "
		  "URL's host, whose name is sent and verified as ever; or "
		  "host:port:address. For the new address before DNS is changed." },
	{ .name = "ip_version",
	  .type = FIELD_CHOICE,
	  .choices = ip_versions,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "any",
	  .help = "Which addresses of the name are tried: any, ipv4 or ipv6." },
	{ .name = "proxy",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The URL of a proxy (http, https, socks4, socks4a, socks5 or socks5h), or "
		  "none. If not given: the target's, or else what https_proxy, http_proxy, "
		  "all_proxy and no_proxy say, as for curl." },
	{ .name = "max_redirects",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "0",
	  .help = "How many redirects of a GET or HEAD to follow. Headers, credentials and "
		  "client certificate go to the same scheme, host and port only; a redirect "
		  "from https to http or in a circle fails." },
	{ .name = "stay_on_host",
	  .type = FIELD_BOOL,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "true",
	  .help = "Fail where a redirect leads to another host than the URL's." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "30s",
	  .help = "How long all of it may take." },
	{ .name = "max_body",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "16777216",
	  .help = "How many bytes of the body are read, decompressed; more of it is neither "
		  "read nor an error, and said." },
	{ .name = "expect_status",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The status that is good, or several; 200 to 299 if not given." },
	{ .name = "expect_headers",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Headers that the answer must have: their exact values, or a regular "
		  "expression between slashes, as in /^text/." },
	{ .name = "contains",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A text that the body must contain." },
	{ .name = "matches",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A regular expression (PCRE2) that the body must match; case counts if it "
		  "has a capital letter." },
	{ .name = "expect_json",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_EXPRESSION,
	  .help = "A jq expression over the body, or several, all of which must be true: "
		  "`.status == \"green\"`." },
	{ .name = "body_sha256",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The SHA-256 that the (decompressed) body must have, as sha256sum prints "
		  "it." },
	{ .name = "max_duration",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "How long a good answer may take, redirects included." },
	{ .name = "expect_certificate",
	  .type = FIELD_OBJECT,
	  .fields = certificate_fields,
	  .help = "What the server's certificate must say of itself. Names prove little: "
		  "tls.check compares keys." },
	{ .name = "min_certificate_validity",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "For how long the server's certificate must still be valid, such as 14d." },
	{ .name = NULL },
};
