#include "config.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "ui/form/form_model.h"
#include "ui/keys/scroll.h"

/* The list over the form: choices of the runbook, or what the owner finds. */

static void
free_items(struct form_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	free(list->ticked);
	free(list->shown);
	list->items = NULL;
	list->ticked = NULL;
	list->shown = NULL;
	list->count = list->shown_count = 0;
}

void
form_list_close(struct form *form)
{
	struct form_list *list = &form->list;

	if (!list->is_open)
		return;
	if (!list->is_words)
		form->owner->stop(form->owner->data);
	free_items(list);
	free(list->title);
	free(list->problem);
	free(list->remark);
	line_edit_release(&list->filter);
	*list = (struct form_list){ 0 };
}

/* Shows what the filter lets through. */
static void
sift(struct form_list *list)
{
	const char *wanted = str_cstr(&list->filter.text);

	list->shown_count = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->is_words || strcasestr(list->items[i], wanted))
			list->shown[list->shown_count++] = i;
	list->cursor = scroll_cursor(list->cursor, CMD_NONE, list->shown_count, list->rows);
}

static char *
next_element(const char **at)
{
	const char *begin = *at + strspn(*at, " ,");
	size_t len = strcspn(begin, ",");

	*at = begin + len;
	while (len > 0 && begin[len - 1] == ' ')
		len--;
	return len ? xstrndup(begin, len) : NULL;
}

/* What the field has now is ticked, or where the cursor stands. */
static void
mark_present(struct form_list *list, const char *text)
{
	char *element;

	while (text && *text && (element = next_element(&text))) {
		for (size_t i = 0; i < list->count; i++) {
			if (!str_equal(list->items[i], element))
				continue;
			list->ticked[i] = list->is_several;
			list->cursor = i;
		}
		free(element);
	}
	if (list->is_several)
		list->cursor = 0;
}

static void
take_items(struct form *form, const char *const *items, size_t count)
{
	struct form_list *list = &form->list;
	struct form_value value;

	free_items(list);
	list->items = xcalloc(count + 1, sizeof(*list->items));
	list->ticked = xcalloc(count + 1, sizeof(*list->ticked));
	list->shown = xcalloc(count + 1, sizeof(*list->shown));
	list->count = count;
	for (size_t i = 0; i < count; i++)
		list->items[i] = xstrdup(items[i]);
	form_value_of(form, form->focus, &value);
	mark_present(list, value.text);
	sift(list);
}

static size_t
count_choices(const struct param *param)
{
	size_t count = 0;

	while (param->choices[count])
		count++;
	return count;
}

void
form_list_follow(struct form *form)
{
	struct form_list *list = &form->list;
	struct form_picks picks = { 0 };

	if (!list->is_open || !list->is_waiting)
		return;
	form->owner->picks(form->owner->data, &picks);
	list->is_waiting = picks.is_waiting;
	if (picks.is_waiting)
		return;
	list->problem = xstrdup(picks.problem);
	list->remark = xstrdup(picks.remark);
	take_items(form, picks.items, picks.problem ? 0 : picks.count);
}

void
form_list_open(struct form *form)
{
	const struct param *param = form_param(form, form->focus);
	struct form_list *list = &form->list;
	size_t index = form->page->params[form->focus];

	*list = (struct form_list){ .is_open = true,
				    .is_words = param->choices != NULL,
				    .is_several = param->type == PARAM_LIST };
	if (list->is_words) {
		list->title = xstrdup(param->title);
		take_items(form, (const char *const *)param->choices, count_choices(param));
		return;
	}
	list->title = xstrdup(form->owner->picks_name(form->owner->data, index));
	list->is_waiting = true;
	form->owner->picks_begin(form->owner->data, index);
	form_list_follow(form);
}

/* The elements that are no items stay in front of those that are ticked. */
static char *
ticked_text(const struct form_list *list, const char *present)
{
	struct str text = STR_INIT;
	char *element;

	while (present && *present && (element = next_element(&present))) {
		bool is_item = false;

		for (size_t i = 0; i < list->count; i++)
			is_item = is_item || str_equal(list->items[i], element);
		if (!is_item)
			str_printf(&text, "%s%s", text.len ? "," : "", element);
		free(element);
	}
	for (size_t i = 0; i < list->count; i++)
		if (list->ticked[i])
			str_printf(&text, "%s%s", text.len ? "," : "", list->items[i]);
	return str_take(&text);
}

static bool
any_ticked(const struct form_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->ticked[i])
			return true;
	return false;
}

static void
take(struct form *form)
{
	struct form_list *list = &form->list;
	struct form_value value;
	char *text;

	if (list->shown_count == 0)
		return;
	form_value_of(form, form->focus, &value);
	if (list->is_several && any_ticked(list))
		text = ticked_text(list, value.text);
	else
		text = xstrdup(list->items[list->shown[list->cursor]]);
	form_list_close(form);
	if (!str_equal(text, value.text) || value.source != FORM_TYPED) {
		form->owner->set(form->owner->data, form->page->params[form->focus], text);
		form->is_changed = true;
	}
	free(text);
}

static void
tick(struct form_list *list)
{
	if (list->shown_count) {
		bool *ticked = &list->ticked[list->shown[list->cursor]];

		*ticked = !*ticked;
	}
}

static void
go(struct form_list *list, enum command command)
{
	list->cursor = scroll_cursor(list->cursor, command, list->shown_count, list->rows);
}

/* The first item behind `from` that begins with the letter, round the end; count: none. */
static size_t
find_letter(char *const *items, size_t count, size_t from, int letter)
{
	char wanted[2] = { (char)letter, '\0' };

	for (size_t i = 1; i <= count; i++)
		if (strncasecmp(items[(from + i) % count], wanted, 1) == 0)
			return (from + i) % count;
	return count;
}

/* A letter goes to a word; in lists that are found it filters. */
static void
other_key(struct form_list *list, const struct key *key)
{
	size_t found;

	if (!list->is_words) {
		if (line_edit_key(&list->filter, key))
			sift(list);
		return;
	}
	if (key->pasted || key->function || key->code <= ' ' || key->code >= 0x7f)
		return;
	found = find_letter(list->items, list->count, list->cursor, key->code);
	if (found < list->count)
		list->cursor = found;
}

void
form_list_mouse(struct form_list *list, int row, bool click, int turn)
{
	if (turn)
		go(list, turn < 0 ? CMD_UP : CMD_DOWN);
	else if (click && list->first + (size_t)row < list->shown_count)
		list->cursor = list->first + (size_t)row;
}

void
form_list_key(struct form *form, const struct key *key)
{
	struct form_list *list = &form->list;
	const struct form_binding *binding =
		key->pasted ? NULL : form_key_find(input_binding_code(key), form_facts(form));

	switch (binding ? binding->command : FORM_REDRAW) {
	case FORM_LIST_TAKE:
		take(form);
		break;
	case FORM_LIST_TICK:
		tick(list);
		break;
	case FORM_LIST_UP:
		go(list, CMD_UP);
		break;
	case FORM_LIST_DOWN:
		go(list, CMD_DOWN);
		break;
	case FORM_LIST_PAGE_UP:
		go(list, CMD_PAGE_UP);
		break;
	case FORM_LIST_PAGE_DOWN:
		go(list, CMD_PAGE_DOWN);
		break;
	case FORM_LIST_CLOSE:
		form_list_close(form);
		break;
	default:
		other_key(list, key);
		break;
	}
}

/* Where the value stands among the words; count: nowhere. */
static size_t
present(const struct form *form, const struct param *param, size_t count)
{
	struct form_value value;

	form_value_of(form, form->focus, &value);
	for (size_t i = 0; i < count; i++)
		if (str_equal(param->choices[i], value.text))
			return i;
	return count;
}

static void
set_word(struct form *form, const char *word)
{
	form->owner->set(form->owner->data, form->page->params[form->focus], word);
	form->is_changed = true;
}

void
form_list_step(struct form *form, int direction)
{
	const struct param *param = form_param(form, form->focus);
	size_t count = count_choices(param), at = present(form, param, count);

	if (at == count)
		at = direction > 0 ? 0 : count - 1;
	else
		at = (at + (direction > 0 ? 1 : count - 1)) % count;
	set_word(form, param->choices[at]);
}

void
form_list_letter(struct form *form, int letter)
{
	const struct param *param = form_param(form, form->focus);
	size_t count = count_choices(param), at = present(form, param, count);
	size_t found = find_letter(param->choices, count, at == count ? count - 1 : at, letter);

	if (letter < 0x7f && found < count)
		set_word(form, param->choices[found]);
}
