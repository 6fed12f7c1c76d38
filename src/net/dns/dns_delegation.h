#ifndef LIFEBOAT_NET_DNS_DNS_DELEGATION_H
#define LIFEBOAT_NET_DNS_DNS_DELEGATION_H

#include "net/dns/dns.h"

/*
 * The names of a zone's servers as a server of the zone above it knows them: its referral, not what the zone says of itself.
 * Names are in lower case with a final dot, sorted; *ret_names and each of them are the caller's to free. None: the server
 * refers to nobody for that zone. Errors: as dns_query().
 */
int dns_delegation(const struct dns_server *server, const char *zone, int64_t timeout_ms,
		   const struct cancel *cancel, char ***ret_names, size_t *ret_count,
		   struct err *e);

#endif
