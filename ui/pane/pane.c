#include "config.h"

#include "ui/pane/pane.h"

#include <stdio.h>

#include "base/clock.h"

const struct pane_ops *const pane_table[PANE_COUNT] = {
	[PANE_STEPS] = &pane_steps_ops, [PANE_STEP] = &pane_step_ops,
	[PANE_PODS] = &pane_pods_ops,	[PANE_LOGS] = &pane_logs_ops,
	[PANE_AUDIT] = &pane_audit_ops, [PANE_IMPACT] = &pane_impact_ops,
};

void
pane_put_cursor(struct app *app, enum pane pane, int y, int x)
{
	if (app->focus != pane)
		return;
	app->cursor_y = y;
	app->cursor_x = x;
}

void
pane_append_source(const struct app *app, enum feed_choice_kind kind, struct str *out)
{
	size_t index, count;
	const struct feed_choice *choice = feeds_choice(app->feeds, kind, &index, &count);

	if (!choice)
		return;
	str_printf(out, " %s", choice->label);
	if (count > 1)
		str_printf(out, " [%zu/%zu]", index + 1, count);
}

void
pane_append_number(uint64_t number, struct str *out)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			str_append_char(out, ',');
		str_append_char(out, digits[i]);
	}
}

void
pane_append_health(const struct feed_health *health, struct str *out)
{
	char age[CLOCK_STAMP_MAX];
	int64_t now_ms = clock_mono_ms();

	if (health->state == FEED_BROKEN)
		str_append(out, "  BROKEN");
	/* a watch may be silent for a minute while nothing changes: that is no doubt about its data */
	if (health->state == FEED_LIVE)
		str_append(out, "  live");
	if (health->last_alive_ms)
		str_printf(out, ", heard %s ago",
			   duration_format_human(now_ms - health->last_alive_ms, age));
	else if (health->state == FEED_STARTING)
		str_append(out, "  connecting");
}
