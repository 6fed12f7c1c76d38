#include "config.h"

#include "feed/detail_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "feed/source.h"

void
detail_page_init(struct detail_page *page, struct secrets *secrets, int64_t now_ms)
{
	*page = (struct detail_page){ .secrets = secrets, .now_ms = now_ms };
}

void
detail_page_release(struct detail_page *page)
{
	str_release(&page->text);
	str_release(&page->raw);
	str_release(&page->scratch);
	free(page->marks);
}

/* Cuts what was appended from `start` on to the bytes of a line, and says how long it was. */
static void
cut_line(struct str *text, size_t start)
{
	size_t len = text->len - start;
	size_t shown = text_whole(text->data + start, len, DETAIL_LINE_BYTES);

	if (shown == len)
		return;
	text->len = start + shown;
	str_printf(text, "… (%zu bytes)", len);
}

void
detail_add(struct detail_page *page, enum detail_role role, const char *format, ...)
{
	va_list ap;

	if (page->count >= DETAIL_MAX_LINES) {
		page->left_out++;
		return;
	}
	str_clear(&page->raw);
	va_start(ap, format);
	str_vprintf(&page->raw, format, ap);
	va_end(ap);
	*VEC_PUSH(page->marks, page->count, page->cap) =
		(struct detail_mark){ role, page->text.len };
	feed_clean(page->secrets, str_cstr(&page->raw), page->raw.len, &page->scratch, &page->text);
	cut_line(&page->text, page->marks[page->count - 1].at);
	str_append_bytes(&page->text, "", 1);
}

void
detail_page_end(struct detail_page *page)
{
	size_t left_out = page->left_out;

	if (!left_out)
		return;
	page->count--; /* the last one makes room for the remark */
	page->text.len = page->marks[page->count].at;
	detail_add(page, DETAIL_DIM, "(%zu more lines are not shown)", left_out + 1);
}

char *
detail_ago(const struct detail_page *page, const char *stamp, char out[DETAIL_AGO_MAX])
{
	char age[CLOCK_STAMP_MAX];
	int64_t ms;

	if (clock_parse_utc(stamp, &ms) < 0)
		snprintf(out, DETAIL_AGO_MAX, "at an unknown time");
	else
		snprintf(out, DETAIL_AGO_MAX, "%s ago",
			 duration_format_human(page->now_ms - ms, age));
	return out;
}

void
detail_labels(struct detail_page *page, const cJSON *object)
{
	const cJSON *label, *labels = json_at(object, "metadata/labels");

	if (cJSON_GetArraySize(labels) == 0)
		return;
	detail_add(page, DETAIL_TEXT, "%s", "");
	detail_add(page, DETAIL_HEADING, "Labels");
	cJSON_ArrayForEach(label, labels)
		detail_add(page, DETAIL_TEXT, "  %s=%s", label->string,
			   cJSON_IsString(label) ? label->valuestring : "");
}
