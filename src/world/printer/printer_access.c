#include "config.h"

#include "world/printer/printer.h"

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/* Roles and bindings, and what has a name and a time only. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

static const struct printer_column plain_columns[] = {
	PRINTER_NAME(0),
	PRINTER_CREATED,
	{ .name = NULL },
};

static void
plain_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	(void)now_ms;
	cell_name(cells, object);
	cell_at(cells, object, "metadata/creationTimestamp", "");
}

const struct printer printer_plain = { .columns = plain_columns, .cells = plain_cells };
const struct printer printer_roles = { .columns = plain_columns, .cells = plain_cells };
const struct printer printer_definitions = { .columns = plain_columns, .cells = plain_cells };

static const struct printer_column rolebindings_columns[] = {
	PRINTER_NAME(0),
	{ "Role", "string", "",
	  "RoleRef can reference a Role in the current namespace or a ClusterRole in the global "
	  "namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
	  0 },
	PRINTER_AGE,
	{ "Users", "string", "", "Users in the roleBinding", 1 },
	{ "Groups", "string", "", "Groups in the roleBinding", 1 },
	{ "ServiceAccounts", "string", "", "ServiceAccounts in the roleBinding", 1 },
	{ .name = NULL },
};

static const struct printer_column clusterrolebindings_columns[] = {
	PRINTER_NAME(0),
	{ "Role", "string", "",
	  "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot "
	  "be resolved, the Authorizer must return an error.",
	  0 },
	PRINTER_AGE,
	{ "Users", "string", "", "Users in the clusterRoleBinding", 1 },
	{ "Groups", "string", "", "Groups in the clusterRoleBinding", 1 },
	{ "ServiceAccounts", "string", "", "ServiceAccounts in the clusterRoleBinding", 1 },
	{ .name = NULL },
};

/* The subjects of one kind; a service account with its namespace. */
static void
cell_subjects(cJSON *cells, const cJSON *binding, const char *kind)
{
	struct str text = STR_INIT;
	const cJSON *subject;
	bool account = str_equal(kind, "ServiceAccount");

	cJSON_ArrayForEach(subject, json_at(binding, "subjects")) {
		if (!str_equal(json_string(subject, "kind", NULL), kind))
			continue;
		append_item(&text, ", ", account ? json_string(subject, "namespace", "") : "");
		str_printf(&text, "%s%s", account ? "/" : "", json_string(subject, "name", ""));
	}
	cell_take(cells, &text);
}

static void
rolebindings_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	struct str role = STR_INIT;

	str_printf(&role, "%s/%s", json_string(object, "roleRef/kind", ""),
		   json_string(object, "roleRef/name", ""));
	cell_name(cells, object);
	cell_take(cells, &role);
	cell_age(cells, object, now_ms);
	cell_subjects(cells, object, "User");
	cell_subjects(cells, object, "Group");
	cell_subjects(cells, object, "ServiceAccount");
}

const struct printer printer_rolebindings = { .columns = rolebindings_columns,
					      .cells = rolebindings_cells };

const struct printer printer_clusterrolebindings = { .columns = clusterrolebindings_columns,
						     .cells = rolebindings_cells };
