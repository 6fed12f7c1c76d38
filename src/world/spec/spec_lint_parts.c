#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/spec/spec_internal.h"

enum { ADDRESS_MIN = 2, ADDRESS_MAX = 254, PORT_MIN = 1024, PORT_MAX = 65535 };

static long
number_of(const struct yaml_node *node)
{
	const char *text = load_scalar(node);
	char *end = NULL;
	long number = text ? strtol(text, &end, 10) : -1;

	return text && *text && !*end ? number : -1;
}

static bool
share_port(const struct yaml_node *one, const struct yaml_node *other)
{
	const struct yaml_node *ports = world_node(one, "ports");
	const struct yaml_node *others = world_node(other, "ports");

	for (size_t i = 0; i < world_node_count(ports); i++)
		for (size_t j = 0; j < world_node_count(others); j++)
			if (number_of(ports->items[i]) == number_of(others->items[j]))
				return true;
	return false;
}

/* Who has an address so far. */
struct owner {
	const struct yaml_node *node;
	bool site;
};

static void
check_address(const struct world_lint *lint, struct owner *owners, size_t *count,
	      const struct yaml_node *node, bool site)
{
	const struct yaml_node *address = world_node(node, "address");
	long number = number_of(address);

	if (number < 0)
		return;
	if (number < ADDRESS_MIN || number > ADDRESS_MAX) {
		load_error(lint->load, address,
			   "an address is the last byte of one in the world's network, %d to %d, "
			   "not %ld",
			   ADDRESS_MIN, ADDRESS_MAX, number);
		return;
	}
	for (size_t i = 0; i < *count; i++) {
		const struct yaml_node *other = world_node(owners[i].node, "address");

		if (number_of(other) != number ||
		    (site && owners[i].site && !share_port(owners[i].node, node)))
			continue;
		load_error(lint->load, address,
			   "the address %ld is taken: line %d has it already%s", number,
			   other->mark.line, site && owners[i].site ? ", with the same port" : "");
		return;
	}
	owners[(*count)++] = (struct owner){ node, site };
}

/* The elements of a list, and the resolvers that stand in those of zones. */
static void
check_addresses_of(const struct world_lint *lint, struct owner *owners, size_t *count,
		   const struct yaml_node *list, bool sites)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		check_address(lint, owners, count, list->items[i], sites);
		check_addresses_of(lint, owners, count, world_node(list->items[i], "resolvers"),
				   false);
	}
}

static size_t
count_addresses(const struct yaml_node *list)
{
	size_t count = world_node_count(list);

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++)
		count += world_node_count(world_node(list->items[i], "resolvers"));
	return count;
}

static void
check_addresses(const struct world_lint *lint)
{
	static const char *const lists[] = { "clusters", "databases", "zones", "sites" };
	const size_t lists_count = sizeof(lists) / sizeof(lists[0]);
	struct owner *owners;
	size_t count = 0;

	for (size_t i = 0; i < lists_count; i++)
		count += count_addresses(world_node(lint->root, lists[i]));
	owners = xcalloc(count + 1, sizeof(*owners));
	count = 0;
	for (size_t i = 0; i < lists_count; i++)
		check_addresses_of(lint, owners, &count, world_node(lint->root, lists[i]),
				   i == lists_count - 1);
	free(owners);
}

static void
check_port(const struct world_lint *lint, const struct yaml_node *port)
{
	long number = number_of(port);

	if (number >= 0 && (number < PORT_MIN || number > PORT_MAX))
		load_error(lint->load, port,
			   "a port is %d to %d here, not %ld: nobody needs to be root for a drill",
			   PORT_MIN, PORT_MAX, number);
}

static void
check_ports(const struct world_lint *lint, const struct yaml_node *list)
{
	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *ports = world_node(list->items[i], "ports");

		check_port(lint, world_node(list->items[i], "port"));
		check_ports(lint, world_node(list->items[i], "resolvers"));
		for (size_t j = 0; j < world_node_count(ports); j++)
			check_port(lint, ports->items[j]);
	}
}

/* How many of some keys a mapping has. */
static size_t
count_keys(const struct yaml_node *node, const char *const *keys)
{
	size_t count = 0;

	for (; *keys; keys++)
		count += world_node(node, *keys) != NULL;
	return count;
}

static void
check_backup(const struct world_lint *lint, const struct yaml_node *file)
{
	static const char *const contents[] = { "text", "object", "objects", "dump", NULL };
	const struct yaml_node *path = world_node(file, "path");
	size_t count = count_keys(file, contents);

	if (file->kind != YAML_MAPPING)
		return;
	if (count != 1)
		load_error(
			lint->load, path ? path : file,
			"a file of the backup has one of text, object, objects and dump, and this "
			"one has %s",
			count ? "several" : "none");
	if (load_scalar(path) &&
	    (path->text[0] == '/' || strstr(path->text, "../") || str_equal(path->text, "..")))
		load_error(lint->load, path, "the file must be within the backup folder");
}

static void
check_random(const struct world_lint *lint, const struct yaml_node *value)
{
	static const char *const ways[] = { "hex", "from", "one_of", NULL };
	const struct yaml_node *from = world_node(value, "from"), *to = world_node(value, "to");
	const struct yaml_node *list = world_node(value, "one_of");

	if (value->kind != YAML_MAPPING)
		return;
	if (count_keys(value, ways) != 1 || !from != !to)
		load_error(lint->load, value,
			   "a random value is one of {hex: 8}, {from: 1, to: 9} and {one_of: […]}");
	else if (from && number_of(from) > number_of(to))
		load_error(lint->load, to, "\"to\" is less than \"from\"");
	else if (list && world_node_count(list) == 0)
		load_error(lint->load, list, "there is nothing to choose from");
}

static void
check_certificate(const struct world_lint *lint, const struct yaml_node *certificate)
{
	static const char *const ways[] = { "certificate", "chain", NULL };

	if (!certificate || certificate->kind != YAML_MAPPING)
		return;
	if (count_keys(certificate, ways) != 1 ||
	    !world_node(certificate, "chain") != !world_node(certificate, "key"))
		load_error(lint->load, certificate,
			   "a site shows {certificate: NAME} or {chain: PEM, key: PEM}");
}

static void
check_answer(const struct world_lint *lint, const struct yaml_node *answer)
{
	static const char *const bodies[] = { "body", "json", "sql", NULL };
	const struct yaml_node *path = world_node(answer, "path");
	long status = number_of(world_node(answer, "status"));

	if (count_keys(answer, bodies) > 1)
		load_error(lint->load, path ? path : answer,
			   "an answer has one of body, json and sql");
	if (load_scalar(path) && path->text[0] != '/')
		load_error(lint->load, path, "a path begins with /");
	if (status >= 0 && (status < 200 || status > 599))
		load_error(lint->load, world_node(answer, "status"), "a status is 200 to 599");
}

static void
check_site(const struct world_lint *lint, const struct yaml_node *site)
{
	const struct yaml_node *answers = world_node(site, "answers");

	check_certificate(lint, world_node(site, "certificate"));
	for (size_t i = 0; answers && answers->kind == YAML_SEQUENCE && i < answers->count; i++)
		check_answer(lint, answers->items[i]);
}

static void
check_actions(const struct world_lint *lint, const struct yaml_node *rule)
{
	const struct yaml_node *actions = world_node(rule, "do");

	for (size_t i = 0; actions && actions->kind == YAML_SEQUENCE && i < actions->count; i++) {
		const struct yaml_node *site = world_node(actions->items[i], "site");

		if (site)
			check_site(lint, site);
	}
}

/* A role that owns a database must be one of the server's. */
static void
check_database(const struct world_lint *lint, const struct yaml_node *server)
{
	const struct yaml_node *list = world_node(server, "databases");
	const struct yaml_node *roles = world_node(server, "roles");

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *owner = world_node(list->items[i], "owner");
		size_t at = 0;

		while (at < world_node_count(roles) && roles->kind == YAML_SEQUENCE &&
		       !str_equal(world_node_text(roles->items[at], "name"), load_scalar(owner)))
			at++;
		if (load_scalar(owner) && at == world_node_count(roles))
			load_error(lint->load, owner, "there is no role \"%s\" on this server",
				   owner->text);
	}
}

static void
check_chart(const struct world_lint *lint, const struct yaml_node *chart)
{
	const struct yaml_node *name = world_node(chart, "name");
	const struct yaml_node *values = world_node(chart, "values");
	const char *slash = load_scalar(name) ? strchr(name->text, '/') : NULL;

	if (load_scalar(name) &&
	    (!slash || slash == name->text || !slash[1] || strchr(slash + 1, '/') ||
	     name->text[0] == '.' || slash[1] == '.'))
		load_error(lint->load, name, "a chart is called REPOSITORY/CHART, not \"%s\"",
			   name->text);
	if (values && values->kind != YAML_MAPPING)
		load_error(lint->load, values, "\"values\" wants a mapping");
}

static void
each(const struct world_lint *lint, const char *list,
     void (*check)(const struct world_lint *, const struct yaml_node *))
{
	const struct yaml_node *node = world_node(lint->root, list);

	for (size_t i = 0; i < world_node_count(node); i++)
		check(lint, node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i]);
}

void
world_lint_parts(const struct world_lint *lint)
{
	check_addresses(lint);
	check_ports(lint, world_node(lint->root, "databases"));
	check_ports(lint, world_node(lint->root, "zones"));
	check_ports(lint, world_node(lint->root, "sites"));
	each(lint, "backup", check_backup);
	each(lint, "random", check_random);
	each(lint, "sites", check_site);
	each(lint, "rules", check_actions);
	each(lint, "databases", check_database);
	each(lint, "charts", check_chart);
}
