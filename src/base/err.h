#ifndef LIFEBOAT_BASE_ERR_H
#define LIFEBOAT_BASE_ERR_H

#include <stddef.h>

/*
 * The kinds of failure that the program tells apart. The kind decides the exit code (one table, in
 * err.c) and what may be retried; the message is what a person reads.
 */
enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,	     /* the command line or an answer was wrong */
	ERR_SPEC,	     /* a runbook, a manifest or a configuration is wrong */
	ERR_IO,		     /* a file or a local system call failed */
	ERR_NET,	     /* no connection, or it broke before an answer */
	ERR_TIMEOUT,	     /* a deadline passed */
	ERR_DENIED,	     /* authentication or permission refused */
	ERR_NOT_FOUND,	     /* the remote side answered: there is no such thing */
	ERR_REMOTE,	     /* the remote side answered with another error */
	ERR_CONFLICT,	     /* somebody else changed it, or owns it, or a prerequisite failed */
	ERR_CHECK,	     /* everything answered, but not what was expected */
	ERR_CANCELLED,	     /* the operator cancelled */
	ERR_LOCKED,	     /* another process holds the run */
	ERR_UNKNOWN_OUTCOME, /* a write was sent and its answer lost: it may have happened */
	ERR_INTERNAL,
	ERR_KIND_COUNT
};

#define ERR_MESSAGE_MAX 2048

/*
 * One failure: a kind and a sentence. Plain data in the caller's memory, nothing to release. An
 * operation that returns 0 leaves it untouched; one that returns -1 has filled it. A message longer
 * than the buffer is cut and ends in an ellipsis.
 */
struct err {
	enum err_kind kind;
	char message[ERR_MESSAGE_MAX];
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		ERR_NONE, ""                                                                       \
	}

/* Fills *e and returns -1, so that a function can `return err_set(e, …)`. e may be NULL. */
int err_set(struct err *e, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set(), and appends ": " and the text of errno (read before anything else). */
int err_errno(struct err *e, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is already there. Returns -1. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends ". advice" to the message: what to do now. Returns -1. */
int err_advise(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The journal's word for a kind ("timeout"). */
const char *err_kind_name(enum err_kind kind);

/* The exit code of a program that ends because of this kind. Source: docs, "Exit codes". */
int err_exit_code(enum err_kind kind);

#endif
