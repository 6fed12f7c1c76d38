#ifndef LIFEBOAT_UI_TEXT_ASCII_H
#define LIFEBOAT_UI_TEXT_ASCII_H

#include "base/str.h"

/*
 * Appends a sanitised text in ASCII, for terminals and locales that have nothing else: quotes, dashes,
 * arrows and frames become their nearest look, everything else <U+XXXX>.
 */
void ascii_append(struct str *out, const char *text);

#endif
