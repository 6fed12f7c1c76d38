#include "config.h"

#include <jq.h>

#include "base/late.h"

/* libjq, loaded when it is first called: see late.h. */

LATE_NOTE("[{\"soname\":[\"" JQ_SONAME
	  "\"],\"priority\":\"required\",\"description\":\"expressions of "
	  "runbooks\"}]");

LATE_LIBRARY(late_jq, JQ_SONAME, "libjq1");

#define FUNCTION(result, name, parameters, arguments)                                              \
	LATE_FUNCTION(late_jq, result, name, parameters, arguments)

FUNCTION(jq_state *, jq_init, (void), ())
FUNCTION(void, jq_teardown, (jq_state * *jq), (jq))
FUNCTION(void, jq_set_attr, (jq_state * jq, jv name, jv value), (jq, name, value))
FUNCTION(void, jq_set_error_cb, (jq_state * jq, jq_msg_cb callback, void *data),
	 (jq, callback, data))
FUNCTION(void, jq_set_nomem_handler, (jq_state * jq, void (*handler)(void *), void *data),
	 (jq, handler, data))
FUNCTION(int, jq_compile, (jq_state * jq, const char *program), (jq, program))
FUNCTION(void, jq_start, (jq_state * jq, jv input, int flags), (jq, input, flags))
FUNCTION(jv, jq_next, (jq_state * jq), (jq))
FUNCTION(jv, jv_array, (void), ())
FUNCTION(jv, jv_array_get, (jv array, int index), (array, index))
FUNCTION(int, jv_array_length, (jv array), (array))
FUNCTION(jv, jv_copy, (jv value), (value))
FUNCTION(jv, jv_dump_string, (jv value, int flags), (value, flags))
FUNCTION(void, jv_free, (jv value), (value))
FUNCTION(jv_kind, jv_get_kind, (jv value), (value))
FUNCTION(jv, jv_invalid_get_msg, (jv value), (value))
FUNCTION(int, jv_invalid_has_msg, (jv value), (value))
FUNCTION(jv, jv_null, (void), ())
FUNCTION(jv, jv_number, (double value), (value))
FUNCTION(jv, jv_object_get, (jv object, jv key), (object, key))
FUNCTION(jv, jv_object_set, (jv object, jv key, jv value), (object, key, value))
FUNCTION(jv, jv_parse_sized, (const char *text, int len_bytes), (text, len_bytes))
FUNCTION(jv, jv_string, (const char *text), (text))
FUNCTION(int, jv_string_length_bytes, (jv string), (string))
FUNCTION(const char *, jv_string_value, (jv string), (string))
