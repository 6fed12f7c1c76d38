#include "config.h"

#include "ui/keys/rebind.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/keys/key_name.h"
#include "ui/model/situation.h"

static struct key_binding *rebound; /* keymap_count rows, or NULL */

static void
drop(void)
{
	for (size_t i = 0; rebound && i < keymap_count; i++)
		if (rebound[i].label != keymap_defaults[i].label)
			free((char *)(uintptr_t)rebound[i].label);
	free(rebound);
	rebound = NULL;
}

static char *
make_label(const int keys[KEY_BINDING_MAX])
{
	char name[KEY_NAME_MAX];

	return xstrdup(keys[0] ? key_name_print(keys[0], name) : "");
}

void
keymap_rebind(const struct key_override *overrides, size_t count)
{
	struct key_binding *rows = xcalloc(keymap_count, sizeof(*rows));

	drop();
	for (size_t i = 0; i < keymap_count; i++) {
		rows[i] = keymap_defaults[i];
		for (size_t k = 0; k < count; k++)
			if (strcmp(overrides[k].name, rows[i].name) == 0) {
				memcpy(rows[i].keys, overrides[k].keys, sizeof(rows[i].keys));
				rows[i].label = make_label(rows[i].keys);
			}
	}
	rebound = rows;
	keymap = rows;
}

void
keymap_reset(void)
{
	keymap = keymap_defaults;
	drop();
}

/* The places of a run at which a row may apply: what cannot be true alone stands for where it is. */
static unsigned
places(unsigned when)
{
	if (when & FACT_ASKED)
		when |= FACT_RUNNING;
	if (when & FACT_CAN_GO_BACK)
		when |= FACT_STUCK;
	if (when & (FACT_CAN_UNDO | FACT_UNDOING | FACT_CAN_SKIP))
		when |= FACT_ALWAYS & ~(FACT_BUSY | FACT_RUNNING | FACT_OVER);
	return when & FACT_ALWAYS;
}

/* Where on the screen a row applies, or 0 where it does so by anything else of the screen too. */
static unsigned
locations(unsigned when)
{
	const unsigned panes = FACT_ON_TABLE | FACT_ON_LOGS | FACT_ON_TEXT | FACT_ON_LIST;

	if (when & ~panes)
		return 0;
	return when & FACT_ON_LIST ? when | FACT_ON_TEXT : when;
}

bool
keymap_may_meet(const struct key_binding *a, const struct key_binding *b)
{
	const unsigned run = FACT_ALWAYS;
	unsigned on_a = locations(a->when), on_b = locations(b->when);

	if ((a->when | b->when) & FACT_ON_START)
		return (a->when & b->when & FACT_ON_START) ||
		       (keymap_is_general(a->command) || keymap_is_general(b->command));
	if (!(a->when & ~run) && !(b->when & ~run))
		return places(a->when) & places(b->when);
	return !on_a || !on_b || (on_a & on_b);
}

static bool
has_key(const struct key_binding *row, int key)
{
	for (int i = 0; i < KEY_BINDING_MAX && row->keys[i]; i++)
		if (key_canonical(row->keys[i]) == key_canonical(key))
			return true;
	return false;
}

void
keymap_clashes(void (*found)(void *data, const struct key_binding *first,
			     const struct key_binding *second, int key),
	       void *data)
{
	for (size_t i = 0; i < keymap_count; i++)
		for (size_t j = i + 1; j < keymap_count; j++)
			for (int k = 0; k < KEY_BINDING_MAX && keymap[i].keys[k]; k++) {
				int key = keymap[i].keys[k];

				if (has_key(&keymap[j], key) &&
				    keymap_may_meet(&keymap[i], &keymap[j]) &&
				    !(has_key(&keymap_defaults[i], key) &&
				      has_key(&keymap_defaults[j], key)))
					found(data, &keymap[i], &keymap[j], key);
			}
}

bool
keymap_needs_key(const char *name)
{
	static const char *const needed[] = { "run", "leave", "help", "cancel" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (strcmp(needed[i], name) == 0)
			return true;
	return false;
}
