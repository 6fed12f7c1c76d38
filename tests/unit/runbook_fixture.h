#ifndef LIFEBOAT_TESTS_RUNBOOK_FIXTURE_H
#define LIFEBOAT_TESTS_RUNBOOK_FIXTURE_H

/* A small catalogue that has every type of field, for the tests of the document. */

#include <string.h>

#include "runbook/runbook.h"

static const char *const fixture_words[] = { "text", "json", NULL };

static const char *const fixture_effects[] = { "reads", "changes", "destroys", NULL };

static const struct field fixture_command_fields[] = {
	{ .name = "argv",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_TEMPLATE,
	  .help = "The command." },
	{ .name = "env",
	  .type = FIELD_MAP,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Its environment." },
	{ .name = "effect",
	  .type = FIELD_CHOICE,
	  .choices = fixture_effects,
	  .otherwise = "changes",
	  .help = "What it does to the world." },
	{ .name = "shell", .type = FIELD_BOOL, .otherwise = "false", .help = "Through a shell." },
	{ .name = "output",
	  .type = FIELD_CHOICE,
	  .choices = fixture_words,
	  .otherwise = "text",
	  .help = "How to read what it prints." },
	{ 0 },
};

static const struct field fixture_lookup_fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The name." },
	{ .name = "type",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .otherwise = "A",
	  .help = "The record types." },
	{ 0 },
};

static const struct field fixture_tls_fields[] = {
	{ .name = "min_days", .type = FIELD_INT, .otherwise = "7", .help = "Days left." },
	{ 0 },
};

static const struct field fixture_http_fields[] = {
	{ .name = "path",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "/",
	  .help = "The path." },
	{ .name = "status",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "200",
	  .help = "The status wanted." },
	{ .name = "timeout", .type = FIELD_DURATION, .flags = FIELD_TEMPLATE, .help = "Patience." },
	{ .name = "tls", .type = FIELD_OBJECT, .fields = fixture_tls_fields, .help = "Its chain." },
	{ 0 },
};

static const struct field fixture_apply_fields[] = {
	{ .name = "file", .type = FIELD_PATH, .flags = FIELD_TEMPLATE, .help = "The manifests." },
	{ .name = "manifest", .type = FIELD_ANY, .help = "Or the manifest itself." },
	{ .name = "namespace", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Where." },
	{ 0 },
};

static const struct field fixture_object_fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The kind of object." },
	{ .name = "name", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Its name." },
	{ .name = "namespace", .type = FIELD_STRING, .flags = FIELD_TEMPLATE, .help = "Where." },
	{ 0 },
};

static const struct field fixture_confirm_fields[] = {
	{ .name = "prompt",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The question." },
	{ 0 },
};

static const struct field fixture_query_fields[] = {
	{ .name = "sql", .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .help = "One SELECT." },
	{ .name = "params", .type = FIELD_LIST, .items = FIELD_ANY, .help = "For $1, $2." },
	{ 0 },
};

static const struct field fixture_wait_fields[] = {
	{ .name = "until",
	  .type = FIELD_CHECK,
	  .flags = FIELD_REQUIRED,
	  .help = "What to wait for." },
	{ .name = "interval", .type = FIELD_DURATION, .otherwise = "5s", .help = "How often." },
	{ 0 },
};

static const struct step_type fixture_command = {
	.uses = "command.run",
	.summary = "Runs a command.",
	.effect = EFFECT_CHANGES,
	.fields = fixture_command_fields,
	.result = "What it printed.",
};
static const struct step_type fixture_lookup = {
	.uses = "dns.lookup",
	.summary = "Asks resolvers.",
	.target_kinds = TARGET_DNS,
	.effect = EFFECT_READS,
	.fields = fixture_lookup_fields,
	.result = "The answers.",
};
static const struct step_type fixture_http = {
	.uses = "http.check",
	.summary = "Asks a server.",
	.target_kinds = TARGET_HTTP,
	.target_required = true,
	.effect = EFFECT_READS,
	.fields = fixture_http_fields,
	.result = "Status, headers and body.",
};
static const struct step_type fixture_apply = {
	.uses = "kubernetes.apply",
	.summary = "Applies manifests.",
	.target_kinds = TARGET_KUBERNETES,
	.target_required = true,
	.effect = EFFECT_CHANGES,
	.fields = fixture_apply_fields,
	.result = "The objects.",
};
static const struct step_type fixture_delete = {
	.uses = "kubernetes.delete",
	.summary = "Deletes objects.",
	.target_kinds = TARGET_KUBERNETES,
	.target_required = true,
	.effect = EFFECT_DESTROYS,
	.fields = fixture_object_fields,
	.result = "The names.",
};
static const struct step_type fixture_get = {
	.uses = "kubernetes.get",
	.summary = "Reads objects.",
	.target_kinds = TARGET_KUBERNETES,
	.target_required = true,
	.effect = EFFECT_READS,
	.fields = fixture_object_fields,
	.result = "The object, or a list.",
};
static const struct step_type fixture_confirm = {
	.uses = "manual.confirm",
	.summary = "Asks the operator.",
	.effect = EFFECT_NONE,
	.fields = fixture_confirm_fields,
};
static const struct step_type fixture_query = {
	.uses = "postgresql.query",
	.summary = "Reads rows.",
	.target_kinds = TARGET_POSTGRESQL,
	.target_required = true,
	.effect = EFFECT_READS,
	.fields = fixture_query_fields,
	.result = "The rows.",
};
static const struct step_type fixture_wait = {
	.uses = "wait.until",
	.summary = "Waits for a check.",
	.target_kinds = TARGET_KUBERNETES | TARGET_HTTP,
	.effect = EFFECT_READS,
	.fields = fixture_wait_fields,
	.result = "The check's result.",
};

static const struct step_type *const fixture_types[] = {
	&fixture_command, &fixture_lookup,  &fixture_http,  &fixture_apply, &fixture_delete,
	&fixture_get,	  &fixture_confirm, &fixture_query, &fixture_wait,
};
static const struct step_catalogue fixture_catalogue = {
	fixture_types,
	sizeof(fixture_types) / sizeof(fixture_types[0]),
};

/* Every key of the format, each at least once. */
static const char fixture_everything[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata:\n"
	"  id: management-plane-restore\n"
	"  title: Restore the Management Plane on a new cluster\n"
	"  version: 1.0\n"
	"  owners: [platform-sre, on-call]\n"
	"  sources: [management-plane-dr.md]\n"
	"  summary: |\n"
	"    Brings the Management Plane back on a new cluster.\n"
	"params:\n"
	"  product: {type: choice, choices: [tsb, tse], default: tsb, title: Product}\n"
	"  namespace: {type: string, default: \"${.params.product}\", pattern: '[a-z]+'}\n"
	"  context: {title: The new cluster, text: Its kubeconfig context., required: true}\n"
	"  fqdn: {type: hostname, default: tsb.example.com}\n"
	"  address: {type: ip, required: false}\n"
	"  docs: {type: url, default: \"https://docs.example.com/\"}\n"
	"  backup_dir: {type: path, must_exist: true}\n"
	"  have_key: {type: bool, default: yes}\n"
	"  replicas: {type: int, default: 2}\n"
	"  patience: {type: duration, default: 5m}\n"
	"  reason: {type: text, required: false}\n"
	"  workloads: {type: list, items: string, default: [east, west]}\n"
	"  pg_password: {type: secret, from: [file, env, prompt]}\n"
	"targets:\n"
	"  management: {type: kubernetes, context: \"${.params.context}\", kubeconfig: kube.yaml,\n"
	"    namespace: \"${.params.namespace}\"}\n"
	"  workloads: {type: kubernetes, contexts: .params.workloads, namespace: istio-system}\n"
	"  pair: {type: kubernetes, contexts: [blue, \"${.params.context}\"]}\n"
	"  config_db: {type: postgresql, conninfo: service=tsb, database: tsb,\n"
	"    password: \"${.params.pg_password}\", passfile: ~/.pgpass}\n"
	"  zone: {type: dns, zone: example.com, server: ns1.example.com, port: 5353,\n"
	"    key_file: tsig.key, resolvers: [1.1.1.1, 10.0.0.53], "
	"internal_resolvers: [10.1.0.53], key_name: k, "
	"provider: rfc2136, zone_id: Z0123, "
	"profile: dr, credentials_file: keys, region: us-gov-west-1, endpoint: https://r53.test}\n"
	"  ui: {type: http, url: \"https://${.params.fqdn}\", ca_file: ca.pem, ca: PEM,\n"
	"    resolve: \"tsb.example.com:443:127.0.0.1\", user: admin, proxy: none, "
	"bearer: \"${.params.pg_password}\",\n"
	"    client_cert_file: me.pem, client_key_file: me.key, "
	"password: \"${.params.pg_password}\", headers: {Accept: application/json}}\n"
	"rto:\n"
	"  - {title: Configuration restored, target: 45m, from: signing-key, to: rotate-tokens}\n"
	"impact:\n"
	"  - {operation: Running workloads, level: none, text: They go on.}\n"
	"  - operation: Local operations\n"
	"    level: limited\n"
	"    probe: {uses: http.check, target: ui, with: {path: /health}, expect: .status == 200,\n"
	"      message: The UI is down}\n"
	"  - {operation: Metrics, level: total}\n"
	"panes:\n"
	"  pods: [{target: management, namespace: tsb, selector: app=tsb}]\n"
	"  logs: [{target: management, namespace: tsb, selector: name=tsb-operator, container: "
	"op}]\n"
	"steps:\n"
	"  - id: signing-key\n"
	"    title: Restore the key in ${.params.namespace}\n"
	"    section: Install Dependencies\n"
	"    text: |\n"
	"      Use `kubectl apply` where this fails. The shell's $${HOME} stays.\n"
	"    when: .params.have_key\n"
	"    target: management\n"
	"    uses: kubernetes.apply\n"
	"    with:\n"
	"      file: \"${.params.backup_dir}/iam-signing-key.yaml\"\n"
	"      manifest: {kind: Secret, data: {a: 1, b: [true, \"${.run.id}\"]}}\n"
	"    preconditions:\n"
	"      - {uses: postgresql.query, target: config_db, with: {sql: select 1, params: [1, "
	"a]},\n"
	"         expect: '.rows | length == 1', message: \"No database at ${.params.fqdn}\"}\n"
	"    outputs: {kid: '.objects[0].data.kid | @base64d', count: .objects | length}\n"
	"    verify:\n"
	"      - {uses: kubernetes.get, with: {resource: secrets, name: iam-signing-key},\n"
	"         expect: '.data.kid != null and $params.have_key', message: There is no key}\n"
	"      - {uses: dns.lookup, target: zone, with: {name: tsb, type: [A, AAAA]}}\n"
	"    wait: {interval: 5s, timeout: 10m}\n"
	"    estimate: 1m\n"
	"    timeout: 5m\n"
	"    retry: {max_attempts: 3, backoff: {initial: 1s, factor: 1.5, max: 30s}}\n"
	"    idempotent: true\n"
	"    confirm: type-name\n"
	"    on_failure: {goto: troubleshoot}\n"
	"    undo: {uses: kubernetes.delete, target: management, with: {resource: secrets}}\n"
	"    panes: {pods: [{target: management}], logs: [{target: management, selector: a=b}]}\n"
	"    drill: {hint: [Look at the backup., In the backup folder, kubectl apply -f]}\n"
	"  - id: rotate-tokens\n"
	"    title: Rotate the tokens of ${.cluster}\n"
	"    section: Install Dependencies\n"
	"    for_each: {in: .targets.workloads, as: cluster}\n"
	"    target: \"${.cluster}\"\n"
	"    when: '.params.have_key | not'\n"
	"    uses: kubernetes.delete\n"
	"    with: {resource: secrets, name: \"${.steps[\\\"signing-key\\\"].kid}\"}\n"
	"    verify: [{uses: kubernetes.get, with: {resource: secrets}}]\n"
	"    confirm: two-person\n"
	"    on_failure: abort\n"
	"    estimate: 90s\n"
	"  - id: troubleshoot\n"
	"    title: Find out why\n"
	"    uses: wait.until\n"
	"    target: ui\n"
	"    with: {until: {uses: http.check, with: {status: 200, tls: {min_days: 3}},\n"
	"      expect: .status == 200}, interval: 1s}\n"
	"    on_failure: {goto: signing-key, max: 2}\n"
	"  - {id: helm, title: Install, uses: command.run, idempotent: true, on_failure: pause,\n"
	"     with: {argv: [helm, install, \"--set=a=${.params.replicas}\"], env: {KUBECONFIG: "
	"k},\n"
	"       shell: no, output: json},\n"
	"     verify: [{uses: http.check, target: ui, with: {status: \"${.params.replicas}\"}},\n"
	"       {uses: command.run, with: {argv: [helm, status], effect: reads}}]}\n"
	"  - {id: sign-off, title: Sign off, uses: manual.confirm, with: {prompt: Done}, confirm: "
	"ask}\n"
	"ends:\n"
	"  - {id: recovered, title: Fully recovered}\n"
	"  - {id: escalated, title: Handed to support}\n";

static inline struct runbook *
fixture_parse(const char *text, struct diags *diags)
{
	diags_init(diags, "f.yaml");
	return runbook_parse("f.yaml", text, strlen(text), &fixture_catalogue, diags);
}

#endif
