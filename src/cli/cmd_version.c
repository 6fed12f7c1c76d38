#include "config.h"

#include <stdio.h>

#include "cli/command.h"

static int
run(const struct cli_args *args, struct err *e)
{
	(void)args;
	(void)e;
	puts(PACKAGE_STRING);
	return 0;
}

const struct cli_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "Print the version",
	.run = run,
};
