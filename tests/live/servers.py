"""The servers of the test, on loopback: PostgreSQL, BIND, HTTPS. Each is stopped by its own pid."""
import base64
import http.server
import os
import pwd
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import threading

from checks import Failure, wait_until


def unprivileged():
    """The user that servers run as which refuse root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("started as root, and there is neither a user postgres nor nobody")


def free_port(addresses=("127.0.0.1",)):
    """A port that is free on all the addresses, for UDP and for TCP."""
    for _ in range(200):
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
        try:
            for address in addresses:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind((address, port))
        except OSError:
            continue
        return port
    raise Failure("no free port on " + ", ".join(addresses))


class Process:
    """A process of our own in a session of its own, its output in a file."""

    def __init__(self, name, argv, log, user=None, env=None, cwd=None):
        self.name, self.log = name, log
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        with open(log, "ab") as out:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True, env=env, cwd=cwd, **who)

    def alive(self):
        return self.child.poll() is None

    def tail(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-800:]

    def stop(self, how=signal.SIGTERM):
        if self.alive():
            self.child.send_signal(how)
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()


class Postgres:
    """A PostgreSQL made by initdb, with the database tsb of a Management Plane in it."""

    PASSWORD = "vergissmeinnicht-5432"

    def __init__(self, folder):
        self.folder, self.user = folder, unprivileged()
        self.port = free_port()
        self.process = None
        self.bin = self.find()

    def make(self):
        folder = self.folder
        os.makedirs(folder)
        self.hand_over(folder)
        with open(f"{folder}/password", "w") as file:
            file.write(self.PASSWORD)
        os.chmod(f"{folder}/password", 0o600)
        self.hand_over(f"{folder}/password")
        self.tool("initdb", "-D", f"{folder}/data", "-U", "tsb", "-A", "scram-sha-256",
                  f"--pwfile={folder}/password", "-E", "UTF8", "--no-sync", "--locale=C")
        self.start()
        self.fill()

    def fill(self):
        """The database as the Management Plane left it."""
        self.empty()
        with open(os.path.join(os.path.dirname(__file__), "tsb.sql")) as file:
            self.psql(file.read())

    def empty(self):
        self.psql("DROP DATABASE IF EXISTS tsb WITH (FORCE)", database="postgres")
        self.psql("CREATE DATABASE tsb", database="postgres")

    @staticmethod
    def find():
        for version in ("15", "16", "17", "14"):
            path = f"/usr/lib/postgresql/{version}/bin"
            if os.path.exists(f"{path}/initdb"):
                return path
        path = shutil.which("initdb")
        if path:
            return os.path.dirname(path)
        raise Failure("there is no PostgreSQL here: install Debian's package postgresql")

    def hand_over(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def tool(self, name, *arguments):
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run([f"{self.bin}/{name}", *arguments], capture_output=True, text=True,
                              cwd="/", timeout=60, **who)
        if done.returncode != 0:
            raise Failure(f"{name}: {done.stderr.strip() or done.stdout.strip()}")

    def start(self):
        self.process = Process(
            "postgres",
            [f"{self.bin}/postgres", "-D", f"{self.folder}/data", "-p", str(self.port), "-h", "127.0.0.1",
             "-k", self.folder, "-c", "fsync=off", "-c", "max_connections=20"],
            f"{self.folder}.log", user=self.user, cwd="/")
        wait_until(self.answers, "PostgreSQL to answer: " + f"{self.folder}.log")

    def answers(self):
        if not self.process.alive():
            raise Failure("PostgreSQL ended: " + self.process.tail())
        return subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              check=False).returncode == 0

    def stop(self):
        if self.process:
            self.process.stop(signal.SIGINT)    # "fast": does not wait for clients

    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} dbname=tsb user=tsb"

    def lose(self, dump):
        """The database is gone, and an empty one in its place; a dump of it is left. Returns the dump's path."""
        done = subprocess.run([f"{self.bin}/pg_dump", "-d", self.conninfo(), "-f", dump], capture_output=True, text=True,
                              timeout=60, env={**os.environ, "PGPASSWORD": self.PASSWORD})
        if done.returncode != 0:
            raise Failure("pg_dump: " + done.stderr.strip())
        self.empty()
        return dump

    def psql(self, sql, database="tsb"):
        """Runs statements by psql and returns its unaligned output, without the last newline."""
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", "tsb", "-d", database], input=sql, capture_output=True, text=True, timeout=30,
            env={**os.environ, "PGPASSWORD": self.PASSWORD})
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr.strip()}")
        return done.stdout.rstrip("\n")


class Relay:
    """Passes DNS on from one address to a port of 127.0.0.1: named itself listens only on addresses that an
    interface has, and of 127.0.0.0/8 that is one."""

    def __init__(self, address, port, to):
        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                data, back = self.request
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
                    link.settimeout(5)
                    link.sendto(data, ("127.0.0.1", to))
                    back.sendto(link.recv(65535), self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self):
                with socket.create_connection(("127.0.0.1", to), timeout=5) as link, link.makefile("rwb") as there:
                    while self.message(self.rfile, there):
                        self.message(there, self.wfile)

            @staticmethod
            def message(source, sink):
                head = source.read(2)
                if len(head) == 2:
                    sink.write(head + source.read(struct.unpack("!H", head)[0]))
                    sink.flush()
                return len(head) == 2

        def quiet(*_):
            pass                # a client that went away, or a server that is down, shows at the other end

        self.servers = []
        for kind, handler in ((socketserver.ThreadingUDPServer, Datagram), (socketserver.ThreadingTCPServer, Stream)):
            server = type("Server", (kind,), {"daemon_threads": True, "allow_reuse_address": True,
                                              "handle_error": quiet})((address, port), handler)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
            self.servers.append(server)

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


class NameServers:
    """A primary with a TSIG key, a secondary that follows it, and a caching resolver before them; all three
    on one port, each on its address."""

    PRIMARY, SECONDARY, RESOLVER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
    NAME, OLD, TTL = "tsb.example.com", "127.0.0.9", 3

    def __init__(self, folder):
        self.folder, self.user = folder, unprivileged()
        self.port = free_port((self.PRIMARY, self.SECONDARY, self.RESOLVER))
        self.processes, self.relays = [], []

    def make(self):
        os.makedirs(self.folder)
        # A copy: the profile that Debian's AppArmor holds for named allows no folder of ours.
        self.named = f"{self.folder}/named"
        shutil.copy(shutil.which("named", path=os.environ.get("PATH", "") + ":/usr/sbin") or "/usr/sbin/named",
                    self.named)
        self.key_file = self.write_key("lifeboat.key", os.urandom(32))
        self.wrong_key_file = self.write_key("wrong.key", os.urandom(32))
        second, third = free_port(), free_port()
        self.server("primary", self.port, f'''
            include "{self.key_file}";
            zone "example.com" {{
                type primary; file "example.com.zone";
                update-policy {{ grant lifeboat-test zonesub ANY; }};
                notify explicit; also-notify {{ 127.0.0.1 port {second}; }}; notify-delay 0;
                allow-transfer {{ 127.0.0.1; }};
            }};''', "recursion no;")
        # a secondary that meets nobody at its start asks again after a minute
        wait_until(lambda: self.dig(self.PRIMARY) == [self.OLD], f"the name server at {self.PRIMARY}")
        self.server("secondary", second, f'''
            zone "example.com" {{
                type secondary; file "example.com.copy"; masterfile-format text; notify no;
                primaries {{ {self.PRIMARY} port {self.port}; }};
            }};''', "recursion no;")
        self.server("resolver", third, f'''
            zone "example.com" {{
                type forward; forward only; forwarders {{ {self.PRIMARY} port {self.port}; }};
            }};''', "recursion yes; dnssec-validation no; empty-zones-enable no;")
        self.relays = [Relay(self.SECONDARY, self.port, second), Relay(self.RESOLVER, self.port, third)]
        for address in (self.PRIMARY, self.SECONDARY, self.RESOLVER):
            wait_until(lambda at=address: self.dig(at) == [self.OLD], f"the name server at {address}")

    def write_key(self, name, secret):
        path = f"{self.folder}/{name}"
        with open(path, "w") as file:
            file.write('key "lifeboat-test" {\n\talgorithm hmac-sha256;\n\tsecret "'
                       + base64.b64encode(secret).decode() + '";\n};\n')
        os.chmod(path, 0o600)
        self.hand_over(path)
        return path

    def hand_over(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def server(self, name, port, zone, options):
        home = f"{self.folder}/{name}"
        os.makedirs(home)
        if name == "primary":
            with open(f"{home}/example.com.zone", "w") as file:
                file.write(f'''$TTL 60
@ IN SOA ns1.example.com. hostmaster.example.com. 1 60 10 86400 2
  IN NS ns1.example.com.
  IN NS ns2.example.com.
ns1 IN A {self.PRIMARY}
ns2 IN A {self.SECONDARY}
tsb {self.TTL} IN A {self.OLD}
''')
            self.hand_over(f"{home}/example.com.zone")
        with open(f"{home}/named.conf", "w") as file:
            file.write(f'''options {{
                directory "{home}"; pid-file none; session-keyfile none; lock-file none;
                listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
                allow-query {{ any; }}; {options}
            }};
            controls {{ }};
            {zone}''')
        self.hand_over(home)
        self.hand_over(self.folder)
        self.processes.append(Process("named-" + name, [self.named, "-g", "-n", "1", "-c", f"{home}/named.conf"],
                                      f"{self.folder}-{name}.log", user=self.user, cwd=home))

    def dig(self, address, name=NAME, kind="A"):
        """The values that one server gives, sorted, as dig prints them; None where it gives no answer."""
        done = subprocess.run(["dig", "+short", "+time=1", "+tries=1", "+nocookie", f"@{address}", "-p", str(self.port),
                               name, kind], capture_output=True, text=True, check=False)
        for process in self.processes:
            if not process.alive():
                raise Failure(f"{process.name} ended: " + process.tail())
        return sorted(done.stdout.split()) if done.returncode == 0 else None

    def change(self, value):
        """Puts one address in place of the record, by nsupdate, and waits until all three show it."""
        change = (f"server {self.PRIMARY} {self.port}\nzone example.com\nupdate delete {self.NAME}\n"
                  f"update add {self.NAME} {self.TTL} A {value}\nsend\n")
        done = subprocess.run(["nsupdate", "-k", self.key_file], input=change, capture_output=True, text=True,
                              timeout=20)
        if done.returncode != 0:
            raise Failure(f"nsupdate: {done.stderr.strip()}")
        for address in (self.PRIMARY, self.SECONDARY, self.RESOLVER):
            wait_until(lambda at=address: self.dig(at) == [value], f"{address} to show {value}")

    def reset(self):
        if self.dig(self.PRIMARY) != [self.OLD] or self.dig(self.RESOLVER) != [self.OLD]:
            self.change(self.OLD)

    def stop(self):
        for relay in self.relays:
            relay.stop()
        for process in self.processes:
            process.stop()


class Web:
    """An HTTPS server: answer(path, headers) gives status, content type and body."""

    def __init__(self, address, certificate, key, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                status, kind, body = answer(self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass            # a client that refuses our certificate is what some tests are about

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = Server((address, 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)
