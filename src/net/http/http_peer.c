#include "config.h"

#include "net/http/http_peer.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/tls/certificate.h"

enum { MAX_NAMES = 20 };

static int context_index;

static void
register_index(void)
{
	context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (context_index < 0)
		abort();
}

static void
append_name(struct str *out, const GENERAL_NAME *name)
{
	char text[INET6_ADDRSTRLEN] = "";
	const ASN1_STRING *value = NULL;

	if (name->type == GEN_DNS)
		value = name->d.dNSName;
	else if (name->type != GEN_IPADD ||
		 !inet_ntop(name->d.iPAddress->length == 4 ? AF_INET : AF_INET6,
			    name->d.iPAddress->data, text, sizeof(text)))
		return;
	if (out->len)
		str_append(out, ", ");
	if (value)
		str_append_bytes(out, ASN1_STRING_get0_data(value),
				 (size_t)ASN1_STRING_length(value));
	else
		str_append(out, text);
}

/* The names and addresses that a certificate is for, or its subject where it names none. */
static char *
names_of(X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = sk_GENERAL_NAME_num(names);
	struct str out = STR_INIT;

	for (int i = 0; i < count && i < MAX_NAMES; i++)
		append_name(&out, sk_GENERAL_NAME_value(names, i));
	if (count > MAX_NAMES)
		str_printf(&out, " and %d more", count - MAX_NAMES);
	GENERAL_NAMES_free(names);
	if (out.len)
		return str_take(&out);
	char *subject = certificate_name(X509_get_subject_name(certificate));
	char *text = xasprintf("%s (it names no host)", subject);
	free(subject);
	str_release(&out);
	return text;
}

/* "expired 2026-11-18T09:00:00Z, 3d ago". */
static char *
describe_time(const char *subject, const ASN1_TIME *time, bool is_end)
{
	char *when = certificate_time(time), age[CLOCK_STAMP_MAX], *text;
	int64_t at_ms, now_ms = clock_wall_ms();

	if (!when || clock_parse_utc(when, &at_ms) < 0)
		text = xasprintf("the times in the certificate of %s are unreadable", subject);
	else if (is_end)
		text = xasprintf("the certificate of %s expired %s, %s ago", subject, when,
				 duration_format_human(now_ms - at_ms, age));
	else
		text = xasprintf("the certificate of %s is valid from %s on, in %s by our clock",
				 subject, when, duration_format_human(at_ms - now_ms, age));
	free(when);
	return text;
}

/* Whether somebody of the issuer's name is trusted, whose key it then is not. */
static bool
has_namesake(X509_STORE_CTX *context, const X509 *certificate)
{
	STACK_OF(X509) *trusted =
		X509_STORE_CTX_get1_certs(context, X509_get_issuer_name(certificate));
	bool found = sk_X509_num(trusted) > 0;

	sk_X509_pop_free(trusted, X509_free);
	return found;
}

static char *
describe_issuer(X509_STORE_CTX *context, X509 *certificate, const char *subject)
{
	char *issuer = certificate_name(X509_get_issuer_name(certificate)), *text;
	int sent = sk_X509_num(X509_STORE_CTX_get0_untrusted(context));

	if (has_namesake(context, certificate))
		text = xasprintf("the certificate of %s is by another authority of the same name "
				 "as the trusted one, %s: the name is the same, the key is not",
				 subject, issuer);
	else
		text = xasprintf("the issuer of %s, %s, is not trusted, and the server sent "
				 "%d certificate%s without it: an intermediate certificate is "
				 "missing there, or it is of another root",
				 subject, issuer, sent, sent == 1 ? "" : "s");
	free(issuer);
	return text;
}

static char *
describe_fault(X509_STORE_CTX *context, X509 *certificate, int error)
{
	char *subject = certificate_name(X509_get_subject_name(certificate)), *text;

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		text = describe_time(subject, X509_get0_notAfter(certificate), true);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		text = describe_time(subject, X509_get0_notBefore(certificate), false);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		text = xasprintf("the certificate of %s is signed by itself, and not trusted",
				 subject);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		text = has_namesake(context, certificate)
			       ? xasprintf("the chain ends in a root %s that has the name of the "
					   "trusted one, and another key",
					   subject)
			       : xasprintf("the chain ends in the root %s, which is not trusted",
					   subject);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		text = describe_issuer(context, certificate, subject);
		break;
	default:
		text = xasprintf("the certificate of %s: %s", subject,
				 X509_verify_cert_error_string(error));
	}
	free(subject);
	return text;
}

static int
on_certificate(int is_good, X509_STORE_CTX *context)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct http_peer *peer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index);
	X509 *certificate = X509_STORE_CTX_get_current_cert(context);

	if (!certificate)
		return is_good;
	if (!peer->names && X509_STORE_CTX_get_error_depth(context) == 0)
		peer->names = names_of(certificate);
	if (!is_good && !peer->fault) {
		peer->error = X509_STORE_CTX_get_error(context);
		peer->fault = describe_fault(context, certificate, peer->error);
	}
	return is_good;
}

static CURLcode
on_context(CURL *easy, void *context, void *peer)
{
	(void)easy;
	SSL_CTX_set_ex_data(context, context_index, peer);
	SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), on_certificate);
	return CURLE_OK;
}

void
http_peer_watch(struct http_peer *peer, CURL *easy)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_index);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, peer);
}

void
http_peer_release(struct http_peer *peer)
{
	free(peer->names);
	free(peer->fault);
}
