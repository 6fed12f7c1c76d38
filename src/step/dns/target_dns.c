#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_route53.h"
#include "step/steps.h"

/* The zone, and the primary that its SOA names: the same as long as it is the same zone. */
static cJSON *
identity_from(const char *zone, const char *server, const struct dns_answer *answer)
{
	cJSON *identity = cJSON_CreateObject();
	char *primary = xstrndup(answer->values[0], strcspn(answer->values[0], " "));

	json_add_string(identity, "zone", zone);
	json_add_string(identity, "primary", primary);
	json_add_string(identity, "server", server);
	json_add_int(identity, "round_trip_ms", answer->rtt_ms);
	free(primary);
	return identity;
}

static int
target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	if (dns_route53_check_fields(spec, e) < 0)
		return -1;
	return step_target_open(spec, secrets, ret_connection, e);
}

static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	struct step_context ctx = { .cancel = cancel };
	struct run_target target = { .connection = connection };
	struct action action = { .target = &target };
	const char *zone = json_string(connection, "zone", "");
	struct dns_views views = { 0 };
	int rc = -1;

	if (dns_route53_is_meant(connection))
		return dns_route53_identify(connection, cancel, ret_identity, e);
	if (dns_views_add_server(&views, &action, e) < 0 ||
	    dns_view_ask(&views.items[0], &ctx, zone, "SOA", e) < 0)
		goto out;
	if (views.items[0].failed) {
		err_set(e, views.items[0].failure.kind, "%s", views.items[0].failure.message);
	} else if (views.items[0].answer.count == 0) {
		err_set(e, ERR_NOT_FOUND, "%s knows no zone %s (%s)", views.items[0].label, zone,
			views.items[0].answer.rcode);
	} else {
		*ret_identity = identity_from(zone, views.items[0].label, &views.items[0].answer);
		rc = 0;
	}
out:
	dns_views_release(&views);
	return rc;
}

static char *
target_describe(const cJSON *spec)
{
	const char *server = step_optional(spec, "server"), *zone = json_string(spec, "zone", "");

	if (dns_route53_is_meant(spec))
		return xasprintf("zone %s at Route 53", zone);
	return server ? xasprintf("zone %s at %s", zone, server) : xasprintf("zone %s", zone);
}

const struct target_driver target_dns = {
	.kind = TARGET_DNS,
	.open = target_open,
	.identify = target_identify,
	.describe = target_describe,
	.close = step_target_close,
};
