#include "config.h"

#include "runbook/runbook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/load.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const struct mark beginning = { 1, 1 };

/* The one document of a stream, or NULL with a diagnostic. */
static const struct yaml_node *
only_document(const struct yaml_stream *stream, struct diags *diags)
{
	const struct yaml_node *root = stream->count ? stream->documents[0].root : NULL;

	if (!root) {
		diags_error(diags, beginning, 1,
			    "the file is empty: a runbook begins with "
			    "apiVersion: lifeboat/v1");
		return NULL;
	}
	if (stream->count > 1 && stream->documents[1].root) {
		diags_error(diags, stream->documents[1].root->mark, 1,
			    "a second document: a file holds "
			    "one runbook");
		return NULL;
	}
	if (root->kind != YAML_MAPPING) {
		diags_error(diags, root->mark, 1,
			    "a runbook is a mapping that begins with "
			    "apiVersion: lifeboat/v1");
		return NULL;
	}
	return root;
}

/* Another kind of document has other keys: to report them one by one would help nobody. */
static bool
check_version(struct load *l)
{
	const struct yaml_node *version = yaml_get(l->root, "apiVersion");
	const struct yaml_node *kind = yaml_get(l->root, "kind");

	if (load_scalar(version) && version->len && strcmp(version->text, "lifeboat/v1") != 0) {
		load_error(l, version,
			   "apiVersion is \"%s\", and this version of lifeboat reads "
			   "\"lifeboat/v1\"",
			   version->text);
		return false;
	}
	if (load_scalar(kind) && kind->len && strcmp(kind->text, "Runbook") != 0) {
		load_error(l, kind, "kind is \"%s\", and a runbook is of kind \"Runbook\"",
			   kind->text);
		return false;
	}
	return true;
}

static void
release(struct load *l)
{
	for (size_t i = 0; i < l->expressions_count; i++)
		free(l->expressions[i].text);
	free(l->expressions);
	free(l->actions);
}

/* Each expression of the file once, for those who will evaluate them. */
static void
keep_expressions(const struct load *l, struct runbook *rb)
{
	rb->expressions = xcalloc(l->expressions_count, sizeof(*rb->expressions));
	for (size_t i = 0; i < l->expressions_count; i++) {
		size_t at = 0;

		while (at < rb->expressions_count &&
		       strcmp(rb->expressions[at], l->expressions[i].text) != 0)
			at++;
		if (at == rb->expressions_count)
			rb->expressions[rb->expressions_count++] = xstrdup(l->expressions[i].text);
	}
}

static void
load_document(struct load *l, struct runbook *rb)
{
	cJSON *document;

	if (!check_version(l))
		return;
	document = load_object(l, runbook_fields, l->root, "a runbook", NULL);
	load_build(l, document, rb);
	lint_runbook(l, rb);
	keep_expressions(l, rb);
	cJSON_Delete(document);
}

static struct runbook *
new_runbook(const char *path, const char *text, size_t len_bytes)
{
	struct runbook *rb = xcalloc(1, sizeof(*rb));

	rb->path = xstrdup(path);
	rb->source = xmalloc(len_bytes + 1);
	memcpy(rb->source, text, len_bytes);
	rb->source[len_bytes] = '\0';
	rb->source_len = len_bytes;
	return rb;
}

void
load_report_syntax(struct diags *diags, struct mark mark, const struct err *e)
{
	const char *text = diags->source;

	for (int line = 1; *text && line < mark.line; text++)
		line += *text == '\n';
	if (mark.column == 1 && text[strspn(text, " ")] == '\t')
		diags_error(diags, mark, 1, "a tab cannot indent YAML: use spaces");
	else
		diags_error(diags, mark, 1, "%s", e->message);
}

static struct runbook *
parse(const char *path, const char *text, size_t len_bytes, const struct step_catalogue *catalogue,
      bool compiles_later, struct diags *diags)
{
	struct load l = {
		.diags = diags,
		.catalogue = catalogue,
		.compiles_later = compiles_later,
		.scope = { .params = SIZE_MAX, .steps = SIZE_MAX, .targets = true },
	};
	struct runbook *rb = new_runbook(path, text, len_bytes);
	struct yaml_stream stream = { 0 };
	struct mark mark = beginning;
	struct err e = ERR_INIT;
	size_t errors = diags->errors;
	size_t skipped = len_bytes >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;

	diags_set_source(diags, text, len_bytes);
	if (yaml_parse(text + skipped, len_bytes - skipped, &stream, &mark, &e) < 0)
		load_report_syntax(diags, mark, &e);
	else
		l.root = only_document(&stream, diags);
	if (l.root)
		load_document(&l, rb);
	if (diags->errors > errors) {
		runbook_free(rb);
		rb = NULL;
	}
	release(&l);
	yaml_stream_release(&stream);
	return rb;
}

struct runbook *
runbook_parse(const char *path, const char *text, size_t len_bytes,
	      const struct step_catalogue *catalogue, struct diags *diags)
{
	return parse(path, text, len_bytes, catalogue, false, diags);
}

static struct runbook *
load(const char *path, const struct step_catalogue *catalogue, bool compiles_later,
     struct diags *diags, struct err *e)
{
	struct str text = STR_INIT;
	struct runbook *rb = NULL;
	struct stat st;

	if (file_read(path, YAML_MAX_BYTES, &text, e) < 0)
		goto out;
	if (stat(path, &st) == 0 && st.st_mode & S_IWOTH)
		diags_warning(diags, beginning, 1,
			      "every user of this machine may change the file: "
			      "chmod o-w %s",
			      path);
	rb = parse(path, str_cstr(&text), text.len, catalogue, compiles_later, diags);
	if (!rb)
		err_set(e, ERR_SPEC, "%s has errors", path);
out:
	str_release(&text);
	return rb;
}

struct runbook *
runbook_load(const char *path, const struct step_catalogue *catalogue, struct diags *diags,
	     struct err *e)
{
	return load(path, catalogue, false, diags, e);
}

struct runbook *
runbook_read(const char *path, const struct step_catalogue *catalogue, struct diags *diags,
	     struct err *e)
{
	return load(path, catalogue, true, diags, e);
}
