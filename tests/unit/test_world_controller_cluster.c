#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sys/resource.h>

#include "base/base64.h"
#include "fixture_controllers.h"

static int
setup(void **state)
{
	*state = bench_new(SPEED, 3);
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

#define SERVICE(name, more)                                                                        \
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'" name "'},'spec':{" more         \
	"'selector':{'app':'web'},'ports':[{'port':80,'targetPort':'http','name':'www'}]}}"

/* ---- Services ---- */

static void
service_leads_to_the_pods_that_are_ready(void **state)
{
	struct bench *b = *state;

	put(b, SERVICE("web", ""));
	wait_value(b, "services", "web", "spec/type", "ClusterIP");
	wait_value(b, "endpoints", "web", "metadata/name", "web");
	assert_value(b, "endpoints", "web", "subsets", NULL);
	put(b, "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','labels':{'app':'web'}},"
	       "'spec':{'containers':[{'name':'c','image':'x','ports':[{'name':'http',"
	       "'containerPort':8080}]}]}}");
	wait_value(b, "endpoints", "web", "subsets/0/addresses/0/targetRef/name", "p");
	assert_value(b, "endpoints", "web", "subsets/0/ports/0/port", "8080");
	assert_value(b, "endpoints", "web", "subsets/0/ports/0/name", "www");
	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_UNREADY });
	wait_value(b, "endpoints", "web", "subsets/0/notReadyAddresses/0/targetRef/name", "p");
	assert_value(b, "endpoints", "web", "subsets/0/addresses", NULL);
	wait_count(b, "endpointslices", "kubernetes.io/service-name=web", 1);
	del(b, "services", "web", NULL);
	wait_value(b, "endpoints", "web", "metadata/name", NULL);
	wait_count(b, "endpointslices", "kubernetes.io/service-name=web", 0);
}

static void
service_of_a_load_balancer_gets_what_the_stage_says(void **state)
{
	struct bench *b = *state;

	put(b, SERVICE("envoy", "'type':'LoadBalancer',"));
	wait_value(b, "services", "envoy", "spec/allocateLoadBalancerNodePorts", "true");
	assert_value(b, "services", "envoy", "status/loadBalancer/ingress", NULL);
	pthread_mutex_lock(&b->lock);
	snprintf(b->address, sizeof(b->address), "198.51.100.20");
	pthread_mutex_unlock(&b->lock);
	controllers_look(b->controllers);
	wait_value(b, "services", "envoy", "status/loadBalancer/ingress/0/ip", "198.51.100.20");
	pthread_mutex_lock(&b->lock);
	snprintf(b->address, sizeof(b->address), "lb.example.com");
	pthread_mutex_unlock(&b->lock);
	controllers_look(b->controllers);
	wait_value(b, "services", "envoy", "status/loadBalancer/ingress/0/hostname",
		   "lb.example.com");
	pthread_mutex_lock(&b->lock);
	*b->address = '\0';
	pthread_mutex_unlock(&b->lock);
	controllers_look(b->controllers);
	wait_value(b, "services", "envoy", "status/loadBalancer/ingress", NULL);
	wait_told(b, "envoy", "EnsuredLoadBalancer", "Ensured load balancer", 1);
}

/* ---- namespaces and accounts ---- */

static void
namespace_begins_with_an_account_and_a_root(void **state)
{
	struct bench *b = *state;

	wait_value(b, "serviceaccounts", "default", "metadata/name", "default");
	wait_value(b, "configmaps", "kube-root-ca.crt", "data", "{\"ca.crt\":\"CA\"}");
	del(b, "configmaps", "kube-root-ca.crt", NULL);
	del(b, "serviceaccounts", "default", NULL);
	wait_value(b, "serviceaccounts", "default", "metadata/name", "default");
	wait_value(b, "configmaps", "kube-root-ca.crt", "metadata/name", "kube-root-ca.crt");
}

static void
namespace_deleted_ends_with_all_that_is_in_it(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("web", "2", "", "x"));
	put(b, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'held','finalizers':"
	       "['example.com/mine']}}");
	wait_value(b, "deployments", "web", "status/availableReplicas", "2");
	del(b, "namespaces", "n", NULL);
	wait_count(b, "pods", "", 0);
	wait_value(b, "namespaces", "n", "NamespaceFinalizersRemaining=", "True");
	assert_value(b, "namespaces", "n", "status/phase", "Terminating");
	assert_value(b, "namespaces", "n", "NamespaceContentRemaining:", "SomeResourcesRemain");
	patch(b, "configmaps", "held", "{'metadata':{'finalizers':null}}");
	wait_value(b, "namespaces", "n", "metadata/name", NULL);
	wait_count(b, "serviceaccounts", "", 0);
	wait_count(b, "events", "", 0);
}

static void
secret_for_an_account_gets_its_token(void **state)
{
	struct bench *b = *state;
	struct caller caller;

	put(b, "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'robot'}}");
	put(b, "{'apiVersion':'v1','kind':'Secret','type':'kubernetes.io/service-account-token',"
	       "'metadata':{'name':'t','annotations':{'kubernetes.io/service-account.name':"
	       "'robot'}}}");
	wait_value(b, "secrets", "t", "data/namespace", "bg==");
	char *text = value_of(b, "secrets", "t", "data/token");
	unsigned char token[2048];
	ssize_t len = base64_decode_strict(text, strlen(text), token, sizeof(token) - 1);
	assert_true(len > 0);
	token[len] = '\0';
	free(text);
	assert_true(tokens_find(b->cluster.tokens, (char *)token, &caller));
	assert_string_equal(caller.user, "system:serviceaccount:n:robot");
	caller_release(&caller);
	del(b, "serviceaccounts", "robot", NULL);
	wait_value(b, "secrets", "t", "metadata/name", NULL);
}

/* ---- garbage ---- */

static void
what_is_owned_goes_only_with_its_last_owner(void **state)
{
	struct bench *b = *state;
	char text[512];

	put(b, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}");
	put(b, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'b'}}");
	char *one = value_of(b, "configmaps", "a", "metadata/uid");
	char *other = value_of(b, "configmaps", "b", "metadata/uid");
	snprintf(text, sizeof(text),
		 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','ownerReferences':["
		 "{'apiVersion':'v1','kind':'ConfigMap','name':'a','uid':'%s'},"
		 "{'apiVersion':'v1','kind':'ConfigMap','name':'b','uid':'%s'}]}}",
		 one, other);
	put(b, text);
	del(b, "configmaps", "a", NULL);
	wait_value(b, "configmaps", "c", "metadata/ownerReferences/0/uid", other);
	del(b, "configmaps", "b", NULL);
	wait_value(b, "configmaps", "c", "metadata/name", NULL);
	free(one);
	free(other);
}

static void
what_names_an_owner_that_never_was_goes(void **state)
{
	struct bench *b = *state;

	put(b, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','ownerReferences':["
	       "{'apiVersion':'v1','kind':'ConfigMap','name':'a','uid':'nobody'}]}}");
	wait_value(b, "configmaps", "c", "metadata/name", NULL);
}

/* ---- nodes and Events ---- */

static void
node_says_what_its_kubelet_would(void **state)
{
	struct bench *b = *state;

	wait_value(b, "nodes", "c-node-2", "Ready=", "True");
	assert_value(b, "nodes", "c-node-2", "DiskPressure=", "False");
	assert_value(b, "nodes", "c-node-2", "status/nodeInfo/kubeletVersion", "v1.27.6");
	assert_value(b, "nodes", "c-node-2", "status/addresses/1/address", "c-node-2");
	char *one = value_of(b, "nodes", "c-node-1", "spec/podCIDR");
	char *other = value_of(b, "nodes", "c-node-2", "spec/podCIDR");
	assert_string_not_equal(one, other);
	free(one);
	free(other);
}

static void
events_that_are_equal_count_up(void **state)
{
	struct bench *b = *state;
	size_t count, same = 0;

	bench_set_fate(b, "p", (struct pod_plan){ .fate = POD_CRASHES, .exit_code = 1 });
	put(b, "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':[{"
	       "'name':'c','image':'x'}]}}");
	wait_told(b, "p", "Started", "Started container c", 4);
	const struct stored **items = get_all(b, "events", "", &count);
	for (size_t i = 0; i < count; i++)
		same += strcmp(json_string(items[i]->object, "reason", ""), "Started") == 0;
	assert_int_equal(same, 1);
	drop_all(items, count);
}

/* ---- size and rest ---- */

static int64_t
cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Whether anything is written within that time. */
static bool
wait_for_change(struct bench *b, int64_t ms)
{
	struct store_watch *watch;
	struct store_event event;
	struct refusal r = REFUSAL_INIT;

	assert_int_equal(store_watch_new(b->cluster.store, NULL, NULL, 0, &watch, &r), 0);
	assert_int_equal(store_watch_next(watch, ms, &event, &r), 0);
	stored_drop(event.stored);
	stored_drop(event.before);
	store_watch_free(watch);
	return event.type != STORE_NOTHING;
}

static void
cluster_of_many_pods_settles_and_then_rests(void **state)
{
	struct bench *b = *state;

	put(b, DEPLOYMENT("crowd", "500", "", "x"));
	put(b, SERVICE("web", ""));
	wait_value(b, "deployments", "crowd", "status/availableReplicas", "500");
	wait_value(b, "deployments", "crowd", "Progressing:", "NewReplicaSetAvailable");
	/* the last Events are told; then nothing happens any more */
	uint64_t version;
	do {
		version = store_version(b->cluster.store);
	} while (wait_for_change(b, 500));
	int64_t begun_ms = cpu_ms();
	assert_false(wait_for_change(b, 1000));
	assert_true(cpu_ms() - begun_ms < 100);
	assert_int_equal(store_version(b->cluster.store), version);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(service_leads_to_the_pods_that_are_ready),
		TEST(service_of_a_load_balancer_gets_what_the_stage_says),
		TEST(namespace_begins_with_an_account_and_a_root),
		TEST(namespace_deleted_ends_with_all_that_is_in_it),
		TEST(secret_for_an_account_gets_its_token),
		TEST(what_is_owned_goes_only_with_its_last_owner),
		TEST(what_names_an_owner_that_never_was_goes),
		TEST(node_says_what_its_kubelet_would),
		TEST(events_that_are_equal_count_up),
		TEST(cluster_of_many_pods_settles_and_then_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
