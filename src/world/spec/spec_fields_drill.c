#include "config.h"

#include <stdlib.h>

#include "world/spec/spec_tables.h"

static const char *const levels[] = { "none", "limited", "total", NULL };

const struct field world_surprise_fields[] = {
	{ .name = "fault",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "The switch of faults that is turned on; nothing is said." },
	{ .name = "when",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Not before these conditions hold. None: from the start." },
	{ .name = "after",
	  .type = FIELD_DURATION,
	  .otherwise = "0",
	  .help = "How much later at the earliest …" },
	{ .name = "before",
	  .type = FIELD_DURATION,
	  .help = "… and at the latest; the seed decides. Default: at the earliest." },
	{ 0 },
};

const struct field world_hint_fields[] = {
	{ .name = "nudge",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED,
	  .help = "What to think about." },
	{ .name = "where", .type = FIELD_TEXT, .help = "Where to look." },
	{ .name = "command", .type = FIELD_TEXT, .help = "What to do, letter by letter." },
	{ 0 },
};

const struct field world_variant_fields[] = {
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What is different, in one line; the debrief tells it." },
	{ .name = "symptom",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What shows of it." },
	{ .name = "fix",
	  .type = FIELD_TEXT,
	  .help = "What an expert does about it, for the debrief." },
	{ .name = "teaches",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "What somebody knows who has been through it." },
	{ .name = "excludes",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Variants that make no sense beside it." },
	{ .name = "change",
	  .type = FIELD_ANY,
	  .help = "Merged over this file: mappings by key, lists of named things by their names; "
		  "remove: true takes one out, replace: true takes it as it stands here. All else "
		  "replaces." },
	{ .name = "surprise",
	  .type = FIELD_OBJECT,
	  .fields = world_surprise_fields,
	  .help = "A fault that comes while the drill is under way." },
	{ .name = "right",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Steps of the runbook that an expert does in this variant besides." },
	{ .name = "wrong",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .help = "Steps that harm in this variant, each with the reason." },
	{ .name = "hints",
	  .type = FIELD_MAP,
	  .items = FIELD_OBJECT,
	  .fields = world_hint_fields,
	  .help = "Help for steps in this variant, in place of the world's." },
	{ 0 },
};

const struct field world_impact_fields[] = {
	{ .name = "operation",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "An operation of the runbook's impact, letter by letter." },
	{ .name = "level",
	  .type = FIELD_CHOICE,
	  .choices = levels,
	  .flags = FIELD_REQUIRED,
	  .help = "How much of it is lost at the start." },
	{ 0 },
};

const struct field world_order_fields[] = {
	{ .name = "step",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "A step of the runbook." },
	{ .name = "after",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
	  .help = "Steps that must have passed before it." },
	{ .name = "why",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What goes wrong else." },
	{ 0 },
};

const struct field world_expert_fields[] = {
	{ .name = "step",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "A step of the runbook." },
	{ .name = "at",
	  .type = FIELD_DURATION,
	  .flags = FIELD_REQUIRED,
	  .help = "When it has passed, from the start of the drill." },
	{ 0 },
};

const struct field world_passes_fields[] = {
	{ .name = "ends",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Outcomes of the runbook that count as passed. Default: all." },
	{ .name = "when",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Conditions that must hold at the end." },
	{ 0 },
};
