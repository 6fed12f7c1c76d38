#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_object.h"
#include "world/object/selector.h"

#define OBJECT                                                                                     \
	"{'metadata':{'name':'n','namespace':'s','labels':{'app':'web','n':'5','e':'','x.io/"      \
	"k':'v',"                                                                                  \
	"'in':'in'}}}"

/* ---- labels ---- */

static struct selector *
parse(const char *text)
{
	struct selector *selector;
	struct refusal r = REFUSAL_INIT;

	if (selector_parse_labels(text, &selector, &r) < 0)
		fail_msg("%s: %s", text, r.message);
	return selector;
}

static bool
selects(const char *text, const char *object_text)
{
	struct selector *selector = parse(text);
	cJSON *object = object_of(object_text);
	bool yes = selector_matches(selector, object);

	cJSON_Delete(object);
	selector_free(selector);
	return yes;
}

static void
labels_that_hold_match(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"app=web",
		"app==web",
		"app = web",
		"\tapp\t=\tweb ",
		"app!=db",
		"no!=db",
		"app",
		"!no",
		"! no",
		"e=",
		"e==",
		"app in (web)",
		"app in (db,web)",
		"e in ()",
		"e in (,x)",
		"app notin (db)",
		"no notin (db)",
		"app notin(db ,x)",
		"n>4",
		"n<6",
		"n > 4",
		"app=web,n=5,!no",
		"x.io/k=v",
		"in in (in,notin)",
		"in",
		"in=in",
		"app in (web),n",
		"no notin (,)",
		"e in (a,,b)",
		"e in (a,)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!selects(texts[i], OBJECT))
			fail_msg("'%s' does not match", texts[i]);
}

static void
labels_that_do_not_hold_do_not_match(void **state)
{
	static const char *const texts[] = {
		"app=db",   "app!=web",		  "no",	 "!app", "app in (db)", "app in ()",
		"no in ()", "app notin (web,db)", "n>5", "n<5",	 "app>1",	"no>1",
		"no<1",	    "app=web,n=6",	  "e!=", "no=",	 "e notin (,)", "App=web",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (selects(texts[i], OBJECT))
			fail_msg("'%s' matches", texts[i]);
}

static void
labels_of_nothing_match_everything(void **state)
{
	cJSON *object = object_of("{}");
	struct selector *selector = parse(NULL);

	(void)state;
	assert_true(selector_matches(selector, object));
	assert_true(selector_matches(NULL, object));
	selector_free(selector);
	selector_free(NULL);
	cJSON_Delete(object);
	assert_true(selects("!a,b!=c", "{'metadata':{}}"));
}

#define REQUIREMENT "unable to parse requirement: "
#define NAME_RULE                                                                                  \
	"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "  \
	"end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "  \
	"used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static void
labels_that_are_wrong_are_refused_in_the_servers_words(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a in (b", REQUIREMENT "found '', expected: ',' or ')'" },
		{ "a in b", REQUIREMENT "found 'b' expected: '('" },
		{ "a in (b c)", REQUIREMENT "found 'c', expected: ',' or ')'" },
		{ "a in (=)", REQUIREMENT "found '=', expected: ',', ')' or identifier" },
		{ "a in (,=)", REQUIREMENT "found '=', expected: ',', or identifier" },
		{ "!", REQUIREMENT "found '', expected: identifier" },
		{ "!a b", "found 'b', expected: ',' or 'end of string'" },
		{ "a,", "found '', expected: identifier after ','" },
		{ "a,,b", "found ',', expected: identifier after ','" },
		{ ",a", "found ',', expected: !, identifier, or 'end of string'" },
		{ "()", "found '(', expected: !, identifier, or 'end of string'" },
		{ "a b", REQUIREMENT "found 'b', expected: '=', '!=', '==', 'in', notin'" },
		{ "a===b", REQUIREMENT "found '=', expected: identifier" },
		{ "a=>b", REQUIREMENT "found '>', expected: identifier" },
		{ "a>b", REQUIREMENT "for 'Gt', 'Lt' operators, the value must be an integer" },
		{ "a>", REQUIREMENT "for 'Gt', 'Lt' operators, the value must be an integer" },
		{ "a=b=c", "found '=', expected: ',' or 'end of string'" },
		{ "-a=b", REQUIREMENT "invalid label key \"-a\": " NAME_RULE },
		{ "a/=b",
		  REQUIREMENT "invalid label key \"a/\": name part must be non-empty; " NAME_RULE },
		{ "/a=b", REQUIREMENT "invalid label key \"/a\": prefix part must be non-empty" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector *selector = NULL;
		struct refusal r = REFUSAL_INIT;

		assert_int_equal(selector_parse_labels(cases[i].text, &selector, &r), -1);
		assert_null(selector);
		assert_int_equal(r.code, 400);
		assert_string_equal(r.reason, "BadRequest");
		assert_string_equal(r.message, cases[i].message);
		refusal_release(&r);
	}
}

static void
labels_have_bounds(void **state)
{
	char text[300], message[600] = "";
	struct selector *selector = NULL;
	struct refusal r = REFUSAL_INIT;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a=", 2);
	text[2 + 63] = '\0';
	selector_free(parse(text));
	text[2 + 63] = 'x';
	text[2 + 64] = '\0';
	assert_int_equal(selector_parse_labels(text, &selector, &r), -1);
	snprintf(message, sizeof(message),
		 REQUIREMENT "invalid label value: \"%s\": at key: \"a\": must be no more than 63 "
			     "characters",
		 text + 2);
	assert_string_equal(r.message, message);
	refusal_release(&r);
}

/* ---- of objects ---- */

static void
an_objects_selector_has_labels_and_expressions(void **state)
{
	static const struct {
		const char *selector;
		bool matches;
	} cases[] = {
		{ "{'matchLabels':{'app':'web'}}", true },
		{ "{'matchLabels':{'app':'web','n':'6'}}", false },
		{ "{'matchExpressions':[{'key':'app','operator':'In','values':['x','web']}]}",
		  true },
		{ "{'matchExpressions':[{'key':'app','operator':'NotIn','values':['web']}]}",
		  false },
		{ "{'matchExpressions':[{'key':'app','operator':'Exists'}]}", true },
		{ "{'matchExpressions':[{'key':'app','operator':'DoesNotExist'}]}", false },
		{ "{'matchExpressions':[{'key':'app','operator':'Like','values':['web']}]}",
		  false },
		{ "{}", true },
		{ "null", false },
	};
	cJSON *object = object_of(OBJECT);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *tree = object_of(cases[i].selector);
		struct selector *selector = selector_from_object(tree);

		if (selector_matches(selector, object) != cases[i].matches)
			fail_msg("%s", cases[i].selector);
		selector_free(selector);
		cJSON_Delete(tree);
	}
	cJSON_Delete(object);
}

static void
a_map_selects_what_has_all_of_it_and_an_empty_one_nothing(void **state)
{
	cJSON *object = object_of(OBJECT), *map = object_of("{'app':'web','e':''}");
	cJSON *more = object_of("{'app':'web','z':''}"), *empty = object_of("{}");
	struct selector *selectors[] = { selector_from_map(map), selector_from_map(more),
					 selector_from_map(empty), selector_from_map(NULL) };

	(void)state;
	assert_true(selector_matches(selectors[0], object));
	for (size_t i = 1; i < 4; i++)
		assert_false(selector_matches(selectors[i], object));
	for (size_t i = 0; i < 4; i++)
		selector_free(selectors[i]);
	cJSON_Delete(object);
	cJSON_Delete(map);
	cJSON_Delete(more);
	cJSON_Delete(empty);
}

static void
format_writes_by_keys_what_parses_again(void **state)
{
	static const char *const cases[][2] = {
		{ "b=1,a!=2,!c,d", "a!=2,b=1,!c,d" },
		{ "z in (b,a),y notin (q)", "y notin (q),z in (a,b)" },
		{ "n>3,n<9", "n>3,n<9" },
		{ "a==b", "a=b" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector *selector = parse(cases[i][0]);
		char *text = selector_format(selector);

		assert_string_equal(text, cases[i][1]);
		selector_free(parse(text));
		free(text);
		selector_free(selector);
	}
}

/* ---- fields ---- */

static const struct kind *
kind_of(void **state, const char *word)
{
	const struct kind *kind = kinds_by_word(*state, word);

	assert_non_null(kind);
	return kind;
}

#define POD                                                                                        \
	"{'metadata':{'name':'p','namespace':'s'},'spec':{'nodeName':'node-1','restartPolicy':"    \
	"'Never'},'status':{'phase':'Running','podIP':'10.0.0.1'}}"
#define EVENT                                                                                      \
	"{'metadata':{'name':'e'},'involvedObject':{'kind':'Pod','name':'p'},'reason':'Started',"  \
	"'type':'Normal','source':{'component':'kubelet'}}"

static void
fields_of_a_kind_are_compared(void **state)
{
	static const struct {
		const char *word, *text, *object;
		bool matches;
	} cases[] = {
		{ "pods", "metadata.name=p,metadata.namespace=s", POD, true },
		{ "pods", "metadata.name!=p", POD, false },
		{ "pods", "spec.nodeName==node-1", POD, true },
		{ "pods", "spec.host=node-1", POD, true },
		{ "pods", "status.phase!=Running", POD, false },
		{ "pods", "status.phase=Running,spec.restartPolicy=Never", POD, true },
		{ "pods", "spec.schedulerName=default-scheduler", POD, true },
		{ "pods", "status.podIP=10.0.0.1", POD, true },
		{ "pods", "status.nominatedNodeName=", POD, true },
		{ "pods", "spec.serviceAccountName=x", POD, false },
		{ "pods", "", POD, true },
		{ "pods", ",,", POD, true },
		{ "pods", "metadata.name=a\\,b", "{'metadata':{'name':'a,b'}}", true },
		{ "pods", "metadata.name=a\\=\\\\b", "{'metadata':{'name':'a=\\\\b'}}", true },
		{ "events", "involvedObject.name=p,involvedObject.kind=Pod", EVENT, true },
		{ "events", "type=Warning", EVENT, false },
		{ "events", "source=kubelet", EVENT, true },
		{ "events.events.k8s.io", "regarding.name=p,type!=Warning", EVENT, true },
		{ "secrets", "type=Opaque", "{}", true },
		{ "nodes", "spec.unschedulable=false", "{}", true },
		{ "nodes", "spec.unschedulable=true", "{'spec':{'unschedulable':true}}", true },
		{ "namespaces", "status.phase=Active", "{'status':{'phase':'Active'}}", true },
		{ "jobs", "status.successful=2", "{'status':{'succeeded':2}}", true },
		{ "jobs", "status.successful=0", "{}", true },
		{ "deployments", "metadata.name=d", "{'metadata':{'name':'d'}}", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector *selector;
		struct refusal r = REFUSAL_INIT;
		cJSON *object = object_of(cases[i].object);

		assert_int_equal(selector_parse_fields(cases[i].text, kind_of(state, cases[i].word),
						       &selector, &r),
				 0);
		if (selector_matches(selector, object) != cases[i].matches)
			fail_msg("%s '%s'", cases[i].word, cases[i].text);
		selector_free(selector);
		cJSON_Delete(object);
	}
}

#define UNKNOWN "is not a known field selector: only \"metadata.name\", \"metadata.namespace\""

static void
fields_that_are_wrong_are_refused_in_the_servers_words(void **state)
{
	static const struct {
		const char *word, *text, *message;
	} cases[] = {
		{ "pods", "foo=bar", "field label not supported: foo" },
		{ "pods", "metadata.name=x,foo!=y", "field label not supported: foo" },
		{ "pods", "=x", "field label not supported: " },
		{ "pods", "a", "invalid selector: 'a'; can't understand 'a'" },
		{ "pods", "metadata.name=x,b",
		  "invalid selector: 'metadata.name=x,b'; can't understand 'b'" },
		{ "pods", "a=b=c", "invalid field selector: unescaped character in value: 61" },
		{ "pods", "metadata.name=a\\",
		  "invalid field selector: invalid escape sequence: \\" },
		{ "pods", "metadata.name=a\\x",
		  "invalid field selector: invalid escape sequence: \\x" },
		{ "nodes", "metadata.namespace=x",
		  "field label not supported: metadata.namespace" },
		{ "services", "spec.type=x", "\"spec.type\" " UNKNOWN },
		{ "jobs", "status.failed=1",
		  "field label \"status.failed\" not supported for batchv1.Job" },
		{ "events.events.k8s.io", "involvedObject.name=x",
		  "field label not supported: involvedObject.name" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector *selector;
		struct refusal r = REFUSAL_INIT;

		assert_int_equal(selector_parse_fields(cases[i].text, kind_of(state, cases[i].word),
						       &selector, &r),
				 -1);
		assert_int_equal(r.code, 400);
		assert_string_equal(r.message, cases[i].message);
		refusal_release(&r);
	}
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
		cmocka_unit_test(labels_that_hold_match),
		cmocka_unit_test(labels_that_do_not_hold_do_not_match),
		cmocka_unit_test(labels_of_nothing_match_everything),
		cmocka_unit_test(labels_that_are_wrong_are_refused_in_the_servers_words),
		cmocka_unit_test(labels_have_bounds),
		cmocka_unit_test(an_objects_selector_has_labels_and_expressions),
		cmocka_unit_test(a_map_selects_what_has_all_of_it_and_an_empty_one_nothing),
		cmocka_unit_test(format_writes_by_keys_what_parses_again),
		cmocka_unit_test(fields_of_a_kind_are_compared),
		cmocka_unit_test(fields_that_are_wrong_are_refused_in_the_servers_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
