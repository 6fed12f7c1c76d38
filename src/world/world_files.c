#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/world_internal.h"

/* The files of a world: what a person on a call would have at hand, and what sends the drill's programs there. */

static char *
path_in(const struct world *world, const char *name)
{
	return xasprintf("%s/%s", world->options.folder, name);
}

static int
write_file(const struct world *world, const char *name, const char *text, mode_t mode,
	   struct err *e)
{
	char *path = path_in(world, name);
	int rc = file_write_atomic(path, text, strlen(text), mode, e);

	free(path);
	return rc;
}

/* ---- kubeconfig ---- */

static void
add_named(cJSON *list, const char *name, const char *what, cJSON *value)
{
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", name);
	json_add(entry, what, value);
	cJSON_AddItemToArray(list, entry);
}

static void
add_cluster(const struct world *world, const struct world_cluster *w, cJSON *config)
{
	const char *ca = authority_pem(world->own);
	char *encoded = xmalloc(BASE64_MAX(strlen(ca)));
	char *server = xasprintf("https://%s:%d", w->cluster->address, w->cluster->port);
	cJSON *cluster = cJSON_CreateObject();

	base64_encode(ca, strlen(ca), encoded);
	json_add_string(cluster, "server", server);
	json_add_string(cluster, "certificate-authority-data", encoded);
	add_named(json_at(config, "clusters"), w->cluster->name, "cluster", cluster);
	free(server);
	free(encoded);
}

static void
add_contexts(const struct world_cluster *w, cJSON *config)
{
	cJSON *users = json_parse(w->users, strlen(w->users), NULL), *user;

	cJSON_ArrayForEach(user, users) {
		const char *name = json_string(user, "context", "");
		cJSON *context = cJSON_CreateObject();

		json_add_string(context, "cluster", w->cluster->name);
		json_add_string(context, "user", name);
		add_named(json_at(config, "contexts"), name, "context", context);
		add_named(json_at(config, "users"), name, "user",
			  cJSON_DetachItemFromObjectCaseSensitive(user, "user"));
	}
	cJSON_Delete(users);
}

static int
write_kubeconfig(const struct world *world, struct err *e)
{
	const char *current = json_string(world->options.spec->document, "params/context", NULL);
	cJSON *config = cJSON_CreateObject();

	json_add_string(config, "apiVersion", "v1");
	json_add_string(config, "kind", "Config");
	json_add(config, "clusters", cJSON_CreateArray());
	json_add(config, "users", cJSON_CreateArray());
	json_add(config, "contexts", cJSON_CreateArray());
	for (size_t i = 0; i < world->clusters_count; i++) {
		add_cluster(world, &world->clusters[i], config);
		add_contexts(&world->clusters[i], config);
	}
	json_add_string(config, "current-context",
			current ? current : world->clusters[0].cluster->name);
	char *text = json_print_pretty(config);
	int rc = write_file(world, "kubeconfig", text, 0600, e);
	explicit_bzero(text, strlen(text));
	free(text);
	cJSON_Delete(config);
	return rc;
}

/* ---- PostgreSQL ---- */

/* A colon or a backslash stands behind a backslash. Source: PostgreSQL manual, "The Password File". */
static void
append_escaped(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ':' || *text == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *text);
	}
}

static int
append_role(struct world *world, const cJSON *role, const char *address, int64_t port,
	    struct str *pass, struct err *e)
{
	cJSON *password = NULL;

	if (world_expand(world, json_at(role, "password"), &password, e) < 0)
		return -1;
	str_printf(pass, "%s:%lld:*:", address, (long long)port);
	append_escaped(pass, json_string(role, "name", ""));
	str_append_char(pass, ':');
	append_escaped(pass, cJSON_IsString(password) ? password->valuestring : "");
	str_append_char(pass, '\n');
	cJSON_Delete(password);
	return 0;
}

static int
write_service(struct world *world, struct err *e)
{
	struct str service = STR_INIT, pass = STR_INIT;
	const cJSON *spec, *role;
	int rc = 0;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "databases")) {
		char *address = world_address(world, spec);
		int64_t port = json_int(spec, "port", 5432);

		str_printf(&service, "[%s]\nhost=%s\nport=%lld\n", json_string(spec, "name", ""),
			   address, (long long)port);
		cJSON_ArrayForEach(role, json_at(spec, "roles"))
			if (rc == 0)
				rc = append_role(world, role, address, port, &pass, e);
		free(address);
	}
	if (rc == 0)
		rc = write_file(world, "pg_service.conf", str_cstr(&service), 0600, e);
	if (rc == 0)
		rc = write_file(world, "pgpass", str_cstr(&pass), 0600, e);
	str_release(&service);
	str_release_secret(&pass);
	return rc;
}

/* ---- the backup folder ---- */

/* JSON is YAML: each object a document of its own. */
static void
append_document(struct str *out, const cJSON *object)
{
	char *text = json_print_pretty(object);

	str_printf(out, "---\n%s\n", text);
	free(text);
}

static int
write_backup(struct world *world, const cJSON *spec, struct err *e)
{
	char *path =
		xasprintf("%s/backup/%s", world->options.folder, json_string(spec, "path", ""));
	char *folder = file_folder(path);
	struct str text = STR_INIT;
	cJSON *expanded = NULL;
	const cJSON *object;
	int rc = file_make_folders(folder, 0700, e);

	if (rc == 0)
		rc = world_expand(world, spec, &expanded, e);
	if (rc == 0 && json_at(spec, "dump")) {
		rc = parts_dump(world->parts, json_at(expanded, "dump"), path, e);
	} else if (rc == 0) {
		str_append(&text, json_string(expanded, "text", ""));
		if (json_at(expanded, "object"))
			append_document(&text, json_at(expanded, "object"));
		cJSON_ArrayForEach(object, json_at(expanded, "objects"))
			append_document(&text, object);
		rc = file_write_atomic(path, str_cstr(&text), text.len,
				       json_bool(spec, "private", false) ? 0600 : 0644, e);
	}
	str_release_secret(&text);
	cJSON_Delete(expanded);
	free(folder);
	if (rc < 0)
		err_wrap(e, "the backup file %s", json_string(spec, "path", ""));
	free(path);
	return rc;
}

static int
write_backups(struct world *world, struct err *e)
{
	char *folder = path_in(world, "backup");
	int rc = file_make_folders(folder, 0700, e);
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "backup"))
		if (rc == 0)
			rc = write_backup(world, spec, e);
	free(folder);
	return rc;
}

/* ---- helm ---- */

/* The charts where the world's helm looks for them: charts/REPOSITORY/CHART-VERSION.json. */
static int
write_charts(struct world *world, struct err *e)
{
	const cJSON *chart;
	int rc = 0;

	cJSON_ArrayForEach(chart, json_at(world->options.spec->document, "charts")) {
		char *path = xasprintf("%s/charts/%s-%s.json", world->options.folder,
				       json_string(chart, "name", ""),
				       json_string(chart, "version", ""));
		char *folder = file_folder(path), *text = json_print_pretty(chart);

		if (rc == 0)
			rc = file_make_folders(folder, 0700, e);
		if (rc == 0)
			rc = file_write_atomic(path, text, strlen(text), 0600, e);
		free(text);
		free(folder);
		free(path);
	}
	return rc;
}

static int
link_helm(const struct world *world, struct err *e)
{
	char *bin = path_in(world, "bin"), *home = path_in(world, "home");
	char *helm = path_in(world, "bin/helm");
	int rc = file_make_folders(bin, 0700, e);

	if (rc == 0)
		rc = file_make_folders(home, 0700, e);
	if (rc == 0 && world->options.helm && symlink(world->options.helm, helm) < 0)
		rc = err_errno(e, ERR_IO, "linking %s to %s", helm, world->options.helm);
	free(helm);
	free(home);
	free(bin);
	return rc;
}

/* ---- the facts ---- */

static void
add_path(struct world *world, const char *member, const char *name)
{
	char *path = path_in(world, name);

	json_add_string(world->facts, member, path);
	free(path);
}

/* Who resolves names for whoever is inside. */
static void
add_resolvers(struct world *world)
{
	cJSON *resolvers = cJSON_AddArrayToObject(world->facts, "resolvers");
	const cJSON *zone;

	cJSON_ArrayForEach(zone, json_at(world->context, "zones")) {
		char *place = xasprintf("%s:%lld", json_string(zone, "address", ""),
					(long long)json_int(zone, "port", 0));

		cJSON_AddItemToArray(resolvers, cJSON_CreateString(place));
		free(place);
	}
}

static int
make_facts(struct world *world, struct err *e)
{
	cJSON *params = NULL;

	if (world_expand(world, json_at(world->options.spec->document, "params"), &params, e) < 0)
		return err_wrap(e, "the parameters of the runbook");
	world->facts = cJSON_CreateObject();
	json_add_string(world->facts, "world", world->options.spec->id);
	json_add_string(world->facts, "title", world->options.spec->title);
	json_add_string(world->facts, "text", world->options.spec->text);
	json_add_string(world->facts, "runbook", world->options.spec->runbook);
	json_add_string(world->facts, "prefix", world->prefix);
	json_add_string(world->facts, "folder", world->options.folder);
	add_path(world, "kubeconfig", "kubeconfig");
	add_path(world, "ca", "ca.pem");
	add_path(world, "service_file", "pg_service.conf");
	add_path(world, "pass_file", "pgpass");
	add_path(world, "path", "bin");
	add_path(world, "home", "home");
	add_path(world, "backup", "backup");
	add_resolvers(world);
	json_add(world->facts, "params", params ? params : cJSON_CreateObject());
	return 0;
}

int
world_files_write(struct world *world, struct err *e)
{
	if (write_file(world, "ca.pem", authority_pem(world->own), 0644, e) < 0 ||
	    write_kubeconfig(world, e) < 0 || write_service(world, e) < 0 ||
	    write_charts(world, e) < 0 || link_helm(world, e) < 0 || write_backups(world, e) < 0)
		return -1;
	world_progress(world, "the backup folder is there");
	return make_facts(world, e);
}
