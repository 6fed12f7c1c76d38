#ifndef LIFEBOAT_WORLD_PRINTER_PRINTER_CUSTOM_H
#define LIFEBOAT_WORLD_PRINTER_PRINTER_CUSTOM_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "world/object/kind.h"

/*
 * Tables of kinds without a printer: their name, and the additionalPrinterColumns of their definition or, where there are
 * none, their age. Source: k8s.io/apiextensions-apiserver, pkg/registry/customresource/tableconvertor.
 */
void printer_custom_columns(const struct kind *kind,
			    void (*add)(cJSON *columns, const char *name, const char *type,
					const char *format, const char *description, int priority),
			    cJSON *columns);
void printer_custom_cells(const struct kind *kind, const cJSON *object, int64_t now_ms,
			  cJSON *cells);

#endif
