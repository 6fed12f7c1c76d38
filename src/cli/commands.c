#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/command.h"

const struct cli_command *const cli_commands[] = {
	&cmd_check, &cmd_completion, &cmd_config, &cmd_drill,	&cmd_follow, &cmd_help, &cmd_key,
	&cmd_lint,  &cmd_list,	     &cmd_report, &cmd_resume,	&cmd_run,    &cmd_runs, &cmd_schema,
	&cmd_show,  &cmd_start,	     &cmd_verify, &cmd_version, &cmd_world,
};

const size_t cli_commands_count = sizeof(cli_commands) / sizeof(cli_commands[0]);

/* "  -p, --param NAME=VALUE   A value …", the texts in one column. */
static void
print_option(const struct cli_option *option)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", option->letter ? "-" : " ",
		 option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	printf("  %-27s %s\n", left, option->help);
}

static void
help_program(void)
{
	puts("lifeboat: an interactive runbook for disaster recovery\n\n"
	     "usage: lifeboat [options]              the start page, on a terminal\n"
	     "       lifeboat COMMAND [options] …\n\ncommands:");
	for (size_t i = 0; i < cli_commands_count; i++)
		printf("  %-10s %-9s %s\n", cli_commands[i]->name, cli_commands[i]->operands,
		       cli_commands[i]->summary);
	puts("\nlifeboat COMMAND --help says more of one command.\n\n"
	     "exit codes: 0 passed, 1 failed, 2 usage or a wrong runbook, 3 aborted or cancelled,\n"
	     "4 another process holds the run, 5 not at its end: a decision is needed, or it was "
	     "left");
}

void
cli_help(const struct cli_command *command)
{
	if (!command) {
		help_program();
		return;
	}
	printf("%s\n\nusage: lifeboat %s [options] %s\n", command->summary, command->name,
	       command->operands);
	if (command->options && command->options[0].name) {
		puts("\noptions:");
		for (const struct cli_option *at = command->options; at->name; at++)
			print_option(at);
	}
}
