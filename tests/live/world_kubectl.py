#!/usr/bin/env python3
"""Says the same things to a real API server and to a simulated one, by kubectl, and compares what both say.

Usage: world_kubectl.py [-k WORD]... [-v] [--controllers] [--namespace NAME] WORLD_CLUSTER

WORLD_CLUSTER is the program that serves a simulated cluster (tests/live/world_cluster.c).
$LIFEBOAT_TEST_KUBECONFIG  the real one: a namespace is made in it, and taken away again. Where a folder podlogs/ is
                           beside it, its stand-in node takes the lines of containers from there.
$LIFEBOAT_TEST_KUBECTL     the kubectl that speaks; else that of PATH, or, where that chooses another one by the version of each
                           server, the one of ours

Names' random parts, times, ages, uids, versions and addresses are masked. A line for each command, "ok", "skip" or "not
ok" with the difference; the last line is "N the same, N different, N skipped".
"""
import sys

sys.dont_write_bytecode = True

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

from world_kubectl_rows import CODE, CONTROLLERS, MORE, NEWER, ROWS, SERVER, SORTED, SUBSET

MASKS = [(re.compile(pattern, re.M), text) for pattern, text in [
    # kubectl 1.20 shows them, and a server of 1.20 counts some otherwise; world_patch.py compares owners
    (r"^( *)managedFields:\n(?:\1- .*\n(?:\1  .*\n)*)+", ""),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4}( UTC)?)", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r"https://\d+\.\d+\.\d+\.\d+:\d+", "SERVER"),
    (r"\b\d+\.\d+\.\d+\.\d+\b", "IP"),
    (r"(resourceVersion\"?: ?)\"\d+\"", r'\1"N"'),
    (r"(nodePort\"?: )\d+", r"\1PORT"),
    (r":3[0-2]\d{3}/", ":PORT/"),
    (r"-[0-9a-f]{8,10}-[a-z0-9]{5}\b", "-HASH-RANDOM"),
    (r"-[0-9a-f]{8,10}\b", "-HASH"),
    (r"((Container|Image) ID: +|imageID: )\S*", r"\1ID"),
    (r"(pod-template-hash\"?[:=] ?\"?)[0-9a-z]+", r"\1HASH"),
    (r"\b(default-token|robot-token)-[a-z0-9]{5}\b", r"\1-RANDOM"),
    (r"/\S*/(LIVE|MERGED)-\d+", r"\1-N"),
    (r"kubectl-edit-\w+\.yaml", "kubectl-edit-N.yaml"),
    (r"\b(\d+[ydhms]){1,2}\b", "AGE"),
    (r"(containerID: )\S+", r"\1ID"),
    (r"[ \t]+", " "),
    # what a newer server has besides
    (r"^ labels:\n kubernetes\.io/metadata\.name: .*\n", ""),
    (r"^ ?(Service Account|IP Family Policy|IP Families|internalTrafficPolicy|ipFamilyPolicy): ?.*\n", ""),
    (r"^ ipFamilies:\n - IPv4\n", ""),
    (r"^selfsubjectreviews\.authentication\.k8s\.io .*\n", ""),
    (r"^(autoscaling/v2|discovery\.k8s\.io/v1|policy/v1)\n", ""),
    (r" $", ""),
]]


class Side:
    """One of the two clusters."""

    def __init__(self, name, kubeconfig, kubectl, folder):
        self.name, self.kubeconfig, self.kubectl, self.folder = name, kubeconfig, kubectl, folder
        os.makedirs(folder)

    def run(self, arguments, text=None, namespace=None, editor=None):
        env = {**os.environ, "KUBECONFIG": self.kubeconfig, "HOME": self.folder, "KUBE_EDITOR": editor or "false"}
        command = [self.kubectl, *(["--namespace", namespace] if namespace else []), *arguments]
        try:
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, env=env)
        except subprocess.TimeoutExpired:
            return -1, "", "it does not end"
        return done.returncode, done.stdout, done.stderr

    def get(self, *arguments):
        code, out, err = self.run([*arguments, "-o", "json"])
        if code != 0:
            raise SystemExit(f"{self.name}: kubectl {' '.join(arguments)}: {err}")
        return json.loads(out)

    def must(self, *arguments, text=None):
        code, _, err = self.run(arguments, text)
        if code != 0:
            raise SystemExit(f"{self.name}: kubectl {' '.join(arguments)}: {err}")


class Simulated(Side):
    """Where no controllers are, this plays scheduler and node for pods, as the real one's stand-in node does."""

    def __init__(self, program, kubectl, folder, controllers):
        served = f"{folder}/served"
        os.makedirs(served)
        self.process = subprocess.Popen([program, *(["--controllers"] if controllers else []), served], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        kubeconfig = self.process.stdout.readline().strip()
        super().__init__("simulated", kubeconfig, kubectl, f"{folder}/simulated")
        self.controllers = controllers

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def adopt(self, node):
        name = node["metadata"]["name"]
        meta = {key: node["metadata"][key] for key in ("name", "labels", "annotations") if key in node["metadata"]}
        status = node["status"]
        self.must("create", "-f", "-", text=json.dumps(
            {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": node["spec"], "status": status}))
        self.node = name

    def settle(self, namespace):
        if self.controllers:
            return
        for pod in self.get("get", "pods", "-n", namespace)["items"]:
            if pod["metadata"].get("deletionTimestamp"):
                self.run(["delete", "--raw", f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
                          "?gracePeriodSeconds=0"])
            elif not pod["spec"].get("nodeName"):
                self.start(namespace, pod)

    def start(self, namespace, pod):
        name, path = pod["metadata"]["name"], f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
        self.must("create", "--raw", path + "/binding", "-f", "-", text=json.dumps(
            {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
             "target": {"kind": "Node", "name": self.node}}))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status = {
            "phase": "Running", "hostIP": "127.0.0.1", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}],
            "startTime": now,
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": None}
                           for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
            "containerStatuses": [
                {"name": c["name"], "ready": True, "started": True, "restartCount": 0, "image": c["image"],
                 "imageID": c["image"], "containerID": "test://" + pod["metadata"]["uid"], "lastState": {},
                 "state": {"running": {"startedAt": now}}} for c in pod["spec"]["containers"]]}
        self.must("patch", "pod", name, "-n", namespace, "--subresource=status", "--type=merge", "-p",
                  json.dumps({"status": status}))

    def log(self, namespace, pod, container, lines):
        uid = self.get("get", "pod", pod, "-n", namespace)["metadata"]["uid"]
        for line in lines:
            self.say(f"log {uid} {container} {line}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


class Real(Side):
    def log(self, namespace, pod, container, lines):
        folder = os.path.dirname(self.kubeconfig) + "/podlogs"
        if os.path.isdir(folder):
            with open(f"{folder}/{namespace}_{pod}_{container}.log", "w") as file:
                file.write("".join(line + "\n" for line in lines))

    def forget(self, namespace):
        folder = os.path.dirname(self.kubeconfig) + "/podlogs"
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.startswith(namespace + "_"):
                os.unlink(f"{folder}/{name}")
        self.run(["delete", "namespace", namespace, "--wait=false", "--ignore-not-found"])
        self.run(["delete", "crd", f"boats.{namespace}.example.com", "--ignore-not-found"])


def masked(text, marks):
    for pattern, with_what in MASKS:
        text = pattern.sub(with_what, text)
    lines = text.split("\n")
    return sorted(lines) if SORTED in marks else lines


def difference(real, simulated, marks):
    """Lines of a diff, or nothing."""
    found = []
    if real[0] != simulated[0]:
        found.append(f"exit code {real[0]}, simulated {simulated[0]}")
    if CODE in marks:
        return found + ([] if bool(real[2]) == bool(simulated[2]) else ["message: " + repr((real[2], simulated[2]))])
    for name, a, b in (("stdout", real[1], simulated[1]), ("stderr", real[2], simulated[2])):
        a, b = masked(a, marks), masked(b, marks)
        if SUBSET in marks:
            found += [f"{name}: + {line}" for line in b if line not in a]
        elif MORE in marks:
            found += [f"{name}: - {line}" for line in a if line not in b]
        elif a != b:
            found += [f"{name}: {line}" for line in difflib.unified_diff(a, b, "real", "simulated", lineterm="", n=1)][2:]
    return found


class Comparison:
    def __init__(self, arguments, real, simulated):
        self.arguments, self.real, self.simulated = arguments, real, simulated
        self.same = self.different = self.skipped = 0
        self.is_old = "v1.20" in real.run(["version", "--client"])[1]
        self.node = real.get("get", "nodes")["items"][0]
        simulated.adopt(self.node)

    def fill(self, text):
        return text.replace("NAMESPACE", self.arguments.namespace).replace("NODE", self.node["metadata"]["name"])

    def say(self, side, words, text):
        editor = f"sed -i -e {shlex.quote(text)}" if words[0] == "edit" else None
        result = side.run(words, None if editor else text, self.arguments.namespace, editor)
        return result

    def row(self, number, line, text, marks):
        marks = (marks,) if isinstance(marks, str) else marks or ()
        if (CONTROLLERS in marks and not self.arguments.controllers) or SERVER in marks or (NEWER in marks and self.is_old):
            self.skipped += 1
            print(f"skip {number} {line}")
            return
        words = [self.fill(word) for word in line.split()]
        text = self.fill(text) if text else text
        results = [self.say(side, words, text) for side in (self.real, self.simulated)]
        self.after(words)
        found = difference(*results, marks)
        if found:
            self.different += 1
            print(f"not ok {number} {line}")
            for each in found[:200 if self.arguments.v else 12]:
                print("   ", each)
        else:
            self.same += 1
            print(f"ok {number} {line}")
        sys.stdout.flush()

    def after(self, words):
        """What goes on in the clusters before the next command."""
        if words[0] in ("apply", "run", "create", "delete"):
            self.simulated.settle(self.arguments.namespace)
        if words[0] == "run":
            for side in (self.real, self.simulated):
                for container in ("first", "second"):
                    side.log(self.arguments.namespace, "two", container, [f"{container} {n}" for n in range(3)])

    def run(self):
        for number, (line, text, marks) in enumerate(ROWS, 1):
            if not self.arguments.k or any(word in line for word in self.arguments.k):
                self.row(number, line, text, marks)
        print(f"{self.same} the same, {self.different} different, {self.skipped} skipped")
        return self.different


def one_kubectl():
    """Two programs would differ where the two servers do not."""
    said = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True, timeout=30, check=False).stdout
    ours = f"{os.path.dirname(os.path.realpath(shutil.which('kubectl') or 'kubectl'))}/kubectl.1.29"
    return ours if "dispatcher" in said and os.access(ours, os.X_OK) else "kubectl"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", action="append", default=[], metavar="WORD")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--controllers", action="store_true")
    parser.add_argument("--namespace", default=f"world-kubectl-{os.getpid()}")
    parser.add_argument("world_cluster")
    arguments = parser.parse_args()
    kubeconfig = os.environ.get("LIFEBOAT_TEST_KUBECONFIG")
    if not kubeconfig:
        print("skipped: LIFEBOAT_TEST_KUBECONFIG is not set")
        return 77
    kubectl = os.environ.get("LIFEBOAT_TEST_KUBECTL") or one_kubectl()
    with tempfile.TemporaryDirectory() as folder:
        real = Real("real", kubeconfig, kubectl, f"{folder}/real")
        simulated = Simulated(os.path.abspath(arguments.world_cluster), kubectl, folder, arguments.controllers)
        try:
            for side in (real, simulated):
                side.must("create", "namespace", arguments.namespace)
            return 1 if Comparison(arguments, real, simulated).run() else 0
        finally:
            real.forget(arguments.namespace)
            simulated.stop()


if __name__ == "__main__":
    sys.exit(main())
