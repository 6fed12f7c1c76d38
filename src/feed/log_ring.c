#include "config.h"

#include "feed/log_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
	GRAIN = 8,	 /* lines begin at multiples of it */
	LEN_BITS = 28,	 /* of a line's length */
	MAX_REMARK = 64, /* about a cut */
};

#define MARKER_BIT (UINT32_C(1) << 31)

/* What lies before the bytes of each line in the buffer. */
struct header {
	uint64_t instant;
	uint32_t len_digits; /* LEN_BITS of length, then the stamp's digits */
	uint32_t origin;     /* with MARKER_BIT */
};

struct origin {
	char *name;
	uint64_t references; /* 0: free */
};

struct log_ring {
	char *bytes;
	size_t size;
	size_t head;	  /* where the next line goes */
	uint32_t *places; /* in grains, of a number: number % max_lines */
	size_t max_lines;
	uint64_t first, next;
	struct origin *origins;
	size_t origins_count, origins_cap;
};

/* Pages of our own, which take no memory before they are written to. */
static void *
map_pages(size_t len)
{
	void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		abort();
	return pages;
}

static size_t
clamp(size_t value, size_t least, size_t most)
{
	return value < least ? least : value > most ? most : value;
}

struct log_ring *
log_ring_new(size_t max_bytes, size_t max_lines)
{
	struct log_ring *ring = xcalloc(1, sizeof(*ring));

	ring->size = clamp(max_bytes, LOG_RING_MIN_BYTES, (size_t)1 << LEN_BITS) / GRAIN * GRAIN;
	/* there are never more lines than headers */
	ring->max_lines = clamp(max_lines, LOG_RING_MIN_LINES, ring->size / sizeof(struct header));
	ring->bytes = map_pages(ring->size);
	ring->places = map_pages(ring->max_lines * sizeof(*ring->places));
	return ring;
}

void
log_ring_free(struct log_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->bytes, ring->size);
	munmap(ring->places, ring->max_lines * sizeof(*ring->places));
	for (size_t i = 0; i < ring->origins_count; i++)
		free(ring->origins[i].name);
	free(ring->origins);
	free(ring);
}

uint32_t
log_ring_origin(struct log_ring *ring, const char *name)
{
	size_t found = ring->origins_count;

	for (size_t i = ring->origins_count; i-- > 0;) {
		if (str_equal(ring->origins[i].name, name)) {
			ring->origins[i].references++;
			return (uint32_t)i;
		}
		if (!ring->origins[i].references)
			found = i;
	}
	if (found == ring->origins_count)
		VEC_PUSH(ring->origins, ring->origins_count, ring->origins_cap);
	ring->origins[found] = (struct origin){ xstrdup(name), 1 };
	return (uint32_t)found;
}

void
log_ring_origin_release(struct log_ring *ring, uint32_t origin)
{
	struct origin *o = &ring->origins[origin];

	if (--o->references)
		return;
	free(o->name);
	o->name = NULL;
}

const char *
log_ring_origin_name(const struct log_ring *ring, uint32_t origin)
{
	return ring->origins[origin].name;
}

static size_t
place_of(const struct log_ring *ring, uint64_t number)
{
	return (size_t)ring->places[number % ring->max_lines] * GRAIN;
}

static struct header *
header_at(const struct log_ring *ring, size_t place)
{
	return (struct header *)(void *)(ring->bytes + place);
}

static size_t
room_for(size_t len)
{
	return (sizeof(struct header) + len + GRAIN - 1) / GRAIN * GRAIN;
}

static size_t
len_of(const struct header *header)
{
	return header->len_digits & ((1u << LEN_BITS) - 1);
}

static void
drop_oldest(struct log_ring *ring)
{
	const struct header *header = header_at(ring, place_of(ring, ring->first));

	log_ring_origin_release(ring, header->origin & ~MARKER_BIT);
	ring->first++;
}

/* Drops the oldest lines until none lies within [at, at + size). */
static void
clear(struct log_ring *ring, size_t at, size_t size)
{
	while (ring->first < ring->next) {
		size_t place = place_of(ring, ring->first);
		size_t end = place + room_for(len_of(header_at(ring, place)));

		if (place >= at + size || at >= end)
			return;
		drop_oldest(ring);
	}
}

/* Makes `size` bytes free at the head, which wraps where the end is too near. */
static size_t
make_room(struct log_ring *ring, size_t size)
{
	if (ring->next - ring->first == ring->max_lines)
		drop_oldest(ring);
	if (ring->size - ring->head < size) {
		/* what lies between here and the end is older than anything at the beginning */
		if (ring->head < ring->size)
			clear(ring, ring->head, ring->size - ring->head);
		ring->head = 0;
	}
	clear(ring, ring->head, size);
	return ring->head;
}

size_t
log_ring_max_line(const struct log_ring *ring)
{
	return ring->size / 8;
}

void
log_ring_add(struct log_ring *ring, const struct log_record *record)
{
	size_t len = text_whole(record->text, record->len, log_ring_max_line(ring));
	size_t remark_len = 0, size, place;
	char remark[MAX_REMARK];
	struct header *header;

	if (len < record->len)
		remark_len = (size_t)snprintf(remark, sizeof(remark), " … [%zu bytes cut]",
					      record->len - len);
	size = room_for(len + remark_len);
	place = make_room(ring, size);
	header = header_at(ring, place);
	header->instant = record->stamp.instant;
	header->len_digits = (uint32_t)(len + remark_len) | (uint32_t)record->stamp.digits
								    << LEN_BITS;
	header->origin = record->origin | (record->marker ? MARKER_BIT : 0);
	memcpy(header + 1, record->text, len);
	memcpy((char *)(header + 1) + len, remark, remark_len);
	ring->origins[record->origin].references++;
	ring->head = place + size;
	ring->places[ring->next % ring->max_lines] = (uint32_t)(place / GRAIN);
	ring->next++;
}

void
log_ring_range(const struct log_ring *ring, uint64_t *ret_first, uint64_t *ret_next)
{
	*ret_first = ring->first;
	*ret_next = ring->next;
}

bool
log_ring_get(const struct log_ring *ring, uint64_t number, struct log_record *ret_record)
{
	const struct header *header;

	if (number < ring->first || number >= ring->next)
		return false;
	header = header_at(ring, place_of(ring, number));
	*ret_record = (struct log_record){
		.origin = header->origin & ~MARKER_BIT,
		.stamp = { header->instant, (uint8_t)(header->len_digits >> LEN_BITS) },
		.text = (const char *)(header + 1),
		.len = len_of(header),
		.marker = (header->origin & MARKER_BIT) != 0,
	};
	return true;
}
