#ifndef LIFEBOAT_BASE_LATE_H
#define LIFEBOAT_BASE_LATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A shared library that is loaded when one of its functions is first called, not when the program starts: what the first screen
 * does not need must not delay it.
 *
 * A file for each (net/late_curl.c) stands in for the functions that we call, under their own names: nobody else has to know.
 * From any thread. All of a library is found when it is loaded, so a child of fork() has to load nothing if its parent did:
 * the dynamic linker's lock may have been held by another thread.
 */
struct late_symbol {
	const char *name;
	_Atomic(void *) address; /* or NULL: not loaded yet */
};

struct late_library {
	const char *soname, *package;
	struct late_symbol *const *symbols, *const *symbols_end;
	void *handle; /* or NULL: not loaded yet */
};

extern struct late_library late_curl, late_ldns, late_libpq, late_libssl;

/* Loads it now, where somebody can still be told that it cannot be: ERR_NOT_FOUND, with what to install. */
int late_load(struct late_library *library, struct err *e);
/* The same without somebody who could be told: the program says it and aborts. Returns where the symbol is. */
void *late_find(struct late_library *library, const struct late_symbol *symbol);

static inline void *
late_address(struct late_library *library, const struct late_symbol *symbol)
{
	void *address = atomic_load_explicit(&symbol->address, memory_order_acquire);

	return address ? address : late_find(library, symbol);
}

/*
 * Defines a library, whose symbols the linker lists: they are in a section of its name.
 * Source: GNU ld manual, "Input Section Example" (__start_SECNAME, __stop_SECNAME)
 */
#define LATE_LIBRARY(library, soname_, package_)                                                   \
	extern struct late_symbol *const __start_symbols_of_##library[],                           \
		*const __stop_symbols_of_##library[];                                              \
	struct late_library library = {                                                            \
		.soname = (soname_),                                                               \
		.package = (package_),                                                             \
		.symbols = __start_symbols_of_##library,                                           \
		.symbols_end = __stop_symbols_of_##library,                                        \
	}

#define LATE_SYMBOL(library, function)                                                             \
	static struct late_symbol symbol_##function = { #function, NULL };                         \
	static struct late_symbol *const listed_##function                                         \
		__attribute__((section("symbols_of_" #library), used)) = &symbol_##function;

/* The function itself, within the one that stands in for it. */
#define LATE_REAL(library, function)                                                               \
	((__typeof__(&(function)))late_address(&(library), &symbol_##function))

/* Stands in for a function: how it is declared, and how its arguments are handed on. */
#define LATE_FUNCTION(library, result, function, parameters, arguments)                            \
	LATE_SYMBOL(library, function)                                                             \
	result(function) parameters                                                                \
	{                                                                                          \
		return LATE_REAL(library, function) arguments;                                     \
	}

/*
 * Packagers' tools look for this note where a program does not say in its dynamic section what it needs.
 * Source: ELF dlopen metadata, systemd.io/ELF_DLOPEN_METADATA
 */
#define LATE_NOTE(json)                                                                            \
	static const struct {                                                                      \
		uint32_t name_bytes, content_bytes, type;                                          \
		char name[4], content[(sizeof(json) + 3) & ~(size_t)3];                            \
	} note __attribute__((section(".note.dlopen"), used,                                       \
			      aligned(4))) = { 4, sizeof(json), 0x407c0c0a, "FDO", json }

#endif
