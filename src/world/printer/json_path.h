#ifndef LIFEBOAT_WORLD_PRINTER_JSON_PATH_H
#define LIFEBOAT_WORLD_PRINTER_JSON_PATH_H

#include <cjson/cJSON.h>
#include <stddef.h>

/*
 * What a JSONPath such as a column of a CustomResourceDefinition has finds in a tree, in order: .a.b, .a\.b, ['a'], [0], [-1],
 * [1:3], [*], .*, ..a, [?(@.type=="Ready")] with ==, !=, <, <=, >, >= or nothing but a path. An empty list where nothing is
 * there, or the path is none. The nodes are borrowed; the caller frees the array. Source: kubernetes.io, "JSONPath Support".
 */
const cJSON **json_path_find(const cJSON *tree, const char *path, size_t *ret_count);

#endif
