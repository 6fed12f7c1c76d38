#include "config.h"

#include "feed/log_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

void
log_batch_release(struct log_batch *batch)
{
	str_release(&batch->text);
	free(batch->lines);
}

void
log_batch_clear(struct log_batch *batch)
{
	str_clear(&batch->text);
	batch->count = 0;
}

/* What was appended to the text since `offset` becomes a line. */
static struct log_batch_line
line_since(const struct log_batch *batch, size_t offset)
{
	return (struct log_batch_line){ .offset = offset, .len = batch->text.len - offset };
}

void
log_batch_add(struct log_batch *batch, struct redactor *redactor, const char *stamp,
	      const char *text, size_t len_bytes)
{
	size_t offset = batch->text.len;
	struct log_batch_line line;

	redactor_text(redactor, text, len_bytes, &batch->text);
	line = line_since(batch, offset);
	line.stamp = log_stamp_pack_next(stamp, &batch->second);
	*VEC_PUSH(batch->lines, batch->count, batch->cap) = line;
}

void
log_batch_remark(struct log_batch *batch, struct redactor *redactor, const char *text)
{
	size_t offset = batch->text.len;
	char stamp[CLOCK_STAMP_MAX];
	struct log_batch_line line;

	redactor_text(redactor, text, strlen(text), &batch->text);
	line = line_since(batch, offset);
	line.stamp = log_stamp_pack(clock_format_utc(clock_wall_ms(), stamp));
	line.marker = true;
	*VEC_PUSH(batch->lines, batch->count, batch->cap) = line;
}

void
log_batch_cut(struct log_batch *batch, size_t missing_bytes)
{
	struct log_batch_line *line;

	if (!batch->count)
		return;
	line = &batch->lines[batch->count - 1];
	str_printf(&batch->text, " … [%zu bytes cut]", missing_bytes);
	line->len = batch->text.len - line->offset;
}
