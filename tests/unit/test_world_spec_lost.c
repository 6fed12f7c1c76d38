#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "fixture_postgres.h"
#include "net/postgres/postgres.h"
#include "runbook/expression.h"
#include "runbook/template.h"
#include "world/spec/spec.h"

/* The world that is shipped: sound with every variant, and its templates and SQL give what they should. */
#define WORLD SRCDIR "/runbooks/drills/management-cluster-lost.yaml"

static struct expressions *x;

static struct world_spec *
load(const char *variant)
{
	const char *const variants[] = { variant, NULL };
	struct diags diags;
	struct str said = STR_INIT;
	struct world_spec *spec;

	diags_init(&diags, WORLD);
	spec = world_spec_load(WORLD, variants, &diags);
	diags_render(&diags, &said);
	assert_string_equal(str_cstr(&said), "");
	assert_non_null(spec);
	str_release(&said);
	diags_release(&diags);
	return spec;
}

/* Expressions of templates, each once; compiled together they take no time of their own. */
struct texts {
	const char **items;
	size_t count, cap;
};

static void
found_expression(void *data, const char *expression, size_t offset)
{
	struct texts *texts = data;

	(void)offset;
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], expression) == 0)
			return;
	*VEC_PUSH(texts->items, texts->count, texts->cap) = xstrdup(expression);
}

static void
collect_expressions(const cJSON *value, struct texts *texts)
{
	const cJSON *item;

	if (cJSON_IsString(value))
		template_scan(value->valuestring, found_expression, texts, NULL);
	cJSON_ArrayForEach(item, value)
		collect_expressions(item, texts);
}

static int
make_expressions(void **state)
{
	struct world_spec *spec = load(NULL);
	struct texts texts = { 0 };

	(void)state;
	collect_expressions(spec->document, &texts);
	x = expressions_new(texts.items, texts.count);
	for (size_t i = 0; i < texts.count; i++)
		free((char *)(uintptr_t)texts.items[i]);
	free(texts.items);
	world_spec_free(spec);
	return 0;
}

static int
free_expressions(void **state)
{
	(void)state;
	expressions_free(x);
	return 0;
}

/* {NAME: {"address": …, "port": …, "url": …, "server": …, "pem": …}} of a list. */
static cJSON *
members_of(const struct world_spec *spec, const char *list)
{
	static const char resolvers[] =
		"{\"office\": {\"address\": \"127.1.2.54\", \"port\": 5353}}";
	cJSON *members = cJSON_CreateObject();
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(spec->document, list)) {
		const char *name = json_string(item, "name", "");
		cJSON *member = cJSON_CreateObject();
		char *address = xasprintf("127.1.2.%d", (int)json_int(item, "address", 1));
		char *pem = xasprintf("PEM of %s", name);

		json_add_string(member, "address", address);
		json_add_int(member, "port",
			     json_int(item, "ports/0", json_int(item, "port", 6443)));
		json_add_string(member, "url", "https://127.1.2.3:8443");
		json_add_string(member, "server", "https://127.1.2.3:6443");
		json_add_string(member, "context", name);
		json_add_string(member, "key_file", "/w/tsig.key");
		json_add(member, "resolvers", cJSON_Parse(resolvers));
		json_add_string(member, "pem", pem);
		json_add_string(member, "key", pem);
		json_add(members, name, member);
		free(address);
		free(pem);
	}
	return members;
}

/* The context that a world of this document would have. */
static cJSON *
context_of(const struct world_spec *spec)
{
	static const char *const lists[] = { "clusters", "databases",	"zones",
					     "sites",	 "authorities", "certificates" };
	cJSON *context = cJSON_CreateObject(), *random = cJSON_CreateObject();
	const cJSON *item;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		json_add(context, lists[i], members_of(spec, lists[i]));
	cJSON_ArrayForEach(item, json_at(spec->document, "random")) {
		char *value = xasprintf("random-%s", item->string);

		json_add_string(random, item->string, value);
		free(value);
	}
	json_add(context, "random", random);
	json_add_string(context, "backup", "/w/backup");
	json_add_string(context, "folder", "/w");
	json_add_int(context, "seed", 1);
	return context;
}

/* What is known besides when something happens. */
static void
add_happening(const struct world_spec *spec, cJSON *context)
{
	cJSON *live = cJSON_CreateObject(), *looks = cJSON_CreateObject(), *part;
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(spec->document, "live"))
		json_add_string(live, item->string, item->string);
	cJSON_ArrayForEach(item, json_at(spec->document, "conditions")) {
		cJSON *look = cJSON_CreateObject();

		json_add_bool(look, "holds", false);
		json_add_string(look, "error", "no such host");
		json_add_string(look, "address", "127.1.2.110");
		json_add(looks, item->string, look);
	}
	json_add(context, "live", live);
	json_add(context, "looks", looks);
	part = cJSON_CreateObject();
	json_add_string(part, "name", "edge-1234");
	json_add(context, "pod", part);
	part = cJSON_CreateObject();
	json_add_string(part, "hex", "0badcafe");
	json_add(context, "line", part);
}

/* The value with its templates expanded; none of them may fail. The caller deletes. */
static cJSON *
expanded(const cJSON *value, const cJSON *context)
{
	struct err e = ERR_INIT;
	cJSON *out = NULL;

	assert_non_null(value);
	if (world_spec_expand(value, x, context, &out, &e) < 0)
		fail_msg("%s", e.message);
	return out;
}

static void
check_expands(const struct world_spec *spec, const char *section, const cJSON *context)
{
	cJSON *out = expanded(json_at(spec->document, section), context);
	char *text = json_print(out);

	assert_null(strstr(text, "${"));
	free(text);
	cJSON_Delete(out);
}

static void
lint_with_every_variant_says_nothing(void **state)
{
	struct diags diags;
	struct str said = STR_INIT;

	(void)state;
	diags_init(&diags, WORLD);
	assert_int_equal(world_spec_lint(WORLD, &diags), 0);
	diags_render(&diags, &said);
	assert_string_equal(str_cstr(&said), "");
	str_release(&said);
	diags_release(&diags);
}

static void
variants_are_those_of_the_reference(void **state)
{
	static const char *const names[] = {
		"no-signing-key",    "wrong-root-ca",  "database-firewall",
		"database-password", "stale-dns",      "wrong-registry",
		"metrics-down",	     "forbidden",      "cluster-firewall",
		"before-onboarding", "truncated-dump", "foreign-service-account",
		"old-plane-returns",
	};
	struct world_spec *spec = load(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *variant = world_spec_named(spec, "variants", names[i]);

		assert_non_null(variant);
		assert_non_null(json_at(variant, "change"));
		assert_true(strlen(json_string(variant, "fix", "")) > 40);
	}
	assert_int_equal(spec->variants_count, sizeof(names) / sizeof(names[0]));
	world_spec_free(spec);
}

static void
check_made(const struct world_spec *spec)
{
	static const char *const sections[] = { "params", "clusters", "databases",
						"zones",  "sites",    "backup" };
	cJSON *context = context_of(spec);

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		check_expands(spec, sections[i], context);
	cJSON_Delete(context);
}

static void
check_happens(const struct world_spec *spec)
{
	cJSON *context = context_of(spec);
	const cJSON *rule;

	add_happening(spec, context);
	check_expands(spec, "behaviours", context);
	cJSON_ArrayForEach(rule, json_at(spec->document, "rules")) {
		cJSON *actions = expanded(json_at(rule, "do"), context);

		cJSON_Delete(actions);
	}
	cJSON_Delete(context);
}

static void
templates_of_every_variant_expand(void **state)
{
	struct world_spec *spec = load(NULL);

	(void)state;
	check_made(spec);
	check_happens(spec);
	for (size_t i = 0; i < spec->variants_count; i++) {
		struct world_spec *other = load(spec->variants[i].name);

		check_made(other);
		check_happens(other);
		world_spec_free(other);
	}
	world_spec_free(spec);
}

static const cJSON *
object_of(const cJSON *objects, const char *name)
{
	const cJSON *object;

	cJSON_ArrayForEach(object, objects)
		if (str_equal(json_string(object, "metadata/name", NULL), name))
			return object;
	fail_msg("there is no %s", name);
	return NULL;
}

/* The key that the token of a cluster's edge names, as the world's own live value finds it. The caller frees. */
static char *
kid_of_token(const struct world_spec *spec, const char *cluster, const char *live)
{
	cJSON *context = context_of(spec), *kid = NULL;
	cJSON *made = expanded(world_spec_named(spec, "clusters", cluster), context);
	const cJSON *token = object_of(json_at(made, "objects"), "xcp-edge-central-auth-token");
	const char *path = json_string(world_spec_named(spec, "live", live), "object/path", NULL);
	struct err e = ERR_INIT;
	char *text;

	if (expressions_eval(x, path, token, context, 0, &kid, &e) < 0)
		fail_msg("%s", e.message);
	text = json_text(kid);
	cJSON_Delete(kid);
	cJSON_Delete(made);
	cJSON_Delete(context);
	return text;
}

static void
token_names_the_key_of_the_backup(void **state)
{
	struct world_spec *spec = load(NULL), *foreign = load("foreign-service-account");
	char *one = kid_of_token(spec, "app-1", "token-kid-1");
	char *three = kid_of_token(spec, "app-3", "token-kid-3");
	char *two = kid_of_token(foreign, "app-2", "token-kid-2");

	(void)state;
	assert_string_equal(one, "random-kid");
	assert_string_equal(three, "random-kid");
	assert_string_equal(two, "random-stale_kid");
	free(one);
	free(two);
	free(three);
	world_spec_free(spec);
	world_spec_free(foreign);
}

static void
chart_makes_the_plane_from_the_values_of_the_backup(void **state)
{
	struct world_spec *spec = load(NULL);
	const cJSON *chart = json_at(spec->document, "charts/0"), *file, *template;
	cJSON *context = cJSON_CreateObject(), *release = cJSON_CreateObject(), *plane = NULL;

	(void)state;
	cJSON_ArrayForEach(file, json_at(spec->document, "backup"))
		if (str_equal(json_string(file, "path", NULL), "mp-values.yaml"))
			json_add(context, "values", cJSON_Duplicate(json_at(file, "object"), true));
	json_add_string(release, "namespace", "tsb");
	json_add(context, "release", release);
	cJSON_ArrayForEach(template, json_at(chart, "templates"))
		if (str_equal(json_string(template, "name", NULL),
			      "templates/managementplane.yaml"))
			plane = expanded(json_at(template, "objects/0"), context);
	assert_string_equal(json_string(plane, "spec/hub", ""), "registry.example.com/tsb");
	assert_string_equal(json_string(plane, "spec/organization", ""), "harbour");
	assert_string_equal(json_string(plane, "kind", ""), "ManagementPlane");
	cJSON_Delete(plane);
	cJSON_Delete(context);
	world_spec_free(spec);
}

/* ---- the database ---- */

/* A server that has only just begun to listen says so, for a moment. */
static struct postgres *
connect_or_fail(const char *conninfo)
{
	const struct postgres_options options = { .conninfo = conninfo };
	struct postgres *pg = NULL;
	struct err e = ERR_INIT;

	for (int tries = 0; tries < 200; tries++) {
		if (postgres_connect(&options, &pg, &e) == 0)
			return pg;
		if (!strstr(e.message, "57P03"))
			break;
		poll(NULL, 0, 50);
	}
	fail_msg("%s", e.message);
	return NULL;
}

static void
run_sql(struct postgres *pg, const char *sql)
{
	struct err e = ERR_INIT;

	if (postgres_script(pg, sql, NULL, &e) < 0)
		fail_msg("%s", e.message);
}

/* The first value of a query as text; the caller frees. */
static char *
first_value(struct postgres *pg, const char *sql)
{
	struct err e = ERR_INIT;
	cJSON *result = NULL;
	const cJSON *row;
	char *text;

	if (postgres_query(pg, sql, NULL, 0, 0, NULL, &result, &e) < 0)
		fail_msg("%s", e.message);
	row = json_at(result, "rows/0");
	text = row && row->child ? json_text(row->child) : xstrdup("nothing");
	cJSON_Delete(result);
	return text;
}

static void
check_value(struct postgres *pg, const char *sql, const char *wanted)
{
	char *value = first_value(pg, sql);

	if (strcmp(value, wanted) != 0)
		fail_msg("%s: %s, not %s", sql, value, wanted);
	free(value);
}

/* Everything that the world asks the database, or says to it. */
static void
run_all_sql(struct postgres *pg, const struct world_spec *spec)
{
	const cJSON *item, *part;

	cJSON_ArrayForEach(item, json_at(spec->document, "conditions"))
		if (json_at(item, "sql"))
			check_value(pg, json_string(item, "sql/query", ""), "true");
	cJSON_ArrayForEach(item, json_at(spec->document, "live"))
		if (json_at(item, "sql"))
			free(first_value(pg, json_string(item, "sql/query", "")));
	cJSON_ArrayForEach(item, json_at(spec->document, "rules"))
		cJSON_ArrayForEach(part, json_at(item, "do")) {
			const cJSON *answer;

			if (json_at(part, "database/sql"))
				run_sql(pg, json_string(part, "database/sql", ""));
			cJSON_ArrayForEach(answer, json_at(part, "site/answers"))
				if (json_at(answer, "sql"))
					free(first_value(pg, json_string(answer, "sql/query", "")));
		}
}

static void
database_holds_what_the_world_asks_of_it(void **state)
{
	struct world_spec *spec = load(NULL);
	struct fixture_postgres server = { 0 };
	struct postgres *pg;
	struct str sql = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	if (!fixture_postgres_start(&server))
		skip();
	assert_int_equal(file_read(json_string(spec->document, "databases/0/databases/0/sql", ""),
				   1 << 20, &sql, &e),
			 0);
	pg = connect_or_fail(server.conninfo);
	run_sql(pg, str_cstr(&sql));
	check_value(pg, "select count(*) from clusters", "3");
	check_value(pg, "select count(*) from tenants", "4");
	check_value(pg, "select count(*) > 5000 from audit_log", "true");
	check_value(
		pg,
		"select extract(epoch from now()) - max(time) between 2900 and 3000 from audit_log",
		"true");
	run_all_sql(pg, spec);
	check_value(
		pg,
		"select count(*) from clusters where last_sync_time > now() - interval '1 minute'",
		"3");
	postgres_free(pg);
	str_release(&sql);
	fixture_postgres_stop(&server);
	world_spec_free(spec);
}

/* What the clusters' service accounts are, and what the database knows of them. */
static void
service_accounts_are_those_of_the_database(void **state)
{
	struct world_spec *spec = load(NULL);
	struct str sql = STR_INIT;

	(void)state;
	assert_int_equal(file_read(json_string(spec->document, "databases/0/databases/0/sql", ""),
				   1 << 20, &sql, NULL),
			 0);
	for (int i = 1; i <= 3; i++) {
		char *cluster = xasprintf("app-%d", i);
		cJSON *context = context_of(spec);
		cJSON *made = expanded(world_spec_named(spec, "clusters", cluster), context);
		const cJSON *account =
			object_of(json_at(made, "objects"), "cluster-service-account");
		cJSON *key = NULL;

		assert_int_equal(expressions_eval(x, ".data[\"key-id\"] | @base64d", account,
						  context, 0, &key, NULL),
				 0);
		assert_non_null(strstr(str_cstr(&sql), key->valuestring));
		assert_non_null(strstr(key->valuestring, cluster));
		cJSON_Delete(key);
		cJSON_Delete(made);
		cJSON_Delete(context);
		free(cluster);
	}
	str_release(&sql);
	world_spec_free(spec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lint_with_every_variant_says_nothing),
		cmocka_unit_test(variants_are_those_of_the_reference),
		cmocka_unit_test(templates_of_every_variant_expand),
		cmocka_unit_test(token_names_the_key_of_the_backup),
		cmocka_unit_test(chart_makes_the_plane_from_the_values_of_the_backup),
		cmocka_unit_test(database_holds_what_the_world_asks_of_it),
		cmocka_unit_test(service_accounts_are_those_of_the_database),
	};

	return cmocka_run_group_tests(tests, make_expressions, free_expressions);
}
