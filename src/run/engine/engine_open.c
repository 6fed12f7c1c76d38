#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"
#include "run/journal/chain.h"

enum { RUNBOOK_MAX_BYTES = 4 << 20 };

static void
free_message(void *message)
{
	message_free(message);
}

static void
free_event(void *event)
{
	run_event_free(event);
}

static struct engine *
engine_alloc(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->params =
		options->params ? cJSON_Duplicate(options->params, true) : cJSON_CreateObject();
	engine->folder = xstrdup(options->folder);
	engine->run_id = xstrdup(options->run_id);
	engine->mode = xstrdup(options->mode);
	engine->operator_name = xstrdup(options->operator_name);
	engine->host = xstrdup(options->host);
	engine->outputs = cJSON_CreateObject();
	engine->befores = cJSON_CreateObject();
	engine->inbox = queue_new();
	engine->cancel_at_ms = INT64_MAX;
	run_state_init(&engine->state);
	engine->env = (struct job_env){
		.runbook = options->runbook,
		.table = options->table,
		.expressions = options->expressions,
		.secrets = options->secrets,
		.run_id = engine->run_id,
		.folder = engine->folder,
		.inbox = engine->inbox,
	};
	return engine;
}

void
engine_destroy(struct engine *engine)
{
	job_free(engine->prepared);
	frozen_targets_free(engine->env.targets, engine->env.targets_count);
	journal_close(engine->journal);
	run_state_release(&engine->state);
	queue_free(engine->inbox, free_message);
	for (size_t i = 0; i < engine->links_count; i++)
		queue_free(engine->links[i].events, free_event);
	for (size_t i = 0; i < engine->history_count; i++)
		record_free(engine->history[i]);
	free(engine->history);
	free(engine->links);
	cJSON_Delete(engine->params);
	cJSON_Delete(engine->outputs);
	cJSON_Delete(engine->befores);
	free(engine->folder);
	free(engine->run_id);
	free(engine->mode);
	free(engine->operator_name);
	free(engine->host);
	free(engine->leave_reason);
	free(engine->broken);
	free(engine);
}

/* What target fields may refer to: the parameters and the run; there are no steps yet. */
static cJSON *
first_context(const struct engine *engine)
{
	cJSON *context = cJSON_CreateObject();

	json_add(context, "params", cJSON_Duplicate(engine->params, true));
	cJSON_AddObjectToObject(context, "steps");
	cJSON_AddObjectToObject(context, "targets");
	cJSON *run = cJSON_AddObjectToObject(context, "run");
	json_add_string(run, "id", engine->run_id);
	json_add_string(run, "mode", engine->mode);
	json_add_string(run, "operator", engine->operator_name);
	return context;
}

static int
freeze_targets(struct engine *engine, struct err *e)
{
	cJSON *context = first_context(engine);
	int rc = frozen_targets_new(engine->env.runbook, engine->env.table, engine->env.expressions,
				    context, &engine->env.targets, &engine->env.targets_count, e);

	cJSON_Delete(context);
	return rc;
}

static int
write_file(const struct engine *engine, const char *name, const char *text, size_t len_bytes,
	   mode_t mode, struct err *e)
{
	char *path = xasprintf("%s/%s", engine->folder, name);
	int rc = file_write_atomic(path, text, len_bytes, mode, e);

	free(path);
	return rc;
}

/* The run's own copy of its runbook, and what it takes to verify the folder without us. */
static int
write_files(const struct engine *engine, struct err *e)
{
	const struct runbook *rb = engine->env.runbook;
	const char *script = engine->options.verify_script;

	if (write_file(engine, "runbook.yaml", rb->source, rb->source_len, 0600, e) < 0)
		return -1;
	return script ? write_file(engine, "verify.sh", script, strlen(script), 0700, e) : 0;
}

/* What could not be begun is no run: it would be the latest one, and be taken up. */
static int
make_folder(struct engine *engine, struct err *e)
{
	static const char *const names[] = { "runbook.yaml", "verify.sh" };

	if (journal_create(engine->folder, engine->run_id, engine->options.operator_key,
			   &engine->journal, e) < 0)
		return -1;
	if (write_files(engine, e) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = xasprintf("%s/%s", engine->folder, names[i]);

		unlink(path);
		free(path);
	}
	journal_discard(engine->journal, engine->folder);
	return -1;
}

int
engine_create(const struct engine_options *options, struct engine **ret_engine, struct err *e)
{
	struct engine *engine = engine_alloc(options);

	if (freeze_targets(engine, e) < 0 || make_folder(engine, e) < 0) {
		engine_destroy(engine);
		return -1;
	}
	*ret_engine = engine;
	return 0;
}

/* Builds the state of an earlier process and keeps its records for the subscribers. */
static int
recall(void *data, struct record *record, struct err *e)
{
	struct engine *engine = data;

	if (run_state_apply(&engine->state, record, e) < 0)
		return -1;
	*VEC_PUSH(engine->history, engine->history_count, engine->history_cap) = record_ref(record);
	return 0;
}

/* The parameters as the first process had them; secrets come anew with the options. */
static void
recall_params(struct engine *engine)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, engine->state.params) {
		const struct param *param = runbook_param(engine->env.runbook, at->string);

		if (param && param->type == PARAM_SECRET)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(engine->params, at->string);
		json_add(engine->params, at->string, cJSON_Duplicate(at, true));
	}
}

/* All identities that any record has told: those of the first one, and those of later targets. */
static void
recall_identities(struct engine *engine)
{
	for (size_t i = 0; i < engine->history_count; i++) {
		const struct record *record = engine->history[i];

		if (record->type == RECORD_RUN) {
			frozen_targets_recall(engine->env.targets, engine->env.targets_count,
					      json_at(record->data, "targets"));
		} else if (record->type == RECORD_TARGET) {
			cJSON *one = cJSON_CreateArray();

			cJSON_AddItemToArray(one, cJSON_Duplicate(record->data, true));
			frozen_targets_recall(engine->env.targets, engine->env.targets_count, one);
			cJSON_Delete(one);
		}
	}
}

/* A process that died between the last record of a run and its seal leaves that to the next one. */
static int
seal_end(struct engine *engine, bool *ret_is_new, struct err *e)
{
	const struct chain_reader reader = { 0 };
	struct record *record = NULL;
	struct chain chain;
	int rc;

	chain_init(&chain);
	rc = chain_read(engine->folder, &reader, &chain, e);
	*ret_is_new = rc == 0 && !chain.is_final;
	if (*ret_is_new)
		rc = journal_append(engine->journal, RECORD_RESUMED, engine_resumed_data(engine),
				    true, &record, e);
	record_free(record);
	chain_release(&chain);
	return rc;
}

static int
refuse_ended(struct engine *engine, struct err *e)
{
	const struct run_state *state = &engine->state;
	bool is_new = false;

	if (seal_end(engine, &is_new, e) < 0)
		return err_wrap(e, "sealing the end of the run %s", engine->run_id);
	return err_set(e, ERR_USAGE, "the run %s has ended (%s): there is nothing to resume%s",
		       engine->run_id, state->end_title ? state->end_title : state->end_id,
		       is_new ? ". Its end was not sealed yet, and is now" : "");
}

/* The run goes on with its own copy; that somebody has changed the original is worth knowing. */
static void
compare_original(struct engine *engine)
{
	const struct runbook *rb = engine->env.runbook;
	char sha256[DIGEST_HEX_MAX], *text = NULL;
	struct str original = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(rb->path, RUNBOOK_MAX_BYTES, &original, &e) < 0)
		text = xasprintf(
			"the runbook that this run began with cannot be read any more (%s); "
			"the run goes on with its own copy",
			e.message);
	else if (!str_equal(digest_sha256(original.data, original.len, sha256),
			    engine->state.runbook_sha256))
		text = xasprintf("the runbook %s has changed since this run began; the run goes on "
				 "with its own copy, %s/runbook.yaml",
				 rb->path, engine->folder);
	if (text)
		engine_warn(engine, text);
	str_release(&original);
	free(text);
}

/* Takes over what the journal tells of the run. */
static int
recall_run(struct engine *engine, struct err *e)
{
	char sha256[DIGEST_HEX_MAX];

	free(engine->run_id);
	engine->run_id = xstrdup(journal_run_id(engine->journal));
	engine->env.run_id = engine->run_id;
	if (engine->state.phase == RUN_ENDED)
		return refuse_ended(engine, e);
	if (!str_equal(engine->state.runbook_sha256, runbook_sha256(engine->env.runbook, sha256)))
		return err_set(e, ERR_SPEC,
			       "runbook.yaml in %s is not the one that the run began with",
			       engine->folder);
	recall_params(engine);
	if (freeze_targets(engine, e) < 0)
		return -1;
	recall_identities(engine);
	compare_original(engine);
	return 0;
}

int
engine_resume(const struct engine_options *options, struct engine **ret_engine, struct err *e)
{
	struct engine *engine = engine_alloc(options);

	engine->resumed = true;
	if (journal_open(engine->folder, options->operator_key, recall, engine, &engine->journal,
			 e) < 0 ||
	    recall_run(engine, e) < 0) {
		engine_destroy(engine);
		return -1;
	}
	*ret_engine = engine;
	return 0;
}
