#ifndef LIFEBOAT_HELM_KINDS_H
#define LIFEBOAT_HELM_KINDS_H

/*
 * The order in which helm installs kinds: as strcmp(). Kinds that it does not know come last, by their names.
 * Source: helm, pkg/releaseutil/kind_sorter.go.
 */
int helm_kinds_compare(const char *a, const char *b);
/* The order in which it uninstalls them. */
int helm_kinds_compare_removal(const char *a, const char *b);

#endif
