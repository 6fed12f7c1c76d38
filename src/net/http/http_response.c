#include "config.h"

#include "net/http/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

void
http_response_release(struct http_response *r)
{
	str_release(&r->headers);
	str_release(&r->body);
	free(r->remote_ip);
	free(r->content_type);
	free(r->redirect_url);
	free(r->certificate_subject);
	free(r->certificate_issuer);
	free(r->certificate_expires);
	*r = (struct http_response)HTTP_RESPONSE_INIT;
}

/*
 * The value of the first header of this name from *line on, which moves to the line after it; NULL at
 * the end. Its length goes to *ret_len.
 */
static const char *
next_value(const char **line, const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);

	while (**line) {
		const char *at = *line;
		size_t len = strcspn(at, "\n");

		*line += len + (at[len] == '\n');
		if (len > name_len && at[name_len] == ':' && strncasecmp(at, name, name_len) == 0) {
			const char *value = at + name_len + 1;

			value += strspn(value, " \t");
			*ret_len = value < at + len ? (size_t)(at + len - value) : 0;
			return value;
		}
	}
	return NULL;
}

char *
http_response_header(const struct http_response *r, const char *name)
{
	const char *line = str_cstr(&r->headers);
	size_t len = 0;
	const char *value = next_value(&line, name, &len);

	return value ? xstrndup(value, len) : NULL;
}

/* Appends what a quoted string holds; *at, on its first quote, moves behind its last one. */
static void
unquote(const char **at, const char *end, struct str *out)
{
	for ((*at)++; *at < end && **at != '"'; (*at)++) {
		if (**at == '\\' && *at + 1 < end)
			(*at)++;
		str_append_char(out, **at);
	}
	*at += *at < end;
}

/* One header may hold several: `299 - "text" "date", 299 - "text"`. */
static void
each_warning(const char *at, const char *end, void (*each)(void *data, const char *text),
	     void *data)
{
	struct str text = STR_INIT, ignored = STR_INIT;

	while (at < end) {
		bool counts = end - at > 4 && memcmp(at, "299 ", 4) == 0;

		while (at < end && *at != '"')
			at++;
		str_clear(&text);
		if (at < end)
			unquote(&at, end, &text);
		if (counts && text.len)
			each(data, str_cstr(&text));
		while (at < end && *at != ',')
			if (*at == '"')
				unquote(&at, end, &ignored);
			else
				at++;
		while (at < end && (*at == ',' || *at == ' '))
			at++;
	}
	str_release(&text);
	str_release(&ignored);
}

void
http_response_warnings(const struct http_response *r, void (*each)(void *data, const char *text),
		       void *data)
{
	const char *line = str_cstr(&r->headers), *value;
	size_t len = 0;

	while ((value = next_value(&line, "Warning", &len)))
		each_warning(value, value + len, each, data);
}

char *
http_encode(const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	struct str out = STR_INIT;

	for (; *text; text++) {
		if (strchr(unreserved, *text))
			str_append_char(&out, *text);
		else
			str_printf(&out, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return str_take(&out);
}
