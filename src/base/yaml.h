#ifndef LIFEBOAT_BASE_YAML_H
#define LIFEBOAT_BASE_YAML_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A place in a source text; line and column count from 1, columns in characters. */
struct mark {
	int line;
	int column;
};

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/*
 * A node of a YAML document with the place it came from. Aliases are resolved into copies, within a
 * bound, so a tree never has cycles. A mapping keeps the order of its file.
 */
struct yaml_node {
	enum yaml_kind kind;
	struct mark mark;
	struct mark end;
	bool plain;		  /* a scalar without quotes: may be a number, bool or null */
	char *text;		  /* scalars: the text, never NULL */
	size_t len;		  /* of text, which may hold NUL bytes */
	char *tag;		  /* an explicit tag ("!!str"), or NULL */
	struct yaml_node **items; /* sequences */
	struct yaml_pair *pairs;  /* mappings */
	size_t count;		  /* of items or pairs */
};

struct yaml_pair {
	struct yaml_node *key; /* always a scalar */
	struct yaml_node *value;
};

enum {
	YAML_MAX_BYTES = 4 << 20,
	YAML_MAX_DEPTH = 64,
	YAML_MAX_NODES = 200000, /* after aliases were copied */
};

struct yaml_document {
	struct yaml_node *root; /* NULL for an empty document */
};

struct yaml_stream {
	struct yaml_document *documents;
	size_t count;
};

/*
 * Parses a stream of documents. A duplicate key, a key that is no scalar, an alias bomb or too deep a
 * nesting is an error like any syntax error: ERR_SPEC with a message that does not name the place,
 * which is in *ret_mark.
 */
int yaml_parse(const char *text, size_t len_bytes, struct yaml_stream *ret_stream,
	       struct mark *ret_mark, struct err *e);
void yaml_stream_release(struct yaml_stream *stream);

/* The value of a key in a mapping, or NULL. */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/*
 * The JSON value of a node as Kubernetes reads YAML (YAML 1.1 booleans, octal and hexadecimal
 * numbers, ~ for null; keys become strings; merge keys "<<" applied). Integers of more than 15 digits
 * are cJSON_Raw, to lose none; time stamps, infinities and NaN are strings. Never NULL; a NULL node
 * is null.
 * Source: sigs.k8s.io/yaml, which converts through the go-yaml v2 resolver.
 */
cJSON *yaml_to_json(const struct yaml_node *node);

/*
 * The JSON value of a manifest, just as kubectl converts it. It differs from yaml_to_json() in what that
 * one takes kindly: infinities and NaN, a tag that its text does not fit, null as a key, two keys that
 * mean the same, a merge of anything but mappings and a NUL are ERR_SPEC, with the place in *ret_mark;
 * a merge key replaces members before it, and those after it replace what it brought. Integers past
 * INT64_MAX keep their digits, which kubectl rounds; keys that repeat are refused, where kubectl takes
 * the last. Source: sigs.k8s.io/yaml.
 */
int yaml_to_manifest(const struct yaml_node *node, cJSON **ret_value, struct mark *ret_mark,
		     struct err *e);

#endif
