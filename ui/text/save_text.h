#ifndef LIFEBOAT_UI_TEXT_SAVE_TEXT_H
#define LIFEBOAT_UI_TEXT_SAVE_TEXT_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

/*
 * Saves a text as it is shown, secrets redacted, in a new file of mode 0600; one that is there is never written over.
 * *ret_path (the caller frees) is where it is. Errors: ERR_USAGE, ERR_IO.
 */
int save_text(struct secrets *secrets, const struct str *text, const char *name, char **ret_path,
	      size_t *ret_bytes, struct err *e);

#endif
