#ifndef LIFEBOAT_KUBE_JSON_SKIP_H
#define LIFEBOAT_KUBE_JSON_SKIP_H

/* The place behind the string, array or object that begins at `at`, without a look into it; NULL: it does not end before `end`. */
const char *json_skip(const char *at, const char *end);

#endif
