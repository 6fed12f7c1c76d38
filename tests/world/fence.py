"""Nothing of a drill gets out of its world: every executor is told to, with traps outside that would notice."""
import os
import re
import shutil
import socket
import tempfile

from checks import Failure, check, contains, equal
from drill import STEP, Drill

REFUSED = "a drill never touches anything real", "a drill never asks anybody else"

WORLD = """\
apiVersion: lifeboat/v1
kind: World
metadata: {id: traps, title: Ways out, version: 1.0.0, teaches: [there are none], minutes: 1}
runbook: ways-out
text: Try to get out.
clusters:
  - {name: one, address: 10, users: [{name: ana@example.com, groups: ["system:masters"]}]}
backup:
  - path: outside.kubeconfig
    text: |
      apiVersion: v1
      kind: Config
      current-context: outside
      clusters: [{name: c, cluster: {server: "https://127.0.0.1:%(port)d"}}]
      users: [{name: u, user: {token: not-for-you}}]
      contexts: [{name: outside, context: {cluster: c, user: u}}]
  - path: map.yaml
    text: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"
  - path: outside.key
    private: true
    text: |
      key "k" { algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };
params: {backup: "${.backup}"}
"""

RUNBOOK = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {id: ways-out, title: Ways out, version: 1.0.0, summary: All of them.}
params:
  backup: {type: path}
targets:
  cluster: {type: kubernetes, kubeconfig: "${.params.backup}/outside.kubeconfig", context: outside, namespace: default}
  users: {type: kubernetes, kubeconfig: "%(home)s/.kube/config", context: outside, namespace: default}
  database: {type: postgresql, conninfo: "host=127.0.0.1 port=%(port)d dbname=x user=x connect_timeout=3"}
  service: {type: postgresql, conninfo: "service=outside"}
  zone: {type: dns, zone: example.com, server: 127.0.0.1, port: %(port)d, resolvers: ["127.0.0.1:%(port)d"]}
  keyed: {type: dns, zone: example.com, server: 127.0.0.1, port: %(port)d, key_file: "%(home)s/outside.key"}
  site: {type: http, url: "http://127.0.0.1:%(port)d/"}
ends:
  - {id: out, title: Out}
steps:
%(steps)s"""

# What each step tries: id, target, step type and its words.
WAYS = (
    ("get", "cluster", "kubernetes.get", "{resource: pods}"),
    ("get-by-user", "users", "kubernetes.get", "{resource: pods}"),
    ("apply", "cluster", "kubernetes.apply",
     "{file: '${.params.backup}/map.yaml'}"),
    ("delete", "cluster", "kubernetes.delete", "{resource: configmaps, names: [x]}"),
    ("wait", "cluster", "kubernetes.wait", "{resource: pods, name: x, for: deleted, timeout: 3s}"),
    ("logs", "cluster", "kubernetes.logs", "{pod: x}"),
    ("rollout", "cluster", "kubernetes.rollout", "{resource: deployments, name: x, timeout: 3s}"),
    ("scale", "cluster", "kubernetes.scale", "{resource: deployments, name: x, replicas: 0}"),
    ("restart", "cluster", "kubernetes.restart", "{resource: deployments, name: x}"),
    ("query", "database", "postgresql.query", "{sql: SELECT 1}"),
    ("query-by-service", "service", "postgresql.query", "{sql: SELECT 1}"),
    ("execute", "database", "postgresql.execute", "{sql: DELETE FROM x}"),
    ("restore", "database", "postgresql.restore", "{dump: '${.params.backup}/outside.key'}"),
    ("lookup", "zone", "dns.lookup", "{name: www.example.com, type: A}"),
    ("update", "zone", "dns.update", "{name: www.example.com, type: A, ttl: 60, values: [127.0.0.1]}"),
    ("update-by-key", "keyed", "dns.update", "{name: www.example.com, type: A, ttl: 60, values: [127.0.0.1]}"),
    ("dns-wait", "zone", "dns.wait", "{name: www.example.com, type: A, values: [127.0.0.1], timeout: 3s}"),
    ("http", None, "http.check", "{url: 'http://127.0.0.1:%(port)d/', timeout: 3s}"),
    ("http-target", "site", "http.check", "{url: /x, timeout: 3s}"),
    ("http-led", None, "http.check",
     "{url: 'http://www.example.com:%(port)d/', resolve: 127.0.0.1, timeout: 3s}"),
    ("http-name", None, "http.check", "{url: 'http://localhost:%(port)d/', timeout: 3s}"),
    ("tls", None, "tls.check", "{server: '127.0.0.1:%(port)d', timeout: 3s}"),
    ("command", None, "command.run", "{argv: [/bin/sh, -c, 'exit 0'], effect: reads}"),
    ("command-psql", None, "command.run", "{argv: [psql, -h, 127.0.0.1, -p, '%(port)d', x], effect: reads}"),
    ("command-kubectl", None, "command.run",
     "{argv: [kubectl, --kubeconfig, '%(home)s/.kube/config', get, pods], effect: reads}"),
)


def step(way, target, uses, words):
    lines = [f"  - id: {way}", f"    title: Get out by {way}", f"    uses: {uses}", f"    with: {words}"]
    return "\n".join(lines + ([f"    target: {target}"] if target else [])) + "\n"


class Prisoner:
    """Tries each step once, whatever the program says of it."""

    def __init__(self):
        self.tried = set()

    def decide(self, _drill, name, choices):
        if name == "(end)":
            return "end the run"
        if "run" in choices and name not in self.tried:
            self.tried.add(name)
            return "run"
        return "skip"

    def answer(self, _drill, _step, _prompt):
        return "y"

    def end(self, _drill):
        return "1"

    def meanwhile(self, drill, name):
        pass


def listen():
    outside = socket.socket()
    outside.bind(("127.0.0.1", 0))
    outside.listen(64)
    outside.setblocking(False)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", outside.getsockname()[1]))
    datagrams.setblocking(False)
    return outside, datagrams


def nobody_came(outside, datagrams):
    for how, trap in (("a connection", outside.accept), ("a datagram", lambda: datagrams.recv(1))):
        try:
            trap()
        except BlockingIOError:
            continue
        raise Failure(f"{how} got out of the world")


def set_home(home, port):
    """What a user has at home, and what leads out of the world there."""
    os.makedirs(f"{home}/.kube", exist_ok=True)
    for name, text in ((".kube/config", 'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "https://'
                        f'127.0.0.1:{port}"}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n'
                        'contexts: [{name: outside, context: {cluster: c, user: u}}]\n'),
                       (".pg_service.conf", f"[outside]\nhost=127.0.0.1\nport={port}\ndbname=x\nuser=x\n"),
                       ("outside.key", 'key "k" { algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };\n')):
        with open(f"{home}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{home}/{name}", 0o600)


def what_was_said(drill):
    """By the step that it was said of."""
    parts, said = STEP.split(drill.said), {}
    for name, text in zip(parts[1::2], parts[2::2]):
        said[name] = said.get(name, "") + text
    return said


def no_way_out(options):
    outside, datagrams = listen()
    folder = tempfile.mkdtemp(prefix="lbf-")
    try:
        facts = {"port": outside.getsockname()[1], "home": f"{folder}/home"}
        set_home(facts["home"], facts["port"])
        os.mkdir(f"{folder}/drills")
        steps = "".join(step(way, target, uses, words % facts if "%(" in words else words)
                        for way, target, uses, words in WAYS)
        for name, text in (("drills/traps.yaml", WORLD % facts), ("ways-out.yaml", RUNBOOK % {**facts, "steps": steps})):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        with Drill(options.lifeboat, f"{folder}/drills/traps.yaml", speed=options.speed, keep=options.keep) as drill:
            drill.home = facts["home"]
            code = drill.play(Prisoner(), options.patience)
            said = what_was_said(drill)
            equal(sorted(said), sorted(way[0] for way in WAYS), "steps that were tried")
            for name, text in said.items():
                flat = re.sub(r"\s+", " ", text)
                check(any(words in flat for words in REFUSED), f"{name} was not refused: …{flat[-600:]}")
            equal(code, 1, "exit status")
            equal(drill.leftovers(), [], "worlds left behind")
            contains(drill.said, "Not passed", "the debrief")
        nobody_came(outside, datagrams)
    finally:
        outside.close()
        datagrams.close()
        shutil.rmtree(folder, ignore_errors=True)
    return f"{len(WAYS)} ways"


def list_of_tests():
    return [("fence: no executor gets out of the world", no_way_out, (), {})]
