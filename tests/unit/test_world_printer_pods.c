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
pods_show_what_their_containers_do(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'containers':[{'name':'a','image':'i'}],'nodeName':'n1'},'status':{'"
		  "phase':'Running','podIP':'10.0.0.1','podIPs':[{'ip':'10.0.0.2'}],'"
		  "containerStatuses':[{'name':'a','ready':true,'state':{'running':{}}}]}}",
		  "['x','1/1','Running','0','24h','10.0.0.2','n1','<none>','<none>']" },
		{ "{'spec':{'containers':[{'name':'a','image':'i'}]},'status':{'phase':'Running','"
		  "podIP':'10.0.0.1','nominatedNodeName':'n9','containerStatuses':[{'name':'a','"
		  "restartCount':12,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{"
		  "'terminated':{'finishedAt':'" SINCE "'}}}]}}",
		  "['x','0/1','CrashLoopBackOff','12 (60m "
		  "ago)','24h','10.0.0.1','<none>','n9','<none>']" },
		{ "{'spec':{'containers':[{'name':'a','image':'i'}]},'status':{'phase':'Running','"
		  "containerStatuses':[{'name':'a','restartCount':2,'state':{'running':{}}}]}}",
		  "['x','0/1','Running','2','24h','<none>','<none>','<none>','<none>']" },
		{ "{'spec':{'containers':[{'name':'a','image':'i'}],'readinessGates':[{'"
		  "conditionType':'a'},{'conditionType':'b'}]},'status':{'phase':'Pending','"
		  "conditions':[{'type':'a','status':'True'},{'type':'b','status':'False'}]}}",
		  "['x','0/1','Pending','0','24h','<none>','<none>','<none>','1/2']" },
		{ "{'metadata':{'name':'x'},'spec':{'containers':[{'name':'a','image':'i'}]}}",
		  "['x','0/1','','0','<unknown>','<none>','<none>','<none>','<none>']" },
	};

	ASSERT_CELLS(*state, "pods", cases);
}

static void
pods_that_have_ended_are_marked(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'status':{'phase':'Succeeded'}}", "[{'type':'Completed','status':'True','"
						      "reason':'Succeeded','message':'The pod has "
						      "completed successfully.'}]" },
		{ "{'status':{'phase':'Failed'}}", "[{'type':'Completed','status':'True','reason':'"
						   "Failed','message':'The pod failed.'}]" },
	};
	const struct kind *pods = kinds_by_word(*state, "pods");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *object = cells_object(cases[i].object);
		cJSON *table = cells_table(pods, object, PRINTER_NONE);

		assert_json(json_at(table, "rows/0/conditions"), cases[i].expected);
		cJSON_Delete(table);
		cJSON_Delete(object);
	}
	cJSON *running = cells_object("{'status':{'phase':'Running'}}");
	cJSON *table = cells_table(pods, running, PRINTER_NONE);
	assert_null(json_at(table, "rows/0/conditions"));
	cJSON_Delete(table);
	cJSON_Delete(running);
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
		cmocka_unit_test(pods_show_what_their_containers_do),
		cmocka_unit_test(pods_that_have_ended_are_marked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
