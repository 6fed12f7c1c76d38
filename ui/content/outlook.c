#include "config.h"

#include "ui/content/outlook.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	NUMBERS_MAX = 5, /* of steps, before the rest is counted */
};

int64_t
outlook_took_ms(const struct model *model, const struct step_state *step)
{
	bool runs = step->status == STEP_RUNNING;

	if (!step->started_ms || (!runs && step->ended_ms < step->started_ms))
		return -1;
	return (runs ? model_now_ms(model) : step->ended_ms) - step->started_ms;
}

int64_t
outlook_over_ms(const struct model *model, const struct step_state *step)
{
	int64_t over_ms = outlook_took_ms(model, step) - step->estimate_ms;

	return step->estimate_ms && over_ms > 0 ? over_ms : 0;
}

void
outlook_time(int64_t ms, struct str *out)
{
	if (ms < 100 * SECOND && ms % MINUTE)
		str_printf(out, "%llds", (long long)((ms + SECOND / 2) / SECOND));
	else if (ms < 100 * MINUTE)
		str_printf(out, "%lldm", (long long)((ms + MINUTE / 2) / MINUTE));
	else
		str_printf(out, "%lldh", (long long)((ms + HOUR / 2) / HOUR));
}

/* Whole minutes, rounded up: "12 min", "1 h 20 min"; brief: "12m", "1h20m". */
static void
append_minutes(int64_t ms, bool brief, struct str *out)
{
	long long minutes = (ms + MINUTE - 1) / MINUTE;

	if (minutes >= 60)
		str_printf(out, brief ? "%lldh%02lldm" : "%lld h %lld min", minutes / 60,
			   minutes % 60);
	else
		str_printf(out, brief ? "%lldm" : "%lld min", minutes);
}

void
outlook_left(const struct model *model, bool brief, struct str *out)
{
	const struct run_state *state = model->state;
	size_t without = 0;
	int64_t sum_ms = 0;

	for (size_t i = 0; i < state->steps_count; i++) {
		const struct step_state *step = &state->steps[i];
		int64_t spent_ms = step->status == STEP_RUNNING ? outlook_took_ms(model, step) : 0;

		if (step_status_done(step->status))
			continue;
		without += !step->estimate_ms;
		if (step->estimate_ms > spent_ms)
			sum_ms += step->estimate_ms - spent_ms;
	}
	if (!sum_ms || state->phase == RUN_ENDED)
		return;
	str_append(out, brief ? (without ? ">" : "~") : (without ? "at least " : "about "));
	append_minutes(sum_ms, brief, out);
	str_append(out, " left");
}

void
outlook_back(const struct model *model, bool brief, struct str *out)
{
	const struct run_state *state = model->state;
	int first = run_state_undo_next(state);
	bool known = true;
	int64_t sum_ms = 0;
	int count = 0;

	for (int i = first; i >= 0; i = run_state_undo_before(state, i)) {
		if (count == 0)
			str_printf(
				out, "back out: %s%d",
				brief ? ""
				      : (run_state_undo_before(state, i) < 0 ? "step " : "steps "),
				i + 1);
		else if (count < NUMBERS_MAX)
			str_printf(out, ", %d", i + 1);
		known = known && state->steps[i].estimate_ms;
		sum_ms += state->steps[i].estimate_ms;
		count++;
	}
	if (count > NUMBERS_MAX)
		str_printf(out, " and %d more", count - NUMBERS_MAX);
	if (count && known) {
		str_append(out, brief ? "; ~" : "; about ");
		append_minutes(sum_ms, brief, out);
	}
}
