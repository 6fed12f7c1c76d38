#include "config.h"

#include "net/tls/tls_chain_private.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/tls/certificate.h"

enum { SHOWN_NAMES = 10 };

char *
tls_certificate_role(const X509 *certificate, int depth)
{
	char *name, *role;

	if (depth == 0)
		return xstrdup("The server's certificate");
	name = certificate_name(X509_get_subject_name(certificate));
	role = xasprintf("The %s \"%s\"",
			 certificate_is_self_signed(certificate) ? "root" : "intermediate", name);
	free(name);
	return role;
}

static void
explain_expired(struct tls_judgement *j, const X509 *certificate, const char *role)
{
	const ASN1_TIME *at = X509_get0_notAfter(certificate);
	char *until = certificate_time(at), age[CLOCK_STAMP_MAX], now[CLOCK_STAMP_MAX];

	tls_findings_add(&j->chain->findings, TLS_PROBLEM,
			 "%s expired %s, %s ago (our clock says %s). Renew it, and everything "
			 "that was issued with it",
			 role, until ? until : "at no valid time",
			 duration_format_human(j->demands->now_ms - certificate_time_ms(at), age),
			 clock_format_utc(j->demands->now_ms, now));
	free(until);
}

static void
explain_not_yet(struct tls_judgement *j, const X509 *certificate, const char *role)
{
	char *from = certificate_time(X509_get0_notBefore(certificate)), now[CLOCK_STAMP_MAX];

	tls_findings_add(&j->chain->findings, TLS_PROBLEM,
			 "%s is valid from %s only, and our clock says %s. Check this clock, and "
			 "that of the machine that issued it",
			 role, from ? from : "no valid time",
			 clock_format_utc(j->demands->now_ms, now));
	free(from);
}

static void
explain_name(struct tls_judgement *j, const X509 *certificate)
{
	cJSON *names = certificate_names(certificate);
	int count = cJSON_GetArraySize(names), shown = 0;
	struct str list = STR_INIT;
	const cJSON *name;

	cJSON_ArrayForEach(name, names) {
		if (shown++ == SHOWN_NAMES)
			break;
		str_printf(&list, "%s%s", list.len ? ", " : "", name->valuestring);
	}
	if (count > SHOWN_NAMES)
		str_printf(&list, " and %d more", count - SHOWN_NAMES);
	if (count)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "The certificate is not for %s, but for %s. Check the name and "
				 "the address, or have it issued for that name",
				 j->demands->name, str_cstr(&list));
	else
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "The certificate is for no host at all: it has no subject "
				 "alternative names, and no client looks at its CN any more. Have "
				 "it issued with the name %s",
				 j->demands->name);
	str_release(&list);
	cJSON_Delete(names);
}

static void
explain_purpose(struct tls_judgement *j, const X509 *certificate, int depth, const char *role)
{
	char *purposes = certificate_purposes(certificate);
	const char *shown = purposes ? purposes : "restricted by its key usage";

	if (depth == 0)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s is not meant for a server: its purposes are %s. Install the "
				 "server's certificate there, not a client's",
				 role, shown);
	else
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s is not meant to issue certificates of servers: its purposes "
				 "are %s. Have the server's certificate issued by another one",
				 role, shown);
	free(purposes);
}

static void
explain_weak(struct tls_judgement *j, const X509 *certificate, const char *role, const char *what)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;

	tls_findings_add(&j->chain->findings, TLS_PROBLEM,
			 "%s is too weak: its %s (%s of %d bits, signed by %s). Have it issued "
			 "anew, with RSA of 2048 bits or EC, and SHA-256",
			 role, what, kind ? kind : "unknown", key ? EVP_PKEY_get_bits(key) : 0,
			 OBJ_nid2ln(X509_get_signature_nid(certificate)));
}

static bool
is_about_issuer(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return true;
	default:
		return false;
	}
}

/* Only the first of what is said about one certificate's issuer: the rest follows from it. */
static bool
has_issuer_trouble(const struct tls_judgement *j, const struct tls_complaint *complaint)
{
	for (const struct tls_complaint *c = j->complaints; c < complaint; c++)
		if (c->depth == complaint->depth && is_about_issuer(c->error))
			return true;
	return false;
}

static void
explain_error(struct tls_judgement *j, const struct tls_complaint *complaint,
	      const X509 *certificate, const char *role)
{
	switch (complaint->error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		explain_expired(j, certificate, role);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		explain_not_yet(j, certificate, role);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		explain_name(j, certificate);
		break;
	case X509_V_ERR_INVALID_PURPOSE:
		explain_purpose(j, certificate, complaint->depth, role);
		break;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		explain_weak(j, certificate, role, "key is too short");
		break;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		explain_weak(j, certificate, role, "signature is by a broken digest");
		break;
	case X509_V_ERR_INVALID_CA:
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s has signed another certificate, but is no certificate "
				 "authority. Nobody accepts what it signs",
				 role);
		break;
	default:
		tls_findings_add(&j->chain->findings, TLS_PROBLEM, "%s does not hold: %s", role,
				 X509_verify_cert_error_string(complaint->error));
		break;
	}
}

void
tls_chain_explain(struct tls_judgement *j, const struct tls_complaint *complaint)
{
	X509 *certificate =
		complaint->certificate ? complaint->certificate : sk_X509_value(j->sent, 0);
	char *role = tls_certificate_role(certificate, complaint->depth);

	if (!is_about_issuer(complaint->error))
		explain_error(j, complaint, certificate, role);
	else if (!has_issuer_trouble(j, complaint))
		tls_chain_explain_issuer(j, complaint);
	free(role);
}
