#!/usr/bin/env python3
"""An HTTP proxy before an API server, that breaks on command. Plain HTTP towards the client, TLS behind.

Usage: proxy.py KUBECONFIG [NEW_KUBECONFIG]
It goes upstream as the current user of KUBECONFIG, listens on a free port of 127.0.0.1, writes
NEW_KUBECONFIG for clients that are to go through it, and prints its port. Commands come on standard
input, one a line; each is answered by one line, "ok NUMBER" or "error WHY". It ends with its input.

REGEX (the rest of the line) is searched for in "METHOD /path?query"; N is how often a fault happens.
The number in the answer is that of the exchanges found.

  drop REGEX             close the connections of the exchanges under way
  reset REGEX            the same by RST
  half-close REGEX       end our side of them and go on reading
  stall REGEX            pass on nothing more of them, but stay connected
  blackhole REGEX        the same, and acknowledge nothing either, as a host that lost its power
  release REGEX          go on with what was stalled
  end REGEX              end their answers as if they were complete
  inject TEXT<TAB>REGEX  put a line into the bodies of those that stream
  status CODE N REGEX    answer so the next N exchanges with a Status object
  retry CODE S N REGEX   the same with "Retry-After: S"
  body N TEXT<TAB>REGEX  answer the next N exchanges with 200 and this body
  warn N TEXT<TAB>REGEX  add a Warning header to the next N answers
  cut BYTES N REGEX      drop the next N exchanges after so many bytes of their bodies
  refuse on|off          accept no connection at all
  live REGEX             count the exchanges under way
  answering REGEX        count those whose answer has begun
  seen REGEX             count the requests that came so far
"""
import asyncio
import base64
import ctypes
import fcntl
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import urllib.parse

LIMIT = 1 << 20  # of a request's body and of one line
MAX_CONNECTIONS = 512
PIECE = 1 << 16
SO_ATTACH_FILTER = 26
STATUS_REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
                  422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable",
                  504: "Timeout"}


class Broken(Exception):
    """The exchange ends here; the connection was dealt with."""


def status_object(code):
    return json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                       "message": f"injected {code}", "reason": STATUS_REASONS.get(code, ""), "code": code})


def swallow_everything(sock):
    """A filter that passes no packet: to its peer the socket is as dead as an unplugged machine's."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF_RET | BPF_K, 0 bytes
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HxxxxxxP", 1, ctypes.addressof(program)))


def unacknowledged(sock):
    """The bytes that the other side has not acknowledged yet."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]


class Upstream:
    """Where KUBECONFIG leads to, and as whom."""

    def __init__(self, kubeconfig):
        text = subprocess.run(["kubectl", "config", "view", "--kubeconfig", kubeconfig, "--raw", "--flatten",
                               "--minify", "-o", "json"], check=True, capture_output=True, timeout=30).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        server = urllib.parse.urlsplit(cluster["server"])
        self.host, self.prefix = server.hostname, server.path.rstrip("/")
        self.port = server.port or (443 if server.scheme == "https" else 80)
        self.token = user.get("token")
        self.tls = self.context(cluster, user) if server.scheme == "https" else None

    @staticmethod
    def context(cluster, user):
        authority = cluster.get("certificate-authority-data")
        context = ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile() as pem:  # 0600, and gone at once
                for part in ("client-certificate-data", "client-key-data"):
                    pem.write(base64.b64decode(user[part]) + b"\n")
                pem.flush()
                context.load_cert_chain(pem.name)
        return context

    async def open(self):
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls, limit=LIMIT)


class Fault:
    """What is to happen to the next exchanges that fit."""

    def __init__(self, kind, times, pattern, **details):
        self.kind, self.times, self.pattern = kind, times, re.compile(pattern)
        self.__dict__.update(details)


class Exchange:
    """One request under way, as commands see it."""

    def __init__(self, what, reader, writer):
        self.what, self.reader, self.writer = what, reader, writer
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.task = asyncio.current_task()
        self.chunked = self.at_line_start = self.answering = False

    def abort(self, by_reset):
        if by_reset:
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()
        self.task.cancel()

    def write_body(self, piece):
        self.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self.chunked else piece)
        self.at_line_start = piece.endswith(b"\n")


class Proxy:
    def __init__(self, upstream):
        self.upstream = upstream
        self.exchanges, self.faults, self.seen, self.held = set(), [], [], set()
        self.server, self.port, self.connections = None, 0, 0

    # -- the way of one exchange

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=LIMIT)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            going_on = self.connections <= MAX_CONNECTIONS
            early = self.read_ahead(reader)
            while going_on and (first := await early):
                early = await self.serve_one(first, reader, writer)
                going_on = early is not None
        except (OSError, EOFError, ValueError, Broken, asyncio.CancelledError, asyncio.LimitOverrunError):
            pass
        finally:
            self.connections -= 1
            if writer not in self.held:
                writer.close()

    @staticmethod
    def read_ahead(reader):
        """The first byte of the client's next request, or b"" at the end of its connection."""
        early = asyncio.ensure_future(reader.read(1))
        early.add_done_callback(lambda done: done.cancelled() or done.exception())
        return early

    async def serve_one(self, first, reader, writer):
        """Returns the future of what the client sends next, or None where the connection is to be closed."""
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if length > LIMIT or "transfer-encoding" in headers:
            raise ValueError("a request that is too large")
        body = await reader.readexactly(length)
        what = f"{method} {target}"
        self.seen.append(what)
        exchange = Exchange(what, reader, writer)
        self.exchanges.add(exchange)
        try:
            early = self.read_ahead(reader)
            return early if await self.answer(exchange, early, method, target, headers, body) else None
        finally:
            self.exchanges.discard(exchange)

    def take_fault(self, what, kinds):
        for fault in self.faults:
            if fault.kind in kinds and fault.pattern.search(what):
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def answer(self, exchange, early, method, target, headers, body):
        fault = self.take_fault(exchange.what, ("status", "body"))
        if fault:
            text = (fault.text if fault.kind == "body" else status_object(fault.code)).encode()
            after = f"Retry-After: {fault.after}\r\n" if fault.kind == "status" and fault.after else ""
            code = fault.code if fault.kind == "status" else 200
            exchange.writer.write(f"HTTP/1.1 {code} Injected\r\nContent-Type: application/json\r\n{after}"
                                  f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
            await exchange.writer.drain()
            return True
        reader, writer = await self.upstream.open()
        try:
            self.send_request(writer, method, target, headers, body)
            pump = asyncio.ensure_future(self.pump(exchange, method, reader))
            try:
                await asyncio.wait({pump, early}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not pump.done():
                    pump.cancel()
            return pump.done() and pump.result()
        finally:
            writer.close()

    def send_request(self, writer, method, target, headers, body):
        up = self.upstream
        kept = {n: v for n, v in headers.items() if n not in ("host", "connection", "accept-encoding", "authorization")}
        kept.update({"host": f"{up.host}:{up.port}", "connection": "close"})
        if up.token:
            kept["authorization"] = f"Bearer {up.token}"
        lines = [f"{method} {up.prefix}{target} HTTP/1.1"] + [f"{n}: {v}" for n, v in kept.items()]
        writer.write("\r\n".join(lines + ["", ""]).encode("latin-1") + body)

    async def pump(self, exchange, method, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head.split("\r\n")[1:-2])}
        exchange.chunked = "chunked" in headers.get("transfer-encoding", "")
        await exchange.flowing.wait()
        exchange.writer.write(self.answer_head(exchange, head).encode("latin-1"))
        exchange.answering = True
        cut = self.take_fault(exchange.what, ("cut",))
        left = cut.bytes if cut else -1
        if method != "HEAD" and status not in (204, 304):
            source = self.chunks(reader) if exchange.chunked else self.plain(reader, headers)
            async for piece in source:
                await exchange.flowing.wait()
                piece = piece if left < 0 else piece[:left]
                if piece:
                    exchange.write_body(piece)
                    await exchange.writer.drain()
                left -= len(piece) if left > 0 else 0
                if left == 0:
                    exchange.writer.close()
                    raise Broken()
            if exchange.chunked:
                exchange.writer.write(b"0\r\n\r\n")
        await exchange.writer.drain()
        return exchange.chunked or "content-length" in headers

    def answer_head(self, exchange, head):
        kept = [line for line in head.split("\r\n")[:-2] if not line.lower().startswith("connection:")]
        fault = self.take_fault(exchange.what, ("warn",))
        if fault:
            kept.append('Warning: 299 - "%s"' % fault.text.replace("\\", "\\\\").replace('"', '\\"'))
        return "\r\n".join(kept + ["", ""])

    @staticmethod
    async def chunks(reader):
        while True:
            left = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if left == 0:
                return
            while left > 0:
                piece = await reader.read(min(left, PIECE))
                if not piece:
                    raise EOFError
                left -= len(piece)
                yield piece
            await reader.readexactly(2)

    @staticmethod
    async def plain(reader, headers):
        left = int(headers.get("content-length", 1 << 62))
        while left > 0:
            piece = await reader.read(min(left, PIECE))
            if not piece:
                return
            left -= len(piece)
            yield piece

    # -- commands

    def found(self, pattern):
        regex = re.compile(pattern)
        return [x for x in self.exchanges if regex.search(x.what)]

    def each(self, pattern, act):
        found = self.found(pattern)
        for exchange in found:
            act(exchange)
        return len(found)

    def hold(self, exchange):
        exchange.flowing.clear()

    def half_close(self, exchange):
        self.hold(exchange)
        exchange.writer.write_eof()

    async def blackhole(self, pattern):
        found = self.found(pattern)
        for exchange in found:
            self.hold(exchange)
            sock = exchange.writer.get_extra_info("socket")
            while unacknowledged(sock):  # else our kernel goes on sending that
                await asyncio.sleep(0.01)
            self.held.add(exchange.writer)  # its FIN would be a sign of life
            swallow_everything(sock)
            exchange.task.cancel()
        return len(found)

    def end(self, exchange):
        if exchange.chunked:
            exchange.writer.write(b"0\r\n\r\n")
        exchange.abort(False)

    def inject(self, exchange, text):
        exchange.write_body((b"" if exchange.at_line_start else b"\n") + text.encode() + b"\n")

    def add_fault(self, kind, times, pattern, **details):
        self.faults.append(Fault(kind, int(times), pattern, **details))
        return 0

    async def refuse(self, word):
        if word == "on" and self.server:
            self.server.close()
            self.server = None
        elif word == "off" and not self.server:
            await self.listen()
        return 0

    async def obey(self, line):
        verb, _, rest = line.partition(" ")
        text, _, pattern = rest.rpartition("\t")
        simple = {"drop": lambda x: x.abort(False), "reset": lambda x: x.abort(True),
                  "half-close": self.half_close, "stall": self.hold,
                  "release": lambda x: x.flowing.set(), "end": self.end, "live": lambda x: None}
        if verb in simple:
            return self.each(rest, simple[verb])
        if verb == "blackhole":
            return await self.blackhole(rest)
        if verb == "answering":
            return sum(1 for x in self.found(rest) if x.answering)
        if verb == "inject":
            return self.each(pattern, lambda x: self.inject(x, text))
        if verb == "status":
            code, times, pattern = rest.split(" ", 2)
            return self.add_fault("status", times, pattern, code=int(code), after=None)
        if verb == "retry":
            code, after, times, pattern = rest.split(" ", 3)
            return self.add_fault("status", times, pattern, code=int(code), after=int(after))
        if verb in ("body", "warn"):
            times, _, text = text.partition(" ")
            return self.add_fault(verb, times, pattern, text=text)
        if verb == "cut":
            count, times, pattern = rest.split(" ", 2)
            return self.add_fault("cut", times, pattern, bytes=int(count))
        if verb == "refuse":
            return await self.refuse(rest)
        if verb == "seen":
            regex = re.compile(rest)
            return sum(1 for what in self.seen if regex.search(what))
        raise ValueError(f"no such command: {verb}")


def write_kubeconfig(path, port):
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "proxy",
              "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
              "users": [{"name": "proxy", "user": {}}],
              "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=1)


async def main():
    proxy = Proxy(Upstream(sys.argv[1]))
    await proxy.listen()
    if len(sys.argv) > 2:
        write_kubeconfig(sys.argv[2], proxy.port)
    print(proxy.port, flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        try:
            print("ok", await proxy.obey(line.decode().rstrip("\n")), flush=True)
        except (ValueError, OSError, re.error) as error:
            print("error", str(error).replace("\n", " "), flush=True)
    os._exit(0)  # held connections and streams under way end with us


asyncio.run(main())
