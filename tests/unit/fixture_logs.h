#ifndef LIFEBOAT_TESTS_FIXTURE_LOGS_H
#define LIFEBOAT_TESTS_FIXTURE_LOGS_H

/*
 * An API server of pods and their logs on loopback. It serves logs as a kubelet does: every line bears
 * the stamp of its writing, sinceTime is cut to whole seconds, a follow goes on until its container
 * ends. Unlike one it breaks streams wherever a test wants it.
 */

#include "base/clock.h"
#include "base/json.h"
#include "fixture_server.h"
#include "http_server.h"

enum { LOG_MAX_PODS = 4, LOG_MAX_CONTAINERS = 4, LOG_MAX_EVENTS = 64 };

struct fake_line {
	char *stamp, *text;
	size_t len;
};

/* One run of a container. */
struct fake_run {
	struct fake_line *lines;
	size_t count, cap;
};

struct fake_container {
	const char *name;
	const char *list; /* "containers", "initContainers", "ephemeralContainers" */
	int number;	  /* of the run; the container's ID is made of it */
	struct fake_run run, previous;
	const char *state; /* "running", "terminated", "waiting" */
	int exit_code;	   /* of the latest end */
	bool has_last;	   /* a former run is known */
	size_t withheld;   /* streams stall here, while the log goes on; 0: not */
};

struct fake_pod {
	const char *name, *uid, *phase, *policy;
	bool listed, exists;
	struct fake_container containers[LOG_MAX_CONTAINERS];
	size_t count;
};

struct fake_logs {
	struct http_server *server;
	char *folder, *kubeconfig;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fake_pod pods[LOG_MAX_PODS];
	size_t pods_count;
	struct str events[LOG_MAX_EVENTS]; /* of the watch, whole lines */
	size_t events_count;
	char *workload; /* the object at …/deployments/web, or NULL */
	int breaks;	/* so many streams are still to be broken */
	unsigned seed;
	int refusals; /* so many requests of logs still find a container that waits */
	int cuts;     /* changes to end all streams, as a proxy between does */
	struct fake_container *restarts_late; /* after the next look at its pod, or NULL */
	bool forbids_pods;		      /* nobody may look at a single pod */
};

static inline void
fake_write(struct fake_logs *f, struct fake_container *c, const char *stamp, const char *text,
	   size_t len)
{
	struct fake_line line = { xstrdup(stamp), xstrndup("", 0), len };

	free(line.text);
	line.text = xcalloc(1, len + 1);
	memcpy(line.text, text, len);
	pthread_mutex_lock(&f->lock);
	*VEC_PUSH(c->run.lines, c->run.count, c->run.cap) = line;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* Line `number`, of which several in a row bear one stamp, as a busy container writes them. */
static inline void
fake_write_numbered(struct fake_logs *f, struct fake_container *c, int number)
{
	char stamp[64], text[64];
	int tick = number / 7;

	snprintf(stamp, sizeof(stamp), "2026-11-21T10:%02d:%02d.%09dZ", tick / 4 / 60 % 60,
		 tick / 4 % 60, tick % 4 * 250000000);
	int len = snprintf(text, sizeof(text), "line %06d of a log", number);
	fake_write(f, c, stamp, text, (size_t)len);
}

static inline void
fake_free_run(struct fake_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		free(run->lines[i].stamp);
		free(run->lines[i].text);
	}
	free(run->lines);
	*run = (struct fake_run){ NULL, 0, 0 };
}

static inline void
fake_print_state(const struct fake_pod *p, const struct fake_container *c, struct str *out)
{
	bool ended = strcmp(c->state, "terminated") == 0;

	str_printf(out, "{\"name\":\"%s\",\"restartCount\":%d,", c->name, c->number);
	if (strcmp(c->state, "waiting") != 0)
		str_printf(out, "\"containerID\":\"test://%s-%s-%d\",", p->uid, c->name, c->number);
	if (c->has_last)
		str_printf(out,
			   "\"lastState\":{\"terminated\":{\"exitCode\":%d,\"reason\":\"Error\","
			   "\"containerID\":\"test://%s-%s-%d\"}},",
			   c->exit_code, p->uid, c->name,
			   strcmp(c->state, "waiting") == 0 ? c->number : c->number - 1);
	str_printf(out, "\"state\":{\"%s\":{", c->state);
	if (ended)
		str_printf(out,
			   "\"exitCode\":%d,\"reason\":\"%s\",\"containerID\":\"test://%s-%s-%d\"",
			   c->exit_code, c->exit_code ? "Error" : "Completed", p->uid, c->name,
			   c->number);
	str_append(out, "}}}");
}

/* Under the lock. */
static inline void
fake_print_pod(const struct fake_pod *p, struct str *out)
{
	static const char *const lists[][2] = {
		{ "initContainers", "initContainerStatuses" },
		{ "containers", "containerStatuses" },
		{ "ephemeralContainers", "ephemeralContainerStatuses" },
	};

	str_printf(out,
		   "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		   "\"namespace\":\"tsb\",\"uid\":\"%s\",\"resourceVersion\":\"7\","
		   "\"creationTimestamp\":\"2026-11-21T10:00:00Z\"},\"spec\":{\"restartPolicy\":"
		   "\"%s\"",
		   p->name, p->uid, p->policy);
	for (size_t l = 0; l < 3; l++) {
		str_printf(out, ",\"%s\":[", lists[l][0]);
		for (size_t i = 0, n = 0; i < p->count; i++)
			if (strcmp(p->containers[i].list, lists[l][0]) == 0)
				str_printf(out, "%s{\"name\":\"%s\"}", n++ ? "," : "",
					   p->containers[i].name);
		str_append(out, "]");
	}
	str_printf(out, "},\"status\":{\"phase\":\"%s\"", p->phase);
	for (size_t l = 0; l < 3; l++) {
		str_printf(out, ",\"%s\":[", lists[l][1]);
		for (size_t i = 0, n = 0; i < p->count; i++) {
			if (strcmp(p->containers[i].list, lists[l][0]) != 0)
				continue;
			str_append(out, n++ ? "," : "");
			fake_print_state(p, &p->containers[i], out);
		}
		str_append(out, "]");
	}
	str_append(out, "}}");
}

static inline void
fake_print_event(const struct fake_pod *p, const char *type, struct str *out)
{
	str_printf(out,
		   "{\"type\":\"%s\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
		   "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"7\"},"
		   "\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\"}],"
		   "\"rows\":[{\"cells\":[\"%s\"],\"object\":",
		   type, p->name);
	fake_print_pod(p, out);
	str_append(out, "}]}}\n");
}

/* Tells the watch how a pod is now. */
static inline void
fake_event(struct fake_logs *f, struct fake_pod *p, const char *type)
{
	pthread_mutex_lock(&f->lock);
	if (f->events_count == LOG_MAX_EVENTS)
		abort();
	p->listed = p->exists = strcmp(type, "DELETED") != 0;
	fake_print_event(p, type, &f->events[f->events_count++]);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static inline struct fake_pod *
fake_pod(struct fake_logs *f, const char *name, const char *uid)
{
	struct fake_pod *p = &f->pods[f->pods_count];

	if (f->pods_count == LOG_MAX_PODS)
		abort();
	*p = (struct fake_pod){ .name = name,
				.uid = uid,
				.phase = "Running",
				.policy = "Always",
				.listed = true,
				.exists = true };
	pthread_mutex_lock(&f->lock);
	f->pods_count++;
	pthread_mutex_unlock(&f->lock);
	return p;
}

static inline struct fake_container *
fake_container(struct fake_logs *f, struct fake_pod *p, const char *list, const char *name)
{
	struct fake_container *c = &p->containers[p->count];

	if (p->count == LOG_MAX_CONTAINERS)
		abort();
	pthread_mutex_lock(&f->lock);
	*c = (struct fake_container){ .name = name, .list = list, .state = "running" };
	p->count++;
	pthread_mutex_unlock(&f->lock);
	return c;
}

static inline void
fake_end(struct fake_logs *f, struct fake_container *c, const char *state, int exit_code)
{
	pthread_mutex_lock(&f->lock);
	c->state = state;
	c->exit_code = exit_code;
	c->has_last = c->has_last || strcmp(state, "waiting") == 0;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static inline void
fake_restart(struct fake_logs *f, struct fake_container *c, int exit_code)
{
	pthread_mutex_lock(&f->lock);
	fake_free_run(&c->previous);
	c->previous = c->run;
	c->run = (struct fake_run){ NULL, 0, 0 };
	c->number++;
	c->state = "running";
	c->exit_code = exit_code;
	c->has_last = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* ---- the server's side ---- */

static inline struct fake_pod *
fake_find(struct fake_logs *f, const char *target)
{
	static const char base[] = "/api/v1/namespaces/tsb/pods/";

	if (strncmp(target, base, strlen(base)) != 0)
		return NULL;
	target += strlen(base);
	for (size_t i = f->pods_count; i-- > 0;)
		if (f->pods[i].exists &&
		    strncmp(target, f->pods[i].name, strcspn(target, "/?")) == 0 &&
		    strlen(f->pods[i].name) == strcspn(target, "/?"))
			return &f->pods[i];
	return NULL;
}

static inline bool
fake_status(struct server_connection *c, int code, const char *reason, const char *message)
{
	char *body = xasprintf("{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":%d,"
			       "\"reason\":\"%s\",\"message\":\"%s\"}",
			       code, reason, message);
	bool ok = server_json(c, code, body);

	free(body);
	return ok;
}

/* Waits for a change, for a moment; under the lock. */
static inline void
fake_wait(struct fake_logs *f)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&f->changed, &f->lock, &until);
}

static inline bool
fake_send(struct server_connection *c, const char *bytes, size_t len, size_t only)
{
	char head[32];

	snprintf(head, sizeof(head), "%zx\r\n", len);
	return server_print(c, head) && server_write(c, bytes, only < len ? only : len) &&
	       only >= len && server_print(c, "\r\n");
}

static inline bool
fake_watch(struct fake_logs *f, struct server_connection *c)
{
	struct str out = STR_INIT;
	bool ok = server_begin_chunks(c, "application/json");
	size_t sent;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->pods_count; i++)
		if (f->pods[i].listed)
			fake_print_event(&f->pods[i], "ADDED", &out);
	str_append(&out,
		   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\",\"metadata\":"
		   "{\"resourceVersion\":\"7\"},\"columnDefinitions\":[{\"name\":\"Name\","
		   "\"type\":\"string\"}],\"rows\":[{\"cells\":[\"\"],\"object\":{\"metadata\":{"
		   "\"resourceVersion\":\"7\",\"annotations\":{"
		   "\"k8s.io/initial-events-end\":\"true\"}}}}]}}\n");
	sent = f->events_count;
	while (ok && !f->server->is_stopping) {
		if (out.len) {
			pthread_mutex_unlock(&f->lock);
			ok = fake_send(c, out.data, out.len, out.len);
			str_clear(&out);
			pthread_mutex_lock(&f->lock);
		}
		if (sent == f->events_count)
			fake_wait(f);
		while (sent < f->events_count) {
			str_append(&out, str_cstr(&f->events[sent]));
			sent++;
		}
	}
	pthread_mutex_unlock(&f->lock);
	str_release(&out);
	return false;
}

static inline bool
fake_has(const char *target, const char *parameter, char *value, size_t size)
{
	const char *at = strstr(target, parameter);
	size_t n = 0;

	if (!at)
		return false;
	for (at += strlen(parameter); *at && *at != '&' && n + 1 < size; at++) {
		unsigned code;

		if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1) {
			value[n++] = (char)code;
			at += 2;
		} else {
			value[n++] = *at;
		}
	}
	value[n] = '\0';
	return true;
}

/* Where a reading begins, as tailLines and sinceTime say. */
static inline size_t
fake_start(const struct fake_run *run, const char *target)
{
	char value[64];
	size_t start = 0;

	if (fake_has(target, "tailLines=", value, sizeof(value))) {
		size_t tail = strtoul(value, NULL, 10);

		start = run->count > tail ? run->count - tail : 0;
	}
	if (fake_has(target, "sinceTime=", value, sizeof(value)))
		/* in seconds only */
		while (start < run->count && strncmp(run->lines[start].stamp, value, 19) < 0)
			start++;
	return start;
}

/* One stream's way through a log. */
struct fake_reading {
	struct fake_logs *f;
	struct server_connection *c;
	struct fake_container *container;
	int number; /* of the run */
	int cuts;
	bool follow, previous;
	size_t at;
	size_t budget; /* bytes until it breaks; SIZE_MAX: never */
	bool cleanly;  /* it breaks between two lines, as if the log had ended */
};

static inline bool
fake_is_over(const struct fake_reading *r)
{
	const struct fake_container *c = r->container;

	return !r->follow || r->cuts != r->f->cuts || r->number != c->number ||
	       strcmp(c->state, "running") != 0 || r->f->server->is_stopping;
}

/* Under the lock. Takes what there is to send, up to a bound. */
static inline void
fake_collect(struct fake_reading *r, struct str *out)
{
	struct fake_container *c = r->container;
	bool current = r->number == c->number && !r->previous;
	struct fake_run *run = current ? &c->run : &c->previous;
	size_t end = current && c->withheld && r->follow ? c->withheld : run->count;

	for (; r->at < end && out->len < 4096; r->at++) {
		struct fake_line *line = &run->lines[r->at];

		str_printf(out, "%s%s", line->stamp, line->stamp[0] ? " " : "");
		str_append_bytes(out, line->text, line->len);
		str_append_char(out, '\n');
	}
}

static inline bool
fake_stream(struct fake_reading *r)
{
	struct str out = STR_INIT;
	bool ok = server_begin_chunks(r->c, "text/plain"), over = false;

	while (ok && !over) {
		pthread_mutex_lock(&r->f->lock);
		str_clear(&out);
		fake_collect(r, &out);
		over = !out.len && fake_is_over(r);
		if (!out.len && !over)
			fake_wait(r->f);
		pthread_mutex_unlock(&r->f->lock);
		if (out.len && r->budget <= out.len && !r->cleanly)
			ok = fake_send(r->c, out.data, out.len, r->budget - 1);
		else if (out.len)
			ok = fake_send(r->c, out.data, out.len, out.len);
		if (r->budget != SIZE_MAX)
			r->budget -= r->budget < out.len ? r->budget : out.len;
		if (!r->budget && r->cleanly)
			over = true;
	}
	str_release(&out);
	return ok && server_end_chunks(r->c);
}

static inline bool
fake_serve_log(struct fake_logs *f, struct server_connection *c, struct fake_pod *p,
	       const char *target)
{
	struct fake_reading r = { .f = f, .c = c, .budget = SIZE_MAX };
	char name[64] = "";

	fake_has(target, "container=", name, sizeof(name));
	r.follow = strstr(target, "follow=true") != NULL;
	r.previous = strstr(target, "previous=true") != NULL;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->containers[i].name, name) == 0)
			r.container = &p->containers[i];
	bool refused = f->refusals > 0;
	f->refusals -= refused;
	bool missing = !r.container || (r.previous && !r.container->has_last);
	if (!missing && !refused) {
		/* between two runs the log of the one that ended is both */
		bool waits = strcmp(r.container->state, "waiting") == 0;

		r.previous = r.previous && !waits;
		r.number = r.container->number;
		r.cuts = f->cuts;
		r.at = fake_start(r.previous ? &r.container->previous : &r.container->run, target);
		if (r.follow && f->breaks > 0 && r.at < r.container->run.count) {
			f->breaks--;
			f->seed = f->seed * 1103515245 + 12345;
			r.budget = 500 + (f->seed >> 16) % 3000;
			r.cleanly = (f->seed >> 20) % 8 == 0;
		}
	}
	pthread_mutex_unlock(&f->lock);
	if (refused)
		return fake_status(c, 400, "BadRequest",
				   "container in pod is waiting to start: ContainerCreating");
	if (missing)
		return fake_status(c, 400, "BadRequest", "previous terminated container not found");
	return fake_stream(&r);
}

static inline bool
fake_serve(void *data, struct server_connection *c, const struct server_request *request)
{
	struct fake_logs *f = data;
	const char *target = request->target;
	struct str body = STR_INIT;
	struct fake_pod *p;
	bool ok;

	if (strncmp(target, "/api/v1/namespaces/tsb/pods?", 28) == 0)
		return fake_watch(f, c);
	if (strcmp(target, "/api/v1") == 0)
		return server_json(c, 200,
				   "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\","
				   "\"resources\":[{\"name\":\"pods\",\"namespaced\":true,"
				   "\"singularName\":\"\",\"kind\":\"Pod\"}]}");
	if (strcmp(target, "/apis") == 0)
		return server_json(
			c, 200,
			"{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"apps\","
			"\"versions\":[{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}],"
			"\"preferredVersion\":{\"groupVersion\":\"apps/v1\","
			"\"version\":\"v1\"}}]}");
	if (strcmp(target, "/apis/apps/v1") == 0)
		return server_json(c, 200,
				   "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\","
				   "\"resources\":[{\"name\":\"deployments\",\"namespaced\":true,"
				   "\"singularName\":\"\",\"kind\":\"Deployment\"}]}");
	pthread_mutex_lock(&f->lock);
	if (strcmp(target, "/apis/apps/v1/namespaces/tsb/deployments/web") == 0 && f->workload)
		str_append(&body, f->workload);
	p = fake_find(f, target);
	if (p && !strstr(target, "/log?"))
		fake_print_pod(p, &body);
	struct fake_container *late = p && !strstr(target, "/log?") ? f->restarts_late : NULL;
	if (late)
		f->restarts_late = NULL;
	pthread_mutex_unlock(&f->lock);
	if (late) {
		fake_restart(f, late, 1);
		late->withheld = 0;
		fake_write(f, late, "2026-11-21T10:59:00Z", "begins anew", 11);
	}
	if (p && strstr(target, "/log?"))
		ok = fake_serve_log(f, c, p, target);
	else if (p && f->forbids_pods)
		ok = fake_status(c, 403, "Forbidden", "pods is forbidden");
	else if (body.len)
		ok = server_json(c, 200, str_cstr(&body));
	else
		ok = fake_status(c, 404, "NotFound", "not found");
	str_release(&body);
	return ok;
}

static inline struct fake_logs *
fake_new(void)
{
	struct fake_logs *f = xcalloc(1, sizeof(*f));
	char *text;

	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	f->seed = 4711;
	f->server = server_start(fake_serve, f, NULL);
	f->folder = fixture_folder();
	text = xasprintf(
		"apiVersion: v1\nkind: Config\ncurrent-context: mgmt\n"
		"clusters: [{name: c, cluster: {server: '%s'}}]\n"
		"users: [{name: u, user: {token: sesame-open-sesame}}]\n"
		"contexts: [{name: mgmt, context: {cluster: c, user: u, namespace: tsb}}]\n",
		f->server->url);
	f->kubeconfig = fixture_write(f->folder, "config", text);
	free(text);
	return f;
}

static inline void
fake_free(struct fake_logs *f)
{
	server_stop(f->server);
	for (size_t i = 0; i < f->pods_count; i++)
		for (size_t n = 0; n < f->pods[i].count; n++) {
			fake_free_run(&f->pods[i].containers[n].run);
			fake_free_run(&f->pods[i].containers[n].previous);
		}
	for (size_t i = 0; i < f->events_count; i++)
		str_release(&f->events[i]);
	free(f->workload);
	free(f->kubeconfig);
	fixture_remove(f->folder);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->changed);
	free(f);
}

#endif
