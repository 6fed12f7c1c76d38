#include "config.h"

#include "kube/base64.h"

#include <ctype.h>
#include <string.h>

int
base64_decode(const char *text, struct str *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	unsigned bits = 0;
	size_t digits = 0, padding = 0;

	for (; *text; text++) {
		const char *digit = strchr(alphabet, *text);

		if (isspace((unsigned char)*text))
			continue;
		if (*text == '=') {
			padding++;
			continue;
		}
		if (!digit || padding)
			return -1;
		bits = bits << 6 | (unsigned)(digit - alphabet);
		if (++digits % 4 != 1)
			str_append_char(out, (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff));
	}
	return (digits + padding) % 4 == 0 && padding <= 2 ? 0 : -1;
}
