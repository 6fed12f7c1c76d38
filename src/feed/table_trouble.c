#include "config.h"

#include <string.h>

#include "base/str.h"
#include "feed/table_columns.h"

/* Says from a cell whether all is not well; the row's other cells are for comparing. */
typedef bool trouble_fn(const struct table_columns *columns, const char *const *cells,
			const char *cell);

static const char *const bad_words[] = {
	"CrashLoopBackOff",
	"Degraded",
	"Error",
	"ErrImagePull",
	"Evicted",
	"Expired",
	"Failed",
	"Failure",
	"False",
	"ImagePullBackOff",
	"Invalid",
	"Lost",
	"MissingEndpoints",
	"NotReady",
	"OOMKilled",
	"OutOfSync",
	"Pending",
	"Released",
	"SchedulingDisabled",
	"Terminating",
	"Unhealthy",
	"Unknown",
	"Warning",
};

static bool
is_bad_word(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(bad_words) / sizeof(bad_words[0]); i++)
		if (strlen(bad_words[i]) == len && strncmp(word, bad_words[i], len) == 0)
			return true;
	return false;
}

/* "NotReady,SchedulingDisabled", "False (MissingEndpoints)" */
static bool
says_bad_word(const struct table_columns *columns, const char *const *cells, const char *cell)
{
	(void)columns;
	(void)cells;
	while (*cell) {
		size_t len = strcspn(cell, ", ()");

		if (is_bad_word(cell, len))
			return true;
		cell += len + (cell[len] != '\0');
	}
	return false;
}

/* "1/2" */
static bool
lacks_some(const struct table_columns *columns, const char *const *cells, const char *cell)
{
	const char *slash = strchr(cell, '/');
	size_t len = slash ? (size_t)(slash - cell) : 0;

	if (!slash)
		return says_bad_word(columns, cells, cell);
	return strlen(slash + 1) != len || memcmp(cell, slash + 1, len) != 0;
}

/* Figures in columns of their own, as of a DaemonSet; "1/2" where there is no such column. */
static bool
lacks_desired(const struct table_columns *columns, const char *const *cells, const char *cell)
{
	int desired = table_columns_find(columns, "DESIRED");

	if (desired < 0)
		return lacks_some(columns, cells, cell);
	return strcmp(cells[desired], cell) != 0;
}

/* What shows trouble in the columns of any resource but pods. */
static const struct {
	const char *column;
	trouble_fn *shows;
} signs[] = {
	{ "AVAILABLE", says_bad_word }, { "HEALTH", says_bad_word }, { "HEALTHY", says_bad_word },
	{ "PHASE", says_bad_word },	{ "READY", lacks_desired },  { "STATE", says_bad_word },
	{ "STATUS", says_bad_word },	{ "SYNCED", says_bad_word }, { "TYPE", says_bad_word },
};

static bool
pod_trouble(const struct table_columns *columns, const char *const *cells)
{
	const char *status = columns->status < 0 ? "" : cells[columns->status];
	const char *ready = columns->ready < 0 ? "" : cells[columns->ready];

	/* most lack nothing, and nobody asks for their status */
	if (strchr(ready, '/') && strcmp(ready, "0/0") != 0 && !lacks_some(columns, cells, ready))
		return false;
	return strcmp(status, "Completed") != 0 && strcmp(status, "Succeeded") != 0;
}

bool
table_trouble(const struct table_columns *columns, const char *const *cells, bool pods)
{
	if (pods)
		return pod_trouble(columns, cells);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		int column = table_columns_find(columns, signs[i].column);

		if (column >= 0 && signs[i].shows(columns, cells, cells[column]))
			return true;
	}
	return false;
}
