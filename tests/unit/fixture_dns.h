#ifndef LIFEBOAT_TESTS_FIXTURE_DNS_H
#define LIFEBOAT_TESTS_FIXTURE_DNS_H

/*
 * Name servers on loopback that take updates, BIND and Knot: with zones and clauses of the test's own, which can
 * be stopped and started again where they stood.
 */

#include "base/file.h"
#include "base/str.h"
#include "fixture_server.h"

/* Each algorithm has a key of its own; nobody lets k0 do anything. */
#define DNS_SECRET_256 "c2hhMjU2IHNlY3JldCBvZiB0aGUgdGVzdHM="
#define DNS_SECRET_512 "c2hhNTEyIHNlY3JldCBvZiB0aGUgdGVzdHM="
#define DNS_SECRET_1 "c2hhMSBzZWNyZXQgb2YgdGhlIHRlc3Rz"
#define DNS_SECRET_MD5 "bWQ1IHNlY3JldCBvZiB0aGUgdGVzdHM="
#define DNS_KEY(name, algorithm, secret)                                                           \
	"key \"" name "\" { algorithm " algorithm "; secret \"" secret "\"; };\n"
#define DNS_KEYS                                                                                   \
	DNS_KEY("k256", "hmac-sha256", DNS_SECRET_256)                                             \
	DNS_KEY("k0", "hmac-sha256", DNS_SECRET_256)                                               \
	DNS_KEY("k512", "hmac-sha512", DNS_SECRET_512)                                             \
	DNS_KEY("k1", "hmac-sha1", DNS_SECRET_1)                                                   \
	DNS_KEY("kmd5", "hmac-md5", DNS_SECRET_MD5)

struct dns_host {
	char *folder, *config, *key_file;
	const char *clock; /* as FAKETIME takes it ("+10m"), or NULL: the right time */
	int port;
	pid_t pid;
};

/* False where there is no such program. Zones come next, then a start. */
static inline void
dns_host_init(struct dns_host *h)
{
	*h = (struct dns_host){ .folder = fixture_folder(), .port = fixture_free_port() };
	chmod(h->folder, 0755);
	fixture_give(h->folder);
	h->key_file =
		fixture_write(h->folder, "key", DNS_KEY("k256", "hmac-sha256", DNS_SECRET_256));
	chmod(h->key_file, 0600);
}

static inline void
dns_host_zone(const struct dns_host *h, const char *file, const char *text)
{
	char *path = fixture_write(h->folder, file, text);

	fixture_give(path);
	free(path);
}

static inline bool
dns_host_spawn(struct dns_host *h, const char *const *argv)
{
	const char *faked[16] = {
		"/usr/bin/env", "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1"
	};
	char *log = xasprintf("%s/log", h->folder);
	char *clock = xasprintf("FAKETIME=%s", h->clock ? h->clock : "+0");

	faked[3] = clock;
	for (size_t i = 0; i < 10 && argv[i]; i++)
		faked[4 + i] = argv[i];
	h->pid = fixture_spawn(h->clock ? faked : argv, log);
	free(clock);
	free(log);
	return fixture_wait_port(h->port, h->pid, 8000);
}

static inline bool
bind_respawn(struct dns_host *h)
{
	const char *argv[] = { "/usr/sbin/named", "-g", "-n", "1", "-c", h->config, NULL };

	return dns_host_spawn(h, argv);
}

/* `clauses` are the zones, with files in the host's folder. False where there is no named. */
static inline bool
bind_start(struct dns_host *h, const char *clauses)
{
	char *text = xasprintf(
		"options { directory \"%s\"; pid-file none; session-keyfile \"%s/session.key\";\n"
		"managed-keys-directory \"%s\"; listen-on port %d { 127.0.0.1; }; listen-on-v6 "
		"port %d { "
		"::1; };\nrecursion no; dnssec-validation no; notify no; };\ncontrols { };\n%s%s",
		h->folder, h->folder, h->folder, h->port, h->port, DNS_KEYS, clauses);

	h->config = fixture_write(h->folder, "named.conf", text);
	free(text);
	return access("/usr/sbin/named", X_OK) == 0 && bind_respawn(h);
}

static inline bool
knot_respawn(struct dns_host *h)
{
	const char *argv[] = { "/usr/sbin/knotd", "-c", h->config, NULL };

	return dns_host_spawn(h, argv);
}

/* `clauses` are the sections acl and zone. False where there is no knotd. */
static inline bool
knot_start(struct dns_host *h, const char *clauses)
{
	char *text = xasprintf(
		"server:\n  listen: [ 127.0.0.1@%d, ::1@%d ]\n  rundir: %s\n"
		"database:\n  storage: %s\nlog:\n  - target: stderr\n    any: info\nkey:\n"
		"  - id: k256\n    algorithm: hmac-sha256\n    secret: " DNS_SECRET_256 "\n"
		"  - id: k0\n    algorithm: hmac-sha256\n    secret: " DNS_SECRET_256 "\n"
		"  - id: k512\n    algorithm: hmac-sha512\n    secret: " DNS_SECRET_512 "\n"
		"  - id: k1\n    algorithm: hmac-sha1\n    secret: " DNS_SECRET_1 "\n"
		"  - id: kmd5\n    algorithm: hmac-md5\n    secret: " DNS_SECRET_MD5 "\n"
		"template:\n  - id: default\n    storage: %s\n%s",
		h->port, h->port, h->folder, h->folder, h->folder, clauses);

	h->config = fixture_write(h->folder, "knot.conf", text);
	free(text);
	return access("/usr/sbin/knotd", X_OK) == 0 && knot_respawn(h);
}

static inline void
dns_host_kill(struct dns_host *h)
{
	fixture_stop(h->pid, SIGKILL);
	h->pid = -1;
}

static inline void
dns_host_stop(struct dns_host *h)
{
	if (h->pid > 0)
		fixture_stop(h->pid, SIGTERM);
	fixture_remove(h->folder);
	free(h->config);
	free(h->key_file);
}

/* What dig has to say of a record: "192.0.2.1\n192.0.2.2\n", sorted. The caller frees. */
static inline char *
dns_host_dig(const struct dns_host *h, const char *name, const char *type)
{
	char *command = xasprintf("dig @127.0.0.1 -p %d +norecurse +short +tcp %s %s | sort",
				  h->port, name, type);
	char *out = xasprintf("%s/dig-%d", h->folder, getpid());
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	struct str text = STR_INIT;
	struct err ignored;

	unlink(out);
	if (!fixture_run(argv, out) || file_read(out, 65536, &text, &ignored) < 0)
		abort();
	unlink(out);
	free(out);
	free(command);
	str_cstr(&text);
	return str_take(&text);
}

#define assert_dig(h, name, type, wanted)                                                          \
	do {                                                                                       \
		char *dug = dns_host_dig(h, name, type);                                           \
		if (strcmp(dug, wanted) != 0)                                                      \
			fail_msg("%s %s is \"%s\", not \"%s\"", name, type, dug, wanted);          \
		free(dug);                                                                         \
	} while (0)

#endif
