#ifndef LIFEBOAT_WORLD_OBJECT_DEFAULTS_INTERNAL_H
#define LIFEBOAT_WORLD_OBJECT_DEFAULTS_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "world/object/defaults.h"

/* Internal to defaults*.c. */

/* One object on its way. The checks add causes to the refusal, and all of them are told. */
struct defaults {
	const struct kind *kind;
	cJSON *object;
	const cJSON *before; /* NULL: it is new */
	const struct defaults_options *options;
	struct refusal *r;
};

/* Each gives a member to an object that has none of that name (or null). */
void give_string(cJSON *object, const char *name, const char *value);
void give_int(cJSON *object, const char *name, int64_t value);
void give_bool(cJSON *object, const char *name, bool value);
/* The object of that name, made where there is none. */
cJSON *give_object(cJSON *object, const char *name);
void take_away(cJSON *object, const char *name);
/* The member, or NULL where it is missing or null. */
cJSON *member_of(const cJSON *object, const char *name);
/* Whether both are there and equal, or neither is. */
bool same_member(const cJSON *a, const cJSON *b, const char *path);

/* One more cause; `format` begins with what is wrong: "Required value", "Invalid value: …". */
void wrong(struct defaults *d, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void wrong_missing(struct defaults *d, const char *prefix, const char *name);
void wrong_unsupported(struct defaults *d, const char *field, const char *value,
		       const char *supported);
/* A number there that is below 0. */
void check_not_negative(struct defaults *d, const char *path, const char *field);

/* A map of texts as Go prints it: map[string]string{"a":"b"}. The caller frees. */
char *go_map(const cJSON *map);
/* The whole of a LabelSelector so. The caller frees. */
char *go_selector(const cJSON *selector);

/* The spec of a pod, or of a template of pods; `field` is in front of the names in causes. */
void defaults_check_pod_spec(struct defaults *d, const cJSON *spec, const char *field);
/* The template within an object's spec, which is made where there is none. */
void defaults_fill_template(cJSON *spec);

void defaults_fill_pod(struct defaults *d);
void defaults_check_pod(struct defaults *d);
void defaults_fill_deployment(struct defaults *d);
void defaults_check_deployment(struct defaults *d);
void defaults_fill_replicaset(struct defaults *d);
void defaults_check_replicaset(struct defaults *d);
void defaults_fill_statefulset(struct defaults *d);
void defaults_check_statefulset(struct defaults *d);
void defaults_fill_daemonset(struct defaults *d);
void defaults_check_daemonset(struct defaults *d);
void defaults_fill_job(struct defaults *d);
void defaults_check_job(struct defaults *d);
void defaults_fill_cronjob(struct defaults *d);
void defaults_check_cronjob(struct defaults *d);
void defaults_fill_service(struct defaults *d);
void defaults_check_service(struct defaults *d);
void defaults_fill_secret(struct defaults *d);
void defaults_check_secret(struct defaults *d);
void defaults_check_configmap(struct defaults *d);
void defaults_fill_claim(struct defaults *d);
void defaults_check_claim(struct defaults *d);
void defaults_fill_endpoints(struct defaults *d);
void defaults_fill_binding(struct defaults *d);
void defaults_check_binding(struct defaults *d);
void defaults_check_role(struct defaults *d);
void defaults_fill_network_policy(struct defaults *d);

#endif
