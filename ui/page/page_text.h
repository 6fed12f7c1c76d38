#ifndef LIFEBOAT_UI_PAGE_PAGE_TEXT_H
#define LIFEBOAT_UI_PAGE_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/detail.h"
#include "ui/model/model.h"
#include "ui/text/lines.h"

/* What the pages say, for the screen and for line mode. `keys`: what can be done is told by its keys, else in words. */

/* The whole text of a step, what was told of it in a drill, and where the runbook comes from. */
void why_page_lines(const struct model *model, size_t step, bool keys, struct lines *lines);
/* What the run is about to do, with what and where. */
void preflight_page_lines(const struct model *model, bool keys, struct lines *lines);
/* All output of a step that is kept. */
void output_page_lines(const struct model *model, size_t step, struct lines *lines);
/* One object. */
void detail_page_lines(const struct detail_snapshot *snapshot, const struct feed_health *health,
		       struct lines *lines);
/* How the run ended. */
void end_page_lines(const struct model *model, struct lines *lines);

#endif
