#include "config.h"

#include "feed/table_fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/source.h"
#include "feed/table_columns.h"
#include "feed/table_entry.h"
#include "feed/table_pool.h"

struct table_fold {
	struct secrets *secrets;
	bool pods;
	struct table_pool *pool;
	struct table_columns *columns;
	/*
	 * Sorted by namespace and name, but for those behind `sorted`, which are new and wait to be merged:
	 * a server lists from its cache in no order. Among them a name may come twice; the later one counts.
	 */
	struct table_entry **entries;
	size_t sorted, count, cap;
	uint64_t serial; /* of the latest that came */
	unsigned list;
	bool complete, exact;
	struct table_draft draft;
	struct str labels, cell, key;
};

struct snapshot {
	struct table_snapshot public; /* first: what callers hold */
	struct table_picture picture;
	const struct table_columns *columns;
	struct table_row rows[];
};

struct table_fold *
table_fold_new(struct secrets *secrets, bool pods)
{
	struct table_fold *fold = xcalloc(1, sizeof(*fold));

	fold->secrets = secrets;
	fold->pods = pods;
	fold->pool = table_pool_new();
	fold->columns = table_columns_new(fold->pool, secrets, NULL);
	return fold;
}

static void
retire_reason(struct table_fold *fold, struct table_reason *reason)
{
	table_pool_retire(fold->pool, reason ? &reason->piece : NULL);
}

static void
retire_entry(struct table_fold *fold, struct table_entry *entry)
{
	retire_reason(fold, entry->reason);
	table_pool_retire(fold->pool, &entry->piece);
}

void
table_fold_free(struct table_fold *fold)
{
	if (!fold)
		return;
	for (size_t i = 0; i < fold->count; i++)
		retire_entry(fold, fold->entries[i]);
	table_pool_retire(fold->pool, &fold->columns->piece);
	table_pool_free(fold->pool);
	free(fold->entries);
	table_draft_release(&fold->draft);
	str_release(&fold->labels);
	str_release(&fold->cell);
	str_release(&fold->key);
	free(fold);
}

size_t
table_fold_count(const struct table_fold *fold)
{
	return fold->count;
}

/* Sorts what waits; of a name that came twice the later one stays. Returns how many stay. */
static size_t
sort_new(struct table_fold *fold)
{
	struct table_entry **new = fold->entries + fold->sorted;
	size_t count = fold->count - fold->sorted, kept = 0;

	table_entries_sort(new, count);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && table_entry_compare(new[i], table_entry_key(new[i + 1])) == 0)
			retire_entry(fold, new[i]);
		else
			new[kept++] = new[i];
	}
	return kept;
}

/* Merges what waits into the rest, from the end, where there is room. */
static void
settle(struct table_fold *fold)
{
	struct table_entry **new;
	size_t old = fold->sorted, waiting, to;

	if (fold->sorted == fold->count)
		return;
	waiting = sort_new(fold);
	to = fold->sorted + waiting;
	fold->sorted = fold->count = to;
	new = xreallocarray(NULL, waiting, sizeof(struct table_entry *));
	memcpy(new, fold->entries + old, waiting * sizeof(struct table_entry *));
	while (waiting > 0) {
		struct table_key last = table_entry_key(new[waiting - 1]);

		if (old > 0 && table_entry_compare(fold->entries[old - 1], last) > 0)
			fold->entries[--to] = fold->entries[--old];
		else
			fold->entries[--to] = new[--waiting];
	}
	free(new);
}

/* Index of the first of the sorted entries that is not before a key. */
static size_t
lower_bound(const struct table_fold *fold, struct table_key key)
{
	size_t low = 0, high = fold->sorted;

	/* a list mostly comes in the order of names: at the end */
	if (high && table_entry_compare(fold->entries[high - 1], key) < 0)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table_entry_compare(fold->entries[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct table_entry *
entry_at(const struct table_fold *fold, size_t at, struct table_key key)
{
	if (at == fold->sorted || table_entry_compare(fold->entries[at], key) != 0)
		return NULL;
	return fold->entries[at];
}

static struct table_entry *
find(struct table_fold *fold, const char *ns, const char *name)
{
	struct table_key key;

	settle(fold);
	str_clear(&fold->key);
	str_append_bytes(&fold->key, ns, strlen(ns) + 1);
	str_append_bytes(&fold->key, name, strlen(name) + 1);
	key = (struct table_key){ fold->key.data, fold->key.len };
	return entry_at(fold, lower_bound(fold, key), key);
}

/* ---- columns ---- */

/* The row again, under other columns; what it has no cell for is empty. */
static struct table_entry *
rebuild(struct table_fold *fold, struct table_entry *old, const struct table_columns *before)
{
	struct table_draft *d = &fold->draft;
	struct table_entry *entry;

	table_draft_begin(d, NULL, fold->columns);
	table_draft_names(d, old->row.ns, old->row.name);
	table_draft_object(d, old->row.uid, old->row.labels, old->row.created_ms);
	for (size_t i = 0; i < fold->columns->count; i++) {
		int was = table_columns_find(before, fold->columns->items[i].name);

		table_draft_cell(d, was < 0 ? "" : old->row.cells[was], 0);
		if (fold->columns->tick[i] != TICK_NOT)
			d->moments[fold->columns->moment[i]] =
				was < 0 || before->tick[was] == TICK_NOT
					? 0
					: old->moments[before->moment[was]];
	}
	entry = table_draft_finish(d, fold->pool, fold->pods);
	entry->list = old->list;
	entry->row.reason = old->row.reason;
	entry->reason = old->reason;
	old->reason = NULL;
	return entry;
}

bool
table_fold_columns(struct table_fold *fold, const cJSON *definitions)
{
	struct table_columns *before = fold->columns;
	struct table_columns *columns = table_columns_new(fold->pool, fold->secrets, definitions);

	if (table_columns_equal(before, columns)) {
		table_pool_retire(fold->pool, &columns->piece);
		return false;
	}
	fold->columns = columns;
	for (size_t i = 0; i < fold->count; i++) {
		struct table_entry *old = fold->entries[i];

		fold->entries[i] = rebuild(fold, old, before);
		fold->entries[i]->serial = old->serial;
		retire_entry(fold, old);
	}
	table_pool_retire(fold->pool, &before->piece);
	return true;
}

/* ---- rows ---- */

/* "app=tsb,tier=web" */
static const char *
labels_of(struct table_fold *fold, const cJSON *metadata)
{
	const cJSON *label;

	str_clear(&fold->labels);
	cJSON_ArrayForEach(label, json_at(metadata, "labels")) {
		if (fold->labels.len)
			str_append_char(&fold->labels, ',');
		str_append(&fold->labels, label->string);
		str_append_char(&fold->labels, '=');
		str_append(&fold->labels, cJSON_IsString(label) ? label->valuestring : "");
	}
	return str_cstr(&fold->labels);
}

/* When the object was made; 0: nobody says. That never changes, and an object is known by its uid. */
static int64_t
creation_ms(const struct table_entry *old, const struct kube_row *row)
{
	int64_t created_ms = 0;

	if (!row->created || !*row->created)
		return 0;
	if (old && old->row.created_ms && *old->row.uid && str_equal(old->row.uid, row->uid))
		return old->row.created_ms;
	return clock_parse_utc(row->created, &created_ms) < 0 ? 0 : created_ms;
}

/* What is known of the object; of a glance, which names none, what was known before. */
static void
draft_object(struct table_fold *fold, const struct kube_row *row)
{
	const struct table_entry *old = fold->draft.old;

	if (!row->metadata && old && (!row->uid || !*row->uid)) {
		table_draft_object(&fold->draft, old->row.uid, old->row.labels,
				   old->row.created_ms);
		return;
	}
	table_draft_object(&fold->draft, row->uid ? row->uid : "", labels_of(fold, row->metadata),
			   creation_ms(old, row));
}

/* A cell as kubectl prints it, but for its lines. */
static const char *
cell_text(struct table_fold *fold, const cJSON *cell)
{
	if (cJSON_IsString(cell))
		return cell->valuestring;
	str_clear(&fold->cell);
	if (cJSON_IsNumber(cell) && cell->valuedouble == cell->valueint) {
		if (cell->valueint >= 0 && cell->valueint < 10) /* as most are: restarts */
			str_append_char(&fold->cell, (char)('0' + cell->valueint));
		else
			str_printf(&fold->cell, "%d", cell->valueint);
	} else if (cell && !cJSON_IsNull(cell)) {
		char *text = json_text(cell);

		str_append(&fold->cell, text);
		free(text);
	}
	return str_cstr(&fold->cell);
}

static void
draft_cells(struct table_fold *fold, const cJSON *cells, int64_t now_ms)
{
	const cJSON *cell = cells ? cells->child : NULL;

	for (size_t i = 0; i < fold->columns->count; i++) {
		table_draft_cell(&fold->draft, cell_text(fold, cell), now_ms);
		cell = cell ? cell->next : NULL;
	}
}

static bool
is_same_object(const struct table_entry *a, const struct table_entry *b)
{
	return !*a->row.uid || !*b->row.uid || strcmp(a->row.uid, b->row.uid) == 0;
}

/* A row that is still in trouble keeps its reason until the next is known. */
static void
replace(struct table_fold *fold, size_t at, struct table_entry *entry)
{
	struct table_entry *old = fold->entries[at];

	if (entry->row.trouble && is_same_object(entry, old)) {
		entry->row.reason = old->row.reason;
		entry->reason = old->reason;
		old->reason = NULL;
	}
	fold->entries[at] = entry;
	retire_entry(fold, old);
}

static void
add(struct table_fold *fold, size_t at, struct table_entry *entry)
{
	bool in_order = fold->sorted == fold->count && at == fold->count;

	*VEC_PUSH(fold->entries, fold->count, fold->cap) = entry;
	fold->sorted += in_order;
}

bool
table_fold_row(struct table_fold *fold, const struct kube_row *row, int64_t now_ms)
{
	struct table_draft *d = &fold->draft;
	struct table_entry *entry, *old;
	struct table_key key;
	size_t at;

	table_draft_begin(d, fold->secrets, fold->columns);
	table_draft_names(d, row->ns ? row->ns : "", row->name);
	key = table_draft_key(d);
	at = lower_bound(fold, key);
	old = entry_at(fold, at, key);
	d->old = old;
	draft_object(fold, row);
	draft_cells(fold, row->cells, now_ms);
	if (table_draft_is_old(d)) {
		old->list = fold->list;
		return false;
	}
	entry = table_draft_finish(d, fold->pool, fold->pods);
	entry->list = fold->list;
	entry->serial = ++fold->serial;
	if (old)
		replace(fold, at, entry);
	else
		add(fold, at, entry);
	return true;
}

bool
table_fold_removed(struct table_fold *fold, const struct kube_row *row)
{
	struct table_draft *d = &fold->draft;
	struct table_entry *entry;
	struct table_key key;
	size_t at;

	table_draft_begin(d, fold->secrets, fold->columns);
	table_draft_names(d, row->ns ? row->ns : "", row->name);
	settle(fold);
	key = table_draft_key(d);
	at = lower_bound(fold, key);
	entry = entry_at(fold, at, key);
	if (!entry)
		return false;
	/* the end of an object whose name another one bears by now */
	if (row->uid && *row->uid && *entry->row.uid && strcmp(row->uid, entry->row.uid) != 0)
		return false;
	retire_entry(fold, entry);
	fold->sorted = --fold->count;
	memmove(fold->entries + at, fold->entries + at + 1,
		(fold->count - at) * sizeof(struct table_entry *));
	return true;
}

void
table_fold_list_begin(struct table_fold *fold)
{
	fold->list++;
}

static void
drop_unlisted(struct table_fold *fold)
{
	size_t kept = 0;

	for (size_t i = 0; i < fold->count; i++) {
		if (fold->entries[i]->list == fold->list)
			fold->entries[kept++] = fold->entries[i];
		else
			retire_entry(fold, fold->entries[i]);
	}
	fold->sorted = fold->count = kept;
}

bool
table_fold_listed(struct table_fold *fold, bool exact)
{
	bool changed = !fold->complete || (exact && !fold->exact);
	size_t before;

	settle(fold);
	before = fold->count;
	if (exact)
		drop_unlisted(fold);
	fold->complete = true;
	fold->exact |= exact;
	return changed || fold->count != before;
}

/* ---- reasons ---- */

bool
table_fold_ask(struct table_fold *fold, const char *ns, const char *name, char **ret_uid)
{
	struct table_entry *entry = find(fold, ns, name);

	if (!entry || !entry->row.trouble || entry->asked || !*entry->row.uid)
		return false;
	entry->asked = true;
	*ret_uid = xstrdup(entry->row.uid);
	return true;
}

void
table_fold_unask(struct table_fold *fold, const char *ns, const char *name)
{
	struct table_entry *entry = find(fold, ns, name);

	if (entry)
		entry->asked = false;
}

/* Gives a row another reason; the age behind it is made here. */
static bool
put_reason(struct table_fold *fold, struct table_entry *entry, const char *text, size_t len,
	   int64_t since_ms, int64_t now_ms)
{
	char age[CLOCK_STAMP_MAX];
	struct str line = STR_INIT;
	struct table_reason *reason;

	str_append_bytes(&line, text, len);
	if (since_ms)
		str_printf(&line, " %s ago", duration_format_human(now_ms - since_ms, age));
	if (str_equal(str_cstr(&line), entry->row.reason)) {
		str_release(&line);
		return false;
	}
	reason = table_pool_alloc(fold->pool, sizeof(*reason) + line.len + 1);
	reason->since_ms = since_ms;
	reason->len_bytes = len;
	memcpy(reason->text, str_cstr(&line), line.len + 1);
	retire_reason(fold, entry->reason);
	entry->reason = reason;
	entry->row.reason = reason->text;
	str_release(&line);
	return true;
}

bool
table_fold_set_reason(struct table_fold *fold, const char *ns, const char *name, const char *uid,
		      const char *reason, int64_t since_ms, int64_t now_ms)
{
	struct table_entry *entry = find(fold, ns, name);
	struct str clean = STR_INIT;
	bool changed;

	if (!entry || !entry->row.trouble || strcmp(entry->row.uid, uid) != 0)
		return false;
	feed_clean(fold->secrets, reason, strlen(reason), &fold->cell, &clean);
	changed = put_reason(fold, entry, str_cstr(&clean), clean.len, since_ms, now_ms);
	str_release(&clean);
	return changed;
}

bool
table_fold_tick(struct table_fold *fold, const char *ns, const char *name, int64_t now_ms)
{
	struct table_entry *entry = find(fold, ns, name);
	const struct table_reason *reason = entry ? entry->reason : NULL;

	return reason && reason->since_ms &&
	       put_reason(fold, entry, reason->text, reason->len_bytes, reason->since_ms, now_ms);
}

/* ---- snapshots ---- */

struct table_snapshot *
table_fold_snapshot(struct table_fold *fold, uint64_t generation)
{
	struct snapshot *s;

	settle(fold);
	s = xmalloc(sizeof(*s) + fold->count * sizeof(s->rows[0]));
	s->columns = fold->columns;
	s->public = (struct table_snapshot){
		.columns = fold->columns->items,
		.columns_count = fold->columns->count,
		.rows = s->rows,
		.count = fold->count,
		.generation = generation,
		.complete = fold->complete,
		.exact = fold->exact,
	};
	for (size_t i = 0; i < fold->count; i++) {
		s->rows[i] = fold->entries[i]->row;
		s->public.trouble += s->rows[i].trouble;
	}
	table_picture_init(&s->picture, fold->pool);
	return &s->public;
}

void
table_snapshot_retain(struct table_snapshot *snapshot)
{
	table_picture_retain(&((struct snapshot *)snapshot)->picture);
}

void
table_snapshot_release(struct table_snapshot *snapshot)
{
	struct snapshot *s = (struct snapshot *)snapshot;

	if (s && table_picture_release(&s->picture))
		free(s);
}

int
table_column_find(const struct table_snapshot *snapshot, const char *name)
{
	return table_columns_find(((const struct snapshot *)snapshot)->columns, name);
}

bool
table_snapshot_moment(const struct table_snapshot *snapshot, size_t row, size_t column,
		      int64_t *ret_wall_ms)
{
	const struct table_columns *columns = ((const struct snapshot *)snapshot)->columns;
	const struct table_entry *entry = table_entry_of(&snapshot->rows[row]);

	if (columns->tick[column] == TICK_NOT || !entry->moments[columns->moment[column]])
		return false;
	*ret_wall_ms = entry->moments[columns->moment[column]];
	return true;
}

/* A cell of a column that ticks. */
static void
append_age(const struct table_snapshot *snapshot, size_t row, size_t column, int64_t now_ms,
	   struct str *out)
{
	const struct table_columns *columns = ((const struct snapshot *)snapshot)->columns;
	const char *cell = snapshot->rows[row].cells[column];
	char age[CLOCK_STAMP_MAX];
	int64_t moment_ms;

	if (!table_snapshot_moment(snapshot, row, column, &moment_ms)) {
		str_append(out, cell);
		return;
	}
	duration_format_human(now_ms - moment_ms, age);
	if (columns->tick[column] == TICK_RESTARTS)
		str_printf(out, "%.*s (%s ago)", (int)strcspn(cell, " "), cell, age);
	else
		str_append(out, age);
}

void
table_cell(const struct table_snapshot *snapshot, size_t row, size_t column, int64_t now_ms,
	   struct str *out)
{
	const struct snapshot *s = (const struct snapshot *)snapshot;

	if (s->columns->tick[column] == TICK_NOT)
		str_append(out, snapshot->rows[row].cells[column]);
	else
		append_age(snapshot, row, column, now_ms, out);
}
