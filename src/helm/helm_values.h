#ifndef LIFEBOAT_HELM_VALUES_H
#define LIFEBOAT_HELM_VALUES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "helm/helm_args.h"

/*
 * The values that a command line gives: files, then --set-json, --set, --set-string and --set-file, each over what was
 * before. An object; nulls stay in it. The caller deletes. Errors have helm's words. Source: helm, pkg/cli/values.
 */
int helm_values_given(const struct helm_flags *flags, cJSON **ret_values, struct err *e);

/* Lays `over` over `under`: maps deeply, everything else replaced; a null replaces. A new object. */
cJSON *helm_values_merge(const cJSON *under, const cJSON *over);

/*
 * What templates see: the user's values over the chart's; a null of the user's takes out what the chart has. A new
 * object. Source: helm, pkg/chartutil, CoalesceValues.
 */
cJSON *helm_values_coalesce(const cJSON *user, const cJSON *chart);

/*
 * One argument of --set: "a.b[0].c=v,d={x,y}", with backslashes before what shall not count. With `texts` (--set-string)
 * all values are strings; with `files` (--set-file) they are names of files. Changes `values`. Source: helm, pkg/strvals.
 */
int helm_values_set(const char *text, bool texts, bool files, cJSON *values, struct err *e);
/* The same with values that are JSON: "a=[1,2],b.c={}". */
int helm_values_set_json(const char *text, cJSON *values, struct err *e);

#endif
