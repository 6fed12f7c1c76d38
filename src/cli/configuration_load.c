#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/anchors.h"
#include "cli/configuration.h"
#include "runbook/load.h"
#include "ui/keys/key_name.h"

static const struct theme_change unchanged = {
	THEME_KEEP, THEME_KEEP, THEME_KEEP, THEME_KEEP, THEME_KEEP, THEME_KEEP,
};

/* The scalars of one, or of a list of them. */
static size_t
count_of(const struct yaml_node *node)
{
	return node->kind == YAML_SEQUENCE ? node->count : node->kind == YAML_SCALAR;
}

static const struct yaml_node *
item_of(const struct yaml_node *node, size_t index)
{
	return node->kind == YAML_SEQUENCE ? node->items[index] : node;
}

static void
report_unknown_key_name(struct load *l, const struct yaml_node *node)
{
	const char *nearest = key_name_nearest(node->text);
	char *advice = nearest ? xasprintf("; did you mean \"%s\"?", nearest) : NULL;

	load_error(
		l, node, "there is no key called \"%s\"%s", node->text,
		advice ? advice
		       : ": write a single character, or a name such as Ctrl-P, F1, Enter, PgDn");
	free(advice);
}

static bool
has_code(const struct key_override *row, int code)
{
	for (int i = 0; i < KEY_BINDING_MAX; i++)
		if (row->keys[i] == code)
			return true;
	return false;
}

static void
take_keys(struct load *l, struct config *config, const char *name, const struct yaml_node *node)
{
	struct key_override *row = VEC_PUSH(config->keys, config->keys_count, config->keys_cap);
	size_t count = count_of(node), used = 0;

	row->name = name;
	if (count == 0 && keymap_needs_key(name))
		load_error(l, node, "\"%s\" must keep a key: there would be no way to do it", name);
	if (count > KEY_BINDING_MAX)
		load_error(l, node, "\"%s\" has %zu keys: at most %d can be given", name, count,
			   KEY_BINDING_MAX);
	for (size_t i = 0; i < count && i < KEY_BINDING_MAX; i++) {
		const struct yaml_node *item = item_of(node, i);
		const char *text = load_scalar(item);
		int code = text ? key_name_parse(text) : 0;

		if (text && !code)
			report_unknown_key_name(l, item);
		else if (has_code(row, code))
			load_warning(l, item, "\"%s\" has this key already", name);
		else if (code)
			row->keys[used++] = code;
	}
}

struct clash_search {
	struct load *load;
	const struct yaml_node *keys;
};

/* Where the file gives this key to this command, or NULL. */
static const struct yaml_node *
place_of(const struct yaml_node *keys, const char *name, int code)
{
	const struct yaml_node *node = yaml_get(keys, name);

	for (size_t i = 0; node && i < count_of(node); i++) {
		const struct yaml_node *item = item_of(node, i);

		if (load_scalar(item) && key_name_parse(item->text) == code)
			return item;
	}
	return NULL;
}

static void
report_clash(void *data, const struct key_binding *first, const struct key_binding *second, int key)
{
	const struct clash_search *search = data;
	int code = key_canonical(key);
	const struct yaml_node *a = place_of(search->keys, first->name, code);
	const struct yaml_node *b = place_of(search->keys, second->name, code);
	bool is_first = a && (!b || a->mark.line > b->mark.line ||
			      (a->mark.line == b->mark.line && a->mark.column > b->mark.column));
	const struct key_binding *other = is_first ? second : first;
	const struct yaml_node *node = is_first ? a : b;
	char name[KEY_NAME_MAX];

	if (node)
		load_error(
			search->load, node,
			"%s is the key of \"%s\" already, and both can be meant at once: give one "
			"of them another",
			key_name_print(code, name), other->name);
}

static void
load_keys(struct load *l, struct config *config)
{
	struct clash_search search = { l, yaml_get(l->root, "keys") };

	if (!search.keys || search.keys->kind != YAML_MAPPING)
		return;
	for (size_t i = 0; i < search.keys->count; i++) {
		const struct yaml_pair *pair = &search.keys->pairs[i];

		for (size_t k = 0; k < keymap_count; k++)
			if (strcmp(keymap_defaults[k].name, pair->key->text) == 0)
				take_keys(l, config, keymap_defaults[k].name, pair->value);
	}
	keymap_rebind(config->keys, config->keys_count);
	keymap_clashes(report_clash, &search);
	keymap_reset();
}

static int
load_colour(struct load *l, const struct yaml_node *look, const char *name)
{
	const struct yaml_node *node = yaml_get(look, name);
	const char *text = load_scalar(node);
	int colour = THEME_KEEP;

	if (!text)
		return THEME_KEEP;
	if (!text[0]) {
		load_warning(l, node,
			     "a # begins a comment: a colour such as \"#ff8700\" wants quotes");
		return THEME_KEEP;
	}
	if (!theme_parse_colour(text, &colour)) {
		char *advice = load_suggestion(text, theme_colours);

		load_error(
			l, node,
			"\"%s\" is no colour: it is a name such as blue, a number from 0 to 255, "
			"\"#rrggbb\" or default%s",
			text, advice);
		free(advice);
	}
	return colour;
}

static int
choose(const cJSON *look, const char *name)
{
	const cJSON *value = json_at(look, name);

	return cJSON_IsBool(value) ? cJSON_IsTrue(value) : THEME_KEEP;
}

static void
load_theme(struct load *l, const cJSON *document, struct config *config)
{
	const cJSON *theme = json_at(document, "theme");
	const struct yaml_node *node = yaml_get(l->root, "theme");

	for (int role = 0; role < ROLE_COUNT; role++)
		config->theme[role] = unchanged;
	if (cJSON_IsString(theme))
		config->preset = xstrdup(theme->valuestring);
	if (!cJSON_IsObject(theme))
		return;
	config->preset = xstrdup(json_string(theme, "preset", NULL));
	for (int role = 0; role < ROLE_COUNT; role++) {
		const char *name = theme_role_name((enum role)role);
		const cJSON *look = json_at(theme, name);

		if (!cJSON_IsObject(look))
			continue;
		config->theme[role] = (struct theme_change){
			.foreground = load_colour(l, yaml_get(node, name), "fg"),
			.background = load_colour(l, yaml_get(node, name), "bg"),
			.bold = choose(look, "bold"),
			.dim = choose(look, "dim"),
			.underline = choose(look, "underline"),
			.reverse = choose(look, "reverse"),
		};
	}
}

/* One text or a list of them, as an array that ends with NULL. */
static char **
load_texts(const cJSON *value, const char *base)
{
	int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 1, used = 0;
	char **texts = xcalloc((size_t)count + 1, sizeof(*texts));

	for (int i = 0; i < count; i++) {
		const cJSON *item = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, i) : value;

		if (cJSON_IsString(item))
			texts[used++] = base ? file_resolve(base, item->valuestring)
					     : xstrdup(item->valuestring);
	}
	return texts;
}

static void
check_anchors(struct load *l)
{
	const struct yaml_node *node = yaml_get(l->root, "anchor");

	for (size_t i = 0; node && i < count_of(node); i++) {
		const char *text = load_scalar(item_of(node, i));

		if (text && text[0] && !anchor_place_is_known(text))
			load_error(l, item_of(node, i),
				   "\"%s\" is no place for an anchor: it is syslog or "
				   "postgresql:CONNINFO",
				   text);
	}
}

static void
load_config(struct load *l, struct config *config)
{
	cJSON *document = load_object(l, config_fields(), l->root, "the configuration", NULL);

	config->mouse = json_bool(document, "mouse", config->mouse);
	config->local_time = json_bool(document, "local_time", false);
	config->ascii = str_equal(json_string(document, "ascii", "auto"), "always");
	config->clipboard = str_equal(json_string(document, "clipboard", "osc52"), "osc52");
	config->operator_name = xstrdup(json_string(document, "operator", NULL));
	free(config->anchors);
	free(config->runbooks);
	config->anchors = load_texts(json_at(document, "anchor"), NULL);
	config->runbooks = load_texts(json_at(document, "runbooks"), config->path);
	load_theme(l, document, config);
	load_keys(l, config);
	check_anchors(l);
	cJSON_Delete(document);
}

static struct config *
new_config(const char *path)
{
	struct config *config = xcalloc(1, sizeof(*config));

	config->path = xstrdup(path);
	config->mouse = config->clipboard = true;
	config->anchors = xcalloc(1, sizeof(*config->anchors));
	config->runbooks = xcalloc(1, sizeof(*config->runbooks));
	for (int role = 0; role < ROLE_COUNT; role++)
		config->theme[role] = unchanged;
	return config;
}

/* The one mapping of the file; NULL where there is none, with a diagnostic unless the file is empty. */
static const struct yaml_node *
only_mapping(const struct yaml_stream *stream, struct diags *diags)
{
	const struct yaml_node *root = stream->count ? stream->documents[0].root : NULL;

	if (stream->count > 1 && stream->documents[1].root)
		diags_error(diags, stream->documents[1].root->mark, 1,
			    "a second document: the configuration is one");
	if (root && root->kind == YAML_MAPPING)
		return root;
	if (root)
		diags_error(diags, root->mark, 1,
			    "the configuration is a mapping, such as \"mouse: false\"");
	return NULL;
}

struct config *
config_parse(const char *path, const char *text, size_t len_bytes, struct diags *diags)
{
	struct config *config = new_config(path);
	struct load l = { .diags = diags };
	struct mark mark = { 1, 1 };
	struct err e = ERR_INIT;
	size_t errors = diags->errors;

	config->is_there = true;
	diags_set_source(diags, text, len_bytes);
	if (yaml_parse(text, len_bytes, &config->stream, &mark, &e) < 0)
		load_report_syntax(diags, mark, &e);
	else
		l.root = only_mapping(&config->stream, diags);
	if (l.root)
		load_config(&l, config);
	if (diags->errors == errors)
		return config;
	config_free(config);
	return NULL;
}

void
config_free(struct config *config)
{
	if (!config)
		return;
	for (char **at = config->anchors; *at; at++)
		free(*at);
	for (char **at = config->runbooks; *at; at++)
		free(*at);
	free(config->anchors);
	free(config->runbooks);
	free(config->path);
	free(config->operator_name);
	free(config->preset);
	free(config->keys);
	yaml_stream_release(&config->stream);
	free(config);
}
