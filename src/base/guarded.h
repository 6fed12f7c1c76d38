#ifndef LIFEBOAT_BASE_GUARDED_H
#define LIFEBOAT_BASE_GUARDED_H

#include <stddef.h>

/*
 * A growable buffer for secrets: pages of its own, kept out of swap, core dumps and children where the system
 * allows it, and wiped before they go, also when it grows. For the files of the redactor, and for private keys.
 */
struct guarded {
	char *data;
	size_t len;
	size_t cap;
};

#define GUARDED_INIT                                                                               \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void guarded_release(struct guarded *g);
void guarded_append(struct guarded *g, const void *bytes, size_t len_bytes);
/* Makes room for `extra` more bytes and returns where they go; the caller then adds to g->len. */
char *guarded_reserve(struct guarded *g, size_t extra);

#endif
