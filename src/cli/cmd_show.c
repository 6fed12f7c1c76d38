#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/library.h"
#include "runbook/render.h"

static int
run(const struct cli_args *args, struct err *e)
{
	const char *format = cli_value(args, "format");
	bool markdown = str_equal(format, "markdown");
	struct str out = STR_INIT;

	if (format && !markdown && !str_equal(format, "text"))
		return err_set(e, ERR_USAGE, "--format is text or markdown, not %s", format);
	char *path = library_find(cli_operands(args, NULL)[0], e);
	struct runbook *rb = path ? library_load(path, e) : NULL;
	free(path);
	if (!rb)
		return -1;
	if (markdown)
		runbook_render_markdown(rb, &out);
	else
		runbook_render_text(rb, cli_columns(), &out);
	fputs(str_cstr(&out), stdout);
	str_release(&out);
	runbook_free(rb);
	return 0;
}

static const struct cli_option options[] = {
	{ "format", 'f', "FORMAT", "text (the default) or markdown." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_show = {
	.name = "show",
	.operands = "RUNBOOK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Print a runbook as a document to read",
	.configured = true,
	.options = options,
	.run = run,
};
