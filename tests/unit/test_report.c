#include "config.h"

#include "report/report.h"

#include <ctype.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_report.h"
#include "runbook_fixture.h"

/* A report of one of the fixture's runs, in one format. */
struct made {
	struct verification verification;
	struct report_source source;
	struct str text;
};

static char *world;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* The folder's name must be the same in each run of the tests, so it is a relative one. */
static int
enter_world(void **state)
{
	(void)state;
	world = xasprintf("%s/lifeboat-report-XXXXXX",
			  getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(world) && chdir(world) == 0 ? 0 : -1;
}

static int
leave_world(void **state)
{
	(void)state;
	if (chdir("/") == 0)
		nftw(world, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(world);
	return 0;
}

static struct book
write_book(void (*write)(struct book *))
{
	struct book book;

	nftw("run", remove_one, 16, FTW_DEPTH | FTW_PHYS);
	book_open(&book, "run");
	write(&book);
	book_close(&book);
	return book;
}

static void
add_key(struct chain *chain)
{
	static const unsigned char public_key[SIGNING_PUBLIC_BYTES] = { 1, 2, 3 };
	struct chain_key *key = VEC_PUSH(chain->keys, chain->keys_count, chain->keys_cap);
	struct err e = ERR_INIT;

	assert_int_equal(
		note_key_init(&key->key, "lifeboat/20261121T140732-7f3a/1", public_key, &e), 0);
	assert_int_equal(note_key_init(&key->issuer, "ana@db1", public_key, &e), 0);
	key->is_certified = true;
	key->sealed = chain->sealed;
}

/* What a judge would have said of the book. */
static void
judge(struct made *made, const struct book *book, enum verify_verdict verdict, int64_t damaged)
{
	struct chain *chain = &made->verification.chain;

	*made = (struct made){ .verification = { .verdict = verdict } };
	chain_init(chain);
	snprintf(chain->run_id, sizeof(chain->run_id), "20261121T140732-7f3a");
	chain->records = book->seq;
	chain->bytes = 4096;
	chain->sealed = verdict == VERIFY_FINAL ? book->seq : book->seq - 1;
	chain->is_final = chain->has_ended = verdict == VERIFY_FINAL;
	chain->damaged_record = damaged;
	memcpy(chain->head, book->head, sizeof(chain->head));
	memset(chain->last_checkpoint, 'e', sizeof(chain->last_checkpoint) - 1);
	if (damaged >= 0)
		err_set(&chain->damage, ERR_SPEC, "record %lld: it was changed",
			(long long)damaged);
	add_key(chain);
	made->verification.vouched = chain->keys_count;
	made->source = (struct report_source){
		.folder = "run",
		.verification = &made->verification,
		.catalogue = &fixture_catalogue,
		.now_ms = ((int64_t)BOOK_BEGIN_S + 3600) * 1000,
	};
}

static const char *
make(struct made *made, enum report_format format)
{
	struct report *report = NULL;
	struct err e = ERR_INIT;

	if (report_read(&made->source, &report, &e) < 0)
		fail_msg("%s", e.message);
	str_release(&made->text);
	report_write(report, format, &made->text);
	report_free(report);
	return str_cstr(&made->text);
}

static void
made_release(struct made *made)
{
	chain_release(&made->verification.chain);
	str_release(&made->verification.notes);
	str_release(&made->text);
}

static void
says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("it does not say \"%s\":\n%s", wanted, text);
}

static void
says_not(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("it says \"%s\":\n%s", unwanted, text);
}

/* The program's version changes more often than its reports. */
static void
append_without_version(const char *text, struct str *out)
{
	const char *at;

	while ((at = strstr(text, PACKAGE_STRING))) {
		str_append_bytes(out, text, (size_t)(at - text));
		str_append(out, PACKAGE_NAME " VERSION");
		text = at + strlen(PACKAGE_STRING);
	}
	str_append(out, text);
}

/* Compares with tests/unit/report-NAME, or writes it where GENERATE is set. */
static void
check_golden(const struct str *made, const char *name)
{
	char *path = xasprintf("%s/tests/unit/report-%s", SRCDIR, name);
	struct str golden = STR_INIT, text = STR_INIT;
	struct err e = ERR_INIT;

	append_without_version(made->data, &text);
	if (getenv("GENERATE"))
		assert_int_equal(file_write_atomic(path, text.data, text.len, 0644, &e), 0);
	if (file_read(path, 1 << 20, &golden, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(text.data, golden.data);
	str_release(&golden);
	str_release(&text);
	free(path);
}

/* ---- the three ways of writing ---- */

static void
report_write_ended_run_is_the_golden_one(void **state)
{
	struct book book = write_book(book_write_ended);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_FINAL, -1);
	make(&made, REPORT_MARKDOWN);
	check_golden(&made.text, "ended.md");
	make(&made, REPORT_JSON);
	check_golden(&made.text, "ended.json");
	made_release(&made);
}

static void
report_write_unknown_run_is_the_golden_one(void **state)
{
	struct book book = write_book(book_write_unknown);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_SEALED, -1);
	make(&made, REPORT_MARKDOWN);
	check_golden(&made.text, "unknown.md");
	made_release(&made);
}

static void
report_write_open_run_tells_who_works_on_it(void **state)
{
	struct book book = write_book(book_write_open);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_SEALED, -1);
	says(make(&made, REPORT_MARKDOWN), "is not at its end: its process died");
	made.source.holder = "pid 4711 on db1";
	says(make(&made, REPORT_MARKDOWN), "is not at its end: pid 4711 on db1 works on it");
	says(made.text.data, "**Duration**: 0:59:59\n");
	says(made.text.data, "Configuration restored: not begun");
	says_not(made.text.data, "## Steps against time");
	made_release(&made);
}

/* Left by somebody in good order, with a step of which nobody has said whether it happened. */
static void
write_left_unknown(struct book *book)
{
	book_write_open(book);
	book_intent(book, "deploy", 1, "ana");
	book_write_resumed(book, "ben", "[]");
	book_add(book, RECORD_STOP, "{'reason':'handed over','by':'ben'}");
}

static void
write_left_failed(struct book *book)
{
	book_write_open(book);
	book_outcome(book, "deploy", book_intent(book, "deploy", 1, "ana"), "failed", BOOK_FAILED);
	book_add(book, RECORD_STOP, "{'reason':'handed over','by':'ana'}");
}

static void
report_write_left_run_tells_what_is_to_be_decided(void **state)
{
	struct book book = write_book(write_left_unknown);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_SEALED, -1);
	says(make(&made, REPORT_MARKDOWN), "is not at its end: it was left in good order, and step "
					   "deploy may or may not have happened.");
	made_release(&made);
	book = write_book(write_left_failed);
	judge(&made, &book, VERIFY_SEALED, -1);
	says(make(&made, REPORT_MARKDOWN),
	     "is not at its end: it was left in good order, and step deploy has failed.");
	made_release(&made);
}

/* Numbers and times stay on one line however narrow the page is, and names stay whole. */
static void
report_write_html_columns_know_where_they_may_break(void **state)
{
	struct book book = write_book(book_write_ended);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_FINAL, -1);
	make(&made, REPORT_HTML);
	says(made.text.data, ".n{white-space:nowrap}");
	says(made.text.data,
	     "<tr><td class=\"n\">4</td><td class=\"n\">2026-11-21T14:08:52.118Z</td>"
	     "<td class=\"n\">0:01:20</td><td class=\"t\">Step deploy begins, ");
	says(made.text.data, "<td class=\"k\"><code>fqdn</code></td><td class=\"c\"><code>");
	made_release(&made);
}

static void
report_write_failed_run_tells_every_deviation(void **state)
{
	static const char *const deviations[] = {
		"not reached", "blocked",	 "cancel asked for", "cancelled",
		"run again",   "went elsewhere", "failed",	     "ended early",
	};
	struct book book = write_book(book_write_failed);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_FINAL, -1);
	make(&made, REPORT_JSON);
	for (size_t i = 0; i < sizeof(deviations) / sizeof(deviations[0]); i++) {
		char *member = xasprintf("\"what\": \"%s\"", deviations[i]);

		says(made.text.data, member);
		free(member);
	}
	make(&made, REPORT_MARKDOWN);
	says(made.text.data, "no quorum in the other zone");
	says(made.text.data, "### [!] Deploy the operator");
	says(made.text.data, "#### Try 2 of 2 of step deploy");
	says(made.text.data, "Configuration restored: not reached");
	made_release(&made);
}

static void
report_write_corrupt_record_says_so_first(void **state)
{
	struct book book = write_book(book_write_ended);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_CORRUPT, 5);
	assert_true(str_starts_with(make(&made, REPORT_MARKDOWN), "# THE RECORD IS CORRUPT\n"));
	says(made.text.data, "| 4 | 2026-11-21T14:08:52.118Z | 0:01:20 | Step deploy begins, "
			     "confirmed by ana | yes |");
	says(made.text.data, "0:01:40 | Step deploy, attempt 1 failed, again in 1s: no answer for "
			     "30s | NO |");
	const char *html = make(&made, REPORT_HTML);
	assert_true(strstr(html, "THE RECORD IS CORRUPT") < strstr(html, "<h1>"));
	says(make(&made, REPORT_JSON), "\"corrupt\"");
	made_release(&made);
}

/* From the third record on it is no journal any more. */
static void
report_read_damaged_journal_tells_what_could_be_read(void **state)
{
	struct book book = write_book(book_write_open);
	struct made made;
	FILE *file = fopen("run/journal.jsonl", "a");

	(void)state;
	fputs("{\"v\":1}\n", file);
	fclose(file);
	judge(&made, &book, VERIFY_CORRUPT, 3);
	make(&made, REPORT_MARKDOWN);
	assert_true(str_starts_with(made.text.data, "# THE RECORD IS CORRUPT\n"));
	says(made.text.data, "3 records; then");
	says(made.text.data, "cannot be followed past record 2");
	says(made.text.data, "Step deploy is ready");
	made_release(&made);
}

static void
report_read_nothing_to_read_is_an_error(void **state)
{
	struct book book = write_book(book_write_open);
	struct report *report = NULL;
	struct err e = ERR_INIT;
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_CORRUPT, 0);
	assert_int_equal(truncate("run/journal.jsonl", 0), 0);
	assert_int_equal(report_read(&made.source, &report, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_int_equal(unlink("run/journal.jsonl"), 0);
	assert_int_equal(report_read(&made.source, &report, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	made_release(&made);
}

static void
report_write_runbook_unreadable_says_that_times_cannot_be_judged(void **state)
{
	struct book book = write_book(book_write_ended);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_FINAL, -1);
	assert_int_equal(unlink("run/runbook.yaml"), 0);
	says(make(&made, REPORT_MARKDOWN), "Recovery times cannot be judged");
	made_release(&made);
}

/* ---- output files ---- */

static void
set_output(const char *name)
{
	struct book book;
	char *data = xasprintf("{'step':'deploy','intent':3,'status':'ok','error':null,"
			       "'outputs':{},'verify':[],'output':{'file':'%s','sha256':'cc33',"
			       "'bytes':12},'attempts':1,'duration_ms':1}",
			       name);

	nftw("run", remove_one, 16, FTW_DEPTH | FTW_PHYS);
	book_open(&book, "run");
	book_begin(&book);
	book_plan(&book, "deploy", "changes");
	book_intent(&book, "deploy", 1, "ana");
	book_add(&book, RECORD_OUTCOME, data);
	book_output(&book, "out/000003", "seen\n");
	book_close(&book);
	free(data);
}

/* The name of a file comes from a journal that may come from anywhere. */
static void
report_write_output_outside_of_the_folder_is_not_read(void **state)
{
	static const char *const names[] = { "secret",	      "../secret",   "out/../../secret",
					     "out/../secret", "/etc/passwd", "out/link",
					     "out/",	      "out/000009" };
	FILE *file = fopen("secret", "w");
	struct book book = { .seq = 5 };
	struct made made;

	(void)state;
	fputs("do not tell root:\n", file);
	fclose(file);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		set_output(names[i]);
		assert_int_equal(symlink("../../secret", "run/out/000009"), 0);
		assert_int_equal(mkfifo("run/out/000010", 0600), 0);
		judge(&made, &book, VERIFY_SEALED, -1);
		says_not(make(&made, REPORT_MARKDOWN), "do not tell");
		says_not(made.text.data, "root:");
		says(made.text.data, "the file is not there, or is no file of a run");
		made_release(&made);
	}
	set_output("out/000010");
	assert_int_equal(mkfifo("run/out/000010", 0600), 0);
	judge(&made, &book, VERIFY_SEALED, -1);
	says(make(&made, REPORT_MARKDOWN), "no file of a run");
	made_release(&made);
	set_output("out/000003");
	judge(&made, &book, VERIFY_SEALED, -1);
	says(make(&made, REPORT_MARKDOWN), "```text\nseen\n```");
	made_release(&made);
	unlink("secret");
}

static void
write_lines(int count, const char *filler)
{
	FILE *file = fopen("run/out/000003", "w");

	for (int i = 1; i <= count; i++)
		fprintf(file, "line %d%s\n", i, filler);
	fclose(file);
}

static void
report_write_long_output_shows_both_ends(void **state)
{
	static const struct {
		int lines;
		bool whole;
	} cases[] = { { 1, true }, { 20, true }, { 21, false }, { 100, false }, { 20000, false } };
	struct book book = { .seq = 5 };
	struct made made;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *last = xasprintf("\nline %d\n```", cases[i].lines);

		set_output("out/000003");
		write_lines(cases[i].lines, "");
		judge(&made, &book, VERIFY_SEALED, -1);
		make(&made, REPORT_MARKDOWN);
		says(made.text.data, "text\nline 1\n");
		says(made.text.data, cases[i].lines == 1 ? "line 1\n```" : last);
		if (cases[i].whole)
			says(made.text.data, "Its lines:");
		else
			says(made.text.data, "line 10\n```\n\nIts last lines:");
		if (!cases[i].whole)
			says_not(made.text.data, "line 11\n");
		made_release(&made);
		free(last);
	}
}

/* ---- HTML ---- */

/* All that a page of ours is made of; everything else came from somebody else. */
static const char *const elements[] = {
	"html", "head", "body",	  "nav",   "ul",	 "li",	    "a",     "main",  "h1",
	"h2",	"h3",	"h4",	  "p",	   "strong",	 "dl",	    "dt",    "dd",    "code",
	"pre",	"div",	"figure", "table", "figcaption", "caption", "thead", "tbody", "tr",
	"th",	"td",	"title",  "style", "svg",	 "desc",    "g",     "text",  NULL,
};
static const char *const void_elements[] = { "meta", "br", "rect", "line", NULL };
static const char *const attributes[] = {
	"lang",	      "charset",
	"http-equiv", "content",
	"name",	      "class",
	"href",	      "id",
	"role",	      "aria-label",
	"scope",      "tabindex",
	"x",	      "y",
	"x1",	      "x2",
	"y1",	      "y2",
	"width",      "height",
	"viewBox",    "aria-labelledby",
	NULL,
};

static bool
is_one_of(const char *const *words, const char *text, size_t len)
{
	for (; *words; words++)
		if (strlen(*words) == len && strncmp(*words, text, len) == 0)
			return true;
	return false;
}

/* Checks name="value" pairs up to the end of a tag; returns what follows the tag. */
static const char *
check_attributes(const char *at)
{
	for (;;) {
		at += strspn(at, " ");
		if (*at == '>')
			return at + 1;
		if (at[0] == '/' && at[1] == '>')
			return at + 2;
		size_t len = strcspn(at, "=> \n");
		if (!is_one_of(attributes, at, len) || strncmp(at + len, "=\"", 2) != 0)
			fail_msg("an attribute that is not ours: %.80s", at);
		if (strncmp(at, "href=", 5) == 0 && at[6] != '#')
			fail_msg("a link that leads away: %.80s", at);
		const char *end = strchr(at + len + 2, '"');
		assert_non_null(end);
		at = end + 1;
	}
}

/* Well-formed as XML would have it, but for meta and br, and of known parts alone. */
static void
check_html(const char *html)
{
	const char *open[64];
	size_t lens[64], depth = 0, count = 0;

	assert_true(str_starts_with(html, "<!DOCTYPE html>\n"));
	for (const char *at = strchr(html + 2, '<'); at; at = strchr(at, '<')) {
		bool closes = at[1] == '/';
		const char *name = at + 1 + closes;
		size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");

		count++;
		if (closes) {
			assert_true(depth > 0);
			depth--;
			if (lens[depth] != len || strncmp(open[depth], name, len) != 0)
				fail_msg("%.40s closes %.20s", at, open[depth]);
			at = name + len;
			assert_int_equal(*at, '>');
			continue;
		}
		if (is_one_of(elements, name, len)) {
			assert_true(depth < 64);
			open[depth] = name;
			lens[depth++] = len;
		} else if (!is_one_of(void_elements, name, len)) {
			fail_msg("an element that is not ours: %.80s", at);
		}
		at = check_attributes(name + len);
	}
	assert_int_equal(depth, 0);
	assert_true(count > 50);
}

static void
report_write_html_is_well_formed_and_refers_to_nothing(void **state)
{
	void (*const books[])(struct book *) = { book_write_open, book_write_ended,
						 book_write_failed, book_write_unknown };
	struct made made;

	(void)state;
	for (size_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		struct book book = write_book(books[i]);

		judge(&made, &book, VERIFY_SEALED, -1);
		const char *html = make(&made, REPORT_HTML);
		check_html(html);
		says(html, "default-src 'none'; style-src 'sha256-");
		says_not(html, "src=");
		says_not(html, "url(");
		says_not(html, "@import");
		says_not(html, "xmlns");
		made_release(&made);
	}
}

static void
report_write_html_has_what_a_screen_reader_needs(void **state)
{
	struct book book = write_book(book_write_ended);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_FINAL, -1);
	const char *html = make(&made, REPORT_HTML);
	says(html, "<html lang=\"en\">");
	says(html, "<a class=\"skip\" href=\"#main\">");
	says(html, "<nav aria-label=\"Contents\">");
	says(html, "role=\"img\" aria-labelledby=\"picture-title picture-about\"");
	says(html, "<g><title>deploy: failed, 0:00:40 of 0:01:00</title>");
	says(html, "<caption>Every record, in its words</caption>");
	says(html, "<th scope=\"col\">");
	made_release(&made);
}

/* ---- hostile texts ---- */

static void
report_write_hostile_texts_html_shows_them_as_text(void **state)
{
	struct book book = write_book(book_write_evil);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_CORRUPT, 2);
	str_append(&made.verification.notes, EVIL);
	const char *html = make(&made, REPORT_HTML);
	check_html(html);
	says(html, "&lt;script&gt;alert(1)&lt;/script&gt;");
	says(html, "^[]52;c;");
	says(html, "&lt;U+202E&gt;");
	assert_null(strpbrk(html, "\x1b\x07"));
	says_not(html, "\xe2\x80\xae");
	made_release(&made);
}

/* A line outside of every block of code: of our own forms, with nothing in it that is markup. */
static void
check_markdown_line(const char *line, size_t len)
{
	char *copy = xstrndup(line, len);

	for (const char *at = copy; (at = strchr(at, '<')); at++)
		if (strncmp(at, "<br>", 4) != 0 && !memchr(copy, '`', (size_t)(at - copy)))
			fail_msg("markup: %s", copy);
	if (strstr(copy, "](http") && !strchr(copy, '`'))
		says(copy, "\\](http");
	free(copy);
}

/* How many backticks a line begins with. */
static size_t
fence_of(const char *line)
{
	return strspn(line, "`");
}

static void
check_markdown(const char *text)
{
	size_t fence = 0, blocks = 0;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (fence && fence_of(line) >= fence && len == fence_of(line)) {
			fence = 0;
		} else if (!fence && fence_of(line) >= 3) {
			fence = fence_of(line);
			assert_int_equal(strncmp(line + fence, "text\n", 5), 0);
			blocks++;
		} else if (!fence) {
			check_markdown_line(line, len);
		}
		line += len + (line[len] == '\n');
	}
	assert_int_equal(fence, 0);
	assert_true(blocks >= 2);
}

static size_t
count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void
report_write_hostile_texts_markdown_keeps_its_form(void **state)
{
	struct book book = write_book(book_write_evil);
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_SEALED, -1);
	str_append(&made.verification.notes, EVIL);
	const char *text = make(&made, REPORT_MARKDOWN);
	check_markdown(text);
	/* the title, and no other: the evil one's "# heading" is never at the beginning of a line but in code */
	assert_int_equal(count_of(text, "\n## "), 13);
	assert_int_equal(count_of(text, "\n# heading\n"),
			 count_of(text, "\n# heading\n| a | b |\n```\n"));
	assert_null(strpbrk(text, "\x1b\x07"));
	says_not(text, "\xe2\x80\xae");
	made_release(&made);
}

static void
check_clean(const cJSON *value)
{
	const cJSON *at;

	if (cJSON_IsString(value))
		assert_null(strpbrk(value->valuestring, "\x1b\x07"));
	cJSON_ArrayForEach(at, value) {
		if (at->string)
			assert_null(strpbrk(at->string, "\x1b\x07"));
		check_clean(at);
	}
}

static void
report_write_hostile_texts_json_is_one_clean_document(void **state)
{
	struct book book = write_book(book_write_evil);
	struct err e = ERR_INIT;
	struct made made;

	(void)state;
	judge(&made, &book, VERIFY_SEALED, -1);
	make(&made, REPORT_JSON);
	cJSON *document = json_parse(made.text.data, made.text.len, &e);
	if (!document)
		fail_msg("%s", e.message);
	assert_string_equal(json_string(document, "format", ""), "lifeboat-report/v1");
	assert_string_equal(json_string(document, "steps/0/status", ""), "skipped");
	check_clean(document);
	says(json_string(document, "steps/0/title", ""), "^[[31mred");
	cJSON_Delete(document);
	made_release(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_write_ended_run_is_the_golden_one),
		cmocka_unit_test(report_write_unknown_run_is_the_golden_one),
		cmocka_unit_test(report_write_open_run_tells_who_works_on_it),
		cmocka_unit_test(report_write_left_run_tells_what_is_to_be_decided),
		cmocka_unit_test(report_write_html_columns_know_where_they_may_break),
		cmocka_unit_test(report_write_failed_run_tells_every_deviation),
		cmocka_unit_test(report_write_corrupt_record_says_so_first),
		cmocka_unit_test(report_read_damaged_journal_tells_what_could_be_read),
		cmocka_unit_test(report_read_nothing_to_read_is_an_error),
		cmocka_unit_test(report_write_runbook_unreadable_says_that_times_cannot_be_judged),
		cmocka_unit_test(report_write_output_outside_of_the_folder_is_not_read),
		cmocka_unit_test(report_write_long_output_shows_both_ends),
		cmocka_unit_test(report_write_html_is_well_formed_and_refers_to_nothing),
		cmocka_unit_test(report_write_html_has_what_a_screen_reader_needs),
		cmocka_unit_test(report_write_hostile_texts_html_shows_them_as_text),
		cmocka_unit_test(report_write_hostile_texts_markdown_keeps_its_form),
		cmocka_unit_test(report_write_hostile_texts_json_is_one_clean_document),
	};

	return cmocka_run_group_tests(tests, enter_world, leave_world);
}
