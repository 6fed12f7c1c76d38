#include "config.h"

#include "base/redactor.h"

#include <stdlib.h>
#include <string.h>

#include "base/automaton.h"
#include "base/bare.h"
#include "base/disguise.h"
#include "base/secret.h"
#include "base/xalloc.h"

enum {
	SLICE_BYTES = 64 << 10,
	/* So much of a secret at the end of a text that was cut counts as the secret. */
	CUT_MIN_BYTES = 12,
	/* Fewer bytes before a line end are not held back: any line may end in them, and must be seen. */
	HELD_MIN_BYTES = 4,
	APART_BYTES = 32, /* looked at twice before the two ways are compared again */
	/* A beginning that is spread over more of the stream than this is none. */
	SPREAD_MAX_BYTES = 256 << 10,
};

/* A stretch of the stream that is covered by secrets which overlap; positions count from its start. */
struct hit {
	size_t start, end;
	uint32_t owner; /* of the leftmost, and of those the longest */
};

/* A run of the bare text without a gap: where it stands in the bare text, and where in the stream. */
struct run {
	size_t bare, position;
};

/* The stream without escapes and wraps. What is open of it begins in the first of the runs. */
struct bare_view {
	struct bare scanner;
	uint32_t state;
	size_t len; /* of the bare text so far */
	struct run *runs;
	size_t run_count, run_cap;
};

struct redactor {
	struct secrets *secrets;
	struct automaton *automaton;
	unsigned generation; /* of the secrets that the automaton knows */
	uint32_t state;
	struct bare_view view;
	struct str held;  /* the end of the stream that the states stand for */
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
	free(r->view.runs);
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

static size_t
end_of(const struct redactor *r)
{
	return r->start + r->held.len;
}

/* Where a byte of the bare text stands in the stream; it is none from before the first run. */
static size_t
position_of(const struct bare_view *v, size_t bare)
{
	size_t i = v->run_count - 1;

	while (i > 0 && v->runs[i].bare > bare)
		i--;
	return v->runs[i].position + (bare - v->runs[i].bare);
}

/* Runs the automaton over some of held, as it is. */
static void
scan(struct redactor *r, size_t at, size_t stop)
{
	while (at < stop) {
		size_t len;
		uint32_t owner;

		at += automaton_scan(r->automaton, &r->state, r->held.data + at, stop - at);
		if (!automaton_match(r->automaton, r->state, &len, &owner))
			continue;
		add_hit(r, (struct hit){ r->start + at - len, r->start + at, owner });
		r->state = automaton_beginning(r->automaton, r->state);
	}
}

/*
 * A match in the bare text counts where something stands between its bytes; else it is one of the text
 * as it is too. Values of a few bytes would be found so in any two lines.
 */
static void
scan_bare(struct redactor *r, size_t at, size_t stop)
{
	struct bare_view *v = &r->view;

	while (at < stop) {
		size_t len, start,
			taken = automaton_scan(r->automaton, &v->state, r->held.data + at,
					       stop - at);
		uint32_t owner;

		at += taken;
		v->len += taken;
		if (!automaton_match(r->automaton, v->state, &len, &owner))
			continue;
		v->state = automaton_beginning(r->automaton, v->state);
		start = position_of(v, v->len - len);
		if (len >= SECRET_MIN_EVERYWHERE && r->start + at - start > len)
			add_hit(r, (struct hit){ start, r->start + at, owner });
	}
}

/*
 * Looks at a run of the bare text both ways. The bare text comes first: see add_hit(). As a rule both soon
 * stand for the same, and one look does for both.
 */
static void
scan_run(struct redactor *r, size_t at, size_t stop)
{
	struct bare_view *v = &r->view;

	if (v->state == 0)
		v->run_count = 0;
	*VEC_PUSH(v->runs, v->run_count, v->run_cap) = (struct run){ v->len, r->start + at };
	while (at < stop && v->state != r->state) {
		size_t next = stop - at < APART_BYTES ? stop : at + APART_BYTES;

		scan_bare(r, at, next);
		scan(r, at, next);
		at = next;
	}
	if (at == stop)
		return;
	scan(r, at, stop);
	v->len += stop - at;
	v->state = r->state;
}

static void
scan_both(struct redactor *r, size_t at)
{
	while (at < r->held.len) {
		const char *bytes = r->held.data + at;
		size_t left = r->held.len - at;
		size_t gap = bare_skip(&r->view.scanner, bytes, left);
		size_t stop = at + gap + bare_run(bytes + gap, left - gap);

		scan(r, at, at + gap);
		if (stop > at + gap)
			scan_run(r, at + gap, stop);
		at = stop;
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
	return end_of(r) - automaton_depth(r->automaton, r->state);
}

/* The same of the bare text. */
static size_t
open_bare_start(const struct redactor *r)
{
	const struct bare_view *v = &r->view;
	size_t depth = automaton_depth(r->automaton, v->state);

	return depth ? position_of(v, v->len - depth) : end_of(r);
}

/* What must be held back: everything behind. */
static size_t
first_open(const struct redactor *r)
{
	size_t open = open_start(r), bare = open_bare_start(r);

	if (r->view.scanner.indent && automaton_depth(r->automaton, r->view.state) < HELD_MIN_BYTES)
		return open;
	return open < bare ? open : bare;
}

static void
drop_shown(struct redactor *r)
{
	size_t keep = first_open(r);

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
	r->view.scanner = (struct bare)BARE_INIT;
	r->view.state = 0;
	r->view.run_count = 0;
	if (r->hit_count && r->hits[0].start >= r->start)
		r->hit_count = 0;
	else if (r->hit_count)
		r->hit_count = 1; /* its beginning is gone from held */
	scan_both(r, 0);
}

static void
push_slice(struct redactor *r, const char *bytes, size_t len, struct str *out)
{
	size_t before = r->held.len;

	str_append_bytes(&r->held, bytes, len);
	scan_both(r, before);
	if (end_of(r) - open_bare_start(r) > SPREAD_MAX_BYTES)
		r->view.state = 0;
	show(r, first_open(r), out);
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

/* Hides what the text ends in if that is so much of a secret that it must have been cut there. */
static void
hide_cut(struct redactor *r)
{
	const struct automaton *a = r->automaton;
	size_t end = end_of(r);

	if (automaton_depth(a, r->view.state) >= CUT_MIN_BYTES)
		add_hit(r, (struct hit){ open_bare_start(r), end,
					 automaton_owner_ahead(a, r->view.state) });
	if (automaton_depth(a, r->state) >= CUT_MIN_BYTES)
		add_hit(r, (struct hit){ open_start(r), end, automaton_owner_ahead(a, r->state) });
}

/* The states stay, so that a secret which was cut in two by a pause loses at least its second part. */
void
redactor_flush(struct redactor *r, struct str *out)
{
	if (!r->automaton)
		return;
	hide_cut(r);
	show(r, end_of(r), out);
	drop_shown(r);
}

/* The same as automaton_misses() for the bare text, where that is another. */
static bool
misses_bare(const struct automaton *a, const char *text, size_t len)
{
	struct bare scanner = BARE_INIT;
	uint32_t state = 0, owner;
	size_t at = 0, found;

	/* see scan_bare(): nothing of so few bytes counts that stands apart */
	if (len <= SECRET_MIN_EVERYWHERE || bare_run(text, len) == len)
		return true;
	while (at < len) {
		size_t run;

		at += bare_skip(&scanner, text + at, len - at);
		run = bare_run(text + at, len - at);
		if (automaton_scan(a, &state, text + at, run) < run ||
		    automaton_match(a, state, &found, &owner))
			return false;
		at += run;
	}
	return automaton_depth(a, state) < CUT_MIN_BYTES;
}

/* The usual case of a text: nothing in it is secret, and no copy has to be held. */
static bool
is_clean(const struct automaton *a, const char *text, size_t len)
{
	return automaton_misses(a, text, len, CUT_MIN_BYTES) && misses_bare(a, text, len);
}

static void
push_all(struct redactor *r, const char *text, size_t len, struct str *out)
{
	for (size_t at = 0; at < len; at += SLICE_BYTES)
		push_slice(r, text + at, len - at < SLICE_BYTES ? len - at : SLICE_BYTES, out);
}

enum { MARK_BYTES = 3 };

/*
 * Where a mark begins behind the first byte, or len. Most texts are short, and hold not even its first byte: memmem()
 * would spend more on getting ready.
 */
static size_t
find_mark(const char *text, size_t len, const char *mark)
{
	for (size_t at = 1; at + MARK_BYTES <= len; at++) {
		const char *found = memchr(text + at, mark[0], len - (MARK_BYTES - 1) - at);

		if (!found)
			break;
		at = (size_t)(found - text);
		if (memcmp(found, mark, MARK_BYTES) == 0)
			return at;
	}
	return len;
}

/* The bytes up to the next ellipsis, or all. */
static size_t
uncut_length(const char *text, size_t len)
{
	size_t dots = find_mark(text, len, "..."), sign = find_mark(text, len, "…");

	return dots < sign ? dots : sign;
}

/*
 * Whether a clean text was cut within itself where a secret begins. What stands before a mark must be
 * long enough for so much of one.
 */
static bool
is_uncut(const struct automaton *a, const char *text, size_t len)
{
	size_t at = CUT_MIN_BYTES - 1;

	if (len < CUT_MIN_BYTES + MARK_BYTES)
		return true;
	while ((at += uncut_length(text + at, len - at)) < len)
		if (!is_clean(a, text, at))
			return false;
	return true;
}

/* Whether nothing in a text that may have been cut is secret. */
static bool
is_clean_message(const struct automaton *a, const char *text, size_t len)
{
	return !a || (is_clean(a, text, len) && is_uncut(a, text, len));
}

static void
push_message(const struct automaton *a, const char *text, size_t len, struct str *out)
{
	struct redactor r = { .automaton = (struct automaton *)(uintptr_t)a };

	for (size_t at = 0, uncut; at < len; at += uncut) {
		uncut = uncut_length(text + at, len - at);
		push_all(&r, text + at, uncut, out);
		hide_cut(&r);
	}
	redactor_flush(&r, out);
	release(&r);
}

void
redactor_message(const struct automaton *a, const char *text, size_t len_bytes, struct str *out)
{
	if (is_clean_message(a, text, len_bytes))
		str_append_bytes(out, text, len_bytes);
	else
		push_message(a, text, len_bytes, out);
	str_append(out, ""); /* a C string, even of no bytes */
}

bool
redactor_misses(struct redactor *r, const char *text, size_t len_bytes)
{
	renew(r);
	return is_clean_message(r->automaton, text, len_bytes);
}

void
redactor_text(struct redactor *r, const char *text, size_t len_bytes, struct str *out)
{
	renew(r);
	if (r->automaton && !is_clean(r->automaton, text, len_bytes)) {
		struct redactor own = { .automaton = r->automaton };

		push_all(&own, text, len_bytes, out);
		redactor_flush(&own, out);
		release(&own);
	} else {
		str_append_bytes(out, text, len_bytes);
	}
	str_append(out, ""); /* a C string, even of no bytes */
}
