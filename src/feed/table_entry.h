#ifndef LIFEBOAT_FEED_TABLE_ENTRY_H
#define LIFEBOAT_FEED_TABLE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "feed/table.h"
#include "feed/table_columns.h"
#include "feed/table_pool.h"

/* What a row's object says beyond its cells. */
struct table_reason {
	struct table_piece piece;
	int64_t since_ms; /* the text ends with how long ago that is; 0: it does not */
	size_t len_bytes; /* without that */
	char text[];
};

/*
 * Namespace and name, each with its NUL: their bytes have the order of the rows, and no key is the
 * beginning of another.
 */
struct table_key {
	const char *text;
	size_t len_bytes;
};

/* A row as the fold keeps it: one piece, with its cells, their moments and all texts behind it. */
struct table_entry {
	struct table_piece piece;
	struct table_row row;
	size_t key_bytes;	     /* see table_entry_key() */
	struct table_reason *reason; /* or NULL */
	uint64_t serial;	     /* grows with each row that came */
	unsigned list;		     /* the list that named it last */
	bool asked;		     /* for its reason */
	const int64_t *moments;	     /* wall clock; 0: unknown */
	const char *cells[];
};

/* A foreign text, and what became of it behind both doors. */
struct table_memo {
	struct str raw, clean;
	bool is_clean; /* the raw text is what became of it */
};

/* The texts of a row; each cell has one of its own. */
enum table_text { TEXT_NS, TEXT_NAME, TEXT_UID, TEXT_LABELS, TEXT_CELLS };

/* A row in the making; its memory is used again and again. */
struct table_draft {
	struct secrets *secrets;
	const struct table_columns *columns;
	const struct table_entry *old; /* what it takes the place of, or NULL */
	struct redactor *redactor;     /* of the secrets */
	struct str text, scratch;      /* the text begins with the key */
	size_t key_bytes;
	size_t name, ns, uid, labels; /* where in the text */
	size_t cells[TABLE_MAX_COLUMNS];
	size_t count; /* of cells so far */
	int64_t moments[TABLE_MAX_COLUMNS];
	int64_t created_ms;
	/* The latest texts: most cells of a list say what those of the row before said. */
	struct table_memo memos[TEXT_CELLS + TABLE_MAX_COLUMNS];
	unsigned generation; /* of the secrets that the memos know */
};

/* The order of a draft: begin, names, object, then its cells from the first to the last. */
void table_draft_begin(struct table_draft *d, struct secrets *secrets,
		       const struct table_columns *columns);
void table_draft_names(struct table_draft *d, const char *ns, const char *name);
void table_draft_object(struct table_draft *d, const char *uid, const char *labels,
			int64_t created_ms);
void table_draft_cell(struct table_draft *d, const char *cell, int64_t now_ms);
void table_draft_release(struct table_draft *d);

const char *table_draft_text(const struct table_draft *d, size_t at);
struct table_key table_draft_key(const struct table_draft *d); /* once it has its names */
/* Whether the draft says what the entry it takes the place of says already. */
bool table_draft_is_old(const struct table_draft *d);
struct table_entry *table_draft_finish(struct table_draft *d, struct table_pool *pool, bool pods);

/* The entry of a row of a fold or a snapshot. */
const struct table_entry *table_entry_of(const struct table_row *row);

static inline struct table_key
table_entry_key(const struct table_entry *entry)
{
	return (struct table_key){ entry->row.ns, entry->key_bytes };
}

/* As strcmp(); here, as it is asked a dozen times for each row that comes. */
static inline int
table_entry_compare(const struct table_entry *entry, struct table_key key)
{
	size_t len = entry->key_bytes < key.len_bytes ? entry->key_bytes : key.len_bytes;

	return memcmp(entry->row.ns, key.text, len);
}

/* Sorts by their keys one entry or more; of equal ones, the one that came last is behind. */
void table_entries_sort(struct table_entry **entries, size_t count);

#endif
