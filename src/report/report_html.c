#include "config.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "report/report_escape.h"
#include "report/report_paper.h"

/* Dark where the reader likes that; black on white on paper. */
static const char style[] =
	"\n:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--faint:#6b6b6b;--line:#c8c8c8;"
	"--ok:#0b5cad;--bad:#b34700;--unsure:#6b4ba1;--code:#f3f3f3}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--faint:#a5a5a5;"
	"--line:#4a4a4a;--ok:#6cb2ff;--bad:#ff9d5c;--unsure:#c3a6ff;--code:#242424}}\n"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
	"max-width:72rem;margin:0 auto;padding:1rem}\n"
	".skip{position:absolute;left:-999rem}.skip:focus{position:static}\n"
	"a{color:var(--ok)}a:focus,[tabindex]:focus{outline:3px solid var(--bad)}\n"
	"nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;list-style:none;padding:0}\n"
	"h2{border-bottom:2px solid var(--line);margin-top:2.5rem}h3{margin-top:2rem}\n"
	".alarm{border:.4rem solid var(--bad);padding:1rem;font-size:1.3rem}"
	".alarm strong{display:block;font-size:3rem;line-height:1.2}\n"
	"dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1rem}"
	"dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}\n"
	"code,pre{font:.875em/1.45 ui-monospace,monospace;background:var(--code);"
	"overflow-wrap:anywhere}pre{padding:.75rem;overflow-x:auto;border:1px solid var(--line);"
	"white-space:pre-wrap}figure{margin:1rem 0}figcaption{color:var(--faint)}\n"
	".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
	"caption{text-align:left;color:var(--faint);padding:.25rem 0}"
	"th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;"
	"vertical-align:top;overflow-wrap:break-word}"
	".t,.c{overflow-wrap:anywhere;min-width:16ch}.n{white-space:nowrap}"
	"table code{overflow-wrap:inherit}\n"
	"svg{width:100%;min-width:48rem;font:12px ui-monospace,monospace;fill:var(--ink)}"
	"svg .ok{fill:var(--ok)}svg .bad{fill:var(--bad)}svg .unsure{fill:var(--unsure)}"
	"svg .planned{fill:none;stroke:var(--faint)}svg .goal{fill:var(--faint)}"
	"svg .gap{fill:var(--line);opacity:.4}svg line.scale{stroke:var(--line)}"
	"svg text.scale{text-anchor:middle;fill:var(--faint)}"
	"svg .target{stroke:var(--bad);stroke-width:2;stroke-dasharray:6 4}\n"
	"@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--faint:#444;--line:#999;"
	"--ok:#0b5cad;--bad:#b34700;--unsure:#6b4ba1;--code:#fff}"
	"body{font-size:10pt;max-width:none;padding:0}h1{font-size:16pt}nav,.skip{display:none}"
	"h2{margin-top:1.5rem}.wide{overflow:visible}.t,.c{min-width:8ch}"
	"tr,svg,figcaption{break-inside:avoid}h2,h3,h4,caption,figcaption,thead"
	"{break-after:avoid}svg{min-width:0;print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}}\n";

/* The policy lets in this one style, and nothing else: no script, no picture, no address. */
static void
append_policy(struct str *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char text[EVP_MAX_MD_SIZE * 2];
	unsigned int len = 0;

	EVP_Digest(style, strlen(style), digest, &len, EVP_sha256(), NULL);
	EVP_EncodeBlock(text, digest, (int)len);
	str_printf(out,
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		   "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n",
		   (const char *)text);
}

static void
append_contents(const struct report *report, struct str *out)
{
	str_append(out, "<nav aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < report_sections_count; i++) {
		const struct report_section *at = &report_sections[i];

		if (!at->applies || at->applies(report))
			str_printf(out, "<li><a href=\"#%s\">%s</a></li>\n", at->anchor, at->title);
	}
	str_append(out, "</ul></nav>\n");
}

static void
begin(struct paper *paper, const struct report *report, const char *title)
{
	str_append(paper->out, "<h1>");
	html_escape(title, paper->out);
	str_append(paper->out, "</h1>\n");
	append_contents(report, paper->out);
	str_append(paper->out, "<main id=\"main\">\n");
}

static void
end_list(struct paper *paper)
{
	if (paper->in_list)
		str_append(paper->out, "</dl>\n");
	paper->in_list = false;
}

static void
end(struct paper *paper)
{
	end_list(paper);
	str_append(paper->out, "</main>\n");
}

static void
append_lines(const char *text, struct str *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);

		html_escape(line, out);
		free(line);
		text += len;
		if (*text && *++text)
			str_append(out, "<br>");
	}
}

static void
banner(struct paper *paper, const char *word, const char *text)
{
	str_append(paper->out, "<p class=\"alarm\" role=\"alert\"><strong>");
	html_escape(word, paper->out);
	str_append(paper->out, "</strong> ");
	append_lines(text, paper->out);
	str_append(paper->out, "</p>\n");
}

static void
heading(struct paper *paper, int level, const char *anchor, const char *text)
{
	end_list(paper);
	str_printf(paper->out, "<h%d", level);
	if (anchor)
		str_printf(paper->out, " id=\"%s\"", anchor);
	str_append_char(paper->out, '>');
	html_escape(text, paper->out);
	str_printf(paper->out, "</h%d>\n", level);
}

static void
paragraph(struct paper *paper, const char *text)
{
	end_list(paper);
	str_append(paper->out, "<p>");
	append_lines(text, paper->out);
	str_append(paper->out, "</p>\n");
}

static void
fact(struct paper *paper, const char *label, const char *text, bool literal)
{
	if (!paper->in_list)
		str_append(paper->out, "<dl>\n");
	paper->in_list = true;
	str_printf(paper->out, "<dt>%s</dt><dd>%s", label, literal ? "<code>" : "");
	append_lines(text, paper->out);
	str_printf(paper->out, "%s</dd>\n", literal ? "</code>" : "");
}

static void
block(struct paper *paper, const char *label, const char *text)
{
	end_list(paper);
	str_printf(paper->out, "<figure><figcaption>%s</figcaption><pre>", label);
	html_escape(text, paper->out);
	str_append(paper->out, "</pre></figure>\n");
}

static void
append_head(const char *text, struct str *out)
{
	str_append(out, "<th scope=\"col\">");
	append_lines(text, out);
	str_append(out, "</th>");
}

static void
append_cell(const char *text, char look, struct str *out)
{
	bool literal = column_is_code(look) && *text;

	str_printf(out, "<td class=\"%c\">%s", look, literal ? "<code>" : "");
	append_lines(text, out);
	str_printf(out, "%s</td>", literal ? "</code>" : "");
}

/* What is wider than the window moves in a frame of its own, which the keyboard can reach. */
static void
table(struct paper *paper, const char *caption, const char *looks, char *const *cells, size_t count)
{
	size_t width = strlen(looks);

	end_list(paper);
	str_append(paper->out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
	html_escape(caption, paper->out);
	str_append(paper->out, "\"><table><caption>");
	html_escape(caption, paper->out);
	str_append(paper->out, "</caption>\n<thead>");
	for (size_t i = 0; i < count; i++) {
		str_append(paper->out, i % width == 0 ? "<tr>" : "");
		if (i < width)
			append_head(cells[i], paper->out);
		else
			append_cell(cells[i], looks[i % width], paper->out);
		str_append(paper->out, i % width == width - 1 ? "</tr>\n" : "");
		str_append(paper->out, i == width - 1 ? "</thead><tbody>" : "");
	}
	str_append(paper->out, "</tbody></table></div>\n");
}

static void
picture(struct paper *paper, const struct picture *drawn)
{
	end_list(paper);
	str_append(paper->out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" "
			       "aria-label=\"Picture of the times\">\n");
	picture_draw_svg(drawn, paper->out);
	str_append(paper->out, "</div>\n");
}

void
report_write_html(const struct report *report, struct str *out)
{
	struct paper paper = {
		.out = out,
		.begin = begin,
		.end = end,
		.banner = banner,
		.heading = heading,
		.paragraph = paragraph,
		.fact = fact,
		.block = block,
		.table = table,
		.picture = picture,
	};

	str_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	append_policy(out);
	str_append(out,
		   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Report of the run ");
	char *title = text_clean(report->state.run_id, 0);
	html_escape(title, out);
	free(title);
	str_printf(out,
		   "</title>\n<style>%s</style>\n</head>\n<body>\n"
		   "<a class=\"skip\" href=\"#main\">To the report</a>\n",
		   style);
	report_to_paper(report, &paper);
	str_append(out, "</body>\n</html>\n");
}
