#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/route53/route53_name.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_route53_session.h"

/* A request that was cut off with us is worked on by then, or never. */
enum { QUIET_MS = 5000 };

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Types that are never changed may have values that nobody here can read: they stay as they are spelled. */
static char *
read_value(const char *type, const char *text, struct err *e)
{
	static const char *const changed[] = { "A", "AAAA", "CNAME", "TXT" };
	struct err why = ERR_INIT;
	char *value = route53_value_read(type, text, &why);

	for (size_t i = 0; !value && i < sizeof(changed) / sizeof(*changed); i++)
		if (strcmp(type, changed[i]) == 0)
			return err_set(e, why.kind, "%s", why.message), NULL;
	return value ? value : xstrdup(text);
}

int
route53_session_normal(const struct route53_rrset *set, struct dns_rrset *ret_rrset, struct err *e)
{
	struct dns_rrset rrset = { .ttl = set ? set->ttl : 0 };

	for (size_t i = 0; set && i < set->count; i++) {
		char *value = read_value(set->type, set->values[i], e);

		if (!value) {
			dns_rrset_release(&rrset);
			return -1;
		}
		step_texts_push(&rrset.values, value);
	}
	if (rrset.values.count)
		qsort(rrset.values.items, rrset.values.count, sizeof(*rrset.values.items),
		      compare_texts);
	*ret_rrset = rrset;
	return 0;
}

int
dns_route53_read(void *session, struct step_context *ctx, const char *name, const char *type,
		 struct dns_rrset *ret_rrset, struct err *e)
{
	struct route53_session *s = session;
	const struct route53_rrsets *rrsets;
	const struct route53_rrset *set;

	if (route53_session_list(s, ctx, name, &rrsets, e) < 0 ||
	    route53_session_find(s, rrsets, name, type, &set, e) < 0)
		return -1;
	return route53_session_normal(set, ret_rrset, e);
}

static bool
is_one_of(const char *name, char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The world may ask other servers: a zone of the same name in another account, or one not delegated yet. */
static void
warn_of_delegation(const struct route53_session *s, struct step_context *ctx,
		   struct preview *preview)
{
	struct dns_views views = { 0 };
	struct err ignored = ERR_INIT;
	struct str others = STR_INIT;
	char **hosts = NULL;
	size_t count = 0;

	if (!s->zone.name_servers || dns_views_add_server(&views, s->action, &ignored) < 0)
		goto out;
	struct dns_server server = { views.items[0].host, views.items[0].port };
	if (dns_authoritative(server.host ? &server : NULL, s->zone.name, DNS_STEP_TIMEOUT_MS,
			      ctx->cancel, &hosts, &count, &ignored) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		struct err odd = ERR_INIT;
		char *plain = route53_name_read(hosts[i], &odd);

		if (plain && !is_one_of(plain, s->zone.name_servers))
			str_printf(&others, "%s%s", others.len ? ", " : "", plain);
		free(plain);
		free(hosts[i]);
	}
	if (others.len)
		preview_add(preview, PREVIEW_WARNING,
			    "Who asks for %s is led to %s, which %s none of this zone's name "
			    "servers: the change may reach nobody",
			    s->zone.name, others.data, strchr(others.data, ',') ? "are" : "is");
out:
	free(hosts);
	str_release(&others);
	dns_views_release(&views);
}

static void
warn(struct route53_session *s, struct step_context *ctx, struct preview *preview)
{
	int64_t skew_ms = route53_skew_ms(s->api);
	char text[CLOCK_STAMP_MAX];

	s->has_warned = true;
	if (route53_warning(s->api))
		preview_add(preview, PREVIEW_WARNING, "%s", route53_warning(s->api));
	if (llabs(skew_ms) >= ROUTE53_ODD_CLOCK_MS)
		preview_add(
			preview, PREVIEW_WARNING,
			"This machine's clock is at least %s %s that of Route 53, which refuses "
			"requests that are 5 minutes off",
			duration_format(llabs(skew_ms) / 1000 * 1000, text),
			skew_ms > 0 ? "behind" : "ahead of");
	if (s->zone.is_private)
		preview_add(preview, PREVIEW_WARNING,
			    "%s is a private zone: only machines in its VPCs see it", s->zone.id);
	else
		warn_of_delegation(s, ctx, preview);
}

static int
refuse_delegated(const struct route53_session *s, const char *name, const char *cut,
		 const struct route53_rrset *servers, struct err *e)
{
	return err_set(
		e, ERR_CONFLICT,
		"%s belongs to the zone %s, which %s hands over to other name servers (%s …): "
		"a change in %s would reach nobody. Nothing was sent",
		name, cut, s->zone.name, servers->count ? servers->values[0] : "?", s->label);
}

/* NS records at a name, or above it inside the zone: from there on another zone answers. */
static int
check_delegation(struct route53_session *s, struct step_context *ctx, const char *name,
		 struct err *e)
{
	const struct route53_rrsets *rrsets;

	for (const char *at = name; at && strcmp(at, s->zone.name) != 0;
	     at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
		if (route53_session_list(s, ctx, at, &rrsets, e) < 0)
			return -1;
		for (size_t i = 0; i < rrsets->count; i++)
			if (strcmp(rrsets->items[i].type, "NS") == 0)
				return refuse_delegated(s, name, at, &rrsets->items[i], e);
	}
	return 0;
}

int
dns_route53_check(void *session, struct step_context *ctx, const char *name,
		  struct preview *preview, struct err *e)
{
	struct route53_session *s = session;

	if (!dns_name_is_in(name, s->zone.name))
		return err_set(e, ERR_SPEC,
			       "%s is not in the zone %s of the target. Check the name, and the "
			       "target",
			       name, s->zone.name);
	if (check_delegation(s, ctx, name, e) < 0)
		return -1;
	if (preview && !s->has_warned)
		warn(s, ctx, preview);
	return 0;
}

/* What Route 53 says of the change that was sent, if its id came to be known. */
static int
ask_for_change(struct route53_session *s, struct step_context *ctx, const char *change,
	       struct probe *probe, bool *ret_under_way, struct err *e)
{
	struct err why = ERR_INIT;
	bool is_everywhere = false;

	if (route53_change_is_everywhere(s->api, change, ctx->cancel, &is_everywhere, &why) < 0) {
		if (why.kind == ERR_CANCELLED)
			return err_set(e, why.kind, "%s", why.message);
		probe_add(probe, "Route 53 made the change %s, and cannot be asked for it: %s",
			  change, why.message);
		return 0;
	}
	probe_add(probe, "Route 53 made the change %s: %s", change,
		  is_everywhere ? "INSYNC, all of its servers have it"
				: "PENDING, it is telling its servers");
	*ret_under_way = !is_everywhere;
	return 0;
}

int
dns_route53_quiet(void *session, struct step_context *ctx, const struct action *action,
		  struct probe *probe, bool *ret_under_way, struct err *e)
{
	const char *change = json_string(action->evidence, "change", NULL);
	int64_t writing_ms = step_writing_ms(action);
	int64_t left_ms = writing_ms + QUIET_MS - clock_wall_ms();

	*ret_under_way = false;
	if (change)
		return ask_for_change(session, ctx, change, probe, ret_under_way, e);
	if (writing_ms < 0 || left_ms <= 0)
		return 0;
	ctx->progress(ctx, "waiting a moment: the change may be under way");
	if (cancel_sleep(ctx->cancel, left_ms < QUIET_MS ? left_ms : QUIET_MS))
		return err_set(e, ERR_CANCELLED, "cancelled before looking at Route 53");
	return 0;
}

static char *
rrset_text(const struct dns_rrset *rrset)
{
	char *values, *text;

	if (rrset->values.count == 0)
		return xstrdup("no such record");
	values = step_texts_join(&rrset->values);
	text = xasprintf("%s, TTL %u", values, rrset->ttl);
	free(values);
	return text;
}

static int
look_at_api(struct route53_session *s, struct step_context *ctx, const char *name, const char *type,
	    struct dns_sightings *sightings, struct err *e)
{
	struct dns_sighting sighting = { .place = xstrdup(s->label) };
	struct err why = ERR_INIT;

	sighting.spoken = dns_route53_read(s, ctx, name, type, &sighting.rrset, &why) == 0;
	sighting.text = sighting.spoken ? rrset_text(&sighting.rrset) : xstrdup(why.message);
	dns_sightings_push(sightings, sighting);
	return why.kind == ERR_CANCELLED ? err_set(e, why.kind, "%s", why.message) : 0;
}

/* What a name server has at the name itself, which is not what a CNAME there leads to. */
static void
take_answer(const struct dns_answer *answer, const char *type, struct dns_sighting *sighting)
{
	sighting->spoken = answer->authoritative && (strcmp(answer->rcode, "NOERROR") == 0 ||
						     strcmp(answer->rcode, "NXDOMAIN") == 0);
	if (!sighting->spoken || (answer->cname && strcmp(type, "CNAME") != 0))
		return;
	dns_values_copy(answer, &sighting->rrset.values);
	sighting->rrset.ttl = answer->ttl;
}

static void
add_view(const struct dns_view *view, const char *type, struct dns_sightings *sightings)
{
	struct dns_sighting sighting = { .place = xstrdup(view->label) };
	struct str text = STR_INIT;

	dns_view_text(view, &text);
	sighting.text = str_take(&text);
	if (!view->failed)
		take_answer(&view->answer, type, &sighting);
	dns_sightings_push(sightings, sighting);
}

/* One that was silent once is not waited for again: there may be many records. */
static int
ask_servers(struct route53_session *s, struct step_context *ctx, const char *name, const char *type,
	    struct err *e)
{
	if (!s->has_looked) {
		s->has_looked = true;
		return dns_views_ask(&s->servers, ctx, name, type, e);
	}
	for (size_t i = 0; i < s->servers.count; i++)
		if (!s->servers.items[i].failed &&
		    dns_view_ask(&s->servers.items[i], ctx, name, type, e) < 0)
			return -1;
	return 0;
}

/* Those whom the world asks. */
static int
look_at_servers(struct route53_session *s, struct step_context *ctx, const char *name,
		const char *type, struct dns_sightings *sightings, struct err *e)
{
	struct err why = ERR_INIT;

	if (!s->servers.count &&
	    dns_views_add_authoritative(&s->servers, ctx, s->action, &why) < 0) {
		struct dns_sighting sighting = { .place = xasprintf("the name servers of %s",
								    s->zone.name),
						 .text = xstrdup(why.message) };

		dns_views_release(&s->servers);
		dns_sightings_push(sightings, sighting);
		return why.kind == ERR_CANCELLED ? err_set(e, why.kind, "%s", why.message) : 0;
	}
	if (ask_servers(s, ctx, name, type, e) < 0)
		return -1;
	for (size_t i = 0; i < s->servers.count; i++)
		if (!s->servers.items[i].no_route)
			add_view(&s->servers.items[i], type, sightings);
	return 0;
}

int
dns_route53_look(void *session, struct step_context *ctx, const char *name, const char *type,
		 struct dns_sightings *ret_sightings, struct err *e)
{
	struct route53_session *s = session;
	struct dns_sightings sightings = { 0 };
	int rc = look_at_api(s, ctx, name, type, &sightings, e);

	/* those of a private zone answer inside its VPCs only */
	if (rc == 0 && !s->zone.is_private)
		rc = look_at_servers(s, ctx, name, type, &sightings, e);
	if (rc == 0)
		*ret_sightings = sightings;
	else
		dns_sightings_release(&sightings);
	return rc;
}
