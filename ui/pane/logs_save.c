#include "config.h"

#include "ui/pane/logs_pane.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ui/pane/pane.h"
#include "ui/screen/entry.h"

enum { PART_MAX = 60 }; /* bytes of the source's name in that of a file */

/* Of a name what is good in a file's name; the rest becomes a hyphen. */
static void
append_part(const char *name, struct str *out)
{
	for (size_t i = 0; name[i] && i < PART_MAX; i++)
		str_append_char(out, isalnum((unsigned char)name[i]) || strchr("._", name[i])
					     ? name[i]
					     : '-');
}

/* "20261121T143842Z" */
static void
append_time(int64_t wall_ms, struct str *out)
{
	char stamp[CLOCK_STAMP_MAX];

	clock_format_utc(wall_ms, stamp);
	for (const char *at = stamp; *at && *at != '.'; at++)
		if (*at != '-' && *at != ':')
			str_append_char(out, *at);
	str_append_char(out, 'Z');
}

/* What the logs are of, as short as it can be said. */
static const char *
source_name(const struct feed_choice *choice)
{
	return choice->pod	  ? choice->pod
	       : choice->workload ? choice->workload
	       : choice->selector ? choice->selector
	       : choice->ns	  ? choice->ns
				  : choice->target;
}

void
logs_ask_where_to_save(struct app *app)
{
	const struct feed_choice *choice = feeds_choice(app->feeds, FEED_LOGS, NULL, NULL);
	const struct run_state *state = app->model.state;
	struct str name = STR_INIT;

	if (!logs_feed(app) || !choice) {
		app_say(app, ROLE_WARNING, "There are no logs to save");
		return;
	}
	str_append(&name, "lifeboat-");
	append_part(state->run_id ? state->run_id : "run", &name);
	str_append_char(&name, '-');
	append_part(source_name(choice), &name);
	str_append_char(&name, '-');
	append_time(model_now_ms(&app->model), &name);
	str_append(&name, ".log");
	entry_open(app, PANE_LOGS, CMD_SAVE_LOG, "Save the log as", str_cstr(&name));
	str_release(&name);
}

int
logs_save(struct app *app, const char *name, struct err *e)
{
	struct log_feed *feed = logs_feed(app);
	struct str count = STR_INIT;
	uint64_t lines;

	if (!feed)
		return err_set(e, ERR_USAGE, "the logs pane shows no source any more");
	if (!name[strspn(name, " ")])
		return err_set(e, ERR_USAGE, "a file needs a name; Esc goes back");
	char *path = file_resolve(NULL, name);
	int rc = log_feed_save(feed, path, app->logs->filter, &lines, e);
	if (rc == 0) {
		pane_append_number(lines, &count);
		app_say(app, ROLE_GOOD, "Saved %s line%s%s, secrets redacted, to %s",
			str_cstr(&count), lines == 1 ? "" : "s",
			app->logs->filter ? " of the filter" : "", path);
	}
	str_release(&count);
	free(path);
	return rc;
}
