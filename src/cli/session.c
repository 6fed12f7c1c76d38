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
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "cli/library.h"
#include "cli/recall.h"
#include "cli/secret_source.h"
#include "net/child.h"
#include "report/verify.h"
#include "run/anchor.h"
#include "run/autopilot.h"
#include "run/engine.h"
#include "run/runs.h"
#include "step/step_table.h"

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

static char *
session_operator(const struct session *s)
{
	const char *given = cli_value(s->args, "operator");
	const char *names[] = { given, getenv("LIFEBOAT_OPERATOR"), config_get()->operator_name,
				getenv("SUDO_USER") };

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
	int rc = resume ? recall_blame(engine_resume(&options, &engine, e), e)
			: engine_create(&options, &engine, e);
	if (rc < 0)
		advise_place(s, resume, e);
	return engine;
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

static int
exit_code(const struct run_state *state, enum ui_end end)
{
	const struct step_state *step = run_state_current(state);

	if (state->phase == RUN_ENDED)
		return state->failed ? SESSION_ABORTED : 0;
	if (end == UI_END_INTERRUPTED)
		return SESSION_INTERRUPTED;
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

/* A run from its beginning to its end. */
struct conduct {
	struct session *session;
	bool resume;
	struct session_anchors places;
	struct engine *engine; /* NULL: not begun */
	struct anchors *anchors;
	struct teller teller;
	struct str said; /* of the runbook, while the screen hides standard error */
};

/* Makes the engine, and starts it. */
static const struct run_link *
set_out(struct conduct *c, struct err *e)
{
	struct session *s = c->session;
	struct operator_key *key = NULL;

	if (session_check(s, e) < 0 || operator_key_load(&key, e) < 0)
		return NULL;
	c->engine = make_engine(s, c->resume, key, e);
	const struct run_link *link = c->engine ? engine_subscribe(c->engine) : NULL;
	if (link) {
		c->teller.engine = c->engine;
		c->anchors = anchor(&c->teller, &c->places);
		secret_source_fingerprints();
		engine_start(c->engine);
	}
	if (link && c->resume && s->certified && !key)
		engine_warn(c->engine, "an operator's key vouches for the earlier part of this "
				       "journal, and there is none here: nobody vouches for what "
				       "follows. lifeboat key new makes one");
	operator_key_free(key);
	return link;
}

/* The same while the screen is there. */
static const struct run_link *
begin(void *data, struct err *e)
{
	struct conduct *c = data;
	struct str *kept = library_keep_words(&c->said);
	const struct run_link *link = set_out(c, e);

	library_keep_words(kept);
	return link;
}

/* The run is left in good order, however its front end has ended. */
static void
come_in(struct conduct *c, const struct run_state *state, bool is_lost)
{
	if (!c->engine) {
		anchors_drop(&c->places);
		return;
	}
	if (is_lost)
		engine_submit(c->engine,
			      intent_new(INTENT_LEAVE, state->seq, NULL, "the screen was lost"));
	atomic_store(&c->teller.is_screen_gone, true);
	if (c->anchors)
		anchors_stop(c->anchors); /* its events are the engine's */
	engine_free(c->engine);
}

/* The places of the command line and of config.yaml. */
static int
open_anchors(const struct session *s, struct session_anchors *anchors, struct err *e)
{
	const char *const *given = cli_values(s->args, "anchor");
	const char **words = NULL;
	size_t count = 0, cap = 0;

	for (; *given; given++)
		*VEC_PUSH(words, count, cap) = *given;
	for (char **at = config_get()->anchors; *at; at++)
		*VEC_PUSH(words, count, cap) = *at;
	*VEC_PUSH(words, count, cap) = NULL;
	int rc = anchor_places_open(words, s->secrets, &anchors->places, &anchors->count, e);
	free(words);
	return rc;
}

/* What stays to be read where the screen was: how the run stands, and the word that goes on from there. */
static void
say_farewell(const struct session *s, const struct run_state *state)
{
	if (s->plain || !state->run_id)
		return;
	if (state->phase != RUN_ENDED) {
		fprintf(stderr, "The run %s is not at its end. Go on with: lifeboat resume %s\n",
			state->run_id, state->run_id);
		return;
	}
	char *title = text_clean(state->end_title ? state->end_title : state->end_id, 0);
	fprintf(stderr,
		"The run %s ended: %s. The journal's head is %.12s. Tell it with: lifeboat report "
		"%s "
		"-o report.html\n",
		state->run_id, title, state->head, state->run_id);
	free(title);
}

int
session_run(struct session *s, bool resume, struct err *e)
{
	struct conduct c = { .session = s, .resume = resume };
	struct ui_beginning beginning = { "live", begin, &c };
	const struct run_link *link = NULL;
	struct run_state state;
	enum ui_end end = UI_END_LEFT;
	int rc = -1;

	if (open_anchors(s, &c.places, e) < 0)
		return -1;
	run_state_init(&state);
	if (resume) /* its past is shown from the journal */
		link = set_out(&c, e);
	if (link || !resume)
		rc = session_front_end(s, link, link ? NULL : &beginning, NULL, &state, &end, e);
	come_in(&c, &state, rc < 0);
	fputs(str_cstr(&c.said), stderr);
	str_release(&c.said);
	if (rc == 0) {
		say_farewell(s, &state);
		rc = exit_code(&state, end);
	}
	run_state_release(&state);
	return rc;
}
