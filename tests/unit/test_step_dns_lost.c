#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ldns/ldns.h>
#include <pthread.h>

#include "fixture_dns.h"
#include "fixture_executor.h"
#include "step/dns/step_dns.h"

/* dns.update where the connection or the server goes away in the middle. */

static struct dns_host host;
static bool have_bind;

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\nwww IN A 192.0.2.10\n";

static const char two_text[] = "$TTL 300\n"
			       "@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n@ IN NS ns2\n"
			       "ns1 IN A 127.0.0.1\nns2 IN A 127.0.0.2\n"
			       "www IN A 192.0.2.10\napi IN A 192.0.2.11\n";

enum loss {
	LOSE_ANSWER,  /* the server does it, and nobody hears of that */
	LOSE_REQUEST, /* the server never gets it */
	LOSE_SERVER,  /* it does it and is killed before its answer is heard */
	SAY_NOTHING,  /* the connection stays, and nothing comes */
	SAY_YES,      /* an answer comes, and nothing is done */
};

/* Stands between us and the server: passes questions on, and loses updates in one way or another. */
struct lossy {
	int udp, tcp, port, stop[2];
	enum loss loss;
	struct cancel *cancel; /* to be requested once it has an update; or NULL */
	pthread_t thread;
};

static int
connect_host(int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)host.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		abort();
	return fd;
}

static void
pass_question(const struct lossy *l)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char bytes[4096];
	ssize_t n = recvfrom(l->udp, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &len);
	int fd = connect_host(SOCK_DGRAM);

	if (n > 0 && send(fd, bytes, (size_t)n, 0) == n) {
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n > 0)
			sendto(l->udp, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
	close(fd);
}

/* The server's answer takes the place of the question; how long it is. */
static ssize_t
exchange(char *bytes, size_t len, size_t size)
{
	int server = connect_host(SOCK_STREAM);
	ssize_t n;

	if (send(server, bytes, len, 0) != (ssize_t)len)
		abort();
	n = recv(server, bytes, size, 0);
	if (n <= 0)
		abort();
	close(server);
	return n;
}

/* The first question that comes by TCP tries the key; it is passed on as well. */
static void
lose_update(struct lossy *l)
{
	char bytes[4096];
	int fd = accept(l->tcp, NULL, NULL);
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	if (n > 4 && (bytes[4] & 0x78) >> 3 != LDNS_PACKET_UPDATE) {
		n = exchange(bytes, (size_t)n, sizeof(bytes));
		if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
			abort();
		close(fd);
		return;
	}
	if (l->loss == LOSE_ANSWER || l->loss == LOSE_SERVER)
		exchange(bytes, (size_t)n, sizeof(bytes));
	if (l->loss == LOSE_SERVER)
		dns_host_kill(&host);
	if (l->loss == SAY_YES) {
		bytes[4] =
			(char)(bytes[4] | 0x80); /* the update itself, as an answer without error */
		if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
			abort();
	}
	if (l->cancel)
		cancel_request(l->cancel);
	while (l->loss == SAY_NOTHING && recv(fd, bytes, 1, 0) > 0)
		;
	close(fd);
}

static void *
lossy_main(void *data)
{
	struct lossy *l = data;
	struct pollfd fds[3] = { { l->udp, POLLIN, 0 },
				 { l->tcp, POLLIN, 0 },
				 { l->stop[0], POLLIN, 0 } };

	while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
		if (fds[0].revents)
			pass_question(l);
		if (fds[1].revents)
			lose_update(l);
	}
	return NULL;
}

static void
lossy_start(struct lossy *l, enum loss loss)
{
	*l = (struct lossy){ .loss = loss, .port = fixture_free_port() };
	l->udp = fixture_bind(SOCK_DGRAM, l->port);
	l->tcp = fixture_bind(SOCK_STREAM, l->port);
	if (l->udp < 0 || l->tcp < 0 || listen(l->tcp, 4) < 0 || pipe2(l->stop, O_CLOEXEC) < 0 ||
	    pthread_create(&l->thread, NULL, lossy_main, l) != 0)
		abort();
}

static void
lossy_stop(struct lossy *l)
{
	close(l->stop[1]);
	pthread_join(l->thread, NULL);
	close(l->stop[0]);
	close(l->udp);
	close(l->tcp);
}

static void
begin(struct stand *s, int port)
{
	if (!have_bind) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"}",
		     port, host.key_file);
	stand_action(
		s, &step_dns_update,
		"{\"records\":[{\"name\":\"www.change.test\",\"type\":\"auto\",\"values\":"
		"\"lb.example.net\"},{\"name\":\"new.change.test\",\"type\":\"TXT\",\"values\":"
		"\"x\"}]}");
	free(stand_preview(s, NULL));
}

static enum probe_verdict
probe_later(struct stand *s)
{
	enum probe_verdict verdict;
	char *text;

	cJSON_DeleteItemFromObjectCaseSensitive(s->evidence, "writing_ms");
	json_add_int(s->evidence, "writing_ms", clock_wall_ms() - 60000);
	text = stand_probe(s, &verdict);
	if (!text)
		fail_msg("%s", s->e.message);
	assert_null(strstr(text, " AAAA at ")); /* was not there, and is not to be */
	free(text);
	return verdict;
}

static void
put_back(void)
{
	struct stand s;

	begin(&s, host.port);
	stand_action(&s, &step_dns_update,
		     "{\"records\":[{\"name\":\"www.change.test\",\"type\":\"auto\",\"values\":"
		     "\"192.0.2.10\",\"ttl\":300},{\"name\":\"new.change.test\",\"type\":\"TXT\","
		     "\"values\":[]}]}");
	assert_ran(&s);
	stand_release(&s);
}

static void
dns_update_lost_answer_is_found_done(void **state)
{
	struct lossy lossy;
	struct stand s;

	(void)state;
	lossy_start(&lossy, LOSE_ANSWER);
	begin(&s, lossy.port);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "The update was sent: look whether");
	assert_int_equal(probe_later(&s), PROBE_DONE);
	assert_dig(&host, "www.change.test", "ANY", "lb.example.net.\n");
	stand_release(&s);
	lossy_stop(&lossy);
	put_back();
}

static void
dns_update_lost_request_is_found_not_done(void **state)
{
	struct lossy lossy;
	struct stand s;

	(void)state;
	lossy_start(&lossy, LOSE_REQUEST);
	begin(&s, lossy.port);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "The update was sent: look whether");
	assert_int_equal(probe_later(&s), PROBE_NOT_DONE);
	assert_dig(&host, "www.change.test", "A", "192.0.2.10\n");
	stand_release(&s);
	lossy_stop(&lossy);
}

static void
dns_update_server_killed_after_its_commit_is_found_done(void **state)
{
	struct lossy lossy;
	struct stand s;

	(void)state;
	lossy_start(&lossy, LOSE_SERVER);
	begin(&s, lossy.port);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "The update was sent: look whether");
	assert_true(bind_respawn(&host));
	assert_int_equal(probe_later(&s), PROBE_DONE);
	stand_release(&s);
	lossy_stop(&lossy);
	put_back();
}

/* No server should; a look is all that tells. */
static void
dns_update_that_is_not_there_afterwards_is_unknown(void **state)
{
	struct lossy lossy;
	struct stand s;

	(void)state;
	lossy_start(&lossy, SAY_YES);
	begin(&s, lossy.port);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d}", lossy.port);
	assert_fails(&s, ERR_UNKNOWN_OUTCOME,
		     "accepted the update, but has 192.0.2.10 for "
		     "www.change.test A. Look at all of its records");
	assert_int_equal(probe_later(&s), PROBE_NOT_DONE);
	stand_release(&s);
	lossy_stop(&lossy);
}

static void
cancel_the_pause(struct stand *s)
{
	if (strstr(str_cstr(&s->progress), "waiting a moment"))
		cancel_request(s->cancel);
}

/* What was sent a moment ago may be on its way: no look is certain yet. */
static void
dns_update_probe_waits_a_moment_after_the_sending(void **state)
{
	enum probe_verdict verdict;
	struct lossy lossy;
	struct stand s;

	(void)state;
	lossy_start(&lossy, LOSE_REQUEST);
	begin(&s, lossy.port);
	assert_int_equal(stand_run(&s), -1);
	s.on_progress = cancel_the_pause;
	assert_null(stand_probe(&s, &verdict));
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	assert_says(s.e.message, "cancelled before looking");
	stand_release(&s);
	lossy_stop(&lossy);
}

/* One of two servers is silent: it is waited for once, though there are two records, and nothing is certain. */
static void
dns_update_probe_waits_for_a_silent_server_once(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)host.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), questions = 0;
	enum probe_verdict verdict;
	struct stand s;
	char bytes[512], *text;

	(void)state;
	begin(&s, host.port);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"two.test\",\"server\":\"127.0.0.1\",\"port\":%d}", host.port);
	stand_action(
		&s, &step_dns_update,
		"{\"records\":[{\"name\":\"www.two.test\",\"values\":\"192.0.2.10\",\"ttl\":300},"
		"{\"name\":\"api.two.test\",\"values\":\"192.0.2.11\",\"ttl\":300}]}");
	json_add_int(s.evidence, "writing_ms", clock_wall_ms() - 60000);
	text = stand_probe(&s, &verdict);
	if (!text)
		fail_msg("%s", s.e.message);
	assert_says(text, "api.two.test A at ns2.two.test (127.0.0.2:");
	assert_says(text, "no answer in time; serial unknown");
	assert_int_equal(verdict, PROBE_UNSURE);
	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		questions++;
	assert_in_range(questions, 1, DNS_STEP_ATTEMPTS);
	free(text);
	close(fd);
	stand_release(&s);
}

static void
kill_server(struct stand *s)
{
	s->on_remembered = NULL;
	dns_host_kill(&host);
}

static void
dns_update_server_gone_before_sending_is_a_net_error(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, host.port);
	s.on_remembered = kill_server;
	assert_fails(&s, ERR_NET, "Nothing was sent");
	assert_true(bind_respawn(&host));
	assert_int_equal(probe_later(&s), PROBE_NOT_DONE);
	stand_release(&s);
}

static void
dns_update_server_gone_is_an_error_of_the_preview(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, host.port);
	dns_host_kill(&host);
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_NET);
	assert_fails(&s, ERR_NET, "dns.update of 2 records: asking 127.0.0.1");
	assert_null(json_at(s.evidence, "writing_ms"));
	assert_true(bind_respawn(&host));
	stand_release(&s);
}

static void
dns_update_cancelled_while_it_waits_is_unknown_at_once(void **state)
{
	struct lossy lossy;
	struct stand s;
	int64_t begin_ms;

	(void)state;
	lossy_start(&lossy, SAY_NOTHING);
	begin(&s, lossy.port);
	lossy.cancel = s.cancel;
	begin_ms = clock_mono_ms();
	assert_fails(&s, ERR_UNKNOWN_OUTCOME, "cancelled");
	assert_in_range(clock_mono_ms() - begin_ms, 0,
			5000); /* of the ten seconds that it may wait */
	stand_release(&s);
	lossy_stop(&lossy);
}

static int
start(void **state)
{
	(void)state;
	dns_host_init(&host);
	dns_host_zone(&host, "zone", zone_text);
	dns_host_zone(&host, "two", two_text);
	have_bind =
		bind_start(&host, "zone change.test { type primary; file \"zone\"; update-policy { "
				  "grant k256 zonesub ANY; }; };\n"
				  "zone two.test { type primary; file \"two\"; };\n");
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	dns_host_stop(&host);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_lost_answer_is_found_done),
		cmocka_unit_test(dns_update_lost_request_is_found_not_done),
		cmocka_unit_test(dns_update_server_killed_after_its_commit_is_found_done),
		cmocka_unit_test(dns_update_that_is_not_there_afterwards_is_unknown),
		cmocka_unit_test(dns_update_probe_waits_a_moment_after_the_sending),
		cmocka_unit_test(dns_update_probe_waits_for_a_silent_server_once),
		cmocka_unit_test(dns_update_server_gone_before_sending_is_a_net_error),
		cmocka_unit_test(dns_update_server_gone_is_an_error_of_the_preview),
		cmocka_unit_test(dns_update_cancelled_while_it_waits_is_unknown_at_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
