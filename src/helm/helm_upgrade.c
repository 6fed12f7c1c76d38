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
#include "helm/helm_chart.h"
#include "helm/helm_print.h"
#include "helm/helm_release.h"
#include "helm/helm_render.h"
#include "helm/helm_resources.h"
#include "helm/helm_values.h"
#include "helm/helm_wait.h"

/* Source: helm, pkg/action/upgrade.go, cmd/helm/upgrade.go. */

/* One upgrade on its way. */
struct upgrade {
	const char *name;
	cJSON *chart, *values; /* the user's */
	cJSON *history;
	cJSON *current; /* of history: what the new one is compared with */
	const cJSON *last;
	cJSON *release;
	enum helm_dry_run dry_run;
};

static void
upgrade_release(struct upgrade *up)
{
	cJSON_Delete(up->chart);
	cJSON_Delete(up->values);
	cJSON_Delete(up->history);
	cJSON_Delete(up->release);
}

/* ---- where it begins ---- */

static cJSON *
last_of_status(const cJSON *history, const char *status)
{
	cJSON *found = NULL, *release;

	cJSON_ArrayForEach(release, history)
		if (strcmp(helm_release_status(release), status) == 0)
			found = release;
	return found;
}

static int
find_current(struct helm *h, struct upgrade *up, struct err *e)
{
	const char *status;
	cJSON *last;

	if (helm_storage_history(h, up->name, &up->history, e) < 0)
		return -1;
	last = cJSON_GetArrayItem(up->history, cJSON_GetArraySize(up->history) - 1);
	if (!last)
		return err_set(e, ERR_NOT_FOUND, "\"%s\" has no deployed releases", up->name);
	if (helm_release_is_pending(last))
		return err_set(e, ERR_CONFLICT,
			       "another operation (install/upgrade/rollback) is in progress");
	status = helm_release_status(last);
	up->last = last;
	up->current = last_of_status(up->history, "deployed");
	if (!up->current && (strcmp(status, "failed") == 0 || strcmp(status, "superseded") == 0))
		up->current = last;
	return up->current ? 0
			   : err_set(e, ERR_NOT_FOUND, "\"%s\" has no deployed releases", up->name);
}

/* What of the last release's values counts: --reset-values, --reuse-values, or those alone where none are given. */
static void
reuse_values(struct helm *h, struct upgrade *up)
{
	const struct helm_flags *flags = &h->args.flags;
	const cJSON *config = json_at(up->current, "config");
	cJSON *merged;

	if (flags->reset_values || !config)
		return;
	if (!flags->reuse_values && !flags->reset_then_reuse && up->values->child)
		return;
	merged = helm_values_merge(config, up->values);
	cJSON_Delete(up->values);
	up->values = merged;
	if (flags->reuse_values)
		json_replace(up->chart, "values",
			     helm_values_coalesce(config, json_at(up->current, "chart/values")));
}

static int
render(struct helm *h, struct upgrade *up, struct err *e)
{
	cJSON *computed = helm_values_coalesce(up->values, json_at(up->chart, "values")), *info;
	struct helm_rendering rendering = {
		.chart = up->chart,
		.values = computed,
		.name = up->name,
		.ns = h->ns,
		.revision = helm_release_revision(up->last) + 1,
		.is_upgrade = true,
	};
	char *manifest = NULL, *notes = NULL;
	int rc = helm_render(&rendering, &manifest, &notes, e);

	if (rc == 0) {
		up->release = helm_release_new(up->name, h->ns, up->chart, up->values);
		info = json_at(up->release, "info");
		json_replace(up->release, "version",
			     cJSON_CreateNumber((double)rendering.revision));
		json_replace(
			info, "first_deployed",
			cJSON_CreateString(json_string(up->current, "info/first_deployed", "")));
		json_add_string(up->release, "manifest", manifest);
		helm_release_set_status(up->release, "pending-upgrade", "Preparing upgrade");
		if (*notes)
			json_add_string(info, "notes", notes);
	}
	free(manifest);
	free(notes);
	cJSON_Delete(computed);
	return rc;
}

/* ---- the upgrade ---- */

/* With --atomic: back to the last revision that worked. */
static int
roll_back(struct helm *h, struct upgrade *up, struct err *e)
{
	const cJSON *release;
	struct err why = ERR_INIT;
	int64_t revision = 0;

	cJSON_ArrayForEach(release, up->history)
		if (strcmp(helm_release_status(release), "superseded") == 0 ||
		    strcmp(helm_release_status(release), "deployed") == 0)
			revision = helm_release_revision(release);
	if (revision == 0)
		return err_wrap(e, "unable to find a previously successful release when attempting "
				   "to rollback. original upgrade error");
	if (helm_rollback_release(h, up->name, revision, true, &why) < 0)
		return err_set(e, why.kind,
			       "an error occurred while rolling back the release. original upgrade "
			       "error: %s: %s",
			       e->message, why.message);
	return err_wrap(e, "release %s failed, and has been rolled back due to atomic being set",
			up->name);
}

static int
fail(struct helm *h, struct upgrade *up, struct err *e)
{
	char *description = xasprintf("Upgrade \"%s\" failed: %s", up->name, e->message);

	h->cancel = NULL; /* what was begun is to be put on record */
	helm_release_set_status(up->release, "failed", description);
	helm_storage_update(h, up->release, NULL);
	free(description);
	return h->args.flags.atomic ? roll_back(h, up, e) : -1;
}

static int
perform(struct helm *h, struct upgrade *up, const struct helm_update *update, struct err *e)
{
	const struct helm_flags *flags = &h->args.flags;
	const char *description = flags->description;

	helm_storage_prune(h, up->history, up->current, flags->history_max);
	if (helm_storage_create(h, up->release, e) < 0)
		return -1;
	if (helm_resources_update(h, update, e) < 0)
		return fail(h, up, e);
	if ((flags->wait || flags->atomic) &&
	    helm_wait_ready(h, update->after, flags->wait_for_jobs, flags->timeout_ms, e) < 0)
		return fail(h, up, e);
	h->cancel = NULL; /* what was done is to be put on record */
	helm_release_set_status(up->current, "superseded", NULL);
	if (helm_storage_update(h, up->current, e) < 0)
		return -1;
	helm_release_set_status(up->release, "deployed",
				description && *description ? description : "Upgrade complete");
	return helm_storage_update(h, up->release, e);
}

static int
upgrade_objects(struct helm *h, struct upgrade *up, struct err *e)
{
	struct helm_owner owner = { up->name, h->ns };
	struct helm_resources before = { 0 }, after = { 0 };
	struct helm_update update = { &before, &after, h->args.flags.force,
				      h->args.flags.cleanup_on_fail };
	size_t there;
	int rc = helm_resources_build(h, json_string(up->current, "manifest", ""), &owner,
				      "current release manifest", &before, e);

	if (rc == 0)
		rc = helm_resources_build(h, json_string(up->release, "manifest", ""), &owner,
					  "new release manifest", &after, e);
	if (rc == 0 && (rc = helm_resources_check_owner(h, &after, &before, &owner, &there, e)) < 0)
		err_wrap(e, "Unable to continue with update");
	if (rc == 0 && up->dry_run == HELM_FOR_REAL)
		rc = perform(h, up, &update, e);
	helm_resources_release(&before);
	helm_resources_release(&after);
	return rc;
}

static int
upgrade_chart(struct helm *h, struct upgrade *up, struct err *e)
{
	if (helm_check_release_name(up->name, NULL, e) < 0 || find_current(h, up, e) < 0)
		return -1;
	reuse_values(h, up);
	if (render(h, up, e) < 0 || upgrade_objects(h, up, e) < 0)
		return -1;
	if (up->dry_run != HELM_FOR_REAL)
		helm_release_set_status(up->release, "pending-upgrade",
					h->args.flags.description ? h->args.flags.description
								  : "Dry run complete");
	return 0;
}

/* ---- the command ---- */

/* With --install: whether there is nothing to upgrade. 1, 0 or -1. */
static int
is_new(struct helm *h, const char *name, struct err *e)
{
	cJSON *history = NULL;
	const cJSON *last;
	int rc;

	if (!h->args.flags.install)
		return 0;
	if (helm_check_release_name(name, NULL, e) < 0 ||
	    helm_storage_history(h, name, &history, e) < 0)
		return -1;
	last = cJSON_GetArrayItem(history, cJSON_GetArraySize(history) - 1);
	rc = !last || strcmp(helm_release_status(last), "uninstalled") == 0;
	if (last && rc)
		h->args.flags.replace = true; /* its name may be used again */
	cJSON_Delete(history);
	return rc;
}

static unsigned
print_flags(const struct helm *h)
{
	return h->args.flags.hide_notes ? HELM_PRINT_WITHOUT_NOTES : 0;
}

static int
install_instead(struct helm *h, struct err *e)
{
	cJSON *release = NULL;

	if (h->args.output == HELM_TABLE)
		printf("Release \"%s\" does not exist. Installing it now.\n", helm_arg(h, 0));
	fflush(stdout);
	if (helm_install_chart(h, helm_arg(h, 0), helm_arg(h, 1), false, &release, e) < 0)
		return -1;
	helm_print_release(release, h->args.output, print_flags(h));
	cJSON_Delete(release);
	return 0;
}

int
helm_upgrade(struct helm *h, struct err *e)
{
	struct upgrade up = { .name = helm_arg(h, 0) };
	int rc = helm_api_reach(h, e), is_install;

	if (rc < 0)
		return h->args.flags.install ? -1 : err_wrap(e, "UPGRADE FAILED");
	is_install = is_new(h, up.name, e);
	if (is_install)
		return is_install < 0 ? -1 : install_instead(h, e);
	rc = -1;
	if (helm_chart_find(h, helm_arg(h, 1), &up.chart, e) < 0 ||
	    helm_values_given(&h->args.flags, &up.values, e) < 0 ||
	    helm_dry_run(h, &up.dry_run, e) < 0)
		goto out;
	if (upgrade_chart(h, &up, e) < 0) {
		err_wrap(e, "UPGRADE FAILED");
		goto out;
	}
	if (h->args.output == HELM_TABLE)
		printf("Release \"%s\" has been upgraded. Happy Helming!\n", up.name);
	helm_print_release(up.release, h->args.output, print_flags(h));
	rc = 0;
out:
	upgrade_release(&up);
	return rc;
}
