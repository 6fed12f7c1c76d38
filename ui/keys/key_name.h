#ifndef LIFEBOAT_UI_KEYS_KEY_NAME_H
#define LIFEBOAT_UI_KEYS_KEY_NAME_H

#include <stddef.h>

enum { KEY_NAME_MAX = 16 };

/* The one code of keys that terminals send in several ways: Enter is '\n', backspace KEY_BACKSPACE. */
int key_canonical(int code);

/* "Ctrl-P", "F1", "PgDn", "a": the name of a code, in `out`, which is returned; "?" for one without. */
const char *key_name_print(int code, char out[KEY_NAME_MAX]);

/* The code of a name, in any case but for single letters; 0: there is no such key. */
int key_name_parse(const char *name);

/* The name that somebody may have meant, or NULL. */
const char *key_name_nearest(const char *name);

#endif
