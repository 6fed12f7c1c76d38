"""Namespaces full of pods of a real size, which no node will ever run."""
import base64
import http.client
import json
import os
import queue
import ssl
import subprocess
import threading
import time
import urllib.parse

from peers import Trouble

THREADS = 8
NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Access:
    """How to reach the cluster, from its kubeconfig: address, TLS context, and files for curl."""

    def __init__(self, environment, folder):
        done = subprocess.run(["kubectl", "config", "view", "--raw", "--minify", "--flatten", "--output=json"],
                              env=environment, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise Trouble(f"kubectl config view: {done.stderr.strip()}")
        config = json.loads(done.stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = cluster["server"].rstrip("/")
        self.host = urllib.parse.urlsplit(self.server)
        self.token = user.get("token")
        self.ca = self.material(folder, "ca", cluster.get("certificate-authority-data"))
        self.cert = self.material(folder, "cert", user.get("client-certificate-data"))
        self.key = self.material(folder, "key", user.get("client-key-data"))
        self.tls = ssl.create_default_context(cafile=self.ca)
        if self.cert:
            self.tls.load_cert_chain(self.cert, self.key)

    @staticmethod
    def material(folder, name, data):
        if not data:
            return None
        path = f"{folder}/{name}.pem"
        with open(path, "wb", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
            file.write(base64.b64decode(data))
        return path

    def connect(self):
        return http.client.HTTPSConnection(self.host.hostname, self.host.port or 443, context=self.tls, timeout=120)

    def headers(self, kind="application/json"):
        return {"Content-Type": kind, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}


def pod(namespace, i):
    app = f"app-{i % 97}"
    env = [{"name": f"SETTING_{n}", "value": f"value-{n}-of-{app}-" + "x" * 40} for n in range(24)]
    notes = {f"example.com/note-{n}": f"annotation {n} " + "y" * 60 for n in range(10)}
    container = {"name": "main", "image": f"registry.example.com/team/{app}:1.{i % 50}", "env": env,
                 "command": ["serve", "--port=8080"], "ports": [{"containerPort": 8080}, {"containerPort": 9090}],
                 "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                 "volumeMounts": [{"name": f"v{n}", "mountPath": f"/mnt/{n}"} for n in range(3)]}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"{app}-{i:06d}-{(i * 2654435761) % 0xffffff:06x}", "namespace": namespace,
                         "labels": {"app": app, "tier": "backend" if i % 2 else "frontend",
                                    **({"lone": "yes"} if i == 0 else {})}, "annotations": notes},
            "spec": {"schedulerName": "nobody", "terminationGracePeriodSeconds": 0, "containers": [container],
                     "automountServiceAccountToken": False,
                     "volumes": [{"name": f"v{n}", "emptyDir": {}} for n in range(3)]}}


def status(i):
    """Nine in ten run; the rest are what one meets on a bad day."""
    kind, ready, phase, state = i % 40, True, "Running", {"running": {"startedAt": NOW}}
    if kind == 10:
        ready, state = False, {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting"}}
    elif kind == 20:
        ready, phase, state = False, "Pending", {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    elif kind == 30:
        ready, phase = False, "Succeeded"
        state = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": NOW}}
    word = "True" if ready else "False"
    return {"status": {
        "phase": phase, "podIP": f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", "startTime": NOW,
        "conditions": [{"type": kind, "status": value, "lastTransitionTime": NOW}
                       for kind, value in (("Initialized", "True"), ("Ready", word), ("ContainersReady", word))],
        "containerStatuses": [{"name": "main", "ready": ready, "started": ready, "image": "x", "imageID": "x",
                               "restartCount": i % 7 if i % 11 == 0 else 0, "containerID": f"bench://{i:064x}",
                               "state": state}]}}


class Filler:
    def __init__(self, environment, folder):
        self.environment = environment
        self.access = Access(environment, folder)
        self.made = {}

    def request(self, link, method, path, body, kind="application/json"):
        link.request(method, path, json.dumps(body), self.access.headers(kind))
        answer = link.getresponse()
        answer.read()
        return answer.status

    def work(self, namespace, numbers, refused):
        link = self.access.connect()
        base = f"/api/v1/namespaces/{namespace}/pods"
        while True:
            try:
                i = numbers.get_nowait()
            except queue.Empty:
                return
            body = pod(namespace, i)
            code = self.request(link, "POST", base, body)
            if code == 201:
                code = self.request(link, "PATCH", f"{base}/{body['metadata']['name']}/status", status(i),
                                    "application/merge-patch+json")
            if code != 200:
                refused.append(code)

    def namespace(self, count, say):
        """A namespace with so many pods; made once."""
        if count in self.made:
            return self.made[count]
        name = f"lifeboat-bench-{os.getpid()}-{count}"
        link, numbers, refused = self.access.connect(), queue.Queue(), []
        code = self.request(link, "POST", "/api/v1/namespaces",
                            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if code != 201:
            raise Trouble(f"the namespace {name} could not be made: {code}")
        self.made[count] = name
        started = time.monotonic()
        for i in range(count):
            numbers.put(i)
        threads = [threading.Thread(target=self.work, args=(name, numbers, refused)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused:
            raise Trouble(f"{len(refused)} of {count} pods were refused: {sorted(set(refused))}")
        say(f"# {count} pods made in {time.monotonic() - started:.0f} s")
        return name

    def close(self):
        if self.made:
            subprocess.run(["kubectl", "delete", "namespace", "--wait=false", *self.made.values()],
                           env=self.environment, capture_output=True, timeout=120)
