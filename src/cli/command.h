#ifndef LIFEBOAT_CLI_COMMAND_H
#define LIFEBOAT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The command line: tables that drive the parser, --help and the man page. One file per command, each
 * ending in its row.
 */

/* One option; a row with a NULL name ends a table. */
struct cli_option {
	const char *name;     /* "param", for --param */
	char letter;	      /* 'p' for -p, or 0 */
	const char *argument; /* "NAME=VALUE"; NULL: a flag */
	const char *help;     /* one sentence */
};

struct cli_args;

struct cli_command {
	const char *name;
	const char *operands; /* "RUNBOOK", "FILE…", or "" */
	size_t operands_min, operands_max;
	const char *summary; /* one line */
	bool configured;     /* the operator's config.yaml is read first */
	const struct cli_option *options;
	/* Returns the exit code; on an error fills *e and returns -1. */
	int (*run)(const struct cli_args *args, struct err *e);
};

/* Parses what follows the command's name. Errors: ERR_USAGE with "did you mean". */
int cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_args **ret_args,
	      struct err *e);
void cli_args_free(struct cli_args *args);

bool cli_flag(const struct cli_args *args, const char *option);
/* The last value given, or NULL. */
const char *cli_value(const struct cli_args *args, const char *option);
/* All values in their order, ending with NULL; never NULL itself. */
const char *const *cli_values(const struct cli_args *args, const char *option);
const char *const *cli_operands(const struct cli_args *args, size_t *ret_count);

/* Writes the help of one command, or of the program, to stdout. */
void cli_help(const struct cli_command *command);

/* The width of standard output's terminal, so far as lines of it are good to read; 80 where there is no terminal. */
int cli_columns(void);

/* All commands, sorted by name (commands.c). */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_commands_count;

extern const struct cli_command cmd_check;
extern const struct cli_command cmd_completion;
extern const struct cli_command cmd_config;
extern const struct cli_command cmd_drill;
extern const struct cli_command cmd_follow;
extern const struct cli_command cmd_help;
extern const struct cli_command cmd_key;
extern const struct cli_command cmd_lint;
extern const struct cli_command cmd_list;
extern const struct cli_command cmd_report;
extern const struct cli_command cmd_resume;
extern const struct cli_command cmd_run;
extern const struct cli_command cmd_runs;
extern const struct cli_command cmd_schema;
extern const struct cli_command cmd_show;
extern const struct cli_command cmd_start;
extern const struct cli_command cmd_verify;
extern const struct cli_command cmd_version;
extern const struct cli_command cmd_world;

#endif
