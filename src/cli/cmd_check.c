#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/check_page.h"
#include "cli/check_words.h"
#include "cli/command.h"
#include "cli/session.h"
#include "run/job/preflight.h"
#include "step/step_table.h"
#include "ui/text/ascii.h"

enum { EXIT_FAILED = 1, EXIT_INCOMPLETE = 5 };

static int
columns_of(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20 ? 80 : size.ws_col;
}

/* What goes on, on standard error, where somebody looks at it; one line that is written over. */
struct ticker {
	struct session *session;
	bool shown;
};

static void
tick(void *data, const char *text)
{
	struct ticker *ticker = data;
	struct str line = STR_INIT;
	char *clean = check_clean(ticker->session->secrets, text);

	if (ticker->session->plain) {
		fprintf(stderr, "%s\n", clean);
	} else {
		text_append_cut(&line, clean, columns_of(STDERR_FILENO) - 1, true);
		fprintf(stderr, "\r%s\033[K", str_cstr(&line));
		ticker->shown = true;
	}
	fflush(stderr);
	str_release(&line);
	free(clean);
}

static void
stop_ticker(const struct ticker *ticker)
{
	if (ticker->shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}

static void
print_json(const struct session *s, const struct preflight *preflight)
{
	cJSON *document = preflight_json(preflight), *runbook = cJSON_CreateObject();
	struct str text = STR_INIT;
	char sha256[DIGEST_HEX_MAX];

	json_add_string(runbook, "id", s->runbook->id);
	json_add_string(runbook, "version", s->runbook->version);
	json_add_string(runbook, "path", s->runbook->path);
	json_add_string(runbook, "sha256", runbook_sha256(s->runbook, sha256));
	json_add(document, "runbook", runbook);
	secrets_redact_json(s->secrets, document);
	json_print_ascii(document, &text);
	puts(str_cstr(&text));
	str_release(&text);
	cJSON_Delete(document);
}

static void
print_text(const struct session *s, const struct preflight *preflight)
{
	struct str text = STR_INIT, ascii = STR_INIT;
	bool only_ascii = session_ascii(s);

	if (s->plain)
		check_lines(preflight, s->runbook, s->secrets, &text);
	else
		check_page(preflight, s->runbook, s->secrets, columns_of(STDOUT_FILENO), &text);
	if (only_ascii)
		ascii_append(&ascii, str_cstr(&text));
	fputs(str_cstr(only_ascii ? &ascii : &text), stdout);
	str_release(&text);
	str_release(&ascii);
}

static int
exit_code(const struct preflight *preflight)
{
	switch (preflight_verdict(preflight)) {
	case PREFLIGHT_NO:
		return EXIT_FAILED;
	case PREFLIGHT_UNKNOWN:
		return EXIT_INCOMPLETE;
	case PREFLIGHT_YES:
		break;
	}
	return 0;
}

static int
check(struct session *s, const char *word, struct err *e)
{
	struct ticker ticker = { s, false };
	struct preflight *preflight = NULL;

	if (session_load(s, word, e) < 0)
		return -1;
	struct preflight_options options = {
		.runbook = s->runbook,
		.table = &step_table,
		.expressions = s->expressions,
		.secrets = s->secrets,
		.params = s->params,
		.progress = isatty(STDERR_FILENO) ? tick : NULL,
		.data = &ticker,
	};
	int rc = preflight_run(&options, &preflight, e);
	stop_ticker(&ticker);
	if (rc < 0)
		return -1;
	if (cli_flag(s->args, "json"))
		print_json(s, preflight);
	else
		print_text(s, preflight);
	rc = exit_code(preflight);
	preflight_free(preflight);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	session_init(&session, args);
	session.verb = "Check";
	return session_finish(&session, check(&session, cli_operands(args, NULL)[0], e), e);
}

static const struct cli_option options[] = {
	{ "param", 'p', "NAME=VALUE",
	  "A parameter; a secret as NAME=file:PATH, NAME=env:VARIABLE or "
	  "NAME=kubernetes:NAMESPACE/SECRET/KEY." },
	{ "params-file", 0, "FILE", "Parameters from a YAML or JSON file; -p overrides it." },
	{ "json", 0, NULL, "Everything as one JSON document." },
	{ "plain", 0, NULL, "\"key: value\" lines; chosen by itself without a terminal." },
	{ "auto", 0, NULL, "Ask for no parameter: one without a value is an error." },
	{ "ascii", 0, NULL, "No character outside ASCII." },
	{ "mono", 0, NULL, "No colours; NO_COLOR does the same." },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_check = {
	.name = "check",
	.operands = "RUNBOOK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "Reach every target and ask for every right, and change nothing",
	.configured = true,
	.options = options,
	.run = run,
};
