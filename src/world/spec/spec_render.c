#include "config.h"

#include <stdlib.h>

#include "runbook/render.h"
#include "world/spec/spec.h"
#include "world/spec/spec_tables.h"

static const struct mdoc_section sections[] = {
	{ "The document", "A world is one YAML document, a mapping of:", world_fields },
	{ "Random values",
	  "Each entry of random has hex, or from and to, or one_of:", world_random_fields },
	{ "Authorities", "Each element of authorities is a mapping of:", world_authority_fields },
	{ "Certificates",
	  "Each element of certificates is a mapping of:", world_certificate_fields },
	{ "Clusters", "Each element of clusters is a mapping of:", world_cluster_fields },
	{ "Charts", "Each element of charts is a mapping of:", world_chart_fields },
	{ "Databases", "Each element of databases is a mapping of:", world_database_fields },
	{ "Zones", "Each element of zones is a mapping of:", world_zone_fields },
	{ "Sites", "Each element of sites is a mapping of:", world_site_fields },
	{ "Backup", "Each element of backup is a mapping of:", world_backup_fields },
	{ "Live values",
	  "Each entry of live, and what stands for one, has exactly one of:", world_live_fields },
	{ "Conditions", "Each entry of conditions has exactly one of:", world_condition_fields },
	{ "Faults", "Each entry of faults is a mapping of:", world_fault_fields },
	{ "Behaviours", "Each element of behaviours is a mapping of:", world_behaviour_fields },
	{ "Rules", "Each element of rules is a mapping of:", world_rule_fields },
	{ "Actions", "Each element of do has exactly one of:", world_action_fields },
	{ "Variants", "Each entry of variants is a mapping of:", world_variant_fields },
	{ "Hints", "Each entry of hints is a mapping of:", world_hint_fields },
	{ "What a drill is measured by: impact",
	  "Each element of impact is a mapping of:", world_impact_fields },
	{ "What a drill is measured by: order",
	  "Each element of order is a mapping of:", world_order_fields },
	{ "What a drill is measured by: expert",
	  "Each element of expert is a mapping of:", world_expert_fields },
	{ "What a drill is measured by: passes", "passes is a mapping of:", world_passes_fields },
	{ NULL, NULL, NULL },
};

void
world_spec_mdoc(struct str *out)
{
	sections_render_mdoc(sections, out);
}

cJSON *
world_spec_schema(void)
{
	return document_schema(world_fields, "lifeboat/v1 world");
}
