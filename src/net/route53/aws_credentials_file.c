#include "config.h"

#include "net/route53/aws_credentials_file.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"

enum { MAX_FILE = 1 << 20, LIKELY_FILE = 256 << 10, MAX_OTHERS = 400 };

static const struct {
	const char *key;
	size_t offset;
} keys[] = {
	{ "aws_access_key_id", offsetof(struct aws_profile, access_key_id) },
	{ "aws_secret_access_key", offsetof(struct aws_profile, secret_access_key) },
	{ "aws_session_token", offsetof(struct aws_profile, session_token) },
	{ "ca_bundle", offsetof(struct aws_profile, ca_bundle) },
	{ "credential_process", offsetof(struct aws_profile, credential_process) },
	{ "region", offsetof(struct aws_profile, region) },
};

static const char *const other_ways[] = {
	"credential_source", "login_session",	       "role_arn", "sso_account_id", "sso_session",
	"sso_start_url",     "web_identity_token_file"
};

/* A file on its way through the lines. */
struct reading {
	const char *path, *name;
	bool is_config;
	struct aws_profile *profile;
	struct str *others;
	int line;
	bool is_inside;	  /* the section is the one that is wanted */
	bool has_section; /* there was one */
	bool has_key;	  /* in the section */
	size_t indent;	  /* of the last key: what is further in belongs to its value */
};

void
aws_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
aws_profile_release(struct aws_profile *profile)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		aws_wipe(*(char **)((char *)profile + keys[i].offset));
	free(profile->other_way);
	free(profile->warning);
	*profile = (struct aws_profile){ 0 };
}

/* Both files may have it. */
static bool
is_noted(const struct str *others, const char *name)
{
	size_t len = strlen(name);
	const char *at = str_cstr(others);

	for (; *at; at += strspn(at, ", ")) {
		size_t one = strcspn(at, ",");

		if (one == len && memcmp(at, name, len) == 0)
			return true;
		at += one;
	}
	return false;
}

static void
note_other(struct reading *r, const char *name)
{
	if (r->others->len > MAX_OTHERS || is_noted(r->others, name))
		return;
	str_printf(r->others, "%s%s", r->others->len ? ", " : "", name);
}

/* Takes the quotes off a name, in place. */
static char *
unquoted(char *name)
{
	size_t len = strlen(name);

	if (len >= 2 && (name[0] == '"' || name[0] == '\'') && name[len - 1] == name[0]) {
		name[len - 1] = '\0';
		return name + 1;
	}
	return name;
}

static char *
trimmed(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "[profile dr]" in a config file, "[dr]" in a credentials file; other sections are no profiles. */
static int
take_section(struct reading *r, char *text, struct err *e)
{
	char *end = strchr(text, ']'), *name;

	if (!end)
		return err_set(e, ERR_SPEC, "%s:%d: a section's name has no \"]\" at its end",
			       r->path, r->line);
	*end = '\0';
	name = trimmed(text + 1);
	r->has_section = true;
	r->has_key = r->is_inside = false;
	if (r->is_config && strcmp(name, "default") != 0) {
		if (!str_starts_with(name, "profile") || !isspace((unsigned char)name[7]))
			return 0;
		name = trimmed(name + 7);
	}
	name = unquoted(name);
	r->is_inside = strcmp(name, r->name) == 0;
	if (r->is_inside)
		r->profile->found = true;
	else
		note_other(r, name);
	return 0;
}

static void
take_value(struct reading *r, const char *key, const char *value)
{
	char **place;

	for (size_t i = 0; i < sizeof(other_ways) / sizeof(*other_ways); i++)
		if (!r->profile->other_way && strcmp(key, other_ways[i]) == 0)
			r->profile->other_way = xstrdup(key);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(key, keys[i].key) != 0 || !*value)
			continue;
		place = (char **)((char *)r->profile + keys[i].offset);
		aws_wipe(*place);
		*place = xstrdup(value);
	}
}

static int
take_line(struct reading *r, char *line, struct err *e)
{
	size_t indent = strspn(line, " \t");
	char *text = trimmed(line), *equals;

	if (!*text || *text == '#' || *text == ';')
		return 0;
	if (*text == '[' && indent == 0)
		return take_section(r, text, e);
	if (!r->has_section)
		return err_set(e, ERR_SPEC, "%s:%d: a line before the first [section]", r->path,
			       r->line);
	if (r->has_key && indent > r->indent)
		return 0; /* a nested setting, of S3 for instance */
	r->has_key = true;
	r->indent = indent;
	if (!r->is_inside)
		return 0;
	equals = strchr(text, '=');
	if (!equals)
		return err_set(e, ERR_SPEC, "%s:%d: neither a [section] nor \"key = value\"",
			       r->path, r->line);
	*equals = '\0';
	for (char *at = text; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	take_value(r, trimmed(text), trimmed(equals + 1));
	return 0;
}

static int
take_lines(struct reading *r, char *text, struct err *e)
{
	char *next;

	for (char *line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r->line++;
		if (take_line(r, line, e) < 0)
			return -1;
	}
	return 0;
}

/* Whoever reads this file can change the zone. */
static void
check_mode(const char *path, struct aws_profile *profile)
{
	struct stat st;

	if (!profile->secret_access_key && !profile->session_token)
		return;
	if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
		profile->warning = xasprintf("%s holds secret keys, and everybody on this machine "
					     "may read it: chmod 600 it",
					     path);
}

int
aws_profile_read(const char *path, bool is_config, const char *name, struct aws_profile *profile,
		 struct str *others, struct err *e)
{
	struct reading r = { .path = path,
			     .name = name,
			     .is_config = is_config,
			     .profile = profile,
			     .others = others };
	struct str text = STR_INIT;
	int rc = -1;

	if (fence_check_file(path, e) < 0)
		return -1;
	if (!file_exists(path))
		return 0;
	str_reserve(&text, LIKELY_FILE); /* growing would leave copies of the keys behind */
	if (file_read(path, MAX_FILE, &text, e) < 0)
		goto out;
	if (memchr(str_cstr(&text), '\0', text.len)) {
		err_set(e, ERR_SPEC, "%s: this is no text file", path);
		goto out;
	}
	rc = take_lines(&r, text.data, e);
	if (rc == 0)
		check_mode(path, profile);
out:
	str_release_secret(&text);
	return rc;
}
