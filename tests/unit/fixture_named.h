#ifndef LIFEBOAT_TESTS_FIXTURE_NAMED_H
#define LIFEBOAT_TESTS_FIXTURE_NAMED_H

/*
 * A BIND on loopback: primary of example.test, where lifeboat-key may change what is below
 * open.example.test, and nothing else.
 */

#include "fixture_server.h"

#define NAMED_SECRET "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBsaWZlYm9hdA=="
#define NAMED_KEY                                                                                  \
	"key \"lifeboat-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" NAMED_SECRET "\";\n};\n"

struct fixture_named {
	char *folder;
	char *key_file;
	int port;
	pid_t pid;
};

static const char named_zone[] =
	"$TTL 300\n"
	"@ IN SOA ns1.example.test. root.example.test. 1 3600 600 86400 60\n"
	"@ IN NS ns1\n"
	"@ IN MX 10 Mail.Example.test.\n"
	"ns1 IN A 127.0.0.1\n"
	"fixed 120 IN A 192.0.2.1\n"
	"two IN A 192.0.2.3\n"
	"two IN A 192.0.2.2\n"
	"alias IN CNAME middle\n"
	"middle IN CNAME Fixed\n"
	"www.open 300 IN A 192.0.2.10\n"
	"wait.open 300 IN A 192.0.2.40\n"
	"alias.open IN CNAME fixed\n"
	"txt.open IN TXT \"heritage=none\"\n";

/* Whether ::1 is there to be listened on. */
static inline bool
fixture_has_ipv6(void)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static inline void
named_write_zone(const struct fixture_named *n)
{
	char *path = xasprintf("%s/zone", n->folder);
	FILE *file = fopen(path, "w");

	if (!file)
		abort();
	fputs(named_zone, file);
	for (int i = 0; i < 40; i++)
		fprintf(file, "big IN TXT \"%02d %060d\"\n", i, i);
	fclose(file);
	fixture_give(path);
	free(path);
}

static inline char *
named_write_config(const struct fixture_named *n)
{
	char *text = xasprintf(
		"options { directory \"%s\"; pid-file none; session-keyfile \"%s/session.key\";\n"
		"managed-keys-directory \"%s\"; listen-on port %d { 127.0.0.1; }; listen-on-v6 "
		"port %d { ::1; };\n"
		"recursion no; dnssec-validation no; notify no; };\n"
		"controls { };\n%s"
		"zone \"example.test\" { type primary; file \"%s/zone\";\n"
		"update-policy { grant lifeboat-key subdomain open.example.test. ANY; }; };\n",
		n->folder, n->folder, n->folder, n->port, n->port, NAMED_KEY, n->folder);
	char *path = fixture_write(n->folder, "named.conf", text);

	free(text);
	return path;
}

/*
 * The same for a configuration of the test's own, in two steps, as it needs the folder and the port. False where there
 * is no named.
 */
static inline bool
named_prepare(struct fixture_named *n)
{
	static const char *const programs[] = { "/usr/sbin/named", "/usr/local/sbin/named", NULL };

	*n = (struct fixture_named){ .folder = fixture_folder(), .port = fixture_free_port() };
	chmod(n->folder, 0755);
	fixture_give(n->folder);
	return fixture_program(programs) != NULL;
}

/* It listens at one address, which must be one of an interface, as BIND wants it. */
static inline bool
named_launch(struct fixture_named *n, const char *address, const char *options, const char *zones)
{
	static const char *const programs[] = { "/usr/sbin/named", "/usr/local/sbin/named", NULL };
	bool six = strchr(address, ':') != NULL;
	char *text = xasprintf(
		"options { directory \"%s\"; pid-file none; session-keyfile \"%s/session.key\";\n"
		"managed-keys-directory \"%s\"; listen-on port %d { %s; };\n"
		"listen-on-v6 port %d { %s; }; empty-zones-enable no; allow-query { any; };\n%s "
		"};\n"
		"controls { };\n%s",
		n->folder, n->folder, n->folder, n->port, six ? "none" : address, n->port,
		six ? address : "none", options, zones);
	char *config = fixture_write(n->folder, "named.conf", text);
	char *log = xasprintf("%s/log", n->folder);
	const char *argv[] = { fixture_program(programs), "-g", "-n", "1", "-c", config, NULL };

	n->pid = fixture_spawn(argv, log);
	free(text);
	free(config);
	free(log);
	return fixture_wait_listener(address, n->port, n->pid, 8000);
}

/* False where there is no named to be started. */
static inline bool
fixture_named_start(struct fixture_named *n)
{
	static const char *const programs[] = { "/usr/sbin/named", "/usr/local/sbin/named", NULL };
	const char *program = fixture_program(programs);
	char *config, *log;

	if (!program)
		return false;
	*n = (struct fixture_named){ .folder = fixture_folder(), .port = fixture_free_port() };
	chmod(n->folder, 0755);
	fixture_give(n->folder);
	named_write_zone(n);
	config = named_write_config(n);
	n->key_file = fixture_write(n->folder, "key", "# made for the tests\n" NAMED_KEY);
	log = xasprintf("%s/log", n->folder);
	const char *argv[] = { program, "-g", "-n", "1", "-c", config, NULL };
	n->pid = fixture_spawn(argv, log);
	free(config);
	free(log);
	return fixture_wait_port(n->port, n->pid, 8000);
}

static inline void
fixture_named_stop(struct fixture_named *n)
{
	fixture_stop(n->pid, SIGTERM);
	fixture_remove(n->folder);
	free(n->key_file);
}

#endif
