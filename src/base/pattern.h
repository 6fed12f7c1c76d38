#ifndef LIFEBOAT_BASE_PATTERN_H
#define LIFEBOAT_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * What an operator searches or filters by: a literal text, or a regular expression of PCRE2. Case
 * does not count unless the pattern has a capital letter. Matching is bounded in steps, so that no
 * expression can hold up the screen; a text at which the bound is reached counts as no match.
 * One thread at a time. Source: pcre2pattern(3), pcre2api(3).
 */
struct pattern;

/*
 * "text" is literal; "/expression/" (the final slash may be missing) is a regular expression; a leading
 * "!" makes it match what does not hold the rest. Errors: ERR_USAGE with PCRE2's message and the place.
 */
struct pattern *pattern_new(const char *text, struct err *e);
void pattern_free(struct pattern *p);

const char *pattern_text(const struct pattern *p); /* as it was written */
bool pattern_matches(const struct pattern *p, const char *text, size_t len_bytes);

/*
 * The first match at or after `from`, for painting; false for none and always for a negated pattern.
 * An empty match is passed over.
 */
bool pattern_find(const struct pattern *p, const char *text, size_t len_bytes, size_t from,
		  size_t *ret_start, size_t *ret_end);

#endif
