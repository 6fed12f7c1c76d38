#ifndef LIFEBOAT_WORLD_OPENAPI_OPENAPI_H
#define LIFEBOAT_WORLD_OPENAPI_OPENAPI_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"
#include "world/object/kind.h"

/*
 * The schemas of a cluster's kinds, as kubectl wants them: it looks up which parameters a PATCH takes (dryRun, fieldManager,
 * fieldValidation), how lists are merged, and what `kubectl explain` says. Fields come from a table; of kinds that are not in it,
 * such as those of CustomResourceDefinitions, anything is allowed. Trees that the caller deletes. Any thread.
 * Source: k8s.io/kube-openapi; OpenAPI 2.0 and 3.0; gnostic's OpenAPIv2.proto.
 */

/*
 * /openapi/v2, and its other form, which is appended to `out`. `version` is the server's, "v1.27.6". The answer's type is
 * not what was asked for: clients cannot read a type with @ in it.
 */
#define OPENAPI_V2_PROTOBUF "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
cJSON *openapi_v2(struct kinds *kinds, const char *version);
void openapi_v2_protobuf(const cJSON *document, struct str *out);
/* Whether an Accept header wants that form. */
bool openapi_wants_protobuf(const char *accept);

/* /openapi/v3, and /openapi/v3/PATH ("api/v1", "apis/apps/v1"; NULL: there is no such path). */
cJSON *openapi_v3(struct kinds *kinds);
cJSON *openapi_v3_of(struct kinds *kinds, const char *path, const char *version);

/*
 * Calls found() for each field of an object that its kind does not have: "spec.template.spec.containers[0].imagee". Nothing
 * of kinds that are not known.
 */
void openapi_unknown_fields(const struct kind *kind, const cJSON *object,
			    void (*found)(void *data, const char *path), void *data);

/*
 * Refuses (400, in the words of the server's decoder) an object with a value of another type than its field's: what reads
 * objects later takes for granted that a map is a map. Of kinds that are not known only the metadata is looked at.
 */
int openapi_check_types(const struct kind *kind, const cJSON *object, struct refusal *r);

#endif
