#ifndef LIFEBOAT_TESTS_GOLDEN_FIXTURE_TABLES_H
#define LIFEBOAT_TESTS_GOLDEN_FIXTURE_TABLES_H

/*
 * Two small clusters on loopback, as far as tables of their resources ask for them: lists and watches as
 * Tables, single objects, events. To be included after cmocka.h, in one file of a test program.
 */

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "fixture_server.h"
#include "http_server.h"

/* How the clusters behave; changed by the tests while a screen looks at them. */
enum cluster_fault {
	FAULT_NONE,
	FAULT_DOWN,	   /* streams break off, everything answers 503 */
	FAULT_STALLED,	   /* no exact list ever ends */
	FAULT_SECOND_PAGE, /* a list's second page never comes */
};

struct cluster_row {
	const char *ns, *name;
	const char *cells; /* behind the name, as JSON, with the age as "" */
	const char *created;
};

struct cluster_table {
	const char *path;    /* of the collection, below the cluster's prefix */
	const char *columns; /* "Ready|Restarts#|Node*": # a number, * of a lower priority */
	const struct cluster_row *rows;
	size_t count;
	const char *ns; /* only these rows, or NULL */
};

/* The whole object behind a row, where somebody asks for it. */
struct cluster_object {
	const char *name, *text;
};

struct clusters {
	pid_t server;
	int alive; /* the server ends when this is closed */
	char url[64];
	char *folder, *kubeconfig;
	const struct cluster_table *tables; /* the last one has no path */
	struct cluster_object objects[4];
	atomic_int fault;
	atomic_int arrivals; /* grows with each row that a watch is to tell of */
	struct cluster_row arrival;
	atomic_bool is_gone; /* what a watch of a single object says of it */
};

static inline const char *
clusters_object(const struct clusters *world, const char *name)
{
	for (size_t i = 0; i < sizeof(world->objects) / sizeof(world->objects[0]); i++)
		if (world->objects[i].name && strcmp(world->objects[i].name, name) == 0)
			return world->objects[i].text;
	return NULL;
}

/* What a request wants of a collection. */
struct cluster_wish {
	const struct cluster_table *table;
	bool metadata, objects; /* beside the cells */
	bool more;		/* a next page is named */
	const char *query;
};

static inline void
clusters_append_row(const struct clusters *world, const struct cluster_wish *wish,
		    const struct cluster_row *row, struct str *out)
{
	const char *object = wish->objects ? clusters_object(world, row->name) : NULL;

	str_printf(out, "{\"cells\":[\"%s\",%s]", row->name, row->cells);
	if (object)
		str_printf(out, ",\"object\":%s", object);
	else if (wish->metadata)
		str_printf(out,
			   ",\"object\":{\"kind\":\"PartialObjectMetadata\",\"metadata\":{"
			   "\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"u-%s-%s\","
			   "\"resourceVersion\":\"90\",\"creationTimestamp\":\"%s\","
			   "\"labels\":{\"app\":\"%.3s\"}}}",
			   row->name, row->ns, row->ns, row->name, row->created, row->name);
	str_append_char(out, '}');
}

static inline void
clusters_append_columns(struct str *out, const char *columns)
{
	str_append(out, "\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\","
			"\"format\":\"name\",\"priority\":0}");
	while (*columns) {
		size_t len = strcspn(columns, "|"), name = strcspn(columns, "|#*");
		bool number = memchr(columns, '#', len), wide = memchr(columns, '*', len);

		str_printf(out, ",{\"name\":\"%.*s\",\"type\":\"%s\",\"priority\":%d}", (int)name,
			   columns, number ? "integer" : "string", wide);
		columns += len + (columns[len] == '|');
	}
	str_append_char(out, ']');
}

/* By namespace, and where a field selector names one object, or what it is involved in, by that. */
static inline bool
clusters_selects(const struct cluster_wish *wish, const struct cluster_row *row)
{
	const char *named = strstr(wish->query, "ame%3D"), *rest;
	size_t len;

	if (wish->table->ns && strcmp(wish->table->ns, row->ns) != 0)
		return false;
	if (!strstr(wish->query, "fieldSelector") || !named)
		return true;
	named += strlen("ame%3D");
	len = strcspn(named, "&%");
	rest = row->name + len;
	return strncmp(row->name, named, len) == 0 && (!*rest || *rest == '.');
}

static inline char *
clusters_table(const struct clusters *world, const struct cluster_wish *wish)
{
	struct str out = STR_INIT;
	bool any = false;

	str_printf(&out,
		   "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{%s"
		   "\"resourceVersion\":\"100\"},",
		   wish->more ? "\"continue\":\"next\",\"remainingItemCount\":9500," : "");
	clusters_append_columns(&out, wish->table->columns);
	str_append(&out, ",\"rows\":[");
	for (size_t i = 0; i < wish->table->count; i++) {
		if (!clusters_selects(wish, &wish->table->rows[i]))
			continue;
		str_append(&out, any ? "," : "");
		clusters_append_row(world, wish, &wish->table->rows[i], &out);
		any = true;
	}
	str_append(&out, "]}\n");
	return str_take(&out);
}

static inline bool
clusters_serve_bookmark(struct server_connection *c)
{
	return server_chunk(c,
			    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
			    "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"101\"},"
			    "\"columnDefinitions\":null,\"rows\":[]}}\n");
}

static inline bool
clusters_serve_event(const struct clusters *world, struct server_connection *c,
		     const struct cluster_wish *wish, const char *type,
		     const struct cluster_row *row)
{
	struct str out = STR_INIT;

	str_printf(&out,
		   "{\"type\":\"%s\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
		   "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"102\"},",
		   type);
	clusters_append_columns(&out, wish->table->columns);
	str_append(&out, ",\"rows\":[");
	clusters_append_row(world, wish, row, &out);
	str_append(&out, "]}}\n");
	bool ok = server_chunk(c, str_cstr(&out));
	str_release(&out);
	return ok;
}

/* A watch that is heard of all the time, so that its age on the screen stays 0s. */
static inline bool
clusters_serve_watch(struct clusters *world, struct server_connection *c,
		     const struct cluster_wish *wish)
{
	struct pollfd left = { .fd = c->fd, .events = POLLIN };
	bool goes_on = server_begin_chunks(c, "application/json"), single, is_gone = false;
	const struct cluster_row *row = wish->table->rows;
	int told = 0;

	single = strstr(wish->query, "fieldSelector") && strstr(wish->table->path, "pods");
	while (goes_on && world->fault != FAULT_DOWN && poll(&left, 1, 100) == 0) {
		goes_on = clusters_serve_bookmark(c);
		if (goes_on && !single && told < world->arrivals &&
		    clusters_selects(wish, &world->arrival)) {
			goes_on = clusters_serve_event(world, c, wish, "ADDED", &world->arrival);
			told = world->arrivals;
		}
		if (goes_on && single && world->is_gone && !is_gone) {
			while (!clusters_selects(wish, row))
				row++;
			goes_on = clusters_serve_event(world, c, wish, "DELETED", row);
			is_gone = true;
		}
	}
	return false;
}

static inline bool
clusters_serve_table(struct clusters *world, struct server_connection *c,
		     const struct cluster_table *table, const char *query)
{
	struct cluster_wish wish = { .table = table,
				     .metadata = !strstr(query, "includeObject=None"),
				     .objects = strstr(query, "includeObject=Object"),
				     .query = query };
	bool is_first = !strstr(query, "continue=");

	if (strstr(query, "sendInitialEvents"))
		return server_json(c, 400,
				   "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":"
				   "\"BadRequest\",\"message\":\"sendInitialEvents is unknown\"}");
	if (strstr(query, "watch="))
		return clusters_serve_watch(world, c, &wish);
	if (wish.metadata && world->fault == FAULT_STALLED)
		return server_stay_silent(c);
	if (wish.metadata && world->fault == FAULT_SECOND_PAGE) {
		if (!is_first)
			return server_stay_silent(c);
		wish.more = true;
	}
	char *text = clusters_table(world, &wish);
	bool ok = server_json(c, 200, text);
	free(text);
	return ok;
}

static inline const struct cluster_table *
clusters_find(const struct clusters *world, const char *path, size_t len)
{
	const struct cluster_table *table = world->tables;

	while (table->path && (strlen(table->path) != len || strncmp(table->path, path, len) != 0))
		table++;
	return table->path ? table : NULL;
}

static inline const char *
clusters_discovery(const char *path)
{
	static const struct {
		const char *path, *body;
	} answers[] = {
		{ "/api", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}" },
		{ "/api/v1",
		  "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":["
		  "{\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Pod\","
		  "\"shortNames\":[\"po\"]},{\"name\":\"nodes\",\"singularName\":\"\","
		  "\"namespaced\":false,\"kind\":\"Node\"},{\"name\":\"events\",\"singularName\":"
		  "\"\",\"namespaced\":true,\"kind\":\"Event\"}]}" },
		{ "/apis",
		  "{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"apps\",\"versions\":[{"
		  "\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}],\"preferredVersion\":{"
		  "\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}}]}" },
		{ "/apis/apps/v1",
		  "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\",\"resources\":[{"
		  "\"name\":\"deployments\",\"singularName\":\"\",\"namespaced\":true,\"kind\":"
		  "\"Deployment\",\"shortNames\":[\"deploy\"]}]}" },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(answers[i].path, path) == 0)
			return answers[i].body;
	return NULL;
}

static inline bool
clusters_serve(void *data, struct server_connection *c, const struct server_request *r)
{
	static const char missing[] = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":"
				      "\"NotFound\",\"message\":\"not found\"}";
	struct clusters *world = data;
	const char *path = strchr(r->target + 1, '/'), *query, *discovery, *object;
	const struct cluster_table *table;

	if (world->fault == FAULT_DOWN)
		return server_reply(c, 503, "application/json", "Retry-After: 20\r\n",
				    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":"
				    "\"the server is overloaded\"}");
	if (!path)
		return server_json(c, 404, missing);
	query = path + strcspn(path, "?");
	table = clusters_find(world, path, (size_t)(query - path));
	discovery = *query ? NULL : clusters_discovery(path);
	if (table)
		return clusters_serve_table(world, c, table, query);
	if (discovery)
		return server_json(c, 200, discovery);
	object = strrchr(path, '/') && !strstr(path, "/log")
			 ? clusters_object(world, strrchr(path, '/') + 1)
			 : NULL;
	return object ? server_json(c, 200, object) : server_json(c, 404, missing);
}

/* The server's process: says where it listens, and serves until its parent hangs up. */
static inline void
clusters_run(struct clusters *world, int ready, int alive)
{
	struct http_server *server = server_start(clusters_serve, world, NULL);
	char byte;

	snprintf(world->url, sizeof(world->url), "%s", server->url);
	close(ready);
	while (read(alive, &byte, 1) > 0)
		;
	_exit(0);
}

/*
 * In a process of its own, as the tests fork their screens: a child of a process with threads finds the
 * allocator's locks as they happened to be (AddressSanitizer's are not made free). What the tests change while
 * it runs is in memory that both share.
 */
static inline void
clusters_start(struct clusters *world)
{
	int ready[2], alive[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
	pid_t pid = fork(); /* the world is the child's too */
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ready[0]);
		close(alive[1]);
		clusters_run(world, ready[1], alive[0]);
	}
	close(ready[1]);
	close(alive[0]);
	world->server = pid;
	world->alive = alive[1];
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	assert_true(*world->url);
}

static inline struct clusters *
clusters_new(const struct cluster_table *tables)
{
	struct clusters *world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *text;

	assert_true(world != MAP_FAILED);
	world->tables = tables;
	world->folder = fixture_folder();
	clusters_start(world);
	text = xasprintf("apiVersion: v1\nkind: Config\ncurrent-context: mgmt-b\n"
			 "clusters:\n- {name: b, cluster: {server: '%s/b'}}\n"
			 "- {name: e, cluster: {server: '%s/e'}}\n"
			 "users: [{name: u, user: {token: sesame-open-sesame}}]\ncontexts:\n"
			 "- {name: mgmt-b, context: {cluster: b, user: u, namespace: tsb}}\n"
			 "- {name: edge-1, context: {cluster: e, user: u, namespace: edge}}\n",
			 world->url, world->url);
	world->kubeconfig = fixture_write(world->folder, "config", text);
	free(text);
	return world;
}

static inline void
clusters_free(struct clusters *world)
{
	close(world->alive);
	/* the screen of a test that failed is still there, and holds the other end open */
	kill(world->server, SIGTERM);
	assert_int_equal(waitpid(world->server, NULL, 0), world->server);
	free(world->kubeconfig);
	fixture_remove(world->folder);
	munmap(world, sizeof(*world));
}

#endif
