#ifndef LIFEBOAT_TESTS_FIXTURE_KNOT_H
#define LIFEBOAT_TESTS_FIXTURE_KNOT_H

/* A Knot DNS on loopback that fetches a zone from a primary, and does so again when that notifies it. */

#include "fixture_server.h"

struct fixture_knot {
	char *folder;
	pid_t pid;
};

/* False where there is no knotd to be started. */
static inline bool
fixture_knot_start(struct fixture_knot *k, const char *zone, const char *address, int port,
		   const char *primary, int primary_port)
{
	static const char *const programs[] = { "/usr/sbin/knotd", "/usr/local/sbin/knotd", NULL };
	const char *program = fixture_program(programs);
	char *text, *config, *log;

	*k = (struct fixture_knot){ 0 };
	if (!program)
		return false;
	k->folder = fixture_folder();
	chmod(k->folder, 0755);
	fixture_give(k->folder);
	text = xasprintf("server:\n  rundir: \"%s\"\n  listen: %s@%d\n  udp-workers: 1\n"
			 "  tcp-workers: 1\n  background-workers: 1\n"
			 "database:\n  storage: \"%s\"\n"
			 "remote:\n  - id: primary\n    address: %s@%d\n"
			 "acl:\n  - id: notify\n    address: 127.0.0.0/8\n    action: notify\n"
			 "zone:\n  - domain: %s\n    storage: \"%s\"\n    master: primary\n"
			 "    acl: notify\n",
			 k->folder, address, port, k->folder, primary, primary_port, zone,
			 k->folder);
	config = fixture_write(k->folder, "knot.conf", text);
	log = xasprintf("%s/log", k->folder);
	const char *argv[] = { program, "-c", config, NULL };
	k->pid = fixture_spawn(argv, log);
	free(text);
	free(config);
	free(log);
	return fixture_wait_listener(address, port, k->pid, 8000);
}

static inline void
fixture_knot_stop(struct fixture_knot *k)
{
	fixture_stop(k->pid, SIGTERM);
	fixture_remove(k->folder);
}

#endif
