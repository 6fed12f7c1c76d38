#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/command.h"

enum { WIDEST_READABLE = 100 };

struct given {
	const struct cli_option *option;
	const char **values; /* ends with NULL; for a flag one "" for each time */
	size_t count, cap;
};

struct cli_args {
	struct given *given; /* one for each row of the command's table */
	size_t options_count;
	const char **operands; /* ends with NULL */
	size_t operands_count, operands_cap;
};

static size_t
options_len(const struct cli_option *options)
{
	size_t n = 0;

	while (options && options[n].name)
		n++;
	return n;
}

static int
unknown_option(const struct cli_command *command, const char *word, struct err *e)
{
	size_t n = options_len(command->options);
	const char **names = xcalloc(n + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		names[i] = command->options[i].name;
	nearest = str_nearest(word + strspn(word, "-"), names);
	free(names);
	err_set(e, ERR_USAGE, "lifeboat %s has no option %s", command->name, word);
	return nearest ? err_advise(e, "Did you mean --%s?", nearest)
		       : err_advise(e, "See lifeboat %s --help", command->name);
}

static struct given *
find_long(struct cli_args *args, const char *name, size_t len)
{
	for (size_t i = 0; i < args->options_count; i++)
		if (strlen(args->given[i].option->name) == len &&
		    strncmp(args->given[i].option->name, name, len) == 0)
			return &args->given[i];
	return NULL;
}

static struct given *
find_short(struct cli_args *args, char letter)
{
	for (size_t i = 0; i < args->options_count; i++)
		if (letter && args->given[i].option->letter == letter)
			return &args->given[i];
	return NULL;
}

static void
give(struct given *given, const char *value)
{
	*VEC_PUSH(given->values, given->count, given->cap) = value;
	*VEC_PUSH(given->values, given->count, given->cap) = NULL;
	given->count--;
}

/* Takes one option from argv[*at], with its value from the same word or the next one. */
static int
take_option(const struct cli_command *command, struct cli_args *args, int argc, char **argv,
	    int *at, struct err *e)
{
	const char *word = argv[*at], *value = NULL;
	struct given *given;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		given = find_long(args, word + 2, len);
		if (word[2 + len] == '=')
			value = word + 2 + len + 1;
	} else {
		given = find_short(args, word[1]);
		if (word[2])
			value = word + 2;
	}
	if (!given)
		return unknown_option(command, word, e);
	if (!given->option->argument) {
		if (value)
			return err_set(e, ERR_USAGE, "--%s takes no value", given->option->name);
		give(given, "");
		return 0;
	}
	if (!value && ++*at < argc)
		value = argv[*at];
	if (!value)
		return err_set(e, ERR_USAGE, "--%s wants a value: --%s %s", given->option->name,
			       given->option->name, given->option->argument);
	give(given, value);
	return 0;
}

static struct cli_args *
args_new(const struct cli_command *command)
{
	struct cli_args *args = xcalloc(1, sizeof(*args));

	args->options_count = options_len(command->options);
	args->given = xcalloc(args->options_count, sizeof(*args->given));
	for (size_t i = 0; i < args->options_count; i++) {
		args->given[i].option = &command->options[i];
		*VEC_PUSH(args->given[i].values, args->given[i].count, args->given[i].cap) = NULL;
		args->given[i].count = 0;
	}
	*VEC_PUSH(args->operands, args->operands_count, args->operands_cap) = NULL;
	args->operands_count = 0;
	return args;
}

int
cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_args **ret_args,
	  struct err *e)
{
	struct cli_args *args = args_new(command);
	bool only_operands = false;

	for (int at = 0; at < argc; at++) {
		if (!only_operands && strcmp(argv[at], "--") == 0) {
			only_operands = true;
		} else if (!only_operands && argv[at][0] == '-' && argv[at][1]) {
			if (take_option(command, args, argc, argv, &at, e) < 0)
				goto fail;
		} else {
			*VEC_PUSH(args->operands, args->operands_count, args->operands_cap) =
				argv[at];
			*VEC_PUSH(args->operands, args->operands_count, args->operands_cap) = NULL;
			args->operands_count--;
		}
	}
	if (args->operands_count < command->operands_min ||
	    args->operands_count > command->operands_max) {
		err_set(e, ERR_USAGE, "usage: lifeboat %s [options] %s", command->name,
			command->operands);
		goto fail;
	}
	*ret_args = args;
	return 0;
fail:
	cli_args_free(args);
	return -1;
}

void
cli_args_free(struct cli_args *args)
{
	if (!args)
		return;
	for (size_t i = 0; i < args->options_count; i++)
		free(args->given[i].values);
	free(args->given);
	free(args->operands);
	free(args);
}

const char *const *
cli_values(const struct cli_args *args, const char *option)
{
	for (size_t i = 0; i < args->options_count; i++)
		if (strcmp(args->given[i].option->name, option) == 0)
			return args->given[i].values;
	abort(); /* a command that asks for an option outside its table */
}

const char *
cli_value(const struct cli_args *args, const char *option)
{
	const char *const *values = cli_values(args, option);
	const char *last = NULL;

	for (; *values; values++)
		last = *values;
	return last;
}

bool
cli_flag(const struct cli_args *args, const char *option)
{
	return cli_values(args, option)[0] != NULL;
}

const char *const *
cli_operands(const struct cli_args *args, size_t *ret_count)
{
	if (ret_count)
		*ret_count = args->operands_count;
	return args->operands;
}

int
cli_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col < WIDEST_READABLE ? size.ws_col : WIDEST_READABLE;
}
