#include "config.h"

#include "cli/configuration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { CONFIG_MAX_BYTES = 256 << 10 };

static struct config *loaded;

static const char *
named_path(void)
{
	const char *path = getenv("LIFEBOAT_CONFIG");

	return path && *path ? path : NULL;
}

char *
config_path(void)
{
	struct err ignored = ERR_INIT;
	char *root, *path;

	if (named_path())
		return xstrdup(named_path());
	root = file_config_root(&ignored);
	path = root ? xasprintf("%s/config.yaml", root) : NULL;
	free(root);
	return path;
}

/* Whoever can write to it could make a key mean something else. */
static int
check_trust(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_SPEC, "reading %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC, "reading %s: it is not a regular file", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_SPEC,
			       "reading %s: others may write to it, and could make a key mean "
			       "something else. Make it yours alone: chmod go-w %s",
			       path, path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_SPEC,
			       "reading %s: it belongs to another user, who could make a key mean "
			       "something else. Use a copy of your own",
			       path);
	return 0;
}

struct config *
config_read(const char *path, struct diags *diags, struct err *e)
{
	struct str text = STR_INIT;
	struct config *config = NULL;

	if (check_trust(path, e) < 0 || file_read(path, CONFIG_MAX_BYTES, &text, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			e->kind = ERR_SPEC;
		goto out;
	}
	config = config_parse(path, str_cstr(&text), text.len, diags);
	if (!config)
		err_set(e, ERR_SPEC,
			"%s: %zu error%s; nothing was started. In a hurry, do without it: "
			"LIFEBOAT_CONFIG=/dev/null",
			path, diags->errors, diags->errors == 1 ? "" : "s");
out:
	str_release(&text);
	return config;
}

/* Without a file, or with one that nobody asked for: as if it were empty. */
static struct config *
empty(const char *path)
{
	struct diags diags;

	diags_init(&diags, path ? path : "");
	struct config *config = config_parse(path, "", 0, &diags);
	config->is_there = false;
	diags_release(&diags);
	return config;
}

/* A configuration that is wrong must not stand in the way of a call: there is always one that is right. */
static bool
is_done_without(const char *path)
{
	return !path || strcmp(path, "/dev/null") == 0;
}

static struct config *
read_or_empty(const char *path, struct diags *diags, struct err *e)
{
	struct config *config = is_done_without(path) ? empty(path) : config_read(path, diags, e);

	if (config || named_path() || e->kind != ERR_NOT_FOUND)
		return config;
	*e = (struct err)ERR_INIT;
	return empty(path);
}

/* Puts keys and looks to work, for this process. */
static void
apply(const struct config *config)
{
	keymap_rebind(config->keys, config->keys_count);
	theme_configure(config->preset, config->theme);
}

int
config_load(struct err *e)
{
	char *path = config_path();
	struct str text = STR_INIT;
	struct diags diags;

	diags_init(&diags, path ? path : "");
	struct config *config = read_or_empty(path, &diags, e);
	if (diags.count) {
		diags_render(&diags, &text);
		fputs(str_cstr(&text), stderr);
	}
	if (config) {
		config_free(loaded);
		loaded = config;
		apply(config);
	} else if (e->kind == ERR_NOT_FOUND) {
		e->kind = ERR_SPEC;
		err_advise(e, "LIFEBOAT_CONFIG names it: unset that, or make the file");
	}
	str_release(&text);
	diags_release(&diags);
	free(path);
	return config ? 0 : -1;
}

const struct config *
config_get(void)
{
	if (!loaded)
		loaded = empty(NULL);
	return loaded;
}

const struct yaml_node *
config_node(const struct config *config, const char *section, const char *name)
{
	const struct yaml_node *root =
		config->stream.count ? config->stream.documents[0].root : NULL;
	const struct yaml_node *node =
		root && root->kind == YAML_MAPPING ? yaml_get(root, section) : NULL;

	if (!node || !name)
		return node;
	return node->kind == YAML_MAPPING ? yaml_get(node, name) : NULL;
}
