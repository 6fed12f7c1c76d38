#ifndef LIFEBOAT_CLI_SECRET_SOURCE_H
#define LIFEBOAT_CLI_SECRET_SOURCE_H

#include <cjson/cJSON.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "runbook/runbook.h"

/*
 * Reads a secret from the place that `text` names, within those that the parameter allows: as
 * param_load_secret() does, and "kubernetes:NAMESPACE/SECRET/KEY", with "@CONTEXT" of the kubeconfig or
 * without (the current one). No namespace, Secret or key has an @ in it, and a context may: the first counts.
 * Asking a cluster stops when `cancel` (or NULL) is requested; only that may be done on a thread of its own.
 */
int secret_source_load(const struct param *param, const char *text, struct secrets *secrets,
		       const struct cancel *cancel, cJSON **ret_value, struct err *e);

/*
 * Gives the fingerprints of Secrets' values the key of this user and host, so that they can be compared
 * from run to run. It is kept beside the runs, in none of their folders. Where it cannot be read or made,
 * they hold for this process. Before other threads are begun.
 */
void secret_source_fingerprints(void);

#endif
