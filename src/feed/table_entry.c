#include "config.h"

#include "feed/table_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "feed/source.h"

static void
forget(struct table_draft *d)
{
	for (size_t i = 0; i < sizeof(d->memos) / sizeof(d->memos[0]); i++) {
		str_release(&d->memos[i].raw);
		str_release(&d->memos[i].clean);
	}
}

void
table_draft_begin(struct table_draft *d, struct secrets *secrets,
		  const struct table_columns *columns)
{
	unsigned generation = secrets_generation(secrets);

	if (d->secrets != secrets || d->generation != generation)
		forget(d);
	d->secrets = secrets;
	d->generation = generation;
	d->columns = columns;
	d->old = NULL;
	d->count = 0;
	d->created_ms = 0;
	str_clear(&d->text);
}

void
table_draft_release(struct table_draft *d)
{
	str_release(&d->text);
	str_release(&d->scratch);
	forget(d);
}

const char *
table_draft_text(const struct table_draft *d, size_t at)
{
	return d->text.data + at;
}

static bool
recalls(const struct table_memo *memo, const char *text)
{
	return memo->raw.data && strcmp(memo->raw.data, text) == 0;
}

/* What a cell shows, as kubectl prints it: of several lines the first. */
static void
clean_cell(struct table_draft *d, const char *text, size_t len, struct str *out)
{
	size_t shown = strcspn(text, "\f\n\r");

	feed_clean(d->secrets, text, shown, &d->scratch, out);
	if (shown < len)
		str_append(out, "...");
}

/* What a text comes to behind both doors. The name is among the cells once more. */
static const struct str *
clean_text(struct table_draft *d, size_t which, const char *text)
{
	struct table_memo *memo = &d->memos[which];
	size_t len;

	if (recalls(memo, text))
		return &memo->clean;
	if (which >= TEXT_CELLS && recalls(&d->memos[TEXT_NAME], text))
		return &d->memos[TEXT_NAME].clean;
	len = strlen(text);
	str_clear(&memo->raw);
	str_append_bytes(&memo->raw, text, len);
	str_clear(&memo->clean);
	if (which >= TEXT_CELLS)
		clean_cell(d, text, len, &memo->clean);
	else
		feed_clean(d->secrets, text, len, &d->scratch, &memo->clean);
	return &memo->clean;
}

/* Appends a text and its NUL; returns where it begins. */
static size_t
append(struct table_draft *d, const struct str *clean)
{
	size_t at = d->text.len;

	str_append_bytes(&d->text, clean->data, clean->len + 1);
	return at;
}

static size_t
add_text(struct table_draft *d, size_t which, const char *text)
{
	return append(d, clean_text(d, which, text));
}

void
table_draft_names(struct table_draft *d, const char *ns, const char *name)
{
	d->ns = add_text(d, TEXT_NS, ns);
	d->name = add_text(d, TEXT_NAME, name);
}

void
table_draft_object(struct table_draft *d, const char *uid, const char *labels, int64_t created_ms)
{
	d->uid = add_text(d, TEXT_UID, uid);
	d->labels = add_text(d, TEXT_LABELS, labels);
	d->created_ms = created_ms;
}

static bool
says_the_same_age(int64_t moment_ms, int64_t now_ms, const char *age, size_t len)
{
	char text[CLOCK_STAMP_MAX];

	duration_format_human(now_ms - moment_ms, text);
	return strlen(text) == len && memcmp(text, age, len) == 0;
}

/* The moment of a cell's age. The old row's, as long as it fits: it is older, so more exact. */
static int64_t
moment_of(const struct table_draft *d, size_t column, const char *cell, int64_t now_ms)
{
	enum table_tick tick = d->columns->tick[column];
	int64_t old_ms = d->old ? d->old->moments[d->columns->moment[column]] : 0, age_ms;
	const char *age = cell;
	size_t len = strlen(cell);

	if (tick == TICK_CREATED && d->created_ms)
		return d->created_ms;
	if (tick == TICK_RESTARTS)
		age = table_restart_age(cell, &len);
	age_ms = age ? table_age_parse(age, len) : -1;
	if (age_ms < 0)
		return 0;
	if (old_ms && says_the_same_age(old_ms, now_ms, age, len))
		return old_ms;
	return now_ms - age_ms;
}

static bool
stands_at(const struct table_draft *d, size_t at, const struct str *clean)
{
	return d->text.data[at] == *clean->data && strcmp(d->text.data + at, clean->data) == 0;
}

/* Adds a cell's text, unless the name or the cell before it is the same: then they are one string. */
static size_t
add_cell(struct table_draft *d, size_t column, const char *cell)
{
	const struct str *clean = clean_text(d, TEXT_CELLS + column, cell);

	if (stands_at(d, d->name, clean))
		return d->name;
	if (column > 0 && stands_at(d, d->cells[column - 1], clean))
		return d->cells[column - 1];
	return append(d, clean);
}

void
table_draft_cell(struct table_draft *d, const char *cell, int64_t now_ms)
{
	size_t column = d->count++;

	if (d->columns->tick[column] != TICK_NOT)
		d->moments[d->columns->moment[column]] = moment_of(d, column, cell, now_ms);
	d->cells[column] = add_cell(d, column, cell);
}

static bool
is_same_cell(const struct table_draft *d, size_t column)
{
	const char *new = table_draft_text(d, d->cells[column]), *old = d->old->row.cells[column];
	enum table_tick tick = d->columns->tick[column];
	size_t moment = d->columns->moment[column];

	if (tick == TICK_NOT || !d->moments[moment])
		return strcmp(new, old) == 0;
	if (d->moments[moment] != d->old->moments[moment])
		return false;
	return tick != TICK_RESTARTS ||
	       (strcspn(new, " ") == strcspn(old, " ") && atoll(new) == atoll(old));
}

bool
table_draft_is_old(const struct table_draft *d)
{
	if (!d->old || strcmp(d->old->row.uid, table_draft_text(d, d->uid)) != 0 ||
	    strcmp(d->old->row.labels, table_draft_text(d, d->labels)) != 0 ||
	    d->old->row.created_ms != d->created_ms)
		return false;
	for (size_t i = 0; i < d->count; i++)
		if (!is_same_cell(d, i))
			return false;
	return true;
}

struct table_entry *
table_draft_finish(struct table_draft *d, struct table_pool *pool, bool pods)
{
	size_t cells_size = d->count * sizeof(char *);
	size_t moments_size = d->columns->moments * sizeof(int64_t);
	struct table_entry *entry =
		table_pool_alloc(pool, sizeof(*entry) + cells_size + moments_size + d->text.len);
	char *moments = (char *)entry->cells + cells_size, *text = moments + moments_size;

	memcpy(moments, d->moments, moments_size);
	memcpy(text, d->text.data, d->text.len);
	for (size_t i = 0; i < d->count; i++)
		entry->cells[i] = text + d->cells[i];
	entry->moments = (const int64_t *)(const void *)moments;
	entry->reason = NULL;
	entry->serial = 0;
	entry->list = 0;
	entry->asked = false;
	entry->row = (struct table_row){
		.name = text + d->name,
		.ns = text + d->ns,
		.uid = text + d->uid,
		.labels = text + d->labels,
		.cells = entry->cells,
		.created_ms = d->created_ms,
		.trouble = table_trouble(d->columns, entry->cells, pods),
		.reason = "",
	};
	return entry;
}

const struct table_entry *
table_entry_of(const struct table_row *row)
{
	const char *cells = (const char *)row->cells;

	return (const void *)(cells - offsetof(struct table_entry, cells));
}
