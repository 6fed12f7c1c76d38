#include "config.h"

#include "runbook/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

enum { MAX_STEPS = 1000, MIN_INTERVAL_MS = 100, MAX_ATTEMPTS = 100 };

/* The node below a path of keys, or NULL. */
static const struct yaml_node *
at(const struct yaml_node *node, const char *key)
{
	return node && node->kind == YAML_MAPPING ? yaml_get(node, key) : NULL;
}

static const struct yaml_node *
element(const struct yaml_node *list, size_t index)
{
	return list && list->kind == YAML_SEQUENCE && index < list->count ? list->items[index]
									  : NULL;
}

static void
lint_duplicate_ids(struct load *l, const char *key)
{
	const struct yaml_node *list = at(l->root, key);
	size_t count = list && list->kind == YAML_SEQUENCE ? list->count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *id = at(list->items[i], "id");

		for (size_t j = 0; load_scalar(id) && j < i; j++) {
			const struct yaml_node *other = at(list->items[j], "id");

			if (!str_equal(load_scalar(other), id->text))
				continue;
			load_error(l, id, "the id \"%s\" is taken: line %d has it already",
				   id->text, other->mark.line);
			break;
		}
	}
}

static void
report_no_step(struct load *l, const struct runbook *rb, const struct yaml_node *node)
{
	const char **ids = xcalloc(rb->steps_count + 1, sizeof(*ids));
	size_t count = 0;
	char *suggestion;

	for (size_t i = 0; i < rb->steps_count; i++)
		if (rb->steps[i].id)
			ids[count++] = rb->steps[i].id;
	suggestion = load_suggestion(node->text, ids);
	load_error(l, node, "there is no step \"%s\"%s", node->text, suggestion);
	free(suggestion);
	free(ids);
}

static void
lint_rto(struct load *l, const struct runbook *rb)
{
	const struct yaml_node *list = at(l->root, "rto");

	for (size_t i = 0; i < rb->rto_count; i++) {
		const struct yaml_node *from = at(element(list, i), "from");
		const struct yaml_node *to = at(element(list, i), "to");
		int first = runbook_step_index(rb, rb->rto[i].from);
		int last = runbook_step_index(rb, rb->rto[i].to);

		if (rb->rto[i].from && first < 0)
			report_no_step(l, rb, from);
		if (rb->rto[i].to && last < 0)
			report_no_step(l, rb, to);
		if (first >= 0 && last >= 0 && last < first)
			load_error(l, to,
				   "step \"%s\" comes before \"%s\": the time would end before it "
				   "begins",
				   rb->rto[i].to, rb->rto[i].from);
	}
}

static void
lint_goto(struct load *l, const struct runbook *rb, size_t index, const struct yaml_node *node)
{
	const struct step_spec *step = &rb->steps[index];
	const struct yaml_node *on_failure = at(node, "on_failure");
	const struct yaml_node *word = at(on_failure, "goto"), *max = at(on_failure, "max");
	int to = runbook_step_index(rb, step->goto_step);

	if (!step->goto_step)
		return;
	if (to < 0)
		report_no_step(l, rb, word);
	else if (to == (int)index)
		load_error(l, word, "a step cannot go to itself: write retry, or let it pause");
	else if (to < (int)index && !max)
		load_error(l, word,
			   "going back to \"%s\" could go on for ever: add max, as in "
			   "{goto: %s, max: 2}",
			   step->goto_step, step->goto_step);
	if (max && step->goto_max < 1)
		load_error(l, max, "\"max\" wants a number of at least 1");
}

static enum step_effect
effect_of(const struct step_spec *step)
{
	return step_type_effect(step->action.type, step->action.with);
}

static void
lint_retry(struct load *l, const struct step_spec *step, const struct yaml_node *node)
{
	const struct yaml_node *retry = at(node, "retry"), *attempts = at(retry, "max_attempts");
	const struct yaml_node *factor = at(at(retry, "backoff"), "factor");

	if (!retry)
		return;
	if (attempts && (step->retry_max_attempts < 1 || step->retry_max_attempts > MAX_ATTEMPTS))
		load_error(l, attempts, "\"max_attempts\" wants a number from 1 to %d",
			   MAX_ATTEMPTS);
	if (factor && step->retry_factor < 1)
		load_error(l, factor, "\"factor\" wants a number of at least 1");
	if (step->action.type && effect_of(step) >= EFFECT_CHANGES && !step->idempotent &&
	    step->retry_max_attempts != 1)
		load_error(l, retry,
			   "\"%s\" %s, and is not tried again by itself: remove retry, or say "
			   "idempotent: true where doing it twice is harmless",
			   step->action.type->uses,
			   effect_of(step) == EFFECT_CHANGES ? "changes things"
							     : "destroys things");
}

static void
lint_verification(struct load *l, const struct step_spec *step, const struct yaml_node *node)
{
	const struct yaml_node *wait = at(node, "wait"), *interval = at(wait, "interval");
	const struct yaml_node *uses = at(node, "uses");

	if (wait && step->verify_count == 0)
		load_warning(l, wait, "\"wait\" has no meaning without \"verify\"");
	if (interval && load_scalar(interval) && step->wait_interval_ms < MIN_INTERVAL_MS)
		load_error(l, interval, "\"interval\" wants at least %dms", MIN_INTERVAL_MS);
	if (step->action.type && effect_of(step) >= EFFECT_CHANGES && step->verify_count == 0)
		load_warning(l, uses, "\"%s\" %s, and nothing verifies that it did: add verify",
			     step->action.type->uses,
			     effect_of(step) == EFFECT_CHANGES ? "changes things"
							       : "destroys things");
}

static void
lint_confirm(struct load *l, const struct step_spec *step, const struct yaml_node *node)
{
	if (step->action.type && effect_of(step) == EFFECT_DESTROYS && step->confirm == CONFIRM_ASK)
		load_error(l, at(node, "confirm"),
			   "\"ask\" is less than \"%s\" asks for by itself, which "
			   "is type-name: leave it out, or write two-person",
			   step->action.type->uses);
}

static void
lint_variables(struct load *l, const struct yaml_node *node)
{
	static const char *const taken[] = { "params", "steps", "targets", "run" };
	const struct yaml_node *as = at(at(node, "for_each"), "as"), *outputs = at(node, "outputs");

	if (load_scalar(as)) {
		for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
			if (strcmp(as->text, taken[i]) == 0)
				load_error(l, as,
					   "\"%s\" has a meaning of its own: choose another name",
					   as->text);
		if (load_name_ok(as->text, false) && !load_name_ok(as->text, true))
			load_error(l, as, "\"%s\" cannot be written as .%s: use _ for -", as->text,
				   as->text);
	}
	for (size_t i = 0; outputs && outputs->kind == YAML_MAPPING && i < outputs->count; i++)
		if (!load_name_ok(outputs->pairs[i].key->text, true))
			load_error(l, outputs->pairs[i].key,
				   "\"%s\" is no name for an output: a-z, 0-9 "
				   "and _, a letter first",
				   outputs->pairs[i].key->text);
}

static void
lint_step(struct load *l, const struct runbook *rb, size_t index)
{
	const struct step_spec *step = &rb->steps[index];
	const struct yaml_node *node = element(at(l->root, "steps"), index);

	if (!node || node->kind != YAML_MAPPING)
		return;
	lint_goto(l, rb, index, node);
	lint_retry(l, step, node);
	lint_verification(l, step, node);
	lint_confirm(l, step, node);
	lint_variables(l, node);
}

void
lint_runbook(struct load *l, const struct runbook *rb)
{
	const struct yaml_node *steps = at(l->root, "steps");

	if (rb->steps_count > MAX_STEPS) {
		load_error(l, steps, "a runbook has at most %d steps, this one has %zu", MAX_STEPS,
			   rb->steps_count);
		return;
	}
	lint_duplicate_ids(l, "steps");
	lint_duplicate_ids(l, "ends");
	lint_rto(l, rb);
	lint_params(l, rb);
	for (size_t i = 0; i < rb->steps_count; i++)
		lint_step(l, rb, i);
	lint_actions(l, rb);
	lint_expressions(l, rb);
}
