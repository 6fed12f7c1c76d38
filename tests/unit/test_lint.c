#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runbook_broken.h"

static const struct broken broken_documents[] = {
	{ "duplicate_step_id",
	  HEAD STEPS "  - {id: a, title: B, uses: manual.confirm, with: {prompt: Go}}\n",
	  "6:10: error: the id \"a\" is taken: line 5 has it already", "          ^" },
	{ "duplicate_end_id", HEAD STEPS "ends: [{id: x, title: X}, {id: x, title: Y}]\n",
	  "6:32: error: the id \"x\" is taken: line 6 has it already",
	  "                                ^" },
	{ "unknown_type",
	  HEAD TARGETS STEP "    uses: kubernetes.gte\n"
			    "    target: k8s\n",
	  "11:11: error: unknown step type \"kubernetes.gte\"; did you mean "
	  "\"kubernetes.get\"?",
	  "           ^~~~~~~~~~~~~~" },
	{ "reserved_type", HEAD TARGETS STEP "    uses: tls.check\n",
	  "11:11: error: \"tls.check\" is part of lifeboat/v1, but this version of "
	  "lifeboat cannot run it",
	  "           ^~~~~~~~~" },
	{ "check_changes",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    verify: [{uses: kubernetes.apply}]\n",
	  "14:21: error: a check only reads, and \"kubernetes.apply\" changes things",
	  "                     ^~~~~~~~~~~~~~~~" },
	{ "check_asks",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    verify: [{uses: manual.confirm, with: {prompt: Ok}}]\n",
	  "14:21: error: a check only reads, and \"manual.confirm\" asks the operator",
	  "                     ^~~~~~~~~~~~~~" },
	{ "nested_check_unknown_type",
	  HEAD TARGETS STEP "    uses: wait.until\n"
			    "    with: {until: {uses: http.chek}}\n",
	  "12:26: error: unknown step type \"http.chek\"; did you mean \"http.check\"?",
	  "                          ^~~~~~~~~" },
	{ "target_unknown",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8\n"
			    "    with: {resource: pods}\n",
	  "12:13: error: there is no target \"k8\"; did you mean \"k8s\"?", "             ^~" },
	{ "target_of_wrong_kind",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: web\n"
			    "    with: {resource: pods}\n",
	  "12:13: error: \"kubernetes.get\" wants a target of type kubernetes, and "
	  "\"web\" is of type http",
	  "             ^~~" },
	{ "target_missing",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    with: {resource: pods}\n",
	  "11:11: error: \"kubernetes.get\" needs a target of type kubernetes",
	  "           ^~~~~~~~~~~~~~" },
	{ "target_not_taken",
	  HEAD TARGETS STEP "    uses: manual.confirm\n"
			    "    target: k8s\n"
			    "    with: {prompt: Ok}\n",
	  "12:13: error: \"manual.confirm\" takes no target", "             ^~~" },
	{ "target_is_a_group",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: many\n"
			    "    with: {resource: pods}\n",
	  "12:13: error: \"many\" is a group of targets: write for_each: {in: "
	  ".targets.many, as: cluster} in the step, and target: \"${.cluster}\"",
	  "             ^~~~" },
	{ "probe_changes",
	  HEAD TARGETS STEP
	  "    uses: kubernetes.get\n"
	  "    target: k8s\n"
	  "    with: {resource: pods}\n"
	  "impact:\n"
	  "  - {operation: O, level: total, probe: {target: many, uses: kubernetes.apply}}\n",
	  "15:62: error: a check only reads, and \"kubernetes.apply\" changes things",
	  "                                                              ^~~~~~~~~~~~~~~~" },
	{ "check_target_missing",
	  HEAD TARGETS STEP "    uses: manual.confirm\n"
			    "    with: {prompt: Go}\n"
			    "    verify: [{uses: kubernetes.get, with: {resource: pods}}]\n",
	  "13:21: error: \"kubernetes.get\" needs a target of type kubernetes",
	  "                     ^~~~~~~~~~~~~~" },
	{ "check_target_does_not_fit",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    verify: [{uses: http.check}]\n",
	  "14:21: error: \"http.check\" needs a target of type http",
	  "                     ^~~~~~~~~~" },
	{ "pane_target_of_wrong_kind",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    panes: {pods: [{target: web}]}\n",
	  "14:29: error: a pane wants a target of type kubernetes, and \"web\" is of "
	  "type http",
	  "                             ^~~" },
	{ "target_type_unknown", HEAD "targets: {a: {type: kubernets}}\n" STEPS,
	  "4:21: error: \"type\" wants kubernetes, postgresql, dns or http, not "
	  "\"kubernets\"; did you mean \"kubernetes\"?",
	  "                     ^~~~~~~~~" },
	{ "target_type_missing", HEAD "targets: {a: {context: x}}\n" STEPS,
	  "4:14: error: missing key \"type\" in a target", "              ^" },
	{ "target_key_unknown",
	  HEAD "targets: {a: {type: dns, zone: x, resolver: 1.1.1.1}}\n" STEPS,
	  "4:35: error: unknown key \"resolver\" in a dns target; did you mean "
	  "\"resolvers\"?",
	  "                                   ^~~~~~~~" },
	{ "target_key_missing", HEAD "targets: {a: {type: dns}}\n" STEPS,
	  "4:14: error: missing key \"zone\" in a dns target", "              ^" },
	{ "target_two_contexts",
	  HEAD "targets: {a: {type: kubernetes, context: a, contexts: [b]}}\n" STEPS,
	  "4:55: error: a target has either \"context\" or \"contexts\"",
	  "                                                       ^" },
	{ "target_uses_step",
	  HEAD "targets: {a: {type: kubernetes, context: '${.steps.a.ctx}'}}\n" STEPS,
	  "4:52: error: parameters and targets are settled before the first step: no "
	  "step has a result yet",
	  "                                                    ^" },
	{ "password_in_file",
	  HEAD "targets: {d: {type: postgresql, conninfo: a, password: hunter22}}\n" STEPS,
	  "4:56: error: \"password\" must not stand in the file: make it a parameter "
	  "of type secret and write ${.params.NAME}",
	  "                                                        ^~~~~~~~" },
	{ "password_in_conninfo",
	  HEAD "targets: {d: {type: postgresql, conninfo: user=a password=b}}\n" STEPS,
	  "4:43: error: a password must not stand in the file: make it a parameter of "
	  "type secret and write password: \"${.params.NAME}\"",
	  "                                           ^~~~~~~~~~~~~~~~~" },
	{ "password_in_conninfo_spaced",
	  HEAD "targets: {d: {type: postgresql, conninfo: 'user=a password = b'}}\n" STEPS,
	  "4:43: error: a password must not stand in the file: make it a parameter of "
	  "type secret and write password: \"${.params.NAME}\"",
	  "                                           ^~~~~~~~~~~~~~~~~~~~~" },
	{ "password_in_conninfo_uri",
	  HEAD "targets: {d: {type: postgresql, conninfo: 'postgresql://a:b@db:5432/x'}}\n" STEPS,
	  "4:43: error: a password must not stand in the file: make it a parameter of "
	  "type secret and write password: \"${.params.NAME}\"",
	  "                                           ^~~~~~~~~~~~~~~~~~~~~~~~~~~~" },
	{ "password_not_secret",
	  HEAD "params: {pw: {type: string}}\n"
	       "targets: {d: {type: postgresql, conninfo: a, password: '${.params.pw}'}}\n" STEPS,
	  "5:67: error: \"pw\" is of type string: what is used as a password must be "
	  "of type secret, so that it is masked",
	  "                                                                   ^~" },
	{ "rto_step_unknown", HEAD STEPS "rto: [{title: R, target: 5m, from: a, to: b}]\n",
	  "6:43: error: there is no step \"b\"; did you mean \"a\"?",
	  "                                           ^" },
	{ "rto_backwards",
	  HEAD STEPS "  - {id: b, title: B, uses: manual.confirm, with: {prompt: Go}}\n"
		     "rto: [{title: R, target: 5m, from: b, to: a}]\n",
	  "7:43: error: step \"a\" comes before \"b\": the time would end before it "
	  "begins",
	  "                                           ^" },
	{ "goto_unknown",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    on_failure: {goto: b}\n",
	  "14:24: error: there is no step \"b\"; did you mean \"a\"?",
	  "                        ^" },
	{ "goto_itself",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    on_failure: {goto: a, max: 2}\n",
	  "14:24: error: a step cannot go to itself: write retry, or let it pause",
	  "                        ^" },
	{ "goto_back_without_max",
	  HEAD TARGETS STEP
	  "    uses: kubernetes.get\n"
	  "    target: k8s\n"
	  "    with: {resource: pods}\n"
	  "    estimate: 1m\n"
	  "  - {id: b, title: B, uses: manual.confirm, with: {prompt: Go}, on_failure: "
	  "{goto: a}}\n",
	  "15:84: error: going back to \"a\" could go on for ever: add max, as in "
	  "{goto: a, max: 2}",
	  "                                                                                    ^" },
	{ "goto_max_zero",
	  HEAD TARGETS STEP
	  "    uses: kubernetes.get\n"
	  "    target: k8s\n"
	  "    with: {resource: pods}\n"
	  "    estimate: 1m\n"
	  "  - {id: b, title: B, uses: manual.confirm, with: {prompt: Go}, on_failure: "
	  "{goto: a, max: 0}}\n",
	  "15:92: error: \"max\" wants a number of at least 1",
	  "                                                                                        "
	  "    ^" },
	{ "retry_of_a_change",
	  HEAD TARGETS STEP "    uses: kubernetes.apply\n"
			    "    target: k8s\n"
			    "    verify: [{uses: kubernetes.get, with: {resource: pods}}]\n"
			    "    retry: {max_attempts: 3}\n",
	  "14:12: error: \"kubernetes.apply\" changes things, and is not tried again "
	  "by itself: remove retry, or say idempotent: true where doing it twice is "
	  "harmless",
	  "            ^" },
	{ "retry_out_of_range",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    retry: {max_attempts: 1000}\n",
	  "14:27: error: \"max_attempts\" wants a number from 1 to 100",
	  "                           ^~~~" },
	{ "backoff_factor",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    retry: {max_attempts: 3, backoff: {factor: 0.5}}\n",
	  "14:48: error: \"factor\" wants a number of at least 1",
	  "                                                ^~~" },
	{ "wait_without_verify",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    wait: {timeout: 1m}\n",
	  "14:11: warning: \"wait\" has no meaning without \"verify\"", "           ^" },
	{ "wait_too_often",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    verify: [{uses: kubernetes.get, with: {resource: a}}]\n"
			    "    wait: {interval: 10ms, timeout: 1m}\n",
	  "15:22: error: \"interval\" wants at least 100ms", "                      ^~~~" },
	{ "change_without_verify",
	  HEAD TARGETS STEP "    uses: kubernetes.apply\n"
			    "    target: k8s\n",
	  "11:11: warning: \"kubernetes.apply\" changes things, and nothing verifies "
	  "that it did: add verify",
	  "           ^~~~~~~~~~~~~~~~" },
	{ "confirm_weaker",
	  HEAD TARGETS STEP "    uses: kubernetes.delete\n"
			    "    target: k8s\n"
			    "    with: {resource: a}\n"
			    "    confirm: ask\n"
			    "    verify: [{uses: kubernetes.get, with: {resource: a}}]\n",
	  "14:14: error: \"ask\" is less than \"kubernetes.delete\" asks for by "
	  "itself, which is type-name: leave it out, or write two-person",
	  "              ^~~" },
	{ "loop_variable_reserved",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    for_each: {in: .targets.many, as: run}\n",
	  "14:39: error: \"run\" has a meaning of its own: choose another name",
	  "                                       ^~~" },
	{ "loop_variable_with_dash",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    for_each: {in: .targets.many, as: a-b}\n",
	  "14:39: error: \"a-b\" cannot be written as .a-b: use _ for -",
	  "                                       ^~~" },
	{ "output_name",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    outputs: {A-b: .x}\n",
	  "14:15: error: \"A-b\" is no name for an output: a-z, 0-9 and _, a letter "
	  "first",
	  "               ^~~" },
	{ "param_type_unknown",
	  HEAD "params:\n"
	       "  a: {type: strnig}\n" STEPS,
	  "5:13: error: \"type\" wants string, text, int, bool, choice, hostname, ip, "
	  "url, path, duration, list or secret, not \"strnig\"; did you mean "
	  "\"string\"?",
	  "             ^~~~~~" },
	{ "param_name",
	  HEAD "params:\n"
	       "  My-param: {type: string}\n" STEPS,
	  "5:3: error: \"My-param\" is no name for a parameter: a-z, 0-9 and _, a "
	  "letter first",
	  "   ^~~~~~~~" },
	{ "param_choice_without_choices",
	  HEAD "params:\n"
	       "  a: {type: choice}\n" STEPS,
	  "5:6: error: missing key \"choices\" in a parameter of type choice", "      ^" },
	{ "param_choices_elsewhere",
	  HEAD "params:\n"
	       "  a: {choices: [x]}\n" STEPS,
	  "5:16: error: only a parameter of type choice takes \"choices\", and \"a\" "
	  "is of type string",
	  "                ^" },
	{ "param_default_type",
	  HEAD "params:\n"
	       "  a: {type: int, default: many}\n" STEPS,
	  "5:27: error: \"default\" wants a whole number, not \"many\"",
	  "                           ^~~~" },
	{ "param_default_choice",
	  HEAD "params:\n"
	       "  a: {type: choice, choices: [red, blue], default: green}\n" STEPS,
	  "5:52: error: the default of \"a\": \"green\" is not one of the choices: red "
	  "or blue",
	  "                                                    ^~~~~" },
	{ "param_default_hostname",
	  HEAD "params:\n"
	       "  a: {type: hostname, default: no_host!}\n" STEPS,
	  "5:32: error: the default of \"a\": \"no_host!\" is no host name: write "
	  "labels of letters, digits and hyphens with dots between them, as in "
	  "tsb.example.com",
	  "                                ^~~~~~~~" },
	{ "param_default_secret",
	  HEAD "params:\n"
	       "  a: {type: secret, default: x}\n" STEPS,
	  "5:30: error: a secret has no default: its value must not stand in the file",
	  "                              ^" },
	{ "param_default_later",
	  HEAD "params:\n"
	       "  a: {default: \"x-${.params.b}\"}\n"
	       "  b: {}\n" STEPS,
	  "5:29: error: the default of \"a\" uses \"b\", which comes later: put \"b\" "
	  "before it",
	  "                             ^" },
	{ "param_default_itself",
	  HEAD "params:\n"
	       "  a: {default: \"${.params.a}\"}\n" STEPS,
	  "5:27: error: the default of \"a\" uses \"a\" itself", "                           ^" },
	{ "param_list_of_lists",
	  HEAD "params:\n"
	       "  a: {type: list, items: list}\n" STEPS,
	  "5:26: error: a list cannot hold elements of type list",
	  "                          ^~~~" },
	{ "param_pattern",
	  HEAD "params:\n"
	       "  a: {pattern: '[a'}\n" STEPS,
	  "5:16: error: \"pattern\" is no extended regular expression: "
	  "Unmatched [, [^, [:, [., or [=",
	  "                ^~~~" },
	{ "template_not_closed",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: \"${.params.x\"}\n",
	  "13:22: error: ${.params.x: the ${ is not closed by a matching }",
	  "                      ^~~~~~~~~~~~~" },
	{ "template_does_not_compile",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: \"ab ${1 +}\"}\n",
	  "13:28: error: not a valid expression: syntax error, unexpected the end of "
	  "the expression",
	  "                            ^~~" },
	{ "param_unknown_in_template",
	  HEAD "params: {name: {}}\n"
	       "targets:\n"
	       "  k8s: {type: kubernetes}\n"
	       "  many: {type: kubernetes, contexts: [a, b]}\n"
	       "  web: {type: http, url: \"http://h\"}\n"
	       "steps:\n"
	       "  - id: a\n"
	       "    title: A\n"
	       "    uses: kubernetes.get\n"
	       "    target: k8s\n"
	       "    with: {resource: 'x ${.params.nmae}'}\n",
	  "14:35: error: there is no parameter \"nmae\"; did you mean \"name\"?",
	  "                                   ^~~~" },
	{ "param_unknown_after_escape",
	  HEAD "params: {name: {}}\n"
	       "targets:\n"
	       "  k8s: {type: kubernetes}\n"
	       "  many: {type: kubernetes, contexts: [a, b]}\n"
	       "  web: {type: http, url: \"http://h\"}\n"
	       "steps:\n"
	       "  - id: a\n"
	       "    title: A\n"
	       "    uses: kubernetes.get\n"
	       "    target: k8s\n"
	       "    with: {resource: \"\\\"\303\251\\\" ${.params.nmae}\"}\n",
	  "14:39: error: there is no parameter \"nmae\"; did you mean \"name\"?",
	  "                                       ^~~~" },
	{ "param_unknown_in_block",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    text: |\n"
			    "      Hello ${.params.nmae}\n",
	  "14:11: error: there is no parameter \"nmae\"", "           ^" },
	{ "step_later",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: .steps.b.ok\n"
			    "  - {id: b, title: B, uses: manual.confirm, with: {prompt: Go}}\n",
	  "14:18: error: step \"a\" uses the result of step \"b\", which comes later",
	  "                  ^" },
	{ "step_itself",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: \"${.steps.a.x}\"}\n",
	  "13:32: error: step \"a\" uses its own result before it has run",
	  "                                ^" },
	{ "step_unknown",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: .steps[\"bb\"].x\n",
	  "14:19: error: there is no step \"bb\"", "                   ^~" },
	{ "target_unknown_in_expression",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    for_each: {in: .targets.mny, as: c}\n",
	  "14:29: error: there is no target \"mny\"; did you mean \"many\"?",
	  "                             ^~~" },
	{ "root_unknown",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: .param.x\n",
	  "14:12: error: \"param\" is not known here: there are params, steps, "
	  "targets, run; did you mean \"params\"?",
	  "            ^~~~~" },
	{ "variable_unknown",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: '$clutser == 1'\n"
			    "    for_each: {in: .targets.many, as: cluster}\n",
	  "14:13: error: \"clutser\" is not known here: there are params, steps, "
	  "targets, run, cluster; did you mean \"cluster\"?",
	  "             ^~~~~~~" },
	{ "variable_unknown_in_expect",
	  HEAD TARGETS STEP
	  "    uses: kubernetes.get\n"
	  "    target: k8s\n"
	  "    with: {resource: pods}\n"
	  "    verify: [{uses: kubernetes.get, with: {resource: a}, expect: .params.x ="
	  "= $params.x}]\n",
	  "14:87: error: there is no parameter \"x\"",
	  "                                                                                       "
	  "^" },
	{ "expression_does_not_compile",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: '.a |'\n",
	  "14:12: error: not a valid expression: syntax error, unexpected the end of "
	  "the expression",
	  "            ^~~~" },
	{ "expression_unknown_function",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: .a | foo\n",
	  "14:11: error: not a valid expression: foo/0 is not defined", "           ^~~~~~~~" },
	{ "expression_in_braces",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    when: \"${.params.a}\"\n",
	  "14:11: error: \"when\" is an expression already: write it without ${ and }",
	  "           ^~~~~~~~~~~~~~" },
	{ "contexts_in_braces",
	  HEAD "targets: {a: {type: kubernetes, contexts: \"${.params.a}\"}}\n" STEPS,
	  "4:43: error: \"contexts\" is an expression already: write it without ${ and "
	  "}",
	  "                                           ^~~~~~~~~~~~~~" },
	{ "template_in_plain_text",
	  HEAD TARGETS STEP "    uses: kubernetes.get\n"
			    "    target: k8s\n"
			    "    with: {resource: pods}\n"
			    "    section: \"In ${.run.id}\"\n",
	  "14:14: warning: \"section\" is shown as it is: ${\342\200\246} has no "
	  "meaning in it",
	  "              ^~~~~~~~~~~~~~~" },
};

static void
runbook_parse_with_cross_fault_names_place_and_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken_documents) / sizeof(broken_documents[0]); i++)
		assert_broken(&broken_documents[i]);
}

/* What lint must not take offence at. */
static const char *const sound_documents[] = {
	/* A member of a result may be called as a member of the context is. */
	HEAD TARGETS
	"steps:\n  - {id: a, title: A, uses: kubernetes.get, target: k8s,\n"
	"     with: {resource: a}, outputs: {x: .params.nobody, y: '.steps[\"b\"].z'}}\n",
	/* After a pipe, .params is a member of something else. */
	HEAD TARGETS "steps:\n  - {id: a, title: A, uses: manual.confirm, with: {prompt: Go},\n"
		     "     when: '.run | .params.nobody'}\n",
	/* A step's own result in its verification. */
	HEAD TARGETS "steps:\n  - {id: a, title: A, uses: kubernetes.get, target: k8s,\n"
		     "     with: {resource: a}, outputs: {x: .y},\n"
		     "     verify: [{uses: kubernetes.get, with: {resource: '${.steps.a.x}'}}]}\n",
	/* A loop's variable everywhere in the step, also as a variable of jq. */
	HEAD TARGETS
	"steps:\n  - {id: a, title: 'At ${.c}', uses: kubernetes.get, target: '${.c}',\n"
	"     with: {resource: '${$c}'}, when: '$c != null', for_each: {in: .targets.many, as: "
	"c}}\n",
	/* A later step that is gone to, and one gone back to with a bound. */
	HEAD
	"steps:\n"
	"  - {id: a, title: A, uses: manual.confirm, with: {prompt: Go}, on_failure: {goto: b}}\n"
	"  - {id: b, title: B, uses: manual.confirm, with: {prompt: Go},\n"
	"     on_failure: {goto: a, max: 3}}\n",
	/* A literal ${ in a text, and variables that an expression binds itself. */
	HEAD "steps:\n  - {id: a, title: A, uses: manual.confirm, with: {prompt: 'Set $${HOME}'},\n"
	     "     when: '. as $x | reduce (1, 2) as $y (0; . + $y) | . > 0'}\n",
	/* An earlier parameter in a default. */
	HEAD "params:\n  a: {}\n  b: {default: '${.params.a}-x'}\n" STEPS,
};

static void
runbook_parse_of_sound_document_says_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sound_documents) / sizeof(sound_documents[0]); i++) {
		struct diags diags;
		struct str out = STR_INIT;
		struct runbook *rb = fixture_parse(sound_documents[i], &diags);

		diags_render(&diags, &out);
		assert_string_equal(str_cstr(&out), "");
		assert_non_null(rb);
		runbook_free(rb);
		diags_release(&diags);
		str_release(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(runbook_parse_with_cross_fault_names_place_and_fault),
		cmocka_unit_test(runbook_parse_of_sound_document_says_nothing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
