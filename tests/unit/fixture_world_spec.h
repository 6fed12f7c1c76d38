#ifndef LIFEBOAT_TESTS_FIXTURE_WORLD_SPEC_H
#define LIFEBOAT_TESTS_FIXTURE_WORLD_SPEC_H

/* A small sound world beside its runbook in a folder of its own, for the tests of the loader of world files. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "fixture_folder.h"
#include "world/spec/spec.h"

static const char world_text[] =
	"apiVersion: lifeboat/v1\n"
	"kind: World\n"
	"metadata: {id: small, title: A small world, minutes: 5}\n"
	"runbook: mend\n"
	"params: {context: one, password: secret-words}\n"
	"text: Something is broken.\n"
	"random: {word: {hex: 8}}\n"
	"authorities: [{name: root, common_name: Root}]\n"
	"certificates: [{name: ui, authority: root, names: [ui.example.com]}]\n"
	"clusters:\n"
	"  - name: one\n"
	"    address: 10\n"
	"    objects:\n"
	"      - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}, data: {word: "
	"'${.random.word}'}}\n"
	"    files: [things.yaml]\n"
	"  - {name: two, address: 20, state: silent, users: [{name: ana}, {name: bert}]}\n"
	"charts:\n"
	"  - name: repo/app\n"
	"    version: 1.0.0\n"
	"    templates:\n"
	"      - {name: a.yaml, when: .values.on, objects: [{apiVersion: v1, kind: ConfigMap, "
	"metadata: {name: '${.release.name}'}}]}\n"
	"databases:\n"
	"  - name: db\n"
	"    address: 50\n"
	"    roles: [{name: app, password: words}]\n"
	"    databases: [{name: app, owner: app, sql: app.sql}]\n"
	"zones:\n"
	"  - {name: example.com, address: 53, ttl: 90s, records: [{name: ui, values: "
	"['${.sites[\"ui\"].address}']}]}\n"
	"sites:\n"
	"  - {name: ui, address: 60, ports: [8443], certificate: {certificate: ui}, answers: "
	"[{path: /, body: hello}]}\n"
	"  - {name: grpc, address: 60, ports: [9443], state: down}\n"
	"backup:\n"
	"  - {path: ca.pem, text: '${.authorities.root.pem}'}\n"
	"  - {path: app.sql, dump: {database: db, of: app}}\n"
	"live:\n"
	"  word: {object: {cluster: one, kind: ConfigMap, namespace: x, name: a, path: "
	".data.word}}\n"
	"conditions:\n"
	"  login: {sql: {database: db, of: app, as: app, password: {live: word}}}\n"
	"  ready: {ready: {cluster: one, namespace: x, workload: deployment/app}}\n"
	"  both: {all: [login, ready]}\n"
	"  given: {signal: go}\n"
	"  broken: {fault: bad}\n"
	"  sound: {not: broken}\n"
	"faults: {bad: {title: It is bad}}\n"
	"behaviours:\n"
	"  - cluster: one\n"
	"    namespace: x\n"
	"    workload: deployment/app\n"
	"    pull: 20s\n"
	"    needs: [login, sound]\n"
	"    otherwise:\n"
	"      - {without: login, as: crash-loop, log: ['no: ${.looks[\"login\"].error}']}\n"
	"      - {as: unready}\n"
	"    log: {stamp: '%H ', while: [{when: [ready], lines: ['${.line.hex} ${.pod.name}']}]}\n"
	"rules:\n"
	"  - name: goes\n"
	"    when: [both, given]\n"
	"    after: 1m30s\n"
	"    do:\n"
	"      - patch: {cluster: one, kind: ConfigMap, namespace: x, name: a, merge: {data: {w: "
	"'${.live[\"word\"]}'}}}\n"
	"      - site: {name: grpc, state: up}\n"
	"  - name: begins\n"
	"    do: [{signal: {name: go, for: 10s}}]\n"
	"variants:\n"
	"  other-word:\n"
	"    title: Another word\n"
	"    symptom: Nobody gets in\n"
	"    change:\n"
	"      databases: [{name: db, roles: [{name: app, password: others}]}]\n"
	"    right: [fix]\n"
	"    wrong: {look: it is too late}\n"
	"  old-word:\n"
	"    title: An old word\n"
	"    symptom: Nobody gets in either\n"
	"    change:\n"
	"      databases: [{name: db, roles: [{name: app, password: old}]}]\n"
	"  no-dump:\n"
	"    title: There is no dump\n"
	"    symptom: It is missing\n"
	"    change:\n"
	"      backup: [{path: app.sql, remove: true}]\n"
	"    surprise: {fault: bad, when: [ready], after: 1m}\n"
	"impact: [{operation: Reading, level: none}]\n"
	"order: [{step: fix, after: [look], why: blind work}]\n"
	"wrong: {fix: it mends itself}\n"
	"expert: [{step: look, at: 1m}, {step: fix, at: 4m}]\n"
	"hints: {fix: {nudge: Think., where: There., command: fix it}}\n"
	"passes: {ends: [mended], when: [both]}\n";

static const char world_runbook_text[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: mend, title: Mend it}\n"
	"params:\n"
	"  context: {title: Which}\n"
	"  password: {type: secret}\n"
	"  more: {default: x}\n"
	"  maybe: {required: false}\n"
	"impact: [{operation: Reading, level: none}, {operation: Writing, level: total}]\n"
	"steps:\n"
	"  - {id: look, title: Look, uses: manual.confirm, with: {question: Seen?}}\n"
	"  - {id: fix, title: Fix, uses: manual.confirm, with: {question: Done?}}\n"
	"ends: [{id: mended, title: Mended}]\n";

struct world_folder {
	char path[64];
	char *file; /* the world */
};

static inline void
world_folder_write(const struct world_folder *folder, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder->path, name);

	if (file_write_atomic(path, text, strlen(text), 0600, NULL) < 0)
		abort();
	free(path);
}

static inline void
world_folder_make(struct world_folder *folder)
{
	snprintf(folder->path, sizeof(folder->path), "/tmp/lifeboat-world-XXXXXX");
	if (!mkdtemp(folder->path))
		abort();
	folder->file = xasprintf("%s/small.yaml", folder->path);
	world_folder_write(folder, "small.yaml", world_text);
	world_folder_write(folder, "mend.yaml", world_runbook_text);
	world_folder_write(folder, "app.sql", "create table a (b int);\n");
	world_folder_write(
		folder, "things.yaml",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: x}\n"
		"---\napiVersion: v1\nkind: Secret\nmetadata: {name: t, namespace: x}\n");
}

static inline void
world_folder_remove(struct world_folder *folder)
{
	folder_remove(folder->path);
	free(folder->file);
}

/* The world with one text in the place of another, which must be there. The caller frees. */
static inline char *
world_changed(const char *from, const char *to)
{
	const char *at = strstr(world_text, from);

	if (!at)
		abort();
	return xasprintf("%.*s%s%s", (int)(at - world_text), world_text, to, at + strlen(from));
}

/* Loads the folder's world with variants, which end with NULL; what is said is in *ret_said (the caller frees). */
static inline struct world_spec *
world_load(const struct world_folder *folder, const char *const *variants, char **ret_said)
{
	struct diags diags;
	struct str said = STR_INIT;
	struct world_spec *spec;

	diags_init(&diags, folder->file);
	spec = world_spec_load(folder->file, variants, &diags);
	diags_render(&diags, &said);
	diags_release(&diags);
	*ret_said = str_take(&said);
	return spec;
}

#endif
