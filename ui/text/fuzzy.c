#include "config.h"

#include "ui/text/fuzzy.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
	TEXT_MAX = 200, /* bytes of a text that are looked at */
	TYPED_MAX = 64,
	HIT = 16,      /* a character that is there */
	AT_WORD = 24,  /* more, where it begins a word */
	IN_A_ROW = 20, /* more, right behind the one before it */
	LONGEST = 15,  /* taken off for long texts */
	NOWHERE = -1,
};

static bool
has_capital(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)text[i]))
			return true;
	return false;
}

static bool
same(char typed, char other, bool exact)
{
	return exact ? typed == other
		     : tolower((unsigned char)typed) == tolower((unsigned char)other);
}

static bool
begins_word(const char *text, size_t at)
{
	return isalnum((unsigned char)text[at]) &&
	       (at == 0 || !isalnum((unsigned char)text[at - 1]));
}

/* Most texts are out of the question: that is seen at once. */
static bool
holds(const char *word, size_t len, const char *text, size_t text_len)
{
	bool exact = has_capital(word, len);
	size_t found = 0;

	for (size_t j = 0; j < text_len && found < len; j++)
		found += same(word[found], text[j], exact);
	return found == len;
}

/*
 * The best way to find a word's characters in their order: best[j] is the score of the characters so far, the last one of
 * which is text[j].
 */
static int
word_score(const char *word, size_t len, const char *text, size_t text_len)
{
	bool exact = has_capital(word, len);
	int best[TEXT_MAX], before[TEXT_MAX];
	int most = NOWHERE;

	if (!holds(word, len, text, text_len))
		return NOWHERE;
	for (size_t i = 0; i < len; i++) {
		int so_far =
			i ? NOWHERE : 0; /* the best way to have the characters before this one */

		memcpy(before, best, i ? text_len * sizeof(*best) : 0);
		most = NOWHERE;
		for (size_t j = 0; j < text_len; j++) {
			int row = i && j ? before[j - 1] : NOWHERE;

			if (row > so_far)
				so_far = row;
			best[j] = NOWHERE;
			if (so_far == NOWHERE || !same(word[i], text[j], exact))
				continue;
			best[j] = so_far + HIT + (begins_word(text, j) ? AT_WORD : 0);
			if (row != NOWHERE && row + HIT + IN_A_ROW > best[j])
				best[j] = row + HIT + IN_A_ROW;
			if (best[j] > most)
				most = best[j];
		}
	}
	return most;
}

int
fuzzy_score(const char *typed, const char *text)
{
	size_t text_len = strnlen(text, TEXT_MAX);
	int total = 0;
	bool any = false;

	for (;;) {
		typed += strspn(typed, " ");
		size_t len = strcspn(typed, " ");
		if (len == 0)
			break;
		int score = word_score(typed, len < TYPED_MAX ? len : TYPED_MAX, text, text_len);
		if (score == NOWHERE)
			return NOWHERE;
		total += score;
		any = true;
		typed += len;
	}
	if (!any)
		return 0;
	return total * 16 + LONGEST - (int)(text_len * LONGEST / TEXT_MAX);
}
