#include "config.h"

#include "kube/list_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client_private.h"
#include "kube/status.h"
#include "kube/table.h"

enum {
	PAGE_ROWS = 500,
	LIST_IDLE_TIMEOUT_MS = 60000,
	WATCH_MIN_S = 300,
	WATCH_MAX_S = 600,
	WATCH_GRACE_MS = 30000, /* how late the server may end a watch */
	MAX_EVENT = 32 << 20,
	SHORT_WATCH_MS = 1000,
	BACKOFF_FIRST_MS = 800,
	BACKOFF_MAX_MS = 30000,
	HEALTHY_AFTER_MS = 120000,
};

/* What to do after a step: the states of the loop. */
enum next { LIST, WATCH };

struct follower {
	struct kube_client *client;
	const struct kube_list_watch_options *options;
	struct table_reader table;
	const struct kube_list_watch_handler *handler;
	void *data;
	const struct cancel *cancel;
	char *label;		/* how messages call the watch */
	char *resource_version; /* where the next watch begins */
	bool is_gone;		/* a version was found gone, and no event came since */
	int64_t backoff_ms, last_failure_ms;
};

/* One watch under way. */
struct watch {
	struct follower *f;
	struct str carry;
	size_t events;
	bool is_broken; /* the server, or its garbage, ended it: `error` says how */
	long code;	/* of an ERROR event */
	struct err error;
};

static int64_t
random_between(int64_t low, int64_t high)
{
	uint32_t bits = 0;

	/* Without entropy this is no jitter, but nothing worse. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) < 0)
		bits = 0;
	return low + (int64_t)(bits % (uint32_t)(high - low + 1));
}

/* The seconds that a server asks for by Retry-After; 0 where it does not. */
static int64_t
retry_after_ms(const struct http_response *response)
{
	char *value = response ? http_response_header(response, "Retry-After") : NULL;
	long seconds = value ? strtol(value, NULL, 10) : 0;

	free(value);
	return seconds > 0 && seconds <= 600 ? seconds * 1000 : 0;
}

static int64_t
next_delay_ms(struct follower *f, enum err_kind kind)
{
	int64_t now_ms = clock_mono_ms(), delay_ms;

	if (f->backoff_ms == 0 || now_ms - f->last_failure_ms > HEALTHY_AFTER_MS + f->backoff_ms)
		f->backoff_ms = BACKOFF_FIRST_MS;
	delay_ms = random_between(f->backoff_ms / 2, f->backoff_ms);
	f->backoff_ms = f->backoff_ms < BACKOFF_MAX_MS / 2 ? f->backoff_ms * 2 : BACKOFF_MAX_MS;
	f->last_failure_ms = now_ms;
	return kind == ERR_DENIED ? BACKOFF_MAX_MS : delay_ms;
}

/* Tells of a failure and waits before the next try. */
static void
back_off(struct follower *f, const struct err *error, const struct http_response *response)
{
	int64_t delay_ms = next_delay_ms(f, error->kind), asked_ms = retry_after_ms(response);

	if (cancel_requested(f->cancel))
		return;
	if (asked_ms > delay_ms)
		delay_ms = asked_ms;
	f->handler->failed(f->data, error, delay_ms);
	cancel_sleep(f->cancel, delay_ms);
}

static void
append_selector(struct str *query, const char *name, const char *selector)
{
	if (!selector || !*selector)
		return;
	char *encoded = http_encode(selector);
	str_printf(query, "&%s=%s", name, encoded);
	free(encoded);
}

static void
append_selectors(const struct follower *f, struct str *query)
{
	append_selector(query, "labelSelector", f->options->label_selector);
	append_selector(query, "fieldSelector", f->options->field_selector);
}

static const char table_accept[] = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

static int
parse_table(const struct follower *f, const struct http_response *response, cJSON **ret_table,
	    struct err *e)
{
	cJSON *table = json_parse(str_cstr(&response->body), response->body.len, e);

	if (str_equal(json_string(table, "kind", NULL), "Table")) {
		*ret_table = table;
		return 0;
	}
	if (table)
		err_set(e, ERR_REMOTE, "the server gave a %s, not a Table",
			json_string(table, "kind", "JSON value of no kind"));
	cJSON_Delete(table);
	return err_wrap(e, "LIST %s", f->options->path);
}

/* One page, or everything where max_rows is 0. *ret_more: the token of the next page, or NULL. */
static int
read_page(struct follower *f, size_t max_rows, const char *token, struct http_response *response,
	  char **ret_more, struct err *e)
{
	struct str query = STR_INIT;
	cJSON *table = NULL;

	str_append(&query, "includeObject=Metadata");
	if (max_rows)
		str_printf(&query, "&limit=%zu", max_rows);
	append_selectors(f, &query);
	append_selector(&query, "continue", token);
	struct kube_request request = {
		.method = "GET",
		.path = f->options->path,
		.query = str_cstr(&query),
		.accept = table_accept,
		.timeout_ms = -1,
		.idle_timeout_ms = LIST_IDLE_TIMEOUT_MS,
		.cancel = f->cancel,
	};
	int rc = kube_exchange(f->client, &request, response, e);
	if (rc == 0)
		rc = parse_table(f, response, &table, e);
	str_release(&query);
	if (rc < 0)
		return -1;
	table_read(&f->table, table, f->handler->row);
	f->handler->alive(f->data);
	const char *more = json_string(table, "metadata/continue", "");
	*ret_more = *more ? xstrdup(more) : NULL;
	free(f->resource_version);
	f->resource_version = xstrdup(json_string(table, "metadata/resourceVersion", ""));
	cJSON_Delete(table);
	return 0;
}

/* Reads the pages of the collection; *ret_pages counts those that came. */
static int
read_pages(struct follower *f, size_t max_rows, struct http_response *response, size_t *ret_pages,
	   struct err *e)
{
	char *token = NULL;
	int rc;

	f->table.has_columns = false;
	f->handler->list_begin(f->data);
	do {
		char *more = NULL;

		http_response_release(response);
		rc = read_page(f, max_rows, token, response, &more, e);
		free(token);
		token = more;
		*ret_pages += rc == 0;
	} while (token);
	return rc;
}

static enum next
list(struct follower *f)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct err error = ERR_INIT;
	enum next next = LIST;
	size_t pages = 0;
	int rc = read_pages(f, PAGE_ROWS, &response, &pages, &error);

	/* The token of a next page expires when the list takes too long: then all in one. */
	if (rc < 0 && pages > 0 && response.status == 410)
		rc = read_pages(f, 0, &response, &pages, &error);
	if (rc == 0) {
		f->handler->listed(f->data);
		next = WATCH;
	} else {
		back_off(f, &error, &response);
	}
	http_response_release(&response);
	return next;
}

static bool
break_off(struct watch *w, long code)
{
	w->is_broken = true;
	w->code = code;
	return false;
}

static void
remember_version(struct follower *f, const char *version)
{
	if (!version)
		return;
	free(f->resource_version);
	f->resource_version = xstrdup(version);
}

/* Returns false where the event ends the watch. */
static bool
handle_event(struct watch *w, const char *type, const cJSON *object)
{
	struct follower *f = w->f;

	if (strcmp(type, "ERROR") == 0) {
		long code = (long)json_int(object, "code", 0);

		kube_status_error(f->label, code, object, &w->error);
		return break_off(w, code);
	}
	if (strcmp(type, "DELETED") == 0)
		table_read(&f->table, object, f->handler->removed);
	else if (strcmp(type, "BOOKMARK") != 0) /* whose row is a blank one */
		table_read(&f->table, object, f->handler->row);
	remember_version(f, table_resource_version(object));
	w->events++;
	f->is_gone = false;
	f->handler->alive(f->data);
	return true;
}

static bool
handle_line(struct watch *w, const char *line, size_t len)
{
	cJSON *event = json_parse(line, len, &w->error);
	const char *type = json_string(event, "type", NULL);
	const cJSON *object = json_at(event, "object");
	bool goes_on;

	if (type && cJSON_IsObject(object)) {
		goes_on = handle_event(w, type, object);
	} else {
		err_set(&w->error, ERR_REMOTE,
			"%s: the stream holds something that is no event "
			"(%zu bytes)",
			w->f->label, len);
		goes_on = break_off(w, 0);
	}
	cJSON_Delete(event);
	return goes_on;
}

static bool
on_data(void *data, const char *bytes, size_t len_bytes)
{
	struct watch *w = data;
	size_t start = 0;
	const char *end;

	str_append_bytes(&w->carry, bytes, len_bytes);
	while ((end = memchr(w->carry.data + start, '\n', w->carry.len - start))) {
		size_t len = (size_t)(end - w->carry.data) - start;

		if (len > 0 && !handle_line(w, w->carry.data + start, len))
			return false;
		start += len + 1;
	}
	str_consume(&w->carry, start);
	if (w->carry.len <= MAX_EVENT)
		return true;
	err_set(&w->error, ERR_REMOTE, "%s: an event is larger than %d bytes", w->f->label,
		MAX_EVENT);
	return break_off(w, 0);
}

static int
read_events(struct watch *w, struct http_response *response)
{
	struct follower *f = w->f;
	struct str query = STR_INIT;
	int64_t timeout_s = random_between(WATCH_MIN_S, WATCH_MAX_S);

	str_printf(&query,
		   "watch=1&allowWatchBookmarks=true&includeObject=Metadata&timeoutSeconds=%lld",
		   (long long)timeout_s);
	append_selectors(f, &query);
	append_selector(&query, "resourceVersion", f->resource_version);
	struct kube_request request = {
		.method = "GET",
		.path = f->options->path,
		.query = str_cstr(&query),
		.accept = table_accept,
		.timeout_ms = -1,
		.idle_timeout_ms = timeout_s * 1000 + WATCH_GRACE_MS,
		.on_data = on_data,
		.data = w,
		.cancel = f->cancel,
	};
	int rc = kube_exchange(f->client, &request, response, &w->error);
	if (rc == 0 && !w->is_broken && w->carry.len > 0)
		handle_line(w, w->carry.data, w->carry.len);
	str_release(&query);
	return rc;
}

/* 410: the version is too old to go on from: no failure, unless it happens again at once. */
static enum next
start_over(struct follower *f, const struct err *error)
{
	if (f->is_gone)
		back_off(f, error, NULL);
	f->is_gone = true;
	return LIST;
}

/* Where to go on after a watch that ended otherwise than cleanly. */
static enum next
after_failure(struct watch *w, long code, const struct http_response *response)
{
	if (code == 410)
		return start_over(w->f, &w->error);
	back_off(w->f, &w->error, response);
	/* Nobody answered, or only to say "later": our version is still good. */
	return code == 429 || response->status == 0 ? WATCH : LIST;
}

static enum next
watch(struct follower *f)
{
	struct watch w = { .f = f };
	struct http_response response = HTTP_RESPONSE_INIT;
	int64_t started_ms = clock_mono_ms();
	enum next next = WATCH;
	int rc = read_events(&w, &response);

	if (rc < 0) {
		next = after_failure(&w, response.status, &response);
	} else if (w.is_broken) {
		next = after_failure(&w, w.code, &response);
	} else if (w.events == 0 && clock_mono_ms() - started_ms < SHORT_WATCH_MS) {
		err_set(&w.error, ERR_REMOTE, "%s: the server ended the watch at once", f->label);
		back_off(f, &w.error, &response);
	}
	http_response_release(&response);
	str_release(&w.carry);
	return next;
}

void
kube_list_watch(struct kube_client *client, const struct kube_list_watch_options *options,
		const struct kube_list_watch_handler *handler, void *data,
		const struct cancel *cancel)
{
	struct follower f = {
		.client = client,
		.options = options,
		.handler = handler,
		.data = data,
		.cancel = cancel,
		.table = { .handler = handler, .data = data },
		.label = kube_status_label("WATCH", options->path,
					   kube_client_access(client)->server),
	};
	enum next next = LIST;

	while (!cancel_requested(cancel))
		next = next == LIST ? list(&f) : watch(&f);
	free(f.resource_version);
	free(f.label);
}
