#include "config.h"

#include "kube/json_skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/xalloc.h"

/* The same by one byte after the other. */
static const char *
skip_slowly(const char *at, const char *end)
{
	bool in_string = false, is_escaped = false;
	size_t depth = 0;

	for (; at < end; at++) {
		if (is_escaped)
			is_escaped = false;
		else if (*at == '\\')
			is_escaped = true;
		else if (*at == '"')
			in_string = !in_string;
		else if (!in_string && strchr("[{", *at))
			depth++;
		else if (!in_string && strchr("]}", *at))
			depth--;
		if (!in_string && depth == 0)
			return at + 1;
	}
	return NULL;
}

/* In memory of its own, so that a look behind the text is seen. */
static void
assert_same(const char *text, size_t len)
{
	char *copy = xmalloc(len);
	const char *end, *wanted;

	memcpy(copy, text, len);
	end = json_skip(copy, copy + len);
	wanted = skip_slowly(copy, copy + len);
	if (end != wanted)
		fail_msg("%.*s ends at %td, not at %td", (int)len, copy,
			 wanted ? wanted - copy : -1, end ? end - copy : -1);
	free(copy);
}

static void
skip_ends_where_each_byte_is_looked_at(void **state)
{
	static const char *const pieces[] = {
		"{",
		"}",
		"[",
		"]",
		"\"",
		"\\",
		"\\\"",
		"\\\\",
		"a",
		",",
		"{}",
		"\"f:name\":{}",
		"a text of more than a few bytes, which goes on and on",
	};
	static const char beginnings[] = "{[\"";
	struct str text = STR_INIT;
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int count = rand_r(&seed) % 40;

		str_clear(&text);
		str_append_char(&text, beginnings[rand_r(&seed) % 3]);
		for (int i = 0; i < count; i++)
			str_append(&text, pieces[(size_t)rand_r(&seed) %
						 (sizeof(pieces) / sizeof(pieces[0]))]);
		assert_same(str_cstr(&text), text.len);
	}
	str_release(&text);
}

/* Blocks of 64 bytes: the last byte at each place around their borders, backslashes across them. */
static void
skip_of_runs_of_backslashes_across_blocks(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	for (int before = 50; before < 140; before++) {
		for (int slashes = 0; slashes < 6; slashes++) {
			str_clear(&text);
			str_append(&text, "[\"");
			str_append_repeated(&text, 'x', before);
			str_append_repeated(&text, '\\', slashes);
			str_append(&text, "\",\"]\"],[1]");
			assert_same(str_cstr(&text), text.len);
		}
	}
	str_release(&text);
}

static void
skip_without_an_end_is_null(void **state)
{
	static const char *const texts[] = { "",       "{",	 "\"",		 "[[]",
					     "{\"}\"", "\"\\\"", "[\"]\\\\\\\"]" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(json_skip(texts[i], texts[i] + strlen(texts[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skip_ends_where_each_byte_is_looked_at),
		cmocka_unit_test(skip_of_runs_of_backslashes_across_blocks),
		cmocka_unit_test(skip_without_an_end_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
