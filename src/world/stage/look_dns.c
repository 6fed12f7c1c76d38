#include "config.h"

#include "world/stage/look_dns.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "net/socket/address.h"

enum {
	ENTRIES_MAX = 256, /* the oldest is forgotten for a new one */
	CHAIN_MAX = 8,	   /* CNAMEs from one answer to the next */
};

/* What one resolver, or somebody behind it, remembers of one name. */
struct entry {
	char *key; /* who, a space, the name */
	int64_t until_ms;
	struct dns_addresses addresses; /* none: there is no such name */
};

struct dns_memory {
	pthread_mutex_t lock;
	struct entry entries[ENTRIES_MAX];
	size_t count, next;
	int64_t no_max_ms;
};

struct dns_memory *
dns_memory_new(int64_t no_max_ms)
{
	struct dns_memory *memory = xcalloc(1, sizeof(*memory));

	memory->no_max_ms = no_max_ms;
	pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

void
dns_memory_free(struct dns_memory *memory)
{
	if (!memory)
		return;
	for (size_t i = 0; i < memory->count; i++)
		free(memory->entries[i].key);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

void
dns_wish_release(struct dns_wish *wish)
{
	free(wish->resolver);
	free(wish->own);
	free(wish->server);
	free(wish->name);
	*wish = (struct dns_wish){ 0 };
}

bool
dns_wish_same(const struct dns_wish *a, const struct dns_wish *b)
{
	return str_equal(a->resolver, b->resolver) && str_equal(a->own, b->own) &&
	       str_equal(a->server, b->server) && str_equal(a->name, b->name) &&
	       a->port == b->port && a->keeps_ms == b->keeps_ms && a->timeout_ms == b->timeout_ms;
}

/* ---- what is remembered ---- */

/* With the lock held. */
static struct entry *
find(struct dns_memory *memory, const char *key)
{
	for (size_t i = 0; i < memory->count; i++)
		if (strcmp(memory->entries[i].key, key) == 0)
			return &memory->entries[i];
	return NULL;
}

static bool
recall(struct dns_memory *memory, const char *who, const char *name,
       struct dns_addresses *ret_addresses)
{
	char *key = xasprintf("%s %s", who, name);
	bool fresh;

	pthread_mutex_lock(&memory->lock);
	const struct entry *entry = find(memory, key);
	fresh = entry && entry->until_ms > clock_mono_ms();
	if (fresh)
		*ret_addresses = entry->addresses;
	pthread_mutex_unlock(&memory->lock);
	free(key);
	return fresh;
}

static void
keep(struct dns_memory *memory, const char *who, const char *name,
     const struct dns_addresses *addresses, int64_t keeps_ms)
{
	char *key = xasprintf("%s %s", who, name);

	pthread_mutex_lock(&memory->lock);
	struct entry *entry = find(memory, key);
	if (!entry) {
		entry = &memory->entries[memory->next];
		memory->next = (memory->next + 1) % ENTRIES_MAX;
		if (memory->count < ENTRIES_MAX)
			memory->count++;
		free(entry->key);
		entry->key = key;
		key = NULL;
	}
	entry->until_ms = clock_mono_ms() + keeps_ms;
	entry->addresses = *addresses;
	pthread_mutex_unlock(&memory->lock);
	free(key);
}

void
dns_remember(struct dns_memory *memory, const char *own, const char *name, const char *address,
	     int64_t keeps_ms)
{
	struct dns_addresses addresses = { .count = 1 };

	snprintf(addresses.items[0], sizeof(addresses.items[0]), "%s", address);
	keep(memory, own, name, &addresses, keeps_ms);
}

/* ---- asking ---- */

static int
fail(const struct dns_wish *wish, const char *what, struct str *why)
{
	str_printf(why, "lookup %s", wish->name);
	if (wish->server)
		str_printf(why, " on %s:%d", wish->server, wish->port);
	str_printf(why, ": %s", what);
	return -1;
}

static const char *
words_of(enum err_kind kind)
{
	if (kind == ERR_TIMEOUT)
		return "i/o timeout";
	return kind == ERR_NET ? "read: connection refused" : "server misbehaving";
}

static void
take_values(const struct dns_answer *answer, struct dns_addresses *addresses)
{
	for (size_t i = 0; i < answer->count && addresses->count < DNS_ADDRESSES_MAX; i++)
		snprintf(addresses->items[addresses->count++], INET6_ADDRSTRLEN, "%s",
			 answer->values[i]);
}

static uint32_t
shortest_ttl(const struct dns_answer *answer, uint32_t ttl)
{
	if (answer->count && answer->ttl < ttl)
		ttl = answer->ttl;
	for (size_t i = 0; i < answer->chain_count; i++)
		if (answer->chain[i].ttl < ttl)
			ttl = answer->chain[i].ttl;
	if (!answer->count && answer->negative_ttl < ttl)
		ttl = answer->negative_ttl;
	return ttl;
}

/* Asks for `type` and follows CNAMEs. *ret_ttl is how long all of it may be kept. */
static int
ask_server(const struct dns_wish *wish, const char *type, const struct cancel *cancel,
	   struct dns_addresses *addresses, uint32_t *ret_ttl, struct str *why)
{
	const struct dns_server server = { wish->server, wish->port };
	char *name = xstrdup(wish->name);
	uint32_t ttl = UINT32_MAX;
	int rc = 0;

	for (int hop = 0; rc == 0 && name && hop < CHAIN_MAX; hop++) {
		struct dns_answer answer = { 0 };
		struct err e = ERR_INIT;

		if (dns_query(&server, name, type, true, wish->timeout_ms, 1, cancel, &answer, &e) <
		    0) {
			rc = fail(wish, words_of(e.kind), why);
		} else if (strcmp(answer.rcode, "NOERROR") != 0 &&
			   strcmp(answer.rcode, "NXDOMAIN") != 0) {
			rc = fail(wish, "server misbehaving", why);
		} else {
			take_values(&answer, addresses);
			ttl = shortest_ttl(&answer, ttl);
		}
		free(name);
		name = rc == 0 && answer.chain_open ? xstrdup(answer.cname) : NULL;
		dns_answer_release(&answer);
	}
	free(name);
	*ret_ttl = ttl;
	return rc;
}

/* Through the resolver: what it remembers, or what it is told. */
static int
resolve_shared(struct dns_memory *memory, const struct dns_wish *wish, const struct cancel *cancel,
	       struct dns_addresses *addresses, struct str *why)
{
	int64_t keeps_ms;
	uint32_t ttl;

	if (recall(memory, wish->resolver, wish->name, addresses))
		return 0;
	if (!wish->server)
		return fail(wish, "no such host", why);
	if (ask_server(wish, "A", cancel, addresses, &ttl, why) < 0)
		return -1;
	if (addresses->count == 0 && ask_server(wish, "AAAA", cancel, addresses, &ttl, why) < 0)
		return -1;
	keeps_ms = (int64_t)ttl * 1000;
	if (addresses->count == 0 && keeps_ms > memory->no_max_ms)
		keeps_ms = memory->no_max_ms;
	keep(memory, wish->resolver, wish->name, addresses, keeps_ms);
	return 0;
}

int
dns_resolve(struct dns_memory *memory, const struct dns_wish *wish, const struct cancel *cancel,
	    struct dns_addresses *ret_addresses, struct str *why)
{
	struct dns_addresses found = { .count = 0 };

	if (address_is_numeric(wish->name)) {
		found.count = 1;
		snprintf(found.items[0], sizeof(found.items[0]), "%s", wish->name);
	} else if (!wish->own || !recall(memory, wish->own, wish->name, &found)) {
		if (resolve_shared(memory, wish, cancel, &found, why) < 0)
			return -1;
		if (wish->own && found.count)
			keep(memory, wish->own, wish->name, &found, wish->keeps_ms);
	}
	if (found.count == 0)
		return fail(wish, "no such host", why);
	*ret_addresses = found;
	return 0;
}

/* ---- the look ---- */

static void
look(void *ask, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct look_resolve *wanted = ask;
	struct dns_addresses addresses = { .count = 0 };
	struct str seen = STR_INIT;
	bool holds = false;

	if (dns_resolve(wanted->memory, &wanted->wish, cancel, &addresses, &seen) == 0)
		holds = !wanted->to;
	for (size_t i = 0; i < addresses.count; i++) {
		str_printf(&seen, "%s%s", i ? ", " : "", addresses.items[i]);
		holds = holds || strcmp(addresses.items[i], wanted->to) == 0;
	}
	*ret_answer = (struct look_answer){ .holds = holds, .seen = str_take(&seen) };
	if (addresses.count)
		ret_answer->value = cJSON_CreateString(addresses.items[0]);
}

static bool
same(const void *ask, const void *other)
{
	const struct look_resolve *a = ask, *b = other;

	return dns_wish_same(&a->wish, &b->wish) && str_equal(a->to, b->to);
}

static void
free_ask(void *ask)
{
	struct look_resolve *wanted = ask;

	dns_wish_release(&wanted->wish);
	free(wanted->to);
	free(wanted);
}

const struct look_kind look_resolve_kind = { .run = look, .same = same, .free = free_ask };
