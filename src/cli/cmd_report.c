#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/recall.h"
#include "cli/run_report.h"
#include "run/journal/folder.h"

static const struct {
	const char *word;
	enum report_format format;
	const char *endings[3]; /* of file names */
} formats[] = {
	{ "markdown", REPORT_MARKDOWN, { ".md", ".markdown" } },
	{ "json", REPORT_JSON, { ".json" } },
	{ "html", REPORT_HTML, { ".html", ".htm" } },
};

enum { FORMATS_COUNT = sizeof(formats) / sizeof(formats[0]) };

static int
format_of_word(const char *word, enum report_format *ret_format, struct err *e)
{
	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (str_equal(formats[i].word, word)) {
			*ret_format = formats[i].format;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "--format is markdown, json or html, not %s", word);
}

static int
format_of_file(const char *path, enum report_format *ret_format, struct err *e)
{
	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		for (const char *const *ending = formats[i].endings; *ending; ending++) {
			if (str_ends_with(path, *ending)) {
				*ret_format = formats[i].format;
				return 0;
			}
		}
	}
	return err_set(
		e, ERR_USAGE,
		"the ending of %s says nothing about the format. Use .md, .json or .html, or "
		"add --format",
		path);
}

/* Unchanged where the command line says nothing. */
static int
choose_format(const struct cli_args *args, enum report_format *ret_format, struct err *e)
{
	const char *word = cli_value(args, "format"), *path = cli_value(args, "output");

	if (word)
		return format_of_word(word, ret_format, e);
	return path ? format_of_file(path, ret_format, e) : 0;
}

static int
put_out(const struct cli_args *args, const struct str *text, struct err *e)
{
	const char *path = cli_value(args, "output");

	if (path)
		return file_write_atomic(path, text->data, text->len, 0600, e);
	fwrite(text->data, 1, text->len, stdout);
	return 0;
}

static int
report(const struct cli_args *args, const char *folder, enum report_format format, struct err *e)
{
	struct str text = STR_INIT;
	bool is_corrupt = false;
	int rc = recall_blame(run_report(folder, format, &text, &is_corrupt, e), e);

	if (rc == 0)
		rc = put_out(args, &text, e);
	if (rc == 0 && is_corrupt)
		rc = err_set(e, ERR_CHECK,
			     "the record of the run in %s is corrupt; the report was made of what "
			     "could be read, and begins by saying so",
			     folder);
	str_release(&text);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	const char *path = cli_value(args, "output");
	enum report_format format = REPORT_MARKDOWN;

	if (choose_format(args, &format, e) < 0)
		return -1;
	if (path && file_exists(path) && !cli_flag(args, "force"))
		return err_set(e, ERR_USAGE, "%s is there already. Add --force to overwrite it",
			       path);
	char *folder = run_folder_find_any(cli_operands(args, NULL)[0], e);
	int rc = folder ? report(args, folder, format, e) : -1;
	free(folder);
	return rc;
}

static const struct cli_option options[] = {
	{ "format", 'f', "FORMAT", "markdown (the default), json or html." },
	{ "output", 'o', "FILE", "Write to a file, whose ending chooses the format." },
	{ "force", 0, NULL, "Overwrite the file." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_report = {
	.name = "report",
	.operands = "[RUN]",
	.operands_max = 1,
	.summary = "Tell a run afterwards: times, requests, answers, deviations",
	.options = options,
	.run = run,
};
