#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/dns/dns.h"
#include "net/socket/address.h"
#include "run/executor.h"
#include "step/step_columns.h"
#include "step/step_with.h"

/*
 * What the dns.* executors share: which servers to ask (step_dns.c), asking them (step_dns_ask.c), and telling what they
 * said (step_dns_text.c).
 */

enum {
	DNS_STEP_TIMEOUT_MS = 2000,
	DNS_STEP_ATTEMPTS = 2,
	DNS_VIEWS_MAX = 64,   /* servers of one step */
	DNS_STEP_THREADS = 16 /* that ask at a time */
};

/* How an answer compares with the values that are wanted. */
enum dns_state {
	DNS_STATE_NEW,	 /* exactly the values wanted */
	DNS_STATE_OLD,	 /* other values */
	DNS_STATE_MIXED, /* wanted values and others */
	DNS_STATE_STALE, /* old values when they should be gone: dns.wait alone judges that */
	DNS_STATE_NXDOMAIN,
	DNS_STATE_NODATA, /* the name is there, without such a record */
	DNS_STATE_LAME,	  /* not authoritative for what it should be */
	DNS_STATE_SERVFAIL,
	DNS_STATE_REFUSED,
	DNS_STATE_FAILED, /* another error, or a CNAME whose target nobody could tell */
	DNS_STATE_LOOP,	  /* CNAMEs in a circle */
	DNS_STATE_TIMEOUT,
	DNS_STATE_UNREACHABLE,
	DNS_STATE_NO_ROUTE, /* this machine reaches no address of that kind */
};

/* Whose view it is: these are told apart wherever servers are listed. */
enum dns_group {
	DNS_GROUP_AUTHORITATIVE,
	DNS_GROUP_RESOLVER,
	DNS_GROUP_INTERNAL, /* resolvers of an inner network, which may see other values */
};

const char *dns_group_name(enum dns_group group); /* "authoritative", "resolver", "internal" */

/* Why a resolver says SERVFAIL, found out by one question with CD=1. */
enum dns_cause { DNS_CAUSE_NONE, DNS_CAUSE_DNSSEC, DNS_CAUSE_OUTAGE };

/* One server, and what it said last. */
struct dns_view {
	char *label; /* "10.0.0.53:53", or "ns1.example.com (10.0.0.53:53)" */
	char *host;  /* NULL: the system's resolvers, in turn */
	int port;
	char *name; /* of the name server that has this address; NULL: none is known */
	enum dns_group group;
	bool authoritative;	       /* asked without recursion, and must answer with authority */
	bool no_route;		       /* and the same server has an address that can be reached */
	struct address_list addresses; /* of host, once looked up */
	bool asked, failed;
	struct dns_answer answer; /* valid where asked and not failed */
	struct err failure;	  /* valid where failed */
	size_t failure_lead;	  /* bytes of its message that say who was asked for what */
	enum dns_cause cause;
	char *unchecked;	  /* what it says with CD=1, where that makes a difference */
	struct err chain_failure; /* of following its CNAMEs; ERR_NONE: there was none */
};

struct dns_views {
	struct dns_view *items;
	size_t count, cap;
};

void dns_views_release(struct dns_views *views);

/* Adds a server given as "host", "host:port" or "[address]:port", once. Errors: ERR_SPEC. */
int dns_views_add(struct dns_views *views, const char *text, int port, bool authoritative,
		  struct err *e);
/* Adds the target's own server: its `server`, or else the system's resolvers as one. */
int dns_views_add_server(struct dns_views *views, const struct action *action, struct err *e);
/*
 * Adds every address of every name server of the target's zone, as its server, the resolvers or the system tell
 * them, the first that can.
 */
int dns_views_add_authoritative(struct dns_views *views, struct step_context *ctx,
				const struct action *action, struct err *e);
/* Adds the target's resolvers, and those of its inner network. */
int dns_views_add_resolvers(struct dns_views *views, const struct action *action, struct err *e);
int dns_views_add_internal(struct dns_views *views, const struct action *action, struct err *e);
/* Adds each of the system's resolvers. */
int dns_views_add_system(struct dns_views *views, struct err *e);

/* Another list of the same servers, of which nothing is known yet. */
void dns_views_copy(const struct dns_views *views, struct dns_views *ret_copy);

/* Asks one. Returns -1 for a cancel and for a question that nobody could answer (ERR_SPEC) only. */
int dns_view_ask(struct dns_view *view, struct step_context *ctx, const char *name,
		 const char *type, struct err *e);
/* Asks them all at a time. */
int dns_views_ask(struct dns_views *views, struct step_context *ctx, const char *name,
		  const char *type, struct err *e);

/*
 * Asks as those do, and goes after what was said: CNAMEs that leave the server's zones are followed by the target's
 * resolvers or else the system's, and a resolver that says SERVFAIL is asked once more with CD=1.
 */
struct dns_look {
	const char *name, *type;
	struct dns_views followers;
};
int dns_look_init(struct dns_look *look, const struct action *action, const char *name,
		  const char *type, struct err *e);
void dns_look_release(struct dns_look *look);
int dns_view_look(struct dns_view *view, const struct cancel *cancel, const struct dns_look *look,
		  struct err *e); /* any thread */
int dns_views_look(struct dns_views *views, struct step_context *ctx, const struct dns_look *look,
		   struct err *e);

enum dns_state dns_view_state(const struct dns_view *view, const struct step_texts *wanted);
const char *dns_state_name(enum dns_state state);
/* Whether it said what the record is, be it that there is none. */
bool dns_view_spoke(const struct dns_view *view);
/* The same, and with authority where that is due. */
bool dns_view_counts(const struct dns_view *view);

/* {server,group,rcode,values,ttl,rtt_ms,aa,chain,error?}. The caller deletes. */
cJSON *dns_view_json(const struct dns_view *view);
/* [{name,target,ttl}], empty without CNAMEs. The caller deletes. */
cJSON *dns_chain_json(const struct dns_answer *answer);
/* "192.0.2.1, TTL 300", "NXDOMAIN", "no answer in time": what it said, in one line. Appended. */
void dns_view_text(const struct dns_view *view, struct str *out);
/* The same without the TTL, for a table that has a column for it. */
void dns_view_value_text(const struct dns_view *view, struct str *out);
/* Adds its TTL, its round trip, its AA flag and its values as four cells of a row. */
void dns_view_cells(const struct dns_view *view, struct step_columns *columns);

/* The values of a field in the form of answers, sorted, each once. Errors: ERR_SPEC. */
int dns_values_load(const cJSON *value, const char *type, struct step_texts *ret_values,
		    struct err *e);
void dns_values_copy(const struct dns_answer *answer, struct step_texts *ret_values);

/* The fields of the target, and its port. */
const cJSON *dns_target_spec(const struct action *action);
int dns_target_port(const struct action *action);

#endif
