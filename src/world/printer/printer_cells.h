#ifndef LIFEBOAT_WORLD_PRINTER_PRINTER_CELLS_H
#define LIFEBOAT_WORLD_PRINTER_PRINTER_CELLS_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "world/printer/printer.h"

/*
 * What the printers of several kinds have in common: columns, and cells in the server's manner. Each cell_…() appends one
 * cell, but for cell_containers(), which appends two.
 */

/* Texts of columns are those of a real server, which kubectl explains a table with. */
#define PRINTER_NAME_TEXT                                                                          \
	"Name must be unique within a namespace. Is required when creating resources, although "   \
	"some resources may allow a client to request the generation of an appropriate name "      \
	"automatically. Name is primarily intended for creation idempotence and configuration "    \
	"definition. Cannot be updated. More info: "                                               \
	"http://kubernetes.io/docs/user-guide/identifiers#names"
#define PRINTER_AGE_TEXT                                                                           \
	"CreationTimestamp is a timestamp representing the server time when this object was "      \
	"created. It is not guaranteed to be set in happens-before order across separate "         \
	"operations. Clients may not set this value. It is represented in RFC3339 form and is in " \
	"UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "                  \
	"https://git.k8s.io/community/contributors/devel/sig-architecture/"                        \
	"api-conventions.md#metadata"

#define PRINTER_NAME(priority)                                                                     \
	{                                                                                          \
		"Name", "string", "name", PRINTER_NAME_TEXT, priority                              \
	}
#define PRINTER_AGE                                                                                \
	{                                                                                          \
		"Age", "string", "", PRINTER_AGE_TEXT, 0                                           \
	}
#define PRINTER_CREATED                                                                            \
	{                                                                                          \
		"Created At", "date", "", PRINTER_AGE_TEXT, 0                                      \
	}
#define PRINTER_CONTAINERS(priority)                                                               \
	{                                                                                          \
		"Containers", "string", "", "Names of each container in the template.", priority   \
	}
#define PRINTER_IMAGES(priority)                                                                   \
	{                                                                                          \
		"Images", "string", "", "Images referenced by each container in the template.",    \
			priority                                                                   \
	}

struct str;

void cell_text(cJSON *cells, const char *text);
void cell_number(cJSON *cells, int64_t number);
/* Takes the text. */
void cell_take(cJSON *cells, struct str *text);

/* metadata.name. */
void cell_name(cJSON *cells, const cJSON *object);
/* The scalar at a path as text; `otherwise` where there is none, or an empty one. */
void cell_at(cJSON *cells, const cJSON *object, const char *path, const char *otherwise);
/* The number at a path; none is 0. */
void cell_count(cJSON *cells, const cJSON *object, const char *path);
/* How many elements or members there are at a path. */
void cell_size(cJSON *cells, const cJSON *object, const char *path);
/* How long ago a moment was ("3m10s"); "<unknown>": there is no such time. */
void cell_since(cJSON *cells, const char *stamp, int64_t now_ms);
/* cell_since() of metadata.creationTimestamp. */
void cell_age(cJSON *cells, const cJSON *object, int64_t now_ms);
/* Names and images of the containers of a pod's spec. */
void cell_containers(cJSON *cells, const cJSON *pod_spec);
/* A map as "a=b,c=d" by keys, a label selector in the same manner; "<none>": it is empty. */
void cell_labels(cJSON *cells, const cJSON *map);
void cell_selector(cJSON *cells, const cJSON *label_selector);

/* Appends the addresses of status.loadBalancer.ingress, in order. */
void append_balancers(struct str *out, const cJSON *object);

/* Texts in their order, each once. Texts are borrowed. */
struct name_set {
	const char **items;
	size_t count, cap;
};
void name_set_add(struct name_set *set, const char *name);
void name_set_release(struct name_set *set);

/* Appends a text to a list, behind `separator` where there is something before it. */
void append_item(struct str *out, const char *separator, const char *item);

#endif
