#include "config.h"

#include <stdarg.h>

/* setopt and getinfo are macros otherwise, which check types where they are called */
#define CURL_DISABLE_TYPECHECK
/* its first argument became const in a later release, which is the same to a caller */
#define curl_url_get curl_url_get_of_this_release
#include <curl/curl.h>
#undef curl_url_get

#include "base/late.h"

/* libcurl, loaded when it is first called: see late.h. */

LATE_NOTE("[{\"soname\":[\"" CURL_SONAME "\"],\"priority\":\"required\",\"description\":\"HTTP and "
	  "the Kubernetes API\"}]");

LATE_LIBRARY(late_curl, CURL_SONAME, "libcurl4");

#define FUNCTION(result, name, parameters, arguments)                                              \
	LATE_FUNCTION(late_curl, result, name, parameters, arguments)

/* What a variadic function was given; by the kind of option it is one of these. */
#define VARIADIC(result, name, subject, option_type)                                               \
	LATE_SYMBOL(late_curl, name)                                                               \
	result(name)(subject * handle, option_type option, ...)                                    \
	{                                                                                          \
		__typeof__(&(name)) real = LATE_REAL(late_curl, name);                             \
		va_list arguments;                                                                 \
		result done;                                                                       \
                                                                                                   \
		va_start(arguments, option);                                                       \
		switch (option / 10000 * 10000) {                                                  \
		case CURLOPTTYPE_LONG:                                                             \
			done = real(handle, option, va_arg(arguments, long));                      \
			break;                                                                     \
		case CURLOPTTYPE_OFF_T:                                                            \
			done = real(handle, option, va_arg(arguments, curl_off_t));                \
			break;                                                                     \
		default:                                                                           \
			done = real(handle, option, va_arg(arguments, void *));                    \
			break;                                                                     \
		}                                                                                  \
		va_end(arguments);                                                                 \
		return done;                                                                       \
	}

VARIADIC(CURLcode, curl_easy_setopt, CURL, CURLoption)
VARIADIC(CURLMcode, curl_multi_setopt, CURLM, CURLMoption)

LATE_SYMBOL(late_curl, curl_easy_getinfo)

/* What it fills is always a pointer. */
CURLcode(curl_easy_getinfo)(CURL *handle, CURLINFO info, ...)
{
	va_list arguments;
	CURLcode done;

	va_start(arguments, info);
	done = LATE_REAL(late_curl, curl_easy_getinfo)(handle, info, va_arg(arguments, void *));
	va_end(arguments);
	return done;
}

FUNCTION(CURLcode, curl_global_init, (long flags), (flags))
FUNCTION(CURL *, curl_easy_init, (void), ())
FUNCTION(void, curl_easy_reset, (CURL * handle), (handle))
FUNCTION(void, curl_easy_cleanup, (CURL * handle), (handle))
FUNCTION(const char *, curl_easy_strerror, (CURLcode code), (code))
FUNCTION(CURLM *, curl_multi_init, (void), ())
FUNCTION(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
FUNCTION(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *handle), (multi, handle))
FUNCTION(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *handle), (multi, handle))
FUNCTION(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
FUNCTION(CURLMcode, curl_multi_poll,
	 (CURLM * multi, struct curl_waitfd extra[], unsigned count, int timeout_ms, int *ready),
	 (multi, extra, count, timeout_ms, ready))
FUNCTION(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
FUNCTION(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),
	 (list, text))
FUNCTION(void, curl_slist_free_all, (struct curl_slist * list), (list))
FUNCTION(CURLU *, curl_url, (void), ())
FUNCTION(void, curl_url_cleanup, (CURLU * url), (url))
CURLUcode curl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags);
FUNCTION(CURLUcode, curl_url_get, (CURLU * url, CURLUPart part, char **text, unsigned flags),
	 (url, part, text, flags))
FUNCTION(CURLUcode, curl_url_set, (CURLU * url, CURLUPart part, const char *text, unsigned flags),
	 (url, part, text, flags))
FUNCTION(void, curl_free, (void *memory), (memory))
