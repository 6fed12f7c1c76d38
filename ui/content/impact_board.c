#include "config.h"

#include "ui/content/impact_board.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

/* A level as it looks: always a glyph and a word. The unsure widths of other marks tear columns apart. */
struct look {
	const char *level, *glyph, *word;
	int rank;
	enum role role;
};

static const struct look looks[] = {
	{ "none", "✓", "works", 0, ROLE_GOOD },
	{ "limited", "!", "limited", 2, ROLE_WARNING },
	{ "total", "✗", "total", 3, ROLE_BAD },
};
static const struct look untold = { NULL, "?", "cannot be told", 1, ROLE_WARNING };

static const struct look *
look_of(const char *level)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (str_equal(looks[i].level, level))
			return &looks[i];
	return &untold;
}

static const struct impact_spec *
spec_of(const struct model *model, size_t index)
{
	return &model->options->runbook->impact[index];
}

/* What was observed of an operation, or NULL: nothing yet. */
static const struct impact_state *
observed(const struct model *model, size_t index)
{
	const struct run_state *state = model->state;

	return index < state->impact_count && state->impact[index].since_ms ? &state->impact[index]
									    : NULL;
}

static const struct look *
look_now(const struct model *model, size_t index)
{
	const struct impact_state *impact = observed(model, index);

	return look_of(impact ? impact->level : spec_of(model, index)->level);
}

static bool
is_news(const struct model *model, size_t index)
{
	return look_now(model, index) != look_of(spec_of(model, index)->level);
}

int
impact_board_rank(const struct model *model, size_t index)
{
	return look_now(model, index)->rank * 2 + is_news(model, index);
}

void
impact_board_title(const struct model *model, struct str *out)
{
	size_t count = model->options->runbook->impact_count, impaired = 0, news = 0, seen = 0;

	for (size_t i = 0; i < count; i++) {
		impaired += look_now(model, i)->rank > untold.rank;
		news += is_news(model, i);
		seen += observed(model, i) != NULL;
	}
	str_printf(out, " %zu of %zu impaired", impaired, count);
	if (news)
		str_printf(out, ", %zu not as foreseen", news);
	else if (!seen && count)
		str_append(out, ", nobody has looked");
}

int
impact_board_names(const struct model *model)
{
	int longest = 0;

	for (size_t i = 0; i < model->options->runbook->impact_count; i++) {
		char *name = text_clean(spec_of(model, i)->operation, 0);
		int width = text_width(name);

		longest = width > longest ? width : longest;
		free(name);
	}
	return longest;
}

/* The name in so many columns. */
static void
append_name(const struct model *model, size_t index, int names, struct lines *lines)
{
	char *name = text_clean(spec_of(model, index)->operation, 0);
	struct str cell = STR_INIT;

	text_append_cut(&cell, name, names, false);
	str_append_repeated(&cell, ' ', names - text_width(str_cstr(&cell)));
	lines_append(lines, ROLE_STRONG, "%s", str_cstr(&cell));
	str_release(&cell);
	free(name);
}

/* " since 14:02:11Z, looked 3s ago: no answer"; briefly " 14:02:11Z: no answer". */
static void
append_times(const struct model *model, size_t index, bool brief, struct str *out)
{
	const struct impact_state *impact = observed(model, index);
	int64_t looked_ms = model->looked_ms[index];
	char stamp[CLOCK_STAMP_MAX];

	str_printf(out, "%s %s", brief ? "" : " since", clock_format_hms(impact->since_ms, stamp));
	if (looked_ms && !brief)
		str_printf(out, ", looked %s ago",
			   duration_format_human(model_now_ms(model) - looked_ms, stamp));
	if (impact->text)
		str_printf(out, ": %s", impact->text);
}

/* What is observed; where it differs from what was foreseen that is the news, in capitals. */
static enum role
append_observed(const struct model *model, size_t index, bool brief, struct str *out)
{
	const struct look *now = look_now(model, index);

	if (!spec_of(model, index)->probe) {
		str_append(out, "nobody looks (no probe)");
		return ROLE_DIM;
	}
	if (!observed(model, index)) {
		str_append(out, "not looked yet");
		return ROLE_DIM;
	}
	if (is_news(model, index))
		str_printf(out, "NOW %s %s", now->glyph, now->word);
	else
		str_append(out, "as foreseen");
	append_times(model, index, brief, out);
	return is_news(model, index) ? now->role : ROLE_TEXT;
}

void
impact_board_row(const struct model *model, size_t index, int names, bool brief,
		 struct lines *lines)
{
	const struct look *foreseen = look_of(spec_of(model, index)->level);
	struct str text = STR_INIT;
	enum role role = append_observed(model, index, brief, &text);

	lines_add(lines, is_news(model, index) ? ROLE_DIM : foreseen->role, "%s %-7s ",
		  foreseen->glyph, foreseen->word);
	append_name(model, index, names, lines);
	lines_append(lines, role, "  %s", str_cstr(&text));
	str_release(&text);
}

void
impact_board_detail(const struct model *model, size_t index, struct lines *lines)
{
	const struct impact_spec *spec = spec_of(model, index);
	const struct look *foreseen = look_of(spec->level);
	struct str text = STR_INIT;

	/* what is seen comes first: where there is little room, the rest is cut off */
	lines_add(lines, ROLE_STRONG, "%s", spec->operation);
	enum role role = append_observed(model, index, false, &text);
	lines_wrap(lines, ROLE_LABEL, "  observed  ", role, str_cstr(&text));
	str_clear(&text);
	str_printf(&text, "%s %s%s%s", foreseen->glyph, foreseen->word, spec->text ? ": " : "",
		   spec->text ? spec->text : "");
	lines_wrap(lines, ROLE_LABEL, "  foreseen  ", ROLE_TEXT, str_cstr(&text));
	str_release(&text);
}
