#ifndef LIFEBOAT_NET_CHILD_CHILD_FIND_H
#define LIFEBOAT_NET_CHILD_CHILD_FIND_H

#include "base/err.h"

/*
 * The file that argv[0] of a command stands for, which works in `folder` (NULL: in ours) and has this PATH (NULL: ours). A
 * relative name with a slash counts from the folder. As child_find() otherwise.
 */
char *child_find_for(const char *command, const char *folder, const char *path, struct err *e);

#endif
