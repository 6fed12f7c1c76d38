#include "config.h"

#include "runbook/runbook.h"

#include "runbook/load.h"

const char *const runbook_param_types[] = {
	[PARAM_STRING] = "string",
	[PARAM_TEXT] = "text",
	[PARAM_INT] = "int",
	[PARAM_BOOL] = "bool",
	[PARAM_CHOICE] = "choice",
	[PARAM_HOSTNAME] = "hostname",
	[PARAM_IP] = "ip",
	[PARAM_URL] = "url",
	[PARAM_PATH] = "path",
	[PARAM_DURATION] = "duration",
	[PARAM_LIST] = "list",
	[PARAM_SECRET] = "secret",
	NULL,
};

static const char *const confirm_words[] = { "ask", "type-name", "two-person", NULL };
static const char *const on_failure_words[] = { "pause", "abort", NULL };
static const char *const level_words[] = { "none", "limited", "total", NULL };
static const char *const secret_sources[] = { "file", "env", "prompt", "kubernetes", NULL };
static const char *const api_versions[] = { "lifeboat/v1", NULL };
static const char *const kinds[] = { "Runbook", NULL };

const char *const runbook_format_types[] = {
	"command.run",	   "dns.lookup",	 "dns.update",	       "dns.wait",
	"http.check",	   "kubernetes.apply",	 "kubernetes.delete",  "kubernetes.get",
	"kubernetes.logs", "kubernetes.restart", "kubernetes.rollout", "kubernetes.scale",
	"kubernetes.wait", "manual.checklist",	 "manual.choice",      "manual.confirm",
	"manual.input",	   "postgresql.execute", "postgresql.query",   "postgresql.restore",
	"runbook.call",	   "tls.check",		 "wait.until",	       NULL,
};

const char *
param_type_name(enum param_type type)
{
	return runbook_param_types[type];
}

const struct field runbook_metadata_fields[] = {
	{ .name = "id",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "Names the runbook in journals and run names." },
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What the procedure achieves, in one line." },
	{ .name = "version", .type = FIELD_STRING, .help = "Version of the runbook." },
	{ .name = "owners",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "Who answers for it." },
	{ .name = "sources",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "The documents that it encodes." },
	{ .name = "summary", .type = FIELD_TEXT, .help = "What it does and what it assumes." },
	{ 0 },
};

const struct field runbook_param_fields[] = {
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = runbook_param_types,
	  .otherwise = "string",
	  .help = "What values are taken." },
	{ .name = "items",
	  .type = FIELD_CHOICE,
	  .choices = runbook_param_types,
	  .otherwise = "string",
	  .help = "Type of a list's elements: neither list nor secret." },
	{ .name = "title", .type = FIELD_STRING, .help = "The question, in a few words." },
	{ .name = "text", .type = FIELD_TEXT, .help = "What to know before answering." },
	{ .name = "choices",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_NONEMPTY,
	  .help = "The words that a choice offers." },
	{ .name = "pattern",
	  .type = FIELD_STRING,
	  .help = "An extended regular expression that the whole value must match." },
	{ .name = "default",
	  .type = FIELD_ANY,
	  .flags = FIELD_TEMPLATE,
	  .help = "The value where none is given; may use earlier parameters." },
	{ .name = "required",
	  .type = FIELD_BOOL,
	  .help = "Whether it must be given; true unless there is a default." },
	{ .name = "must_exist",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Whether a path must exist before the run starts." },
	{ .name = "from",
	  .type = FIELD_LIST,
	  .items = FIELD_CHOICE,
	  .choices = secret_sources,
	  .flags = FIELD_NONEMPTY,
	  .help = "Where a secret may come from; all of them if not given." },
	{ 0 },
};

static const struct field kubernetes_fields[] = {
	{ .name = "context",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The kubeconfig context." },
	{ .name = "contexts",
	  .type = FIELD_EXPRESSION,
	  .flags = FIELD_CONTEXT | FIELD_OR_LIST | FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "Several contexts: makes the target a group, to be used with for_each." },
	{ .name = "kubeconfig",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The kubeconfig file; $KUBECONFIG or ~/.kube/config if not given." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The namespace of steps that name none." },
	{ 0 },
};

static const struct field postgresql_fields[] = {
	{ .name = "conninfo",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "A libpq connection string or URI, without a password." },
	{ .name = "database",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The database, where conninfo names none." },
	{ .name = "password",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "The password: ${.params.NAME} of a secret parameter." },
	{ .name = "passfile",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A libpq password file." },
	{ 0 },
};

static const char *const dns_providers[] = { "rfc2136", "route53", NULL };

static const struct field dns_fields[] = {
	{ .name = "zone",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The zone." },
	{ .name = "provider",
	  .type = FIELD_CHOICE,
	  .choices = dns_providers,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "rfc2136",
	  .help = "Who takes the changes: a name server, by signed updates (rfc2136), or the API "
		  "of Amazon Route 53." },
	{ .name = "server",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The primary name server, which takes updates." },
	{ .name = "port",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "53",
	  .help = "Port of the server." },
	{ .name = "key_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "A TSIG key in the form of tsig-keygen." },
	{ .name = "key_name",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Which key of key_file, where that holds several." },
	{ .name = "resolvers",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Resolvers that clients use: their view decides whether a change has spread." },
	{ .name = "internal_resolvers",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Resolvers of an inner network, a group of their own: with split horizon they "
		  "may rightly show other values." },
	{ .name = "zone_id",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: the id of the hosted zone (Z0123456789ABC), needed where several "
		  "have the zone's name." },
	{ .name = "profile",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: the AWS profile to use, even where the environment has keys. "
		  "Without it credentials are found as the aws command finds them, but for logins "
		  "by SSO and roles, which take a credential_process." },
	{ .name = "credentials_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: the file with the profile's keys, in place of ~/.aws/credentials." },
	{ .name = "region",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: any region of the partition that has the zone (cn-north-1, "
		  "us-gov-west-1); the profile's, or else the public one, if not given." },
	{ .name = "endpoint",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: the URL of its API, in place of the partition's." },
	{ .name = "ca_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "Of route53: the certificates to trust (PEM) in place of the system's." },
	{ 0 },
};

static const struct field http_fields[] = {
	{ .name = "url",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The base URL." },
	{ .name = "ca_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The certificates to trust (PEM), and no others, in place of the system's." },
	{ .name = "ca",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The same as a text." },
	{ .name = "resolve",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "An address to connect to in place of what DNS says, on every port of the URL's "
		  "host; or "
		  "host:port:address." },
	{ .name = "user",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "User name of HTTP basic authentication." },
	{ .name = "password",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "The password: ${.params.NAME} of a secret parameter." },
	{ .name = "bearer",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_SECRET,
	  .help = "A token, sent as Authorization: Bearer: ${.params.NAME} of a secret "
		  "parameter." },
	{ .name = "client_cert_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "Our certificate (PEM), for a server that wants one." },
	{ .name = "client_key_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The key of our certificate (PEM, without a passphrase); in the same file if not "
		  "given." },
	{ .name = "proxy",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The URL of a proxy, or none; by the environment (https_proxy, no_proxy) if not "
		  "given." },
	{ .name = "headers",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Headers of every request." },
	{ 0 },
};

const struct field *
runbook_target_fields(enum target_kind kind)
{
	switch (kind) {
	case TARGET_KUBERNETES:
		return kubernetes_fields;
	case TARGET_POSTGRESQL:
		return postgresql_fields;
	case TARGET_DNS:
		return dns_fields;
	case TARGET_HTTP:
		return http_fields;
	case TARGET_NONE:
		break;
	}
	return NULL;
}

#define USES_ROW(text)                                                                             \
	{                                                                                          \
		.name = "uses", .type = FIELD_STRING, .flags = FIELD_REQUIRED, .help = text        \
	}
#define TARGET_ROW(text)                                                                           \
	{                                                                                          \
		.name = "target", .type = FIELD_NAME, .flags = FIELD_TEMPLATE, .help = text        \
	}
#define WITH_ROW                                                                                   \
	{                                                                                          \
		.name = "with", .type = FIELD_OBJECT, .help = "The arguments of the step type."    \
	}

const struct field runbook_check_fields[] = {
	USES_ROW("A step type that only reads."),
	TARGET_ROW("The target; the step's own if not given."),
	WITH_ROW,
	{ .name = "expect",
	  .type = FIELD_EXPRESSION,
	  .help = "What must be true of the result; that there is one, if not given." },
	{ .name = "message",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "What to say when it does not hold." },
	{ 0 },
};

const struct field runbook_action_fields[] = {
	USES_ROW("The step type."),
	TARGET_ROW("The target; the step's own if not given."),
	WITH_ROW,
	{ 0 },
};

#define PANE_TARGET                                                                                \
	{                                                                                          \
		.name = "target", .type = FIELD_NAME, .flags = FIELD_REQUIRED | FIELD_TEMPLATE,    \
		.help = "A Kubernetes target."                                                     \
	}
#define PANE_NAMESPACE                                                                             \
	{                                                                                          \
		.name = "namespace", .type = FIELD_STRING, .flags = FIELD_TEMPLATE,                \
		.help = "The namespace; the target's if not given."                                \
	}
#define PANE_ALL_NAMESPACES                                                                        \
	{                                                                                          \
		.name = "all_namespaces", .type = FIELD_BOOL, .help = "Those of all namespaces."   \
	}

static const struct field pods_fields[] = {
	PANE_TARGET,
	PANE_NAMESPACE,
	PANE_ALL_NAMESPACES,
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector." },
	{ 0 },
};

static const struct field resources_fields[] = {
	PANE_TARGET,
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to show, as kubectl calls it: deployments, nodes, a custom resource." },
	PANE_NAMESPACE,
	PANE_ALL_NAMESPACES,
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector." },
	{ 0 },
};

static const struct field logs_fields[] = {
	PANE_TARGET,
	PANE_NAMESPACE,
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector: the logs of all pods that it matches." },
	{ .name = "pod",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "One pod, by its name." },
	{ .name = "workload",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "KIND/NAME, as deployment/tsb: the logs of all its pods." },
	{ .name = "container",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The container; all of them if not given." },
	{ .name = "previous",
	  .type = FIELD_BOOL,
	  .help = "What each container wrote before its last restart." },
	{ 0 },
};

static const struct field panes_fields[] = {
	{ .name = "pods",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = pods_fields,
	  .help = "Pods to show." },
	{ .name = "resources",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = resources_fields,
	  .help = "Other objects to show, in the pane of the pods." },
	{ .name = "logs",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = logs_fields,
	  .help = "Logs to follow." },
	{ 0 },
};

static const struct field for_each_fields[] = {
	{ .name = "in",
	  .type = FIELD_EXPRESSION,
	  .flags = FIELD_REQUIRED | FIELD_CONTEXT,
	  .help = "Yields the list, as in .targets.workloads." },
	{ .name = "as",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "The variable that holds the element: ${.NAME}." },
	{ 0 },
};

const struct field runbook_wait_fields[] = {
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .otherwise = "5s",
	  .help = "How long to wait between two checks." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_REQUIRED,
	  .help = "How long to go on checking." },
	{ 0 },
};

const struct field runbook_backoff_fields[] = {
	{ .name = "initial",
	  .type = FIELD_DURATION,
	  .otherwise = "1s",
	  .help = "The first pause." },
	{ .name = "factor",
	  .type = FIELD_INT,
	  .flags = FIELD_FRACTION,
	  .otherwise = "2",
	  .help = "What each pause is multiplied by." },
	{ .name = "max", .type = FIELD_DURATION, .otherwise = "30s", .help = "The longest pause." },
	{ 0 },
};

const struct field runbook_retry_fields[] = {
	{ .name = "max_attempts",
	  .type = FIELD_INT,
	  .flags = FIELD_REQUIRED,
	  .help = "How often to try in all, 1 to 100." },
	{ .name = "backoff",
	  .type = FIELD_OBJECT,
	  .fields = runbook_backoff_fields,
	  .help = "The pauses between attempts." },
	{ 0 },
};

static const struct field goto_fields[] = {
	{ .name = "goto",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "The step to go on with." },
	{ .name = "max",
	  .type = FIELD_INT,
	  .help = "How often at most; required where it goes back." },
	{ 0 },
};

static const struct field drill_fields[] = {
	{ .name = "hint",
	  .type = FIELD_LIST,
	  .items = FIELD_TEXT,
	  .flags = FIELD_NONEMPTY,
	  .help = "Hints, from a nudge to the command itself." },
	{ 0 },
};

const struct field runbook_step_fields[] = {
	{ .name = "id", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "Names the step." },
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What the step achieves, in one line." },
	{ .name = "section", .type = FIELD_STRING, .help = "A heading that several steps share." },
	{ .name = "text",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "Shown beside the step: what to know, in Markdown-light." },
	{ .name = "when",
	  .type = FIELD_EXPRESSION,
	  .flags = FIELD_CONTEXT,
	  .help = "The step is left out unless this is true." },
	{ .name = "for_each",
	  .type = FIELD_OBJECT,
	  .fields = for_each_fields,
	  .help = "Runs the step once for each element of a list." },
	TARGET_ROW("The target that the step works on."),
	USES_ROW("The step type."),
	WITH_ROW,
	{ .name = "preconditions",
	  .type = FIELD_LIST,
	  .items = FIELD_CHECK,
	  .help = "What must hold before the step." },
	{ .name = "outputs",
	  .type = FIELD_MAP,
	  .items = FIELD_EXPRESSION,
	  .help = "Values taken from the result, for later steps: ${.steps[\"ID\"].NAME}." },
	{ .name = "verify",
	  .type = FIELD_LIST,
	  .items = FIELD_CHECK,
	  .help = "What must hold after the step." },
	{ .name = "wait",
	  .type = FIELD_OBJECT,
	  .fields = runbook_wait_fields,
	  .help = "How long verification may take to hold." },
	{ .name = "estimate", .type = FIELD_DURATION, .help = "How long the step usually takes." },
	{ .name = "timeout", .type = FIELD_DURATION, .help = "How long the action may take." },
	{ .name = "retry",
	  .type = FIELD_OBJECT,
	  .fields = runbook_retry_fields,
	  .help = "Tries again after a failure: only what reads, or is idempotent." },
	{ .name = "idempotent",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Whether doing it twice is the same as doing it once." },
	{ .name = "confirm",
	  .type = FIELD_CHOICE,
	  .choices = confirm_words,
	  .help = "A stronger confirmation than the step type asks for." },
	{ .name = "on_failure",
	  .type = FIELD_CHOICE,
	  .choices = on_failure_words,
	  .fields = goto_fields,
	  .otherwise = "pause",
	  .help = "What is offered when the step fails: pause, abort, or {goto: STEP, max: N}." },
	{ .name = "undo",
	  .type = FIELD_OBJECT,
	  .fields = runbook_action_fields,
	  .help = "How to take the step back." },
	{ .name = "panes",
	  .type = FIELD_OBJECT,
	  .fields = panes_fields,
	  .help = "What to show during the step." },
	{ .name = "drill",
	  .type = FIELD_OBJECT,
	  .fields = drill_fields,
	  .help = "What helps in a drill." },
	{ 0 },
};

static const struct field rto_fields[] = {
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What is restored." },
	{ .name = "target",
	  .type = FIELD_DURATION,
	  .flags = FIELD_REQUIRED,
	  .help = "The time it may take." },
	{ .name = "from",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "The step whose beginning starts the clock." },
	{ .name = "to",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "The step whose end stops it." },
	{ 0 },
};

static const struct field impact_fields[] = {
	{ .name = "operation",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "What users do." },
	{ .name = "level",
	  .type = FIELD_CHOICE,
	  .choices = level_words,
	  .flags = FIELD_REQUIRED,
	  .help = "How much of it the failure takes away." },
	{ .name = "text", .type = FIELD_TEXT, .help = "What is lost, and what still works." },
	{ .name = "probe",
	  .type = FIELD_CHECK,
	  .help = "A check that shows it live, all through the run. Its expect yields true (it "
		  "works), "
		  "false, or one of none, limited and total; its target may be a group." },
	{ 0 },
};

static const struct field end_fields[] = {
	{ .name = "id", .type = FIELD_NAME, .flags = FIELD_REQUIRED, .help = "Names the outcome." },
	{ .name = "title",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .help = "The outcome in words." },
	{ 0 },
};

const struct field runbook_fields[] = {
	{ .name = "apiVersion",
	  .type = FIELD_CHOICE,
	  .choices = api_versions,
	  .flags = FIELD_REQUIRED,
	  .help = "The version of the format." },
	{ .name = "kind",
	  .type = FIELD_CHOICE,
	  .choices = kinds,
	  .flags = FIELD_REQUIRED,
	  .help = "The kind of the document." },
	{ .name = "metadata",
	  .type = FIELD_OBJECT,
	  .fields = runbook_metadata_fields,
	  .flags = FIELD_REQUIRED,
	  .help = "What the runbook is." },
	{ .name = "params",
	  .type = FIELD_MAP,
	  .items = FIELD_OBJECT,
	  .fields = runbook_param_fields,
	  .help = "What is asked for before the run." },
	{ .name = "targets",
	  .type = FIELD_MAP,
	  .items = FIELD_OBJECT,
	  .help = "The systems that steps work on." },
	{ .name = "rto",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = rto_fields,
	  .help = "Times to keep." },
	{ .name = "impact",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = impact_fields,
	  .help = "What the failure takes away, by operation." },
	{ .name = "panes",
	  .type = FIELD_OBJECT,
	  .fields = panes_fields,
	  .help = "What to show beside every step." },
	{ .name = "steps",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = runbook_step_fields,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
	  .help = "The steps, in order." },
	{ .name = "ends",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = end_fields,
	  .help = "The outcomes that a run may end with." },
	{ 0 },
};
