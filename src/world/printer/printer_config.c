#include "config.h"

#include "world/printer/printer.h"

#include "base/json.h"
#include "world/printer/printer_cells.h"

/* Secrets, ConfigMaps, service accounts. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

static const struct printer_column secrets_columns[] = {
	PRINTER_NAME(0),
	{ "Type", "string", "", "Used to facilitate programmatic handling of secret data.", 0 },
	{ "Data", "string", "",
	  "Data contains the secret data. Each key must consist of alphanumeric characters, '-', "
	  "'_' or '.'. The serialized form of the secret data is a base64 encoded string, "
	  "representing the arbitrary (possibly non-string) data value here. Described in "
	  "https://tools.ietf.org/html/rfc4648#section-4",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
secrets_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "type", "Opaque");
	cell_size(cells, object, "data");
	cell_age(cells, object, now_ms);
}

const struct printer printer_secrets = { .columns = secrets_columns, .cells = secrets_cells };

static const struct printer_column configmaps_columns[] = {
	PRINTER_NAME(0),
	{ "Data", "string", "",
	  "Data contains the configuration data. Each key must consist of alphanumeric characters, "
	  "'-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. "
	  "The keys stored in Data must not overlap with the keys in the BinaryData field, this is "
	  "enforced during validation process.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
configmaps_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_number(cells, cJSON_GetArraySize(json_at(object, "data")) +
				   cJSON_GetArraySize(json_at(object, "binaryData")));
	cell_age(cells, object, now_ms);
}

const struct printer printer_configmaps = { .columns = configmaps_columns,
					    .cells = configmaps_cells };

static const struct printer_column serviceaccounts_columns[] = {
	PRINTER_NAME(0),
	{ "Secrets", "string", "",
	  "Secrets is the list of secrets allowed to be used by pods running using this "
	  "ServiceAccount. More info: https://kubernetes.io/docs/concepts/configuration/secret",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
serviceaccounts_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_size(cells, object, "secrets");
	cell_age(cells, object, now_ms);
}

const struct printer printer_serviceaccounts = { .columns = serviceaccounts_columns,
						 .cells = serviceaccounts_cells };
