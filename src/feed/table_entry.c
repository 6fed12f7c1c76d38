#include "config.h"

#include "feed/table_entry.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/xalloc.h"
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
	if (d->secrets != secrets || !d->redactor) {
		redactor_free(d->redactor);
		d->redactor = redactor_new(secrets);
	}
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
	redactor_free(d->redactor);
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
	return memo->raw.data && *memo->raw.data == *text && strcmp(memo->raw.data, text) == 0;
}

static const struct str *
clean_of(const struct table_memo *memo)
{
	return memo->is_clean ? &memo->raw : &memo->clean;
}

/* What a cell shows, as kubectl prints it: of several lines the first. */
static void
clean_cell(struct table_draft *d, const struct str *raw, struct str *out)
{
	size_t shown = strcspn(raw->data, "\f\n\r");

	feed_clean(d->secrets, raw->data, shown, &d->scratch, out);
	if (shown < raw->len)
		str_append(out, "...");
}

/* Takes the text behind both doors. A clean one has one line. */
static void
memorise(struct table_draft *d, size_t which, const char *text)
{
	struct table_memo *memo = &d->memos[which];

	str_clear(&memo->raw);
	str_append(&memo->raw, text);
	memo->is_clean = feed_is_clean(d->redactor, memo->raw.data, memo->raw.len);
	if (memo->is_clean)
		return;
	str_clear(&memo->clean);
	if (which >= TEXT_CELLS)
		clean_cell(d, &memo->raw, &memo->clean);
	else
		feed_clean(d->secrets, memo->raw.data, memo->raw.len, &d->scratch, &memo->clean);
}

/* What a text comes to behind both doors. The name is among the cells once more. */
static const struct str *
clean_text(struct table_draft *d, size_t which, const char *text)
{
	if (which >= TEXT_CELLS && recalls(&d->memos[TEXT_NAME], text))
		return clean_of(&d->memos[TEXT_NAME]);
	if (!recalls(&d->memos[which], text))
		memorise(d, which, text);
	return clean_of(&d->memos[which]);
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
	d->key_bytes = d->text.len;
}

struct table_key
table_draft_key(const struct table_draft *d)
{
	return (struct table_key){ d->text.data, d->key_bytes };
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
	entry->key_bytes = d->key_bytes;
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

/* ---- the order ---- */

/* An entry on its way into the order: most are told apart without another look at them. */
struct ranked {
	uint64_t rank; /* the first bytes of its key behind those that all begin with */
	struct table_entry *entry;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int order;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	order = table_entry_compare(x->entry, table_entry_key(y->entry));
	if (order)
		return order;
	return x->entry->serial < y->entry->serial ? -1 : x->entry->serial > y->entry->serial;
}

/* The bytes that all keys begin with. */
static size_t
common_bytes(struct table_entry *const *entries, size_t count)
{
	struct table_key first = table_entry_key(entries[0]);
	size_t common = first.len_bytes;

	for (size_t i = 1; i < count; i++) {
		struct table_key key = table_entry_key(entries[i]);
		size_t same = 0;

		while (same < common && key.text[same] == first.text[same])
			same++;
		common = same;
	}
	return common;
}

static uint64_t
rank_of(const struct table_entry *entry, size_t common)
{
	struct table_key key = table_entry_key(entry);
	size_t left = key.len_bytes - common;
	uint64_t rank = 0;

	memcpy(&rank, key.text + common, left < sizeof(rank) ? left : sizeof(rank));
	return be64toh(rank);
}

void
table_entries_sort(struct table_entry **entries, size_t count)
{
	struct ranked *ranked = xreallocarray(NULL, count, sizeof(*ranked));
	size_t common = common_bytes(entries, count);

	for (size_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){ rank_of(entries[i], common), entries[i] };
	qsort(ranked, count, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < count; i++)
		entries[i] = ranked[i].entry;
	free(ranked);
}
