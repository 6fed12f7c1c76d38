#ifndef LIFEBOAT_TESTS_FIXTURE_PARTS_H
#define LIFEBOAT_TESTS_FIXTURE_PARTS_H

/*
 * The servers of a world in a temporary folder, on a network of loopback of its own, and what they tell. The world has two
 * authorities of the same name, and certificates good, other, expired and elsewhere.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/json.h"
#include "base/str.h"
#include "fixture_server.h"
#include "net/child/process.h"
#include "world/part/parts.h"

enum { CERTIFICATES = 4, FIXTURE_WAIT_MS = 10000 };

struct fixture_parts {
	char *folder;
	char prefix[32];
	struct cancel *cancel;
	struct authority *root, *other;
	char *chains[CERTIFICATES], *keys[CERTIFICATES];
	pthread_mutex_t lock; /* of what is below */
	pthread_cond_t changed;
	int running, started;
	struct process_id last; /* that was started */
	char *lost;
	struct parts *parts;
};

static const char *const certificate_names[CERTIFICATES] = { "good", "other", "expired",
							     "elsewhere" };

static inline const struct authority *
fixture_authority(void *data, const char *name)
{
	const struct fixture_parts *f = data;

	return str_equal(name, "other") ? f->other : f->root;
}

static inline bool
fixture_certificate(void *data, const char *name, const char **ret_chain, const char **ret_key)
{
	const struct fixture_parts *f = data;

	for (int i = 0; i < CERTIFICATES; i++) {
		if (str_equal(name, certificate_names[i])) {
			*ret_chain = f->chains[i];
			*ret_key = f->keys[i];
			return true;
		}
	}
	return false;
}

static inline void
fixture_process(void *data, const char *name, int64_t pid, int64_t ticks, int up)
{
	struct fixture_parts *f = data;

	(void)name;
	pthread_mutex_lock(&f->lock);
	f->running += up ? 1 : -1;
	f->started += up ? 1 : 0;
	if (up)
		f->last = (struct process_id){ (pid_t)pid, ticks };
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static inline void
fixture_lost(void *data, const char *name, const char *why)
{
	struct fixture_parts *f = data;

	pthread_mutex_lock(&f->lock);
	free(f->lost);
	f->lost = xasprintf("%s %s", name, why);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static inline void
fixture_issue(struct fixture_parts *f, int i, const struct authority *from, const char *host,
	      int64_t from_s, int64_t lasts_s)
{
	const char *names[] = { host, NULL };
	const struct authority_request request = {
		.common_name = host, .names = names, .valid_from_s = from_s, .valid_s = lasts_s
	};
	struct err e = ERR_INIT;

	if (authority_issue(from, &request, &f->chains[i], &f->keys[i], &e) < 0)
		fail_msg("%s", e.message);
}

static inline void
fixture_authorities(struct fixture_parts *f)
{
	struct err e = ERR_INIT;

	f->root = authority_new("Root CA of the tests", &e);
	f->other = authority_new("Root CA of the tests", &e);
	if (!f->root || !f->other)
		fail_msg("%s", e.message);
	fixture_issue(f, 0, f->root, "tsb.example.com", 0, 0);
	fixture_issue(f, 1, f->other, "tsb.example.com", 0, 0);
	fixture_issue(f, 2, f->root, "tsb.example.com", -3 * 86400, 86400);
	fixture_issue(f, 3, f->root, "www.example.org", 0, 0);
}

static inline struct fixture_parts *
fixture_parts_new(double speed)
{
	struct fixture_parts *f = xcalloc(1, sizeof(*f));
	unsigned pid = (unsigned)getpid();

	f->folder = fixture_folder();
	f->cancel = cancel_new();
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	snprintf(f->prefix, sizeof(f->prefix), "127.%u.%u.", 100 + pid % 100, pid / 100 % 250);
	fixture_authorities(f);
	const struct parts_options options = { .folder = f->folder,
					       .prefix = f->prefix,
					       .speed = speed,
					       .cancel = f->cancel,
					       .authority = fixture_authority,
					       .certificate = fixture_certificate,
					       .process = fixture_process,
					       .lost = fixture_lost,
					       .data = f };
	f->parts = parts_new(&options);
	return f;
}

/* Ends them, and fails where that takes too long or leaves something behind. */
static inline void
fixture_parts_free(struct fixture_parts *f)
{
	int64_t begun_ms = clock_mono_ms();

	if (!f)
		return;
	parts_free(f->parts);
	if (clock_mono_ms() - begun_ms > 5000 || f->running != 0 ||
	    (f->last.pid > 0 && process_alive(f->last)))
		abort();
	for (int i = 0; i < CERTIFICATES; i++) {
		free(f->chains[i]);
		free(f->keys[i]);
	}
	authority_free(f->root);
	authority_free(f->other);
	cancel_free(f->cancel);
	fixture_remove(f->folder);
	free(f->lost);
	free(f);
}

static inline cJSON *
fixture_json(const char *text)
{
	cJSON *value = cJSON_Parse(text);

	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

typedef int parts_start(struct parts *parts, const cJSON *element, struct err *e);

/* Starts one, and fails where it does not start. */
static inline void
fixture_start(struct fixture_parts *f, parts_start *start, const char *element)
{
	cJSON *value = fixture_json(element);
	struct err e = ERR_INIT;

	if (start(f->parts, value, &e) < 0)
		fail_msg("%s", e.message);
	cJSON_Delete(value);
}

/* Starts one that must not start. */
static inline struct err
fixture_start_fails(struct fixture_parts *f, parts_start *start, const char *element)
{
	cJSON *value = fixture_json(element);
	struct err e = ERR_INIT;

	assert_int_equal(start(f->parts, value, &e), -1);
	cJSON_Delete(value);
	return e;
}

static inline void
fixture_change(struct fixture_parts *f, const char *kind, const char *change)
{
	cJSON *value = fixture_json(change);
	struct err e = ERR_INIT;

	if (parts_change(f->parts, kind, value, &e) < 0)
		fail_msg("%s", e.message);
	cJSON_Delete(value);
}

/* Waits until the last process that was started has been told to have ended by itself; what was said. */
static inline char *
fixture_await_lost(struct fixture_parts *f)
{
	struct timespec until;
	char *lost;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FIXTURE_WAIT_MS / 1000;
	pthread_mutex_lock(&f->lock);
	while (!f->lost && pthread_cond_timedwait(&f->changed, &f->lock, &until) == 0)
		;
	lost = f->lost;
	f->lost = NULL;
	pthread_mutex_unlock(&f->lock);
	return lost;
}

#endif
