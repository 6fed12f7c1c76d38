#ifndef LIFEBOAT_HELM_PATCH_H
#define LIFEBOAT_HELM_PATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * The patch that makes what an object's old manifest asked for into what its new one asks for, and leaves alone what
 * neither names. It has all that the new one says, so that what others have changed is put right, and takes out what only
 * the old one says. `strategic`: with directives for lists that are merged by a key; else a merge patch, whose lists are
 * replaced. The caller deletes. Source: Kubernetes, "Update API Objects in Place Using kubectl patch"; helm, pkg/kube.
 */
cJSON *helm_patch_make(const cJSON *before, const cJSON *after, bool strategic);

/* Whether a group's kinds are the server's own, which take strategic merge patches. */
bool helm_patch_is_strategic(const char *group);

#endif
