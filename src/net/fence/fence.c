#include "config.h"

#include "net/fence/fence.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/socket/address.h"

/* Written once, before there is a second thread. */
static char *fence_prefix, *fence_folder, *fence_allowed;

#define WHY "a drill never touches anything real"

/* `path` without links, as far as it is there; the caller frees. */
static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL), *folder;

	if (real)
		return real;
	folder = file_folder(path);
	real = realpath(folder, NULL);
	free(folder);
	if (!real)
		return NULL;
	const char *slash = strrchr(path, '/');
	char *joined = xasprintf("%s/%s", real, slash ? slash + 1 : path);
	free(real);
	/* ".." as a last name leads out of what was looked at */
	if (!str_ends_with(joined, "/..") && !str_ends_with(joined, "/."))
		return joined;
	free(joined);
	return NULL;
}

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static bool
is_in_world(const char *path)
{
	char *real = real_path(path);
	bool inside = real && is_below(real, fence_folder);

	free(real);
	return inside;
}

/* It is made after it was allowed, so that its links are followed only now. */
static bool
is_allowed(const char *path)
{
	char *real = real_path(path), *folder = fence_allowed ? real_path(fence_allowed) : NULL;
	bool allowed = real && folder && is_below(real, folder);

	free(real);
	free(folder);
	return allowed;
}

void
fence_set(const char *prefix, const char *folder)
{
	char *real = realpath(folder, NULL);

	if (fence_prefix || !*prefix)
		abort(); /* it stands already, or would keep nothing out */
	fence_folder = real ? real : xstrdup(folder);
	fence_prefix = xstrdup(prefix);
}

void
fence_allow(const char *folder)
{
	free(fence_allowed);
	fence_allowed = xstrdup(folder);
}

bool
fence_stands(void)
{
	return fence_prefix != NULL;
}

static bool
is_inside_v4(const struct in_addr *address)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, address, text, sizeof(text));
	return str_starts_with(text, fence_prefix);
}

/* Of IPv6 only what is an address of IPv4 in other clothes. */
static bool
is_inside_v6(const struct in6_addr *address)
{
	struct in_addr v4;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		return false;
	memcpy(&v4, &address->s6_addr[12], sizeof(v4));
	return is_inside_v4(&v4);
}

/* `len` counts what there is of the path; a name that is no path (abstract) can be anybody's. */
static int
check_socket(const struct sockaddr_un *address, socklen_t len, struct err *e)
{
	size_t most = len > offsetof(struct sockaddr_un, sun_path)
			      ? len - offsetof(struct sockaddr_un, sun_path)
			      : 0;
	char *path = xstrndup(address->sun_path, strnlen(address->sun_path, most));
	int rc = 0;

	if (!is_in_world(path))
		rc = err_set(e, ERR_DENIED, "the socket %s is outside of the drill's world: " WHY,
			     *path ? path : "(abstract)");
	free(path);
	return rc;
}

int
fence_check(const struct sockaddr *address, socklen_t len, struct err *e)
{
	struct address copy = { .len = len };
	bool inside = false;

	if (!fence_stands())
		return 0;
	if (address->sa_family == AF_UNIX)
		return check_socket((const struct sockaddr_un *)(const void *)address, len, e);
	if (len > sizeof(copy.sa))
		return err_set(e, ERR_DENIED, "an address of an unknown kind: " WHY);
	memcpy(&copy.sa, address, len);
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in))
		inside = is_inside_v4(&((struct sockaddr_in *)&copy.sa)->sin_addr);
	else if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
		inside = is_inside_v6(&((struct sockaddr_in6 *)&copy.sa)->sin6_addr);
	if (inside)
		return 0;
	char *text = address_format(&copy);
	err_set(e, ERR_DENIED, "%s is outside of the drill's world: " WHY, text);
	free(text);
	return -1;
}

int
fence_check_host(const char *host, struct err *e)
{
	struct address_list list = { .count = 0 };

	if (!fence_stands())
		return 0;
	if (address_parse(host, 1, &list) < 0 || list.count == 0)
		return err_set(e, ERR_DENIED,
			       "%s is a name, which the resolver of this machine would be asked "
			       "for, outside of the drill's world: " WHY,
			       host);
	if (fence_check((const struct sockaddr *)&list.items[0].sa, list.items[0].len, NULL) == 0)
		return 0;
	return err_set(e, ERR_DENIED, "%s is outside of the drill's world: " WHY, host);
}

int
fence_check_file(const char *path, struct err *e)
{
	if (!fence_stands() || is_in_world(path) || is_allowed(path))
		return 0;
	return err_set(e, ERR_DENIED, "%s is outside of the drill's world, and was not read: " WHY,
		       path);
}

int
fence_check_program(const char *path, struct err *e)
{
	char *folder;
	bool inside;

	if (!fence_stands())
		return 0;
	/* a link in bin/ leads out of it, and was made by the drill */
	folder = file_folder(path);
	char *real = realpath(folder, NULL), *bin = xasprintf("%s/bin", fence_folder);
	inside = real && strcmp(real, bin) == 0;
	free(folder);
	free(real);
	free(bin);
	if (inside)
		return 0;
	return err_set(e, ERR_DENIED,
		       "%s is not one of the programs of the drill's world: " WHY
		       ". Those that are lie in %s/bin",
		       path, fence_folder);
}
