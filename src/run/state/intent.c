#include "config.h"

#include "run/state/intent.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct intent *
intent_new(enum intent_type type, int64_t seen_seq, const char *step, const char *text)
{
	struct intent *intent = xcalloc(1, sizeof(*intent));

	intent->type = type;
	intent->seen_seq = seen_seq;
	intent->step = xstrdup(step);
	intent->text = xstrdup(text);
	intent->patience_ms = -1;
	return intent;
}

void
intent_free(struct intent *intent)
{
	if (!intent)
		return;
	free(intent->step);
	free(intent->text);
	free(intent->reason);
	free(intent->by);
	cJSON_Delete(intent->answer);
	free(intent);
}
