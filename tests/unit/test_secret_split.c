/*
 * Every disguise of several secrets, split at every byte into the pieces of a stream, wrapped, coloured
 * and cut: nothing of it may come out of the redactor.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/secret.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { MAX_FORMS = 80 };

/* One secret, and texts that each are, or hold, one of its disguises. */
struct secret_case {
	const char *name, *value;
	char *forms[MAX_FORMS];
	size_t count;
};

static struct secret_case cases[] = {
	{ .name = "word", .value = "correct-horse" },
	{ .name = "eight", .value = "hunter42" },
	{ .name = "odd", .value = "a.*[b]{2}\\d+$^(c|d)?\"e'f`g<h>&i%j\tk" },
	{ .name = "foreign", .value = "пароль-für-Köln-密码-🔑" },
	{ .name = "spaces", .value = "correct horse battery staple" },
	{ .name = "lines", .value = "first line of it\nthe 'second' line\n  the \"third\" one\n" },
	{ .name = "key",
	  .value = "-----BEGIN PRIVATE KEY-----\n"
		   "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
		   "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n"
		   "NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n"
		   "-----END PRIVATE KEY-----\n" },
	{ .name = "json",
	  .value =
		  "{\"type\":\"service_account\",\"private_key_id\":\"9f8e7d6c5b4a39281706\","
		  "\"nested\":[{\"auth\":\"cm9ib3Q6dG9rZW4tb2YtdGhlLXJvYm90\"}],"
		  "\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASC"
		  "AT4wggE6\\n-----END PRIVATE KEY-----\\n\"}" },
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void
take(struct secret_case *c, char *form)
{
	assert_true(c->count < MAX_FORMS);
	c->forms[c->count++] = form;
}

static char *
base64_of(const char *before, const char *value, const char *after, bool url)
{
	char *plain = xasprintf("%s%s%s", before, value, after);
	char *text = xcalloc(1, strlen(plain) * 2 + 8);

	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)plain, (int)strlen(plain));
	for (char *at = text; url && *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	free(plain);
	return text;
}

/* Every byte as two digits with `before` before them; with `keep` not the unreserved ones. */
static char *
coded(const char *value, const char *before, const char *digits, bool keep)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	struct str out = STR_INIT;

	for (; *value; value++)
		if (keep && strchr(unreserved, *value))
			str_append_char(&out, *value);
		else
			str_printf(&out, "%s%c%c", before, digits[(unsigned char)*value >> 4],
				   digits[*value & 15]);
	return str_take(&out);
}

/* With `replacement` in place of each `c`. */
static char *
replaced(const char *value, char c, const char *replacement)
{
	struct str out = STR_INIT;

	for (; *value; value++)
		if (*value == c)
			str_append(&out, replacement);
		else
			str_append_char(&out, *value);
	return str_take(&out);
}

static char *
json_of(const char *value)
{
	static const char from[] = "\\\"\n\t";
	static const char *const to[] = { "\\\\", "\\\"", "\\n", "\\t" };
	char *text = xstrdup(value);

	for (size_t i = 0; i < sizeof(from) - 1; i++) {
		char *next = replaced(text, from[i], to[i]);

		free(text);
		text = next;
	}
	return text;
}

/* As Go writes it. */
static char *
html_json_of(const char *json)
{
	char *one = replaced(json, '<', "\\u003c"), *two = replaced(one, '>', "\\u003e");
	char *three = replaced(two, '&', "\\u0026");

	free(one);
	free(two);
	return three;
}

/* With `gap` behind every `width` bytes, but not beside white space, nor within an escape. */
static char *
wrapped(const char *text, size_t width, const char *gap)
{
	struct str out = STR_INIT;

	for (size_t at = 0; text[at]; at++) {
		if (at && at % width == 0 && !strchr(" \n", text[at]) &&
		    !strchr(" \n\\", text[at - 1]))
			str_append(&out, gap);
		str_append_char(&out, text[at]);
	}
	return str_take(&out);
}

static void
take_base64(struct secret_case *c)
{
	static const char *const before[] = { "", "x", "xy" };

	for (size_t i = 0; i < 6; i++)
		take(c, base64_of(before[i % 3], c->value, "", i / 3));
	char *twice = base64_of("", c->value, "", false);
	for (size_t i = 0; i < 3; i++)
		take(c, base64_of(before[i], twice, "", false));
	take(c, wrapped(twice, 64, "\n"));
	take(c, wrapped(twice, 76, "\r\n"));
	take(c, wrapped(twice, 76, "\n    "));
	take(c, wrapped(twice, 20, "\\n"));
	free(twice);
}

static void
take_forms(struct secret_case *c)
{
	char *json = json_of(c->value);

	take(c, xstrdup(c->value));
	take(c, xstrdup(json));
	take(c, json_of(json));
	take(c, html_json_of(json));
	take(c, replaced(c->value, '\'', "''"));
	take(c, replaced(c->value, '\'', "'\\''"));
	take(c, coded(c->value, "%", "0123456789ABCDEF", true));
	take(c, coded(c->value, "%", "0123456789abcdef", true));
	take(c, coded(c->value, "", "0123456789abcdef", false));
	take(c, coded(c->value, "", "0123456789ABCDEF", false));
	take(c, wrapped(c->value, 3, "\x1b[31m"));
	take(c, wrapped(c->value, 1, "\x1b[0;1m"));
	take(c, wrapped(c->value, 5, "\r"));
	take(c, wrapped(c->value, 7, "\r\n"));
	take(c, wrapped(c->value, 2, "\x1b]8;;http://h/\x07"));
	take(c, wrapped(c->value, 4, "\x1b]0;title\x1b\\"));
	take(c, wrapped(c->value, 1, "\x08"));
	take(c, replaced(c->value, '\n', ""));
	take_base64(c);
	free(json);
}

static struct secrets *
registry(void)
{
	struct secrets *s = secrets_new();

	for (size_t i = 0; i < CASES; i++) {
		struct err e = ERR_INIT;

		if (secrets_add(s, cases[i].name, cases[i].value, strlen(cases[i].value), &e) < 0)
			fail_msg("%s", e.message);
	}
	return s;
}

static int
set_up(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		take_forms(&cases[i]);
	*state = registry();
	return 0;
}

static int
tear_down(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < cases[i].count; j++)
			free(cases[i].forms[j]);
	secrets_free(*state);
	return 0;
}

/* How many bytes of a disguise may stay: what shares its base64 digits with what is around it. */
enum { STRAY = 4 };

/*
 * Between "<<" and ">>" are marks, and a stray byte or two: no more of the disguise. Line ends of its gaps
 * do not count.
 */
static void
assert_nothing_left(const char *form, const char *out)
{
	const char *at = strstr(out, "<<"), *end = at ? strstr(at, ">>") : NULL;
	size_t left = 0;

	if (!end || !strstr(out, "‹secret:"))
		fail_msg("not redacted: %s\nbecame %s", form, out);
	for (at += 2; at < end;) {
		const char *mark = strstr(at, "‹secret:");

		if (mark == at) {
			at = strstr(at, "›") + strlen("›");
			continue;
		}
		left += (unsigned char)*at++ > ' ';
	}
	if (left > STRAY)
		fail_msg("%zu bytes are left of %s\nin %s", left, form, out);
}

static void
push_pieces(struct redactor *r, const char *text, size_t first, size_t second, struct str *out)
{
	size_t len = strlen(text);

	redactor_push(r, text, first, out);
	redactor_push(r, text + first, second - first, out);
	redactor_push(r, text + second, len - second, out);
	redactor_flush(r, out);
}

static void
split_once(struct secrets *s, const char *form, size_t first, size_t second)
{
	char *text = xasprintf("before <<%s>> behind", form);
	struct redactor *r = redactor_new(s);
	struct str out = STR_INIT;

	push_pieces(r, text, first, second, &out);
	assert_nothing_left(form, str_cstr(&out));
	assert_int_equal(strncmp(str_cstr(&out), "before <<", 9), 0);
	assert_true(str_ends_with(str_cstr(&out), ">> behind"));
	redactor_free(r);
	str_release(&out);
	free(text);
}

static void
push_every_disguise_in_two_pieces_hides_it(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < cases[i].count; j++) {
			const char *form = cases[i].forms[j];
			size_t len = strlen(form) + strlen("before <<>> behind");

			for (size_t at = 0; at <= len; at++)
				split_once(*state, form, at, at);
		}
}

/* All pairs of places of the short ones, and of the long ones those that are not far from each other. */
static void
push_every_disguise_in_three_pieces_hides_it(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < cases[i].count; j++) {
			const char *form = cases[i].forms[j];
			size_t len = strlen(form), reach = len < 40 ? len : len < 120 ? 3 : 1;

			for (size_t at = 7; at <= len + 9; at++)
				for (size_t next = at; next <= len + 9 && next <= at + reach;
				     next++)
					split_once(*state, form, at, next);
		}
}

static void
push_every_disguise_byte_by_byte_hides_it(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < cases[i].count; j++) {
			char *text = xasprintf("<<%s>>", cases[i].forms[j]);
			struct redactor *r = redactor_new(*state);
			struct str out = STR_INIT;

			for (const char *at = text; *at; at++)
				redactor_push(r, at, 1, &out);
			redactor_flush(r, &out);
			assert_nothing_left(cases[i].forms[j], str_cstr(&out));
			redactor_free(r);
			str_release(&out);
			free(text);
		}
}

static void
redact_every_disguise_in_a_text_hides_it(void **state)
{
	struct redactor *r = redactor_new(*state);

	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < cases[i].count; j++) {
			char *text = xasprintf("<<%s>>", cases[i].forms[j]);
			struct str whole = STR_INIT, quick = STR_INIT;

			secrets_redact(*state, text, strlen(text), &whole);
			redactor_text(r, text, strlen(text), &quick);
			assert_nothing_left(cases[i].forms[j], str_cstr(&whole));
			assert_string_equal(str_cstr(&whole), str_cstr(&quick));
			str_release(&whole);
			str_release(&quick);
			free(text);
		}
	redactor_free(r);
}

/* A pause is flushed: what comes out whole must still lack the greater part of the secret. */
static void
flush_between_the_pieces_never_shows_the_whole(void **state)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t at = 1; at < strlen(cases[i].value); at++) {
			struct redactor *r = redactor_new(*state);
			struct str out = STR_INIT;

			redactor_push(r, cases[i].value, at, &out);
			redactor_flush(r, &out);
			redactor_push(r, cases[i].value + at, strlen(cases[i].value) - at, &out);
			redactor_flush(r, &out);
			assert_null(strstr(str_cstr(&out), cases[i].value));
			assert_non_null(strstr(str_cstr(&out), "‹secret:"));
			redactor_free(r);
			str_release(&out);
		}
}

/* As a reader of a log has them. */
static void
redact_lines_of_wrapped_base64_hides_each(void **state)
{
	static const size_t widths[] = { 64, 76 };
	char *text = base64_of("", cases[6].value, "", false);
	size_t len = strlen(text);

	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; at < len; at += widths[i]) {
			size_t line = len - at < widths[i] ? len - at : widths[i];
			struct str out = STR_INIT;

			if (line >= 8) {
				secrets_redact(*state, text + at, line, &out);
				assert_string_equal(str_cstr(&out), "‹secret:key›");
			}
			str_release(&out);
		}
	free(text);
}

/* The same key without its first and last line, in lines of another width. */
static void
redact_key_that_was_wrapped_anew_hides_it(void **state)
{
	const char *body = strchr(cases[6].value, '\n') + 1;
	char *base64 = xstrndup(body, (size_t)(strstr(body, "-----END") - body));
	char *joined = replaced(base64, '\n', "");
	char *lines = wrapped(joined, 76, "\n"), *text = xasprintf("<<%s>>", lines);
	struct str out = STR_INIT;

	secrets_redact(*state, text, strlen(text), &out);
	assert_string_equal(str_cstr(&out), "<<‹secret:key›>>");
	str_clear(&out);
	secrets_redact(*state, lines + 77, 76, &out);
	assert_string_equal(str_cstr(&out), "‹secret:key›");
	str_release(&out);
	free(text);
	free(lines);
	free(joined);
	free(base64);
}

static void
assert_redacted(struct secrets *s, const char *text, const char *expected)
{
	struct str out = STR_INIT;

	secrets_redact(s, text, strlen(text), &out);
	assert_string_equal(str_cstr(&out), expected);
	str_release(&out);
}

static void
redact_texts_of_a_json_value_are_secrets_too(void **state)
{
	assert_redacted(*state, "id 9f8e7d6c5b4a39281706.", "id ‹secret:json›.");
	assert_redacted(*state, "cm9ib3Q6dG9rZW4tb2YtdGhlLXJvYm90", "‹secret:json›");
	assert_redacted(*state, "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6", "‹secret:json›");
	assert_redacted(*state, "private_key_id", "private_key_id");
}

static void
redact_beginning_before_an_ellipsis_is_hidden(void **state)
{
	assert_redacted(*state, "got correct-hors... and", "got ‹secret:word›... and");
	assert_redacted(*state, "got correct-hors… (99 bytes)", "got ‹secret:word›… (99 bytes)");
	assert_redacted(*state, "wait... correct-hors", "wait... ‹secret:word›");
	assert_redacted(*state, "correct-... and …", "correct-... and …");
	assert_redacted(*state, "...", "...");
	assert_redacted(*state, "correct-horse...", "‹secret:word›...");
}

/* Texts of all lengths about that which counts, whole and where a line end stands in them. */
static void
misses_says_what_redact_leaves_alone(void **state)
{
	static const char secret[] = "0123456789abcdefghij";
	static const char *const leads[] = { "", "x ", "... ", "wait\n… ",
					     "a long text... of which " };
	static const char *const marks[] = { "...", "…" }, *const tails[] = { "", "x", "... 0123" };
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	struct err e = ERR_INIT;

	(void)state;
	assert_true(redactor_misses(r, secret, strlen(secret)));
	assert_int_equal(secrets_add(s, "pw", secret, strlen(secret), &e), 0);
	for (size_t i = 0; i < 5 * 2 * 3 * sizeof(secret); i++) {
		const char *lead = leads[i % 5], *mark = marks[i / 5 % 2],
			   *tail = tails[i / 10 % 3];
		int len = (int)(i / 30);
		char *text = xasprintf("%s%.*s%s%s", lead, len, secret, mark, tail);
		char *hidden = xasprintf("%s‹secret:pw›%s%s", lead, mark, tail);
		char *apart = xasprintf("%s%.1s\r%.*s%s", lead, secret, len, secret + 1, mark);

		assert_redacted(s, text, len < 12 ? text : hidden);
		assert_int_equal(redactor_misses(r, text, strlen(text)), len < 12);
		assert_int_equal(redactor_misses(r, apart, strlen(apart)), len < 11);
		free(text);
		free(hidden);
		free(apart);
	}
	redactor_free(r);
	secrets_free(s);
}

static void
redact_short_values_are_not_pieced_together(void **state)
{
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;

	assert_int_equal(secrets_add(s, "pin", "tsb12", 5, &e), 0);
	assert_redacted(s, "user tsb\n12 rows", "user tsb\n12 rows");
	assert_redacted(s, "user tsb12\n", "user ‹secret:pin›\n");
	secrets_free(s);
	assert_redacted(*state, "hunter\n42", "‹secret:eight›"); /* the shortest that are */
}

/* Lines are shown as they come, though the next might begin with the rest of a secret. */
static void
push_whole_lines_are_shown_at_once(void **state)
{
	static const char line[] = "a line that ends in c\n";
	struct redactor *r = redactor_new(*state);
	struct str out = STR_INIT;

	redactor_push(r, line, strlen(line), &out);
	assert_string_equal(str_cstr(&out), line);
	redactor_push(r, "orrect-horse\n", 13, &out);
	assert_string_equal(str_cstr(&out), "a line that ends in c\n‹secret:word›\n");
	redactor_free(r);
	str_release(&out);
}

/* A beginning, and then no end of what does not count: the stream must not be kept for ever. */
static void
push_endless_escapes_behind_a_beginning_are_shown(void **state)
{
	char *noise = xcalloc(1, 64 << 10);
	struct redactor *r = redactor_new(*state);
	struct str out = STR_INIT;

	redactor_push(r, "correct-", 8, &out);
	memset(noise, '\n', 64 << 10);
	for (int i = 0; i < 16; i++)
		redactor_push(r, noise, 64 << 10, &out);
	assert_true(out.len > 512 << 10);
	redactor_push(r, " correct-horse.", 15, &out);
	assert_true(str_ends_with(str_cstr(&out), " ‹secret:word›."));
	redactor_free(r);
	str_release(&out);
	free(noise);
}

static const char *const few[] = { "abbaabab", "aababbab", "bbbbbaba" };

/* Marks what a plain search for the values finds in `bytes`, whose places are `at`. */
static void
cover(const char *bytes, const size_t *at, size_t count, bool *covered)
{
	for (size_t v = 0; v < sizeof(few) / sizeof(few[0]); v++)
		for (size_t i = 0; i + strlen(few[v]) <= count; i++)
			if (memcmp(bytes + i, few[v], strlen(few[v])) == 0)
				for (size_t p = at[i]; p <= at[i + strlen(few[v]) - 1]; p++)
					covered[p] = true;
}

/* What remains of a text, by a search of it as it is and of it without line ends. */
static void
plain_search(const char *text, struct str *out)
{
	char bytes[64];
	size_t at[64], raw[64], len = strlen(text), count = 0;
	bool covered[64] = { false };

	for (size_t i = 0; i < len; i++) {
		raw[i] = i;
		if (text[i] == '\n')
			continue;
		bytes[count] = text[i];
		at[count++] = i;
	}
	cover(text, raw, len, covered);
	cover(bytes, at, count, covered);
	for (size_t i = 0; i < len; i++)
		if (!covered[i])
			str_append_char(out, text[i]);
}

static void
drop_marks(struct str *text)
{
	static const char mark[] = "‹secret:x›";

	for (char *at; (at = strstr(str_cstr(text), mark));)
		memmove(at, at + strlen(mark), strlen(at + strlen(mark)) + 1);
}

static void
redact_wrapped_texts_of_few_letters_equals_a_plain_search(void **state)
{
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	unsigned seed = 4711;

	(void)state;
	for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(secrets_add(s, "x", few[i], strlen(few[i]), &e), 0);
	}
	for (int round = 0; round < 30000; round++) {
		char text[48] = "";
		struct str out = STR_INIT, plain = STR_INIT;

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = seed >> 16 & 7 ? (seed >> 20 & 1 ? 'a' : 'b') : '\n';
		}
		redactor_text(r, text, strlen(text), &out);
		drop_marks(&out);
		plain_search(text, &plain);
		assert_string_equal(str_cstr(&out), str_cstr(&plain));
		str_release(&out);
		str_release(&plain);
	}
	redactor_free(r);
	secrets_free(s);
}

/* A whole cluster's Secrets: those that no longer fit are refused, and what was taken stays hidden. */
static void
add_more_than_there_is_room_for_is_refused(void **state)
{
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;
	char *value = xcalloc(1, (64 << 10) + 1);
	int taken = 0;

	(void)state;
	memset(value, 'v', 60 << 10);
	assert_int_equal(secrets_add(s, "first", "correct-horse", 13, &e), 0);
	for (; taken < 1000; taken++) {
		for (int i = 0, rest = taken; i < 4; i++, rest /= 10)
			value[i] = (char)('0' + rest % 10);
		if (secrets_add(s, "large", value, strlen(value), &e) < 0)
			break;
	}
	assert_in_range(taken, 20, 999);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "one too many"));
	free(value);
	secrets_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_every_disguise_in_two_pieces_hides_it),
		cmocka_unit_test(push_every_disguise_in_three_pieces_hides_it),
		cmocka_unit_test(push_every_disguise_byte_by_byte_hides_it),
		cmocka_unit_test(redact_every_disguise_in_a_text_hides_it),
		cmocka_unit_test(flush_between_the_pieces_never_shows_the_whole),
		cmocka_unit_test(redact_lines_of_wrapped_base64_hides_each),
		cmocka_unit_test(redact_key_that_was_wrapped_anew_hides_it),
		cmocka_unit_test(redact_texts_of_a_json_value_are_secrets_too),
		cmocka_unit_test(redact_beginning_before_an_ellipsis_is_hidden),
		cmocka_unit_test(misses_says_what_redact_leaves_alone),
		cmocka_unit_test(redact_short_values_are_not_pieced_together),
		cmocka_unit_test(push_whole_lines_are_shown_at_once),
		cmocka_unit_test(push_endless_escapes_behind_a_beginning_are_shown),
		cmocka_unit_test(redact_wrapped_texts_of_few_letters_equals_a_plain_search),
		cmocka_unit_test(add_more_than_there_is_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
