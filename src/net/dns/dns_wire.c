#include "config.h"

#include "net/dns/dns_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/socket/connect.h"
#include "net/socket/wait.h"

void
dns_message_set_id(struct dns_message *message)
{
	if (getrandom(message->bytes, 2, 0) != 2)
		abort(); /* without random IDs answers could be forged */
}

/* Where the question section of a message with one question ends, or 0. */
static size_t
question_end(const uint8_t *bytes, size_t len)
{
	size_t at = DNS_HEADER_LEN;

	while (at < len && bytes[at] != 0) {
		if (bytes[at] > 63)
			return 0;
		at += bytes[at] + 1u;
	}
	return at + 5 <= len ? at + 5 : 0;
}

static bool
same_question(const struct dns_message *query, const uint8_t *reply, size_t len)
{
	size_t end = question_end(query->bytes, query->len);

	if (end == 0 || end > len || memcmp(query->bytes + end - 4, reply + end - 4, 4) != 0)
		return false; /* the type and the class are no letters */
	for (size_t i = DNS_HEADER_LEN; i < end - 4; i++) {
		uint8_t a = query->bytes[i], b = reply[i];

		if (a >= 'A' && a <= 'Z')
			a = (uint8_t)(a + 32);
		if (b >= 'A' && b <= 'Z')
			b = (uint8_t)(b + 32);
		if (a != b)
			return false;
	}
	return true;
}

/* An error answer may come without its question (RFC 1035, 4.1.1: FORMERR, NOTIMP, REFUSED). */
static bool
answers(const struct dns_message *query, const uint8_t *reply, size_t len)
{
	if (len < DNS_HEADER_LEN || memcmp(query->bytes, reply, 2) != 0 || !(reply[2] & 0x80) ||
	    ((query->bytes[2] ^ reply[2]) & 0x78))
		return false;
	if (reply[4] == 0 && reply[5] == 0)
		return (reply[3] & 0x0f) != 0;
	return reply[4] == 0 && reply[5] == 1 && same_question(query, reply, len);
}

static int
open_socket(const struct address *to, int type, int64_t deadline_ms, const struct cancel *cancel,
	    struct err *e)
{
	int failure, fd = connect_address(to, type, deadline_ms, cancel, &failure, e);

	if (fd >= 0)
		return fd;
	errno = failure;
	return failure ? err_errno(e, ERR_NET, "connecting") : err_wrap(e, "connecting");
}

int
dns_exchange_udp(const struct address *to, const struct dns_message *query, int64_t deadline_ms,
		 const struct cancel *cancel, struct dns_message *ret_reply, struct err *e)
{
	uint8_t *buffer = NULL;
	ssize_t got;
	int rc = -1;
	int fd = open_socket(to, SOCK_DGRAM, deadline_ms, cancel, e);

	if (fd < 0)
		return -1;
	if (send(fd, query->bytes, query->len, MSG_NOSIGNAL) < 0) {
		err_errno(e, ERR_NET, "sending");
		goto out;
	}
	buffer = xmalloc(DNS_WIRE_MAX);
	do {
		if (wait_fd(fd, POLLIN, deadline_ms, cancel, e) < 0)
			goto out;
		got = recv(fd, buffer, DNS_WIRE_MAX, 0);
		if (got < 0 && errno != EAGAIN && errno != EINTR) {
			err_errno(e, ERR_NET,
				  errno == ECONNREFUSED ? "nobody listens there" : "receiving");
			goto out;
		}
	} while (got < 0 || !answers(query, buffer, (size_t)got));
	*ret_reply = (struct dns_message){ buffer, (size_t)got };
	buffer = NULL;
	rc = 0;
out:
	free(buffer);
	close(fd);
	return rc;
}

static int
send_all(int fd, const uint8_t *bytes, size_t len, int64_t deadline_ms, const struct cancel *cancel,
	 bool *ret_sent, struct err *e)
{
	while (len) {
		ssize_t done = send(fd, bytes, len, MSG_NOSIGNAL);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(e, ERR_NET, "sending");
		if (done < 0) {
			if (wait_fd(fd, POLLOUT, deadline_ms, cancel, e) < 0)
				return -1;
			continue;
		}
		*ret_sent = true;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

static int
receive_all(int fd, uint8_t *bytes, size_t len, int64_t deadline_ms, const struct cancel *cancel,
	    struct err *e)
{
	while (len) {
		if (wait_fd(fd, POLLIN, deadline_ms, cancel, e) < 0)
			return -1;
		ssize_t got = recv(fd, bytes, len, 0);
		if (got == 0)
			return err_set(e, ERR_NET,
				       "the server closed the connection without an answer");
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(e, ERR_NET, "receiving");
		if (got > 0) {
			bytes += got;
			len -= (size_t)got;
		}
	}
	return 0;
}

/* Messages over TCP carry their length before them (RFC 1035, 4.2.2). */
int
dns_exchange_tcp(const struct address *to, const struct dns_message *query, int64_t deadline_ms,
		 const struct cancel *cancel, bool *ret_sent, struct dns_message *ret_reply,
		 struct err *e)
{
	uint8_t *framed = NULL, *buffer = NULL, length[2];
	size_t len = 0;
	int rc = -1;
	int fd = open_socket(to, SOCK_STREAM, deadline_ms, cancel, e);

	if (fd < 0)
		return -1;
	framed = xmalloc(query->len + 2);
	framed[0] = (uint8_t)(query->len >> 8);
	framed[1] = (uint8_t)query->len;
	memcpy(framed + 2, query->bytes, query->len);
	if (send_all(fd, framed, query->len + 2, deadline_ms, cancel, ret_sent, e) < 0)
		goto out;
	buffer = xmalloc(DNS_WIRE_MAX);
	do {
		if (receive_all(fd, length, 2, deadline_ms, cancel, e) < 0)
			goto out;
		len = (size_t)(length[0] << 8 | length[1]);
		if (receive_all(fd, buffer, len, deadline_ms, cancel, e) < 0)
			goto out;
	} while (!answers(query, buffer, len));
	*ret_reply = (struct dns_message){ buffer, len };
	buffer = NULL;
	rc = 0;
out:
	free(framed);
	free(buffer);
	close(fd);
	return rc;
}
