#include "config.h"

#include "world/spec/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/template.h"
#include "world/spec/spec_internal.h"

static const struct mark beginning = { 1, 1 };

const struct yaml_node *
world_node(const struct yaml_node *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/"), at = 0;

		if (node->kind != YAML_MAPPING)
			return NULL;
		while (at < node->count && (strlen(node->pairs[at].key->text) != len ||
					    memcmp(node->pairs[at].key->text, path, len) != 0))
			at++;
		node = at < node->count ? node->pairs[at].value : NULL;
		path += len + (path[len] == '/');
	}
	return node;
}

const char *
world_node_text(const struct yaml_node *node, const char *path)
{
	return load_scalar(world_node(node, path));
}

size_t
world_node_count(const struct yaml_node *node)
{
	return node && node->kind != YAML_SCALAR ? node->count : 0;
}

static const struct yaml_node *
only_world(const struct yaml_stream *stream, struct diags *diags)
{
	const struct yaml_node *root = stream->count ? stream->documents[0].root : NULL;
	const char *kind = world_node_text(root, "kind");
	const char *version = world_node_text(root, "apiVersion");

	if (!root || root->kind != YAML_MAPPING)
		diags_error(diags, root ? root->mark : beginning, 1,
			    "a world is a mapping that begins with apiVersion: lifeboat/v1 and "
			    "kind: World");
	else if (stream->count > 1 && stream->documents[1].root)
		diags_error(diags, stream->documents[1].root->mark, 1,
			    "a second document: a file holds one world");
	else if (version && strcmp(version, "lifeboat/v1") != 0)
		diags_error(
			diags, world_node(root, "apiVersion")->mark, (int)strlen(version),
			"apiVersion is \"%s\", and this version of lifeboat reads \"lifeboat/v1\"",
			version);
	else if (kind && strcmp(kind, "World") != 0)
		diags_error(diags, world_node(root, "kind")->mark, (int)strlen(kind),
			    "kind is \"%s\", and a world is of kind \"World\"", kind);
	else
		return root;
	return NULL;
}

void
world_source_read(struct world_source *source, const char *path, struct diags *diags)
{
	struct str text = STR_INIT;
	struct mark mark = beginning;
	struct err e = ERR_INIT;

	*source = (struct world_source){ .path = path };
	if (file_read(path, YAML_MAX_BYTES, &text, &e) < 0) {
		diags_error(diags, beginning, 1, "%s", e.message);
		goto out;
	}
	diags_set_source(diags, str_cstr(&text), text.len);
	if (yaml_parse(str_cstr(&text), text.len, &source->stream, &mark, &e) < 0)
		load_report_syntax(diags, mark, &e);
	else
		source->root = only_world(&source->stream, diags);
out:
	str_release(&text);
}

void
world_source_release(struct world_source *source)
{
	yaml_stream_release(&source->stream);
	source->root = NULL;
}

static void
load_release(struct load *l)
{
	for (size_t i = 0; i < l->expressions_count; i++)
		free(l->expressions[i].text);
	free(l->expressions);
	free(l->actions);
}

/* The document of a root, or NULL where something of it is wrong; diags tells. */
static cJSON *
check(const char *path, const struct yaml_node *root, const struct world_runbook *runbook,
      struct world_compiled *compiled, struct diags *diags)
{
	struct load l = {
		.diags = diags,
		.root = root,
		.scope = { .params = SIZE_MAX, .steps = SIZE_MAX, .targets = true },
	};
	const struct world_lint lint = { &l, path, root, runbook, compiled };
	size_t errors = diags->errors;
	cJSON *document = load_object(&l, world_fields, root, "a world", NULL);

	world_lint_names(&lint);
	world_lint_conditions(&lint);
	world_lint_parts(&lint);
	world_lint_objects(&lint);
	world_lint_stage(&lint);
	world_lint_runbook(&lint);
	world_lint_expressions(&lint);
	load_release(&l);
	if (diags->errors > errors) {
		cJSON_Delete(document);
		return NULL;
	}
	world_convert(world_fields, document, path);
	return document;
}

static bool
is_named(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void
fill_variants(struct world_spec *spec, const char *const *chosen)
{
	const cJSON *all = json_at(spec->document, "variants"), *item;

	spec->variants = xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*spec->variants));
	cJSON_ArrayForEach(item, all)
		spec->variants[spec->variants_count++] = (struct world_variant){
			.name = item->string,
			.title = json_string(item, "title", ""),
			.symptom = json_string(item, "symptom", ""),
			.change = json_at(item, "change"),
			.right = json_at(item, "right"),
			.wrong = json_at(item, "wrong"),
			.hints = json_at(item, "hints"),
			.teaches = json_at(item, "teaches"),
			.surprise = json_at(item, "surprise"),
			.is_chosen = is_named(chosen, item->string),
		};
}

/* Takes ownership of the document. */
static struct world_spec *
make(const char *path, cJSON *document, const char *const *chosen)
{
	struct world_spec *spec = xcalloc(1, sizeof(*spec));

	spec->path = xstrdup(path);
	spec->folder = file_folder(path);
	spec->document = document;
	spec->id = xstrdup(json_string(document, "metadata/id", ""));
	spec->title = xstrdup(json_string(document, "metadata/title", ""));
	spec->version = xstrdup(json_string(document, "metadata/version", NULL));
	spec->runbook = xstrdup(json_string(document, "runbook", ""));
	spec->text = xstrdup(json_string(document, "text", ""));
	spec->minutes = (int)json_int(document, "metadata/minutes", 0);
	fill_variants(spec, chosen);
	return spec;
}

struct world_spec *
world_spec_load(const char *path, const char *const *variants, struct diags *diags)
{
	struct world_source source;
	struct world_runbook runbook = { 0 };
	struct world_merge merge = { 0 };
	struct world_compiled compiled = { 0 };
	struct world_spec *spec = NULL;
	size_t errors = diags->errors;
	cJSON *document;

	world_source_read(&source, path, diags);
	if (!source.root)
		goto out;
	world_merge_make(&merge, source.root, variants, diags);
	world_runbook_find(&runbook, path, world_node_text(merge.root, "runbook"));
	document = check(path, merge.root, &runbook, &compiled, diags);
	if (document && diags->errors == errors)
		spec = make(path, document, variants);
	else
		cJSON_Delete(document);
out:
	world_compiled_release(&compiled);
	world_runbook_release(&runbook);
	world_merge_release(&merge);
	world_source_release(&source);
	return spec;
}

/* What is said of a variant, but for what was said before. */
static void
add_new(struct diags *diags, const struct diags *more, const char *variant)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct diag *d = &more->items[i];
		size_t at = 0;

		while (at < diags->count && (diags->items[at].mark.line != d->mark.line ||
					     diags->items[at].mark.column != d->mark.column))
			at++;
		if (at < diags->count)
			continue;
		(d->warning ? diags_warning : diags_error)(diags, d->mark, d->length,
							   "%s (with the variant \"%s\")",
							   d->message, variant);
	}
}

static void
check_variant(const struct world_source *source, const struct world_runbook *runbook,
	      const char *variant, struct world_compiled *compiled, struct diags *diags)
{
	const char *const names[] = { variant, NULL };
	struct world_merge merge;
	struct diags own;

	diags_init(&own, source->path);
	diags_set_source(&own, diags->source, strlen(diags->source));
	world_merge_make(&merge, source->root, names, &own);
	cJSON_Delete(check(source->path, merge.root, runbook, compiled, &own));
	add_new(diags, &own, variant);
	world_merge_release(&merge);
	diags_release(&own);
}

int
world_spec_lint(const char *path, struct diags *diags)
{
	struct world_source source;
	struct world_runbook runbook = { 0 };
	struct world_compiled compiled = { 0 };
	size_t errors = diags->errors;
	const struct yaml_node *variants;

	world_source_read(&source, path, diags);
	if (source.root) {
		world_runbook_find(&runbook, path, world_node_text(source.root, "runbook"));
		cJSON_Delete(check(path, source.root, &runbook, &compiled, diags));
		variants = world_node(source.root, "variants");
		for (size_t i = 0;
		     variants && variants->kind == YAML_MAPPING && i < variants->count; i++)
			check_variant(&source, &runbook, variants->pairs[i].key->text, &compiled,
				      diags);
	}
	world_compiled_release(&compiled);
	world_runbook_release(&runbook);
	world_source_release(&source);
	return diags->errors > errors ? -1 : 0;
}

bool
world_spec_is(const char *path)
{
	struct str text = STR_INIT;
	struct yaml_stream stream = { 0 };
	struct mark mark;
	bool is = false;

	if (file_read(path, YAML_MAX_BYTES, &text, NULL) == 0 &&
	    yaml_parse(str_cstr(&text), text.len, &stream, &mark, NULL) == 0 && stream.count > 0)
		is = str_equal(world_node_text(stream.documents[0].root, "kind"), "World");
	yaml_stream_release(&stream);
	str_release(&text);
	return is;
}

void
world_spec_free(struct world_spec *spec)
{
	if (!spec)
		return;
	free(spec->path);
	free(spec->folder);
	free(spec->id);
	free(spec->title);
	free(spec->version);
	free(spec->runbook);
	free(spec->text);
	free(spec->variants);
	cJSON_Delete(spec->document);
	free(spec);
}

const cJSON *
world_spec_named(const struct world_spec *spec, const char *list, const char *name)
{
	const cJSON *all = json_at(spec->document, list), *item;

	cJSON_ArrayForEach(item, all)
		if (str_equal(cJSON_IsObject(all) ? item->string : json_string(item, "name", NULL),
			      name))
			return item;
	return NULL;
}

static int expand(cJSON *value, struct expressions *x, const cJSON *context, struct err *e);

/* Expands the strings among the members, in place. */
static int
expand_members(cJSON *value, struct expressions *x, const cJSON *context, struct err *e)
{
	for (cJSON *item = value->child; item;) {
		cJSON *next = item->next, *other = NULL;

		if (!cJSON_IsString(item) || !strstr(item->valuestring, "${")) {
			if (expand(item, x, context, e) < 0)
				return -1;
		} else if (template_expand(item->valuestring, x, context, &other, e) < 0) {
			return err_wrap(e, "%s",
					item->string ? item->string : "an element of a list");
		} else if (item->string) {
			char *name = xstrdup(item->string);

			cJSON_ReplaceItemInObjectCaseSensitive(value, name, other);
			free(name);
		} else {
			cJSON_ReplaceItemViaPointer(value, item, other);
		}
		item = next;
	}
	return 0;
}

static int
expand(cJSON *value, struct expressions *x, const cJSON *context, struct err *e)
{
	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return 0;
	if (expand_members(value, x, context, e) == 0)
		return 0;
	return value->string ? err_wrap(e, "%s", value->string) : -1;
}

int
world_spec_expand(const cJSON *value, struct expressions *x, const cJSON *context, cJSON **ret,
		  struct err *e)
{
	cJSON *copy;

	if (cJSON_IsString(value))
		return template_expand(value->valuestring, x, context, ret, e);
	copy = cJSON_Duplicate(value, true);
	if (expand(copy, x, context, e) < 0) {
		cJSON_Delete(copy);
		return -1;
	}
	*ret = copy;
	return 0;
}
