#include "config.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "run/journal/operator_key.h"

/* USER@HOST, with what may not stand in the name of a key made a dash. */
static char *
default_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());
	char host[128] = "";
	char *name;

	if (gethostname(host, sizeof(host) - 1) < 0 || !*host)
		memcpy(host, "localhost", sizeof("localhost"));
	if (entry)
		name = xasprintf("%.100s@%s", entry->pw_name, host);
	else
		name = xasprintf("uid-%lu@%s", (unsigned long)geteuid(), host);
	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("@.-_", *at))
			*at = '-';
	return name;
}

static void
print_line(const char *what, const char *text)
{
	char *clean = text_clean(text, 0);

	printf("%s: %s\n", what, clean);
	free(clean);
}

static void
print_key(const struct operator_key *key, const char *path)
{
	const struct note_key *public_key = operator_key_public(key);
	struct str verifier = STR_INIT, fingerprint = STR_INIT;

	note_key_format(public_key, &verifier);
	note_key_fingerprint(public_key, &fingerprint);
	print_line("name", public_key->name);
	print_line("verifier key", str_cstr(&verifier));
	print_line("fingerprint", str_cstr(&fingerprint));
	print_line("file", path);
	str_release(&verifier);
	str_release(&fingerprint);
}

static int
make(const char *given, const char *path, struct err *e)
{
	struct operator_key *key = NULL;
	char *name = given ? xstrdup(given) : default_name();
	int rc = operator_key_create(name, &key, e);

	if (rc == 0) {
		print_key(key, path);
		puts("\nFrom now on it certifies the runs that you begin. Give the verifier key, "
		     "which "
		     "is no secret,\nto whoever may have to check them: lifeboat verify RUN --key "
		     "VERIFIERKEY. Keep a copy of the\nfile where only you can read it.");
	}
	operator_key_free(key);
	free(name);
	return rc;
}

static int
show(const char *path, struct err *e)
{
	struct operator_key *key = NULL;

	if (operator_key_load(&key, e) < 0)
		return -1;
	if (!key)
		return err_set(e, ERR_NOT_FOUND,
			       "there is no key in %s: make one with lifeboat key new", path);
	print_key(key, path);
	operator_key_free(key);
	return 0;
}

static int
run(const struct cli_args *args, struct err *e)
{
	const char *word = cli_operands(args, NULL)[0];
	const char *const words[] = { "new", "show", NULL };
	const char *name = cli_value(args, "name");
	bool wants_new = str_equal(word, "new");

	if (!wants_new && !str_equal(word, "show")) {
		const char *nearest = str_nearest(word, words);

		err_set(e, ERR_USAGE, "lifeboat key %s: there is new, and there is show", word);
		return nearest ? err_advise(e, "Did you mean %s?", nearest) : -1;
	}
	if (name && !wants_new)
		return err_set(e, ERR_USAGE, "--name is for lifeboat key new");
	char *path = operator_key_path(e);
	if (!path)
		return -1;
	int rc = wants_new ? make(name, path, e) : show(path, e);
	free(path);
	return rc;
}

static const struct cli_option options[] = {
	{ "name", 0, "NAME", "With new: whose key it is (default: USER@HOST)." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_key = {
	.name = "key",
	.operands = "new|show",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Make or show the operator's key, which certifies runs",
	.options = options,
	.run = run,
};
