#ifndef LIFEBOAT_NET_TLS_TLS_CHAIN_PRIVATE_H
#define LIFEBOAT_NET_TLS_TLS_CHAIN_PRIVATE_H

#include "net/tls/tls_chain.h"

/* Internal to src/net/tls_chain*.c. */

/* One complaint of OpenSSL's. The certificate is borrowed from the chain or from what was sent. */
struct tls_complaint {
	int error; /* X509_V_ERR_… */
	int depth;
	X509 *certificate;
};

struct tls_judgement {
	STACK_OF(X509) *sent;
	const struct tls_trust *trust;
	const struct tls_demands *demands;
	struct tls_chain *chain;
	struct tls_complaint *complaints;
	size_t count, cap;
};

/* What it is in the chain: The server's certificate, The intermediate "CN = x". The caller frees. */
char *tls_certificate_role(const X509 *certificate, int depth);
/* Turns one complaint into findings. */
void tls_chain_explain(struct tls_judgement *j, const struct tls_complaint *complaint);
/* The same where the issuer of a certificate was not found, or is none. */
void tls_chain_explain_issuer(struct tls_judgement *j, const struct tls_complaint *complaint);
/* What the server sends, beside what it should. */
void tls_chain_compare_sent(struct tls_judgement *j);

#endif
