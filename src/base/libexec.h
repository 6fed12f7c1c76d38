#ifndef LIFEBOAT_BASE_LIBEXEC_H
#define LIFEBOAT_BASE_LIBEXEC_H

#include "base/err.h"

/*
 * Where one of our own programs is that only we start (lifeboat-jq): beside the running program, as in a build and for
 * each other, or else where it was installed. The caller frees. NULL: it is in neither place (ERR_NOT_FOUND; e may be
 * NULL). From any thread.
 */
char *libexec_find(const char *name, struct err *e);

#endif
