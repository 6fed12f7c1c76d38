#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/route53/route53_name.h"
#include "net/route53/route53_private.h"

enum { MAX_SETS = 1000, PAGE = 100 };

/* What makes a set one of several of its name and type, and how it is called. */
static const struct {
	const char *element, *what;
} routings[] = {
	{ "Weight", "weighted" },
	{ "Region", "latency" },
	{ "GeoLocation", "geolocation" },
	{ "GeoProximityLocation", "geoproximity" },
	{ "CidrRoutingConfig", "IP-based" },
	{ "Failover", "failover" },
	{ "MultiValueAnswer", "multivalue" },
};

/* The sets of one name, as they are found, and where the next page begins. */
struct listing {
	const char *name;
	struct route53_rrsets sets;
	struct str next;
	bool is_over;
};

static void
rrset_release(struct route53_rrset *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->values[i]);
	free(set->values);
	free(set->name);
	free(set->type);
	free(set->peculiarity);
}

void
route53_rrsets_release(struct route53_rrsets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		rrset_release(&sets->items[i]);
	free(sets->items);
	*sets = (struct route53_rrsets){ 0 };
}

/* NULL for a plain set; the caller frees. */
static char *
peculiarity_of(const struct xml_element *element)
{
	const struct xml_element *alias = xml_child(element, "AliasTarget");
	const char *identifier = xml_text(element, "SetIdentifier", NULL), *what = "routed";
	const char *check = xml_text(element, "HealthCheckId", NULL);
	struct str out = STR_INIT;

	for (size_t i = 0; i < sizeof(routings) / sizeof(*routings); i++)
		if (xml_child(element, routings[i].element))
			what = routings[i].what;
	if (alias)
		str_printf(&out, "an alias of %s", xml_text(alias, "DNSName", "something"));
	if (identifier)
		str_printf(&out, "%sone of several %s sets (\"%s\")", out.len ? ", " : "", what,
			   identifier);
	if (check)
		str_printf(&out, "%sbound to the health check %s", out.len ? ", " : "", check);
	if (xml_child(element, "TrafficPolicyInstanceId"))
		str_printf(&out, "%smade by a traffic policy", out.len ? ", " : "");
	return out.len ? str_take(&out) : NULL;
}

static void
take_values(const struct xml_element *element, struct route53_rrset *set)
{
	const struct xml_element *at =
		xml_child(xml_child(element, "ResourceRecords"), "ResourceRecord");
	size_t cap = 0;

	for (; at; at = xml_next(at))
		*VEC_PUSH(set->values, set->count, cap) = xstrdup(xml_text(at, "Value", ""));
	*VEC_PUSH(set->values, set->count, cap) = NULL;
	set->count--; /* the terminator does not count */
}

static struct route53_rrset
rrset_read(const struct xml_element *element)
{
	struct route53_rrset set = {
		.name = xstrdup(xml_text(element, "Name", "")),
		.type = xstrdup(xml_text(element, "Type", "")),
		.ttl = (uint32_t)strtoul(xml_text(element, "TTL", "0"), NULL, 10),
		.peculiarity = peculiarity_of(element),
	};

	take_values(element, &set);
	return set;
}

static void
set_next(struct listing *l, const struct xml_element *root)
{
	const char *identifier = xml_text(root, "NextRecordIdentifier", NULL);
	char *name = http_encode(xml_text(root, "NextRecordName", ""));
	char *type = http_encode(xml_text(root, "NextRecordType", ""));

	if (identifier) {
		char *encoded = http_encode(identifier);

		str_printf(&l->next, "identifier=%s&", encoded);
		free(encoded);
	}
	str_printf(&l->next, "maxitems=%d&name=%s&type=%s", PAGE, name, type);
	free(name);
	free(type);
}

/* They come sorted by name, from the one that was asked for on. */
static int
take_page(struct listing *l, const struct xml_element *root, struct err *e)
{
	const struct xml_element *at =
		xml_child(xml_child(root, "ResourceRecordSets"), "ResourceRecordSet");

	for (; at && !l->is_over; at = xml_next(at)) {
		struct err ignored = ERR_INIT;
		char *name = route53_name_read(xml_text(at, "Name", ""), &ignored);

		l->is_over = !name || strcmp(name, l->name) != 0;
		free(name);
		if (l->is_over)
			break;
		if (l->sets.count == MAX_SETS)
			return err_set(e, ERR_REMOTE, "Route 53 has more than %d record sets of %s",
				       MAX_SETS, l->name);
		*VEC_PUSH(l->sets.items, l->sets.count, l->sets.cap) = rrset_read(at);
	}
	str_clear(&l->next);
	if (strcmp(xml_text(root, "IsTruncated", ""), "true") != 0)
		l->is_over = true;
	if (!l->is_over)
		set_next(l, root);
	return 0;
}

static int
list_page(struct route53 *r, const struct route53_zone *zone, struct listing *l,
	  const struct cancel *cancel, struct err *e)
{
	char *path = xasprintf("hostedzone/%s/rrset?%s", zone->id, str_cstr(&l->next));
	struct route53_call call = { .action = "ListResourceRecordSets",
				     .path = path,
				     .cancel = cancel };
	struct xml_element *root = route53_call(r, &call, e);
	int rc = root ? take_page(l, root, e) : -1;

	xml_free(root);
	free(path);
	return rc;
}

int
route53_list(struct route53 *r, const struct route53_zone *zone, const char *name,
	     const struct cancel *cancel, struct route53_rrsets *ret_rrsets, struct err *e)
{
	struct listing l = { .name = name, .next = STR_INIT };
	char *spelled = route53_name_write(name), *encoded = http_encode(spelled);
	int rc = 0;

	str_printf(&l.next, "maxitems=%d&name=%s", PAGE, encoded);
	for (int page = 0; rc == 0 && !l.is_over && page <= MAX_SETS / PAGE; page++)
		rc = list_page(r, zone, &l, cancel, e);
	if (rc == 0 && !l.is_over)
		rc = err_set(e, ERR_REMOTE, "Route 53 never came to the end of %s", name);
	if (rc == 0)
		*ret_rrsets = l.sets;
	else
		route53_rrsets_release(&l.sets);
	str_release(&l.next);
	free(spelled);
	free(encoded);
	return rc;
}
