#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
#include "helm/helm_yaml.h"

/* Source: helm, pkg/action/install.go. */

enum { DEFINITIONS_MS = 60000 };

/* One installation on its way. */
struct install {
	const char *name;
	cJSON *chart, *values; /* the user's */
	cJSON *release;
	enum helm_dry_run dry_run;
	bool client_only;
};

static void
install_release(struct install *in)
{
	cJSON_Delete(in->chart);
	cJSON_Delete(in->values);
	cJSON_Delete(in->release);
}

/* ---- before anything is written ---- */

static int
check_name(struct helm *h, const struct install *in, struct err *e)
{
	cJSON *history = NULL;
	const cJSON *last;
	const char *status;
	bool is_free;

	if (helm_check_release_name(in->name, "release name", e) < 0)
		return -1;
	if (in->dry_run != HELM_FOR_REAL || in->client_only ||
	    helm_storage_history(h, in->name, &history, NULL) < 0)
		return 0;
	last = cJSON_GetArrayItem(history, cJSON_GetArraySize(history) - 1);
	status = helm_release_status(last);
	is_free = !last || (h->args.flags.replace &&
			    (strcmp(status, "uninstalled") == 0 || strcmp(status, "failed") == 0));
	cJSON_Delete(history);
	return is_free ? 0 : err_set(e, ERR_CONFLICT, "cannot re-use a name that is still in use");
}

/* ERR_CONFLICT is that it is there already. */
static int
create_definition(struct helm *h, const cJSON *definition, struct err *e)
{
	struct helm_place place;
	int rc = helm_place_init(h, definition, "", &place, e);

	if (rc == 0)
		rc = helm_api_create(h, &place, definition, e);
	helm_place_release(&place);
	return rc;
}

static int
wait_for_definitions(struct helm *h, const cJSON *definitions, struct err *e)
{
	struct helm_resources resources = { 0 };
	struct str manifest = STR_INIT;
	const cJSON *definition;
	int rc;

	cJSON_ArrayForEach(definition, definitions) {
		str_append(&manifest, "---\n");
		helm_yaml_print(definition, false, &manifest);
	}
	rc = helm_resources_build(h, str_cstr(&manifest), NULL, "crds", &resources, e);
	if (rc == 0)
		rc = helm_wait_ready(h, &resources, false, DEFINITIONS_MS, e);
	helm_resources_release(&resources);
	str_release(&manifest);
	return rc;
}

/* Those that are there already stay as they are. */
static int
install_definitions(struct helm *h, const struct install *in, struct err *e)
{
	const cJSON *definitions = helm_render_crds(in->chart), *definition;
	cJSON *made = cJSON_CreateArray();
	int rc = 0;

	if (h->args.flags.skip_crds || in->client_only || in->dry_run != HELM_FOR_REAL)
		definitions = NULL;
	cJSON_ArrayForEach(definition, definitions) {
		struct err why = ERR_INIT;

		if (rc == 0 && create_definition(h, definition, &why) == 0)
			cJSON_AddItemReferenceToArray(made, (cJSON *)(uintptr_t)definition);
		else if (rc == 0 && why.kind != ERR_CONFLICT)
			rc = err_set(e, why.kind, "failed to install CRD crds/%s.yaml: %s",
				     json_string(definition, "metadata/name", ""), why.message);
	}
	if (rc == 0 && made->child)
		rc = wait_for_definitions(h, made, e);
	cJSON_Delete(made);
	return rc;
}

static int
render(struct helm *h, struct install *in, struct err *e)
{
	cJSON *computed = helm_values_coalesce(in->values, json_at(in->chart, "values"));
	struct helm_rendering rendering = {
		.chart = in->chart,
		.values = computed,
		.name = in->name,
		.ns = h->ns,
		.revision = 1,
	};
	char *manifest = NULL, *notes = NULL;
	int rc = helm_render(&rendering, &manifest, &notes, e);

	in->release = helm_release_new(in->name, h->ns, in->chart, in->values);
	if (rc == 0) {
		json_add_string(in->release, "manifest", manifest);
		helm_release_set_status(in->release, "pending-install", "Initial install underway");
		if (*notes)
			json_add_string(json_at(in->release, "info"), "notes", notes);
	}
	free(manifest);
	free(notes);
	cJSON_Delete(computed);
	return rc;
}

/* ---- writing ---- */

static int
create_namespace(struct helm *h, struct err *e)
{
	cJSON *object = cJSON_CreateObject(), *metadata = cJSON_CreateObject();
	cJSON *labels = cJSON_CreateObject();
	struct err why = ERR_INIT;
	int rc;

	json_add_string(labels, "name", h->ns);
	json_add_string(metadata, "name", h->ns);
	json_add(metadata, "labels", labels);
	json_add_string(object, "apiVersion", "v1");
	json_add_string(object, "kind", "Namespace");
	json_add(object, "metadata", metadata);
	rc = helm_api_post(h, "/api/v1/namespaces", object, &why);
	cJSON_Delete(object);
	if (rc < 0 && why.kind != ERR_CONFLICT)
		return err_set(e, why.kind, "%s", why.message);
	return 0;
}

static int
write_objects(struct helm *h, const struct helm_resources *resources, size_t there, struct err *e)
{
	const struct helm_flags *flags = &h->args.flags;
	struct helm_update update = { resources, resources, flags->force, false };
	int rc = there == 0 ? helm_resources_create(h, resources, e)
			    : helm_resources_update(h, &update, e);

	if (rc == 0 && (flags->wait || flags->atomic))
		rc = helm_wait_ready(h, resources, flags->wait_for_jobs, flags->timeout_ms, e);
	return rc;
}

/* Records that it failed, or takes it away with --atomic. */
static int
fail(struct helm *h, struct install *in, struct err *e)
{
	char *description = xasprintf("Release \"%s\" failed: %s", in->name, e->message);
	struct str kept = STR_INIT;
	struct err why = ERR_INIT;

	h->cancel = NULL; /* what was begun is to be put on record */
	helm_release_set_status(in->release, "failed", description);
	free(description);
	if (!h->args.flags.atomic) {
		helm_storage_update(h, in->release, NULL);
		return -1;
	}
	if (helm_uninstall_release(h, in->name, false, &kept, &why) < 0)
		err_set(e, why.kind,
			"an error occurred while uninstalling the release. original install error: "
			"%s: %s",
			e->message, why.message);
	else
		err_wrap(e, "release %s failed, and has been uninstalled due to atomic being set",
			 in->name);
	str_release(&kept);
	return -1;
}

/* Where a name is used again, its revisions go on. */
static int
replace_last(struct helm *h, struct install *in, struct err *e)
{
	cJSON *history = NULL, *last;
	int rc = helm_storage_history(h, in->name, &history, e);

	last = cJSON_GetArrayItem(history, cJSON_GetArraySize(history) - 1);
	if (last) {
		json_replace(in->release, "version",
			     cJSON_CreateNumber((double)(helm_release_revision(last) + 1)));
		helm_release_set_status(last, "superseded", NULL);
		rc = helm_storage_update(h, last, e);
	}
	cJSON_Delete(history);
	return rc;
}

static int
perform(struct helm *h, struct install *in, const struct helm_resources *resources, size_t there,
	struct err *e)
{
	const char *description = h->args.flags.description;

	if (h->args.flags.create_namespace && create_namespace(h, e) < 0)
		return -1;
	if (h->args.flags.replace && replace_last(h, in, e) < 0)
		return -1;
	if (helm_storage_create(h, in->release, e) < 0)
		return -1;
	if (write_objects(h, resources, there, e) < 0)
		return fail(h, in, e);
	h->cancel = NULL; /* what was done is to be put on record */
	helm_release_set_status(in->release, "deployed",
				description && *description ? description : "Install complete");
	return helm_storage_update(h, in->release, e);
}

static int
install_objects(struct helm *h, struct install *in, struct err *e)
{
	struct helm_owner owner = { in->name, h->ns };
	struct helm_resources resources = { 0 };
	size_t there = 0;
	int rc = helm_resources_build(h, json_string(in->release, "manifest", ""), &owner,
				      "release manifest", &resources, e);

	if (rc == 0 &&
	    (rc = helm_resources_check_owner(h, &resources, NULL, &owner, &there, e)) < 0)
		err_wrap(e, "Unable to continue with install");
	if (rc == 0 && in->dry_run == HELM_FOR_REAL)
		rc = perform(h, in, &resources, there, e);
	helm_resources_release(&resources);
	return rc;
}

/* ---- the commands ---- */

int
helm_dry_run(const struct helm *h, enum helm_dry_run *ret_mode, struct err *e)
{
	static const struct {
		const char *word;
		enum helm_dry_run mode;
	} words[] = { { "none", HELM_FOR_REAL },   { "false", HELM_FOR_REAL },
		      { "", HELM_FOR_REAL },	   { "client", HELM_DRY_CLIENT },
		      { "true", HELM_DRY_CLIENT }, { "server", HELM_DRY_SERVER } };
	const char *word = h->args.flags.dry_run ? h->args.flags.dry_run : "none";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0) {
			*ret_mode = words[i].mode;
			return 0;
		}
	return err_set(e, ERR_USAGE,
		       "Invalid dry-run flag. Flag must one of the following: false, true, none, "
		       "client, server");
}

static int
run(struct helm *h, struct install *in, const char *chart, struct err *e)
{
	if (helm_chart_find(h, chart, &in->chart, e) < 0 ||
	    helm_values_given(&h->args.flags, &in->values, e) < 0 ||
	    helm_dry_run(h, &in->dry_run, e) < 0)
		return -1;
	if (!in->client_only && helm_api_reach(h, e) < 0)
		return -1;
	if (check_name(h, in, e) < 0 || install_definitions(h, in, e) < 0 || render(h, in, e) < 0)
		return -1;
	if (!in->client_only && in->dry_run != HELM_DRY_CLIENT && install_objects(h, in, e) < 0)
		return -1;
	if (in->dry_run != HELM_FOR_REAL)
		helm_release_set_status(in->release, "pending-install", "Dry run complete");
	return 0;
}

int
helm_install_chart(struct helm *h, const char *name, const char *chart, bool client_only,
		   cJSON **ret_release, struct err *e)
{
	struct install in = { .name = name, .client_only = client_only };
	int rc = run(h, &in, chart, e);

	if (rc == 0) {
		*ret_release = in.release;
		in.release = NULL;
	}
	install_release(&in);
	return rc;
}

/* The name and the chart of a command line; *ret_made is to be freed. */
static int
name_and_chart(const struct helm *h, const char **ret_name, const char **ret_chart, char **ret_made,
	       struct err *e)
{
	const char *first = helm_arg(h, 0), *second = helm_arg(h, 1), *base;

	if (helm_arg(h, 2))
		return err_set(e, ERR_USAGE,
			       "expected at most two arguments, unexpected arguments: %s",
			       helm_arg(h, 2));
	if (second && h->args.flags.generate_name)
		return err_set(e, ERR_USAGE, "cannot set --generate-name and also specify a name");
	*ret_name = first;
	*ret_chart = second;
	if (second)
		return 0;
	if (!h->args.flags.generate_name)
		return err_set(e, ERR_USAGE,
			       "must either provide a name or specify --generate-name");
	base = strrchr(first, '/') ? strrchr(first, '/') + 1 : first;
	*ret_made = xasprintf("%s-%lld", base, (long long)time(NULL));
	*ret_name = *ret_made;
	*ret_chart = first;
	return 0;
}

int
helm_install(struct helm *h, struct err *e)
{
	const char *name = NULL, *chart = NULL;
	cJSON *release = NULL;
	char *made = NULL;
	int rc = name_and_chart(h, &name, &chart, &made, e);

	if (rc == 0)
		rc = helm_install_chart(h, name, chart, false, &release, e);
	if (rc < 0)
		err_wrap(e, "INSTALLATION FAILED");
	else
		helm_print_release(release, h->args.output,
				   h->args.flags.hide_notes ? HELM_PRINT_WITHOUT_NOTES : 0);
	cJSON_Delete(release);
	free(made);
	return rc;
}

/* ---- helm template ---- */

static void
print_definitions(struct helm *h, const char *chart)
{
	const cJSON *definition;
	cJSON *found = NULL;

	if (helm_chart_find(h, chart, &found, NULL) < 0)
		return;
	cJSON_ArrayForEach(definition, helm_render_crds(found)) {
		struct str out = STR_INIT;

		helm_yaml_print(definition, false, &out);
		printf("---\n# Source: crds/%s.yaml\n%s",
		       json_string(definition, "metadata/name", ""), str_cstr(&out));
		str_release(&out);
	}
	cJSON_Delete(found);
}

int
helm_template(struct helm *h, struct err *e)
{
	const char *name = "release-name", *chart = helm_arg(h, 0), *ns = h->args.flags.ns;
	cJSON *release = NULL;

	if (helm_arg(h, 1)) {
		name = chart;
		chart = helm_arg(h, 1);
	}
	if (!ns)
		ns = getenv("HELM_NAMESPACE");
	h->ns = xstrdup(ns && *ns ? ns : "default");
	if (helm_install_chart(h, name, chart, true, &release, e) < 0)
		return -1;
	if (h->args.flags.include_crds)
		print_definitions(h, chart);
	fputs(json_string(release, "manifest", ""), stdout);
	cJSON_Delete(release);
	return 0;
}
