#include "config.h"

#include "base/guarded.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Without memory the program ends here, as in xalloc: the journal needs none. */
static char *
map_pages(size_t len)
{
	char *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		abort();
	mlock(pages, len); /* all best effort: limits may be low, and kernels old */
	madvise(pages, len, MADV_DONTDUMP);
	madvise(pages, len, MADV_WIPEONFORK); /* a child has no business with it */
	return pages;
}

void
guarded_release(struct guarded *g)
{
	if (g->data) {
		explicit_bzero(g->data, g->cap);
		munmap(g->data, g->cap);
	}
	*g = (struct guarded)GUARDED_INIT;
}

char *
guarded_reserve(struct guarded *g, size_t extra)
{
	struct guarded larger = { .len = g->len, .cap = g->cap ? g->cap : 4096 };

	if (g->data && extra <= g->cap - g->len)
		return g->data + g->len;
	while (larger.cap - larger.len < extra)
		larger.cap *= 2;
	larger.data = map_pages(larger.cap);
	if (g->len)
		memcpy(larger.data, g->data, g->len);
	guarded_release(g);
	*g = larger;
	return g->data + g->len;
}

void
guarded_append(struct guarded *g, const void *bytes, size_t len_bytes)
{
	if (len_bytes)
		memcpy(guarded_reserve(g, len_bytes), bytes, len_bytes);
	g->len += len_bytes;
}
