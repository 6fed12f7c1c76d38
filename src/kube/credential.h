#ifndef LIFEBOAT_KUBE_CREDENTIAL_H
#define LIFEBOAT_KUBE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "kube/kubeconfig.h"

/*
 * Internal to src/kube/. What one client shows to its server: fixed by the kubeconfig, read from a
 * token's file that somebody replaces, or given by a plugin. Used by that client's thread.
 */
struct credential;

/* `access` and `secrets` (or NULL) are borrowed, and outlive it. */
struct credential *credential_new(const struct kube_access *access, struct secrets *secrets);
void credential_free(struct credential *c); /* wiped */

/*
 * Brings it up to date; to be called before each request. A token's file is read again a minute after
 * `now_ms` (monotonic) of the last time; a plugin is run where there is no answer, or one that expires.
 * With `refused` the server has answered 401 to what it is now: the file is read and the plugin run
 * once more, unless that has been in vain just now. *ret_changed: there is something else to show now,
 * which has been registered as secret. Errors: as exec_plugin_run(), and ERR_SPEC for a token's file,
 * with the user and where it is defined.
 */
int credential_renew(struct credential *c, bool refused, int64_t now_ms,
		     const struct cancel *cancel, bool *ret_changed, struct err *e);

/* The server has taken it. */
void credential_accepted(struct credential *c);

/* Each is NULL where there is none, borrowed until the next change. */
const char *credential_token(const struct credential *c);
const char *credential_certificate(const struct credential *c);
const char *credential_key(const struct credential *c);

/* Says that the client certificate has expired, if it has. */
void credential_advise_expiry(const struct credential *c, struct err *e);
/* After a 401: what may be wrong, and what to do. */
void credential_advise(const struct credential *c, struct err *e);

#endif
