#ifndef LIFEBOAT_UI_TEXT_FUZZY_H
#define LIFEBOAT_UI_TEXT_FUZZY_H

/*
 * How well a text fits what was typed: words between blanks, each of whose characters stand in the text in
 * their order, be it with others between them. More is better; -1: it does not fit, 0: nothing was typed.
 * Beginnings of words and runs of characters count most, and of two texts alike the shorter one. Case
 * counts where a capital letter was typed. Pure; ASCII is folded, other characters are taken as they are.
 */
int fuzzy_score(const char *typed, const char *text);

#endif
