"""The real cluster of the test: namespaces of our own in it, and what a cloud and the operators would do."""
import base64
import http.client
import json
import os
import socket
import subprocess
import threading

from checks import Failure, wait_until
from servers import Process

TOKENS = ("otel-token", "oap-token", "ngac-token", "xcp-edge-central-auth-token")
MERGE = "application/merge-patch+json"


class Local(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Cluster:
    """Everything asked of the cluster goes through `kubectl proxy` on a socket in the test's folder."""

    def __init__(self, kubeconfig, folder):
        self.folder, self.environment = folder, {**os.environ, "KUBECONFIG": kubeconfig, "HOME": folder}
        self.prefix = f"lifeboat-live-{os.getpid()}"
        self.made, self.roles = [], []
        self.proxy = None

    def connect(self):
        folder = self.folder
        self.config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "--flatten", "--output=json"))
        self.socket = f"{folder}/api"
        self.proxy = Process("kubectl proxy", ["kubectl", "proxy", f"--unix-socket={self.socket}"],
                             f"{folder}/proxy.log", env=self.environment)
        wait_until(self.answers, "kubectl proxy to reach the cluster")

    def kubectl(self, *arguments, text=None):
        done = subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True, timeout=60,
                              env=self.environment)
        if done.returncode != 0:
            raise Failure(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def answers(self):
        if not self.proxy.alive():
            raise Failure("kubectl proxy ended: " + self.proxy.tail())
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, kind="application/json"):
        """One request; returns the status and the answer, parsed where it is JSON."""
        link = Local(self.socket)
        try:
            link.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data.decode(errors="replace")

    def must(self, method, path, body=None, kind="application/json", also=()):
        status, answer = self.request(method, path, body, kind)
        if status not in (200, 201, 202, *also):
            raise Failure(f"{method} {path}: {status} {answer}")
        return answer

    def get(self, path):
        """The object at a path, or None where there is none."""
        answer = self.must("GET", path, also=(404,))
        return None if answer.get("kind") == "Status" else answer

    def name(self, word):
        return f"{self.prefix}-{word}"

    def claim(self, namespace):
        """Remembers a namespace that somebody else will make, to be deleted at the end."""
        self.made.append(namespace)
        return namespace

    def make_namespace(self, word):
        name = self.claim(self.name(word))
        self.must("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    def secret(self, namespace, name):
        return self.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")

    def make_secret(self, namespace, name, data, also=()):
        self.must("POST", f"/api/v1/namespaces/{namespace}/secrets",
                  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}, also=also)

    def deployment(self, namespace, name):
        return self.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")

    def make_deployment(self, namespace, name, labels, image):
        self.must("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {
                    "terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": image}]}}}})

    def available(self, namespace, name):
        deployment = self.deployment(namespace, name) or {}
        return any(c["type"] == "Available" and c["status"] == "True"
                   for c in deployment.get("status", {}).get("conditions", []))

    def scale(self, namespace, name, replicas):
        self.must("PATCH", f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
                  {"spec": {"replicas": replicas}}, MERGE)

    def service_account_token(self, namespace, name):
        """The token of a new service account, which has no rights yet."""
        self.must("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts",
                  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
        self.must("POST", f"/api/v1/namespaces/{namespace}/secrets", {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": f"{name}-login", "annotations": {"kubernetes.io/service-account.name": name}}})

        def token():
            return (self.secret(namespace, f"{name}-login") or {}).get("data", {}).get("token")

        return base64.b64decode(wait_until(token, f"the token of {name}")).decode()

    def grant(self, name, namespace, account, rules):
        """A cluster role with rules (group, resources, verbs), bound to a service account."""
        self.roles.append(name)
        self.must("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": [g], "resources": r, "verbs": v} for g, r, v in rules]})
        self.must("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]})

    def clean_up(self):
        """Deletes what was made; the cluster finishes it in its own time."""
        for name in self.roles:
            for kind in ("clusterrolebindings", "clusterroles"):
                self.request("DELETE", f"/apis/rbac.authorization.k8s.io/v1/{kind}/{name}")
        for name in self.made:
            self.request("DELETE", f"/api/v1/namespaces/{name}")
        if self.proxy:
            self.proxy.stop()


class Actors:
    """What goes on by itself around the restore, until stop(): the cloud gives the front envoy an address,
    and the operators of the workload clusters fetch new tokens."""

    def __init__(self, cluster, edges, address):
        self.cluster, self.edges, self.address = cluster, edges, address
        self.namespace = None                   # of the Management Plane that is being restored
        self.hold_address = threading.Event()   # while set, the cloud takes its time
        self.problem = None
        self.tokens_made = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending.wait(0.3):
            try:
                if self.namespace and not self.hold_address.is_set():
                    self.give_address(self.namespace)
                for edge in self.edges:
                    self.fetch_tokens(edge)
            except (OSError, Failure) as problem:
                self.problem = str(problem)

    def give_address(self, namespace):
        path = f"/api/v1/namespaces/{namespace}/services/envoy"
        service = self.cluster.get(path)
        if service and not service.get("status", {}).get("loadBalancer", {}).get("ingress"):
            self.cluster.must("PATCH", path + "/status",
                              {"status": {"loadBalancer": {"ingress": [{"ip": self.address}]}}}, MERGE)

    def fetch_tokens(self, namespace):
        there = {item["metadata"]["name"]
                 for item in self.cluster.must("GET", f"/api/v1/namespaces/{namespace}/secrets")["items"]}
        if "cluster-service-account" not in there:
            return
        for name in TOKENS:
            if name not in there:
                self.tokens_made += 1
                self.cluster.make_secret(namespace, name, {"token": f"token-{self.tokens_made:06d}-of-{namespace}"},
                                         also=(409,))

    def stop(self):
        self.ending.set()
        self.thread.join(timeout=30)
