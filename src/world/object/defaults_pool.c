#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/object/defaults.h"

enum {
	FIRST_ADDRESS = 256, /* of the network's: those before are for a cluster's own services */
	LAST_ADDRESS = 0xffffe,
	FIRST_PORT = 30000,
	LAST_PORT = 32767,
	TRIES = 1000,
};

static uint32_t
choose(uint32_t first, uint32_t last)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		abort(); /* only where the kernel has no such call */
	return first + number % (last - first + 1);
}

static bool
has_address(const cJSON *service, const void *address)
{
	return strcmp(json_string(service, "spec/clusterIP", ""), address) == 0;
}

static bool
has_port(const cJSON *service, const void *port)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(service, "spec/ports"))
		if (json_int(item, "nodePort", 0) == *(const int *)port)
			return true;
	return json_int(service, "spec/healthCheckNodePort", 0) == *(const int *)port;
}

static bool
is_taken(const struct defaults_pool *pool, bool (*has)(const cJSON *service, const void *what),
	 const void *what)
{
	const struct kind *kind = kinds_by_resource(pool->kinds, "", "v1", "services");
	uint64_t version;
	size_t count;
	bool taken = false;

	if (!kind)
		return false;
	const struct stored **services = store_list(pool->store, kind, NULL, &count, &version);
	for (size_t i = 0; i < count; i++) {
		taken = taken || has(services[i]->object, what);
		stored_drop(services[i]);
	}
	free(services);
	return taken;
}

char *
defaults_free_address(void *pool)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t n = choose(FIRST_ADDRESS, LAST_ADDRESS);
		char *address = xasprintf("10.%u.%u.%u", 96 + (n >> 16), (n >> 8) & 0xff, n & 0xff);

		if (!is_taken(pool, has_address, address))
			return address;
		free(address);
	}
	return NULL;
}

int
defaults_free_port(void *pool)
{
	for (int i = 0; i < TRIES; i++) {
		int port = (int)choose(FIRST_PORT, LAST_PORT);

		if (!is_taken(pool, has_port, &port))
			return port;
	}
	return 0;
}
