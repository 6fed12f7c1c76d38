#include "config.h"

#include "step/dns/step_dns_route53.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_route53_session.h"

/* So long a list of one name's sets is taken for the present: the batch itself is what guards a change. */
enum { JUST_NOW_MS = 2000 };

bool
dns_route53_is_meant(const cJSON *spec)
{
	return str_equal(json_string(spec, "provider", NULL), "route53");
}

int
dns_route53_check_fields(const cJSON *spec, struct err *e)
{
	static const char *const ours[] = { "zone_id", "profile",  "credentials_file",
					    "region",  "endpoint", "ca_file" };

	if (dns_route53_is_meant(spec)) {
		if (!step_optional(spec, "key_file"))
			return 0;
		return err_set(e, ERR_SPEC,
			       "`key_file` is for name servers that take signed updates, and means "
			       "nothing to provider route53. Remove one of them");
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (step_optional(spec, ours[i]))
			return err_set(
				e, ERR_SPEC,
				"`%s` is for provider route53, and the target of zone %s has "
				"another. Add `provider: route53`, or remove it",
				ours[i], json_string(spec, "zone", ""));
	return 0;
}

static struct route53 *
connect_api(const cJSON *spec, struct secrets *secrets, const struct cancel *cancel, struct err *e)
{
	struct route53_options options = {
		.profile = step_optional(spec, "profile"),
		.credentials_file = step_optional(spec, "credentials_file"),
		.region = step_optional(spec, "region"),
		.endpoint = step_optional(spec, "endpoint"),
		.ca_file = step_optional(spec, "ca_file"),
		.secrets = secrets,
	};

	return route53_new(&options, cancel, e);
}

static void
session_close(void *session)
{
	struct route53_session *s = session;

	if (!s)
		return;
	route53_session_forget(s);
	dns_views_release(&s->servers);
	route53_free(s->api);
	route53_zone_release(&s->zone);
	free(s->label);
	free(s->change);
	free(s);
}

static int
session_open(struct step_context *ctx, const struct action *action, void **ret_session,
	     struct err *e)
{
	const cJSON *spec = dns_target_spec(action);
	struct route53_session *s = xcalloc(1, sizeof(*s));

	s->action = action;
	s->api = connect_api(spec, ctx->secrets, ctx->cancel, e);
	if (!s->api ||
	    route53_zone_find(s->api, json_string(spec, "zone", ""), step_optional(spec, "zone_id"),
			      ctx->cancel, &s->zone, e) < 0) {
		session_close(s);
		return -1;
	}
	s->label = xasprintf("Route 53 zone %s", s->zone.id);
	*ret_session = s;
	return 0;
}

static const char *
session_label(const void *session)
{
	return ((const struct route53_session *)session)->label;
}

/* A zone of Route 53 keeps the same serial number for ever. */
static char *
session_serial(void *session, struct step_context *ctx)
{
	(void)session;
	(void)ctx;
	return NULL;
}

static void
listing_release(struct route53_listing *listing)
{
	route53_rrsets_release(&listing->rrsets);
	free(listing->name);
}

void
route53_session_forget(struct route53_session *s)
{
	for (size_t i = 0; i < s->count; i++)
		listing_release(&s->listings[i]);
	free(s->listings);
	s->listings = NULL;
	s->count = s->cap = 0;
}

static struct route53_listing *
find_listing(const struct route53_session *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->listings[i].name, name) == 0)
			return &s->listings[i];
	return NULL;
}

int
route53_session_list(struct route53_session *s, struct step_context *ctx, const char *name,
		     const struct route53_rrsets **ret_rrsets, struct err *e)
{
	struct route53_listing *listing = find_listing(s, name);
	struct route53_listing anew = { .at_ms = clock_mono_ms() };

	if (!listing || anew.at_ms - listing->at_ms > JUST_NOW_MS) {
		if (route53_list(s->api, &s->zone, name, ctx->cancel, &anew.rrsets, e) < 0)
			return -1;
		anew.name = xstrdup(name);
		if (listing)
			listing_release(listing);
		else
			listing = VEC_PUSH(s->listings, s->count, s->cap);
		*listing = anew;
	}
	*ret_rrsets = &listing->rrsets;
	return 0;
}

int
route53_session_find(const struct route53_session *s, const struct route53_rrsets *rrsets,
		     const char *name, const char *type, const struct route53_rrset **ret_rrset,
		     struct err *e)
{
	const struct route53_rrset *found = NULL;

	for (size_t i = 0; i < rrsets->count; i++) {
		const struct route53_rrset *set = &rrsets->items[i];

		if (strcmp(set->type, type) != 0)
			continue;
		if (set->peculiarity)
			return err_set(
				e, ERR_CONFLICT,
				"%s %s in %s is %s, which values and a TTL do not describe: "
				"it could be neither compared nor put back. Nothing was sent. "
				"Change it in the console of AWS, or with its command line",
				name, type, s->label, set->peculiarity);
		found = set;
	}
	*ret_rrset = found;
	return 0;
}

const struct route53_rrset *
route53_session_last(const struct route53_session *s, const char *name, const char *type)
{
	const struct route53_listing *listing = find_listing(s, name);
	const struct route53_rrset *set = NULL;
	struct err ignored = ERR_INIT;

	if (!listing || route53_session_find(s, &listing->rrsets, name, type, &set, &ignored) < 0)
		return NULL;
	return set;
}

int
dns_route53_identify(const cJSON *connection, const struct cancel *cancel, cJSON **ret_identity,
		     struct err *e)
{
	/* No registry of the run is at hand here: whatever leaves this function is redacted by its own. */
	struct secrets *secrets = secrets_new();
	struct route53_zone zone = { 0 };
	cJSON *identity, *servers = cJSON_CreateArray();
	struct route53 *api = connect_api(connection, secrets, cancel, e);
	int64_t begin_ms = clock_mono_ms();
	int rc = -1;

	if (!api || route53_zone_find(api, json_string(connection, "zone", ""),
				      step_optional(connection, "zone_id"), cancel, &zone, e) < 0)
		goto out;
	identity = cJSON_CreateObject();
	json_add_string(identity, "uid", zone.id);
	json_add_string(identity, "zone", zone.name);
	json_add_bool(identity, "private", zone.is_private);
	for (char **at = zone.name_servers; at && *at; at++)
		cJSON_AddItemToArray(servers, cJSON_CreateString(*at));
	json_add(identity, "name_servers", servers);
	json_add_string(identity, "server", route53_endpoint(api));
	json_add_string(identity, "user", route53_who(api));
	json_add_int(identity, "skew_ms", route53_skew_ms(api));
	json_add_int(identity, "round_trip_ms", clock_mono_ms() - begin_ms);
	secrets_redact_json(secrets, identity);
	*ret_identity = identity;
	servers = NULL;
	rc = 0;
out:
	if (rc < 0)
		secrets_redact_err(secrets, e);
	cJSON_Delete(servers);
	route53_zone_release(&zone);
	route53_free(api);
	secrets_free(secrets);
	return rc;
}

const struct dns_provider dns_provider_route53 = {
	.name = "route53",
	.open = session_open,
	.close = session_close,
	.label = session_label,
	.read = dns_route53_read,
	.serial = session_serial,
	.check = dns_route53_check,
	.describe = dns_route53_describe,
	.send = dns_route53_send,
	.settle = dns_route53_settle,
	.quiet = dns_route53_quiet,
	.look = dns_route53_look,
};
