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

/* Source: helm, pkg/action/rollback.go. */

/* One way back: `current` and `previous` are of history. */
struct rollback {
	const char *name;
	cJSON *history, *current;
	const cJSON *previous;
	cJSON *release;
	bool wait;
};

/* Each revision that is deployed, but `current`, is so no more. */
static int
supersede_others(struct helm *h, const char *name, const cJSON *current, struct err *e)
{
	cJSON *history = NULL, *release;
	int rc = helm_storage_history(h, name, &history, e);

	cJSON_ArrayForEach(release, history) {
		if (rc < 0 || strcmp(helm_release_status(release), "deployed") != 0 ||
		    helm_release_revision(release) == helm_release_revision(current))
			continue;
		helm_release_set_status(release, "superseded", NULL);
		rc = helm_storage_update(h, release, e);
	}
	cJSON_Delete(history);
	return rc;
}

static int
find_revisions(struct helm *h, struct rollback *back, int64_t revision, struct err *e)
{
	const cJSON *release;

	if (helm_storage_history(h, back->name, &back->history, e) < 0)
		return -1;
	if (!back->history->child)
		return err_set(e, ERR_NOT_FOUND, "release: not found");
	back->current = cJSON_GetArrayItem(back->history, cJSON_GetArraySize(back->history) - 1);
	if (revision == 0)
		revision = helm_release_revision(back->current) - 1;
	cJSON_ArrayForEach(release, back->history)
		if (helm_release_revision(release) == revision)
			back->previous = release;
	if (!back->previous)
		return err_set(e, ERR_NOT_FOUND, "release has no %lld version",
			       (long long)revision);
	return 0;
}

/* A new revision with what the previous one had. */
static cJSON *
make_release(const struct rollback *back)
{
	cJSON *release = cJSON_Duplicate(back->previous, true), *info = json_at(release, "info");
	char now[HELM_TIME_MAX];
	char *description =
		xasprintf("Rollback to %lld", (long long)helm_release_revision(back->previous));

	json_replace(release, "version",
		     cJSON_CreateNumber((double)(helm_release_revision(back->current) + 1)));
	json_replace(info, "first_deployed",
		     cJSON_CreateString(json_string(back->current, "info/first_deployed", "")));
	json_replace(info, "last_deployed", cJSON_CreateString(helm_time_now(now)));
	helm_release_set_status(release, "pending-rollback", description);
	free(description);
	return release;
}

static int
fail(struct helm *h, struct rollback *back, struct err *e)
{
	char *description = xasprintf("Rollback \"%s\" failed: %s", back->name, e->message);

	h->cancel = NULL; /* what was begun is to be put on record */
	helm_release_set_status(back->current, "superseded", NULL);
	helm_release_set_status(back->release, "failed", description);
	helm_storage_update(h, back->current, NULL);
	helm_storage_update(h, back->release, NULL);
	free(description);
	return -1;
}

static int
perform(struct helm *h, struct rollback *back, const struct helm_update *update, struct err *e)
{
	helm_storage_prune(h, back->history, back->current, h->args.flags.history_max);
	if (helm_storage_create(h, back->release, e) < 0)
		return -1;
	if (helm_resources_update(h, update, e) < 0)
		return fail(h, back, e);
	if (back->wait && helm_wait_ready(h, update->after, h->args.flags.wait_for_jobs,
					  h->args.flags.timeout_ms, e) < 0) {
		fail(h, back, e);
		return err_wrap(e, "release %s failed", back->name);
	}
	h->cancel = NULL; /* what was done is to be put on record */
	if (supersede_others(h, back->name, back->release, e) < 0)
		return -1;
	helm_release_set_status(back->release, "deployed", NULL);
	return helm_storage_update(h, back->release, e);
}

static int
roll_back(struct helm *h, struct rollback *back, struct err *e)
{
	struct helm_owner owner = { back->name, h->ns };
	struct helm_resources before = { 0 }, after = { 0 };
	struct helm_update update = { &before, &after, h->args.flags.force,
				      h->args.flags.cleanup_on_fail };
	int rc = helm_resources_build(h, json_string(back->current, "manifest", ""), &owner,
				      "current release manifest", &before, e);

	if (rc == 0)
		rc = helm_resources_build(h, json_string(back->release, "manifest", ""), &owner,
					  "new release manifest", &after, e);
	if (rc == 0)
		rc = perform(h, back, &update, e);
	helm_resources_release(&before);
	helm_resources_release(&after);
	return rc;
}

int
helm_rollback_release(struct helm *h, const char *name, int64_t revision, bool wait, struct err *e)
{
	struct rollback back = { .name = name, .wait = wait };
	int rc = find_revisions(h, &back, revision, e);

	if (rc == 0) {
		back.release = make_release(&back);
		rc = roll_back(h, &back, e);
	}
	cJSON_Delete(back.release);
	cJSON_Delete(back.history);
	return rc;
}

/* Only whether there is something to go back to. */
static int
simulate(struct helm *h, const char *name, int64_t revision, struct err *e)
{
	struct rollback back = { .name = name };
	int rc = find_revisions(h, &back, revision, e);

	cJSON_Delete(back.history);
	return rc;
}

static int
run(struct helm *h, int64_t revision, struct err *e)
{
	const char *name = helm_arg(h, 0);
	enum helm_dry_run mode;

	if (helm_dry_run(h, &mode, e) < 0)
		return -1;
	if (mode != HELM_FOR_REAL)
		return simulate(h, name, revision, e);
	return helm_rollback_release(h, name, revision, h->args.flags.wait, e);
}

int
helm_rollback(struct helm *h, struct err *e)
{
	const char *word = helm_arg(h, 1);
	char *end = NULL;
	long long revision = word ? strtoll(word, &end, 10) : 0;

	if (word && (!*word || *end))
		return err_set(e, ERR_USAGE,
			       "could not convert revision to a number: strconv.Atoi: parsing "
			       "\"%s\": invalid syntax",
			       word);
	if (helm_api_reach(h, e) < 0)
		return -1;
	if (helm_check_release_name(helm_arg(h, 0), NULL, NULL) < 0)
		return err_set(e, ERR_USAGE, "rollback: Release name is invalid: %s",
			       helm_arg(h, 0));
	if (run(h, revision, e) < 0)
		return -1;
	printf("Rollback was a success! Happy Helming!\n");
	return 0;
}
