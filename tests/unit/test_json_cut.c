#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "kube/json_cut.h"

static const char *const names[] = { "rows", "items", NULL };

struct cutting {
	struct str seen; /* each element in «» */
	size_t max;	 /* stops at so many; 0: never */
	size_t count;
	struct json_cut *cut;
	cJSON *before;
};

static bool
on_element(void *data, const char *text, size_t len_bytes)
{
	struct cutting *c = data;

	if (c->count++ == 0)
		c->before = json_cut_before(c->cut);
	str_append(&c->seen, "<");
	str_append_bytes(&c->seen, text, len_bytes);
	str_append(&c->seen, ">");
	return c->count != c->max;
}

/* Feeds a document in pieces of `step` bytes, each in memory of its own so that an overrun shows. */
static int
cut_text(struct cutting *c, const char *text, size_t step, cJSON **ret_rest, struct err *e)
{
	size_t len = strlen(text);
	int rc = 0;

	c->cut = json_cut_new(names, on_element, c);
	for (size_t at = 0; rc == 0 && at < len; at += step) {
		size_t n = len - at < step ? len - at : step;
		char *piece = xmalloc(n);

		memcpy(piece, text + at, n);
		rc = json_cut_feed(c->cut, piece, n, e);
		free(piece);
	}
	if (rc == 0 && !json_cut_stopped(c->cut))
		rc = json_cut_finish(c->cut, ret_rest, e);
	json_cut_free(c->cut);
	return rc;
}

static void
cutting_release(struct cutting *c)
{
	str_release(&c->seen);
	cJSON_Delete(c->before);
}

/* At every size of pieces. */
static void
assert_cut(const char *text, const char *elements, const char *rest_text)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct cutting c = { .count = 0 };
		struct err e = ERR_INIT;
		cJSON *rest = NULL;
		char *printed;

		if (cut_text(&c, text, step, &rest, &e) < 0)
			fail_msg("%s: %s", text, e.message);
		assert_string_equal(str_cstr(&c.seen), elements);
		printed = json_print(rest);
		assert_string_equal(printed, rest_text);
		free(printed);
		cJSON_Delete(rest);
		cutting_release(&c);
	}
}

static void
feed_cuts_elements_at_any_pieces(void **state)
{
	(void)state;
	assert_cut("{\"kind\":\"Table\",\"rows\":[{\"a\":[1,2]},{\"b\":{\"c\":\"x\"}}],\"z\":1}",
		   "<{\"a\":[1,2]}><{\"b\":{\"c\":\"x\"}}>",
		   "{\"kind\":\"Table\",\"rows\":[],\"z\":1}");
	assert_cut(" {\n \"items\" : [ 1 , \"two\" , null,[3],{} ] } \n",
		   "<1><\"two\"><null><[3]><{}>", "{\"items\":[]}");
	assert_cut("{\"rows\":[]}", "", "{\"rows\":[]}");
	assert_cut("{\"rows\":[ \n ]}", "", "{\"rows\":[]}");
	assert_cut("{}", "", "{}");
}

struct offered {
	struct str seen; /* taken whole in «», cut out in <> */
};

static bool
on_cut_element(void *data, const char *text, size_t len_bytes)
{
	struct offered *o = data;

	str_printf(&o->seen, "<%.*s>", (int)len_bytes, text);
	return true;
}

/* Takes numbers, where what ends them is there too. */
static size_t
on_offer(void *data, const char *text, size_t len_bytes)
{
	struct offered *o = data;
	size_t len = 0;

	while (len < len_bytes && text[len] >= '0' && text[len] <= '9')
		len++;
	if (len == 0 || len == len_bytes || (text[len] != ',' && text[len] != ']'))
		return 0;
	str_printf(&o->seen, "«%.*s»", (int)len, text);
	return len;
}

/* Whether two pictures show the same but for how it came. */
static void
assert_same_elements(const char *a, const char *b)
{
	const char *pictures[] = { a, b };
	struct str bare[2] = { STR_INIT, STR_INIT };

	for (int i = 0; i < 2; i++)
		for (const char *at = pictures[i]; *at; at++)
			if (*at > 0 && !strchr("<>", *at))
				str_append_char(&bare[i], *at);
			else if (*at == '>' || (unsigned char)*at == 0xbb)
				str_append_char(&bare[i], '|');
	assert_string_equal(str_cstr(&bare[0]), str_cstr(&bare[1]));
	str_release(&bare[0]);
	str_release(&bare[1]);
}

/* In pieces of any size the same comes out; what was taken whole depends on where they end. */
static void
assert_offered(const char *text, const char *at_once, int wanted_rc)
{
	for (size_t step = strlen(text); step > 0; step--) {
		struct offered o = { .seen = STR_INIT };
		struct json_cut *cut = json_cut_new(names, on_cut_element, &o);
		struct err e = ERR_INIT;
		cJSON *rest = NULL;
		int rc = 0;

		json_cut_offer(cut, on_offer);
		for (size_t at = 0; rc == 0 && at < strlen(text); at += step)
			rc = json_cut_feed(cut, text + at,
					   strlen(text) - at < step ? strlen(text) - at : step, &e);
		if (rc == 0)
			rc = json_cut_finish(cut, &rest, &e);
		assert_int_equal(rc, wanted_rc);
		if (step == strlen(text))
			assert_string_equal(str_cstr(&o.seen), at_once);
		if (wanted_rc == 0)
			assert_same_elements(str_cstr(&o.seen), at_once);
		cJSON_Delete(rest);
		json_cut_free(cut);
		str_release(&o.seen);
	}
}

static void
feed_offers_elements_and_cuts_out_the_others(void **state)
{
	(void)state;
	assert_offered("{\"rows\":[1,23,{\"a\":[4,5]},6,[7],8]}",
		       "«1»«23»<{\"a\":[4,5]}>«6»<[7]>«8»", 0);
	assert_offered("{\"a\":[1],\"rows\":[2 ,3, 4],\"b\":5}", "<2>«3»<4>", 0);
	assert_offered("{\"rows\":[]}", "", 0);
	assert_offered("{\"rows\":[1,]}", "«1»", -1);
	assert_offered("{\"rows\":[1,,2]}", "«1»", -1);
	assert_offered("{\"rows\":[1", "", -1);
}

static void
feed_takes_no_notice_of_brackets_in_strings(void **state)
{
	(void)state;
	assert_cut("{\"a\":\"[{\\\"\",\"rows\":[{\"x\":\"}],\\\\\\\"{\"},{\"y\\\"]\":\"\\\\\"}],"
		   "\"b\":\"]}\"}",
		   "<{\"x\":\"}],\\\\\\\"{\"}><{\"y\\\"]\":\"\\\\\"}>",
		   "{\"a\":\"[{\\\"\",\"rows\":[],\"b\":\"]}\"}");
}

static void
feed_cuts_the_first_array_of_the_name_only(void **state)
{
	(void)state;
	assert_cut("{\"metadata\":{\"rows\":[1]},\"x\\\"rows\":[2],\"rows\":[3],\"items\":[4]}",
		   "<3>",
		   "{\"metadata\":{\"rows\":[1]},\"x\\\"rows\":[2],\"rows\":[],\"items\":[4]}");
	assert_cut("{\"a\":\"rows\",\"arrows\":[1],\"rows\":null,\"items\":[2]}", "<2>",
		   "{\"a\":\"rows\",\"arrows\":[1],\"rows\":null,\"items\":[]}");
}

static void
before_has_the_members_in_front(void **state)
{
	struct cutting c = { .count = 0 };
	struct err e = ERR_INIT;
	cJSON *rest = NULL;

	(void)state;
	assert_int_equal(
		cut_text(&c, "{\"kind\":\"Table\",\"rows\":[1,2],\"late\":3}", 3, &rest, &e), 0);
	assert_string_equal(json_string(c.before, "kind", ""), "Table");
	assert_null(json_at(c.before, "late"));
	assert_int_equal(json_int(rest, "late", 0), 3);
	cJSON_Delete(rest);
	cutting_release(&c);
}

static void
feed_stops_when_told_to(void **state)
{
	struct cutting c = { .max = 2 };
	struct err e = ERR_INIT;
	cJSON *rest = NULL;

	(void)state;
	assert_int_equal(cut_text(&c, "{\"rows\":[1,2,3,4]}", 100, &rest, &e), 0);
	assert_string_equal(str_cstr(&c.seen), "<1><2>");
	assert_null(rest);
	cutting_release(&c);
}

static void
feed_broken_text_is_an_error_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "ends in the middle, after 0 bytes" },
		{ "<html>", "belongs to no JSON object at byte 0 of" },
		{ "  [1]", "belongs to no JSON object at byte 2 of" },
		{ "{} x", "belongs to no JSON object at byte 3 of" },
		{ "{\"rows\":[1,,2]}", "element of the list is missing at byte 11 of" },
		{ "{\"rows\":[,1]}", "element of the list is missing at byte 9 of" },
		{ "{\"rows\":[1,]}", "element of the list is missing at byte 11 of" },
		{ "{\"rows\":[1}", "bracket without its like at byte 10 of" },
		{ "{\"rows\":[{\"a\":1},", "ends in the middle, after 17 bytes" },
		{ "{\"rows\":[\"a", "ends in the middle, after 11 bytes" },
		{ "{\"rows\":[1],,}", "not valid JSON" },
		{ "{\"rows\":[1]]", "not valid JSON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t step = 1; step < 20; step++) {
			struct cutting c = { .count = 0 };
			struct err e = ERR_INIT;
			cJSON *rest = NULL;

			assert_int_equal(cut_text(&c, cases[i].text, step, &rest, &e), -1);
			assert_int_equal(e.kind, ERR_REMOTE);
			if (!strstr(e.message, cases[i].message))
				fail_msg("\"%s\" is not in \"%s\"", cases[i].message, e.message);
			cutting_release(&c);
		}
	}
}

/* Feeds `text` and then letters without end, and expects an error before `limit` and a little more. */
static void
assert_bounded(const char *text, size_t limit, const char *message)
{
	enum { PIECE = 1 << 20 };
	struct cutting c = { .count = 0 };
	struct err e = ERR_INIT;
	char *letters = xmalloc(PIECE);
	size_t fed = 0;
	int rc;

	memset(letters, 'x', PIECE);
	c.cut = json_cut_new(names, on_element, &c);
	rc = json_cut_feed(c.cut, text, strlen(text), &e);
	for (; rc == 0 && fed <= limit + 2 * PIECE; fed += PIECE)
		rc = json_cut_feed(c.cut, letters, PIECE, &e);
	assert_int_equal(rc, -1);
	assert_in_range(fed, limit, limit + PIECE);
	assert_non_null(strstr(e.message, message));
	json_cut_free(c.cut);
	cutting_release(&c);
	free(letters);
}

static void
feed_of_endless_things_is_bounded(void **state)
{
	(void)state;
	assert_bounded("{\"rows\":[\"", JSON_CUT_MAX_ELEMENT, "larger than 32 MiB");
	assert_bounded("{\"other\":\"", JSON_CUT_MAX_REST, "more than 8 MiB beside");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_cuts_elements_at_any_pieces),
		cmocka_unit_test(feed_offers_elements_and_cuts_out_the_others),
		cmocka_unit_test(feed_takes_no_notice_of_brackets_in_strings),
		cmocka_unit_test(feed_cuts_the_first_array_of_the_name_only),
		cmocka_unit_test(before_has_the_members_in_front),
		cmocka_unit_test(feed_stops_when_told_to),
		cmocka_unit_test(feed_broken_text_is_an_error_with_its_place),
		cmocka_unit_test(feed_of_endless_things_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
