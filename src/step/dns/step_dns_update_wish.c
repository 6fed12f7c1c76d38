#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_update.h"

/* What the arguments ask for: RRsets with names, types and values in their normal forms. */

enum { MAX_RECORDS = 100 };

/* One record of the arguments. */
struct wish {
	const char *type; /* borrowed */
	char *name;
	uint32_t ttl;
	struct step_texts values; /* as they are written */
};

static bool
is_address(const char *value, int family)
{
	struct in6_addr ignored;

	return inet_pton(family, value, &ignored) == 1;
}

/* A host's name in full: it has a dot, and its last label a letter, as no slip of an address has. */
static bool
is_host_name(const char *value)
{
	char *name = dns_name_plain(value, NULL);
	const char *dot = name ? strrchr(name, '.') : NULL;
	bool is = dot && isalpha((unsigned char)dot[1]);

	free(name);
	return is;
}

/* What a value must be for `type: auto`; NULL: none of them. */
static const char *
kind_of(const char *value)
{
	if (is_address(value, AF_INET))
		return "A";
	if (is_address(value, AF_INET6))
		return "AAAA";
	return is_host_name(value) ? "CNAME" : NULL;
}

/* What came of an output of another step may be of another kind than the runbook thought. */
static int
check_kinds(const struct wish *wish, struct err *e)
{
	bool any = strcmp(wish->type, DNS_UPDATE_AUTO) == 0;

	for (size_t i = 0; i < wish->values.count; i++) {
		const char *value = wish->values.items[i], *kind = kind_of(value);

		if (any && !kind)
			return err_set(e, ERR_SPEC,
				       "\"%s\" is neither an address nor the full name of a host",
				       value);
		if (any || !kind || strcmp(kind, wish->type) == 0)
			continue;
		if (strcmp(wish->type, "A") != 0 && strcmp(wish->type, "AAAA") != 0)
			continue;
		if (strcmp(kind, "CNAME") == 0)
			return err_set(
				e, ERR_SPEC,
				"\"%s\" is the name of a host, and a record of type %s takes "
				"addresses. Use type auto or CNAME",
				value, wish->type);
		return err_set(e, ERR_SPEC,
			       "\"%s\" is an address of type %s, not %s. Use type auto or %s",
			       value, kind, wish->type, kind);
	}
	return 0;
}

static int
add_change(const struct wish *wish, const char *type, const cJSON *values,
	   struct dns_changes *changes, struct err *e)
{
	struct dns_change change = { .becomes.ttl = wish->ttl };

	if (dns_changes_find(changes, wish->name, type))
		return err_set(e, ERR_SPEC, "%s %s is there twice. Put its values into one record",
			       wish->name, type);
	if (dns_values_load(values, type, &change.becomes.values, e) < 0)
		return -1;
	change.name = xstrdup(wish->name);
	change.type = xstrdup(type);
	*VEC_PUSH(changes->items, changes->count, changes->cap) = change;
	return 0;
}

/* All three kinds, since a name that gets one of them may have had another. */
static int
add_auto(const struct wish *wish, struct dns_changes *changes, struct err *e)
{
	static const char *const types[] = { "A", "AAAA", "CNAME" };
	size_t kinds = 0, names = 0;

	for (size_t i = 0; i < 3; i++) {
		cJSON *values = cJSON_CreateArray();
		int rc;

		for (size_t j = 0; j < wish->values.count; j++)
			if (strcmp(kind_of(wish->values.items[j]), types[i]) == 0)
				cJSON_AddItemToArray(values,
						     cJSON_CreateString(wish->values.items[j]));
		kinds += cJSON_GetArraySize(values) > 0;
		names = (size_t)cJSON_GetArraySize(values);
		rc = add_change(wish, types[i], values, changes, e);
		cJSON_Delete(values);
		if (rc < 0)
			return -1;
	}
	if (names && kinds > 1)
		return err_set(
			e, ERR_SPEC,
			"the values are addresses and the name of a host, and a name can lead "
			"to one or the other only. Remove either");
	return 0;
}

static int
wish_init(struct wish *wish, const cJSON *record, const char *member, const char *zone,
	  struct err *e)
{
	int64_t ttl = json_int(record, "ttl", DNS_UPDATE_DEFAULT_TTL);

	wish->type = json_string(record, "type", "A");
	wish->ttl = (uint32_t)ttl;
	if (ttl < 0 || ttl > DNS_UPDATE_MAX_TTL)
		return err_set(e, ERR_SPEC, "a TTL of %lld s is out of range (0 to %d)",
			       (long long)ttl, DNS_UPDATE_MAX_TTL);
	wish->name = dns_name_plain(json_string(record, "name", ""), e);
	if (!wish->name)
		return -1;
	if (!dns_name_is_in(wish->name, zone))
		return err_set(e, ERR_SPEC,
			       "%s is not in the zone %s of the target. Use the target of its own "
			       "zone",
			       wish->name, zone);
	step_texts_load(&wish->values, json_at(record, member));
	return check_kinds(wish, e);
}

static int
add_record(const cJSON *record, const char *member, const char *zone, struct dns_changes *changes,
	   struct err *e)
{
	const cJSON *values = json_at(record, member);
	struct wish wish = { 0 };
	int rc = -1;

	if (!values || cJSON_IsNull(values))
		return 0;
	if (wish_init(&wish, record, member, zone, e) == 0)
		rc = strcmp(wish.type, DNS_UPDATE_AUTO) == 0
			     ? add_auto(&wish, changes, e)
			     : add_change(&wish, wish.type, values, changes, e);
	free(wish.name);
	step_texts_release(&wish.values);
	return rc;
}

/* The one form, or the other. */
static int
check_form(const cJSON *with, struct err *e)
{
	static const char *const singles[] = { "name", "type", "values", "ttl", "expected" };
	const cJSON *records = json_at(with, "records"), *record;
	int number = 0;

	if (!records)
		return json_at(with, "name") && json_at(with, "values")
			       ? 0
			       : err_set(e, ERR_SPEC,
					 "dns.update: `name` and `values` are wanted, or a list of "
					 "`records` that have them");
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (json_at(with, singles[i]))
			return err_set(e, ERR_SPEC,
				       "dns.update: `%s` and `records` exclude each other. Put it "
				       "into each of the records",
				       singles[i]);
	cJSON_ArrayForEach(record, records) {
		number++;
		if (!json_at(record, "values"))
			return err_set(e, ERR_SPEC,
				       "dns.update: record %d (%s) has no `values`. An empty list "
				       "removes it",
				       number, json_string(record, "name", "?"));
	}
	if (number > MAX_RECORDS)
		return err_set(e, ERR_SPEC,
			       "dns.update: %d records; at most %d go into one update. Make two "
			       "steps of it",
			       number, MAX_RECORDS);
	return 0;
}

char *
dns_wish_describe(const struct action *action)
{
	const cJSON *records = json_at(action->with, "records");
	int count = records ? cJSON_GetArraySize(records) : 1;
	const cJSON *one = records ? cJSON_GetArrayItem(records, 0) : action->with;

	if (count != 1)
		return xasprintf("dns.update of %d records", count);
	return xasprintf("dns.update %s %s", json_string(one, "name", "?"),
			 json_string(one, "type", "A"));
}

int
dns_wish_load(const struct action *action, const char *member, struct dns_changes *ret_changes,
	      struct err *e)
{
	const cJSON *records = json_at(action->with, "records"), *record;
	struct dns_changes changes = { 0 };
	char *zone = dns_name_plain(json_string(dns_target_spec(action), "zone", ""), e);
	int rc = zone ? check_form(action->with, e) : -1;

	if (rc == 0 && !records)
		rc = add_record(action->with, member, zone, &changes, e);
	cJSON_ArrayForEach(record, records)
		if (rc == 0 && add_record(record, member, zone, &changes, e) < 0)
			rc = err_wrap(e, "%s %s", json_string(record, "name", "?"),
				      json_string(record, "type", "A"));
	free(zone);
	if (rc < 0) {
		dns_changes_release(&changes);
		return -1;
	}
	*ret_changes = changes;
	return 0;
}
