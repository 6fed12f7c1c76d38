#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"
#include "net/socket/address.h"
#include "net/tls/client_certificate.h"
#include "step/tls/step_tls_check.h"

enum {
	DEFAULT_TIMEOUT_MS = 10000,
	HTTPS_PORT = 443,
	POSTGRESQL_PORT = 5432,
};

char *
tls_endpoint_text(const struct tls_endpoint *endpoint)
{
	return xasprintf(strchr(endpoint->host, ':') ? "[%s]:%d" : "%s:%d", endpoint->host,
			 endpoint->port);
}

/* As a URL, which libcurl can take to pieces: an IPv6 address without brackets gets some. */
static char *
endpoint_url(const char *text)
{
	struct in6_addr ignored;

	if (strstr(text, "://"))
		return xstrdup(text);
	return xasprintf(inet_pton(AF_INET6, text, &ignored) == 1 ? "https://[%s]" : "https://%s",
			 text);
}

/* The host without brackets, and without the dot that ends an absolute name. */
static char *
plain_host(const char *host)
{
	size_t len = strlen(host);

	if (len > 1 && host[0] == '[')
		return xstrndup(host + 1, len - 2);
	if (len > 1 && host[len - 1] == '.')
		len--;
	return xstrndup(host, len);
}

int
tls_endpoint_parse(const char *text, enum tls_start start, struct tls_endpoint *ret_endpoint,
		   struct err *e)
{
	CURLU *parsed = curl_url();
	char *url = endpoint_url(text), *host = NULL, *port = NULL;
	int rc = -1;

	if (!parsed)
		abort();
	if (str_starts_with(url, "http://"))
		err_set(e, ERR_SPEC, "%s is plain HTTP: there is no certificate to check", text);
	else if (!str_starts_with(url, "https://") || strpbrk(text, " \t\n") ||
		 curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK ||
		 curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
		err_set(e, ERR_SPEC, "\"%s\" is no server: host, host:port or https://… is wanted",
			text);
	else
		rc = 0;
	if (rc == 0) {
		bool is_set = curl_url_get(parsed, CURLUPART_PORT, &port, 0) == CURLUE_OK;

		*ret_endpoint = (struct tls_endpoint){
			.host = plain_host(host),
			.port = is_set				? atoi(port)
				: start == TLS_START_POSTGRESQL ? POSTGRESQL_PORT
								: HTTPS_PORT,
			.start = start,
		};
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	free(url);
	return rc;
}

/* The fields of a target of type http, or NULL. */
static const cJSON *
http_spec(const struct action *action)
{
	if (!action->target || action->target->driver->kind != TARGET_HTTP)
		return NULL;
	return action->target->connection;
}

static int
read_server(struct tls_check *c, bool *ret_own, struct err *e)
{
	const cJSON *with = c->action->with;
	const char *server = step_optional(with, "server");
	bool postgresql = str_equal(json_string(with, "starttls", NULL), "postgresql");

	*ret_own = !server;
	if (!server)
		server = step_optional(http_spec(c->action), "url");
	if (!server)
		return err_set(e, ERR_SPEC, "no server. Give `server`, or a target of type http");
	if (tls_endpoint_parse(server, postgresql ? TLS_START_POSTGRESQL : TLS_START_DIRECT,
			       &c->server, e) < 0)
		return -1;
	c->name = plain_host(step_optional(with, "server_name") ? step_optional(with, "server_name")
								: c->server.host);
	for (const char *p = c->name; *p; p++)
		if ((unsigned char)*p > '~' || *p <= ' ')
			return err_set(e, ERR_SPEC,
				       "\"%s\" cannot be the name in a certificate: names with "
				       "other letters are written as xn--…",
				       c->name);
	return 0;
}

/*
 * One entry: an address or a name, or "host:port:address" as curl has it, which names the server that it is
 * for (*ret_names_server). NULL where that is another one. The caller frees.
 */
static char *
resolve_entry(const struct tls_check *c, const char *text, bool *ret_names_server)
{
	char *plain = plain_host(text), *prefix, *entry = NULL;
	const char *colon = strchr(text, ':');

	*ret_names_server = !address_is_numeric(plain) && colon && strchr(colon + 1, ':');
	if (!*ret_names_server)
		return plain;
	free(plain);
	prefix = xasprintf("%s:%d:", c->server.host, c->server.port);
	if (strncasecmp(text, prefix, strlen(prefix)) == 0)
		entry = plain_host(text + strlen(prefix));
	free(prefix);
	return entry;
}

static int
read_resolve(struct tls_check *c, bool own, struct err *e)
{
	const cJSON *given = json_at(c->action->with, "resolve");
	struct step_texts texts = { 0 };
	bool is_given = given && !cJSON_IsNull(given);
	int rc = 0;

	step_texts_load(&texts, is_given ? given : json_at(http_spec(c->action), "resolve"));
	for (size_t i = 0; i < texts.count && rc == 0; i++) {
		bool names_server = false;
		char *entry =
			*texts.items[i] ? resolve_entry(c, texts.items[i], &names_server) : NULL;

		if (entry && (is_given || own || names_server))
			step_texts_push(&c->resolve, entry);
		else
			free(entry);
		if (!entry && is_given && *texts.items[i])
			rc = err_set(e, ERR_SPEC,
				     "`resolve` is \"%s\", and the server %s:%d: an address is "
				     "wanted, or host:port:address with these",
				     texts.items[i], c->server.host, c->server.port);
	}
	step_texts_release(&texts);
	c->all = json_bool(c->action->with, "all_addresses", c->resolve.count > 1);
	return rc;
}

static int
read_file(const char *path, const char *field, char **ret_text, struct err *e)
{
	struct str text = STR_INIT;

	if (fence_check_file(path, e) < 0 || file_read(path, TLS_CHECK_MAX_PEM, &text, e) < 0) {
		str_release_secret(&text);
		return err_wrap(e, "`%s`", field);
	}
	*ret_text = str_take(&text);
	return 0;
}

static int
read_trust(struct tls_check *c, struct err *e)
{
	const char *file = step_optional(c->action->with, "ca_file"),
		   *pem = step_optional(c->action->with, "ca");
	char *text = NULL;

	if (file && pem)
		return err_set(e, ERR_SPEC, "`ca_file` and `ca` exclude each other. Remove one");
	if (!file && !pem)
		file = step_optional(http_spec(c->action), "ca_file");
	c->trusts_reference = !file && !pem && c->reference.kind != TLS_REFERENCE_NONE &&
			      c->reference.kind != TLS_REFERENCE_SERVER;
	if (c->trusts_reference) {
		c->trust_label = xstrdup(c->reference.label);
		return 0;
	}
	c->trust_label = file  ? xasprintf("the file %s", file)
			 : pem ? xstrdup("the certificates given as `ca`")
			       : xstrdup("what this system trusts");
	if (file && read_file(file, "ca_file", &text, e) < 0)
		return -1;
	c->trust = tls_trust_new(file ? text : pem, e);
	if (!c->trust)
		err_wrap(e, "%s", c->trust_label);
	free(text);
	return c->trust ? 0 : -1;
}

static int
read_client(struct tls_check *c, struct err *e)
{
	const char *certificate = step_optional(c->action->with, "client_cert_file"),
		   *key = step_optional(c->action->with, "client_key_file");

	if (!certificate && !key)
		return 0;
	if (!certificate || !key)
		return err_set(e, ERR_SPEC,
			       "`client_cert_file` and `client_key_file` go together. Give both");
	if (read_file(certificate, "client_cert_file", &c->client_certificate_pem, e) < 0 ||
	    read_file(key, "client_key_file", &c->client_key_pem, e) < 0 ||
	    secrets_add(c->ctx->secrets, "client key", c->client_key_pem, strlen(c->client_key_pem),
			e) < 0)
		return -1;
	return client_certificate_check(c->client_certificate_pem, c->client_key_pem, e);
}

/* As openssl x509 -fingerprint prints it, or without colons; NULL where it is none. The caller frees. */
static char *
plain_digest(const char *text)
{
	struct str out = STR_INIT;

	for (; *text; text++)
		if (isxdigit((unsigned char)*text))
			str_append_char(&out, (char)tolower((unsigned char)*text));
		else if (*text != ':' && *text != ' ')
			break;
	if (!*text && out.len == DIGEST_HEX_MAX - 1)
		return str_take(&out);
	str_release(&out);
	return NULL;
}

static int
read_pins(struct tls_check *c, struct err *e)
{
	struct step_texts texts = { 0 };
	int rc = 0;

	step_texts_load(&texts, json_at(c->action->with, "root_sha256"));
	for (size_t i = 0; i < texts.count && rc == 0; i++) {
		char *digest = plain_digest(texts.items[i]);

		if (digest)
			step_texts_push(&c->pins, digest);
		else
			rc = err_set(e, ERR_SPEC,
				     "`root_sha256` is \"%s\": 64 hexadecimal digits are wanted, "
				     "as openssl x509 -noout -fingerprint -sha256 prints them",
				     texts.items[i]);
	}
	step_texts_release(&texts);
	return rc;
}

int
tls_check_init(struct tls_check *c, struct step_context *ctx, const struct action *action,
	       struct err *e)
{
	bool own;

	*c = (struct tls_check){
		.ctx = ctx,
		.action = action,
		.valid_for_ms = json_int(action->with, "valid_for", 0),
		.timeout_ms = json_int(action->with, "timeout", DEFAULT_TIMEOUT_MS),
	};
	step_texts_load(&c->names, json_at(action->with, "names"));
	if (read_server(c, &own, e) < 0 || read_resolve(c, own, e) < 0 ||
	    tls_reference_init(c, json_at(action->with, "same_root_as"), e) < 0 ||
	    read_trust(c, e) < 0 || read_client(c, e) < 0 || read_pins(c, e) < 0)
		return err_wrap(e, "tls.check%s%s", c->server.host ? " " : "",
				c->server.host ? c->server.host : "");
	return 0;
}

void
tls_check_release(struct tls_check *c)
{
	free(c->server.host);
	free(c->name);
	step_texts_release(&c->resolve);
	step_texts_release(&c->names);
	step_texts_release(&c->pins);
	tls_reference_release(&c->reference);
	free(c->trust_label);
	tls_trust_free(c->trust);
	free(c->client_certificate_pem);
	if (c->client_key_pem)
		explicit_bzero(c->client_key_pem, strlen(c->client_key_pem));
	free(c->client_key_pem);
}
