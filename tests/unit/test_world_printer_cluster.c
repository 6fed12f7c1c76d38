#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_cells.h"

static void
nodes_show_status_roles_and_what_runs_them(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{}}", "['x','Unknown','<none>','24h','','<none>','<none>','<unknown>','<"
				 "unknown>','<unknown>']" },
		{ "{'metadata':{'name':'x'," CREATED
		  ",'labels':{'node-role.kubernetes.io/worker':'','node-role.kubernetes.io/"
		  "master':'','kubernetes.io/role':'edge','node-role.kubernetes.io/"
		  "':'x','a':'b'}},'spec':{'unschedulable':true},'status':{'conditions':[{'type':'"
		  "MemoryPressure','status':'False'},{'type':'Ready','status':'True'}],'addresses':"
		  "[{'type':'InternalIP','address':'10.0.0.1'},{'type':'InternalIP','address':'10."
		  "0.0.2'},{'type':'ExternalIP','address':'192.0.2.9'}],'nodeInfo':{'"
		  "kubeletVersion':'v1.27.6','osImage':'Debian','kernelVersion':'6.1','"
		  "containerRuntimeVersion':'containerd://1.7'}}}",
		  "['x','Ready,SchedulingDisabled','edge,master,worker','24h','v1.27.6','10.0.0.1',"
		  "'192.0.2.9','Debian','6.1','containerd://1.7']" },
		{ "{'metadata':{'name':'x'," CREATED
		  ",'labels':{'kubernetes.io/role':'edge','node-role.kubernetes.io/edge':''}}}",
		  "['x','Unknown','edge','24h','','<none>','<none>','<unknown>','<unknown>','<"
		  "unknown>']" },
		{ "{'status':{'conditions':[{'type':'Ready','status':'Unknown'}]}}",
		  "['x','NotReady','<none>','24h','','<none>','<none>','<unknown>','<unknown>','<"
		  "unknown>']" },
	};

	ASSERT_CELLS(*state, "nodes", cases);
}

static void
namespaces_show_their_phase(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'status':{'phase':'Terminating'}}", "['x','Terminating','24h']" },
	};

	ASSERT_CELLS(*state, "namespaces", cases);
}

static void
leases_show_who_holds_them(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{}}", "['x','','24h']" },
		{ "{'spec':{'holderIdentity':'a_b'}}", "['x','a_b','24h']" },
	};

	ASSERT_CELLS(*state, "leases", cases);
}

static void
priorityclasses_show_their_value(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'value':-5}", "['x',-5,false,'24h']" },
		{ "{'value':1000000,'globalDefault':true}", "['x',1000000,true,'24h']" },
	};

	ASSERT_CELLS(*state, "priorityclasses", cases);
}

static void
webhooks_are_counted(void **state)
{
	static const struct cells_case cases[] = {
		{ "{}", "['x',0,'24h']" },
		{ "{'webhooks':[{},{}]}", "['x',2,'24h']" },
	};

	ASSERT_CELLS(*state, "validatingwebhookconfigurations", cases);
}

static void
secrets_show_type_and_size(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'type':'example.com/x','data':{'a':'','b':''}}",
		  "['x','example.com/x',2,'24h']" },
		{ "{}", "['x','Opaque',0,'24h']" },
	};

	ASSERT_CELLS(*state, "secrets", cases);
}

static void
configmaps_show_their_size(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'data':{'a':'','b':''},'binaryData':{'c':''}}", "['x',3,'24h']" },
		{ "{}", "['x',0,'24h']" },
	};

	ASSERT_CELLS(*state, "configmaps", cases);
}

static void
serviceaccounts_show_their_secrets(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'secrets':[{'name':'a'}]}", "['x',1,'24h']" },
	};

	ASSERT_CELLS(*state, "serviceaccounts", cases);
}

static void
roles_show_when_they_were_made(void **state)
{
	static const struct cells_case cases[] = {
		{ "{}", "['x','2026-01-01T04:04:05Z']" },
	};

	ASSERT_CELLS(*state, "clusterroles", cases);
}

static void
definitions_show_when_they_were_made(void **state)
{
	static const struct cells_case cases[] = {
		{ "{}", "['x','2026-01-01T04:04:05Z']" },
	};

	ASSERT_CELLS(*state, "crd", cases);
}

static void
bindings_show_role_and_subjects(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'roleRef':{'kind':'ClusterRole','name':'view'},'subjects':[{'kind':'User','"
		  "name':'ana'},{'kind':'Group','name':'sre'},{'kind':'User','name':'bo'},{'kind':'"
		  "ServiceAccount','name':'r','namespace':'n'},{'kind':'ServiceAccount','name':'s',"
		  "'namespace':'m'}]}",
		  "['x','ClusterRole/view','24h','ana, bo','sre','n/r, m/s']" },
		{ "{'roleRef':{'kind':'Role','name':'r'}}", "['x','Role/r','24h','','','']" },
	};

	ASSERT_CELLS(*state, "rolebindings", cases);
}

static void
volumes_show_what_they_are_for(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'capacity':{'storage':'1536Mi'},'accessModes':['ReadWriteMany','"
		  "ReadWriteOnce','ReadWriteMany'],'persistentVolumeReclaimPolicy':'Retain','"
		  "claimRef':{'namespace':'n','name':'c'},'storageClassName':'fast','volumeMode':'"
		  "Block'},'status':{'phase':'Failed','reason':'Broken'}}",
		  "['x','1536Mi','RWO,RWX','Retain','Failed','n/"
		  "c','fast','Broken','24h','Block']" },
		{ "{'metadata':{'name':'x'," CREATED ",'deletionTimestamp':'" SINCE
		  "'},'spec':{'accessModes':['ReadOnlyMany','ReadWriteOncePod']},'status':{'phase':"
		  "'Bound'}}",
		  "['x','0','ROX,RWOP','','Terminating','','','','24h','<unset>']" },
	};

	ASSERT_CELLS(*state, "persistentvolumes", cases);
}

static void
claims_show_their_volume_once_they_are_bound(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'accessModes':['ReadWriteOnce'],'storageClassName':'fast'},'status':{'"
		  "phase':'Pending','capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce']}}",
		  "['x','Pending','','','','fast','24h','<unset>']" },
		{ "{'metadata':{'name':'x'," CREATED ",'annotations':{'volume.beta.kubernetes.io/"
		  "storage-class':'old'}},'spec':{'volumeName':'pv','volumeMode':'Filesystem','"
		  "storageClassName':'new'},'status':{'phase':'Bound','accessModes':['ReadOnlyMany'"
		  ",'ReadWriteOnce'],'capacity':{'storage':'2Gi'}}}",
		  "['x','Bound','pv','2Gi','RWO,ROX','old','24h','Filesystem']" },
	};

	ASSERT_CELLS(*state, "persistentvolumeclaims", cases);
}

static void
storageclasses_show_the_default(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'provisioner':'p'}", "['x','p','Delete','Immediate',false,'24h']" },
		{ "{'metadata':{'name':'x'," CREATED ",'annotations':{'storageclass.kubernetes.io/"
		  "is-default-class':'true'}},'provisioner':'p','reclaimPolicy':'Retain','"
		  "volumeBindingMode':'WaitForFirstConsumer','allowVolumeExpansion':true}",
		  "['x (default)','p','Retain','WaitForFirstConsumer',true,'24h']" },
	};

	ASSERT_CELLS(*state, "storageclasses", cases);
}

static void
budgets_show_what_they_allow(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'minAvailable':1}}", "['x','1','N/A',0,'24h']" },
		{ "{'spec':{'maxUnavailable':'30%'},'status':{'disruptionsAllowed':2}}",
		  "['x','N/A','30%',2,'24h']" },
	};

	ASSERT_CELLS(*state, "poddisruptionbudgets", cases);
}

static void
quotas_show_used_of_allowed(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'status':{'hard':{'pods':'10','limits.memory':'2Gi','cpu':'4','limits.cpu':'"
		  "1500m'},'used':{'pods':'3','limits.cpu':'0'}}}",
		  "['x','24h','cpu: 0/4, pods: 3/10','limits.cpu: 0/1500m, limits.memory: "
		  "0/2Gi']" },
	};

	ASSERT_CELLS(*state, "resourcequotas", cases);
}

static void
autoscalers_show_what_they_measure_and_aim_at(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'scaleTargetRef':{'kind':'Deployment','name':'web'},'maxReplicas':9,'"
		  "metrics':[{'type':'Resource','resource':{'name':'cpu','target':{'"
		  "averageUtilization':80}}},{'type':'Pods','pods':{'target':{'averageValue':'500m'"
		  "}}}]},'status':{'currentReplicas':4,'currentMetrics':[{'type':'Resource','"
		  "resource':{'current':{'averageUtilization':20,'averageValue':'200m'}}},{'type':'"
		  "Pods','pods':{'current':{'averageValue':'250m'}}}]}}",
		  "['x','Deployment/web','20%/80%, 250m/500m','<unset>',9,4,'24h']" },
		{ "{'spec':{'scaleTargetRef':{'kind':'D','name':'w'},'minReplicas':2,'maxReplicas':"
		  "3,'metrics':[{'type':'External','external':{'target':{'averageValue':'30'}}},{'"
		  "type':'Object','object':{'target':{'value':'10k'}}},{'type':'Pods','pods':{'"
		  "target':{'averageValue':'1'}}}]}}",
		  "['x','D/w','<unknown>/30 (avg), <unknown>/10k + 1 more...','2',3,0,'24h']" },
		{ "{'spec':{'scaleTargetRef':{'kind':'D','name':'w'},'metrics':[{'type':'Resource',"
		  "'resource':{'target':{'averageValue':'100Mi'}}},{'type':'Odd'}]}}",
		  "['x','D/w','<unknown>/100Mi, <unknown type>','<unset>',0,0,'24h']" },
		{ "{'spec':{'scaleTargetRef':{'kind':'D','name':'w'}}}",
		  "['x','D/w','<none>','<unset>',0,0,'24h']" },
	};

	ASSERT_CELLS(*state, "horizontalpodautoscalers", cases);
}

static void
podtemplates_show_containers_and_labels(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'a','"
		  "image':'i'}]}}}",
		  "['x','a','i','a=b']" },
	};

	ASSERT_CELLS(*state, "podtemplates", cases);
}

static void
events_show_when_what_happened(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'involvedObject':{'kind':'Pod','name':'web-0','fieldPath':'spec.containers{"
		  "main}'},'type':'Normal','reason':'Started','message':' it runs "
		  "\\n','source':{'component':'kubelet','host':'node-1'},'firstTimestamp':'2026-01-"
		  "02T02:04:05Z','lastTimestamp':'" SINCE "','count':3}",
		  "['60m','Normal','Started','pod/web-0','spec.containers{main}','kubelet, "
		  "node-1','it runs','120m',3,'x']" },
		{ "{'involvedObject':{'kind':'ReplicaSet'},'firstTimestamp':null}",
		  "['<unknown>','','','replicaset','','','','<unknown>',1,'x']" },
		{ "{'involvedObject':{'kind':'Pod','name':'p'},'eventTime':'2026-01-02T02:04:05."
		  "123456Z','reportingComponent':'c','reportingInstance':'i','series':{'count':7,'"
		  "lastObservedTime':'2026-01-02T03:04:05.000000Z'}}",
		  "['60m','','','pod/p','','c, i','','119m',8,'x']" },
		{ "{'involvedObject':{'kind':'Pod','name':'p'},'eventTime':'2026-01-02T03:04:05."
		  "000000Z','source':{'component':'s'},'reportingComponent':'c'}",
		  "['60m','','','pod/p','','s','','60m',1,'x']" },
	};

	ASSERT_CELLS(*state, "events", cases);
}

static int
set_up(void **state)
{
	*state = kinds_new();
	return 0;
}

static int
tear_down(void **state)
{
	kinds_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_show_status_roles_and_what_runs_them),
		cmocka_unit_test(namespaces_show_their_phase),
		cmocka_unit_test(leases_show_who_holds_them),
		cmocka_unit_test(priorityclasses_show_their_value),
		cmocka_unit_test(webhooks_are_counted),
		cmocka_unit_test(secrets_show_type_and_size),
		cmocka_unit_test(configmaps_show_their_size),
		cmocka_unit_test(serviceaccounts_show_their_secrets),
		cmocka_unit_test(roles_show_when_they_were_made),
		cmocka_unit_test(definitions_show_when_they_were_made),
		cmocka_unit_test(bindings_show_role_and_subjects),
		cmocka_unit_test(volumes_show_what_they_are_for),
		cmocka_unit_test(claims_show_their_volume_once_they_are_bound),
		cmocka_unit_test(storageclasses_show_the_default),
		cmocka_unit_test(budgets_show_what_they_allow),
		cmocka_unit_test(quotas_show_used_of_allowed),
		cmocka_unit_test(autoscalers_show_what_they_measure_and_aim_at),
		cmocka_unit_test(podtemplates_show_containers_and_labels),
		cmocka_unit_test(events_show_when_what_happened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
