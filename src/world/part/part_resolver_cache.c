#include "config.h"

#include "world/part/part_resolver_cache.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum {
	KEPT_MAX = 256,	 /* answers; the one that would end first goes */
	PLAIN_UDP = 512, /* bytes, without EDNS */
	OUR_UDP = 1232,
};

struct kept {
	ldns_rdf *name;
	ldns_rr_type type;
	ldns_pkt *answer;
	int64_t from_ms, until_ms;
};

struct resolver_cache {
	struct kept items[KEPT_MAX];
	size_t count;
};

struct resolver_cache *
resolver_cache_new(void)
{
	return xcalloc(1, sizeof(struct resolver_cache));
}

static void
kept_release(struct kept *k)
{
	ldns_rdf_deep_free(k->name);
	ldns_pkt_free(k->answer);
}

void
resolver_cache_free(struct resolver_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		kept_release(&cache->items[i]);
	free(cache);
}

/* --- answers ---------------------------------------------------------------------------------------- */

const ldns_rr *
resolver_question(const ldns_pkt *query)
{
	return ldns_pkt_qdcount(query) == 1 ? ldns_rr_list_rr(ldns_pkt_question(query), 0) : NULL;
}

/* Of no data: what the SOA says. Source: RFC 2308, section 5. */
static uint32_t
negative_ttl(const ldns_pkt *answer)
{
	const ldns_rr_list *authority = ldns_pkt_authority(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) == 7) {
			uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));

			return minimum < ldns_rr_ttl(rr) ? minimum : ldns_rr_ttl(rr);
		}
	}
	return 0;
}

uint32_t
resolver_ttl(const ldns_pkt *answer)
{
	const ldns_rr_list *records = ldns_pkt_answer(answer);
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(answer);
	uint32_t ttl = UINT32_MAX;

	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
		return 0;
	if (ldns_rr_list_rr_count(records) == 0 || rcode == LDNS_RCODE_NXDOMAIN)
		return negative_ttl(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		uint32_t one = ldns_rr_ttl(ldns_rr_list_rr(records, i));

		ttl = one < ttl ? one : ttl;
	}
	return ttl;
}

/* --- the cache -------------------------------------------------------------------------------------- */

static const struct kept *
find(const struct resolver_cache *cache, const ldns_rr *question, int64_t now_ms)
{
	for (size_t i = 0; i < cache->count; i++) {
		const struct kept *k = &cache->items[i];

		if (k->type == ldns_rr_get_type(question) && k->until_ms > now_ms &&
		    ldns_dname_compare(k->name, ldns_rr_owner(question)) == 0)
			return k;
	}
	return NULL;
}

static struct kept *
place_for(struct resolver_cache *cache, const ldns_rr *question)
{
	struct kept *first = &cache->items[0];

	for (size_t i = 0; i < cache->count; i++) {
		struct kept *k = &cache->items[i];

		if (k->type == ldns_rr_get_type(question) &&
		    ldns_dname_compare(k->name, ldns_rr_owner(question)) == 0)
			return k;
		if (k->until_ms < first->until_ms)
			first = k;
	}
	return cache->count < KEPT_MAX ? &cache->items[cache->count++] : first;
}

void
resolver_cache_put(struct resolver_cache *cache, const ldns_rr *question, ldns_pkt *answer,
		   int64_t now_ms)
{
	struct kept *place = place_for(cache, question);

	kept_release(place);
	*place = (struct kept){ .name = ldns_rdf_clone(ldns_rr_owner(question)),
				.type = ldns_rr_get_type(question),
				.answer = answer,
				.from_ms = now_ms,
				.until_ms = now_ms + (int64_t)resolver_ttl(answer) * 1000 };
}

int64_t
resolver_cache_until(const struct resolver_cache *cache, const ldns_rr *question, int64_t now_ms)
{
	const struct kept *k = find(cache, question, now_ms);

	return k ? k->until_ms : 0;
}

bool
resolver_cache_reply(const struct resolver_cache *cache, const ldns_pkt *query, bool tcp,
		     int64_t now_ms, struct str *out)
{
	const struct kept *k = find(cache, resolver_question(query), now_ms);

	if (!k)
		return false;
	resolver_reply(query, k->answer, (uint32_t)((now_ms - k->from_ms) / 1000), tcp, out);
	return true;
}

/* --- messages --------------------------------------------------------------------------------------- */

static ldns_rr_list *
aged(const ldns_rr_list *records, uint32_t age_s)
{
	ldns_rr_list *copy = ldns_rr_list_clone(records);

	for (size_t i = 0; copy && i < ldns_rr_list_rr_count(copy); i++) {
		ldns_rr *rr = ldns_rr_list_rr(copy, i);
		uint32_t ttl = ldns_rr_ttl(rr);

		ldns_rr_set_ttl(rr, ttl > age_s ? ttl - age_s : 0);
	}
	return copy;
}

/* The records become the packet's. */
static void
push(ldns_pkt *packet, ldns_pkt_section section, ldns_rr_list *records)
{
	if (records)
		ldns_pkt_push_rr_list(packet, section, records);
	ldns_rr_list_free(records);
}

/* An empty reply to a query. Source: RFC 1035, 4.1.1; RFC 6891, section 7. */
static ldns_pkt *
begin_reply(const ldns_pkt *query, ldns_pkt_rcode rcode)
{
	ldns_pkt *reply = ldns_pkt_new();
	ldns_rr_list *question = ldns_rr_list_clone(ldns_pkt_question(query));

	ldns_pkt_set_id(reply, ldns_pkt_id(query));
	ldns_pkt_set_qr(reply, true);
	ldns_pkt_set_opcode(reply, ldns_pkt_get_opcode(query));
	ldns_pkt_set_rd(reply, ldns_pkt_rd(query));
	ldns_pkt_set_ra(reply, true);
	ldns_pkt_set_cd(reply, ldns_pkt_cd(query));
	ldns_pkt_set_rcode(reply, (uint8_t)rcode);
	if (ldns_pkt_edns(query))
		ldns_pkt_set_edns_udp_size(reply, OUR_UDP);
	push(reply, LDNS_SECTION_QUESTION, question);
	return reply;
}

static void
append_wire(const ldns_pkt *reply, struct str *out)
{
	uint8_t *wire = NULL;
	size_t len = 0;

	if (ldns_pkt2wire(&wire, reply, &len) == LDNS_STATUS_OK)
		str_append_bytes(out, wire, len);
	LDNS_FREE(wire);
}

void
resolver_refuse(const ldns_pkt *query, ldns_pkt_rcode rcode, struct str *out)
{
	ldns_pkt *reply = begin_reply(query, rcode);

	append_wire(reply, out);
	ldns_pkt_free(reply);
}

static size_t
room_for(const ldns_pkt *query, bool tcp)
{
	size_t size = ldns_pkt_edns(query) ? ldns_pkt_edns_udp_size(query) : PLAIN_UDP;

	if (tcp)
		return UINT16_MAX;
	return size < PLAIN_UDP ? PLAIN_UDP : size;
}

void
resolver_reply(const ldns_pkt *query, const ldns_pkt *answer, uint32_t age_s, bool tcp,
	       struct str *out)
{
	ldns_pkt *reply = begin_reply(query, ldns_pkt_get_rcode(answer));
	ldns_rr_list *records = aged(ldns_pkt_answer(answer), age_s);
	ldns_rr_list *authority = aged(ldns_pkt_authority(answer), age_s);
	size_t before = out->len;

	push(reply, LDNS_SECTION_ANSWER, records);
	push(reply, LDNS_SECTION_AUTHORITY, authority);
	append_wire(reply, out);
	ldns_pkt_free(reply);
	if (out->len - before <= room_for(query, tcp))
		return;
	out->len = before;
	reply = begin_reply(query, ldns_pkt_get_rcode(answer));
	ldns_pkt_set_tc(reply, true);
	append_wire(reply, out);
	ldns_pkt_free(reply);
}
