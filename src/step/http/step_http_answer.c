#include "config.h"

#include "step/http/step_http.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"

/* "iso-8859-1" of "text/html; charset=\"iso-8859-1\"", or NULL. The caller frees. */
static char *
charset_of(const char *content_type)
{
	const char *at = content_type ? strcasestr(content_type, "charset=") : NULL;

	if (!at)
		return NULL;
	at += strlen("charset=");
	at += *at == '"';
	return xstrndup(at, strcspn(at, "\"; \t"));
}

/* Bytes that the charset does not have stay as they are: they are made visible later. */
static void
convert(iconv_t conversion, const struct str *from, struct str *out)
{
	char *in = from->data, buffer[4096];
	size_t left = from->len;

	while (left > 0) {
		char *to = buffer;
		size_t room = sizeof(buffer);
		size_t rc = iconv(conversion, &in, &left, &to, &room);

		str_append_bytes(out, buffer, (size_t)(to - buffer));
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		str_append_char(out, *in++);
		left--;
	}
}

static void
read_text(struct http_answer *a)
{
	char *charset = charset_of(a->response.content_type);
	const struct str *body = &a->response.body;
	iconv_t conversion;

	a->charset = "";
	if (!charset || strcasecmp(charset, "utf-8") == 0 || strcasecmp(charset, "utf8") == 0 ||
	    strcasecmp(charset, "us-ascii") == 0) {
		str_append_bytes(&a->text, str_cstr(body), body->len);
	} else if ((conversion = iconv_open("UTF-8", charset)) == (iconv_t)-1) {
		a->charset = "its charset is not known here";
		str_append_bytes(&a->text, str_cstr(body), body->len);
	} else {
		convert(conversion, body, &a->text);
		iconv_close(conversion);
	}
	free(charset);
}

/* Where a parser stopped, for people. */
static void
find_place(struct http_answer *a, size_t offset)
{
	a->json_line = a->json_column = 1;
	for (size_t i = 0; i < offset && i < a->text.len; i++) {
		a->json_column++;
		if (a->text.data[i] == '\n') {
			a->json_line++;
			a->json_column = 1;
		}
	}
}

static void
read_json(struct http_answer *a)
{
	const char *text = str_cstr(&a->text), *end = NULL;

	if (a->response.is_cut) {
		err_set(&a->json_error, ERR_SPEC, "the rest of the body was not read");
		return;
	}
	if (!a->text.len) {
		err_set(&a->json_error, ERR_SPEC, "the body is empty");
		return;
	}
	a->json = json_parse(text, a->text.len, &a->json_error);
	if (a->json)
		return;
	cJSON_Delete(cJSON_ParseWithLengthOpts(text, a->text.len, &end, false));
	find_place(a, end && end >= text ? (size_t)(end - text) : 0);
}

void
http_answer_read(struct http_answer *a)
{
	read_text(a);
	read_json(a);
}

void
http_answer_release(struct http_answer *a)
{
	http_response_release(&a->response);
	http_trail_release(&a->trail);
	str_release(&a->text);
	cJSON_Delete(a->json);
}

/* As it is where it is valid UTF-8 without NUL, else with what is not made visible. */
char *
http_answer_text(const struct http_answer *a, size_t most)
{
	const char *text = str_cstr(&a->text);
	size_t len = a->text.len <= most ? a->text.len : text_whole(text, a->text.len, most);
	struct str out = STR_INIT;
	int32_t code = 1;

	for (size_t at = 0; at < len && code > 0;)
		at += text_decode(text + at, len - at, &code);
	if (code > 0)
		str_append_bytes(&out, text, len);
	else
		text_sanitise(text, len, TEXT_KEEP_NEWLINES, &out);
	return str_take(&out);
}

bool
http_answer_validity(const struct http_answer *a, int64_t *ret_left_ms)
{
	const char *expires = a->response.certificate_expires;
	int64_t at_ms;

	if (!expires || clock_parse_utc(expires, &at_ms) < 0)
		return false;
	*ret_left_ms = at_ms - clock_wall_ms();
	return true;
}
