#include "config.h"

#include "base/automaton.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "base/xalloc.h"

/*
 * Patterns are inserted in order, so that what is new of one becomes a chain of nodes one behind the
 * other: the child of node n is n+1, as a rule, and only forks are stored. A node costs 10 bytes,
 * where a table of 256 successors would cost a kilobyte.
 */
enum node_flags {
	NODE_CHAIN = 1 << 0, /* n+1 is a child */
	NODE_FORK = 1 << 1,  /* there are more children, in `forks` */
	NODE_END = 1 << 2,   /* a pattern ends here */
	NODE_MATCH = 1 << 3, /* one ends here or in a node of the fail chain */
};

enum {
	MAX_WINDOW = 16,
	GRAM = 4, /* bytes that are looked up at once */
	HASH_BITS = 16,
	HASHES = 1 << HASH_BITS,
};

struct fork {
	uint32_t from, to;
	unsigned char byte;
};

struct end {
	uint32_t node, owner;
};

struct automaton {
	atomic_uint references;
	uint32_t count;
	struct guarded labels; /* the byte that leads to each node: secret, in sum */
	unsigned char *flags;
	uint32_t *depth;
	uint32_t *fail;
	struct fork *forks; /* by from, then byte */
	size_t fork_count, fork_cap;
	struct end *ends; /* by node */
	size_t end_count;
	size_t window;		 /* bytes that every pattern has, MAX_WINDOW at most; 0: no leaps */
	size_t stride;		 /* the longest leap */
	struct guarded skips;	 /* by the hash of a gram: see fill_skips() */
	uint32_t first[256];	 /* from node 0, by byte */
	uint32_t (*second)[256]; /* from the nodes below it, by their label: most of any text */
	char **names;
	size_t name_count;
};

static unsigned char
label_of(const struct automaton *a, uint32_t node)
{
	return (unsigned char)a->labels.data[node];
}

static int
compare_needles(const void *left, const void *right, void *texts)
{
	const struct needle *a = left, *b = right;
	int order = memcmp((const char *)texts + a->offset, (const char *)texts + b->offset,
			   a->len < b->len ? a->len : b->len);

	if (order == 0)
		order = (a->len > b->len) - (a->len < b->len);
	return order ? order : (a->owner > b->owner) - (a->owner < b->owner);
}

static int
compare_forks(const void *left, const void *right)
{
	const struct fork *a = left, *b = right;
	int order = (a->from > b->from) - (a->from < b->from);

	return order ? order : a->byte - b->byte;
}

static int
compare_ends(const void *left, const void *right)
{
	const struct end *a = left, *b = right;

	return (a->node > b->node) - (a->node < b->node);
}

static uint32_t
add_node(struct automaton *a, uint32_t parent, unsigned char byte)
{
	uint32_t node = a->count++;

	a->labels.data[node] = (char)byte;
	a->depth[node] = a->depth[parent] + 1;
	if (parent == 0) {
		a->first[byte] = node;
	} else if (parent == node - 1) {
		a->flags[parent] |= NODE_CHAIN;
	} else {
		a->flags[parent] |= NODE_FORK;
		*VEC_PUSH(a->forks, a->fork_count, a->fork_cap) =
			(struct fork){ parent, node, byte };
	}
	return node;
}

static size_t
common_prefix(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = 0;

	while (n < a_len && n < b_len && a[n] == b[n])
		n++;
	return n;
}

/* Makes the tree; parents[n] becomes the parent of node n. */
static void
add_needles(struct automaton *a, const char *texts, const struct needle *needles, size_t count,
	    uint32_t *parents)
{
	size_t longest = 0;

	for (size_t i = 0; i < count; i++)
		longest = needles[i].len > longest ? needles[i].len : longest;
	uint32_t *path = xcalloc(longest + 1, sizeof(*path));
	struct needle last = { 0 };

	for (size_t i = 0; i < count; i++) {
		const char *text = texts + needles[i].offset;
		size_t depth = common_prefix(texts + last.offset, last.len, text, needles[i].len);

		if (depth == needles[i].len)
			continue; /* the same text of another owner */
		for (; depth < needles[i].len; depth++) {
			uint32_t node = add_node(a, path[depth], (unsigned char)text[depth]);

			parents[node] = path[depth];
			path[depth + 1] = node;
		}
		a->flags[a->count - 1] |= NODE_END | NODE_MATCH;
		a->ends[a->end_count++] = (struct end){ a->count - 1, needles[i].owner };
		last = needles[i];
	}
	free(path);
}

/* The child of a node by a byte, or 0. */
static uint32_t
child_of(const struct automaton *a, uint32_t node, unsigned char byte)
{
	if (node == 0)
		return a->first[byte];
	if ((a->flags[node] & NODE_CHAIN) && label_of(a, node + 1) == byte)
		return node + 1;
	if (a->flags[node] & NODE_FORK) {
		struct fork key = { .from = node, .byte = byte };
		const struct fork *found =
			bsearch(&key, a->forks, a->fork_count, sizeof(key), compare_forks);
		return found ? found->to : 0;
	}
	return 0;
}

/* All nodes by depth, so that each comes after every node that its fail link may name. */
static uint32_t *
order_by_depth(const struct automaton *a)
{
	uint32_t *order = xcalloc(a->count, sizeof(*order));
	uint32_t *place = xcalloc((size_t)a->count + 1, sizeof(*place));

	for (uint32_t n = 0; n < a->count; n++)
		place[a->depth[n] + 1]++;
	for (uint32_t n = 1; n < a->count; n++)
		place[n] += place[n - 1];
	for (uint32_t n = 0; n < a->count; n++)
		order[place[a->depth[n]]++] = n;
	free(place);
	return order;
}

static void
link_nodes(struct automaton *a, const uint32_t *parents)
{
	uint32_t *order = order_by_depth(a);

	for (uint32_t i = 1; i < a->count; i++) {
		uint32_t node = order[i], at = parents[node], target = 0;

		while (at != 0 && target == 0) {
			at = a->fail[at];
			target = child_of(a, at, label_of(a, node));
		}
		a->fail[node] = target;
		a->flags[node] |= a->flags[target] & NODE_MATCH;
	}
	free(order);
}

static void
fill_second(struct automaton *a)
{
	a->second = xcalloc(256, sizeof(*a->second));
	for (unsigned b = 0; b < 256; b++)
		for (unsigned c = 0; a->first[b] && c < 256; c++) {
			uint32_t child = child_of(a, a->first[b], (unsigned char)c);

			a->second[b][c] = child ? child : a->first[c];
		}
}

static unsigned
hash_at(const char *bytes)
{
	uint32_t gram;

	_Static_assert(sizeof(gram) == GRAM, "a gram is a word");
	memcpy(&gram, bytes, sizeof(gram));
	return gram * UINT32_C(2654435761) >> (32 - HASH_BITS);
}

/*
 * How far the beginning of a match lies at least behind the beginning of a window, by the gram that the
 * window ends in: one that is in no pattern's first bytes lets a search leap over nearly all of the
 * window, and most text is made of such. Source: Wu and Manber, "A fast algorithm for multi-pattern
 * searching", TR 94-17, University of Arizona (1994).
 */
static void
fill_skips(struct automaton *a, const char *texts, const struct needle *needles, size_t count)
{
	char *skips = guarded_reserve(&a->skips, HASHES);

	a->window = MAX_WINDOW;
	for (size_t i = 0; i < count; i++)
		a->window = needles[i].len < a->window ? needles[i].len : a->window;
	if (a->window < GRAM)
		a->window = 0;
	a->stride = a->window ? a->window - GRAM + 1 : 0;
	memset(skips, (int)a->stride, HASHES);
	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at + GRAM <= a->window; at++) {
			char *skip = &skips[hash_at(texts + needles[i].offset + at)];
			size_t wanted = a->window - GRAM - at;

			if (wanted < (size_t)*skip)
				*skip = (char)wanted;
		}
}

struct automaton *
automaton_new(const char *texts, struct needle *needles, size_t count, const char *const *names,
	      size_t name_count)
{
	struct automaton *a = xcalloc(1, sizeof(*a));
	size_t most = 1;

	qsort_r(needles, count, sizeof(*needles), compare_needles, (void *)(uintptr_t)texts);
	for (size_t i = 0; i < count; i++)
		most += needles[i].len;
	atomic_init(&a->references, 1);
	a->count = 1;
	guarded_reserve(&a->labels, most);
	a->flags = xcalloc(most, sizeof(*a->flags));
	a->depth = xcalloc(most, sizeof(*a->depth));
	a->fail = xcalloc(most, sizeof(*a->fail));
	a->ends = xcalloc(count, sizeof(*a->ends));
	uint32_t *parents = xcalloc(most, sizeof(*parents));
	add_needles(a, texts, needles, count, parents);
	if (a->fork_count)
		qsort(a->forks, a->fork_count, sizeof(*a->forks), compare_forks);
	link_nodes(a, parents);
	fill_second(a);
	fill_skips(a, texts, needles, count);
	free(parents);
	a->names = xcalloc(name_count, sizeof(*a->names));
	for (a->name_count = 0; a->name_count < name_count; a->name_count++)
		a->names[a->name_count] = xstrdup(names[a->name_count]);
	return a;
}

struct automaton *
automaton_ref(struct automaton *a)
{
	atomic_fetch_add(&a->references, 1);
	return a;
}

void
automaton_unref(struct automaton *a)
{
	if (!a || atomic_fetch_sub(&a->references, 1) != 1)
		return;
	guarded_release(&a->labels);
	free(a->flags);
	free(a->depth);
	free(a->fail);
	free(a->forks);
	free(a->ends);
	free(a->second);
	guarded_release(&a->skips);
	for (size_t i = 0; i < a->name_count; i++)
		free(a->names[i]);
	free(a->names);
	free(a);
}

static uint32_t
step(const struct automaton *a, uint32_t state, unsigned char byte)
{
	while (a->depth[state] > 1) {
		uint32_t child = child_of(a, state, byte);

		if (child)
			return child;
		state = a->fail[state];
	}
	return state ? a->second[label_of(a, state)][byte] : a->first[byte];
}

/*
 * Where a match may begin that the bytes up to `from` have no part in, at the earliest. What lies before
 * cannot begin one, whatever a pattern's first bytes seemed to be there. Four of the longest leaps are
 * tried at once, as each would have to wait for the one before.
 */
static size_t
leap(const struct automaton *a, const char *bytes, size_t len, size_t from)
{
	const unsigned char *skips = (const unsigned char *)a->skips.data;
	const size_t stride = a->stride, last = a->window - GRAM;
	unsigned char skip;

	while (from + a->window + 3 * stride <= len) {
		const char *at = bytes + from + last;
		size_t sum = (size_t)skips[hash_at(at)] + skips[hash_at(at + stride)] +
			     skips[hash_at(at + 2 * stride)] + skips[hash_at(at + 3 * stride)];

		if (sum != 4 * stride)
			break;
		from += sum;
	}
	while (from + a->window <= len && (skip = skips[hash_at(bytes + from + last)]))
		from += skip;
	return from;
}

/* automaton_scan(), which ends early, in the state 0, where less than `short_of` bytes are left to look at. */
static inline size_t
scan(const struct automaton *a, uint32_t *state, const char *bytes, size_t len, size_t short_of)
{
	uint32_t at = *state;
	size_t i = 0;

	while (i < len) {
		size_t depth = a->depth[at];

		/* a beginning that is shorter than a window may be found to be none by its end */
		if (depth < a->window && depth <= i) {
			size_t next = leap(a, bytes, len, i - depth);

			if (next != i - depth) {
				at = 0;
				i = next + short_of > len ? len : next;
				continue;
			}
		}
		at = step(a, at, (unsigned char)bytes[i++]);
		if (a->flags[at] & NODE_MATCH)
			break;
	}
	*state = at;
	return i;
}

size_t
automaton_scan(const struct automaton *a, uint32_t *state, const char *bytes, size_t len_bytes)
{
	return scan(a, state, bytes, len_bytes, 0);
}

bool
automaton_misses(const struct automaton *a, const char *bytes, size_t len_bytes, size_t cut)
{
	size_t short_of = a->window < cut ? a->window : cut;
	uint32_t state = 0;

	if (len_bytes < short_of)
		return true; /* too short for a pattern, and for the beginning of one */
	return scan(a, &state, bytes, len_bytes, short_of) == len_bytes &&
	       !(a->flags[state] & NODE_MATCH) && a->depth[state] < cut;
}

size_t
automaton_depth(const struct automaton *a, uint32_t state)
{
	return a->depth[state];
}

static uint32_t
owner_of_end(const struct automaton *a, uint32_t node)
{
	struct end key = { .node = node };
	const struct end *found = bsearch(&key, a->ends, a->end_count, sizeof(key), compare_ends);

	return found ? found->owner : 0; /* found: every such node has its row */
}

bool
automaton_match(const struct automaton *a, uint32_t state, size_t *ret_len, uint32_t *ret_owner)
{
	if (!(a->flags[state] & NODE_MATCH))
		return false;
	while (!(a->flags[state] & NODE_END))
		state = a->fail[state];
	*ret_len = a->depth[state];
	*ret_owner = owner_of_end(a, state);
	return true;
}

uint32_t
automaton_beginning(const struct automaton *a, uint32_t state)
{
	while (state != 0 && !(a->flags[state] & (NODE_CHAIN | NODE_FORK)))
		state = a->fail[state];
	return state;
}

uint32_t
automaton_owner_ahead(const struct automaton *a, uint32_t state)
{
	while (!(a->flags[state] & NODE_END))
		state++; /* the first child of a node is the next one */
	return owner_of_end(a, state);
}

const char *
automaton_owner_name(const struct automaton *a, uint32_t owner)
{
	return a->names[owner];
}
