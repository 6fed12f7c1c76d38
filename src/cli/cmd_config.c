#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/configuration_example.h"
#include "ui/keys/key_name.h"

enum { COMMENT_COLUMN = 36 };

/* Pure ASCII in quotes, which YAML reads as JSON does. */
static void
append_quoted(struct str *out, const char *text)
{
	cJSON *value = cJSON_CreateString(text);

	json_print_ascii(value, out);
	cJSON_Delete(value);
}

/* "mouse: true          # config.yaml:3" */
static void
print_setting(const struct str *text, const char *origin)
{
	printf("%-*s # %s\n", COMMENT_COLUMN, str_cstr(text), origin);
}

static char *
origin_of(const struct config *config, const char *section, const char *name)
{
	const struct yaml_node *node = config_node(config, section, name);

	return node ? xasprintf("config.yaml, line %d", node->mark.line) : xstrdup("default");
}

static void
print_value(const struct config *config, const char *name, const char *value)
{
	struct str text = STR_INIT;
	char *origin = origin_of(config, name, NULL);

	str_printf(&text, "%s: %s", name, value);
	print_setting(&text, origin);
	free(origin);
	str_release(&text);
}

static void
print_keys(const struct config *config)
{
	struct str text = STR_INIT;

	puts("keys:");
	for (size_t i = 0; i < keymap_count; i++) {
		char *origin = origin_of(config, "keys", keymap[i].name);
		char name[KEY_NAME_MAX];

		str_printf(&text, "  %s: [", keymap[i].name);
		for (int k = 0; k < KEY_BINDING_MAX && keymap[i].keys[k]; k++) {
			str_append(&text, k ? ", " : "");
			append_quoted(&text, key_name_print(keymap[i].keys[k], name));
		}
		str_append_char(&text, ']');
		print_setting(&text, origin);
		str_clear(&text);
		free(origin);
	}
	str_release(&text);
}

static void
append_attribute(struct str *out, const char *name, int value)
{
	if (value != THEME_KEEP)
		str_printf(out, "%s%s: %s", out->data[out->len - 1] == '{' ? "" : ", ", name,
			   value ? "true" : "false");
}

static void
append_colour(struct str *out, const char *name, int colour)
{
	const char *before = out->data[out->len - 1] == '{' ? "" : ", ";

	if (colour == THEME_DEFAULT_COLOUR)
		str_printf(out, "%s%s: default", before, name);
	else if (colour != THEME_KEEP)
		str_printf(out, "%s%s: %d", before, name, colour);
}

static void
print_theme(const struct config *config)
{
	const struct yaml_node *node = config_node(config, "theme", NULL);
	struct str text = STR_INIT;
	const char *no_color = getenv("NO_COLOR");

	str_printf(&text, "theme:\n  preset: %s", config->preset ? config->preset : "default");
	char *origin =
		origin_of(config, "theme", node && node->kind == YAML_MAPPING ? "preset" : NULL);
	print_setting(&text, no_color && *no_color ? "no colours at all: NO_COLOR is set" : origin);
	free(origin);
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct theme_change *change = &config->theme[role];
		const char *name = theme_role_name((enum role)role);

		if (!config_node(config, "theme", name))
			continue;
		str_clear(&text);
		str_printf(&text, "  %s: {", name);
		append_colour(&text, "fg", change->foreground);
		append_colour(&text, "bg", change->background);
		append_attribute(&text, "bold", change->bold);
		append_attribute(&text, "dim", change->dim);
		append_attribute(&text, "underline", change->underline);
		append_attribute(&text, "reverse", change->reverse);
		str_append_char(&text, '}');
		origin = origin_of(config, "theme", name);
		print_setting(&text, origin);
		free(origin);
	}
	str_release(&text);
}

/* As a session takes it, when no option says otherwise. */
static void
print_operator(const struct config *config)
{
	static const char *const variables[] = { "LIFEBOAT_OPERATOR", "SUDO_USER" };
	const char *given = getenv(variables[0]), *sudo = getenv(variables[1]);
	const struct passwd *entry = getpwuid(getuid());
	struct str text = STR_INIT;
	char *origin = origin_of(config, "operator", NULL);

	str_append(&text, "operator: ");
	if (given && *given)
		append_quoted(&text, given);
	else if (config->operator_name)
		append_quoted(&text, config->operator_name);
	else if (sudo && *sudo)
		append_quoted(&text, sudo);
	else
		append_quoted(&text, entry ? entry->pw_name : "");
	if (given && *given)
		print_setting(&text, variables[0]);
	else if (config->operator_name)
		print_setting(&text, origin);
	else
		print_setting(&text, sudo && *sudo ? variables[1] : "default: the login name");
	free(origin);
	str_release(&text);
}

/* A list, which an environment variable replaces or lengthens. */
static void
print_list(const struct config *config, const char *name, char **values, const char *variable,
	   const char *effect)
{
	const char *more = getenv(variable);
	char *origin = origin_of(config, name, NULL), *both = NULL;
	struct str text = STR_INIT;

	str_printf(&text, "%s: [", name);
	for (char **at = values; *at; at++) {
		str_append(&text, at == values ? "" : ", ");
		append_quoted(&text, *at);
	}
	str_append_char(&text, ']');
	if (more && *more)
		both = xasprintf("%s; %s is set, and %s", origin, variable, effect);
	print_setting(&text, both ? both : origin);
	free(both);
	free(origin);
	str_release(&text);
}

static int
print_effective(struct err *e)
{
	if (config_load(e) < 0)
		return -1;
	const struct config *config = config_get();
	char *path = text_clean(config->path ? config->path : "no folder is known for one", 0);

	printf("# %s%s\n", path, config->path && !config->is_there ? " (there is none)" : "");
	free(path);
	print_keys(config);
	print_theme(config);
	print_value(config, "mouse", config->mouse ? "true" : "false");
	print_value(config, "clipboard", config->clipboard ? "osc52" : "none");
	print_value(config, "ascii", config->ascii ? "always" : "auto");
	print_value(config, "local_time", config->local_time ? "true" : "false");
	print_operator(config);
	print_list(config, "anchor", config->anchors, "LIFEBOAT_ANCHORS", "adds to them");
	print_list(config, "runbooks", config->runbooks, "LIFEBOAT_RUNBOOKS", "replaces them");
	return 0;
}

static int
print_path(struct err *e)
{
	char *path = config_path();

	if (!path)
		return err_set(e, ERR_USAGE,
			       "neither XDG_CONFIG_HOME nor HOME names an absolute folder: set one "
			       "of them, or LIFEBOAT_CONFIG");
	char *clean = text_clean(path, 0);
	puts(clean);
	free(clean);
	free(path);
	return 0;
}

static int
check(struct err *e)
{
	if (config_load(e) < 0)
		return -1;
	const struct config *config = config_get();
	char *path = text_clean(config->path ? config->path : "", 0);

	printf(config->is_there ? "%s is in order\n" : "%s is not there: the defaults hold\n",
	       path);
	free(path);
	return 0;
}

static int
print_example(void)
{
	struct str out = STR_INIT;

	configuration_example(&out);
	fputs(str_cstr(&out), stdout);
	str_release(&out);
	return 0;
}

static int
run(const struct cli_args *args, struct err *e)
{
	bool wants_check = cli_flag(args, "check"), wants_path = cli_flag(args, "path");
	bool wants_example = cli_flag(args, "example");

	if (wants_check + wants_path + wants_example > 1)
		return err_set(e, ERR_USAGE, "--check, --path and --example exclude each other");
	if (wants_path)
		return print_path(e);
	if (wants_example)
		return print_example();
	return wants_check ? check(e) : print_effective(e);
}

static const struct cli_option options[] = {
	{ "check", 0, NULL, "Only say whether the file is in order; exit 2 where it is not." },
	{ "path", 0, NULL, "Only print the name of the file." },
	{ "example", 0, NULL, "Print a file with every setting, commented out, to begin with." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_config = {
	.name = "config",
	.operands = "",
	.summary = "Print the settings that hold, and where each of them comes from",
	.options = options,
	.run = run,
};
