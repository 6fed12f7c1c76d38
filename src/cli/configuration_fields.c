#include "config.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "ui/keys/keymap.h"

static const char *const clipboards[] = { "osc52", "none", NULL };
static const char *const asciis[] = { "auto", "always", NULL };

static const struct field look_fields[] = {
	{ .name = "fg",
	  .type = FIELD_STRING,
	  .flags = FIELD_NONEMPTY,
	  .help = "Colour of the text: a name such as blue or bright-blue, 0 to 255, \"#rrggbb\" "
		  "(with the quotes), or default." },
	{ .name = "bg", .type = FIELD_STRING, .flags = FIELD_NONEMPTY, .help = "Its background." },
	{ .name = "bold", .type = FIELD_BOOL, .help = "Whether it is bold." },
	{ .name = "dim", .type = FIELD_BOOL, .help = "Whether it is dim." },
	{ .name = "underline", .type = FIELD_BOOL, .help = "Whether it is underlined." },
	{ .name = "reverse", .type = FIELD_BOOL, .help = "Whether both colours change places." },
	{ 0 },
};

enum { KEYS, THEME };

/* The keys and looks of these two are those of other tables. */
static struct field fields[] = {
	[KEYS] = { .name = "keys",
		   .type = FIELD_OBJECT,
		   .help = "Which keys mean a command: a key or a list of at most three; [] for "
			   "none. "
			   "Keys of dialogs (y, n, Enter, Esc) stay as they are." },
	[THEME] = { .name = "theme",
		    .type = FIELD_CHOICE,
		    .otherwise = "default",
		    .help = "Looks: the name of a built-in theme, or a mapping with the one to "
			    "begin "
			    "with (preset) and what is different, by roles." },
	{ .name = "mouse",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Whether clicks and the wheel go to lifeboat; with false the terminal selects "
		  "text." },
	{ .name = "clipboard",
	  .type = FIELD_CHOICE,
	  .choices = clipboards,
	  .otherwise = "osc52",
	  .help = "How text is copied: by the escape sequence OSC 52, or not at all." },
	{ .name = "ascii",
	  .type = FIELD_CHOICE,
	  .choices = asciis,
	  .otherwise = "auto",
	  .help = "always: no character outside ASCII; auto: as the locale says." },
	{ .name = "local_time",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Shows the local time beside UTC, which is always shown." },
	{ .name = "operator",
	  .type = FIELD_STRING,
	  .flags = FIELD_NONEMPTY,
	  .help = "Who acts, for the journal; --operator and LIFEBOAT_OPERATOR go before it." },
	{ .name = "anchor",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .help = "Where the journal's head is copied to, besides those of --anchor." },
	{ .name = "runbooks",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_PATH,
	  .help = "Folders of runbooks, searched before the usual ones; LIFEBOAT_RUNBOOKS goes "
		  "before them all." },
	{ 0 },
};

/* One field for each row of the keymap. */
static const struct field *
make_key_fields(void)
{
	struct field *table = xcalloc(keymap_count + 1, sizeof(*table));

	for (size_t i = 0; i < keymap_count; i++) {
		struct str help = STR_INIT;

		keymap_help(&keymap_defaults[i], &help);
		table[i] = (struct field){
			.name = keymap_defaults[i].name,
			.type = FIELD_ONE_OR_LIST,
			.items = FIELD_STRING,
			.help = str_take(&help),
		};
	}
	return table;
}

static const struct field *
make_theme_fields(void)
{
	struct field *table = xcalloc(ROLE_COUNT + 2, sizeof(*table));

	table[0] = (struct field){
		.name = "preset",
		.type = FIELD_CHOICE,
		.choices = theme_presets,
		.otherwise = "default",
		.help = "The theme that the rest of the mapping changes.",
	};
	for (int role = 0; role < ROLE_COUNT; role++)
		table[1 + role] = (struct field){
			.name = theme_role_name((enum role)role),
			.type = FIELD_OBJECT,
			.fields = look_fields,
			.help = "How this role looks.",
		};
	return table;
}

const struct field *
config_fields(void)
{
	if (!fields[KEYS].fields) {
		fields[KEYS].fields = make_key_fields();
		fields[THEME].choices = theme_presets;
		fields[THEME].fields = make_theme_fields();
	}
	return fields;
}
