#include "config.h"

#include "ui/text/save_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

static int
write_new(const char *path, const struct str *text, struct err *e)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_USAGE,
			       "%s is there already, and is not written over: another name", path);
	if (fd < 0)
		return err_errno(e, ERR_IO, "saving to %s", path);
	int rc = file_write_all(fd, str_cstr(text), text->len, e);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_errno(e, ERR_IO, "fsync");
	if (rc < 0) {
		err_wrap(e, "saving to %s", path);
		unlink(path); /* half of it would look like all */
	}
	close(fd);
	return rc;
}

int
save_text(struct secrets *secrets, const struct str *text, const char *name, char **ret_path,
	  size_t *ret_bytes, struct err *e)
{
	struct str redacted = STR_INIT, clean = STR_INIT;
	char *path = file_resolve(NULL, name);

	secrets_redact(secrets, str_cstr(text), text->len, &redacted);
	text_sanitise(str_cstr(&redacted), redacted.len, TEXT_KEEP_NEWLINES, &clean);
	int rc = write_new(path, &clean, e);
	*ret_bytes = clean.len;
	str_release(&redacted);
	str_release(&clean);
	if (rc < 0) {
		free(path);
		return -1;
	}
	*ret_path = path;
	return 0;
}
