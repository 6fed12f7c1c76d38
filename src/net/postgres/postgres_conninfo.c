#include "config.h"

#include "net/postgres/postgres_conninfo.h"

#include <libpq-fe.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "net/child/child.h"

/* Adds one setting. Source: PostgreSQL manual, "Keyword/Value Connection Strings". */
static void
add(struct str *out, const char *keyword, const char *value)
{
	static const char *const plain =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@";

	str_printf(out, "%s%s=", out->len ? " " : "", keyword);
	if (*value && strspn(value, plain) == strlen(value)) {
		str_append(out, value);
		return;
	}
	str_append_char(out, '\'');
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *value);
	}
	str_append_char(out, '\'');
}

static void
add_given(struct str *out, const char *keyword, const char *value)
{
	if (value && *value)
		add(out, keyword, value);
}

static bool
is_pinned(const char *keyword)
{
	static const char *const names[] = { "host",	 "hostaddr",	     "port",	 "dbname",
					     "passfile", "application_name", "password", NULL };

	for (const char *const *name = names; *name; name++)
		if (strcmp(keyword, *name) == 0)
			return true;
	return false;
}

/* Takes over what the conninfo says. libpq marks settings that are passwords by a "*". */
static int
add_settings(struct str *out, const char *conninfo, const char *passfile, struct err *e)
{
	PQconninfoOption *parsed = NULL;
	int rc = 0;

	if (conninfo && (strchr(conninfo, '=') || strstr(conninfo, "://")))
		parsed = PQconninfoParse(conninfo, NULL);
	for (PQconninfoOption *o = parsed; rc == 0 && o && o->keyword; o++) {
		if (!o->val || !*o->val)
			continue;
		if (*o->dispchar == '*')
			rc = err_set(e, ERR_SPEC,
				     "the conninfo holds `%s`, which others could read in the "
				     "arguments of a program. Put it into a service file",
				     o->keyword);
		else if (!is_pinned(o->keyword))
			add(out, o->keyword, o->val);
		else if (strcmp(o->keyword, "passfile") == 0 && !passfile)
			add(out, o->keyword, o->val);
	}
	PQconninfoFree(parsed);
	return rc;
}

int
postgres_client_conninfo(const struct postgres *pg, const struct postgres_options *options,
			 const char *database, const char *application, char **ret_conninfo,
			 struct err *e)
{
	const char *passfile = options->password ? "/dev/stdin" : options->passfile;
	struct postgres_place place = postgres_place(pg);
	struct str out = STR_INIT;

	if (add_settings(&out, options->conninfo, passfile, e) < 0) {
		str_release(&out);
		return -1;
	}
	add_given(&out, "host", place.host);
	add_given(&out, "hostaddr", place.address);
	add_given(&out, "port", place.port);
	add(&out, "dbname", database);
	add(&out, "application_name", application);
	add_given(&out, "passfile", passfile);
	if (options->password) /* or that of the environment or the service would count */
		add(&out, "password", "");
	*ret_conninfo = str_take(&out);
	return 0;
}

/* libpq ignores a file of passwords that others may read. */
int
postgres_client_passfile(const char *password, struct err *e)
{
	struct str line = STR_INIT;
	int fd = -1;

	if (strpbrk(password, "\r\n"))
		return err_set(e, ERR_SPEC, "the password has a line end in it");
	str_append(&line, "*:*:*:*:");
	for (; *password; password++) {
		if (*password == ':' || *password == '\\')
			str_append_char(&line, '\\');
		str_append_char(&line, *password);
	}
	str_append_char(&line, '\n');
	fd = child_input_open(line.data, line.len, e);
	str_release_secret(&line);
	if (fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) < 0) {
		close(fd);
		return err_errno(e, ERR_IO, "making the file of passwords private");
	}
	return fd;
}
