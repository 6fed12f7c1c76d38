#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/xalloc.h"

static void
cstr_of_an_empty_str_is_an_empty_string(void **state)
{
	struct str s = STR_INIT;
	char *taken;

	(void)state;
	assert_string_equal(str_cstr(&s), "");
	str_clear(&s);
	str_consume(&s, 0);
	taken = str_take(&s);
	assert_string_equal(taken, "");
	free(taken);
	str_release(&s);
	str_release_secret(&s);
}

static void
append_grows_and_stays_terminated(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		str_append(&s, "ab");
		str_append_char(&s, 'c');
		str_append_bytes(&s, "d\0", 2);
		assert_int_equal(s.data[s.len], 0);
		assert_true(s.cap > s.len);
	}
	assert_int_equal(s.len, 5000);
	assert_memory_equal(s.data + 4995, "abcd\0", 6);
	str_release(&s);
	assert_null(s.data);
	assert_int_equal(s.cap, 0);
}

static void
append_nothing_makes_a_c_string(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	str_append_bytes(&s, NULL, 0);
	assert_non_null(s.data);
	assert_string_equal(s.data, "");
	str_release(&s);
}

static void
printf_appends_at_any_length(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	for (int i = 0; i < 300; i++) {
		str_clear(&s);
		str_append(&s, ">");
		str_printf(&s, "%*d", i + 1, 7);
		assert_int_equal(s.len, i + 2);
		assert_int_equal(strlen(s.data), s.len);
		assert_int_equal(s.data[s.len - 1], '7');
	}
	str_release(&s);
}

static void
consume_removes_the_beginning(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	str_append(&s, "hello world");
	str_consume(&s, 6);
	assert_string_equal(s.data, "world");
	assert_int_equal(s.len, 5);
	str_consume(&s, 5);
	assert_string_equal(s.data, "");
	str_release(&s);
}

static void
reserve_gives_room_behind_the_text(void **state)
{
	struct str s = STR_INIT;
	char *end;

	(void)state;
	str_append(&s, "x");
	end = str_reserve(&s, 100000);
	memset(end, 'y', 100000);
	s.len += 100000;
	s.data[s.len] = '\0';
	assert_int_equal(strlen(s.data), 100001);
	str_release_secret(&s);
	assert_null(s.data);
}

static void
comparisons_handle_their_edges(void **state)
{
	(void)state;
	assert_true(str_starts_with("abc", ""));
	assert_true(str_starts_with("abc", "abc"));
	assert_false(str_starts_with("ab", "abc"));
	assert_true(str_ends_with("abc", "bc"));
	assert_true(str_ends_with("abc", ""));
	assert_false(str_ends_with("c", "bc"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_false(str_equal("", NULL));
	assert_true(str_equal("a", "a"));
}

static void
nearest_suggests_only_what_is_near(void **state)
{
	static const char *const words[] = { "namespace", "name", "timeout", "retry", NULL };
	static const char *const none[] = { NULL };
	char longest[200];

	(void)state;
	assert_string_equal(str_nearest("namespcae", words), "namespace");
	assert_string_equal(str_nearest("timout", words), "timeout");
	assert_string_equal(str_nearest("nam", words), "name");
	assert_string_equal(str_nearest("name", words), "name");
	assert_string_equal(str_nearest("retyr", words), "retry");
	assert_null(str_nearest("selector", words));
	assert_null(str_nearest("", words));
	assert_null(str_nearest("x", none));
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(str_nearest(longest, words));
}

static void
vec_push_keeps_every_element(void **state)
{
	int *items = NULL;
	size_t len = 0, cap = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int *added = VEC_PUSH(items, len, cap);

		assert_int_equal(*added, 0);
		*added = i;
	}
	assert_int_equal(len, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void
xalloc_of_nothing_is_memory(void **state)
{
	void *memory[] = { xmalloc(0), xcalloc(0, 0), xreallocarray(NULL, 0, 8), xstrndup("abc", 2),
			   xasprintf("%d", 5) };

	(void)state;
	assert_string_equal((char *)memory[3], "ab");
	assert_string_equal((char *)memory[4], "5");
	assert_null(xstrdup(NULL));
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		assert_non_null(memory[i]);
		free(memory[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cstr_of_an_empty_str_is_an_empty_string),
		cmocka_unit_test(append_grows_and_stays_terminated),
		cmocka_unit_test(append_nothing_makes_a_c_string),
		cmocka_unit_test(printf_appends_at_any_length),
		cmocka_unit_test(consume_removes_the_beginning),
		cmocka_unit_test(reserve_gives_room_behind_the_text),
		cmocka_unit_test(comparisons_handle_their_edges),
		cmocka_unit_test(nearest_suggests_only_what_is_near),
		cmocka_unit_test(vec_push_keeps_every_element),
		cmocka_unit_test(xalloc_of_nothing_is_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
