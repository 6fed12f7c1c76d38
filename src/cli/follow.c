#include "config.h"

#include "cli/follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/text.h"
#include "cli/recall.h"
#include "cli/secret_source.h"
#include "run/journal/tail.h"

static void
say(const struct str *text)
{
	char *clean = text_clean(str_cstr(text), 0);

	puts(clean);
	free(clean);
	fflush(stdout);
}

/* How a run stands that nobody works on any more, for whoever looked on. */
static void
conclude(const struct session *s, bool takes_over, struct run_state *state)
{
	struct str text = STR_INIT;

	if (state->phase == RUN_STOPPED)
		str_printf(&text, "The run was left by %s.", state->operator_name);
	else if (state->seq >= 0)
		str_printf(&text, "The process of %s on %s that held the run is gone.",
			   state->operator_name, state->host);
	else
		str_append(&text, "The process that held the run is gone.");
	run_state_close_crashed(state);
	const struct step_state *step = run_state_current(state);
	if (step && step->status == STEP_UNKNOWN)
		str_printf(&text, " Step %s was cut off: it may or may not have happened.",
			   step->id);
	if (str_equal(state->mode, "drill"))
		str_printf(&text, " It was a drill: lifeboat report %s tells how it went.",
			   s->run_id);
	else if (takes_over)
		str_append(&text, " It is taken over now.");
	else
		str_printf(&text, " It is taken up again with: lifeboat resume %s", s->run_id);
	say(&text);
	str_release(&text);
}

int
session_follow(struct session *s, bool takes_over, enum ui_end *ret_end, struct err *e)
{
	const char *holder = s->last_holder ? s->last_holder : "another process";
	struct run_tail *tail = NULL;
	struct run_state state;
	enum ui_end end = UI_END_LEFT;
	int rc = -1;

	secret_source_fingerprints();
	run_state_init(&state);
	if (run_tail_new(s->folder, &tail, e) < 0)
		goto out;
	if (takes_over && s->plain)
		puts("The run is held by another process. It is taken over when that one ends.");
	const struct session_watch watch = { holder, takes_over };
	if (session_front_end(s, run_tail_link(tail), NULL, &watch, &state, &end, e) < 0)
		goto out;
	rc = SESSION_INCOMPLETE;
	if (end == UI_END_RUN_OVER)
		rc = state.failed ? SESSION_ABORTED : 0;
	else if (end == UI_END_RELEASED)
		conclude(s, takes_over, &state);
	*ret_end = end;
out:
	run_tail_free(tail);
	run_state_release(&state);
	return recall_blame(rc, e);
}
