#ifndef LIFEBOAT_WORLD_SPEC_SPEC_TABLES_H
#define LIFEBOAT_WORLD_SPEC_SPEC_TABLES_H

#include "runbook/field.h"

/*
 * The tables inside of world_fields, by their subjects: what a world is made of (spec_fields.c, spec_fields_parts.c), what
 * happens in it (spec_fields_stage.c), and what a drill makes of it (spec_fields_drill.c). Internal to spec*.c.
 */
extern const struct field world_metadata_fields[];
extern const struct field world_cluster_fields[];
extern const struct field world_chart_fields[];
extern const struct field world_database_fields[];
extern const struct field world_zone_fields[];
extern const struct field world_site_fields[];
extern const struct field world_authority_fields[];
extern const struct field world_certificate_fields[];
extern const struct field world_backup_fields[];
extern const struct field world_random_fields[];

extern const struct field world_live_fields[];	    /* one of its keys */
extern const struct field world_condition_fields[]; /* one of its keys */
extern const struct field world_fault_fields[];
extern const struct field world_behaviour_fields[];
extern const struct field world_rule_fields[];
extern const struct field world_action_fields[]; /* one of its keys */
extern const struct field world_otherwise_fields[];
extern const struct field world_log_fields[];

/* What actions say of a thing by its name. */
extern const struct field world_cluster_change_fields[];
extern const struct field world_database_change_fields[];
extern const struct field world_fault_change_fields[];
extern const struct field world_signal_fields[];
extern const struct field world_site_change_fields[];
extern const struct field world_zone_change_fields[];

extern const struct field world_variant_fields[];
extern const struct field world_surprise_fields[];
extern const struct field world_impact_fields[];
extern const struct field world_order_fields[];
extern const struct field world_expert_fields[];
extern const struct field world_hint_fields[];
extern const struct field world_passes_fields[];

/* Words that several tables share; end with NULL. */
extern const char *const world_cluster_states[];
extern const char *const world_site_states[];
extern const char *const world_database_states[];

#endif
