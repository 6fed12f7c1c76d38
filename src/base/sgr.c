#include "config.h"

#include "base/sgr.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum {
	SPANS_MAX = 1024, /* of one text: what comes behind them is plain */
	NUMBERS_MAX = 32, /* of one sequence */
	NUMBER_MAX = 9999,
};

/* The numbers of a sequence; joined[i]: the i-th belongs to the one before, by a colon. */
struct numbers {
	int32_t items[NUMBERS_MAX];
	bool joined[NUMBERS_MAX];
	size_t count;
};

void
sgr_release(struct sgr *sgr)
{
	free(sgr->spans);
	*sgr = (struct sgr)SGR_INIT;
}

void
sgr_clear(struct sgr *sgr)
{
	sgr->count = 0;
	sgr->now = SGR_PLAIN;
}

/* An empty number is 0. */
static void
parse(const char *text, size_t len, struct numbers *numbers)
{
	*numbers = (struct numbers){ .count = 1 };
	for (size_t i = 0; i < len; i++) {
		int32_t *last = &numbers->items[numbers->count - 1];

		if (text[i] >= '0' && text[i] <= '9') {
			*last = *last * 10 + (text[i] - '0');
			if (*last > NUMBER_MAX)
				*last = NUMBER_MAX;
		} else if (numbers->count == NUMBERS_MAX) {
			return;
		} else {
			numbers->joined[numbers->count++] = text[i] == ':';
		}
	}
}

/* How many numbers belong to the one at `at` by colons, itself included. */
static size_t
joined(const struct numbers *numbers, size_t at)
{
	size_t count = 1;

	while (at + count < numbers->count && numbers->joined[at + count])
		count++;
	return count;
}

static int32_t
rgb(const int32_t *at)
{
	int32_t colour = 0;

	for (int i = 0; i < 3; i++) {
		if (at[i] > 255)
			return SGR_NO_COLOUR;
		colour = colour << 8 | at[i];
	}
	return SGR_RGB | colour;
}

/*
 * A colour behind 38, 48 or 58: "5;N", "2;R;G;B", the same with colons, and with colons "2::R:G:B", which
 * names a colour space first. Returns the numbers that it took, 38 included.
 */
static size_t
extended(const struct numbers *numbers, size_t at, int32_t *ret_colour)
{
	const int32_t *items = &numbers->items[at];
	size_t group = joined(numbers, at), left = numbers->count - at;
	bool is_group = group > 1;
	size_t most = is_group ? group : left;

	if (most >= 3 && items[1] == 5) {
		*ret_colour = items[2] <= 255 ? items[2] : SGR_NO_COLOUR;
		return is_group ? group : 3;
	}
	if (most >= 5 && items[1] == 2) {
		*ret_colour = rgb(items + (is_group && group >= 6 ? 3 : 2));
		return is_group ? group : 5;
	}
	return is_group ? group : left; /* what it means is unknown, and so is what follows */
}

static void
apply_attribute(struct sgr_state *state, int32_t number, bool off)
{
	switch (number) {
	case 0:
		*state = SGR_PLAIN;
		break;
	case 1:
		state->bold = true;
		break;
	case 22:
		state->bold = false;
		break;
	case 4:
	case 21:
		state->underline = !off;
		break;
	case 24:
		state->underline = false;
		break;
	case 7:
		state->reverse = true;
		break;
	case 27:
		state->reverse = false;
		break;
	default: /* conceal, blink and the like */
		break;
	}
}

static void
apply_colour(struct sgr_state *state, int32_t number)
{
	if (number >= 30 && number <= 37)
		state->colour = number - 30;
	else if (number >= 90 && number <= 97)
		state->colour = number - 90 + 8;
	else if (number == 39)
		state->colour = SGR_NO_COLOUR;
	else if (number >= 40 && number <= 47)
		state->ground = number - 40;
	else if (number >= 100 && number <= 107)
		state->ground = number - 100 + 8;
	else if (number == 49)
		state->ground = SGR_NO_COLOUR;
}

void
sgr_apply(struct sgr_state *state, const char *parameters, size_t len)
{
	struct numbers numbers;
	int32_t ignored;

	parse(parameters, len, &numbers);
	for (size_t at = 0; at < numbers.count;) {
		int32_t number = numbers.items[at];

		if (number == 38) {
			at += extended(&numbers, at, &state->colour);
		} else if (number == 48) {
			at += extended(&numbers, at, &state->ground);
		} else if (number == 58) { /* of the underline */
			at += extended(&numbers, at, &ignored);
		} else {
			size_t group = joined(&numbers, at);

			apply_attribute(state, number, group > 1 && numbers.items[at + 1] == 0);
			apply_colour(state, number);
			at += group;
		}
	}
}

/*
 * Reverse is how the screen marks what is its own: titles, the selection, what a search has found. So a
 * ground becomes the colour of the text, in bold: a text can't have the colour of its ground then either.
 */
struct sgr_look
sgr_look(const struct sgr_state *state)
{
	bool grounded = state->reverse || state->ground != SGR_NO_COLOUR;
	int32_t ground = state->reverse ? state->colour : state->ground;

	return (struct sgr_look){
		.colour = grounded && ground != SGR_NO_COLOUR ? ground
			  : grounded && state->reverse	      ? state->ground
							      : state->colour,
		.bold = state->bold || grounded,
		.underline = state->underline,
	};
}

bool
sgr_looks_equal(const struct sgr_look *a, const struct sgr_look *b)
{
	return a->colour == b->colour && a->bold == b->bold && a->underline == b->underline;
}

static void
put(struct sgr *sgr, size_t begin, struct sgr_look look)
{
	const struct sgr_state plain = SGR_PLAIN;
	struct sgr_look before = sgr_look(&plain);

	if (sgr->count && sgr->spans[sgr->count - 1].begin == begin)
		sgr->count--;
	if (sgr->count)
		before = sgr->spans[sgr->count - 1].look;
	if (sgr->count == SPANS_MAX)
		return;
	if (sgr->count == SPANS_MAX - 1)
		look = sgr_look(&plain);
	if (!sgr_looks_equal(&before, &look))
		*VEC_PUSH(sgr->spans, sgr->count, sgr->cap) = (struct sgr_span){ begin, look };
}

void
sgr_mark(struct sgr *sgr, size_t begin)
{
	put(sgr, begin, sgr_look(&sgr->now));
}

void
sgr_append(struct sgr *sgr, const struct sgr_span *spans, size_t count, size_t offset)
{
	const struct sgr_state plain = SGR_PLAIN;

	put(sgr, offset, sgr_look(&plain)); /* what was before does not reach into it */
	for (size_t i = 0; i < count; i++)
		put(sgr, offset + spans[i].begin, spans[i].look);
}

void
sgr_consume(struct sgr *sgr, size_t len_bytes)
{
	size_t gone = 0;

	while (gone < sgr->count && sgr->spans[gone].begin <= len_bytes)
		gone++;
	if (gone) /* the last of them goes on */
		sgr->spans[--gone].begin = len_bytes;
	for (size_t i = gone; i < sgr->count; i++) {
		sgr->spans[i - gone] = sgr->spans[i];
		sgr->spans[i - gone].begin -= len_bytes;
	}
	sgr->count -= gone;
}
