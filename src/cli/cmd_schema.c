#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/command.h"
#include "runbook/render.h"
#include "step/step_table.h"

static int
run(const struct cli_args *args, struct err *e)
{
	(void)e;
	if (cli_flag(args, "mdoc")) {
		struct str out = STR_INIT;

		runbook_render_mdoc(&step_catalogue, &out);
		fputs(str_cstr(&out), stdout);
		str_release(&out);
		return 0;
	}
	cJSON *schema = runbook_schema(&step_catalogue);
	char *text = json_print_pretty(schema);
	puts(text);
	free(text);
	cJSON_Delete(schema);
	return 0;
}

static const struct cli_option options[] = {
	{ "mdoc", 0, NULL, "The tables of lifeboat-runbook(5) instead, in mdoc." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_schema = {
	.name = "schema",
	.operands = "",
	.summary = "Print the JSON Schema of the runbook format, for editors",
	.options = options,
	.run = run,
};
