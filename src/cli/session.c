#include "config.h"

#include "cli/session.h"

#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "cli/library.h"
#include "net/child/child.h"
#include "run/state/autopilot.h"

enum { CHECK_MS = 10000 /* for the runbook's expressions, on a loaded machine */ };

static bool screen_is_handed;

void
session_hand_screen(void)
{
	screen_is_handed = true;
}

void
session_init_looking(struct session *s, const struct cli_args *args)
{
	*s = (struct session){ .args = args, .has_screen = screen_is_handed };
	screen_is_handed = false;
	s->screen_problem = cli_flag(args, "plain") ? NULL : ui_screen_problem();
	s->plain = cli_flag(args, "plain") || s->screen_problem;
	s->secrets = secrets_new();
	s->params = cJSON_CreateObject();
}

void
session_init(struct session *s, const struct cli_args *args)
{
	session_init_looking(s, args);
	s->automatic = cli_flag(args, "auto");
	s->plain = s->plain || s->automatic;
}

static void
say_lines(const char *problem)
{
	char *clean = text_clean(problem, 0); /* it may quote TERM */

	fprintf(stderr, "lifeboat: %s: by lines, as with --plain\n", clean);
	free(clean);
}

void
session_say_lines(struct session *s)
{
	bool somebody = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (s->screen_problem && somebody && !s->automatic)
		say_lines(s->screen_problem);
	free(s->screen_problem);
	s->screen_problem = NULL;
}

/* The form has kept the terminal for what follows. */
static void
give_screen_back(struct session *s)
{
	if (s->has_screen)
		ui_close();
	s->has_screen = false;
}

int
session_finish(struct session *s, int rc, struct err *e)
{
	give_screen_back(s);
	if (rc < 0)
		secrets_redact_err(s->secrets, e);
	expressions_free(s->expressions);
	runbook_free(s->runbook);
	cJSON_Delete(s->params);
	secrets_free(s->secrets);
	free(s->folder);
	free(s->run_id);
	free(s->last_holder);
	free(s->operator_name);
	free(s->previous_run);
	free(s->screen_problem);
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
	s->runbook = (s->checks_later ? library_read : library_load)(
		realpath(path, absolute) ? absolute : path, e);
	free(path);
	if (!s->runbook)
		return -1;
	s->expressions = expressions_new((const char *const *)s->runbook->expressions,
					 s->runbook->expressions_count);
	if (!s->checks_later)
		expressions_start(s->expressions);
	return session_params(s, false, e);
}

int
session_check(struct session *s, struct err *e)
{
	bool is_open = s->checks_later;

	s->checks_later = false;
	if (!is_open || expressions_are_sound(s->expressions, CHECK_MS))
		return 0;
	/* which of them, and where; and whether it was one of them at all */
	struct runbook *rb = library_load(s->runbook->path, e);
	runbook_free(rb);
	return rb ? 0 : -1;
}

bool
session_ascii(const struct session *s)
{
	return cli_flag(s->args, "ascii") || config_get()->ascii ||
	       strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

struct ui_look
session_look(const struct session *s)
{
	const char *no_color = getenv("NO_COLOR");

	return (struct ui_look){
		.ascii = session_ascii(s),
		.mono = cli_flag(s->args, "mono") || (no_color && *no_color),
		.clipboard = config_get()->clipboard,
		.mouse = config_get()->mouse,
		.local_time = config_get()->local_time,
	};
}

static bool
has_program(const char *name)
{
	struct err ignored = ERR_INIT;
	char *path = child_find(name, &ignored);
	bool found = path != NULL;

	free(path);
	return found;
}

/* What the command line has decided in advance. In a drill nothing real is at stake, and all is confirmed if none is. */
static struct autopilot
session_autopilot(const struct session *s)
{
	static const char *const every_step[] = { "*", NULL };
	const char *const *yes = cli_values(s->args, "yes");

	return (struct autopilot){
		.yes = s->drill && !*yes ? every_step : yes,
		.confirm = cli_values(s->args, "confirm"),
		.answer = cli_values(s->args, "answer"),
		.allow_insecure = cli_flag(s->args, "allow-insecure"),
	};
}

int
session_front_end(struct session *s, const struct run_link *link,
		  const struct ui_beginning *beginning, const struct session_watch *watch,
		  struct run_state *state, enum ui_end *ret_end, struct err *e)
{
	bool flies = s->automatic && !watch;
	struct autopilot autopilot = flies ? session_autopilot(s) : (struct autopilot){ 0 };
	struct ui_options options = {
		.runbook = s->runbook,
		.run_folder = s->folder,
		.secrets = s->secrets,
		.autopilot = flies ? &autopilot : NULL,
		.look = session_look(s),
		.holder = watch ? watch->holder : NULL,
		.takes_over = watch && watch->takes_over,
		.history_is_known = s->was_followed && !watch,
		.has_program = has_program,
		.beginning = beginning,
	};

	session_say_lines(s);
	int rc = (s->plain ? ui_plain_run : ui_screen_run)(&options, link, state, ret_end, e);
	give_screen_back(s);
	return rc;
}
