#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "fixture_store.h"

enum { LONG_MS = 20000 }; /* a wait that ends at once where all is well */

static struct store_watch *
watch(struct shelves *s, const char *word, const char *ns, uint64_t version)
{
	struct store_watch *watch;

	refusal_release(&s->r);
	if (store_watch_new(s->store, word ? store_kind(s, word) : NULL, ns, version, &watch,
			    &s->r) < 0)
		return NULL;
	return watch;
}

/* "+a" for an addition, "~a" and "-a"; "" for nothing within the time. The caller frees. */
static char *
next(struct store_watch *watch, int64_t timeout_ms)
{
	static const char signs[] = {
		[STORE_ADDED] = '+', [STORE_MODIFIED] = '~', [STORE_DELETED] = '-'
	};
	struct refusal r = REFUSAL_INIT;
	struct store_event event;
	char *text;

	if (store_watch_next(watch, timeout_ms, &event, &r) < 0) {
		text = xasprintf("%d %s", r.code, r.reason);
		refusal_release(&r);
		return text;
	}
	if (event.type == STORE_NOTHING)
		return xstrdup("");
	assert_int_equal(event.version, event.stored->version);
	assert_int_equal(event.before != NULL, event.type != STORE_ADDED);
	text = xasprintf("%c%s", signs[event.type], event.stored->name);
	stored_drop(event.stored);
	stored_drop(event.before);
	return text;
}

static void
assert_next(struct store_watch *watch, const char *expected)
{
	char *text = next(watch, *expected ? LONG_MS : 0);

	assert_string_equal(text, expected);
	free(text);
}

static void
make_in(struct shelves *s, const char *word, const char *ns, const char *text)
{
	const struct store_write how = { .grace_s = -1 };
	const struct stored *stored;

	assert_int_equal(store_create(s->store, store_kind(s, word), ns, object_of(text), &how,
				      &stored, &s->r),
			 0);
	stored_drop(stored);
}

/* ---- list ---- */

/* "ns/a other/b". The caller frees. */
static char *
list(struct shelves *s, const char *word, const char *ns)
{
	struct str text = STR_INIT;
	uint64_t version;
	size_t count;
	const struct stored **items =
		store_list(s->store, store_kind(s, word), ns, &count, &version);

	assert_int_equal(version, store_version(s->store));
	for (size_t i = 0; i < count; i++) {
		str_printf(&text, "%s%s/%s", i ? " " : "", items[i]->ns, items[i]->name);
		stored_drop(items[i]);
	}
	free(items);
	return str_take(&text);
}

static void
list_is_by_namespace_and_name(void **state)
{
	static const char *const cases[][2] = {
		{ NULL, "ns/a ns/b ns/c ns2/a other/z" },
		{ "ns", "ns/a ns/b ns/c" },
		{ "ns2", "ns2/a" },
		{ "none", "" },
	};
	struct shelves *s = *state;

	make(s, "ns", "{'metadata':{'name':'other'}}");
	make(s, "ns", "{'metadata':{'name':'ns2'}}");
	make_in(s, "cm", "other", "{'metadata':{'name':'z'}}");
	make_in(s, "cm", "ns", "{'metadata':{'name':'b'}}");
	make_in(s, "cm", "ns2", "{'metadata':{'name':'a'}}");
	make_in(s, "cm", "ns", "{'metadata':{'name':'c'}}");
	make_in(s, "cm", "ns", "{'metadata':{'name':'a'}}");
	make_in(s, "secret", "ns", "{'metadata':{'name':'s'}}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = list(s, "cm", cases[i][0]);

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

/* ---- watch ---- */

static void
watch_tells_of_every_change_in_order(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);

	assert_next(w, "");
	make(s, "cm", "{'metadata':{'name':'a'}}");
	make(s, "secret", "{'metadata':{'name':'s'}}");
	stored_drop(update(s, "cm", "a", "{'data':{'x':'1'}}"));
	stored_drop(update(s, "cm", "a", "{'data':{'x':'1'}}"));
	stored_drop(try_delete(s, "cm", "a", NULL));
	assert_next(w, "+a");
	assert_next(w, "~a");
	assert_next(w, "-a");
	assert_next(w, "");
	store_watch_free(w);
}

static void
watch_from_a_version_tells_what_came_behind_it(void **state)
{
	struct shelves *s = *state;
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'}}");

	make(s, "cm", "{'metadata':{'name':'b'}}");
	struct store_watch *w = watch(s, NULL, NULL, a->version);
	assert_next(w, "+b");
	assert_next(w, "");
	store_watch_free(w);
	stored_drop(a);
}

static void
watch_of_one_namespace_leaves_others_out(void **state)
{
	struct shelves *s = *state;

	make(s, "ns", "{'metadata':{'name':'other'}}");
	struct store_watch *w = watch(s, NULL, "ns", 0);
	make_in(s, "cm", "other", "{'metadata':{'name':'b'}}");
	make_in(s, "secret", "ns", "{'metadata':{'name':'c'}}");
	assert_next(w, "+c");
	assert_next(w, "");
	store_watch_free(w);
}

static void
watch_of_two_groups_sees_the_same_events(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "events.events.k8s.io", NULL, 0);

	make(s, "events", "{'metadata':{'name':'a'}}");
	assert_next(w, "+a");
	assert_true(exists(s, "events.events.k8s.io", "a"));
	store_watch_free(w);
}

static void
watch_tells_how_far_it_is_certain(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);
	struct store_event event;

	make(s, "secret", "{'metadata':{'name':'s'}}");
	assert_int_equal(store_watch_next(w, 0, &event, &s->r), 0);
	assert_int_equal(event.type, STORE_NOTHING);
	assert_int_equal(event.version, store_version(s->store));
	store_watch_free(w);
}

static void
watch_of_the_end_of_something_held_tells_both(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);

	make(s, "cm", "{'metadata':{'name':'a','finalizers':['x/y']}}");
	stored_drop(try_delete(s, "cm", "a", NULL));
	stored_drop(update(s, "cm", "a", "{'metadata':{}}"));
	assert_next(w, "+a");
	assert_next(w, "~a");
	assert_next(w, "-a");
	store_watch_free(w);
}

/* The next change, and what its object says: "MODIFIED held marked". The caller frees. */
static char *
next_state(struct store_watch *w)
{
	static const char *const words[] = { "ADDED", "MODIFIED", "DELETED", "NOTHING" };
	struct refusal r = REFUSAL_INIT;
	struct store_event event;

	assert_int_equal(store_watch_next(w, LONG_MS, &event, &r), 0);
	assert_non_null(event.stored);
	const cJSON *metadata = json_at(event.stored->object, "metadata");
	char *number = xasprintf("%llu", (unsigned long long)event.version);
	assert_string_equal(json_string(metadata, "resourceVersion", ""), number);
	char *text = xasprintf("%s%s%s%s", words[event.type],
			       json_at(metadata, "finalizers/0") ? " held" : "",
			       json_at(metadata, "labels/l") ? " labelled" : "",
			       json_at(metadata, "deletionTimestamp") ? " marked" : "");
	free(number);
	stored_drop(event.stored);
	stored_drop(event.before);
	return text;
}

static void
assert_states(struct store_watch *w, const char *const *wanted)
{
	for (; *wanted; wanted++) {
		char *text = next_state(w);

		assert_string_equal(text, *wanted);
		free(text);
	}
	assert_next(w, "");
	store_watch_free(w);
}

static void
watch_of_the_end_tells_what_was_stored_last(void **state)
{
	static const char *const of_held[] = { "MODIFIED held marked", "DELETED held marked",
					       NULL };
	static const char *const of_free[] = { "DELETED", NULL };
	static const char *const of_pod[] = { "MODIFIED marked", "DELETED marked", NULL };
	struct shelves *s = *state;

	make(s, "cm", "{'metadata':{'name':'a','finalizers':['x/y']}}");
	make(s, "cm", "{'metadata':{'name':'b'}}");
	make(s, "pod", "{'metadata':{'name':'p'},'spec':{}}");
	struct store_watch *held = watch(s, "cm", NULL, 0);
	stored_drop(try_delete(s, "cm", "a", NULL));
	const struct stored *after = update(s, "cm", "a", "{'metadata':{'labels':{'l':'1'}}}");
	assert_non_null(json_at(after->object, "metadata/labels/l"));
	stored_drop(after);
	assert_states(held, of_held);
	struct store_watch *unheld = watch(s, "cm", NULL, 0);
	stored_drop(try_delete(s, "cm", "b", NULL));
	assert_states(unheld, of_free);
	struct store_watch *pod = watch(s, "pod", NULL, 0);
	stored_drop(try_delete(s, "pod", "p", NULL));
	assert_states(pod, of_pod);
}

static void
watch_that_begins_or_falls_too_far_behind_is_expired(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0), *fresh;
	const struct stored *first = create(s, "cm", "{'metadata':{'name':'a'}}");

	for (int i = 0; i < STORE_HISTORY; i++) {
		char *text = xasprintf("{'data':{'n':'%d'}}", i);

		stored_drop(update(s, "cm", "a", text));
		free(text);
	}
	assert_next(w, "410 Expired");
	fresh = watch(s, "cm", NULL, first->version); /* all of the history is behind it */
	assert_next(fresh, "~a");
	store_watch_free(fresh);
	stored_drop(update(s, "cm", "a", "{'data':{'n':'last'}}"));
	fresh = watch(s, "cm", NULL, first->version + 1);
	assert_next(fresh, "~a");
	store_watch_free(fresh);
	assert_null(watch(s, "cm", NULL, first->version));
	assert_int_equal(s->r.code, 410);
	assert_true(str_starts_with(s->r.message, "too old resource version: "));
	stored_drop(first);
	store_watch_free(w);
}

static void
compact_expires_every_version_but_the_last(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);
	const struct stored *a = create(s, "cm", "{'metadata':{'name':'a'}}");

	make(s, "cm", "{'metadata':{'name':'b'}}");
	store_compact(s->store);
	assert_next(w, "410 Expired");
	assert_null(watch(s, "cm", NULL, a->version));
	struct store_watch *fresh = watch(s, "cm", NULL, store_version(s->store));
	make(s, "cm", "{'metadata':{'name':'c'}}");
	assert_next(fresh, "+c");
	store_watch_free(fresh);
	store_watch_free(w);
	stored_drop(a);
}

/* ---- who is told at once ---- */

static void
note_change(void *data, enum store_event_type type, const struct stored *stored)
{
	static const char marks[] = { '+', '~', '-' };

	assert_true(type < STORE_NOTHING);
	str_printf(data, "%c%s ", marks[type], stored->name);
}

static void
listener_hears_of_what_is_written_only(void **state)
{
	const struct store_write dry = { .dry_run = true, .grace_s = -1 };
	struct shelves *s = *state;
	struct str heard = STR_INIT;

	store_listen(s->store, note_change, &heard);
	make(s, "cm", "{'metadata':{'name':'a','finalizers':['x/y']}}");
	stored_drop(update(s, "cm", "a", "{'metadata':{'finalizers':['x/y']},'data':{'x':'1'}}"));
	stored_drop(update(s, "cm", "a", "{'metadata':{'finalizers':['x/y']},'data':{'x':'1'}}"));
	stored_drop(try_delete(s, "cm", "a", &dry));
	stored_drop(try_delete(s, "cm", "a", NULL));
	stored_drop(try_delete(s, "cm", "a", NULL));
	stored_drop(update(s, "cm", "a", "{'metadata':{}}"));
	assert_null(try_delete(s, "cm", "a", NULL));
	assert_string_equal(str_cstr(&heard), "+a ~a ~a -a ");
	str_release(&heard);
}

/* ---- threads ---- */

static void *
wait_for_one(void *data)
{
	return next(data, LONG_MS);
}

static void
wake_ends_a_wait_with_nothing(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);
	int64_t began_ms = clock_mono_ms();
	pthread_t thread;
	void *text;

	pthread_create(&thread, NULL, wait_for_one, w);
	store_wake(s->store); /* before or while it waits */
	pthread_join(thread, &text);
	assert_string_equal(text, "");
	assert_true(clock_mono_ms() - began_ms < LONG_MS / 2);
	free(text);
	store_watch_free(w);
}

static void
a_change_ends_a_wait(void **state)
{
	struct shelves *s = *state;
	struct store_watch *w = watch(s, "cm", NULL, 0);
	pthread_t thread;
	void *text;

	pthread_create(&thread, NULL, wait_for_one, w);
	make(s, "cm", "{'metadata':{'name':'a'}}");
	pthread_join(thread, &text);
	assert_string_equal(text, "+a");
	free(text);
	store_watch_free(w);
}

enum { WRITERS = 4, ROUNDS = 200 };

static bool
add_one(void *data, cJSON *object)
{
	int64_t n = json_int(object, "data/n", 0);

	(void)data;
	cJSON_DeleteItemFromObjectCaseSensitive(object, "data");
	json_add_int(cJSON_AddObjectToObject(object, "data"), "n", n + 1);
	return true;
}

static void *
count_up(void *data)
{
	struct shelves *s = data;
	const struct store_write how = { .grace_s = -1 };
	struct refusal r = REFUSAL_INIT;
	const struct stored *stored;

	for (int i = 0; i < ROUNDS; i++) {
		if (store_change(s->store, kinds_by_word(s->kinds, "cm"), "ns", "a", &how, add_one,
				 NULL, &stored, &r) < 0)
			return r.message;
		stored_drop(stored);
	}
	return NULL;
}

static void
writers_at_once_lose_nothing_and_watchers_see_all_of_it(void **state)
{
	struct shelves *s = *state;
	pthread_t threads[WRITERS];
	struct store_watch *w = watch(s, "cm", NULL, 0);
	uint64_t last = 0;
	void *problem;

	make(s, "cm", "{'metadata':{'name':'a'}}");
	assert_next(w, "+a");
	for (size_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, count_up, s);
	for (int64_t n = 1; n <= WRITERS * ROUNDS; n++) {
		struct store_event event;

		assert_int_equal(store_watch_next(w, LONG_MS, &event, &s->r), 0);
		assert_int_equal(event.type, STORE_MODIFIED);
		assert_int_equal(json_int(event.stored->object, "data/n", 0), n);
		assert_int_equal(json_int(event.before->object, "data/n", 0), n - 1);
		assert_true(event.version > last);
		last = event.version;
		stored_drop(event.stored);
		stored_drop(event.before);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], &problem);
		assert_null(problem);
	}
	assert_next(w, "");
	store_watch_free(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelves_up, shelves_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_is_by_namespace_and_name),
		TEST(watch_tells_of_every_change_in_order),
		TEST(watch_from_a_version_tells_what_came_behind_it),
		TEST(watch_of_one_namespace_leaves_others_out),
		TEST(watch_of_two_groups_sees_the_same_events),
		TEST(watch_tells_how_far_it_is_certain),
		TEST(watch_of_the_end_of_something_held_tells_both),
		TEST(watch_of_the_end_tells_what_was_stored_last),
		TEST(listener_hears_of_what_is_written_only),
		TEST(watch_that_begins_or_falls_too_far_behind_is_expired),
		TEST(compact_expires_every_version_but_the_last),
		TEST(wake_ends_a_wait_with_nothing),
		TEST(a_change_ends_a_wait),
		TEST(writers_at_once_lose_nothing_and_watchers_see_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
