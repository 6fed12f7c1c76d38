#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/drill_conduct.h"
#include "cli/drill_debrief.h"
#include "cli/drill_list.h"
#include "cli/library.h"
#include "cli/session.h"
#include "cli/worlds.h"
#include "drill/score.h"
#include "net/fence/fence.h"
#include "run/journal/folder.h"

enum { DRILL_NOT_PASSED = 1 };

/* ---- the runbook ---- */

/* A world may have the id of its runbook: beside it, that file is the world itself. */
static bool
is_world_itself(const char *world_path, const char *id)
{
	const char *slash = strrchr(world_path, '/');
	char *name = xasprintf("%s.yaml", id);
	bool is_same = str_equal(slash ? slash + 1 : world_path, name);

	free(name);
	return is_same;
}

/* As lint looks for it: beside the world file, in the folder above, or else in the library. */
static char *
find_runbook(const struct scenario *scenario, struct err *e)
{
	const char *name = scenario->spec->runbook;
	char *folder = file_folder(scenario->path), *path;

	if (strchr(name, '/') || str_ends_with(name, ".yaml"))
		path = file_resolve(scenario->path, name);
	else
		path = xasprintf("%s/%s.yaml", folder, name);
	if ((!file_exists(path) || is_world_itself(scenario->path, name)) && !strchr(name, '/')) {
		free(path);
		path = xasprintf("%s/../%s.yaml", folder, name);
	}
	free(folder);
	if (file_exists(path))
		return path;
	free(path);
	path = library_find(name, e);
	if (!path)
		err_wrap(e, "the runbook of %s", scenario->spec->id);
	return path;
}

static void
take_hints(struct step_spec *step, const cJSON *hint)
{
	static const char *const grades[] = { "nudge", "where", "command" };
	char **hints = NULL;
	size_t count = 0, cap = 0;

	for (size_t i = 0; i < sizeof(grades) / sizeof(grades[0]); i++) {
		const char *text = json_string(hint, grades[i], NULL);

		if (text)
			*VEC_PUSH(hints, count, cap) = xstrdup(text);
	}
	*VEC_PUSH(hints, count, cap) = NULL;
	for (size_t i = 0; step->hints && step->hints[i]; i++)
		free(step->hints[i]);
	free(step->hints);
	step->hints = hints;
}

static void
merge_hints(struct runbook *rb, const cJSON *hints)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, hints) {
		int index = runbook_step_index(rb, at->string);

		if (index >= 0)
			take_hints(&rb->steps[index], at);
	}
}

/* Those of the world come before the runbook's, and a variant's before those. */
static void
set_hints(struct runbook *rb, const struct scenario *scenario)
{
	merge_hints(rb, json_at(scenario->spec->document, "hints"));
	for (size_t i = 0; i < scenario->spec->variants_count; i++) {
		const struct world_variant *variant = &scenario->spec->variants[i];

		for (char **at = scenario->variants; *at; at++)
			if (strcmp(*at, variant->name) == 0)
				merge_hints(rb, variant->hints);
	}
}

/* ---- the beginning ---- */

static void
print_markdown(const char *text)
{
	struct str out = STR_INIT;

	drill_text(text, cli_columns(), &out);
	fputs(str_cstr(&out), stdout);
	str_release(&out);
}

/* Who waits for Enter may think better of it; so does a terminal that is gone. */
static int
await_enter(struct err *e)
{
	int first, c;

	fputs("\nEnter begins, and the time runs from then on; q and Enter leave. ", stdout);
	fflush(stdout);
	first = c = getchar();
	while (c != '\n' && c != EOF)
		c = getchar();
	if (c == '\n' && first != 'q' && first != 'Q')
		return 0;
	return err_set(e, ERR_CANCELLED, "the drill was not begun");
}

/* What is known: the call that woke you. */
static int
tell_situation(const struct scenario *scenario, const struct session *s, struct err *e)
{
	char *title = text_clean(scenario->spec->title, TEXT_DROP_SGR);
	bool somebody = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !s->automatic;
	int rc = 0;

	printf("DRILL: %s\n\n", title);
	print_markdown(scenario->spec->text);
	free(title);
	if (scenario->speed < 1 || scenario->speed > 1)
		printf("\nThe world runs at %g times its pace.\n", scenario->speed);
	if (somebody)
		rc = await_enter(e);
	else
		putchar('\n');
	fflush(stdout);
	return rc;
}

static int
conduct(struct session *s, struct scenario *scenario, const char *runbook, struct err *e)
{
	struct drill_conduct *conduct;
	int rc;

	s->given = json_at(drill_facts(scenario->drill), "params");
	if (session_load(s, runbook, e) < 0)
		return -1;
	set_hints(s->runbook, scenario);
	s->run_id = run_folder_new_id();
	s->folder = run_folder_path(s->run_id, e);
	if (!s->folder)
		return -1;
	fence_allow(s->folder); /* commands find their cluster by a file in it */
	if (tell_situation(scenario, s, e) < 0)
		return -1;
	conduct = drill_conduct_new(&(struct drill_conduct_options){
		.scenario = scenario,
		.secrets = s->secrets,
		.explains = cli_flag(s->args, "explain"),
		.is_automatic = s->automatic,
	});
	s->drill = drill_conduct_drill(conduct);
	rc = session_run(s, false, e);
	s->drill = NULL;
	drill_conduct_free(conduct);
	return rc;
}

/* ---- the end ---- */

static int
keep(const char *folder, const char *name, const char *text, struct err *e)
{
	char *path = xasprintf("%s/%s", folder, name);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	free(path);
	return rc;
}

/* A terminal breaks lines within words; its tables are narrow enough, mostly. */
static void
print_debrief(const char *text)
{
	if (!isatty(STDOUT_FILENO)) {
		puts(text);
		return;
	}
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		char *line = xstrndup(text, (size_t)(end - text));

		if (str_starts_with(line, "- "))
			print_markdown(line);
		else
			puts(line);
		free(line);
	}
	putchar('\n');
}

/* Prints the debrief and puts it beside the journal, from which everybody can make it again. */
static int
debrief(const char *folder, int rc, struct err *e)
{
	struct str text = STR_INIT;
	cJSON *tree = NULL;
	char *json = NULL;

	if (drill_debrief_read(folder, &tree, e) < 0 || !tree)
		goto out;
	score_markdown(tree, &text);
	json = json_print_pretty(tree);
	if (keep(folder, "debrief.md", str_cstr(&text), e) < 0 ||
	    keep(folder, "debrief.json", json, e) < 0) {
		rc = -1;
		goto out;
	}
	putchar('\n');
	print_debrief(str_cstr(&text));
	printf("The debrief is %s/debrief.md; lifeboat report %s tells the whole drill.\n", folder,
	       strrchr(folder, '/') + 1);
	if (rc == 0 && !json_bool(tree, "passed", false))
		rc = DRILL_NOT_PASSED;
out:
	cJSON_Delete(tree);
	free(json);
	str_release(&text);
	return rc;
}

static bool
was_begun(const struct session *s)
{
	char *journal = s->folder ? xasprintf("%s/journal.jsonl", s->folder) : NULL;
	bool begun = journal && file_exists(journal);

	free(journal);
	return begun;
}

static int
drill(struct session *s, struct scenario *scenario, struct err *e)
{
	char *runbook = NULL, *absolute = NULL;
	int rc = -1;

	if (scenario_open(scenario, s->args, e) < 0 || !(runbook = find_runbook(scenario, e)))
		goto out;
	absolute = realpath(runbook, NULL);
	if (scenario_world_start(scenario, e) < 0 || drill_enter(scenario->drill, e) < 0)
		goto out;
	run_folder_keep_drills();
	rc = conduct(s, scenario, absolute ? absolute : runbook, e);
	drill_free(scenario->drill); /* before anybody reads: nothing is left running */
	scenario->drill = NULL;
	s->given = NULL;
	if (rc >= 0 && was_begun(s))
		rc = debrief(s->folder, rc, e);
out:
	free(absolute);
	free(runbook);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct scenario scenario = { .speed = 1 };
	struct session session;
	size_t count;

	cli_operands(args, &count);
	if (count == 0)
		return drill_list_print(cli_flag(args, "json"), e);
	session_init(&session, args);
	session.verb = "Begin the drill";
	int rc = drill(&session, &scenario, e);
	rc = session_finish(&session, rc, e);
	scenario_release(&scenario);
	return rc;
}

static const struct cli_option options[] = {
	WORLD_OPTIONS,
	{ "explain", 0, NULL, "For the first time: each step's nudge is shown for nothing." },
	{ "json", 0, NULL, "Without a scenario: the list as one JSON array." },
	{ "param", 'p', "NAME=VALUE", "A parameter of the runbook, in place of the world's." },
	{ "params-file", 0, "FILE", "Parameters from a YAML or JSON file; -p overrides it." },
	SESSION_DECISIONS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_drill = {
	.name = "drill",
	.operands = "[SCENARIO]",
	.operands_max = 1,
	.summary = "Practise a runbook in a world on this machine; alone: list the scenarios",
	.configured = true,
	.options = options,
	.run = run,
};
