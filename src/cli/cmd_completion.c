#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"

/*
 * Scripts that complete words at a shell's prompt, from the tables of commands. What changes from day to
 * day (runbooks, runs) the script asks the program for when it is needed.
 */

/* What stands where a command has its operands. */
enum operand {
	OPERAND_NONE,
	OPERAND_RUNBOOK,
	OPERAND_RUN,
	OPERAND_FILE,
	OPERAND_COMMAND,
	OPERAND_WORDS
};

static const char runbooks[] = "lifeboat list --ids 2>/dev/null";
static const char runs[] = "lifeboat runs --ids 2>/dev/null";

static enum operand
operand_of(const struct cli_command *command)
{
	const char *operands = command->operands;

	if (strstr(operands, "RUNBOOK"))
		return OPERAND_RUNBOOK;
	if (strstr(operands, "RUN"))
		return OPERAND_RUN;
	if (strstr(operands, "FILE"))
		return OPERAND_FILE;
	if (strstr(operands, "COMMAND"))
		return OPERAND_COMMAND;
	return strchr(operands, '|') ? OPERAND_WORDS : OPERAND_NONE;
}

static bool
wants_file(const struct cli_option *option)
{
	return option->argument && strcmp(option->argument, "FILE") == 0;
}

/* "new|show" as "new show". */
static void
print_words(const char *operands)
{
	for (; *operands; operands++)
		if (*operands != ' ' && *operands != '[' && *operands != ']')
			putchar(*operands == '|' ? ' ' : *operands);
}

static void
print_commands(const char *prefix, const char *suffix)
{
	for (size_t i = 0; i < cli_commands_count; i++)
		printf("%s%s%s", prefix, cli_commands[i]->name, suffix);
}

/* ---- bash ---- */

static const char bash_head[] =
	"# Completion of lifeboat for bash; made by: lifeboat completion bash\n"
	"_lifeboat() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} words= files=\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"\t\tcommand=\n"
	"\tfi\n"
	"\tcase $command:$word in\n";

static const char bash_tail[] = "\tesac\n"
				"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
				"\tif [ -n \"$files\" ]; then\n"
				"\t\tlocal path\n"
				"\t\twhile IFS= read -r path; do\n"
				"\t\t\tCOMPREPLY+=(\"$path\")\n"
				"\t\tdone < <(compgen -f -- \"$word\")\n"
				"\t\tcompopt -o filenames 2>/dev/null\n"
				"\tfi\n"
				"}\n"
				"complete -F _lifeboat lifeboat\n";

static void
bash_options(const struct cli_command *command)
{
	printf("\t%s:-*) words='", command->name);
	for (const struct cli_option *at = command->options; at && at->name; at++)
		printf("%s--%s", at == command->options ? "" : " ", at->name);
	printf("%s--help' ;;\n", command->options ? " " : "");
}

/* What completes an operand: a list of words, files, or both. */
static void
bash_words(const struct cli_command *command)
{
	switch (operand_of(command)) {
	case OPERAND_RUNBOOK:
		printf("words=$(%s) files=yes", runbooks);
		break;
	case OPERAND_RUN:
		printf("words=$(%s)", runs);
		break;
	case OPERAND_FILE:
		fputs("files=yes", stdout);
		break;
	case OPERAND_COMMAND:
		fputs("words='", stdout);
		print_commands(" ", "");
		putchar('\'');
		break;
	case OPERAND_WORDS:
		fputs("words='", stdout);
		print_words(command->operands);
		putchar('\'');
		break;
	case OPERAND_NONE:
		fputs("words=--help", stdout);
		break;
	}
}

static void
bash_operands(const struct cli_command *command)
{
	printf("\t%s:*)\n\t\tcase $before in\n", command->name);
	for (const struct cli_option *at = command->options; at && at->name; at++) {
		if (!at->argument)
			continue;
		printf("\t\t--%s", at->name);
		if (at->letter)
			printf(" | -%c", at->letter);
		printf(") files=%s ;;\n", wants_file(at) ? "yes" : "");
	}
	fputs("\t\t*) ", stdout);
	bash_words(command);
	fputs(" ;;\n\t\tesac\n\t\t;;\n", stdout);
}

static void
print_bash(void)
{
	fputs(bash_head, stdout);
	fputs("\t:*) words='", stdout);
	print_commands("", " ");
	puts("--help --version' ;;");
	for (size_t i = 0; i < cli_commands_count; i++) {
		bash_options(cli_commands[i]);
		bash_operands(cli_commands[i]);
	}
	fputs(bash_tail, stdout);
}

/* ---- zsh and fish, which show what each word is for ---- */

/* Text between single quotes; `marked` characters get a backslash. */
static void
print_quoted(const char *text, const char *marked)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(marked, *text))
			putchar('\\');
		putchar(*text);
	}
}

static void
zsh_options(const struct cli_command *command)
{
	fputs("\t\toptions=(", stdout);
	for (const struct cli_option *at = command->options; at && at->name; at++) {
		printf("\n\t\t\t'--%s:", at->name);
		print_quoted(at->help, ":\\");
		putchar('\'');
	}
	puts("\n\t\t\t'--help:Explain the command.')");
}

static void
zsh_operands(const struct cli_command *command)
{
	switch (operand_of(command)) {
	case OPERAND_RUNBOOK:
		printf("\t\toperands=(${(f)\"$(%s)\"}) files=yes\n", runbooks);
		break;
	case OPERAND_RUN:
		printf("\t\toperands=(${(f)\"$(%s)\"})\n", runs);
		break;
	case OPERAND_FILE:
		puts("\t\tfiles=yes");
		break;
	case OPERAND_COMMAND:
		fputs("\t\toperands=(", stdout);
		print_commands("", " ");
		puts(")");
		break;
	case OPERAND_WORDS:
		fputs("\t\toperands=(", stdout);
		print_words(command->operands);
		puts(")");
		break;
	case OPERAND_NONE:
		break;
	}
}

static void
print_zsh(void)
{
	puts("#compdef lifeboat\n# Completion of lifeboat for zsh; made by: lifeboat completion "
	     "zsh\n"
	     "_lifeboat() {\n\tlocal -a commands options operands\n\tlocal files=\n\tcommands=(");
	for (size_t i = 0; i < cli_commands_count; i++) {
		printf("\t\t'%s:", cli_commands[i]->name);
		print_quoted(cli_commands[i]->summary, ":\\");
		puts("'");
	}
	puts("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe -t commands command commands\n"
	     "\t\treturn\n\tfi\n\tcase $words[2] in");
	for (size_t i = 0; i < cli_commands_count; i++) {
		printf("\t%s)\n", cli_commands[i]->name);
		zsh_options(cli_commands[i]);
		zsh_operands(cli_commands[i]);
		puts("\t\t;;");
	}
	puts("\tesac\n\tif [[ $words[CURRENT] == -* ]]; then\n"
	     "\t\t_describe -t options option options\n\t\treturn\n\tfi\n"
	     "\tcompadd -a operands\n\t[[ -z $files ]] || _files\n}\n"
	     "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n\t_lifeboat \"$@\"\nelse\n"
	     "\tcompdef _lifeboat lifeboat\nfi");
}

static void
fish_option(const struct cli_command *command, const struct cli_option *option)
{
	printf("complete -c lifeboat -n '__fish_seen_subcommand_from %s' -l %s", command->name,
	       option->name);
	if (option->letter)
		printf(" -s %c", option->letter);
	if (option->argument)
		fputs(wants_file(option) ? " -r -F" : " -x", stdout);
	fputs(" -d '", stdout);
	print_quoted(option->help, "\\");
	puts("'");
}

static void
fish_operands(const struct cli_command *command)
{
	enum operand operand = operand_of(command);

	if (operand == OPERAND_NONE)
		return;
	printf("complete -c lifeboat -n '__fish_seen_subcommand_from %s'", command->name);
	if (operand == OPERAND_RUNBOOK)
		printf(" -F -a '(%s)'\n", runbooks);
	else if (operand == OPERAND_RUN)
		printf(" -a '(%s)'\n", runs);
	else if (operand == OPERAND_FILE)
		puts(" -F");
	else {
		fputs(" -a '", stdout);
		if (operand == OPERAND_COMMAND)
			print_commands(" ", "");
		else
			print_words(command->operands);
		puts("'");
	}
}

static void
print_fish(void)
{
	puts("# Completion of lifeboat for fish; made by: lifeboat completion fish\n"
	     "complete -c lifeboat -f");
	for (size_t i = 0; i < cli_commands_count; i++) {
		const struct cli_command *command = cli_commands[i];

		printf("complete -c lifeboat -n __fish_use_subcommand -a %s -d '", command->name);
		print_quoted(command->summary, "\\");
		puts("'");
		for (const struct cli_option *at = command->options; at && at->name; at++)
			fish_option(command, at);
		fish_operands(command);
	}
}

static int
run(const struct cli_args *args, struct err *e)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
	const char *wanted = cli_operands(args, NULL)[0];

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (str_equal(shells[i].name, wanted)) {
			shells[i].print();
			return 0;
		}
	return err_set(e, ERR_USAGE, "completion is for bash, zsh or fish, not %s", wanted);
}

const struct cli_command cmd_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Print a script that completes words at the prompt of a shell",
	.run = run,
};
