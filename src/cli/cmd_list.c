#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/library.h"
#include "step/step_table.h"

static void
print_one(void *data, const char *path)
{
	size_t *count = data;
	struct diags diags;
	struct err e = ERR_INIT;

	diags_init(&diags, path);
	struct runbook *rb = runbook_load(path, &step_catalogue, &diags, &e);
	if (rb) {
		char *title = text_clean(rb->title, 0);

		printf("%-28s %-8s %3zu steps  %s\n", rb->id, rb->version ? rb->version : "",
		       rb->steps_count, title);
		free(title);
	} else {
		printf("%-28s not sound: lifeboat lint %s says why\n", "", path);
	}
	runbook_free(rb);
	diags_release(&diags);
	++*count;
}

/* Without reading the files: for shells, which ask while somebody types. */
static void
print_id(void *data, const char *path)
{
	char *id = library_id(path), *clean = text_clean(id, 0);

	(void)data;
	puts(clean);
	free(clean);
	free(id);
}

static int
run(const struct cli_args *args, struct err *e)
{
	size_t count = 0;

	if (cli_flag(args, "ids")) {
		library_each(print_id, NULL);
		return 0;
	}
	library_each(print_one, &count);
	if (count == 0)
		return err_set(e, ERR_NOT_FOUND,
			       "no runbooks were found: name their folders in "
			       "LIFEBOAT_RUNBOOKS, or run one by its path");
	return 0;
}

static const struct cli_option options[] = {
	{ "ids", 0, NULL, "Only the words by which they are run, for shells." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "List the runbooks that can be run by name",
	.configured = true,
	.options = options,
	.run = run,
};
