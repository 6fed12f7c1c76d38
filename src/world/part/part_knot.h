#ifndef LIFEBOAT_WORLD_PART_PART_KNOT_H
#define LIFEBOAT_WORLD_PART_PART_KNOT_H

#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/dns/dns.h"
#include "world/part/part_firewall.h"
#include "world/part/part_process.h"
#include "world/part/parts_internal.h"

/* One name server of a world: element of the world file's `zones`. */

/* A TSIG key, which zones may share. It stays until the end. */
struct part_key {
	struct dns_key key;
	struct part_key *next;
};

struct part_resolver;

struct part_zone {
	struct parts *parts;
	char *name; /* "example.com", without a final dot */
	char *address;
	int port, inside; /* where it is said to listen, and where it does */
	int64_t ttl_ms;	  /* of records that give none, before the speed */
	char *folder;
	const struct part_key *key;
	struct part_user user;
	struct part_firewall *front;
	struct part_process *process;
	struct part_resolver *resolvers;
	pthread_mutex_t lock; /* of changes */
	struct part_zone *next;
};

/* The key of that name, made and written to the world's folder where it is new. */
int part_key_get(struct parts *parts, const char *name, const struct part_key **ret_key,
		 struct err *e);
void part_keys_free(struct part_key *key);

/* "tsb", "@" or "tsb.example.com" as a name with its zone and a final dot. The caller frees. */
char *part_zone_owner(const struct part_zone *zone, const char *name);
/* A TTL as it goes to the server: in seconds, divided by the speed, at least 1. */
uint32_t part_zone_ttl(const struct part_zone *zone, int64_t ttl_ms);
/* The zone file of the declared records. Appended. Errors: ERR_SPEC names the record. */
int part_zone_text(const struct part_zone *zone, const cJSON *records, struct str *out,
		   struct err *e);

/* Where a name's server listens; false: it is in none of the world's zones. Any thread. */
bool part_zone_server(struct parts *parts, const char *name, struct sockaddr_in *ret_sa);

int part_zone_change(struct parts *parts, const cJSON *change, struct err *e);
/* Ask it and all after it to end, without waiting; free them. For parts_free(). */
void part_zones_ask_to_end(struct part_zone *zone);
void part_zones_free(struct part_zone *zone);

#endif
