#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "ui/keys/key_name.h"
#include "ui/model/situation.h"

/* What is reported about a text: "3:5 message", a line for each. The caller frees. */
static char *
report(const char *text)
{
	struct diags diags;
	struct str out = STR_INIT;

	diags_init(&diags, "config.yaml");
	struct config *config = config_parse("config.yaml", text, strlen(text), &diags);
	assert_int_equal(config == NULL, diags.errors > 0);
	diags_render(&diags, &out);
	config_free(config);
	diags_release(&diags);
	return str_take(&out);
}

static void
assert_reported(const char *text, const char *const *wanted)
{
	char *got = report(text);

	for (; *wanted; wanted++)
		if (!strstr(got, *wanted)) {
			print_error("not reported: %s\nbut:\n%s", *wanted, got);
			fail();
		}
	free(got);
}

static struct config *
parse(const char *text)
{
	struct diags diags;
	struct str out = STR_INIT;

	diags_init(&diags, "/etc/there/config.yaml");
	struct config *config = config_parse("/etc/there/config.yaml", text, strlen(text), &diags);
	diags_render(&diags, &out);
	assert_string_equal(str_cstr(&out), "");
	assert_non_null(config);
	str_release(&out);
	diags_release(&diags);
	return config;
}

static void
config_parse_empty_is_the_defaults(void **state)
{
	static const char *const texts[] = { "", "# nothing\n", "{}\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = parse(texts[i]);

		assert_true(config->mouse);
		assert_true(config->clipboard);
		assert_false(config->ascii);
		assert_null(config->operator_name);
		assert_null(config->anchors[0]);
		assert_null(config->runbooks[0]);
		assert_int_equal(config->keys_count, 0);
		config_free(config);
	}
}

static void
config_parse_takes_every_setting(void **state)
{
	struct config *config = parse("keys: {skip: X, zoom: [F5, Ctrl-O], copy: []}\n"
				      "theme: {preset: light, good: {fg: '#ff8700', bold: true}}\n"
				      "mouse: false\n"
				      "clipboard: none\n"
				      "ascii: always\n"
				      "local_time: true\n"
				      "operator: ana\n"
				      "anchor: [syslog, 'postgresql:service=evidence']\n"
				      "runbooks: [ours, /srv/runbooks]\n");

	(void)state;
	assert_false(config->mouse);
	assert_false(config->clipboard);
	assert_true(config->ascii);
	assert_true(config->local_time);
	assert_string_equal(config->operator_name, "ana");
	assert_string_equal(config->anchors[1], "postgresql:service=evidence");
	assert_string_equal(config->runbooks[0], "/etc/there/ours");
	assert_string_equal(config->runbooks[1], "/srv/runbooks");
	assert_null(config->runbooks[2]);
	assert_string_equal(config->preset, "light");
	assert_int_equal(config->theme[ROLE_GOOD].foreground, 208);
	assert_int_equal(config->theme[ROLE_GOOD].bold, 1);
	assert_int_equal(config->theme[ROLE_GOOD].dim, THEME_KEEP);
	assert_int_equal(config->theme[ROLE_BAD].foreground, THEME_KEEP);
	assert_int_equal(config->keys_count, 3);
	assert_int_equal(config->keys[1].keys[0], KEY_F(5));
	assert_int_equal(config->keys[1].keys[1], 'O' & 0x1f);
	assert_int_equal(config->keys[2].keys[0], 0);
	config_free(config);
}

static void
config_parse_reports_every_mistake_with_its_place(void **state)
{
	static const char text[] = "keys:\n"
				   "  skp: [x]\n"
				   "  skip: [Entr]\n"
				   "  help: []\n"
				   "  end: [a, b, c, d]\n"
				   "them: light\n"
				   "theme: {good: {fg: blu}, goood: {bold: true}}\n"
				   "mouse: maybe\n"
				   "clipboard: osc25\n"
				   "anchor: [syslogg]\n"
				   "operator: ''\n";
	static const char *const wanted[] = {
		"config.yaml:2:3: error: unknown key \"skp\" in \"keys\"; did you mean \"skip\"?",
		"config.yaml:3:10: error: there is no key called \"Entr\"; did you mean \"Enter\"?",
		"config.yaml:4:9: error: \"help\" must keep a key",
		"config.yaml:5:8: error: \"end\" has 4 keys: at most 3",
		"config.yaml:6:1: error: unknown key \"them\" in the configuration; did you mean "
		"\"theme\"?",
		"config.yaml:7:20: error: \"blu\" is no colour",
		"did you mean \"blue\"?",
		"config.yaml:7:26: error: unknown key \"goood\" in \"theme\"; did you mean "
		"\"good\"?",
		"config.yaml:8:8: error: \"mouse\" wants true or false, not \"maybe\"",
		"config.yaml:9:12: error: \"clipboard\" wants osc52 or none, not \"osc25\"; did "
		"you mean",
		"config.yaml:10:10: error: \"syslogg\" is no place for an anchor",
		"config.yaml:11:11: error: \"operator\" is empty",
		"   3 |   skip: [Entr]\n"
		"     |          ^~~~",
		NULL,
	};

	(void)state;
	assert_reported(text, wanted);
}

static void
config_parse_one_key_for_two_commands_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *wanted[2];
	} cases[] = {
		{ "keys: {zoom: [s]}\n",
		  { "config.yaml:1:15: error: s is the key of \"skip\" already" } },
		{ "keys: {skip: F7, note: F7}\n",
		  { ":1:24: error: F7 is the key of \"skip\" already" } },
		{ "keys: {note: F7, skip: f7}\n",
		  { ":1:24: error: F7 is the key of \"note\" already" } },
		{ "keys: {wrap: n}\n", { ":1:14: error: n is the key of \"note\" already" } },
		{ "keys: {retry: Esc}\n", { ":1:15: error: Esc is the key of \"clear\" already" } },
		{ "keys: {start-show: q}\n",
		  { ":1:20: error: q is the key of \"leave\" already" } },
		{ "keys: {leave: Return}\n",
		  { ":1:15: error: Enter is the key of \"run\" already" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_reported(cases[i].text, cases[i].wanted);
}

static void
config_parse_one_key_where_only_one_can_be_meant_is_taken(void **state)
{
	static const char *const texts[] = {
		"keys: {wrap: d}\n", /* d is of the tables, wrap of the logs */
		"keys: {skip: z, zoom: s}\n", "keys: {start-show: s}\n",
		"keys: {note: [n, F7]}\n", /* n as the program has it: the search comes first */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		config_free(parse(texts[i]));
}

static void
config_parse_hash_without_quotes_is_explained(void **state)
{
	static const char *const wanted[] = {
		"config.yaml:3:8: error: \"fg\" has no value",
		"config.yaml:3:8: warning: a # begins a comment: a colour such as \"#ff8700\" "
		"wants quotes",
		NULL,
	};

	(void)state;
	assert_reported("theme:\n  good:\n    fg: #ff0000\n", wanted);
}

static void
config_parse_not_a_mapping_is_refused(void **state)
{
	static const char *const list[] = {
		"config.yaml:1:1: error: the configuration is a mapping", NULL
	};
	static const char *const two[] = { "config.yaml:3:1: error: a second document", NULL };
	static const char *const tab[] = { "config.yaml:2:1: error: a tab cannot indent YAML",
					   NULL };
	static const char *const twice[] = { "config.yaml:2:1: error:", NULL };

	(void)state;
	assert_reported("- a\n", list);
	assert_reported("mouse: true\n---\nmouse: true\n", two);
	assert_reported("keys:\n\tskip: x\n", tab);
	assert_reported("mouse: true\nmouse: false\n", twice);
}

/* A folder of its own, with a configuration in it. */
struct place {
	char folder[64];
	char *path;
};

static struct place
place_new(const char *text, mode_t mode)
{
	struct place place = { .folder = "/tmp/lifeboat-config-XXXXXX" };

	assert_non_null(mkdtemp(place.folder));
	place.path = xasprintf("%s/config.yaml", place.folder);
	assert_int_equal(file_write_atomic(place.path, text, strlen(text), mode, NULL), 0);
	return place;
}

static void
place_free(struct place *place)
{
	unlink(place->path);
	rmdir(place->path);
	rmdir(place->folder);
	free(place->path);
}

/* The message with which a file is refused. */
static void
assert_refused(const char *path, const char *wanted)
{
	struct err e = ERR_INIT;
	struct diags diags;

	diags_init(&diags, path);
	assert_null(config_read(path, &diags, &e));
	assert_int_equal(err_exit_code(e.kind), 2);
	assert_non_null(strstr(e.message, wanted));
	assert_non_null(strstr(e.message, path));
	diags_release(&diags);
}

static void
config_read_writable_by_others_is_refused(void **state)
{
	struct place place = place_new("mouse: false\n", 0622);

	(void)state;
	assert_refused(place.path, "others may write to it");
	assert_int_equal(chmod(place.path, 0660), 0);
	assert_refused(place.path, "chmod go-w");
	place_free(&place);
}

static void
config_read_no_regular_file_is_refused(void **state)
{
	struct place place = place_new("", 0600);

	(void)state;
	assert_int_equal(unlink(place.path), 0);
	assert_int_equal(mkfifo(place.path, 0600), 0);
	assert_refused(place.path, "it is not a regular file");
	assert_int_equal(unlink(place.path), 0);
	assert_int_equal(mkdir(place.path, 0700), 0);
	assert_refused(place.path, "it is not a regular file");
	place_free(&place);
}

static void
config_read_too_large_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append_repeated(&text, '#', 300 << 10);
	struct place place = place_new(str_cstr(&text), 0600);
	assert_refused(place.path, "it is larger than");
	place_free(&place);
	str_release(&text);
}

static void
config_load_applies_keys_and_looks(void **state)
{
	struct place place = place_new("keys: {skip: [X, F5]}\nmouse: false\n", 0600);
	struct err e = ERR_INIT;

	(void)state;
	setenv("LIFEBOAT_CONFIG", place.path, 1);
	assert_int_equal(config_load(&e), 0);
	assert_false(config_get()->mouse);
	assert_int_equal(keymap_find('X', FACT_READY | FACT_CAN_SKIP)->command, CMD_SKIP);
	assert_int_equal(keymap_find(KEY_F(5), FACT_READY | FACT_CAN_SKIP)->command, CMD_SKIP);
	assert_null(keymap_find('s', FACT_READY | FACT_CAN_SKIP));
	assert_string_equal(keymap_label(CMD_SKIP), "X");
	keymap_reset();
	assert_int_equal(keymap_find('s', FACT_READY | FACT_CAN_SKIP)->command, CMD_SKIP);
	unsetenv("LIFEBOAT_CONFIG");
	place_free(&place);
}

static void
config_load_without_a_file_needs_one_only_where_it_was_named(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	setenv("XDG_CONFIG_HOME", "/nowhere/at/all", 1);
	assert_int_equal(config_load(&e), 0);
	assert_false(config_get()->is_there);
	setenv("LIFEBOAT_CONFIG", "/nowhere/config.yaml", 1);
	assert_int_equal(config_load(&e), -1);
	assert_int_equal(err_exit_code(e.kind), 2);
	assert_non_null(strstr(e.message, "LIFEBOAT_CONFIG names it"));
	unsetenv("LIFEBOAT_CONFIG");
}

static void
key_name_every_key_prints_and_parses_back(void **state)
{
	char name[KEY_NAME_MAX];

	(void)state;
	for (int code = 1; code < KEY_MAX; code++) {
		key_name_print(code, name);
		if (strcmp(name, "?") != 0 || code == '?')
			assert_int_equal(key_name_parse(name), key_canonical(code));
	}
	for (size_t i = 0; i < keymap_count; i++)
		for (int k = 0; k < KEY_BINDING_MAX && keymap_defaults[i].keys[k]; k++)
			assert_int_equal(
				key_name_parse(key_name_print(keymap_defaults[i].keys[k], name)),
				keymap_defaults[i].keys[k]);
}

static void
key_name_parse_takes_usual_spellings(void **state)
{
	static const struct {
		const char *name;
		int code;
	} cases[] = {
		{ "ctrl-p", 'P' & 0x1f },
		{ "Ctrl-P", 'P' & 0x1f },
		{ "F1", KEY_F(1) },
		{ "f12", KEY_F(12) },
		{ "enter", '\n' },
		{ "return", '\n' },
		{ "Ctrl-M", '\n' },
		{ "Ctrl-I", '\t' },
		{ "pagedown", KEY_NPAGE },
		{ "a", 'a' },
		{ "A", 'A' },
		{ "?", '?' },
		{ "F", 'F' },
		{ "space", ' ' },
		{ "Esc", 27 },
		{ "F0", 0 },
		{ "F13", 0 },
		{ "F1x", 0 },
		{ "", 0 },
		{ "ab", 0 },
		{ "Ctrl-", 0 },
		{ "Ctrl-1", 0 },
		{ "Alt-x", 0 },
		{ "\xc3\xa4", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(key_name_parse(cases[i].name), cases[i].code);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_parse_empty_is_the_defaults),
		cmocka_unit_test(config_parse_takes_every_setting),
		cmocka_unit_test(config_parse_reports_every_mistake_with_its_place),
		cmocka_unit_test(config_parse_one_key_for_two_commands_is_refused),
		cmocka_unit_test(config_parse_one_key_where_only_one_can_be_meant_is_taken),
		cmocka_unit_test(config_parse_hash_without_quotes_is_explained),
		cmocka_unit_test(config_parse_not_a_mapping_is_refused),
		cmocka_unit_test(config_read_writable_by_others_is_refused),
		cmocka_unit_test(config_read_no_regular_file_is_refused),
		cmocka_unit_test(config_read_too_large_is_refused),
		cmocka_unit_test(config_load_applies_keys_and_looks),
		cmocka_unit_test(config_load_without_a_file_needs_one_only_where_it_was_named),
		cmocka_unit_test(key_name_every_key_prints_and_parses_back),
		cmocka_unit_test(key_name_parse_takes_usual_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
