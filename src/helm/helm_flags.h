#ifndef LIFEBOAT_HELM_FLAGS_H
#define LIFEBOAT_HELM_FLAGS_H

#include <stddef.h>

/* Which flags a command has, as groups. Every command has those of the connection. */
enum helm_flag_group {
	HELM_FLAGS_EVERYWHERE = 0,
	HELM_FLAGS_VALUES = 1 << 0,
	HELM_FLAGS_CHART = 1 << 1,
	HELM_FLAGS_RUN = 1 << 2, /* it changes a cluster */
	HELM_FLAGS_INSTALL = 1 << 3,
	HELM_FLAGS_NEW = 1 << 4, /* a release that is not there yet */
	HELM_FLAGS_UPGRADE = 1 << 5,
	HELM_FLAGS_UNINSTALL = 1 << 6,
	HELM_FLAGS_OUTPUT = 1 << 7,
	HELM_FLAGS_REVISION = 1 << 8,
	HELM_FLAGS_LIST = 1 << 9,
	HELM_FLAGS_ALL = 1 << 10,
	HELM_FLAGS_MAX = 1 << 11,
	HELM_FLAGS_SEARCH = 1 << 12,
	HELM_FLAGS_TEMPLATE = 1 << 13,
	HELM_FLAGS_REPO_ADD = 1 << 14,
	HELM_FLAGS_VERSION = 1 << 15,
	HELM_FLAGS_STATUS = 1 << 16,
	HELM_FLAGS_ROLLBACK = 1 << 17,
};

enum helm_flag_type {
	HELM_FLAG_BOOL,
	HELM_FLAG_TEXT,
	HELM_FLAG_TEXTS, /* may be given several times */
	HELM_FLAG_INT,
	HELM_FLAG_DURATION,
	HELM_FLAG_MODE, /* a text that may be left out: "client" */
};

struct helm_flag {
	const char *name;
	char letter; /* or 0 */
	enum helm_flag_type type;
	unsigned groups;
	size_t offset; /* in struct helm_flags */
	const char *help;
};

/* Sorted by name; ends with a name NULL. */
extern const struct helm_flag helm_flags[];
/* Names of flags that the real helm has and this one refuses; ends with NULL. */
extern const char *const helm_flags_refused[];

#endif
