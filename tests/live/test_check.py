"""lifeboat check against the real cluster, and targets that are not what they seem to be."""
import http.server
import json
import os
import threading
import time

from checks import check, contains, equal
from journal import Journal
from program import FAILED, PASSED, RESTORE, UNDECIDED, USAGE

HEAD = """\
apiVersion: lifeboat/v1
kind: Runbook
metadata: {{id: small, title: Small, version: 1.0.0, summary: A runbook of the test.}}
params:
  what: {{default: anything}}
targets:
  cluster: {{type: kubernetes, namespace: {namespace}}}
steps:
"""
RIGHTS = """\
  - {id: question, title: Ask, uses: manual.input, with: {question: "Which?"}, outputs: {name: .value}}
  - id: read
    title: Read
    target: cluster
    uses: kubernetes.get
    with: {resource: configmaps}
    panes: {pods: [{target: cluster}], logs: [{target: cluster, selector: a=b}]}
  - id: remove
    title: Remove
    target: cluster
    uses: kubernetes.delete
    with: {resource: secrets, names: [one]}
    verify: [{uses: kubernetes.get, with: {resource: secrets}, expect: .count == 0}]
"""
LATER = """\
  - id: later
    title: Later
    target: cluster
    uses: kubernetes.get
    with: {resource: secrets, name: "${.steps.question.outputs.name}"}
"""
EXCHANGED = """\
  - {{id: read, title: Read, target: cluster, uses: kubernetes.get, with: {{resource: configmaps}}}}
  - id: exchange
    title: Another cluster behind the context
    uses: command.run
    with: {{argv: [cp, "{other}", "{kubeconfig}"]}}
    verify: [{{uses: command.run, with: {{argv: [cmp, "{other}", "{kubeconfig}"], effect: reads}}}}]
  - id: act
    title: Act
    target: cluster
    uses: command.run
    with: {{argv: [touch, "{folder}/acted"], effect: changes}}
    verify: [{{uses: command.run, with: {{argv: [test, -e, "{folder}/acted"], effect: reads}}}}]
"""
ACT = """\
  - id: act
    title: Act
    target: cluster
    uses: command.run
    with: {{argv: [touch, "{folder}/acted"], effect: changes}}
    verify: [{{uses: command.run, with: {{argv: [test, -e, "{folder}/acted"], effect: reads}}}}]
"""
PODS = {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
    {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "list", "watch", "delete"]}
    for name, kind in (("pods", "Pod"), ("secrets", "Secret"), ("configmaps", "ConfigMap"))]}


class Impostor(http.server.ThreadingHTTPServer):
    """A server that is taken for a cluster, another one than the real, with a clock of its own."""

    daemon_threads = True

    def __init__(self, ahead=0):
        self.ahead = ahead
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.server.ahead)

    def log_message(self, *_arguments):
        pass

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        known = {"/api/v1/namespaces/kube-system": {"metadata": {"uid": "an-impostor"}}, "/api/v1": PODS,
                 "/version": {"gitVersion": "v0"}, "/apis": {"kind": "APIGroupList", "groups": []}}
        path = self.path.split("?")[0]
        self.reply(200 if path in known else 404, known.get(path, {"kind": "Status", "message": "not found"}))

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/selfsubjectaccessreviews"):
            self.reply(201, {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}})
        else:
            self.reply(404, {"kind": "Status", "message": "not found"})


class Place:
    """A folder with a runbook, a kubeconfig and a state of its own."""

    count = 0

    def __init__(self, world, namespace):
        Place.count += 1
        self.cluster, self.namespace = world.cluster, namespace
        self.folder = f"{world.folder}/check-{Place.count}"
        self.state = f"{self.folder}/state"
        self.kubeconfig = f"{self.folder}/kubeconfig"
        self.params = {}
        os.makedirs(self.folder)

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder, "LC_ALL": "C.UTF-8",
                "XDG_STATE_HOME": self.state, "KUBECONFIG": self.kubeconfig, "TERM": "xterm-256color", "USER": "ana"}

    def write_runbook(self, steps, **values):
        path = f"{self.folder}/small.yaml"
        with open(path, "w") as file:
            file.write(HEAD.format(namespace=self.namespace))
            file.write(steps.format(folder=self.folder, kubeconfig=self.kubeconfig, **values) if values or
                       "{{" in steps else steps)
        return path

    def write_kubeconfig(self, path=None, server=None, insecure=False, token=None):
        config = self.cluster.config
        cluster = dict(config["clusters"][0]["cluster"])
        if server:
            cluster = {"server": server}
        if insecure:
            cluster.pop("certificate-authority-data", None)
            cluster["insecure-skip-tls-verify"] = True
        user = {"token": token} if token else config["users"][0]["user"]
        with open(path or self.kubeconfig, "w") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "here",
                       "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
                       "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}]}, file)
        return path or self.kubeconfig


class Checks:
    def __init__(self, program, world):
        self.program, self.world, self.cluster = program, world, world.cluster
        self.namespace = world.cluster.make_namespace("check")

    def call(self, place, runbook, *options):
        params = [word for name, value in place.params.items() for word in ("-p", f"{name}={value}")]
        code, said = self.program.call([self.program.path, "check", runbook, *params, *options], place.environment())
        check(Journal.of(place.state) is None, "check has left a journal behind")
        return code, said

    def document(self, place, runbook):
        code, said = self.call(place, runbook, "--json")
        return code, json.loads(said[said.index("{"):])

    def permitted(self):
        place = Place(self.world, self.namespace)
        place.write_kubeconfig()
        code, said = self.call(place, place.write_runbook(RIGHTS))
        equal(code, PASSED, f"exit code of check by the administrator, which said …{said[-900:]}")
        for right in ("list configmaps", "get secrets/one", "delete secrets/one", "list secrets", "watch pods",
                      "get pods (log)"):
            contains(said, f"{right} in {self.namespace} on cluster", "what is permitted")
        uid = self.cluster.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
        contains(said, f"cluster {uid[:8]}", "who the cluster is")
        check(self.cluster.secret(self.namespace, "one") is None, "check changed something")

    def denied(self):
        """Somebody without any right: kubectl must be of the same opinion."""
        place = Place(self.world, self.namespace)
        place.write_kubeconfig(token=self.cluster.service_account_token(self.namespace, "nobody"))
        code, document = self.document(place, place.write_runbook(RIGHTS + LATER))
        equal(code, FAILED, "exit code of check by somebody without rights")
        equal(document["verdict"], "no", "the verdict")
        identity = document["targets"][0]["identity"]
        equal(identity.get("user"), f"system:serviceaccount:{self.namespace}:nobody", "whom the server sees")
        check(abs(identity["skew_ms"]) < 2000, f"the clock of this machine is off by {identity['skew_ms']} ms")
        answers = {need["what"]: need for need in document["needs"]}
        equal(answers[f"delete secrets/one in {self.namespace}"]["answer"], "no", "the right to delete")
        later = [need for need in document["needs"] if need["step"] == "later"]
        equal([need["answer"] for need in later], ["unknown"], "a right on what is only known later")
        contains(later[0]["note"], "only known later", "the note of that")
        for need in document["needs"]:
            self.compare(need)
        return f"{len(document['needs'])} rights"

    def compare(self, need):
        right = need["permission"]
        what = right["resource"] + (f"/{right['name']}" if right["name"] else "")
        words = ["auth", "can-i", right["verb"], what, f"--as=system:serviceaccount:{self.namespace}:nobody"]
        if right["namespace"]:
            words.append(f"--namespace={right['namespace']}")
        if right["subresource"]:
            words.append(f"--subresource={right['subresource']}")
        code, said = self.program.call(["kubectl", *words], self.cluster.environment)
        equal(said.split()[0] == "yes", need["answer"] == "yes", f"kubectl and check about {need['what']}")

    def unknown(self):
        """What is made of an answer can't be asked for; what can be, is fine."""
        place = Place(self.world, self.namespace)
        token = self.cluster.service_account_token(self.namespace, "reader")
        self.cluster.grant(self.cluster.name("check-reader"), self.namespace, "reader",
                           [("", ["configmaps"], ["list"]), ("", ["secrets"], ["list", "delete"]),
                            ("", ["pods", "pods/log"], ["get", "list", "watch"]), ("", ["namespaces"], ["get"])])
        place.write_kubeconfig(token=token)
        code, document = self.document(place, place.write_runbook(RIGHTS.replace("kubernetes.delete", "kubernetes.get")
                                                                  .replace("names: [one]", "selector: a=b") + LATER))
        equal(code, UNDECIDED, f"exit code where something is not known: {document}")
        equal(document["verdict"], "unknown", "the verdict")

    def no_server(self):
        place = Place(self.world, self.namespace)
        impostor = Impostor()
        place.write_kubeconfig(server=f"http://127.0.0.1:{impostor.server_port}")
        impostor.stop()
        code, said = self.call(place, place.write_runbook(RIGHTS))
        equal(code, FAILED, "exit code without a server")
        contains(said, "not reached", "what check said")
        contains(said, f"127.0.0.1:{impostor.server_port}", "what check said")

    def usage(self):
        place = Place(self.world, self.namespace)
        place.write_kubeconfig()
        code, said = self.call(place, place.write_runbook(RIGHTS), "-p", "waht=x")
        equal(code, USAGE, "exit code with an unknown parameter")
        contains(said, "Did you mean what?", "what check said")

    def clock_is_off(self):
        place = Place(self.world, self.namespace)
        impostor = Impostor(ahead=75)
        try:
            place.write_kubeconfig(server=f"http://127.0.0.1:{impostor.server_port}")
            code, said = self.call(place, place.write_runbook(RIGHTS))
        finally:
            impostor.stop()
        equal(code, PASSED, f"exit code with a clock that is off; check said …{said[-600:]}")
        contains(said, "ahead of this machine's: tokens, certificates", "what check said")

    def restore(self):
        """The whole runbook by somebody who may do most of it, with a file that is missing."""
        site = self.world.site(limited=True, files=("mp-values.yaml", "credentials.yaml"))
        code, document = self.document(site, RESTORE)
        equal(code, FAILED, "exit code of check before the restore")
        needs = {(need["step"], need["what"]): need for need in document["needs"]}
        wrong = {what for (_step, what), need in needs.items() if need["answer"] == "no"}
        check(f"patch secrets/tsb-certs in {site.namespace}" in wrong, f"the Secrets are not denied: {wrong}")
        back = [need for (_step, what), need in needs.items() if what == f"delete secrets/tsb-certs in {site.namespace}"]
        equal([(need["answer"], need["note"]) for need in back][:1], [("no", "only to take the step back")],
              "the right to delete what was made")
        equal(needs["signing-key", f"file {site.backup}/iam-signing-key.yaml"]["answer"], "no", "the missing file")
        equal(needs["edges[app-1]", f"get deployments.apps/edge in {self.world.edges[0]}"]["answer"], "yes",
              "a right on a workload cluster")
        equal(needs["install", "command helm"]["answer"], "yes", "the command helm")
        reached = {target["name"]: target["reached"] for target in document["targets"]}
        equal([reached[n] for n in ("management", "app-1", "app-2", "config_db", "metrics", "zone")], ["yes"] * 6,
              "the targets that answer")
        equal(self.cluster.get(f"/api/v1/namespaces/{site.namespace}"), None, "the namespace of the restore")
        code, said = self.call(site, RESTORE, "--plain")
        for secret in (site.token, "rollwagen-9200-klapper"):
            check(secret not in said and secret not in json.dumps(document), "check told a secret")
        return f"{document['reviews']} rights, {len(document['needs'])} needs"

    def another_cluster(self):
        """The context leads elsewhere in the middle of a run: nothing is done there, nor by resume."""
        place = Place(self.world, self.namespace)
        impostor = Impostor()
        mine = f"{place.folder}/mine"
        try:
            other = place.write_kubeconfig(f"{place.folder}/other", f"http://127.0.0.1:{impostor.server_port}")
            place.write_kubeconfig(mine)
            place.write_kubeconfig()
            runbook = place.write_runbook(EXCHANGED, other=other)
            code, said, journal = self.program.run_auto(place, runbook)
            equal(code, FAILED, f"exit code when another cluster is behind the context; it said …{said[-600:]}")
            contains(journal.message("act"), "now an-impostor", "why the step is blocked")
            code, said = self.resume(place, journal)
            equal(code, FAILED, "exit code of resume, with the other cluster still there")
            contains(said, "another one than when the run first met it", "what resume said")
        finally:
            impostor.stop()
        check(not os.path.exists(f"{place.folder}/acted"), "the step has acted on another cluster")
        os.replace(mine, place.kubeconfig)
        code, said = self.resume(place, journal)
        equal(code, PASSED, f"exit code of resume with the right cluster, which said …{said[-600:]}")
        check(os.path.exists(f"{place.folder}/acted"), "the step has not acted")
        journal.assert_chain()

    def resume(self, place, journal, **decisions):
        return self.program.call([self.program.path, "resume", journal.run, *self.program.argv_auto(**decisions)],
                                 place.environment())

    def insecure(self):
        place = Place(self.world, self.namespace)
        place.write_kubeconfig(insecure=True)
        code, said, journal = self.program.run_auto(place, place.write_runbook(ACT))
        equal(code, UNDECIDED, f"exit code of a change on a target that nothing proves; it said …{said[-600:]}")
        contains(said, "--allow-insecure", "what the program said")
        check(not os.path.exists(f"{place.folder}/acted"), "the step has acted all the same")
        contains(json.dumps(journal.last("plan", "act")["data"]["preview"]), "certificate is not verified",
                 "the preview")
        equal(journal.last("preflight")["data"]["checks"][0].get("insecure"), True, "the preflight's note of it")
        argv = [self.program.path, "resume", journal.run, *self.program.argv_auto(), "--allow-insecure"]
        code, said = self.program.call(argv, place.environment())
        equal(code, PASSED, f"exit code with --allow-insecure, which said …{said[-600:]}")
        check(os.path.exists(f"{place.folder}/acted"), "the step has not acted")


def all_tests(tally, program, world):
    tests = None

    def prepare():
        nonlocal tests
        tests = Checks(program, world)

    if not any(tally.wants(name) for name in NAMES) or not tally.run("check-prepare", prepare, wanted=True):
        return
    for name, method in NAMES.items():
        tally.run(name, getattr(tests, method))


NAMES = {
    "check-permitted": "permitted",
    "check-denied-as-kubectl-says": "denied",
    "check-unknown": "unknown",
    "check-no-server": "no_server",
    "check-usage": "usage",
    "check-clock-is-off": "clock_is_off",
    "check-restore": "restore",
    "run-another-cluster-behind-the-context": "another_cluster",
    "run-insecure-target": "insecure",
}
