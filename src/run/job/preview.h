#ifndef LIFEBOAT_RUN_JOB_PREVIEW_H
#define LIFEBOAT_RUN_JOB_PREVIEW_H

#include "run/executor.h"

/* The engine's side of what executors fill in through run/executor.h. One thread at a time. */

struct preview *preview_new(void);
void preview_free(struct preview *p);
/* The least danger that the preview has found; EFFECT_NONE where it raised nothing. */
enum step_effect preview_effect(const struct preview *p);
/* What must be typed, or NULL. */
const char *preview_name(const struct preview *p);
/* What was remembered, or NULL; the caller deletes it. */
cJSON *preview_take_seen(struct preview *p);
/* The lines as pairs of a mark and a text, for a plan record; the caller deletes them. */
cJSON *preview_take_lines(struct preview *p);

enum { PROBE_MAX_LINES = 100 };

struct probe *probe_new(void);
void probe_free(struct probe *probe);
/* The lines of evidence as an array of strings, for a probe record; the caller deletes it. */
cJSON *probe_take_lines(struct probe *probe);

struct permission_list *permission_list_new(void);
void permission_list_free(struct permission_list *list);
/* An array of {verb, group, resource, subresource, name, namespace}; borrowed. */
const cJSON *permission_list_items(const struct permission_list *list);
/* One of them in words: "patch secrets/iam-signing-key in tsb". The caller frees. */
char *permission_text(const cJSON *permission);

#endif
