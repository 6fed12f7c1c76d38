#include "config.h"

#include "world/part/parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_asker.h"
#include "world/part/part_knot.h"
#include "world/part/part_postgresql.h"
#include "world/part/part_site.h"
#include "world/part/parts_internal.h"

/* --- what the parts share --------------------------------------------------------------------------- */

int
parts_address(const struct parts *parts, const cJSON *element, char **ret_address, struct err *e)
{
	const cJSON *address = json_at(element, "address");
	struct sockaddr_in sa;
	char *text = NULL;

	if (cJSON_IsNumber(address))
		text = xasprintf("%s%d", parts->options.prefix, address->valueint);
	else if (cJSON_IsString(address))
		text = strchr(address->valuestring, '.')
			       ? xstrdup(address->valuestring)
			       : xasprintf("%s%s", parts->options.prefix, address->valuestring);
	if (text && part_sockaddr(text, 0, &sa) && str_starts_with(text, parts->options.prefix)) {
		*ret_address = text;
		return 0;
	}
	err_set(e, ERR_SPEC, "the address \"%s\" is none of the world's (%s1 to %s254)",
		text ? text : "", parts->options.prefix, parts->options.prefix);
	free(text);
	return -1;
}

int
parts_make_folder(const struct parts *parts, const char *name, const struct part_user *user,
		  char **ret_path, struct err *e)
{
	char *path = xasprintf("%s/%s", parts->options.folder, name);

	if (file_make_folders(path, 0700, e) < 0 || (user && part_user_give(user, path, e) < 0)) {
		free(path);
		return -1;
	}
	*ret_path = path;
	return 0;
}

char *
parts_log_path(const struct parts *parts, const char *name)
{
	return xasprintf("%s/log/%s.log", parts->options.folder, name);
}

static void
tell_process(void *data, const char *name, struct process_id id, bool up)
{
	const struct parts *parts = data;

	if (parts->options.process)
		parts->options.process(parts->options.data, name, id.pid, id.start, up);
}

static void
tell_lost(void *data, const char *name, const char *why)
{
	const struct parts *parts = data;

	if (parts->options.lost)
		parts->options.lost(parts->options.data, name, why);
}

int
parts_start_process(struct parts *parts, struct part_process_options *options,
		    struct part_process **ret_process, struct err *e)
{
	char *log = parts_log_path(parts, options->name);
	int rc;

	options->log = log;
	/* SIGQUIT ends a PostgreSQL with all of its processes, and others, too. */
	options->death_signal = options->ready ? SIGQUIT : SIGKILL;
	options->changed = tell_process;
	options->lost = tell_lost;
	options->data = parts;
	rc = part_process_start(options, ret_process, e);
	free(log);
	return rc;
}

int
parts_issue(const struct parts *parts, const char *authority, const char *const *names,
	    char **ret_chain, char **ret_key, struct err *e)
{
	const struct authority *from = parts->options.authority(parts->options.data, authority);
	const struct authority_request request = { .common_name = names[0], .names = names };

	if (!from)
		return err_set(e, ERR_SPEC, "the world has no authority \"%s\"",
			       authority ? authority : "");
	return authority_issue(from, &request, ret_chain, ret_key, e);
}

char *
parts_secret(size_t bytes)
{
	struct str out = STR_INIT;
	unsigned char raw[64];

	if (bytes > sizeof(raw) || getrandom(raw, bytes, 0) != (ssize_t)bytes)
		abort(); /* without chance there are no secrets */
	for (size_t i = 0; i < bytes; i++)
		str_printf(&out, "%02x", raw[i]);
	explicit_bzero(raw, sizeof(raw));
	return str_take(&out);
}

/* --- from beginning to end -------------------------------------------------------------------------- */

struct parts *
parts_new(const struct parts_options *options)
{
	struct parts *parts = xcalloc(1, sizeof(*parts));
	char *log = xasprintf("%s/log", options->folder);
	struct err e = ERR_INIT;

	parts->options = *options;
	parts->options.folder = xstrdup(options->folder);
	parts->options.prefix = xstrdup(options->prefix);
	pthread_mutex_init(&parts->lock, NULL);
	parts->loop = part_loop_new(&e);
	if (!parts->loop)
		abort(); /* no thread and no descriptor: nothing of a world could run */
	parts->asker = part_asker_new(parts);
	file_make_folders(log, 0700, NULL); /* who writes there says what is wrong with it */
	free(log);
	return parts;
}

/* All are asked at once, and then waited for. */
void
parts_free(struct parts *parts)
{
	struct part_database *next;

	if (!parts)
		return;
	for (struct part_database *db = parts->databases; db; db = db->next)
		part_database_ask_to_end(db);
	part_zones_ask_to_end(parts->zones);
	part_sites_free(parts->sites);
	part_asker_free(parts->asker);
	part_zones_free(parts->zones);
	for (struct part_database *db = parts->databases; db; db = next) {
		next = db->next;
		part_database_free(db);
	}
	part_keys_free(parts->keys);
	part_loop_free(parts->loop);
	pthread_mutex_destroy(&parts->lock);
	free((char *)parts->options.folder);
	free((char *)parts->options.prefix);
	free(parts);
}

int
parts_change(struct parts *parts, const char *kind, const cJSON *change, struct err *e)
{
	if (str_equal(kind, "database"))
		return part_database_change(parts, change, e);
	if (str_equal(kind, "zone"))
		return part_zone_change(parts, change, e);
	if (str_equal(kind, "site"))
		return part_site_change(parts, change, e);
	return err_set(e, ERR_SPEC, "a world has no part of the kind \"%s\"", kind);
}
