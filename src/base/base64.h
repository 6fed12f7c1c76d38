#ifndef LIFEBOAT_BASE_BASE64_H
#define LIFEBOAT_BASE_BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Base64 between buffers of the caller's, as keys and signatures are written. Source: RFC 4648, section 4. */

/* Room for the text of len_bytes bytes, with its terminator. */
#define BASE64_MAX(len_bytes) (((len_bytes) + 2) / 3 * 4 + 1)

/* Writes the text and its terminator to out, which has BASE64_MAX(len_bytes). Returns its length. */
size_t base64_encode(const void *bytes, size_t len_bytes, char *out);

/*
 * Writes what a text stands for to out and returns its length. -1: it is more than out_max bytes, or
 * not in the one spelling that base64_encode() has (white space, no padding, bits behind the end).
 */
ssize_t base64_decode_strict(const char *text, size_t len_bytes, unsigned char *out,
			     size_t out_max);

#endif
