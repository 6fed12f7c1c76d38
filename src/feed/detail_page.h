#ifndef LIFEBOAT_FEED_DETAIL_PAGE_H
#define LIFEBOAT_FEED_DETAIL_PAGE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/str.h"
#include "feed/detail.h"

enum {
	DETAIL_MAX_LINES = 10000,
	DETAIL_LINE_BYTES = 2000, /* of one line; the rest is counted */
	DETAIL_MAX_EVENTS = 200,
};

/* The lines of a detail in the making. What is added passes both doors. */
struct detail_page {
	struct secrets *secrets;
	int64_t now_ms; /* wall clock */
	struct str text, raw, scratch;
	struct detail_mark {
		enum detail_role role;
		size_t at; /* in the text */
	} * marks;
	size_t count, cap;
	size_t left_out; /* lines beyond the most there may be */
};

void detail_page_init(struct detail_page *page, struct secrets *secrets, int64_t now_ms);
void detail_page_release(struct detail_page *page);

void detail_add(struct detail_page *page, enum detail_role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Says how many lines were left out, if any. */
void detail_page_end(struct detail_page *page);

/* "3m ago", of an RFC 3339 stamp; "at an unknown time". Into out, which is returned. */
enum { DETAIL_AGO_MAX = 48 };
char *detail_ago(const struct detail_page *page, const char *stamp, char out[DETAIL_AGO_MAX]);

/* ---- what a detail is made of ---- */

/* An event that is about the object. */
struct detail_event {
	char *uid;   /* its own */
	char *about; /* the UID of what it is about */
	char *type, *reason, *message, *from;
	int64_t count;
	int64_t last_ms; /* wall clock; 0: unknown */
};

struct detail_events {
	struct detail_event *items;
	size_t count, cap;
};

void detail_events_put(struct detail_events *events, const cJSON *event); /* added or changed */
void detail_events_remove(struct detail_events *events, const char *uid);
void detail_events_clear(struct detail_events *events);

/* A pod in words; its containers' names (borrowed from it) are appended to *names. */
void detail_pod(struct detail_page *page, const cJSON *pod);
/* Any object as YAML; the values of a Secret as sizes. */
void detail_object(struct detail_page *page, const cJSON *object);
void detail_labels(struct detail_page *page, const cJSON *object);
/* The events of one UID, the newest last. `listed`: these are all; `problem`: why they can't be read, or "". */
void detail_events_show(struct detail_page *page, struct detail_events *events, const char *uid,
			const char *name, bool listed, const char *problem);

#endif
