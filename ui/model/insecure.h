#ifndef LIFEBOAT_UI_MODEL_INSECURE_H
#define LIFEBOAT_UI_MODEL_INSECURE_H

#include <stdbool.h>

#include "ui/model/feeds.h"
#include "ui/model/model.h"

/*
 * Appends "SERVER NOT VERIFIED: " and the names of the targets whose server proves its identity to nobody
 * (insecure-skip-tls-verify), as far as the run or one of the feeds (NULL: there are none) has met them.
 * False: there is none, and nothing is appended.
 */
bool insecure_describe(const struct model *model, const struct feeds *feeds, struct str *out);

#endif
