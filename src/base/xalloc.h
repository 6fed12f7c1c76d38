#ifndef LIFEBOAT_BASE_XALLOC_H
#define LIFEBOAT_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Allocation that does not return NULL: without memory the process says so on stderr and aborts. The
 * journal is written with write(2) and needs none, so whatever it promised is already on the disk.
 */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
/* As reallocarray(3): the product is checked. */
void *xreallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
/* xstrdup(NULL) is NULL, so that optional fields copy without a test. */
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len_bytes) __attribute__((returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *xvasprintf(const char *format, va_list ap)
	__attribute__((format(printf, 1, 0), returns_nonnull));

/*
 * Appends one element to a plain array of (pointer, length, capacity), growing it by doubling; yields
 * a pointer to the new, zeroed element:  *VEC_PUSH(list->items, list->len, list->cap) = item;
 */
#define VEC_PUSH(array, len, cap)                                                                  \
	((array) = vec_grow((array), (len), &(cap), sizeof(*(array))), &(array)[(len)++])
void *vec_grow(void *array, size_t len, size_t *cap, size_t element_size)
	__attribute__((returns_nonnull));

#endif
