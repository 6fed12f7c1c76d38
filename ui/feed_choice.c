#include "config.h"

#include "ui/feed_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/situation.h"

void
feed_choices_release(struct feed_choices *choices)
{
	for (size_t i = 0; i < choices->count; i++) {
		struct feed_choice *choice = &choices->items[i];

		free(choice->label);
		free(choice->kubeconfig);
		free(choice->context);
		free(choice->ns);
		free(choice->selector);
		free(choice->container);
	}
	free(choices->items);
	*choices = (struct feed_choices){ 0 };
}

bool
feed_choice_equal(const struct feed_choice *a, const struct feed_choice *b)
{
	return str_equal(a->kubeconfig, b->kubeconfig) && str_equal(a->context, b->context) &&
	       str_equal(a->ns, b->ns) && str_equal(a->selector, b->selector) &&
	       str_equal(a->container, b->container);
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

/* A field with its ${…} filled in; NULL for NULL, and where a name has no value here. */
static char *
expand(const struct place *place, const char *text)
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
			return NULL;
		}
		str_append(&out, value);
		free(value);
		text = close + 1;
	}
	return out.data;
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
	struct feed_choice *choice = VEC_PUSH(choices->items, choices->count, choices->cap);
	struct str label = STR_INIT;

	choice->context = xstrdup(json_string(target->spec, "context", NULL));
	choice->kubeconfig = xstrdup(json_string(target->spec, "kubeconfig", NULL));
	choice->ns = expand(place, pane->ns);
	if (!choice->ns)
		choice->ns = xstrdup(json_string(target->spec, "namespace", NULL));
	choice->selector = expand(place, pane->selector);
	choice->container = expand(place, pane->container);
	str_append(&label, choice->context ? choice->context : target->name);
	if (choice->ns)
		str_printf(&label, "/%s", choice->ns);
	if (choice->selector)
		str_printf(&label, " %s", choice->selector);
	if (choice->container)
		str_printf(&label, " %s", choice->container);
	choice->label = text_clean(str_cstr(&label), 0);
	str_release(&label);
}

void
feed_choices_make(enum feed_choice_kind kind, const struct runbook *runbook,
		  const struct run_state *state, struct feed_choices *ret_choices)
{
	struct place place = { .state = state, .step = run_state_current(state) };
	const struct pane_set *set = &runbook->panes;

	*ret_choices = (struct feed_choices){ 0 };
	place.spec = place.step ? situation_spec(runbook, place.step) : NULL;
	if (place.spec &&
	    (kind == FEED_PODS ? place.spec->panes.pods_count : place.spec->panes.logs_count))
		set = &place.spec->panes;
	const struct pane_spec *panes = kind == FEED_PODS ? set->pods : set->logs;
	size_t count = kind == FEED_PODS ? set->pods_count : set->logs_count;
	for (size_t i = 0; i < count; i++) {
		char *name = expand(&place, panes[i].target);

		for (size_t t = 0; name && t < state->targets_count; t++)
			if (target_matches(&place, &state->targets[t], name))
				add_choice(&place, &panes[i], &state->targets[t], ret_choices);
		free(name);
	}
}
