#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_route53_cloud.h"
#include "step/dns/step_dns_route53.h"

static void
dns_update_route53_lost_answer_is_found_out_by_looking(void **state)
{
	struct cloud c;

	(void)state;
	for (int done = 0; done < 2; done++) {
		cloud_init(&c);
		act(&c);
		free(preview(&c));
		c.f.cut_write = true;
		c.f.do_cut = done;
		assert_fails(&c.s, ERR_UNKNOWN_OUTCOME, "answer was lost");
		assert_int_equal(c.f.writes, 1);
		begun_long_ago(&c.s);
		assert_probe(&c, done ? PROBE_DONE : PROBE_NOT_DONE,
			     "Route 53 zone Z0PUBLIC1: 192.0.2.");
		cloud_release(&c);
	}
}

static void
dns_update_route53_probe_waits_for_what_may_be_under_way(void **state)
{
	int64_t begin_ms = clock_mono_ms();
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	json_add_int(c.s.evidence, "writing_ms", clock_wall_ms() - 4000);
	assert_probe(&c, PROBE_NOT_DONE, "as the preview saw it");
	assert_true(clock_mono_ms() - begin_ms >= 900);
	json_add_string(c.s.evidence, "change", "C0123CHANGE");
	c.f.pending = 100;
	assert_probe(&c, PROBE_UNSURE, "PENDING, it is telling its servers");
	cloud_release(&c);
}

static void
dns_update_route53_probe_is_unsure_while_a_server_differs(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	c.stubborn = "192.0.2.20";
	act(&c);
	free(preview(&c));
	assert_ran(&c.s);
	assert_probe(&c, PROBE_UNSURE, "1 of 2 servers show the new record, 1 the old one");
	cloud_release(&c);
}

/* A name server follows a CNAME for whoever asks for an address: those are not of that name. */
static void
dns_provider_route53_look_is_at_the_name_itself(void **state)
{
	struct dns_sightings sightings;
	void *session = NULL;
	struct cloud c;

	(void)state;
	cloud_init(&c);
	r53_put(&c.f, "alias.open.example.test.", "CNAME", 300, "fixed.example.test.");
	act(&c);
	assert_int_equal(dns_provider_route53.open(&c.s.ctx, &c.s.action, &session, &c.s.e), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(dns_provider_route53.look(session, &c.s.ctx,
							   "alias.open.example.test", "A",
							   &sightings, &c.s.e),
				 0);
		assert_int_equal(sightings.count, 2);
		for (size_t i = 0; i < 2; i++) {
			assert_true(sightings.items[i].spoken);
			assert_int_equal(sightings.items[i].rrset.values.count, 0);
		}
		assert_says(sightings.items[1].text, "192.0.2.1");
		dns_sightings_release(&sightings);
	}
	dns_provider_route53.close(session);
	cloud_release(&c);
}

static void
dns_update_route53_unwatched_change_is_made_all_the_same(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	c.f.deny = "GetChange";
	assert_ran(&c.s);
	assert_says(str_cstr(&c.s.output), "Route 53 made the change C0123CHANGE; whether all");
	assert_says(str_cstr(&c.s.output), "is not authorized");
	cloud_release(&c);
}

static void
cancel_while_pending(struct stand *s)
{
	if (strstr(str_cstr(&s->progress), "tells its servers"))
		cancel_request(s->cancel);
}

static void
dns_update_route53_cancelled_while_pending_is_unknown(void **state)
{
	int64_t begin_ms;
	struct cloud c;

	(void)state;
	cloud_init(&c);
	c.f.pending = 10000;
	act(&c);
	free(preview(&c));
	c.s.on_progress = cancel_while_pending;
	begin_ms = clock_mono_ms();
	assert_fails(&c.s, ERR_UNKNOWN_OUTCOME, "made the change C0123CHANGE, but did not say");
	assert_says(c.s.e.message, "do not send it again");
	assert_true(clock_mono_ms() - begin_ms < 5000);
	assert_set(&c, WWW ".", "A", "192.0.2.20", 60);
	cloud_release(&c);
}

static void
dns_update_route53_that_cannot_be_put_on_record_is_not_sent(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	c.s.refuses_to_keep = true;
	assert_fails(&c.s, ERR_IO, "nothing was sent");
	assert_int_equal(c.f.writes, 0);
	cloud_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_route53_lost_answer_is_found_out_by_looking),
		cmocka_unit_test(dns_update_route53_probe_waits_for_what_may_be_under_way),
		cmocka_unit_test(dns_update_route53_probe_is_unsure_while_a_server_differs),
		cmocka_unit_test(dns_provider_route53_look_is_at_the_name_itself),
		cmocka_unit_test(dns_update_route53_unwatched_change_is_made_all_the_same),
		cmocka_unit_test(dns_update_route53_cancelled_while_pending_is_unknown),
		cmocka_unit_test(dns_update_route53_that_cannot_be_put_on_record_is_not_sent),
	};

	return cmocka_run_group_tests(tests, cloud_setup, cloud_teardown);
}
