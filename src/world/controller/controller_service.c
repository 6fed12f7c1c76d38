#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_service.h"

/* Services: the address of a load balancer, and where they lead. Their other addresses they get as they are admitted. */

static const char *
type_of(const cJSON *service)
{
	return json_string(service, "spec/type", "ClusterIP");
}

/* The memory of its thing: that the address is one that we gave. */
struct given {
	bool by_us;
};

static bool
is_address(const char *text)
{
	struct in6_addr any;

	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static bool
set_ingress(void *address, cJSON *service)
{
	cJSON *balancer = need_object(need_object(service, "status"), "loadBalancer"), *item;

	unset(balancer, "ingress");
	if (!address)
		return true;
	item = cJSON_CreateObject();
	json_add_string(item, is_address(address) ? "ip" : "hostname", address);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(balancer, "ingress"), item);
	return true;
}

static const char *
ingress_of(const struct thing *service)
{
	const cJSON *first = json_at(service->stored->object, "status/loadBalancer/ingress/0");

	return json_string(first, "ip", json_string(first, "hostname", ""));
}

static void
give_address(struct controllers *c, struct thing *service, struct given *given, const char *address)
{
	char *copy = xstrdup(address);

	if (!*ingress_of(service))
		event_tell(c, service->stored, "service-controller", NULL, NULL, "Normal",
			   "EnsuringLoadBalancer", "Ensuring load balancer");
	if (service->stored)
		write_change(c, service->stored, true, set_ingress, copy);
	if (service->stored) {
		given->by_us = true;
		event_tell(c, service->stored, "service-controller", NULL, NULL, "Normal",
			   "EnsuredLoadBalancer", "Ensured load balancer");
	}
	free(copy);
}

/* An address that the object came with stays, until somebody names another. */
static void
balance(struct controllers *c, struct thing *service)
{
	const char *address = NULL;
	struct given *given = service->memory;

	if (!given)
		given = service->memory = xcalloc(1, sizeof(*given));
	if (strcmp(type_of(service->stored->object), "LoadBalancer") == 0 && c->options.address)
		address = c->options.address(c->options.data, service->stored);
	if (address && strcmp(ingress_of(service), address) != 0) {
		give_address(c, service, given, address);
	} else if (!address && given->by_us && *ingress_of(service)) {
		write_change(c, service->stored, true, set_ingress, NULL);
	}
}

void
service_reconcile(struct controllers *c, struct thing *thing)
{
	if (thing_is_deleting(thing))
		return;
	balance(c, thing);
	if (thing->stored && json_at(thing->stored->object, "spec/selector"))
		endpoints_update(c, thing);
}
