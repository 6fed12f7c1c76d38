#ifndef LIFEBOAT_STEP_STEPS_H
#define LIFEBOAT_STEP_STEPS_H

#include "run/executor.h"

/* The rows of step_table.c, each defined in the file of its name. */
extern const struct executor step_command_run;
extern const struct executor step_dns_lookup;
extern const struct executor step_dns_update;
extern const struct executor step_dns_wait;
extern const struct executor step_http_check;
extern const struct executor step_kubernetes_apply;
extern const struct executor step_kubernetes_delete;
extern const struct executor step_kubernetes_get;
extern const struct executor step_kubernetes_logs;
extern const struct executor step_kubernetes_restart;
extern const struct executor step_kubernetes_rollout;
extern const struct executor step_kubernetes_scale;
extern const struct executor step_kubernetes_wait;
extern const struct executor step_manual_checklist;
extern const struct executor step_manual_choice;
extern const struct executor step_manual_confirm;
extern const struct executor step_manual_input;
extern const struct executor step_postgresql_execute;
extern const struct executor step_postgresql_query;
extern const struct executor step_postgresql_restore;
extern const struct executor step_tls_check;
extern const struct executor step_wait_until;

extern const struct target_driver target_dns;
extern const struct target_driver target_http;
extern const struct target_driver target_kubernetes;
extern const struct target_driver target_postgresql;

#endif
