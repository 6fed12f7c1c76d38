#include "config.h"

#include <stdlib.h>

#include "world/spec/spec_tables.h"

static const char *const fates[] = {
	"unready", "crash-loop", "pending", "no-image", "config", NULL
};
static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", NULL };
static const char *const event_types[] = { "Normal", "Warning", NULL };

#define CLUSTER_ROW                                                                                \
	{                                                                                          \
		.name = "cluster", .type = FIELD_NAME, .flags = FIELD_REQUIRED,                    \
		.help = "Which cluster."                                                           \
	}
#define NAMESPACE_ROW(flag)                                                                        \
	{                                                                                          \
		.name = "namespace", .type = FIELD_STRING, .flags = flag,                          \
		.help = "Which namespace. None for what is in no namespace."                       \
	}
#define KIND_ROW                                                                                   \
	{                                                                                          \
		.name = "kind", .type = FIELD_STRING, .flags = FIELD_REQUIRED,                     \
		.help = "As kubectl takes it: Secret, deploy, "                                    \
			"managementplanes.install.tetrate.io."                                     \
	}
#define NAME_ROW(text)                                                                             \
	{                                                                                          \
		.name = "name", .type = FIELD_STRING, .flags = FIELD_REQUIRED | FIELD_TEMPLATE,    \
		.help = text                                                                       \
	}
#define WORKLOAD_ROW(flag, text)                                                                   \
	{                                                                                          \
		.name = "workload", .type = FIELD_STRING, .flags = flag, .help = text              \
	}

#define AGAIN_ROW                                                                                  \
	{                                                                                          \
		.name = "again", .type = FIELD_DURATION, .otherwise = "5s",                        \
		.help = "How often it is looked at."                                               \
	}

/* ---- live values ---- */

static const struct field secret_fields[] = {
	CLUSTER_ROW,
	NAMESPACE_ROW(FIELD_REQUIRED),
	NAME_ROW("The Secret."),
	{ .name = "key",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "Which of its data, decoded." },
	{ 0 },
};

static const struct field object_value_fields[] = {
	CLUSTER_ROW,
	KIND_ROW,
	NAMESPACE_ROW(0),
	NAME_ROW("The object."),
	{ .name = "path",
	  .type = FIELD_EXPRESSION,
	  .flags = FIELD_REQUIRED,
	  .help = "What of it: an expression over the object, such as .spec.hub." },
	{ 0 },
};

static const struct field sql_value_fields[] = {
	{ .name = "database", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "The server." },
	{ .name = "of",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "The database on it." },
	{ .name = "query",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED,
	  .help = "A query, asked as the superuser, whose first value is taken." },
	{ 0 },
};

const struct field world_live_fields[] = {
	{ .name = "secret",
	  .type = FIELD_OBJECT,
	  .fields = secret_fields,
	  .help = "A value of a Secret." },
	{ .name = "object",
	  .type = FIELD_OBJECT,
	  .fields = object_value_fields,
	  .help = "Something of any object." },
	{ .name = "sql",
	  .type = FIELD_OBJECT,
	  .fields = sql_value_fields,
	  .help = "Something of a database." },
	{ .name = "text",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "A text as it stands." },
	{ .name = "live",
	  .type = FIELD_NAME,
	  .help = "One of the values below live, by its name." },
	{ 0 },
};

/* ---- conditions ---- */

static const struct field sql_condition_fields[] = {
	{ .name = "database", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "The server." },
	{ .name = "of",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "The database on it." },
	{ .name = "as",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "The role that logs in." },
	{ .name = "password",
	  .type = FIELD_OBJECT,
	  .fields = world_live_fields,
	  .flags = FIELD_REQUIRED,
	  .help = "With which password: a live value." },
	{ .name = "query",
	  .type = FIELD_TEXT,
	  .otherwise = "select true",
	  .help = "Holds when the first value is there and neither null, false nor 0." },
	AGAIN_ROW,
	{ 0 },
};

static const struct field ready_fields[] = {
	CLUSTER_ROW,
	NAMESPACE_ROW(FIELD_REQUIRED),
	WORKLOAD_ROW(FIELD_REQUIRED,
		     "Such as deployment/central: all wanted pods are ready, and at "
		     "least one is wanted."),
	{ 0 },
};

static const struct field object_condition_fields[] = {
	CLUSTER_ROW,
	KIND_ROW,
	NAMESPACE_ROW(0),
	{ .name = "name", .type = FIELD_STRING, .help = "Its name. Without it: any that fits." },
	{ .name = "selector", .type = FIELD_STRING, .help = "A label selector, such as app=edge." },
	{ .name = "where",
	  .type = FIELD_EXPRESSION,
	  .help = "What must be true of it: an expression over the object. Default: that it is "
		  "there." },
	{ .name = "count",
	  .type = FIELD_INT,
	  .otherwise = "1",
	  .help = "How many that fit there must be at least." },
	{ 0 },
};

/* Who asks for a name, and what becomes of the answer. */
#define FROM_ROWS                                                                                  \
	{ .name = "from",                                                                          \
	  .type = FIELD_NAME,                                                                      \
	  .flags = FIELD_REQUIRED,                                                                 \
	  .help = "The cluster that asks: its resolver keeps the answer for its TTL." },           \
		{ .name = "namespace",                                                             \
		  .type = FIELD_STRING,                                                            \
		  .help = "With workload: where that is." },                                       \
		WORKLOAD_ROW(0, "Who asks, such as deployment/edge. Without a running pod of it "  \
				"nothing is asked; a new pod forgets what keeps has kept."),       \
		{ .name = "host",                                                                  \
		  .type = FIELD_STRING,                                                            \
		  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,                                        \
		  .help = "A name, asked of the world's name server, or an address." },            \
		{ .name = "zone",                                                                  \
		  .type = FIELD_STRING,                                                            \
		  .help = "The zone whose server is asked. Default: the one that the name is "     \
			  "in." },                                                                 \
		{ .name = "keeps",                                                                 \
		  .type = FIELD_DURATION,                                                          \
		  .help = "How long an answer of the name server is kept, whatever its TTL "       \
			  "says." },                                                               \
		{ .name = "kept",                                                                  \
		  .type = FIELD_STRING,                                                            \
		  .flags = FIELD_TEMPLATE,                                                         \
		  .help = "With keeps: the address that it remembers at the start." },             \
	{                                                                                          \
		.name = "to", .type = FIELD_STRING, .flags = FIELD_TEMPLATE,                       \
		.help = "Holds only when the name leads to this address."                          \
	}
static const struct field dial_fields[] = {
	FROM_ROWS,
	{ .name = "port", .type = FIELD_INT, .flags = FIELD_REQUIRED, .help = "The port." },
	{ .name = "ca",
	  .type = FIELD_OBJECT,
	  .fields = world_live_fields,
	  .help = "Holds only when a TLS handshake gives a certificate for the name by one of "
		  "these "
		  "authorities (PEM): a live value. Without it: when the port answers." },
	AGAIN_ROW,
	{ 0 },
};

static const struct field resolve_fields[] = { FROM_ROWS, AGAIN_ROW, { 0 } };

static const struct field held_fields[] = {
	{ .name = "condition",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "Another condition." },
	{ .name = "for",
	  .type = FIELD_DURATION,
	  .flags = FIELD_REQUIRED,
	  .help = "How long it must have held without a break." },
	{ 0 },
};

static const struct field http_fields[] = {
	{ .name = "site", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "The site." },
	{ .name = "path",
	  .type = FIELD_STRING,
	  .help = "The path, without its query; with * at its end: what begins so. Default: any." },
	{ .name = "method",
	  .type = FIELD_CHOICE,
	  .choices = methods,
	  .help = "The method. Default: any." },
	AGAIN_ROW,
	{ 0 },
};

const struct field world_condition_fields[] = {
	{ .name = "sql",
	  .type = FIELD_OBJECT,
	  .fields = sql_condition_fields,
	  .help = "Somebody can log in to a database, and a query says yes." },
	{ .name = "ready",
	  .type = FIELD_OBJECT,
	  .fields = ready_fields,
	  .help = "A workload is ready." },
	{ .name = "object",
	  .type = FIELD_OBJECT,
	  .fields = object_condition_fields,
	  .help = "There is an object." },
	{ .name = "dial",
	  .type = FIELD_OBJECT,
	  .fields = dial_fields,
	  .help = "A connection can be made: the name is resolved, the port dialled, the "
		  "certificate "
		  "checked." },
	{ .name = "same",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = world_live_fields,
	  .flags = FIELD_NONEMPTY,
	  .help = "Live values that are all there and equal." },
	{ .name = "all",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .flags = FIELD_NONEMPTY,
	  .help = "All of these conditions hold." },
	{ .name = "any",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .flags = FIELD_NONEMPTY,
	  .help = "At least one of these holds." },
	{ .name = "not", .type = FIELD_NAME, .help = "This condition does not hold." },
	{ .name = "resolve",
	  .type = FIELD_OBJECT,
	  .fields = resolve_fields,
	  .help = "A name has an address." },
	{ .name = "http",
	  .type = FIELD_OBJECT,
	  .fields = http_fields,
	  .help = "Somebody has asked a site." },
	{ .name = "held",
	  .type = FIELD_OBJECT,
	  .fields = held_fields,
	  .help = "A condition has held for some time." },
	{ .name = "fault", .type = FIELD_NAME, .help = "A switch of faults is on." },
	{ .name = "signal", .type = FIELD_NAME, .help = "A rule has given this signal." },
	{ 0 },
};

const struct field world_fault_fields[] = {
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What is wrong while it is on; told in the debrief only." },
	{ .name = "on",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Whether it is on from the start." },
	{ 0 },
};

/* ---- behaviours ---- */

static const struct field while_fields[] = {
	{ .name = "when",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Written while all of these conditions hold. The first entry that fits speaks, "
		  "the others are still." },
	{ .name = "every",
	  .type = FIELD_DURATION,
	  .otherwise = "10s",
	  .help = "How often; one line each time, one after the other and again from the first." },
	{ .name = "lines",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_TEMPLATE,
	  .help = "The lines." },
	{ 0 },
};

const struct field world_log_fields[] = {
	{ .name = "container",
	  .type = FIELD_STRING,
	  .help = "Which container writes. Default: the first." },
	{ .name = "stamp",
	  .type = FIELD_STRING,
	  .help = "What each line begins with, by strftime in UTC, and %f for the microseconds: "
		  "\"%Y-%m-%dT%H:%M:%S.%fZ \"." },
	{ .name = "start",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Written when the container starts." },
	{ .name = "ready",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Written when it becomes ready." },
	{ .name = "while",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = while_fields,
	  .help = "Written as long as it runs." },
	{ 0 },
};

const struct field world_otherwise_fields[] = {
	{ .name = "without",
	  .type = FIELD_NAME,
	  .help = "One of needs: this happens when that one is missing. Without it: when any is. "
		  "The "
		  "first entry that fits is taken." },
	{ .name = "as",
	  .type = FIELD_CHOICE,
	  .choices = fates,
	  .flags = FIELD_REQUIRED,
	  .help = "What becomes of the pod: it runs and is not ready, it ends and is started again "
		  "and "
		  "again, it is not scheduled, its image cannot be pulled, its configuration is "
		  "wrong." },
	{ .name = "after",
	  .type = FIELD_DURATION,
	  .otherwise = "2s",
	  .help = "crash-loop: how long it runs before it ends." },
	{ .name = "exit",
	  .type = FIELD_INT,
	  .otherwise = "1",
	  .help = "crash-loop: its exit code." },
	{ .name = "message",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "pending, no-image, config: what the cluster says of it." },
	{ .name = "log",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "What it writes: before it ends, or once for unready." },
	{ 0 },
};

const struct field world_behaviour_fields[] = {
	{ .name = "cluster",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "In which cluster, or clusters." },
	NAMESPACE_ROW(FIELD_REQUIRED),
	WORKLOAD_ROW(FIELD_REQUIRED,
		     "KIND/NAME: deployment, statefulset, daemonset, job or pod. A * "
		     "at its end stands for any rest; an exact name goes first."),
	{ .name = "pull",
	  .type = FIELD_DURATION,
	  .otherwise = "2s",
	  .help = "How long the image takes." },
	{ .name = "ready",
	  .type = FIELD_DURATION,
	  .otherwise = "1s",
	  .help = "How long from the start to being ready; of a job: to its end." },
	{ .name = "needs",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "Conditions that must hold to become ready, and to stay." },
	{ .name = "otherwise",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = world_otherwise_fields,
	  .help = "What happens while they do not. Default: it runs and is not ready." },
	{ .name = "log",
	  .type = FIELD_OBJECT,
	  .fields = world_log_fields,
	  .help = "What it writes." },
	{ 0 },
};

/* ---- rules ---- */

static const struct field apply_fields[] = {
	CLUSTER_ROW,
	{ .name = "objects",
	  .type = FIELD_LIST,
	  .items = FIELD_ANY,
	  .help = "Manifests, expanded when the rule acts. A member that becomes null is left "
		  "out." },
	{ .name = "files",
	  .type = FIELD_LIST,
	  .items = FIELD_PATH,
	  .help = "Files with more of them, taken as they are." },
	{ .name = "owner",
	  .type = FIELD_STRING,
	  .help = "KIND/NAME of an object in the same namespace that they go with when it is "
		  "deleted." },
	{ 0 },
};

static const struct field delete_fields[] = {
	CLUSTER_ROW,
	KIND_ROW,
	NAMESPACE_ROW(0),
	{ .name = "name", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Its name …" },
	{ .name = "selector", .type = FIELD_STRING, .help = "… or the labels of all that go." },
	{ 0 },
};

static const struct field patch_fields[] = {
	CLUSTER_ROW,
	KIND_ROW,
	NAMESPACE_ROW(0),
	NAME_ROW("The object."),
	{ .name = "merge",
	  .type = FIELD_ANY,
	  .flags = FIELD_REQUIRED,
	  .help = "A JSON merge patch, of status too; expanded when the rule acts." },
	{ 0 },
};

static const struct field log_action_fields[] = {
	CLUSTER_ROW,
	NAMESPACE_ROW(FIELD_REQUIRED),
	WORKLOAD_ROW(FIELD_REQUIRED, "KIND/NAME: each of its running pods writes."),
	{ .name = "container",
	  .type = FIELD_STRING,
	  .help = "Which container. Default: the first." },
	{ .name = "stamp", .type = FIELD_STRING, .help = "As of behaviours." },
	{ .name = "lines",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_TEMPLATE,
	  .help = "The lines." },
	{ 0 },
};

static const struct field event_fields[] = {
	CLUSTER_ROW,
	NAMESPACE_ROW(FIELD_REQUIRED),
	KIND_ROW,
	NAME_ROW("The object that it is about."),
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = event_types,
	  .otherwise = "Normal",
	  .help = "Its type." },
	{ .name = "reason",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "One word, such as ReconcileFailed." },
	{ .name = "message",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What has happened." },
	{ .name = "source",
	  .type = FIELD_STRING,
	  .otherwise = "controller",
	  .help = "Who says so." },
	{ 0 },
};

const struct field world_cluster_change_fields[] = {
	{ .name = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "Which cluster." },
	{ .name = "state",
	  .type = FIELD_CHOICE,
	  .choices = world_cluster_states,
	  .flags = FIELD_REQUIRED,
	  .help = "What becomes of its API server." },
	{ 0 },
};

static const struct field service_fields[] = {
	CLUSTER_ROW,
	NAMESPACE_ROW(FIELD_REQUIRED),
	NAME_ROW("The Service, of type LoadBalancer."),
	{ .name = "address",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "Its address from now on, such as ${.sites[\"ui-b\"].address}. Without such a "
		  "rule it "
		  "has none." },
	{ 0 },
};

const struct field world_signal_fields[] = {
	{ .name = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "The signal." },
	{ .name = "on", .type = FIELD_BOOL, .otherwise = "true", .help = "false takes it back." },
	{ .name = "for",
	  .type = FIELD_DURATION,
	  .help = "It ends by itself after that. Default: it stays." },
	{ 0 },
};

const struct field world_fault_change_fields[] = {
	{ .name = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "The switch." },
	{ .name = "on", .type = FIELD_BOOL, .otherwise = "true", .help = "Whether it is on." },
	{ 0 },
};

const struct field world_action_fields[] = {
	{ .name = "apply",
	  .type = FIELD_OBJECT,
	  .fields = apply_fields,
	  .help = "Makes objects, or brings them to what is written." },
	{ .name = "delete",
	  .type = FIELD_OBJECT,
	  .fields = delete_fields,
	  .help = "Deletes objects." },
	{ .name = "patch",
	  .type = FIELD_OBJECT,
	  .fields = patch_fields,
	  .help = "Changes an object; nothing happens where it is not there." },
	{ .name = "log",
	  .type = FIELD_OBJECT,
	  .fields = log_action_fields,
	  .help = "Writes to logs." },
	{ .name = "event",
	  .type = FIELD_OBJECT,
	  .fields = event_fields,
	  .help = "Makes an Event." },
	{ .name = "site",
	  .type = FIELD_OBJECT,
	  .fields = world_site_change_fields,
	  .help = "Changes a site." },
	{ .name = "cluster",
	  .type = FIELD_OBJECT,
	  .fields = world_cluster_change_fields,
	  .help = "Changes how an API server behaves." },
	{ .name = "database",
	  .type = FIELD_OBJECT,
	  .fields = world_database_change_fields,
	  .help = "Changes a database, or runs SQL in it." },
	{ .name = "zone",
	  .type = FIELD_OBJECT,
	  .fields = world_zone_change_fields,
	  .help = "Changes records of a zone." },
	{ .name = "service",
	  .type = FIELD_OBJECT,
	  .fields = service_fields,
	  .help = "Gives a Service its public address." },
	{ .name = "signal",
	  .type = FIELD_OBJECT,
	  .fields = world_signal_fields,
	  .help = "Gives a signal, which conditions can ask for." },
	{ .name = "fault",
	  .type = FIELD_OBJECT,
	  .fields = world_fault_change_fields,
	  .help = "Turns a switch of faults." },
	{ 0 },
};

const struct field world_rule_fields[] = {
	{ .name = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "Names the rule." },
	{ .name = "when",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "It acts when all of these conditions have come to hold. None: at the start." },
	{ .name = "after",
	  .type = FIELD_DURATION,
	  .otherwise = "0",
	  .help = "So much later, if they have held all the while." },
	{ .name = "once",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Only the first time that they come to hold, and not each time." },
	{ .name = "every",
	  .type = FIELD_DURATION,
	  .help = "And again and again, so far apart, as long as they hold." },
	{ .name = "again",
	  .type = FIELD_LIST,
	  .items = FIELD_NAME,
	  .help = "And whenever one of these live values has changed while they hold." },
	{ .name = "do",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = world_action_fields,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
	  .help = "What is done, in this order; each has exactly one of these keys." },
	{ 0 },
};
