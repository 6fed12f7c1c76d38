#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/library.h"

/* A process that holds credentials leaves no core, no readable memory and no file for others. */
static void
harden(void)
{
	const struct rlimit none = { 0, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Files opened later must not become standard input, output or error by accident. */
static void
ensure_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static const struct cli_command *
find_command(const char *name, struct err *e)
{
	const char **names = xcalloc(cli_commands_count + 1, sizeof(*names));
	const struct cli_command *found = NULL;

	for (size_t i = 0; i < cli_commands_count; i++) {
		names[i] = cli_commands[i]->name;
		if (strcmp(names[i], name) == 0)
			found = cli_commands[i];
	}
	if (!found) {
		const char *nearest = str_nearest(name, names);

		err_set(e, ERR_USAGE, "there is no command %s", name);
		if (library_has(name))
			err_advise(e, "Did you mean lifeboat run %s?", name);
		else if (nearest)
			err_advise(e, "Did you mean %s?", nearest);
		else
			err_advise(e, "lifeboat help lists them");
	}
	free(names);
	return found;
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Without a command: the start page where somebody sits, else what there is to say. */
static const char *
default_command(int argc)
{
	bool somebody = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	return argc > 1 || somebody ? cmd_start.name : cmd_help.name;
}

/* The word that says what is to be done; *ret_first is where its options begin. */
static const char *
command_word(int argc, char **argv, int *ret_first)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	*ret_first = 2;
	if (name && (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0))
		return cmd_help.name;
	if (name && strcmp(name, "--version") == 0)
		return cmd_version.name;
	if (name && name[0] != '-')
		return name;
	*ret_first = 1;
	return default_command(argc);
}

static int
dispatch(int argc, char **argv, struct err *e)
{
	struct cli_args *args = NULL;
	int first;
	const struct cli_command *command = find_command(command_word(argc, argv, &first), e);

	if (!command)
		return -1;
	int count = argc > first ? argc - first : 0;
	if (wants_help(count, argv + first)) {
		cli_help(command);
		return 0;
	}
	if (cli_parse(command, count, argv + first, &args, e) < 0)
		return -1;
	int rc = command->configured ? config_load(e) : 0;
	if (rc == 0)
		rc = command->run(args, e);
	cli_args_free(args);
	return rc;
}

/* Every error of the program is told here, once. */
static int
report(const struct err *e)
{
	char *message = text_clean(e->message, TEXT_KEEP_NEWLINES);

	fflush(stdout);
	fprintf(stderr, "lifeboat: %s\n", message);
	free(message);
	return err_exit_code(e->kind);
}

int
main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	ensure_standard_files();
	harden();
	setlocale(LC_CTYPE, ""); /* the rest only makes texts differ from one machine to the next */
	int rc = dispatch(argc, argv, &e);
	if (rc < 0)
		rc = report(&e);
	if (fflush(stdout) != 0 && rc == 0)
		rc = 1;
	return rc;
}
