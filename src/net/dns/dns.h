#ifndef LIFEBOAT_NET_DNS_DNS_H
#define LIFEBOAT_NET_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"

struct address_list;

/* A server to ask: a name or an address, and a port. */
struct dns_server {
	const char *host; /* "ns1.example.com", "10.0.0.53", "2001:db8::53" */
	int port;	  /* 0: 53 */
};

/* One hop of a CNAME chain: names in lower case with a final dot. */
struct dns_hop {
	char *owner, *target;
	uint32_t ttl;
};

enum { DNS_CHAIN_MAX = 16 }; /* hops: what a resolver would follow, too */

/* The answer to one question, from one server. */
struct dns_answer {
	char *server; /* "10.0.0.53:53", the address that answered */
	char *rcode;  /* "NOERROR", "NXDOMAIN", … */
	bool authoritative;
	bool truncated; /* it was, and TCP was used */
	bool plain;	/* the server does not know EDNS */
	char **values;	/* presentation form of the rdata, sorted; NULL-terminated */
	size_t count;
	uint32_t ttl;	       /* of the RRset; 0 without one */
	uint32_t longest_ttl;  /* of it and of the hops before it: a cache may keep one of them */
	uint32_t negative_ttl; /* from the SOA of a negative answer */
	struct dns_hop *chain; /* the CNAMEs on the way, in their order */
	size_t chain_count;
	char *cname;	 /* the last target of that chain, or NULL */
	bool chain_open; /* the server says nothing about that target: somebody else must be asked */
	char *followed;	 /* who told the rest of the chain, or NULL: the server itself */
	int64_t rtt_ms;
};

void dns_answer_release(struct dns_answer *a);

enum dns_question_flags {
	DNS_RECURSE = 1 << 0,
	DNS_UNCHECKED = 1 << 1, /* CD: a validating resolver shall answer without validating */
};

struct dns_question {
	const char *name; /* taken as fully qualified; no search list */
	const char *type;
	unsigned flags;
	int64_t timeout_ms; /* of each try */
	int attempts;	    /* but each address of a server gets one */
};

/*
 * Asks one server over UDP with EDNS; over TCP where the answer was truncated; without EDNS where the server does not
 * know that. An answer with a wrong ID, question or source is passed over, and the right one awaited. A negative
 * answer is an answer, and so is SERVFAIL. Any thread. server NULL: the system's resolvers, in turn, until one
 * gives an answer other than SERVFAIL, REFUSED or NOTIMPL (or the last says that). Errors: ERR_NET, ERR_TIMEOUT (each after all
 * attempts), ERR_REMOTE (a CNAME chain without an end), ERR_CANCELLED, ERR_SPEC (no such type, not a name).
 */
int dns_ask(const struct dns_server *server, const struct dns_question *question,
	    const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e);

/* The same of the resolvers that a file in the form of resolv.conf(5) lists. */
int dns_ask_system(const char *path, int port, const struct dns_question *question,
		   const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e);

/* The same of the addresses of a server that were looked up before; at least one. */
int dns_ask_at(const struct address_list *addresses, const struct dns_question *question,
	       const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e);

/*
 * Follows an open chain to its end by asking `servers` in turn, with recursion, for its last target; none: the system's
 * resolvers. What they say of it becomes the answer's values, TTL, rcode and further hops. A closed one stays as it is.
 * Errors: as dns_ask(); ERR_REMOTE for a loop, and for more than DNS_CHAIN_MAX hops.
 */
int dns_follow(const struct dns_server *servers, size_t count, const struct dns_question *question,
	       const struct cancel *cancel, struct dns_answer *answer, struct err *e);

enum { DNS_SYSTEM_MAX = 8 }; /* name servers of resolv.conf; further ones are left out */

/*
 * The name servers that a file in the form of resolv.conf(5) lists, in its order. *ret_hosts and each of them are the
 * caller's to free. Errors: ERR_NOT_FOUND where it is missing or lists none.
 */
int dns_system_servers(const char *path, char ***ret_hosts, size_t *ret_count, struct err *e);
#define DNS_RESOLV_CONF "/etc/resolv.conf"

/* Whether this machine has any route to an address; true for a name. Sends nothing. */
bool dns_server_has_route(const struct dns_server *server);

/* dns_ask() with its arguments in a row. */
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
	bool exposed;	 /* everybody on this machine may read its file */
};

/* Reads a file that holds one key. Errors: ERR_SPEC with the line, ERR_NOT_FOUND, ERR_IO. */
int dns_key_load(const char *path, struct dns_key *ret_key, struct err *e);
/* Reads the key of that name from a file that may hold several. */
int dns_key_load_named(const char *path, const char *name, struct dns_key *ret_key, struct err *e);
void dns_key_release(struct dns_key *key);

/*
 * Asks a server for the zone's SOA record in a question that is signed: whether it knows the key, and its clock agrees.
 * Errors: ERR_DENIED (NOTAUTH, as for dns_update_send()), ERR_NET, ERR_TIMEOUT, ERR_CANCELLED.
 */
int dns_key_check(const struct dns_server *server, const char *zone, const struct dns_key *key,
		  int64_t timeout_ms, const struct cancel *cancel, struct err *e);

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
	bool keep;	   /* the prerequisite alone: `values` and `ttl` mean nothing */
	const struct dns_update *next; /* another of the same message, or NULL */
};

/*
 * Sends an RFC 2136 update over TCP, one message for all of the chain, signed if key is given, and checks
 * the answer's signature. The zone is the first one's. Errors: ERR_CONFLICT (a prerequisite failed:
 * somebody changed the record), ERR_DENIED (REFUSED, NOTAUTH with BADKEY, BADSIG or BADTIME told apart, the
 * clock's skew named), ERR_REMOTE (another rcode), ERR_NET and ERR_TIMEOUT (nothing was sent),
 * ERR_UNKNOWN_OUTCOME (sent, and no answer, or one that is not proven to come from the server).
 */
int dns_update_send(const struct dns_server *server, const struct dns_update *update,
		    const struct dns_key *key, int64_t timeout_ms, const struct cancel *cancel,
		    struct err *e);

/* Whether a text can be a DNS name. Errors: ERR_SPEC, with what is wrong with it. */
int dns_name_check(const char *text, struct err *e);

/* The value in the one form that answers are compared in ("A": address; names lower case with a final
 * dot). NULL and ERR_SPEC where it is no valid rdata of the type. The caller frees. */
char *dns_normalise(const char *type, const char *value, struct err *e);

#endif
