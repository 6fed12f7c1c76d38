#ifndef LIFEBOAT_KUBE_BASE64_H
#define LIFEBOAT_KUBE_BASE64_H

#include "base/str.h"

/*
 * Internal to src/kube/. Appends what a base64 text stands for; line breaks and spaces are passed
 * over. Returns -1 for anything that is not base64. Source: RFC 4648, section 4.
 */
int base64_decode(const char *text, struct str *out);

#endif
