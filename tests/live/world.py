"""The world around one restore: a cluster, a database, a zone, a web site and a backup folder."""
import base64
import json
import os
import shutil
import subprocess

from checks import Failure, equal, wait_until
from cluster import TOKENS, Actors, Cluster
from servers import NameServers, Postgres, Web, free_port

FQDN = NameServers.NAME
ADDRESS = "127.0.0.20"          # that the cloud gives to the new front envoy
KID = "kid-of-the-lost-plane"
ES_USER, ES_PASSWORD = "elastic", "rollwagen-9200-klapper"
SECRET_WORDS = ("hunter-of-the-snark-77", "signing-key-material-0815", Postgres.PASSWORD, ES_PASSWORD)
LIMITED_RULES = [("", ["nodes", "pods", "pods/log", "services", "events"], ["get", "list", "watch", "create", "patch"]),
                 ("", ["namespaces"], ["get", "list", "create"]),
                 ("apps", ["deployments", "replicasets"], ["get", "list", "watch", "create", "patch"])]


class World:
    def __init__(self, folder, kubeconfig):
        self.folder, self.here = folder, os.path.dirname(os.path.abspath(__file__))
        self.image = os.environ.get("LIFEBOAT_TEST_IMAGE", "rancher/mirrored-pause:3.9")
        self.closing = []
        self.sites = 0
        self.health = "yellow"
        self.cluster = Cluster(kubeconfig, folder)
        self.database = Postgres(f"{folder}/postgres")
        self.names = NameServers(f"{folder}/names")

    def make(self):
        folder = self.folder
        self.make_certificates()
        self.closing.append(self.cluster.clean_up)
        self.cluster.connect()
        self.closing.append(self.database.stop)
        self.database.make()
        self.closing.append(self.names.stop)
        self.names.make()
        self.ui = Web(ADDRESS, f"{folder}/server.crt", f"{folder}/server.key", self.answer_ui)
        self.closing.append(self.ui.stop)
        self.elastic = Web("127.0.0.1", f"{folder}/server.crt", f"{folder}/server.key", self.answer_elastic)
        self.closing.append(self.elastic.stop)
        self.old = self.cluster.make_namespace("old")
        self.edges = [self.cluster.make_namespace("app-1"), self.cluster.make_namespace("app-2")]
        self.populate()
        self.actors = Actors(self.cluster, self.edges, ADDRESS)
        self.closing.append(self.actors.stop)

    def close(self):
        for stop in reversed(self.closing):
            try:
                stop()
            except Exception as problem:  # the others must be stopped all the same
                print(f"# while stopping: {problem}", flush=True)

    # ---------------------------------------------------------------- what is there from the start

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0:
            raise Failure(f"openssl {arguments[0]}: {done.stderr.strip()}")

    def make_certificates(self):
        for name, title in (("root", "Root CA of the Reederei"), ("other", "Root CA of the Reederei")):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-days", "30", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={title}",
                         "-addext", "keyUsage=critical,keyCertSign")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
                     "-out", "server.csr", "-subj", f"/CN={FQDN}")
        with open(f"{self.folder}/server.ext", "w") as file:
            file.write(f"subjectAltName=DNS:{FQDN},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial",
                     "-days", "30", "-out", "server.crt", "-extfile", "server.ext")

    def populate(self):
        """The lost Management Plane, which still answers, and the control planes of the workload clusters."""
        for name in ("tsb-operator-management-plane", "tsb", "iam"):
            self.cluster.make_deployment(self.old, name, {"app": name}, self.image)
        for edge in self.edges:
            self.cluster.make_deployment(edge, "edge", {"app": "edge"}, self.image)
            self.cluster.make_secret(edge, "cluster-service-account", {"key": "of-" + edge})

    @staticmethod
    def answer_ui(path, _headers):
        if path == "/":
            return 200, "text/html", b"<html><title>Tetrate</title></html>"
        return 404, "text/plain", b"nothing here"

    def answer_elastic(self, path, headers):
        login = "Basic " + base64.b64encode(f"{ES_USER}:{ES_PASSWORD}".encode()).decode()
        if headers.get("Authorization") != login:
            return 401, "application/json", b'{"error":"unauthorized"}'
        if path == "/_cluster/health":
            return 200, "application/json", json.dumps({"status": self.health, "number_of_nodes": 3}).encode()
        if path.startswith("/_cat/indices/skywalking-"):
            rows = [{"index": f"skywalking-metrics-{day}", "health": "green"} for day in (19, 20)]
            return 200, "application/json", json.dumps(rows).encode()
        return 404, "application/json", b"{}"

    # ---------------------------------------------------------------- one site for each restore

    def site(self, **options):
        self.sites += 1
        return Site(self, self.sites, **options)


class Site:
    """A namespace for one restored Management Plane, with its own kubeconfig and backup folder; the rest of
    the world is put back to how it was after the loss."""

    def __init__(self, world, number, have_key=True, old="answers", limited=False, root="root", files=None):
        self.world, self.have_key = world, have_key
        self.folder = f"{world.folder}/site-{number}"
        self.state = f"{self.folder}/state"
        self.backup = f"{self.folder}/backup"
        os.makedirs(self.backup)
        os.makedirs(self.state, mode=0o700)
        self.namespace = world.cluster.claim(world.cluster.name(f"mgmt-{number}"))
        self.limited = None
        self.token = None
        if limited:
            self.limited = world.cluster.make_namespace(f"users-{number}")
            self.token = world.cluster.service_account_token(self.limited, "operator")
            world.cluster.grant(world.cluster.name(f"limited-{number}"), self.limited, "operator", LIMITED_RULES)
        self.write_kubeconfig(old)
        self.write_helm()
        self.write_backup(root, files or ("mp-values.yaml", "credentials.yaml", "iam-signing-key.yaml"))
        self.key_file = f"{self.folder}/dns.key"
        shutil.copy(world.names.key_file, self.key_file)
        self.reset_world()
        self.params = self.make_params(old)

    def reset_world(self):
        world = self.world
        world.names.reset()
        world.health = "yellow"
        world.actors.hold_address.clear()
        world.actors.namespace = self.namespace
        for name in ("tsb-operator-management-plane", "tsb", "iam"):
            world.cluster.scale(world.old, name, 1)
        for edge in world.edges:
            wait_until(lambda at=edge: all(world.cluster.secret(at, name) for name in TOKENS),
                       f"the tokens in {edge}")
            wait_until(lambda at=edge: world.cluster.available(at, "edge"), f"the edge in {edge}", timeout=60)

    def grant_secrets(self):
        self.world.cluster.grant(self.world.cluster.name("secrets-" + os.path.basename(self.folder)), self.limited,
                                 "operator", [("", ["secrets"], ["get", "list", "create", "patch", "delete"])])

    def write_kubeconfig(self, old):
        config = self.world.cluster.config
        cluster = config["clusters"][0]["cluster"]
        user = {"token": self.token} if self.token else config["users"][0]["user"]
        admin = config["users"][0]["user"]
        clusters = {"real": cluster, "gone": {"server": f"https://127.0.0.1:{free_port()}"}}
        contexts = {"mgmt-b": ("real", "operator", self.namespace),
                    "mgmt-a": ("real" if old == "answers" else "gone", "admin", self.world.old)}
        for number, edge in enumerate(self.world.edges, 1):
            contexts[f"app-{number}"] = ("real", "admin", edge)
        self.kubeconfig = f"{self.folder}/kubeconfig"
        with open(self.kubeconfig, "w") as file:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "mgmt-b",
                "clusters": [{"name": n, "cluster": c} for n, c in clusters.items()],
                "users": [{"name": "admin", "user": admin}, {"name": "operator", "user": user}],
                "contexts": [{"name": n, "context": {"cluster": c, "user": u, "namespace": s}}
                             for n, (c, u, s) in contexts.items()]}, file)
        os.chmod(self.kubeconfig, 0o600)

    def write_helm(self):
        """What the stand-in for helm finds in its home."""
        self.helm_hold = f"{self.folder}/helm-hold"
        with open(f"{self.folder}/helm-image", "w") as file:
            file.write(self.world.image)

    def write_file(self, name, root="root"):
        path = f"{self.backup}/{name}"
        if name == "mp-values.yaml":
            text = "image:\n  registry: registry.example.com/tetrate\n  tag: 1.9.2\nspec:\n  organization: reederei\n"
        elif name == "iam-signing-key.yaml":
            text = self.manifest("iam-signing-key", {"kid": KID, "key": "signing-key-material-0815"})
        else:
            with open(f"{self.world.folder}/{root}.crt") as file:
                certificate = file.read()
            secrets = {"admin-credentials": {"password": "hunter-of-the-snark-77"},
                       "tsb-certs": {"tls.key": "hunter-of-the-snark-77", "tls.crt": certificate},
                       "postgres-credentials": {"data-store-username": "tsb", "data-store-password": Postgres.PASSWORD},
                       "elastic-credentials": {"username": ES_USER, "password": ES_PASSWORD},
                       "xcp-central-cert": {"ca.crt": certificate, "tls.key": "hunter-of-the-snark-77"}}
            text = "---\n".join(self.manifest(n, d) for n, d in secrets.items())
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def write_backup(self, root, files):
        for name in files:
            self.write_file(name, root)

    @staticmethod
    def manifest(name, data):
        lines = [f"  {key}: {base64.b64encode(value.encode()).decode()}\n" for key, value in data.items()]
        return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\ndata:\n{''.join(lines)}"

    def make_params(self, old):
        world = self.world
        password = f"{self.folder}/pg-password"
        for path, text in ((password, Postgres.PASSWORD), (f"{self.folder}/es-password", ES_PASSWORD)):
            with open(path, "w") as file:
                file.write(text + "\n")
            os.chmod(path, 0o600)
        return {
            "product": "tsb" if self.have_key else "tse", "namespace": self.namespace, "context": "mgmt-b",
            "old_context": "mgmt-a" if old else "", "old_namespace": world.old, "fqdn": FQDN,
            "backup_dir": self.backup, "ca_file": f"{world.folder}/root.crt",
            "have_key": "true" if self.have_key else "false", "workloads": "app-1,app-2", "edge_namespace": "",
            "pg_conninfo": world.database.conninfo(), "pg_password": f"file:{password}",
            "es_url": f"https://127.0.0.1:{world.elastic.port}", "es_user": ES_USER,
            "es_password": f"file:{self.folder}/es-password", "zone": "example.com",
            "dns_server": NameServers.PRIMARY, "dns_port": str(world.names.port), "dns_key_file": self.key_file,
            "resolvers": f"{NameServers.RESOLVER}:{world.names.port}", "record_ttl": "5",
            "ui_port": str(world.ui.port), "dns_timeout": "1m", "chart_version": "1.9.2",
        }

    def environment(self):
        """What the program is started with: nothing of the home of whoever runs the test."""
        world = self.world
        return {
            "PATH": f"{world.here}:{os.environ.get('PATH', '/usr/bin:/bin')}", "HOME": self.folder,
            "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "xterm-256color"), "USER": "ana",
            "XDG_STATE_HOME": self.state, "XDG_RUNTIME_DIR": self.folder, "KUBECONFIG": self.kubeconfig,
        }

    # ---------------------------------------------------------------- what must be true afterwards

    def uids(self):
        """The UIDs of the tokens of all workload clusters."""
        return {(edge, name): (self.world.cluster.secret(edge, name) or {"metadata": {}})["metadata"].get("uid")
                for edge in self.world.edges for name in TOKENS}

    def assert_restored(self, tokens_before):
        cluster, names = self.world.cluster, self.world.names
        for name in ("tsb-operator-management-plane", "tsb", "iam", "web", "envoy", "oap", "mpc", "central",
                     "xcp-operator-central", "otel-collector"):
            equal(cluster.available(self.namespace, name), True, f"deployment {name} available")
        equal(cluster.deployment(self.namespace, "tsb")["metadata"]["labels"]["version"], "1.9.2",
              "the version of tsb, which mp-values.yaml gives")
        self.assert_secrets()
        for address in (names.PRIMARY, names.SECONDARY, names.RESOLVER):
            equal(names.dig(address), [ADDRESS], f"{FQDN} at {address}")
        equal(self.world.database.psql("SELECT count(*) FROM audit_log"), "40", "rows of audit_log")
        equal(self.world.database.psql("SELECT count(*) FROM node"), "5", "rows of node")
        self.assert_tokens(tokens_before)
        if self.world.actors.problem:
            raise Failure("the world itself had a problem: " + self.world.actors.problem)

    def assert_secrets(self):
        cluster = self.world.cluster
        secret = cluster.secret(self.namespace, "postgres-credentials")
        equal(base64.b64decode(secret["data"]["data-store-password"]).decode(), Postgres.PASSWORD,
              "the password in secret postgres-credentials")
        key = cluster.secret(self.namespace, "iam-signing-key")
        if self.have_key:
            equal(base64.b64decode(key["data"]["kid"]).decode(), KID, "kid of the iam-signing-key")
        else:
            equal(key, None, "secret iam-signing-key")

    def assert_tokens(self, before):
        after = self.uids()
        for where, uid in after.items():
            if uid is None:
                raise Failure(f"token {where[1]} is missing in {where[0]}")
            if self.have_key:
                equal(uid, before[where], f"token {where[1]} in {where[0]}, which was to be left alone")
            elif uid == before[where]:
                raise Failure(f"token {where[1]} in {where[0]} is still the old one")

    def old_replicas(self):
        return [self.world.cluster.deployment(self.world.old, name)["spec"]["replicas"]
                for name in ("tsb-operator-management-plane", "tsb", "iam")]
