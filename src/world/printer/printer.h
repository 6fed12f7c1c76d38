#ifndef LIFEBOAT_WORLD_PRINTER_PRINTER_H
#define LIFEBOAT_WORLD_PRINTER_PRINTER_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "world/object/kind.h"
#include "world/object/store.h"

/* One column of a Table. Source: the printers of k8s.io/kubernetes, pkg/printers/internalversion. */
struct printer_column {
	const char *name, *type, *format;
	const char *description;
	int priority; /* 1: only with -o wide */
};

/* How a kind's rows are made; rows in kind.c's table point here. */
struct printer {
	const struct printer_column *columns; /* the end has a NULL name */
	/* Appends one cell for each column to `cells`. */
	void (*cells)(const cJSON *object, int64_t now_ms, cJSON *cells);
	/* Adds to the row what it has besides cells and object; or NULL. */
	void (*row)(const cJSON *object, cJSON *row);
};

/* printer_plain has the name and the time of creation. */
extern const struct printer printer_pods, printer_podtemplates, printer_deployments,
	printer_replicasets, printer_replicationcontrollers, printer_statefulsets,
	printer_daemonsets, printer_controllerrevisions, printer_jobs, printer_cronjobs,
	printer_services, printer_endpoints, printer_endpointslices, printer_ingresses,
	printer_ingressclasses, printer_networkpolicies, printer_nodes, printer_namespaces,
	printer_leases, printer_priorityclasses, printer_webhooks, printer_secrets,
	printer_configmaps, printer_serviceaccounts, printer_events, printer_roles,
	printer_rolebindings, printer_clusterrolebindings, printer_definitions, printer_plain,
	printer_volumes, printer_claims, printer_storageclasses, printer_budgets,
	printer_resourcequotas, printer_autoscalers;

enum printer_include { PRINTER_NONE, PRINTER_METADATA, PRINTER_OBJECT };

/*
 * The meta.k8s.io/v1 Table of these objects: what `Accept: …;as=Table` asks for. `headers`: with columnDefinitions, else
 * they are null (a watch gives them with its first event only). Its metadata is empty: versions are the caller's. The caller deletes.
 */
cJSON *printer_table(const struct kind *kind, const struct stored *const *items, size_t count,
		     enum printer_include include, bool headers, int64_t now_ms);

/* PartialObjectMetadata of one object. The caller deletes. */
cJSON *printer_metadata(const struct stored *item);

#endif
