#include "config.h"

#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

void
http_response_release(struct http_response *r)
{
	str_release(&r->headers);
	str_release(&r->body);
	free(r->effective_url);
	free(r->remote_ip);
	free(r->content_type);
	free(r->hops);
	free(r->certificate_subject);
	free(r->certificate_issuer);
	free(r->certificate_expires);
	*r = (struct http_response)HTTP_RESPONSE_INIT;
}

char *
http_response_header(const struct http_response *r, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *line = str_cstr(&r->headers); *line; line += strspn(line, "\n")) {
		size_t len = strcspn(line, "\n");

		if (len > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0) {
			size_t skip = name_len + 1;

			skip += strspn(line + skip, " \t");
			return skip < len ? xstrndup(line + skip, len - skip) : xstrdup("");
		}
		line += len;
	}
	return NULL;
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
