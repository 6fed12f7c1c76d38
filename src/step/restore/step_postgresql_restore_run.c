#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/child/child_words.h"
#include "net/postgres/postgres_conninfo.h"
#include "step/postgresql/step_postgresql.h"
#include "step/restore/step_postgresql_restore.h"
#include "step/restore/step_postgresql_restore_fate.h"
#include "step/restore/step_postgresql_restore_verify.h"
#include "step/restore/step_postgresql_restore_watch.h"
#include "step/step_with.h"

enum { PSQL_SCRIPT_FAILED = 3 };

/* One restore. */
struct restore {
	struct step_context *ctx;
	const struct action *action;
	const cJSON *plan;
	struct restore_database db;
	struct step_texts argv;
	cJSON *expected;
	bool made; /* the database was missing */
	char *transaction;
};

/* ---- before ---- */

/* What was confirmed is what is done, or nothing. */
static int
check_unchanged(struct restore *r, struct err *e)
{
	const char *path = json_string(r->action->with, "dump", "");
	const char *oid = json_string(r->plan, "oid", NULL);
	char *stamp = dump_stamp(path, e);
	bool same = str_equal(stamp, json_string(r->plan, "stamp", ""));

	if (!stamp)
		return -1;
	free(stamp);
	if (!same)
		return err_set(e, ERR_CONFLICT,
			       "the dump %s has changed since it was looked at. Nothing was "
			       "touched: look at it again",
			       path);
	if (r->db.missing != !oid || (oid && !str_equal(oid, json_string(r->db.state, "oid", ""))))
		return err_set(e, ERR_CONFLICT,
			       "database %s is another one than at the preview. Nothing was "
			       "touched: look at it again",
			       r->db.name);
	if (json_bool(r->plan, "empty", false) && !database_is_empty(&r->db))
		return err_set(e, ERR_CONFLICT,
			       "database %s was empty at the preview, and is not any more. Nothing "
			       "was touched: look who writes to it",
			       r->db.name);
	return 0;
}

static int
prepare(struct restore *r, struct err *e)
{
	cJSON *evidence;

	if (!r->plan)
		return err_set(e, ERR_SPEC, "it runs only after its preview, as a step");
	if (counts_load(r->action->with, &r->expected, e) < 0 ||
	    database_open(&r->db, r->ctx, r->action, e) < 0 || check_unchanged(r, e) < 0)
		return -1;
	evidence = cJSON_CreateObject();
	json_add_string(evidence, "database", r->db.name);
	json_add_string(evidence, "server", r->db.who);
	json_add_bool(evidence, "single_transaction", plan_is_single(r->plan));
	if (step_begin_writing(r->ctx, evidence, e) < 0)
		return -1;
	r->made = r->db.missing;
	if (r->db.missing && database_make(&r->db, e) < 0)
		return -1;
	r->db.missing = false;
	if (json_bool(r->action->with, "terminate_sessions", false) &&
	    database_end_sessions(&r->db, e) < 0)
		return -1;
	return plan_argv(r->plan, &r->db, &r->argv, e);
}

/* ---- the run, and what a failure means ---- */

/*
 * By what it said itself, where the server cannot tell: psql has rolled back what a script's error ended; pg_restore
 * too, but for an error at COMMIT.
 */
static bool
rolled_back_by_itself(const struct restore *r, const struct restore_watch *w,
		      const struct child_result *done)
{
	if (!plan_is_single(r->plan) || done->signal)
		return false;
	if (plan_kind(r->plan) == DUMP_PLAIN)
		return done->exit_code == PSQL_SCRIPT_FAILED;
	return done->exit_code == 1 && !strstr(str_cstr(&w->tail), "COMMIT");
}

static void
say_state(const struct restore *r, enum restore_fate fate, const char *why, struct err *e)
{
	if (fate == FATE_ROLLED_BACK) {
		if (e->kind == ERR_UNKNOWN_OUTCOME) /* of the child; the server has told now */
			e->kind = ERR_REMOTE;
		err_advise(e, "Everything was rolled back: database %s is as it was%s (%s)",
			   r->db.name, r->made ? ", that is, new and empty" : "", why);
		return;
	}
	e->kind = ERR_UNKNOWN_OUTCOME;
	if (fate == FATE_COMMITTED)
		err_advise(e,
			   "It was too late: all of the dump is in database %s and committed (%s), "
			   "but nothing was verified",
			   r->db.name, why);
	else
		err_advise(e,
			   "A part of the dump may be in database %s (%s). Look at it; to begin "
			   "anew, make it empty or restore with `when_not_empty: replace`",
			   r->db.name, why);
}

/* What people run into, and what helps. */
static void
advise(const char *reason, struct err *e)
{
	if (strstr(reason, "No space left on device"))
		err_advise(e, "The disk of the server is full: make room before you try again");
	else if (strstr(reason, "out of shared memory"))
		err_advise(e, "Too many objects for one transaction: raise "
			      "max_locks_per_transaction of the server");
	else if (strstr(reason, "permission denied") || strstr(reason, "must be owner"))
		e->kind = ERR_DENIED;
}

static int
report_failure(struct restore *r, const struct restore_watch *w, const struct child_result *done,
	       struct err *e)
{
	const char *program = dump_kind_program(plan_kind(r->plan));
	enum restore_fate fate;
	char *reason, *why = NULL;

	if (done && done->signal) {
		reason = child_signal_describe(done->signal);
		err_set(e, ERR_REMOTE, "%s was ended by %s", program, reason);
		free(reason);
	} else if (done) {
		reason = watch_reason(w);
		err_set(e, ERR_REMOTE, "%s ended with exit code %d: %s", program, done->exit_code,
			reason);
		advise(reason, e);
		free(reason);
	}
	if (done && !done->signal && json_bool(r->plan, "clean", false))
		err_advise(e,
			   "`replace` drops what the dump has: where the database has other things "
			   "in their place, drop the database and set `create: true`");
	fate = fate_settle(r->db.connection, r->plan, w->id, &why);
	if (fate == FATE_UNKNOWN && done && rolled_back_by_itself(r, w, done)) {
		fate = FATE_ROLLED_BACK;
		free(why);
		why = xasprintf("%s ended its transaction", program);
	}
	say_state(r, fate, why, e);
	free(why);
	return -1;
}

static int
run_child(struct restore *r, struct restore_watch *w, struct child_result *ret_done, struct err *e)
{
	const char *password = plan_password(&r->db);

	if (password) {
		w->child.input_fd = postgres_client_passfile(password, e);
		if (w->child.input_fd < 0)
			return -1;
	}
	w->child.argv = step_texts_array(&r->argv);
	r->ctx->progress(r->ctx, "running %s", r->argv.items[0]);
	return watched_child_run(&w->child, ret_done, e);
}

static int
put_in(struct restore *r, struct err *e)
{
	struct child_result done = { 0 };
	struct restore_watch w;
	int rc;

	watch_init(&w, r->ctx, r->action, &r->db, r->plan);
	rc = run_child(r, &w, &done, e);
	if (rc == 0 && (done.exit_code != 0 || done.signal))
		rc = report_failure(r, &w, &done, e);
	else if (rc < 0 && w.child.pid > 0)
		rc = report_failure(r, &w, NULL, e);
	r->transaction = xstrdup(w.id);
	watch_release(&w);
	return rc;
}

/* ---- after ---- */

static cJSON *
result_new(const struct restore *r)
{
	cJSON *result = cJSON_CreateObject();

	json_add_string(result, "database", r->db.name);
	json_add_string(result, "format", dump_kind_name(plan_kind(r->plan)));
	json_add_int(result, "entries", json_int(r->plan, "entries", 0));
	json_add_string(result, "server", r->db.who);
	json_add_bool(result, "single_transaction", plan_is_single(r->plan));
	json_add_string(result, "transaction", r->transaction);
	return result;
}

static int
analyze(struct restore *r, struct restore_checks *v, struct err *e)
{
	bool wanted = json_bool(r->action->with, "analyze", true);
	struct err why = ERR_INIT;
	int rc = 0;

	if (wanted) {
		r->ctx->progress(r->ctx, "ANALYZE of %s", r->db.name);
		postgres_set_limit(r->db.pg, 0);
		rc = sql_execute(r->db.pg, "ANALYZE", NULL, 0, r->ctx->cancel, &why);
	}
	json_add_bool(v->result, "analyzed", wanted && rc == 0);
	return rc < 0 ? err_set(e, why.kind, "ANALYZE: %s", why.message) : 0;
}

/* It is in: what fails from here on takes nothing back. */
static int
look_after(struct restore *r, cJSON *result, struct err *e)
{
	struct restore_checks v = {
		.ctx = r->ctx,
		.with = r->action->with,
		.plan = r->plan,
		.expected = r->expected,
		.result = result,
	};
	int rc;

	postgres_free(r->db.pg); /* it has been idle for long, and knows nothing of the new */
	r->db.pg = NULL;
	rc = database_connect(&r->db, e);
	v.pg = r->db.pg;
	if (rc == 0)
		rc = analyze(r, &v, e);
	if (rc == 0)
		rc = verify_restore(&v, e);
	if (rc < 0) {
		e->kind = ERR_UNKNOWN_OUTCOME;
		err_wrap(e, "the dump is in database %s, but it could not be verified", r->db.name);
	} else if (v.failed > 0) {
		rc = err_set(e, ERR_CHECK,
			     "the dump is in database %s, but %zu check%s not hold: %s", r->db.name,
			     v.failed, v.failed == 1 ? " does" : "s do", v.problems.data);
	}
	restore_checks_release(&v);
	return rc;
}

static void
restore_release(struct restore *r)
{
	database_release(&r->db);
	step_texts_release(&r->argv);
	cJSON_Delete(r->expected);
	free(r->transaction);
}

int
restore_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	struct restore r = { .ctx = ctx, .action = action, .plan = action->seen };
	int64_t begin_ms = clock_mono_ms();
	cJSON *result = NULL;
	int rc = prepare(&r, e);

	if (rc == 0)
		rc = put_in(&r, e);
	if (rc == 0) {
		result = result_new(&r);
		rc = look_after(&r, result, e);
	}
	if (rc == 0) {
		json_add_int(result, "duration_ms", clock_mono_ms() - begin_ms);
		*ret_result = result;
	} else {
		cJSON_Delete(result);
		err_wrap(e, "postgresql.restore");
	}
	restore_release(&r);
	return rc;
}
