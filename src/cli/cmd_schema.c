#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "runbook/render.h"
#include "step/step_table.h"

static int
run(const struct cli_args *args, struct err *e)
{
	if (cli_flag(args, "mdoc")) {
		struct str out = STR_INIT;

		runbook_render_mdoc(&step_catalogue, &out);
		fputs(str_cstr(&out), stdout);
		str_release(&out);
		return 0;
	}
	const char *of = cli_operands(args, NULL)[0];
	bool of_config = str_equal(of, "config");

	if (of && !of_config && !str_equal(of, "runbook"))
		return err_set(e, ERR_USAGE,
			       "there is a schema of runbook and of config, not of %s", of);
	cJSON *schema = of_config ? document_schema(config_fields(), "lifeboat config.yaml")
				  : runbook_schema(&step_catalogue);
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
	.operands = "[runbook|config]",
	.operands_max = 1,
	.summary = "Print the JSON Schema of runbooks, or of config.yaml, for editors",
	.options = options,
	.run = run,
};
