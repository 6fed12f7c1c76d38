#include "config.h"

#include "hostile.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*
 * Numbers of their own (4242 and the like): no sequence of the screen has them, so one that came through is
 * noticed even where its kind is one that the screen uses too.
 */
static const char *const fragments[] = {
	"\033[4242;4242H",
	"\033[4242m",
	"\033[4242A",
	"\033[2J\033[4242;1H",
	"\033]0;title\a",
	"\033]52;c;aGFybQ==\a",
	"\033]8;;http://harm.example/\033\\link",
	"\033[?4242h",
	"\033[6n",
	"\033P+q544e\033\\",
	"\033_apc\033\\",
	"\033^pm\033\\",
	"\033c",
	"\033Zx",
	"\033#8",
	"\033N",
	"\033[",
	"\033",
	"\033[1;",
	"\033]",
	"\033[31mred\033[0m",
	"\033[38;5;208mx",
	"\033[30;40mhidden",
	"\033[8mconcealed\033[28m",
	"\033[38;2;1;2;3;48;2;1;2;3mx",
	"\033[7mreverse",
	"\033[1;4mbold",
	"\033[0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0m",
	"\233"
	"4242m",
	"\302\233"
	"4242m",
	"\302\220q\302\234",
	"\220q\234",
	"\302\205",
	"\205",
	"\237x",
	"\342\200\256reversed",
	"\342\200\253",
	"\342\201\246\342\201\251",
	"\330\234",
	"\342\200\213",
	"\342\200\215",
	"\357\273\277",
	"\342\201\240",
	"\302\255",
	"\342\200\250",
	"\342\200\251",
	"\341\205\237",
	"\343\205\244",
	"\357\277\271",
	"\363\240\201\201",
	"\356\200\200",
	"\357\267\220",
	"\357\277\277",
	"\364\217\277\277",
	"\363\260\200\200",
	"\365\200\200\200",
	"\355\240\200",
	"\300\257",
	"\340\200\257",
	"\360\200\200\257",
	"\377",
	"\376",
	"\342\202",
	"\360\237\230",
	"\200",
	"a\314\201\314\202\314\203\314\204\314\205\314\206\314\207\314\210",
	"\314\201",
	"\340\270\201\340\271\211",
	"\360\237\221\251\342\200\215\360\237\221\251\342\200\215\360\237\221\247",
	"\342\234\205",
	"\342\232\240\357\270\217",
	"\360\237\207\251\360\237\207\252",
	"\346\274\242\345\255\227",
	"\357\275\261",
	"\357\274\241",
	"\304\200",
	"\360\235\224\270",
	"\001",
	"\007",
	"\b\b\b",
	"\t",
	"\r",
	"\r\r",
	"\n",
	"\v",
	"\f",
	"\016",
	"\017",
	"\021",
	"\023",
	"\024",
	"\030",
	"\032",
	"\177",
	"\005",
	"{\"level\":\"error\",\"msg\":\"\\u001b[4242mx\\u009b\\u202e\",\"ts\":1}",
	"{\"msg\":\"",
	"$<5000>",
	"%s%n%d",
	"%1$*2$d",
	"\\033[4242m",
	"\\x1b",
	"^[[4242m",
	"```",
	"**bold",
	"`code",
	"- item",
	"1. ",
	"<U+202E>",
	"# head",
	"| table |",
	"2026-11-21T14:00:00Z ERROR it failed",
	"tsb-operator-7f9c8d5b6-x2k4q",
	"an honest word",
	"Running",
	"0/1",
	"https://tsb.example.com/",
	"    ",
	"pg_is_in_recovery",
	"\342\200\271secret:kid\342\200\272",
};

enum { FRAGMENTS = sizeof(fragments) / sizeof(fragments[0]) };

/* Source: Steele, Lea, Flood: SplitMix64. */
uint64_t
hostile_number(struct hostile *h, uint64_t below)
{
	uint64_t z = h->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static void
append_random(struct hostile *h, struct str *out)
{
	size_t count = 1 + hostile_number(h, 12);

	for (size_t i = 0; i < count; i++)
		str_append_char(out, (char)(1 + hostile_number(h, 255)));
}

/* A fragment with a byte of it changed, left out, or put in twice. */
static void
append_mutated(struct hostile *h, struct str *out)
{
	const char *from = fragments[hostile_number(h, FRAGMENTS)];
	size_t at = hostile_number(h, strlen(from)), kind = hostile_number(h, 3);

	str_append_bytes(out, from, at);
	if (kind == 0)
		str_append_char(out, (char)(1 + hostile_number(h, 255)));
	if (kind == 1)
		str_append_char(out, from[at]);
	str_append(out, from + at + (kind != 1 || from[at]));
}

void
hostile_bytes(struct hostile *h, size_t max, struct str *out)
{
	size_t wanted = out->len + 1 + hostile_number(h, max);

	while (out->len < wanted) {
		size_t kind = hostile_number(h, 10);

		if (kind < 6)
			str_append(out, fragments[hostile_number(h, FRAGMENTS)]);
		else if (kind < 7)
			append_mutated(h, out);
		else if (kind < 8)
			append_random(h, out);
		else
			str_append_char(out, (char)(' ' + hostile_number(h, 95)));
	}
}

char *
hostile_line(struct hostile *h, size_t max)
{
	struct str out = STR_INIT;

	hostile_bytes(h, max, &out);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == '\n')
			out.data[i] = ' ';
	return str_take(&out);
}

char *
hostile_json(struct hostile *h, size_t max)
{
	struct str from = STR_INIT, out = STR_INIT;
	size_t used;

	hostile_bytes(h, max, &from);
	str_append_char(&out, '"');
	for (size_t at = 0; at < from.len; at += used) {
		int32_t code;

		used = text_decode(from.data + at, from.len - at, &code);
		if (code < 0)
			code = (unsigned char)from.data[at];
		if (code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0x100))
			str_printf(&out, "\\u%04x", (unsigned)code);
		else
			str_append_bytes(&out, from.data + at, used);
	}
	str_append_char(&out, '"');
	str_release(&from);
	return str_take(&out);
}
