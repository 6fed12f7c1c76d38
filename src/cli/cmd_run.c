#include "config.h"

#include "cli/command.h"
#include "cli/session.h"
#include "run/journal/folder.h"

static int
start(struct session *s, const char *word, struct err *e)
{
	if (session_load(s, word, e) < 0)
		return -1;
	s->run_id = run_folder_new_id();
	s->folder = run_folder_path(s->run_id, e);
	if (!s->folder)
		return -1;
	return session_run(s, false, e);
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	session_init(&session, args);
	session.asks = cli_flag(args, "ask");
	session.keeps_screen = true;
	session.checks_later = !session.plain;
	return session_finish(&session, start(&session, cli_operands(args, NULL)[0], e), e);
}

static const struct cli_option options[] = {
	{ "param", 'p', "NAME=VALUE",
	  "A parameter; a secret as NAME=file:PATH, NAME=env:VARIABLE or "
	  "NAME=kubernetes:NAMESPACE/SECRET/KEY." },
	{ "params-file", 0, "FILE", "Parameters from a YAML or JSON file; -p overrides it." },
	{ "ask", 0, NULL, "Show the form of parameters though nothing is missing." },
	SESSION_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_run = {
	.name = "run",
	.operands = "RUNBOOK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Run a runbook, step by step",
	.configured = true,
	.options = options,
	.run = run,
};
