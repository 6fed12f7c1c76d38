#ifndef LIFEBOAT_HELM_RELEASE_H
#define LIFEBOAT_HELM_RELEASE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct helm;

/*
 * Releases, as the JSON that helm keeps of them: name, namespace, version (a number), info (first_deployed,
 * last_deployed, deleted, description, status, notes), chart, config, manifest. Each is a Secret
 * sh.helm.release.v1.NAME.vN. Source: helm, pkg/release, pkg/storage/driver/secrets.go.
 */

/* A new one of revision 1. Texts are copied, `config` and `chart` too. */
cJSON *helm_release_new(const char *name, const char *ns, const cJSON *chart, const cJSON *config);
void helm_release_set_status(cJSON *release, const char *status, const char *description);
const char *helm_release_status(const cJSON *release);
int64_t helm_release_revision(const cJSON *release);
bool helm_release_is_pending(const cJSON *release);
/* "managementplane-1.12.0"; the caller frees. */
char *helm_release_chart_label(const cJSON *release);

/* The data of a release's Secret, and back: base64 of gzip of JSON. The caller frees, or deletes. */
char *helm_release_encode(const cJSON *release);
cJSON *helm_release_decode(const char *text, struct err *e);

/* All revisions of a release in the namespace, oldest first; an empty array: there is none. */
int helm_storage_history(struct helm *h, const char *name, cJSON **ret_releases, struct err *e);
/* All releases of one namespace, or (NULL) of all. */
int helm_storage_list(struct helm *h, const char *ns, cJSON **ret_releases, struct err *e);
/* The newest revision, or that one (0: the newest). ERR_NOT_FOUND: "release: not found". */
int helm_storage_get(struct helm *h, const char *name, int64_t revision, cJSON **ret_release,
		     struct err *e);
int helm_storage_create(struct helm *h, const cJSON *release, struct err *e);
int helm_storage_update(struct helm *h, const cJSON *release, struct err *e);
int helm_storage_delete(struct helm *h, const cJSON *release, struct err *e);
/*
 * Makes room for one more revision among `most` (0 or less: any number): the oldest of `history` go, but neither `keep` nor
 * what is deployed.
 */
void helm_storage_prune(struct helm *h, const cJSON *history, const cJSON *keep, int64_t most);

#endif
