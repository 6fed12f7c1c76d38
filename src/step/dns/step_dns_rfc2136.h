#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_RFC2136_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_RFC2136_H

#include "net/dns/dns.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_provider.h"

/* Internal to the provider rfc2136: dynamic updates of a zone's primary server. */

struct rfc2136 {
	const struct action *action;
	char *zone;
	struct dns_views primary; /* the one server that takes updates */
	struct dns_views servers; /* all that must show a change; none: not asked for yet */
	char **serials;		  /* theirs, once asked for */
	bool looked;		  /* all of them were asked once: those that failed are not again */
	struct dns_key key;
	bool has_key;
	bool knows_zone; /* the primary has it: that was looked at */
};

/* Whether the primary has the zone, and the name is in no zone below it. As dns_provider.check(). */
int rfc2136_check(void *session, struct step_context *ctx, const char *name,
		  struct preview *preview, struct err *e);
/* Warns where the zone above leads to other servers than the zone names itself. */
void rfc2136_compare_parent(const struct rfc2136 *s, struct step_context *ctx,
			    struct preview *preview);
/* The serial of the zone as a server has it, or NULL. The caller frees. */
char *rfc2136_serial_of(const struct rfc2136 *s, const struct dns_view *view,
			struct step_context *ctx);

#endif
