#ifndef LIFEBOAT_TESTS_FIXTURE_STORE_H
#define LIFEBOAT_TESTS_FIXTURE_STORE_H

/* A store with the namespace "ns", and its writes with less words: what fails unexpectedly fails the test. */

#include "fixture_object.h"
#include "world/object/store.h"

struct shelves {
	struct kinds *kinds;
	struct store *store;
	struct refusal r; /* of the last write that was refused */
	bool gone;	  /* of the last deletion */
};

static inline const struct kind *
store_kind(struct shelves *s, const char *word)
{
	const struct kind *kind = kinds_by_word(s->kinds, word);

	assert_non_null(kind);
	return kind;
}

/* NULL: it was refused. The caller drops. */
static inline const struct stored *
try_create(struct shelves *s, const char *word, const char *text, const struct store_write *how)
{
	static const struct store_write usual;
	const struct stored *stored = NULL;

	refusal_release(&s->r);
	if (store_create(s->store, store_kind(s, word), "ns", object_of(text), how ? how : &usual,
			 &stored, &s->r) < 0)
		assert_null(stored);
	return stored;
}

static inline const struct stored *
create(struct shelves *s, const char *word, const char *text)
{
	const struct stored *stored = try_create(s, word, text, NULL);

	if (!stored)
		fail_msg("%s", s->r.message);
	return stored;
}

/* Makes it, and keeps nothing. */
static inline void
make(struct shelves *s, const char *word, const char *text)
{
	stored_drop(create(s, word, text));
}

static inline const struct stored *
try_update(struct shelves *s, const char *word, const char *name, const char *text,
	   const struct store_write *how)
{
	static const struct store_write usual;
	const struct stored *stored = NULL;

	refusal_release(&s->r);
	if (store_update(s->store, store_kind(s, word), "ns", name, object_of(text),
			 how ? how : &usual, &stored, &s->r) < 0)
		assert_null(stored);
	return stored;
}

static inline const struct stored *
update(struct shelves *s, const char *word, const char *name, const char *text)
{
	const struct stored *stored = try_update(s, word, name, text, NULL);

	if (!stored)
		fail_msg("%s", s->r.message);
	return stored;
}

static inline const struct stored *
try_delete(struct shelves *s, const char *word, const char *name, const struct store_write *how)
{
	static const struct store_write usual = { .grace_s = -1 };
	const struct stored *stored = NULL;

	refusal_release(&s->r);
	if (store_delete(s->store, store_kind(s, word), "ns", name, how ? how : &usual, &stored,
			 &s->gone, &s->r) < 0)
		assert_null(stored);
	return stored;
}

static inline bool
exists(struct shelves *s, const char *word, const char *name)
{
	const struct stored *stored = store_get(s->store, store_kind(s, word), "ns", name);

	stored_drop(stored);
	return stored;
}

static inline int
shelves_up(void **state)
{
	struct shelves *s = xcalloc(1, sizeof(*s));

	s->kinds = kinds_new();
	s->store = store_new(s->kinds);
	make(s, "ns", "{'metadata':{'name':'ns'}}");
	*state = s;
	return 0;
}

static inline int
shelves_down(void **state)
{
	struct shelves *s = *state;

	refusal_release(&s->r);
	store_free(s->store);
	kinds_free(s->kinds);
	free(s);
	return 0;
}

#endif
