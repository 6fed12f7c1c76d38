#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/secret_value.h"
#include "net/tls/certificate.h"
#include "step/kubernetes/target_kubernetes.h"
#include "step/tls/step_tls_check.h"

static int
init_secret(struct tls_check *c, const cJSON *value, struct err *e)
{
	struct tls_reference *r = &c->reference;

	r->key = json_string(value, "key", "ca.crt");
	r->ns = step_optional(value, "namespace");
	if (!c->action->target || c->action->target->driver->kind != TARGET_KUBERNETES)
		return err_set(e, ERR_SPEC,
			       "`same_root_as: {secret: …}` is read from the action's target, "
			       "which must be one of type kubernetes. Give the endpoint as "
			       "`server`");
	r->label = r->ns ? xasprintf("the Secret %s/%s, key %s", r->ns, r->secret, r->key)
			 : xasprintf("the Secret %s, key %s", r->secret, r->key);
	return 0;
}

static int
init_server(struct tls_check *c, const cJSON *value, const char *server, struct err *e)
{
	struct tls_reference *r = &c->reference;
	bool postgresql = str_equal(json_string(value, "starttls", NULL), "postgresql");
	char *where;

	if (tls_endpoint_parse(server, postgresql ? TLS_START_POSTGRESQL : TLS_START_DIRECT,
			       &r->server, e) < 0)
		return err_wrap(e, "`same_root_as`");
	where = tls_endpoint_text(&r->server);
	r->label = xasprintf("the server %s", where);
	free(where);
	return 0;
}

int
tls_reference_init(struct tls_check *c, const cJSON *value, struct err *e)
{
	struct tls_reference *r = &c->reference;
	const char *server = step_optional(value, "server");
	int given;

	if (!cJSON_IsObject(value))
		return 0;
	r->file = step_optional(value, "file");
	r->pem = step_optional(value, "pem");
	r->secret = step_optional(value, "secret");
	given = !!r->file + !!r->pem + !!r->secret + !!server;
	if (given != 1)
		return err_set(e, ERR_SPEC,
			       "`same_root_as` wants one of `file`, `pem`, `server` and `secret`, "
			       "and there %s %d",
			       given == 1 ? "is" : "are", given);
	r->kind = r->file     ? TLS_REFERENCE_FILE
		  : r->pem    ? TLS_REFERENCE_PEM
		  : r->secret ? TLS_REFERENCE_SECRET
			      : TLS_REFERENCE_SERVER;
	if (r->secret)
		return init_secret(c, value, e);
	if (server)
		return init_server(c, value, server, e);
	r->label = r->file ? xasprintf("the file %s", r->file)
			   : xstrdup("the certificates given as `same_root_as`");
	return 0;
}

void
tls_reference_release(struct tls_reference *reference)
{
	free(reference->label);
	free(reference->server.host);
	sk_X509_pop_free(reference->certificates, X509_free);
}

static int
read_secret(struct tls_check *c, struct str *out, struct err *e)
{
	const struct tls_reference *r = &c->reference;
	struct kube_client *client;
	const char *ns;

	if (target_kubernetes_client(c->action->target, &client, &ns, e) < 0)
		return -1;
	if (secret_value_read(client, r->ns ? r->ns : ns, r->secret, r->key, c->ctx->cancel, out,
			      e) < 0)
		return e->kind == ERR_DENIED ? err_advise(e, "Ask for the right to get that Secret")
		       : e->kind == ERR_NOT_FOUND
			       ? err_advise(e, "Check its name, its key and the namespace")
			       : -1;
	/* Somebody may have named tls.key; nothing of it is shown, but it passes through here. */
	if (strstr(str_cstr(out), "PRIVATE KEY-----"))
		return secrets_add(c->ctx->secrets, r->key, out->data, out->len, e);
	return 0;
}

/* The other server's root: of its verified chain, or else the one that it sends itself. */
static int
read_server(struct tls_check *c, struct err *e)
{
	struct tls_reference *r = &c->reference;
	struct tls_demands demands = { .name = r->server.host, .now_ms = clock_wall_ms() };
	struct tls_looks looks = { .count = 0 };
	const struct tls_look *look;
	int rc = -1;

	if (tls_check_look(c, &r->server, NULL, false, &demands, &looks, e) < 0)
		goto out;
	look = &looks.items[looks.count - 1];
	/* One that wants a client certificate has proved who it is by then. */
	if (!look->root || (look->failure.kind != ERR_NONE && look->failure.kind != ERR_DENIED)) {
		if (look->failure.kind != ERR_NONE)
			*e = look->failure;
		else
			err_set(e, ERR_CHECK, "its chain leads to no root that is known: %s",
				look->chain.findings.items[0].text);
		err_wrap(e, "%s", look->where);
		goto out;
	}
	r->certificates = sk_X509_new_null();
	if (!r->certificates || X509_up_ref(look->root) != 1 ||
	    sk_X509_push(r->certificates, look->root) <= 0)
		abort();
	if (!look->chain.is_verified) {
		char *label = xasprintf("%s (as it sends it: its chain does not verify)", r->label);

		free(r->label);
		r->label = label;
	}
	rc = 0;
out:
	tls_looks_release(&looks);
	return rc;
}

static int
read_certificates(struct tls_check *c, struct str *text, struct err *e)
{
	struct tls_reference *r = &c->reference;

	switch (r->kind) {
	case TLS_REFERENCE_NONE:
		return 0;
	case TLS_REFERENCE_SERVER:
		return read_server(c, e);
	case TLS_REFERENCE_FILE:
		if (file_read(r->file, TLS_CHECK_MAX_PEM, text, e) < 0)
			return -1;
		break;
	case TLS_REFERENCE_PEM:
		str_append(text, r->pem);
		break;
	case TLS_REFERENCE_SECRET:
		if (read_secret(c, text, e) < 0)
			return -1;
		break;
	}
	return certificates_read(str_cstr(text), &r->certificates, e);
}

int
tls_reference_read(struct tls_check *c, struct err *e)
{
	struct str text = STR_INIT;
	int rc = read_certificates(c, &text, e);

	if (rc < 0 && e->kind != ERR_CANCELLED)
		err_wrap(e, "the root to compare with, in %s", c->reference.label);
	if (rc == 0 && c->trusts_reference && !c->trust) {
		c->trust = tls_trust_new(str_cstr(&text), e);
		rc = c->trust ? 0 : -1;
	}
	str_release_secret(&text);
	return rc;
}

/* A root as messages name it. */
struct portrait {
	char *name;
	char digest[DIGEST_HEX_MAX], key[DIGEST_HEX_MAX];
};

static void
portrait_init(struct portrait *p, const X509 *root)
{
	p->name = certificate_name(X509_get_subject_name(root));
	certificate_sha256(root, p->digest);
	certificate_key_sha256(root, p->key);
}

static void
tell_likeness(struct tls_findings *findings, enum tls_likeness likeness, const char *label,
	      const struct portrait *here, const struct portrait *there)
{
	switch (likeness) {
	case TLS_ROOT_SAME:
		tls_findings_add(findings, TLS_NOTE,
				 "The root is the same as in %s: \"%s\", SHA-256 %s", label,
				 here->name, here->digest);
		break;
	case TLS_ROOT_REISSUED:
		tls_findings_add(
			findings, TLS_WARNING,
			"The root \"%s\" has the same name and key as in %s, but was issued "
			"anew (SHA-256 %s; there %s). What either has signed holds for "
			"both; only a client that pins the certificate itself notices",
			here->name, label, here->digest, there->digest);
		break;
	case TLS_ROOT_RENAMED:
		tls_findings_add(findings, TLS_PROBLEM,
				 "The root has the same key as in %s, but another name: \"%s\"; "
				 "there \"%s\". Whoever trusts that one does not find this one",
				 label, here->name, there->name);
		break;
	case TLS_ROOT_SAME_NAME:
		tls_findings_add(findings, TLS_PROBLEM,
				 "This is another root than in %s: the same name, \"%s\", and "
				 "another key (key SHA-256 %s; there %s). Whoever trusts that one "
				 "refuses this server. Have its certificates issued by that root",
				 label, here->name, here->key, there->key);
		break;
	case TLS_ROOT_OTHER:
		tls_findings_add(
			findings, TLS_PROBLEM,
			"This is another root than in %s: \"%s\", SHA-256 %s; there \"%s\", "
			"SHA-256 %s. Whoever trusts that one refuses this server. Have "
			"its certificates issued by that root",
			label, here->name, here->digest, there->name, there->digest);
		break;
	}
}

void
tls_reference_judge(const struct tls_check *c, struct tls_look *look)
{
	struct portrait here, there;
	enum tls_likeness likeness;
	X509 *nearest;

	if (c->reference.kind == TLS_REFERENCE_NONE || !look->session.sent)
		return;
	if (!look->root) {
		/* That the chain leads nowhere has been said; what is missing is the comparison. */
		if (!c->trusts_reference)
			tls_findings_add(&look->chain.findings, TLS_PROBLEM,
					 "The root is not the one in %s: the chain does not lead "
					 "there, nor to any other that is known",
					 c->reference.label);
		return;
	}
	likeness = tls_root_compare(look->root, c->reference.certificates, &nearest);
	look->likeness = tls_likeness_name(likeness);
	portrait_init(&here, look->root);
	portrait_init(&there, nearest);
	tell_likeness(&look->chain.findings, likeness, c->reference.label, &here, &there);
	free(here.name);
	free(there.name);
}

void
tls_pins_judge(const struct tls_check *c, struct tls_look *look)
{
	char digest[DIGEST_HEX_MAX], key[DIGEST_HEX_MAX], *wanted;

	if (c->pins.count == 0 || !look->session.sent)
		return;
	if (!look->root) {
		tls_findings_add(&look->chain.findings, TLS_PROBLEM,
				 "The root has no SHA-256 to compare: the chain leads to none");
		return;
	}
	certificate_sha256(look->root, digest);
	certificate_key_sha256(look->root, key);
	for (size_t i = 0; i < c->pins.count; i++)
		if (str_equal(c->pins.items[i], digest) || str_equal(c->pins.items[i], key)) {
			tls_findings_add(&look->chain.findings, TLS_NOTE,
					 "The root's SHA-256 is one that is wanted (%s)",
					 c->pins.items[i]);
			return;
		}
	wanted = step_texts_join(&c->pins);
	tls_findings_add(&look->chain.findings, TLS_PROBLEM,
			 "The root has SHA-256 %s (its key %s), and wanted is %s: it is another "
			 "root",
			 digest, key, wanted);
	free(wanted);
}
