#include "config.h"

#include "kube/manifest_json.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && isspace((unsigned char)*at))
		at++;
	return at;
}

static bool
is_json(const char *text, size_t len)
{
	const char *end = text + len, *at = skip_space(text, end);
	size_t values = 0;

	while (at < end && (*at == '{' || *at == '[')) {
		const char *behind = at;
		cJSON *value = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &behind, false);

		if (!value)
			return false;
		cJSON_Delete(value);
		values++;
		at = skip_space(behind, end);
	}
	return values > 0 && at == end;
}

/* What YAML 1.1 prints and does not fold. Source: libyaml's reader, and YAML 1.1, 5.1. */
static bool
is_safe(int32_t code)
{
	return (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0x2027) ||
	       (code >= 0x202a && code <= 0xfefe) || (code >= 0xff00 && code <= 0xfffd) ||
	       code >= 0x10000;
}

static bool
read_escape(const char *at, size_t left, unsigned *ret_code)
{
	char digits[5] = { 0 };

	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	memcpy(digits, at + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 &&
	       sscanf(digits, "%4x", ret_code) == 1;
}

/* Rewrites the escape that stands at `at`, into JSON or YAML; returns the bytes it took. */
static size_t
copy_escape(const char *at, size_t left, bool as_json, struct str *out)
{
	unsigned high, low;

	if (!read_escape(at, left, &high)) {
		str_append_bytes(out, at, 2);
		return 2;
	}
	if (high < 0xd800 || high > 0xdfff) {
		str_append_bytes(out, at, 6);
		return 6;
	}
	if (high < 0xdc00 && read_escape(at + 6, left - 6, &low) && low >= 0xdc00 &&
	    low <= 0xdfff) {
		if (as_json)
			str_append_bytes(out, at, 12);
		else
			str_printf(out, "\\U%08x",
				   0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
		return 12;
	}
	str_append(out, "\\ufffd"); /* half of a pair: as Go reads it */
	return 6;
}

/* Rewrites a string from its opening quote on; returns the bytes up to and with the closing one. */
static size_t
copy_string(const char *text, size_t len, bool as_json, struct str *out)
{
	size_t at = 1;

	str_append_char(out, '"');
	while (at < len && text[at] != '"') {
		int32_t code;
		size_t used = text_decode(text + at, len - at, &code);

		if (code == '\\')
			used = copy_escape(text + at, len - at, as_json, out);
		else if (code >= 0 && !is_safe(code) && !as_json)
			str_printf(out, "\\u%04x", (unsigned)code);
		else
			str_append_bytes(out, text + at, used);
		at += used;
	}
	str_append_char(out, '"');
	return at + 1;
}

/* As JSON, only what cJSON refuses and Go does not is mended: halves of surrogate pairs. */
static void
rewrite(const char *text, size_t len, bool as_json, struct str *out)
{
	bool behind_value = false;
	int depth = 0;

	for (size_t at = 0; at < len;) {
		char c = text[at];

		if (c == '"') {
			at += copy_string(text + at, len - at, as_json, out);
			continue;
		}
		if ((c == '{' || c == '[') && depth++ == 0 && behind_value && !as_json)
			str_printf(out, "%s--- ", out->data[out->len - 1] == '\n' ? "" : "\n");
		if ((c == '}' || c == ']') && --depth == 0)
			behind_value = true;
		/* where no value is open, a tab is no white space to YAML */
		str_append_char(out, c == '\t' && depth == 0 ? ' ' : c);
		at++;
	}
}

char *
manifest_json_print(const cJSON *object)
{
	char *text = json_print(object);
	struct str out = STR_INIT;

	rewrite(text, strlen(text), false, &out);
	free(text);
	return str_take(&out);
}

void
manifest_json_to_yaml(struct str *text)
{
	const char *begin = skip_space(str_cstr(text), str_cstr(text) + text->len);
	struct str out = STR_INIT;

	if (*begin != '{' && *begin != '[')
		return;
	rewrite(str_cstr(text), text->len, true, &out);
	if (is_json(str_cstr(&out), out.len)) {
		str_clear(&out);
		rewrite(text->data, text->len, false, &out);
		str_release_secret(text);
		*text = out;
	} else {
		str_release_secret(&out);
	}
}
