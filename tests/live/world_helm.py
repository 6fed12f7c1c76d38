#!/usr/bin/env python3
"""The helm of a drill against a cluster: what it says, how it ends, and what it leaves behind.

Usage: world_helm.py [-v] HELM [WORLD_CLUSTER]

HELM is the program. WORLD_CLUSTER serves a simulated cluster (tests/live/world_cluster.c); without it the cluster is that
of $LIFEBOAT_TEST_KUBECONFIG, whose administrator may do everything, where namespaces helm-PID-* are made and taken away.
Every check is a line, "ok" or "not ok"; the last line is "N hold, N do not".
"""
import sys

sys.dont_write_bytecode = True

import argparse
import base64
import gzip
import json
import os
import re
import signal
import subprocess
import tempfile
import time

CHART = {
    "name": "harbour/quay", "version": "1.2.0", "app_version": "7.1", "description": "A quay with ships",
    "values": {"replicas": 1, "image": "rancher/mirrored-pause:3.9", "ports": [80], "nowhere": False, "extra": {"a": 1, "b": 2}},
    "checks": [{"expect": ".values.replicas < 5", "message": "five ships are too many"}],
    "crds": [{
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "buoys.harbour.example"},
        "spec": {"group": "harbour.example", "scope": "Namespaced",
                 "names": {"kind": "Buoy", "listKind": "BuoyList", "plural": "buoys", "singular": "buoy"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                     "type": "object", "properties": {
                         "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}],
    "templates": [
        {"name": "templates/buoy.yaml", "when": ".values.buoy != null", "objects": [
            {"apiVersion": "harbour.example/v1", "kind": "Buoy", "metadata": {"name": "${.release.name}"},
             "spec": "${.values.buoy}"}]},
        {"name": "templates/ships.yaml", "objects": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "${.release.name}-ships"},
             "spec": {"replicas": "${.values.replicas}", "selector": {"matchLabels": {"app": "${.release.name}"}},
                      "template": {"metadata": {"labels": {"app": "${.release.name}"}}, "spec": {
                          "nodeSelector": "${if .values.nowhere then {nowhere: \"yes\"} else null end}",
                          "containers": [{"name": "ship", "image": "${.values.image}",
                                          "env": "${.values.env}"}]}}}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "${.release.name}"},
             "spec": {"selector": {"app": "${.release.name}"}, "ports": [{"port": 80}]}}]},
        {"name": "templates/log.yaml", "when": ".values.log != false", "objects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "${.release.name}-log"},
             "data": {"revision": "${.release.revision|tostring}", "upgrade": "${.release.is_upgrade|tostring}",
                      "chart": "${.chart.name}-${.chart.version}", "extra": "${.values.extra|tojson}",
                      "missing": "${.values.missing}"}}]},
    ],
    "notes": "Welcome to ${.release.name}.\n",
}


NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"},
        "status": {"allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"}, "capacity": {"cpu": "8", "memory": "16Gi", "pods": "110"},
                   "conditions": [{"type": "Ready", "status": "True"}]}}


class Test:
    def __init__(self, arguments, kubeconfig, folder):
        self.helm_program, self.kubeconfig, self.folder = os.path.abspath(arguments.helm), kubeconfig, folder
        self.verbose, self.held, self.failed = arguments.verbose, 0, 0
        self.ns = f"helm-{os.getpid()}"
        os.makedirs(f"{folder}/world/charts/harbour")
        os.makedirs(f"{folder}/world/bin")
        os.symlink(self.helm_program, f"{folder}/world/bin/helm")
        for version in ("1.1.0", "1.2.0", "2.0.0-rc1"):
            with open(f"{folder}/world/charts/harbour/quay-{version}.json", "w") as file:
                json.dump(dict(CHART, version=version), file)
        self.environment = {"PATH": f"{folder}/world/bin:/usr/bin:/bin", "HOME": folder, "KUBECONFIG": kubeconfig, "TZ": "UTC"}

    def helm(self, *words, stdin=""):
        done = subprocess.run(["helm", *words], env=self.environment, input=stdin, capture_output=True, text=True,
                              timeout=120, cwd=self.folder, executable=f"{self.folder}/world/bin/helm")
        self.out, self.err, self.status = done.stdout, done.stderr, done.returncode
        if self.verbose:
            print(f"$ helm {' '.join(words)}\n{self.out}{self.err}[{self.status}]")
        return self.out

    def kubectl(self, *words, check=True, stdin=None):
        return subprocess.run(["kubectl", "--kubeconfig", self.kubeconfig, *words], check=check, capture_output=True,
                              input=stdin, text=True, timeout=60).stdout

    def get(self, kind, name, ns=None):
        return json.loads(self.kubectl("get", kind, name, "-n", ns or self.ns, "-o", "json"))

    def holds(self, what, truth, more=""):
        self.held, self.failed = self.held + bool(truth), self.failed + (not truth)
        print(f"{'ok' if truth else 'not ok'} {what}", flush=True)
        if not truth:
            print(f"    out: {self.out!r}\n    err: {self.err!r}\n    status: {self.status} {more}")

    def said(self, what, status, out=None, err=None):
        match = lambda pattern, text: pattern is None or re.fullmatch(pattern, text, re.S)
        self.holds(what, self.status == status and match(out, self.out) and match(err, self.err))

    def release(self, name, revision):
        secret = self.get("secret", f"sh.helm.release.v1.{name}.v{revision}")
        return secret, json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))

    # ---- the checks

    def install(self):
        self.helm("upgrade", "--install", "blue", "harbour/quay", "--version=", f"--namespace={self.ns}",
                  "--create-namespace", "--wait", "--timeout=60s", "--set", "buoy.colour=red")
        self.said("upgrade --install of what is not there installs it", 0,
                  r'Release "blue" does not exist\. Installing it now\.\nNAME: blue\nLAST DEPLOYED: \w{3} \w{3} [ \d]\d '
                  rf'\d\d:\d\d:\d\d \d{{4}}\nNAMESPACE: {self.ns}\nSTATUS: deployed\nREVISION: 1\nTEST SUITE: None\n'
                  r"NOTES:\nWelcome to blue\.\n", "")
        ready = self.get("deployment", "blue-ships")["status"].get("readyReplicas")
        self.holds("--wait has waited", ready == 1, ready)
        secret, release = self.release("blue", 1)
        labels = dict(secret["metadata"]["labels"])
        stamp = labels.pop("modifiedAt", "")
        self.holds("its Secret has helm's labels and type",
                   labels == {"name": "blue", "owner": "helm", "status": "deployed", "version": "1"} and stamp.isdigit()
                   and secret["type"] == "helm.sh/release.v1", labels)
        self.holds("the record is helm's", release["info"]["status"] == "deployed" and release["version"] == 1
                   and release["info"]["description"] == "Install complete" and release["namespace"] == self.ns
                   and release["config"] == {"buoy": {"colour": "red"}} and release["info"]["deleted"] == ""
                   and release["chart"]["metadata"] == {"name": "quay", "version": "1.2.0", "apiVersion": "v2",
                                                        "appVersion": "7.1", "description": "A quay with ships"}, release)
        kinds = re.findall(r"^kind: (\w+)", release["manifest"], re.M)
        self.holds("the manifest is in helm's order", kinds == ["ConfigMap", "Service", "Deployment", "Buoy"], kinds)
        log = self.get("configmap", "blue-log")
        self.holds("objects are marked as helm's", log["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
                   and log["metadata"]["annotations"] == {"meta.helm.sh/release-name": "blue",
                                                          "meta.helm.sh/release-namespace": self.ns}, log)
        self.holds("a member that becomes null is left out", log["data"] == {
            "revision": "1", "upgrade": "false", "chart": "quay-1.2.0", "extra": '{"a":1,"b":2}'}, log["data"])

    def queries(self):
        row = {"name": "blue", "namespace": self.ns, "revision": "1", "status": "deployed", "chart": "quay-1.2.0",
               "app_version": "7.1"}
        rows = json.loads(self.helm("list", "-n", self.ns, "-o", "json"))
        updated = rows[0].pop("updated") if rows else ""
        self.holds("list -o json", rows == [row] and re.fullmatch(
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC", updated), rows)
        self.helm("list", "-A", "--filter", "^bl")
        self.said("list -A is a table", 0, r"NAME\t +NAMESPACE *\tREVISION\t.*|NAME\tNAMESPACE.*|NAME *\tNAMESPACE *\tREVISION\t"
                  r"UPDATED *\tSTATUS *\tCHART *\tAPP VERSION\n.*", "")
        self.holds("list -q has names", self.helm("ls", "-qn", self.ns) == "blue\n")
        self.helm("get", "values", "blue", "-n", self.ns)
        self.said("get values", 0, "USER-SUPPLIED VALUES:\nbuoy:\n  colour: red\n", "")
        values = json.loads(self.helm("get", "values", "blue", "-n", self.ns, "--all", "-o", "json"))
        self.holds("get values --all", values["extra"] == {"a": 1, "b": 2} and values["buoy"] == {"colour": "red"}, values)
        self.helm("get", "notes", "blue", "-n", self.ns)
        self.said("get notes", 0, "NOTES:\nWelcome to blue.\n\n", "")
        self.holds("get manifest", self.helm("get", "manifest", "blue", "-n", self.ns).startswith(
            "---\n# Source: quay/templates/log.yaml\napiVersion: v1\nkind: ConfigMap\n"))
        self.holds("status -o json has no chart", "chart" not in json.loads(
            self.helm("status", "blue", "-n", self.ns, "-o", "json")))
        self.helm("status", "red", "-n", self.ns)
        self.said("status of what is not there", 1, "", "Error: release: not found\n")

    def upgrade(self):
        with open(f"{self.folder}/values.yaml", "w") as file:
            file.write("extra: {a: null, c: [1, 2]}\nenv:\n- {name: A, value: one}\n- {name: B, value: two}\n")
        self.helm("upgrade", "blue", "harbour/quay", "-n", self.ns, "-f", "values.yaml", "--set",
                  "replicas=2,extra.d=x\\,y", "--set-string", "extra.n=1", "--wait", "--timeout", "60s")
        self.said("upgrade says so", 0, r'Release "blue" has been upgraded\. Happy Helming!\nNAME: blue\n.*REVISION: 2\n.*', "")
        extra = json.loads(self.get("configmap", "blue-log")["data"]["extra"])
        self.holds("values are merged as helm does",
                   extra == {"b": 2, "c": [1, 2], "d": "x,y", "n": "1"}, extra)
        ships = self.get("deployment", "blue-ships")
        env = ships["spec"]["template"]["spec"]["containers"][0]["env"]
        self.holds("the Deployment is another", ships["spec"]["replicas"] == 2 and len(env) == 2, ships["spec"])
        self.holds("what a chart no more has is deleted",
                   not self.kubectl("get", "buoys", "-n", self.ns, "-o", "name").strip())
        self.kubectl("-n", self.ns, "label", "deployment", "blue-ships", "team=night")
        self.kubectl("-n", self.ns, "scale", "deployment", "blue-ships", "--replicas=1")
        self.helm("upgrade", "blue", "harbour/quay", "-n", self.ns, "--reuse-values", "--set", "log=false", "--set-json",
                  'env=[{"name":"B","value":"three"}]', "--description", "less", "-o", "json")
        self.holds("-o json is one document", json.loads(self.out)["version"] == 3)
        ships = self.get("deployment", "blue-ships")
        env = ships["spec"]["template"]["spec"]["containers"][0]["env"]
        self.holds("an element that is gone is taken out", env == [{"name": "B", "value": "three"}], env)
        self.holds("drift is put right, and what others added stays", ships["spec"]["replicas"] == 2
                   and ships["metadata"]["labels"].get("team") == "night", ships["metadata"])
        self.holds("a template that is off takes its object with it",
                   "blue-log" not in self.kubectl("get", "configmaps", "-n", self.ns, "-o", "name"))
        history = json.loads(self.helm("history", "blue", "-n", self.ns, "-o", "json"))
        self.holds("history", [(r["revision"], r["status"], r["description"]) for r in history] == [
            (1, "superseded", "Install complete"), (2, "superseded", "Upgrade complete"), (3, "deployed", "less")], history)
        self.helm("rollback", "blue", "2", "-n", self.ns)
        self.said("rollback", 0, "Rollback was a success! Happy Helming!\n", "")
        self.holds("the old object is back", self.get("configmap", "blue-log")["data"]["revision"] == "2")
        self.helm("rollback", "blue", "1", "-n", self.ns, "--dry-run")
        self.said("rollback --dry-run", 0, "Rollback was a success! Happy Helming!\n", "")
        self.holds("it has changed nothing", self.get("configmap", "blue-log")["data"]["revision"] == "2")
        self.helm("rollback", "blue", "3", "-n", self.ns, "--history-max", "3")
        self.helm("rollback", "blue", "4", "-n", self.ns, "--history-max", "3")
        kept = [r["revision"] for r in json.loads(self.helm("history", "blue", "-n", self.ns, "-o", "json"))]
        self.holds("--history-max is kept to", kept == [4, 5, 6], kept)
        self.helm("rollback", "blue", "77", "-n", self.ns)
        self.said("rollback to what never was", 1, "", "Error: release has no 77 version\n")

    def refusals(self):
        self.helm("install", "blue", "harbour/quay", "-n", self.ns)
        self.said("a name in use", 1, "", "Error: INSTALLATION FAILED: cannot re-use a name that is still in use\n")
        self.kubectl("-n", self.ns, "create", "configmap", "red-log")
        self.helm("install", "red", "harbour/quay", "-n", self.ns)
        self.said("somebody else's object", 1, "", "Error: INSTALLATION FAILED: Unable to continue with install: ConfigMap "
                  f'"red-log" in namespace "{self.ns}" exists and cannot be imported into the current release: invalid '
                  'ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to '
                  '"Helm"; annotation validation error: missing key "meta.helm.sh/release-name": must be set to "red"; '
                  'annotation validation error: missing key "meta.helm.sh/release-namespace": must be set to '
                  f'"{self.ns}"\n')
        self.helm("install", "red", "harbour/quay", "-n", f"{self.ns}-gone")
        self.said("no such namespace", 1, "", "Error: INSTALLATION FAILED: create: failed to create: namespaces "
                  f'"{self.ns}-gone" not found\n')
        self.helm("install", "red", "harbour/quay", "-n", self.ns, "--set", "replicas=7")
        self.said("a check of the chart", 1, "", "Error: INSTALLATION FAILED: execution error at "
                  r"\(quay/templates/_checks\.tpl:1:4\): five ships are too many\n")
        self.helm("upgrade", "red", "harbour/quay", "-n", self.ns)
        self.said("upgrade of what is not there", 1, "", 'Error: UPGRADE FAILED: "red" has no deployed releases\n')
        self.environment["KUBECONFIG"] = os.path.join(os.path.dirname(self.kubeconfig), "viewer.kubeconfig")
        self.helm("upgrade", "--install", "red", "harbour/quay", "-n", self.ns)
        self.said("no right to read", 1, "", 'Error: query: failed to query with labels: secrets is forbidden: User "viewer" '
                  'cannot list resource "secrets" in API group "" in the namespace '
                  f'"{self.ns}"\n')
        self.helm("install", "red", "harbour/quay", "-n", self.ns, "--skip-crds")
        self.said("no right to install", 1, "", "Error: INSTALLATION FAILED: Unable to continue with install: could not get "
                  'information about the resource ConfigMap "red-log" in namespace .* is forbidden: User "viewer" cannot get '
                  'resource "configmaps" in API group "" in the namespace .*\n')
        self.environment["KUBECONFIG"] = self.kubeconfig
        self.helm("install", "red", "harbour/quay", "--kube-context", "nowhere")
        self.said("no such context", 1, "", "Error: INSTALLATION FAILED: Kubernetes cluster unreachable: context "
                  '"nowhere" does not exist\n')

    def failures(self):
        self.helm("install", "slow", "harbour/quay", "-n", self.ns, "--set", "nowhere=true", "--wait", "--timeout", "3s")
        self.said("a timeout", 1, "", "Error: INSTALLATION FAILED: context deadline exceeded\n")
        _, release = self.release("slow", 1)
        self.holds("the release has failed", release["info"]["status"] == "failed" and release["info"]["description"] ==
                   'Release "slow" failed: context deadline exceeded', release["info"])
        self.helm("upgrade", "--install", "slow", "harbour/quay", "-n", self.ns, "--set", "nowhere=false", "--wait",
                  "--timeout", "60s")
        self.said("upgrade of what has failed", 0, r'Release "slow" has been upgraded\..*REVISION: 2\n.*', "")
        self.helm("upgrade", "slow", "harbour/quay", "-n", self.ns, "--set", "nowhere=true", "--set", "replicas=2", "--atomic",
                  "--timeout", "3s")
        self.said("--atomic rolls back", 1, "", "Error: UPGRADE FAILED: (release slow failed, and has been rolled back due to "
                  "atomic being set|an error occurred while rolling back the release. original upgrade error): context "
                  "deadline exceeded.*\n")
        history = json.loads(self.helm("history", "slow", "-n", self.ns, "-o", "json"))
        self.holds("the history of that", [r["status"] for r in history][-2:] in (["failed", "deployed"], ["failed", "failed"])
                   and history[-1]["description"].startswith("Rollback "), history)
        self.helm("install", "brief", "harbour/quay", "-n", self.ns, "--set", "nowhere=true", "--atomic", "--timeout", "2s")
        self.said("--atomic takes an install away", 1, "", "Error: INSTALLATION FAILED: release brief failed, and has been "
                  "uninstalled due to atomic being set: context deadline exceeded\n")
        self.holds("nothing is left of it", "brief" not in self.kubectl(
            "get", "secrets,configmaps,services,deployments", "-n", self.ns, "-o", "name"))

    def interruption(self):
        process = subprocess.Popen(["helm", "install", "halt", "harbour/quay", "-n", self.ns, "--set", "nowhere=true",
                                    "--wait"], env=self.environment, executable=f"{self.folder}/world/bin/helm",
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.time() + 30
        while time.time() < until and "deployment.apps/halt-ships" not in self.kubectl(
                "get", "deployments", "-n", self.ns, "-o", "name"):
            time.sleep(0.2)
        pending = json.loads(self.helm("status", "halt", "-n", self.ns, "-o", "json"))["info"]["status"]
        self.holds("it is pending meanwhile", pending == "pending-install", pending)
        self.helm("upgrade", "--install", "halt", "harbour/quay", "-n", self.ns)
        self.said("another operation is in progress", 1, "", "Error: UPGRADE FAILED: another operation "
                  r"\(install/upgrade/rollback\) is in progress\n")
        process.send_signal(signal.SIGTERM)
        self.out, self.err = process.communicate(timeout=30)
        self.status = process.returncode
        self.said("a signal ends it", 1, "Release halt has been cancelled.\n",
                  "Error: INSTALLATION FAILED: context canceled\n")
        self.holds("that is on record", self.release("halt", 1)[1]["info"]["status"] == "failed")

    def uninstall(self):
        self.helm("uninstall", "blue", "-n", self.ns, "--keep-history")
        self.said("uninstall --keep-history", 0, 'release "blue" uninstalled\n', "")
        self.holds("its objects are gone, its definition stays",
                   "blue" not in self.kubectl("get", "configmaps,services,deployments", "-n", self.ns, "-o", "name")
                   and "buoys.harbour.example" in self.kubectl("get", "crds", "-o", "name"))
        self.holds("it is in the list when asked for", "blue" in self.helm("list", "-n", self.ns, "--uninstalled", "-q"))
        self.helm("upgrade", "--install", "blue", "harbour/quay", "-n", self.ns)
        self.said("what is uninstalled is installed again", 0, r'Release "blue" does not exist\. Installing it now\.\n.*', "")
        self.helm("uninstall", "blue", "slow", "-n", self.ns, "--wait", "--timeout", "60s")
        self.said("uninstall of two", 0, 'release "blue" uninstalled\nrelease "slow" uninstalled\n', "")
        self.helm("uninstall", "blue", "-n", self.ns)
        self.said("uninstall of what is gone", 1, "", "Error: uninstall: Release not loaded: blue: release: not found\n")
        self.holds("no record is left", "release.v1.blue" not in self.kubectl("get", "secrets", "-n", self.ns, "-o", "name"))

    def charts(self):
        self.helm("template", "blue", "harbour/quay", "--version", "~1.1", "--set", "nope=null")
        self.holds("a constraint finds the version", "chart: quay-1.1.0" in self.out)
        self.helm("template", "blue", "harbour/quay", "--version", "^3")
        self.said("no such version", 1, "", 'Error: chart "quay" matching \\^3 not found in harbour index\\. \\(try \'helm repo '
                  "update'\\): no chart version found for quay-\\^3\n")
        self.helm("template", "blue", "shore/quay")
        self.said("no such repository", 1, "", "Error: repo shore not found\n")
        self.helm("template", "blue", "harbour/quay", "-f", "-", stdin="a: [")
        self.said("values that are no YAML", 1, "", "Error: failed to parse -: error converting YAML to JSON: yaml: line .*\n")
        self.helm("search", "repo", "quay")
        self.said("search repo", 0, r"NAME +\tCHART VERSION\tAPP VERSION\tDESCRIPTION +\n"
                  r"harbour/quay\t1\.2\.0 +\t7\.1 +\tA quay with ships\n", "")

    def run(self):
        try:
            for part in (self.charts, self.install, self.queries, self.upgrade, self.refusals, self.failures,
                         self.interruption, self.uninstall):
                part()
        finally:
            self.kubectl("delete", "namespace", self.ns, "--wait=false", check=False)
            self.kubectl("delete", "crd", "buoys.harbour.example", "--wait=false", check=False)
        print(f"{self.held} hold, {self.failed} do not")
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("helm")
    parser.add_argument("world_cluster", nargs="?")
    arguments = parser.parse_args()
    kubeconfig = os.environ.get("LIFEBOAT_TEST_KUBECONFIG")
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.world_cluster:
            if not kubeconfig:
                print("skipped: LIFEBOAT_TEST_KUBECONFIG is not set")
                return 77
            return Test(arguments, kubeconfig, folder).run()
        cluster = subprocess.Popen([os.path.abspath(arguments.world_cluster), "--controllers", folder], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            test = Test(arguments, cluster.stdout.readline().strip(), folder)
            test.kubectl("create", "-f", "-", stdin=json.dumps(NODE))
            return test.run()
        finally:
            cluster.stdin.close()
            cluster.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
