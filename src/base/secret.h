#ifndef LIFEBOAT_BASE_SECRET_H
#define LIFEBOAT_BASE_SECRET_H

#include <cjson/cJSON.h>
#include <stdbool.h>
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
 * URL-encoded, quoted for SQL and the shell, base64 and base64url at the three alignments, base64 twice,
 * hex, each line of at least 8 bytes of a multi-line value, those that it is wrapped into, and of a value
 * that is JSON each text in it) are replaced by ‹secret:NAME› wherever text passes. Text is looked at as it
 * is, and once more without escape sequences, control bytes, backslashes and the line ends that wrap it.
 * Line ends behind the value do not count. Registering a value twice is harmless. Secrets that overlap in a
 * text are replaced as one, by the name of the leftmost, and of those the longest.
 *
 * Of a value of 4 to 7 bytes only the raw form is replaced, but that everywhere: its disguises would hit by
 * chance. Real passwords are that short, and words too, and can't be changed in the hour of need; so they
 * are taken, and a word that is hidden once too often is the lesser evil. One of fewer than 4 bytes, or of
 * white space, cannot be hidden without hiding everything else, and one of more than 64 KiB, or for which
 * there is no room, is not recognised: ERR_SPEC, and the caller must not show it, but "[withheld N bytes]".
 */
int secrets_add(struct secrets *s, const char *name, const char *value, size_t len_bytes,
		struct err *e);

/*
 * Appends text with every registered secret replaced. s may be NULL: nothing is secret then. Where the
 * first 12 bytes or more of a secret stand at the end of the text or before an ellipsis ("..." or "…"), as
 * in a message that was cut, those are replaced too.
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
 * secret. (A secret that is wrapped behind fewer than its first 4 bytes loses only the rest: else no line
 * that happens to end in those could be shown before the next.) One per stream; used by one thread at a
 * time.
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
 * A text that is complete in itself, past whatever the stream holds: the quick way for one thread that has
 * a great many of them. As secrets_redact() treats it, but for the ellipsis.
 */
void redactor_text(struct redactor *r, const char *text, size_t len_bytes, struct str *out);
/* True: secrets_redact() would leave a text as it is now. Of a great many, nearly all need no more. */
bool redactor_misses(struct redactor *r, const char *text, size_t len_bytes);

#endif
