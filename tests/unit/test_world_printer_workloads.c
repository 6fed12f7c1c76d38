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
deployments_show_ready_of_wanted(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'replicas':3,'selector':{'matchLabels':{'app':'web'},'matchExpressions'"
		  ":[{'key':'t','operator':'In','values':['y','x']},{'key':'o','operator':'"
		  "DoesNotExist'}]},'template':{'spec':{'containers':[{'name':'a','image':'i1'},{'"
		  "name':'b','image':'i2'}]}}},'status':{'readyReplicas':2,'updatedReplicas':1,'"
		  "availableReplicas':4}}",
		  "['x','2/3',1,4,'24h','a,b','i1,i2','app=web,!o,t in (x,y)']" },
		{ "{'spec':{'selector':{}}}", "['x','0/1',0,0,'24h','','','<none>']" },
	};

	ASSERT_CELLS(*state, "deployments", cases);
}

static void
replicasets_show_wanted_current_and_ready(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'replicas':0,'selector':{'matchLabels':{'app':'web'},'matchExpressions'"
		  ":[{'key':'t','operator':'In','values':['y','x']},{'key':'o','operator':'"
		  "DoesNotExist'}]},'template':{'spec':{'containers':[{'name':'a','image':'i1'},{'"
		  "name':'b','image':'i2'}]}}},'status':{'replicas':4,'readyReplicas':2}}",
		  "['x',0,4,2,'24h','a,b','i1,i2','app=web,!o,t in (x,y)']" },
	};

	ASSERT_CELLS(*state, "replicasets", cases);
}

static void
replicationcontrollers_have_a_plain_selector(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'replicas':1,'selector':{'b':'2','a':'1'},'template':{'spec':{'"
		  "containers':[{'name':'a','image':'i1'},{'name':'b','image':'i2'}]}}}}",
		  "['x',1,0,0,'24h','a,b','i1,i2','a=1,b=2']" },
	};

	ASSERT_CELLS(*state, "replicationcontrollers", cases);
}

static void
statefulsets_show_ready_of_wanted(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'replicas':2,'template':{'spec':{'containers':[{'name':'a','image':'i1'"
		  "},{'name':'b','image':'i2'}]}}},'status':{'readyReplicas':1}}",
		  "['x','1/2','24h','a,b','i1,i2']" },
	};

	ASSERT_CELLS(*state, "statefulsets", cases);
}

static void
daemonsets_show_their_counts_and_where(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'selector':{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'t',"
		  "'operator':'In','values':['y','x']},{'key':'o','operator':'DoesNotExist'}]},'"
		  "template':{'spec':{'nodeSelector':{'z':'1','y':'2'},'containers':[]}}},'status':"
		  "{'desiredNumberScheduled':5,'currentNumberScheduled':4,'numberReady':3,'"
		  "updatedNumberScheduled':2,'numberAvailable':1}}",
		  "['x',5,4,3,2,1,'y=2,z=1','24h','','','app=web,!o,t in (x,y)']" },
		{ "{'spec':{'selector':{'matchLabels':{'a':'b'}},'template':{'spec':{'containers':["
		  "{'name':'a','image':'i1'},{'name':'b','image':'i2'}]}}}}",
		  "['x',0,0,0,0,0,'<none>','24h','a,b','i1,i2','a=b']" },
	};

	ASSERT_CELLS(*state, "daemonsets", cases);
}

static void
controllerrevisions_name_who_controls_them(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'metadata':{'name':'x'," CREATED
		  ",'ownerReferences':[{'apiVersion':'v1','kind':'Pod','name':'p'},{'apiVersion':'"
		  "apps/v1','kind':'StatefulSet','name':'web','controller':true}]},'revision':12}",
		  "['x','statefulset.apps/web',12,'24h']" },
		{ "{'metadata':{'name':'x'," CREATED
		  ",'ownerReferences':[{'apiVersion':'v1','kind':'Pod','name':'p','controller':"
		  "true}]},'revision':1}",
		  "['x','pod/p',1,'24h']" },
		{ "{'revision':3}", "['x','<none>',3,'24h']" },
	};

	ASSERT_CELLS(*state, "controllerrevisions", cases);
}

static void
jobs_show_completions_and_duration(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'completions':3,'parallelism':2,'selector':{'matchLabels':{'app':'web'}"
		  ",'matchExpressions':[{'key':'t','operator':'In','values':['y','x']},{'key':'o','"
		  "operator':'DoesNotExist'}]},'template':{'spec':{'containers':[{'name':'a','"
		  "image':'i1'},{'name':'b','image':'i2'}]}}},'status':{'succeeded':1,'startTime':"
		  "'" SINCE "'}}",
		  "['x','1/3','60m','24h','a,b','i1,i2','app=web,!o,t in (x,y)']" },
		{ "{'spec':{'parallelism':4,'selector':{}},'status':{'startTime':'" SINCE
		  "','completionTime':'2026-01-02T03:07:15Z'}}",
		  "['x','0/1 of 4','3m10s','24h','','','<none>']" },
		{ "{'spec':{'parallelism':1,'selector':{}},'status':{'succeeded':1}}",
		  "['x','1/1','','24h','','','<none>']" },
		{ "{'spec':{'completions':0,'selector':{}}}",
		  "['x','0/0','','24h','','','<none>']" },
	};

	ASSERT_CELLS(*state, "jobs", cases);
}

static void
cronjobs_show_when_they_last_ran(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'schedule':'0 3 * * "
		  "*','suspend':false,'jobTemplate':{'spec':{'selector':{'matchLabels':{'a':'b'}},'"
		  "template':{'spec':{'containers':[{'name':'a','image':'i1'},{'name':'b','image':'"
		  "i2'}]}}}}},'status':{'active':[{},{}],'lastScheduleTime':'" SINCE "'}}",
		  "['x','0 3 * * *','False',2,'60m','24h','a,b','i1,i2','a=b']" },
		{ "{'spec':{'schedule':'* * * * "
		  "*','suspend':true,'jobTemplate':{'spec':{'template':{'spec':{'containers':[{'"
		  "name':'a','image':'i1'},{'name':'b','image':'i2'}]}}}}}}",
		  "['x','* * * * *','True',0,'<none>','24h','a,b','i1,i2','<none>']" },
		{ "{'spec':{'schedule':'* * * * *','jobTemplate':{'spec':{}}}}",
		  "['x','* * * * *','<unset>',0,'<none>','24h','','','<none>']" },
	};

	ASSERT_CELLS(*state, "cronjobs", cases);
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
		cmocka_unit_test(deployments_show_ready_of_wanted),
		cmocka_unit_test(replicasets_show_wanted_current_and_ready),
		cmocka_unit_test(replicationcontrollers_have_a_plain_selector),
		cmocka_unit_test(statefulsets_show_ready_of_wanted),
		cmocka_unit_test(daemonsets_show_their_counts_and_where),
		cmocka_unit_test(controllerrevisions_name_who_controls_them),
		cmocka_unit_test(jobs_show_completions_and_duration),
		cmocka_unit_test(cronjobs_show_when_they_last_ran),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
