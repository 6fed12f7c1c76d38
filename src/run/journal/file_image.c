#include "config.h"

#include "run/journal/file_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE_PAGE_BYTES = 2 << 20 };

static int
open_regular(const char *path, size_t max_bytes, size_t *ret_len, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening %s", path);
	if (fstat(fd, &st) < 0)
		err_errno(e, ERR_IO, "reading %s", path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_IO, "reading %s: it is not a regular file", path);
	else if ((size_t)st.st_size > max_bytes)
		err_set(e, ERR_SPEC, "reading %s: it is larger than %zu bytes", path, max_bytes);
	else {
		*ret_len = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

static int
map(struct file_image *image, size_t len, const char *path, struct err *e)
{
	size_t mapped =
		len < LARGE_PAGE_BYTES ? len + 1 : (len / LARGE_PAGE_BYTES + 1) * LARGE_PAGE_BYTES;
	void *bytes =
		mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return err_errno(e, ERR_IO, "memory for %s", path);
	if (len >= LARGE_PAGE_BYTES)
		madvise(bytes, mapped, MADV_HUGEPAGE); /* only faster */
	*image = (struct file_image){ .bytes = bytes, .mapped = mapped };
	return 0;
}

int
file_image_read(struct file_image *image, const char *path, size_t max_bytes, struct err *e)
{
	size_t len = 0;
	ssize_t got = 1;
	int fd = open_regular(path, max_bytes, &len, e);

	if (fd < 0)
		return -1;
	int rc = map(image, len, path, e);
	while (rc == 0 && got != 0 && image->len < len) {
		got = read(fd, image->bytes + image->len, len - image->len);
		if (got > 0)
			image->len += (size_t)got;
		else if (got < 0 && errno != EINTR)
			rc = err_errno(e, ERR_IO, "reading %s", path);
	}
	close(fd);
	return rc;
}

void
file_image_release(struct file_image *image)
{
	if (image->bytes)
		munmap(image->bytes, image->mapped);
	*image = (struct file_image){ 0 };
}
