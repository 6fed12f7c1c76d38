#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/route53/route53_name.h"
#include "net/route53/route53_private.h"

enum { MAX_PAGES = 5, MAX_NAME_SERVERS = 32 };

/* The zones of one name, as they are found. */
struct search {
	const char *name;
	struct route53_zone first;
	int found;
	struct str list; /* "Z01 (public), Z02 (private)" */
	struct str next; /* the query of the next page; empty: none */
};

void
route53_zone_release(struct route53_zone *zone)
{
	for (char **at = zone->name_servers; at && *at; at++)
		free(*at);
	free(zone->name_servers);
	free(zone->id);
	free(zone->name);
	*zone = (struct route53_zone){ 0 };
}

static int
zone_read(const struct xml_element *element, struct route53_zone *ret_zone, struct err *e)
{
	struct route53_zone zone = {
		.id = route53_bare_id(xml_text(element, "Id", "")),
		.name = route53_name_read(xml_text(element, "Name", ""), e),
		.is_private = strcmp(xml_text(xml_child(element, "Config"), "PrivateZone", ""),
				     "true") == 0,
	};

	if (zone.id && zone.name) {
		*ret_zone = zone;
		return 0;
	}
	if (zone.name)
		err_set(e, ERR_REMOTE, "Route 53 told of a hosted zone without an id");
	route53_zone_release(&zone);
	return -1;
}

static void
take_zone(struct search *s, struct route53_zone *zone)
{
	str_printf(&s->list, "%s%s (%s)", s->found ? ", " : "", zone->id,
		   zone->is_private ? "private" : "public");
	if (s->found++ == 0) {
		s->first = *zone;
		*zone = (struct route53_zone){ 0 };
	}
}

/* They come sorted by name, from the one that was asked for on. */
static int
take_page(struct search *s, const struct xml_element *root, struct err *e)
{
	const struct xml_element *at = xml_child(xml_child(root, "HostedZones"), "HostedZone");
	bool is_over = strcmp(xml_text(root, "IsTruncated", ""), "true") != 0;

	for (; at; at = xml_next(at)) {
		struct route53_zone zone;

		if (zone_read(at, &zone, e) < 0)
			return -1;
		if (strcmp(zone.name, s->name) == 0)
			take_zone(s, &zone);
		else
			is_over = true;
		route53_zone_release(&zone);
	}
	str_clear(&s->next);
	if (!is_over) {
		char *name = http_encode(xml_text(root, "NextDNSName", ""));
		char *id = http_encode(xml_text(root, "NextHostedZoneId", ""));

		str_printf(&s->next, "hostedzonesbyname?dnsname=%s&hostedzoneid=%s&maxitems=100",
			   name, id);
		free(name);
		free(id);
	}
	return 0;
}

static int
search_by_name(struct route53 *r, struct search *s, const struct cancel *cancel, struct err *e)
{
	struct route53_call call = { .action = "ListHostedZonesByName", .cancel = cancel };
	char *spelled = route53_name_write(s->name), *encoded = http_encode(spelled);
	int rc = 0;

	str_printf(&s->next, "hostedzonesbyname?dnsname=%s&maxitems=100", encoded);
	for (int page = 0; rc == 0 && s->next.len && page < MAX_PAGES; page++) {
		char *path = str_take(&s->next);

		call.path = path;
		struct xml_element *root = route53_call(r, &call, e);
		rc = root ? take_page(s, root, e) : -1;
		xml_free(root);
		free(path);
	}
	free(spelled);
	free(encoded);
	return rc;
}

/* The same of two names would be luck: one may be what machines inside see, the other the world. */
static int
find_by_name(struct route53 *r, const char *name, const struct cancel *cancel, char **ret_id,
	     struct err *e)
{
	struct search s = { .name = name, .list = STR_INIT, .next = STR_INIT };
	int rc = search_by_name(r, &s, cancel, e);

	if (rc == 0 && s.found == 0) {
		rc = err_set(e, ERR_NOT_FOUND, "Route 53 has no hosted zone %s for %s", name,
			     r->who);
		err_advise(e, "Check the target's `zone`, and that the `profile` is of the zone's "
			      "account");
	} else if (rc == 0 && s.found > 1) {
		rc = err_set(e, ERR_SPEC,
			     "Route 53 has %d hosted zones %s: %s. Say which by the target's "
			     "`zone_id`",
			     s.found, name, s.list.data);
	}
	if (rc == 0)
		*ret_id = xstrdup(s.first.id);
	route53_zone_release(&s.first);
	str_release(&s.list);
	str_release(&s.next);
	return rc;
}

static void
take_name_servers(const struct xml_element *root, struct route53_zone *zone)
{
	const struct xml_element *at =
		xml_child(xml_child(xml_child(root, "DelegationSet"), "NameServers"), "NameServer");
	size_t count = 0;

	if (!at)
		return;
	zone->name_servers = xcalloc(MAX_NAME_SERVERS + 1, sizeof(*zone->name_servers));
	for (; at && count < MAX_NAME_SERVERS; at = xml_next(at)) {
		struct err ignored = ERR_INIT;
		char *name = route53_name_read(str_cstr(&at->text), &ignored);

		if (name)
			zone->name_servers[count++] = name;
	}
}

static int
zone_get(struct route53 *r, const char *id, const struct cancel *cancel,
	 struct route53_zone *ret_zone, struct err *e)
{
	char *path = xasprintf("hostedzone/%s", id);
	struct route53_call call = { .action = "GetHostedZone", .path = path, .cancel = cancel };
	struct xml_element *root = route53_call(r, &call, e);
	int rc = root ? zone_read(xml_child(root, "HostedZone"), ret_zone, e) : -1;

	if (rc == 0)
		take_name_servers(root, ret_zone);
	xml_free(root);
	free(path);
	return rc;
}

int
route53_zone_find(struct route53 *r, const char *name, const char *id, const struct cancel *cancel,
		  struct route53_zone *ret_zone, struct err *e)
{
	struct route53_zone zone = { 0 };
	char *wanted = route53_name_read(name, e), *bare = id ? route53_bare_id(id) : NULL;
	int rc = -1;

	if (!wanted)
		goto out;
	if (id && !bare) {
		err_set(e, ERR_SPEC, "\"%s\" is no id of a hosted zone, such as Z0123456789ABC",
			id);
		goto out;
	}
	if ((!id && find_by_name(r, wanted, cancel, &bare, e) < 0) ||
	    zone_get(r, bare, cancel, &zone, e) < 0)
		goto out;
	if (strcmp(zone.name, wanted) != 0) {
		err_set(e, ERR_SPEC,
			"the hosted zone %s is %s, and the target's `zone` %s: one of them is "
			"wrong",
			bare, zone.name, wanted);
		goto out;
	}
	*ret_zone = zone;
	zone = (struct route53_zone){ 0 };
	rc = 0;
out:
	route53_zone_release(&zone);
	free(wanted);
	free(bare);
	return rc;
}
