#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "runbook/render.h"
#include "step/step_table.h"
#include "world/spec/spec.h"

static int
print_mdoc(bool of_world, bool of_config, struct err *e)
{
	struct str out = STR_INIT;

	if (of_config)
		return err_set(e, ERR_USAGE,
			       "--mdoc is of runbook and world: lifeboat-config(5) is "
			       "written by hand");
	if (of_world)
		world_spec_mdoc(&out);
	else
		runbook_render_mdoc(&step_catalogue, &out);
	fputs(str_cstr(&out), stdout);
	str_release(&out);
	return 0;
}

static int
run(const struct cli_args *args, struct err *e)
{
	const char *of = cli_operands(args, NULL)[0];
	bool of_config = str_equal(of, "config"), of_world = str_equal(of, "world");

	if (of && !of_config && !of_world && !str_equal(of, "runbook"))
		return err_set(e, ERR_USAGE,
			       "there is a schema of runbook, of world and of config, not of %s",
			       of);
	if (cli_flag(args, "mdoc"))
		return print_mdoc(of_world, of_config, e);
	cJSON *schema = of_config  ? document_schema(config_fields(), "lifeboat config.yaml")
			: of_world ? world_spec_schema()
				   : runbook_schema(&step_catalogue);
	char *text = json_print_pretty(schema);
	puts(text);
	free(text);
	cJSON_Delete(schema);
	return 0;
}

static const struct cli_option options[] = {
	{ "mdoc", 0, NULL,
	  "The tables of lifeboat-runbook(5) or lifeboat-drill(7) instead, in mdoc." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_schema = {
	.name = "schema",
	.operands = "[runbook|world|config]",
	.operands_max = 1,
	.summary = "Print the JSON Schema of runbooks, worlds or config.yaml, for editors",
	.options = options,
	.run = run,
};
