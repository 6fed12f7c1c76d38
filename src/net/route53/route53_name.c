#include "config.h"

#include "net/route53/route53_name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"

/* The number of three digits, or -1. */
static int
three_digits(const char *text, int base)
{
	int number = 0;

	for (int i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] >= '0' + base)
			return -1;
		number = number * base + (text[i] - '0');
	}
	return number < 256 ? number : -1;
}

/* Octal to decimal; what else has a backslash before it keeps it. */
static char *
decimal_escapes(const char *text)
{
	struct str out = STR_INIT;

	while (*text) {
		int code = *text == '\\' ? three_digits(text + 1, 8) : -1;

		if (code >= 0) {
			str_printf(&out, "\\%03d", code);
			text += 4;
			continue;
		}
		if (*text == '\\' && text[1])
			str_append_char(&out, *text++);
		str_append_char(&out, *text++);
	}
	return str_take(&out);
}

/* The byte that stands at *at, which moves behind it; *ret_is_escaped: by a backslash. */
static unsigned char
next_byte(const char **at, bool *ret_is_escaped)
{
	int code = **at == '\\' ? three_digits(*at + 1, 10) : -1;

	*ret_is_escaped = **at == '\\' && (*at)[1] != '\0';
	if (code >= 0) {
		*at += 4;
		return (unsigned char)code;
	}
	*at += *ret_is_escaped;
	return (unsigned char)*(*at)++;
}

char *
route53_name_read(const char *text, struct err *e)
{
	char *decimal = decimal_escapes(text);
	struct err ignored = ERR_INIT;
	char *name = dns_normalise("CNAME", decimal, &ignored);
	size_t len = name ? strlen(name) : 0;

	free(decimal);
	if (!name)
		err_set(e, ERR_REMOTE, "Route 53 has a name that is none: \"%s\"", text);
	else if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return name;
}

char *
route53_name_write(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	struct str out = STR_INIT;
	const char *at = name;
	bool is_escaped;

	if (name[0] == '*' && (name[1] == '.' || name[1] == '\0'))
		str_append_char(&out, *at++);
	while (*at) {
		unsigned char byte = next_byte(&at, &is_escaped);

		if ((byte && strchr(plain, byte)) || (byte == '.' && !is_escaped))
			str_append_char(&out, (char)byte);
		else
			str_printf(&out, "\\%03o", byte);
	}
	if (!str_ends_with(str_cstr(&out), "."))
		str_append_char(&out, '.');
	return str_take(&out);
}

/* Quoted strings: quotes stay as they are, odd bytes and backslashes become octal. */
static char *
txt_write(const char *value)
{
	struct str out = STR_INIT;
	bool is_escaped;

	while (*value) {
		unsigned char byte = next_byte(&value, &is_escaped);

		if (byte == '"')
			str_append(&out, is_escaped ? "\\\"" : "\"");
		else if (byte < ' ' || byte >= 127 || byte == '\\')
			str_printf(&out, "\\%03o", byte);
		else
			str_append_char(&out, (char)byte);
	}
	return str_take(&out);
}

char *
route53_value_read(const char *type, const char *text, struct err *e)
{
	char *decimal = decimal_escapes(text);
	struct err why = ERR_INIT;
	char *value = dns_normalise(type, decimal, &why);

	free(decimal);
	if (!value)
		err_set(e, ERR_REMOTE, "Route 53 has a value that cannot be read: %s", why.message);
	return value;
}

char *
route53_value_write(const char *type, const char *value)
{
	if (strcmp(type, "TXT") == 0)
		return txt_write(value);
	if (strcmp(type, "CNAME") == 0)
		return route53_name_write(value);
	return xstrdup(value);
}
