#ifndef LIFEBOAT_BASE_SECRET_H
#define LIFEBOAT_BASE_SECRET_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/*
 * The registry of every secret value that a run has loaded or seen, and the redactor in front of
 * screen, journal and output files. One registry per run; any thread may use it at any time.
 */
struct secrets;

struct secrets *secrets_new(void);
void secrets_free(struct secrets *s); /* wipes the values */

/*
 * Registers a value under a name. From now on the value itself and its usual disguises (JSON-escaped,
 * URL-encoded, base64 and base64url at the three alignments, hex, each line of at least 8 bytes of a
 * multi-line value) are replaced by ‹secret:NAME› wherever text passes. Line ends behind the value
 * do not count. Of a value of 4 to 7 bytes only the raw form is replaced: its disguises would hit
 * by chance. A value of fewer than 4 bytes, or of white space, cannot be hidden without hiding
 * everything else, and one of more than 64 KiB is not recognised: ERR_SPEC, and the caller must not
 * show it. Registering a value twice is harmless. Secrets that overlap in a text are replaced as
 * one, by the name of the leftmost, and of those the longest.
 */
int secrets_add(struct secrets *s, const char *name, const char *value, size_t len_bytes,
		struct err *e);

/*
 * Appends text with every registered secret replaced. s may be NULL: nothing is secret then. When
 * the text ends in the first 12 bytes or more of a secret, like a message that was cut, those are
 * replaced too.
 */
void secrets_redact(struct secrets *s, const char *text, size_t len_bytes, struct str *out);

/* Changes with every value that is registered: what was redacted before may be redacted otherwise now. */
unsigned secrets_generation(const struct secrets *s);

/* In place of a cJSON tree: every string value is redacted (names are left alone). */
void secrets_redact_json(struct secrets *s, cJSON *value);
/* In place of a message. */
void secrets_redact_err(struct secrets *s, struct err *e);

/*
 * A stream of bytes in pieces, through the redactor: holds back only what might be the beginning of a
 * secret. One per stream; used by one thread at a time.
 */
struct redactor;
struct redactor *redactor_new(struct secrets *s);
void redactor_free(struct redactor *r);
/* Appends what is certain by now. */
void redactor_push(struct redactor *r, const char *bytes, size_t len_bytes, struct str *out);
/*
 * Appends the rest at the end of the stream (or when the stream has paused and must be shown: should
 * it turn out to be half of a secret, the other half is still replaced). The redactor stays usable.
 */
void redactor_flush(struct redactor *r, struct str *out);

/*
 * A text that is complete in itself, as secrets_redact() treats it, past whatever the stream holds: the
 * quick way for one thread that has a great many of them.
 */
void redactor_text(struct redactor *r, const char *text, size_t len_bytes, struct str *out);

#endif
