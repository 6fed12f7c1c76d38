#ifndef LIFEBOAT_NET_ROUTE53_ROUTE53_XML_H
#define LIFEBOAT_NET_ROUTE53_ROUTE53_XML_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Internal to src/net/route53*.c: its answers as a tree, and texts for its requests. */

/* An element. `text` is what stands in it, without what stands in its children. */
struct xml_element {
	char *name; /* without a prefix */
	struct str text;
	struct xml_element *parent, *first, *last, *next;
};

/*
 * Reads a document by libexpat. One with a document type (and so with entities of its own), with more
 * than 32 levels or 50,000 elements is refused. NULL: ERR_REMOTE, with the line. The caller frees.
 */
struct xml_element *xml_parse(const char *bytes, size_t len_bytes, struct err *e);
void xml_free(struct xml_element *root);

/* The first child of this name, or NULL, also of NULL. */
const struct xml_element *xml_child(const struct xml_element *element, const char *name);
/* The next sibling of the same name, or NULL. */
const struct xml_element *xml_next(const struct xml_element *element);
/* The text of the first child of this name, or `otherwise`. Borrowed. */
const char *xml_text(const struct xml_element *element, const char *name, const char *otherwise);

/* Appends <name>text</name>, with the text escaped; one with bytes that XML cannot hold loses them. */
void xml_append(struct str *out, const char *name, const char *text);

#endif
