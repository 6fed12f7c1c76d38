#include "config.h"

#include "world/part/part_site.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_site_internal.h"

static const char *const states[] = {
	[SITE_UP] = "up", [SITE_DOWN] = "down", [SITE_SILENT] = "silent", [SITE_ERRORS] = "errors"
};

static int
parse_state(const char *word, enum part_site_state *ret_state, struct err *e)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (str_equal(word, states[i])) {
			*ret_state = (enum part_site_state)i;
			return 0;
		}
	}
	return err_set(e, ERR_SPEC, "\"%s\" is no state of a site", word);
}

/* --- certificates ----------------------------------------------------------------------------------- */

/* A chain and a key as they stand, or those of one that the world file names. */
static int
read_certificate(const struct parts *parts, const cJSON *certificate, char **ret_chain,
		 char **ret_key, struct err *e)
{
	const char *name = json_string(certificate, "certificate", NULL);
	const char *chain = json_string(certificate, "chain", NULL);
	const char *key = json_string(certificate, "key", NULL);

	if (name && (!parts->options.certificate ||
		     !parts->options.certificate(parts->options.data, name, &chain, &key)))
		return err_set(e, ERR_NOT_FOUND, "the world has no certificate \"%s\"", name);
	if (!chain || !key)
		return err_set(e, ERR_SPEC,
			       "a site's certificate is `certificate`, or `chain` and `key`");
	*ret_chain = xstrdup(chain);
	*ret_key = xstrdup(key);
	return 0;
}

static void
release_certificate(char *chain, char *key)
{
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(chain);
}

/* --- its state -------------------------------------------------------------------------------------- */

/* What is to become of a site. NULL and -1: as it was. */
struct site_change {
	struct part_site *site;
	int state;
	char *chain, *key; /* become the site's */
	const cJSON *answers;
	bool bad_certificate; /* the answer */
};

static void
set_doors(struct part_site *site)
{
	static const enum part_door_state doors[] = { [SITE_UP] = DOOR_OPEN,
						      [SITE_DOWN] = DOOR_REFUSES,
						      [SITE_SILENT] = DOOR_SILENT,
						      [SITE_ERRORS] = DOOR_OPEN };

	for (size_t i = 0; i < site->doors_count; i++)
		part_door_set(site->doors[i], doors[site->state], NULL);
}

static void
apply(void *data)
{
	struct site_change *change = data;
	struct part_site *site = change->site;
	cJSON *answers;

	answers = site_answer_merge(site->answers, change->answers);
	cJSON_Delete(site->answers);
	site->answers = answers;
	if (change->chain) {
		site_http_stop(site);
		release_certificate(site->chain, site->key);
		site->chain = change->chain;
		site->key = change->key;
	}
	if (change->state >= 0)
		site->state = (enum part_site_state)change->state;
	if (site->state == SITE_DOWN)
		site_http_stop(site);
	else
		change->bad_certificate = !site_http_start(site);
	site_http_hush(site, site->state == SITE_SILENT);
	set_doors(site);
}

static int
apply_change(struct site_change *change, struct err *e)
{
	part_loop_call(change->site->parts->loop, apply, change);
	if (!change->bad_certificate)
		return 0;
	return err_set(e, ERR_SPEC,
		       "no server can be started with this certificate: is the key its own?");
}

/* --- from the world file ---------------------------------------------------------------------------- */

static void
take_connection(void *data, int fd, const struct sockaddr_in *from)
{
	site_http_take(data, fd, from);
}

static int
open_door(struct part_site *site, int port, struct err *e)
{
	struct part_door *door =
		part_door_new(site->parts->loop, site->address, port, take_connection, site, e);

	if (!door)
		return -1;
	site->doors = xreallocarray(site->doors, site->doors_count + 1, sizeof(*site->doors));
	site->doors[site->doors_count++] = door;
	return 0;
}

static char *
make_authorization(const cJSON *auth)
{
	char *pair, *encoded, *header;

	if (!auth)
		return NULL;
	pair = xasprintf("%s:%s", json_string(auth, "user", ""), json_string(auth, "password", ""));
	encoded = xmalloc(BASE64_MAX(strlen(pair)));
	base64_encode(pair, strlen(pair), encoded);
	header = xasprintf("Basic %s", encoded);
	free(encoded);
	free(pair);
	return header;
}

static int
prepare(struct part_site *site, const cJSON *element, struct err *e)
{
	char *name = xasprintf("site-%s", site->name);
	char *log = parts_log_path(site->parts, name);
	const cJSON *port;

	site->calls = site_calls_new(log);
	free(log);
	free(name);
	site->plain = json_bool(element, "plain", false);
	site->authorization = make_authorization(json_at(element, "auth"));
	site->state = SITE_DOWN;
	if (parts_address(site->parts, element, &site->address, e) < 0)
		return -1;
	cJSON_ArrayForEach(port, json_at(element, "ports")) {
		if (open_door(site, port->valueint, e) < 0)
			return -1;
	}
	return 0;
}

/* Reads what an element and a change have in common, and does it. */
static int
take_change(struct part_site *site, const cJSON *change, const char *otherwise, struct err *e)
{
	const cJSON *certificate = json_at(change, "certificate");
	const char *word = json_string(change, "state", otherwise);
	struct site_change due = { .site = site,
				   .state = -1,
				   .answers = json_at(change, "answers") };
	enum part_site_state state = SITE_UP;

	if (word && parse_state(word, &state, e) < 0)
		return -1;
	if (word)
		due.state = (int)state;
	if (certificate && !cJSON_IsNull(certificate) &&
	    read_certificate(site->parts, certificate, &due.chain, &due.key, e) < 0)
		return -1;
	return apply_change(&due, e);
}

static void
close_site(void *data)
{
	struct part_site *site = data;

	site_http_stop(site);
	for (size_t i = 0; i < site->doors_count; i++)
		part_door_free(site->doors[i]);
}

static void
site_free(struct part_site *site)
{
	part_loop_call(site->parts->loop, close_site, site);
	site_calls_free(site->calls);
	release_certificate(site->chain, site->key);
	cJSON_Delete(site->answers);
	free(site->authorization);
	free(site->doors);
	free(site->address);
	free(site->name);
	free(site);
}

int
parts_site(struct parts *parts, const cJSON *element, struct err *e)
{
	struct part_site *site = xcalloc(1, sizeof(*site));

	site->parts = parts;
	site->name = xstrdup(json_string(element, "name", "site"));
	if (prepare(site, element, e) < 0 || take_change(site, element, "up", e) < 0) {
		err_wrap(e, "starting the site %s", site->name);
		site_free(site);
		return -1;
	}
	pthread_mutex_lock(&parts->lock);
	site->next = parts->sites;
	parts->sites = site;
	pthread_mutex_unlock(&parts->lock);
	return 0;
}

void
part_sites_free(struct part_site *site)
{
	struct part_site *next;

	for (; site; site = next) {
		next = site->next;
		site_free(site);
	}
}

/* --- changes and looks ------------------------------------------------------------------------------ */

static struct part_site *
find(struct parts *parts, const char *name)
{
	struct part_site *site;

	pthread_mutex_lock(&parts->lock);
	for (site = parts->sites; site && !str_equal(site->name, name); site = site->next)
		;
	pthread_mutex_unlock(&parts->lock);
	return site;
}

int
part_site_change(struct parts *parts, const cJSON *change, struct err *e)
{
	const char *name = json_string(change, "name", "");
	struct part_site *site = find(parts, name);

	if (!site)
		return err_set(e, ERR_NOT_FOUND, "the world has no site \"%s\"", name);
	return take_change(site, change, NULL, e) < 0 ? err_wrap(e, "changing the site %s", name)
						      : 0;
}

uint64_t
parts_site_requests(struct parts *parts, const char *site, const char *method, const char *path)
{
	const struct part_site *found = find(parts, site);

	return found ? site_calls_count(found->calls, method, path) : 0;
}
