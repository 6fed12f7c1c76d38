#include "config.h"

#include <string.h>

#include "cli/command.h"
#include "cli/follow.h"
#include "cli/recall.h"
#include "cli/session.h"
#include "run/journal/folder.h"

/*
 * Who takes up a run that was let go is decided by the lock on its journal: of several that wait for it one gets it,
 * and the others follow on.
 */
static int
take_up(struct session *s, struct err *e)
{
	for (;;) {
		enum ui_end end;
		int rc = session_run(s, true, e);

		if (rc >= 0 || e->kind != ERR_LOCKED || cli_flag(s->args, "no-wait"))
			return rc;
		*e = (struct err)ERR_INIT;
		rc = session_follow(s, true, &end, e);
		s->was_followed = true;
		if (rc < 0 || end != UI_END_RELEASED)
			return rc;
	}
}

static int
refuse_drill(const char *run_id, struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "%s was a drill, and its world is gone: there is nothing to resume. "
		       "lifeboat report %s tells how it went",
		       run_id, run_id);
}

static int
resume(struct session *s, const char *word, struct err *e)
{
	s->folder = run_folder_find(word, e);
	if (!s->folder && word)
		s->folder = run_folder_find_drill(word);
	if (!s->folder)
		return -1;
	if (run_folder_is_drill(s->folder))
		return refuse_drill(strrchr(s->folder, '/') + 1, e);
	if (session_recall(s, e) < 0)
		return -1;
	if (s->was_drill) /* that somebody has put among the runs */
		return refuse_drill(s->run_id, e);
	s->expressions = expressions_new((const char *const *)s->runbook->expressions,
					 s->runbook->expressions_count);
	expressions_start(s->expressions);
	/* secrets are asked for now: when the run becomes free, nobody may be there */
	return session_params(s, true, e) < 0 ? -1 : take_up(s, e);
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	session_init(&session, args);
	session.verb = "Go on";
	session.keeps_screen = true;
	return session_finish(&session, resume(&session, cli_operands(args, NULL)[0], e), e);
}

static const struct cli_option options[] = {
	{ "param", 'p', "NAME=SOURCE",
	  "A secret again: NAME=file:PATH, NAME=env:VARIABLE or "
	  "NAME=kubernetes:NAMESPACE/SECRET/KEY." },
	{ "params-file", 0, "FILE", "Secrets from a YAML or JSON file of such sources." },
	{ "no-wait", 0, NULL, "Where another process holds the run: exit 4, do not follow it." },
	SESSION_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_resume = {
	.name = "resume",
	.operands = "[RUN]",
	.operands_max = 1,
	.summary = "Go on with a run that was left (default: the latest that has not ended)",
	.configured = true,
	.options = options,
	.run = run,
};
