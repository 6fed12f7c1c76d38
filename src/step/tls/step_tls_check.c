#include "config.h"

#include "step/tls/step_tls_check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "net/tls/certificate.h"
#include "step/kubernetes/target_kubernetes.h"
#include "step/steps.h"

enum { SHOWN_TRUSTED = 5 };

static const char *const starts[] = { "none", "postgresql", NULL };

static const struct field reference_fields[] = {
	{ .name = "file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A file with the root (PEM); with several, one of them must be it." },
	{ .name = "pem",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The root itself (PEM), such as an output of an earlier step." },
	{ .name = "server",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Another server, as host:port: the root that its own certificate leads to." },
	{ .name = "starttls",
	  .type = FIELD_CHOICE,
	  .choices = starts,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "none",
	  .help = "How TLS begins at that other server." },
	{ .name = "secret",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A Secret of the target, which is then one of type kubernetes." },
	{ .name = "key",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "ca.crt",
	  .help = "The Secret's key that holds the root (PEM)." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The Secret's namespace; the target's if not given." },
	{ .name = NULL },
};

static const struct field fields[] = {
	{ .name = "server",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The server, as host, host:port or https://…; that of the target's URL if not "
		  "given. The port is 443, or 5432 with `starttls: postgresql`." },
	{ .name = "server_name",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The name that is asked for (SNI) and that the certificate must be for; the "
		  "server's host if not given." },
	{ .name = "resolve",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where to connect in place of what DNS says, under the server's name: an "
		  "address, the name of a load balancer, or host:port:address. Of several, "
		  "all are checked, unless `all_addresses` is false. This is how a new address is "
		  "looked at before DNS "
		  "changes." },
	{ .name = "all_addresses",
	  .type = FIELD_BOOL,
	  .flags = FIELD_TEMPLATE,
	  .help = "Check every address of the name (A and AAAA), each with its result, or only "
		  "the first that answers; the latter if not given, unless `resolve` has "
		  "several." },
	{ .name = "starttls",
	  .type = FIELD_CHOICE,
	  .choices = starts,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "none",
	  .help = "How TLS begins: at once, or as PostgreSQL does it." },
	{ .name = "ca_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The certificates to trust, and no others (PEM). If not given: the target's "
		  "ca_file, else what `same_root_as` names, else what this system trusts." },
	{ .name = "ca",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The same as a text in place of a file." },
	{ .name = "same_root_as",
	  .type = FIELD_OBJECT,
	  .fields = reference_fields,
	  .help = "The root of the chain must be this one, compared by the SHA-256 of the "
		  "certificate and of its key, never by name. One of `file`, `pem`, `server` "
		  "and `secret`." },
	{ .name = "root_sha256",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The SHA-256 that the root, or its key, must have, with or without colons; "
		  "one of several." },
	{ .name = "names",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Further names and addresses that the certificate must be for." },
	{ .name = "valid_for",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "How long every certificate of the chain must still be valid, such as 30d. "
		  "Without it, one that ends soon is only a warning." },
	{ .name = "client_cert_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A client certificate (PEM) for servers that ask for one, with what issued it." },
	{ .name = "client_key_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "Its private key (PEM, without a passphrase)." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10s",
	  .help = "How long each address may take for its connection and handshake." },
	{ .name = NULL },
};

static int
reference_ns(const struct tls_check *c, const char **ret_ns, struct err *e)
{
	struct kube_client *client;

	if (c->reference.ns) {
		*ret_ns = c->reference.ns;
		return 0;
	}
	return target_kubernetes_client(c->action->target, &client, ret_ns, e);
}

static int
check_permissions(struct step_context *ctx, const struct action *action,
		  struct permission_list *list, struct err *e)
{
	struct tls_check c = { .ctx = ctx, .action = action };
	const char *ns;
	int rc = tls_reference_init(&c, json_at(action->with, "same_root_as"), e);

	if (rc == 0 && c.reference.kind == TLS_REFERENCE_SECRET) {
		rc = reference_ns(&c, &ns, e);
		if (rc == 0)
			permission_add(list, "get", "", "secrets", NULL, c.reference.secret, ns);
	}
	tls_reference_release(&c.reference);
	return rc < 0 ? err_wrap(e, "tls.check") : 0;
}

static void
preview_trust(const struct tls_check *c, struct preview *preview)
{
	int count = c->trust ? sk_X509_num(c->trust->certificates) : 0;

	if (c->trust && !c->trust->certificates)
		preview_add(preview, PREVIEW_TEXT, "trusted is %s", c->trust_label);
	else
		preview_add(preview, PREVIEW_TEXT, "trusted is only %s", c->trust_label);
	for (int i = 0; i < count && i < SHOWN_TRUSTED; i++) {
		const X509 *certificate = sk_X509_value(c->trust->certificates, i);
		char *name = certificate_name(X509_get_subject_name(certificate)),
		     digest[DIGEST_HEX_MAX];

		preview_add(preview, PREVIEW_CONTEXT, "%s, SHA-256 %s", name,
			    certificate_sha256(certificate, digest));
		free(name);
	}
	if (count > SHOWN_TRUSTED)
		preview_add(preview, PREVIEW_CONTEXT, "and %d more", count - SHOWN_TRUSTED);
}

static void
preview_demands(const struct tls_check *c, struct preview *preview)
{
	char duration[CLOCK_STAMP_MAX], *words;

	words = step_texts_join(&c->names);
	preview_add(preview, PREVIEW_TEXT,
		    "good is: a chain that leads to the trust, and a certificate for %s%s%s",
		    c->name, c->names.count ? ", " : "", c->names.count ? words : "");
	free(words);
	if (c->valid_for_ms)
		preview_add(preview, PREVIEW_TEXT, "every certificate valid for %s yet",
			    duration_format(c->valid_for_ms, duration));
	if (c->reference.kind != TLS_REFERENCE_NONE)
		preview_add(preview, PREVIEW_TEXT, "the same root as in %s", c->reference.label);
	words = step_texts_join(&c->pins);
	if (c->pins.count)
		preview_add(preview, PREVIEW_TEXT, "a root with the SHA-256 %s", words);
	free(words);
}

/* Whom the root to compare with is asked of. */
static int
preview_reference(const struct tls_check *c, struct preview *preview, struct err *e)
{
	const struct tls_reference *r = &c->reference;
	const char *ns;
	char *where;

	if (r->kind == TLS_REFERENCE_SECRET) {
		if (reference_ns(c, &ns, e) < 0)
			return -1;
		preview_add(preview, PREVIEW_REQUEST, "GET /api/v1/namespaces/%s/secrets/%s", ns,
			    r->secret);
	} else if (r->kind == TLS_REFERENCE_SERVER) {
		where = tls_endpoint_text(&r->server);
		preview_add(preview, PREVIEW_REQUEST, "TLS handshake with %s%s", where,
			    r->server.start == TLS_START_POSTGRESQL
				    ? ", after PostgreSQL's SSLRequest"
				    : "");
		free(where);
	}
	return 0;
}

/* What can be read here is read here, so that what is missing is seen before the step begins. */
static int
preview_read(struct tls_check *c, struct err *e)
{
	if (c->reference.kind != TLS_REFERENCE_FILE && c->reference.kind != TLS_REFERENCE_PEM)
		return 0;
	return tls_reference_read(c, e);
}

static int
check_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	struct tls_check c;
	char *server = NULL, *words;
	int rc = -1;

	if (tls_check_init(&c, ctx, action, e) < 0)
		goto out;
	server = tls_endpoint_text(&c.server);
	if (preview_read(&c, e) < 0) {
		err_wrap(e, "tls.check %s", server);
		goto out;
	}
	preview_add(preview, PREVIEW_REQUEST, "TLS handshake with %s as %s%s", server, c.name,
		    c.server.start == TLS_START_POSTGRESQL ? ", after PostgreSQL's SSLRequest"
							   : "");
	if (preview_reference(&c, preview, e) < 0) {
		err_wrap(e, "tls.check %s", server);
		goto out;
	}
	words = step_texts_join(&c.resolve);
	if (c.resolve.count)
		preview_add(preview, PREVIEW_TEXT, "connecting to %s", words);
	else if (c.all)
		preview_add(preview, PREVIEW_TEXT, "at every address that DNS has for it");
	free(words);
	if (c.client_certificate_pem)
		preview_add(preview, PREVIEW_TEXT, "with the client certificate %s",
			    json_string(action->with, "client_cert_file", ""));
	preview_trust(&c, preview);
	preview_demands(&c, preview);
	rc = 0;
out:
	free(server);
	tls_check_release(&c);
	return rc;
}

/* Different certificates behind one name are seldom meant. */
static void
compare_looks(struct tls_looks *looks)
{
	struct tls_look *first = NULL;

	for (size_t i = 0; i < looks->count; i++) {
		struct tls_look *look = &looks->items[i];

		if (!look->session.sent)
			continue;
		if (!first)
			first = look;
		else if (X509_cmp(sk_X509_value(first->session.sent, 0),
				  sk_X509_value(look->session.sent, 0)) != 0)
			tls_findings_add(&look->chain.findings, TLS_WARNING,
					 "%s serves another certificate than %s", look->where,
					 first->where);
	}
}

static int
check_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct tls_looks looks = { .count = 0 };
	struct tls_check c;
	int rc = -1;

	if (tls_check_init(&c, ctx, action, e) < 0)
		goto out;
	struct tls_demands demands = {
		.name = c.name,
		.names = step_texts_array(&c.names),
		.valid_for_ms = c.valid_for_ms,
		.now_ms = clock_wall_ms(),
	};
	if (tls_reference_read(&c, e) < 0 ||
	    tls_check_look(&c, &c.server, &c.resolve, c.all, &demands, &looks, e) < 0) {
		err_wrap(e, "tls.check %s:%d", c.server.host, c.server.port);
		goto out;
	}
	for (size_t i = 0; i < looks.count; i++) {
		tls_reference_judge(&c, &looks.items[i]);
		tls_pins_judge(&c, &looks.items[i]);
	}
	compare_looks(&looks);
	tls_report_output(&c, &looks);
	rc = tls_report_verdict(&c, &looks, e);
	if (rc == 0)
		*ret_result = tls_report_result(&c, &looks);
out:
	tls_looks_release(&looks);
	tls_check_release(&c);
	return rc;
}

const struct executor step_tls_check = {
	.type = {
		.uses = "tls.check",
		.summary = "Verify the certificates that a server really sends",
		.target_kinds = TARGET_HTTP | TARGET_KUBERNETES,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{server, port, name, address, version, cipher, asks_for_client_certificate, days_left, "
			  "chain: [{subject, issuer, names, not_before, not_after, days_left, key: {kind, bits}, "
			  "signature, serial, is_ca, self_signed, sha256, key_sha256}], sent: [the same], root: the "
			  "same, same_root: same or reissued, warnings: [text], addresses: [the same of each]}",
	},
	.permissions = check_permissions,
	.preview = check_preview,
	.run = check_run,
};
