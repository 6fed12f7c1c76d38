#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_ROUTE53_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_ROUTE53_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/cancel.h"
#include "base/err.h"
#include "step/dns/step_dns_provider.h"

/* `provider: route53` of a DNS target. */

extern const struct dns_provider dns_provider_route53;

/* Whether a target's fields name it. */
bool dns_route53_is_meant(const cJSON *spec);

/* Whether all fields mean something to the provider that the target has. Errors: ERR_SPEC. */
int dns_route53_check_fields(const cJSON *spec, struct err *e);

/*
 * Who the target is: {uid (the hosted zone's id), zone, private, name_servers, endpoint, user, skew_ms}. The
 * driver's identify() for such targets; `connection` is the copy of the fields.
 */
int dns_route53_identify(const cJSON *connection, const struct cancel *cancel, cJSON **ret_identity,
			 struct err *e);

#endif
