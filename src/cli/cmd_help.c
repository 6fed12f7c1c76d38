#include "config.h"

#include <string.h>

#include "cli/command.h"

static int
run(const struct cli_args *args, struct err *e)
{
	size_t count;
	const char *const *operands = cli_operands(args, &count);

	if (count == 0) {
		cli_help(NULL);
		return 0;
	}
	for (size_t i = 0; i < cli_commands_count; i++)
		if (strcmp(cli_commands[i]->name, operands[0]) == 0) {
			cli_help(cli_commands[i]);
			return 0;
		}
	return err_set(e, ERR_USAGE, "there is no command %s: lifeboat help lists them",
		       operands[0]);
}

const struct cli_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.operands_max = 1,
	.summary = "Explain the program, or one command",
	.run = run,
};
