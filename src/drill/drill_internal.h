#ifndef LIFEBOAT_DRILL_DRILL_INTERNAL_H
#define LIFEBOAT_DRILL_DRILL_INTERNAL_H

#include <sys/types.h>

#include "base/str.h"
#include "drill/drill.h"

struct drill {
	pid_t pid; /* 0: it is gone */
	int read_fd, write_fd,
		error_fd; /* its standard output and input; what it says to nobody, as a file in memory */
	struct str heard; /* not yet a line */
	bool has_ended;	  /* nothing more will come */
	cJSON *facts;
	cJSON *early; /* what it told before it was ready: conditions that hold from the beginning */
	char **links; /* of programs, that were put into its bin/ */
	size_t links_count, links_cap;
};

#endif
