#include "config.h"

#include "ui/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/model/situation.h"

void
model_init(struct model *model, const struct ui_options *options, const struct run_link *link,
	   struct run_state *state)
{
	*model = (struct model){ .options = options, .link = link, .state = state };
	model->holder = xstrdup(options->holder);
	model->looked_ms = xcalloc(options->runbook->impact_count + 1, sizeof(*model->looked_ms));
	model->begun_ms = xcalloc(options->runbook->steps_count + 1, sizeof(*model->begun_ms));
}

void
model_release(struct model *model)
{
	for (size_t i = 0; i < model->audit_count; i++)
		free(model->audit[i].text);
	for (size_t i = 0; i < model->outputs_count; i++) {
		free(model->outputs[i].step);
		str_release(&model->outputs[i].text);
		sgr_release(&model->outputs[i].looks);
	}
	free(model->audit);
	free(model->outputs);
	free(model->progress);
	free(model->warning);
	free(model->broken);
	free(model->holder);
	free(model->begun_ms);
	free(model->looked_ms);
	*model = (struct model){ 0 };
}

int64_t
model_now_ms(const struct model *model)
{
	return model->options->now_ms ? model->options->now_ms() : clock_wall_ms();
}

unsigned
model_facts(const struct model *model)
{
	return model_follows(model) ? FACT_OVER
				    : situation_facts(model->state, model->options->runbook);
}

bool
model_follows(const struct model *model)
{
	return model->options->holder != NULL;
}

void
model_journal(const struct model *model, struct str *out)
{
	const char *word = model->broken    ? "JOURNAL BROKEN"
			   : model->head[0] ? "journal ok"
					    : "no journal yet";

	str_printf(out, "%s%s%.12s", word, model->head[0] ? " " : "", model->head);
}

void
model_drop_warning(struct model *model)
{
	free(model->warning);
	model->warning = NULL;
}

/* What is worse than foreseen, or better, is news. */
static enum role
impact_role(const struct record *record)
{
	const char *level = json_string(record->data, "level", NULL);

	if (str_equal(level, json_string(record->data, "predicted", "")))
		return ROLE_TEXT;
	if (str_equal(level, "none"))
		return ROLE_GOOD;
	return str_equal(level, "total") ? ROLE_BAD : ROLE_WARNING;
}

static enum role
record_role(const struct record *record)
{
	const char *status = json_string(record->data, "status", "");

	if (record->type == RECORD_BLOCKED || record->type == RECORD_ATTEMPT)
		return ROLE_BAD;
	if (record->type == RECORD_IMPACT)
		return impact_role(record);
	if (record->type == RECORD_OUTCOME)
		return str_equal(status, "ok") ? ROLE_GOOD : ROLE_BAD;
	if (record->type == RECORD_END)
		return json_bool(record->data, "failed", false) ? ROLE_BAD : ROLE_GOOD;
	return ROLE_TEXT;
}

char *
model_sentence(const struct model *model, const struct run_event *event)
{
	struct str text = STR_INIT;
	char *clean;

	if (event->type == EVENT_RECORD && event->pretended)
		str_append(&text, "NOT WRITTEN: ");
	if (event->type == EVENT_RECORD)
		record_sentence(event->record, model->state, &text);
	else if (event->type == EVENT_REFUSED)
		str_printf(&text, "Refused: %s", event->text);
	else if (event->type == EVENT_WARNING)
		str_printf(&text, "WARNING: %s", event->text);
	else
		return NULL;
	clean = text_clean(str_cstr(&text), 0);
	str_release(&text);
	return clean;
}

static void
add_audit(struct model *model, const struct run_event *event)
{
	const struct record *record = event->record;
	char *text = model_sentence(model, event);

	if (!text)
		return;
	if (model->audit_count == MODEL_AUDIT_MAX) {
		free(model->audit[0].text);
		memmove(model->audit, model->audit + 1,
			(MODEL_AUDIT_MAX - 1) * sizeof(*model->audit));
		model->audit_count--;
	}
	*VEC_PUSH(model->audit, model->audit_count, model->audit_cap) = (struct audit_entry){
		.ts_ms = record ? record->ts_ms : model_now_ms(model),
		.seq = record ? record->seq : -1,
		.text = text,
		.role = record && !event->pretended ? record_role(record) : ROLE_WARNING,
	};
}

/* The index of a step's output, or outputs_count. */
static size_t
find_output(const struct model *model, const char *step)
{
	size_t i = 0;

	while (i < model->outputs_count && !str_equal(model->outputs[i].step, step))
		i++;
	return i;
}

const struct step_output_text *
model_output(const struct model *model, const char *step)
{
	size_t i = find_output(model, step);

	return i < model->outputs_count ? &model->outputs[i] : NULL;
}

static struct step_output_text *
output_of(struct model *model, const char *step)
{
	size_t i = find_output(model, step);

	if (i == model->outputs_count)
		VEC_PUSH(model->outputs, model->outputs_count, model->outputs_cap)->step =
			xstrdup(step);
	return &model->outputs[i];
}

/* The engine has sanitised it, with the looks beside it; should that not be so, it is done here, and they do not fit. */
static void
append_output(struct step_output_text *output, const struct run_event *event)
{
	struct str clean = STR_INIT;

	text_sanitise(event->text, strlen(event->text), TEXT_KEEP_NEWLINES, &clean);
	if (strcmp(str_cstr(&clean), event->text) == 0)
		sgr_append(&output->looks, event->looks.spans, event->looks.count,
			   output->text.len);
	else
		sgr_append(&output->looks, NULL, 0, output->text.len);
	str_append(&output->text, str_cstr(&clean));
	str_release(&clean);
}

/* Half goes at once, so that a stream of small pieces does not move the rest for each of them. */
static void
add_output(struct model *model, const struct run_event *event)
{
	struct step_output_text *output = output_of(model, event->step ? event->step : "");

	append_output(output, event);
	if (output->text.len <= MODEL_OUTPUT_MAX)
		return;
	size_t drop = output->text.len - MODEL_OUTPUT_MAX / 2;
	const char *line = strchr(output->text.data + drop, '\n');
	if (line)
		drop = (size_t)(line - output->text.data) + 1;
	str_consume(&output->text, drop);
	sgr_consume(&output->looks, drop);
	output->cut = true;
}

static void
replace(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

/* A new try of a step begins with an empty output pane. */
static void
forget_output(struct model *model, const struct record *record)
{
	struct step_output_text *output = output_of(model, json_string(record->data, "step", ""));

	str_clear(&output->text);
	sgr_clear(&output->looks);
	output->cut = false;
}

/* A run that is followed may change hands. */
static void
note_holder(struct model *model, const struct record *record)
{
	if (!model->holder || (record->type != RECORD_RUN && record->type != RECORD_RESUMED))
		return;
	free(model->holder);
	model->holder = xasprintf("%s, pid %lld on %s", json_string(record->data, "operator", "?"),
				  (long long)json_int(record->data, "pid", 0),
				  json_string(record->data, "host", "?"));
}

/* A step that is tried again, or gone back to, was begun before: objectives count from there. */
static void
note_begun(struct model *model, const struct record *record)
{
	const struct step_state *step =
		run_state_step(model->state, json_string(record->data, "step", ""));
	int index = step ? runbook_step_index(model->options->runbook, step->spec_id) : -1;

	if (index >= 0 && !model->begun_ms[index])
		model->begun_ms[index] = record->ts_ms;
}

static int
take_record(struct model *model, const struct record *record, struct err *e)
{
	if (run_state_apply(model->state, record, e) < 0)
		return err_wrap(e, "following the run at record %lld", (long long)record->seq);
	note_holder(model, record);
	if (record->type == RECORD_INTENT) {
		forget_output(model, record);
		note_begun(model, record);
	}
	if (record->type != RECORD_NOTE && record->type != RECORD_TARGET &&
	    record->type != RECORD_IMPACT)
		replace(&model->progress, NULL);
	return 0;
}

static int
take_event(struct model *model, const struct run_event *event, struct err *e)
{
	model->generation++;
	bool breaks = event->pretended && !model->broken;
	if (breaks)
		model->broken = xstrdup(event->text	 ? event->text
					: model->warning ? model->warning
							 : "it cannot be written");
	switch (event->type) {
	case EVENT_RECORD:
		model->replaying = event->replayed;
		if (!event->pretended)
			memcpy(model->head, event->record->hash, sizeof(model->head));
		if (take_record(model, event->record, e) < 0)
			return -1;
		break;
	case EVENT_OUTPUT:
		add_output(model, event);
		break;
	case EVENT_PROGRESS:
		replace(&model->progress, event->text);
		break;
	case EVENT_WARNING:
		if (!breaks)
			replace(&model->warning, event->text);
		break;
	case EVENT_IMPACT:
		if (event->index < model->options->runbook->impact_count)
			model->looked_ms[event->index] = event->ts_ms;
		break;
	case EVENT_REFUSED:
		break;
	case EVENT_CLOSED:
		model->closed = true;
		break;
	}
	add_audit(model, event);
	return 0;
}

int
model_take_events(struct model *model, int limit,
		  void (*seen)(void *data, const struct run_event *event), void *data,
		  struct err *e)
{
	int count = 0, rc = 0;

	while (rc == 0 && count < limit && !model->closed) {
		struct run_event *event = queue_pop(model->link->events, 0);

		if (!event)
			break;
		rc = take_event(model, event, e);
		if (rc == 0 && seen)
			seen(data, event);
		run_event_free(event);
		count++;
	}
	return rc < 0 ? -1 : count;
}
