#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/xalloc.h"
#include "step/command/step_command_plan.h"

/*
 * What a command finds in its environment is decided, not inherited: what an operator's shell holds (tokens, the
 * defaults of libpq, the cluster of this morning) would make the same step do another thing in another shell, or hand
 * a credential to a program that has no use for it. What is passed on by itself says who and where the operator is and
 * how the network is reached, and of a cluster with a login plugin what that plugin goes by: the client of this program
 * has logged in with it before, and a helm that could not would fail in the middle.
 */

extern char **environ;

enum { MAX_WITHHELD = 12, SECRET_MIN = 8 };

/* A `*` at the end stands for any rest. */

/* Passed on always; nobody wants to read these in each preview: they are counted there. */
static const char *const usual[] = {
	"PATH",
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"LANG",
	"LANGUAGE",
	"LC_*",
	"TZ",
	"TMPDIR",
	"XDG_*",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"CURL_CA_BUNDLE",
	"AWS_CA_BUNDLE",
	"REQUESTS_CA_BUNDLE",
	"NODE_EXTRA_CA_CERTS",
	"NIX_SSL_CERT_FILE",
	"GIT_SSL_CAINFO",
	NULL,
};

/* Passed on always, and told by name: these decide where the command goes, or who it is there. */
static const char *const told[] = {
	"LD_LIBRARY_PATH",
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"ALL_PROXY",
	"NO_PROXY",
	"http_proxy",
	"https_proxy",
	"all_proxy",
	"no_proxy",
	"DOCKER_CONFIG",
	"HELM_CACHE_HOME",
	"HELM_DATA_HOME",
	"HELM_CONFIG_HOME",
	"HELM_PLUGINS",
	"HELM_DRIVER",
	"HELM_REPOSITORY_*",
	"HELM_REGISTRY_CONFIG",
	NULL,
};

/* Where there is no target that decides it: which clusters there are. */
static const char *const clusters[] = {
	"KUBECONFIG",
	"KUBERNETES_SERVICE_HOST",
	"KUBERNETES_SERVICE_PORT",
	NULL,
};

/* With a target these are its own, or would lead away from it. Source: helm(1), "Environment variables". */
static const char *const elsewhere[] = {
	"KUBECONFIG",
	"KUBERNETES_*",
	"HELM_KUBE*",
	NULL,
};

/* Worth a word where they are there and not passed on. */
static const char *const expected[] = {
	"PG*", "HELM_*", "KUBE*", "DOCKER_*", "SSH_AUTH_SOCK", "VAULT_*", NULL,
};

static bool
fits(const char *pattern, const char *name, size_t len)
{
	size_t fixed = strcspn(pattern, "*");

	if (pattern[fixed] == '*')
		return len >= fixed && strncmp(pattern, name, fixed) == 0;
	return len == fixed && strncmp(pattern, name, len) == 0;
}

static bool
fits_one(const char *const *patterns, const char *name, size_t len)
{
	for (; *patterns; patterns++)
		if (fits(*patterns, name, len))
			return true;
	return false;
}

static size_t
name_length(const char *variable)
{
	return strcspn(variable, "=");
}

static bool
has(const struct step_texts *variables, const char *name, size_t len)
{
	for (size_t i = 0; i < variables->count; i++)
		if (name_length(variables->items[i]) == len &&
		    strncmp(variables->items[i], name, len) == 0)
			return true;
	return false;
}

static bool
is_given(const struct command_environment *env, const char *name, size_t len)
{
	return has(&env->set, name, len) || has(&env->secret, name, len);
}

/* The value of such a variable must not be seen where a command repeats it. */
static bool
sounds_secret(const char *name, size_t len)
{
	static const char *const words[] = { "TOKEN",	   "SECRET",	 "PASSWORD",	"PASSWD",
					     "CREDENTIAL", "ACCESS_KEY", "PRIVATE_KEY", "API_KEY" };
	static const char *const places[] = { "_FILE", "_PATH", "_DIR", "_URL", "_ID", "_HOME" };
	char *upper = xstrndup(name, len);
	bool is = false;

	for (char *at = upper; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		is = is || strstr(upper, words[i]);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		is = is && !str_ends_with(upper, places[i]);
	free(upper);
	return is;
}

static int
check_name(const struct command *c, const char *name, const char *field, struct err *e)
{
	if (!*name || strchr(name, '='))
		return err_set(e, ERR_SPEC,
			       "command.run: \"%s\" in %s is no name of an environment variable",
			       name, field);
	if (c->cluster.context && fits_one(elsewhere, name, strlen(name)))
		return err_set(e, ERR_SPEC,
			       "command.run: %s in %s could lead away from the step's target, "
			       "which sets what is needed itself. Leave it out, or leave out the "
			       "target",
			       name, field);
	return 0;
}

static int
add_map(struct command *c, const cJSON *with, const char *field, struct step_texts *variables,
	struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(with, field)) {
		char *value;

		if (check_name(c, item->string, field, e) < 0)
			return -1;
		if (is_given(&c->env, item->string, strlen(item->string)))
			return err_set(e, ERR_SPEC, "command.run: %s is given twice: once in %s",
				       item->string, field);
		value = json_text(item);
		step_texts_push(variables, xasprintf("%s=%s", item->string, value));
		explicit_bzero(value, strlen(value));
		free(value);
	}
	return 0;
}

static void
add_cluster(struct command *c)
{
	const struct command_cluster *cluster = &c->cluster;

	if (!cluster->context)
		return;
	step_texts_push(&c->env.set, xasprintf("HELM_KUBECONTEXT=%s", cluster->context));
	if (!has(&c->env.set, "HELM_NAMESPACE", strlen("HELM_NAMESPACE")))
		step_texts_push(&c->env.set, xasprintf("HELM_NAMESPACE=%s", cluster->ns));
}

/* The patterns of `inherit`. */
struct wish {
	struct step_texts patterns;
	bool all;
};

static int
load_wish(const struct command *c, const cJSON *value, struct wish *wish, struct err *e)
{
	step_texts_load(&wish->patterns, value);
	for (size_t i = 0; i < wish->patterns.count; i++) {
		const char *pattern = wish->patterns.items[i];
		const char *star = strchr(pattern, '*');

		wish->all = wish->all || strcmp(pattern, "all") == 0;
		if (star && (star == pattern || star[1]))
			return err_set(e, ERR_SPEC,
				       "command.run: \"%s\" in inherit: a * stands only at the "
				       "end of a name. For everything write: inherit: all",
				       pattern);
		if (!star && check_name(c, pattern, "inherit", e) < 0)
			return -1;
	}
	return 0;
}

static bool
is_passed(const struct command *c, const struct wish *wish, const char *name, size_t len)
{
	const char *const *asked = step_texts_array(&wish->patterns);

	if (c->cluster.context && fits_one(elsewhere, name, len))
		return false;
	if (wish->all || fits_one(usual, name, len) || fits_one(told, name, len) ||
	    fits_one(asked, name, len))
		return true;
	if (!c->cluster.context)
		return fits_one(clusters, name, len);
	return c->cluster.plugin && command_cluster_logs_in_by(&c->cluster, name);
}

static bool
is_worth_a_word(const char *name, size_t len)
{
	return fits_one(expected, name, len) || command_cluster_logs_in_by(NULL, name) ||
	       sounds_secret(name, len);
}

static void
hide(struct secrets *secrets, const char *variable, size_t name_len)
{
	const char *value = variable + name_len + 1;
	char *name;

	if (!sounds_secret(variable, name_len) || strlen(value) < SECRET_MIN || file_exists(value))
		return; /* or it says where the secret is */
	name = xstrndup(variable, name_len);
	secrets_add(secrets, name, value, strlen(value), NULL);
	free(name);
}

static int
compare_texts(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

/* In the order of their names: two previews of the same thing are the same. */
static void
sort(struct step_texts *texts)
{
	if (texts->count > 0)
		qsort(texts->items, texts->count, sizeof(*texts->items), compare_texts);
}

static void
pass(struct command *c, const struct wish *wish, struct secrets *secrets)
{
	struct command_environment *env = &c->env;

	for (char **at = environ; at && *at; at++) {
		size_t len = name_length(*at);

		if (len == 0 || (*at)[len] != '=' || is_given(env, *at, len))
			continue;
		if (fits("TERM", *at, len) && !has(&wish->patterns, *at, len))
			continue; /* that is our terminal, not the one of the command */
		if (is_passed(c, wish, *at, len)) {
			hide(secrets, *at, len);
			step_texts_push(&env->passed, xstrdup(*at));
		} else if (is_worth_a_word(*at, len)) {
			step_texts_push(&env->withheld, xstrndup(*at, len));
		}
	}
	sort(&env->passed);
	sort(&env->withheld);
}

static void
find_missing(struct command_environment *env, const struct wish *wish)
{
	for (size_t i = 0; i < wish->patterns.count; i++) {
		const char *name = wish->patterns.items[i];

		if (strcmp(name, "all") != 0 && !strchr(name, '*') && !getenv(name))
			step_texts_push(&env->missing, xstrdup(name));
	}
}

/* Lines are all that is shown of it: no program shall draw pictures for a cursor that is not there. */
static void
add_terminal(const struct command *c, struct command_environment *env)
{
	static const char name[] = "TERM";

	if (c->pty && !is_given(env, name, strlen(name)) && !has(&env->passed, name, strlen(name)))
		step_texts_push(&env->set, xstrdup("TERM=dumb"));
}

int
command_environment_init(struct command *c, const struct step_context *ctx,
			 const struct action *action, struct err *e)
{
	struct wish wish = { .all = false };
	int rc = -1;

	if (add_map(c, action->with, "env", &c->env.set, e) < 0 ||
	    add_map(c, action->with, "secret_env", &c->env.secret, e) < 0 ||
	    load_wish(c, json_at(action->with, "inherit"), &wish, e) < 0)
		goto out;
	add_cluster(c);
	pass(c, &wish, ctx->secrets);
	find_missing(&c->env, &wish);
	add_terminal(c, &c->env);
	rc = 0;
out:
	step_texts_release(&wish.patterns);
	return rc;
}

static void
wipe(struct step_texts *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		explicit_bzero(variables->items[i], strlen(variables->items[i]));
	step_texts_release(variables);
}

void
command_environment_release(struct command_environment *env)
{
	step_texts_release(&env->set);
	wipe(&env->secret);
	wipe(&env->passed);
	step_texts_release(&env->missing);
	step_texts_release(&env->withheld);
	wipe(&env->all);
}

/* Names between commas; those past `most` are counted. */
static char *
join_names(const struct step_texts *variables, size_t most)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < variables->count && i < most; i++)
		str_printf(&out, "%s%.*s", i ? ", " : "", (int)name_length(variables->items[i]),
			   variables->items[i]);
	if (variables->count > most)
		str_printf(&out, " and %zu more", variables->count - most);
	return str_take(&out);
}

static void
describe_names(const struct step_texts *variables, size_t most, const char *before,
	       const char *behind, struct preview *preview)
{
	char *names;

	if (variables->count == 0)
		return;
	names = join_names(variables, most);
	preview_add(preview, PREVIEW_TEXT, "%s%s%s", before, names, behind);
	free(names);
}

/* Names that say where the command goes or who it is there are told; the usual ones are counted. */
static void
describe_passed(const struct step_texts *passed, struct preview *preview)
{
	struct str out = STR_INIT;
	size_t counted = 0;

	for (size_t i = 0; i < passed->count; i++) {
		int len = (int)name_length(passed->items[i]);

		if (fits_one(usual, passed->items[i], (size_t)len))
			counted++;
		else
			str_printf(&out, "%s%.*s", out.len ? ", " : "", len, passed->items[i]);
	}
	if (counted)
		str_printf(&out, "%s%zu usual %s (PATH, HOME, LANG and the like)",
			   out.len ? ", and " : "", counted,
			   counted == 1 ? "variable" : "variables");
	if (out.len)
		preview_add(preview, PREVIEW_TEXT, "passed on as they are here: %s", out.data);
	str_release(&out);
}

void
command_environment_describe(const struct command *c, struct preview *preview)
{
	const struct command_environment *env = &c->env;

	if (c->cluster.context) {
		char *kubeconfig = command_cluster_kubeconfig(&c->cluster);

		preview_add(preview, PREVIEW_TEXT, "with KUBECONFIG=%s", kubeconfig);
		free(kubeconfig);
	}
	for (size_t i = 0; i < env->set.count; i++)
		preview_add(preview, PREVIEW_TEXT, "with %s", env->set.items[i]);
	for (size_t i = 0; i < env->secret.count; i++)
		preview_add(preview, PREVIEW_TEXT, "with %.*s, a secret",
			    (int)name_length(env->secret.items[i]), env->secret.items[i]);
	describe_passed(&env->passed, preview);
	describe_names(&env->missing, SIZE_MAX, "not set here, so not passed on: ", "", preview);
	describe_names(&env->withheld, MAX_WITHHELD,
		       "not passed on: ", " (inherit names what the command needs)", preview);
}

const char *const *
command_environment(struct command *c)
{
	struct command_environment *env = &c->env;
	const struct step_texts *parts[] = { &env->passed, &env->set, &env->secret };

	wipe(&env->all);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (size_t j = 0; j < parts[i]->count; j++)
			step_texts_push(&env->all, xstrdup(parts[i]->items[j]));
	if (c->cluster.context) {
		char *kubeconfig = command_cluster_kubeconfig(&c->cluster);

		step_texts_push(&env->all, xasprintf("KUBECONFIG=%s", kubeconfig));
		free(kubeconfig);
	}
	return step_texts_array(&env->all);
}
