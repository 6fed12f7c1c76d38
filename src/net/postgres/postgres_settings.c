#include "config.h"

#include "net/postgres/postgres_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/xalloc.h"
#include "net/fence/fence.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"

enum { CONNECT_TIMEOUT_MS = 10000, MAX_PLACES = 64, MAX_KEYWORDS = 32 };

struct keywords {
	const char *names[MAX_KEYWORDS + 1], *values[MAX_KEYWORDS + 1];
	size_t count;
};

static void
add(struct keywords *k, const char *name, const char *value)
{
	if (k->count == MAX_KEYWORDS)
		abort();
	k->names[k->count] = name;
	k->values[k->count++] = value;
	k->names[k->count] = k->values[k->count] = NULL;
}

/* What every connection is given. What comes later overrides what was there. */
static void
add_common(struct keywords *k, const struct postgres_options *options)
{
	/* A link that is dead must be noticed within a minute; the conninfo may say otherwise. */
	add(k, "keepalives_idle", "15");
	add(k, "keepalives_interval", "10");
	add(k, "keepalives_count", "3");
	add(k, "tcp_user_timeout", "45000");
	/* The first dbname may be a whole conninfo. */
	add(k, "dbname", options->conninfo);
	add(k, "application_name", PACKAGE_NAME);
	add(k, "client_encoding", "UTF8");
	add(k, "dbname", options->database);
	add(k, "password", options->password);
	add(k, "passfile", options->passfile);
}

static PGconn *
start(const struct keywords *k)
{
	PGconn *conn = PQconnectStartParams(k->names, k->values, 1);

	if (!conn)
		abort();
	return conn;
}

char *
postgres_message(const PGconn *conn)
{
	struct str out = STR_INIT;
	char *copy = xstrdup(PQerrorMessage(conn)), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		while (*line == '\t' || *line == ' ')
			line++;
		if (!*line || str_starts_with(line, "LOCATION:"))
			continue;
		if (out.len)
			str_append(&out, "; ");
		str_append(&out, line);
	}
	free(copy);
	return str_take(&out);
}

/* ---- the conninfo ---- */

static int
find_password(const PQconninfoOption *options, struct err *e)
{
	for (; options->keyword; options++)
		if (str_ends_with(options->keyword, "password") && options->val && *options->val)
			return err_set(e, ERR_SPEC, "the conninfo holds a password (`%s`). %s",
				       options->keyword,
				       str_equal(options->keyword, "password")
					       ? "Give it as the target's `password`, from a "
						 "secret parameter, or by `passfile`"
					       : "Put it into a service file");
	return 0;
}

/* libpq takes a text without "=" or "://" for the name of a database. */
static int
check_conninfo(const char *conninfo, struct err *e)
{
	char *message = NULL;
	PQconninfoOption *parsed;
	int rc;

	if (!conninfo || (!strchr(conninfo, '=') && !strstr(conninfo, "://")))
		return 0;
	parsed = PQconninfoParse(conninfo, &message);
	if (parsed)
		rc = find_password(parsed, e);
	else if (strcasestr(
			 conninfo,
			 "password")) /* libpq cites a piece of it, which nobody could recognise */
		rc = err_set(e, ERR_SPEC,
			     "the conninfo is wrong, and holds a password. Give it as the target's "
			     "`password`, from a secret parameter, or by `passfile`");
	else
		rc = err_set(e, ERR_SPEC, "the conninfo is wrong: %s",
			     message ? message : "no memory");
	PQconninfoFree(parsed);
	PQfreemem(message);
	return rc;
}

const char *
postgres_settings_value(const struct postgres_settings *s, const char *keyword)
{
	for (const PQconninfoOption *o = s->resolved; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val ? o->val : "";
	return "";
}

/*
 * libpq reads services and the environment on its way to a connection only: an impossible channel_binding
 * makes it stop right behind that, before it looks up or reaches anybody; with a password at hand, no password
 * file is looked into either.
 */
static int
resolve_settings(struct postgres_settings *s, struct err *e)
{
	struct keywords k = { .count = 0 };
	PGconn *conn;
	int rc = 0;

	add_common(&k, s->options);
	add(&k, "password", "-");
	add(&k, "channel_binding", "(none)");
	conn = start(&k);
	s->resolved = PQconninfo(conn);
	if (!*postgres_settings_value(s, "sslmode")) {
		char *message = postgres_message(conn);

		rc = err_set(e, ERR_SPEC, "the connection's settings: %s", message);
		if (strstr(s->options->conninfo ? s->options->conninfo : "", "service"))
			err_advise(e, "Services stand in $PGSERVICEFILE or ~/.pg_service.conf, and "
				      "in pg_service.conf of the system");
		free(message);
	}
	PQfinish(conn);
	return rc;
}

/* ---- places ---- */

/* The part of a list between commas, or "" past its end. */
static char *
part(const char *list, size_t index)
{
	while (index-- > 0) {
		list = strchr(list, ',');
		if (!list)
			return xstrdup("");
		list++;
	}
	return xstrndup(list, strcspn(list, ","));
}

static size_t
parts(const char *list)
{
	size_t count = 1;

	for (; (list = strchr(list, ',')); list++)
		count++;
	return count;
}

static void
add_place(struct postgres_settings *s, const char *host, const char *address, const char *port)
{
	if (s->count == MAX_PLACES)
		return;
	*VEC_PUSH(s->places, s->count, s->cap) = (struct postgres_spot){
		.host = xstrdup(host),
		.address = xstrdup(address),
		.port = xstrdup(port),
	};
}

static void
drop_place(struct postgres_settings *s, size_t i)
{
	free(s->places[i].host);
	free(s->places[i].address);
	free(s->places[i].port);
	s->count--;
	memmove(&s->places[i], &s->places[i + 1], (s->count - i) * sizeof(*s->places));
}

static void
note_gone(struct postgres_settings *s, const char *name, const char *why)
{
	str_printf(&s->gone, "%s%s: %s", s->gone.len ? "; " : "", name, why);
}

/* "10.0.0.5" of an address whose port is known. */
static char *
numeric(const struct address *address)
{
	char *text = address_format(address);
	char *colon = strrchr(text, ':');
	size_t first = text[0] == '[' ? 1 : 0;
	char *out;

	out = xstrndup(text + first, (size_t)(colon - text) - 2 * first);
	free(text);
	return out;
}

static int
add_addresses(struct postgres_settings *s, const char *host, const char *port, struct err *e)
{
	struct address_list list = { .count = 0 };
	struct err why = ERR_INIT;

	if (address_lookup(host, atoi(port), wait_deadline(s->timeout_ms), s->options->cancel,
			   &list, &why) < 0) {
		if (why.kind == ERR_CANCELLED)
			return err_set(e, why.kind, "%s", why.message);
		str_printf(&s->gone, "%s%s", s->gone.len ? "; " : "", why.message);
		return 0;
	}
	for (size_t i = 0; i < list.count; i++) {
		char *address = numeric(&list.items[i]);

		add_place(s, host, address, port);
		free(address);
	}
	return 0;
}

static bool
is_socket(const char *host)
{
	return !*host || *host == '/' || *host == '@';
}

static int
add_places_of(struct postgres_settings *s, const char *host, const char *address, const char *port,
	      struct err *e)
{
	if (*address || is_socket(host)) {
		add_place(s, host, address, port);
		return 0;
	}
	return add_addresses(s, host, port, e);
}

static bool
are_ports(const char *ports)
{
	bool good = true;

	for (size_t i = 0; i < parts(ports); i++) {
		char *port = part(ports, i);

		good = good && strspn(port, "0123456789") == strlen(port) && atoi(port) > 0 &&
		       atoi(port) <= 65535;
		free(port);
	}
	return good;
}

/* Lists that do not fit together are left to libpq, which says what is wrong with them. */
static int
find_places(struct postgres_settings *s, struct err *e)
{
	const char *hosts = postgres_settings_value(s, "host");
	const char *addresses = postgres_settings_value(s, "hostaddr");
	const char *ports = postgres_settings_value(s, "port");
	size_t count = *addresses ? parts(addresses) : parts(hosts);
	int rc = 0;

	if ((*hosts && parts(hosts) != count) || (parts(ports) != 1 && parts(ports) != count) ||
	    !are_ports(ports))
		return 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		char *host = part(hosts, i), *address = part(addresses, i);
		char *port = part(ports, parts(ports) == 1 ? 0 : i);

		rc = add_places_of(s, host, address, port, e);
		free(host);
		free(address);
		free(port);
	}
	if (rc == 0 && s->count == 0) {
		rc = err_set(e, ERR_NET, "%s", str_cstr(&s->gone));
		err_advise(e, "Check the host of the conninfo, and this machine's resolver");
	}
	return rc;
}

static bool
is_at(const struct postgres_spot *place, const PGconn *conn)
{
	const char *address = PQhostaddr(conn);

	return str_equal(place->address, address ? address : "") &&
	       str_equal(place->port, PQport(conn)) &&
	       (!*place->host || *place->address || str_equal(place->host, PQhost(conn)));
}

int
postgres_settings_give_up(struct postgres_settings *s, const PGconn *conn, const char *why)
{
	for (size_t i = 0; i < s->count; i++) {
		struct postgres_spot *place = &s->places[i];
		char *name;

		if (!is_at(place, conn))
			continue;
		name = *place->address && !str_equal(place->address, place->host)
			       ? xasprintf("%s (%s) port %s", place->host, place->address,
					   place->port)
			       : xasprintf("%s port %s", PQhost(conn), place->port);
		note_gone(s, name, why);
		free(name);
		drop_place(s, i);
		return 0;
	}
	return -1;
}

int
postgres_settings_keep_only(struct postgres_settings *s, const PGconn *conn)
{
	for (size_t i = s->count; i-- > 0;)
		if (!is_at(&s->places[i], conn))
			drop_place(s, i);
	while (s->count > 1)
		drop_place(s, s->count - 1);
	return s->count == 1 ? 0 : -1;
}

/* ---- a drill ---- */

/* libpq connects by itself: where to, is asked before. */
static int
check_place(const struct postgres_spot *place, struct err *e)
{
	struct sockaddr_un socket_address = { .sun_family = AF_UNIX };

	if (*place->address)
		return fence_check_host(place->address, e);
	snprintf(socket_address.sun_path, sizeof(socket_address.sun_path), "%s/.s.PGSQL.%s",
		 *place->host ? place->host : "/var/run/postgresql", place->port);
	return fence_check((const struct sockaddr *)&socket_address, sizeof(socket_address), e);
}

static int
check_fence(const struct postgres_settings *s, struct err *e)
{
	static const char *const files[] = { "passfile", "sslcert", "sslkey", "servicefile" };

	if (s->count == 0)
		return err_set(e, ERR_DENIED,
			       "its hosts, addresses and ports do not fit together, so that "
			       "nobody can tell whether they are of the drill's world");
	for (size_t i = 0; i < s->count; i++)
		if (check_place(&s->places[i], e) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *path = postgres_settings_value(s, files[i]);

		if (*path && fence_check_file(path, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

static int64_t
timeout_of(const struct postgres_settings *s)
{
	int64_t seconds = atoi(postgres_settings_value(s, "connect_timeout"));

	if (s->options->connect_timeout_ms)
		return s->options->connect_timeout_ms;
	return seconds > 0 ? seconds * 1000 : CONNECT_TIMEOUT_MS;
}

/* libpq tells of a password file that it does not like on stderr, that is, on the operator's screen. */
static void
check_passfile(struct postgres_settings *s)
{
	const char *given = postgres_settings_value(s, "passfile"), *home = getenv("HOME");
	char *path = *given ? xstrdup(given) : xasprintf("%s/.pgpass", home ? home : "");
	struct stat st;

	if (stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO))))
		s->passfile = path;
	else
		free(path);
}

int
postgres_settings_init(struct postgres_settings *s, const struct postgres_options *options,
		       struct err *e)
{
	*s = (struct postgres_settings){ .options = options, .gone = STR_INIT };
	if (check_conninfo(options->conninfo, e) < 0 || resolve_settings(s, e) < 0)
		return -1;
	s->timeout_ms = timeout_of(s);
	check_passfile(s);
	if (find_places(s, e) < 0)
		return -1;
	return fence_stands() ? check_fence(s, e) : 0;
}

void
postgres_settings_release(struct postgres_settings *s)
{
	PQconninfoFree(s->resolved);
	while (s->count)
		drop_place(s, s->count - 1);
	free(s->places);
	free(s->passfile);
	str_release(&s->gone);
}

char *
postgres_settings_describe(const struct postgres_settings *s)
{
	const char *hosts = postgres_settings_value(s, "host");
	const char *ports = postgres_settings_value(s, "port");
	struct str out = STR_INIT;

	if (!*hosts)
		hosts = postgres_settings_value(s, "hostaddr");
	for (size_t i = 0; *hosts && i < parts(hosts); i++) {
		char *host = part(hosts, i), *port = part(ports, parts(ports) == 1 ? 0 : i);

		str_printf(&out, "%s%s:%s", i ? ", " : "", host, port);
		free(host);
		free(port);
	}
	if (!*hosts)
		str_printf(&out, "the local socket, port %s", ports);
	str_printf(&out, ", database %s, as %s", postgres_settings_value(s, "dbname"),
		   postgres_settings_value(s, "user"));
	return str_take(&out);
}

PGconn *
postgres_settings_start(const struct postgres_settings *s, const char *const *more)
{
	struct str hosts = STR_INIT, addresses = STR_INIT, ports = STR_INIT;
	struct keywords k = { .count = 0 };
	PGconn *conn;

	for (size_t i = 0; i < s->count; i++) {
		str_printf(&hosts, "%s%s", i ? "," : "", s->places[i].host);
		str_printf(&addresses, "%s%s", i ? "," : "", s->places[i].address);
		str_printf(&ports, "%s%s", i ? "," : "", s->places[i].port);
	}
	add_common(&k, s->options);
	if (s->count) {
		add(&k, "host", str_cstr(&hosts));
		add(&k, "hostaddr", str_cstr(&addresses));
		add(&k, "port", str_cstr(&ports));
	}
	if (s->passfile) /* one that is not there is none, and libpq says nothing */
		add(&k, "passfile", "/nonexistent/passfile");
	for (; more && more[0]; more += 2)
		add(&k, more[0], more[1]);
	conn = start(&k);
	str_release(&hosts);
	str_release(&addresses);
	str_release(&ports);
	return conn;
}
