#include "config.h"

#include <string.h>

#include "report/report_escape.h"
#include "report/report_paper.h"

/* Between two blocks stands one empty line. */
static void
end_block(struct paper *paper)
{
	if (paper->in_list)
		str_append_char(paper->out, '\n');
	paper->in_list = false;
}

static void
begin(struct paper *paper, const struct report *report, const char *title)
{
	(void)report;
	str_append(paper->out, "# ");
	markdown_escape(title, paper->out);
	str_append(paper->out, "\n\n");
}

static void
end(struct paper *paper)
{
	end_block(paper);
}

static void
banner(struct paper *paper, const char *word, const char *text)
{
	str_append(paper->out, "# ");
	markdown_escape(word, paper->out);
	str_append(paper->out, "\n\n**");
	markdown_escape(text, paper->out);
	str_append(paper->out, "**\n\n");
}

static void
heading(struct paper *paper, int level, const char *anchor, const char *text)
{
	(void)anchor;
	end_block(paper);
	str_printf(paper->out, "%.*s ", level, "######");
	markdown_escape(text, paper->out);
	str_append(paper->out, "\n\n");
}

static void
paragraph(struct paper *paper, const char *text)
{
	end_block(paper);
	markdown_escape(text, paper->out);
	str_append(paper->out, "\n\n");
}

static void
fact(struct paper *paper, const char *label, const char *text, bool literal)
{
	paper->in_list = true;
	str_printf(paper->out, "- **%s**: ", label);
	if (literal)
		markdown_code(text, false, paper->out);
	else
		markdown_escape(text, paper->out);
	str_append_char(paper->out, '\n');
}

static void
block(struct paper *paper, const char *label, const char *text)
{
	end_block(paper);
	str_printf(paper->out, "%s:\n\n", label);
	markdown_fence(text, paper->out);
	str_append_char(paper->out, '\n');
}

static void
table(struct paper *paper, const char *caption, const char *looks, char *const *cells, size_t count)
{
	size_t width = strlen(looks);

	end_block(paper);
	markdown_escape(caption, paper->out);
	str_append(paper->out, ":\n\n");
	for (size_t i = 0; i < count; i++) {
		str_append(paper->out, "| ");
		if (i >= width && column_is_code(looks[i % width]))
			markdown_code(cells[i], true, paper->out);
		else
			markdown_escape(cells[i], paper->out);
		str_append(paper->out, i % width == width - 1 ? " |\n" : " ");
		if (i != width - 1)
			continue;
		for (size_t column = 0; column < width; column++)
			str_append(paper->out, "|---");
		str_append(paper->out, "|\n");
	}
	str_append_char(paper->out, '\n');
}

static void
picture(struct paper *paper, const struct picture *drawn)
{
	struct str text = STR_INIT;

	end_block(paper);
	picture_draw_text(drawn, &text);
	markdown_fence(str_cstr(&text), paper->out);
	str_append_char(paper->out, '\n');
	str_release(&text);
}

void
report_write_markdown(const struct report *report, struct str *out)
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

	report_to_paper(report, &paper);
}
