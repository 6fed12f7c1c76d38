#include "config.h"

#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

/* A search for an anchor is linear. No document needs so many. */
enum { MAX_ANCHORS = 1000 };

#define TAG_PREFIX "tag:yaml.org,2002:"

struct anchor {
	char *name;
	struct yaml_node *node;
	bool open; /* its node is not complete: an alias would make a cycle */
};

struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t len;
	struct anchor *anchors; /* of the document under way */
	size_t anchor_count, anchor_cap;
	size_t nodes;
	size_t copied_bytes; /* by aliases */
	struct mark *ret_mark;
	struct err *e;
};

static struct yaml_node *read_node(struct reader *r, yaml_event_t *event, int depth);

static struct mark
mark_of(const yaml_mark_t *mark)
{
	return (struct mark){ (int)mark->line + 1, (int)mark->column + 1 };
}

/* Notes the place and returns NULL, behind an err_set(). */
static void *
fail_at(struct reader *r, struct mark mark)
{
	*r->ret_mark = mark;
	return NULL;
}

static void
node_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == YAML_SEQUENCE) {
			node_free(node->items[i]);
		} else {
			node_free(node->pairs[i].key);
			node_free(node->pairs[i].value);
		}
	}
	free(node->items);
	free(node->pairs);
	free(node->text);
	free(node->tag);
	free(node);
}

/* The place of a byte that libyaml's reader refused: it knows the offset only. */
static struct mark
mark_of_offset(const struct reader *r, size_t offset)
{
	struct mark mark = { 1, 1 };

	for (size_t at = 0, used; at < offset && at < r->len; at += used) {
		int32_t code;

		used = text_decode(r->text + at, r->len - at, &code);
		mark.column++;
		if (code == '\n')
			mark = (struct mark){ mark.line + 1, 1 };
	}
	return mark;
}

static int
fail_reading(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	fail_at(r, mark_of_offset(r, p->problem_offset));
	if (p->problem_value < 0)
		return err_set(r->e, ERR_SPEC, "%s", p->problem);
	return err_set(r->e, ERR_SPEC, "%s (0x%02X)", p->problem, (unsigned)p->problem_value);
}

static int
fail_parsing(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	if (p->error == YAML_READER_ERROR)
		return fail_reading(r);
	fail_at(r, mark_of(&p->problem_mark));
	if (p->context && p->context_mark.line != p->problem_mark.line)
		return err_set(r->e, ERR_SPEC, "%s %s that begins on line %zu", p->problem,
			       p->context, p->context_mark.line + 1);
	return err_set(r->e, ERR_SPEC, "%s%s%s", p->problem, p->context ? " " : "",
		       p->context ? p->context : "");
}

static int
next_event(struct reader *r, yaml_event_t *ret_event)
{
	return yaml_parser_parse(&r->parser, ret_event) ? 0 : fail_parsing(r);
}

/* A new node within the bounds, or NULL. */
static struct yaml_node *
node_new(struct reader *r, enum yaml_kind kind, struct mark mark, int depth)
{
	struct yaml_node *node;

	if (depth > YAML_MAX_DEPTH) {
		err_set(r->e, ERR_SPEC, "nested deeper than %d levels", YAML_MAX_DEPTH);
		return fail_at(r, mark);
	}
	if (++r->nodes > YAML_MAX_NODES) {
		err_set(r->e, ERR_SPEC, "more than %d values, counting what aliases repeat",
			YAML_MAX_NODES);
		return fail_at(r, mark);
	}
	node = xcalloc(1, sizeof(*node));
	node->kind = kind;
	node->mark = node->end = mark;
	return node;
}

static char *
short_tag(const yaml_char_t *tag)
{
	const char *text = (const char *)tag;

	if (text && str_starts_with(text, TAG_PREFIX))
		return xasprintf("!!%s", text + strlen(TAG_PREFIX));
	return xstrdup(text);
}

static struct anchor *
find_anchor(struct reader *r, const char *name)
{
	for (size_t i = r->anchor_count; i-- > 0;)
		if (strcmp(r->anchors[i].name, name) == 0)
			return &r->anchors[i];
	return NULL;
}

/* Remembers an anchor (NULL: none) of a node that begins; a later one of the same name wins. */
static int
open_anchor(struct reader *r, const yaml_char_t *name, struct yaml_node *node)
{
	struct anchor *anchor;

	if (!name)
		return 0;
	anchor = find_anchor(r, (const char *)name);
	if (!anchor && r->anchor_count == MAX_ANCHORS) {
		fail_at(r, node->mark);
		return err_set(r->e, ERR_SPEC, "more than %d anchors", MAX_ANCHORS);
	}
	if (!anchor) {
		anchor = VEC_PUSH(r->anchors, r->anchor_count, r->anchor_cap);
		anchor->name = xstrdup((const char *)name);
	}
	anchor->node = node;
	anchor->open = true;
	return 0;
}

static void
close_anchor(struct reader *r, const struct yaml_node *node)
{
	for (size_t i = 0; i < r->anchor_count; i++)
		if (r->anchors[i].node == node)
			r->anchors[i].open = false;
}

static void
forget_anchors(struct reader *r)
{
	while (r->anchor_count)
		free(r->anchors[--r->anchor_count].name);
}

static char *
copy_bytes(const void *bytes, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

static struct yaml_node *copy_node(struct reader *r, const struct yaml_node *from, int depth);

static int
copy_children(struct reader *r, struct yaml_node *to, const struct yaml_node *from, int depth)
{
	if (from->kind == YAML_SEQUENCE)
		to->items = xcalloc(from->count, sizeof(*to->items));
	else if (from->kind == YAML_MAPPING)
		to->pairs = xcalloc(from->count, sizeof(*to->pairs));
	for (size_t i = 0; i < from->count; i++) {
		to->count = i + 1;
		if (from->kind == YAML_SEQUENCE) {
			to->items[i] = copy_node(r, from->items[i], depth);
			if (!to->items[i])
				return -1;
			continue;
		}
		to->pairs[i].key = copy_node(r, from->pairs[i].key, depth);
		to->pairs[i].value =
			to->pairs[i].key ? copy_node(r, from->pairs[i].value, depth) : NULL;
		if (!to->pairs[i].value)
			return -1;
	}
	return 0;
}

/* A deep copy within the bounds; the parts keep the places that they were written at. */
static struct yaml_node *
copy_node(struct reader *r, const struct yaml_node *from, int depth)
{
	struct yaml_node *to = node_new(r, from->kind, from->mark, depth);

	if (!to)
		return NULL;
	to->end = from->end;
	to->plain = from->plain;
	to->tag = xstrdup(from->tag);
	to->len = from->len;
	if (from->text)
		to->text = copy_bytes(from->text, from->len);
	r->copied_bytes += from->len;
	if (r->copied_bytes > YAML_MAX_BYTES) {
		err_set(r->e, ERR_SPEC, "aliases repeat more than %d bytes of text",
			YAML_MAX_BYTES);
		fail_at(r, from->mark);
	} else if (copy_children(r, to, from, depth + 1) == 0) {
		return to;
	}
	node_free(to);
	return NULL;
}

static struct yaml_node *
read_alias(struct reader *r, const yaml_event_t *event, int depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct anchor *anchor = find_anchor(r, name);
	struct mark mark = mark_of(&event->start_mark);
	struct yaml_node *copy;

	if (!anchor || anchor->open) {
		if (anchor)
			err_set(r->e, ERR_SPEC, "the alias *%s is inside the value that it names",
				name);
		else
			err_set(r->e, ERR_SPEC, "there is no anchor &%s before this alias", name);
		return fail_at(r, mark);
	}
	copy = copy_node(r, anchor->node, depth);
	if (!copy)
		return fail_at(r, mark);
	copy->mark = mark;
	copy->end = mark_of(&event->end_mark);
	return copy;
}

static struct yaml_node *
read_scalar(struct reader *r, const yaml_event_t *event, int depth)
{
	struct yaml_node *node = node_new(r, YAML_SCALAR, mark_of(&event->start_mark), depth);

	if (!node)
		return NULL;
	node->end = mark_of(&event->end_mark);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->len = event->data.scalar.length;
	node->text = copy_bytes(event->data.scalar.value, node->len);
	node->tag = short_tag(event->data.scalar.tag);
	if (open_anchor(r, event->data.scalar.anchor, node) < 0) {
		node_free(node);
		return NULL;
	}
	close_anchor(r, node);
	return node;
}

static int
read_items(struct reader *r, struct yaml_node *node, int depth)
{
	size_t cap = 0;

	for (;;) {
		yaml_event_t event;

		if (next_event(r, &event) < 0)
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			node->end = mark_of(&event.end_mark);
			yaml_event_delete(&event);
			return 0;
		}
		struct yaml_node *item = read_node(r, &event, depth);

		if (!item)
			return -1;
		*VEC_PUSH(node->items, node->count, cap) = item;
	}
}

static int
compare_keys(const struct yaml_node *a, const struct yaml_node *b)
{
	int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int
compare_places(const struct mark *a, const struct mark *b)
{
	return a->line != b->line ? a->line - b->line : a->column - b->column;
}

static int
compare_pairs(const void *left, const void *right)
{
	const struct yaml_pair *a = left, *b = right;
	int order = compare_keys(a->key, b->key);

	return order ? order : compare_places(&a->key->mark, &b->key->mark);
}

/* Finds the first key of a file that repeats one, in n log n: a file may have 100,000 keys. */
static int
check_keys(struct reader *r, const struct yaml_node *node)
{
	struct yaml_pair *sorted = xcalloc(node->count, sizeof(*sorted));
	const struct yaml_node *first = NULL, *second = NULL;

	if (node->count)
		memcpy(sorted, node->pairs, node->count * sizeof(*sorted));
	qsort(sorted, node->count, sizeof(*sorted), compare_pairs);
	for (size_t i = 1; i < node->count; i++) {
		if (compare_keys(sorted[i - 1].key, sorted[i].key) != 0 ||
		    (second && compare_places(&second->mark, &sorted[i].key->mark) <= 0))
			continue;
		first = sorted[i - 1].key;
		second = sorted[i].key;
	}
	free(sorted);
	if (!second)
		return 0;
	fail_at(r, second->mark);
	return err_set(r->e, ERR_SPEC, "duplicate key \"%.200s\" (first on line %d)", second->text,
		       first->mark.line);
}

static struct yaml_node *
read_key(struct reader *r, yaml_event_t *event, int depth)
{
	struct mark mark = mark_of(&event->start_mark);
	struct yaml_node *key = read_node(r, event, depth);

	if (!key || key->kind == YAML_SCALAR)
		return key;
	node_free(key);
	err_set(r->e, ERR_SPEC,
		"a key must be a plain word or a text in quotes, not a list or a mapping");
	return fail_at(r, mark);
}

static int
read_pairs(struct reader *r, struct yaml_node *node, int depth)
{
	size_t cap = 0;

	for (;;) {
		yaml_event_t event;
		struct yaml_pair *pair;

		if (next_event(r, &event) < 0)
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT) {
			node->end = mark_of(&event.end_mark);
			yaml_event_delete(&event);
			return check_keys(r, node);
		}
		pair = VEC_PUSH(node->pairs, node->count, cap);
		pair->key = read_key(r, &event, depth);
		if (!pair->key || next_event(r, &event) < 0)
			return -1;
		pair->value = read_node(r, &event, depth);
		if (!pair->value)
			return -1;
	}
}

static struct yaml_node *
read_collection(struct reader *r, const yaml_event_t *event, int depth)
{
	bool sequence = event->type == YAML_SEQUENCE_START_EVENT;
	const yaml_char_t *anchor =
		sequence ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
	struct yaml_node *node = node_new(r, sequence ? YAML_SEQUENCE : YAML_MAPPING,
					  mark_of(&event->start_mark), depth);

	if (!node)
		return NULL;
	node->tag = short_tag(sequence ? event->data.sequence_start.tag
				       : event->data.mapping_start.tag);
	if (open_anchor(r, anchor, node) == 0 &&
	    (sequence ? read_items(r, node, depth + 1) : read_pairs(r, node, depth + 1)) == 0) {
		close_anchor(r, node);
		return node;
	}
	node_free(node);
	return NULL;
}

/* Builds the node that begins with an event, which it deletes. NULL: an error. */
static struct yaml_node *
read_node(struct reader *r, yaml_event_t *event, int depth)
{
	struct yaml_node *node;

	if (event->type == YAML_ALIAS_EVENT)
		node = read_alias(r, event, depth);
	else if (event->type == YAML_SCALAR_EVENT)
		node = read_scalar(r, event, depth);
	else
		node = read_collection(r, event, depth);
	yaml_event_delete(event);
	return node;
}

/* What libyaml makes of a document in which nothing is written. */
static bool
is_nothing(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain && node->len == 0 && !node->tag;
}

static int
read_document(struct reader *r, struct yaml_document *document)
{
	yaml_event_t event;

	if (next_event(r, &event) < 0)
		return -1;
	document->root = read_node(r, &event, 1);
	forget_anchors(r);
	if (!document->root)
		return -1;
	if (is_nothing(document->root)) {
		node_free(document->root);
		document->root = NULL;
	}
	if (next_event(r, &event) < 0) /* the end of the document */
		return -1;
	yaml_event_delete(&event);
	return 0;
}

static int
read_stream(struct reader *r, struct yaml_stream *stream)
{
	size_t cap = 0;

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;

		if (next_event(r, &event) < 0)
			return -1;
		type = event.type;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return 0;
		if (type == YAML_DOCUMENT_START_EVENT &&
		    read_document(r, VEC_PUSH(stream->documents, stream->count, cap)) < 0)
			return -1;
	}
}

int
yaml_parse(const char *text, size_t len_bytes, struct yaml_stream *ret_stream,
	   struct mark *ret_mark, struct err *e)
{
	struct reader r = { .text = text, .len = len_bytes, .ret_mark = ret_mark, .e = e };
	struct yaml_stream stream = { 0 };
	int rc;

	if (len_bytes > YAML_MAX_BYTES) {
		*ret_mark = (struct mark){ 1, 1 };
		return err_set(e, ERR_SPEC,
			       "%zu bytes are more than the %d that a document may have", len_bytes,
			       YAML_MAX_BYTES);
	}
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len_bytes);
	rc = read_stream(&r, &stream);
	if (rc == 0)
		*ret_stream = stream;
	else
		yaml_stream_release(&stream);
	forget_anchors(&r);
	free(r.anchors);
	yaml_parser_delete(&r.parser);
	return rc;
}

void
yaml_stream_release(struct yaml_stream *stream)
{
	for (size_t i = 0; i < stream->count; i++)
		node_free(stream->documents[i].root);
	free(stream->documents);
	*stream = (struct yaml_stream){ 0 };
}

struct yaml_node *
yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->count; i++)
		if (str_equal(mapping->pairs[i].key->text, key))
			return mapping->pairs[i].value;
	return NULL;
}
