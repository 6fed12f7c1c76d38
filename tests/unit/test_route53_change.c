#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_route53_world.h"

static const char *const old_values[] = { "192.0.2.10", NULL };
static const char *const new_values[] = { "192.0.2.77", "192.0.2.78", NULL };
static const struct route53_edit flip[] = {
	{ true, "www.open.example.test.", "A", 300, old_values },
	{ false, "www.open.example.test.", "A", 60, new_values },
};

/* What is changed is freed; returns as route53_change(). */
static int
change(struct world *w, const char *comment)
{
	char *id = NULL;
	int rc;

	w->e = (struct err)ERR_INIT;
	rc = route53_change(w->api, &w->zone, flip, 2, comment, NULL, &id, &w->e);
	if (rc == 0)
		assert_string_equal(id, "C0123CHANGE");
	else
		assert_null(id);
	free(id);
	return rc;
}

static void
assert_fails_to_change(struct world *w, enum err_kind kind, const char *part)
{
	assert_int_equal(change(w, "lifeboat"), -1);
	assert_int_equal(w->e.kind, kind);
	assert_says(w->e.message, part);
	assert_int_equal(w->f.writes, 1);
}

static void
route53_new_session_token_is_sent_and_signed(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	route53_free(w.api);
	fixture_route53_environment("IQoJb3JpZ2luX2VjEXAMPLE/+token==");
	w.f.sign.token = "IQoJb3JpZ2luX2VjEXAMPLE/+token==";
	connect_world(&w, NULL);
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	assert_int_equal(change(&w, "a comment"), 0);
	assert_signed(&w);
	route53_rrsets_release(&sets);
	world_release(&w);
}

static void
route53_change_batch_replaces_the_set(void **state)
{
	struct world w;
	bool is_everywhere = false;

	(void)state;
	world_init(&w);
	w.f.pending = 1;
	assert_int_equal(change(&w, "lifeboat <run> & \"step\""), 0);
	assert_signed(&w);
	struct r53_set *set = r53_must_find(&w.f, "www.open.example.test.", "A");
	assert_int_equal(set->count, 2);
	assert_int_equal(set->ttl, 60);
	assert_string_equal(set->values[1], "192.0.2.78");
	assert_says(w.f.last_write, "<Comment>lifeboat &lt;run&gt; &amp; \"step\"</Comment>");
	assert_int_equal(
		route53_change_is_everywhere(w.api, "C0123CHANGE", NULL, &is_everywhere, &w.e), 0);
	assert_false(is_everywhere);
	assert_int_equal(
		route53_change_is_everywhere(w.api, "C0123CHANGE", NULL, &is_everywhere, &w.e), 0);
	assert_true(is_everywhere);
	world_release(&w);
}

static void
route53_change_stale_set_is_a_conflict_in_both_forms(void **state)
{
	struct world w;

	(void)state;
	for (int old = 0; old < 2; old++) {
		world_init(&w);
		w.f.old_errors = old;
		r53_must_find(&w.f, "www.open.example.test.", "A")->ttl = 301;
		assert_fails_to_change(&w, ERR_CONFLICT,
				       "but the values provided do not match the current values");
		assert_says(w.e.message, "Nothing was changed");
		assert_says(w.e.message, "Somebody changed the record meanwhile");
		world_release(&w);
	}
}

static void
route53_change_lost_answer_is_unknown(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.cut_write = w.f.do_cut = true;
	assert_fails_to_change(&w, ERR_UNKNOWN_OUTCOME, "answer was lost");
	world_release(&w);
}

static void
route53_change_odd_answers_are_unknown(void **state)
{
	static const struct {
		int status;
		const char *body;
	} odd[] = {
		{ 200, "it worked" },
		{ 200, "<html><body>log in</body></html>" },
		{ 200, "<ChangeResourceRecordSetsResponse/>" },
		{ 502, "<html>Bad Gateway</html>" },
		{ 403, "<html>The proxy says no</html>" },
		{ 500, "<ErrorResponse><Error><Code>InternalFailure</Code><Message>sorry</Message>"
		       "</Error></ErrorResponse>" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		world_init(&w);
		w.f.answer_write = odd[i].body;
		w.f.answer_status = odd[i].status;
		assert_fails_to_change(&w, ERR_UNKNOWN_OUTCOME, "look before you repeat it");
		world_release(&w);
	}
}

static void
route53_change_answer_without_an_end_is_unknown(void **state)
{
	struct str flood = STR_INIT;
	struct world w;

	(void)state;
	world_init(&w);
	str_append_repeated(&flood, 'x', 9 << 20);
	w.f.answer_write = str_cstr(&flood);
	assert_fails_to_change(&w, ERR_UNKNOWN_OUTCOME, "the answer is larger than 8388608 bytes");
	world_release(&w);
	str_release(&flood);
}

static void *
cancel_soon(void *data)
{
	poll(NULL, 0, 50);
	cancel_request(data);
	return NULL;
}

static void
route53_silent_server_obeys_a_cancel(void **state)
{
	struct cancel *cancel;
	struct route53_rrsets sets;
	pthread_t thread;
	struct world w;
	char *id = NULL;

	(void)state;
	world_init(&w);
	w.f.silent = true;
	for (int writes = 0; writes < 2; writes++) {
		int64_t begin_ms = clock_mono_ms();

		cancel = cancel_new();
		if (pthread_create(&thread, NULL, cancel_soon, cancel) != 0)
			abort();
		assert_int_equal(
			writes ? route53_change(w.api, &w.zone, flip, 2, NULL, cancel, &id, &w.e)
			       : route53_list(w.api, &w.zone, "a.example.test", cancel, &sets,
					      &w.e),
			-1);
		assert_int_equal(w.e.kind, writes ? ERR_UNKNOWN_OUTCOME : ERR_CANCELLED);
		assert_true(clock_mono_ms() - begin_ms < 5000);
		pthread_join(thread, NULL);
		cancel_free(cancel);
	}
	world_release(&w);
}

/* Five requests a second are what an account has, and a write that is throttled is not sent again. */
static void
route53_change_after_many_reads_waits_for_room(void **state)
{
	struct route53_rrsets sets = { 0 };
	int64_t begin_ms = clock_mono_ms();
	struct world w;

	(void)state;
	world_init(&w);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
		route53_rrsets_release(&sets);
	}
	assert_int_equal(change(&w, NULL), 0);
	assert_true(clock_mono_ms() - begin_ms >= 1000);
	world_release(&w);
}

static void
route53_change_throttled_write_is_not_repeated(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.throttle_writes = 1;
	assert_fails_to_change(&w, ERR_REMOTE, "Throttling: Rate exceeded");
	assert_says(w.e.message, "Nothing was changed");
	world_release(&w);
}

static void
route53_change_unauthorized_is_sent_once(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.answer_write = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>"
			   "</Error></ErrorResponse>";
	w.f.answer_status = 401;
	assert_fails_to_change(&w, ERR_DENIED, "AccessDenied");
	world_release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route53_new_session_token_is_sent_and_signed),
		cmocka_unit_test(route53_change_batch_replaces_the_set),
		cmocka_unit_test(route53_change_stale_set_is_a_conflict_in_both_forms),
		cmocka_unit_test(route53_change_lost_answer_is_unknown),
		cmocka_unit_test(route53_change_odd_answers_are_unknown),
		cmocka_unit_test(route53_change_answer_without_an_end_is_unknown),
		cmocka_unit_test(route53_silent_server_obeys_a_cancel),
		cmocka_unit_test(route53_change_after_many_reads_waits_for_room),
		cmocka_unit_test(route53_change_throttled_write_is_not_repeated),
		cmocka_unit_test(route53_change_unauthorized_is_sent_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
