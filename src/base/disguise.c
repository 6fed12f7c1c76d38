#include "config.h"

#include "base/disguise.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bare.h"
#include "base/guarded.h"
#include "base/json.h"
#include "base/text.h"

struct sink {
	void (*add)(void *data, const char *form, size_t len);
	void *data;
	struct guarded form; /* the form under way */
	struct guarded bare; /* the same without what may come between its characters */
};

/* A form as it is, and as it will be found where the text is looked at without escapes and wraps. */
static void
add(struct sink *sink, const char *form, size_t len)
{
	struct bare b = BARE_INIT;
	size_t at = 0;

	sink->add(sink->data, form, len);
	sink->bare.len = 0;
	while (at < len) {
		size_t run;

		at += bare_skip(&b, form + at, len - at);
		run = bare_run(form + at, len - at);
		guarded_append(&sink->bare, form + at, run);
		at += run;
	}
	if (sink->bare.len != len && sink->bare.len >= SECRET_MIN_EVERYWHERE)
		sink->add(sink->data, sink->bare.data, sink->bare.len);
}

static void
add_form(struct sink *sink)
{
	add(sink, sink->form.data, sink->form.len);
}

/* Writes `code` (`len` bytes at `at`) as an escaping would, or returns false: it stays as it is. */
typedef bool escape_fn(struct guarded *out, int32_t code);

static void
add_escaped(struct sink *sink, const char *value, size_t len, escape_fn *escape)
{
	size_t used;

	sink->form.len = 0;
	for (size_t at = 0; at < len; at += used) {
		int32_t code;

		used = text_decode(value + at, len - at, &code);
		if (code < 0) /* no UTF-8: -256 … -1 stand for a byte */
			code = (unsigned char)value[at] - 256;
		if (!escape(&sink->form, code))
			guarded_append(&sink->form, value + at, used);
	}
	add_form(sink);
}

static bool
append_unit(struct guarded *out, const char *format_prefix, unsigned value, int digits)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%s%0*x", format_prefix, digits, value);

	guarded_append(out, text, (size_t)n);
	return true;
}

/* The escapes that every JSON writer uses. Source: RFC 8259, section 7. */
static bool
escape_json(struct guarded *out, int32_t code)
{
	static const char plain[] = "\"\\\b\f\n\r\t", short_form[] = "\"\\bfnrt";
	const char *found =
		code > 0 ? memchr(plain, code < 0x80 ? code : 0, sizeof(plain) - 1) : NULL;

	if (found) {
		guarded_append(out, (char[]){ '\\', short_form[found - plain] }, 2);
		return true;
	}
	return code >= 0 && code < 0x20 ? append_unit(out, "\\u", (unsigned)code, 4) : false;
}

/* As Go writes JSON, the Kubernetes API server among others. Source: encoding/json, HTMLEscape. */
static bool
escape_json_html(struct guarded *out, int32_t code)
{
	if (code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029)
		return append_unit(out, "\\u", (unsigned)code, 4);
	return escape_json(out, code);
}

static bool
escape_json_ascii(struct guarded *out, int32_t code)
{
	unsigned above = (unsigned)code - 0x10000;

	if (code < 0x7f)
		return escape_json(out, code);
	if (code < 0x10000)
		return append_unit(out, "\\u", (unsigned)code, 4);
	append_unit(out, "\\u", 0xd800 + (above >> 10), 4);
	return append_unit(out, "\\u", 0xdc00 + (above & 0x3ff), 4);
}

static bool
escape_sql(struct guarded *out, int32_t code)
{
	if (code == '\'')
		guarded_append(out, "''", 2);
	return code == '\'';
}

static bool
escape_shell(struct guarded *out, int32_t code)
{
	if (code == '\'')
		guarded_append(out, "'\\''", 4);
	return code == '\'';
}

/* Percent-encoding of all but the unreserved characters. Source: RFC 3986, section 2.3. */
static void
add_url(struct sink *sink, const char *value, size_t len, const char *digits)
{
	sink->form.len = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c < 0x80 && (isalnum(c) || memchr("-._~", c, 4)))
			guarded_append(&sink->form, &c, 1);
		else
			guarded_append(&sink->form, (char[]){ '%', digits[c >> 4], digits[c & 15] },
				       3);
	}
	add_form(sink);
}

static void
add_hex(struct sink *sink, const char *value, size_t len, const char *digits)
{
	sink->form.len = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		guarded_append(&sink->form, (char[]){ digits[c >> 4], digits[c & 15] }, 2);
	}
	add_form(sink);
}

/* The base64 of `shift` zero bytes and the value, with its padding, into out. */
static void
encode_base64(struct guarded *out, const char *value, size_t len, size_t shift)
{
	struct guarded bytes = GUARDED_INIT;

	guarded_append(&bytes, "\0\0", shift);
	guarded_append(&bytes, value, len);
	out->len = 0;
	guarded_reserve(out, (bytes.len + 2) / 3 * 4 + 1);
	out->len = (size_t)EVP_EncodeBlock((unsigned char *)out->data,
					   (const unsigned char *)bytes.data, (int)bytes.len);
	guarded_release(&bytes);
}

/*
 * The value in the middle of something encoded: only the characters that hold nothing of what stands
 * before or behind it. And as the end of it, with the last character and with the padding.
 */
static void
add_base64(struct sink *sink, const char *value, size_t len, size_t shift, bool url)
{
	static const size_t foreign[] = { 0, 2, 3 };
	size_t rest = (shift + len) % 3, padding = rest ? 3 - rest : 0;
	struct guarded *form = &sink->form;
	const char *start;
	size_t all;

	encode_base64(form, value, len, shift);
	for (size_t i = 0; url && i < form->len; i++)
		form->data[i] = form->data[i] == '+'   ? '-'
				: form->data[i] == '/' ? '_'
						       : form->data[i];
	start = form->data + foreign[shift];
	all = form->len - foreign[shift];
	add(sink, start, all);
	if (padding) {
		add(sink, start, all - padding);
		add(sink, start, all - padding - 1);
	}
}

/*
 * The lines that a text becomes when it is wrapped as base64(1) and openssl(1) do it: whoever sees one
 * line at a time, as a log's reader does, sees nothing else of it.
 */
static void
add_wrapped(struct sink *sink, const char *text, size_t len)
{
	static const size_t widths[] = { 64, 76 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		for (size_t at = 0; len > widths[i] && at < len; at += widths[i]) {
			size_t line = len - at < widths[i] ? len - at : widths[i];

			if (line >= SECRET_MIN_EVERYWHERE)
				add(sink, text + at, line);
		}
}

static void
add_wrapped_base64(struct sink *sink, const char *value, size_t len)
{
	struct guarded text = GUARDED_INIT;

	encode_base64(&text, value, len, 0);
	add_wrapped(sink, text.data, text.len);
	guarded_release(&text);
}

/* As Kubernetes has it, with the variants of its end. */
static void
add_plain_base64(struct sink *sink, const char *value, size_t len)
{
	add_base64(sink, value, len, 0, false);
}

static void
add_every_base64(struct sink *sink, const char *value, size_t len)
{
	add_wrapped_base64(sink, value, len);
	for (size_t shift = 0; shift < 3; shift++) {
		add_base64(sink, value, len, shift, false);
		add_base64(sink, value, len, shift, true);
	}
}

/* The data of a Kubernetes Secret is base64 already, and its manifest is often encoded again. */
static void
add_double_base64(struct sink *sink, const char *value, size_t len)
{
	struct guarded inner = GUARDED_INIT;

	encode_base64(&inner, value, len, 0);
	for (size_t shift = 0; shift < 3; shift++)
		add_base64(sink, inner.data, inner.len, shift, false);
	guarded_release(&inner);
}

static void
add_escapes(struct sink *sink, const char *value, size_t len)
{
	add_escaped(sink, value, len, escape_json);
	add_escaped(sink, value, len, escape_json_html);
	add_escaped(sink, value, len, escape_json_ascii);
	if (len > SECRET_MAX_DISGUISED)
		return;
	add_escaped(sink, value, len, escape_sql);
	add_escaped(sink, value, len, escape_shell);
	add_url(sink, value, len, "0123456789ABCDEF");
	add_url(sink, value, len, "0123456789abcdef");
}

/* "-----BEGIN …" is the same in every key and certificate. */
static bool
is_armour(const char *line, size_t len)
{
	return len >= 5 && memcmp(line, "-----", 5) == 0;
}

/* Each line by itself, and all of them as one, as they are when they have been wrapped anew. */
static void
add_lines(struct sink *sink, const char *value, size_t len)
{
	struct guarded joined = GUARDED_INIT;
	const char *end = value + len;

	while (value < end) {
		const char *newline = memchr(value, '\n', (size_t)(end - value));
		const char *stop = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;

		while (value < stop && isspace((unsigned char)*value))
			value++;
		while (stop > value && isspace((unsigned char)stop[-1]))
			stop--;
		if (!is_armour(value, (size_t)(stop - value))) {
			guarded_append(&joined, value, (size_t)(stop - value));
			if (stop - value >= SECRET_MIN_EVERYWHERE) {
				add(sink, value, (size_t)(stop - value));
				add_escapes(sink, value, (size_t)(stop - value));
			}
		}
		value = next;
	}
	if (joined.len >= SECRET_MIN_EVERYWHERE) {
		add(sink, joined.data, joined.len);
		add_wrapped(sink, joined.data, joined.len);
	}
	guarded_release(&joined);
}

static void
add_all(struct sink *sink, const char *value, size_t len_bytes)
{
	size_t len = disguise_trimmed(value, len_bytes);

	add(sink, value, len);
	add_escapes(sink, value, len);
	add_every_base64(sink, value, len);
	if (len != len_bytes)
		add_every_base64(sink, value, len_bytes);
	if (len <= SECRET_MAX_DISGUISED) {
		add_double_base64(sink, value, len);
		if (len != len_bytes)
			add_double_base64(sink, value, len_bytes);
		add_hex(sink, value, len, "0123456789abcdef");
		add_hex(sink, value, len, "0123456789ABCDEF");
	}
	if (memchr(value, '\n', len))
		add_lines(sink, value, len);
}

/* What matters most, where there is no room for everything. */
static void
add_usual(struct sink *sink, const char *value, size_t len_bytes)
{
	size_t len = disguise_trimmed(value, len_bytes);

	add(sink, value, len);
	add_escaped(sink, value, len, escape_json);
	add_plain_base64(sink, value, len);
	if (len != len_bytes)
		add_plain_base64(sink, value, len_bytes);
}

/* Every text in a secret that is JSON, as a key of a cloud's account is; and takes it away. */
static void
add_leaves(struct sink *sink, cJSON *value)
{
	cJSON *child;

	if (cJSON_IsString(value)) {
		size_t len = strlen(value->valuestring);

		if (disguise_trimmed(value->valuestring, len) >= SECRET_MIN_EVERYWHERE)
			add_all(sink, value->valuestring, len);
		explicit_bzero(value->valuestring, len);
	}
	cJSON_ArrayForEach(child, value)
		add_leaves(sink, child);
}

static void
add_json(struct sink *sink, const char *value, size_t len)
{
	size_t start = 0;
	cJSON *tree;

	while (start < len && isspace((unsigned char)value[start]))
		start++;
	if (start == len || !strchr("{[", value[start]))
		return;
	tree = json_parse(value + start, len - start, NULL);
	if (tree)
		add_leaves(sink, tree);
	cJSON_Delete(tree);
}

size_t
disguise_trimmed(const char *value, size_t len_bytes)
{
	while (len_bytes && (value[len_bytes - 1] == '\n' || value[len_bytes - 1] == '\r'))
		len_bytes--;
	return len_bytes;
}

void
disguise_each(const char *value, size_t len_bytes, bool everything,
	      void (*each)(void *data, const char *form, size_t len), void *data)
{
	struct sink sink = { each, data, GUARDED_INIT, GUARDED_INIT };
	size_t len = disguise_trimmed(value, len_bytes);

	if (len < SECRET_MIN_EVERYWHERE)
		each(data, value, len);
	else if (!everything)
		add_usual(&sink, value, len_bytes);
	else
		add_all(&sink, value, len_bytes);
	if (everything && len >= SECRET_MIN_EVERYWHERE)
		add_json(&sink, value, len);
	guarded_release(&sink.form);
	guarded_release(&sink.bare);
}
