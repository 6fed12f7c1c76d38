#include "config.h"

#include "run/journal/tail_output.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

enum {
	PIECE_BYTES = 64 << 10,
	MAX_BEHIND = 1 << 20,	  /* of what is not read yet: more than that nobody would look at */
	MAX_LINE_BYTES = 4 << 10, /* a longer line goes on in pieces */
};

void
tail_output_begin(struct tail_output *output, const char *folder, const char *step,
		  int64_t intent_seq)
{
	tail_output_release(output);
	if (!step)
		return;
	char *path = xasprintf("%s/out/%06lld", folder, (long long)intent_seq);

	growing_init(&output->file, path);
	output->step = xstrdup(step);
	free(path);
}

void
tail_output_release(struct tail_output *output)
{
	if (output->step)
		growing_release(&output->file);
	str_release(&output->pending);
	free(output->step);
	*output = (struct tail_output){ .file.fd = -1 };
}

/* Passes over what is too far behind, and says so. */
static void
catch_up(struct tail_output *output, struct str *out)
{
	off_t behind = growing_size(&output->file) - output->file.at;

	if (behind <= MAX_BEHIND)
		return;
	output->file.at += behind - MAX_BEHIND / 2;
	str_clear(&output->pending);
	str_append(out, "[not all of the output is shown here; the run's folder has it in out/]\n");
}

/* How much of the pending bytes is ready: whole lines, and of a long one whole characters. */
static size_t
ready_bytes(const struct str *pending)
{
	const char *end = pending->len ? memrchr(pending->data, '\n', pending->len) : NULL;
	size_t len = pending->len;

	if (end)
		return (size_t)(end - pending->data) + 1;
	if (len <= MAX_LINE_BYTES)
		return 0;
	while (len > 0 && ((unsigned char)pending->data[len - 1] & 0xc0) == 0x80)
		len--;
	return len > 0 ? len - 1 : pending->len;
}

bool
tail_output_read(struct tail_output *output, bool last, struct str *out)
{
	struct err ignored = ERR_INIT;
	size_t before = out->len;

	/* it comes with the first byte: until then there is none, and most steps never have one */
	if (!output->step || growing_open(&output->file, &ignored) < 0)
		return false;
	catch_up(output, out);
	ssize_t got = growing_read(&output->file, PIECE_BYTES, &output->pending, &ignored);
	size_t len = got <= 0 && last ? output->pending.len : ready_bytes(&output->pending);
	if (len)
		text_sanitise(output->pending.data, len, TEXT_KEEP_NEWLINES | TEXT_DROP_SGR, out);
	str_consume(&output->pending, len);
	return got > 0 || out->len > before;
}
