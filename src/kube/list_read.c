#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "kube/client_private.h"
#include "kube/follower.h"
#include "kube/json_cut.h"

enum {
	PAGE_ROWS = 500,
	TICK_ROWS = 500,
	IDLE_TIMEOUT_MS = 60000,
	RETRY_DELAY_MS = 1000,
	MAX_HELD = 32 << 20,
};

/* One list under way, in one page or more. */
struct list {
	struct follower *f;
	enum phase phase;
	bool in_pages;
	size_t pages, rows;    /* that came */
	char *version, *token; /* of the latest page; token NULL: it was the last */
	int64_t left;	       /* rows after it; -1: unknown */
	bool has_begun;
	/* of the page under way: */
	struct json_cut *cut;
	size_t elements;
	struct str held; /* rows that came before their columns */
	bool is_broken;	 /* `error` says why */
	struct err error;
	struct err row_error; /* here, as 2 KB on the stack would be cleared for each row */
};

static bool
break_off(struct list *l)
{
	l->is_broken = true;
	return false;
}

/* NULL: it could not be read, and the row's error says why. */
static void
take_row(struct list *l, const cJSON *row)
{
	struct follower *f = l->f;

	l->elements++;
	if (!row || table_row(&f->table, row, f->handler->row, &l->row_error) < 0) {
		err_wrap(&l->row_error, "row %zu of page %zu", l->elements, l->pages + 1);
		follower_skip(f, f->list_label, &l->row_error);
	}
	l->rows++;
	if (!l->in_pages && l->rows % TICK_ROWS == 0)
		follower_progress(f, l->rows, -1);
}

static void
take_text(struct list *l, const char *text, size_t len)
{
	take_row(l, table_parse(&l->f->table, text, len, &l->row_error));
}

/* A row that is all there, behind its columns. */
static size_t
on_whole(void *data, const char *text, size_t len)
{
	struct list *l = data;
	const cJSON *row;
	size_t used;

	if (!l->f->table.has_columns)
		return 0;
	row = table_parse_next(&l->f->table, text, len, &used);
	if (!row)
		return 0;
	take_row(l, row);
	return used;
}

static bool
take_held_row(void *data, const char *text, size_t len)
{
	take_text(data, text, len);
	return true;
}

static const char *const array_names[] = { "rows", "items", NULL };

static int
release_held(struct list *l, struct err *e)
{
	struct json_cut *cut;
	int rc;

	if (!l->held.len)
		return 0;
	str_append(&l->held, "]}");
	cut = json_cut_new(array_names, take_held_row, l);
	rc = json_cut_feed(cut, l->held.data, l->held.len, e);
	json_cut_free(cut);
	str_clear(&l->held);
	return rc;
}

/* Columns come before rows. Where a server has it the other way round, the rows wait. */
static bool
hold_row(struct list *l, const char *text, size_t len)
{
	if (l->held.len + len > MAX_HELD) {
		err_set(&l->error, ERR_REMOTE, "more than 32 MiB of rows before their columns");
		return break_off(l);
	}
	str_append(&l->held, l->held.len ? "," : "{\"rows\":[");
	str_append_bytes(&l->held, text, len);
	return true;
}

/* Takes what stands beside the rows; -1 where it shows that there are none. */
static int
take_frame(struct list *l, const cJSON *frame, bool is_whole, struct err *e)
{
	const char *kind =
		json_string(frame, "kind", is_whole ? "JSON object of no kind" : "Table");

	if (strcmp(kind, "Table") != 0)
		return err_set(e, ERR_REMOTE, "the server gave a %s, not a Table", kind);
	table_columns(&l->f->table, json_at(frame, "columnDefinitions"));
	if (is_whole && !l->f->table.has_columns)
		return err_set(e, ERR_REMOTE, "the server gave a Table without columns");
	return 0;
}

static bool
on_element(void *data, const char *text, size_t len)
{
	struct list *l = data;

	if (!l->f->table.has_columns && !l->held.len) {
		cJSON *before = json_cut_before(l->cut);
		int rc = take_frame(l, before, false, &l->error);

		cJSON_Delete(before);
		if (rc < 0)
			return break_off(l);
	}
	if (!l->f->table.has_columns)
		return hold_row(l, text, len);
	take_text(l, text, len);
	return true;
}

static bool
on_data(void *data, const char *bytes, size_t len_bytes)
{
	struct list *l = data;

	if (!l->has_begun)
		follower_begin_list(l->f);
	l->has_begun = true;
	if (json_cut_feed(l->cut, bytes, len_bytes, &l->error) < 0)
		return break_off(l);
	return !json_cut_stopped(l->cut);
}

static void
append_query(const struct list *l, struct str *query)
{
	const struct follower *f = l->f;

	if (l->phase == IN_GLANCE)
		str_append(query, "includeObject=None&resourceVersion=0");
	else
		str_printf(query, "includeObject=%s", f->options->objects ? "Object" : "Metadata");
	if (l->in_pages)
		str_printf(query, "&limit=%d", PAGE_ROWS);
	follower_selectors(f, query);
	follower_query(query, "continue", l->token);
	if (l->phase == IN_LIST && !l->in_pages && l->pages == 0 && f->resource_version) {
		follower_query(query, "resourceVersion", f->resource_version);
		follower_query(query, "resourceVersionMatch", "NotOlderThan");
	}
}

/* What a page says of itself, and of what comes after it. */
static void
take_metadata(struct list *l, const cJSON *rest)
{
	const char *more = json_string(rest, "metadata/continue", "");

	free(l->token);
	l->token = *more ? xstrdup(more) : NULL;
	free(l->version);
	l->version = xstrdup(json_string(rest, "metadata/resourceVersion", ""));
	l->left = l->token ? json_int(rest, "metadata/remainingItemCount", -1) : 0;
}

static int
finish_page(struct list *l, struct err *e)
{
	cJSON *rest = NULL;
	int rc = -1;

	if (l->is_broken) {
		if (e)
			*e = l->error;
		goto out;
	}
	if (json_cut_finish(l->cut, &rest, e) < 0 || take_frame(l, rest, true, e) < 0 ||
	    release_held(l, e) < 0)
		goto out;
	take_metadata(l, rest);
	l->pages++;
	follower_progress(l->f, l->rows, l->left);
	rc = 0;
out:
	cJSON_Delete(rest);
	return rc < 0 ? err_wrap(e, "%s", l->f->list_label) : 0;
}

static int
read_page(struct list *l, struct http_response *response, struct err *e)
{
	struct follower *f = l->f;
	struct str query = STR_INIT;
	int rc;

	append_query(l, &query);
	l->cut = json_cut_new(array_names, on_element, l);
	json_cut_offer(l->cut, on_whole);
	l->elements = 0;
	l->is_broken = false;
	str_clear(&l->held);
	struct kube_request request = {
		.method = "GET",
		.path = f->options->path,
		.query = str_cstr(&query),
		.accept = follower_accept,
		.timeout_ms = -1,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
		.on_data = on_data,
		.data = l,
		.cancel = f->cancel,
	};
	http_response_release(response);
	rc = kube_exchange(f->client, &request, response, e);
	follower_warn(f, response);
	if (rc == 0)
		rc = finish_page(l, e);
	json_cut_free(l->cut);
	l->cut = NULL;
	str_release(&query);
	return rc;
}

/* A page whose connection broke is asked for once more, so as not to lose the pages before it. */
static int
read_page_twice(struct list *l, struct http_response *response, struct err *e)
{
	struct err first = ERR_INIT;
	size_t rows = l->rows;

	if (l->pages == 0)
		return read_page(l, response, e);
	if (read_page(l, response, &first) == 0)
		return 0;
	if (first.kind != ERR_NET || cancel_sleep(l->f->cancel, RETRY_DELAY_MS)) {
		*e = first;
		return -1;
	}
	l->rows = rows;
	return read_page(l, response, e);
}

static int
read_pages(struct list *l, struct http_response *response, struct err *e)
{
	int rc;

	l->rows = 0;
	l->has_begun = false;
	do {
		rc = read_page_twice(l, response, e);
	} while (rc == 0 && l->token);
	return rc;
}

static int
read_list(struct list *l, struct http_response *response, struct err *e)
{
	int rc = read_pages(l, response, e);

	/* The token of a next page expires when the list takes too long: then all in one. */
	if (rc < 0 && l->token && response->status == 410) {
		free(l->token);
		l->token = NULL;
		l->in_pages = false;
		rc = read_pages(l, response, e);
	}
	return rc;
}

void
list_read(struct follower *f, enum phase phase, struct outcome *out)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct list l = {
		.f = f,
		.phase = phase,
		.in_pages = phase == IN_LIST && !f->resource_version,
	};

	out->phase = phase;
	if (read_list(&l, &response, &out->error) < 0) {
		follower_sort_failure(f, out, &response);
	} else {
		out->ending = DONE;
		if (phase == IN_LIST)
			follower_remember_version(f, l.version);
		if (f->handler->listed)
			f->handler->listed(f->data, phase == IN_LIST);
	}
	http_response_release(&response);
	str_release(&l.held);
	free(l.token);
	free(l.version);
}
