#!/usr/bin/env python3
"""Compares what the drill world makes of a write with what a real API server makes of it.

Usage: world_patch.py TOOL [WORD]…     TOOL is the built patch_tool; WORDs choose cases by their names

$LIFEBOAT_TEST_KUBECONFIG names a cluster in which a namespace may be made. Each case is a sequence of writes; each
write is done there and by the tool on the same object, and compared: the object (what the server has set besides is
left out), the owners of its fields, or the refusal with its causes. A line for each case; the last is "N passed, N
failed".
"""
import sys

sys.dont_write_bytecode = True          # the source tree may be read-only

import base64
import copy
import json
import os
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

import checks
import world_patch_cases

TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
NOW = "now"
REVISION = "deployment.kubernetes.io/revision"
SERVERS_OWN = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")


class Server:
    """The real one."""

    def __init__(self, kubeconfig):
        text = subprocess.run(["kubectl", "config", "view", "--raw", "--flatten", "-o", "json",
                               "--kubeconfig", kubeconfig], check=True, capture_output=True).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.address = cluster["server"]
        self.tls = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]) + b"\n" +
                      base64.b64decode(user["client-key-data"]))
            pem.flush()
            self.tls.load_cert_chain(pem.name)

    def call(self, method, path, body=None, kind="application/json"):
        """(the HTTP status, the parsed answer)"""
        request = urllib.request.Request(self.address + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            try:
                return error.code, json.loads(text)
            except ValueError:      # of what is not served a server says no more than that
                return error.code, {"message": text}


class Tool:
    """The world's own functions, in a process."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        checks.check(line, f"the tool ended at {json.dumps(request)}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        checks.equal(self.process.wait(30), 0, "the tool's exit code")


def owners(managed):
    """Entries by who they are, with their fields."""
    return {identity(entry): {"apiVersion": entry.get("apiVersion"), "fields": entry["fieldsV1"]}
            for entry in managed or [] if entry["manager"] not in CONTROLLERS}


def times(managed):
    return {identity(entry): entry.get("time") for entry in managed or []}


def differences(ours, theirs, path=""):
    """What differs between two trees, a line for each place."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [line for key in sorted(set(ours) | set(theirs), key=str)
                for line in differences(ours.get(key, "(nothing)"), theirs.get(key, "(nothing)"), f"{path}/{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [line for i, (one, other) in enumerate(zip(ours, theirs))
                for line in differences(one, other, f"{path}/{i}")]
    return [] if ours == theirs else [f"{path}: the server {json.dumps(theirs)}, the world {json.dumps(ours)}"]


def same(ours, theirs, what):
    found = differences(ours, theirs)
    checks.check(not found, f"{what}: " + "; ".join(found))


def identity(entry):
    # a server of 1.20 does not say which subresource was written
    return (entry["manager"], entry["operation"],
            entry["apiVersion"] if entry["operation"] == "Update" else "")


def wanted_part(thing):
    """An object without what only a server can say."""
    thing = copy.deepcopy(thing)
    thing.pop("status", None)
    for name in SERVERS_OWN:
        thing.get("metadata", {}).pop(name, None)
    thing.get("metadata", {}).get("annotations", {}).pop(REVISION, None)
    return thing


def without_defaults(seen, ours, before):
    """What the server has added by itself goes: it is neither in ours nor was there before."""
    if isinstance(seen, dict) and isinstance(ours, dict):
        before = before if isinstance(before, dict) else {}
        return {k: without_defaults(v, ours.get(k), before.get(k)) for k, v in seen.items()
                if k in ours or k in before}
    if isinstance(seen, list) and isinstance(ours, list) and len(seen) == len(ours):
        before = before if isinstance(before, list) else []
        return [without_defaults(s, o, same_element(before, o)) for s, o in zip(seen, ours)]
    return seen


def same_element(elements, element):
    """The one that has the same name, port or path."""
    for key in ("name", "containerPort", "port", "mountPath", "uid", "type"):
        if isinstance(element, dict) and key in element:
            return next((e for e in elements if isinstance(e, dict) and e.get(key) == element[key]), None)
    return None


def without_empty(thing):
    """Nulls and empty members are the same as none for a server that has Go's types."""
    if isinstance(thing, dict):
        inner = {k: without_empty(v) for k, v in thing.items()}
        return {k: v for k, v in inner.items() if v not in (None, {}, [])}
    return [without_empty(v) for v in thing] if isinstance(thing, list) else thing


def remove(thing, path):
    for word in path[:-1]:
        thing = thing.get(word, {})
    thing.pop(path[-1], None)


def sorted_by_text(elements):
    return sorted(elements, key=lambda element: json.dumps(element, sort_keys=True))


class Case:
    """One sequence of writes to one object."""

    def __init__(self, server, tool, ns, kind):
        self.server, self.tool, self.kind = server, tool, kind
        group = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
        self.collection = group + (f"/namespaces/{ns}" if kind.namespaced else "") + f"/{kind.resource}"
        self.common = {"group": kind.group, "kind": kind.name, "apiVersion": kind.api_version, "now": NOW,
                       "without": kind.granular}

    def get(self, name):
        status, answer = self.server.call("GET", f"{self.collection}/{name}")
        return answer if status == 200 else None

    def step(self, name, write):
        """One write; `name` is the object's. A controller may come between: then once more."""
        for _ in range(20):
            before = self.get(name)
            status, seen = self.send(name, write, before)
            if not (status == 409 and write.verb == "update"):
                break
        if status >= 400:
            self.compare_refusal(write, before, status, seen)
        else:
            self.compare_result(write, before, self.without_controllers(before, seen))

    def without_controllers(self, before, seen):
        """What controllers have written since `before` is as it was."""
        if before and self.kind in world_patch_cases.CONTROLLED:
            seen.pop("status", None)
            if "status" in before:
                seen["status"] = before["status"]
            for word in ("annotations", "labels"):
                theirs = {k: v for k, v in before["metadata"].get(word, {}).items() if k == REVISION}
                ours = {k: v for k, v in seen["metadata"].get(word, {}).items() if k != REVISION}
                seen["metadata"].pop(word, None)
                if theirs or ours:
                    seen["metadata"][word] = {**ours, **theirs}
        return seen

    def send(self, name, write, before):
        path, options = f"{self.collection}/{name}", f"?fieldManager={write.manager}"
        if write.verb == "create":
            status, seen = self.server.call("POST", self.collection + options, write.body)
        elif write.verb == "update":
            body = write.changed(copy.deepcopy(before))
            path += f"/{write.subresource}" if write.subresource else ""
            status, seen = self.server.call("PUT", path + options, body)
        else:
            options += "&force=true" if write.force else ""
            status, seen = self.server.call("PATCH", path + options, write.body, TYPES[write.verb])
        return status, seen

    def ours(self, write, before):
        return self.tool.call(call=write.verb, object=before, patch=write.body, manager=write.manager,
                              force=write.force, **self.common)

    def compare_refusal(self, write, before, status, seen):
        ours = self.ours(write, before)
        checks.check("refused" in ours, f"{write}: the server refuses it: {seen.get('message')}")
        ours = ours["refused"]
        checks.equal(ours["code"], status, f"{write}: code")
        checks.equal(ours["message"], seen["message"], f"{write}: message")
        checks.equal(ours.get("reason", ""), seen.get("reason", ""), f"{write}: reason")
        checks.equal(sorted_by_text(ours.get("details", {}).get("causes", [])),
                     sorted_by_text(seen.get("details", {}).get("causes", [])), f"{write}: causes")

    def compare_result(self, write, before, seen):
        managed = before["metadata"].get("managedFields") if before else None
        if write.verb in ("create", "update"):
            result = None
        else:
            result = self.ours(write, before)
            checks.check("result" in result, f"{write}: only the tool refuses it: {result}")
            result = result["result"]
            ours = wanted_part(result)
            theirs = without_defaults(wanted_part(seen), ours, wanted_part(before or {}))
            same(without_empty(ours), without_empty(theirs), f"{write}: object")
        if write.verb != "apply":
            after = copy.deepcopy(seen)
            sent = (result or write.body or {}).get("metadata", {}).get("managedFields")
            after["metadata"].pop("managedFields", None)
            for path in self.kind.later if write.verb == "create" else ():
                remove(after, path)
            if sent is not None:
                after["metadata"]["managedFields"] = sent
            result = self.tool.call(call="track", object=before, patch=after, manager=write.manager,
                                    subresource=write.subresource, **self.common)["result"]
        ours, theirs = result["metadata"].get("managedFields"), seen["metadata"].get("managedFields")
        same({str(k): v for k, v in owners(ours).items()}, {str(k): v for k, v in owners(theirs).items()},
             f"{write}: owners")
        # Within one second the server's times do not tell whether they are new.
        for who, time in times(theirs).items():
            if who[0] not in CONTROLLERS and time != times(managed).get(who, time):
                checks.check(times(ours)[who] in (NOW, time),
                             f"{write}: the time of {who[0]}: {time} there, {times(ours)[who]} here")


def run(server, tool, ns, case):
    sequence = Case(server, tool, ns, case.kind)
    name = case.object_name
    try:
        for write in case.writes:
            sequence.step(name, write)
    finally:
        server.call("PATCH", f"{sequence.collection}/{name}", {"metadata": {"finalizers": None}}, TYPES["merge"])
        server.call("DELETE", f"{sequence.collection}/{name}?propagationPolicy=Background&gracePeriodSeconds=0")
        # a namespace takes longer, and its name is not used again
        if case.kind.namespaced:
            checks.wait_until(lambda: not sequence.get(name), "the end of it")


def main():
    words = [word for word in sys.argv[2:] if not word.startswith("-")]
    kubeconfig = os.environ.get("LIFEBOAT_TEST_KUBECONFIG")
    if len(sys.argv) < 2 or not kubeconfig:
        print(__doc__ if len(sys.argv) < 2 else "skipped: LIFEBOAT_TEST_KUBECONFIG names no cluster")
        return 77
    server, tool, tally = Server(kubeconfig), Tool(sys.argv[1]), checks.Tally(words)
    ns = f"world-patch-{os.getpid()}"
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
    try:
        world_patch_cases.prepare(server, ns)
        for case in world_patch_cases.cases(ns):
            tally.run(case.name, lambda case=case: run(server, tool, ns, case))
    finally:
        world_patch_cases.clean(server, ns)
        server.call("DELETE", f"/api/v1/namespaces/{ns}")
        tool.close()
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
