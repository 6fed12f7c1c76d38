#include "config.h"

#include "world/part/part_knot.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/part/part_resolver.h"

enum {
	DEFAULT_PORT = 5353,
	DEFAULT_TTL_MS = 300000,
	START_TIMEOUT_MS = 15000,
	UPDATE_TIMEOUT_MS = 5000,
};

static const struct {
	const char *word;
	enum part_door_state state;
} states[] = { { "up", DOOR_OPEN }, { "refuses", DOOR_REFUSES }, { "silent", DOOR_SILENT } };

static int
parse_state(const char *word, enum part_door_state *ret_state, struct err *e)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (str_equal(word, states[i].word)) {
			*ret_state = states[i].state;
			return 0;
		}
	}
	return err_set(e, ERR_SPEC, "\"%s\" is no state of a zone", word);
}

/* --- the server ------------------------------------------------------------------------------------- */

static char *
find_knotd(struct err *e)
{
	static const char *const paths[] = { "/usr/sbin/knotd", "/usr/local/sbin/knotd",
					     "/usr/bin/knotd", "/usr/local/bin/knotd", NULL };

	for (const char *const *path = paths; *path; path++)
		if (access(*path, X_OK) == 0)
			return xstrdup(*path);
	err_set(e, ERR_NOT_FOUND,
		"the world needs the name server Knot DNS, and there is no /usr/sbin/knotd. "
		"Install it: apt-get install knot");
	return NULL;
}

/* Everything that it keeps is in memory and in its folder; one worker of each kind is enough. */
static char *
make_config(const struct part_zone *zone)
{
	const struct dns_key *key = &zone->key->key;

	return xasprintf("server:\n"
			 "    rundir: \"" PART_FOLDER "\"\n"
			 "    listen: %s@%d\n"
			 "    udp-workers: 1\n"
			 "    tcp-workers: 1\n"
			 "    background-workers: 1\n"
			 "    udp-max-payload: 4096\n"
			 "database:\n"
			 "    storage: \"" PART_FOLDER "\"\n"
			 "log:\n"
			 "  - target: stderr\n"
			 "    any: info\n"
			 "key:\n"
			 "  - id: \"%s\"\n"
			 "    algorithm: %s\n"
			 "    secret: %s\n"
			 "acl:\n"
			 "  - id: operator\n"
			 "    key: \"%s\"\n"
			 "    action: [update, transfer]\n"
			 "zone:\n"
			 "  - domain: \"%s.\"\n"
			 "    storage: \"" PART_FOLDER "\"\n"
			 "    file: zone\n"
			 "    acl: operator\n"
			 "    zonefile-sync: -1\n"
			 "    journal-content: none\n",
			 zone->address, zone->inside, key->name, key->algorithm, key->secret,
			 key->name, zone->name);
}

static int
write_given(const struct part_zone *zone, const char *name, const char *text, struct err *e)
{
	char *path = xasprintf("%s/%s", zone->folder, name);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	if (rc == 0)
		rc = part_user_give(&zone->user, path, e);
	free(path);
	return rc;
}

static int
write_files(const struct part_zone *zone, const cJSON *records, struct err *e)
{
	struct str text = STR_INIT;
	char *config = make_config(zone);
	int rc = -1;

	if (part_zone_text(zone, records, &text, e) == 0 &&
	    write_given(zone, "zone", str_cstr(&text), e) == 0 &&
	    write_given(zone, "knot.conf", config, e) == 0)
		rc = 0;
	explicit_bzero(config, strlen(config));
	free(config);
	str_release(&text);
	return rc;
}

/* A server that could not read its zone runs all the same: only an answer says that it serves. */
static int
check_answer(const struct part_zone *zone, struct err *e)
{
	const struct dns_server server = { zone->address, zone->inside };
	struct dns_answer answer;
	int rc = 0;

	if (dns_query(&server, zone->name, "SOA", false, UPDATE_TIMEOUT_MS, 2,
		      zone->parts->options.cancel, &answer, e) < 0)
		return -1;
	if (!answer.authoritative || answer.count == 0)
		rc = err_set(e, ERR_REMOTE,
			     "Knot DNS does not serve %s (%s): its log is log/knot-%s.log",
			     zone->name, answer.rcode, zone->name);
	dns_answer_release(&answer);
	return rc;
}

static int
start_server(struct part_zone *zone, struct err *e)
{
	char *program = find_knotd(e);
	char *name = xasprintf("knot-%s", zone->name);
	const char *argv[] = { program, "-c", PART_FOLDER "/knot.conf", NULL };
	struct part_process_options options = { .name = name,
						.argv = argv,
						.folder = zone->folder,
						.ready = "server started in the foreground",
						.user = &zone->user };
	int rc = -1;

	if (program && parts_start_process(zone->parts, &options, &zone->process, e) == 0 &&
	    part_process_await_ready(zone->process, START_TIMEOUT_MS, zone->parts->options.cancel,
				     e) == 0)
		rc = check_answer(zone, e);
	free(name);
	free(program);
	return rc;
}

/* --- from the world file ---------------------------------------------------------------------------- */

/* A port of the address that is free for TCP and UDP. */
static int
find_inside(struct part_zone *zone, struct err *e)
{
	enum { TRIES = 20 };

	for (int i = 0; i < TRIES; i++) {
		int tcp = part_bind(zone->address, 0, SOCK_STREAM, e), udp;

		if (tcp < 0)
			return -1;
		zone->inside = part_bound_port(tcp);
		udp = part_bind(zone->address, zone->inside, SOCK_DGRAM, e);
		close(tcp);
		if (udp < 0)
			continue;
		close(udp);
		return 0;
	}
	return -1;
}

static int
prepare(struct part_zone *zone, const cJSON *element, struct err *e)
{
	static const char *const users[] = { "knot", "nobody", NULL };
	char *folder = xasprintf("knot/%s", zone->name);
	int rc = -1;

	zone->port = (int)json_int(element, "port", DEFAULT_PORT);
	zone->ttl_ms = json_int(element, "ttl", DEFAULT_TTL_MS);
	zone->user = part_user_find(users);
	if (parts_address(zone->parts, element, &zone->address, e) == 0 &&
	    find_inside(zone, e) == 0 &&
	    part_key_get(zone->parts, json_string(element, "key", "lifeboat-drill"), &zone->key,
			 e) == 0 &&
	    parts_make_folder(zone->parts, folder, &zone->user, &zone->folder, e) == 0)
		zone->front = part_firewall_new(zone->parts->loop, zone->address, zone->port,
						zone->inside, FIREWALL_DATAGRAMS, e);
	if (zone->front)
		rc = write_files(zone, json_at(element, "records"), e);
	free(folder);
	return rc;
}

static int
open_resolvers(struct part_zone *zone, const cJSON *resolvers, struct err *e)
{
	const cJSON *resolver;

	cJSON_ArrayForEach(resolver, resolvers) {
		if (part_resolver_open(zone->parts, resolver, &zone->resolvers, e) < 0)
			return -1;
	}
	return 0;
}

static void
unlist(struct part_zone *zone)
{
	struct part_zone **at = &zone->parts->zones;

	pthread_mutex_lock(&zone->parts->lock);
	while (*at && *at != zone)
		at = &(*at)->next;
	if (*at)
		*at = zone->next;
	zone->next = NULL;
	pthread_mutex_unlock(&zone->parts->lock);
}

static struct part_zone *
zone_new(struct parts *parts, const char *name)
{
	struct part_zone *zone = xcalloc(1, sizeof(*zone));
	size_t len = strlen(name);

	pthread_mutex_init(&zone->lock, NULL);
	zone->parts = parts;
	zone->name = xstrndup(name, len && name[len - 1] == '.' ? len - 1 : len);
	return zone;
}

int
parts_zone(struct parts *parts, const cJSON *element, struct err *e)
{
	struct part_zone *zone = zone_new(parts, json_string(element, "name", ""));
	enum part_door_state state;

	if (parse_state(json_string(element, "state", "up"), &state, e) < 0 ||
	    prepare(zone, element, e) < 0 || start_server(zone, e) < 0)
		goto fail;
	part_firewall_set(zone->front, state, NULL);
	pthread_mutex_lock(&parts->lock);
	zone->next = parts->zones;
	parts->zones = zone;
	pthread_mutex_unlock(&parts->lock);
	/* They look for the zone in the list. */
	if (open_resolvers(zone, json_at(element, "resolvers"), e) == 0)
		return 0;
	unlist(zone);
fail:
	err_wrap(e, "starting the name server of %s", zone->name);
	part_zones_free(zone);
	return -1;
}

void
part_zones_ask_to_end(struct part_zone *zone)
{
	for (; zone; zone = zone->next)
		if (zone->process)
			part_process_ask(zone->process, SIGTERM);
}

void
part_zones_free(struct part_zone *zone)
{
	struct part_zone *next;

	for (struct part_zone *z = zone; z; z = z->next)
		part_resolvers_free(z->resolvers);
	for (; zone; zone = next) {
		next = zone->next;
		part_firewall_free(zone->front);
		if (zone->process)
			part_process_end(zone->process, SIGTERM, SIGTERM);
		part_process_free(zone->process);
		pthread_mutex_destroy(&zone->lock);
		free(zone->folder);
		free(zone->address);
		free(zone->name);
		free(zone);
	}
}

/* The zone that a name is in: the longest of several. */
static struct part_zone *
zone_of(struct parts *parts, const char *name)
{
	struct part_zone *best = NULL;

	for (struct part_zone *zone = parts->zones; zone; zone = zone->next) {
		size_t len = strlen(zone->name), all = strlen(name);
		bool inside = all >= len && strcasecmp(name + all - len, zone->name) == 0 &&
			      (all == len || name[all - len - 1] == '.');

		if (inside && (!best || len > strlen(best->name)))
			best = zone;
	}
	return best;
}

bool
part_zone_server(struct parts *parts, const char *name, struct sockaddr_in *ret_sa)
{
	const struct part_zone *zone;
	bool found;

	pthread_mutex_lock(&parts->lock);
	zone = zone_of(parts, name);
	found = zone && part_sockaddr(zone->address, zone->port, ret_sa);
	pthread_mutex_unlock(&parts->lock);
	return found;
}

/* --- changes ---------------------------------------------------------------------------------------- */

/* Records change as an operator would change them: by a signed update. */
static int
send_record(const struct part_zone *zone, const cJSON *record, struct err *e)
{
	const cJSON *values = json_at(record, "values"), *value;
	size_t count = 0;
	const char **texts = xcalloc((size_t)cJSON_GetArraySize(values) + 1, sizeof(*texts));
	char *owner = part_zone_owner(zone, json_string(record, "name", "@"));
	const struct dns_server server = { zone->address, zone->inside };
	struct dns_update update = {
		.zone = zone->name,
		.name = owner,
		.type = json_string(record, "type", "A"),
		.ttl = part_zone_ttl(zone, json_int(record, "ttl", zone->ttl_ms)),
		.values = texts,
	};
	int rc;

	cJSON_ArrayForEach(value, values) {
		if (cJSON_IsString(value))
			texts[count++] = value->valuestring;
	}
	rc = dns_update_send(&server, &update, &zone->key->key, UPDATE_TIMEOUT_MS,
			     zone->parts->options.cancel, e);
	if (rc < 0)
		err_wrap(e, "changing %s %s", owner, update.type);
	free(owner);
	free(texts);
	return rc;
}

static int
change_locked(struct part_zone *zone, const cJSON *change, struct err *e)
{
	const char *word = json_string(change, "state", NULL);
	enum part_door_state state;
	const cJSON *record;

	if (word) {
		if (parse_state(word, &state, e) < 0)
			return -1;
		part_firewall_set(zone->front, state, NULL);
	}
	cJSON_ArrayForEach(record, json_at(change, "records")) {
		if (send_record(zone, record, e) < 0)
			return -1;
	}
	return 0;
}

int
part_zone_change(struct parts *parts, const cJSON *change, struct err *e)
{
	const char *name = json_string(change, "name", "");
	size_t len = strlen(name) - (str_ends_with(name, ".") ? 1 : 0);
	struct part_zone *zone;
	int rc;

	pthread_mutex_lock(&parts->lock);
	for (zone = parts->zones; zone; zone = zone->next)
		if (strlen(zone->name) == len && strncmp(zone->name, name, len) == 0)
			break;
	pthread_mutex_unlock(&parts->lock);
	if (!zone)
		return err_set(e, ERR_NOT_FOUND, "the world has no zone \"%s\"", name);
	pthread_mutex_lock(&zone->lock);
	rc = change_locked(zone, change, e);
	pthread_mutex_unlock(&zone->lock);
	return rc;
}
