#include "config.h"

#include "cli/session.h"

#include <langinfo.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/library.h"
#include "run/autopilot.h"
#include "run/engine.h"
#include "step/step_table.h"
#include "ui/ui.h"

enum { EXIT_INCOMPLETE = 5, EXIT_ABORTED = 3 };

static bool
dumb_terminal(void)
{
	const char *term = getenv("TERM");

	return !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || !*term ||
	       strcmp(term, "dumb") == 0;
}

void
session_init(struct session *s, const struct cli_args *args)
{
	*s = (struct session){ .args = args };
	s->automatic = cli_flag(args, "auto");
	s->plain = cli_flag(args, "plain") || s->automatic || dumb_terminal();
	s->secrets = secrets_new();
	s->params = cJSON_CreateObject();
}

int
session_finish(struct session *s, int rc, struct err *e)
{
	if (rc < 0)
		secrets_redact_err(s->secrets, e);
	expressions_free(s->expressions);
	runbook_free(s->runbook);
	cJSON_Delete(s->params);
	secrets_free(s->secrets);
	free(s->folder);
	free(s->run_id);
	return rc;
}

int
session_load(struct session *s, const char *word, struct err *e)
{
	char *path = library_find(word, e);
	char absolute[PATH_MAX];

	if (!path)
		return -1;
	/* the journal and relative names in the runbook must mean the same from any folder */
	s->runbook = library_load(realpath(path, absolute) ? absolute : path, e);
	free(path);
	if (!s->runbook)
		return -1;
	s->expressions = expressions_new((const char *const *)s->runbook->expressions,
					 s->runbook->expressions_count);
	return session_params(s, false, e);
}

static char *
operator_name(const struct session *s)
{
	const char *given = cli_value(s->args, "operator");
	const char *names[] = { given, getenv("LIFEBOAT_OPERATOR"), getenv("SUDO_USER") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && *names[i])
			return xstrdup(names[i]);
	const struct passwd *entry = getpwuid(getuid());
	return entry ? xstrdup(entry->pw_name) : xasprintf("uid %u", (unsigned)getuid());
}

static struct engine *
make_engine(const struct session *s, bool resume, const char *operator, struct err * e)
{
	char host[256] = "";
	struct engine *engine = NULL;

	gethostname(host, sizeof(host) - 1);
	struct engine_options options = {
		.runbook = s->runbook,
		.table = &step_table,
		.expressions = s->expressions,
		.secrets = s->secrets,
		.params = s->params,
		.folder = s->folder,
		.run_id = s->run_id,
		.mode = "live",
		.operator_name = operator,
		.host = host,
	};
	if ((resume ? engine_resume : engine_create)(&options, &engine, e) < 0)
		return NULL;
	return engine;
}

bool
session_ascii(const struct session *s)
{
	return cli_flag(s->args, "ascii") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static int
front_end(const struct session *s, const struct run_link *link, struct run_state *state,
	  enum ui_end *ret_end, struct err *e)
{
	bool no_color = getenv("NO_COLOR") && *getenv("NO_COLOR");
	struct autopilot autopilot = {
		.yes = cli_values(s->args, "yes"),
		.confirm = cli_values(s->args, "confirm"),
		.answer = cli_values(s->args, "answer"),
		.allow_insecure = cli_flag(s->args, "allow-insecure"),
	};
	struct ui_options options = {
		.runbook = s->runbook,
		.run_folder = s->folder,
		.secrets = s->secrets,
		.autopilot = s->automatic ? &autopilot : NULL,
		.ascii = session_ascii(s),
		.mono = cli_flag(s->args, "mono") || no_color,
	};

	return (s->plain ? ui_plain_run : ui_screen_run)(&options, link, state, ret_end, e);
}

static int
exit_code(const struct run_state *state, enum ui_end end)
{
	const struct step_state *step = run_state_current(state);

	if (state->phase == RUN_ENDED)
		return state->failed ? EXIT_ABORTED : 0;
	if (end == UI_END_LEFT && step &&
	    (step->status == STEP_FAILED || step->status == STEP_BLOCKED))
		return 1;
	return EXIT_INCOMPLETE;
}

int
session_run(struct session *s, bool resume, struct err *e)
{
	char *operator= operator_name(s);
	struct engine *engine = make_engine(s, resume, operator, e);
	struct run_state state;
	enum ui_end end = UI_END_LEFT;
	int rc;

	free(operator);
	if (!engine)
		return -1;
	const struct run_link *link = engine_subscribe(engine);
	engine_start(engine);
	run_state_init(&state);
	rc = front_end(s, link, &state, &end, e);
	if (rc < 0) /* the front end is gone: the run must still be left in good order */
		engine_submit(engine,
			      intent_new(INTENT_LEAVE, state.seq, NULL, "the screen was lost"));
	engine_free(engine);
	if (rc == 0)
		rc = exit_code(&state, end);
	run_state_release(&state);
	return rc;
}
