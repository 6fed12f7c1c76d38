#include "config.h"

#include "cli/command.h"
#include "cli/follow.h"
#include "cli/recall.h"
#include "cli/session.h"
#include "run/journal/folder.h"

static int
follow(struct session *s, const char *word, struct err *e)
{
	enum ui_end end;

	s->folder = run_folder_find_any(word, e);
	if (!s->folder || session_recall(s, e) < 0)
		return -1;
	return session_follow(s, false, &end, e);
}

static int
run(const struct cli_args *args, struct err *e)
{
	struct session session;

	session_init_looking(&session, args);
	return session_finish(&session, follow(&session, cli_operands(args, NULL)[0], e), e);
}

static const struct cli_option options[] = {
	SESSION_LOOKS,
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_follow = {
	.name = "follow",
	.operands = "[RUN]",
	.operands_max = 1,
	.summary = "Look on at a run of another process (default: the latest under way)",
	.configured = true,
	.options = options,
	.run = run,
};
