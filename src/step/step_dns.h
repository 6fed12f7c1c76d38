#ifndef LIFEBOAT_STEP_STEP_DNS_H
#define LIFEBOAT_STEP_STEP_DNS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/dns.h"
#include "run/executor.h"
#include "step/step_with.h"

/* What the dns.* executors share: which servers to ask, asking them, and telling what they said. */

enum { DNS_STEP_TIMEOUT_MS = 2000, DNS_STEP_ATTEMPTS = 2 };

/* How an answer compares with the values that are wanted. */
enum dns_state {
	DNS_STATE_NEW,	 /* exactly the values wanted */
	DNS_STATE_OLD,	 /* other values */
	DNS_STATE_MIXED, /* wanted values and others */
	DNS_STATE_NXDOMAIN,
	DNS_STATE_NODATA, /* the name is there, without such a record */
	DNS_STATE_LAME,	  /* not authoritative for what it should be */
	DNS_STATE_FAILED, /* SERVFAIL, REFUSED … */
	DNS_STATE_TIMEOUT,
	DNS_STATE_UNREACHABLE,
};

/* One server, and what it said last. */
struct dns_view {
	char *label; /* "10.0.0.53:53", or "ns1.example.com (10.0.0.53:53)" */
	char *host;
	int port;
	bool authoritative; /* asked without recursion, and must answer with authority */
	bool asked, failed;
	struct dns_answer answer; /* valid where asked and not failed */
	struct err failure;	  /* valid where failed */
};

struct dns_views {
	struct dns_view *items;
	size_t count, cap;
};

void dns_views_release(struct dns_views *views);

/* Adds a server given as "host", "host:port" or "[address]:port", once. Errors: ERR_SPEC. */
int dns_views_add(struct dns_views *views, const char *text, int port, bool authoritative,
		  struct err *e);
/* Adds the target's own server: its `server`, or else the system's resolver. */
int dns_views_add_server(struct dns_views *views, const struct action *action, struct err *e);
/* Adds every address of every name server of the target's zone. */
int dns_views_add_authoritative(struct dns_views *views, struct step_context *ctx,
				const struct action *action, struct err *e);
/* Adds the target's resolvers. */
int dns_views_add_resolvers(struct dns_views *views, const struct action *action, struct err *e);

/* Asks one. Returns -1 for a cancel and for a question that nobody could answer (ERR_SPEC) only. */
int dns_view_ask(struct dns_view *view, struct step_context *ctx, const char *name,
		 const char *type, struct err *e);
/* Asks them all, one after the other. */
int dns_views_ask(struct dns_views *views, struct step_context *ctx, const char *name,
		  const char *type, struct err *e);

enum dns_state dns_view_state(const struct dns_view *view, const struct step_texts *wanted);
const char *dns_state_name(enum dns_state state);

/* {server,rcode,values,ttl,rtt_ms,error?}. The caller deletes. */
cJSON *dns_view_json(const struct dns_view *view);
/* "192.0.2.1, TTL 300", "NXDOMAIN", "no answer in time": what it said, in one line. Appended. */
void dns_view_text(const struct dns_view *view, struct str *out);
/* One line for each server to the step's output. */
void dns_views_output(const struct dns_views *views, struct step_context *ctx);

/* The values of a field in the form of answers, sorted, each once. Errors: ERR_SPEC. */
int dns_values_load(const cJSON *value, const char *type, struct step_texts *ret_values,
		    struct err *e);
void dns_values_copy(const struct dns_answer *answer, struct step_texts *ret_values);

/* The fields of the target, and its port. */
const cJSON *dns_target_spec(const struct action *action);
int dns_target_port(const struct action *action);

#endif
