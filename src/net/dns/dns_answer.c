#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns_rr.h"

/* What a response says about the question, taken out of ldns's packet. */

static void
hop_release(struct dns_hop *hop)
{
	free(hop->owner);
	free(hop->target);
}

void
dns_answer_release(struct dns_answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->values[i]);
	for (size_t i = 0; i < a->chain_count; i++)
		hop_release(&a->chain[i]);
	free(a->values);
	free(a->chain);
	free(a->server);
	free(a->rcode);
	free(a->cname);
	free(a->followed);
	*a = (struct dns_answer){ 0 };
}

static char *
chain_text(const struct dns_answer *answer, const char *last)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < answer->chain_count; i++)
		str_printf(&out, "%s -> ", answer->chain[i].owner);
	str_append(&out, last);
	return str_take(&out);
}

int
dns_answer_add_hop(struct dns_answer *answer, struct dns_hop hop, struct err *e)
{
	bool again = answer->chain_count == DNS_CHAIN_MAX;
	char *text;

	if (!answer->chain)
		answer->chain = xcalloc(DNS_CHAIN_MAX + 1, sizeof(*answer->chain));
	if (again)
		hop_release(&hop);
	else
		answer->chain[answer->chain_count++] = hop;
	if (again)
		return err_set(e, ERR_REMOTE, "more than %d CNAMEs lead from one to the next",
			       DNS_CHAIN_MAX);
	free(answer->cname);
	answer->cname = xstrdup(hop.target);
	for (size_t i = 0; i < answer->chain_count; i++)
		again = again || strcmp(answer->chain[i].owner, hop.target) == 0;
	if (hop.ttl > answer->longest_ttl)
		answer->longest_ttl = hop.ttl;
	if (!again)
		return 0;
	text = chain_text(answer, hop.target);
	err_set(e, ERR_REMOTE, "the CNAMEs lead in a circle (%s)", text);
	free(text);
	return -1;
}

static char *
take_text(char *ldns_text)
{
	char *text = xstrdup(ldns_text ? ldns_text : "?");

	LDNS_FREE(ldns_text);
	return text;
}

static char *
name_text(const ldns_rdf *name)
{
	ldns_rdf *lower = ldns_rdf_clone(name);
	char *text;

	ldns_dname2canonical(lower);
	text = take_text(ldns_rdf2str(lower));
	ldns_rdf_deep_free(lower);
	return text;
}

static const ldns_rr *
find_cname(const ldns_rr_list *list, const ldns_rdf *owner)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && ldns_rr_rd_count(rr) == 1 &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
			return rr;
	}
	return NULL;
}

/* The name at the end of the CNAME chain that starts at `name`, borrowed from the packet; NULL: an error. */
static const ldns_rdf *
follow_cnames(struct dns_answer *answer, const ldns_rr_list *list, const ldns_rdf *name,
	      struct err *e)
{
	const ldns_rr *rr;

	while ((rr = find_cname(list, name))) {
		struct dns_hop hop = { .owner = name_text(name),
				       .target = name_text(ldns_rr_rdf(rr, 0)),
				       .ttl = ldns_rr_ttl(rr) };

		if (dns_answer_add_hop(answer, hop, e) < 0)
			return NULL;
		name = ldns_rr_rdf(rr, 0);
	}
	return name;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
take_values(struct dns_answer *answer, const ldns_rr_list *list, const ldns_rdf *owner,
	    ldns_rr_type type)
{
	size_t most = ldns_rr_list_rr_count(list);

	answer->values = xcalloc(most + 1, sizeof(*answer->values));
	for (size_t i = 0; i < most; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) != type ||
		    ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
			continue;
		if (answer->count == 0 || ldns_rr_ttl(rr) < answer->ttl)
			answer->ttl = ldns_rr_ttl(rr);
		answer->values[answer->count++] = dns_rr_value(rr);
	}
	qsort(answer->values, answer->count, sizeof(*answer->values), compare_texts);
	if (answer->ttl > answer->longest_ttl)
		answer->longest_ttl = answer->ttl;
}

static const ldns_rr *
find_soa(const ldns_rr_list *authority)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) == 7)
			return rr;
	}
	return NULL;
}

/* How long a resolver may keep "no such thing". Source: RFC 2308, 5. */
static uint32_t
negative_ttl(const ldns_rr *soa)
{
	uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(soa, 6));

	return minimum < ldns_rr_ttl(soa) ? minimum : ldns_rr_ttl(soa);
}

/* The upper bits of an answer's code are in its EDNS record. Source: RFC 6891, 6.1.3. */
static char *
rcode_text(const ldns_pkt *packet)
{
	int code = ldns_pkt_edns_extended_rcode(packet) << 4 | (int)ldns_pkt_get_rcode(packet);

	if (code == 16)
		return xstrdup("BADVERS");
	if (code > 16)
		return xasprintf("RCODE%d", code);
	return take_text(ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet)));
}

int
dns_answer_take(struct dns_answer *answer, const ldns_pkt *packet, const ldns_rdf *name,
		ldns_rr_type type, struct err *e)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);
	const ldns_rr *soa = find_soa(ldns_pkt_authority(packet));
	const ldns_rdf *owner = name;

	answer->rcode = rcode_text(packet);
	answer->authoritative = ldns_pkt_aa(packet);
	if (type != LDNS_RR_TYPE_CNAME)
		owner = follow_cnames(answer, list, name, e);
	if (!owner)
		return -1;
	take_values(answer, list, owner, type);
	if (answer->count == 0 && soa)
		answer->negative_ttl = negative_ttl(soa);
	answer->chain_open = answer->chain_count && answer->count == 0 && !soa &&
			     strcmp(answer->rcode, "NOERROR") == 0;
	return 0;
}
