#ifndef LIFEBOAT_KUBE_JSON_CUT_H
#define LIFEBOAT_KUBE_JSON_CUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Internal to src/kube/. Cuts the elements out of one array of a JSON object that arrives in pieces,
 * so that a list of any length is never in memory as a whole. Only strings and the depth of brackets
 * are understood: who wants an element parses it, and finds out then whether it is any good. What is
 * not of the array is kept, as a small document with an empty array in it.
 */
struct json_cut;

enum {
	JSON_CUT_MAX_ELEMENT = 32 << 20,
	JSON_CUT_MAX_REST = 8 << 20,
};

/* An element's text, without the space around it, valid in the call. False: no more of them. */
typedef bool json_cut_fn(void *data, const char *text, size_t len_bytes);

/*
 * Takes the element that a text begins with, and the space around it, if it can read it up to the comma or
 * bracket behind: returns the bytes. 0: it is to be cut out, and comes by json_cut_fn.
 */
typedef size_t json_cut_whole_fn(void *data, const char *text, size_t len_bytes);

/* `names` ends with NULL; the first member of the document that has one of them, and an array, counts. */
struct json_cut *json_cut_new(const char *const *names, json_cut_fn *element, void *data);
/*
 * Offers elements where they lie, before each byte of them is looked at: who reads them finds their end by
 * the way. Most of a list is taken like that.
 */
void json_cut_offer(struct json_cut *cut, json_cut_whole_fn *whole);
void json_cut_free(struct json_cut *cut);

/*
 * Takes the next piece. Returns 0, also where element() wanted no more (then json_cut_stopped());
 * -1 for what can be no JSON object, or is too large, with the offset of the byte.
 */
int json_cut_feed(struct json_cut *cut, const char *bytes, size_t len_bytes, struct err *e);
bool json_cut_stopped(const struct json_cut *cut);

/*
 * In element(): the members that came before the array, as an object that the caller deletes; NULL
 * where they are no JSON.
 */
cJSON *json_cut_before(const struct json_cut *cut);

/* After the last piece: the document without the elements. -1: it is incomplete, or no JSON. */
int json_cut_finish(struct json_cut *cut, cJSON **ret_rest, struct err *e);

#endif
