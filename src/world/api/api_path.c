#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/api/discovery.h"
#include "world/openapi/openapi.h"

/* Paths that are no resources: what a server says of itself. */

static int
refuse_page(struct refusal *r)
{
	return refuse(r, 404, "NotFound", "404 page not found");
}

/* Answers with a tree, which it deletes; NULL: there is no such page. */
static int
answer_tree(struct api_answer *answer, cJSON *tree, struct refusal *r)
{
	if (!tree)
		return refuse_page(r);
	api_answer_json(answer, 200, tree);
	cJSON_Delete(tree);
	return 0;
}

/* Whether a path is this one, with a slash behind it or not. */
static bool
is_path(const char *path, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(path, wanted, len) == 0 && (!path[len] || strcmp(path + len, "/") == 0);
}

/* ---- what is asked for ---- */

static int
answer_version(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	return answer_tree(answer, discovery_version(request->cluster->version), r);
}

/* /readyz?verbose tells what was looked at. */
static int
answer_health(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	char *text =
		discovery_health(request->path + 1, cJSON_HasObjectItem(request->query, "verbose"));

	(void)r;
	api_answer_text(answer, 200, text);
	free(text);
	return 0;
}

/* /api and /apis, all groups and resources at once where that is asked for. */
static int
answer_groups(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct cluster *cluster = request->cluster;
	const char *version = discovery_aggregated_version(request->accept);
	bool core = is_path(request->path, "/api");
	int rc;

	if (version) {
		rc = answer_tree(answer, discovery_aggregated(cluster->kinds, core, version), r);
		answer->type = discovery_aggregated_type(version);
		return rc;
	}
	if (!core)
		return answer_tree(answer, discovery_groups(cluster->kinds), r);
	char *server = xasprintf("%s:%d", cluster->address, cluster->port);
	rc = answer_tree(answer, discovery_core(server), r);
	free(server);
	return rc;
}

/* /apis/GROUP, /apis/GROUP/VERSION, /api/VERSION. */
static int
answer_group(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct kinds *kinds = request->cluster->kinds;
	bool core = str_starts_with(request->path, "/api/");
	const char *at = request->path + (core ? strlen("/api/") : strlen("/apis/"));
	char *group = core ? xstrdup("") : xstrndup(at, strcspn(at, "/"));

	at += strlen(group) + (at[strlen(group)] == '/' && !core);
	char *version = xstrndup(at, strcspn(at, "/"));
	int rc;
	if (at[strlen(version)] && strcmp(at + strlen(version), "/") != 0)
		rc = refuse_page(r);
	else if (*version)
		rc = answer_tree(answer, discovery_resources(kinds, group, version), r);
	else
		rc = answer_tree(answer, discovery_group(kinds, group), r);
	free(version);
	free(group);
	return rc;
}

static int
answer_schema(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	cJSON *document = openapi_v2(request->cluster->kinds, request->cluster->version);

	if (!openapi_wants_protobuf(request->accept))
		return answer_tree(answer, document, r);
	openapi_v2_protobuf(document, &answer->body);
	answer->type = OPENAPI_V2_PROTOBUF;
	cJSON_Delete(document);
	return 0;
}

static int
answer_schema3(const struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct cluster *cluster = request->cluster;

	if (is_path(request->path, "/openapi/v3"))
		return answer_tree(answer, openapi_v3(cluster->kinds), r);
	return answer_tree(answer,
			   openapi_v3_of(cluster->kinds, request->path + strlen("/openapi/v3/"),
					 cluster->version),
			   r);
}

/* ---- by path ---- */

struct path_row {
	const char *path;
	bool below; /* all paths below it */
	int (*answer)(const struct api_request *request, struct api_answer *answer,
		      struct refusal *r);
};

static const struct path_row path_rows[] = {
	{ "/api", false, answer_groups },	 { "/api", true, answer_group },
	{ "/apis", false, answer_groups },	 { "/apis", true, answer_group },
	{ "/healthz", false, answer_health },	 { "/healthz", true, answer_health },
	{ "/livez", false, answer_health },	 { "/livez", true, answer_health },
	{ "/openapi/v2", false, answer_schema }, { "/openapi/v3", false, answer_schema3 },
	{ "/openapi/v3", true, answer_schema3 }, { "/readyz", false, answer_health },
	{ "/readyz", true, answer_health },	 { "/version", false, answer_version },
};

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' && path[len + 1];
}

int
api_path(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const char *method = request->method;

	for (size_t i = 0; i < sizeof(path_rows) / sizeof(path_rows[0]); i++) {
		const struct path_row *row = &path_rows[i];

		if (row->below ? !is_below(request->path, row->path)
			       : !is_path(request->path, row->path))
			continue;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return api_refuse_method(r);
		return row->answer(request, answer, r);
	}
	return refuse_page(r);
}
