#include "config.h"

#include "ui/model/insecure.h"

#include "base/json.h"

/* Whether a feed of this target says so. */
static bool
feed_says(const struct feeds *feeds, const char *target)
{
	const struct feed_choice *choice = feeds_choice(feeds, FEED_LOGS, NULL, NULL);
	struct feed_health health;
	size_t streams;

	if (choice && feeds_logs(feeds) && str_equal(choice->target, target)) {
		log_feed_health(feeds_logs(feeds), &health, &streams);
		if (health.insecure)
			return true;
	}
	for (size_t i = 0; i < feeds_tables_count(feeds); i++) {
		choice = feeds_table_choice(feeds, i);
		if (!choice || !str_equal(choice->target, target))
			continue;
		table_feed_health(feeds_table(feeds, i), &health);
		if (health.insecure)
			return true;
	}
	return false;
}

bool
insecure_describe(const struct model *model, const struct feeds *feeds, struct str *out)
{
	bool any = false;

	for (size_t i = 0; i < model->state->targets_count; i++) {
		const struct target_state *target = &model->state->targets[i];

		if (!json_bool(target->identity, "insecure", false) &&
		    (!feeds || !feed_says(feeds, target->name)))
			continue;
		str_append(out, any ? ", " : "SERVER NOT VERIFIED: ");
		str_append(out, target->name);
		any = true;
	}
	return any;
}
