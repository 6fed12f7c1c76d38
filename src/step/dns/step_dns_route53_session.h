#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_ROUTE53_SESSION_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_ROUTE53_SESSION_H

#include <stdint.h>

#include "net/route53/route53.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_route53.h"

/* Internal to step_dns_route53*.c: a session of one call of an executor. */

/* The record sets of one name, as they were a moment ago. */
struct route53_listing {
	char *name;
	struct route53_rrsets rrsets;
	int64_t at_ms; /* monotonic */
};

struct route53_session {
	const struct action *action;
	struct route53 *api;
	struct route53_zone zone;
	char *label;  /* "Route 53 zone Z0123" */
	char *change; /* the id of what was sent, or NULL */
	bool has_warned;
	struct dns_views servers; /* of the zone, once they were looked for */
	bool has_looked;
	struct route53_listing *listings;
	size_t count, cap;
};

/*
 * The record sets of a name, asked for unless they just were: a check of all its types must not cost a
 * request each, of the five a second that an account has. Borrowed, until the next call.
 */
int route53_session_list(struct route53_session *s, struct step_context *ctx, const char *name,
			 const struct route53_rrsets **ret_rrsets, struct err *e);
/* They may be others by now. */
void route53_session_forget(struct route53_session *s);
/* The only set of its name and type when it was last asked for, or NULL. */
const struct route53_rrset *route53_session_last(const struct route53_session *s, const char *name,
						 const char *type);

/* The only set of a type, or NULL in *ret_rrset. ERR_CONFLICT where it is peculiar. */
int route53_session_find(const struct route53_session *s, const struct route53_rrsets *rrsets,
			 const char *name, const char *type, const struct route53_rrset **ret_rrset,
			 struct err *e);

/* In step_dns_route53_send.c: members of the row, see step_dns_provider.h. */
void dns_route53_describe(const void *session, const struct dns_changes *changes,
			  struct preview *preview);
int dns_route53_send(void *session, struct step_context *ctx, const struct dns_changes *changes,
		     struct err *e);
int dns_route53_settle(void *session, struct step_context *ctx, struct err *e);

/* A set in the form of dns_normalise(); NULL: none, without values. Errors: ERR_REMOTE. */
int route53_session_normal(const struct route53_rrset *set, struct dns_rrset *ret_rrset,
			   struct err *e);

/* In step_dns_route53_look.c, the same. */
int dns_route53_check(void *session, struct step_context *ctx, const char *name,
		      struct preview *preview, struct err *e);
int dns_route53_quiet(void *session, struct step_context *ctx, const struct action *action,
		      struct probe *probe, bool *ret_under_way, struct err *e);
int dns_route53_look(void *session, struct step_context *ctx, const char *name, const char *type,
		     struct dns_sightings *ret_sightings, struct err *e);
int dns_route53_read(void *session, struct step_context *ctx, const char *name, const char *type,
		     struct dns_rrset *ret_rrset, struct err *e);

#endif
