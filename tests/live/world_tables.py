#!/usr/bin/env python3
"""The drill world's tables and selectors beside those of a real kube-apiserver, cell by cell and word by word.

Usage: world_tables.py PROGRAM      (world_tables, made of world_tables.c)

$LIFEBOAT_TEST_KUBECONFIG  a cluster in which namespaces, nodes and definitions may be made

Every object is put into the real server; the answer has its rows and, beside each, the object as it was printed. The same
objects go through our printers. What is known to differ between releases of the server is in LATER.
"""
import sys

sys.dont_write_bytecode = True

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import pod_statuses
import world_custom
from checks import Failure, Skip, Tally, equal, wait_until
from cluster import MERGE, Cluster, Local
from world_objects import OBJECTS
from world_selections import FIELDS, LABELS

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
# A server of an older release has some kinds in these versions only.
OLDER = {("batch", "cronjobs"): ["v1beta1"], ("autoscaling", "horizontalpodautoscalers"): ["v2beta2"],
         ("policy", "poddisruptionbudgets"): ["v1beta1"], ("discovery.k8s.io", "endpointslices"): ["v1beta1"]}
OURS = {"autoscaling": "v2"}


def restarts_of_older(cell, _pod):
    return int(re.sub(r" \(.* ago\)$", "", str(cell)))


def status_of_older(cell, pod):
    """It knew no gates of scheduling, and called a pod that has ended and goes Terminating, as every other."""
    if "deletionTimestamp" in pod["metadata"] and pod["status"]["phase"] in ("Succeeded", "Failed"):
        return "Terminating"
    return "Pending" if cell == "SchedulingGated" else cell


# What releases after 1.20 print in another way, which is what we do.
LATER = {("pods", "Restarts"): restarts_of_older, ("pods", "Status"): status_of_older}
LATER_COLUMNS = {("pods", "Restarts")}


class Ours:
    """Our side: the program that answers line by line."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"our program ended with {self.process.wait()}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Comparison:
    def __init__(self, cluster, ours):
        self.cluster, self.ours = cluster, ours
        self.name = cluster.make_namespace("tables")
        self.made = []

    # ---- the real server ----

    def get(self, path, accept="application/json"):
        link = Local(self.cluster.socket)
        try:
            link.request("GET", path, headers={"Accept": accept})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read()) if answer.status == 200 else answer.read()
        finally:
            link.close()

    def base(self, group, version, resource, namespaced):
        return ((f"/apis/{group}/{version}" if group else f"/api/{version}")
                + (f"/namespaces/{self.name}" if namespaced else "") + "/" + resource)

    def serving(self, group, resource):
        """The version of a kind to ask the real server for."""
        for version in [OURS.get(group, "v1"), *OLDER.get((group, resource), [])]:
            status, _ = self.get(self.base(group, version, resource, False) + "?limit=1")
            if status == 200:
                return version
        raise Skip(f"the server has no {resource}.{group}")

    def put(self, group, resource, namespaced, name, thing):
        version = self.serving(group, resource)
        thing = json.loads(json.dumps(thing).replace("NAME", self.name))
        status = thing.pop("status", None)
        path = self.base(group, version, resource, namespaced)
        if not namespaced:
            name = f"{self.name}-{name}"
            self.made.append(f"{path}/{name}")
        thing.setdefault("metadata", {})["name"] = name
        self.cluster.must("POST", path, thing)
        if status is not None:
            self.cluster.must("PATCH", f"{path}/{name}/status", {"status": status}, MERGE, also=(404, 405))

    # ---- comparing ----

    def compare_columns(self, resource, theirs, ours):
        for a, b in zip(theirs, ours):
            if (resource, a["name"]) not in LATER_COLUMNS:
                equal(b, a, f"column of {resource}")
        equal([c["name"] for c in ours], [c["name"] for c in theirs], f"columns of {resource}")

    def compare_row(self, resource, columns, row, ours):
        """`ours` are rows at the time before the server's and behind it: an age may be either's."""
        name = row["object"]["metadata"]["name"]
        for i, column in enumerate(columns):
            mine = [r["cells"][i] for r in ours]
            older = LATER.get((resource, column["name"]), lambda cell, _: cell)
            mine = [older(cell, row["object"]) for cell in mine]
            if row["cells"][i] not in mine or not any(type(m) is type(row["cells"][i]) for m in mine):
                raise Failure(f"{resource}/{name}, {column['name']}: the server has {row['cells'][i]!r}, we {mine[0]!r}")
        equal(ours[0].get("conditions"), row.get("conditions"), f"conditions of the row of {resource}/{name}")

    def compare(self, group, resource, namespaced, at_least, definition=None):
        version = self.serving(group, resource)
        began = int(time.time() * 1000)
        status, theirs = self.get(self.base(group, version, resource, namespaced) + "?includeObject=Object", TABLE)
        ended = int(time.time() * 1000)
        equal(status, 200, f"status of the table of {resource}")
        if len(theirs["rows"]) < at_least:
            raise Failure(f"{len(theirs['rows'])} rows of {resource}, and {at_least} objects")
        items = [row["object"] for row in theirs["rows"]]
        ask = dict(do="table", group=group, version=OURS.get(group, "v1"), resource=resource, items=items,
                   **({"definition": definition} if definition else {}))
        ours = [self.ours.ask(now_ms=now, **ask) for now in (began, ended)]
        self.compare_columns(resource, theirs["columnDefinitions"], ours[0]["columnDefinitions"])
        for i, row in enumerate(theirs["rows"]):
            self.compare_row(resource, theirs["columnDefinitions"], row, [t["rows"][i] for t in ours])

    def kind(self, group, resource, namespaced, things):
        for name, thing in things.items():
            self.put(group, resource, namespaced, name, thing)
        self.compare(group, resource, namespaced, len(things))

    def pods(self):
        pod_statuses.make(self.cluster, self.name)
        try:
            self.compare("", "pods", True, len(pod_statuses.STATUSES))
        finally:
            pod_statuses.release(self.cluster, self.name)

    def custom(self, plural):
        group = f"{self.name}.example.com"
        definition = world_custom.definition(group, plural)
        self.made.append(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}")
        self.cluster.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        wait_until(lambda: self.get(self.base(group, "v1", plural, True))[0] == 200, f"{plural} to be served")
        for thing in world_custom.OBJECTS:
            self.cluster.must("POST", self.base(group, "v1", plural, True),
                              {**thing, "apiVersion": f"{group}/v1", "kind": definition["spec"]["names"]["kind"]})
        self.compare(group, plural, True, len(world_custom.OBJECTS), definition)

    def built_in_definitions(self):
        self.compare("apiextensions.k8s.io", "customresourcedefinitions", False, 0)

    # ---- selectors ----

    def selected(self, group, version, resource, parameter, text):
        """The server's refusal, or the names of what it selects."""
        status, answer = self.get(f"{self.base(group, version, resource, True)}?{parameter}={urllib.parse.quote(text)}")
        if status == 200:
            return sorted(item["metadata"]["name"] for item in answer["items"])
        answer = json.loads(answer)
        return {"code": answer["code"], "reason": answer["reason"], "message": answer["message"]}

    def ours_selected(self, items, **request):
        answer = self.ours.ask(items=items, **request)
        if "matches" in answer:
            return sorted(item["metadata"]["name"] for item, yes in zip(items, answer["matches"]) if yes)
        return {key: answer[key] for key in ("code", "reason", "message")}

    def labels(self):
        path = self.base("", "v1", "configmaps", True)
        for name, labels in world_custom.LABELLED.items():
            self.cluster.must("POST", path, {"metadata": {"name": name, "labels": labels}})
        items = self.cluster.must("GET", path)["items"]
        wrong = []
        for text in LABELS:
            theirs = self.selected("", "v1", "configmaps", "labelSelector", text)
            ours = self.ours_selected(items, do="labels", text=text)
            if ours != theirs:
                wrong.append(f"{text!r}: the server has {theirs}, we {ours}")
        equal(wrong, [], "label selectors")

    def fields(self):
        wrong = []
        for group, resource, text in FIELDS:
            version = self.serving(group, resource)
            items = self.cluster.must("GET", self.base(group, version, resource, True))["items"]
            theirs = self.selected(group, version, resource, "fieldSelector", text)
            ours = self.ours_selected(items, do="fields", text=text, group=group, version="v1", resource=resource)
            if ours != theirs:
                wrong.append(f"{resource} {text!r}: the server has {theirs}, we {ours}")
        equal(wrong, [], "field selectors")

    def clean_up(self):
        for path in self.made:
            self.cluster.request("DELETE", path)


def all_tests(tally, comparison):
    tally.run("table_pods", comparison.pods)        # before there is a quota
    for (group, resource, namespaced), things in OBJECTS.items():
        tally.run(f"table_{resource}", comparison.kind, group, resource, namespaced, things)
    for plural in world_custom.PLURALS:
        tally.run(f"table_custom_{plural}", comparison.custom, plural)
    tally.run("table_customresourcedefinitions", comparison.built_in_definitions)
    tally.run("label_selectors", comparison.labels)
    tally.run("field_selectors", comparison.fields)


def main():
    kubeconfig = os.environ.get("LIFEBOAT_TEST_KUBECONFIG")
    if not kubeconfig or not shutil.which("kubectl"):
        print("world_tables: no kubectl, or LIFEBOAT_TEST_KUBECONFIG names no cluster: skipped")
        return 77
    tally = Tally(sys.argv[2:])
    folder = tempfile.mkdtemp(prefix="lifeboat-tables-")
    cluster, ours, comparison = Cluster(kubeconfig, folder), Ours(sys.argv[1]), None
    try:
        cluster.connect()
        comparison = Comparison(cluster, ours)
        all_tests(tally, comparison)
    finally:
        if comparison:
            comparison.clean_up()
        cluster.clean_up()
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
