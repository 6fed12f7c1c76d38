#include "config.h"

#include "base/base64.h"

#include <openssl/evp.h>
#include <stdbool.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encode(const void *bytes, size_t len_bytes, char *out)
{
	return (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len_bytes);
}

/* The value of a digit, or -1. */
static int
digit_value(char c)
{
	for (int i = 0; i < 64; i++)
		if (alphabet[i] == c)
			return i;
	return -1;
}

/* The 24 bits of four digits, of which the last `padding` are signs of equality; -1 for others. */
static int
decode_group(const char *text, int padding)
{
	int bits = 0;

	for (int i = 0; i < 4; i++) {
		int value = i < 4 - padding ? digit_value(text[i]) : text[i] == '=' ? 0 : -1;

		if (value < 0)
			return -1;
		bits = bits << 6 | value;
	}
	/* the bits behind the last byte must be zero, or one value had several spellings */
	return padding && bits & ((1 << 8 * padding) - 1) ? -1 : bits;
}

ssize_t
base64_decode_strict(const char *text, size_t len_bytes, unsigned char *out, size_t out_max)
{
	size_t done = 0;

	if (len_bytes % 4)
		return -1;
	for (size_t at = 0; at < len_bytes; at += 4) {
		bool last = at + 4 == len_bytes;
		int padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] == '=' ? 2 : 1;
		int bits = decode_group(text + at, padding);

		if (bits < 0 || out_max - done < (size_t)(3 - padding))
			return -1;
		for (int i = 0; i < 3 - padding; i++)
			out[done++] = (unsigned char)(bits >> (16 - 8 * i));
	}
	return (ssize_t)done;
}
