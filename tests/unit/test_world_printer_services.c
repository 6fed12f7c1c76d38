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
services_show_how_they_are_reached(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'type':'ClusterIP','clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1'],'"
		  "ports':[{'port':80,'protocol':'TCP'},{'port':53,'protocol':'UDP'}],'selector':{'"
		  "b':'2','a':'1'}}}",
		  "['x','ClusterIP','10.0.0.1','<none>','80/TCP,53/UDP','24h','a=1,b=2']" },
		{ "{'spec':{'type':'ClusterIP','clusterIP':'None'}}",
		  "['x','ClusterIP','None','<none>','<none>','24h','<none>']" },
		{ "{'spec':{'type':'NodePort','clusterIP':'10.0.0.1','externalIPs':['192.0.2.1','"
		  "192.0.2.2'],'ports':[{'port':80,'nodePort':30080,'protocol':'TCP'}]}}",
		  "['x','NodePort','10.0.0.1','192.0.2.1,192.0.2.2','80:30080/"
		  "TCP','24h','<none>']" },
		{ "{'spec':{'type':'LoadBalancer','clusterIP':'10.0.0.1','ports':[]}}",
		  "['x','LoadBalancer','10.0.0.1','<pending>','<none>','24h','<none>']" },
		{ "{'spec':{'type':'LoadBalancer','clusterIP':'10.0.0.1','externalIPs':['10.9.9.9']"
		  "},'status':{'loadBalancer':{'ingress':[{'ip':'198.51.100.7'},{'hostname':'lb."
		  "example.com'},{'ip':'198.51.100.10'}]}}}",
		  "['x','LoadBalancer','10.0.0.1','198.51.100.10,198.51.100.7,lb.example.com,10.9."
		  "9.9','<none>','24h','<none>']" },
		{ "{'spec':{'type':'ExternalName','externalName':'db.example.com'}}",
		  "['x','ExternalName','<none>','db.example.com','<none>','24h','<none>']" },
	};

	ASSERT_CELLS(*state, "services", cases);
}

static void
endpoints_show_the_first_three_addresses(void **state)
{
	static const struct cells_case cases[] = {
		{ "{}", "['x','<none>','24h']" },
		{ "{'subsets':[{'notReadyAddresses':[{'ip':'10.1.1.1'}],'ports':[{'port':80}]}]}",
		  "['x','','24h']" },
		{ "{'subsets':[{'addresses':[{'ip':'10.1.1.1'},{'ip':'10.1.1.2'}],'ports':[{'port':"
		  "80},{'port':81}]}]}",
		  "['x','10.1.1.1:80,10.1.1.2:80,10.1.1.1:81 + 1 more...','24h']" },
		{ "{'subsets':[{'addresses':[{'ip':'10.1.1.1'}]},{'addresses':[{'ip':'fd00::1'}],'"
		  "ports':[{'port':443}]}]}",
		  "['x','10.1.1.1,[fd00::1]:443','24h']" },
		{ "{'subsets':[{'addresses':[{'ip':'a'},{'ip':'b'},{'ip':'c'}]}]}",
		  "['x','a,b,c','24h']" },
	};

	ASSERT_CELLS(*state, "endpoints", cases);
}

static void
endpointslices_show_ports_and_addresses(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'addressType':'IPv4','ports':[],'endpoints':[]}",
		  "['x','IPv4','<unset>','<unset>','24h']" },
		{ "{'addressType':'IPv6','ports':[{'name':'a','port':80},{'name':'b'},{}],'"
		  "endpoints':[{'addresses':['fd00::1']}]}",
		  "['x','IPv6','80,b,*','fd00::1','24h']" },
		{ "{'addressType':'IPv4','ports':[{'port':1},{'port':2},{'port':3},{'port':4},{'"
		  "port':5}],'endpoints':[{'addresses':['1','2']},{'addresses':['3','4']}]}",
		  "['x','IPv4','1,2,3 + 2 more...','1,2,3 + 1 more...','24h']" },
	};

	ASSERT_CELLS(*state, "endpointslices", cases);
}

static void
ingresses_show_hosts_and_ports(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{}}", "['x','<none>','*','','80','24h']" },
		{ "{'spec':{'ingressClassName':'nginx','rules':[{'host':'a'},{},{'host':'b'}],'tls'"
		  ":[{}]},'status':{'loadBalancer':{'ingress':[{'ip':'192.0.2.7'},{'hostname':'h'}]"
		  "}}}",
		  "['x','nginx','a,b','192.0.2.7,h','80, 443','24h']" },
		{ "{'spec':{'rules':[{'host':'a'},{'host':'b'},{'host':'c'},{'host':'d'},{'host':'"
		  "e'}]}}",
		  "['x','<none>','a,b,c + 2 more...','','80','24h']" },
		{ "{'spec':{'rules':[{'host':'a'},{'host':'b'},{'host':'c'}]}}",
		  "['x','<none>','a,b,c','','80','24h']" },
	};

	ASSERT_CELLS(*state, "ingresses", cases);
}

static void
ingressclasses_show_their_parameters(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'controller':'example.com/c'}}",
		  "['x','example.com/c','<none>','24h']" },
		{ "{'spec':{'controller':'c','parameters':{'apiGroup':'k8s.example.com','kind':'P',"
		  "'name':'n'}}}",
		  "['x','c','P.k8s.example.com/n','24h']" },
	};

	ASSERT_CELLS(*state, "ingressclasses", cases);
}

static void
networkpolicies_show_their_selector(void **state)
{
	static const struct cells_case cases[] = {
		{ "{'spec':{'podSelector':{}}}", "['x','<none>','24h']" },
		{ "{'spec':{'podSelector':{'matchLabels':{'a':'b'}}}}", "['x','a=b','24h']" },
	};

	ASSERT_CELLS(*state, "networkpolicies", cases);
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
		cmocka_unit_test(services_show_how_they_are_reached),
		cmocka_unit_test(endpoints_show_the_first_three_addresses),
		cmocka_unit_test(endpointslices_show_ports_and_addresses),
		cmocka_unit_test(ingresses_show_hosts_and_ports),
		cmocka_unit_test(ingressclasses_show_their_parameters),
		cmocka_unit_test(networkpolicies_show_their_selector),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
