#ifndef LIFEBOAT_WORLD_API_API_PROTOBUF_H
#define LIFEBOAT_WORLD_API_API_PROTOBUF_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "world/object/refusal.h"

/*
 * The object in a body of type application/vnd.kubernetes.protobuf, which kubectl 1.32 and newer send of what they make with typed
 * clients (create namespace, configmap, secret, deployment …; auth can-i; scale). Only the messages that these make are known, and of
 * them the fields that they set; others are refused with 415. The caller deletes.
 * Source: k8s.io/apimachinery, pkg/runtime/generated.proto; generated.proto of each group of k8s.io/api.
 */
int api_protobuf_read(const char *body, size_t len, cJSON **ret, struct refusal *r);

#endif
