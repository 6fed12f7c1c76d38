#include "config.h"

#include "net/tls/tls_chain_private.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/tls/certificate.h"

enum { SHOWN_TRUSTED = 3 };

/* What is trusted, by its names: as many as can be read. The caller frees. */
static char *
list_trusted(const struct tls_trust *trust)
{
	int count = sk_X509_num(trust->certificates);
	struct str out = STR_INIT;

	if (!trust->certificates)
		return xstrdup("what the system trusts");
	for (int i = 0; i < count && i < SHOWN_TRUSTED; i++) {
		char *name = certificate_name(
			X509_get_subject_name(sk_X509_value(trust->certificates, i)));

		str_printf(&out, "%s\"%s\"", i ? "; " : "", name);
		free(name);
	}
	if (count > SHOWN_TRUSTED)
		str_printf(&out, " and %d more", count - SHOWN_TRUSTED);
	return str_take(&out);
}

static bool
has_signed(const X509 *issuer, X509 *certificate)
{
	bool has = X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return has;
}

/*
 * One that is trusted under the name of the issuer, and has signed it or not; or NULL. The caller frees.
 */
static X509 *
find_trusted(const struct tls_judgement *j, X509 *certificate, bool signer)
{
	STACK_OF(X509) *named = tls_trust_named(j->trust, X509_get_issuer_name(certificate));
	X509 *found = NULL;

	for (int i = 0; i < sk_X509_num(named) && !found; i++)
		if (has_signed(sk_X509_value(named, i), certificate) == signer)
			found = sk_X509_value(named, i);
	if (found)
		X509_up_ref(found);
	sk_X509_pop_free(named, X509_free);
	return found;
}

/* What the server itself sends as the issuer, whoever trusts that; or NULL. Borrowed. */
static X509 *
find_sent_issuer(const struct tls_judgement *j, X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(j->sent); i++) {
		X509 *sent = sk_X509_value(j->sent, i);

		if (X509_NAME_cmp(X509_get_subject_name(sent), X509_get_issuer_name(certificate)) ==
			    0 &&
		    has_signed(sent, certificate))
			return sent;
	}
	return NULL;
}

static void
explain_namesake(struct tls_judgement *j, X509 *certificate, const X509 *namesake, const char *role)
{
	char *name = certificate_name(X509_get_subject_name(namesake));
	X509 *sent = find_sent_issuer(j, certificate);
	char trusted_key[DIGEST_HEX_MAX], sent_key[DIGEST_HEX_MAX];
	struct str keys = STR_INIT;

	str_printf(&keys, "the trusted one has the key SHA-256 %s",
		   certificate_key_sha256(namesake, trusted_key));
	if (sent)
		str_printf(&keys, ", the server's %s", certificate_key_sha256(sent, sent_key));
	tls_findings_add(
		&j->chain->findings, TLS_PROBLEM,
		"%s comes from another \"%s\" than the trusted one: the same name, another "
		"key (%s). Names prove nothing. Install certificates of the trusted one, "
		"or find out why there are two",
		role, name, str_cstr(&keys));
	str_release(&keys);
	free(name);
}

/* The right key, and still no issuer to OpenSSL. */
static void
explain_unfit(struct tls_judgement *j, const X509 *signer, const char *role)
{
	char *name = certificate_name(X509_get_subject_name(signer));

	tls_findings_add(
		&j->chain->findings, TLS_PROBLEM,
		"%s was signed with the key of the trusted \"%s\", which does not count as "
		"its issuer: the two disagree about its key identifier or its serial "
		"number, as after a root was issued anew. Trust the root that it was "
		"issued with, or have it issued again",
		role, name);
	free(name);
}

static void
explain_self_signed(struct tls_judgement *j, const X509 *certificate, int depth, const char *role)
{
	char digest[DIGEST_HEX_MAX], *trusted = list_trusted(j->trust);

	if (depth == 0)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s is self-signed, and not trusted (SHA-256 %s). Trusted is: "
				 "%s. Has the server got its real certificate already?",
				 role, certificate_sha256(certificate, digest), trusted);
	else
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s is not trusted (SHA-256 %s). Trusted is: %s. Compare the "
				 "roots before you trust another one",
				 role, certificate_sha256(certificate, digest), trusted);
	free(trusted);
}

/* Nobody has the issuer. Whether it is an intermediate or a root, only the issuer's owner can tell. */
static void
explain_missing(struct tls_judgement *j, const X509 *certificate, const char *role)
{
	char *issuer = certificate_name(X509_get_issuer_name(certificate)),
	     *url = certificate_issuer_url(certificate), *trusted = list_trusted(j->trust);
	int count = sk_X509_num(j->sent);
	struct str out = STR_INIT;

	str_printf(&out, "The issuer of the %s, \"%s\", is missing: ",
		   str_starts_with(role, "The ") ? role + 4 : role, issuer);
	if (count == 1)
		str_append(&out, "the server sends only its own certificate, and the trust "
				 "does not hold it either. ");
	else
		str_printf(&out,
			   "it is neither among the %d certificates that the server sends, "
			   "nor trusted. ",
			   count);
	str_append(&out, "If it is an intermediate, let the server send it");
	if (url)
		str_printf(&out, " (its place is %s; it was not fetched)", url);
	str_printf(&out, "; if it is a root, it is not the trusted one. Trusted is: %s", trusted);
	tls_findings_add(&j->chain->findings, TLS_PROBLEM, "%s", str_cstr(&out));
	str_release(&out);
	free(issuer);
	free(url);
	free(trusted);
}

void
tls_chain_explain_issuer(struct tls_judgement *j, const struct tls_complaint *complaint)
{
	X509 *certificate =
		complaint->certificate ? complaint->certificate : sk_X509_value(j->sent, 0);
	char *role = tls_certificate_role(certificate, complaint->depth);
	X509 *signer = find_trusted(j, certificate, true),
	     *namesake = signer ? NULL : find_trusted(j, certificate, false);

	if (signer && !certificate_is_self_signed(certificate))
		explain_unfit(j, signer, role);
	else if (namesake)
		explain_namesake(j, certificate, namesake, role);
	else if (certificate_is_self_signed(certificate))
		explain_self_signed(j, certificate, complaint->depth, role);
	else if (complaint->error == X509_V_ERR_CERT_SIGNATURE_FAILURE)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s was not signed by the key of what the server sends as its "
				 "issuer. Install the chain that belongs to it",
				 role);
	else
		explain_missing(j, certificate, role);
	X509_free(signer);
	X509_free(namesake);
	free(role);
}
