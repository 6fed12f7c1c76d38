#include "config.h"

#include "step/step_table.h"

#include "step/steps.h"

/* Sorted by the word, as executor_find() and step_catalogue_find() want it. */
static const struct executor *const executors[] = {
	&step_command_run,	  &step_dns_lookup,	    &step_dns_update,
	&step_dns_wait,		  &step_http_check,	    &step_kubernetes_apply,
	&step_kubernetes_delete,  &step_kubernetes_get,	    &step_kubernetes_logs,
	&step_kubernetes_restart, &step_kubernetes_rollout, &step_kubernetes_scale,
	&step_kubernetes_wait,	  &step_manual_checklist,   &step_manual_choice,
	&step_manual_confirm,	  &step_manual_input,	    &step_postgresql_execute,
	&step_postgresql_query,	  &step_postgresql_restore, &step_tls_check,
	&step_wait_until,
};

static const struct step_type *const types[] = {
	&step_command_run.type,	       &step_dns_lookup.type,	      &step_dns_update.type,
	&step_dns_wait.type,	       &step_http_check.type,	      &step_kubernetes_apply.type,
	&step_kubernetes_delete.type,  &step_kubernetes_get.type,     &step_kubernetes_logs.type,
	&step_kubernetes_restart.type, &step_kubernetes_rollout.type, &step_kubernetes_scale.type,
	&step_kubernetes_wait.type,    &step_manual_checklist.type,   &step_manual_choice.type,
	&step_manual_confirm.type,     &step_manual_input.type,	      &step_postgresql_execute.type,
	&step_postgresql_query.type,   &step_postgresql_restore.type, &step_tls_check.type,
	&step_wait_until.type,
};

static const struct target_driver *const drivers[] = {
	&target_dns,
	&target_http,
	&target_kubernetes,
	&target_postgresql,
};

enum {
	EXECUTORS_COUNT = sizeof(executors) / sizeof(executors[0]),
	TYPES_COUNT = sizeof(types) / sizeof(types[0]),
	DRIVERS_COUNT = sizeof(drivers) / sizeof(drivers[0]),
};

_Static_assert((int)EXECUTORS_COUNT == (int)TYPES_COUNT, "every executor has its step type");

const struct executor_table step_table = {
	.executors = executors,
	.count = EXECUTORS_COUNT,
	.drivers = drivers,
	.drivers_count = DRIVERS_COUNT,
};

const struct step_catalogue step_catalogue = { .types = types, .count = TYPES_COUNT };
