#ifndef LIFEBOAT_RUN_JOURNAL_SIGNED_NOTE_H
#define LIFEBOAT_RUN_JOURNAL_SIGNED_NOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/signing.h"
#include "base/str.h"

/*
 * A text with one signature beneath it, in the envelope of C2SP signed-note:
 *
 *	first line of the text
 *	last line of the text
 *
 *	— NAME BASE64(key id, 4 bytes ‖ signature, 64 bytes)
 *
 * Signed are the lines of the text with their LFs, without the blank line. Source: c2sp.org/signed-note.
 */

enum { NOTE_KEY_ID_BYTES = 4, NOTE_NAME_MAX = 256 };

/* Whose signature it is: a public key under a name (neither empty, nor with white space or a plus sign). */
struct note_key {
	char name[NOTE_NAME_MAX];
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
	unsigned char id
		[NOTE_KEY_ID_BYTES]; /* of SHA-256(name ‖ LF ‖ 0x01 ‖ public key) the first bytes */
};

/* Fills in the id. Errors: ERR_SPEC for a name that cannot be one. */
int note_key_init(struct note_key *key, const char *name,
		  const unsigned char public_key[SIGNING_PUBLIC_BYTES], struct err *e);
/* "NAME+ID in hexadecimal+BASE64(0x01 ‖ public key)", as c2sp.org/signed-note writes verifier keys. */
int note_key_parse(const char *text, struct note_key *ret_key, struct err *e);
void note_key_format(const struct note_key *key, struct str *out);
/*
 * Appends what two people compare on a call: of the SHA-256 of the verifier key as note_key_format() writes it the
 * first 32 digits, in groups of four.
 */
void note_key_fingerprint(const struct note_key *key, struct str *out);
/* The same name and the same public key. */
bool note_key_equal(const struct note_key *a, const struct note_key *b);

/* Appends a note: `text` (ends with LF, holds no empty line) and a signature by `secret`, whose public half is
 * `key`. */
int note_sign(const struct signing_key *secret, const struct note_key *key, const char *text,
	      size_t len_bytes, struct str *out, struct err *e);

/* A note as read; the pointers lead into the caller's bytes. */
struct note {
	const char *text; /* with its last LF */
	size_t text_len;
	char name[NOTE_NAME_MAX];
	unsigned char id[NOTE_KEY_ID_BYTES];
	unsigned char signature[SIGNATURE_BYTES];
	size_t len; /* of the whole note, with the LF of its last line */
};

/*
 * Reads the note at the beginning of some bytes; strict: one signature, in the very spelling that note_sign()
 * has. Errors: ERR_SPEC.
 */
int note_parse(const char *bytes, size_t len_bytes, struct note *ret_note, struct err *e);
/* Whether it is of this key: name, id and signature. */
bool note_holds(const struct note *note, const struct note_key *key);

#endif
