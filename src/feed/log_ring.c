#include "config.h"

#include "feed/log_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { FIRST_SLOTS = 64, MAX_LABEL = 1024, MIN_BYTES_A_SLOT = 32 };

/* Where a line lies in the buffer: origin, stamp and text, each with its NUL. */
struct slot {
	uint32_t at;
	uint32_t size;
	uint16_t stamp_at; /* from `at` */
	uint16_t text_at;
	bool marker;
};

struct log_ring {
	char *bytes;
	size_t size;
	size_t head;	    /* where the next line goes */
	struct slot *slots; /* slot of a number: number & (slots_count - 1) */
	size_t slots_count; /* a power of two */
	uint64_t first, next;
};

struct log_ring *
log_ring_new(size_t max_bytes)
{
	struct log_ring *ring = xcalloc(1, sizeof(*ring));

	ring->size = max_bytes < LOG_RING_MIN_BYTES ? LOG_RING_MIN_BYTES
		     : max_bytes > UINT32_MAX	    ? UINT32_MAX
						    : max_bytes;
	ring->bytes = xmalloc(ring->size);
	ring->slots_count = FIRST_SLOTS;
	ring->slots = xreallocarray(NULL, ring->slots_count, sizeof(*ring->slots));
	return ring;
}

void
log_ring_free(struct log_ring *ring)
{
	if (!ring)
		return;
	free(ring->bytes);
	free(ring->slots);
	free(ring);
}

static struct slot *
slot_of(const struct log_ring *ring, uint64_t number)
{
	return &ring->slots[number & (ring->slots_count - 1)];
}

/* One slot more: by more memory while that is fair to the bytes, or else by one line less. */
static void
make_slot(struct log_ring *ring)
{
	size_t count = ring->slots_count * 2;
	struct slot *slots;

	if (ring->next - ring->first < ring->slots_count)
		return;
	if (count > ring->size / MIN_BYTES_A_SLOT) {
		ring->first++;
		return;
	}
	slots = xreallocarray(NULL, count, sizeof(*slots));
	for (uint64_t n = ring->first; n < ring->next; n++)
		slots[n & (count - 1)] = *slot_of(ring, n);
	free(ring->slots);
	ring->slots = slots;
	ring->slots_count = count;
}

/* True where the oldest line lies within [at, at + size). */
static bool
oldest_is_within(const struct log_ring *ring, size_t at, size_t size)
{
	const struct slot *oldest = slot_of(ring, ring->first);

	return ring->first < ring->next && oldest->at < at + size && at < oldest->at + oldest->size;
}

/* Makes `size` bytes free at the head, which wraps where the end is too near. */
static size_t
make_room(struct log_ring *ring, size_t size)
{
	if (ring->size - ring->head < size) {
		/* what lies between here and the end is older than anything at the beginning */
		while (oldest_is_within(ring, ring->head, ring->size - ring->head))
			ring->first++;
		ring->head = 0;
	}
	while (oldest_is_within(ring, ring->head, size))
		ring->first++;
	return ring->head;
}

static size_t
bounded(const char *text)
{
	size_t len = strlen(text);

	return len < MAX_LABEL ? len : MAX_LABEL - 1;
}

static char *
put(char *to, const char *bytes, size_t len)
{
	memcpy(to, bytes, len);
	to[len] = '\0';
	return to + len + 1;
}

/* The length of a text that is cut to `room`, at the beginning of a character. */
static size_t
cut_length(const char *text, size_t len, size_t room)
{
	if (len <= room)
		return len;
	while (room && ((unsigned char)text[room] & 0xc0) == 0x80)
		room--;
	return room;
}

void
log_ring_add(struct log_ring *ring, const char *origin, const char *stamp, const char *text,
	     size_t len_bytes, bool marker)
{
	size_t origin_len = bounded(origin), stamp_len = bounded(stamp), remark_len = 0, size;
	size_t len = cut_length(text, len_bytes, ring->size / 8);
	char remark[64], *to;
	struct slot slot;

	if (len < len_bytes)
		remark_len = (size_t)snprintf(remark, sizeof(remark), " … [%zu bytes cut]",
					      len_bytes - len);
	size = origin_len + 1 + stamp_len + 1 + len + remark_len + 1;
	make_slot(ring);
	slot.at = (uint32_t)make_room(ring, size);
	slot.size = (uint32_t)size;
	slot.stamp_at = (uint16_t)(origin_len + 1);
	slot.text_at = (uint16_t)(origin_len + 1 + stamp_len + 1);
	slot.marker = marker;
	to = put(ring->bytes + slot.at, origin, origin_len);
	to = put(to, stamp, stamp_len);
	to = put(to, text, len);
	if (remark_len)
		put(to - 1, remark, remark_len);
	ring->head = slot.at + size;
	*slot_of(ring, ring->next) = slot;
	ring->next++;
}

void
log_ring_range(const struct log_ring *ring, uint64_t *ret_first, uint64_t *ret_next)
{
	*ret_first = ring->first;
	*ret_next = ring->next;
}

bool
log_ring_get(const struct log_ring *ring, uint64_t number, struct log_line *ret_line)
{
	const struct slot *slot;

	if (number < ring->first || number >= ring->next)
		return false;
	slot = slot_of(ring, number);
	*ret_line = (struct log_line){
		.number = number,
		.origin = ring->bytes + slot->at,
		.stamp = ring->bytes + slot->at + slot->stamp_at,
		.text = ring->bytes + slot->at + slot->text_at,
		.marker = slot->marker,
	};
	return true;
}
