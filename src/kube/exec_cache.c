#include "config.h"

#include "kube/exec_cache.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "net/socket/wait.h"

enum {
	MAX_UNUSED = 64,	 /* answers that are kept for who comes next */
	MARGIN_MS = 30000,	 /* an answer is replaced so long before it expires */
	SHORTEST_LIFE_MS = 1000, /* of one that expires at once: else each request would run it */
	NO_BETTER_ANSWER_MS = 30000, /* after a replacement was refused too */
};

/* One run of a plugin, for which others may wait; under the lock. */
struct run {
	struct cancel *over; /* requested when it has ended */
	unsigned holders;
	int rc;
	struct err error;
};

struct exec_cache {
	struct exec_cache *next;
	char *key;
	unsigned clients;
	struct run *run; /* under way, or NULL */
	struct exec_answer answer;
	uint64_t number;     /* 0: no answer yet */
	int64_t born_ms;     /* monotonic */
	int64_t renew_ms;    /* wall clock */
	bool is_replacement; /* of an answer that was refused */
	bool is_accepted;
};

static struct {
	pthread_mutex_t lock;
	struct exec_cache *first;
	uint64_t last_number;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

/*
 * Whoever still holds an entry then. The end of the process does not wait for a lock: in a forked child it
 * may be held by a thread that is not there.
 */
static void
wipe_all(void)
{
	if (pthread_mutex_trylock(&all.lock) != 0)
		return;
	for (struct exec_cache *c = all.first; c; c = c->next) {
		exec_answer_release(&c->answer);
		c->number = 0;
	}
	pthread_mutex_unlock(&all.lock);
}

static void
wipe_at_exit(void)
{
	atexit(wipe_all);
}

static cJSON *
array_of(char *const *list)
{
	cJSON *array = cJSON_CreateArray();

	for (; list && *list; list++)
		cJSON_AddItemToArray(array, cJSON_CreateString(*list));
	return array;
}

/* Everything that the answer depends on; the caller wipes. */
static char *
key_of(const struct kube_exec *exec)
{
	cJSON *object = cJSON_CreateObject();
	char *key;

	json_add_string(object, "apiVersion", exec->api_version);
	json_add_string(object, "command", exec->command);
	json_add(object, "args", array_of(exec->args));
	json_add(object, "env", array_of(exec->env));
	json_add_string(object, "cluster", exec->cluster);
	key = json_print(object);
	kube_json_delete(object);
	return key;
}

static void
entry_free(struct exec_cache *c)
{
	exec_answer_release(&c->answer);
	kube_wipe(c->key);
	free(c);
}

static bool
is_expired(const struct exec_cache *c)
{
	return clock_wall_ms() >= c->renew_ms && clock_mono_ms() - c->born_ms >= SHORTEST_LIFE_MS;
}

/* Entries without a client go when they are of no use to the next one either, or are too many. */
static void
forget_unused(void)
{
	struct exec_cache **at = &all.first;
	unsigned kept = 0;

	while (*at) {
		struct exec_cache *c = *at;

		if (c->clients == 0 && (c->number == 0 || is_expired(c) || ++kept > MAX_UNUSED)) {
			*at = c->next;
			entry_free(c);
		} else {
			at = &c->next;
		}
	}
}

struct exec_cache *
exec_cache_open(const struct kube_exec *exec)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *key = key_of(exec);
	struct exec_cache *c;

	pthread_once(&once, wipe_at_exit);
	pthread_mutex_lock(&all.lock);
	for (c = all.first; c && strcmp(c->key, key) != 0; c = c->next)
		;
	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->key = key;
		c->next = all.first;
		all.first = c;
		key = NULL;
	}
	c->clients++;
	pthread_mutex_unlock(&all.lock);
	kube_wipe(key);
	return c;
}

void
exec_cache_close(struct exec_cache *cache)
{
	if (!cache)
		return;
	pthread_mutex_lock(&all.lock);
	cache->clients--;
	forget_unused();
	pthread_mutex_unlock(&all.lock);
}

static bool
is_renewed_in_vain(const struct exec_cache *c)
{
	return c->is_replacement && !c->is_accepted &&
	       clock_mono_ms() - c->born_ms < NO_BETTER_ANSWER_MS;
}

static bool
is_good(const struct exec_cache *c, uint64_t refused)
{
	if (c->number == 0 || is_expired(c))
		return false;
	return c->number != refused || is_renewed_in_vain(c);
}

static struct run *
run_new(void)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->over = cancel_new();
	run->holders = 1;
	return run;
}

static void
run_unref(struct run *run)
{
	if (--run->holders)
		return;
	cancel_free(run->over);
	free(run);
}

/* Shortly before it expires; of one that lives short, when a quarter of its life is left. */
static int64_t
renewal_of(int64_t expires_ms)
{
	int64_t now_ms = clock_wall_ms(), margin_ms;

	if (expires_ms == INT64_MAX || expires_ms <= now_ms)
		return expires_ms;
	margin_ms = (expires_ms - now_ms) / 4;
	return expires_ms - (margin_ms < MARGIN_MS ? margin_ms : MARGIN_MS);
}

static void
keep(struct exec_cache *c, const struct exec_answer *answer, uint64_t refused)
{
	c->is_replacement = refused != 0 && refused == c->number;
	exec_answer_release(&c->answer);
	c->answer = *answer;
	c->number = ++all.last_number;
	c->is_accepted = false;
	c->born_ms = clock_mono_ms();
	c->renew_ms = renewal_of(answer->expires_ms);
}

/* Runs the plugin, without the lock, for everybody who wants its answer meanwhile. */
static int
run_for_all(struct exec_cache *c, const struct kube_exec *exec, uint64_t refused,
	    struct secrets *secrets, const struct cancel *cancel, struct err *e)
{
	struct run *run = c->run = run_new();
	struct exec_answer answer;
	int rc;

	pthread_mutex_unlock(&all.lock);
	rc = exec_plugin_run(exec, &exec_limits_usual, secrets, cancel, &answer, &run->error);
	pthread_mutex_lock(&all.lock);
	if (rc == 0)
		keep(c, &answer, refused);
	else
		*e = run->error;
	run->rc = rc;
	c->run = NULL;
	cancel_request(run->over);
	run_unref(run);
	return rc;
}

/* Waits, without the lock, for somebody else's run. That it was cancelled is nobody else's failure. */
static int
wait_for_run(struct run *run, const struct cancel *cancel, struct err *e)
{
	int rc;

	run->holders++;
	pthread_mutex_unlock(&all.lock);
	rc = wait_fd(cancel_fd(run->over), POLLIN, WAIT_FOREVER, cancel, e);
	pthread_mutex_lock(&all.lock);
	if (rc == 0 && run->rc < 0 && run->error.kind != ERR_CANCELLED) {
		*e = run->error;
		rc = -1;
	}
	run_unref(run);
	return rc;
}

static void
copy_answer(struct exec_answer *copy, const struct exec_answer *answer)
{
	*copy = (struct exec_answer){
		.token = xstrdup(answer->token),
		.client_cert_pem = xstrdup(answer->client_cert_pem),
		.client_key_pem = xstrdup(answer->client_key_pem),
		.expires_ms = answer->expires_ms,
	};
}

int
exec_cache_get(struct exec_cache *cache, const struct kube_exec *exec, uint64_t refused,
	       struct secrets *secrets, const struct cancel *cancel, struct exec_answer *ret_answer,
	       uint64_t *ret_number, struct err *e)
{
	struct err why = ERR_INIT;
	int rc = 0;

	pthread_mutex_lock(&all.lock);
	while (rc == 0 && !is_good(cache, refused)) {
		if (cache->run)
			rc = wait_for_run(cache->run, cancel, &why);
		else
			rc = run_for_all(cache, exec, refused, secrets, cancel, &why);
	}
	if (rc == 0) {
		copy_answer(ret_answer, &cache->answer);
		*ret_number = cache->number;
	} else if (e) {
		*e = why;
	}
	pthread_mutex_unlock(&all.lock);
	return rc;
}

void
exec_cache_accept(struct exec_cache *cache, uint64_t number)
{
	pthread_mutex_lock(&all.lock);
	if (cache->number == number)
		cache->is_accepted = true;
	pthread_mutex_unlock(&all.lock);
}
