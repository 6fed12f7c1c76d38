#include "config.h"

#include "cli/check_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/check_words.h"

static void
add_word(char **list, const char *word)
{
	char *longer = xasprintf("%s, %s", *list, word);

	free(*list);
	*list = longer;
}

static void
row_release(struct check_row *row)
{
	free(row->what);
	free(row->target);
	free(row->steps);
	free(row->reason);
	free(row->note);
	free(row->verbs);
	free(row->object);
}

void
check_rows_release(struct check_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		row_release(&rows->items[i]);
	free(rows->items);
}

/* Why something is there is of no interest. */
static const char *
reason_of(const struct preflight_need *need)
{
	return need->answer == PREFLIGHT_YES ? NULL : need->reason;
}

static struct check_row *
find_same(const struct check_rows *rows, const struct preflight_need *need)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct preflight_need *other = rows->items[i].need;

		if (str_equal(other->what, need->what) && str_equal(other->target, need->target) &&
		    str_equal(reason_of(other), reason_of(need)) &&
		    str_equal(other->note, need->note))
			return &rows->items[i];
	}
	return NULL;
}

static void
add_row(struct check_rows *rows, const struct preflight_need *need, struct secrets *secrets)
{
	struct check_row *row = VEC_PUSH(rows->items, rows->count, rows->cap);
	const char *verb = json_string(need->permission, "verb", NULL);

	*row = (struct check_row){
		.what = check_clean(secrets, need->what),
		.target = check_clean(secrets, need->target ? need->target : "this machine"),
		.steps = check_clean(secrets, need->step),
		.reason = check_clean(secrets, reason_of(need)),
		.note = check_clean(secrets, need->note),
		.need = need,
	};
	if (!verb || !str_starts_with(need->what, verb))
		return;
	row->verbs = check_clean(secrets, verb);
	row->object = check_clean(secrets, need->what + strlen(verb));
}

static bool
differ_by_verb(const struct check_row *a, const struct check_row *b)
{
	return a->object && b->object && strcmp(a->object, b->object) == 0 &&
	       strcmp(a->target, b->target) == 0 && strcmp(a->steps, b->steps) == 0 &&
	       strcmp(a->reason, b->reason) == 0 && strcmp(a->note, b->note) == 0;
}

/* What the same steps do with the same object is one row of several verbs. */
static void
join_verbs(struct check_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct check_row row = rows->items[i];
		size_t at = 0;

		while (at < kept && !differ_by_verb(&rows->items[at], &row))
			at++;
		if (at == kept) {
			rows->items[kept++] = row;
			continue;
		}
		add_word(&rows->items[at].verbs, row.verbs);
		free(rows->items[at].what);
		rows->items[at].what =
			xasprintf("%s%s", rows->items[at].verbs, rows->items[at].object);
		row_release(&row);
	}
	rows->count = kept;
}

void
check_rows_init(struct check_rows *rows, const struct preflight *preflight,
		enum preflight_answer answer, struct secrets *secrets)
{
	*rows = (struct check_rows){ 0 };
	for (size_t i = 0; i < preflight->needs_count; i++) {
		const struct preflight_need *need = &preflight->needs[i];
		struct check_row *row;

		if (need->answer != answer)
			continue;
		row = find_same(rows, need);
		if (row) {
			char *step = check_clean(secrets, need->step);

			add_word(&row->steps, step);
			free(step);
		} else {
			add_row(rows, need, secrets);
		}
	}
	join_verbs(rows);
}
