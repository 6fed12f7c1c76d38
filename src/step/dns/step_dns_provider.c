#include "config.h"

#include "step/dns/step_dns_provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "step/dns/step_dns_route53.h"

/* Those who take changes, by the word of the target's `provider`. The first is who it is if none is named. */
static const struct dns_provider *const providers[] = {
	&dns_provider_rfc2136,
	&dns_provider_route53,
};

const char *const dns_types_beside[] = {
	"A",   "AAAA", "MX",	"TXT",	 "NS",	  "SOA",   "SRV", "CAA",
	"PTR", "TLSA", "NAPTR", "DNAME", "SSHFP", "HTTPS", "LOC", NULL,
};

int
dns_provider_find(const cJSON *target_spec, const struct dns_provider **ret_provider, struct err *e)
{
	const char *name = step_optional(target_spec, "provider");

	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		if (name && strcmp(name, providers[i]->name) != 0)
			continue;
		*ret_provider = providers[i];
		return 0;
	}
	return err_set(e, ERR_SPEC, "there is no provider of DNS records called %s", name);
}

char *
dns_name_plain(const char *text, struct err *e)
{
	char *name = dns_normalise("NS", text, NULL);
	size_t len = name ? strlen(name) : 0;

	if (len < 2) { /* the root is nobody's to change */
		free(name);
		return err_set(e, ERR_SPEC, "\"%s\" is no DNS name", text), NULL;
	}
	name[len - 1] = '\0';
	return name;
}

bool
dns_name_is_in(const char *name, const char *zone)
{
	size_t len = strlen(name), zone_len = strlen(zone);

	if (len <= zone_len)
		return strcmp(name, zone) == 0;
	return name[len - zone_len - 1] == '.' && strcmp(name + len - zone_len, zone) == 0;
}

void
dns_rrset_release(struct dns_rrset *rrset)
{
	step_texts_release(&rrset->values);
	rrset->ttl = 0;
}

void
dns_rrset_copy(const struct dns_rrset *from, struct dns_rrset *ret_copy)
{
	*ret_copy = (struct dns_rrset){ .ttl = from->ttl };
	for (size_t i = 0; i < from->values.count; i++)
		step_texts_push(&ret_copy->values, xstrdup(from->values.items[i]));
}

char *
dns_rrset_text(const struct dns_rrset *rrset)
{
	return step_texts_join(&rrset->values);
}

bool
dns_rrset_equal(const struct dns_rrset *a, const struct dns_rrset *b)
{
	return step_texts_equal(&a->values, &b->values) &&
	       (a->values.count == 0 || a->ttl == b->ttl);
}

bool
dns_change_is_condition(const struct dns_change *change)
{
	return dns_rrset_equal(&change->was, &change->becomes);
}

struct dns_change *
dns_changes_find(const struct dns_changes *changes, const char *name, const char *type)
{
	for (size_t i = 0; i < changes->count; i++)
		if (strcmp(changes->items[i].name, name) == 0 &&
		    strcmp(changes->items[i].type, type) == 0)
			return &changes->items[i];
	return NULL;
}

void
dns_changes_release(struct dns_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].name);
		free(changes->items[i].type);
		dns_rrset_release(&changes->items[i].was);
		dns_rrset_release(&changes->items[i].becomes);
	}
	free(changes->items);
	*changes = (struct dns_changes){ 0 };
}

void
dns_sightings_push(struct dns_sightings *sightings, struct dns_sighting sighting)
{
	*VEC_PUSH(sightings->items, sightings->count, sightings->cap) = sighting;
}

void
dns_sightings_release(struct dns_sightings *sightings)
{
	for (size_t i = 0; i < sightings->count; i++) {
		free(sightings->items[i].place);
		free(sightings->items[i].text);
		free(sightings->items[i].serial);
		dns_rrset_release(&sightings->items[i].rrset);
	}
	free(sightings->items);
	*sightings = (struct dns_sightings){ 0 };
}
