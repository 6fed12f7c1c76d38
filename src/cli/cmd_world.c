#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/worlds.h"

static void
print_clean(const char *before, const char *text)
{
	char *clean = text_clean(text ? text : "", TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);

	printf("%s%s\n", before, clean);
	free(clean);
}

/* As a shell takes it for one word. */
static void
print_export(const char *name, const char *value, const char *behind)
{
	char *clean = text_clean(value, TEXT_DROP_SGR);

	printf("  export %s='", name);
	for (const char *at = clean; *at; at++)
		fputs(*at == '\'' ? "'\\''" : (const char[]){ *at, '\0' }, stdout);
	printf("'%s\n", behind);
	free(clean);
}

static void
tell_databases(const cJSON *databases)
{
	const cJSON *server, *database;

	cJSON_ArrayForEach(server, databases)
		cJSON_ArrayForEach(database, json_at(server, "databases")) {
			char *line = xasprintf(
				"service=%s dbname=%s user=%s\"", json_string(server, "name", ""),
				json_string(database, "name", ""),
				json_string(database, "owner",
					    json_string(server, "roles/0/name", "")));

			print_clean("  psql \"", line);
			free(line);
		}
}

/* The name servers are told in the order of the zones. */
static void
tell_zones(const cJSON *zones, const cJSON *facts)
{
	const cJSON *place = json_at(facts, "resolvers"), *zone;

	place = place ? place->child : NULL;
	cJSON_ArrayForEach(zone, zones) {
		const char *at = place ? cJSON_GetStringValue(place) : NULL;
		const char *colon = at ? strrchr(at, ':') : NULL;

		if (!colon)
			return;
		char *line = xasprintf("%.*s -p %s %s any", (int)(colon - at), at, colon + 1,
				       json_string(zone, "name", ""));
		print_clean("  dig @", line);
		free(line);
		line = xasprintf("%s/tsig-%s.key", json_string(facts, "folder", ""),
				 json_string(zone, "key", ""));
		print_clean("  nsupdate -k ", line);
		free(line);
		place = place->next;
	}
}

/* What is typed elsewhere, letter by letter. */
static void
tell(const struct scenario *scenario)
{
	const cJSON *facts = drill_facts(scenario->drill), *document = scenario->spec->document;

	print_clean("The world is up: ", scenario->spec->title);
	print_clean("\n", scenario->spec->text);
	puts("In another terminal:\n");
	print_export("KUBECONFIG", json_string(facts, "kubeconfig", ""), "");
	print_export("PGSERVICEFILE", json_string(facts, "service_file", ""), "");
	print_export("PGPASSFILE", json_string(facts, "pass_file", ""), "");
	print_export("PATH", json_string(facts, "path", ""), ":\"$PATH\"");
	puts("  kubectl config get-contexts");
	tell_databases(json_at(document, "databases"));
	tell_zones(json_at(document, "zones"), facts);
	print_clean("\nThe backup folder is ", json_string(facts, "backup", ""));
	print_clean("Its certificates are signed by ", json_string(facts, "ca", ""));
	printf("The seed is %llu. Ctrl-C ends the world.\n", (unsigned long long)scenario->seed);
	fflush(stdout);
}

/* A server that has died is no part of the scenario. */
static void
tell_lost(const cJSON *message)
{
	if (!str_equal(json_string(message, "what", NULL), "lost"))
		return;
	char *line = xasprintf("%s has %s", json_string(message, "name", ""),
			       json_string(message, "details/why", "ended"));
	char *clean = text_clean(line, TEXT_DROP_SGR);
	fprintf(stderr, "%s\n", clean);
	free(clean);
	free(line);
}

/* Until somebody ends it; -1: it has ended by itself. */
static int
await_end(struct drill *drill, int signals_fd, struct err *e)
{
	struct pollfd fds[] = { { signals_fd, POLLIN, 0 }, { drill_fd(drill), POLLIN, 0 } };

	for (;;) {
		cJSON *message = drill_next(drill);
		if (message) {
			tell_lost(message);
			cJSON_Delete(message);
			continue;
		}
		if (drill_has_ended(drill))
			return drill_explain_end(drill, e);
		poll(fds, 2, -1);
		if (fds[0].revents)
			return 0;
	}
}

static int
keep(const struct cli_args *args, struct scenario *scenario, struct err *e)
{
	sigset_t ends;
	int signals_fd, rc;

	if (scenario_open(scenario, args, e) < 0 || scenario_world_start(scenario, e) < 0)
		return -1;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals_fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals_fd < 0)
		return err_errno(e, ERR_IO, "waiting for signals");
	tell(scenario);
	rc = await_end(scenario->drill, signals_fd, e);
	close(signals_fd);
	if (rc == 0)
		fputs("\nThe world ends.\n", stderr);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct scenario scenario = { .speed = 1 };
	int rc = keep(args, &scenario, e);

	scenario_release(&scenario);
	return rc;
}

static const struct cli_option options[] = {
	WORLD_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_world = {
	.name = "world",
	.operands = "SCENARIO",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Keep a practice world running, for kubectl and others, until Ctrl-C",
	.configured = true,
	.options = options,
	.run = run,
};
