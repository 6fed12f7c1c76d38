#include "config.h"

#include "runbook/render_sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"

struct cells {
	char **items;
	size_t count, cap;
};

static void
cells_add(struct cells *cells, const char *text)
{
	*VEC_PUSH(cells->items, cells->count, cells->cap) =
		text_clean(text ? text : "", TEXT_KEEP_NEWLINES);
}

static void
cells_write(struct cells *cells, size_t width, struct sink *sink)
{
	if (cells->count > width)
		sink->table(sink, cells->items, cells->count, width);
	for (size_t i = 0; i < cells->count; i++)
		free(cells->items[i]);
	free(cells->items);
}

static void
heading(struct sink *sink, int level, const char *text)
{
	char *clean = text_clean(text, 0);

	sink->heading(sink, level, clean);
	free(clean);
}

static void
paragraph(struct sink *sink, const char *text)
{
	char *clean;

	if (!text || !text[0])
		return;
	clean = text_clean(text, TEXT_KEEP_NEWLINES);
	sink->paragraph(sink, clean);
	free(clean);
}

/* Takes both texts over. */
static void
write_item(struct sink *sink, const char *label, char *text, bool literal, char *code)
{
	char *clean = text_clean(text, 0);
	char *clean_code = code ? text_clean(code, TEXT_KEEP_NEWLINES) : NULL;

	sink->item(sink, label, clean, literal, clean_code);
	free(clean);
	free(clean_code);
	free(text);
	free(code);
}

static void
prose(struct sink *sink, const char *label, char *text)
{
	write_item(sink, label, text, false, NULL);
}

static void
literal(struct sink *sink, const char *label, char *text)
{
	write_item(sink, label, text, true, NULL);
}

/* A template as it will be read: "$${" stands for "${". The caller frees. */
static char *
unescape(const char *text)
{
	struct str out = STR_INIT;

	for (; text && *text; text++)
		if (!str_starts_with(text, "$${"))
			str_append_char(&out, *text);
	return str_take(&out);
}

static void
render_head(const struct runbook *rb, struct sink *sink)
{
	struct str line = STR_INIT;

	heading(sink, 1, rb->title);
	str_append(&line, rb->id);
	if (rb->version)
		str_printf(&line, " %s", rb->version);
	for (size_t i = 0; rb->owners[i]; i++)
		str_printf(&line, "%s%s", i ? ", " : "; owned by ", rb->owners[i]);
	for (size_t i = 0; rb->sources[i]; i++)
		str_printf(&line, "%s%s", i ? ", " : "; from ", rb->sources[i]);
	paragraph(sink, str_cstr(&line));
	paragraph(sink, rb->summary);
	str_release(&line);
}

static void
append_param_type(const struct param *param, struct str *out)
{
	str_append(out, param_type_name(param->type));
	if (param->type == PARAM_LIST)
		str_printf(out, " of %s", param_type_name(param->items));
	for (size_t i = 0; param->choices && param->choices[i]; i++)
		str_printf(out, "%s%s",
			   i == 0		   ? " of "
			   : param->choices[i + 1] ? ", "
						   : " or ",
			   param->choices[i]);
	if (param->must_exist)
		str_append(out, " that exists");
	if (param->otherwise) {
		str_append(out, "; default ");
		render_yaml_flow(param->otherwise, out);
	} else {
		str_append(out, param->required ? "; required" : "; optional");
	}
}

static void
render_params(const struct runbook *rb, struct sink *sink)
{
	struct cells cells = { 0 };

	if (rb->params_count == 0)
		return;
	heading(sink, 2, "Parameters");
	cells_add(&cells, "Name");
	cells_add(&cells, "Value");
	cells_add(&cells, "What it is");
	for (size_t i = 0; i < rb->params_count; i++) {
		const struct param *param = &rb->params[i];
		struct str type = STR_INIT, what = STR_INIT;

		append_param_type(param, &type);
		if (strcmp(param->title, param->name) != 0)
			str_printf(&what, "%s\n", param->title);
		if (param->text)
			str_append(&what, param->text);
		cells_add(&cells, param->name);
		cells_add(&cells, str_cstr(&type));
		cells_add(&cells, str_cstr(&what));
		str_release(&type);
		str_release(&what);
	}
	cells_write(&cells, 3, sink);
}

static void
render_targets(const struct runbook *rb, struct sink *sink)
{
	struct cells cells = { 0 };

	if (rb->targets_count == 0)
		return;
	heading(sink, 2, "Targets");
	cells_add(&cells, "Name");
	cells_add(&cells, "Type");
	cells_add(&cells, "Where");
	for (size_t i = 0; i < rb->targets_count; i++) {
		const struct target_spec *target = &rb->targets[i];
		struct str where = STR_INIT, type = STR_INIT;

		render_yaml_lines(target->with, 0, &where);
		str_printf(&type, "%s%s", target_kind_name(target->kind),
			   target->group ? " (group)" : "");
		if (where.len)
			where.data[where.len - 1] = '\0';
		cells_add(&cells, target->name);
		cells_add(&cells, str_cstr(&type));
		cells_add(&cells, str_cstr(&where));
		str_release(&where);
		str_release(&type);
	}
	cells_write(&cells, 3, sink);
}

static void
render_impact(const struct runbook *rb, struct sink *sink)
{
	struct cells cells = { 0 };

	if (rb->impact_count == 0)
		return;
	heading(sink, 2, "Impact of the failure");
	cells_add(&cells, "Operation");
	cells_add(&cells, "Impact");
	cells_add(&cells, "What it means");
	for (size_t i = 0; i < rb->impact_count; i++) {
		cells_add(&cells, rb->impact[i].operation);
		cells_add(&cells, rb->impact[i].level);
		cells_add(&cells, rb->impact[i].text);
	}
	cells_write(&cells, 3, sink);
}

static void
render_rto(const struct runbook *rb, struct sink *sink)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX];

	if (rb->rto_count == 0)
		return;
	heading(sink, 2, "Times to keep");
	cells_add(&cells, "Time");
	cells_add(&cells, "What");
	cells_add(&cells, "Measured");
	for (size_t i = 0; i < rb->rto_count; i++) {
		char *measured = xasprintf("from the beginning of %s to the end of %s",
					   rb->rto[i].from, rb->rto[i].to);

		cells_add(&cells, duration_format(rb->rto[i].target_ms, time));
		cells_add(&cells, rb->rto[i].title);
		cells_add(&cells, measured);
		free(measured);
	}
	cells_write(&cells, 3, sink);
}

static const char *
danger(const struct step_spec *step)
{
	switch (step->confirm) {
	case CONFIRM_TWO_PERSON:
		return "two people confirm";
	case CONFIRM_TYPE_NAME:
		return "confirmed by typing the target's name";
	case CONFIRM_ASK:
	case CONFIRM_BY_EFFECT:
		break;
	}
	switch (step_type_effect(step->action.type, step->action.with)) {
	case EFFECT_CHANGES:
		return "confirmed with y";
	case EFFECT_DESTROYS:
		return "confirmed by typing the target's name";
	case EFFECT_NONE:
	case EFFECT_READS:
		break;
	}
	return step->confirm == CONFIRM_ASK ? "confirmed with y" : "no confirmation";
}

static const char *
effect_words(const struct step_spec *step)
{
	static const char *const words[] = {
		[EFFECT_NONE] = "Asks the operator",
		[EFFECT_READS] = "Only reads",
		[EFFECT_CHANGES] = "Changes things",
		[EFFECT_DESTROYS] = "DESTROYS things",
	};

	return words[step_type_effect(step->action.type, step->action.with)];
}

/* The step type, its target, and its arguments in one line. */
static void
append_action(const struct action_spec *action, struct str *out)
{
	str_append(out, action->type->uses);
	if (action->target)
		str_printf(out, " on %s", action->target);
	if (cJSON_GetArraySize(action->with) > 0) {
		str_append_char(out, ' ');
		render_yaml_flow(action->with, out);
	}
}

static void
render_checks(const struct check_spec *checks, size_t count, const char *label, struct sink *sink)
{
	for (size_t i = 0; i < count; i++) {
		struct str text = STR_INIT;

		append_action(&checks[i].action, &text);
		if (checks[i].expect)
			str_printf(&text, ", expecting %s", checks[i].expect);
		if (checks[i].message)
			str_printf(&text, " (otherwise: %s)", checks[i].message);
		literal(sink, label, str_take(&text));
	}
}

static void
render_times(const struct step_spec *step, struct sink *sink)
{
	char a[CLOCK_STAMP_MAX], b[CLOCK_STAMP_MAX];

	if (step->wait_timeout_ms)
		prose(sink, "Verification is repeated",
		      xasprintf("every %s, for %s at most",
				duration_format(step->wait_interval_ms, a),
				duration_format(step->wait_timeout_ms, b)));
	if (step->timeout_ms)
		prose(sink, "Time limit", xstrdup(duration_format(step->timeout_ms, a)));
	if (step->retry_max_attempts > 1)
		prose(sink, "Tried",
		      xasprintf("%d times at most, %s to %s apart", step->retry_max_attempts,
				duration_format(step->retry_initial_ms, a),
				duration_format(step->retry_max_ms, b)));
}

static void
render_failure(const struct step_spec *step, struct sink *sink)
{
	struct str undo = STR_INIT;

	if (step->on_failure == ON_FAILURE_ABORT)
		prose(sink, "On failure", xstrdup("the run is aborted"));
	if (step->on_failure == ON_FAILURE_GOTO && step->goto_max)
		prose(sink, "On failure",
		      xasprintf("go to %s, %d times at most", step->goto_step, step->goto_max));
	else if (step->on_failure == ON_FAILURE_GOTO)
		prose(sink, "On failure", xasprintf("go to %s", step->goto_step));
	if (!step->undo)
		return;
	append_action(step->undo, &undo);
	literal(sink, "Taken back by", str_take(&undo));
}

static void
render_action(const struct step_spec *step, struct sink *sink)
{
	struct str does = STR_INIT, with = STR_INIT;

	str_append(&does, step->action.type->uses);
	if (step->action.target)
		str_printf(&does, " on %s", step->action.target);
	render_yaml_lines(step->action.with, 0, &with);
	write_item(sink, "Does", str_take(&does), true, with.len ? str_take(&with) : NULL);
	for (size_t i = 0; i < step->outputs_count; i++)
		literal(sink, "Keeps",
			xasprintf("%s = %s", step->outputs[i].name, step->outputs[i].expression));
}

static void
render_step(const struct step_spec *step, size_t number, struct sink *sink)
{
	char *plain = unescape(step->title), *title = xasprintf("%zu. %s", number, plain);
	char *text = unescape(step->text), time[CLOCK_STAMP_MAX];
	struct str line = STR_INIT;

	heading(sink, 4, title);
	str_printf(&line, "%s; %s", effect_words(step), danger(step));
	if (step->estimate_ms)
		str_printf(&line, "; about %s", duration_format(step->estimate_ms, time));
	str_printf(&line, ". (%s)", step->id);
	paragraph(sink, str_cstr(&line));
	paragraph(sink, text);
	if (step->when)
		literal(sink, "Only if", xstrdup(step->when));
	if (step->for_each_in)
		literal(sink, "For each",
			xasprintf("%s in %s", step->for_each_as, step->for_each_in));
	render_checks(step->preconditions, step->preconditions_count, "Before it", sink);
	render_action(step, sink);
	render_checks(step->verify, step->verify_count, "Verified by", sink);
	render_times(step, sink);
	render_failure(step, sink);
	str_release(&line);
	free(plain);
	free(title);
	free(text);
}

static void
render_total(const struct runbook *rb, struct sink *sink)
{
	int64_t total_ms = 0;
	size_t known = 0;
	char time[CLOCK_STAMP_MAX];
	struct str line = STR_INIT;

	for (size_t i = 0; i < rb->steps_count; i++) {
		total_ms += rb->steps[i].estimate_ms;
		known += rb->steps[i].estimate_ms > 0;
	}
	str_printf(&line, "%zu step%s", rb->steps_count, rb->steps_count == 1 ? "" : "s");
	if (known == rb->steps_count)
		str_printf(&line, ", about %s in all.", duration_format(total_ms, time));
	else if (known)
		str_printf(&line, ", about %s for the %zu of them with an estimate.",
			   duration_format(total_ms, time), known);
	else
		str_append(&line, ", without estimates.");
	paragraph(sink, str_cstr(&line));
	str_release(&line);
}

static void
render_ends(const struct runbook *rb, struct sink *sink)
{
	if (rb->ends_count == 0)
		return;
	heading(sink, 2, "Outcomes");
	for (size_t i = 0; i < rb->ends_count; i++)
		prose(sink, rb->ends[i].id, xstrdup(rb->ends[i].title));
}

void
render_to_sink(const struct runbook *rb, struct sink *sink)
{
	const char *section = NULL;

	render_head(rb, sink);
	render_params(rb, sink);
	render_targets(rb, sink);
	render_impact(rb, sink);
	render_rto(rb, sink);
	heading(sink, 2, "Steps");
	render_total(rb, sink);
	for (size_t i = 0; i < rb->steps_count; i++) {
		const struct step_spec *step = &rb->steps[i];

		if (step->section && !str_equal(step->section, section))
			heading(sink, 3, step->section);
		section = step->section;
		render_step(step, i + 1, sink);
	}
	render_ends(rb, sink);
}
