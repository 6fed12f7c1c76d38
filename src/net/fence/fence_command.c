#include "config.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"

/* What a command of a drill is told, before it is started: what it does after that is its own. */

#define WHY "a drill never touches anything real"

/* ---- places and files ---- */

static int
check_url(const char *after_scheme, struct err *e)
{
	size_t len = strcspn(after_scheme, "/?# \t\n\"'");
	const char *user = memrchr(after_scheme, '@', len), *host = user ? user + 1 : after_scheme;
	const char *end = after_scheme + len;
	bool is_v6 = *host == '[';

	host += is_v6;
	size_t host_len = strcspn(host, is_v6 ? "]" : ":");
	char *name = xstrndup(host, host + host_len < end ? host_len : (size_t)(end - host));
	int rc = fence_check_host(name, e);
	free(name);
	return rc;
}

/* Where one says to whom: "https://203.0.113.9:6443", "--server=https://…". Files are no place. */
static int
check_urls(const char *word, struct err *e)
{
	for (const char *at = word; (at = strstr(at, "://")); at += strlen("://")) {
		bool is_file = at - word >= 4 && strncmp(at - 4, "file", 4) == 0;

		if (!is_file && check_url(at + strlen("://"), e) < 0)
			return -1;
	}
	return 0;
}

/* "127.21.7.10", "127.21.7.10:6443", with or without a scheme. */
static int
check_server(const char *server, struct err *e)
{
	return strstr(server, "://") ? check_urls(server, e) : check_url(server, e);
}

/* Calls check() for each piece of a list. */
static int
check_each(const char *list, const char *separator, int (*check)(const char *, struct err *),
	   struct err *e)
{
	int rc = 0;

	for (const char *at = list; rc == 0 && at; at = *at ? at + 1 : NULL) {
		size_t len = strcspn(at, separator);
		char *piece = xstrndup(at, len);

		if (*piece)
			rc = check(piece, e);
		free(piece);
		at += len;
	}
	return rc;
}

/* A host of libpq's: a name, an address, or the folder of a socket. */
static int
check_database_host(const char *host, struct err *e)
{
	return *host == '/' ? fence_check_file(host, e) : fence_check_host(host, e);
}

/* What postgres_client_passfile() has made comes as standard input. */
static int
check_pass_file(const char *path, struct err *e)
{
	return str_equal(path, "/dev/stdin") ? 0 : fence_check_file(path, e);
}

static int
check_hosts(const char *hosts, struct err *e)
{
	return check_each(hosts, ",", check_database_host, e);
}

static int
check_files(const char *files, struct err *e)
{
	return check_each(files, ":", fence_check_file, e);
}

/* ---- PostgreSQL's programs ---- */

struct database_words {
	bool names_place;    /* which server is meant */
	bool names_database; /* by -d */
	bool asks_about_it;  /* its version, its help: nobody is reached */
};

static const struct {
	const char *keyword;
	int (*check)(const char *value, struct err *e);
} database_keywords[] = {
	{ "host", check_hosts },	 { "hostaddr", check_hosts },
	{ "passfile", check_pass_file }, { "sslcert", fence_check_file },
	{ "sslkey", fence_check_file },
};

/* With hostaddr a host is only a name to compare with. */
static int
check_keyword(const PQconninfoOption *option, bool has_address, struct err *e)
{
	if (has_address && str_equal(option->keyword, "host"))
		return 0;
	for (size_t i = 0; i < sizeof(database_keywords) / sizeof(database_keywords[0]); i++)
		if (str_equal(option->keyword, database_keywords[i].keyword))
			return database_keywords[i].check(option->val, e);
	return 0;
}

static int
check_conninfo(const char *text, struct database_words *words, struct err *e)
{
	PQconninfoOption *all;
	bool has_address = false;
	int rc = 0;

	if (!strchr(text, '=') && !str_starts_with(text, "postgres"))
		return 0; /* the name of a database */
	all = PQconninfoParse(text, NULL);
	for (PQconninfoOption *at = all; at && at->keyword; at++)
		has_address =
			has_address || (str_equal(at->keyword, "hostaddr") && at->val && *at->val);
	for (PQconninfoOption *at = all; rc == 0 && at && at->keyword; at++) {
		if (!at->val || !*at->val)
			continue;
		words->names_place = words->names_place || str_starts_with(at->keyword, "host") ||
				     str_equal(at->keyword, "service");
		rc = check_keyword(at, has_address, e);
	}
	PQconninfoFree(all);
	return rc;
}

static int
check_place_option(const char *value, struct database_words *words, struct err *e)
{
	words->names_place = words->names_place || *value;
	return check_hosts(value, e);
}

static int
check_database_option(const char *value, struct database_words *words, struct err *e)
{
	words->names_database = true;
	return check_conninfo(value, words, e);
}

/* Letters with a colon take a value, as for getopt(3). Source: psql(1), pg_dump(1), pg_restore(1) of PostgreSQL 15. */
static const struct database_program {
	const char *name, *letters;
} database_programs[] = {
	{ "psql", "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01?" },
	{ "pg_dump", "abBcCd:e:E:f:F:h:j:n:N:Op:RsS:t:T:U:vVwWxXZ:?" },
	{ "pg_restore", "acCd:ef:F:h:I:j:lL:n:N:Op:P:RsS:t:T:U:vVwWx1?" },
};

/* "-Xh10.0.0.1", "-h 10.0.0.1"; *ret_taken counts the words. */
static int
check_letters(const struct database_program *program, const char *word, const char *next,
	      struct database_words *words, size_t *ret_taken, struct err *e)
{
	*ret_taken = 1;
	for (const char *at = word + 1; *at; at++) {
		const char *letter = strchr(program->letters, *at);
		const char *value = at[1] ? at + 1 : next;

		words->asks_about_it = words->asks_about_it || strchr("V?", *at);
		if (!letter || letter[1] != ':')
			continue;
		*ret_taken = at[1] || !next ? 1 : 2;
		if (*at == 'h' && value)
			return check_place_option(value, words, e);
		return *at == 'd' && value ? check_database_option(value, words, e) : 0;
	}
	return 0;
}

/* Long options may be cut short, as long as one knows which is meant. */
static bool
is_long(const char *word, const char *option, size_t least)
{
	size_t len = strcspn(word, "=");

	return len >= least && len <= strlen(option) && strncmp(word, option, len) == 0;
}

static int
check_long(const char *word, const char *next, struct database_words *words, size_t *ret_taken,
	   struct err *e)
{
	/* values in a word of their own, which are texts or names of files */
	static const char *const others[] = { "--command", "--file",	 "--set", "--variable",
					      "--output",  "--log-file", "--pset" };
	const char *equals = strchr(word, '='), *value = equals ? equals + 1 : next;

	*ret_taken = 1;
	words->asks_about_it =
		words->asks_about_it || is_long(word, "--version", 5) || is_long(word, "--help", 4);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!equals && next && str_equal(word, others[i]))
			*ret_taken = 2;
	if (!is_long(word, "--host", 4) && !is_long(word, "--dbname", 4))
		return 0;
	*ret_taken = equals || !next ? 1 : 2;
	if (!value)
		return 0;
	return is_long(word, "--host", 4) ? check_place_option(value, words, e)
					  : check_database_option(value, words, e);
}

static int
check_database_words(const struct database_program *program, const char *const *argv,
		     struct database_words *words, struct err *e)
{
	bool is_over = false; /* no options after "--" */
	size_t taken;

	for (size_t i = 1; argv[i]; i += taken) {
		int rc;

		taken = 1;
		if (is_over || argv[i][0] != '-' || !argv[i][1])
			rc = check_conninfo(argv[i], words, e);
		else if (str_equal(argv[i], "--"))
			is_over = true, rc = 0;
		else if (argv[i][1] == '-')
			rc = check_long(argv[i], argv[i + 1], words, &taken, e);
		else
			rc = check_letters(program, argv[i], argv[i + 1], words, &taken, e);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static const char *
variable(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env)[len + 1] ? *env + len + 1 : NULL;
	return NULL;
}

static int
check_database_program(const char *name, const char *const *argv, char *const *env, struct err *e)
{
	struct database_words words = {
		.names_place = variable(env, "PGHOST") || variable(env, "PGHOSTADDR") ||
			       variable(env, "PGSERVICE"),
	};
	const struct database_program *program = NULL;

	for (size_t i = 0; i < sizeof(database_programs) / sizeof(database_programs[0]); i++)
		if (str_equal(name, database_programs[i].name))
			program = &database_programs[i];
	if (!program)
		return 0;
	if (check_database_words(program, argv, &words, e) < 0)
		return -1;
	/* without a database pg_restore writes what it would send */
	if (words.names_place || words.asks_about_it ||
	    (str_equal(name, "pg_restore") && !words.names_database))
		return 0;
	return err_set(e, ERR_DENIED,
		       "no host and no service is named, so that it would go to the server of this "
		       "machine, outside of the drill's world: " WHY);
}

/* ---- kubectl and helm, openssl ---- */

static const struct {
	const char *option;
	int (*check)(const char *value, struct err *e);
} cluster_options[] = {
	{ "--server", check_server },
	{ "-s", check_server },
	{ "--kube-apiserver", check_server },
	{ "--kubeconfig", fence_check_file },
};

static int
check_cluster_words(const char *const *argv, struct err *e)
{
	int rc = 0;

	for (size_t i = 1; rc == 0 && argv[i] && !str_equal(argv[i], "--"); i++)
		for (size_t j = 0; j < sizeof(cluster_options) / sizeof(cluster_options[0]); j++) {
			size_t len = strlen(cluster_options[j].option);

			if (strncmp(argv[i], cluster_options[j].option, len) != 0)
				continue;
			if (argv[i][len] == '=')
				rc = cluster_options[j].check(argv[i] + len + 1, e);
			else if (!argv[i][len] && argv[i + 1])
				rc = cluster_options[j].check(argv[i + 1], e);
			if (rc < 0)
				break;
		}
	return rc;
}

/* What openssl does on the network. */
static int
check_openssl(const char *const *argv, struct err *e)
{
	static const char *const words[] = { "s_client", "s_server", "s_time", "ocsp", "cmp" };

	for (size_t i = 0; argv[1] && i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(argv[1], words[i]))
			return err_set(e, ERR_DENIED,
				       "%s reaches out of the drill's world: " WHY
				       ". tls.check looks at certificates of servers",
				       argv[1]);
	return 0;
}

/* ---- variables ---- */

/* What decides where programs go, who they are there, and which others they find. */
static const struct {
	const char *name;
	int (*check)(const char *value, struct err *e);
} variables[] = {
	{ "HOME", fence_check_file },
	{ "PATH", check_files },
	{ "KUBECONFIG", check_files },
	{ "HELM_KUBEAPISERVER", check_server },
	{ "PGHOST", check_hosts },
	{ "PGHOSTADDR", check_hosts },
	{ "PGSERVICEFILE", fence_check_file },
	{ "PGPASSFILE", fence_check_file },
	{ "PGSSLKEY", fence_check_file },
	{ "PGSSLCERT", fence_check_file },
};

static int
check_variables(char *const *env, struct err *e)
{
	for (; *env; env++) {
		const char *value = strchr(*env, '=');

		if (!value || !*++value)
			continue;
		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
			size_t len = strlen(variables[i].name);

			if ((size_t)(value - *env) == len + 1 &&
			    strncmp(*env, variables[i].name, len) == 0 &&
			    variables[i].check(value, e) < 0)
				return err_wrap(e, "its variable %s", variables[i].name);
		}
		if (check_urls(value, e) < 0)
			return err_wrap(e, "its variable %.*s", (int)(value - 1 - *env), *env);
	}
	return 0;
}

static int
check_words(const char *name, const char *const *argv, char *const *env, struct err *e)
{
	if (str_equal(name, "openssl") && check_openssl(argv, e) < 0)
		return -1;
	if ((str_equal(name, "kubectl") || str_equal(name, "helm")) &&
	    check_cluster_words(argv, e) < 0)
		return -1;
	if (check_database_program(name, argv, env, e) < 0)
		return -1;
	for (size_t i = 1; argv[i]; i++)
		if (check_urls(argv[i], e) < 0)
			return -1;
	return check_variables(env, e);
}

int
fence_check_command(const char *path, const char *const *argv, char *const *env, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!fence_stands())
		return 0;
	if (fence_check_program(path, e) < 0)
		return -1;
	return check_words(name, argv, env, e) < 0 ? err_wrap(e, "%s", name) : 0;
}
