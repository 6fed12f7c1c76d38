#include "config.h"

#include "cli/session.h"

#include <langinfo.h>
#include <limits.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/library.h"
#include "cli/secret_source.h"
#include "report/verify.h"
#include "run/anchor.h"
#include "run/autopilot.h"
#include "run/engine.h"
#include "run/runs.h"
#include "step/step_table.h"

static bool
dumb_terminal(void)
{
	const char *term = getenv("TERM");

	return !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || !*term ||
	       strcmp(term, "dumb") == 0;
}

void
session_init_looking(struct session *s, const struct cli_args *args)
{
	*s = (struct session){ .args = args };
	s->plain = cli_flag(args, "plain") || dumb_terminal();
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
	free(s->last_holder);
	free(s->operator_name);
	free(s->previous_run);
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
session_operator(const struct session *s)
{
	const char *given = cli_value(s->args, "operator");
	const char *names[] = { given, getenv("LIFEBOAT_OPERATOR"), getenv("SUDO_USER") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && *names[i])
			return xstrdup(names[i]);
	const struct passwd *entry = getpwuid(getuid());
	return entry ? xstrdup(entry->pw_name) : xasprintf("uid %u", (unsigned)getuid());
}

/* What to do about a state folder that cannot be written. */
static void
advise_place(const struct session *s, bool resume, struct err *e)
{
	if (e->kind != ERR_IO)
		return;
	if (resume)
		err_advise(e, "Nothing was done; follow and report need only to read the run");
	else
		err_advise(e,
			   "Nothing was done. The folder of a run is %s: make room there, or let "
			   "XDG_STATE_HOME name a folder that can be written",
			   s->folder);
}

/* Who we are, and what was before; a new run tells it in its first record. */
static int
introduce(struct session *s, bool resume, struct err *e)
{
	if (!s->operator_name)
		s->operator_name = session_operator(s);
	gethostname(s->host, sizeof(s->host) - 1);
	return resume ? 0 : run_previous(&s->previous_run, s->previous_checkpoint, e);
}

static struct engine *
make_engine(struct session *s, bool resume, const struct operator_key *key, struct err *e)
{
	struct engine *engine = NULL;

	if (introduce(s, resume, e) < 0)
		return NULL;
	struct engine_options options = {
		.runbook = s->runbook,
		.table = &step_table,
		.expressions = s->expressions,
		.secrets = s->secrets,
		.params = s->params,
		.folder = s->folder,
		.run_id = s->run_id,
		.mode = "live",
		.operator_name = s->operator_name,
		.host = s->host,
		.operator_key = key,
		.verify_script = verify_script,
		.previous_run = s->previous_run,
		.previous_checkpoint = s->previous_run ? s->previous_checkpoint : NULL,
	};
	if ((resume ? engine_resume : engine_create)(&options, &engine, e) < 0)
		advise_place(s, resume, e);
	return engine;
}

bool
session_ascii(const struct session *s)
{
	return cli_flag(s->args, "ascii") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/* What the command line has decided in advance. */
static struct autopilot
session_autopilot(const struct session *s)
{
	return (struct autopilot){
		.yes = cli_values(s->args, "yes"),
		.confirm = cli_values(s->args, "confirm"),
		.answer = cli_values(s->args, "answer"),
		.allow_insecure = cli_flag(s->args, "allow-insecure"),
	};
}

int
session_front_end(const struct session *s, const struct run_link *link,
		  const struct session_watch *watch, struct run_state *state, enum ui_end *ret_end,
		  struct err *e)
{
	bool no_color = getenv("NO_COLOR") && *getenv("NO_COLOR");
	bool flies = s->automatic && !watch;
	struct autopilot autopilot = flies ? session_autopilot(s) : (struct autopilot){ 0 };
	struct ui_options options = {
		.runbook = s->runbook,
		.run_folder = s->folder,
		.secrets = s->secrets,
		.autopilot = flies ? &autopilot : NULL,
		.ascii = session_ascii(s),
		.mono = cli_flag(s->args, "mono") || no_color,
		.holder = watch ? watch->holder : NULL,
		.takes_over = watch && watch->takes_over,
		.history_is_known = s->was_followed && !watch,
	};

	return (s->plain ? ui_plain_run : ui_screen_run)(&options, link, state, ret_end, e);
}

static int
exit_code(const struct run_state *state, enum ui_end end)
{
	const struct step_state *step = run_state_current(state);

	if (state->phase == RUN_ENDED)
		return state->failed ? SESSION_ABORTED : 0;
	if (end == UI_END_LEFT && step &&
	    (step->status == STEP_FAILED || step->status == STEP_BLOCKED))
		return 1;
	return SESSION_INCOMPLETE;
}

/* Where the journal's head is copied to. */
struct session_anchors {
	struct anchor_place *places;
	size_t count;
};

static void
anchors_drop(struct session_anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		anchors->places[i].close(anchors->places[i].data);
		free(anchors->places[i].name);
	}
	free(anchors->places);
}

/* Where the operator hears of the anchors: on the screen, and once that has gone on standard error. */
struct teller {
	struct engine *engine;
	atomic_bool is_screen_gone;
};

static void
tell_operator(void *data, const char *text)
{
	struct teller *teller = data;

	if (atomic_load(&teller->is_screen_gone))
		fprintf(stderr, "lifeboat: %s\n", text);
	else
		engine_warn(teller->engine, text);
}

/* NULL where no place was given. The places pass to what is started. */
static struct anchors *
anchor(struct teller *teller, const struct session_anchors *anchors)
{
	if (anchors->count == 0)
		return NULL;
	return anchors_start(engine_subscribe(teller->engine), anchors->places, anchors->count,
			     tell_operator, teller);
}

/* From the first event to the last one. */
static int
conduct(struct session *s, struct engine *engine, const struct session_anchors *places,
	bool key_missing, struct err *e)
{
	const struct run_link *link = engine_subscribe(engine);
	struct teller teller = { .engine = engine };
	struct anchors *anchors = anchor(&teller, places);
	struct run_state state;
	enum ui_end end = UI_END_LEFT;

	secret_source_fingerprints();
	engine_start(engine);
	if (key_missing)
		engine_warn(engine, "an operator's key vouches for the earlier part of this "
				    "journal, and there is none here: nobody vouches for what "
				    "follows. lifeboat key new makes one");
	run_state_init(&state);
	int rc = session_front_end(s, link, NULL, &state, &end, e);
	if (rc < 0) /* the front end is gone: the run must still be left in good order */
		engine_submit(engine,
			      intent_new(INTENT_LEAVE, state.seq, NULL, "the screen was lost"));
	atomic_store(&teller.is_screen_gone, true);
	if (anchors)
		anchors_stop(anchors); /* its events are the engine's */
	engine_free(engine);
	if (rc == 0)
		rc = exit_code(&state, end);
	run_state_release(&state);
	return rc;
}

int
session_run(struct session *s, bool resume, struct err *e)
{
	struct session_anchors anchors = { 0 };
	struct operator_key *key = NULL;
	struct engine *engine = NULL;
	int rc = -1;

	if (anchor_places_open(cli_values(s->args, "anchor"), s->secrets, &anchors.places,
			       &anchors.count, e) < 0)
		return -1;
	if (operator_key_load(&key, e) == 0)
		engine = make_engine(s, resume, key, e);
	if (engine)
		rc = conduct(s, engine, &anchors, resume && s->certified && !key, e);
	else
		anchors_drop(&anchors);
	operator_key_free(key);
	return rc;
}
