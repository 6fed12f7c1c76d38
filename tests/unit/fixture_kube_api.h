#ifndef LIFEBOAT_TESTS_FIXTURE_KUBE_API_H
#define LIFEBOAT_TESTS_FIXTURE_KUBE_API_H

/* An API server of canned answers on loopback, and a kubeconfig that leads to it. */

#include <fnmatch.h>
#include <pthread.h>

#include "base/str.h"
#include "fixture_server.h"

struct api_route {
	const char *method;
	const char *target; /* a pattern of fnmatch(3), over path and query */
	long status;
	const char *body;
	int times; /* 0: always */
};

struct api {
	char *folder, *kubeconfig;
	int fd;
	pthread_t thread;
	pthread_mutex_t lock;
	struct api_route routes[64]; /* the latest that fits answers */
	size_t count;
	struct str seen; /* "METHOD target\nbody\n" of every request */
};

static inline void
api_on(struct api *api, const char *method, const char *target, long status, const char *body,
       int times)
{
	pthread_mutex_lock(&api->lock);
	if (api->count == sizeof(api->routes) / sizeof(api->routes[0]))
		abort();
	api->routes[api->count++] = (struct api_route){ method, target, status, body, times };
	pthread_mutex_unlock(&api->lock);
}

/* True where a request or its body held the text. */
static inline bool
api_saw(struct api *api, const char *text)
{
	bool saw;

	pthread_mutex_lock(&api->lock);
	saw = strstr(str_cstr(&api->seen), text) != NULL;
	pthread_mutex_unlock(&api->lock);
	return saw;
}

static inline const struct api_route *
api_find(struct api *api, const char *method, const char *target)
{
	for (size_t i = api->count; i-- > 0;) {
		struct api_route *r = &api->routes[i];

		if (strcmp(r->method, method) != 0 || fnmatch(r->target, target, 0) != 0 ||
		    r->times < 0)
			continue;
		if (r->times && --r->times == 0)
			r->times = -1;
		return r;
	}
	return NULL;
}

static inline void
api_reply(struct api *api, int fd, const char *request, const char *body)
{
	static const struct api_route none = {
		.status = 404,
		.body = "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"not found\"}",
	};
	const struct api_route *r;
	char method[16], target[1024];
	struct str out = STR_INIT;

	if (sscanf(request, "%15s %1023s", method, target) != 2)
		return;
	pthread_mutex_lock(&api->lock);
	str_printf(&api->seen, "%s %s\n%s\n", method, target, body);
	r = api_find(api, method, target);
	if (!r)
		r = &none;
	str_printf(&out,
		   "HTTP/1.1 %ld X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		   "Connection: close\r\n\r\n%s",
		   r->status, strlen(r->body), r->body);
	pthread_mutex_unlock(&api->lock);
	(void)!write(fd, out.data, out.len);
	str_release(&out);
}

/* Reads one request with its body and answers it. */
static inline void
api_serve_one(struct api *api, int fd)
{
	struct str in = STR_INIT;
	const char *end = NULL, *length;
	size_t wanted = 0;

	while (!end || in.len < wanted) {
		ssize_t n = read(fd, str_reserve(&in, 4096), 4096);

		if (n <= 0)
			goto out;
		in.len += (size_t)n;
		in.data[in.len] = '\0';
		end = strstr(in.data, "\r\n\r\n");
		length = strcasestr(in.data, "content-length:");
		if (end)
			wanted = (size_t)(end + 4 - in.data) +
				 (length && length < end ? strtoul(length + 15, NULL, 10) : 0);
	}
	api_reply(api, fd, in.data, end + 4);
out:
	str_release(&in);
}

static inline void *
api_serve(void *data)
{
	struct api *api = data;

	for (;;) {
		int fd = accept4(api->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		api_serve_one(api, fd);
		close(fd);
	}
}

static const char api_core[] =
	"{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":["
	"{\"name\":\"secrets\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Secret\"},"
	"{\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Pod\","
	"\"shortNames\":[\"po\"]},"
	"{\"name\":\"namespaces\",\"singularName\":\"\",\"namespaced\":false,\"kind\":"
	"\"Namespace\"}]}";

static inline struct api *
api_new(void)
{
	struct api *api = xcalloc(1, sizeof(*api));
	char *text;

	pthread_mutex_init(&api->lock, NULL);
	api->fd = fixture_bind(SOCK_STREAM, 0);
	if (api->fd < 0 || listen(api->fd, 16) < 0)
		abort();
	api->folder = fixture_folder();
	text = xasprintf(
		"apiVersion: v1\nkind: Config\ncurrent-context: mgmt\n"
		"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:%d'}}]\n"
		"users: [{name: u, user: {token: sesame-open-sesame}}]\n"
		"contexts: [{name: mgmt, context: {cluster: c, user: u, namespace: tsb}}]\n",
		fixture_port_of(api->fd));
	api->kubeconfig = fixture_write(api->folder, "config", text);
	free(text);
	api_on(api, "GET", "/api/v1", 200, api_core, 0);
	api_on(api, "GET", "/apis", 200, "{\"kind\":\"APIGroupList\",\"groups\":[]}", 0);
	if (pthread_create(&api->thread, NULL, api_serve, api) != 0)
		abort();
	return api;
}

static inline void
api_free(struct api *api)
{
	shutdown(api->fd, SHUT_RDWR);
	pthread_join(api->thread, NULL);
	close(api->fd);
	free(api->kubeconfig);
	fixture_remove(api->folder);
	str_release(&api->seen);
	pthread_mutex_destroy(&api->lock);
	free(api);
}

#endif
