#ifndef LIFEBOAT_WORLD_OBJECT_SELECTOR_H
#define LIFEBOAT_WORLD_OBJECT_SELECTOR_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "world/object/kind.h"

/* Label selectors ("a=b,c in (d,e),!f") and field selectors ("metadata.name=x,status.phase!=Running"). Pure. */
struct selector;

/* NULL or "": matches all. -1: 400 in the server's words. The caller frees. */
int selector_parse_labels(const char *text, struct selector **ret_selector, struct refusal *r);
/* Only the fields that the server knows of the kind: metadata.name and .namespace everywhere, more of pods, events, secrets, nodes … */
int selector_parse_fields(const char *text, const struct kind *kind, struct selector **ret_selector,
			  struct refusal *r);
/* The matchLabels and matchExpressions of an object such as a Deployment's spec.selector. */
struct selector *selector_from_object(const cJSON *label_selector);
/* A plain map of labels, as a Service's. One without any selects nothing; so does a NULL above. */
struct selector *selector_from_map(const cJSON *labels);

/* As `kubectl get -o wide` and Scale's status.selector have it: "app=web,tier in (a,b),!old", by keys. The caller frees. */
char *selector_format(const struct selector *s);

bool selector_matches(const struct selector *s, const cJSON *object);
void selector_free(struct selector *s);

#endif
