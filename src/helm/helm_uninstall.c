#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "helm/helm_action.h"
#include "helm/helm_api.h"
#include "helm/helm_release.h"
#include "helm/helm_resources.h"
#include "helm/helm_time.h"
#include "helm/helm_wait.h"

/* Source: helm, pkg/action/uninstall.go. */

static int
purge(struct helm *h, const cJSON *history, struct err *e)
{
	const cJSON *release;

	cJSON_ArrayForEach(release, history)
		if (helm_storage_delete(h, release, e) < 0)
			return err_wrap(e, "uninstall: Failed to purge the release");
	return 0;
}

static void
set_deleted(cJSON *release)
{
	cJSON *info = json_at(release, "info");
	char now[HELM_TIME_MAX];

	json_replace(info, "deleted", cJSON_CreateString(helm_time_now(now)));
	helm_release_set_status(release, "uninstalling",
				"Deletion in progress (or silently failed)");
}

static int
delete_objects(struct helm *h, const cJSON *release, struct str *kept, struct str *wrong,
	       unsigned *errors)
{
	struct helm_resources resources = { 0 };
	struct err why = ERR_INIT;

	*errors = 1;
	if (helm_resources_build(h, json_string(release, "manifest", ""), NULL, "", &resources,
				 &why) < 0) {
		str_append(wrong, why.message);
		return -1;
	}
	if (helm_resources_delete(h, &resources, kept, errors, &why) < 0)
		str_append(wrong, why.message);
	else if (h->args.flags.wait &&
		 helm_wait_gone(h, &resources, h->args.flags.timeout_ms, &why) < 0) {
		str_append(wrong, why.message);
		*errors = 1;
	}
	helm_resources_release(&resources);
	return *errors ? -1 : 0;
}

/* The newest revision goes; the records of all, too, unless they are kept. */
static int
uninstall(struct helm *h, const cJSON *history, cJSON *release, bool keep_history, struct str *kept,
	  struct err *e)
{
	const char *description = h->args.flags.description;
	struct str wrong = STR_INIT;
	unsigned errors = 0;
	int rc;

	set_deleted(release);
	helm_storage_update(h, release, NULL);
	delete_objects(h, release, kept, &wrong, &errors);
	helm_release_set_status(release, "uninstalled",
				description ? description : "Uninstallation complete");
	rc = keep_history ? helm_storage_update(h, release, NULL) : purge(h, history, e);
	if (keep_history)
		rc = 0;
	if (errors)
		rc = err_set(e, ERR_REMOTE, "uninstallation completed with %u error(s): %s", errors,
			     str_cstr(&wrong));
	str_release(&wrong);
	return rc;
}

int
helm_uninstall_release(struct helm *h, const char *name, bool keep_history, struct str *kept,
		       struct err *e)
{
	cJSON *history = NULL, *last;
	int rc = helm_storage_history(h, name, &history, e);

	if (rc == 0 && !history->child)
		rc = err_set(e, ERR_NOT_FOUND, "release: not found");
	if (rc < 0) {
		cJSON_Delete(history);
		return err_wrap(e, "uninstall: Release not loaded: %s", name);
	}
	last = cJSON_GetArrayItem(history, cJSON_GetArraySize(history) - 1);
	if (strcmp(helm_release_status(last), "uninstalled") != 0)
		rc = uninstall(h, history, last, keep_history, kept, e);
	else if (keep_history)
		rc = err_set(e, ERR_CONFLICT, "the release named \"%s\" is already deleted", name);
	else
		rc = purge(h, history, e);
	cJSON_Delete(history);
	return rc;
}

static int
uninstall_one(struct helm *h, const char *name, struct err *e)
{
	struct str kept = STR_INIT;
	struct err why = ERR_INIT;
	enum helm_dry_run mode;
	cJSON *release = NULL;
	int rc;

	if (helm_dry_run(h, &mode, e) < 0)
		return -1;
	if (helm_check_release_name(name, NULL, NULL) < 0)
		return err_set(e, ERR_USAGE, "uninstall: Release name is invalid: %s", name);
	if (mode == HELM_FOR_REAL)
		rc = helm_uninstall_release(h, name, h->args.flags.keep_history, &kept, &why);
	else
		rc = helm_storage_get(h, name, 0, &release, &why);
	cJSON_Delete(release);
	if (kept.len)
		printf("These resources were kept due to the resource policy:\n%s\n",
		       str_cstr(&kept));
	str_release(&kept);
	if (rc < 0 && !(why.kind == ERR_NOT_FOUND && h->args.flags.ignore_not_found))
		return err_set(e, why.kind, "%s", why.message);
	printf("release \"%s\" uninstalled\n", name);
	return 0;
}

int
helm_uninstall(struct helm *h, struct err *e)
{
	if (helm_api_reach(h, e) < 0)
		return -1;
	for (size_t i = 0; i < h->args.words.count; i++)
		if (uninstall_one(h, helm_arg(h, i), e) < 0)
			return -1;
	return 0;
}
