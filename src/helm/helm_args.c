#include "config.h"

#include "helm/helm_args.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm_flags.h"

enum { DEFAULT_TIMEOUT_MS = 300000, DEFAULT_MAX = 256, DEFAULT_HISTORY = 10 };

/* ---- durations ---- */

static int
unit_ms(const char **at, double *ret_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = { { "ns", 1e-6 }, { "us", 1e-3 }, { "µs", 1e-3 }, { "ms", 1 },
		      { "s", 1e3 },   { "m", 60e3 },  { "h", 3600e3 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_starts_with(*at, units[i].name)) {
			*at += strlen(units[i].name);
			*ret_ms = units[i].ms;
			return 0;
		}
	return -1;
}

int
helm_duration_parse(const char *text, int64_t *ret_ms, struct err *e)
{
	const char *at = text + (*text == '-' || *text == '+');
	double sum = 0;

	if (strcmp(at, "0") == 0) {
		*ret_ms = 0;
		return 0;
	}
	if (!*at)
		return err_set(e, ERR_USAGE, "time: invalid duration \"%s\"", text);
	while (*at) {
		size_t digits = strspn(at, "0123456789.");
		double ms;

		if (digits == 0)
			return err_set(e, ERR_USAGE, "time: invalid duration \"%s\"", text);
		double number = strtod(at, NULL);
		at += digits;
		if (!*at)
			return err_set(e, ERR_USAGE, "time: missing unit in duration \"%s\"", text);
		if (unit_ms(&at, &ms) < 0)
			return err_set(e, ERR_USAGE,
				       "time: unknown unit \"%.*s\" in duration \"%s\"",
				       (int)strcspn(at, "0123456789."), at, text);
		sum += number * ms;
	}
	if (sum > 1e15)
		return err_set(e, ERR_USAGE, "time: invalid duration \"%s\"", text);
	*ret_ms = (int64_t)(*text == '-' ? -sum : sum);
	return 0;
}

/* ---- flags ---- */

static bool
has_flag(const struct helm_command *command, const struct helm_flag *flag)
{
	return flag->groups == HELM_FLAGS_EVERYWHERE ||
	       (command && (flag->groups & command->flag_groups));
}

static const struct helm_flag *
flag_by_name(const struct helm_command *command, const char *name, size_t len)
{
	for (const struct helm_flag *flag = helm_flags; flag->name; flag++)
		if (has_flag(command, flag) && strlen(flag->name) == len &&
		    strncmp(flag->name, name, len) == 0)
			return flag;
	return NULL;
}

static const struct helm_flag *
flag_by_letter(const struct helm_command *command, char letter)
{
	for (const struct helm_flag *flag = helm_flags; flag->name; flag++)
		if (has_flag(command, flag) && flag->letter == letter)
			return flag;
	return NULL;
}

static int
invalid(const struct helm_flag *flag, const char *value, const char *why, struct err *e)
{
	if (flag->letter)
		return err_set(e, ERR_USAGE, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s",
			       value, flag->letter, flag->name, why);
	return err_set(e, ERR_USAGE, "invalid argument \"%s\" for \"--%s\" flag: %s", value,
		       flag->name, why);
}

static int
set_bool(const struct helm_flag *flag, const char *value, bool *at, struct err *e)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True", NULL };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };

	for (size_t i = 0; yes[i]; i++)
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*at = strcmp(value, yes[i]) == 0;
			return 0;
		}
	char *why = xasprintf("strconv.ParseBool: parsing \"%s\": invalid syntax", value);
	int rc = invalid(flag, value, why, e);
	free(why);
	return rc;
}

static int
set_int(const struct helm_flag *flag, const char *value, int64_t *at, struct err *e)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (*value && !*end && !errno) {
		*at = number;
		return 0;
	}
	char *why = xasprintf("strconv.ParseInt: parsing \"%s\": %s", value,
			      errno ? "value out of range" : "invalid syntax");
	int rc = invalid(flag, value, why, e);
	free(why);
	return rc;
}

static int
set_flag(struct helm_args *args, const struct helm_flag *flag, const char *value, struct err *e)
{
	void *at = (char *)&args->flags + flag->offset;
	struct helm_texts *texts = at;
	struct err why = ERR_INIT;

	switch (flag->type) {
	case HELM_FLAG_BOOL:
		return set_bool(flag, value, at, e);
	case HELM_FLAG_INT:
		return set_int(flag, value, at, e);
	case HELM_FLAG_DURATION:
		if (helm_duration_parse(value, at, &why) < 0)
			return invalid(flag, value, why.message, e);
		return 0;
	case HELM_FLAG_TEXTS:
		*VEC_PUSH(texts->items, texts->count, texts->cap) = value;
		return 0;
	case HELM_FLAG_TEXT:
	case HELM_FLAG_MODE:
		break;
	}
	*(const char **)at = value;
	return 0;
}

/* What a flag is that stands there without a value; NULL: it needs one. */
static const char *
implied(const struct helm_flag *flag)
{
	if (flag->type == HELM_FLAG_BOOL)
		return "true";
	return flag->type == HELM_FLAG_MODE ? "client" : NULL;
}

static int
unknown_flag(const char *name, size_t len, struct err *e)
{
	for (size_t i = 0; helm_flags_refused[i]; i++)
		if (strlen(helm_flags_refused[i]) == len &&
		    strncmp(helm_flags_refused[i], name, len) == 0)
			return err_set(e, ERR_USAGE,
				       "--%.*s: the helm of a practice world does not have this "
				       "flag",
				       (int)len, name);
	return err_set(e, ERR_USAGE, "unknown flag: --%.*s", (int)len, name);
}

/* A word that begins with "--"; *next is the one behind it, moved on where it was taken. */
static int
take_long(struct helm_args *args, const char *word, char ***next, struct err *e)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct helm_flag *flag = flag_by_name(args->command, name, len);
	const char *value;

	if (!flag)
		return unknown_flag(name, len, e);
	value = equals ? equals + 1 : implied(flag);
	if (!value && !(value = **next))
		return err_set(e, ERR_USAGE, "flag needs an argument: --%s", flag->name);
	if (value == **next)
		++*next;
	return set_flag(args, flag, value, e);
}

/* A word of letters: "-A", "-fFILE", "-n", "-qn". */
static int
take_letters(struct helm_args *args, const char *word, char ***next, struct err *e)
{
	for (const char *at = word + 1; *at; at++) {
		const struct helm_flag *flag = flag_by_letter(args->command, *at);
		const char *value;

		if (!flag)
			return err_set(e, ERR_USAGE, "unknown shorthand flag: '%c' in -%s", *at,
				       word + 1);
		if (implied(flag) && at[1] != '=') {
			if (set_flag(args, flag, implied(flag), e) < 0)
				return -1;
			continue;
		}
		value = at[1] == '=' ? at + 2 : at[1] ? at + 1 : **next;
		if (!value)
			return err_set(e, ERR_USAGE, "flag needs an argument: '%c' in -%s", *at,
				       word + 1);
		if (value == **next)
			++*next;
		return set_flag(args, flag, value, e);
	}
	return 0;
}

/* ---- the command ---- */

/* Whether a word of a path is meant: "history", or "hist". */
static bool
is_named(const struct helm_command *command, const char *path)
{
	const char *last = strrchr(command->path, ' ');
	size_t group = last ? (size_t)(last + 1 - command->path) : 0;

	return strcmp(command->path, path) == 0 ||
	       (command->alias && strncmp(path, command->path, group) == 0 &&
		strcmp(path + group, command->alias) == 0);
}

static const struct helm_command *
find_command(const char *path)
{
	for (const struct helm_command *command = helm_commands; command->path; command++)
		if (is_named(command, path))
			return command;
	return NULL;
}

static bool
is_group(const char *word)
{
	for (const struct helm_command *command = helm_commands; command->path; command++) {
		size_t len = strcspn(command->path, " ");

		if (command->path[len] && strlen(word) == len &&
		    strncmp(command->path, word, len) == 0)
			return true;
	}
	return false;
}

/* Whether the word behind this flag belongs to it. */
static bool
takes_next(const char *word)
{
	const struct helm_flag *flag;

	if (str_starts_with(word, "--")) {
		if (strchr(word, '='))
			return false;
		for (flag = helm_flags; flag->name; flag++)
			if (strcmp(flag->name, word + 2) == 0)
				return !implied(flag);
		return false;
	}
	if (word[0] != '-' || !word[1] || word[2])
		return false;
	for (flag = helm_flags; flag->name; flag++)
		if (flag->letter == word[1])
			return !implied(flag);
	return false;
}

/* The index of the n-th word that is no flag nor a flag's value, or argc. */
static int
nth_word(int argc, char **argv, int n)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1])
			i += takes_next(argv[i]);
		else if (n-- == 0)
			return i;
	}
	return argc;
}

static int
distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	int *row = xcalloc(n + 1, sizeof(*row)), result;

	for (size_t j = 0; j <= n; j++)
		row[j] = (int)j;
	for (; *a; a++) {
		int diagonal = row[0]++;

		for (size_t j = 1; j <= n; j++) {
			int same = tolower((unsigned char)*a) == tolower((unsigned char)b[j - 1]);
			int best = diagonal + !same;

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	result = row[n];
	free(row);
	return result;
}

/* Whether the command before this one begins with the same word. */
static bool
is_same_group(const struct helm_command *command)
{
	size_t len = strcspn(command->path, " ");

	return command > helm_commands && strcspn(command[-1].path, " ") == len &&
	       strncmp(command[-1].path, command->path, len) == 0;
}

/* Source: cobra, Command.SuggestionsFor. */
static int
unknown_command(const char *word, struct err *e)
{
	struct str near = STR_INIT;

	for (const struct helm_command *command = helm_commands; command->path; command++) {
		char *name = xstrndup(command->path, strcspn(command->path, " "));

		if (!is_same_group(command) &&
		    (distance(word, name) <= 2 || strncasecmp(name, word, strlen(word)) == 0))
			str_printf(&near, "\t%s\n", name);
		free(name);
	}
	err_set(e, ERR_USAGE, "unknown command \"%s\" for \"helm\"%s%s", word,
		near.len ? "\n\nDid you mean this?\n" : "", str_cstr(&near));
	str_release(&near);
	return -1;
}

/* Finds the command; marks[] gets the indices of its words, which are no arguments. */
static int
choose(int argc, char **argv, struct helm_args *args, int marks[2], bool *ret_unknown,
       struct err *e)
{
	int first = nth_word(argc, argv, 0), second = nth_word(argc, argv, 1);
	char *path;

	marks[0] = marks[1] = 0;
	if (first == argc)
		return 0;
	marks[0] = first;
	args->command = find_command(argv[first]);
	if (args->command)
		return 0;
	if (!is_group(argv[first])) {
		*ret_unknown = true;
		return unknown_command(argv[first], e);
	}
	if (second == argc)
		return 0;
	path = xasprintf("%s %s", argv[first], argv[second]);
	args->command = find_command(path);
	free(path);
	marks[1] = second;
	if (!args->command)
		return err_set(e, ERR_USAGE,
			       "unknown command \"%s\" for \"helm %s\"\n\nUsage:  helm %s [flags]",
			       argv[second], argv[first], argv[first]);
	return 0;
}

static int
check_count(const struct helm_args *args, struct err *e)
{
	const struct helm_command *c = args->command;
	int count = (int)args->words.count;
	const char *plural = (c->max == c->min ? c->max : c->min) == 1 ? "" : "s";

	if (c->max == 0 && count > 0)
		return err_set(e, ERR_USAGE,
			       "\"helm %s\" accepts no arguments\n\nUsage:  helm %s %s", c->path,
			       c->path, c->use);
	if (c->max == c->min && count != c->max)
		return err_set(e, ERR_USAGE,
			       "\"helm %s\" requires %d argument%s\n\nUsage:  helm %s %s", c->path,
			       c->max, plural, c->path, c->use);
	if (count < c->min)
		return err_set(e, ERR_USAGE,
			       "\"helm %s\" requires at least %d argument%s\n\nUsage:  helm %s %s",
			       c->path, c->min, plural, c->path, c->use);
	if (c->max >= 0 && count > c->max)
		return err_set(e, ERR_USAGE,
			       "\"helm %s\" accepts at most %d argument%s\n\nUsage:  helm %s %s",
			       c->path, c->max, c->max == 1 ? "" : "s", c->path, c->use);
	return 0;
}

static int
read_output(struct helm_args *args, struct err *e)
{
	static const char *const names[] = { "table", "json", "yaml" };

	for (int i = 0; args->flags.output && i < 3; i++)
		if (strcmp(args->flags.output, names[i]) == 0) {
			args->output = (enum helm_output)i;
			return 0;
		}
	if (args->flags.output)
		return err_set(e, ERR_USAGE,
			       "invalid argument \"%s\" for \"-o, --output\" flag: invalid format "
			       "type",
			       args->flags.output);
	return 0;
}

static int
read_words(char **argv, struct helm_args *args, const int marks[2], struct err *e)
{
	char **next = argv + 1;
	bool only_words = false;

	while (*next) {
		char **at = next++;
		int rc = 0;

		if (at - argv == marks[0] || at - argv == marks[1])
			continue;
		if (only_words || (*at)[0] != '-' || !(*at)[1])
			*VEC_PUSH(args->words.items, args->words.count, args->words.cap) = *at;
		else if (strcmp(*at, "--") == 0)
			only_words = true;
		else if ((*at)[1] == '-')
			rc = take_long(args, *at, &next, e);
		else
			rc = take_letters(args, *at, &next, e);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
helm_args_parse(int argc, char **argv, struct helm_args *args, bool *ret_unknown, struct err *e)
{
	int marks[2];

	*args = (struct helm_args){ 0 };
	args->flags.timeout_ms = DEFAULT_TIMEOUT_MS;
	args->flags.max = DEFAULT_MAX;
	args->flags.history_max = DEFAULT_HISTORY;
	*ret_unknown = false;
	if (argc > 1 && strcmp(argv[1], "help") == 0) {
		args->flags.help = true;
		return argc > 2 ? choose(argc - 1, argv + 1, args, marks, ret_unknown, e) : 0;
	}
	if (choose(argc, argv, args, marks, ret_unknown, e) < 0 ||
	    read_words(argv, args, marks, e) < 0)
		return -1;
	if (!args->command || args->flags.help)
		return 0;
	if (read_output(args, e) < 0)
		return -1;
	return check_count(args, e);
}

void
helm_args_release(struct helm_args *args)
{
	free(args->words.items);
	free(args->flags.values.items);
	free(args->flags.set.items);
	free(args->flags.set_string.items);
	free(args->flags.set_file.items);
	free(args->flags.set_json.items);
}

/* ---- help ---- */

static void
print_flags(const struct helm_command *command)
{
	printf("\nFlags:\n");
	for (const struct helm_flag *flag = helm_flags; flag->name; flag++) {
		char letter[] = { '-', flag->letter, ',', ' ', '\0' };

		if (has_flag(command, flag))
			printf("  %4s--%-24s %s\n", flag->letter ? letter : "", flag->name,
			       flag->help);
	}
}

void
helm_args_help(const struct helm_args *args, const char *group)
{
	if (args->command) {
		printf("%s\n\nUsage:\n  helm %s %s\n", args->command->summary, args->command->path,
		       args->command->use);
		print_flags(args->command);
		return;
	}
	printf("The Kubernetes package manager\n\nUsage:\n  helm %s%s[command]\n\n"
	       "Available Commands:\n",
	       group ? group : "", group ? " " : "");
	for (const struct helm_command *command = helm_commands; command->path; command++)
		if (!group || str_starts_with(command->path, group))
			printf("  %-14s %s\n", command->path, command->summary);
	print_flags(NULL);
}
