#include "config.h"

#include "kube/kubeconfig.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "kube/base64.h"

enum { MAX_MATERIAL = 1 << 20 }; /* of one certificate, key or token file */

struct source {
	char *path;
	cJSON *root;
};

/* The files that count, in the order of precedence. */
struct config {
	struct source *sources;
	size_t count, cap;
};

/* A named cluster, user or context, and the file it was found in. */
struct entry {
	const char *word; /* "cluster" */
	const char *name;
	const char *path;
	const cJSON *value;
};

static void
config_release(struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		free(config->sources[i].path);
		cJSON_Delete(config->sources[i].root);
	}
	free(config->sources);
}

/* A name or a token may look like a number and is text all the same, to the last digit. */
static void
keep_numbers_as_text(struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR && *node->text && strchr("+-.0123456789", node->text[0]))
		node->plain = false;
	for (size_t i = 0; i < node->count; i++)
		keep_numbers_as_text(node->kind == YAML_MAPPING ? node->pairs[i].value
								: node->items[i]);
}

static int
load_file(struct config *config, const char *path, struct err *e)
{
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0, 0 };
	struct str text = STR_INIT;
	int rc = -1;

	if (file_read(path, YAML_MAX_BYTES, &text, e) < 0)
		goto out;
	if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, e) < 0) {
		err_wrap(e, "%s:%d:%d", path, mark.line, mark.column);
		goto out;
	}
	if (stream.count > 0 && stream.documents[0].root) {
		struct source *source;

		keep_numbers_as_text(stream.documents[0].root);
		source = VEC_PUSH(config->sources, config->count, config->cap);
		source->path = xstrdup(path);
		source->root = yaml_to_json(stream.documents[0].root);
	}
	rc = 0;
out:
	yaml_stream_release(&stream);
	str_release_secret(&text);
	return rc;
}

/* The files of $KUBECONFIG. One that is missing is skipped, as kubectl does. */
static int
load_list(struct config *config, const char *list, struct err *e)
{
	while (*list) {
		size_t len = strcspn(list, ":");
		char *path = xstrndup(list, len);
		int rc = *path && file_exists(path) ? load_file(config, path, e) : 0;

		free(path);
		if (rc < 0)
			return -1;
		list += len + (list[len] == ':');
	}
	return 0;
}

static int
load_default(struct config *config, struct err *e)
{
	const char *home = getenv("HOME");
	int rc;

	if (!home || !*home)
		return err_set(e, ERR_NOT_FOUND,
			       "no kubeconfig: neither KUBECONFIG nor HOME is set");
	char *path = xasprintf("%s/.kube/config", home);
	rc = load_file(config, path, e);
	if (rc < 0)
		err_advise(e, "Set KUBECONFIG to the file that defines your clusters");
	free(path);
	return rc;
}

static int
load(struct config *config, const char *path, struct err *e)
{
	const char *list = getenv("KUBECONFIG");
	int rc;

	if (path)
		rc = load_file(config, path, e);
	else if (list && *list)
		rc = load_list(config, list, e);
	else
		rc = load_default(config, e);
	if (rc < 0)
		return err_wrap(e, "reading the kubeconfig");
	if (config->count == 0)
		return err_set(e, ERR_NOT_FOUND,
			       "reading the kubeconfig: %s %s is missing or empty",
			       path ? "the file" : "each file of KUBECONFIG =", path ? path : list);
	return 0;
}

/* All files' names, for messages; the caller frees. */
static char *
list_paths(const struct config *config)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < config->count; i++)
		str_printf(&out, "%s%s", i ? ", " : "", config->sources[i].path);
	return str_take(&out);
}

static bool
is_named(char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The names of all contexts, each once, NULL-terminated. */
static char **
context_names(const struct config *config)
{
	char **names = xcalloc(1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < config->count; i++) {
		const cJSON *item;

		cJSON_ArrayForEach(item, json_at(config->sources[i].root, "contexts")) {
			const char *name = json_string(item, "name", NULL);

			if (!name || is_named(names, name))
				continue;
			names = xreallocarray(names, count + 2, sizeof(*names));
			names[count++] = xstrdup(name);
			names[count] = NULL;
		}
	}
	return names;
}

static void
free_names(char **names)
{
	for (char **at = names; *at; at++)
		free(*at);
	free(names);
}

/* Finishes a message with the contexts that there are, and the nearest to what was asked for. */
static void
advise_contexts(const struct config *config, const char *wanted, struct err *e)
{
	char **names = context_names(config);
	const char *nearest = wanted ? str_nearest(wanted, (const char *const *)names) : NULL;
	struct str list = STR_INIT;

	for (size_t i = 0; names[i]; i++)
		str_printf(&list, "%s%s", i ? ", " : "", names[i]);
	if (nearest)
		err_advise(e, "Did you mean \"%s\"? There are: %s", nearest, str_cstr(&list));
	else
		err_advise(e, "Contexts there are: %s", list.len ? str_cstr(&list) : "none");
	str_release(&list);
	free_names(names);
}

/* The first file to define a name wins whole. Returns false where none does. */
static bool
find(const struct config *config, const char *word, const char *name, struct entry *ret_entry)
{
	char plural[32];

	snprintf(plural, sizeof(plural), "%ss", word);
	for (size_t i = 0; i < config->count; i++) {
		const struct source *source = &config->sources[i];
		const cJSON *item;

		cJSON_ArrayForEach(item, json_at(source->root, plural)) {
			if (!str_equal(json_string(item, "name", NULL), name))
				continue;
			*ret_entry = (struct entry){ .word = word,
						     .name = name,
						     .path = source->path,
						     .value = json_at(item, word) };
			return true;
		}
	}
	return false;
}

static int
wrap_entry(const struct entry *entry, struct err *e)
{
	return err_wrap(e, "%s: %s \"%s\"", entry->path, entry->word, entry->name);
}

/* A member that holds text, as a new string; NULL where it is absent or empty. */
static char *
copy_field(const struct entry *entry, const char *field)
{
	const char *text = json_string(entry->value, field, NULL);

	return text && *text ? xstrdup(text) : NULL;
}

static int
read_field_file(const struct entry *entry, const char *field, char **ret_text, struct err *e)
{
	const char *name = json_string(entry->value, field, NULL);
	struct str text = STR_INIT;

	if (!name || !*name)
		return 0;
	char *path = file_resolve(entry->path, name);
	int rc = file_read(path, MAX_MATERIAL, &text, e);
	free(path);
	if (rc < 0) {
		str_release_secret(&text);
		err_wrap(e, "%s", field);
		return wrap_entry(entry, e);
	}
	*ret_text = str_take(&text);
	return 0;
}

/* A PEM text: decoded from FIELD-data, which wins, or read from the file that FIELD names. */
static int
read_pem(const struct entry *entry, const char *field, char **ret_pem, struct err *e)
{
	char data_field[64];
	struct str pem = STR_INIT;

	snprintf(data_field, sizeof(data_field), "%s-data", field);
	const char *data = json_string(entry->value, data_field, NULL);
	if (!data || !*data)
		return read_field_file(entry, field, ret_pem, e);
	if (base64_decode(data, &pem) < 0) {
		str_release_secret(&pem);
		err_set(e, ERR_SPEC, "%s is no valid base64", data_field);
		return wrap_entry(entry, e);
	}
	*ret_pem = str_take(&pem);
	return 0;
}

static int
fill_server(struct kube_access *access, const struct entry *cluster, struct err *e)
{
	char *server = copy_field(cluster, "server");

	if (!server ||
	    !(str_starts_with(server, "https://") || str_starts_with(server, "http://"))) {
		err_set(e, ERR_SPEC,
			server ? "its server is \"%s\", which is no URL with https://"
			       : "it names no server%s",
			server ? server : "");
		free(server);
		return wrap_entry(cluster, e);
	}
	for (size_t len = strlen(server); len > 0 && server[len - 1] == '/'; len--)
		server[len - 1] = '\0';
	access->server = server;
	return 0;
}

static int
fill_cluster(struct kube_access *access, const struct entry *cluster, struct err *e)
{
	if (fill_server(access, cluster, e) < 0)
		return -1;
	access->tls_server_name = copy_field(cluster, "tls-server-name");
	access->proxy_url = copy_field(cluster, "proxy-url");
	access->insecure = json_bool(cluster->value, "insecure-skip-tls-verify", false);
	access->compressed = !json_bool(cluster->value, "disable-compression", false);
	if (read_pem(cluster, "certificate-authority", &access->ca_pem, e) < 0)
		return -1;
	if (access->insecure && access->ca_pem) {
		err_set(e, ERR_SPEC,
			"it has a certificate-authority and insecure-skip-tls-verify: "
			"remove one of them");
		return wrap_entry(cluster, e);
	}
	return 0;
}

/* What would make us another user than the one meant, or none, is refused rather than ignored. */
static int
refuse_unsupported(const struct entry *user, struct err *e)
{
	const cJSON *provider = json_at(user->value, "auth-provider");
	const char *as = json_string(user->value, "as", "");

	if (json_truthy(json_at(user->value, "exec")))
		err_set(e, ERR_SPEC,
			"its credentials come from the plugin \"%s\" (exec), which is not "
			"supported. Write a token that it gives into token or tokenFile",
			json_string(user->value, "exec/command", "?"));
	else if (json_truthy(provider))
		err_set(e, ERR_SPEC,
			"its credentials come from the auth-provider \"%s\", which is not "
			"supported. Write a token into token or tokenFile",
			json_string(provider, "name", "?"));
	else if (*as)
		err_set(e, ERR_SPEC, "it impersonates \"%s\" (as), which is not supported", as);
	else
		return 0;
	return wrap_entry(user, e);
}

/* Takes white space off the end; a token with any other odd character could forge a header. */
static int
check_token(const struct entry *user, char *token, struct err *e)
{
	size_t len = strlen(token);

	while (len > 0 && isspace((unsigned char)token[len - 1]))
		token[--len] = '\0';
	for (const char *at = token; *at; at++) {
		if (isgraph((unsigned char)*at))
			continue;
		err_set(e, ERR_SPEC, "its token holds white space or a control character");
		return wrap_entry(user, e);
	}
	return 0;
}

static int
fill_token(struct kube_access *access, const struct entry *user, struct err *e)
{
	if (read_field_file(user, "tokenFile", &access->token, e) < 0)
		return -1;
	if (!access->token)
		access->token = copy_field(user, "token");
	return access->token ? check_token(user, access->token, e) : 0;
}

static int
fill_user(struct kube_access *access, const struct entry *user, struct err *e)
{
	if (refuse_unsupported(user, e) < 0 || fill_token(access, user, e) < 0 ||
	    read_pem(user, "client-certificate", &access->client_cert_pem, e) < 0 ||
	    read_pem(user, "client-key", &access->client_key_pem, e) < 0)
		return -1;
	if (!access->client_cert_pem != !access->client_key_pem) {
		err_set(e, ERR_SPEC, "it has a client-%s, but no client-%s",
			access->client_cert_pem ? "certificate" : "key",
			access->client_cert_pem ? "key" : "certificate");
		return wrap_entry(user, e);
	}
	access->username = copy_field(user, "username");
	access->password = copy_field(user, "password");
	return 0;
}

static const char *
current_context(const struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		const char *name = json_string(config->sources[i].root, "current-context", "");

		if (*name)
			return name;
	}
	return NULL;
}

static int
find_context(const struct config *config, const char *name, struct entry *ret_context,
	     struct err *e)
{
	char *paths;

	if (!name)
		name = current_context(config);
	if (name && find(config, "context", name, ret_context))
		return 0;
	paths = list_paths(config);
	if (name)
		err_set(e, ERR_NOT_FOUND, "no context \"%s\" in %s", name, paths);
	else
		err_set(e, ERR_SPEC, "no context was named, and no current-context is set in %s",
			paths);
	advise_contexts(config, name, e);
	free(paths);
	return -1;
}

/* The cluster or user that a context refers to. */
static int
follow(const struct config *config, const struct entry *context, const char *word, const char *name,
       struct entry *ret_entry, struct err *e)
{
	if (find(config, word, name, ret_entry))
		return 0;
	char *paths = list_paths(config);
	err_set(e, ERR_SPEC, "it refers to the %s \"%s\", which is not defined in %s", word, name,
		paths);
	free(paths);
	return wrap_entry(context, e);
}

static int
fill(struct kube_access *access, const struct config *config, const char *context_name,
     struct err *e)
{
	struct entry context, cluster, user;

	if (find_context(config, context_name, &context, e) < 0)
		return -1;
	access->context = xstrdup(context.name);
	access->source = xstrdup(context.path);
	access->cluster = copy_field(&context, "cluster");
	access->user = copy_field(&context, "user");
	access->ns = copy_field(&context, "namespace");
	if (!access->ns)
		access->ns = xstrdup("default");
	if (!access->cluster) {
		err_set(e, ERR_SPEC, "it names no cluster");
		return wrap_entry(&context, e);
	}
	if (follow(config, &context, "cluster", access->cluster, &cluster, e) < 0 ||
	    fill_cluster(access, &cluster, e) < 0)
		return -1;
	if (!access->user)
		return 0; /* anonymous, which an API server may allow */
	if (follow(config, &context, "user", access->user, &user, e) < 0)
		return -1;
	return fill_user(access, &user, e);
}

int
kubeconfig_resolve(const char *path, const char *context, struct kube_access *ret_access,
		   struct err *e)
{
	struct kube_access access = { 0 };
	struct config config = { 0 };
	int rc = -1;

	if (load(&config, path, e) < 0 || fill(&access, &config, context, e) < 0)
		goto out;
	*ret_access = access;
	access = (struct kube_access){ 0 };
	rc = 0;
out:
	kube_access_release(&access);
	config_release(&config);
	return rc;
}
