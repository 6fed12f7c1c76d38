#ifndef LIFEBOAT_RUN_JOURNAL_OPERATOR_KEY_H
#define LIFEBOAT_RUN_JOURNAL_OPERATOR_KEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "run/journal/signed_note.h"

/*
 * The long-term key of one operator. It certifies the keys of runs, which live in the memory of one process
 * each. The file is $XDG_CONFIG_HOME/lifeboat/operator.key, 0600, one line:
 * "PRIVATE+KEY+NAME+ID+BASE64(0x01 ‖ seed)", as Go's note package writes signer keys.
 */
struct operator_key;

/* The path of the file; the caller frees. NULL and an error where there is no configuration folder. */
char *operator_key_path(struct err *e);

/* Makes a key and its file; the name is of the form of a note_key's. Errors: ERR_CONFLICT (there is one). */
int operator_key_create(const char *name, struct operator_key **ret_key, struct err *e);

/*
 * Reads the file. No file: 0, and NULL in *ret_key. A file that others may read or write, that is not ours, or
 * is no key: ERR_SPEC, with what to do.
 */
int operator_key_load(struct operator_key **ret_key, struct err *e);
void operator_key_free(struct operator_key *key);

const struct note_key *operator_key_public(const struct operator_key *key);

/*
 * The certificate of a run's key: a signed note, appended to out. Its text:
 *
 *	lifeboat-run-key/v1
 *	run 20261121T140732-7f3a
 *	key lifeboat/20261121T140732-7f3a/1+1a2b3c4d+AW…
 *	time 2026-11-21T14:07:32.118Z
 */
int operator_key_certify(const struct operator_key *key, const char *run_id,
			 const struct note_key *run_key, struct str *out, struct err *e);

/* Whether a certificate is for this key of this run, and signed by `issuer`. */
bool certificate_holds(const char *certificate, const char *run_id, const struct note_key *run_key,
		       const struct note_key *issuer);

#endif
