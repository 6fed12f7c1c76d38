#ifndef LIFEBOAT_FEED_LOG_LEVEL_H
#define LIFEBOAT_FEED_LOG_LEVEL_H

#include <stddef.h>

#include "feed/log_json.h"

/* The level that a word stands for ("warning", "E"), without regard to case; NONE for any other. */
enum log_level log_level_named(const char *word, size_t len);

#endif
