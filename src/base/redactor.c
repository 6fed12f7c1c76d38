#include "config.h"

#include "base/redactor.h"

#include <stdlib.h>

#include "base/automaton.h"
#include "base/secret.h"
#include "base/xalloc.h"

enum {
	SLICE_BYTES = 64 << 10,
	/* So much of a secret at the end of a text that was cut counts as the secret. */
	CUT_MIN_BYTES = 12,
};

/* A stretch of the stream that is covered by secrets which overlap; positions count from its start. */
struct hit {
	size_t start, end;
	uint32_t owner; /* of the leftmost, and of those the longest */
};

struct redactor {
	struct secrets *secrets;
	struct automaton *automaton;
	unsigned generation; /* of the secrets that the automaton knows */
	uint32_t state;
	struct str held;  /* the end of the stream that the state stands for */
	size_t start;	  /* the position of held */
	size_t shown;	  /* up to here all is written, or belongs to the first hit */
	struct hit *hits; /* apart from each other, in order */
	size_t hit_count, hit_cap;
};

struct redactor *
redactor_new(struct secrets *s)
{
	struct redactor *r = xcalloc(1, sizeof(*r));

	r->secrets = s;
	return r;
}

static void
release(struct redactor *r)
{
	str_release_secret(&r->held);
	free(r->hits);
}

void
redactor_free(struct redactor *r)
{
	if (!r)
		return;
	automaton_unref(r->automaton);
	release(r);
	free(r);
}

/* Adds a stretch, made one with those that it overlaps: no part of a second secret may stay. */
static void
add_hit(struct redactor *r, struct hit hit)
{
	while (r->hit_count && r->hits[r->hit_count - 1].end > hit.start) {
		struct hit last = r->hits[--r->hit_count];

		if (last.start < hit.start || (last.start == hit.start && last.end >= hit.end))
			hit.owner = last.owner;
		hit.start = last.start < hit.start ? last.start : hit.start;
		hit.end = last.end > hit.end ? last.end : hit.end;
	}
	*VEC_PUSH(r->hits, r->hit_count, r->hit_cap) = hit;
}

/* Runs the automaton over held from an offset on. */
static void
scan(struct redactor *r, size_t at)
{
	while (at < r->held.len) {
		size_t len;
		uint32_t owner;

		at += automaton_scan(r->automaton, &r->state, r->held.data + at, r->held.len - at);
		if (automaton_match(r->automaton, r->state, &len, &owner))
			add_hit(r, (struct hit){ r->start + at - len, r->start + at, owner });
	}
}

static void
show_until(struct redactor *r, size_t position, struct str *out)
{
	if (position <= r->shown)
		return;
	str_append_bytes(out, r->held.data + (r->shown - r->start), position - r->shown);
	r->shown = position;
}

static void
show_hit(struct redactor *r, const struct hit *hit, struct str *out)
{
	if (hit->end <= r->shown)
		return;
	str_printf(out, "‹secret:%s›", automaton_owner_name(r->automaton, hit->owner));
	r->shown = hit->end;
}

/* Writes all that no match to come can begin before: everything up to position `certain`. */
static void
show(struct redactor *r, size_t certain, struct str *out)
{
	size_t done = 0;

	for (; done < r->hit_count && r->hits[done].end <= certain; done++) {
		show_until(r, r->hits[done].start, out);
		show_hit(r, &r->hits[done], out);
	}
	if (done < r->hit_count && r->hits[done].start < certain) {
		show_until(r, r->hits[done].start, out);
		r->shown = certain > r->shown ? certain : r->shown;
	} else {
		show_until(r, certain, out);
	}
	for (size_t i = done; i < r->hit_count; i++)
		r->hits[i - done] = r->hits[i];
	r->hit_count -= done;
}

/* Where the longest beginning of a secret starts that the stream ends in. */
static size_t
open_start(const struct redactor *r)
{
	return r->start + r->held.len - automaton_depth(r->automaton, r->state);
}

static void
drop_shown(struct redactor *r)
{
	size_t keep = open_start(r);

	str_consume(&r->held, keep - r->start);
	r->start = keep;
}

/* Takes the newest automaton; what is held is looked at again, for values registered since. */
static void
renew(struct redactor *r)
{
	unsigned generation = secrets_generation(r->secrets);

	if (generation == r->generation)
		return;
	/* read before, so that what is registered meanwhile is at worst looked for once more */
	r->generation = generation;
	struct automaton *fresh = secrets_automaton(r->secrets);
	automaton_unref(r->automaton);
	r->automaton = fresh;
	r->state = 0;
	if (r->hit_count && r->hits[0].start >= r->start)
		r->hit_count = 0;
	else if (r->hit_count)
		r->hit_count = 1; /* its beginning is gone from held */
	scan(r, 0);
}

static void
push_slice(struct redactor *r, const char *bytes, size_t len, struct str *out)
{
	size_t before = r->held.len;

	str_append_bytes(&r->held, bytes, len);
	scan(r, before);
	show(r, open_start(r), out);
	drop_shown(r);
}

void
redactor_push(struct redactor *r, const char *bytes, size_t len_bytes, struct str *out)
{
	renew(r);
	if (!r->automaton) {
		str_append_bytes(out, bytes, len_bytes);
		return;
	}
	while (len_bytes) {
		size_t len = len_bytes < SLICE_BYTES ? len_bytes : SLICE_BYTES;

		push_slice(r, bytes, len, out);
		bytes += len;
		len_bytes -= len;
	}
}

/* The state stays, so that a secret which was cut in two by a pause loses at least its second part. */
void
redactor_flush(struct redactor *r, struct str *out)
{
	size_t end = r->start + r->held.len;

	if (!r->automaton)
		return;
	if (end - open_start(r) >= CUT_MIN_BYTES)
		add_hit(r, (struct hit){ open_start(r), end,
					 automaton_owner_ahead(r->automaton, r->state) });
	show(r, end, out);
	drop_shown(r);
}

/* The usual case of a text: nothing in it is secret, and no copy has to be held. */
static bool
is_clean(const struct automaton *a, const char *text, size_t len)
{
	uint32_t state = 0, owner;
	size_t found;

	return automaton_scan(a, &state, text, len) == len &&
	       !automaton_match(a, state, &found, &owner) &&
	       automaton_depth(a, state) < CUT_MIN_BYTES;
}

void
redactor_whole(const struct automaton *a, const char *text, size_t len_bytes, struct str *out)
{
	struct redactor r = { .automaton = (struct automaton *)(uintptr_t)a };

	if (a && !is_clean(a, text, len_bytes)) {
		for (size_t at = 0; at < len_bytes; at += SLICE_BYTES)
			push_slice(&r, text + at,
				   len_bytes - at < SLICE_BYTES ? len_bytes - at : SLICE_BYTES,
				   out);
		redactor_flush(&r, out);
		release(&r);
	} else {
		str_append_bytes(out, text, len_bytes);
	}
	str_append(out, ""); /* a C string, even of no bytes */
}

void
redactor_text(struct redactor *r, const char *text, size_t len_bytes, struct str *out)
{
	renew(r);
	redactor_whole(r->automaton, text, len_bytes, out);
}
