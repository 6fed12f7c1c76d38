#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/library.h"
#include "cli/session.h"
#include "run/folder.h"
#include "run/journal.h"
#include "step/step_table.h"

enum { RUNBOOK_MAX_BYTES = 4 << 20 };

/* What the first record of a journal says of its runbook and parameters. */
struct beginning {
	char *runbook_path;
	cJSON *params;
};

static int
read_beginning(void *data, struct record *record, struct err *e)
{
	struct beginning *beginning = data;

	(void)e;
	if (record->type == RECORD_RUN) {
		beginning->runbook_path =
			xstrdup(json_string(record->data, "runbook/path", "runbook.yaml"));
		beginning->params = cJSON_Duplicate(json_at(record->data, "params"), true);
	}
	return 0;
}

/* The run's own copy of the runbook, read as if it stood where the original did. */
static struct runbook *
load_copy(const char *folder, const char *original, struct err *e)
{
	char *path = xasprintf("%s/runbook.yaml", folder);
	struct str text = STR_INIT, report = STR_INIT;
	struct runbook *rb = NULL;
	struct diags diags;

	diags_init(&diags, path);
	if (file_read(path, RUNBOOK_MAX_BYTES, &text, e) == 0) {
		rb = runbook_parse(original, str_cstr(&text), text.len, &step_catalogue, &diags);
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

/* Secrets are not in the journal, only their masks: those are asked for again. */
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

static int
resume(struct session *s, const char *word, struct err *e)
{
	struct beginning beginning = { 0 };
	int rc = -1;

	s->folder = run_folder_find(word, e);
	if (!s->folder || journal_read(s->folder, read_beginning, &beginning, e) < 0)
		goto out;
	if (!beginning.runbook_path) {
		err_set(e, ERR_SPEC, "the journal in %s does not begin with a run", s->folder);
		goto out;
	}
	s->runbook = load_copy(s->folder, beginning.runbook_path, e);
	if (!s->runbook)
		goto out;
	recall_params(s, beginning.params);
	s->expressions = expressions_new((const char *const *)s->runbook->expressions,
					 s->runbook->expressions_count);
	if (session_params(s, true, e) == 0)
		rc = session_run(s, true, e);
out:
	free(beginning.runbook_path);
	cJSON_Delete(beginning.params);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	session_init(&session, args);
	return session_finish(&session, resume(&session, cli_operands(args, NULL)[0], e), e);
}

static const struct cli_option options[] = {
	{ "param", 'p', "NAME=SOURCE", "A secret again: NAME=file:PATH or NAME=env:VARIABLE." },
	{ "params-file", 0, "FILE", "Secrets from a YAML or JSON file of such sources." },
	SESSION_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_resume = {
	.name = "resume",
	.operands = "[RUN]",
	.operands_max = 1,
	.summary = "Go on with a run that was left (default: the latest that has not ended)",
	.options = options,
	.run = run,
};
