#include "config.h"

#include "cli/configuration_example.h"

#include <string.h>

#include "base/text.h"
#include "cli/configuration.h"
#include "ui/keys/key_name.h"

enum { COLUMNS = 78 };

/* What a setting without a default looks like. */
static const char *
example_of(const struct field *field)
{
	if (field->otherwise)
		return field->otherwise;
	return field->type == FIELD_STRING ? "ana" : "[]";
}

struct comment {
	struct str *out;
	const char *indent;
};

static void
add_line(void *data, const char *text, size_t len)
{
	struct comment *comment = data;

	str_printf(comment->out, "%s# %.*s\n", comment->indent, (int)len, text);
}

static void
add_comment(struct str *out, const char *indent, const char *text)
{
	struct comment comment = { out, indent };

	text_wrap(text, COLUMNS - (int)strlen(indent) - 2, add_line, &comment);
}

/* "#  skip: [s]", for each row of the keymap. */
static void
add_keys(struct str *out)
{
	char name[KEY_NAME_MAX];

	for (size_t i = 0; i < keymap_count; i++) {
		struct str help = STR_INIT;

		keymap_help(&keymap_defaults[i], &help);
		add_comment(out, "  ", str_cstr(&help));
		str_printf(out, "  #%s: [", keymap_defaults[i].name);
		for (int k = 0; k < KEY_BINDING_MAX && keymap_defaults[i].keys[k]; k++)
			str_printf(out, "%s'%s'", k ? ", " : "",
				   key_name_print(keymap_defaults[i].keys[k], name));
		str_append(out, "]\n");
		str_release(&help);
	}
}

static void
add_theme(struct str *out)
{
	str_append(out, "  # The built-in themes: ");
	for (const char *const *at = theme_presets; *at; at++)
		str_printf(out, "%s%s", at == theme_presets ? "" : ", ", *at);
	str_append(out, ".\n  #preset: default\n");
	add_comment(
		out, "  ",
		"Each role takes fg and bg (black, red, green, yellow, blue, magenta, cyan, "
		"white, each also with bright-; 0 to 255; \"#rrggbb\"; default), and bold, dim, "
		"underline and reverse (true or false).");
	for (int role = 0; role < ROLE_COUNT; role++)
		str_printf(out, "  #%s: {fg: default, bold: false}\n",
			   theme_role_name((enum role)role));
}

void
configuration_example(struct str *out)
{
	add_comment(out, "",
		    "The configuration of lifeboat; see lifeboat-config(5). Take away the # before "
		    "a setting (and before the heading above it) to change it; lifeboat config "
		    "--check says whether all is in order.");
	for (const struct field *at = config_fields(); at->name; at++) {
		bool keys = strcmp(at->name, "keys") == 0, theme = strcmp(at->name, "theme") == 0;

		str_append_char(out, '\n');
		add_comment(out, "", at->help);
		if (keys || theme)
			str_printf(out, "#%s:\n", at->name);
		else
			str_printf(out, "#%s: %s\n", at->name, example_of(at));
		if (keys)
			add_keys(out);
		if (theme)
			add_theme(out);
	}
}
