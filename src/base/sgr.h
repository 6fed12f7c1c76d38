#ifndef LIFEBOAT_BASE_SGR_H
#define LIFEBOAT_BASE_SGR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Colours of a look: none, 0 to 255 as terminals number them, or SGR_RGB | 0xrrggbb. */
enum { SGR_NO_COLOUR = -1, SGR_RGB = 1 << 24 };

/* What the colour sequences before a place of a text have asked for; it begins as SGR_PLAIN. */
struct sgr_state {
	int32_t colour, ground;
	bool bold, underline, reverse;
};

#define SGR_PLAIN ((struct sgr_state){ .colour = SGR_NO_COLOUR, .ground = SGR_NO_COLOUR })

/* What of it is obeyed: nothing that could hide a text, or pass it off as a part of the screen. */
struct sgr_look {
	int32_t colour;
	bool bold, underline;
};

/* From byte `begin` of the sanitised text on, up to the next span. */
struct sgr_span {
	size_t begin;
	struct sgr_look look;
};

/*
 * The looks of a sanitised text, beside it; before the first span everything is plain. `now` is how
 * whatever follows looks: a text that comes in pieces goes on with it, and every LF resets it.
 */
struct sgr {
	struct sgr_state now;
	struct sgr_span *spans;
	size_t count, cap;
};

#define SGR_INIT                                                                                   \
	{                                                                                          \
		.now = {.colour = SGR_NO_COLOUR, .ground = SGR_NO_COLOUR }                         \
	}

void sgr_release(struct sgr *sgr);
/* Forgets the spans, and how the last of them looked. */
void sgr_clear(struct sgr *sgr);

/* Obeys the parameters of one sequence, "1;38;5;208". Unknown ones mean nothing. Source: ECMA-48 8.3.117, ITU-T T.416. */
void sgr_apply(struct sgr_state *state, const char *parameters, size_t len);
struct sgr_look sgr_look(const struct sgr_state *state);
bool sgr_looks_equal(const struct sgr_look *a, const struct sgr_look *b);

/* From byte `begin` on, which is not before the last span, the text looks as `now` says. */
void sgr_mark(struct sgr *sgr, size_t begin);
/* Appends the spans of a text that is appended at byte `offset` of another one. */
void sgr_append(struct sgr *sgr, const struct sgr_span *spans, size_t count, size_t offset);
/* The text has lost its first bytes. */
void sgr_consume(struct sgr *sgr, size_t len_bytes);

#endif
