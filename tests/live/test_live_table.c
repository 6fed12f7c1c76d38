#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "feed/detail.h"
#include "feed/table.h"
#include "feed/table_columns.h"
#include "fixture_pods.h"
#include "fixture_server.h"
#include "kube/pod_status.h"
#include "net/child/child.h"

/*
 * Tables beside kubectl's, cell by cell, on the cluster of $LIFEBOAT_TEST_KUBECONFIG. Tests of pods need
 * the stand-in node, which gives a pod the status that its annotation test/status holds.
 */

enum { PATIENCE_MS = 30000, AGE_TOLERANCE_MS = 3000, MAX_OUTPUT = 16 << 20, MAX_ARGUMENTS = 12 };

static const char finalizer[] = "example.com/held";
static char *ns, *group;
static int notify_fd = -1;

static const char *
kubeconfig(void)
{
	return getenv("LIFEBOAT_TEST_KUBECONFIG");
}

static void
on_complaint(void *data, const char *bytes, size_t len_bytes)
{
	str_append_bytes(data, bytes, len_bytes);
}

/* Runs kubectl with arguments up to NULL; its output, which the caller frees. */
static char *
kubectl(const char *input, ...)
{
	const char *argv[MAX_ARGUMENTS + 4] = { "kubectl", "--kubeconfig", kubeconfig() };
	struct str output = STR_INIT, complaint = STR_INIT;
	struct child_options options = { .argv = argv,
					 .input = input,
					 .input_len = input ? strlen(input) : 0,
					 .capture = &output,
					 .capture_max = MAX_OUTPUT,
					 .timeout_ms = PATIENCE_MS,
					 .on_output = on_complaint,
					 .data = &complaint };
	struct child_result result;
	struct err e = ERR_INIT;
	size_t count = 3;
	va_list ap;

	va_start(ap, input);
	while (count < MAX_ARGUMENTS + 3 && (argv[count] = va_arg(ap, const char *)))
		count++;
	va_end(ap);
	if (child_run(&options, &result, &e) < 0)
		fail_msg("kubectl %s %s: %s", argv[3], argv[4], e.message);
	if (result.exit_code != 0)
		print_message("kubectl %s %s: exit %d: %.500s\n", argv[3], argv[4],
			      result.exit_code, str_cstr(&complaint));
	str_release(&complaint);
	return str_take(&output);
}

static int
setup(void **state)
{
	(void)state;
	notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!kubeconfig())
		return 0;
	ns = xasprintf("table-dev-%ld-%lld", (long)getpid(), (long long)(clock_mono_ms() % 100000));
	group = xasprintf("%s.example.com", ns);
	free(kubectl(NULL, "create", "namespace", ns, NULL));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (ns) {
		char *crd = xasprintf("widgets.%s", group);

		free(kubectl(NULL, "delete", "crd", crd, "--wait=false", "--ignore-not-found",
			     NULL));
		free(kubectl(NULL, "delete", "namespace", ns, "--wait=false", NULL));
		free(crd);
	}
	free(ns);
	free(group);
	close(notify_fd);
	return 0;
}

static void
need_cluster(void)
{
	if (!kubeconfig())
		skip();
}

static void
need_node(void)
{
	char *logs;
	bool there;

	need_cluster();
	logs = file_resolve(kubeconfig(), "podlogs");
	there = file_exists(logs);
	free(logs);
	if (!there)
		skip();
}

/* Waits for the next notification, and only for that; false when it does not come in time. */
static bool
await_change(int64_t deadline_ms)
{
	struct pollfd p = { .fd = notify_fd, .events = POLLIN };
	int64_t left_ms = deadline_ms - clock_mono_ms();
	eventfd_t count;

	if (left_ms <= 0)
		return false;
	poll(&p, 1, (int)(left_ms < 1000 ? left_ms : 1000));
	(void)eventfd_read(notify_fd, &count);
	return true;
}

/* ---- kubectl's table ---- */

/* One line of kubectl's output, cut at where the columns of its heading begin. */
struct cut {
	size_t starts[TABLE_MAX_COLUMNS + 2];
	size_t count;
};

/* Finds the columns in the heading; NULL, or what it should have. */
static const char *
cut_init(struct cut *cut, const char *heading, const struct table_snapshot *s, bool with_ns)
{
	const char *at = heading, *found;

	cut->count = 0;
	if (with_ns)
		cut->starts[cut->count++] = 0;
	for (size_t i = 0; i < s->columns_count; i++) {
		found = strstr(i || with_ns ? at + 1 : at, s->columns[i].name);
		if (!found)
			return s->columns[i].name;
		at = found;
		cut->starts[cut->count++] = (size_t)(at - heading);
	}
	cut->starts[cut->count] = SIZE_MAX;
	return NULL;
}

static char *
cut_cell(const struct cut *cut, const char *line, size_t column)
{
	size_t len = strlen(line), start = cut->starts[column], end = cut->starts[column + 1];

	if (start > len)
		start = len;
	if (end > len)
		end = len;
	while (end > start && line[end - 1] == ' ')
		end--;
	return xstrndup(line + start, end - start);
}

static bool
is_same_age(const char *a, const char *b)
{
	int64_t x = table_age_parse(a, strlen(a)), y = table_age_parse(b, strlen(b));

	return x >= 0 && y >= 0 && llabs(x - y) <= AGE_TOLERANCE_MS;
}

static const struct table_row *
find_row(const struct table_snapshot *s, const char *in, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->rows[i].name, name) == 0 && (!in || strcmp(s->rows[i].ns, in) == 0))
			return &s->rows[i];
	return NULL;
}

/* Compares one line of kubectl's with its row; what differs is appended to `out`. */
static void
compare_line(const struct table_snapshot *s, const struct cut *cut, const char *line, bool with_ns,
	     int64_t now_ms, struct str *out)
{
	int name_column = table_column_find(s, "NAME");
	char *in = with_ns ? cut_cell(cut, line, 0) : NULL;
	char *name = cut_cell(cut, line, (size_t)name_column + with_ns);
	const struct table_row *row = find_row(s, in, name);

	if (!row)
		str_printf(out, "no row %s\n", name);
	for (size_t i = 0; row && i < s->columns_count; i++) {
		char *theirs = cut_cell(cut, line, i + with_ns);
		struct str ours = STR_INIT;

		table_cell(s, (size_t)(row - s->rows), i, now_ms, &ours);
		if (strcmp(str_cstr(&ours), theirs) != 0 &&
		    !(s->columns[i].age && is_same_age(str_cstr(&ours), theirs)))
			str_printf(out, "%s %s: \"%s\", kubectl says \"%s\"\n", name,
				   s->columns[i].name, str_cstr(&ours), theirs);
		str_release(&ours);
		free(theirs);
	}
	free(name);
	free(in);
}

/* Compares a snapshot with kubectl's table; what differs is appended to `out`. */
static void
compare_table(const struct table_snapshot *s, char *table, bool with_ns, int64_t now_ms,
	      struct str *out)
{
	char *rest = table, *line = strsep(&rest, "\n");
	const char *missing;
	struct cut cut;
	size_t lines = 0;

	missing = cut_init(&cut, line, s, with_ns);
	if (missing) {
		str_printf(out, "no column %s in \"%s\"\n", missing, line);
		return;
	}
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		compare_line(s, &cut, line, with_ns, now_ms, out);
		lines++;
	}
	if (lines != s->count)
		str_printf(out, "%zu rows, kubectl has %zu\n", s->count, lines);
}

/* Compares a feed's table with kubectl's until they agree, as the cluster goes on meanwhile. */
static void
assert_like_kubectl(struct table_feed *feed, const char *resource, bool all_namespaces,
		    size_t at_least)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct str differences = STR_INIT;

	do {
		char *table =
			all_namespaces
				? kubectl(NULL, "get", resource, "-A", "-o", "wide", NULL)
				: kubectl(NULL, "get", resource, "-n", ns, "-o", "wide", NULL);
		int64_t now_ms = clock_wall_ms();
		struct table_snapshot *s = table_feed_snapshot(feed);

		str_clear(&differences);
		if (s->exact && s->count >= at_least)
			compare_table(s, table, all_namespaces, now_ms, &differences);
		else
			str_printf(&differences, "%zu rows, exact %d\n", s->count, s->exact);
		table_snapshot_release(s);
		free(table);
	} while (differences.len > 0 && await_change(deadline_ms));
	if (differences.len > 0)
		fail_msg("%s:\n%s", resource, str_cstr(&differences));
	str_release(&differences);
}

/* ---- pods in every state ---- */

static size_t
append_pods(struct str *out)
{
	size_t count = 0;

	str_append(out, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[");
	for (size_t i = 0; i < POD_CASES; i++) {
		const struct pod_case *c = &pod_cases[i];
		cJSON *status = cJSON_CreateString(c->status);
		char *quoted = json_print(status);

		cJSON_Delete(status);
		if (!c->newer) {
			str_printf(out,
				   "%s{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
				   "\"name\":\"%s\",\"labels\":{\"app\":\"%s\"},\"finalizers\":"
				   "[%s%s%s],\"annotations\":{\"test/status\":%s}},",
				   count++ ? "," : "", c->name, c->name, c->deleted ? "\"" : "",
				   c->deleted ? finalizer : "", c->deleted ? "\"" : "", quoted);
			str_printf(out,
				   "\"spec\":{\"nodeName\":\"node-1\",\"initContainers\":%s,"
				   "\"containers\":[",
				   c->init);
			for (int k = 0; k < c->containers; k++)
				str_printf(out, "%s{\"name\":\"c%d\",\"image\":\"x\"}",
					   k ? "," : "", k);
			str_append(out, "]}}");
		}
		free(quoted);
	}
	str_append(out, "]}");
	return count;
}

/* Counts the pods that are not yet as they are to be; `deleted`: those that are being deleted too. */
static size_t
count_others(const struct table_snapshot *s, bool deleted, const char **ret_name)
{
	int ready = table_column_find(s, "READY"), status = table_column_find(s, "STATUS"),
	    restarts = table_column_find(s, "RESTARTS");
	size_t others = 0;

	for (size_t i = 0; i < POD_CASES; i++) {
		const struct pod_case *c = &pod_cases[i];
		const struct table_row *row = find_row(s, ns, c->name);

		if (c->newer)
			continue;
		if (row && strcmp(row->cells[ready], c->ready) == 0 &&
		    strcmp(row->cells[restarts], c->restarts) == 0 &&
		    ((c->deleted && !deleted) || strcmp(row->cells[status], c->printed) == 0))
			continue;
		others++;
		*ret_name = c->name;
	}
	return others;
}

static void
await_states(struct table_feed *feed, bool deleted)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	const char *name = "";
	size_t others = 1;

	while (others > 0) {
		struct table_snapshot *s = table_feed_snapshot(feed);

		others = s->count > 0 ? count_others(s, deleted, &name) : 1;
		table_snapshot_release(s);
		if (others > 0 && !await_change(deadline_ms))
			fail_msg("%zu pods are not as they should be, %s among them", others, name);
	}
}

static void
each_deleted(void (*act)(const char *name))
{
	for (size_t i = 0; i < POD_CASES; i++)
		if (pod_cases[i].deleted && !pod_cases[i].newer)
			act(pod_cases[i].name);
}

static void
delete_one(const char *name)
{
	free(kubectl(NULL, "delete", "pod", name, "-n", ns, "--wait=false", NULL));
}

static void
let_go(const char *name)
{
	free(kubectl(NULL, "patch", "pod", name, "-n", ns, "--type=merge", "-p",
		     "{\"metadata\":{\"finalizers\":null}}", NULL));
}

/* Our own reading of each object is what the server prints of it. */
static void
assert_objects_like_cells(struct table_feed *feed, size_t count)
{
	struct table_snapshot *s = table_feed_snapshot(feed);
	char *text = kubectl(NULL, "get", "pods", "-n", ns, "-o", "json", NULL);
	cJSON *list = cJSON_Parse(text), *pod;
	size_t seen = 0;

	assert_non_null(list);
	cJSON_ArrayForEach(pod, json_at(list, "items")) {
		const char *name = json_string(pod, "metadata/name", "");
		const struct table_row *row = find_row(s, ns, name);
		struct pod_status status;
		char ready[32], restarts[32];

		assert_non_null(row);
		pod_status_init(&status, pod);
		snprintf(ready, sizeof(ready), "%lld/%lld", (long long)status.ready,
			 (long long)status.total);
		snprintf(restarts, sizeof(restarts), "%lld", (long long)status.restarts);
		assert_string_equal(row->cells[table_column_find(s, "STATUS")], status.text);
		assert_string_equal(row->cells[table_column_find(s, "READY")], ready);
		assert_string_equal(row->cells[table_column_find(s, "RESTARTS")], restarts);
		assert_string_equal(row->uid, json_string(pod, "metadata/uid", ""));
		pod_status_release(&status);
		seen++;
	}
	assert_int_equal(seen, count);
	cJSON_Delete(list);
	free(text);
	table_snapshot_release(s);
}

/* Looks at what is in trouble until the reason of one pod is there. */
static void
await_reason(struct table_feed *feed, const char *name, const char *reason)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	const struct table_row *rows[POD_CASES], *row;
	struct table_snapshot *s;
	size_t count;

	for (;;) {
		s = table_feed_snapshot(feed);
		count = 0;
		for (size_t i = 0; i < s->count && count < POD_CASES; i++)
			if (s->rows[i].trouble)
				rows[count++] = &s->rows[i];
		table_feed_look(feed, rows, count);
		row = find_row(s, ns, name);
		assert_non_null(row);
		if (strstr(row->reason, reason))
			break;
		if (!await_change(deadline_ms))
			fail_msg("the reason of %s is \"%s\"", name, row->reason);
		table_snapshot_release(s);
	}
	table_snapshot_release(s);
}

static void
pods_in_every_state_are_shown_as_kubectl_shows_them(void **state)
{
	struct feed_source source = { .kubeconfig = kubeconfig(), .ns = ns };
	struct table_feed *feed;
	struct str manifest = STR_INIT;
	size_t count;

	(void)state;
	need_node();
	feed = table_feed_new(&source, NULL, notify_fd);
	count = append_pods(&manifest);
	assert_true(count >= 40);
	free(kubectl(str_cstr(&manifest), "create", "-n", ns, "-f", "-", NULL));
	str_release(&manifest);
	await_states(feed, false);
	each_deleted(delete_one);
	await_states(feed, true);
	assert_like_kubectl(feed, "pods", false, count);
	assert_objects_like_cells(feed, count);
	await_reason(feed, "evicted", "Evicted: The node was low on resource: memory.");
	await_reason(feed, "image-back-off", "c0: ImagePullBackOff");
	await_reason(feed, "crash-loop", "c0: CrashLoopBackOff; last end: Error, exit 1");
	each_deleted(let_go);
	free(kubectl(NULL, "delete", "pods", "--all", "-n", ns, "--wait=false", NULL));
	table_feed_free(feed);
}

/* ---- other resources ---- */

static void
assert_resource_like_kubectl(const char *resource, bool all_namespaces, size_t at_least)
{
	struct feed_source source = { .kubeconfig = kubeconfig(),
				      .ns = ns,
				      .all_namespaces = all_namespaces,
				      .resource = resource };
	struct table_feed *feed = table_feed_new(&source, NULL, notify_fd);
	int64_t start_ms;

	assert_like_kubectl(feed, resource, all_namespaces, at_least);
	start_ms = clock_mono_ms();
	table_feed_free(feed);
	assert_true(clock_mono_ms() - start_ms < 2000);
}

static void
built_in_resources_are_shown_as_kubectl_shows_them(void **state)
{
	(void)state;
	need_cluster();
	free(kubectl(NULL, "create", "deployment", "web", "--image=example.com/none", "-n", ns,
		     NULL));
	free(kubectl(NULL, "create", "secret", "generic", "s", "--from-literal=a=b", "-n", ns,
		     NULL));
	assert_resource_like_kubectl("deployments", false, 1);
	assert_resource_like_kubectl("replicasets.apps", false, 1);
	assert_resource_like_kubectl("events", false, 1);
	assert_resource_like_kubectl("secrets", false, 1);
	assert_resource_like_kubectl("deployments", true, 1);
	assert_resource_like_kubectl("namespaces", false, 2);
	free(kubectl(NULL, "delete", "deployment", "web", "-n", ns, NULL));
}

static void
nodes_are_shown_as_kubectl_shows_them(void **state)
{
	(void)state;
	need_node();
	assert_resource_like_kubectl("nodes", false, 1);
}

static const char widgets[] =
	"apiVersion: apiextensions.k8s.io/v1\n"
	"kind: CustomResourceDefinition\n"
	"metadata: {name: widgets.%s}\n"
	"spec:\n"
	"  group: %s\n"
	"  scope: Namespaced\n"
	"  names: {plural: widgets, singular: widget, kind: Widget}\n"
	"  versions:\n"
	"  - name: v1\n"
	"    served: true\n"
	"    storage: true\n"
	"    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: "
	"true}}\n"
	"    additionalPrinterColumns:\n"
	"    - {name: Ready, type: string, jsonPath: .spec.ready}\n"
	"    - {name: Size, type: integer, jsonPath: .spec.size}\n"
	"    - {name: Ratio, type: number, jsonPath: .spec.ratio}\n"
	"    - {name: Live, type: boolean, jsonPath: .spec.live}\n"
	"    - {name: Since, type: date, jsonPath: .spec.since, priority: 1}\n"
	"    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}\n";

static void
custom_resources_are_shown_with_their_printer_columns(void **state)
{
	char *crd, *name, *objects, *stamp, utc[CLOCK_STAMP_MAX];

	(void)state;
	need_cluster();
	crd = xasprintf(widgets, group, group);
	name = xasprintf("widgets.%s", group);
	free(kubectl(crd, "create", "-f", "-", NULL));
	free(kubectl(NULL, "wait", "--for=condition=established", "crd", name, NULL));
	stamp = clock_format_utc(clock_wall_ms() - 75 * 1000, utc);
	objects = xasprintf(
		"---\n{apiVersion: %s/v1, kind: Widget, metadata: {name: one, namespace: %s}, "
		"spec: {ready: "
		"'False', size: 3, ratio: 1.5, live: true, since: '%s'}}\n---\n"
		"{apiVersion: %s/v1, kind: Widget, metadata: {name: two, namespace: %s}}\n---\n"
		"{apiVersion: %s/v1, kind: Widget, metadata: {name: one, namespace: default}}\n",
		group, ns, stamp, group, ns, group);
	free(kubectl(objects, "create", "-f", "-", NULL));
	assert_resource_like_kubectl(name, false, 2);
	assert_resource_like_kubectl(name, true, 3);
	free(kubectl(NULL, "delete", name, "one", "-n", "default", NULL));
	free(objects);
	free(name);
	free(crd);
}

/* ---- one object ---- */

static bool
has_line(const struct detail_snapshot *s, const char *part)
{
	for (size_t i = 0; i < s->count; i++)
		if (strstr(s->lines[i].text, part))
			return true;
	return false;
}

static struct detail_snapshot *
await_detail(struct detail_feed *feed, const char *part)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct detail_snapshot *s = detail_feed_snapshot(feed);

	while (!has_line(s, part)) {
		if (!await_change(deadline_ms)) {
			for (size_t i = 0; i < s->count; i++)
				print_message("%s\n", s->lines[i].text);
			fail_msg("no line \"%s\"", part);
		}
		detail_snapshot_release(s);
		s = detail_feed_snapshot(feed);
	}
	return s;
}

static void
detail_of_a_deployment_has_its_events(void **state)
{
	struct feed_source source = { .kubeconfig = kubeconfig(), .resource = "deploy" };
	struct detail_snapshot *s;
	struct detail_feed *feed;

	(void)state;
	need_cluster();
	free(kubectl(NULL, "create", "deployment", "told", "--image=example.com/none", "-n", ns,
		     NULL));
	feed = detail_feed_new(&source, ns, "told", NULL, notify_fd);
	s = await_detail(feed, "ScalingReplicaSet");
	assert_string_equal(s->lines[0].text + strlen("Deployment told in "), ns);
	assert_true(has_line(s, "image: example.com/none"));
	assert_false(has_line(s, "managedFields"));
	detail_snapshot_release(s);
	free(kubectl(NULL, "delete", "deployment", "told", "-n", ns, NULL));
	s = await_detail(feed, "has been deleted");
	assert_true(s->gone);
	detail_snapshot_release(s);
	detail_feed_free(feed);
}

static void
detail_of_a_secret_has_sizes_only(void **state)
{
	struct feed_source source = { .kubeconfig = kubeconfig(), .resource = "secrets" };
	struct detail_snapshot *s;
	struct detail_feed *feed;
	char *manifest;

	(void)state;
	need_cluster();
	manifest = xasprintf(
		"---\n{apiVersion: v1, kind: Secret, metadata: {name: told, namespace: %s},"
		" stringData: {password: hunter2hunter2}}",
		ns);
	/* which leaves a copy of it in an annotation */
	free(kubectl(manifest, "apply", "-f", "-", NULL));
	feed = detail_feed_new(&source, ns, "told", NULL, notify_fd);
	s = await_detail(feed, "password: 14 bytes");
	assert_true(has_line(s, "last-applied-configuration: "));
	assert_false(has_line(s, "hunter2"));
	assert_false(has_line(s, "aHVudGVyMmh1bnRlcjI"));
	detail_snapshot_release(s);
	detail_feed_free(feed);
	free(manifest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_in_every_state_are_shown_as_kubectl_shows_them),
		cmocka_unit_test(built_in_resources_are_shown_as_kubectl_shows_them),
		cmocka_unit_test(nodes_are_shown_as_kubectl_shows_them),
		cmocka_unit_test(custom_resources_are_shown_with_their_printer_columns),
		cmocka_unit_test(detail_of_a_deployment_has_its_events),
		cmocka_unit_test(detail_of_a_secret_has_sizes_only),
	};

	return cmocka_run_group_tests_name("live_table", tests, setup, teardown);
}
