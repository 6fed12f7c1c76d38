#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "net/route53/route53_name.h"
#include "net/route53/route53_xml.h"

static void
route53_name_read_octal_becomes_the_normal_form(void **state)
{
	static const struct {
		const char *theirs, *ours, *back;
	} cases[] = {
		{ "www.Example.com.", "www.example.com", "www.example.com." },
		{ "www.example.com", "www.example.com", "www.example.com." },
		{ "\\052.example.com.", "*.example.com", "*.example.com." },
		{ "a\\052b.example.com.", "a*b.example.com", "a\\052b.example.com." },
		{ "_dmarc.example.com.", "_dmarc.example.com", "_dmarc.example.com." },
		{ "a\\057b.example.com.", "a/b.example.com", "a\\057b.example.com." },
		{ "a\\056b.example.com.", "a\\.b.example.com", "a\\056b.example.com." },
		{ "ex\\344mple.com.", "ex\\228mple.com", "ex\\344mple.com." },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *ours = route53_name_read(cases[i].theirs, &e);
		char *back = route53_name_write(cases[i].ours);

		assert_string_equal(ours, cases[i].ours);
		assert_string_equal(back, cases[i].back);
		free(ours);
		free(back);
	}
	assert_null(route53_name_read("a..b", &e));
	assert_int_equal(e.kind, ERR_REMOTE);
}

static void
route53_value_read_and_write_keep_every_byte(void **state)
{
	static const struct {
		const char *type, *theirs, *ours, *back;
	} cases[] = {
		{ "A", "192.0.2.1", "192.0.2.1", "192.0.2.1" },
		{ "AAAA", "2001:DB8:0:0::1", "2001:db8::1", "2001:db8::1" },
		{ "CNAME", "LB.example.net", "lb.example.net.", "lb.example.net." },
		{ "CNAME", "\\052.x.net.", "*.x.net.", "*.x.net." },
		{ "TXT", "\"a\" \"b\"", "\"a\" \"b\"", "\"a\" \"b\"" },
		{ "TXT", "\"\\101\\303\\251\"", "\"A\\195\\169\"", "\"A\\303\\251\"" },
		{ "TXT", "\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\"" },
		{ "TXT", "\"c:\\134x\"", "\"c:\\\\x\"", "\"c:\\134x\"" },
		{ "TXT", "\"c:\\\\101\"", "\"c:\\\\101\"", "\"c:\\134101\"" },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *ours = route53_value_read(cases[i].type, cases[i].theirs, &e);
		char *back = route53_value_write(cases[i].type, cases[i].ours);

		assert_string_equal(ours, cases[i].ours);
		assert_string_equal(back, cases[i].back);
		free(ours);
		free(back);
	}
	assert_null(route53_value_read("A", "lb.example.net", &e));
	assert_int_equal(e.kind, ERR_REMOTE);
}

static void
xml_parse_elements_have_texts_and_siblings(void **state)
{
	static const char text[] = "<?xml version=\"1.0\"?>\n<a xmlns=\"x\"><p:b>1 &lt; 2</p:b><c/>"
				   "<b>\xc3\xa9<![CDATA[<&]]></b></a>";
	struct err e = ERR_INIT;
	struct xml_element *root = xml_parse(text, strlen(text), &e);
	const struct xml_element *b = xml_child(root, "b");

	(void)state;
	assert_string_equal(root->name, "a");
	assert_string_equal(str_cstr(&b->text), "1 < 2");
	b = xml_next(b);
	assert_string_equal(str_cstr(&b->text), "\xc3\xa9<&");
	assert_null(xml_next(b));
	assert_null(xml_child(NULL, "b"));
	assert_string_equal(xml_text(root, "c", "x"), "");
	assert_string_equal(xml_text(root, "d", "x"), "x");
	xml_free(root);
}

static void
assert_refused(const char *text, size_t len, const char *part)
{
	struct err e = ERR_INIT;

	assert_null(xml_parse(text, len, &e));
	assert_int_equal(e.kind, ERR_REMOTE);
	if (!strstr(e.message, part))
		fail_msg("\"%s\" lacks \"%s\"", e.message, part);
}

static void
xml_parse_bombs_and_fragments_are_refused(void **state)
{
	static const char entity[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
	struct str deep = STR_INIT, wide = STR_INIT;

	(void)state;
	for (int i = 0; i < 33; i++)
		str_append(&deep, "<a>");
	for (int i = 0; i < 33; i++)
		str_append(&deep, "</a>");
	str_append(&wide, "<a>");
	for (int i = 0; i < 50000; i++)
		str_append(&wide, "<b/>");
	str_append(&wide, "</a>");
	assert_refused(str_cstr(&deep), deep.len, "it is too deep");
	assert_refused(str_cstr(&wide), wide.len, "too many elements");
	assert_refused(entity, strlen(entity), "document type");
	assert_refused("<a><b></a>", 10, "line 1");
	assert_refused("<a>", 3, "line 1");
	assert_refused("", 0, "line 1");
	str_release(&deep);
	str_release(&wide);
}

static void
xml_append_escapes_what_would_be_markup(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	xml_append(&out, "V", "a<b>&\"\x01\x1b\xc3\xa9");
	assert_string_equal(str_cstr(&out), "<V>a&lt;b&gt;&amp;\"\xc3\xa9</V>");
	str_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route53_name_read_octal_becomes_the_normal_form),
		cmocka_unit_test(route53_value_read_and_write_keep_every_byte),
		cmocka_unit_test(xml_parse_elements_have_texts_and_siblings),
		cmocka_unit_test(xml_parse_bombs_and_fragments_are_refused),
		cmocka_unit_test(xml_append_escapes_what_would_be_markup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
