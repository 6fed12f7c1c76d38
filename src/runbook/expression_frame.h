#ifndef LIFEBOAT_RUNBOOK_EXPRESSION_FRAME_H
#define LIFEBOAT_RUNBOOK_EXPRESSION_FRAME_H

/*
 * What lifeboat and lifeboat-jq (src/jq) say to each other over a socket. A frame in either direction is a kind (one
 * byte), a length (four bytes, this machine's order) and as many bytes. Both are of the same version: see
 * EXPRESSION_EXIT_VERSION.
 */
enum frame_kind {
	FRAME_BEGIN = 'b', /* to jq, first: ["expression", …], to be compiled into one program */
	FRAME_EVALUATE = 'x', /* to jq: {"text":…, "input":…, "context":…} */
	FRAME_COMPILE = 'c', /* to jq: ["expression", …], compiled into one program and forgotten */
	FRAME_READY = 'r',   /* from jq: FRAME_BEGIN is done with; jq's message if that failed */
	FRAME_VALUE = 'v',   /* from jq: the JSON result, or nothing for FRAME_COMPILE */
	FRAME_ERROR = 'e',   /* from jq: its message */
	FRAME_LAST_WORDS = 'l', /* from jq: a message, after which it ends */
};

#define EXPRESSION_PROGRAM "lifeboat-jq"

enum {
	FRAME_MAX_BYTES = 16 << 20,
	FRAME_HEAD_BYTES = 5,
	EXPRESSION_SOCKET = 3, /* its descriptor in lifeboat-jq, which has no other */
	EXPRESSION_EXIT_VERSION =
		3, /* argv[1] was not PACKAGE_VERSION: a lifeboat of another version started it */
};

#endif
