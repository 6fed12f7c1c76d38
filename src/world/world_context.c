#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/world_internal.h"

/* What ${…} of a world file sees: docs/internals/world-file.md, "Templates". */

/* ---- addresses ---- */

static cJSON *
add_place(cJSON *group, const char *name, const char *address, int64_t port)
{
	cJSON *place = cJSON_AddObjectToObject(group, name);

	json_add_string(place, "address", address);
	json_add_int(place, "port", port);
	return place;
}

static const char *
context_of(const cJSON *cluster)
{
	return json_string(cluster, "users/0/context", json_string(cluster, "name", ""));
}

static void
add_clusters(struct world *world)
{
	cJSON *group = cJSON_AddObjectToObject(world->context, "clusters"), *place;
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "clusters")) {
		char *address = world_address(world, spec);
		char *server = xasprintf("https://%s:%d", address, WORLD_API_PORT);

		place = add_place(group, json_string(spec, "name", ""), address, WORLD_API_PORT);
		json_add_string(place, "server", server);
		json_add_string(place, "context", context_of(spec));
		free(server);
		free(address);
	}
}

static void
add_databases(struct world *world)
{
	cJSON *group = cJSON_AddObjectToObject(world->context, "databases");
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "databases")) {
		char *address = world_address(world, spec);

		add_place(group, json_string(spec, "name", ""), address, json_int(spec, "port", 0));
		free(address);
	}
}

static void
add_resolvers(struct world *world, cJSON *zone, const cJSON *all)
{
	cJSON *group = cJSON_AddObjectToObject(zone, "resolvers");
	const cJSON *spec;

	cJSON_ArrayForEach(spec, all) {
		char *address = world_address(world, spec);

		add_place(group, json_string(spec, "name", ""), address, json_int(spec, "port", 0));
		free(address);
	}
}

/* Keys are written by the part, by their names. */
static void
add_zones(struct world *world)
{
	cJSON *group = cJSON_AddObjectToObject(world->context, "zones"), *place;
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "zones")) {
		char *address = world_address(world, spec);
		char *file = xasprintf("%s/tsig-%s.key", world->options.folder,
				       json_string(spec, "key", ""));

		place = add_place(group, json_string(spec, "name", ""), address,
				  json_int(spec, "port", 0));
		json_add_string(place, "key_file", file);
		add_resolvers(world, place, json_at(spec, "resolvers"));
		free(file);
		free(address);
	}
}

static void
add_sites(struct world *world)
{
	cJSON *group = cJSON_AddObjectToObject(world->context, "sites"), *place;
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "sites")) {
		int64_t port = json_int(spec, "ports/0", 0);
		char *address = world_address(world, spec);
		char *url = xasprintf("%s://%s:%lld",
				      json_bool(spec, "plain", false) ? "http" : "https", address,
				      (long long)port);

		place = add_place(group, json_string(spec, "name", ""), address, port);
		json_add_string(place, "url", url);
		free(url);
		free(address);
	}
}

/* ---- chance ---- */

/* So many digits that follow from the seed and a name. */
static void
append_digits(const struct world *world, const char *name, size_t count, struct str *out)
{
	char hex[DIGEST_HEX_MAX];

	for (int piece = 0; out->len < count; piece++) {
		char *text = xasprintf("%llu/%s/%d", (unsigned long long)world->options.seed, name,
				       piece);
		size_t left = count - out->len;

		digest_sha256(text, strlen(text), hex);
		str_append_bytes(out, hex, left < strlen(hex) ? left : strlen(hex));
		free(text);
	}
}

/* A number below `below` by the same. */
static uint64_t
number_below(const struct world *world, const char *name, uint64_t below)
{
	struct str digits = STR_INIT;

	append_digits(world, name, 15, &digits);
	uint64_t number = strtoull(str_cstr(&digits), NULL, 16);
	str_release(&digits);
	return below ? number % below : 0;
}

static cJSON *
random_value(const struct world *world, const cJSON *spec)
{
	const cJSON *choices = json_at(spec, "one_of");
	int64_t from = json_int(spec, "from", 0), to = json_int(spec, "to", 0);
	struct str digits = STR_INIT;
	cJSON *value;

	if (choices)
		return cJSON_Duplicate(
			cJSON_GetArrayItem(
				choices, (int)number_below(world, spec->string,
							   (uint64_t)cJSON_GetArraySize(choices))),
			true);
	if (json_at(spec, "from"))
		return cJSON_CreateNumber(
			(double)(from + (int64_t)number_below(world, spec->string,
							      (uint64_t)(to - from + 1))));
	append_digits(world, spec->string, (size_t)json_int(spec, "hex", 8), &digits);
	value = cJSON_CreateString(str_cstr(&digits));
	str_release(&digits);
	return value;
}

static void
add_random(struct world *world)
{
	cJSON *group = cJSON_AddObjectToObject(world->context, "random");
	const cJSON *spec;

	cJSON_ArrayForEach(spec, json_at(world->options.spec->document, "random"))
		json_add(group, spec->string, random_value(world, spec));
}

/* ---- certificates ---- */

const struct authority *
world_authority_find(const struct world *world, const char *name)
{
	for (size_t i = 0; name && i < world->authorities_count; i++)
		if (strcmp(world->authorities[i].name, name) == 0)
			return world->authorities[i].authority;
	return name ? NULL : world->own;
}

static cJSON *
add_pair(cJSON *group, const char *name, const char *pem, const char *key)
{
	cJSON *pair = cJSON_AddObjectToObject(group, name);

	json_add_string(pair, "pem", pem);
	json_add_string(pair, "key", key);
	return pair;
}

/* Lint has seen to it that who signs stands before. */
static int
add_authorities(struct world *world, struct err *e)
{
	const cJSON *spec, *all = json_at(world->options.spec->document, "authorities");
	cJSON *group = cJSON_AddObjectToObject(world->context, "authorities");

	world->own = authority_new("lifeboat drill", e);
	if (!world->own)
		return -1;
	world->authorities =
		xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*world->authorities));
	cJSON_ArrayForEach(spec, all) {
		const char *name = json_string(spec, "name", "");
		const char *subject = json_string(spec, "common_name", "");
		const char *above = json_string(spec, "signed_by", NULL);
		struct authority *made =
			above ? authority_intermediate(world_authority_find(world, above), subject,
						       e)
			      : authority_new(subject, e);

		if (!made)
			return err_wrap(e, "making the authority %s", name);
		world->authorities[world->authorities_count++] =
			(struct world_authority){ name, made };
		add_pair(group, name, authority_pem(made), authority_key_pem(made));
	}
	return 0;
}

static int
issue(struct world *world, const cJSON *spec, const cJSON *names, struct err *e)
{
	const char **texts = xcalloc((size_t)cJSON_GetArraySize(names) + 1, sizeof(*texts));
	struct world_certificate *made = &world->certificates[world->certificates_count];
	size_t count = 0;
	const cJSON *name;

	cJSON_ArrayForEach(name, names)
		texts[count++] = cJSON_GetStringValue(name);
	const struct authority_request request = {
		.common_name = json_string(spec, "common_name", texts[0]),
		.names = texts,
		.valid_from_s = -json_int(spec, "began", 0) / 1000,
		.valid_s = json_int(spec, "lasts", 0) / 1000,
	};
	int rc = authority_issue(world_authority_find(world, json_string(spec, "authority", NULL)),
				 &request, &made->pem, &made->key, e);
	made->name = json_string(spec, "name", "");
	world->certificates_count += rc == 0;
	free(texts);
	return rc;
}

static int
add_certificates(struct world *world, struct err *e)
{
	const cJSON *spec, *all = json_at(world->options.spec->document, "certificates");
	cJSON *group = cJSON_AddObjectToObject(world->context, "certificates");

	world->certificates =
		xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*world->certificates));
	cJSON_ArrayForEach(spec, all) {
		cJSON *names = NULL;
		int rc = world_expand(world, json_at(spec, "names"), &names, e);

		if (rc == 0)
			rc = issue(world, spec, names, e);
		cJSON_Delete(names);
		if (rc < 0)
			return err_wrap(e, "making the certificate %s",
					json_string(spec, "name", ""));
		const struct world_certificate *made =
			&world->certificates[world->certificates_count - 1];
		add_pair(group, made->name, made->pem, made->key);
	}
	return 0;
}

/* ---- all of it ---- */

int
world_expand(struct world *world, const cJSON *value, cJSON **ret, struct err *e)
{
	if (!value) {
		*ret = NULL;
		return 0;
	}
	return world_spec_expand(value, world->expressions, world->context, ret, e);
}

int
world_context_make(struct world *world, struct err *e)
{
	char *backup = xasprintf("%s/backup", world->options.folder);

	world->context = cJSON_CreateObject();
	json_add_string(world->context, "folder", world->options.folder);
	json_add_string(world->context, "backup", backup);
	json_add_int(world->context, "seed",
		     (int64_t)(world->options.seed & INT64_C(0x1fffffffffffff)));
	free(backup);
	add_clusters(world);
	add_databases(world);
	add_zones(world);
	add_sites(world);
	add_random(world);
	if (add_authorities(world, e) < 0)
		return -1;
	return add_certificates(world, e);
}
