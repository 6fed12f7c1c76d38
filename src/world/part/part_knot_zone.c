#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/part/part_knot.h"

/* What a zone is made of: its records as a zone file, and the key that changes them. */

enum {
	SECRET_BYTES = 32,
	REFRESH_S = 3600,
	RETRY_S = 600,
	EXPIRE_S = 86400,
	NEGATIVE_MS = 60000,
};

/* --- keys ------------------------------------------------------------------------------------------- */

static int
write_key(const struct parts *parts, const struct part_key *k, const char *name, struct err *e)
{
	char *path = xasprintf("%s/%s", parts->options.folder, name);
	char *text = xasprintf("key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", k->key.name,
			       k->key.algorithm, k->key.secret);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	explicit_bzero(text, strlen(text));
	free(text);
	free(path);
	return rc;
}

/* Each by its name; the first is tsig.key, too, as the runbooks of most worlds know no other. */
static int
write_files(const struct parts *parts, const struct part_key *k, struct err *e)
{
	char *name = xasprintf("tsig-%s.key", k->key.name);
	int rc = write_key(parts, k, name, e);

	if (rc == 0 && !parts->keys)
		rc = write_key(parts, k, "tsig.key", e);
	free(name);
	return rc;
}

static struct part_key *
make_key(const char *name)
{
	struct part_key *k = xcalloc(1, sizeof(*k));
	char *digits = parts_secret(SECRET_BYTES / 2); /* digits are bytes as good as any */

	k->key.name = xstrdup(name);
	k->key.algorithm = xstrdup("hmac-sha256");
	k->key.secret = xmalloc(BASE64_MAX(strlen(digits)));
	base64_encode(digits, strlen(digits), k->key.secret);
	explicit_bzero(digits, strlen(digits));
	free(digits);
	return k;
}

int
part_key_get(struct parts *parts, const char *name, const struct part_key **ret_key, struct err *e)
{
	struct part_key *k;
	int rc = 0;

	pthread_mutex_lock(&parts->lock);
	for (k = parts->keys; k && !str_equal(k->key.name, name); k = k->next)
		;
	if (!k) {
		k = make_key(name);
		rc = write_files(parts, k, e);
		k->next = parts->keys;
		parts->keys = k;
	}
	pthread_mutex_unlock(&parts->lock);
	*ret_key = k;
	return rc;
}

void
part_keys_free(struct part_key *key)
{
	struct part_key *next;

	for (; key; key = next) {
		next = key->next;
		dns_key_release(&key->key);
		free(key);
	}
}

/* --- records ---------------------------------------------------------------------------------------- */

char *
part_zone_owner(const struct part_zone *zone, const char *name)
{
	char *inner = xasprintf(".%s", zone->name);
	char *owner;

	if (str_equal(name, "@") || str_equal(name, ""))
		owner = xasprintf("%s.", zone->name);
	else if (str_ends_with(name, "."))
		owner = xstrdup(name);
	else if (str_ends_with(name, inner) || str_equal(name, zone->name))
		owner = xasprintf("%s.", name);
	else
		owner = xasprintf("%s.%s.", name, zone->name);
	free(inner);
	return owner;
}

uint32_t
part_zone_ttl(const struct part_zone *zone, int64_t ttl_ms)
{
	double seconds = (double)ttl_ms / 1000 / zone->parts->options.speed;

	return seconds < 1 ? 1 : seconds > INT32_MAX ? INT32_MAX : (uint32_t)(seconds + 0.5);
}

static int
append_record(const struct part_zone *zone, const cJSON *record, struct str *out, struct err *e)
{
	const char *type = json_string(record, "type", "A");
	char *owner = part_zone_owner(zone, json_string(record, "name", "@"));
	uint32_t ttl = part_zone_ttl(zone, json_int(record, "ttl", zone->ttl_ms));
	const cJSON *value;
	int rc = 0;

	cJSON_ArrayForEach(value, json_at(record, "values")) {
		char *text = json_text(value);
		char *normal = dns_normalise(type, text, e);

		if (normal)
			str_printf(out, "%s %u IN %s %s\n", owner, ttl, type, normal);
		else
			rc = err_wrap(e, "the record %s %s", owner, type);
		free(normal);
		free(text);
		if (rc < 0)
			break;
	}
	free(owner);
	return rc;
}

int
part_zone_text(const struct part_zone *zone, const cJSON *records, struct str *out, struct err *e)
{
	uint32_t ttl = part_zone_ttl(zone, zone->ttl_ms);
	const cJSON *record;

	str_printf(out, "%s. %u IN SOA ns1.%s. hostmaster.%s. 1 %d %d %d %u\n", zone->name, ttl,
		   zone->name, zone->name, REFRESH_S, RETRY_S, EXPIRE_S,
		   part_zone_ttl(zone, NEGATIVE_MS));
	str_printf(out, "%s. %u IN NS ns1.%s.\nns1.%s. %u IN A %s\n", zone->name, ttl, zone->name,
		   zone->name, ttl, zone->address);
	cJSON_ArrayForEach(record, records) {
		if (append_record(zone, record, out, e) < 0)
			return -1;
	}
	return 0;
}
