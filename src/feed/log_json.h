#ifndef LIFEBOAT_FEED_LOG_JSON_H
#define LIFEBOAT_FEED_LOG_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum log_level { LOG_LEVEL_NONE, LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/*
 * Turns a line that is one JSON object, as structured loggers write it (zap, logrus, slog, bunyan, Envoy),
 * into "LEVEL message  key=value …", with time and level taken out of the rest. Appends to out and
 * returns true; any other line: false. The text is sanitised already and stays so.
 */
bool log_json_readable(const char *text, size_t len_bytes, struct str *out,
		       enum log_level *ret_level);

/* The level that a plain line names ("ERROR", "level=warn", klog's "E0412 …"), for its colour. */
enum log_level log_level_of(const char *text, size_t len_bytes);

#endif
