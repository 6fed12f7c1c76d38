#include "config.h"

#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/late.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "cli/library.h"
#include "cli/recall.h"
#include "cli/secret_source.h"
#include "cli/session.h"
#include "report/verify.h"
#include "run/engine/engine.h"
#include "run/journal/anchor.h"
#include "run/journal/runs.h"
#include "runbook/expression.h"
#include "step/step_table.h"

/* From a session whose parameters are filled to a run, and to how it stands when its front end is left. */

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

static const char *
session_mode(const struct session *s)
{
	return s->drill ? "drill" : "live";
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
		.mode = session_mode(s),
		.drill = s->drill,
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
	struct operator_key *key; /* or NULL; outlives the engine */
	struct engine *engine;	  /* NULL: not begun */
	struct anchors *anchors;
	struct teller teller;
	struct str said; /* of the runbook, while the screen hides standard error */
};

/* What a run may need later is found out here, and not in the middle of it. */
static int
find_what_is_needed(const struct session *s, struct err *e)
{
	static struct late_library *const libraries[] = { &late_curl, &late_ldns, &late_libpq,
							  &late_libssl };

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (late_load(libraries[i], e) < 0)
			return -1;
	return expressions_find_program(s->expressions, e);
}

/* Makes the engine, and starts it. */
static const struct run_link *
set_out(struct conduct *c, struct err *e)
{
	struct session *s = c->session;

	if (find_what_is_needed(s, e) < 0 || session_check(s, e) < 0 ||
	    operator_key_load(&c->key, e) < 0)
		return NULL;
	c->engine = make_engine(s, c->resume, c->key, e);
	const struct run_link *link = c->engine ? engine_subscribe(c->engine) : NULL;
	if (link) {
		c->teller.engine = c->engine;
		c->anchors = anchor(&c->teller, &c->places);
		secret_source_fingerprints();
		engine_start(c->engine);
	}
	if (link && c->resume && s->certified && !c->key)
		engine_warn(c->engine, "an operator's key vouches for the earlier part of this "
				       "journal, and there is none here: nobody vouches for what "
				       "follows. lifeboat key new makes one");
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
end_engine(struct conduct *c, const struct run_state *state, bool is_lost)
{
	if (is_lost)
		engine_submit(c->engine,
			      intent_new(INTENT_LEAVE, state->seq, NULL, "the screen was lost"));
	atomic_store(&c->teller.is_screen_gone, true);
	if (c->anchors)
		anchors_stop(c->anchors); /* its events are the engine's */
	engine_free(c->engine);
}

static void
come_in(struct conduct *c, const struct run_state *state, bool is_lost)
{
	if (c->engine)
		end_engine(c, state, is_lost);
	else
		anchors_drop(&c->places);
	operator_key_free(c->key);
	fputs(str_cstr(&c->said), stderr);
	str_release(&c->said);
}

/* The places of the command line and of config.yaml. */
static int
open_anchors(const struct session *s, struct session_anchors *anchors, struct err *e)
{
	const char *const *given = s->drill ? NULL : cli_values(s->args, "anchor");
	const char **words = NULL;
	size_t count = 0, cap = 0;

	if (s->drill) /* nobody anchors what was only practised */
		return 0;
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
	if (s->plain || s->drill || !state->run_id)
		return;
	if (state->phase != RUN_ENDED) {
		fprintf(stderr, "The run %s is not at its end. Go on with: lifeboat resume %s\n",
			state->run_id, state->run_id);
		return;
	}
	char *title = text_clean(state->end_title ? state->end_title : state->end_id, 0);
	fprintf(stderr,
		"The run %s ended: %s. The journal's head is %.12s. Tell it with: "
		"lifeboat report %s -o report.html\n",
		state->run_id, title, state->head, state->run_id);
	free(title);
}

int
session_run(struct session *s, bool resume, struct err *e)
{
	struct conduct c = { .session = s, .resume = resume };
	struct ui_beginning beginning = { session_mode(s), begin, &c };
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
	if (rc == 0) {
		say_farewell(s, &state);
		rc = exit_code(&state, end);
	}
	run_state_release(&state);
	return rc;
}
