#include "config.h"

#include "base/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
checked(void *memory)
{
	static const char message[] =
		"lifeboat: out of memory; the journal is safe, resume the run\n";

	if (memory)
		return memory;
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)ignored;
	abort();
}

void *
xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *
xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *
xrealloc(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1));
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *
xstrdup(const char *text)
{
	return text ? checked(strdup(text)) : NULL;
}

char *
xstrndup(const char *text, size_t len_bytes)
{
	return checked(strndup(text, len_bytes));
}

char *
xvasprintf(const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		checked(NULL);
	return text;
}

char *
xasprintf(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	return text;
}

void *
vec_grow(void *array, size_t len, size_t *cap, size_t element_size)
{
	if (len == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		array = xreallocarray(array, *cap, element_size);
	}
	memset((char *)array + len * element_size, 0, element_size);
	return array;
}
