#include "config.h"

#include "base/late.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of every handle */

static int
refuse(const struct late_library *library, struct err *e)
{
	const char *why = dlerror();

	return err_set(e, ERR_NOT_FOUND, "%s cannot be used: %s: install %s", library->soname,
		       why ? why : "no reason is given", library->package);
}

static int
find_symbols(const struct late_library *library, void *handle, struct err *e)
{
	for (struct late_symbol *const *at = library->symbols; at < library->symbols_end; at++) {
		void *address = dlsym(handle, (*at)->name);

		if (!address)
			return refuse(library, e);
		atomic_store_explicit(&(*at)->address, address, memory_order_release);
	}
	return 0;
}

static int
load(struct late_library *library, struct err *e)
{
	void *handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return refuse(library, e);
	/* where a function is missing the others stay: they may be in use already */
	if (find_symbols(library, handle, e) < 0)
		return -1;
	library->handle = handle;
	return 0;
}

int
late_load(struct late_library *library, struct err *e)
{
	pthread_mutex_lock(&lock);
	int rc = library->handle ? 0 : load(library, e);
	pthread_mutex_unlock(&lock);
	return rc;
}

void *
late_find(struct late_library *library, const struct late_symbol *symbol)
{
	struct err e = ERR_INIT;

	if (late_load(library, &e) == 0)
		return atomic_load(&symbol->address);
	fprintf(stderr, "lifeboat: %s\n", e.message);
	abort();
}
