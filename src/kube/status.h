#ifndef LIFEBOAT_KUBE_STATUS_H
#define LIFEBOAT_KUBE_STATUS_H

#include <cjson/cJSON.h>

#include "base/err.h"

/*
 * Internal to src/kube/. Makes an error of a status outside 2xx and the Status object that came
 * with it (NULL: none did, so it was no API server that answered). `label` says what was asked.
 * Returns -1.
 */
int kube_status_error(const char *label, long code, const cJSON *status, struct err *e);

/*
 * "GET secrets/iam-signing-key in tsb on https://mgmt-b:6443": a request as messages call it. The
 * caller frees.
 */
char *kube_status_label(const char *method, const char *path, const char *server);

#endif
