#ifndef LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_SERVICE_H
#define LIFEBOAT_WORLD_CONTROLLER_CONTROLLER_SERVICE_H

#include "world/controller/controller_internal.h"

/* Writes the Endpoints and the EndpointSlice of a Service with a selector, where they are others now. */
void endpoints_update(struct controllers *c, struct thing *service);

#endif
