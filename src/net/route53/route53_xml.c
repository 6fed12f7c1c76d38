#include "config.h"

#include "net/route53/route53_xml.h"

#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { MAX_DEPTH = 32, MAX_ELEMENTS = 50000 };

struct parse {
	XML_Parser parser;
	struct xml_element *root, *at; /* `at`: the element that is open */
	int depth, count;
	const char *refusal;
};

static void
refuse(struct parse *p, const char *why)
{
	if (!p->refusal)
		p->refusal = why;
	XML_StopParser(p->parser, XML_FALSE);
}

static void
on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct parse *p = data;
	struct xml_element *element;
	const char *colon = strrchr(name, ':');

	(void)attributes;
	if (++p->depth > MAX_DEPTH || ++p->count > MAX_ELEMENTS) {
		refuse(p, p->depth > MAX_DEPTH ? "it is too deep" : "it has too many elements");
		return;
	}
	element = xcalloc(1, sizeof(*element));
	element->name = xstrdup(colon ? colon + 1 : name);
	element->parent = p->at;
	if (!p->at)
		p->root = element;
	else if (p->at->last)
		p->at->last->next = element;
	else
		p->at->first = element;
	if (p->at)
		p->at->last = element;
	p->at = element;
}

static void
on_end(void *data, const XML_Char *name)
{
	struct parse *p = data;

	(void)name;
	p->depth--;
	if (p->at)
		p->at = p->at->parent;
}

static void
on_text(void *data, const XML_Char *text, int len)
{
	struct parse *p = data;

	if (p->at)
		str_append_bytes(&p->at->text, text, (size_t)len);
}

static void
on_document_type(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public,
		 int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	refuse(data, "it has a document type");
}

struct xml_element *
xml_parse(const char *bytes, size_t len_bytes, struct err *e)
{
	struct parse p = { .parser = XML_ParserCreate(NULL) };
	enum XML_Status status;

	if (!p.parser)
		abort();
	XML_SetUserData(p.parser, &p);
	XML_SetElementHandler(p.parser, on_start, on_end);
	XML_SetCharacterDataHandler(p.parser, on_text);
	XML_SetStartDoctypeDeclHandler(p.parser, on_document_type);
	status = XML_Parse(p.parser, bytes, (int)len_bytes, XML_TRUE);
	if (status != XML_STATUS_OK) {
		err_set(e, ERR_REMOTE, "the answer is no XML that can be read: line %lu: %s",
			(unsigned long)XML_GetCurrentLineNumber(p.parser),
			p.refusal ? p.refusal : XML_ErrorString(XML_GetErrorCode(p.parser)));
		xml_free(p.root);
		p.root = NULL;
	}
	XML_ParserFree(p.parser);
	return p.root;
}

void
xml_free(struct xml_element *root)
{
	struct xml_element *next;

	if (!root)
		return;
	for (struct xml_element *child = root->first; child; child = next) {
		next = child->next;
		xml_free(child);
	}
	str_release(&root->text);
	free(root->name);
	free(root);
}

static const struct xml_element *
find(const struct xml_element *element, const char *name)
{
	while (element && strcmp(element->name, name) != 0)
		element = element->next;
	return element;
}

const struct xml_element *
xml_child(const struct xml_element *element, const char *name)
{
	return element ? find(element->first, name) : NULL;
}

const struct xml_element *
xml_next(const struct xml_element *element)
{
	return find(element->next, element->name);
}

const char *
xml_text(const struct xml_element *element, const char *name, const char *otherwise)
{
	const struct xml_element *child = xml_child(element, name);

	return child ? str_cstr(&child->text) : otherwise;
}

void
xml_append(struct str *out, const char *name, const char *text)
{
	str_printf(out, "<%s>", name);
	for (; *text; text++) {
		if (*text == '&')
			str_append(out, "&amp;");
		else if (*text == '<')
			str_append(out, "&lt;");
		else if (*text == '>')
			str_append(out, "&gt;");
		else if ((unsigned char)*text >= ' ' || *text == '\t' || *text == '\n')
			str_append_char(out, *text);
	}
	str_printf(out, "</%s>", name);
}
