#include "config.h"

#include "cli/recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/journal.h"
#include "step/step_table.h"

enum { RUNBOOK_MAX_BYTES = 4 << 20 };

/* What the records of a journal say that a session needs. */
struct beginning {
	bool was_drill;
	char *runbook_path; /* where the runbook stood that was copied; NULL: no record tells */
	cJSON *params;
	bool certified; /* somebody vouches for a key of an earlier process */
	char *last_holder;
};

static int
read_beginning(void *data, struct record *record, struct err *e)
{
	struct beginning *beginning = data;

	(void)e;
	if (record->type != RECORD_RUN && record->type != RECORD_RESUMED)
		return 0;
	if (json_string(record->data, "key/certificate", NULL))
		beginning->certified = true;
	free(beginning->last_holder);
	beginning->last_holder =
		xasprintf("%s, pid %lld on %s", json_string(record->data, "operator", "?"),
			  (long long)json_int(record->data, "pid", 0),
			  json_string(record->data, "host", "?"));
	if (record->type == RECORD_RUN) {
		beginning->was_drill = str_equal(json_string(record->data, "mode", NULL), "drill");
		beginning->runbook_path =
			xstrdup(json_string(record->data, "runbook/path", "runbook.yaml"));
		beginning->params = cJSON_Duplicate(json_at(record->data, "params"), true);
	}
	return 0;
}

/* The run's own copy of the runbook, read as if it stood where the original did (NULL: where it stands). */
static struct runbook *
load_copy(const char *folder, const char *original, struct err *e)
{
	char *path = xasprintf("%s/runbook.yaml", folder);
	struct str text = STR_INIT, report = STR_INIT;
	struct runbook *rb = NULL;
	struct diags diags;

	diags_init(&diags, path);
	if (file_read(path, RUNBOOK_MAX_BYTES, &text, e) == 0) {
		rb = runbook_parse(original ? original : path, str_cstr(&text), text.len,
				   &step_catalogue, &diags);
		if (!rb) {
			diags_render(&diags, &report);
			fputs(str_cstr(&report), stderr);
			err_set(e, ERR_SPEC, "%s is not sound for this version of lifeboat", path);
		}
	}
	diags_release(&diags);
	str_release(&text);
	str_release(&report);
	free(path);
	return rb;
}

static void
recall_params(struct session *s, const cJSON *params)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, params) {
		const struct param *param = runbook_param(s->runbook, at->string);

		if (param && param->type != PARAM_SECRET)
			json_add(s->params, at->string, cJSON_Duplicate(at, true));
	}
}

/* A run whose targets are still being reached has no record yet, but somebody who writes it. */
static bool
is_beginning(const char *folder)
{
	struct err ignored = ERR_INIT;
	char *holder = NULL;
	bool held = journal_holder(folder, &holder, &ignored) == 0 && holder;

	free(holder);
	return held;
}

int
recall_blame(int rc, struct err *e)
{
	if (rc < 0 && e->kind == ERR_SPEC)
		e->kind = ERR_CHECK;
	return rc;
}

int
session_recall(struct session *s, struct err *e)
{
	struct beginning beginning = { 0 };
	int rc = -1;

	if (journal_read(s->folder, read_beginning, &beginning, e) < 0 &&
	    (beginning.runbook_path || !is_beginning(s->folder))) {
		if (e->kind == ERR_SPEC)
			err_advise(e,
				   "It was left as it is. lifeboat verify tells how far it can be "
				   "trusted, lifeboat report what can be read of it");
		goto out;
	}
	s->was_drill = beginning.was_drill;
	s->runbook = load_copy(s->folder, beginning.runbook_path, e);
	if (!s->runbook)
		goto out;
	recall_params(s, beginning.params);
	s->certified = beginning.certified;
	s->last_holder = beginning.last_holder;
	beginning.last_holder = NULL;
	s->run_id = xstrdup(strrchr(s->folder, '/') + 1);
	rc = 0;
out:
	free(beginning.runbook_path);
	free(beginning.last_holder);
	cJSON_Delete(beginning.params);
	return recall_blame(rc, e);
}
