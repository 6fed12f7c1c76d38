#ifndef LIFEBOAT_NET_DNS_H
#define LIFEBOAT_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"

/* A server to ask: a name or an address, and a port. */
struct dns_server {
	const char *host; /* "ns1.example.com", "10.0.0.53", "2001:db8::53" */
	int port;	  /* 0: 53 */
};

/* The answer to one question, from one server. */
struct dns_answer {
	char *server; /* "10.0.0.53:53", the address that answered */
	char *rcode;  /* "NOERROR", "NXDOMAIN", … */
	bool authoritative;
	bool truncated; /* it was, and TCP was used */
	char **values;	/* presentation form of the rdata, sorted; NULL-terminated */
	size_t count;
	uint32_t ttl;	       /* of the RRset; 0 without one */
	uint32_t negative_ttl; /* from the SOA of a negative answer */
	char *cname;	       /* the last target of a CNAME chain, or NULL */
	int64_t rtt_ms;
};

void dns_answer_release(struct dns_answer *a);

/*
 * Asks one server one question over UDP with EDNS, and over TCP where the answer was truncated. The
 * name is taken as fully qualified; no search list. An answer with a wrong ID, question or source is
 * ignored. A negative answer is an answer. Errors: ERR_NET, ERR_TIMEOUT (each after `attempts` tries),
 * ERR_CANCELLED, ERR_SPEC (no such type, not a name). server NULL: the first of the system's resolvers.
 */
int dns_query(const struct dns_server *server, const char *name, const char *type, bool recursion,
	      int64_t timeout_ms, int attempts, const struct cancel *cancel,
	      struct dns_answer *ret_answer, struct err *e);

/* The names of the zone's authoritative servers (its NS RRset), asked of `server`. */
int dns_authoritative(const struct dns_server *server, const char *zone, int64_t timeout_ms,
		      const struct cancel *cancel, char ***ret_hosts, size_t *ret_count,
		      struct err *e);

/* A TSIG key, read from a file in BIND's format (key "name" { algorithm …; secret "…"; };). */
struct dns_key {
	char *name;
	char *algorithm; /* "hmac-sha256" */
	char *secret;	 /* base64; wiped on release */
};

int dns_key_load(const char *path, struct dns_key *ret_key, struct err *e);
void dns_key_release(struct dns_key *key);

/* One RRset to be put in place of another, atomically. */
struct dns_update {
	const char *zone;
	const char *name;
	const char *type; /* "A", "AAAA", "CNAME", "TXT" */
	uint32_t ttl;
	const char *const
		*values; /* what it will be; NULL-terminated; none: the RRset is deleted */
	const char *const
		*expected; /* what it must be now, exactly (yxrrset with values; an empty list:
					 * nxrrset); NULL: no prerequisite */
};

/*
 * Sends an RFC 2136 update over TCP, signed if key is given, and checks the answer's signature. Errors:
 * ERR_CONFLICT (the prerequisite failed: somebody changed the record), ERR_DENIED (REFUSED, NOTAUTH
 * with BADKEY, BADSIG or BADTIME told apart, the clock's skew named), ERR_REMOTE (another rcode),
 * ERR_NET (nothing was sent), ERR_UNKNOWN_OUTCOME (sent, and no answer).
 */
int dns_update_send(const struct dns_server *server, const struct dns_update *update,
		    const struct dns_key *key, int64_t timeout_ms, const struct cancel *cancel,
		    struct err *e);

/* The value in the one form that answers are compared in ("A": address; names lower case with a final
 * dot). NULL and ERR_SPEC where it is no valid rdata of the type. The caller frees. */
char *dns_normalise(const char *type, const char *value, struct err *e);

#endif
