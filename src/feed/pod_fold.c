#include "config.h"

#include "feed/pod_fold.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/source.h"

/* A row, shared between the fold and snapshots; its strings are in one block behind `row.name`. */
struct entry {
	atomic_uint refs;
	struct pod_row row;
	char *uid;
	unsigned list; /* the list that named it last; the fold's own */
};

enum cell { CELL_READY, CELL_STATUS, CELL_RESTARTS, CELL_NODE, CELL_COUNT };

static const char *const cell_names[CELL_COUNT] = { "Ready", "Status", "Restarts", "Node" };

struct pod_fold {
	struct secrets *secrets;
	int columns[CELL_COUNT]; /* position, or -1 */
	struct entry **entries;	 /* sorted by name */
	size_t count, cap;
	unsigned list;
	bool complete;
	struct str scratch, text;
};

struct counted_snapshot {
	struct pod_snapshot public; /* first: what callers hold */
	atomic_uint refs;
	struct entry **entries;
};

static void
entry_release(struct entry *entry)
{
	if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(entry->row.name);
	free(entry->uid);
	free(entry);
}

struct pod_fold *
pod_fold_new(struct secrets *secrets)
{
	struct pod_fold *fold = xcalloc(1, sizeof(*fold));

	fold->secrets = secrets;
	for (size_t i = 0; i < CELL_COUNT; i++)
		fold->columns[i] = -1;
	return fold;
}

void
pod_fold_free(struct pod_fold *fold)
{
	if (!fold)
		return;
	for (size_t i = 0; i < fold->count; i++)
		entry_release(fold->entries[i]);
	free(fold->entries);
	str_release(&fold->scratch);
	str_release(&fold->text);
	free(fold);
}

void
pod_fold_columns(struct pod_fold *fold, const cJSON *definitions)
{
	const cJSON *column;
	int index = 0;

	for (size_t i = 0; i < CELL_COUNT; i++)
		fold->columns[i] = -1;
	cJSON_ArrayForEach(column, definitions) {
		for (size_t i = 0; i < CELL_COUNT; i++)
			if (str_equal(json_string(column, "name", ""), cell_names[i]))
				fold->columns[i] = index;
		index++;
	}
}

/* Index of the first entry whose name is not before `name`. */
static size_t
lower_bound(const struct pod_fold *fold, const char *name)
{
	size_t low = 0, high = fold->count;

	/* a list comes in the order of names: nearly always at the end */
	if (high && strcmp(fold->entries[high - 1]->row.name, name) < 0)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(fold->entries[middle]->row.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Appends a foreign text and its NUL; returns where it begins. */
static size_t
add_text(struct pod_fold *fold, const char *text, size_t len)
{
	size_t at = fold->text.len;

	feed_clean(fold->secrets, text, len, &fold->scratch, &fold->text);
	str_append_bytes(&fold->text, "", 1);
	return at;
}

static size_t
add_cell(struct pod_fold *fold, const cJSON *cells, enum cell which)
{
	const cJSON *cell =
		fold->columns[which] < 0 ? NULL : cJSON_GetArrayItem(cells, fold->columns[which]);
	const char *text = cJSON_IsString(cell) ? cell->valuestring : "";
	size_t len = strlen(text), at;
	char *number;

	if (cJSON_IsNumber(cell)) {
		number = json_text(cell);
		at = add_text(fold, number, strlen(number));
		free(number);
		return at;
	}
	/* "4 (3m ago)": the age stands still between two events, so it is not shown */
	if (which == CELL_RESTARTS)
		len = strcspn(text, " ");
	return add_text(fold, text, len);
}

static bool
is_healthy(const struct pod_row *row)
{
	const char *slash = strchr(row->ready, '/');
	size_t len = slash ? (size_t)(slash - row->ready) : 0;

	if (str_equal(row->status, "Completed") || str_equal(row->status, "Succeeded"))
		return true;
	return len && strlen(slash + 1) == len && memcmp(row->ready, slash + 1, len) == 0 &&
	       !str_equal(row->ready, "0/0");
}

static struct entry *
entry_new(struct pod_fold *fold, const struct kube_row *row)
{
	struct entry *entry = xcalloc(1, sizeof(*entry));
	size_t at[CELL_COUNT];
	char *block;

	str_clear(&fold->text);
	add_text(fold, row->name, strlen(row->name));
	for (unsigned i = 0; i < CELL_COUNT; i++)
		at[i] = add_cell(fold, row->cells, (enum cell)i);
	block = xmalloc(fold->text.len);
	memcpy(block, fold->text.data, fold->text.len);
	atomic_init(&entry->refs, 1);
	entry->row = (struct pod_row){
		.name = block,
		.ready = block + at[CELL_READY],
		.status = block + at[CELL_STATUS],
		.restarts = block + at[CELL_RESTARTS],
		.node = block + at[CELL_NODE],
	};
	if (!row->created || clock_parse_utc(row->created, &entry->row.created_ms) < 0)
		entry->row.created_ms = 0;
	entry->row.healthy = is_healthy(&entry->row);
	entry->uid = xstrdup(row->uid);
	return entry;
}

static bool
is_same(const struct entry *a, const struct entry *b)
{
	return str_equal(a->uid, b->uid) && str_equal(a->row.ready, b->row.ready) &&
	       str_equal(a->row.status, b->row.status) &&
	       str_equal(a->row.restarts, b->row.restarts) && str_equal(a->row.node, b->row.node) &&
	       a->row.created_ms == b->row.created_ms;
}

bool
pod_fold_row(struct pod_fold *fold, const struct kube_row *row)
{
	struct entry *entry;
	size_t at;

	if (!row->name)
		return false;
	entry = entry_new(fold, row);
	entry->list = fold->list;
	at = lower_bound(fold, entry->row.name);
	if (at < fold->count && str_equal(fold->entries[at]->row.name, entry->row.name)) {
		struct entry *old = fold->entries[at];

		if (is_same(old, entry)) {
			old->list = fold->list;
			entry_release(entry);
			return false;
		}
		fold->entries[at] = entry;
		entry_release(old);
		return true;
	}
	(void)VEC_PUSH(fold->entries, fold->count, fold->cap);
	memmove(fold->entries + at + 1, fold->entries + at,
		(fold->count - 1 - at) * sizeof(struct entry *));
	fold->entries[at] = entry;
	return true;
}

bool
pod_fold_removed(struct pod_fold *fold, const struct kube_row *row)
{
	size_t at;

	if (!row->name)
		return false;
	str_clear(&fold->text);
	add_text(fold, row->name, strlen(row->name));
	at = lower_bound(fold, fold->text.data);
	if (at == fold->count || !str_equal(fold->entries[at]->row.name, fold->text.data))
		return false;
	/* the end of a pod whose name another one bears by now */
	if (row->uid && fold->entries[at]->uid && !str_equal(row->uid, fold->entries[at]->uid))
		return false;
	entry_release(fold->entries[at]);
	fold->count--;
	memmove(fold->entries + at, fold->entries + at + 1,
		(fold->count - at) * sizeof(struct entry *));
	return true;
}

void
pod_fold_list_begin(struct pod_fold *fold)
{
	fold->list++;
}

bool
pod_fold_listed(struct pod_fold *fold)
{
	size_t kept = 0, before = fold->count;
	bool first = !fold->complete;

	for (size_t i = 0; i < before; i++) {
		if (fold->entries[i]->list == fold->list)
			fold->entries[kept++] = fold->entries[i];
		else
			entry_release(fold->entries[i]);
	}
	fold->count = kept;
	fold->complete = true;
	return first || kept != before;
}

struct pod_snapshot *
pod_fold_snapshot(struct pod_fold *fold, uint64_t generation)
{
	struct counted_snapshot *s = xcalloc(1, sizeof(*s));

	atomic_init(&s->refs, 1);
	s->public.count = fold->count;
	s->public.generation = generation;
	s->public.complete = fold->complete;
	s->public.rows = xreallocarray(NULL, fold->count + 1, sizeof(*s->public.rows));
	s->entries = xreallocarray(NULL, fold->count + 1, sizeof(*s->entries));
	for (size_t i = 0; i < fold->count; i++) {
		struct entry *entry = fold->entries[i];

		atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
		s->entries[i] = entry;
		s->public.rows[i] = entry->row;
		s->public.unhealthy += !entry->row.healthy;
	}
	return &s->public;
}

void
pod_snapshot_retain(struct pod_snapshot *snapshot)
{
	struct counted_snapshot *s = (struct counted_snapshot *)snapshot;

	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
}

void
pod_snapshot_release(struct pod_snapshot *snapshot)
{
	struct counted_snapshot *s = (struct counted_snapshot *)snapshot;

	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->public.count; i++)
		entry_release(s->entries[i]);
	free(s->entries);
	free(s->public.rows);
	free(s);
}
