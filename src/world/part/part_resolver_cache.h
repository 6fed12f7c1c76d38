#ifndef LIFEBOAT_WORLD_PART_PART_RESOLVER_CACHE_H
#define LIFEBOAT_WORLD_PART_PART_RESOLVER_CACHE_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What a resolver keeps, and what its messages look like. One thread. */
struct resolver_cache;

struct resolver_cache *resolver_cache_new(void);
void resolver_cache_free(struct resolver_cache *cache);

/* Keeps an answer to a question for as long as its records say; the answer becomes the cache's. */
void resolver_cache_put(struct resolver_cache *cache, const ldns_rr *question, ldns_pkt *answer,
			int64_t now_ms);
/* Until when an answer holds; 0: none is kept. */
int64_t resolver_cache_until(const struct resolver_cache *cache, const ldns_rr *question,
			     int64_t now_ms);
/* The reply to a query out of the cache, as it goes to the client. False: none is kept. */
bool resolver_cache_reply(const struct resolver_cache *cache, const ldns_pkt *query, bool tcp,
			  int64_t now_ms, struct str *out);

/* The reply that says no. Appended. */
void resolver_refuse(const ldns_pkt *query, ldns_pkt_rcode rcode, struct str *out);
/* The reply made of an answer that is not kept. Appended. */
void resolver_reply(const ldns_pkt *query, const ldns_pkt *answer, uint32_t age_s, bool tcp,
		    struct str *out);
/* The one question of a query; NULL where there is none or more. Borrowed. */
const ldns_rr *resolver_question(const ldns_pkt *query);
/* How long an answer holds, in seconds; 0: it is not to be kept. */
uint32_t resolver_ttl(const ldns_pkt *answer);

#endif
