#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/world_internal.h"

/* A world has a network of its own in 127/8, where each of its servers has an address. */

enum { ATTEMPTS = 64, FIRST_BYTE = 16, BYTES = 200 };

/* A socket that is bound there, or -1: errno says why. */
static int
bound(const char *prefix, int last_byte, int port, int type)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	char address[32];
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	snprintf(address, sizeof(address), "%s%d", prefix, last_byte);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (inet_pton(AF_INET, address, &sa.sin_addr) == 1 &&
	    bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    (type != SOCK_STREAM || listen(fd, 1) == 0))
		return fd;
	close(fd);
	return -1;
}

static bool
is_free(const char *prefix, const cJSON *spec, int port, int type)
{
	int fd = bound(prefix, (int)json_int(spec, "address", 0), port, type);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
all_free(const char *prefix, const cJSON *document)
{
	const cJSON *spec, *port;

	cJSON_ArrayForEach(spec, json_at(document, "clusters"))
		if (!is_free(prefix, spec, WORLD_API_PORT, SOCK_STREAM))
			return false;
	cJSON_ArrayForEach(spec, json_at(document, "databases"))
		if (!is_free(prefix, spec, (int)json_int(spec, "port", 5432), SOCK_STREAM))
			return false;
	cJSON_ArrayForEach(spec, json_at(document, "zones"))
		if (!is_free(prefix, spec, (int)json_int(spec, "port", 5353), SOCK_STREAM) ||
		    !is_free(prefix, spec, (int)json_int(spec, "port", 5353), SOCK_DGRAM))
			return false;
	cJSON_ArrayForEach(spec, json_at(document, "zones"))
		cJSON_ArrayForEach(port, json_at(spec, "resolvers"))
			if (!is_free(prefix, port, (int)json_int(port, "port", 5353), SOCK_DGRAM))
				return false;
	cJSON_ArrayForEach(spec, json_at(document, "sites"))
		cJSON_ArrayForEach(port, json_at(spec, "ports"))
			if (!is_free(prefix, spec, port->valueint, SOCK_STREAM))
				return false;
	return true;
}

/* "127.16.23." */
static void
make_prefix(uint64_t where, char *prefix, size_t size)
{
	snprintf(prefix, size, "127.%d.%d.", FIRST_BYTE + (int)(where / BYTES % BYTES),
		 FIRST_BYTE + (int)(where % BYTES));
}

/* Seeds may have the same network, and somebody else may listen there. */
static void
say_moved(struct world *world)
{
	char usual[sizeof(world->prefix)];

	make_prefix(world->options.seed, usual, sizeof(usual));
	world_remark(world, "%s0/24 is taken by another world or server: this world is in %s0/24",
		     usual, world->prefix);
}

/* One world after the other gets the same network for the same seed. */
int
world_network_choose(struct world *world, struct err *e)
{
	for (uint64_t i = 0; i < ATTEMPTS; i++) {
		make_prefix(world->options.seed + i, world->prefix, sizeof(world->prefix));
		world->marker_fd = bound(world->prefix, 1, WORLD_API_PORT, SOCK_STREAM);
		if (world->marker_fd >= 0 &&
		    all_free(world->prefix, world->options.spec->document)) {
			if (i > 0)
				say_moved(world);
			return 0;
		}
		if (world->marker_fd >= 0)
			close(world->marker_fd);
		world->marker_fd = -1;
	}
	return err_set(e, ERR_NET,
		       "no network in 127/8 has all the addresses and ports free that the world "
		       "needs, %d were tried; the last one was %s0/24. Ports below 1024 are for "
		       "root alone: does the world file ask for one?",
		       ATTEMPTS, world->prefix);
}

char *
world_address(const struct world *world, const cJSON *spec)
{
	return xasprintf("%s%lld", world->prefix, (long long)json_int(spec, "address", 0));
}
