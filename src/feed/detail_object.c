#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "feed/detail_page.h"
#include "kube/secret_value.h"

enum { MAX_DEPTH = 40 };

static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";

/* An object on its way to lines. */
struct writer {
	struct detail_page *page;
	struct str lead; /* what stands before the value: indent, dashes, key */
};

static void put_value(struct writer *w, const cJSON *value, int indent, int depth);

/* Whether a text read back as YAML would be the same string, so that it needs no quotes. */
static bool
is_plain(const char *text)
{
	static const char *const words[] = { "true", "false", "yes",  "no", "y",
					     "n",    "on",    "null", "off" };

	if (!*text || strchr("-?:,[]{}#&*!|>'\"%@` ", *text) || isdigit((unsigned char)*text) ||
	    strchr("+.", *text) || strstr(text, ": ") || strstr(text, " #") ||
	    text[strlen(text) - 1] == ' ' || text[strlen(text) - 1] == ':')
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return false;
	return true;
}

static void
put_size(struct writer *w, size_t size)
{
	detail_add(w->page, DETAIL_DIM, "%s %zu byte%s", str_cstr(&w->lead), size,
		   size == 1 ? "" : "s");
}

/* A text of several lines, as a block below its key. */
static void
put_block(struct writer *w, const char *text, int indent)
{
	detail_add(w->page, DETAIL_TEXT, "%s |", str_cstr(&w->lead));
	while (*text) {
		size_t len = strcspn(text, "\n");

		detail_add(w->page, DETAIL_TEXT, "%*s%.*s", indent + 2, "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void
put_scalar(struct writer *w, const cJSON *value, int indent)
{
	const char *gap = w->lead.len && w->lead.data[w->lead.len - 1] == ' ' ? "" : " ";
	char *text;

	if (cJSON_IsString(value) && strchr(value->valuestring, '\n')) {
		put_block(w, value->valuestring, indent);
		return;
	}
	text = cJSON_IsString(value) && is_plain(value->valuestring) ? json_text(value)
								     : json_print(value);
	detail_add(w->page, DETAIL_TEXT, "%s%s%s", str_cstr(&w->lead), gap, text);
	free(text);
}

/* Writes what stands before a value, where it is not already the rest of a "- ". */
static void
begin_line(struct writer *w, int indent, bool goes_on)
{
	if (goes_on)
		return;
	str_clear(&w->lead);
	str_printf(&w->lead, "%*s", indent, "");
}

static bool
has_members(const cJSON *value)
{
	return (cJSON_IsObject(value) || cJSON_IsArray(value)) && value->child;
}

static void
put_member(struct writer *w, const cJSON *member, int indent, int depth)
{
	str_printf(&w->lead, "%s:", member->string);
	if (strcmp(member->string, last_applied) == 0 && cJSON_IsString(member)) {
		put_size(w, strlen(member->valuestring));
	} else if (has_members(member)) {
		detail_add(w->page, depth == 0 ? DETAIL_HEADING : DETAIL_TEXT, "%s",
			   str_cstr(&w->lead));
		str_clear(&w->lead);
		put_value(w, member, cJSON_IsArray(member) ? indent : indent + 2, depth + 1);
	} else {
		put_scalar(w, member, indent);
	}
}

/* `w->lead` is empty, or the "- " behind which the value goes on. */
static void
put_value(struct writer *w, const cJSON *value, int indent, int depth)
{
	const cJSON *item;
	bool goes_on = w->lead.len > 0;

	if (!has_members(value)) {
		put_scalar(w, value, indent);
		return;
	}
	if (depth > MAX_DEPTH) {
		detail_add(w->page, DETAIL_DIM, "%s%*s(deeper than is shown)", str_cstr(&w->lead),
			   goes_on ? 0 : indent, "");
		return;
	}
	cJSON_ArrayForEach(item, value) {
		begin_line(w, indent, goes_on);
		goes_on = false;
		if (cJSON_IsArray(value)) {
			str_append(&w->lead, "- ");
			put_value(w, item, indent + 2, depth + 1);
		} else {
			put_member(w, item, indent, depth);
		}
	}
}

/* The values of a Secret are nobody's business: their sizes tell whether it is filled. */
static void
put_secret(struct writer *w, const cJSON *values)
{
	bool is_base64 = strcmp(values->string, "data") == 0;
	struct str told = STR_INIT;
	const cJSON *value;

	detail_add(w->page, DETAIL_HEADING, "%s:", values->string);
	cJSON_ArrayForEach(value, values) {
		str_clear(&told);
		secret_value_describe(value, is_base64, &told);
		detail_add(w->page, DETAIL_DIM, "  %s: %s", value->string ? value->string : "?",
			   str_cstr(&told));
	}
	str_release(&told);
}

static bool
is_value_of_secret(const cJSON *object, const cJSON *member)
{
	return str_equal(json_string(object, "kind", NULL), "Secret") &&
	       (strcmp(member->string, "data") == 0 || strcmp(member->string, "stringData") == 0);
}

void
detail_object(struct detail_page *page, const cJSON *object)
{
	struct writer w = { .page = page };
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		str_clear(&w.lead);
		if (is_value_of_secret(object, member))
			put_secret(&w, member);
		else
			put_member(&w, member, 0, 0);
	}
	str_release(&w.lead);
}
