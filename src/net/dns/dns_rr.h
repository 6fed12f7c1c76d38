#ifndef LIFEBOAT_NET_DNS_DNS_RR_H
#define LIFEBOAT_NET_DNS_DNS_RR_H

#include <ldns/ldns.h>
#include <stdint.h>

#include "base/err.h"
#include "net/dns/dns.h"

/* Between ldns's records and the texts that the rest of the program knows. */

/* The type of a name such as "AAAA". Errors: ERR_SPEC. */
int dns_type_parse(const char *text, ldns_rr_type *ret_type, struct err *e);

/* A name, taken as fully qualified. NULL and ERR_SPEC where it is none. The caller frees. */
ldns_rdf *dns_name_parse(const char *text, struct err *e);

/* A record with the rdata that `value` stands for, class IN. NULL and ERR_SPEC. The caller frees. */
ldns_rr *dns_rr_parse(const ldns_rdf *owner, ldns_rr_type type, uint32_t ttl, const char *value,
		      struct err *e);

/* The rdata in its normal form: names in lower case, strings quoted. The caller frees. */
char *dns_rr_value(const ldns_rr *rr);

/*
 * Fills values, TTLs, chain, rcode and authoritative from a response to (name, type). Errors: ERR_REMOTE where its
 * CNAMEs lead nowhere; the answer is to be released then, too.
 */
int dns_answer_take(struct dns_answer *answer, const ldns_pkt *packet, const ldns_rdf *name,
		    ldns_rr_type type, struct err *e);

/* Adds a hop, whose names the answer owns from then on. Errors: ERR_REMOTE for a loop, and for too many. */
int dns_answer_add_hop(struct dns_answer *answer, struct dns_hop hop, struct err *e);

#endif
