#ifndef LIFEBOAT_HELM_ACTION_H
#define LIFEBOAT_HELM_ACTION_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct helm;

/* What the commands that change a release share. Releases are as in helm_release.h. */

enum helm_dry_run { HELM_FOR_REAL, HELM_DRY_CLIENT, HELM_DRY_SERVER };

/* What --dry-run says. ERR_USAGE with helm's words. */
int helm_dry_run(const struct helm *h, enum helm_dry_run *ret_mode, struct err *e);

/*
 * Installs a chart as a release; *ret_release is what was made of it (the caller deletes), without a cluster where
 * `client_only`. Errors are those behind "INSTALLATION FAILED: ".
 */
int helm_install_chart(struct helm *h, const char *name, const char *chart, bool client_only,
		       cJSON **ret_release, struct err *e);

/* Takes a release away, as helm uninstall does. What it says of objects that were kept is appended to kept. */
struct str;
int helm_uninstall_release(struct helm *h, const char *name, bool keep_history, struct str *kept,
			   struct err *e);

/* Goes back to a revision (0: the one before), and waits for it with `wait`. */
int helm_rollback_release(struct helm *h, const char *name, int64_t revision, bool wait,
			  struct err *e);

#endif
