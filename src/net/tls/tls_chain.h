#ifndef LIFEBOAT_NET_TLS_TLS_CHAIN_H
#define LIFEBOAT_NET_TLS_TLS_CHAIN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tls/tls_trust.h"

/* What there is to say about a chain: each a sentence or two for a person, the cure included. */
enum tls_weight {
	TLS_NOTE,
	TLS_WARNING, /* it holds today, or for us */
	TLS_PROBLEM, /* it does not hold */
};

struct tls_finding {
	enum tls_weight weight;
	char *text;
};

struct tls_findings {
	struct tls_finding *items;
	size_t count, cap;
};

void tls_findings_add(struct tls_findings *findings, enum tls_weight weight, const char *format,
		      ...) __attribute__((format(printf, 3, 4)));
size_t tls_findings_count(const struct tls_findings *findings, enum tls_weight weight);
void tls_findings_release(struct tls_findings *findings);

/* What a chain must hold to. Borrowed. */
struct tls_demands {
	const char *name;	  /* that its first certificate must be for */
	const char *const *names; /* further ones, ending with NULL; or NULL */
	int64_t valid_for_ms;	  /* how long every certificate must last yet; 0: not asked */
	int64_t now_ms;		  /* wall clock */
};

/* In the caller's memory. */
struct tls_chain {
	/* The server's own first, as far as it could be built: sent ones, then trusted ones. */
	STACK_OF(X509) *certificates;
	bool is_verified; /* OpenSSL found nothing wrong: trust, signatures, dates, purpose, name, strength */
	struct tls_findings findings;
};

/*
 * Verifies what a server has sent against the trust and the name (by its SANs, never its CN), and tells
 * all that is wrong with it, not only the first. The verdict is OpenSSL's own; the findings say why,
 * and what else a person should know: what the server forgets to send, sends in vain or in disorder,
 * and what ends soon. Names and valid_for that do not hold are problems though is_verified says
 * yes. `sent` has one certificate at least. Source: X509_verify_cert(3), RFC 5280, 6; RFC 6125.
 */
void tls_chain_judge(STACK_OF(X509) *sent, const struct tls_trust *trust,
		     const struct tls_demands *demands, struct tls_chain *ret_chain);
void tls_chain_release(struct tls_chain *chain);

/*
 * The root that the chain leads to by its signatures, verified or not: the one that the server sends, where
 * that has the name and the key of the one found; NULL where none was found. Borrowed from either.
 */
X509 *tls_chain_root(const struct tls_chain *chain, STACK_OF(X509) *sent);

/* Where the very same certificate stands, from 0 on; -1: nowhere. */
int tls_chain_place(STACK_OF(X509) *certificates, const X509 *certificate);

/* How two roots are alike, by SHA-256 of the certificate and of its key; names prove nothing. */
enum tls_likeness {
	TLS_ROOT_SAME,
	TLS_ROOT_REISSUED,  /* the same name and key in another certificate */
	TLS_ROOT_RENAMED,   /* the same key under another name */
	TLS_ROOT_SAME_NAME, /* the same name, another key */
	TLS_ROOT_OTHER,
};

/* "same", "reissued", "renamed", "same_name", "other". */
const char *tls_likeness_name(enum tls_likeness likeness);

/*
 * Compares a root with those of several certificates that are roots, or with all where none is one.
 * *ret_nearest, borrowed, is the one that is most alike.
 */
enum tls_likeness tls_root_compare(const X509 *root, STACK_OF(X509) *references,
				   X509 **ret_nearest);

#endif
