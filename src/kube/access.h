#ifndef LIFEBOAT_KUBE_ACCESS_H
#define LIFEBOAT_KUBE_ACCESS_H

#include <cjson/cJSON.h>

#include "kube/kubeconfig.h"

/* Internal to src/kube/. A deep copy, for who outlives the original; released like any other. */
void kube_access_copy(struct kube_access *copy, const struct kube_access *access);

void kube_exec_free(struct kube_exec *exec);

enum { KUBE_MAX_MATERIAL = 1 << 20 }; /* of one certificate, key or token file */

/* Reads a token from its file. ERR_NOT_FOUND, ERR_IO; ERR_SPEC: it holds no token. */
int kube_access_read_token(const char *path, char **ret_token, struct err *e);
/* Takes white space off its end; one with any other odd character could forge a header: ERR_SPEC. */
int kube_access_check_token(char *token, struct err *e);

/* Wipes a text before it is freed. NULL is legal. */
void kube_wipe(char *text);
/* Frees a NULL-terminated list of strings, wiped. NULL is legal. */
void kube_strings_free(char **list);
/* Deletes a tree whose texts may be credentials. NULL is legal. */
void kube_json_delete(cJSON *value);

#endif
