#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"

enum { RESOLV_CONF_MAX = 65536 };

int
dns_system_servers(const char *path, char ***ret_hosts, size_t *ret_count, struct err *e)
{
	char **hosts = xcalloc(DNS_SYSTEM_MAX, sizeof(*hosts));
	struct err failure = ERR_INIT;
	struct str text = STR_INIT;
	char *rest, *line, name[64];
	size_t count = 0;

	if (file_read(path, RESOLV_CONF_MAX, &text, &failure) == 0) {
		rest = text.data;
		while (count < DNS_SYSTEM_MAX && (line = strsep(&rest, "\n")))
			if (sscanf(line, "nameserver %63s", name) == 1)
				hosts[count++] = xstrdup(name);
	}
	str_release(&text);
	if (count) {
		*ret_hosts = hosts;
		*ret_count = count;
		return 0;
	}
	free(hosts);
	return err_set(e, ERR_NOT_FOUND,
		       "this machine has no resolver: %s%s. Name a server to ask: the target's "
		       "`server` or `resolvers`",
		       failure.kind ? failure.message : path,
		       failure.kind ? "" : " has no line \"nameserver ADDRESS\"");
}
