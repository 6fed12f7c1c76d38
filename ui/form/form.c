#include "config.h"

#include "ui/form/form.h"

#include <curses.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "ui/form/form_model.h"
#include "ui/keys/mouse_event.h"
#include "ui/terminal/terminal.h"
#include "ui/text/layout.h"

enum { INTERRUPT = 3, WHEEL_ROWS = 3 };

void
form_init(struct form *form, const struct form_page *page, const struct form_owner *owner)
{
	struct form_value value;

	*form = (struct form){ .page = page, .owner = owner, .is_dirty = true };
	while (form->focus < page->count) {
		form_value_of(form, form->focus, &value);
		if (value.source == FORM_MISSING || value.problem)
			return;
		form->focus++;
	}
}

void
form_release(struct form *form)
{
	form_list_close(form);
	line_edit_release(&form->edit);
	str_release(&form->heard);
	free(form->message);
}

static void
hush(struct form *form)
{
	free(form->message);
	form->message = NULL;
}

static __attribute__((format(printf, 3, 4))) void
say(struct form *form, enum role role, const char *format, ...)
{
	va_list ap;

	hush(form);
	form->message_role = role;
	va_start(ap, format);
	form->message = xvasprintf(format, ap);
	va_end(ap);
}

const struct param *
form_param(const struct form *form, size_t row)
{
	return row < form->page->count ? &form->page->runbook->params[form->page->params[row]]
				       : NULL;
}

void
form_value_of(const struct form *form, size_t row, struct form_value *ret_value)
{
	*ret_value = (struct form_value){ 0 };
	form->owner->value(form->owner->data, form->page->params[row], ret_value);
}

struct form_counts
form_count(const struct form *form)
{
	struct form_counts counts = { 0 };
	struct form_value value;

	for (size_t i = 0; i < form->page->count; i++) {
		form_value_of(form, i, &value);
		if (value.problem)
			counts.problems++;
		else if (value.is_pending)
			counts.pending++;
		else if (value.source == FORM_MISSING)
			counts.missing++;
	}
	return counts;
}

static unsigned
list_facts(const struct form *form)
{
	return FORM_IN_LIST | (form->list.is_words ? FORM_IN_WORDS : 0) |
	       (form->list.is_several ? FORM_IN_SEVERAL : 0);
}

static bool
has_list(const struct form *form, const struct param *param)
{
	return param->choices ||
	       form->owner->picks_name(form->owner->data, form->page->params[form->focus]);
}

unsigned
form_facts(const struct form *form)
{
	const struct param *param = form_param(form, form->focus);
	unsigned facts = FORM_ON_TEXT;

	if (form->list.is_open)
		return list_facts(form);
	if (!param)
		return FORM_ON_START;
	if (param->type == PARAM_BOOL)
		facts = FORM_ON_BOOL;
	else if (param->type == PARAM_CHOICE)
		facts = FORM_ON_CHOICE;
	return facts | (has_list(form, param) ? FORM_HAS_LIST : 0);
}

/* ---- values ---- */

static void
set(struct form *form, const char *text)
{
	form->owner->set(form->owner->data, form->page->params[form->focus], text);
	form->is_changed = true;
}

static void
drop_edit(struct form *form)
{
	line_edit_release(&form->edit);
	form->is_editing = false;
	form->is_line_pending = false;
}

/* Hands over what was typed; false: it cannot be taken. */
static bool
commit(struct form *form)
{
	struct form_value value;

	if (!form->is_editing)
		return true;
	const char *text = str_cstr(&form->edit.text);
	bool is_secret = form_param(form, form->focus)->type == PARAM_SECRET;
	form_value_of(form, form->focus, &value);
	bool is_same = is_secret ? *text == '\0' : !value.problem && str_equal(value.text, text);
	if (!is_same)
		set(form, text);
	drop_edit(form);
	form_value_of(form, form->focus, &value);
	return !value.problem;
}

static void
go_to(struct form *form, size_t row)
{
	form->focus = row;
	form->text_first = 0;
}

static void
go(struct form *form, bool down)
{
	commit(form);
	if (down && form->focus < form->page->count)
		go_to(form, form->focus + 1);
	else if (!down && form->focus > 0)
		go_to(form, form->focus - 1);
}

static void
accept(struct form *form)
{
	if (commit(form))
		go(form, true);
}

static bool
is_ready(const struct form *form, size_t row, struct form_value *ret_value)
{
	form_value_of(form, row, ret_value);
	return !ret_value->problem && !ret_value->is_pending && ret_value->source != FORM_MISSING;
}

static void
start(struct form *form)
{
	struct form_value value;

	commit(form);
	for (size_t i = 0; i < form->page->count; i++) {
		if (is_ready(form, i, &value))
			continue;
		go_to(form, i);
		say(form, ROLE_BAD, "%s: %s", form_param(form, i)->name,
		    value.is_pending ? "it is still being read"
		    : value.problem  ? value.problem
				     : "it is to be filled in");
		return;
	}
	form->end = FORM_STARTED;
}

static void
reset(struct form *form)
{
	drop_edit(form);
	form->owner->reset(form->owner->data, form->page->params[form->focus]);
}

static void
toggle(struct form *form)
{
	struct form_value value;

	form_value_of(form, form->focus, &value);
	set(form, str_equal(value.text, "yes") ? "no" : "yes");
}

void
form_leave(struct form *form)
{
	struct form_value value = { 0 };

	if (form->focus < form->page->count)
		form_value_of(form, form->focus, &value);
	if (form->is_editing) {
		drop_edit(form);
	} else if (value.is_pending) {
		form->owner->stop(form->owner->data);
	} else if (form->is_changed && !form->is_leaving) {
		form->is_leaving = true;
		input_flush();
	} else {
		form->end = FORM_LEFT;
	}
}

/* ---- keys ---- */

static void
step_choice(struct form *form, int direction)
{
	if (form_param(form, form->focus)->type == PARAM_BOOL)
		toggle(form);
	else
		form_list_step(form, direction);
}

static void
scroll_text(struct form *form, bool down)
{
	if (down)
		form->text_first += form->text_first < form->text_overflow;
	else
		form->text_first -= form->text_first > 0;
}

static void
open_help(struct form *form)
{
	form->is_help = true;
	form->help_first = 0;
}

static void
open_list(struct form *form)
{
	commit(form);
	form_list_open(form);
}

static void
obey(struct form *form, enum form_command command)
{
	switch (command) {
	case FORM_ACCEPT:
		accept(form);
		break;
	case FORM_UP:
	case FORM_DOWN:
		go(form, command == FORM_DOWN);
		break;
	case FORM_LIST:
		open_list(form);
		break;
	case FORM_RESET:
		reset(form);
		break;
	case FORM_START:
		start(form);
		break;
	case FORM_LEAVE:
		form_leave(form);
		break;
	case FORM_TOGGLE:
		toggle(form);
		break;
	case FORM_YES:
	case FORM_NO:
		set(form, command == FORM_YES ? "yes" : "no");
		break;
	case FORM_CHOICE_BEFORE:
	case FORM_CHOICE_AFTER:
		step_choice(form, command == FORM_CHOICE_AFTER ? 1 : -1);
		break;
	case FORM_TEXT_UP:
	case FORM_TEXT_DOWN:
		scroll_text(form, command == FORM_TEXT_DOWN);
		break;
	case FORM_HELP:
		open_help(form);
		break;
	case FORM_REDRAW:
		clearok(curscr, TRUE);
		break;
	case FORM_SUSPEND:
		terminal_suspend();
		break;
	default: /* of a list: form_list_key() */
		break;
	}
}

static bool
is_control(const struct key *key)
{
	return !key->function && (key->code < 0x20 || key->code == 0x7f);
}

/* Whether a key goes on with the text that is there, in place of beginning another one. */
static bool
continues(const struct form *form, const struct key *key)
{
	struct form_value value;

	form_value_of(form, form->focus, &value);
	return value.source == FORM_TYPED || value.problem ||
	       (!key->pasted && (key->function || is_control(key)));
}

static void
begin_edit(struct form *form, bool keeps)
{
	struct form_value value;

	form_value_of(form, form->focus, &value);
	line_edit_set(&form->edit, keeps && value.text ? value.text : "");
	form->is_editing = true;
}

static void
insert(struct form *form, const struct key *key)
{
	bool is_text = !key->function && !is_control(key);

	if (!form->is_editing)
		begin_edit(form, continues(form, key));
	size_t before = form->edit.text.len;
	if (!line_edit_key(&form->edit, key))
		drop_edit(form);
	else if (is_text && form->edit.text.len == before)
		say(form, ROLE_BAD, "It is full: no more than %d bytes fit", LINE_EDIT_MAX);
}

/* The line ends of a paste part a list's elements; a secret of several lines would not be what it was. */
static void
join_lines(struct form *form)
{
	const struct param *param = form_param(form, form->focus);
	const struct key comma = { ',', false, true }, blank = { ' ', false, true };

	form->is_line_pending = false;
	if (param->type != PARAM_SECRET) {
		insert(form, param->type == PARAM_LIST ? &comma : &blank);
		return;
	}
	drop_edit(form);
	say(form, ROLE_BAD, "%s",
	    "Several lines were pasted, and a line is wanted: put the secret in a file, and "
	    "write file:PATH");
}

static void
paste(struct form *form, const struct key *key)
{
	if (key->function)
		return;
	if (key->code == '\n' || key->code == '\r') {
		form->is_line_pending = form->is_editing;
	} else if (is_control(key) && key->code != '\t') {
		say(form, ROLE_WARNING, "A control character of the paste (^%c) was left out",
		    key->code ^ 0x40);
	} else {
		if (form->is_line_pending)
			join_lines(form);
		insert(form, key);
	}
}

static void
other_key(struct form *form, const struct key *key, unsigned facts)
{
	if (key->pasted && !(facts & FORM_ON_TEXT))
		say(form, ROLE_WARNING, "Nothing can be pasted here");
	else if (key->pasted)
		paste(form, key);
	else if (facts & FORM_ON_TEXT)
		insert(form, key);
	else if ((facts & FORM_ON_CHOICE) && !key->function && key->code > ' ')
		form_list_letter(form, key->code);
}

/* Everything but a yes is a no; Ctrl-C twice means it. */
static void
answer_leaving(struct form *form, const struct key *key)
{
	if (key->pasted)
		return;
	form->is_leaving = false;
	if (!key->function && (key->code == 'y' || key->code == 'Y' || key->code == INTERRUPT))
		form->end = FORM_LEFT;
}

/* Its end is where it is painted to. */
static void
scroll_help(struct form *form, int rows)
{
	size_t back = rows < 0 ? (size_t)-rows : 0;

	if (rows > 0)
		form->help_first += (size_t)rows;
	form->help_first -= form->help_first < back ? form->help_first : back;
}

static void
help_key(struct form *form, const struct key *key)
{
	int rows = LINES - 2;

	if (key->function && key->code == KEY_DOWN)
		scroll_help(form, 1);
	else if (key->function && key->code == KEY_UP)
		scroll_help(form, -1);
	else if (key->function && key->code == KEY_NPAGE)
		scroll_help(form, rows > 1 ? rows - 1 : 1);
	else if (key->function && key->code == KEY_PPAGE)
		scroll_help(form, -rows);
	else if (!key->pasted)
		form->is_help = false;
}

static void
obey_mouse(struct form *form, const struct mouse_event *event)
{
	size_t row = form_row_at(form, event->y, event->x);

	if (form->is_help) {
		scroll_help(form, event->turn * WHEEL_ROWS);
	} else if (form->list.is_open) {
		bool is_inside = mouse_is_in(&form->list_room, event->y, event->x);

		form_list_mouse(&form->list, event->y - form->list_room.y,
				is_inside && event->click, event->turn);
	} else if (event->turn && mouse_is_in(&form->text_room, event->y, event->x)) {
		scroll_text(form, event->turn > 0);
	} else if (event->turn) {
		go(form, event->turn > 0);
	} else if (event->click && row <= form->page->count && row != form->focus) {
		commit(form);
		go_to(form, row);
	}
}

/* It goes to rows and moves what is under it; it sets and starts nothing. */
static void
take_mouse(struct form *form, bool pasted)
{
	struct mouse_event events[MOUSE_EVENTS_MAX];
	size_t count = mouse_events(events);
	bool is_small = COLS < LAYOUT_MIN_COLUMNS || LINES < LAYOUT_MIN_ROWS;

	for (size_t i = 0; i < count && !pasted && !form->is_leaving && !is_small; i++)
		obey_mouse(form, &events[i]);
}

void
form_key(struct form *form, const struct key *key)
{
	unsigned facts = form_facts(form);
	const struct form_binding *binding =
		key->pasted ? NULL : form_key_find(input_binding_code(key), facts);

	form->is_dirty = true;
	if (mouse_is(key)) {
		take_mouse(form, key->pasted);
	} else if (form->is_leaving) {
		answer_leaving(form, key);
	} else if (form->is_help) {
		help_key(form, key);
	} else if (binding &&
		   (binding->command == FORM_REDRAW || binding->command == FORM_SUSPEND)) {
		obey(form, binding->command);
	} else if (form->list.is_open) {
		form_list_key(form, key);
	} else {
		if (!key->pasted)
			hush(form);
		if (binding)
			obey(form, binding->command);
		else
			other_key(form, key, facts);
	}
}

void
form_follow(struct form *form)
{
	form_list_follow(form);
	form->is_dirty = true;
}
