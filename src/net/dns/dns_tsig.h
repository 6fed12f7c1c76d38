#ifndef LIFEBOAT_NET_DNS_DNS_TSIG_H
#define LIFEBOAT_NET_DNS_DNS_TSIG_H

#include <ldns/ldns.h>

#include "net/dns/dns.h"
#include "net/dns/dns_wire.h"

/* Signed messages: making them, and what an answer to one is worth. Source: RFC 8945. */

/* A message ready to be sent. */
struct dns_signed {
	const char *zone;
	ldns_pkt *packet;
	struct dns_message message; /* its wire form; its bytes are freed with LDNS_FREE() */
	const struct dns_key *key;  /* NULL: it is not signed */
};

/* Gives the packet an ID, signs it and fills `message`. Errors: ERR_SPEC. */
int dns_sign(struct dns_signed *u, struct err *e);

/* Why an answer may not come from the server, as the beginning of a sentence; NULL: it does. */
const char *dns_signature_doubt(ldns_pkt *reply, const struct dns_message *message,
				const struct dns_signed *u);

/* What an answer NOTAUTH means, which is in its TSIG record: fills *e (ERR_DENIED) and returns -1. */
int dns_signature_report(const ldns_pkt *reply, const struct dns_signed *u, struct err *e);

#endif
