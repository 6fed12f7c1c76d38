#include "config.h"

#include "ui/start/start_page.h"

enum start_action
start_action_of(const struct start_entry *entry)
{
	if (entry->state == START_BROKEN || entry->kind == START_ENDED_RUN)
		return START_LEAVE;
	if (entry->kind == START_DRILL)
		return START_PRACTISE;
	if (entry->kind != START_OPEN_RUN)
		return START_BEGIN;
	return entry->state == START_HELD ? START_FOLLOW : START_RESUME;
}

const char *
start_verb_of(const struct start_entry *entry)
{
	static const char *const words[] = {
		[START_BEGIN] = "run",
		[START_RESUME] = "resume",
		[START_FOLLOW] = "follow",
		[START_PRACTISE] = "drill",
	};
	enum start_action action = start_action_of(entry);

	if (action != START_LEAVE)
		return words[action];
	if (entry->kind == START_ENDED_RUN || entry->kind == START_OPEN_RUN)
		return "report";
	return "errors";
}

const char *
start_glyph_of(const struct start_entry *entry)
{
	static const char *const glyphs[] = {
		[START_SOUND] = "   ",	 [START_LEFT] = "[>]",	 [START_HELD] = "[~]",
		[START_UNKNOWN] = "[?]", [START_PASSED] = "[x]", [START_FAILED] = "[!]",
		[START_BROKEN] = "[!]",
	};

	return glyphs[entry->state];
}

const char *
start_heading_of(enum start_kind kind)
{
	static const char *const headings[] = {
		[START_OPEN_RUN] = "Open runs",
		[START_RUNBOOK] = "Runbooks",
		[START_DRILL] = "Drills",
		[START_ENDED_RUN] = "Ended lately",
	};

	return headings[kind];
}

void
start_about(const struct start_list *list, const struct start_entry *entry, struct str *out)
{
	bool runnable = entry->kind == START_RUNBOOK && entry->state == START_SOUND;
	const char *note = runnable ? start_list_note(list, entry) : NULL;

	if (entry->about)
		str_append(out, entry->about);
	if (note)
		str_printf(out, "%s%s", entry->about ? "; " : "", note);
	else if (runnable && start_list_is_complete(list))
		str_printf(out, "%snever run", entry->about ? "; " : "");
}
