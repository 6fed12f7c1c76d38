#ifndef LIFEBOAT_TESTS_FIXTURE_WORLD_API_H
#define LIFEBOAT_TESTS_FIXTURE_WORLD_API_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/cluster.h"

/* A simulated cluster on a free port, and an administrator who talks to it by libcurl. */
struct world {
	struct authority *ca;
	struct cluster *cluster;
	char *certificate, *key; /* the administrator's */
	char *server;		 /* "https://127.0.0.1:NNN" */
};

/* One answer; a stream's grows while it comes. */
struct said {
	struct world *world;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct str body, headers;
	long code;
	CURLcode result;
	cJSON *json; /* of world_ask() */
	/* What is asked. */
	char *url;
	const char *method, *type, *text;
	const char *accept, *token, *extra;
	bool nobody; /* without a certificate */
	bool over;
	atomic_bool hang_up;
	pthread_t thread;
};

static inline int
world_setup(void **state)
{
	static const char *const masters[] = { "system:masters", NULL };
	const struct authority_request admin = { .common_name = "admin",
						 .organisations = masters,
						 .client = 1 };
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e = ERR_INIT;

	w->ca = authority_new("test-ca", &e);
	w->cluster = cluster_new("mgmt-b", 0);
	if (!w->ca || cluster_open(w->cluster, "127.0.0.1", 0, w->ca, &e) < 0 ||
	    authority_issue(w->ca, &admin, &w->certificate, &w->key, &e) < 0)
		fail_msg("%s", e.message);
	w->server = xasprintf("https://127.0.0.1:%d", w->cluster->port);
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;

	cluster_close(w->cluster);
	cluster_free(w->cluster);
	authority_free(w->ca);
	free(w->certificate);
	free(w->key);
	free(w->server);
	free(w);
	return 0;
}

static inline size_t
said_take(char *bytes, size_t size, size_t count, void *data)
{
	struct said *s = data;

	pthread_mutex_lock(&s->lock);
	str_append_bytes(&s->body, bytes, size * count);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return s->hang_up ? 0 : size * count;
}

static inline size_t
said_take_header(char *bytes, size_t size, size_t count, void *data)
{
	str_append_bytes(&((struct said *)data)->headers, bytes, size * count);
	return size * count;
}

static inline int
said_progress(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	return ((struct said *)data)->hang_up;
}

static inline struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	list = curl_slist_append(list, line);
	free(line);
	return list;
}

static inline void *
said_run(void *data)
{
	struct said *s = data;
	const struct world *w = s->world;
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;
	const char *ca = authority_pem(w->ca);
	struct curl_blob ca_blob = { (void *)(uintptr_t)ca, strlen(ca), CURL_BLOB_COPY };
	struct curl_blob certificate = { w->certificate, strlen(w->certificate), CURL_BLOB_COPY };
	struct curl_blob key = { w->key, strlen(w->key), CURL_BLOB_COPY };

	curl_easy_setopt(curl, CURLOPT_URL, s->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, s->method);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca_blob);
	if (!s->nobody) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
	}
	if (s->text) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, s->text);
		headers = add_header(headers, "Content-Type", s->type);
	}
	if (s->accept)
		headers = add_header(headers, "Accept", s->accept);
	if (s->token)
		headers = add_header(headers, "Authorization", s->token);
	if (s->extra)
		headers = curl_slist_append(headers, s->extra);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "tester/1.0");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, said_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, said_take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, said_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	CURLcode result = curl_easy_perform(curl);
	pthread_mutex_lock(&s->lock);
	s->result = result;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &s->code);
	s->over = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return NULL;
}

static inline struct said *
said_new(struct world *w, const char *method, const char *path, const char *type, const char *text)
{
	struct said *s = xcalloc(1, sizeof(*s));

	s->world = w;
	s->url = xasprintf("%s%s", w->server, path);
	s->method = method;
	s->type = type;
	s->text = text;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return s;
}

static inline void
said_free(struct said *s)
{
	cJSON_Delete(s->json);
	str_release(&s->body);
	str_release(&s->headers);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->url);
	free(s);
}

static inline struct said *
said_perform(struct said *s)
{
	said_run(s);
	s->json = json_parse(str_cstr(&s->body), s->body.len, NULL);
	return s;
}

/* Asks and waits for the answer. `type` NULL: JSON. */
static inline struct said *
world_ask(struct world *w, const char *method, const char *path, const char *type, const char *text)
{
	return said_perform(said_new(w, method, path, type ? type : "application/json", text));
}

/* The same, where only the code matters; the answer is in the message of a failure. */
static inline void
world_expect(struct world *w, long code, const char *method, const char *path, const char *type,
	     const char *text)
{
	struct said *s = world_ask(w, method, path, type, text);

	if (s->code != code)
		fail_msg("%s %s: %ld, not %ld (curl %d): %s", method, path, s->code, code,
			 (int)s->result, str_cstr(&s->body));
	said_free(s);
}

/* Starts to read what goes on. */
static inline struct said *
world_follow(struct world *w, const char *path)
{
	struct said *s = said_new(w, "GET", path, NULL, NULL);

	assert_int_equal(pthread_create(&s->thread, NULL, said_run, s), 0);
	return s;
}

enum { PATIENCE_S = 15 };

/* Waits until the text has come; false: it has not, and the stream is over or the patience. */
static inline bool
said_wait(struct said *s, const char *text)
{
	struct timespec until;
	bool there;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&s->lock);
	while (!(there = strstr(str_cstr(&s->body), text) != NULL) && !s->over)
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&s->lock);
	return there;
}

/* Waits for the end of a stream. */
static inline void
said_join(struct said *s)
{
	pthread_join(s->thread, NULL);
}

/* How often a text stands in what has come. */
static inline int
said_count(struct said *s, const char *text)
{
	int count = 0;

	pthread_mutex_lock(&s->lock);
	for (const char *at = str_cstr(&s->body); (at = strstr(at, text)); at++)
		count++;
	pthread_mutex_unlock(&s->lock);
	return count;
}

#define MERGE "application/merge-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"
#define JSONPATCH "application/json-patch+json"
#define APPLY "application/apply-patch+yaml"
#define CONFIGS "/api/v1/namespaces/default/configmaps"

static inline void
world_config(struct world *w, const char *name, const char *labels)
{
	char *text = xasprintf("{\"metadata\":{\"name\":\"%s\",\"labels\":{%s}},"
			       "\"data\":{\"a\":\"1\"}}",
			       name, labels);

	world_expect(w, 201, "POST", CONFIGS, NULL, text);
	free(text);
}

/* A text of an object by its path. The caller frees. */
static inline char *
text_at(struct world *w, const char *path, const char *member)
{
	struct said *s = world_ask(w, "GET", path, NULL, NULL);
	const cJSON *value = json_at(s->json, member);
	char *text = value ? json_text(value) : xstrdup("");

	said_free(s);
	return text;
}

static inline void
assert_text(struct world *w, const char *path, const char *member, const char *wanted)
{
	char *text = text_at(w, path, member);

	assert_string_equal(text, wanted);
	free(text);
}

static inline void
assert_message(struct world *w, long code, const char *method, const char *path, const char *type,
	       const char *text, const char *message)
{
	struct said *s = world_ask(w, method, path, type, text);

	if (s->code != code || !s->json)
		fail_msg("%s %s: %ld: %s", method, path, s->code, str_cstr(&s->body));
	assert_string_equal(json_string(s->json, "message", ""), message);
	said_free(s);
}

#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"

static inline void
make_deployment(struct world *w)
{
	world_expect(
		w, 201, "POST", DEPLOYMENTS, NULL,
		"{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":2,\"selector\":"
		"{\"matchLabels\":{\"app\":\"d\"}},\"template\":{\"metadata\":{\"labels\":"
		"{\"app\":\"d\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}},"
		"\"status\":{\"replicas\":7}}");
}

#endif
