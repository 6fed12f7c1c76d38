#include "config.h"

#include "ui/model/feed_choice.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/model/situation.h"

void
feed_choice_release(struct feed_choice *choice)
{
	free(choice->label);
	free(choice->target);
	free(choice->kubeconfig);
	free(choice->context);
	free(choice->ns);
	free(choice->resource);
	free(choice->selector);
	free(choice->pod);
	free(choice->workload);
	free(choice->container);
	*choice = (struct feed_choice){ 0 };
}

struct feed_choice
feed_choice_copy(const struct feed_choice *choice)
{
	return (struct feed_choice){
		.label = xstrdup(choice->label),
		.target = xstrdup(choice->target),
		.kubeconfig = xstrdup(choice->kubeconfig),
		.context = xstrdup(choice->context),
		.ns = xstrdup(choice->ns),
		.resource = xstrdup(choice->resource),
		.selector = xstrdup(choice->selector),
		.pod = xstrdup(choice->pod),
		.workload = xstrdup(choice->workload),
		.container = xstrdup(choice->container),
		.all_namespaces = choice->all_namespaces,
		.previous = choice->previous,
	};
}

void
feed_choices_release(struct feed_choices *choices)
{
	for (size_t i = 0; i < choices->count; i++)
		feed_choice_release(&choices->items[i]);
	free(choices->items);
	*choices = (struct feed_choices){ 0 };
}

const char *
feed_choice_resource(const struct feed_choice *choice)
{
	static const char *const pods[] = { "pods", "pod", "po" };

	for (size_t i = 0; choice->resource && i < sizeof(pods) / sizeof(pods[0]); i++)
		if (strcmp(choice->resource, pods[i]) == 0)
			return pods[0];
	return choice->resource ? choice->resource : pods[0];
}

static bool
same_cluster(const struct feed_choice *a, const struct feed_choice *b)
{
	return str_equal(a->kubeconfig, b->kubeconfig) && str_equal(a->context, b->context);
}

bool
feed_choice_alike(const struct feed_choice *a, const struct feed_choice *b)
{
	return str_equal(feed_choice_resource(a), feed_choice_resource(b));
}

bool
feed_choice_equal(const struct feed_choice *a, const struct feed_choice *b)
{
	return same_cluster(a, b) && feed_choice_alike(a, b) && str_equal(a->ns, b->ns) &&
	       a->all_namespaces == b->all_namespaces && str_equal(a->selector, b->selector) &&
	       str_equal(a->pod, b->pod) && str_equal(a->workload, b->workload) &&
	       str_equal(a->container, b->container) && a->previous == b->previous;
}

bool
feed_choice_covers(const struct feed_choice *a, const struct feed_choice *b)
{
	bool all_ns = a->all_namespaces || (!b->all_namespaces && str_equal(a->ns, b->ns));

	return same_cluster(a, b) && feed_choice_alike(a, b) && all_ns &&
	       (!a->selector || str_equal(a->selector, b->selector));
}

size_t
feed_choices_find(const struct feed_choices *choices, const struct feed_choice *choice)
{
	for (size_t i = 0; i < choices->count; i++)
		if (feed_choice_equal(&choices->items[i], choice))
			return i;
	return SIZE_MAX;
}

size_t
feed_choices_add(struct feed_choices *choices, const struct feed_choice *choice)
{
	size_t at = feed_choices_find(choices, choice);

	if (at != SIZE_MAX)
		return at;
	struct feed_choice copy = feed_choice_copy(choice);
	*VEC_PUSH(choices->items, choices->count, choices->cap) = copy;
	return choices->count - 1;
}

void
feed_choice_name(struct feed_choice *choice)
{
	struct str label = STR_INIT;

	str_append(&label, choice->context ? choice->context : choice->target);
	if (choice->all_namespaces)
		str_append(&label, "/*");
	else if (choice->ns)
		str_printf(&label, "/%s", choice->ns);
	if (choice->pod)
		str_printf(&label, " pod/%s", choice->pod);
	if (choice->workload)
		str_printf(&label, " %s", choice->workload);
	if (choice->selector)
		str_printf(&label, " %s", choice->selector);
	if (choice->container)
		str_printf(&label, " %s", choice->container);
	if (choice->previous)
		str_append(&label, " (before the last restart)");
	free(choice->label);
	choice->label = text_clean(str_cstr(&label), 0);
	str_release(&label);
}

/* Where the run stands, for the names in a pane's fields. */
struct place {
	const struct run_state *state;
	const struct step_state *step; /* the current one, or NULL */
	const struct step_spec *spec;  /* of it, or NULL */
};

/* The value of ".params.NAME" or of the loop's ".NAME", or NULL: only plain paths occur here. */
static char *
value_of(const struct place *place, const char *path, size_t len)
{
	char *name = xstrndup(path, len), *value = NULL;

	for (char *at = name; *at; at++)
		if (*at == '.' && at != name)
			*at = '/';
	if (str_starts_with(name, ".params/")) {
		const cJSON *param = json_at(place->state->params, name + strlen(".params/"));

		value = param ? json_text(param) : NULL;
	} else if (place->spec && place->step->item && name[0] == '.' &&
		   str_equal(name + 1, place->spec->for_each_as)) {
		value = xstrdup(place->step->item);
	}
	free(name);
	return value;
}

/*
 * A field with its ${…} filled in, into *ret_text; NULL for none. False where a name has no value here.
 */
static bool
expand(const struct place *place, const char *text, char **ret_text)
{
	struct str out = STR_INIT;

	while (text && *text) {
		size_t len = strcspn(text, "$");
		const char *close =
			strncmp(text + len, "${", 2) == 0 ? strchr(text + len, '}') : NULL;

		str_append_bytes(&out, text, len);
		text += len;
		if (!close) {
			if (*text)
				str_append_char(&out, *text++);
			continue;
		}
		char *value = value_of(place, text + 2, (size_t)(close - text) - 2);
		if (!value) {
			str_release(&out);
			return false;
		}
		str_append(&out, value);
		free(value);
		text = close + 1;
	}
	*ret_text = out.len ? str_take(&out) : NULL;
	str_release(&out);
	return true;
}

static bool
target_matches(const struct place *place, const struct target_state *target, const char *name)
{
	return str_equal(target->name, name) || str_equal(target->group, name) ||
	       (place->step && place->step->item && str_equal(place->step->item, name) &&
		str_equal(place->step->target, target->name));
}

static void
add_choice(const struct place *place, const struct pane_spec *pane,
	   const struct target_state *target, struct feed_choices *choices)
{
	struct feed_choice choice = {
		.target = xstrdup(target->name),
		.context = xstrdup(json_string(target->spec, "context", NULL)),
		.kubeconfig = xstrdup(json_string(target->spec, "kubeconfig", NULL)),
		.all_namespaces = pane->all_namespaces,
		.previous = pane->previous,
	};

	if (expand(place, pane->ns, &choice.ns) &&
	    expand(place, pane->resource, &choice.resource) &&
	    expand(place, pane->selector, &choice.selector) &&
	    expand(place, pane->pod, &choice.pod) &&
	    expand(place, pane->workload, &choice.workload) &&
	    expand(place, pane->container, &choice.container)) {
		if (!choice.ns)
			choice.ns = xstrdup(json_string(target->spec, "namespace", NULL));
		feed_choice_name(&choice);
		feed_choices_add(choices, &choice);
	}
	feed_choice_release(&choice);
}

static void
add_panes(const struct place *place, const struct pane_spec *panes, size_t count,
	  struct feed_choices *choices)
{
	for (size_t i = 0; i < count; i++) {
		const struct run_state *state = place->state;
		char *name = NULL;

		if (!expand(place, panes[i].target, &name))
			continue;
		for (size_t t = 0; name && t < state->targets_count; t++)
			if (target_matches(place, &state->targets[t], name))
				add_choice(place, &panes[i], &state->targets[t], choices);
		free(name);
	}
}

void
feed_choices_make(enum feed_choice_kind kind, const struct runbook *runbook,
		  const struct run_state *state, struct feed_choices *ret_choices)
{
	struct place place = { .state = state, .step = run_state_current(state) };
	const struct pane_set *set = &runbook->panes;

	*ret_choices = (struct feed_choices){ 0 };
	place.spec = place.step ? situation_spec(runbook, place.step) : NULL;
	if (place.spec) {
		const struct pane_set *own = &place.spec->panes;

		if (kind == FEED_LOGS ? own->logs_count : own->pods_count + own->resources_count)
			set = own;
	}
	if (kind == FEED_LOGS) {
		add_panes(&place, set->logs, set->logs_count, ret_choices);
	} else {
		add_panes(&place, set->pods, set->pods_count, ret_choices);
		add_panes(&place, set->resources, set->resources_count, ret_choices);
	}
}
