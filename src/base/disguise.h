#ifndef LIFEBOAT_BASE_DISGUISE_H
#define LIFEBOAT_BASE_DISGUISE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SECRET_MIN_BYTES = 4,	   /* a shorter value would hide half of every text */
	SECRET_MIN_EVERYWHERE = 8, /* below that, the raw form only: others would hit by chance */
	SECRET_MAX_DISGUISED =
		4 << 10, /* above that, only the disguises that Kubernetes itself uses */
	SECRET_MAX_BYTES = 64 << 10,
};

/* The length of a value without the line ends behind it. */
size_t disguise_trimmed(const char *value, size_t len_bytes);

/*
 * Calls each() with every text as which a value may appear: itself, escaped for JSON, URL, SQL and the
 * shell, in base64 and base64url at the three alignments, base64 in base64, in hexadecimal, and each
 * line of at least 8 bytes, of its own and as base64 and keys are wrapped (64 and 76 characters); of a value
 * that is JSON, the same for each text in it. Each also as bare.h has it. Not `everything`: itself, for
 * JSON, and its base64. Forms may repeat. They are wiped after each call.
 */
void disguise_each(const char *value, size_t len_bytes, bool everything,
		   void (*each)(void *data, const char *form, size_t len), void *data);

#endif
